/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The faulty wire: rates are what was asked for, every packet is accounted for, copies are exact, a seed repeats, and a
 * refusing port loses nothing.
 */
#include "tests/lossy/lossy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <rte_mbuf.h>

#include "config/limits.h"

#define FAR_MAX 65536

/* A port of memory: packets to receive are made as asked, packets sent are kept as their numbers. */
struct port {
	uint64_t now_ns, waited_until_ns;
	uint32_t to_receive, received; /* left; the next packet's number */
	uint32_t out;                  /* packets alive */
	uint32_t refuse_after;
	uint32_t sent_count;
	uint32_t sent[FAR_MAX];
};

static uint64_t port_now_ns(void *user)
{
	return ((struct port *)user)->now_ns;
}

static uint32_t port_allocate(void *user, struct rte_mbuf **packet, uint32_t count)
{
	struct port *port = user;

	for (uint32_t i = 0; i < count; i++) {
		packet[i] = calloc(1, sizeof(struct rte_mbuf) + PACKET_HEADROOM_BYTES + PACKET_ROOM_BYTES);
		packet[i]->buf_addr = packet[i] + 1;
		packet[i]->data_off = PACKET_HEADROOM_BYTES;
		packet[i]->nb_segs = 1;
		port->out++;
	}
	return count;
}

static void port_release(void *user, struct rte_mbuf **packet, uint32_t count)
{
	struct port *port = user;

	for (uint32_t i = 0; i < count; i++) {
		for (struct rte_mbuf *part = packet[i], *next; part; part = next) {
			next = part->next;
			free(part);
			port->out--;
		}
	}
}

static struct rte_mbuf *numbered(struct port *port, uint32_t number)
{
	struct rte_mbuf *packet;

	port_allocate(port, &packet, 1);
	memcpy(rte_pktmbuf_mtod(packet, void *), &number, sizeof(number));
	packet->data_len = sizeof(number);
	packet->pkt_len = sizeof(number);
	return packet;
}

/* The number in a packet's four bytes, which may lie in several parts. */
static uint32_t number_of(const struct rte_mbuf *packet)
{
	uint8_t byte[sizeof(uint32_t)];
	uint32_t number, bytes = 0;

	assert_int_equal(packet->pkt_len, sizeof(number));
	for (; packet; packet = packet->next) {
		assert_in_range(bytes + packet->data_len, 0, sizeof(number));
		memcpy(byte + bytes, rte_pktmbuf_mtod(packet, const void *), packet->data_len);
		bytes += packet->data_len;
	}
	assert_int_equal(bytes, sizeof(number));
	memcpy(&number, byte, sizeof(number));
	return number;
}

static uint32_t port_receive(void *user, struct rte_mbuf **packet, uint32_t max)
{
	struct port *port = user;
	uint32_t count = max < port->to_receive ? max : port->to_receive;

	for (uint32_t i = 0; i < count; i++)
		packet[i] = numbered(port, port->received++);
	port->to_receive -= count;
	return count;
}

static uint32_t port_send(void *user, struct rte_mbuf **packet, uint32_t count)
{
	struct port *port = user;

	for (uint32_t i = 0; i < count; i++) {
		if (port->sent_count >= port->refuse_after || port->sent_count == FAR_MAX)
			return i;
		port->sent[port->sent_count++] = number_of(packet[i]);
		port_release(port, &packet[i], 1);
	}
	return count;
}

static void port_wait(void *user, uint64_t deadline_ns)
{
	((struct port *)user)->waited_until_ns = deadline_ns;
}

struct scene {
	struct port port;
	struct lossy lossy;
	struct sluice_io io;
};

static struct scene *scene_with(const char *rates_text)
{
	struct scene *scene = calloc(1, sizeof(*scene));
	struct lossy_rates rates;
	struct sluice_io io = {.user = &scene->port,
			       .now_ns = port_now_ns,
			       .receive = port_receive,
			       .send = port_send,
			       .allocate = port_allocate,
			       .release = port_release,
			       .wait = port_wait};

	assert_true(lossy_rates_parse(rates_text, &rates));
	scene->port.refuse_after = UINT32_MAX;
	scene->io = lossy_wrap(&scene->lossy, &io, &rates);
	return scene;
}

static void scene_end(struct scene *scene)
{
	lossy_empty(&scene->lossy);
	assert_int_equal(scene->port.out, 0);
	free(scene);
}

/* Receives until `count` packets came from the port and none is late; their numbers, in order, to `number`. */
static uint32_t receive_all(struct scene *scene, uint32_t count, uint32_t *number)
{
	uint32_t got = 0;

	scene->port.to_receive = count;
	while (scene->port.to_receive || scene->lossy.in.held_count) {
		struct rte_mbuf *packet[BURST_PACKETS_MAX];
		uint32_t burst = scene->io.receive(scene->io.user, packet, BURST_PACKETS_MAX);

		for (uint32_t i = 0; i < burst; i++)
			number[got++] = number_of(packet[i]);
		scene->io.release(scene->io.user, packet, burst);
		scene->port.now_ns += 100000;
	}
	return got;
}

static void send_all(struct scene *scene, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		struct rte_mbuf *packet = numbered(&scene->port, i);

		assert_int_equal(scene->io.send(scene->io.user, &packet, 1), 1);
		scene->port.now_ns += 10000;
	}
	scene->port.now_ns += LOSSY_DELAY_HIGH_US * 1000;
	scene->io.send(scene->io.user, NULL, 0);
}

static void rates_are_read(void **state)
{
	struct lossy_rates rates;

	(void)state;
	assert_true(lossy_rates_parse("drop=5,duplicate=6,reorder=7,seed=8", &rates));
	assert_int_equal(rates.drop_percent, 5);
	assert_int_equal(rates.duplicate_percent, 6);
	assert_int_equal(rates.reorder_percent, 7);
	assert_int_equal(rates.seed, 8);
	assert_true(lossy_rates_parse("", &rates));
	assert_int_equal(rates.drop_percent, 0);
	assert_false(lossy_rates_parse("lose=5", &rates));
	assert_false(lossy_rates_parse("drop", &rates));
	assert_false(lossy_rates_parse("drop=", &rates));
	assert_false(lossy_rates_parse("drop=101", &rates));
	assert_false(lossy_rates_parse("drop=50,reorder=51", &rates));
	assert_false(lossy_rates_parse("drop=5;reorder=5", &rates));
}

static void a_clean_wire_passes_everything_in_order(void **state)
{
	struct scene *scene = scene_with("");
	uint32_t number[1000];

	(void)state;
	assert_int_equal(receive_all(scene, 1000, number), 1000);
	for (uint32_t i = 0; i < 1000; i++)
		assert_int_equal(number[i], i);
	send_all(scene, 1000);
	assert_int_equal(scene->port.sent_count, 1000);
	for (uint32_t i = 0; i < 1000; i++)
		assert_int_equal(scene->port.sent[i], i);
	scene_end(scene);
}

static void assert_near(uint64_t count, uint64_t of, uint32_t percent)
{
	assert_in_range(count * 1000 / of, percent * 10 - 10, percent * 10 + 10);
}

static uint32_t times_seen(const uint32_t *number, uint32_t count, uint32_t which)
{
	uint32_t seen = 0;

	for (uint32_t i = 0; i < count; i++)
		seen += number[i] == which;
	return seen;
}

static bool is_in_order(const uint32_t *number, uint32_t count)
{
	for (uint32_t i = 1; i < count; i++)
		if (number[i] < number[i - 1])
			return false;
	return true;
}

static void faults_on_the_way_in_are_counted_and_happen(void **state)
{
	struct scene *scene = scene_with("drop=5,duplicate=5,reorder=5,seed=3");
	const struct lossy_way *way = &scene->lossy.in;
	static uint32_t number[24000];
	uint32_t got = receive_all(scene, 20000, number);

	(void)state;
	assert_near(way->dropped, 20000, 5);
	assert_near(way->duplicated, 20000, 5);
	assert_near(way->delayed, 20000, 5);
	assert_int_equal(way->passed + way->delayed + way->dropped, 20000);
	assert_int_equal(got, 20000 - way->dropped + way->duplicated);
	assert_false(is_in_order(number, got));
	for (uint32_t i = 0; i < 200; i++)
		assert_in_range(times_seen(number, got, i), 0, 2);
	scene_end(scene);
}

static void faults_on_the_way_out_are_counted_and_happen(void **state)
{
	struct scene *scene = scene_with("drop=5,duplicate=5,reorder=5,seed=4");
	const struct lossy_way *way = &scene->lossy.out;

	(void)state;
	send_all(scene, 20000);
	assert_near(way->dropped, 20000, 5);
	assert_near(way->duplicated, 20000, 5);
	assert_near(way->delayed, 20000, 5);
	assert_int_equal(scene->port.sent_count, 20000 - way->dropped + way->duplicated);
	assert_false(is_in_order(scene->port.sent, scene->port.sent_count));
	scene_end(scene);
}

static void a_seed_repeats(void **state)
{
	struct scene *a = scene_with("drop=10,duplicate=10,reorder=10,seed=5");
	struct scene *b = scene_with("drop=10,duplicate=10,reorder=10,seed=5");

	(void)state;
	send_all(a, 2000);
	send_all(b, 2000);
	assert_int_equal(a->port.sent_count, b->port.sent_count);
	assert_memory_equal(a->port.sent, b->port.sent, a->port.sent_count * sizeof(a->port.sent[0]));
	scene_end(a);
	scene_end(b);
}

static void a_refused_packet_stays_the_callers(void **state)
{
	struct scene *scene = scene_with("duplicate=100");
	struct rte_mbuf *packet[3] = {numbered(&scene->port, 0), numbered(&scene->port, 1), numbered(&scene->port, 2)};

	(void)state;
	scene->port.refuse_after = 2;
	assert_int_equal(scene->io.send(scene->io.user, packet, 3), 2);
	assert_int_equal(scene->lossy.out.duplicated, 2);
	assert_int_equal(number_of(packet[2]), 2);
	scene->io.release(scene->io.user, &packet[2], 1);
	scene_end(scene);
}

static void a_duplicate_of_a_chain_is_the_same_bytes(void **state)
{
	struct scene *scene = scene_with("duplicate=100");
	struct rte_mbuf *packet = numbered(&scene->port, 0x01020304), *tail = numbered(&scene->port, 0);

	(void)state;
	packet->data_len = 1;
	memcpy(rte_pktmbuf_mtod(tail, void *), rte_pktmbuf_mtod_offset(packet, void *, 1), 3);
	tail->data_len = 3;
	packet->next = tail;
	packet->nb_segs = 2;
	assert_int_equal(scene->io.send(scene->io.user, &packet, 1), 1);
	scene->port.now_ns += LOSSY_DELAY_HIGH_US * 1000;
	scene->io.send(scene->io.user, NULL, 0);
	assert_int_equal(scene->port.sent_count, 2);
	assert_int_equal(scene->port.sent[0], 0x01020304);
	assert_int_equal(scene->port.sent[1], 0x01020304);
	scene_end(scene);
}

/* The sender left the sums to the port: a copy that did not ask for them would be a corrupt packet. */
static void a_duplicate_asks_the_port_for_the_same_sums(void **state)
{
	const uint64_t sums = RTE_MBUF_F_TX_TCP_CKSUM | RTE_MBUF_F_TX_IP_CKSUM | RTE_MBUF_F_TX_IPV4;
	struct scene *scene = scene_with("duplicate=100");
	struct rte_mbuf *packet = numbered(&scene->port, 0);
	const struct rte_mbuf *copy;

	(void)state;
	packet->ol_flags = sums | RTE_MBUF_F_EXTERNAL;
	packet->l2_len = 14;
	packet->l3_len = 20;
	packet->l4_len = 32;
	assert_int_equal(scene->io.send(scene->io.user, &packet, 1), 1);
	assert_int_equal(scene->lossy.out.held_count, 1);
	copy = scene->lossy.out.held[0].packet;
	assert_int_equal(copy->ol_flags, sums); /* its bytes are its own */
	assert_int_equal(copy->l2_len, 14);
	assert_int_equal(copy->l3_len, 20);
	assert_int_equal(copy->l4_len, 32);
	scene_end(scene);
}

static void waiting_ends_when_a_late_packet_is_due(void **state)
{
	struct scene *scene = scene_with("reorder=100");
	struct rte_mbuf *packet = numbered(&scene->port, 0);

	(void)state;
	scene->io.wait(scene->io.user, 1000000000);
	assert_int_equal(scene->port.waited_until_ns, 1000000000);
	scene->io.send(scene->io.user, &packet, 1);
	scene->io.wait(scene->io.user, 1000000000);
	assert_int_equal(scene->port.waited_until_ns, scene->lossy.out.held[0].due_ns);
	assert_in_range(scene->port.waited_until_ns, LOSSY_DELAY_LOW_US * 1000, LOSSY_DELAY_HIGH_US * 1000);
	scene_end(scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rates_are_read),
		cmocka_unit_test(a_clean_wire_passes_everything_in_order),
		cmocka_unit_test(faults_on_the_way_in_are_counted_and_happen),
		cmocka_unit_test(faults_on_the_way_out_are_counted_and_happen),
		cmocka_unit_test(a_seed_repeats),
		cmocka_unit_test(a_refused_packet_stays_the_callers),
		cmocka_unit_test(a_duplicate_of_a_chain_is_the_same_bytes),
		cmocka_unit_test(a_duplicate_asks_the_port_for_the_same_sums),
		cmocka_unit_test(waiting_ends_when_a_late_packet_is_due),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
