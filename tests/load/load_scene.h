/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A generator over the fake, and the few moves that its tests are made of.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "app/load/load.h"
#include "tests/load/fake_sluice.h"

#define SCENE_MS UINT64_C(1000000)

struct load_scene {
	struct load_config config;
	struct load *load;
	struct load_results results;
};

/* One connection at a time, 198.18.0.1:80, GET /; change scene->config before load_scene_begin(). */
static inline void load_scene_make(struct load_scene *scene, enum load_mode mode)
{
	fake_reset();
	memset(scene, 0, sizeof(*scene));
	load_config_defaults(&scene->config);
	scene->config.mode = mode;
	scene->config.concurrency = 1;
	assert_int_equal(sluice_address_parse("198.18.0.1:80", &scene->config.target), 0);
}

static inline void load_scene_begin(struct load_scene *scene)
{
	assert_int_equal(load_open(&scene->config, fake_worker(), &scene->load), 0);
	load_turn(scene->load);
}

static inline void load_scene_open(struct load_scene *scene, enum load_mode mode)
{
	load_scene_make(scene, mode);
	load_scene_begin(scene);
}

static inline void load_scene_close(struct load_scene *scene)
{
	load_close(scene->load);
	fake_free();
}

/* Connection number `index` of all that were ever opened. */
static inline struct fake_conn *load_scene_conn(uint32_t index)
{
	assert_true(index < fake.conn_count);
	return fake.conn[index];
}

static inline void load_scene_event(struct load_scene *scene, struct fake_conn *conn, uint32_t mask,
				    enum sluice_reason reason)
{
	struct sluice_event event = fake_event(conn, mask, reason);

	load_handle(scene->load, &event);
}

static inline void load_scene_arrive(struct load_scene *scene, struct fake_conn *conn, const char *text)
{
	fake_arrive(conn, text, strlen(text));
	load_scene_event(scene, conn, SLUICE_READABLE, SLUICE_REASON_NONE);
}

static inline void load_scene_opened(struct load_scene *scene, struct fake_conn *conn)
{
	load_scene_event(scene, conn, SLUICE_OPENED, SLUICE_REASON_NONE);
}

static inline void load_scene_closed(struct load_scene *scene, struct fake_conn *conn, enum sluice_reason reason)
{
	load_scene_event(scene, conn, SLUICE_CLOSED, reason);
}

static inline void load_scene_wait(struct load_scene *scene, uint64_t ns)
{
	fake.now_ns += ns;
	load_turn(scene->load);
}

static inline const struct load_counts *load_scene_counts(struct load_scene *scene)
{
	load_results(scene->load, &scene->results);
	return &scene->results.total;
}

/* `count` connections, and `requests` requests, have ended as `outcome`; and both ledgers balance. */
static inline void load_scene_expect(struct load_scene *scene, enum load_outcome outcome, uint64_t connections,
				     uint64_t requests)
{
	const struct load_counts *counts = load_scene_counts(scene);
	uint64_t connection_sum = counts->connections.in_progress, request_sum = counts->requests.in_progress;

	for (uint32_t i = 0; i < LOAD_OUTCOME_COUNT; i++) {
		connection_sum += counts->connections.outcome[i];
		request_sum += counts->requests.outcome[i];
	}
	assert_int_equal(connection_sum, counts->connections.attempted);
	assert_int_equal(request_sum, counts->requests.attempted);
	assert_int_equal(counts->connections.outcome[outcome], connections);
	assert_int_equal(counts->requests.outcome[outcome], requests);
}

#define SCENE_REQUEST  "GET / HTTP/1.1\r\nHost: 198.18.0.1\r\nUser-Agent: sluice-load/" SLUICE_VERSION "\r\n\r\n"
#define SCENE_RESPONSE "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
