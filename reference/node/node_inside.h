/* What the parts of the node share; not for drivers. */
#ifndef NODE_INSIDE_H
#define NODE_INSIDE_H

#include "node.h"

#define NODE_SECOND_NS 1000000000u
#define NODE_SILENCE_NS 3000000000u /* without a POLL: a communication fault */
#define NODE_FLASH_NS 50000000u /* a short blink */
#define NODE_SLOT_AFTER_NS 1000u  /* a slot's answer begins so long after the slot, */
#define NODE_SLOT_LATEST_NS 5000u /* at most so long */
#define NODE_REPLY_NS 40000u        /* a request's answer begins so long after the request, */
#define NODE_REPLY_LATEST_NS 100000u /* at most so long */
#define NODE_SEARCH_FIRST_US 50u
#define NODE_EDGE_LIFE_NS 17000000u /* the head has answered by then, or does not */

/* ns from `since` to `now`; 0 when that is still to come. */
uint64_t node_elapsed(uint64_t now, uint64_t since);
bool node_is_head(const struct node *node);
uint8_t node_all_channels(const struct node *node);
bool node_in_step(const struct node *node, uint64_t now);

/* Takes the head's timing payload for the POLL of `block`. */
void node_steer(struct node *node, uint16_t block, const uint8_t *timing, uint64_t now);

#endif
