#include "node.h"

#include <string.h>

#include "node_inside.h"

bool node_init(struct node *node, uint16_t type, uint32_t number, uint32_t nonce, uint32_t baud,
               uint32_t sample, uint64_t now)
{
    bool head = type == 5400 || type == 5020;
    bool hub = type == 5500 || type == 5520;
    if ((!head && !hub && type != 5600) || nonce == 0 || baud < 9600) {
        return false;
    }
    memset(node, 0, sizeof *node);
    frame_receiver_init(&node->receiver, (uint32_t)((10000000000u + baud / 2) / baud));
    clock_init(&node->clock, now, (uint64_t)sample << 32, head);
    node->started = now;
    node->type = type;
    node->number = number;
    node->nonce = nonce;
    node->channels = hub ? 4 : 3;
    node->plugged = type == 5600 ? 7 : 0;
    node->next_sample = sample;
    return true;
}

size_t node_size(void)
{
    return sizeof(struct node);
}

uint64_t node_elapsed(uint64_t now, uint64_t since)
{
    return now > since ? now - since : 0;
}

bool node_is_head(const struct node *node)
{
    return node->type == 5400 || node->type == 5020;
}

uint8_t node_all_channels(const struct node *node)
{
    return (uint8_t)((1u << node->channels) - 1u);
}

void node_set_plugged(struct node *node, uint8_t inputs)
{
    if (node->type != 5600) {
        node->plugged = inputs & node_all_channels(node);
    }
}

bool node_in_step(const struct node *node, uint64_t now)
{
    return clock_in_step(&node->clock, now);
}

uint64_t node_next_sample_time(const struct node *node)
{
    return clock_time(&node->clock, (uint64_t)node->next_sample << 32);
}

void node_sample(struct node *node, const int16_t *samples)
{
    uint64_t time = node_next_sample_time(node);
    unsigned at = node->next_sample % NODE_BLOCK_SAMPLES;
    struct node_block *block = &node->blocks[node->filling];
    clock_move(&node->clock, time);
    if (at == 0) {
        node->collecting = true;
        block->held = false;
        block->in_step = true;
        block->number = (uint16_t)(node->next_sample / NODE_BLOCK_SAMPLES);
    }
    node->next_sample++;
    if (!node->collecting) {
        return;
    }
    block->in_step = block->in_step && node->clock.in_step;
    for (unsigned channel = 0; channel < node->channels; channel++) {
        block->samples[channel][at] = samples[channel];
    }
    if (at == NODE_BLOCK_SAMPLES - 1) {
        block->held = true;
        node->filling = (uint8_t)((node->filling + 1u) % (NODE_BLOCKS_KEPT + 1));
        node->blocks[node->filling].held = false;
        node->collecting = false;
    }
}

/* What was taken until now is not given any more: it was out of step. */
static void disown_blocks(struct node *node)
{
    for (unsigned at = 0; at < NODE_BLOCKS_KEPT + 1; at++) {
        node->blocks[at].in_step = false;
    }
}

static void set_clock(struct node *node, uint64_t now)
{
    for (unsigned at = 0; at < NODE_BLOCKS_KEPT + 1; at++) {
        node->blocks[at].held = false;
    }
    node->collecting = false;
    node->next_sample = (uint32_t)(clock_position(&node->clock, now) >> 32) + 1u;
}

/* The head's timing section came: it belongs to the edge that was latched, or to none. */
void node_steer(struct node *node, uint16_t block, const uint8_t *timing, uint64_t now)
{
    bool fits = node->edge_open && node->edge_block == block
                && now - node->edge <= NODE_EDGE_LIFE_NS;
    node->edge_open = false;
    if (!fits) {
        return;
    }
    uint64_t head = (uint64_t)frame_get32(timing) << 32 | (uint64_t)frame_get16(timing + 4) << 16;
    switch (clock_steer(&node->clock, node->edge, head, node->edge_position)) {
    case CLOCK_WAS_SET:
        set_clock(node, now);
        break;
    case CLOCK_STRAYED:
        disown_blocks(node);
        break;
    case CLOCK_GOES_ON:
        break;
    }
}

uint8_t node_state(const struct node *node, uint64_t now)
{
    unsigned state = node_in_step(node, now) ? STATE_IN_STEP : 0;
    state |= node->address != ADDRESS_NONE ? STATE_ADDRESSED : 0;
    state |= node_led(node, now) == LED_IDENTIFY ? STATE_IDENTIFYING : 0;
    return (uint8_t)state;
}

enum node_led node_led(const struct node *node, uint64_t now)
{
    uint64_t heard = node->poll_heard ? node->poll_end : node->started;
    if (node->identify_inputs != 0 && now < node->identify_until) {
        return LED_IDENTIFY;
    }
    if (node_elapsed(now, heard) >= NODE_SILENCE_NS) {
        return LED_COMMUNICATION;
    }
    if (node->mismatch && node_elapsed(now, node->mismatch_since) >= 3 * NODE_SECOND_NS) {
        return LED_CONFIGURATION;
    }
    return LED_WELL;
}

bool node_led_lit(const struct node *node, uint64_t now, unsigned input)
{
    uint64_t since = node_elapsed(now, node->started);
    uint64_t period;
    if (input >= node->channels) {
        return false;
    }
    switch (node_led(node, now)) {
    case LED_IDENTIFY:
        return node->identify_inputs >> input & 1u
               && since % NODE_SECOND_NS * 3 % NODE_SECOND_NS < 3 * NODE_FLASH_NS;
    case LED_CONFIGURATION:
        period = node_is_head(node) ? NODE_SECOND_NS : NODE_SECOND_NS / 2;
        break;
    case LED_COMMUNICATION:
        period = NODE_SECOND_NS;
        break;
    default:
        period = 3 * NODE_SECOND_NS;
    }
    return input == 0 && since % period < NODE_FLASH_NS;
}

uint64_t node_position(const struct node *node, uint64_t time)
{
    return clock_position(&node->clock, time);
}

int32_t node_difference(const struct node *node)
{
    return node->clock.difference;
}

uint8_t node_address(const struct node *node)
{
    return node->address;
}
