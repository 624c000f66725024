/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A flight with holes, for the tests of loss recovery: a connection of which so many full segments are on the way for a tenth of a
 * second, and a peer that acknowledges and reports by the segments' numbers.  Segment 0 begins at byte 1.
 */
#pragma once

#include "lib/core/cc.h"
#include "lib/core/inflight.h"
#include "tests/core/scene.h"

#define MSS        1000U
#define RTT_MS     100U

/* The byte that segment `number` begins with. */
#define AT(number) (1 + (number)*MSS)

/* A block that reports segments first…end-1. */
#define BLOCK(first, end)          \
	{                          \
		AT(first), AT(end) \
	}

struct loss_setting {
	enum sluice_congestion congestion;
	bool has_no_sack, is_stamped;
	uint32_t queued; /* segments that wait behind the flight */
};

static inline struct sluice_config loss_config(const struct loss_setting *setting)
{
	struct sluice_config config = scene_config();

	config.sack = !setting->has_no_sack;
	config.timestamps = setting->is_stamped;
	config.congestion = setting->congestion;
	config.chunks_large = 128;
	config.descriptors = 256;
	config.inflight = 256;
	return config;
}

/* `segments` are on the way since RTT_MS, and no round trip was measured before. */
static inline struct tcp_conn *loss_flight(struct scene **scene, struct loss_setting setting, uint32_t segments)
{
	struct sluice_config config = loss_config(&setting);
	struct segment syn = {.mss = setting.is_stamped ? MSS + 12 : MSS,
			      .sack_ok = !setting.has_no_sack,
			      .stamped = setting.is_stamped};
	struct tcp_conn *conn;

	*scene = scene_new(&config);
	if (syn.stamped)
		syn.tsval = 7;
	conn = established_by(*scene, syn);
	if (segments)
		conn->cwnd_bytes = segments * MSS;
	assert_int_equal(sends_bytes(*scene, conn, (segments + setting.queued) * MSS, 0),
			 (segments + setting.queued) * MSS);
	assert_int_equal(sent_count(*scene), segments);
	forget_sent(*scene);
	passes_ms(*scene, RTT_MS);
	expect_nothing(*scene);
	return conn;
}

/* An ACK of all before segment `number`, with reports. */
#define reports(scene, number, ...) \
	arrives(scene, (struct segment){.seq = 1, .ack = AT(number), .flags = TCP_ACK, .sack = {__VA_ARGS__}})

static inline void acks(struct scene *scene, uint32_t number)
{
	arrives(scene, (struct segment){.seq = 1, .ack = AT(number), .flags = TCP_ACK});
}

/* Of a connection without timestamps: segment `number` left next, or nothing had. */
#define expect_segment(scene, number) expect(scene, {.seq = AT(number), .ack = 1, .flags = TCP_ACK, .bytes = MSS})

static inline struct tcp_path *path_in(struct scene *scene, struct tcp_conn *conn)
{
	assert_true(conn->path != INDEX_NONE);
	return path_at(scene->tcp, conn);
}

/* How many of the segments on the way bear one of these marks. */
static inline uint32_t marked(const struct scene *scene, struct tcp_conn *conn, uint32_t flags)
{
	uint32_t count = 0;

	for (struct tcp_inflight *record = inflight_first(conn); record; record = inflight_next(scene->tcp, record))
		count += (record->flags & flags) != 0;
	return count;
}
