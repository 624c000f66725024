/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The scene: turns are run as a worker would, and what leaves is read by the frame parser from the peer's place.
 */
#include "tests/core/scene.h"

#include <stdio.h>

#include "lib/core/inflight.h"
#include "lib/wire/build.h"
#include "tests/core/scoreboard.h"

struct sluice_config scene_config(void)
{
	struct sluice_config config = instance_config();

	config.timestamps = false;
	config.sack = false;
	config.congestion = SLUICE_CONGESTION_NEWRENO;
	config.window_shift = 0;
	config.receive_bytes = 32768;
	config.receive_max_bytes = 32768;
	for (uint32_t family = 0; family < 2; family++) {
		struct ip ip = test_ip(family, 1);

		memcpy(config.port[0].subnet[family].ip, &ip, sizeof(ip));
		config.port[0].subnet[family].prefix_bits = family ? 48 : 24;
	}
	config.port[0].subnet_count = 2;
	return config;
}

struct scene *scene_new(const struct sluice_config *config)
{
	struct sluice_config bare = scene_config();
	struct scene *scene = calloc(1, sizeof(*scene));

	assert_non_null(scene);
	scene->tcp = instance_new(config ? config : &bare);
	scene->side = (struct side){.last = 2, .port = 4000, .our_port = 80, .iss = PEER_ISS};
	scene->stash_packets = 128;
	return scene;
}

struct side speaks(struct scene *scene, struct side side)
{
	struct side before = scene->side;

	scene->side = side;
	return before;
}

static void stash_fill(struct scene *scene)
{
	struct stash *stash = &scene->tcp->stash;

	for (; stash->fresh_count < scene->stash_packets; scene->packets++)
		stash->fresh[stash->fresh_count++] = packet_new();
}

void stash_is_empty(struct scene *scene)
{
	scene->stash_packets = 0;
	scene->packets -= instance_drain(scene->tcp);
}

/* ---- Packets in ---------------------------------------------------------------------------------------- */

void put_frame(struct scene *scene, const struct bytes *frame)
{
	struct rte_mbuf *packet = packet_new();

	memcpy(packet_bytes(packet), frame->at, frame->count);
	packet->data_len = (uint16_t)frame->count;
	packet->pkt_len = frame->count;
	stash_guard(packet);
	stash_fill(scene);
	scene->packets++;
	tcp_input(scene->tcp, &packet, 1);
}

void put(struct scene *scene, struct segment segment)
{
	struct bytes frame = segment_frame(&scene->side, &segment);

	put_frame(scene, &frame);
}

static struct sent *sent_append(struct scene *scene)
{
	if (scene->sent_end == scene->sent_room) {
		scene->sent_room = scene->sent_room ? 2 * scene->sent_room : 8;
		scene->sent = realloc(scene->sent, scene->sent_room * sizeof(*scene->sent));
		assert_non_null(scene->sent);
	}
	return &scene->sent[scene->sent_end++];
}

/* The wire takes what was built: bytes are kept, packets go. */
static void wire_takes(struct scene *scene)
{
	struct transmit *transmit = &scene->tcp->transmit;

	if (scene->refuses) {
		transmit->refused_count = transmit->count;
		return;
	}
	for (uint32_t i = 0; i < transmit->count; i++) {
		struct sent *sent = sent_append(scene);

		sent->at_ns = scene->tcp->now_ns;
		sent->bytes.count = packet_copy_out(transmit->packet[i], sent->bytes.at, sizeof(sent->bytes.at));
		for (const struct rte_mbuf *part = transmit->packet[i]; part; part = part->next)
			scene->packets--;
		packet_free(transmit->packet[i]);
	}
	transmit->count = 0;
	transmit->refused_count = 0;
}

static void keep_events(struct scene *scene)
{
	tcp_collect_events(scene->tcp);
	for (uint32_t i = 0; i < scene->tcp->event_count; i++) {
		assert_true(scene->event_end < sizeof(scene->event) / sizeof(scene->event[0]));
		scene->event[scene->event_end++] = scene->tcp->event[i];
	}
}

static void check_scoreboard(const struct scene *scene)
{
	const char *fault = scoreboard_fault_of_any(scene->tcp);

	if (!fault)
		return;
	print_error("%s\n", fault);
	fail();
}

void turn(struct scene *scene)
{
	bool more = true;

	stash_fill(scene);
	tcp_timers(scene->tcp);
	keep_events(scene);
	for (uint32_t round = 0; more && round < 8 && scene->tcp->transmit.refused_count == 0; round++) {
		more = tcp_output_work(scene->tcp);
		wire_takes(scene);
		stash_fill(scene);
	}
	if (!scene->refuses)
		wire_takes(scene);
	pressure_judge(scene->tcp);
	check_scoreboard(scene);
}

void frame_arrives(struct scene *scene, const struct bytes *frame)
{
	put_frame(scene, frame);
	turn(scene);
}

void arrives(struct scene *scene, struct segment segment)
{
	put(scene, segment);
	turn(scene);
}

void passes_us(struct scene *scene, uint64_t us)
{
	uint64_t end_ns = scene->tcp->now_ns + us * 1000;

	while (scene->tcp->now_ns < end_ns) {
		uint64_t deadline_ns = tcp_next_deadline_ns(scene->tcp);

		if (deadline_ns <= scene->tcp->now_ns)
			deadline_ns = scene->tcp->now_ns + TICK_NS;
		tcp_set_time(scene->tcp, deadline_ns < end_ns ? deadline_ns : end_ns);
		turn(scene);
	}
}

/* ---- Packets and events out ---------------------------------------------------------------------------- */

/* The oldest packet sent, parsed from the peer's place; its bytes stay in scene->sent. */
static const struct sent *take_sent(struct scene *scene, struct rte_mbuf **packet, const char *file, int line)
{
	const struct frame_rules rules = {.mac = {{2, 0, 0, 0, 0, scene->side.last}}};
	const struct sent *sent = &scene->sent[scene->sent_first];

	if (scene->sent_first == scene->sent_end) {
		print_error("nothing more was sent\n");
		_fail(file, line);
	}
	if (++scene->sent_first == scene->sent_end)
		scene->sent_first = scene->sent_end = 0;
	*packet = packet_from_bytes(sent->bytes.at, sent->bytes.count);
	frame_parse(*packet, &rules, &scene->frame);
	scene->frame.packet = *packet;
	return sent;
}

static struct tuple side_tuple(const struct side *side)
{
	return (struct tuple){.local = test_ip(side->ipv6, side->last),
			      .remote = test_ip(side->ipv6, 1),
			      .local_port = side->port,
			      .remote_port = side->our_port};
}

uint64_t expect_at(struct scene *scene, struct segment expected, const char *file, int line)
{
	struct rte_mbuf *packet;
	const struct sent *sent = take_sent(scene, &packet, file, line);
	struct tuple tuple = side_tuple(&scene->side);
	char wanted_words[512], sent_words[512];
	struct segment segment;

	_assert_int_equal(scene->frame.kind, FRAME_TCP, file, line);
	_assert_true(tuple_equal(&scene->frame.tuple, &tuple), "sent to the side that speaks", file, line);
	if (scene->frame.flags & TCP_SYN && !scene->knows_our_iss) {
		scene->side.our_iss = scene->frame.seq.value;
		scene->knows_our_iss = true;
	}
	segment = segment_read(&scene->side, &scene->frame, scene->text);
	packet_free(packet);
	segment_fill(&expected, &segment);
	segment_describe(&segment, sent_words, sizeof(sent_words));
	segment_describe(&expected, wanted_words, sizeof(wanted_words));
	_assert_string_equal(sent_words, wanted_words, file, line);
	return sent->at_ns / 1000;
}

uint64_t expect_asks_at(struct scene *scene, uint8_t last, uint8_t mac_last, const char *file, int line)
{
	struct rte_mbuf *packet;
	const struct sent *sent = take_sent(scene, &packet, file, line);
	struct ip target = test_ip(scene->side.ipv6, last);
	const struct mac known = {{2, 0, 0, 0, 0, mac_last}};
	struct neighbour_message message;
	const struct mac *to = (const struct mac *)packet_bytes(packet);

	_assert_int_equal(scene->frame.kind, scene->side.ipv6 ? FRAME_ND_SOLICIT : FRAME_ARP, file, line);
	message = neighbour_message_read(&scene->frame);
	_assert_true(message.is_request && ip_equal(&message.target_ip, &target), "asks for that neighbour", file,
		     line);
	_assert_true(mac_last ? mac_equal(to, &known) : mac_is_group(to), "asks there", file, line);
	packet_free(packet);
	return sent->at_ns / 1000;
}

uint32_t sent_count(const struct scene *scene)
{
	return scene->sent_end - scene->sent_first;
}

void forget_sent(struct scene *scene)
{
	scene->sent_first = scene->sent_end = 0;
}

void forget_asks(struct scene *scene)
{
	uint32_t kept = 0;

	for (uint32_t i = scene->sent_first; i < scene->sent_end; i++) {
		const struct bytes *frame = &scene->sent[i].bytes;
		bool is_ask = get_16(frame, 12) == 0x0806 || (frame_bytes_are_ipv6(frame) && frame->at[L3 + 6] == 58);

		if (!is_ask)
			scene->sent[kept++] = scene->sent[i];
	}
	scene->sent_first = 0;
	scene->sent_end = kept;
}

void expect_nothing_at(struct scene *scene, const char *file, int line)
{
	struct rte_mbuf *packet;
	struct segment segment;
	char words[512];

	if (sent_count(scene) == 0)
		return;
	take_sent(scene, &packet, file, line);
	segment = segment_read(&scene->side, &scene->frame, scene->text);
	segment_describe(&segment, words, sizeof(words));
	print_error("sent, frame kind %u: %s\n", scene->frame.kind, words);
	_fail(file, line);
}

struct sluice_event hears_at(struct scene *scene, uint32_t mask, const char *file, int line)
{
	struct sluice_event event;

	if (scene->event_first == scene->event_end) {
		print_error("no event\n");
		_fail(file, line);
	}
	event = scene->event[scene->event_first];
	if (++scene->event_first == scene->event_end)
		scene->event_first = scene->event_end = 0;
	_assert_int_equal(event.mask, mask, file, line);
	return event;
}

void hears_nothing_at(struct scene *scene, const char *file, int line)
{
	if (scene->event_first == scene->event_end)
		return;
	print_error("event, mask %u\n", scene->event[scene->event_first].mask);
	_fail(file, line);
}

void forget_events(struct scene *scene)
{
	scene->event_first = scene->event_end = 0;
}

struct tcp_conn *opens_at(struct scene *scene, uint32_t mask, const char *file, int line)
{
	struct sluice_event event = hears_at(scene, SLUICE_OPENED | mask, file, line);
	struct tcp_conn *conn = life_conn(scene->tcp, event.conn);

	REQUIRE(conn);
	return conn;
}

/* ---- The end ------------------------------------------------------------------------------------------- */

void end_all(struct scene *scene)
{
	struct tcp *tcp = scene->tcp;

	scene->refuses = false;
	scene->stash_packets = 128;
	tcp->transmit.refused_count = 0;
	turn(scene);
	for (uint32_t i = 0; i < tcp->conns.fresh_count; i++)
		if (life_is_used(tcp_conn_at(tcp, i)))
			user_abort(tcp, tcp_conn_at(tcp, i));
	turn(scene);
}

void scene_free(struct scene *scene)
{
	struct tcp *tcp = scene->tcp;

	end_all(scene);
	for (uint32_t second = 0; second < 700; second++) {
		tcp_set_time(tcp, tcp->now_ns + 1000000000);
		turn(scene);
		forget_sent(scene);
		forget_events(scene);
		if (!half_open_count(&tcp->half_open) && !tcp->time_wait.live_count &&
		    tcp->ack_fifo.first == tcp->ack_fifo.end)
			break;
	}
	assert_int_equal(tcp->conns.used_count, 0);
	assert_int_equal(half_open_count(&tcp->half_open), 0);
	assert_int_equal(tcp->time_wait.live_count, 0);
	assert_int_equal(tcp->table.count, 0);
	assert_int_equal(tcp->wheel.count, 0);
	assert_int_equal(tcp->descriptors.used_count, 0);
	assert_int_equal(tcp->inflight.used_count, 0);
	assert_int_equal(tcp->paths.used_count, 0);
	assert_int_equal(tcp->chunks_small.used_count, 0);
	assert_int_equal(tcp->chunks_large.used_count, 0);
	assert_int_equal(tcp->packets_held, 0);
	assert_int_equal(tcp->ooo_packets, 0);
	assert_int_equal(tcp->to_tell.first, INDEX_NONE);
	assert_int_equal(tcp->to_send.first, INDEX_NONE);
	assert_int_equal(instance_drain(tcp), scene->packets);
	free(tcp);
	free(scene->sent);
	free(scene);
}

/* ---- Ways to a state ----------------------------------------------------------------------------------- */

struct sluice_address address_of(bool ipv6, uint8_t last, uint16_t port)
{
	struct sluice_address address = {.port = port};
	struct ip ip = test_ip(ipv6, last);

	memcpy(address.ip, &ip, sizeof(ip));
	return address;
}

uint8_t listens(struct scene *scene)
{
	const struct sluice_address any = {.port = scene->side.our_port};
	int number = listen_open(scene->tcp, &any, NULL);

	assert_true(number >= 0);
	return (uint8_t)number;
}

void count_from(struct scene *scene, struct tcp_conn *conn, uint32_t our_iss)
{
	assert_true(inflight_is_empty(conn) && conn->snd_queued_bytes == 0);
	conn->snd_una = seq_of(our_iss + 1);
	conn->snd_nxt = conn->snd_una;
	scene->side.our_iss = our_iss;
}

struct tcp_conn *established_by(struct scene *scene, struct segment syn)
{
	struct tuple tuple = side_tuple(&scene->side),
		     ours = {tuple.remote, tuple.local, tuple.remote_port, tuple.local_port};
	struct segment ack = {.seq = 1, .ack = 1, .flags = TCP_ACK, .window = syn.window};
	struct tcp_conn *conn;

	if (listen_find(&scene->tcp->listeners, &ours) == LISTENER_NONE)
		listens(scene);
	syn.flags = TCP_SYN;
	arrives(scene, syn);
	scene->side.our_iss = be32_value(
		be32_at(scene->sent[scene->sent_first].bytes.at + (scene->side.ipv6 ? 14 + 40 : 14 + 20) + 4));
	if (syn.scale && scene->tcp->config.window_shift)
		ack.window = syn.window == SHUT ? SHUT : (syn.window ? syn.window : 65535) >> (syn.scale & 0x7f);
	ack.stamped = syn.stamped;
	ack.tsval = syn.tsval;
	arrives(scene, ack);
	forget_sent(scene);
	conn = opens(scene, 0);
	conn->quick_acks = 0;
	conn->srtt_us = conn->rttvar_us = 0; /* the tests measure what they send, beginning with nothing */
	count_from(scene, conn, OUR_ISS);
	scene->knows_our_iss = true;
	return conn;
}

struct tcp_conn *established(struct scene *scene)
{
	return established_by(scene, (struct segment){.mss = 1000});
}

struct tcp_conn *syn_sent(struct scene *scene)
{
	struct sluice_address address = address_of(scene->side.ipv6, scene->side.last, scene->side.port);
	struct bytes reply = neighbour_reply_frame(&scene->side, scene->side.last, scene->side.last);
	struct tcp_conn *conn = NULL;

	assert_int_equal(user_connect(scene->tcp, &address, NULL, scene, &conn), 0);
	REQUIRE(conn);
	scene->side.our_port = conn->tuple.local_port;
	scene->side.our_iss = OUR_ISS;
	scene->knows_our_iss = true;
	conn->snd_una = conn->inflight.seq = seq_of(OUR_ISS);
	conn->snd_nxt = seq_of(OUR_ISS + 1);
	turn(scene);
	if (!(conn->flags & CONN_HAS_MAC))
		frame_arrives(scene, &reply);
	forget_sent(scene);
	return conn;
}

struct tcp_conn *in_state(struct scene *scene, enum sluice_state state)
{
	struct tcp_conn *conn;

	if (state == SLUICE_STATE_SYN_SENT || state == SLUICE_STATE_SYN_RECEIVED) {
		conn = syn_sent(scene);
		if (state == SLUICE_STATE_SYN_RECEIVED)
			arrives(scene, (struct segment){.flags = TCP_SYN, .mss = 1000});
	} else {
		conn = established(scene);
	}
	if (STATE_IN(state, BIT(SLUICE_STATE_FIN_WAIT_1) | BIT(SLUICE_STATE_FIN_WAIT_2) | BIT(SLUICE_STATE_CLOSING))) {
		user_shutdown(scene->tcp, conn);
		turn(scene);
	}
	if (state == SLUICE_STATE_FIN_WAIT_2)
		arrives(scene, (struct segment){.seq = 1, .ack = 2, .flags = TCP_ACK});
	if (STATE_IN(state, BIT(SLUICE_STATE_CLOSE_WAIT) | BIT(SLUICE_STATE_LAST_ACK) | BIT(SLUICE_STATE_CLOSING)))
		arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_FIN | TCP_ACK});
	if (state == SLUICE_STATE_LAST_ACK) {
		user_shutdown(scene->tcp, conn);
		turn(scene);
	}
	assert_int_equal(conn->state, state);
	forget_sent(scene);
	forget_events(scene);
	return conn;
}

static uint32_t sends_slice(struct scene *scene, struct tcp_conn *conn, const void *data, uint32_t bytes,
			    unsigned flags)
{
	const struct sluice_slice slice = {.data = data, .bytes = bytes};
	uint32_t taken = user_send(scene->tcp, conn, &slice, 1, flags);

	turn(scene);
	return taken;
}

uint32_t sends(struct scene *scene, struct tcp_conn *conn, const char *text, unsigned flags)
{
	return sends_slice(scene, conn, text, (uint32_t)strlen(text), flags);
}

uint32_t sends_bytes(struct scene *scene, struct tcp_conn *conn, uint32_t bytes, unsigned flags)
{
	uint32_t offset = tcp_conn_queue_seq(conn).value + conn->snd_queued_bytes - (scene->side.our_iss + 1);
	char *text = malloc(bytes + !bytes);
	uint32_t taken;

	assert_non_null(text);
	for (uint32_t i = 0; i < bytes; i++)
		text[i] = segment_pattern(offset + i);
	taken = sends_slice(scene, conn, text, bytes, flags & ~(unsigned)SLUICE_SEND_STATIC);
	free(text);
	return taken;
}

void reads(struct scene *scene, struct tcp_conn *conn, const char *text)
{
	struct sluice_slice slice[64];
	uint32_t count = user_peek(conn, slice, 64), bytes = 0;

	for (uint32_t i = 0; i < count; i++) {
		assert_true(bytes + slice[i].bytes <= strlen(text));
		assert_memory_equal(slice[i].data, text + bytes, slice[i].bytes);
		bytes += slice[i].bytes;
	}
	assert_int_equal(bytes, strlen(text));
	user_consume(scene->tcp, conn, bytes);
	turn(scene);
}
