/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The turn: what it asks of its port and in which order, what it does with refusals, sleep, posts and a port without packets, how
 * it accounts for itself, and that everything is given back.
 */
#include "lib/worker/worker.h"

#include "tests/claims/claims.h"
#include "tests/worker/port.h"

/* ---- Making ------------------------------------------------------------------------------------------------------------ */

static void test_refused(void **state)
{
	struct sluice_config config = port_config();
	struct port port = {0};
	struct sluice_io io = port_io(&port);
	struct sluice_worker *worker = NULL;
	const char *error = NULL;

	(void)state;
	config.connections = 0;
	assert_int_equal(sluice_worker_make(&config, 0, &io, NULL, 0, &worker, &error), 0);
	assert_non_null(error);
	config = port_config();
	assert_int_equal(sluice_worker_make(&config, 1, &io, NULL, 0, &worker, &error), 0);
	assert_non_null(error);
	assert_null(worker);
}

/* Less memory than it asked for, down to none to speak of: refused, and nothing is written beyond it. */
static void test_too_little_memory(void **state)
{
	struct sluice_config config = port_config();
	struct port port = {0};
	struct sluice_io io = port_io(&port);
	struct sluice_worker *worker = NULL;
	const char *error = NULL;
	size_t needed = sluice_worker_make(&config, 0, &io, NULL, 0, &worker, &error);

	(void)state;
	assert_true(needed > sizeof(struct sluice_worker));
	for (size_t bytes = 64; bytes < needed; bytes += needed / 7 / 64 * 64) {
		void *memory = aligned_alloc(64, bytes);

		memset(memory, 0, bytes);
		assert_int_equal(sluice_worker_make(&config, 0, &io, memory, bytes, &worker, &error), 0);
		assert_non_null(error);
		assert_null(worker);
		free(memory);
	}
}

/* ---- Receiving and sending ------------------------------------------------------------------------------------------------ */

static void test_a_turn(void **state)
{
	struct port *port = port_new(NULL);
	sluice_conn conn = port_opened(port);
	struct sluice_slice slice = {"hello", 5, NULL};
	struct sluice_statistics statistics;

	(void)state;
	assert_int_equal(sluice_send(port->worker, conn, &slice, 1, 0), 5);
	assert_int_equal(port->sent_count, 0); /* nothing leaves before the flush */
	assert_true(sluice_next_deadline_ns(port->worker) <= port->now_ns);
	sluice_flush(port->worker);
	assert_int_equal(port->sent_count, 1);
	assert_string_equal(port_sent(port, 0).text, "hello");
	sluice_statistics(port->worker, &statistics);
	assert_int_equal(statistics.counter[SLUICE_COUNTER_packets_received], 2);
	assert_int_equal(statistics.counter[SLUICE_COUNTER_packets_sent], 2);
	assert_int_equal(statistics.counter[SLUICE_COUNTER_bytes_sent], 14 + 20 + 24 + 14 + 20 + 25);
	assert_int_equal(statistics.counter[SLUICE_COUNTER_bytes_received], 14 + 20 + 24 + 14 + 20 + 20);
	assert_int_equal(statistics.gauge[SLUICE_GAUGE_connections], 1);
	assert_int_equal(statistics.gauge[SLUICE_GAUGE_listeners], 1);
	port_free(port);
}

/* At most a burst a turn; the rest waits in the port. */
static void test_bursts(void **state)
{
	struct port *port = port_new(NULL);

	(void)state;
	port->side.our_port = 81;
	for (uint32_t i = 0; i < BURST_PACKETS_MAX + 10; i++)
		port_brings(port, (struct segment){.seq = i, .flags = TCP_SYN});
	port_turn(port);
	assert_int_equal(port->sent_count, BURST_PACKETS_MAX);
	port_turn(port);
	assert_int_equal(port->sent_count, BURST_PACKETS_MAX + 10);
	port_free(port);
}

/* What the port refuses goes first the next time, in order, counted once; until then no new text is built. */
static void test_port_refuses(void **state)
{
	struct port *port = port_new(NULL);
	sluice_conn conn = port_opened(port);
	static const char text[10000];
	struct sluice_slice slice = {text, 5000, NULL};

	(void)state;
	port->may_send = 2;
	sluice_send(port->worker, conn, &slice, 1, SLUICE_SEND_STATIC);
	port_turn(port);
	assert_int_equal(port->sent_count, 2);
	assert_int_equal(port_counted(port, sends_refused), 3);
	sluice_send(port->worker, conn, &slice, 1, SLUICE_SEND_STATIC);
	assert_true(sluice_next_deadline_ns(port->worker) <= port->now_ns + 1000000);
	port_turn(port);
	assert_int_equal(port->worker->tcp.transmit.count, 3);
	assert_int_equal(port_counted(port, sends_refused), 3);
	port->may_send = 1;
	port_turn(port);
	assert_int_equal(port->sent_count, 3);
	port->may_send = UINT32_MAX;
	port_turn(port);
	assert_int_equal(port->sent_count, 10);
	for (uint32_t i = 0; i < 10; i++)
		assert_int_equal(port_sent(port, i).seq, 1 + i * 1000);
	assert_int_equal(port_counted(port, packets_sent), 11);
	port_free(port);
}

/* No packets to be had: counted, nothing is lost, and all goes on when there are some. */
static void test_no_packets(void **state)
{
	struct port *port = port_new(NULL);
	sluice_conn conn;
	struct sluice_slice slice = {"hello", 5, NULL};

	(void)state;
	conn = port_opened(port);
	port->may_make = 0;
	port->worker->io.release(port, port->worker->tcp.stash.fresh, port->worker->tcp.stash.fresh_count);
	port->worker->tcp.stash.fresh_count = 0;
	sluice_send(port->worker, conn, &slice, 1, 0);
	port_turn(port);
	assert_int_equal(port->sent_count, 0);
	assert_int_equal(sluice_pressure(port->worker, SLUICE_RESOURCE_PACKETS), SLUICE_PRESSURE_SEVERE);
	port->may_make = STASH_RESERVE_PACKETS;
	port_turn(port);
	assert_int_equal(port->sent_count, 0); /* those are for ACKs */
	port->may_make = 1;
	port_turn(port);
	assert_int_equal(port->sent_count, 1);
	assert_string_equal(port_sent(port, 0).text, "hello");
	assert_int_equal(sluice_pressure(port->worker, SLUICE_RESOURCE_PACKETS), SLUICE_PRESSURE_SEVERE);
	port->may_make = PORT_PACKETS_MAX;
	port_turn(port);
	assert_int_equal(sluice_pressure(port->worker, SLUICE_RESOURCE_PACKETS), SLUICE_PRESSURE_NONE);
	port_free(port);
}

/* What piles up in the stash goes back to the port. */
static void test_stash_is_drained(void **state)
{
	struct port *port = port_new(NULL);

	(void)state;
	port->side.our_port = 81;
	for (uint32_t turn = 0; turn < 15; turn++) {
		for (uint32_t i = 0; i < BURST_PACKETS_MAX; i++)
			port_brings(port, (struct segment){.seq = i, .flags = TCP_RST});
		port_turn(port);
		assert_true(port->worker->tcp.stash.fresh_count <= STASH_HIGH_PACKETS);
	}
	assert_int_equal(port->worker->tcp.stash.fresh_count, STASH_HIGH_PACKETS);
	assert_int_equal(port->alive, STASH_HIGH_PACKETS);
	port_free(port);
}

/* ---- Time ----------------------------------------------------------------------------------------------------------------- */

/* The clock is read once a turn, and does not go back. */
static void test_clock(void **state)
{
	struct port *port = port_new(NULL);

	(void)state;
	port_turn(port);
	assert_true(sluice_now_ns(port->worker) == 5000000000);
	port->now_ns = 6000000000;
	assert_true(sluice_now_ns(port->worker) == 5000000000);
	port_turn(port);
	assert_true(sluice_now_ns(port->worker) == 6000000000);
	port->now_ns = 1;
	port_turn(port);
	assert_true(sluice_now_ns(port->worker) == 6000000000);
	port_free(port);
}

/* The wall clock is asked before the first packet, and then once a second, and only where a key is shared: epochs follow it. */
static void test_wall_clock(void **state)
{
	struct sluice_config config = port_config();
	struct port *port = port_new(&config);
	uint32_t stamp_ms;

	(void)state;
	port->now_ns += 1000000000;
	port_turn(port);
	assert_int_equal(port->wall_asked, 0);
	port_free(port);
	config.cookie_key_bytes = 32;
	port = port_new(&config);
	assert_int_equal(port->worker->tcp.cookie_epoch, port->wall_ns / COOKIE_EPOCH_NS);
	stamp_ms = port->worker->tcp.stamp_ms;
	assert_int_equal(stamp_ms, (uint32_t)((port->wall_ns - port->now_ns) / 1000000));
	port->now_ns += 999000000;
	port_turn(port);
	assert_int_equal(port->wall_asked, 1);
	port->now_ns += 1000000;
	port->wall_ns -= 10 * COOKIE_EPOCH_NS; /* somebody set it */
	port_turn(port);
	port_turn(port);
	assert_int_equal(port->wall_asked, 2);
	assert_int_equal(port->worker->tcp.cookie_epoch, port->wall_ns / COOKIE_EPOCH_NS);
	assert_int_equal(port->worker->tcp.stamp_ms, stamp_ms);
	port_free(port);
}

/* Sleep: after a turn that found nothing, until what is due next; not with work waiting, not when busy polling was asked for. */
static void test_sleep(void **state)
{
	struct sluice_config config = port_config();
	struct port *port;

	(void)state;
	port = port_new(&config);
	for (uint32_t i = 0; i < 5; i++)
		port_turn(port);
	assert_int_equal(port->waits, 0);
	port_free(port);

	config.idle = SLUICE_IDLE_SLEEP;
	port = port_new(&config);
	port_turn(port); /* the first turn is busy by definition */
	assert_int_equal(port->waits, 0);
	port_turn(port);
	assert_int_equal(port->waits, 1);
	assert_true(port->waited_until_ns == UINT64_MAX);
	sluice_set_worker_timer(port->worker, port->now_ns + 3000000);
	port_turn(port);
	assert_int_equal(port->waits, 2);
	assert_in_range(port->waited_until_ns, port->now_ns + 3000000, port->now_ns + 3000000 + TICK_NS);
	port_brings(port, (struct segment){.flags = TCP_RST});
	port_turn(port); /* the packet came while it slept */
	assert_int_equal(port->waits, 3);
	port_turn(port);
	assert_int_equal(port->waits, 3);
	port_free(port);
}

/* Busy cycles are those of turns that found work. */
static void test_cycles(void **state)
{
	struct port *port = port_new(NULL);
	struct sluice_statistics before, after;

	(void)state;
	port_turn(port);
	sluice_statistics(port->worker, &before);
	port_turn(port);
	port_turn(port);
	sluice_statistics(port->worker, &after);
	assert_int_equal(after.busy_cycles, before.busy_cycles);
	assert_int_equal(after.total_cycles - before.total_cycles, 200);
	assert_int_equal(after.counter[SLUICE_COUNTER_turns] - before.counter[SLUICE_COUNTER_turns], 2);
	assert_int_equal(after.counter[SLUICE_COUNTER_turns_busy], before.counter[SLUICE_COUNTER_turns_busy]);
	port_brings(port, (struct segment){.flags = TCP_RST});
	port_turn(port);
	sluice_statistics(port->worker, &after);
	assert_int_equal(after.busy_cycles - before.busy_cycles, 100);
	port_free(port);
}

/* ---- Posts ----------------------------------------------------------------------------------------------------------------- */

static void posted(struct sluice_worker *worker, void *argument)
{
	struct port *port = argument;

	assert_ptr_equal(worker, port->worker);
	port->cycles++;
}

/* Run in the next poll, some a turn; a worker with posts does not sleep; too many are refused. */
static void test_posts(void **state)
{
	struct sluice_config config = port_config();
	struct port *port;
	uint32_t count = 0;

	(void)state;
	config.idle = SLUICE_IDLE_SLEEP;
	port = port_new(&config);
	port->worker->io.cycles = NULL;
	port_turn(port);
	while (sluice_post(port->worker, posted, port) == 0)
		count++;
	assert_int_equal(count, MAILBOX_POSTS_MAX);
	assert_int_equal(port->cycles, 0);
	assert_true(sluice_next_deadline_ns(port->worker) <= port->now_ns);
	for (uint32_t turns = 1; turns <= MAILBOX_POSTS_MAX / POSTS_PER_TURN_MAX; turns++) {
		port_turn(port);
		assert_int_equal(port->cycles, turns * POSTS_PER_TURN_MAX);
	}
	assert_int_equal(port->waits, 0);
	assert_int_equal(port_counted(port, posts_run), MAILBOX_POSTS_MAX);
	port_turn(port);
	port_turn(port);
	assert_true(port->waits > 0);
	port_free(port);
}

/* ---- Fragments --------------------------------------------------------------------------------------------------------- */

/* A port that keeps the first fragment that it is given, and takes the second as the rest of it: the frame it was told. */
static struct {
	struct rte_mbuf *held;
	struct bytes whole;
	uint32_t calls;
	bool forgets;
} joiner;

static void join(void *user, uint64_t now_ns, struct sluice_fragments *work)
{
	struct port *port = user;

	joiner.calls++;
	assert_int_equal(now_ns, port->now_ns);
	for (uint32_t i = 0; i < work->count; i++) {
		struct rte_mbuf *packet = work->packet[i];

		assert_int_equal(packet->l2_len, 14);
		assert_int_equal(packet->l3_len, 20);
		if (!joiner.held) {
			joiner.held = packet;
			continue;
		}
		port_release(port, &joiner.held, 1);
		joiner.held = NULL;
		memcpy(packet_bytes(packet), joiner.whole.at, joiner.whole.count);
		packet->data_len = (uint16_t)joiner.whole.count;
		packet->pkt_len = joiner.whole.count;
		work->packet[0] = packet;
	}
	work->lost_count = 0;
	if (joiner.held && joiner.forgets) {
		port_release(port, &joiner.held, 1);
		joiner.held = NULL;
		work->lost_count = 1;
	}
	work->count = work->count && !joiner.held && !work->lost_count ? 1 : 0;
	work->held_count = joiner.held ? 1 : 0;
}

static struct port *port_with_joiner(uint32_t fragments)
{
	struct sluice_config config = port_config();
	struct port *port;

	config.fragments = fragments;
	memset(&joiner, 0, sizeof(joiner));
	port_reassemble = join;
	port = port_new(&config);
	port_reassemble = NULL;
	return port;
}

/* Two fragments go to the port; the segment it makes of them is received in the same turn as any other. */
CLAIMS(RFC1122_3_3_2)
static void test_fragments(void **state)
{
	struct port *port = port_with_joiner(8);
	struct segment text = {.seq = 1, .ack = 1, .flags = TCP_ACK, .text = "hello"};
	struct sluice_event event;

	(void)state;
	port_opened(port);
	joiner.whole = segment_frame(&port->side, &text);
	port_brings_fragment(port, true);
	assert_int_equal(port_turn(port).mask, 0);
	port_brings_fragment(port, false);
	event = port_turn(port);
	assert_int_equal(event.mask, SLUICE_READABLE);
	assert_int_equal(event.readable_bytes, 5);
	assert_int_equal(joiner.calls, 2);
	assert_int_equal(port_counted(port, fragments_received), 2);
	assert_int_equal(port_counted(port, fragments_joined), 1);
	assert_int_equal(port_counted(port, drop_fragment_lost), 0);
	port_free(port);
}

/* What waits is looked for once a second, also when nothing comes; nobody asks when nothing waits. */
static void test_fragments_wait(void **state)
{
	struct port *port = port_with_joiner(8);

	(void)state;
	port_brings_fragment(port, true);
	for (uint32_t i = 0; i < 30; i++) {
		port_turn(port);
		port->now_ns += 100000000;
	}
	assert_int_equal(joiner.calls, 3);
	joiner.forgets = true;
	for (uint32_t i = 0; i < 30; i++) {
		port_turn(port);
		port->now_ns += 100000000;
	}
	assert_int_equal(joiner.calls, 4);
	assert_int_equal(port_counted(port, drop_fragment_lost), 1);
	port_free(port);
}

/* Off by the configuration, or for want of a port that can. */
static void test_fragments_off(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 2; i++) {
		struct port *port = i ? port_with_joiner(0) : port_new(NULL);

		joiner.calls = 0;
		port_brings_fragment(port, true);
		port_turn(port);
		assert_int_equal(joiner.calls, 0);
		assert_int_equal(port_counted(port, drop_ipv4_fragment), 1);
		port_free(port);
	}
}

/* ---- The end --------------------------------------------------------------------------------------------------------------- */

/* With packets in every place: unread, out of order, built and refused, in the stash and spent. */
static void test_close(void **state)
{
	struct port *port = port_new(NULL);
	sluice_conn conn = port_opened(port);
	struct sluice_slice slice = {"hello", 5, NULL};

	(void)state;
	port_brings(port, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK, .bytes = 1000});
	port_brings(port, (struct segment){.seq = 3001, .ack = 1, .flags = TCP_ACK, .bytes = 1000});
	port->may_send = 0;
	sluice_send(port->worker, conn, &slice, 1, 0);
	port_turn(port);
	assert_true(port->worker->tcp.transmit.count > 0);
	assert_int_equal(port->worker->tcp.packets_held, 2);
	port_free(port); /* asks that all came back */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),          cmocka_unit_test(test_too_little_memory),
		cmocka_unit_test(test_a_turn),           cmocka_unit_test(test_bursts),
		cmocka_unit_test(test_port_refuses),     cmocka_unit_test(test_no_packets),
		cmocka_unit_test(test_stash_is_drained), cmocka_unit_test(test_clock),
		cmocka_unit_test(test_wall_clock),       cmocka_unit_test(test_sleep),
		cmocka_unit_test(test_cycles),           cmocka_unit_test(test_posts),
		cmocka_unit_test(test_fragments),        cmocka_unit_test(test_fragments_wait),
		cmocka_unit_test(test_fragments_off),    cmocka_unit_test(test_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
