/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The public calls on connections: a handle is resolved, a stale or foreign one does nothing, and what the docstrings of
 * lib/sluice.h promise beyond lib/core holds.
 */
#include <errno.h>

#include "tests/worker/port.h"

/* Every call that takes a handle, with one that is nobody's: nothing happens and nothing is said. */
static void nothing_with(struct port *port, sluice_conn stale)
{
	struct sluice_worker *worker = port->worker;
	struct sluice_slice slice = {"text", 4, NULL};
	struct sluice_address local, peer;
	struct sluice_conn_info info;

	assert_int_equal(sluice_peek(worker, stale, &slice, 1), 0);
	sluice_consume(worker, stale, 1);
	assert_int_equal(sluice_send(worker, stale, &slice, 1, SLUICE_SEND_FIN), 0);
	assert_int_equal(sluice_send_room(worker, stale), 0);
	sluice_shutdown(worker, stale);
	sluice_close(worker, stale);
	sluice_abort(worker, stale);
	sluice_set_context(worker, stale, port);
	assert_null(sluice_context(worker, stale));
	assert_false(sluice_addresses(worker, stale, &local, &peer));
	sluice_set_timer(worker, stale, 1);
	assert_int_equal(sluice_set_option(worker, stale, SLUICE_OPTION_TTL, 1), -ENOTCONN);
	assert_false(sluice_conn_info(worker, stale, &info));
	assert_int_equal(port_turn(port).mask, 0);
	assert_int_equal(port->sent_count, 0);
}

static void test_stale_handles(void **state)
{
	struct port *port = port_new(NULL);
	sluice_conn conn, never = {0}, foreign, next;

	(void)state;
	nothing_with(port, never);
	nothing_with(port, (sluice_conn){UINT64_MAX});
	conn = port_opened(port);
	foreign = (sluice_conn){conn.id | 5ULL << 56};
	next = (sluice_conn){conn.id + 1};
	nothing_with(port, foreign);
	nothing_with(port, next);
	sluice_abort(port->worker, conn);
	port_turn(port);
	port->sent_count = 0;
	nothing_with(port, conn);
	port->side.port++;
	next = port_opened(port); /* takes its record */
	assert_int_equal((uint32_t)next.id, (uint32_t)conn.id);
	nothing_with(port, conn);
	assert_null(sluice_context(port->worker, next));
	port_free(port);
}

static void test_context_and_addresses(void **state)
{
	(void)state;
	for (uint32_t family = 0; family < 2; family++) {
		struct port *port = port_new(NULL);
		struct sluice_address local, peer;
		struct ip ours = test_ip(family, 1), theirs = test_ip(family, 2);
		sluice_conn conn;

		port->side.ipv6 = family;
		conn = port_opened(port);
		assert_null(sluice_context(port->worker, conn));
		sluice_set_context(port->worker, conn, port);
		assert_ptr_equal(sluice_context(port->worker, conn), port);
		assert_true(sluice_addresses(port->worker, conn, &local, &peer));
		assert_memory_equal(local.ip, &ours, 16);
		assert_memory_equal(peer.ip, &theirs, 16);
		assert_int_equal(local.port, 80);
		assert_int_equal(peer.port, 4000);
		port_brings(port, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK, .text = "x"});
		assert_ptr_equal(port_turn(port).context, port);
		port_free(port);
	}
}

/* Connecting gives a handle before anything is sent; a refusal leaves *conn alone. */
static void test_connect(void **state)
{
	struct port *port = port_new(NULL);
	struct sluice_address address = {.port = 0};
	struct sluice_conn_info info;
	sluice_conn conn = {77};

	(void)state;
	assert_int_equal(sluice_connect(port->worker, &address, NULL, NULL, &conn), -EINVAL);
	assert_true(conn.id == 77);
	assert_int_equal(sluice_address_parse("198.18.0.2:4000", &address), 0);
	assert_int_equal(sluice_connect(port->worker, &address, NULL, port, &conn), 0);
	assert_ptr_equal(sluice_context(port->worker, conn), port);
	assert_true(sluice_conn_info(port->worker, conn, &info));
	assert_int_equal(info.state, SLUICE_STATE_SYN_SENT);
	assert_int_equal(sluice_send_room(port->worker, conn), 0);
	assert_int_equal(port->sent_count, 0);
	sluice_flush(port->worker);
	assert_int_equal(port->sent_count, 1); /* asks for the next hop */
	sluice_close(port->worker, conn);
	assert_int_equal(port_turn(port).mask, SLUICE_CLOSED);
	port_free(port);
}

static void test_listen(void **state)
{
	struct port *port = port_new(NULL);
	struct sluice_address any = {.port = 80};

	(void)state;
	assert_int_equal(sluice_listen(port->worker, &any, NULL), 0);
	assert_int_equal(sluice_listen(port->worker, &any, NULL), -EADDRINUSE);
	sluice_unlisten(port->worker, 0);
	sluice_unlisten(port->worker, 0);
	sluice_unlisten(port->worker, SLUICE_NO_LISTENER);
	assert_int_equal(sluice_listen(port->worker, &any, NULL), 0);
	port_free(port);
}

/* "Bytes that sluice_send() would take now." */
static void test_send_room(void **state)
{
	struct port *port = port_new(NULL);
	sluice_conn conn = port_opened(port);
	static const char text[4096];
	struct sluice_slice slice = {text, 1000, NULL};

	(void)state;
	assert_int_equal(sluice_set_option(port->worker, conn, SLUICE_OPTION_SEND_QUEUE_BYTES, 4096), 0);
	assert_int_equal(sluice_send_room(port->worker, conn), 4096);
	assert_int_equal(sluice_send(port->worker, conn, &slice, 1, SLUICE_SEND_STATIC), 1000);
	assert_int_equal(sluice_send_room(port->worker, conn), 3096);
	slice.bytes = 4096;
	assert_int_equal(sluice_send(port->worker, conn, &slice, 1, SLUICE_SEND_STATIC), 3096);
	assert_int_equal(sluice_send_room(port->worker, conn), 0);
	sluice_shutdown(port->worker, conn);
	port_turn(port);
	port_brings(port, (struct segment){.seq = 1, .ack = 4097, .flags = TCP_ACK});
	port_turn(port);
	assert_int_equal(sluice_send_room(port->worker, conn), 0); /* closed */
	port_free(port);
}

/* A held slice stays as it is past consume, the connection's end and later packets; then it goes back. */
static void test_hold(void **state)
{
	struct port *port = port_new(NULL);
	sluice_conn conn = port_opened(port);
	struct sluice_slice slice;

	(void)state;
	port_brings(port, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK, .text = "held for long"});
	port_turn(port);
	assert_int_equal(sluice_peek(port->worker, conn, &slice, 1), 1);
	sluice_hold(port->worker, &slice);
	sluice_hold(port->worker, &slice);
	sluice_consume(port->worker, conn, 13);
	port_brings(port, (struct segment){.seq = 14, .ack = 1, .flags = TCP_ACK, .text = "something else"});
	port_turn(port);
	assert_memory_equal(slice.data, "held for long", 13);
	sluice_abort(port->worker, conn);
	port_turn(port);
	sluice_release(port->worker, &slice);
	port_turn(port);
	assert_memory_equal(slice.data, "held for long", 13);
	sluice_release(port->worker, &slice);
	port_free(port);
}

/* Released before it is consumed: it is still readable. */
static void test_release_before_consume(void **state)
{
	struct port *port = port_new(NULL);
	sluice_conn conn = port_opened(port);
	struct sluice_slice slice;

	(void)state;
	for (uint32_t i = 0; i < 3; i++)
		port_brings(port, (struct segment){.seq = 1 + i * 900, .ack = 1, .flags = TCP_ACK, .bytes = 900});
	port_turn(port);
	assert_int_equal(sluice_peek(port->worker, conn, &slice, 1), 1);
	sluice_hold(port->worker, &slice);
	sluice_release(port->worker, &slice);
	sluice_consume(port->worker, conn, 1000);
	assert_int_equal(sluice_peek(port->worker, conn, &slice, 1), 1);
	assert_int_equal(slice.bytes, 800);
	assert_int_equal(*(const char *)slice.data, segment_pattern(1000));
	port_free(port);
}

struct walk {
	uint32_t count, most;
	uint64_t id[16];
};

static bool walked(void *context, sluice_conn conn)
{
	struct walk *walk = context;

	walk->id[walk->count++] = conn.id;
	return walk->count < walk->most;
}

static void test_each(void **state)
{
	struct port *port = port_new(NULL);
	struct walk walk = {.most = 16};
	sluice_conn conn[3];

	(void)state;
	sluice_each(port->worker, walked, &walk);
	assert_int_equal(walk.count, 0);
	for (uint32_t i = 0; i < 3; i++, port->side.port++)
		conn[i] = port_opened(port);
	sluice_abort(port->worker, conn[1]);
	port_turn(port);
	sluice_each(port->worker, walked, &walk);
	assert_int_equal(walk.count, 2);
	assert_true(walk.id[0] == conn[0].id && walk.id[1] == conn[2].id);
	walk = (struct walk){.most = 1};
	sluice_each(port->worker, walked, &walk);
	assert_int_equal(walk.count, 1);
	port_free(port);
}

/* As of the last flush; a resource that there is not is never short. */
static void test_pressure(void **state)
{
	struct port *port = port_new(NULL);
	struct pool *records = &port->worker->tcp.descriptors;
	struct sluice_statistics statistics;
	uint32_t used_count = records->used_count;

	(void)state;
	assert_int_equal(sluice_pressure(port->worker, SLUICE_RESOURCE_ANY), SLUICE_PRESSURE_NONE);
	records->used_count = records->capacity_count;
	assert_int_equal(sluice_pressure(port->worker, SLUICE_RESOURCE_ANY), SLUICE_PRESSURE_NONE);
	port_turn(port);
	assert_int_equal(sluice_pressure(port->worker, SLUICE_RESOURCE_ANY), SLUICE_PRESSURE_SEVERE);
	assert_int_equal(sluice_pressure(port->worker, SLUICE_RESOURCE_SENDING), SLUICE_PRESSURE_SEVERE);
	assert_int_equal(sluice_pressure(port->worker, SLUICE_RESOURCE_CONNECTIONS), SLUICE_PRESSURE_NONE);
	assert_int_equal(sluice_pressure(port->worker, SLUICE_RESOURCE_PACKETS), SLUICE_PRESSURE_NONE);
	assert_int_equal(sluice_pressure(port->worker, SLUICE_RESOURCE_COUNT), SLUICE_PRESSURE_NONE);
	sluice_statistics(port->worker, &statistics);
	assert_int_equal(statistics.gauge[SLUICE_GAUGE_pressure], SLUICE_PRESSURE_SEVERE);
	assert_int_equal(statistics.gauge[SLUICE_GAUGE_pressure_sending], SLUICE_PRESSURE_SEVERE);
	records->used_count = used_count;
	port_turn(port);
	assert_int_equal(sluice_pressure(port->worker, SLUICE_RESOURCE_ANY), SLUICE_PRESSURE_NONE);
	port_free(port);
}

static void test_timers(void **state)
{
	struct port *port = port_new(NULL);
	sluice_conn conn = port_opened(port);
	struct sluice_event event;

	(void)state;
	sluice_set_timer(port->worker, conn, port->now_ns + 10000000);
	port->now_ns += 9000000;
	assert_int_equal(port_turn(port).mask, 0);
	port->now_ns += 1250000;
	event = port_turn(port);
	assert_int_equal(event.mask, SLUICE_TIMER);
	assert_true(event.conn.id == conn.id);
	sluice_set_worker_timer(port->worker, port->now_ns + 1000000);
	sluice_set_worker_timer(port->worker, 0);
	port->now_ns += 5000000;
	assert_int_equal(port_turn(port).mask, 0);
	sluice_set_worker_timer(port->worker, port->now_ns); /* due already */
	event = port_turn(port);
	assert_int_equal(event.mask, SLUICE_TIMER);
	assert_true(event.conn.id == 0);
	assert_int_equal(event.listener, SLUICE_NO_LISTENER);
	port_free(port);
}

struct trace {
	uint32_t count[2];
	uint64_t now_ns;
};

static void traced(void *context, uint64_t now_ns, enum sluice_direction direction, const struct rte_mbuf *packet)
{
	struct trace *trace = context;

	assert_true(packet->pkt_len >= 14 + 20 + 20);
	trace->count[direction]++;
	trace->now_ns = now_ns;
}

/* Each packet once, in and out, refused at first or not; NULL stops it. */
static void test_trace(void **state)
{
	struct port *port = port_new(NULL);
	struct trace trace = {{0}, 0};

	(void)state;
	sluice_trace(port->worker, traced, &trace);
	port->side.our_port = 81;
	port->may_send = 0;
	port_brings(port, (struct segment){.flags = TCP_SYN});
	port_turn(port);
	port_turn(port);
	port->may_send = UINT32_MAX;
	port_turn(port);
	assert_int_equal(port->sent_count, 1);
	assert_int_equal(trace.count[SLUICE_RECEIVED], 1);
	assert_int_equal(trace.count[SLUICE_SENT], 1);
	assert_true(trace.now_ns == port->now_ns);
	sluice_trace(port->worker, NULL, NULL);
	port_brings(port, (struct segment){.flags = TCP_SYN});
	port_turn(port);
	assert_int_equal(trace.count[SLUICE_RECEIVED], 1);
	port_free(port);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stale_handles),
		cmocka_unit_test(test_context_and_addresses),
		cmocka_unit_test(test_connect),
		cmocka_unit_test(test_listen),
		cmocka_unit_test(test_send_room),
		cmocka_unit_test(test_hold),
		cmocka_unit_test(test_release_before_consume),
		cmocka_unit_test(test_each),
		cmocka_unit_test(test_pressure),
		cmocka_unit_test(test_timers),
		cmocka_unit_test(test_trace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
