#include "frame.h"

#include <string.h>

#define CHECK_START 0xFFFFFFFFu

/* The check after one more word. */
static uint32_t check_step(uint32_t check, uint32_t word)
{
    check ^= word;
    check ^= check << 1;
    check ^= check >> 10;
    check ^= check << 9;
    return check;
}

uint32_t frame_check(const uint8_t *bytes, size_t size)
{
    uint32_t check = CHECK_START;
    for (size_t at = 0; at < size; at += 4) {
        check = check_step(check, frame_get32(bytes + at));
    }
    return check;
}

uint16_t frame_get16(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] | (uint16_t)(bytes[1] << 8));
}

uint32_t frame_get32(const uint8_t *bytes)
{
    return frame_get16(bytes) | (uint32_t)frame_get16(bytes + 2) << 16;
}

void frame_put16(uint8_t *bytes, uint16_t value)
{
    bytes[0] = (uint8_t)value;
    bytes[1] = (uint8_t)(value >> 8);
}

void frame_put32(uint8_t *bytes, uint32_t value)
{
    frame_put16(bytes, (uint16_t)value);
    frame_put16(bytes + 2, (uint16_t)(value >> 16));
}

void frame_put_header(uint8_t *frame, uint8_t kind, uint8_t address, uint8_t argument,
                      uint16_t block, uint16_t length)
{
    frame[0] = FRAME_START;
    frame[1] = kind;
    frame[2] = address;
    frame[3] = argument;
    frame_put16(frame + 4, block);
    frame_put16(frame + 6, length);
    frame_put32(frame + 8, frame_check(frame, 8));
}

size_t frame_close_section(uint8_t *payload, size_t size)
{
    frame_put32(payload + size, frame_check(payload, size));
    return size + FRAME_CHECK_BYTES;
}

uint8_t frame_channels(uint8_t mask)
{
    return (uint8_t)((mask & 1u) + (mask >> 1 & 1u) + (mask >> 2 & 1u) + (mask >> 3 & 1u));
}

/* Whether kind and argument call for that length; of an unknown kind any that is allowed. */
static bool length_fits(uint8_t kind, uint8_t argument, uint16_t length)
{
    uint16_t timing = argument & FRAME_TIMED ? FRAME_TIMING_BYTES + FRAME_CHECK_BYTES : 0;
    switch (kind) {
    case KIND_POLL:
    case KIND_REPEAT:
    case KIND_QUERY:
    case KIND_IDENTIFY:
        return length == 0;
    case KIND_DATA:
        return length == timing + (FRAME_CHANNEL_BYTES + FRAME_CHECK_BYTES)
                                      * frame_channels(argument);
    case KIND_NODATA:
        return length == timing;
    case KIND_ASSIGN:
    case KIND_INFO:
        return length == 16 + FRAME_CHECK_BYTES;
    case KIND_STATUS:
        return length == 24 + FRAME_CHECK_BYTES;
    case KIND_SEARCH:
        return length == 8 + FRAME_CHECK_BYTES;
    case KIND_FOUND:
        return length == 20 + FRAME_CHECK_BYTES;
    default:
        return length % 4 == 0 && length <= FRAME_BODY_MAX;
    }
}

/* The payload of the section that comes next; 0 when the kind is not known. */
static uint16_t section_payload(const struct frame_receiver *receiver)
{
    uint8_t kind = receiver->header[1];
    if (kind < KIND_POLL || kind > KIND_FOUND) {
        return 0;
    }
    if (kind != KIND_DATA) {
        return (uint16_t)(receiver->left - FRAME_CHECK_BYTES);
    }
    return receiver->section == 0 && receiver->header[3] & FRAME_TIMED ? FRAME_TIMING_BYTES
                                                                       : FRAME_CHANNEL_BYTES;
}

static void begin_section(struct frame_receiver *receiver)
{
    receiver->in_section = 0;
    receiver->check = CHECK_START;
    receiver->payload = section_payload(receiver);
}

void frame_receiver_init(struct frame_receiver *receiver, uint32_t byte_ns)
{
    memset(receiver, 0, sizeof *receiver);
    receiver->byte_ns = byte_ns;
}

/* Drops the first byte that is held and all after it up to the next A5. */
static void look_on(struct frame_receiver *receiver)
{
    uint8_t from = 1;
    while (from < receiver->have && receiver->header[from] != FRAME_START) {
        from++;
    }
    receiver->noise += from;
    receiver->have = (uint8_t)(receiver->have - from);
    memmove(receiver->header, receiver->header + from, receiver->have);
    memmove(receiver->starts, receiver->starts + from,
            receiver->have * sizeof receiver->starts[0]);
}

static enum frame_event receive_header(struct frame_receiver *receiver, uint8_t byte,
                                       uint64_t start)
{
    const uint8_t *header = receiver->header;
    if (receiver->have == 0 && byte != FRAME_START) {
        receiver->noise++;
        return FRAME_NOTHING;
    }
    receiver->header[receiver->have] = byte;
    receiver->starts[receiver->have++] = start;
    if (receiver->have < FRAME_HEADER_BYTES) {
        return FRAME_NOTHING;
    }
    if (frame_get32(header + 8) != frame_check(header, 8)
        || !length_fits(header[1], header[3], frame_get16(header + 6))) {
        look_on(receiver);
        return FRAME_BAD_HEADER;
    }
    receiver->have = 0;
    receiver->left = frame_get16(header + 6);
    receiver->section = 0;
    begin_section(receiver);
    return FRAME_HEADER;
}

static enum frame_event receive_body(struct frame_receiver *receiver, uint8_t byte)
{
    if (receiver->payload > 0 && receiver->in_section == receiver->payload + FRAME_CHECK_BYTES) {
        receiver->section++;
        begin_section(receiver);
    }
    uint16_t at = receiver->in_section++;
    receiver->left--;
    if (receiver->payload == 0) {
        return receiver->left == 0 ? FRAME_END : FRAME_NOTHING;
    }
    if (receiver->payload <= FRAME_SMALL_MAX) {
        receiver->small[at] = byte;
    }
    receiver->word[at % 4u] = byte;
    if (at % 4u < 3u) {
        return FRAME_NOTHING;
    }
    if (at < receiver->payload) {
        receiver->check = check_step(receiver->check, frame_get32(receiver->word));
        return FRAME_NOTHING;
    }
    return frame_get32(receiver->word) == receiver->check ? FRAME_SECTION : FRAME_BAD_SECTION;
}

enum frame_event frame_receive(struct frame_receiver *receiver, uint8_t byte, uint64_t start)
{
    bool inside = receiver->have > 0 || receiver->left > 0;
    if (inside && start - receiver->last_start > (uint64_t)receiver->byte_ns + FRAME_PAUSE_NS) {
        receiver->noise += receiver->have;
        receiver->cut += receiver->left > 0;
        receiver->have = 0;
        receiver->left = 0;
    }
    receiver->last_start = start;
    return receiver->left > 0 ? receive_body(receiver, byte)
                              : receive_header(receiver, byte, start);
}
