#include "clock.h"

#define SCALE 20
#define RATE 14411518808u /* 2^52 / CLOCK_SAMPLE_NS */
#define RATE_SPAN (RATE / 4000u) /* 250 ppm: 100 of each clock and some room */
#define SET_FROM ((int64_t)1 << 31) /* half a sample */
#define CLOSE_NS 5000
#define FAR_NS 10000
#define CLOSE_NEEDED 4
#define SILENCE_NS 3000000000u
#define POLL_PERIOD_NS 20000000u

void clock_init(struct sample_clock *clock, uint64_t time, uint64_t position, bool reference)
{
    *clock = (struct sample_clock){0};
    clock->time = time;
    clock->position = position;
    clock->rate = RATE;
    clock->in_step = reference;
    clock->reference = reference;
}

static uint64_t advance(const struct sample_clock *clock, uint64_t ns)
{
    uint64_t low = ns & (((uint64_t)1 << SCALE) - 1);
    return (ns >> SCALE) * clock->rate + (low * clock->rate >> SCALE);
}

uint64_t clock_position(const struct sample_clock *clock, uint64_t time)
{
    if (time >= clock->time) {
        return clock->position + advance(clock, time - clock->time);
    }
    return clock->position - advance(clock, clock->time - time);
}

uint64_t clock_time(const struct sample_clock *clock, uint64_t position)
{
    uint64_t way = position - clock->position;
    if (way >> 63) {
        return clock->time;
    }
    uint64_t whole = way / clock->rate;
    uint64_t rest = way % clock->rate;
    return clock->time + (whole << SCALE)
           + ((rest << SCALE) + clock->rate - 1) / clock->rate;
}

void clock_move(struct sample_clock *clock, uint64_t time)
{
    clock->position = clock_position(clock, time);
    clock->time = time;
}

static int32_t to_ns(int64_t difference)
{
    int64_t limit = (int64_t)6871 << 32; /* 2^31 ns in samples, rounded down */
    if (difference > limit) {
        return INT32_MAX;
    }
    if (difference < -limit) {
        return INT32_MIN;
    }
    int64_t scaled = difference / 65536 * CLOCK_SAMPLE_NS;
    scaled += difference % 65536 * CLOCK_SAMPLE_NS / 65536;
    return (int32_t)((scaled + (scaled < 0 ? -32768 : 32768)) / 65536);
}

/* The first difference after a setting is all rate; later ones go to phase and rate in part. */
static void correct(struct sample_clock *clock, uint64_t edge, int64_t difference)
{
    uint64_t since = edge - clock->last_edge;
    uint64_t over = since < POLL_PERIOD_NS ? POLL_PERIOD_NS : since;
    int64_t phase = difference / 4;
    int64_t rate = difference * ((int64_t)1 << SCALE) / 64 / (int64_t)over;
    if (clock->fresh && since >= POLL_PERIOD_NS / 4 && since <= SILENCE_NS) {
        phase = difference;
        rate = difference * ((int64_t)1 << SCALE) / (int64_t)since;
    }
    clock_move(clock, edge);
    clock->position += (uint64_t)phase;
    clock->rate += (uint64_t)rate;
    if (clock->rate > RATE + RATE_SPAN) {
        clock->rate = RATE + RATE_SPAN;
    } else if (clock->rate < RATE - RATE_SPAN) {
        clock->rate = RATE - RATE_SPAN;
    }
}

static void judge(struct sample_clock *clock, bool silent)
{
    int64_t size = clock->difference < 0 ? -(int64_t)clock->difference : clock->difference;
    if (size >= CLOSE_NS) {
        clock->close = 0;
    } else if (clock->close < CLOSE_NEEDED) {
        clock->close++;
    }
    if (size > FAR_NS || (silent && size >= CLOSE_NS)) {
        clock->in_step = false;
    } else if (clock->close == CLOSE_NEEDED) {
        clock->in_step = true;
    }
}

enum clock_verdict clock_steer(struct sample_clock *clock, uint64_t edge, uint64_t head,
                               uint64_t own)
{
    bool silent = clock->in_step && !clock_in_step(clock, edge);
    uint64_t gap = head - own;
    int64_t difference = gap >> 63 ? -(int64_t)(~gap) - 1 : (int64_t)gap;
    bool set = !clock->known || difference >= SET_FROM || difference <= -SET_FROM;
    clock->difference = to_ns(difference);
    if (set) {
        clock_move(clock, edge);
        clock->position = head;
        clock->fresh = true;
        clock->close = 0;
        clock->in_step = false;
    } else {
        correct(clock, edge, difference);
        clock->fresh = false;
        judge(clock, silent);
    }
    clock->known = true;
    clock->last_edge = edge;
    if (set) {
        return CLOCK_WAS_SET;
    }
    return silent && !clock->in_step ? CLOCK_STRAYED : CLOCK_GOES_ON;
}

bool clock_in_step(const struct sample_clock *clock, uint64_t now)
{
    bool heard = now <= clock->last_edge || now - clock->last_edge <= SILENCE_NS;
    return clock->in_step && (heard || clock->reference);
}
