/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The way to each place, as RFC 9293 figure 5 has it.
 */
#include "tests/hostile/place.h"

#include <stdio.h>

#include "lib/core/half_open.h"

static struct stage half_open(struct scene *scene)
{
	listens(scene);
	arrives(scene, (struct segment){.flags = TCP_SYN, .mss = 1000});
	expect(scene, {.seq = 0, .ack = 1, .flags = TCP_SYN | TCP_ACK, .mss = 1460});
	return (struct stage){.rcv_nxt = 1, .snd_nxt = 1};
}

static struct stage time_wait(struct scene *scene)
{
	in_state(scene, SLUICE_STATE_FIN_WAIT_2);
	arrives(scene, (struct segment){.seq = 1, .ack = 2, .flags = TCP_FIN | TCP_ACK});
	assert_int_equal(scene->tcp->time_wait.live_count, 1);
	return (struct stage){.rcv_nxt = 2, .snd_nxt = 2};
}

static struct stage with_connection(struct scene *scene, enum place place)
{
	enum sluice_state state = SLUICE_STATE_SYN_SENT + (place - PLACE_SYN_SENT);
	struct stage stage = {.conn = in_state(scene, state)};

	stage.rcv_nxt = place == PLACE_SYN_SENT ? 0 : stage.conn->rcv_nxt.value - scene->side.iss;
	stage.snd_nxt = stage.conn->snd_nxt.value - scene->side.our_iss;
	return stage;
}

struct stage stage_at(enum place place, const struct sluice_config *config)
{
	struct scene *scene = scene_new(config);
	struct stage stage = {0};

	if (place == PLACE_LISTEN)
		listens(scene);
	else if (place == PLACE_HALF_OPEN)
		stage = half_open(scene);
	else if (place == PLACE_TIME_WAIT)
		stage = time_wait(scene);
	else if (place != PLACE_CLOSED)
		stage = with_connection(scene, place);
	stage.scene = scene;
	stage.place = place;
	forget_sent(scene);
	forget_events(scene);
	return stage;
}

void stage_free(struct stage *stage)
{
	scene_free(stage->scene);
}

void still_works_at(struct scene *scene, struct tcp_conn *conn, const char *file, int line)
{
	uint32_t readable = conn->readable_bytes, una, nxt;
	struct sluice_slice slice[16];

	_assert_true(life_is_used(conn) && conn->state == SLUICE_STATE_ESTABLISHED, "established", file, line);
	forget_sent(scene);
	forget_events(scene);
	if (readable)
		user_consume(scene->tcp, conn, readable);
	passes_ms(scene, 1100); /* limits of a second begin anew */
	forget_sent(scene);
	nxt = conn->snd_nxt.value - scene->side.our_iss;
	arrives(scene, (struct segment){.seq = conn->rcv_nxt.value - scene->side.iss,
					.ack = nxt,
					.flags = TCP_ACK,
					.stamped = conn->flags & CONN_TIMESTAMPS,
					.tsval = conn->ts_recent,
					.text = "ping"});
	_assert_int_equal(conn->readable_bytes, 4, file, line);
	_assert_int_equal(user_peek(conn, slice, 16), 1, file, line);
	_assert_true(memcmp(slice[0].data, "ping", 4) == 0, "the text", file, line);
	user_consume(scene->tcp, conn, 4);
	_assert_true(seq_equal(conn->snd_una, conn->snd_nxt), "all is acknowledged", file, line);
	sends(scene, conn, "pong", 0);
	una = conn->snd_nxt.value - scene->side.our_iss;
	_assert_int_equal(una, nxt + 4, file, line);
	arrives(scene, (struct segment){.seq = conn->rcv_nxt.value - scene->side.iss,
					.ack = una,
					.flags = TCP_ACK,
					.stamped = conn->flags & CONN_TIMESTAMPS,
					.tsval = conn->ts_recent});
	_assert_int_equal(conn->snd_queued_bytes, 0, file, line);
	forget_sent(scene);
	forget_events(scene);
}

uint32_t sent_with(struct scene *scene, uint8_t flags)
{
	uint32_t count = 0;

	for (uint32_t i = scene->sent_first; i < scene->sent_end; i++) {
		const struct bytes *frame = &scene->sent[i].bytes;

		count += (frame->at[l4_of(frame) + 13] & flags) == flags;
	}
	forget_sent(scene);
	return count;
}

struct trace stage_trace(struct stage *stage)
{
	struct scene *scene = stage->scene;
	struct tcp *tcp = scene->tcp;
	struct trace trace = {""};
	size_t at = 0;

	for (uint32_t i = scene->sent_first; i < scene->sent_end; i++) {
		struct rte_mbuf *packet = packet_from_bytes(scene->sent[i].bytes.at, scene->sent[i].bytes.count);
		const struct frame_rules rules = {.mac = {{2, 0, 0, 0, 0, scene->side.last}}};
		struct segment segment;
		struct frame frame;

		frame_parse(packet, &rules, &frame);
		frame.packet = packet;
		assert_int_equal(frame.kind, FRAME_TCP);
		segment = segment_read(&scene->side, &frame, scene->text);
		segment_describe(&segment, trace.words + at, sizeof(trace.words) - at);
		at += strlen(trace.words + at);
		packet_free(packet);
	}
	for (uint32_t i = scene->event_first; i < scene->event_end; i++)
		at += (size_t)snprintf(trace.words + at, sizeof(trace.words) - at, ", event %u", scene->event[i].mask);
	snprintf(trace.words + at, sizeof(trace.words) - at,
		 ", %u connections, %u half-open, %u in TIME-WAIT, state %d, %u readable, %u held",
		 tcp->conns.used_count, half_open_count(&tcp->half_open), tcp->time_wait.live_count,
		 stage->conn ? stage->conn->state : -1, stage->conn ? stage->conn->readable_bytes : 0,
		 tcp->packets_held);
	forget_sent(scene);
	forget_events(scene);
	return trace;
}
