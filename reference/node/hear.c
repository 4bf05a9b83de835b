/* What a node does with the frames that it hears (docs/a-bus.md, sections 4, 5 and 10). */
#include <string.h>

#include "node_inside.h"

static void cancel(struct node *node)
{
    memset(&node->answer, 0, sizeof node->answer);
}

/* Makes an answer due between `from` and `until` ns after `end`. */
static struct node_answer *plan(struct node *node, uint8_t kind, uint64_t end, uint64_t from,
                                uint64_t until)
{
    cancel(node);
    node->answer.kind = kind;
    node->answer.begin = end + from;
    node->answer.latest = end + until;
    return &node->answer;
}

static struct node_answer *plan_slot(struct node *node, uint8_t kind, uint64_t end,
                                     uint64_t slot_us)
{
    return plan(node, kind, end, slot_us * 1000u + NODE_SLOT_AFTER_NS,
                slot_us * 1000u + NODE_SLOT_LATEST_NS);
}

static struct node_answer *plan_reply(struct node *node, uint8_t kind, uint64_t end)
{
    return plan(node, kind, end, NODE_REPLY_NS, NODE_REPLY_LATEST_NS);
}

/* Schedule 0 says nothing about anybody's configuration. */
static void note_schedule(struct node *node, uint8_t schedule, uint64_t end)
{
    bool silence = !node->poll_heard || node_elapsed(end, node->poll_end) > NODE_SILENCE_NS;
    node->poll_heard = true;
    node->poll_end = end;
    if (schedule == 0) {
        return;
    }
    if (node->address != ADDRESS_NONE && node->schedule == schedule) {
        node->mismatch = false;
    } else if (!node->mismatch || silence) {
        node->mismatch = true;
        node->mismatch_since = end;
    }
}

static void hear_poll(struct node *node, const uint8_t *header, uint64_t end)
{
    cancel(node);
    note_schedule(node, header[3], end);
    node->edge = node->receiver.starts[0];
    node->edge_position = clock_position(&node->clock, node->edge);
    node->edge_block = frame_get16(header + 4);
    node->edge_open = !node_is_head(node);
    if (header[3] == 0 || node->address == ADDRESS_NONE || node->schedule != header[3]) {
        return;
    }
    struct node_answer *answer = plan_slot(node, KIND_DATA, end, node->slot_us);
    answer->block = node->edge_block;
    answer->mask = node_all_channels(node);
    answer->timed = node_is_head(node);
    answer->edge_position = node->edge_position;
}

static void hear_repeat(struct node *node, const uint8_t *header, uint64_t end)
{
    uint8_t mask = header[3] & node_all_channels(node);
    if (mask == 0) {
        return;
    }
    struct node_answer *answer = plan_reply(node, KIND_DATA, end);
    answer->block = frame_get16(header + 4);
    answer->mask = mask;
}

static void hear_identify(struct node *node, const uint8_t *header, uint64_t end)
{
    uint16_t seconds = frame_get16(header + 4);
    if (seconds > 600) {
        return;
    }
    node->identify_inputs = header[3] & node_all_channels(node);
    node->identify_until = end + (uint64_t)seconds * NODE_SECOND_NS;
    plan_reply(node, KIND_INFO, end);
}

static void hear_whole(struct node *node, const uint8_t *header, uint64_t end)
{
    if (header[1] == KIND_POLL) {
        if (header[2] == ADDRESS_ALL) {
            hear_poll(node, header, end);
        }
        return;
    }
    if (node->address == ADDRESS_NONE || header[2] != node->address) {
        return;
    }
    switch (header[1]) {
    case KIND_REPEAT:
        hear_repeat(node, header, end);
        break;
    case KIND_QUERY:
        plan_reply(node, KIND_STATUS, end);
        break;
    case KIND_IDENTIFY:
        hear_identify(node, header, end);
        break;
    default:
        break;
    }
}

static void hear_assign(struct node *node, const uint8_t *assign, uint64_t end)
{
    uint32_t nonce = frame_get32(assign + 12);
    uint8_t address = assign[8];
    if (frame_get16(assign) != node->type || frame_get32(assign + 4) != node->number
        || (nonce != 0 && nonce != node->nonce)) {
        return;
    }
    if (node_is_head(node) ? address != ADDRESS_HEAD
                           : address <= ADDRESS_HEAD || address > ADDRESS_LAST) {
        return;
    }
    node->slot_us = frame_get16(assign + 2);
    node->address = address;
    node->schedule = assign[9];
    node->session = frame_get16(assign + 10);
    plan_reply(node, KIND_INFO, end);
}

/* The slot of this node in a SEARCH: chance for each salt. */
static uint8_t search_slot(const struct node *node, uint16_t salt, uint8_t slots)
{
    uint8_t serial[12];
    frame_put32(serial, node->type);
    frame_put32(serial + 4, node->number);
    frame_put32(serial + 8, node->nonce);
    uint32_t key = frame_check(serial, sizeof serial);
    return (uint8_t)((key * (2 * (uint32_t)salt + 1) >> 16) % slots);
}

static void hear_search(struct node *node, uint8_t slots, uint16_t width, const uint8_t *search,
                        uint64_t end)
{
    uint16_t session = frame_get16(search);
    if (slots == 0 || slots > 32) {
        return;
    }
    cancel(node);
    if (node->address != ADDRESS_NONE && node->session != session) {
        node->address = ADDRESS_NONE;
        node->schedule = 0;
    }
    if (node->address != ADDRESS_NONE) {
        return;
    }
    uint8_t slot = search_slot(node, frame_get16(search + 2), slots);
    plan_slot(node, KIND_FOUND, end, NODE_SEARCH_FIRST_US + (uint64_t)slot * width)->slot = slot;
}

static void hear_section(struct node *node, uint64_t end)
{
    const uint8_t *header = node->receiver.header;
    const uint8_t *payload = node->receiver.small;
    switch (header[1]) {
    case KIND_DATA:
    case KIND_NODATA:
        if (node->receiver.section == 0 && header[3] & FRAME_TIMED && header[2] == ADDRESS_HEAD
            && !node_is_head(node)) {
            node_steer(node, frame_get16(header + 4), payload, end);
        }
        break;
    case KIND_ASSIGN:
        if (header[2] == ADDRESS_ALL) {
            hear_assign(node, payload, end);
        }
        break;
    case KIND_SEARCH:
        if (header[2] == ADDRESS_ALL) {
            hear_search(node, header[3], frame_get16(header + 4), payload, end);
        }
        break;
    default:
        break;
    }
}

void node_receive_byte(struct node *node, uint8_t byte, uint64_t start)
{
    uint64_t end = start + node->receiver.byte_ns;
    switch (frame_receive(&node->receiver, byte, start)) {
    case FRAME_HEADER:
        node->frames++;
        if (node->receiver.left == 0) {
            hear_whole(node, node->receiver.header, end);
        }
        break;
    case FRAME_SECTION:
        hear_section(node, end);
        break;
    case FRAME_BAD_HEADER:
    case FRAME_BAD_SECTION:
        node->bad_checks++;
        break;
    case FRAME_NOTHING:
    case FRAME_END:
        break;
    }
}
