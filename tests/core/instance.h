/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A small instance of TCP for the tests of its parts: carved, told the time, and joined to no port.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/core/tcp.h"
#include "tests/packets.h"

#define INSTANCE_NOW_NS 5000000000ULL

static inline struct sluice_config instance_config(void)
{
	struct sluice_config config;

	sluice_config_defaults(&config);
	config.port_count = 1;
	config.connections = 8;
	config.half_open = 8;
	config.time_wait = 8;
	config.chunks_small = 16;
	config.chunks_large = 8;
	config.descriptors = 64;
	config.inflight = 64;
	config.out_of_order = 1000;
	for (uint32_t i = 0; i < sizeof(config.secret); i++)
		config.secret[i] = (uint8_t)(i * 7 + 1);
	return config;
}

/* The instance lies at the start of one block with all that it carves; free() takes both.  `mac_last` is the last byte of its MAC. */
static inline struct tcp *instance_new_as(const struct sluice_config *config, uint8_t mac_last)
{
	const struct sluice_io io = {.mac = {2, 0, 0, 0, 0, mac_last}, .mtu_bytes = 1500};
	size_t head_bytes = (sizeof(struct tcp) + CACHE_LINE_BYTES - 1) / CACHE_LINE_BYTES * CACHE_LINE_BYTES;
	struct tcp *measured = calloc(1, head_bytes), *tcp;
	struct arena arena = {0};

	assert_non_null(measured);
	assert_null(tcp_make(measured, &arena, config, 0, &io, INSTANCE_NOW_NS));
	free(measured);
	arena.size_bytes = (arena.used_bytes + CACHE_LINE_BYTES - 1) / CACHE_LINE_BYTES * CACHE_LINE_BYTES;
	arena.used_bytes = 0;
	tcp = aligned_alloc(CACHE_LINE_BYTES, head_bytes + arena.size_bytes);
	assert_non_null(tcp);
	memset(tcp, 0, head_bytes + arena.size_bytes);
	arena.block = (uint8_t *)tcp + head_bytes;
	assert_null(tcp_make(tcp, &arena, config, 0, &io, INSTANCE_NOW_NS));
	return tcp;
}

static inline struct tcp *instance_new(const struct sluice_config *config)
{
	return instance_new_as(config, 1);
}

/* Frees every packet that lies in the stash; returns how many. */
static inline uint32_t instance_drain(struct tcp *tcp)
{
	uint32_t count = tcp->stash.fresh_count + tcp->stash.spent_count;

	while (tcp->stash.fresh_count)
		packet_free(stash_take(&tcp->stash));
	packet_free(tcp->stash.spent);
	tcp->stash.spent = NULL;
	tcp->stash.spent_count = 0;
	return count;
}
