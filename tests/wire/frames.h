/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames for the tests of lib/wire, written byte by byte and summed in the plainest way: nothing here uses what is under
 * test.  A test takes a good frame, changes what it is about, and mends the sums.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/wire/frame.h"
#include "tests/packets.h"

struct bytes {
	uint32_t count;
	uint8_t at[2048];
};

static const struct mac our_mac = {.byte = {0x02, 0, 0, 0, 0, 0x01}};
static const struct mac peer_mac = {.byte = {0x02, 0, 0, 0, 0, 0x02}};
static const struct frame_rules our_rules = {.mac = {.byte = {0x02, 0, 0, 0, 0, 0x01}}};

enum { L3 = 14 };

static inline void put_8(struct bytes *out, uint32_t value)
{
	out->at[out->count++] = (uint8_t)value;
}

static inline void put_16(struct bytes *out, uint32_t value)
{
	put_8(out, value >> 8);
	put_8(out, value);
}

static inline void put_32(struct bytes *out, uint32_t value)
{
	put_16(out, value >> 16);
	put_16(out, value);
}

static inline void put_bytes(struct bytes *out, const void *bytes, uint32_t count)
{
	if (count)
		memcpy(out->at + out->count, bytes, count);
	out->count += count;
}

static inline uint32_t get_16(const struct bytes *in, uint32_t at)
{
	return (uint32_t)in->at[at] << 8 | in->at[at + 1];
}

static inline void set_16(struct bytes *out, uint32_t at, uint32_t value)
{
	out->at[at] = (uint8_t)(value >> 8);
	out->at[at + 1] = (uint8_t)value;
}

/* RFC 1071, two bytes at a time, carry and all. */
static inline uint32_t plain_sum(uint32_t sum, const uint8_t *byte, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		sum += i % 2 ? byte[i] : (uint32_t)byte[i] << 8;
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return sum;
}

/* An address of the test network, by family and last byte. */
static inline struct ip test_ip(bool ipv6, uint8_t last)
{
	struct ip ip = {.byte = {0x20, 0x01, 0x00, 0x02, [15] = last}};

	return ipv6 ? ip : ip_from_ipv4(be32_from(0xc6120000U + last));
}

static inline bool frame_bytes_are_ipv6(const struct bytes *frame)
{
	return get_16(frame, 12) == 0x86dd;
}

/* Where the payload of an IP header without extension headers begins. */
static inline uint32_t l4_of(const struct bytes *frame)
{
	return L3 + (frame_bytes_are_ipv6(frame) ? 40 : (frame->at[L3] & 0xfU) * 4);
}

/* Sums the IPv4 header, and `count` bytes of payload from `l4` on as `protocol` has it. */
static inline void mend_at(struct bytes *frame, uint32_t l4, uint32_t count, uint8_t protocol)
{
	bool ipv6 = frame_bytes_are_ipv6(frame);
	uint32_t place = l4 + (protocol == 6 ? 16 : 2), sum = 0;

	if (!ipv6) {
		set_16(frame, L3 + 10, 0);
		set_16(frame, L3 + 10, ~plain_sum(0, frame->at + L3, (frame->at[L3] & 0xfU) * 4));
	}
	if (place + 2 > frame->count)
		return;
	if (ipv6)
		sum = plain_sum(protocol + count, frame->at + L3 + 8, 32);
	else if (protocol == 6)
		sum = plain_sum(protocol + count, frame->at + L3 + 12, 8);
	set_16(frame, place, 0);
	set_16(frame, place, ~plain_sum(sum, frame->at + l4, count));
}

/* The same for a frame without extension headers, by its own lengths. */
static inline void mend(struct bytes *frame)
{
	bool ipv6 = frame_bytes_are_ipv6(frame);
	uint32_t l4 = l4_of(frame);
	uint32_t end = ipv6 ? l4 + get_16(frame, L3 + 4) : L3 + get_16(frame, L3 + 2);

	mend_at(frame, l4, end > l4 ? end - l4 : 0, frame->at[L3 + (ipv6 ? 6 : 9)]);
}

/* Ethernet and IP from the peer (.2) to us (.1), around `count` bytes. */
static inline struct bytes ip_frame(bool ipv6, uint8_t protocol, const void *payload, uint32_t count)
{
	struct bytes out = {0};
	struct ip source = test_ip(ipv6, 2), destination = test_ip(ipv6, 1);

	put_bytes(&out, &our_mac, 6);
	put_bytes(&out, &peer_mac, 6);
	put_16(&out, ipv6 ? 0x86dd : 0x0800);
	if (ipv6) {
		put_32(&out, 0x6b812345); /* class 0xb8, a flow label */
		put_16(&out, count);
		put_8(&out, protocol);
		put_8(&out, 61);
		put_bytes(&out, &source, 16);
		put_bytes(&out, &destination, 16);
	} else {
		put_16(&out, 0x45b8);
		put_16(&out, 20 + count);
		put_16(&out, 0x1234);
		put_16(&out, 0x4000);
		put_8(&out, 61);
		put_8(&out, protocol);
		put_16(&out, 0);
		put_bytes(&out, source.byte + 12, 4);
		put_bytes(&out, destination.byte + 12, 4);
	}
	put_bytes(&out, payload, count);
	mend(&out);
	return out;
}

/* 4000 → 80, seq 0x01020304, ack 0x0a0b0c0d, PSH and ACK, window 0x1122. */
static inline struct bytes tcp_frame(bool ipv6, const void *options, uint32_t option_bytes, uint32_t text_bytes)
{
	struct bytes tcp = {0};

	put_16(&tcp, 4000);
	put_16(&tcp, 80);
	put_32(&tcp, 0x01020304);
	put_32(&tcp, 0x0a0b0c0d);
	put_8(&tcp, (5 + option_bytes / 4) << 4);
	put_8(&tcp, 0x18);
	put_16(&tcp, 0x1122);
	put_16(&tcp, 0);
	put_16(&tcp, 0);
	put_bytes(&tcp, options, option_bytes);
	for (uint32_t i = 0; i < text_bytes; i++)
		put_8(&tcp, 'a' + i % 26);
	return ip_frame(ipv6, 6, tcp.at, tcp.count);
}

static const uint8_t timestamps_alone[12] = {1, 1, 8, 10, 0, 0, 0, 7, 0, 0, 0, 9};

static inline struct bytes data_frame(bool ipv6)
{
	return tcp_frame(ipv6, timestamps_alone, sizeof(timestamps_alone), 11);
}

/* A copy that ends where its block ends. */
static inline uint8_t *exact_copy(const uint8_t *bytes, uint32_t count)
{
	uint8_t *block = calloc(1, count + !count);

	for (uint32_t i = 0; i < count; i++)
		block[i] = bytes[i];
	return block;
}

/* Moves the rest of the frame back and puts bytes in between. */
static inline void insert_bytes(struct bytes *frame, uint32_t at, const void *bytes, uint32_t count)
{
	memmove(frame->at + at + count, frame->at + at, frame->count - at);
	memcpy(frame->at + at, bytes, count);
	frame->count += count;
}

/* What the parser says of one buffer that ends where its memory ends. */
static inline struct frame parsed(const struct bytes *bytes)
{
	struct rte_mbuf *packet = packet_from_bytes(bytes->at, bytes->count);
	struct frame frame;

	memset(&frame, 0x5a, sizeof(frame));
	frame_parse(packet, &our_rules, &frame);
	packet_free(packet);
	frame.packet = NULL;
	return frame;
}

static inline void expect_drop(const struct bytes *bytes, enum sluice_counter drop)
{
	struct frame frame = parsed(bytes);

	assert_int_equal(frame.kind, FRAME_DROP);
	assert_int_equal(frame.drop, drop);
}

/* All that TCP will act on. */
static inline void assert_same_segment(const struct frame *a, const struct frame *b)
{
	assert_int_equal(a->kind, FRAME_TCP);
	assert_int_equal(b->kind, FRAME_TCP);
	assert_memory_equal(&a->tuple, &b->tuple, sizeof(a->tuple));
	assert_int_equal(a->seq.value, b->seq.value);
	assert_int_equal(a->ack.value, b->ack.value);
	assert_int_equal(a->window, b->window);
	assert_int_equal(a->flags, b->flags);
	assert_int_equal(a->text_bytes, b->text_bytes);
	assert_int_equal(a->ipv6, b->ipv6);
	assert_int_equal(a->options.present, b->options.present);
	assert_int_equal(a->options.sack_count, b->options.sack_count);
	if (a->options.present & TCP_HAS_TIMESTAMPS) {
		assert_int_equal(a->options.tsval, b->options.tsval);
		assert_int_equal(a->options.tsecr, b->options.tsecr);
	}
}
