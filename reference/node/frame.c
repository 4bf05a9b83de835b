#include "frame.h"

#include <string.h>

static const uint32_t crc_of_nibble[16] = {
    0x00000000u, 0x1DB71064u, 0x3B6E20C8u, 0x26D930ACu, 0x76DC4190u, 0x6B6B51F4u,
    0x4DB26158u, 0x5005713Cu, 0xEDB88320u, 0xF00F9344u, 0xD6D6A3E8u, 0xCB61B38Cu,
    0x9B64C2B0u, 0x86D3D2D4u, 0xA00AE278u, 0xBDBDF21Cu,
};

uint32_t frame_crc(uint32_t crc, const uint8_t *bytes, size_t size)
{
    crc = ~crc;
    while (size-- > 0) {
        crc ^= *bytes++;
        crc = (crc >> 4) ^ crc_of_nibble[crc & 15u];
        crc = (crc >> 4) ^ crc_of_nibble[crc & 15u];
    }
    return ~crc;
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
    frame_put32(frame + 8, frame_crc(0, frame, 8));
}

size_t frame_close_section(uint8_t *payload, size_t size)
{
    frame_put32(payload + size, frame_crc(0, payload, size));
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
    receiver->crc = 0;
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
    if (frame_get32(header + 8) != frame_crc(0, header, 8)
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
    if (at < receiver->payload) {
        receiver->crc = frame_crc(receiver->crc, &byte, 1);
        return FRAME_NOTHING;
    }
    receiver->check[at - receiver->payload] = byte;
    if (receiver->in_section < receiver->payload + FRAME_CHECK_BYTES) {
        return FRAME_NOTHING;
    }
    return frame_get32(receiver->check) == receiver->crc ? FRAME_SECTION : FRAME_BAD_SECTION;
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
