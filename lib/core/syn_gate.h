/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * When SYNs are answered without an entry, and when a cookie counts.  In `auto` a worker answers without state while half-open
 * entries, or the SYNs of a second, are too many, and returns when both have halved; cookies count only while one that it gave
 * may still be out, so that in quiet times there is nothing to forge.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct tcp;

struct syn_gate {
	uint64_t open_until_ns;             /* in `auto`: until then a cookie of ours may come back */
	uint64_t paid_until_ns;             /* connections made from cookies are paid for, one price each, until then */
	uint64_t price_ns;                  /* 0: no limit on them */
	uint32_t high_count;                /* entries of a family from which on none is made */
	uint32_t second, syns, syns_before; /* SYNs in this second; in the one before */
	bool is_stateless;                  /* in `auto`: at the moment */
};

void syn_gate_make(struct tcp *tcp);

/* A SYN at a listener: is it answered without an entry?  Counts it. */
bool syn_gate_syn(struct tcp *tcp, bool ipv6);

/* A cookie whose entry is not, or no longer, there is on its way. */
void syn_gate_given(struct tcp *tcp);

/* Does a cookie count now? */
bool syn_gate_is_open(const struct tcp *tcp);

/* May one more connection be made from a cookie now?  Takes its price. */
bool syn_gate_pays(struct tcp *tcp);
