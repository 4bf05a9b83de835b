/* A node's sample clock, disciplined by the head's (docs/a-bus.md, section 6).

   A position is a sample number in the upper 32 bits and the fraction of a sample in the lower
   32; it wraps. Times are ns of the node's own, undisciplined clock. */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define CLOCK_SAMPLE_NS 312500u /* at 3200 samples a second */

struct sample_clock {
    uint64_t time;       /* ns, where `position` holds */
    uint64_t position;
    uint64_t rate;       /* positions a ns, in 2^-20 */
    uint64_t last_edge;  /* ns, of the last difference */
    int32_t difference;  /* head minus own at that edge, ns, limited to 32 bits */
    uint8_t close;       /* differences in a row below 5 us, limited */
    bool known;          /* there was a difference at all */
    bool fresh;          /* no difference since the clock was set */
    bool in_step;        /* but for a silence: ask clock_in_step */
    bool reference;      /* a head's */
};

/* Starts at `position` at `time`; a head (`reference`) is in step from the start. */
void clock_init(struct sample_clock *clock, uint64_t time, uint64_t position, bool reference);

/* The position at a time, before or after the last correction. */
uint64_t clock_position(const struct sample_clock *clock, uint64_t time);

/* The first time, not before the last correction, at which the clock has reached a position. */
uint64_t clock_time(const struct sample_clock *clock, uint64_t position);

/* Moves the clock's origin; its readings stay. */
void clock_move(struct sample_clock *clock, uint64_t time);

/* What a difference has told about the samples taken before it. */
enum clock_verdict {
    CLOCK_GOES_ON,
    CLOCK_STRAYED, /* it has not kept step while it heard nothing */
    CLOCK_WAS_SET,
};

/* Takes the head's position and the own one at the reference edge. */
enum clock_verdict clock_steer(struct sample_clock *clock, uint64_t edge, uint64_t head,
                               uint64_t own);

/* Whether the clock is in step: a silence of more than 3 s ends that until the next difference. */
bool clock_in_step(const struct sample_clock *clock, uint64_t now);

#endif
