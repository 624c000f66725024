/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ICMP errors about segments that we sent, for the tests of who hears them.
 */
#pragma once

#include "tests/core/scene.h"

enum {
	UNREACHABLE = 3,
	TIME_EXCEEDED = 11,
	PARAMETER = 12,
	UNREACHABLE_6 = 1,
	TOO_BIG_6,
	TIME_EXCEEDED_6,
	PARAMETER_6
};

/* An error about the segment that began at `seq` (counted from our ISN) in a packet of `bytes`; `rest`: the MTU, if it tells one. */
struct told {
	uint8_t type, code;
	uint32_t rest;
	uint32_t seq;
	uint32_t bytes; /* 0: 1500 */
};

static inline struct bytes icmp_error_frame(const struct side *side, const struct told *told)
{
	uint32_t bytes = told->bytes ? told->bytes : 1500;
	struct ip ours = test_ip(side->ipv6, 1), peer = test_ip(side->ipv6, side->last);
	struct bytes message = {0};

	put_8(&message, told->type);
	put_8(&message, told->code);
	put_16(&message, 0);
	put_32(&message, told->rest);
	if (side->ipv6) {
		put_32(&message, 6U << 28);
		put_16(&message, bytes - 40);
		put_16(&message, 6 << 8 | 60);
		put_bytes(&message, &ours, 16);
		put_bytes(&message, &peer, 16);
	} else {
		put_16(&message, 0x4500);
		put_16(&message, bytes);
		put_32(&message, 0x4000);
		put_16(&message, 60 << 8 | 6);
		put_16(&message, 0);
		put_bytes(&message, ours.byte + 12, 4);
		put_bytes(&message, peer.byte + 12, 4);
	}
	put_16(&message, side->our_port);
	put_16(&message, side->port);
	put_32(&message, side->our_iss + told->seq);
	return ip_frame(side->ipv6, side->ipv6 ? 58 : 1, message.at, message.count);
}

#define error_arrives(scene, ...) error_arrives_at(scene, &(struct told)__VA_ARGS__)
static inline void error_arrives_at(struct scene *scene, const struct told *told)
{
	struct bytes frame = icmp_error_frame(&scene->side, told);

	frame_arrives(scene, &frame);
}
