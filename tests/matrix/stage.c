/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ways to the states.  A peer that obeys the RFC is played by stage_says(), which keeps its numbers; what it may know of us it
 * learns from our segments, in stage_look().
 */
#include "tests/matrix/stage.h"

#include <stdio.h>

#include "tests/matrix/isn.h"

#define RECEIVE_BYTES      32768
#define RECEIVE_BYTES_SHUT 256
#define PEER_SHIFT         7
#define OUR_SHIFT          8
#define PEER_WINDOW        65535
#define PEER_TSVAL         1000
#define NEXT_ISS           1000000 /* of a next incarnation, counted from the ISN of the first */
#define WAIT_MS            45      /* longer than an ACK is delayed, shorter than any retransmission */
#define TIME_WAIT_AGE_MS   30000   /* half of it */

/* ---- What the wire shows ------------------------------------------------------------------------------- */

static struct segment read_sent(struct stage *stage, uint32_t index)
{
	const struct frame_rules rules = {.mac = {{2, 0, 0, 0, 0, stage->scene->side.last}}};
	const struct bytes *bytes = &stage->scene->sent[index].bytes;
	struct rte_mbuf *packet = packet_from_bytes(bytes->at, bytes->count);
	struct segment segment;
	struct frame frame;

	frame_parse(packet, &rules, &frame);
	assert_int_equal(frame.kind, FRAME_TCP);
	frame.packet = packet;
	segment = segment_read(&stage->scene->side, &frame, stage->scene->text);
	packet_free(packet);
	return segment;
}

/* Learns from all that was sent: how far we are, and what window we offer. */
static void stage_look(struct stage *stage)
{
	struct model_tcb *tcb = &stage->tcb;

	for (; stage->seen < sent_count(stage->scene); stage->seen++) {
		struct segment segment = read_sent(stage, stage->seen);
		uint32_t length =
			segment.bytes + (segment.flags & TCP_SYN ? 1U : 0) + (segment.flags & TCP_FIN ? 1U : 0);

		if ((int32_t)(segment.seq + length - tcb->snd_nxt) > 0)
			tcb->snd_nxt = segment.seq + length;
		if (segment.flags & TCP_ACK) {
			tcb->rcv_nxt = segment.ack;
			tcb->rcv_wnd = (segment.window & 0xffff) << (segment.flags & TCP_SYN ? 0 : stage->our_shift);
		}
		if (segment.stamped)
			stage->tsval = segment.tsval;
	}
}

/* ---- The honest peer ----------------------------------------------------------------------------------- */

/* It acknowledges up to `ack`, and its own numbers go on. */
static void stage_says(struct stage *stage, uint8_t flags, uint32_t text_bytes, uint32_t ack)
{
	struct model_tcb *tcb = &stage->tcb;
	struct segment segment = {.seq = stage->peer_nxt, .ack = ack, .flags = flags, .bytes = text_bytes};

	if (flags & TCP_SYN) {
		segment.mss = 1000;
		segment.scale = stage->setting->is_scaled ? SCALE(PEER_SHIFT) : 0;
	}
	if (stage->setting->stamp != STAMP_PLAIN) {
		segment.stamped = true;
		segment.tsval = ++tcb->ts_recent;
		segment.tsecr = stage->tsval;
	}
	stage->peer_nxt += text_bytes + (flags & TCP_SYN ? 1U : 0) + (flags & TCP_FIN ? 1U : 0);
	arrives(stage->scene, segment);
	if (flags & TCP_ACK) {
		tcb->snd_una = ack;
		tcb->max_snd_wnd = (uint32_t)PEER_WINDOW << (flags & TCP_SYN ? 0 : stage->peer_shift);
	}
	passes_ms(stage->scene, WAIT_MS);
	stage_look(stage);
}

/* It acknowledges all that we sent. */
static void stage_acks(struct stage *stage, uint8_t flags, uint32_t text_bytes)
{
	stage_says(stage, flags | TCP_ACK, text_bytes, stage->tcb.snd_nxt);
}

static void stage_sends(struct stage *stage)
{
	assert_int_equal(sends(stage->scene, stage->conn, "ours!", 0), MODEL_TEXT_BYTES);
	stage_look(stage);
}

static void stage_reads(struct stage *stage)
{
	user_consume(stage->scene->tcp, stage->conn, stage->conn->readable_bytes);
	turn(stage->scene);
	stage_look(stage);
}

/* ---- The ways ------------------------------------------------------------------------------------------ */

static void open_listener(struct stage *stage)
{
	stage->listener = listens(stage->scene);
}

static void close_listener(struct stage *stage)
{
	listen_close(stage->scene->tcp, (uint16_t)stage->listener);
	stage->listener = -1;
}

static void come_to_syn_received_passive(struct stage *stage)
{
	open_listener(stage);
	stage_says(stage, TCP_SYN, 0, 0);
}

/* Text has gone both ways and is acknowledged, so that there are old numbers. */
static void come_to_established(struct stage *stage)
{
	come_to_syn_received_passive(stage);
	stage_acks(stage, 0, 0);
	stage->conn = opens(stage->scene, 0);
	stage_acks(stage, 0, MODEL_TEXT_BYTES);
	stage_reads(stage);
	stage_sends(stage);
	stage_acks(stage, 0, 0);
	forget_events(stage->scene);
}

static void come_to_syn_sent(struct stage *stage)
{
	struct scene *scene = stage->scene;
	const struct side *side = &scene->side;
	struct sluice_address address = address_of(side->ipv6, side->last, side->port);
	const struct sluice_connect_options options = {.local = {.port = side->our_port},
						       .receive_bytes = RECEIVE_BYTES};
	struct sluice_connect_options chosen = options;
	struct bytes reply = neighbour_reply_frame(side, side->last, side->last);
	struct ip ip = test_ip(side->ipv6, 1);

	memcpy(chosen.local.ip, &ip, sizeof(ip));
	assert_int_equal(user_connect(scene->tcp, &address, &chosen, NULL, &stage->conn), 0);
	turn(scene);
	forget_sent(scene);
	frame_arrives(scene, &reply);
	stage_look(stage);
}

/* The peer fills the window that the user leaves shut; `spare` octets are left for its FIN. */
static void fill_window(struct stage *stage, uint32_t spare)
{
	if (!stage->setting->is_shut)
		return;
	stage_acks(stage, 0, stage->tcb.rcv_wnd - spare);
	forget_events(stage->scene);
}

static void shut_down(struct stage *stage)
{
	user_shutdown(stage->scene->tcp, stage->conn);
	turn(stage->scene);
	stage_look(stage);
}

static void close_up(struct stage *stage)
{
	user_close(stage->scene->tcp, stage->conn);
	turn(stage->scene);
	stage_look(stage);
}

/* The peer's FIN while what we sent last is not yet acknowledged. */
static void peer_closes(struct stage *stage)
{
	stage_says(stage, TCP_FIN | TCP_ACK, 0, stage->tcb.snd_una);
}

static void come_to_time_wait(struct stage *stage)
{
	come_to_established(stage);
	fill_window(stage, 1);
	shut_down(stage);
	stage_acks(stage, 0, 0);
	stage_acks(stage, TCP_FIN, 0);
	if (stage->setting->is_shut)
		stage_reads(stage); /* the record keeps the window that was told */
	passes_ms(stage->scene, TIME_WAIT_AGE_MS);
}

static void come_to(struct stage *stage, enum matrix_state state)
{
	switch (state) {
	case STATE_CLOSED:
		break;
	case STATE_LISTEN:
		open_listener(stage);
		break;
	case STATE_SYN_RECEIVED_PASSIVE:
		come_to_syn_received_passive(stage);
		break;
	case STATE_SYN_SENT:
		come_to_syn_sent(stage);
		break;
	case STATE_SYN_RECEIVED_ACTIVE:
		come_to_syn_sent(stage);
		stage_says(stage, TCP_SYN, 0, 0);
		break;
	case STATE_ESTABLISHED:
		come_to_established(stage);
		fill_window(stage, 0);
		stage_sends(stage);
		break;
	case STATE_FIN_WAIT_1:
	case STATE_FIN_WAIT_2:
		come_to_established(stage);
		fill_window(stage, 0);
		shut_down(stage);
		break;
	case STATE_FIN_WAIT_1_CLOSED:
	case STATE_FIN_WAIT_2_CLOSED:
		come_to_established(stage);
		close_up(stage);
		break;
	case STATE_CLOSE_WAIT:
	case STATE_LAST_ACK:
	case STATE_LAST_ACK_CLOSED:
		come_to_established(stage);
		fill_window(stage, 1);
		stage_acks(stage, TCP_FIN, 0);
		break;
	case STATE_CLOSING:
		come_to_established(stage);
		fill_window(stage, 1);
		shut_down(stage);
		peer_closes(stage);
		break;
	case STATE_CLOSING_CLOSED:
		come_to_established(stage);
		close_up(stage);
		peer_closes(stage);
		break;
	case STATE_TIME_WAIT:
	case STATE_TIME_WAIT_LISTENING:
		come_to_time_wait(stage);
		break;
	case STATE_COUNT:
	case STATE_RESTARTED:
		fail();
	}
}

static void come_further(struct stage *stage, enum matrix_state state)
{
	if (state == STATE_FIN_WAIT_2 || state == STATE_FIN_WAIT_2_CLOSED)
		stage_acks(stage, 0, 0);
	if (state == STATE_CLOSE_WAIT)
		stage_sends(stage);
	if (state == STATE_LAST_ACK)
		shut_down(stage);
	if (state == STATE_LAST_ACK_CLOSED)
		close_up(stage);
	if (stage->listener >= 0 && state != STATE_LISTEN && state != STATE_SYN_RECEIVED_PASSIVE &&
	    state != STATE_TIME_WAIT_LISTENING)
		close_listener(stage);
}

static struct sluice_config stage_config(const struct stage_setting *setting)
{
	struct sluice_config config = scene_config();

	config.timestamps = setting->stamp != STAMP_PLAIN;
	config.window_shift = setting->is_scaled ? OUR_SHIFT : 0;
	config.receive_bytes = setting->is_shut ? RECEIVE_BYTES_SHUT : RECEIVE_BYTES;
	config.receive_max_bytes = config.receive_bytes; /* the user reads nothing: it must not grow */
	config.time_wait_ms = 2 * TIME_WAIT_AGE_MS;
	return config;
}

struct stage *stage_enter(const struct stage_setting *setting, enum matrix_state state)
{
	struct sluice_config config = stage_config(setting);
	struct stage *stage = calloc(1, sizeof(*stage));

	assert_non_null(stage);
	*stage = (struct stage){.setting = setting,
				.scene = scene_new(&config),
				.listener = -1,
				.peer_shift = setting->is_scaled ? PEER_SHIFT : 0,
				.our_shift = setting->is_scaled ? OUR_SHIFT : 0,
				.tcb = {.max_snd_wnd = PEER_WINDOW, .rcv_wnd = RECEIVE_BYTES, .ts_recent = PEER_TSVAL}};
	stage->scene->side.ipv6 = setting->ipv6;
	stage->scene->side.iss = setting->peer_iss;
	stage->scene->side.our_iss = setting->our_iss;
	stage->scene->knows_our_iss = true;
	isn_is(setting->our_iss);
	come_to(stage, state);
	come_further(stage, state);
	if (state != STATE_SYN_RECEIVED_PASSIVE && state != STATE_SYN_RECEIVED_ACTIVE && state != STATE_SYN_SENT) {
		isn_is(setting->our_iss + NEXT_ISS);
		stage->tcb.iss = NEXT_ISS;
	}
	if (state == STATE_FIN_WAIT_2_CLOSED || state == STATE_TIME_WAIT || state == STATE_TIME_WAIT_LISTENING)
		stage->tcb.max_snd_wnd = PEER_WINDOW << 14; /* small records use the constant that RFC 5961 allows */
	assert_int_equal(stage_state(stage), state);
	forget_sent(stage->scene);
	forget_events(stage->scene);
	stage->seen = 0;
	return stage;
}

/* ---- What became of it --------------------------------------------------------------------------------- */

static enum matrix_state conn_state(const struct tcp_conn *conn)
{
	bool is_closed = conn->flags & CONN_ORPHAN;

	switch ((enum sluice_state)conn->state) {
	case SLUICE_STATE_SYN_SENT:
		return STATE_SYN_SENT;
	case SLUICE_STATE_SYN_RECEIVED:
		return STATE_SYN_RECEIVED_ACTIVE;
	case SLUICE_STATE_ESTABLISHED:
		return STATE_ESTABLISHED;
	case SLUICE_STATE_FIN_WAIT_1:
		return is_closed ? STATE_FIN_WAIT_1_CLOSED : STATE_FIN_WAIT_1;
	case SLUICE_STATE_FIN_WAIT_2:
		return is_closed ? STATE_FIN_WAIT_2_CLOSED : STATE_FIN_WAIT_2;
	case SLUICE_STATE_CLOSE_WAIT:
		return STATE_CLOSE_WAIT;
	case SLUICE_STATE_CLOSING:
		return is_closed ? STATE_CLOSING_CLOSED : STATE_CLOSING;
	case SLUICE_STATE_LAST_ACK:
		return is_closed ? STATE_LAST_ACK_CLOSED : STATE_LAST_ACK;
	case SLUICE_STATE_CLOSED:
	case SLUICE_STATE_LISTEN:
	case SLUICE_STATE_TIME_WAIT:
	case SLUICE_STATE_COUNT:
		break;
	}
	return STATE_COUNT; /* no connection may be in these */
}

static struct tcp_conn *live_conn(const struct tcp *tcp)
{
	for (uint32_t i = 0; i < tcp->conns.fresh_count; i++) {
		struct tcp_conn *conn = tcp_conn_at(tcp, i);

		if (life_is_used(conn) && !(conn->flags & CONN_DETACHED))
			return conn;
	}
	return NULL;
}

enum matrix_state stage_state(const struct stage *stage)
{
	const struct tcp *tcp = stage->scene->tcp;
	const struct tcp_conn *conn = live_conn(tcp);

	assert_int_equal(tcp->table.count,
			 (conn ? 1 : 0) + half_open_count(&tcp->half_open) + tcp->time_wait.live_count);
	if (conn)
		return conn_state(conn);
	if (half_open_count(&tcp->half_open))
		return STATE_SYN_RECEIVED_PASSIVE;
	if (tcp->time_wait.live_count) {
		if (time_wait_wheel_at(&tcp->time_wait.wheel, 0)->flags &
		    TIME_WAIT_FIN_WAIT_2) /* the instance's only one */
			return STATE_FIN_WAIT_2_CLOSED;
		return stage->listener >= 0 ? STATE_TIME_WAIT_LISTENING : STATE_TIME_WAIT;
	}
	return stage->listener >= 0 ? STATE_LISTEN : STATE_CLOSED;
}

void stage_inject(struct stage *stage, const struct model_segment *model)
{
	struct segment segment = {.seq = model->seq,
				  .ack = model->ack,
				  .flags = model->flags,
				  .bytes = model->text_bytes,
				  .stamped = model->has_timestamps,
				  .tsval = model->tsval,
				  .tsecr = stage->tsval};

	if (model->flags & FLAG_SYN) {
		segment.mss = 1000;
		segment.scale = stage->setting->is_scaled ? SCALE(PEER_SHIFT) : 0;
	}
	arrives(stage->scene, segment);
	passes_ms(stage->scene, WAIT_MS);
}

uint32_t stage_answers(struct stage *stage, char *out, size_t size)
{
	uint32_t count = sent_count(stage->scene);
	size_t used = 0;

	snprintf(out, size, "nothing");
	for (uint32_t i = 0; i < count && used < size; i++) {
		struct segment segment = read_sent(stage, i);
		char words[256];

		segment.window = 0; /* not the matrix's matter, nor are a SYN-ACK's other options */
		segment.tsval = 0;
		segment.mss = segment.scale = 0;
		if (segment.flags & TCP_SYN)
			segment.stamped = false;
		if (segment.flags & TCP_RST)
			segment.stamped = false;
		segment_describe(&segment, words, sizeof(words));
		used += (size_t)snprintf(out + used, size - used, "%s%s", used ? "; " : "", words);
	}
	return count;
}

void stage_describe(struct stage *stage, enum matrix_answer kind, const struct model_segment *answer, char *out,
		    size_t size)
{
	struct segment segment = {.seq = answer->seq,
				  .ack = answer->ack,
				  .flags = answer->flags,
				  .stamped = answer->has_timestamps,
				  .tsecr = answer->tsecr};

	if (kind == ANSWER_RST_ACK)
		segment.seq = 0 - stage->scene->side.our_iss; /* its SEQ is 0 itself */
	if (kind == ANSWER_NONE)
		snprintf(out, size, "nothing");
	else
		segment_describe(&segment, out, size);
}

static uint32_t closed_event(uint16_t reason)
{
	switch ((enum sluice_reason)reason) {
	case SLUICE_REASON_REFUSED:
		return EVENT_REFUSED;
	case SLUICE_REASON_RESET:
		return EVENT_RESET;
	case SLUICE_REASON_FINISHED:
		return EVENT_FINISHED;
	case SLUICE_REASON_CLOSED_LOCALLY:
		return EVENT_CLOSED_LOCALLY;
	case SLUICE_REASON_ABORTED:
		return EVENT_ABORTED;
	case SLUICE_REASON_NONE:
	case SLUICE_REASON_TIMED_OUT:
	case SLUICE_REASON_UNREACHABLE:
	case SLUICE_REASON_ICMP:
	case SLUICE_REASON_NO_MEMORY:
	case SLUICE_REASON_COUNT:
		break;
	}
	fail_msg("CLOSED, reason %u", reason);
	return 0;
}

static uint32_t model_event(const struct sluice_event *event)
{
	const struct {
		uint32_t mask, event;
	} pairs[] = {{SLUICE_OPENED, EVENT_OPENED},
		     {SLUICE_READABLE, EVENT_READABLE},
		     {SLUICE_ACKED, EVENT_ACKED},
		     {SLUICE_PEER_CLOSED, EVENT_PEER_CLOSED}};
	uint32_t events = event->mask & SLUICE_CLOSED ? closed_event(event->reason) : 0;

	for (uint32_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (event->mask & pairs[i].mask)
			events |= pairs[i].event;
	return events;
}

uint32_t stage_events(struct stage *stage)
{
	struct scene *scene = stage->scene;
	uint32_t events = 0;

	for (uint32_t i = 0; i < scene->tcp->conns.fresh_count; i++) {
		struct tcp_conn *conn = tcp_conn_at(scene->tcp, i);

		if (life_is_used(conn))
			user_consume(scene->tcp, conn, conn->readable_bytes);
	}
	turn(scene);
	for (uint32_t i = scene->event_first; i < scene->event_end; i++) {
		assert_int_equal(events & model_event(&scene->event[i]), 0); /* nothing is told twice */
		events |= model_event(&scene->event[i]);
	}
	return events;
}

void stage_leave(struct stage *stage)
{
	scene_free(stage->scene);
	free(stage);
}
