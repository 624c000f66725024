/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * In place of cookie_make() and cookie_active_isn(): -Wl,--wrap.
 */
#include "tests/matrix/isn.h"

#include "lib/core/cookie.h"

static uint32_t isn_next;

void isn_is(uint32_t isn)
{
	isn_next = isn;
}

struct seq __wrap_cookie_make(struct siphash_key key, const struct tuple *tuple, struct seq irs, uint32_t epoch,
			      uint32_t code);
struct seq __wrap_cookie_active_isn(const struct tcp_keys *keys, const struct tuple *tuple, uint64_t now_ns);

struct seq __wrap_cookie_make(struct siphash_key key, const struct tuple *tuple, struct seq irs, uint32_t epoch,
			      uint32_t code)
{
	(void)key, (void)tuple, (void)irs, (void)epoch, (void)code;
	return seq_of(isn_next);
}

struct seq __wrap_cookie_active_isn(const struct tcp_keys *keys, const struct tuple *tuple, uint64_t now_ns)
{
	(void)keys, (void)tuple, (void)now_ns;
	return seq_of(isn_next);
}
