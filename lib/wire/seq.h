/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sequence numbers (RFC 9293 section 3.4): 32 bits that wrap, as a struct, so that a raw `<` does not compile.
 * Timestamps compare the same way (RFC 7323 section 5.2).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct seq {
	uint32_t value;
};

static inline struct seq seq_of(uint32_t value)
{
	return (struct seq){value};
}

static inline struct seq seq_add(struct seq a, uint32_t count)
{
	return (struct seq){a.value + count};
}

/* How far `a` lies after `b`; meaningful when it does. */
static inline uint32_t seq_distance(struct seq a, struct seq b)
{
	return a.value - b.value;
}

static inline bool seq_equal(struct seq a, struct seq b)
{
	return a.value == b.value;
}

static inline bool seq_before(struct seq a, struct seq b)
{
	return (int32_t)(a.value - b.value) < 0;
}

static inline bool seq_after(struct seq a, struct seq b)
{
	return seq_before(b, a);
}

static inline bool seq_at_or_before(struct seq a, struct seq b)
{
	return !seq_before(b, a);
}

static inline bool seq_at_or_after(struct seq a, struct seq b)
{
	return !seq_before(a, b);
}

static inline struct seq seq_later(struct seq a, struct seq b)
{
	return seq_before(a, b) ? b : a;
}
