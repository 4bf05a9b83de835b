/* Frames of the A-bus (docs/a-bus.md, section 3): made, and found in a run of bytes. */
#ifndef FRAME_H
#define FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_START 0xA5u
#define FRAME_HEADER_BYTES 12u
#define FRAME_BODY_MAX 544u
#define FRAME_BYTES_MAX (FRAME_HEADER_BYTES + FRAME_BODY_MAX)
#define FRAME_CHECK_BYTES 4u
#define FRAME_PAUSE_NS 200000u /* a longer pause inside a frame ends it */
#define FRAME_TIMING_BYTES 8u
#define FRAME_CHANNEL_BYTES 128u
#define FRAME_SMALL_MAX 24u /* the longest section that is kept: STATUS */

enum frame_kind {
    KIND_POLL = 1,
    KIND_DATA,
    KIND_REPEAT,
    KIND_NODATA,
    KIND_ASSIGN,
    KIND_INFO,
    KIND_QUERY,
    KIND_STATUS,
    KIND_IDENTIFY,
    KIND_SEARCH,
    KIND_FOUND
};

#define FRAME_TIMED 0x10u /* of DATA's and NODATA's argument: a timing section comes first */
#define ADDRESS_NONE 0u
#define ADDRESS_HEAD 1u
#define ADDRESS_LAST 30u
#define ADDRESS_ALL 255u

/* What one byte brought. */
enum frame_event {
    FRAME_NOTHING,
    FRAME_HEADER,      /* a right header; `left` says how many bytes of body follow */
    FRAME_BAD_HEADER,  /* an A5 whose header is wrong */
    FRAME_SECTION,     /* a right section, the `section`th; the last one when `left` is 0 */
    FRAME_BAD_SECTION, /* a section whose check failed */
    FRAME_END          /* the last byte of a body that is of no known kind */
};

struct frame_receiver {
    uint64_t starts[FRAME_HEADER_BYTES]; /* start edge of each byte of the header, ns */
    uint64_t last_start;                 /* of the byte before, ns */
    uint32_t byte_ns;
    uint32_t check;       /* of the section's payload so far */
    uint32_t noise;       /* bytes outside frames */
    uint32_t cut;         /* frames ended by a pause */
    uint16_t left;        /* bytes of the body still to come */
    uint16_t in_section;  /* bytes of the section so far, check included */
    uint16_t payload;     /* bytes of the section's payload */
    uint8_t section;      /* which section, from 0 */
    uint8_t have;         /* bytes of the header so far */
    uint8_t header[FRAME_HEADER_BYTES];
    uint8_t small[FRAME_SMALL_MAX + FRAME_CHECK_BYTES]; /* the section, when it is a small one */
    uint8_t word[4]; /* of the section, as far as it has come */
};

/* The check of `size` bytes, a multiple of 4. */
uint32_t frame_check(const uint8_t *bytes, size_t size);

uint16_t frame_get16(const uint8_t *bytes);
uint32_t frame_get32(const uint8_t *bytes);
void frame_put16(uint8_t *bytes, uint16_t value);
void frame_put32(uint8_t *bytes, uint32_t value);

/* Writes a header for a body of `length` bytes; the body goes after it. */
void frame_put_header(uint8_t *frame, uint8_t kind, uint8_t address, uint8_t argument,
                      uint16_t block, uint16_t length);

/* Adds the check behind a payload of `size` bytes; returns the size of the section. */
size_t frame_close_section(uint8_t *payload, size_t size);

/* The channels that the low four bits name. */
uint8_t frame_channels(uint8_t mask);

/* Starts a receiver; a byte lasts `byte_ns` from its start edge to the end of its stop bit. */
void frame_receiver_init(struct frame_receiver *receiver, uint32_t byte_ns);

/* Takes a byte whose start bit began at `start` (ns of the node's own clock). */
enum frame_event frame_receive(struct frame_receiver *receiver, uint8_t byte, uint64_t start);

#endif
