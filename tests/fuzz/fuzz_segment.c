/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Segments of any shape at a connection in any state, with the application and the clock doing something now and then.  Held to:
 * the library's own ASSERTs, the grammar of events, that every frame sent is whole and its sums right, that damage and RST are never
 * answered, and that in the end everything is given back.
 */
#include "tests/core/scene.h"
#include "tests/fuzz/fuzz.h"
#include "tests/sim/dissect.h"

#define STEPS_MAX 60
#define CONNS     8 /* of the configuration */

enum start { START_CLOSED, START_LISTEN, START_HALF_OPEN, START_TIME_WAIT, START_ORPHAN, START_STATES };

struct run {
	struct scene *scene;
	struct fuzz fuzz;
	bool is_stamped, has_sack, is_stuck;
	uint8_t phase[CONNS];       /* by record: 1 opened, 2 closed */
	uint32_t generation[CONNS]; /* of which that is said */
};

/* ---- What must hold ------------------------------------------------------------------------------------ */

static void check_event(struct run *run, const struct sluice_event *event)
{
	uint32_t index = (uint32_t)event->conn.id, generation = event->conn.id >> 32 & 0xffffff;
	bool is_new;

	if (!event->conn.id)
		return;
	FUZZ_REQUIRE(index < CONNS, "a handle of nobody");
	is_new = run->generation[index] != generation;
	FUZZ_REQUIRE(is_new || run->phase[index] != 2, "an event after CLOSED");
	FUZZ_REQUIRE(!(event->mask & SLUICE_OPENED) || is_new, "OPENED twice, or late");
	FUZZ_REQUIRE(!is_new || event->mask & (SLUICE_OPENED | SLUICE_CLOSED), "mask %u before OPENED", event->mask);
	run->generation[index] = generation;
	run->phase[index] = event->mask & SLUICE_CLOSED ? 2 : 1;
}

/* Events and frames of the last step; returns whether an RST was among the frames. */
static bool look(struct run *run)
{
	struct scene *scene = run->scene;
	bool has_reset = false;

	for (uint32_t i = scene->event_first; i < scene->event_end; i++)
		check_event(run, &scene->event[i]);
	forget_events(scene);
	for (uint32_t i = scene->sent_first; i < scene->sent_end; i++) {
		const struct bytes *frame = &scene->sent[i].bytes;
		struct dissect seen = dissect(frame->at, frame->count);

		FUZZ_REQUIRE(seen.kind != DISSECT_BAD, "sent a bad frame: %s", seen.wrong);
		FUZZ_REQUIRE(seen.kind != DISSECT_TCP || (seen.options_sane && !seen.reserved), "odd options");
		has_reset |= seen.kind == DISSECT_TCP && seen.flags & TCP_RST;
	}
	forget_sent(scene);
	return has_reset;
}

/* ---- Ways to a state ----------------------------------------------------------------------------------- */

static struct segment stamped(const struct run *run, struct segment segment)
{
	segment.stamped = run->is_stamped;
	segment.tsval = 1000;
	return segment;
}

/* The first connection that there is. */
static struct tcp_conn *living(const struct run *run)
{
	const struct tcp *tcp = run->scene->tcp;

	for (uint32_t i = 0; i < tcp->conns.fresh_count; i++)
		if (life_is_used(tcp_conn_at(tcp, i)))
			return tcp_conn_at(tcp, i);
	return NULL;
}

static void half_open(struct run *run)
{
	struct scene *scene = run->scene;

	listens(scene);
	arrives(scene, stamped(run, (struct segment){.flags = TCP_SYN, .mss = 1000}));
	FUZZ_REQUIRE(sent_count(scene) == 1, "no SYN-ACK");
	scene->side.our_iss =
		be32_value(be32_at(scene->sent[scene->sent_first].bytes.at + (scene->side.ipv6 ? 54 : 34) + 4));
}

static struct tcp_conn *open_established(struct run *run, bool is_scaled)
{
	struct segment syn = stamped(run, (struct segment){.mss = 1000, .sack_ok = run->has_sack});

	syn.scale = is_scaled ? SCALE(7) : 0;
	return established_by(run->scene, syn);
}

/* From ESTABLISHED on, as RFC 9293 figure 5 has it. */
static void move_on(struct run *run, struct tcp_conn *conn, enum sluice_state state)
{
	struct scene *scene = run->scene;
	bool we_first = STATE_IN(state, BIT(SLUICE_STATE_FIN_WAIT_1) | BIT(SLUICE_STATE_FIN_WAIT_2) |
						BIT(SLUICE_STATE_CLOSING) | BIT(SLUICE_STATE_TIME_WAIT));
	bool they_too = STATE_IN(state, BIT(SLUICE_STATE_CLOSE_WAIT) | BIT(SLUICE_STATE_LAST_ACK) |
						BIT(SLUICE_STATE_CLOSING) | BIT(SLUICE_STATE_TIME_WAIT));

	if (we_first)
		user_shutdown(scene->tcp, conn);
	turn(scene);
	if (state == SLUICE_STATE_FIN_WAIT_2 || state == SLUICE_STATE_TIME_WAIT)
		arrives(scene, stamped(run, (struct segment){.seq = 1, .ack = 2, .flags = TCP_ACK}));
	if (they_too)
		arrives(scene, stamped(run, (struct segment){.seq = 1,
							     .ack = state == SLUICE_STATE_TIME_WAIT ? 2 : 1,
							     .flags = TCP_FIN | TCP_ACK}));
	if (state == SLUICE_STATE_LAST_ACK)
		user_shutdown(scene->tcp, conn);
	turn(scene);
}

static void set_up(struct run *run, uint32_t start, uint8_t options)
{
	struct scene *scene = run->scene;
	struct tcp_conn *conn;

	switch ((enum start)start) {
	case START_CLOSED:
		return;
	case START_LISTEN:
		listens(scene);
		return;
	case START_HALF_OPEN:
		half_open(run);
		return;
	case START_TIME_WAIT:
		move_on(run, open_established(run, options & 1), SLUICE_STATE_TIME_WAIT);
		return;
	case START_ORPHAN:
		conn = open_established(run, options & 1);
		user_close(scene->tcp, conn);
		turn(scene);
		return;
	case START_STATES:
		break;
	}
	start = SLUICE_STATE_SYN_SENT + (start - START_STATES) % (SLUICE_STATE_TIME_WAIT - SLUICE_STATE_SYN_SENT);
	if (start <= SLUICE_STATE_SYN_RECEIVED) {
		in_state(scene, (enum sluice_state)start);
		return;
	}
	conn = open_established(run, options & 1);
	if (options & 2)
		sends_bytes(scene, conn, 2500, 0);
	if (options & 4)
		arrives(scene, stamped(run, (struct segment){.seq = 2001, .ack = 1, .flags = TCP_ACK, .bytes = 500}));
	move_on(run, conn, (enum sluice_state)start);
}

/* What the way here has told. */
static void note_opened(struct run *run)
{
	const struct tcp_conn *conn = living(run);

	if (conn && conn->state >= SLUICE_STATE_ESTABLISHED) {
		run->phase[0] = 1;
		run->generation[0] = conn->generation;
	}
	forget_events(run->scene);
	forget_sent(run->scene);
}

/* ---- Segments ------------------------------------------------------------------------------------------ */

/* Near where a number would count, or anywhere. */
static uint32_t number_near(struct fuzz *fuzz, const uint32_t *place, uint32_t places)
{
	uint8_t how = fuzz_8(fuzz);
	uint32_t offset = fuzz_near(fuzz);

	if (how & 0x80)
		return fuzz_32(fuzz);
	return place[how % places] + (how & 0x40 ? offset * 500 : how & 0x20 ? offset : 0);
}

static void draw_numbers(struct run *run, struct segment *segment)
{
	const struct tcp_conn *conn = living(run);
	const struct side *side = &run->scene->side;
	uint32_t seq_place[4] = {1, 0, 2, 1}, ack_place[4] = {1, 0, 2, 1};

	if (conn) {
		seq_place[0] = conn->rcv_nxt.value - side->iss;
		seq_place[3] = tcp_conn_rcv_edge(conn).value - side->iss;
		ack_place[0] = conn->snd_nxt.value - side->our_iss;
		ack_place[3] = conn->snd_una.value - side->our_iss;
	}
	segment->seq = number_near(&run->fuzz, seq_place, 4);
	segment->ack = number_near(&run->fuzz, ack_place, 4);
}

static void draw_options(struct run *run, struct segment *segment)
{
	struct fuzz *fuzz = &run->fuzz;
	uint8_t which = fuzz_8(fuzz);

	if (which & 1) {
		segment->stamped = true;
		segment->tsval = 1000 + fuzz_near(fuzz);
		segment->tsecr = run->scene->tcp->now_ms + fuzz_near(fuzz);
	}
	for (uint32_t i = 0; which & 2 && i < 1U + (which >> 6) && i < (which & 1 ? 3 : 4); i++) {
		segment->sack[i][0] = 1 + (uint32_t)(fuzz_8(fuzz) * 100);
		segment->sack[i][1] = segment->sack[i][0] + fuzz_near(fuzz) * 50 + 1;
	}
	if (which & 4)
		segment->mss = fuzz_16(fuzz);
	if (which & 8)
		segment->scale = SCALE(fuzz_8(fuzz) & 0x7f);
	segment->sack_ok = which & 16;
	if (segment->sack[2][1])
		segment->mss = segment->scale = segment->sack_ok = 0; /* 40 bytes */
}

/* Any bytes for options, in a frame that had none. */
static void put_raw_options(struct bytes *frame, struct fuzz *fuzz)
{
	uint8_t options[40] = {0};
	uint32_t count, l4 = l4_of(frame), padded;
	const uint8_t *from = fuzz_take(fuzz, 1 + fuzz_below(fuzz, 40), &count);

	memcpy(options, from, count);
	padded = (count + 3) / 4 * 4;
	if (frame->at[l4 + 12] >> 4 != 5)
		return;
	insert_bytes(frame, l4 + 20, options, padded);
	frame->at[l4 + 12] = (uint8_t)((5 + padded / 4) << 4 | (frame->at[l4 + 12] & 0xf));
	if (frame_bytes_are_ipv6(frame))
		set_16(frame, L3 + 4, get_16(frame, L3 + 4) + padded);
	else
		set_16(frame, L3 + 2, get_16(frame, L3 + 2) + padded);
}

/* One thing that a decent stack does not do; true: and that must be dropped unseen. */
static bool deform(struct bytes *frame, struct fuzz *fuzz)
{
	uint32_t l4 = l4_of(frame), at;
	uint8_t how = fuzz_8(fuzz);

	if (how & 1)
		put_raw_options(frame, fuzz);
	if (how & 2)
		set_16(frame, l4 + 18, fuzz_16(fuzz)); /* urgent pointer */
	if (how & 4)
		frame->at[l4 + 12] = (uint8_t)(frame->at[l4 + 12] | (fuzz_8(fuzz) & 0xf));
	if (how & 8)
		frame->at[l4 + 12] = fuzz_8(fuzz);
	mend(frame);
	if (!(how & 16))
		return false;
	at = l4 + fuzz_below(fuzz, frame->count - l4);
	frame->at[at] ^= (uint8_t)(1 << (fuzz_8(fuzz) & 7));
	return true;
}

static void send_segment(struct run *run)
{
	struct scene *scene = run->scene;
	struct segment segment = {0};
	struct bytes frame;
	bool is_damaged, is_reset;
	uint32_t waiting;

	draw_numbers(run, &segment);
	segment.flags = fuzz_8(&run->fuzz);
	segment.window = fuzz_16(&run->fuzz);
	segment.bytes = fuzz_8(&run->fuzz) * 6U;
	draw_options(run, &segment);
	frame = segment_frame(&scene->side, &segment);
	is_damaged = deform(&frame, &run->fuzz);
	look(run);
	waiting = scene->tcp->transmit.count;
	put_frame(scene, &frame);
	FUZZ_REQUIRE(!is_damaged || scene->tcp->transmit.count == waiting, "damage is answered");
	is_reset = segment.flags & TCP_RST && !waiting && scene->tcp->to_send.first == INDEX_NONE;
	turn(scene);
	FUZZ_REQUIRE(!look(run) || !is_reset, "RST is answered by RST");
}

/* ---- The application, the port and the clock ------------------------------------------------------------ */

static void application(struct run *run)
{
	struct scene *scene = run->scene;
	struct tcp_conn *conn = living(run);
	uint8_t what = fuzz_8(&run->fuzz);
	struct sluice_slice slice[16];
	struct sluice_conn_info info;

	if (!conn || conn->flags & CONN_ORPHAN || conn->state < SLUICE_STATE_ESTABLISHED)
		return;
	switch (what % 6) {
	case 0:
		user_peek(conn, slice, 16);
		user_consume(scene->tcp, conn, (uint32_t)(what >> 3) * 40);
		break;
	case 1:
	case 2:
		sends_bytes(scene, conn, (uint32_t)(what >> 3) * 100, what & 1 ? SLUICE_SEND_MORE : 0);
		break;
	case 3:
		user_shutdown(scene->tcp, conn);
		break;
	case 4:
		if (what & 0x80)
			user_close(scene->tcp, conn);
		else
			user_set_option(scene->tcp, conn, (enum sluice_option)(what >> 4), fuzz_16(&run->fuzz));
		break;
	default:
		if (what & 0x80)
			user_abort(scene->tcp, conn);
		else
			user_info(scene->tcp, conn, &info);
	}
	turn(scene);
}

static void step(struct run *run)
{
	struct scene *scene = run->scene;
	uint8_t what = fuzz_8(&run->fuzz);

	switch (what & 7) {
	case 5:
		application(run);
		break;
	case 6:
		/* While nothing can leave, a turn is wanted in every tick. */
		passes_us(scene, (uint64_t)(what >> 3) * (what & 0x80 && !run->is_stuck ? 100000 : 1000));
		break;
	case 7:
		scene->refuses = what & 8;
		scene->stash_packets = what & 16 ? 0 : 40;
		run->is_stuck = what & 24;
		break;
	default:
		send_segment(run);
	}
	look(run);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sluice_config config = scene_config();
	struct run run = {.fuzz = fuzz_begin(data, size)};
	uint8_t start = fuzz_8(&run.fuzz), options = fuzz_8(&run.fuzz);

	setenv("CMOCKA_TEST_ABORT", "1", 1);
	run.is_stamped = config.timestamps = options & 8;
	run.has_sack = config.sack = options & 16;
	config.window_shift = options & 1 ? 5 : 0;
	config.connections = CONNS;
	config.out_of_order = options & 128 ? 4 : 100;
	run.scene = scene_new(&config);
	run.scene->side.ipv6 = options & 32;
	run.scene->stash_packets = 40;
	set_up(&run, start % (START_STATES + 8), options);
	note_opened(&run);
	for (uint32_t i = 0; i < STEPS_MAX && fuzz_left(&run.fuzz); i++)
		step(&run);
	run.scene->refuses = false;
	run.scene->stash_packets = 128;
	scene_free(run.scene);
	return 0;
}
