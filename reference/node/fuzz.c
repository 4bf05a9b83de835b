/* Random and mutated bytes for a node; each time the next good POLL must be answered.
   Arguments: how many sequences, the seed. The exit code is 1 when a POLL was not answered. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node.h"

#define SLOT_US 1470u
#define BYTE_NS 3333u
#define LONGEST 1400u

static struct node node;
static uint64_t now = 1000000;
static uint64_t state;

static uint32_t chance(uint32_t below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 32) % below;
}

/* Lets time pass, with samples and with the answers that come due. */
static void pass(uint64_t ns)
{
    static uint8_t answer[NODE_ANSWER_MAX];
    static const int16_t samples[NODE_CHANNELS_MAX] = {-32768, 32767, 0, 1};
    uint64_t begin;
    now += ns;
    for (unsigned count = 0; node_next_sample_time(&node) <= now && count < 4000; count++) {
        node_sample(&node, samples);
    }
    node_transmit(&node, now, answer, &begin);
}

static void hear(const uint8_t *bytes, size_t size)
{
    for (size_t at = 0; at < size; at++) {
        node_receive_byte(&node, bytes[at], now);
        now += BYTE_NS;
    }
}

static size_t make_frame(uint8_t *frame)
{
    static const uint16_t lengths[] = {0, 12, 20, 24, 28, 132, 144, 408, 540, 544};
    uint16_t length = lengths[chance(10)];
    for (unsigned at = 0; at < length; at++) {
        frame[FRAME_HEADER_BYTES + at] = (uint8_t)chance(256);
    }
    if (length == 12 || length == 144) {
        frame_close_section(frame + FRAME_HEADER_BYTES, FRAME_TIMING_BYTES);
    }
    if (length == 20 && chance(2)) { /* an ASSIGN of just this node */
        frame_put16(frame + 12, 5500);
        frame_put32(frame + 16, 190);
        frame_put32(frame + 24, 0);
        frame_close_section(frame + FRAME_HEADER_BYTES, 16);
    } else if (length > 4 && length <= 28) {
        frame_close_section(frame + FRAME_HEADER_BYTES, length - 4u);
    }
    static const uint8_t addresses[] = {0, 1, 2, 255};
    frame_put_header(frame, (uint8_t)chance(13), addresses[chance(4)], (uint8_t)chance(256),
                     (uint16_t)chance(65536), length);
    return FRAME_HEADER_BYTES + length;
}

static size_t mutate(uint8_t *bytes, size_t size)
{
    for (unsigned count = 1 + chance(4); count > 0 && size > 1; count--) {
        size_t at = chance((uint32_t)size);
        switch (chance(3)) {
        case 0:
            bytes[at] ^= (uint8_t)(1u << chance(8));
            break;
        case 1: /* a byte is lost */
            memmove(bytes + at, bytes + at + 1, size - at - 1);
            size--;
            break;
        default:
            bytes[at] = FRAME_START;
        }
    }
    return size;
}

/* A sequence; true when right frames can be in it, which may tell the node otherwise. */
static bool make_sequence(uint8_t *bytes, size_t *size)
{
    bool right = false;
    *size = 0;
    do {
        size_t added;
        uint32_t sort = chance(8);
        if (sort == 0) {
            added = 1 + chance(80);
            for (size_t at = 0; at < added; at++) {
                bytes[*size + at] = chance(3) ? (uint8_t)chance(256) : FRAME_START;
            }
        } else {
            added = make_frame(bytes + *size);
            if (sort > 2) {
                added = mutate(bytes + *size, added);
            }
            right = true; /* a mutation may have spared the frame, or cut off its end */
        }
        *size += added;
    } while (chance(2) && *size < LONGEST - FRAME_BYTES_MAX);
    return right;
}

static void assign(void)
{
    uint8_t frame[FRAME_HEADER_BYTES + 20] = {0};
    uint8_t *payload = frame + FRAME_HEADER_BYTES;
    frame_put_header(frame, KIND_ASSIGN, ADDRESS_ALL, 0, 0, 20);
    frame_put16(payload, 5500);
    frame_put16(payload + 2, SLOT_US);
    frame_put32(payload + 4, 190);
    payload[8] = 2;
    payload[9] = 3;
    frame_close_section(payload, 16);
    hear(frame, sizeof frame);
    pass(500000);
}

static bool poll_is_answered(void)
{
    static uint8_t answer[NODE_ANSWER_MAX];
    uint8_t poll[FRAME_HEADER_BYTES];
    uint64_t begin = 0;
    frame_put_header(poll, KIND_POLL, ADDRESS_ALL, 3, (uint16_t)chance(65536), 0);
    hear(poll, sizeof poll);
    uint64_t due = now + SLOT_US * 1000u;
    size_t size = node_transmit(&node, due + 1000, answer, &begin);
    return size >= FRAME_HEADER_BYTES && (answer[1] == KIND_DATA || answer[1] == KIND_NODATA)
           && answer[2] == 2 && begin >= due && begin <= due + 5000
           && size == (size_t)FRAME_HEADER_BYTES + frame_get16(answer + 6);
}

int main(int count, char **arguments)
{
    static uint8_t bytes[LONGEST + FRAME_BYTES_MAX];
    unsigned long wanted = count > 1 ? strtoul(arguments[1], NULL, 10) : 100000;
    unsigned long silent = 0;
    unsigned long assigned = 0;
    uint64_t heard = 0;
    state = count > 2 ? strtoull(arguments[2], NULL, 10) | 1u : 1u;
    node_init(&node, 5500, 190, 0x1BADCAFE, 3000000, 0, now);
    assign();
    for (unsigned long done = 0; done < wanted; done++) {
        size_t size;
        bool right = make_sequence(bytes, &size);
        for (size_t at = 0; at < size; at++) {
            node_receive_byte(&node, bytes[at], chance(2000) ? now : now - chance(500000));
            now += BYTE_NS + (chance(400) ? 0 : chance(300000));
        }
        heard += size;
        pass(201000 + chance(20000000));
        if (right && (node_address(&node) != 2 || node.schedule != 3 || node.slot_us != SLOT_US)) {
            assigned++;
            assign();
        }
        silent += !poll_is_answered();
        pass(20000);
    }
    printf("%lu sequences, %" PRIu64 " bytes, %" PRIu32 " frames, %" PRIu32 " bad checks, "
           "%lu new assignments, %lu POLLs without an answer\n",
           wanted, heard, node.frames, node.bad_checks, assigned, silent);
    return silent != 0;
}
