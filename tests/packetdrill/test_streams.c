/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets through the adapter: handshakes, data both ways, retransmission, the end, in both families, and packets as large
 * as a NIC merges them.  Every test asks the RFC's question, not the adapter's.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/packetdrill/driver.h"

static const char plain[] = "ts=0,sack=0,wscale=0";

static struct driver *fresh(void **state, bool ipv6)
{
	(void)state;
	return driver_new(plain, ipv6);
}

static void close_fd(struct driver *driver, int fd)
{
	assert_int_equal(driver->call.close(driver->call.userdata, fd), 0);
}

static void says(struct driver *driver, uint8_t flags, uint32_t seq, uint32_t ack, uint32_t bytes)
{
	driver_inject(driver, (struct says){.flags = flags, .seq = seq, .ack = ack, .bytes = bytes});
}

static void answers_and_closes(struct driver *driver)
{
	int fd = driver_established(driver);

	says(driver, SEG_ACK, 1, 1, 500);
	driver_expect(driver, SEG_ACK, 1, 501, 0);
	driver_reads(driver, fd, 0, 500);
	assert_int_equal(driver_writes(driver, fd, 0, 2500), 2500);
	driver_expect(driver, SEG_ACK, 1, 501, 1000);
	driver_expect(driver, SEG_ACK, 1001, 501, 1000);
	says(driver, SEG_ACK, 501, 2001, 0);
	driver_expect(driver, SEG_ACK, 2001, 501, 500);
	says(driver, SEG_ACK, 501, 2501, 0);
	close_fd(driver, fd);
	driver_expect(driver, SEG_FIN | SEG_ACK, 2501, 501, 0);
	says(driver, SEG_FIN | SEG_ACK, 501, 2502, 0);
	driver_expect(driver, SEG_ACK, 2502, 502, 0);
	assert_int_equal(driver_take(driver), -1); /* TIME-WAIT passes in silence */
	driver_free(driver);
}

static void test_a_whole_connection(void **state)
{
	answers_and_closes(fresh(state, false));
}

static void test_a_whole_connection_ipv6(void **state)
{
	answers_and_closes(fresh(state, true));
}

/* The options of a SYN-ACK are those the flags say, and a SYN asked for (RFC 7323, 2018). */
static void test_options_follow_the_flags(void **state)
{
	static const uint8_t options[] = {2, 4, 5, 180, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3, 7};
	struct driver *driver = driver_new("mtu=1400,wscale=5,rcvbuf=100000", false);
	int listener = driver_listens(driver);

	(void)state;
	driver_inject(driver, (struct says){.flags = SEG_SYN, .options = options, .option_bytes = sizeof(options)});
	driver_expect(driver, SEG_SYN | SEG_ACK, 0, 1, 0);
	assert_true(driver->seg.has_mss && driver->seg.has_shift && driver->seg.has_sack_permitted);
	assert_true(driver->seg.has_timestamps);
	assert_int_equal(driver->seg.mss, 1360);
	assert_int_equal(driver->seg.shift, 5);
	assert_int_equal(driver->seg.tsecr, 1);
	close_fd(driver, listener);
	driver_free(driver);
	driver = fresh(state, false);
	listener = driver_listens(driver);
	driver_inject(driver, (struct says){.flags = SEG_SYN, .options = options, .option_bytes = sizeof(options)});
	driver_expect(driver, SEG_SYN | SEG_ACK, 0, 1, 0);
	assert_false(driver->seg.has_sack_permitted || driver->seg.has_timestamps);
	assert_int_equal(driver->seg.mss, 1460);
	close_fd(driver, listener);
	driver_free(driver);
}

static void test_active_open(void **state)
{
	struct driver *driver = fresh(state, false);
	int fd = driver_connects(driver), error = -1;
	socklen_t bytes = sizeof(error);

	says(driver, SEG_SYN | SEG_ACK, 0, 1, 0);
	driver_expect(driver, SEG_ACK, 1, 1, 0);
	assert_int_equal(driver->call.getsockopt(driver->call.userdata, fd, SOL_SOCKET, SO_ERROR, &error, &bytes), 0);
	assert_int_equal(error, 0);
	assert_int_equal(driver_writes(driver, fd, 0, 10), 10);
	driver_expect(driver, SEG_ACK, 1, 1, 10);
	close_fd(driver, fd);
	driver_free(driver);
}

static void test_active_open_refused(void **state)
{
	struct driver *driver = fresh(state, true);
	int fd = driver_connects(driver), error = 0;
	socklen_t bytes = sizeof(error);

	says(driver, SEG_RST | SEG_ACK, 0, 1, 0);
	assert_int_equal(driver->call.getsockopt(driver->call.userdata, fd, SOL_SOCKET, SO_ERROR, &error, &bytes), 0);
	assert_int_equal(error, ECONNREFUSED);
	close_fd(driver, fd);
	driver_free(driver);
}

/* RFC 6298: what is not acknowledged comes again, each time after twice the wait; netdev_receive makes the time pass. */
static void test_retransmission(void **state)
{
	struct driver *driver = driver_new("ts=0,sack=0,rto_initial_ms=800", false);
	int fd = driver_established(driver);
	long long before_us, at_us, wait_us = 0;

	(void)state;
	assert_int_equal(driver_writes(driver, fd, 0, 100), 100);
	before_us = driver_expect(driver, SEG_ACK, 1, 1, 100);
	for (uint32_t i = 0; i < 4; i++) {
		at_us = driver_expect(driver, SEG_ACK, 1, 1, 100);
		if (i == 0)
			assert_in_range(at_us - before_us, 200000, 800250);
		else
			assert_in_range(at_us - before_us, 2 * wait_us - 500, 2 * wait_us + 500);
		wait_us = at_us - before_us;
		before_us = at_us;
	}
	assert_in_range(driver_now_us(driver), at_us, at_us + 10);
	says(driver, SEG_ACK, 1, 101, 0);
	close_fd(driver, fd);
	driver_free(driver);
}

/* A packet of 40,000 bytes is cut at the MTU within one burst: one ACK for it all, and its FIN comes last. */
static void merged(struct driver *driver)
{
	int fd = driver_established(driver);

	says(driver, SEG_FIN | SEG_ACK, 1, 1, 30000);
	driver_expect(driver, SEG_ACK, 1, 30002, 0);
	driver_reads(driver, fd, 0, 30000);
	driver_reads(driver, fd, 30000, 0);
	close_fd(driver, fd);
	driver_expect(driver, SEG_FIN | SEG_ACK, 1, 30002, 0);
	driver_free(driver);
}

static void test_merged_segments(void **state)
{
	merged(fresh(state, false));
}

static void test_merged_segments_ipv6(void **state)
{
	merged(fresh(state, true));
}

/* RFC 5961 section 3.2: an RST elsewhere in the window is challenged; the exact one ends it. */
static void test_reset(void **state)
{
	struct driver *driver = fresh(state, false);
	int fd = driver_established(driver);
	char byte;

	says(driver, SEG_RST, 100, 0, 0);
	driver_expect(driver, SEG_ACK, 1, 1, 0);
	says(driver, SEG_RST, 1, 0, 0);
	errno = 0;
	assert_int_equal(driver->call.read(driver->call.userdata, fd, &byte, 1), -1);
	assert_int_equal(errno, ECONNRESET);
	assert_int_equal(driver->call.read(driver->call.userdata, fd, &byte, 1), 0); /* told once */
	close_fd(driver, fd);
	driver_free(driver);
}

/* SHLD-3: who closes with bytes unread resets; so does SO_LINGER of no time, whatever was read. */
static void test_close_that_resets(void **state)
{
	const struct linger linger = {.l_onoff = 1, .l_linger = 0};
	struct driver *driver = fresh(state, false);
	int fd = driver_established(driver);

	says(driver, SEG_ACK, 1, 1, 10);
	driver_expect(driver, SEG_ACK, 1, 11, 0);
	close_fd(driver, fd);
	driver_take(driver);
	assert_int_equal(driver->seg.flags & SEG_RST, SEG_RST);
	driver_free(driver);
	driver = fresh(state, false);
	fd = driver_established(driver);
	assert_int_equal(
		driver->call.setsockopt(driver->call.userdata, fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)), 0);
	close_fd(driver, fd);
	driver_take(driver);
	assert_int_equal(driver->seg.flags & SEG_RST, SEG_RST);
	driver_free(driver);
}

/* Half a close: we send no more, and still hear; reading after the peer's FIN is the end of the file. */
static void test_half_close(void **state)
{
	struct driver *driver = fresh(state, false);
	int fd = driver_established(driver);
	void *user = driver->call.userdata;

	assert_int_equal(driver->call.shutdown(user, fd, SHUT_WR), 0);
	driver_expect(driver, SEG_FIN | SEG_ACK, 1, 1, 0);
	says(driver, SEG_ACK, 1, 2, 700);
	driver_expect(driver, SEG_ACK, 2, 701, 0);
	driver_reads(driver, fd, 0, 700);
	errno = 0;
	assert_int_equal(driver_writes(driver, fd, 0, 1), -1);
	assert_int_equal(errno, EPIPE);
	says(driver, SEG_FIN | SEG_ACK, 701, 2, 0);
	driver_expect(driver, SEG_ACK, 2, 702, 0);
	driver_reads(driver, fd, 700, 0);
	close_fd(driver, fd);
	driver_free(driver);
}

/* Those nobody accepted are reset with their listener, and nobody listens any more. */
static void test_close_of_a_listener(void **state)
{
	struct driver *driver = fresh(state, false);
	int listener = driver_listens(driver);

	says(driver, SEG_SYN, 0, 0, 0);
	driver_expect(driver, SEG_SYN | SEG_ACK, 0, 1, 0);
	says(driver, SEG_ACK, 1, 1, 0);
	close_fd(driver, listener);
	driver_take(driver);
	assert_int_equal(driver->seg.flags & SEG_RST, SEG_RST);
	driver->peer.port++;
	says(driver, SEG_SYN, 0, 0, 0);
	driver_take(driver);
	assert_int_equal(driver->seg.flags, SEG_RST | SEG_ACK);
	driver_free(driver);
}

/* What the flags do not name as ours is nobody's here: no answer. */
static void test_other_hosts_are_not_ours(void **state)
{
	struct driver *driver = fresh(state, false);
	int listener = driver_listens(driver);

	driver->ours.ip[15]++;
	says(driver, SEG_SYN, 0, 0, 0);
	assert_int_equal(driver_take(driver), -1);
	close_fd(driver, listener);
	driver_free(driver);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_whole_connection),
		cmocka_unit_test(test_a_whole_connection_ipv6),
		cmocka_unit_test(test_options_follow_the_flags),
		cmocka_unit_test(test_active_open),
		cmocka_unit_test(test_active_open_refused),
		cmocka_unit_test(test_retransmission),
		cmocka_unit_test(test_merged_segments),
		cmocka_unit_test(test_merged_segments_ipv6),
		cmocka_unit_test(test_reset),
		cmocka_unit_test(test_close_that_resets),
		cmocka_unit_test(test_half_close),
		cmocka_unit_test(test_close_of_a_listener),
		cmocka_unit_test(test_other_hosts_are_not_ours),
	};

	driver_object = argc > 1 ? argv[1] : "";
	return cmocka_run_group_tests(tests, NULL, NULL);
}
