/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * LISTEN (RFC 9293 section 3.10.7.2): which listener is meant, and what each kind of segment to one does.
 */
#include "lib/core/listen.h"

#include <errno.h>

#include "tests/claims/claims.h"
#include "tests/core/scene.h"

static const struct sluice_address any_ipv4_80 = {.ip = {[10] = 0xff, 0xff}, .port = 80};
static const struct sluice_address any_80 = {.port = 80};

static uint8_t found(const struct scene *scene, bool ipv6, uint16_t port)
{
	struct tuple tuple = {.local = test_ip(ipv6, 1), .local_port = port};

	return listen_find(&scene->tcp->listeners, &tuple);
}

static void test_the_closest_wins(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct sluice_address exact = address_of(false, 1, 80);

	(void)state;
	assert_int_equal(found(scene, false, 80), LISTENER_NONE);
	assert_int_equal(listen_open(scene->tcp, &any_80, NULL), 0);
	assert_int_equal(found(scene, false, 80), 0);
	assert_int_equal(found(scene, true, 80), 0);
	assert_int_equal(found(scene, true, 81), LISTENER_NONE);
	assert_int_equal(listen_open(scene->tcp, &any_ipv4_80, NULL), 1);
	assert_int_equal(found(scene, false, 80), 1);
	assert_int_equal(found(scene, true, 80), 0);
	assert_int_equal(listen_open(scene->tcp, &exact, NULL), 2);
	assert_int_equal(found(scene, false, 80), 2);
	assert_int_equal(found(scene, true, 80), 0);
	listen_close(scene->tcp, 2);
	assert_int_equal(found(scene, false, 80), 1);
	scene_free(scene);
	scene = scene_new(NULL); /* whichever came first */
	assert_int_equal(listen_open(scene->tcp, &exact, NULL), 0);
	assert_int_equal(listen_open(scene->tcp, &any_ipv4_80, NULL), 1);
	assert_int_equal(listen_open(scene->tcp, &any_80, NULL), 2);
	assert_int_equal(found(scene, false, 80), 0);
	assert_int_equal(found(scene, true, 80), 2);
	listen_close(scene->tcp, 0);
	assert_int_equal(found(scene, false, 80), 1);
	scene_free(scene);
}

static void test_refused(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct sluice_address theirs = address_of(false, 2, 80), no_port = address_of(false, 1, 0);

	(void)state;
	assert_int_equal(listen_open(scene->tcp, &no_port, NULL), -EINVAL);
	assert_int_equal(listen_open(scene->tcp, &theirs, NULL), -EADDRNOTAVAIL);
	assert_int_equal(listen_open(scene->tcp, &any_80, NULL), 0);
	assert_int_equal(listen_open(scene->tcp, &any_80, NULL), -EADDRINUSE);
	scene_free(scene);
}

/* A window that no window can be: what a configuration may not say, an option may not. */
static void test_receive_bytes_are_checked(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct sluice_listen_options options = {.receive_bytes = 255};

	(void)state;
	assert_int_equal(listen_open(scene->tcp, &any_80, &options), -EINVAL);
	options.receive_bytes = (65535U << 10) + 1;
	assert_int_equal(listen_open(scene->tcp, &any_80, &options), -EINVAL);
	options.receive_bytes = 256;
	assert_int_equal(listen_open(scene->tcp, &any_80, &options), 0);
	scene_free(scene);
}

/* Numbers are places, used again. */
static void test_places(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct sluice_address address = any_80;

	(void)state;
	for (uint16_t i = 0; i < LISTENERS_MAX; i++) {
		address.port = (uint16_t)(i + 1);
		assert_int_equal(listen_open(scene->tcp, &address, NULL), i);
	}
	address.port = 1000;
	assert_int_equal(listen_open(scene->tcp, &address, NULL), -ENOBUFS);
	listen_close(scene->tcp, 7);
	listen_close(scene->tcp, 7); /* twice, or none of ours: nothing */
	listen_close(scene->tcp, LISTENERS_MAX);
	listen_close(scene->tcp, UINT16_MAX);
	assert_int_equal(listen_open(scene->tcp, &address, NULL), 7);
	for (uint16_t i = 0; i < LISTENERS_MAX; i++)
		listen_close(scene->tcp, i);
	assert_int_equal(scene->tcp->listeners.count, 0);
	scene_free(scene);
}

static void test_rst_is_ignored_first_step(void **state)
{
	struct scene *scene = scene_new(NULL);

	(void)state;
	listens(scene);
	arrives(scene, (struct segment){.flags = TCP_RST});
	arrives(scene, (struct segment){.flags = TCP_RST | TCP_SYN});
	arrives(scene, (struct segment){.flags = TCP_RST | TCP_ACK, .ack = 7});
	expect_nothing(scene);
	assert_int_equal(counted(scene, drop_tcp_listen_flags), 3);
	scene_free(scene);
}

/* "Any acknowledgment is bad if it arrives on a connection still in the LISTEN state": <SEQ=SEG.ACK><CTL=RST>. */
static void test_ack_is_reset_second_step(void **state)
{
	struct scene *scene = scene_new(NULL);

	(void)state;
	listens(scene);
	arrives(scene, (struct segment){.seq = 5, .ack = 77, .flags = TCP_ACK});
	expect(scene, {.seq = 77, .flags = TCP_RST});
	arrives(scene, (struct segment){.seq = 5, .ack = 78, .flags = TCP_SYN | TCP_ACK});
	expect(scene, {.seq = 78, .flags = TCP_RST});
	arrives(scene, (struct segment){.seq = 5, .ack = 79, .flags = TCP_FIN | TCP_ACK, .text = "text"});
	expect(scene, {.seq = 79, .flags = TCP_RST});
	expect_nothing(scene);
	assert_int_equal(counted(scene, drop_tcp_no_connection), 3);
	assert_int_equal(counted(scene, syns_received), 0);
	scene_free(scene);
}

static void test_neither_syn_nor_ack_fourth_step(void **state)
{
	struct scene *scene = scene_new(NULL);

	(void)state;
	listens(scene);
	arrives(scene, (struct segment){.seq = 1, .text = "text"});
	arrives(scene, (struct segment){.seq = 1, .flags = TCP_FIN});
	arrives(scene, (struct segment){.seq = 1, .flags = TCP_FIN | TCP_SYN});
	expect_nothing(scene);
	assert_int_equal(counted(scene, drop_tcp_listen_flags), 3);
	assert_int_equal(half_open_count(&scene->tcp->half_open), 0);
	scene_free(scene);
}

static void test_syn_opens_third_step(void **state)
{
	(void)state;
	for (uint32_t family = 0; family < 2; family++) {
		struct scene *scene = scene_new(NULL);

		scene->side.ipv6 = family;
		listens(scene);
		arrives(scene, (struct segment){.flags = TCP_SYN, .mss = 1400});
		expect(scene, {.flags = TCP_SYN | TCP_ACK, .ack = 1, .mss = family ? 1440 : 1460, .window = 32768});
		expect_nothing(scene);
		hears_nothing(scene);
		assert_int_equal(counted(scene, syns_received), 1);
		assert_int_equal(half_open_count(&scene->tcp->half_open), 1);
		scene_free(scene);
	}
}

/* What the options of a listener say holds for what it opens; the configuration for the others. */
static void test_options(void **state)
{
	struct sluice_config config = scene_config();
	const struct sluice_listen_options options = {.receive_bytes = 5000, .delay = true};
	struct tcp_conn *conn;
	struct scene *scene;

	(void)state;
	config.nodelay = true;
	scene = scene_new(&config);
	assert_int_equal(listen_open(scene->tcp, &any_80, &options), 0);
	arrives(scene, (struct segment){.flags = TCP_SYN, .mss = 1400});
	expect(scene, {.flags = TCP_SYN | TCP_ACK, .ack = 1, .mss = 1460, .window = 5000});
	arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK});
	conn = opens(scene, 0);
	assert_int_equal(conn->rcv_buffer_bytes, 5000);
	assert_false(conn->flags & CONN_NODELAY);
	scene_free(scene);
}

/* It asks for segments no larger than the user wants, and sends none; so does a connection of ours. */
static void test_smaller_segments(void **state)
{
	const struct sluice_listen_options options = {.mss_bytes = 1100}, too_few = {.mss_bytes = MSS_FLOOR_BYTES - 1};
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn;

	(void)state;
	assert_int_equal(listen_open(scene->tcp, &any_80, &too_few), -EINVAL);
	assert_int_equal(listen_open(scene->tcp, &any_80, &options), 0);
	arrives(scene, (struct segment){.flags = TCP_SYN, .mss = 1400});
	expect(scene, {.flags = TCP_SYN | TCP_ACK, .ack = 1, .mss = 1100, .window = 32768});
	arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK});
	conn = opens(scene, 0);
	sends_bytes(scene, conn, 1200, 0);
	expect(scene, {.seq = 1, .ack = 1, .flags = TCP_ACK, .bytes = 1100});
	expect(scene, {.seq = 1101, .ack = 1, .flags = TCP_ACK, .bytes = 100});
	scene_free(scene);
}

/* Closing it drops what is half open, silently; what is open lives on. */
static void test_close(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = established(scene);
	struct side first = scene->side;

	(void)state;
	speaks(scene, (struct side){.last = 2, .port = 4001, .our_port = 80});
	scene->knows_our_iss = false;
	arrives(scene, (struct segment){.flags = TCP_SYN});
	expect(scene, {.flags = TCP_SYN | TCP_ACK, .ack = 1, .mss = 1460});
	listen_close(scene->tcp, 0);
	turn(scene);
	expect_nothing(scene);
	assert_int_equal(half_open_count(&scene->tcp->half_open), 0);
	arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK});
	expect(scene, {.seq = 1, .flags = TCP_RST});
	speaks(scene, first);
	arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK, .text = "hello"});
	hears(scene, SLUICE_READABLE);
	reads(scene, conn, "hello");
	scene_free(scene);
}

static void syn_from(struct scene *scene, uint16_t port)
{
	speaks(scene, (struct side){.last = 2, .port = port, .our_port = 80});
	scene->knows_our_iss = false;
	arrives(scene, (struct segment){.flags = TCP_SYN});
}

/* With a crowd pending, so many are dropped at once.  The others open nothing and repeat nothing: each goes when it is touched or due,
 * and the listener's number with the last. */
static void test_close_on_a_crowd(void **state)
{
	const uint32_t crowd = HALF_OPEN_DROPPED_MAX + 100;
	struct sluice_config config = scene_config();
	struct sluice_address again = {.port = 80}, other = {.port = 81};
	struct scene *scene;

	(void)state;
	config.half_open = crowd;
	config.cookies = SLUICE_COOKIES_NEVER;
	scene = scene_new(&config);
	assert_int_equal(listens(scene), 0);
	for (uint32_t i = 0; i < crowd; i++)
		syn_from(scene, (uint16_t)(5000 + i));
	assert_int_equal(half_open_count(&scene->tcp->half_open), crowd);
	forget_sent(scene);
	listen_close(scene->tcp, 0);
	listen_close(scene->tcp, 0); /* nothing more */
	assert_int_equal(half_open_count(&scene->tcp->half_open), 100);
	speaks(scene, (struct side){.last = 2, .port = (uint16_t)(5000 + crowd - 1), .our_port = 80});
	arrives(scene, (struct segment){.seq = 1, .ack = 77, .flags = TCP_ACK}); /* touched: as to nobody */
	expect(scene, {.seq = 77, .flags = TCP_RST});
	assert_int_equal(half_open_count(&scene->tcp->half_open), 99);
	assert_int_equal(listen_open(scene->tcp, &again, NULL), 1);
	syn_from(scene, (uint16_t)(5000 + crowd - 2)); /* to the new listener, whatever was pending at the old one */
	expect(scene, {.flags = TCP_SYN | TCP_ACK, .ack = 1, .mss = 1460});
	assert_int_equal(half_open_count(&scene->tcp->half_open), 99);
	passes_ms(scene, 1100);
	expect(scene, {.flags = TCP_SYN | TCP_ACK, .ack = 1, .mss = 1460}); /* the only one repeated */
	expect_nothing(scene);
	assert_int_equal(half_open_count(&scene->tcp->half_open), 1);
	assert_int_equal(counted(scene, half_open_expired), 0);
	assert_int_equal(listen_open(scene->tcp, &other, NULL), 0);
	scene_free(scene);
}

/* MUST-41, 42: a connection that opens, and one that is open, from the port and over the address that is then listened on. */
CLAIMS(MUST_41, MUST_42)
static void test_listening_disturbs_nobody(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *opening = syn_sent(scene), *open;
	const struct side first = scene->side;

	(void)state;
	speaks(scene, (struct side){.last = 2, .port = 4001, .our_port = 80, .iss = PEER_ISS});
	scene->knows_our_iss = false;
	open = established(scene);
	forget_events(scene);
	for (uint32_t i = 0; i < 2; i++) {
		struct sluice_address address = address_of(false, 1, i ? 80 : first.our_port);

		assert_true(listen_open(scene->tcp, &address, NULL) >= 0);
	}
	arrives(scene, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK, .text = "still here"});
	hears(scene, SLUICE_READABLE);
	reads(scene, open, "still here");
	speaks(scene, first);
	forget_sent(scene);
	arrives(scene, (struct segment){.ack = 1, .flags = TCP_SYN | TCP_ACK, .mss = 1000});
	hears(scene, SLUICE_OPENED);
	assert_int_equal(opening->state, SLUICE_STATE_ESTABLISHED);
	speaks(scene, (struct side){.last = 2, .port = 4002, .our_port = first.our_port, .iss = PEER_ISS});
	scene->knows_our_iss = false;
	forget_sent(scene);
	arrives(scene, (struct segment){.flags = TCP_SYN, .mss = 1000});
	expect(scene, {.ack = 1, .flags = TCP_SYN | TCP_ACK, .mss = 1460});
	scene_free(scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_closest_wins),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_receive_bytes_are_checked),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_rst_is_ignored_first_step),
		cmocka_unit_test(test_ack_is_reset_second_step),
		cmocka_unit_test(test_neither_syn_nor_ack_fourth_step),
		cmocka_unit_test(test_syn_opens_third_step),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_smaller_segments),
		cmocka_unit_test(test_close),
		cmocka_unit_test(test_close_on_a_crowd),
		cmocka_unit_test(test_listening_disturbs_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
