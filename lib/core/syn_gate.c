/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Triggers, hysteresis, gate and bucket: a few comparisons for each SYN.
 */
#include "lib/core/syn_gate.h"

#include "lib/core/cc.h"
#include "lib/core/tcp.h"

#define SECOND_NS 1000000000ULL

void syn_gate_make(struct tcp *tcp)
{
	const struct sluice_config *config = &tcp->config;
	uint32_t high_count = (uint32_t)((uint64_t)config->half_open * config->cookies_half_open_percent / 100);

	tcp->syn_gate = (struct syn_gate){
		.high_count = cc_max(high_count, 1), /* none would be too many, and few enough at once */
		.price_ns = config->cookies_opens_per_second ? SECOND_NS / config->cookies_opens_per_second : 0,
	};
}

static void syn_gate_count(struct syn_gate *gate, uint32_t now_s)
{
	if (gate->second != now_s) {
		gate->syns_before = gate->second + 1 == now_s ? gate->syns : 0;
		gate->syns = 0;
		gate->second = now_s;
	}
	gate->syns++;
}

/* Each family has its own entries, and one is enough to begin; to end, both must be at half the mark. */
static void syn_gate_turn(struct tcp *tcp, uint32_t used_count)
{
	struct syn_gate *gate = &tcp->syn_gate;
	const struct half_open_set *set = &tcp->half_open;
	uint32_t budget = tcp->config.cookies_syns_per_second, low_count = gate->high_count / 2;

	if (!gate->is_stateless) {
		gate->is_stateless = used_count >= gate->high_count || gate->syns > budget;
		if (gate->is_stateless)
			COUNT(tcp, cookies_begun);
	} else if (gate->syns <= budget / 2 && gate->syns_before <= budget / 2 && set->ipv4.used_count <= low_count &&
		   set->ipv6.used_count <= low_count) {
		gate->is_stateless = false;
	}
}

bool syn_gate_syn(struct tcp *tcp, bool ipv6)
{
	const struct pool *pool = ipv6 ? &tcp->half_open.ipv6 : &tcp->half_open.ipv4;

	switch (tcp->config.cookies) {
	case SLUICE_COOKIES_ALWAYS:
		return true;
	case SLUICE_COOKIES_NEVER:
		return false;
	case SLUICE_COOKIES_AUTO:
		break;
	}
	syn_gate_count(&tcp->syn_gate, tcp->now_s);
	syn_gate_turn(tcp, pool->used_count);
	return tcp->syn_gate.is_stateless;
}

void syn_gate_given(struct tcp *tcp)
{
	tcp->syn_gate.open_until_ns = tcp->now_ns + COOKIE_EPOCHS_LIFE * COOKIE_EPOCH_NS;
}

bool syn_gate_is_open(const struct tcp *tcp)
{
	switch (tcp->config.cookies) {
	case SLUICE_COOKIES_ALWAYS:
		return true;
	case SLUICE_COOKIES_NEVER:
		return false;
	case SLUICE_COOKIES_AUTO:
		break;
	}
	/* Where hosts share a key, the SYN-ACK may have been another's. */
	return tcp->config.cookie_key_bytes || tcp->now_ns < tcp->syn_gate.open_until_ns;
}

bool syn_gate_pays(struct tcp *tcp)
{
	struct syn_gate *gate = &tcp->syn_gate;
	/* What was not spent in a second is lost. */
	uint64_t from_ns = tcp->now_ns > SECOND_NS ? tcp->now_ns - SECOND_NS : 0;

	if (gate->paid_until_ns < from_ns)
		gate->paid_until_ns = from_ns;
	if (gate->paid_until_ns + gate->price_ns > tcp->now_ns && gate->price_ns)
		return false;
	gate->paid_until_ns += gate->price_ns;
	return true;
}
