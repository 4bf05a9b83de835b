/* A measuring node of the A-bus: CT Hub, Solid Core or the head. Written from docs/a-bus.md alone.

   The driver owns the hardware and calls:
     node_receive_byte  for each byte heard, with the time of its start edge;
     node_sample        at each node_next_sample_time;
     node_transmit      at node_answer_time, and sends what it gets.
   All times are ns of one counter of the node's own, which nobody corrects. Nothing here waits. */
#ifndef NODE_H
#define NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clock.h"
#include "frame.h"

#define NODE_VERSION 0x0102u /* major x 256 + minor */
#define NODE_CHANNELS_MAX 4
#define NODE_BLOCK_SAMPLES 64
#define NODE_BLOCKS_KEPT 128
#define NODE_ANSWER_MAX (12 + 12 + NODE_CHANNELS_MAX * 132)
#define NODE_NEVER UINT64_MAX
#define NODE_EARLY_NS 10000u /* node_transmit hands an answer out this long before it begins */

enum node_led { LED_WELL, LED_COMMUNICATION, LED_CONFIGURATION, LED_IDENTIFY };

#define STATE_IN_STEP 1u
#define STATE_ADDRESSED 2u
#define STATE_IDENTIFYING 4u

struct node_block {
    int16_t samples[NODE_CHANNELS_MAX][NODE_BLOCK_SAMPLES];
    uint16_t number;
    bool held;
    bool in_step; /* while each of its samples was taken */
};

/* An answer that is due: kind 0 when there is none. */
struct node_answer {
    uint64_t begin;
    uint64_t latest; /* after this it is dropped */
    uint64_t edge_position; /* head: the own clock at the reference edge */
    uint16_t block;
    uint8_t kind;    /* DATA stands for DATA or NODATA */
    uint8_t mask;    /* DATA: channels */
    uint8_t slot;    /* FOUND */
    bool timed;      /* DATA: the timing section comes first */
};

struct node {
    struct frame_receiver receiver;
    struct sample_clock clock;
    struct node_block blocks[NODE_BLOCKS_KEPT + 1];
    struct node_answer answer;
    uint64_t started;
    uint64_t poll_end;       /* last POLL heard; its last stop bit */
    uint64_t mismatch_since; /* first POLL of another schedule than the own */
    uint64_t identify_until;
    uint64_t edge;           /* reference edge that waits for the head's section */
    uint64_t edge_position;
    uint32_t next_sample;    /* number of the sample that is taken next */
    uint32_t number;
    uint32_t nonce;
    uint32_t frames;
    uint32_t bad_checks;
    uint32_t answers;
    uint16_t type;
    uint16_t session;
    uint16_t slot_us;
    uint16_t edge_block;
    uint8_t channels;
    uint8_t plugged;
    uint8_t address;
    uint8_t schedule;
    uint8_t identify_inputs;
    uint8_t filling;  /* index of the block that is being filled */
    bool collecting;  /* that block has all its samples so far */
    bool edge_open;   /* `edge` waits for the head's section */
    bool poll_heard;
    bool mismatch;
};

/* Starts a node at `now`. `type` is 5400, 5020 (heads), 5500, 5520 or 5600; `nonce` 32 random bits,
   not 0; `baud` the line's speed; `sample` the first sample number. False, and nothing done, when
   type, nonce or baud cannot be. */
bool node_init(struct node *node, uint16_t type, uint32_t number, uint32_t nonce, uint32_t baud,
               uint32_t sample, uint64_t now);

/* Bytes of `struct node`, for those who cannot see it. */
size_t node_size(void);

/* At which inputs a CT is plugged in (bits 0 to 3); without effect on a Solid Core. */
void node_set_plugged(struct node *node, uint8_t inputs);

/* A byte was heard whose start bit began at `start`. Not for the node's own bytes. */
void node_receive_byte(struct node *node, uint8_t byte, uint64_t start);

/* When the next sample has to be taken. */
uint64_t node_next_sample_time(const struct node *node);

/* The sample of that instant: one value for each channel. */
void node_sample(struct node *node, const int16_t *samples);

/* When the answer that is due begins; NODE_NEVER without one. Each byte heard can change it. */
uint64_t node_answer_time(const struct node *node);

/* Makes the answer that is due: returns its size and writes to `begin` when its first start bit
   must leave. 0 when there is none, when it is more than NODE_EARLY_NS before its time, or when it
   is too late, which drops it. What was handed out counts as begun. `buffer` has NODE_ANSWER_MAX
   bytes. */
size_t node_transmit(struct node *node, uint64_t now, uint8_t *buffer, uint64_t *begin);

/* STATE_ bits at `now`. */
uint8_t node_state(const struct node *node, uint64_t now);

/* What the LED shows at `now`. */
enum node_led node_led(const struct node *node, uint64_t now);

/* Whether the LED of an input is lit at `now`: input 0's shows the node's state, the one that is
   identified blinks for itself. */
bool node_led_lit(const struct node *node, uint64_t now, unsigned input);

/* The sample clock's position at a time: sample number in the upper 32 bits, fraction below. */
uint64_t node_position(const struct node *node, uint64_t time);

/* The head's clock minus the own at the last reference edge, ns. */
int32_t node_difference(const struct node *node);

uint8_t node_address(const struct node *node);

#endif
