/* The answers of a node (docs/a-bus.md, section 5). */
#include <string.h>

#include "node_inside.h"

enum reason { REASON_NONE, REASON_NOT_COMPLETE, REASON_NOT_HELD, REASON_NOT_IN_STEP };

static const struct node_block *find(const struct node *node, uint16_t number)
{
    for (unsigned at = 0; at < NODE_BLOCKS_KEPT + 1; at++) {
        if (node->blocks[at].held && node->blocks[at].number == number) {
            return &node->blocks[at];
        }
    }
    return NULL;
}

/* Why a block cannot be given. Numbers up to half the circle ahead are taken as still to come. */
static enum reason judge(const struct node *node, const struct node_block *block,
                         uint16_t number, uint64_t now)
{
    uint16_t ahead = (uint16_t)(number - (uint16_t)(node->next_sample / NODE_BLOCK_SAMPLES));
    if (!node_in_step(node, now) || (block != NULL && !block->in_step)) {
        return REASON_NOT_IN_STEP;
    }
    if (block != NULL) {
        return REASON_NONE;
    }
    return ahead < 0x8000u ? REASON_NOT_COMPLETE : REASON_NOT_HELD;
}

static size_t put_timing(uint8_t *payload, uint64_t position)
{
    frame_put32(payload, (uint32_t)(position >> 32));
    frame_put16(payload + 4, (uint16_t)(position >> 16));
    frame_put16(payload + 6, 0);
    return frame_close_section(payload, FRAME_TIMING_BYTES);
}

static size_t put_channel(uint8_t *payload, const int16_t *samples)
{
    for (unsigned at = 0; at < NODE_BLOCK_SAMPLES; at++) {
        frame_put16(payload + 2 * at, (uint16_t)samples[at]);
    }
    return frame_close_section(payload, FRAME_CHANNEL_BYTES);
}

static size_t answer_data(const struct node *node, uint64_t now, uint8_t *frame)
{
    const struct node_answer *answer = &node->answer;
    const struct node_block *block = find(node, answer->block);
    enum reason reason = judge(node, block, answer->block, now);
    unsigned timed = answer->timed ? FRAME_TIMED : 0;
    size_t size = FRAME_HEADER_BYTES;
    if (answer->timed) {
        size += put_timing(frame + size, answer->edge_position);
    }
    for (unsigned channel = 0; reason == REASON_NONE && channel < node->channels; channel++) {
        if (answer->mask >> channel & 1u) {
            size += put_channel(frame + size, block->samples[channel]);
        }
    }
    if (reason == REASON_NONE) {
        frame_put_header(frame, KIND_DATA, node->address, (uint8_t)(timed | answer->mask),
                         answer->block, (uint16_t)(size - FRAME_HEADER_BYTES));
    } else {
        frame_put_header(frame, KIND_NODATA, node->address, (uint8_t)(timed | (unsigned)reason),
                         answer->block, (uint16_t)(size - FRAME_HEADER_BYTES));
    }
    return size;
}

static uint32_t uptime(const struct node *node, uint64_t now)
{
    return (uint32_t)(node_elapsed(now, node->started) / NODE_SECOND_NS);
}

static void put_info(const struct node *node, uint64_t now, uint8_t *payload)
{
    frame_put16(payload, node->type);
    frame_put16(payload + 2, NODE_VERSION);
    frame_put32(payload + 4, node->number);
    payload[8] = node->channels;
    payload[9] = node_state(node, now);
    payload[10] = NODE_BLOCKS_KEPT;
    payload[11] = 0;
    frame_put32(payload + 12, uptime(node, now));
}

static size_t answer_info(const struct node *node, uint64_t now, uint8_t *frame)
{
    put_info(node, now, frame + FRAME_HEADER_BYTES);
    size_t length = frame_close_section(frame + FRAME_HEADER_BYTES, 16);
    frame_put_header(frame, KIND_INFO, node->address, 0, 0, (uint16_t)length);
    return FRAME_HEADER_BYTES + length;
}

static size_t answer_found(const struct node *node, uint64_t now, uint8_t *frame)
{
    put_info(node, now, frame + FRAME_HEADER_BYTES);
    frame_put32(frame + FRAME_HEADER_BYTES + 16, node->nonce);
    size_t length = frame_close_section(frame + FRAME_HEADER_BYTES, 20);
    frame_put_header(frame, KIND_FOUND, ADDRESS_NONE, node->answer.slot, 0, (uint16_t)length);
    return FRAME_HEADER_BYTES + length;
}

static size_t answer_status(const struct node *node, uint64_t now, uint8_t *frame)
{
    uint8_t *payload = frame + FRAME_HEADER_BYTES;
    int32_t difference = node_is_head(node) ? 0 : node->clock.difference;
    payload[0] = node_state(node, now);
    payload[1] = (uint8_t)node_led(node, now);
    payload[2] = node->plugged;
    payload[3] = 0;
    frame_put32(payload + 4, (uint32_t)difference);
    frame_put32(payload + 8, node->frames);
    frame_put32(payload + 12, node->bad_checks);
    frame_put32(payload + 16, node->answers);
    frame_put32(payload + 20, uptime(node, now));
    size_t length = frame_close_section(payload, 24);
    frame_put_header(frame, KIND_STATUS, node->address, 0, 0, (uint16_t)length);
    return FRAME_HEADER_BYTES + length;
}

uint64_t node_answer_time(const struct node *node)
{
    return node->answer.kind != 0 ? node->answer.begin : NODE_NEVER;
}

size_t node_transmit(struct node *node, uint64_t now, uint8_t *buffer, uint64_t *begin)
{
    const struct node_answer *answer = &node->answer;
    uint8_t kind = answer->kind;
    size_t size = 0;
    if (kind == 0 || answer->begin > now + NODE_EARLY_NS) {
        return 0;
    }
    if (now <= answer->latest) {
        *begin = now > answer->begin ? now : answer->begin;
        size = kind == KIND_DATA     ? answer_data(node, now, buffer)
               : kind == KIND_INFO   ? answer_info(node, now, buffer)
               : kind == KIND_FOUND  ? answer_found(node, now, buffer)
                                     : answer_status(node, now, buffer);
        node->answers++;
    }
    memset(&node->answer, 0, sizeof node->answer);
    return size;
}
