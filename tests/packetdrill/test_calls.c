/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The calls of the interface: none is missing, those that are not offered say so, time goes as a runner counts on, calls block
 * and wake at the right moment, and Linux's words for errors, readiness and options.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "tests/packetdrill/driver.h"

static const char plain[] = "ts=0,sack=0,wscale=0";

static void close_fd(struct driver *driver, int fd)
{
	assert_int_equal(driver->call.close(driver->call.userdata, fd), 0);
}

static void says(struct driver *driver, uint8_t flags, uint32_t seq, uint32_t ack, uint32_t bytes)
{
	driver_inject(driver, (struct says){.flags = flags, .seq = seq, .ack = ack, .bytes = bytes});
}

#define FAILS_WITH(expected, call)                 \
	do {                                       \
		errno = 0;                         \
		assert_int_equal((call), -1);      \
		assert_int_equal(errno, expected); \
	} while (0)

static void test_no_member_is_missing(void **state)
{
	struct driver *driver = driver_new(plain, false);
	void *const *member = (void *const *)(const void *)&driver->call;
	int fds[2];

	(void)state;
	for (size_t i = 0; i < sizeof(driver->call) / sizeof(void *); i++)
		assert_non_null(member[i]);
	FAILS_WITH(ENOSYS, driver->call.pipe(driver->call.userdata, fds));
	FAILS_WITH(ENOSYS, (int)driver->call.splice(driver->call.userdata, 0, NULL, 1, NULL, 1, 0));
	driver_free(driver);
}

/* Reading the clock takes a microsecond, sleeping as long as it says, and nothing else takes any time. */
static void test_time(void **state)
{
	struct driver *driver = driver_new(plain, false);
	long long before_us = driver_now_us(driver);
	int fd;

	(void)state;
	assert_int_equal(driver_now_us(driver), before_us + 1);
	assert_int_equal(driver->call.usleep(driver->call.userdata, 12345), 0);
	assert_int_equal(driver_now_us(driver), before_us + 12347);
	fd = driver_established(driver);
	assert_int_equal(driver_now_us(driver), before_us + 12348);
	close_fd(driver, fd);
	driver_free(driver);
}

/* What is due while a runner sleeps happens at its own time, and packets say when they left. */
static void test_packets_are_stamped(void **state)
{
	struct driver *driver = driver_new("ts=0,sack=0,rto_initial_ms=500", false);
	int fd = driver_established(driver);
	long long sent_us, again_us;

	(void)state;
	assert_int_equal(driver_writes(driver, fd, 0, 10), 10);
	assert_int_equal(driver->call.usleep(driver->call.userdata, 3000000), 0);
	sent_us = driver_expect(driver, SEG_ACK, 1, 1, 10);
	again_us = driver_expect(driver, SEG_ACK, 1, 1, 10);
	assert_in_range(again_us - sent_us, 200000, 500250);
	assert_true(driver_now_us(driver) >= sent_us + 3000000);
	close_fd(driver, fd);
	driver_free(driver);
}

/* ---- Calls that block ---------------------------------------------------------------------------------- */

static long later_read(struct later *later)
{
	return later->driver->call.read(later->driver->call.userdata, later->fd, later->data, later->bytes);
}

static long later_write(struct later *later)
{
	return later->driver->call.write(later->driver->call.userdata, later->fd, later->data, later->bytes);
}

static long later_accept(struct later *later)
{
	return later->driver->call.accept(later->driver->call.userdata, later->fd, NULL, NULL);
}

static long later_poll(struct later *later)
{
	return later->driver->call.poll(later->driver->call.userdata, later->data, 1, 250);
}

/* It sleeps until there is something, and returns at that moment of virtual time. */
static void test_blocking_read(void **state)
{
	struct driver *driver = driver_new(plain, false);
	char data[1000];
	struct later later = {.driver = driver, .call = later_read, .data = data, .bytes = sizeof(data)};
	long long now_us;

	(void)state;
	later.fd = driver_established(driver);
	driver_later(&later);
	assert_false(later.is_over);
	driver->call.usleep(driver->call.userdata, 100000);
	assert_false(later.is_over);
	now_us = driver_now_us(driver);
	says(driver, SEG_ACK, 1, 1, 600);
	driver_join(&later);
	assert_int_equal(later.result, 600);
	assert_int_equal(later.returned_us, now_us);
	for (uint32_t i = 0; i < 600; i++)
		assert_int_equal((uint8_t)data[i], driver_byte(i));
	close_fd(driver, later.fd);
	driver_free(driver);
}

static void test_blocking_accept(void **state)
{
	struct driver *driver = driver_new(plain, true);
	struct later later = {.driver = driver, .call = later_accept};

	(void)state;
	later.fd = driver_listens(driver);
	driver_later(&later);
	says(driver, SEG_SYN, 0, 0, 0);
	driver_expect(driver, SEG_SYN | SEG_ACK, 0, 1, 0);
	assert_false(later.is_over);
	says(driver, SEG_ACK, 1, 1, 0);
	driver_join(&later);
	assert_true(later.result >= 0);
	close_fd(driver, (int)later.result);
	close_fd(driver, later.fd);
	driver_free(driver);
}

/* A write larger than the queue goes on as it is acknowledged, and returns with all of it. */
static void test_blocking_write(void **state)
{
	struct driver *driver = driver_new("ts=0,sack=0,sndbuf=4096,iw=100", false);
	char *data = malloc(10000);
	struct later later = {.driver = driver, .call = later_write, .data = data, .bytes = 10000};

	(void)state;
	assert_non_null(data);
	for (uint32_t i = 0; i < 10000; i++)
		data[i] = (char)driver_byte(i);
	later.fd = driver_established(driver);
	driver_later(&later);
	assert_false(later.is_over);
	for (uint32_t at = 1; at < 10001;) {
		driver_take(driver);
		assert_int_equal(driver->seg.seq - driver->our_iss, at);
		for (uint32_t i = 0; i < driver->seg.text_bytes; i++)
			assert_int_equal(driver->seg.text[i], driver_byte(at - 1 + i));
		at += driver->seg.text_bytes;
		assert_int_equal(later.is_over, at - 1 > 10000 - 4096 + 1000 ? later.is_over : false);
		says(driver, SEG_ACK, 1, at, 0);
	}
	driver_join(&later);
	assert_int_equal(later.result, 10000);
	close_fd(driver, later.fd);
	free(data);
	driver_free(driver);
}

/* poll() that finds nothing gives up when it said it would. */
static void test_blocking_poll(void **state)
{
	struct driver *driver = driver_new(plain, false);
	struct pollfd fds = {.events = POLLIN};
	struct later later = {.driver = driver, .call = later_poll, .data = &fds};
	long long began_us;

	(void)state;
	fds.fd = driver_established(driver);
	began_us = driver_now_us(driver);
	driver_later(&later);
	driver->call.usleep(driver->call.userdata, 249999);
	assert_false(later.is_over);
	driver->call.usleep(driver->call.userdata, 10000);
	driver_join(&later);
	assert_int_equal(later.result, 0);
	assert_int_equal(later.returned_us, began_us + 250000);
	close_fd(driver, fds.fd);
	driver_free(driver);
}

/* The thread that makes time pass cannot wait for another to: it makes it pass. */
static void test_blocking_on_the_clock_s_thread(void **state)
{
	struct driver *driver = driver_new(plain, false);
	struct pollfd fds = {.events = POLLIN};
	long long began_us;

	(void)state;
	fds.fd = driver_established(driver);
	began_us = driver_now_us(driver);
	assert_int_equal(driver->call.poll(driver->call.userdata, &fds, 1, 70), 0);
	assert_int_equal(driver_now_us(driver), began_us + 70001);
	close_fd(driver, fds.fd);
	driver_free(driver);
}

/* ---- Readiness ----------------------------------------------------------------------------------------- */

static short polled(struct driver *driver, int fd)
{
	struct pollfd fds = {.fd = fd, .events = POLLIN | POLLOUT | POLLRDHUP};

	driver->call.poll(driver->call.userdata, &fds, 1, 0);
	return fds.revents;
}

static void test_poll(void **state)
{
	struct driver *driver = driver_new("ts=0,sack=0,sndbuf=4096", false);
	int listener = driver_listens(driver), fd;

	(void)state;
	assert_int_equal(polled(driver, listener), 0);
	fd = driver_accepts(driver, listener);
	assert_int_equal(polled(driver, fd), POLLOUT);
	says(driver, SEG_ACK, 1, 1, 5);
	assert_int_equal(polled(driver, fd), POLLIN | POLLOUT);
	driver_reads(driver, fd, 0, 5);
	assert_int_equal(fcntl(fd, F_GETFD) >= 0, true); /* a descriptor of the kernel's, as the runner closes them */
	assert_int_equal(driver->call.fcntl(driver->call.userdata, fd, F_SETFL, O_RDWR | O_NONBLOCK), 0);
	assert_int_equal(driver_writes(driver, fd, 0, 9000), 4096);
	assert_int_equal(polled(driver, fd), 0);
	FAILS_WITH(EAGAIN, (int)driver_writes(driver, fd, 0, 1));
	says(driver, SEG_ACK, 6, 3001, 0);
	assert_int_equal(polled(driver, fd), POLLOUT);
	says(driver, SEG_FIN | SEG_ACK, 6, 3001, 0);
	assert_int_equal(polled(driver, fd), POLLIN | POLLOUT | POLLRDHUP);
	assert_int_equal(polled(driver, 999), POLLNVAL);
	close_fd(driver, fd);
	close_fd(driver, listener);
	driver_free(driver);
}

static uint32_t waited(struct driver *driver, int epoll, int fd)
{
	struct epoll_event event = {0};
	int count = driver->call.epoll_wait(driver->call.userdata, epoll, &event, 1, 0);

	assert_in_range(count, 0, 1);
	if (count)
		assert_int_equal(event.data.fd, fd);
	return count ? event.events : 0;
}

/* A level is told as long as it holds, an edge once for each arrival. */
static void test_epoll(void **state)
{
	struct driver *driver = driver_new(plain, false);
	int fd = driver_established(driver), epoll = driver->call.epoll_create(driver->call.userdata, 1);
	struct epoll_event event = {.events = EPOLLIN, .data = {.fd = fd}};
	void *user = driver->call.userdata;

	(void)state;
	assert_true(epoll >= 0);
	assert_int_equal(driver->call.epoll_ctl(user, epoll, EPOLL_CTL_ADD, fd, &event), 0);
	FAILS_WITH(EEXIST, driver->call.epoll_ctl(user, epoll, EPOLL_CTL_ADD, fd, &event));
	assert_int_equal(waited(driver, epoll, fd), 0);
	says(driver, SEG_ACK, 1, 1, 100);
	assert_int_equal(waited(driver, epoll, fd), EPOLLIN);
	assert_int_equal(waited(driver, epoll, fd), EPOLLIN);
	event.events = EPOLLIN | EPOLLET;
	assert_int_equal(driver->call.epoll_ctl(user, epoll, EPOLL_CTL_MOD, fd, &event), 0);
	assert_int_equal(waited(driver, epoll, fd), EPOLLIN);
	assert_int_equal(waited(driver, epoll, fd), 0);
	says(driver, SEG_ACK, 101, 1, 100);
	assert_int_equal(waited(driver, epoll, fd), EPOLLIN);
	event.events = EPOLLIN | EPOLLONESHOT;
	assert_int_equal(driver->call.epoll_ctl(user, epoll, EPOLL_CTL_MOD, fd, &event), 0);
	assert_int_equal(waited(driver, epoll, fd), EPOLLIN);
	assert_int_equal(waited(driver, epoll, fd), 0);
	assert_int_equal(driver->call.epoll_ctl(user, epoll, EPOLL_CTL_DEL, fd, NULL), 0);
	FAILS_WITH(ENOENT, driver->call.epoll_ctl(user, epoll, EPOLL_CTL_DEL, fd, NULL));
	close_fd(driver, epoll);
	close_fd(driver, fd);
	driver_free(driver);
}

/* ---- The forms of read and write ----------------------------------------------------------------------- */

static void test_forms_of_reading(void **state)
{
	struct driver *driver = driver_new(plain, false);
	int fd = driver_established(driver), inq = 1;
	char one[10], two[10], control[CMSG_SPACE(sizeof(int))];
	struct iovec iov[2] = {{one, 10}, {two, 10}};
	struct cmsghdr header;
	struct msghdr message = {
		.msg_iov = iov, .msg_iovlen = 2, .msg_control = control, .msg_controllen = sizeof(control)};
	void *user = driver->call.userdata;

	(void)state;
	says(driver, SEG_ACK, 1, 1, 100);
	assert_int_equal(driver->call.recv(user, fd, one, 10, MSG_PEEK), 10);
	assert_int_equal((uint8_t)one[9], driver_byte(9));
	assert_int_equal(driver->call.readv(user, fd, iov, 2), 20);
	assert_int_equal((uint8_t)two[9], driver_byte(19));
	FAILS_WITH(EFAULT, (int)driver->call.read(user, fd, NULL, 5));
	assert_int_equal(driver->call.setsockopt(user, fd, IPPROTO_TCP, TCP_INQ, &inq, sizeof(inq)), 0);
	assert_int_equal(driver->call.recvmsg(user, fd, &message, 0), 20);
	memcpy(&header, control, sizeof(header));
	assert_int_equal(header.cmsg_type, TCP_CM_INQ);
	memcpy(&inq, control + CMSG_LEN(0), sizeof(inq));
	assert_int_equal(inq, 60);
	assert_int_equal(driver->call.ioctl(user, fd, SIOCINQ, &inq), 0);
	assert_int_equal(inq, 60);
	assert_int_equal(driver->call.recvfrom(user, fd, one, 10, MSG_WAITALL, NULL, NULL), 10);
	assert_int_equal((uint8_t)one[0], driver_byte(40));
	driver_reads(driver, fd, 50, 50);
	FAILS_WITH(EAGAIN, (int)driver->call.recv(user, fd, one, 10, MSG_DONTWAIT));
	close_fd(driver, fd);
	driver_free(driver);
}

static void test_forms_of_writing(void **state)
{
	struct driver *driver = driver_new(plain, false);
	int fd = driver_established(driver), on = 1, off = 0, queued = 0;
	char text[30];
	struct iovec iov[2] = {{text, 10}, {text + 10, 5}};
	struct msghdr message = {.msg_iov = iov, .msg_iovlen = 2};
	void *user = driver->call.userdata;

	(void)state;
	for (uint32_t i = 0; i < sizeof(text); i++)
		text[i] = (char)driver_byte(i);
	assert_int_equal(driver->call.setsockopt(user, fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)), 0);
	assert_int_equal(driver->call.writev(user, fd, iov, 2), 15);
	driver_expect(driver, SEG_ACK, 1, 1, 15);
	assert_int_equal(driver->call.send(user, fd, text + 15, 5, MSG_MORE), 5);
	iov[0].iov_base = text + 20;
	iov[0].iov_len = 0;
	iov[1].iov_base = text + 20;
	assert_int_equal(driver->call.sendmsg(user, fd, &message, 0), 5);
	driver_expect(driver, SEG_ACK, 16, 1, 10);
	assert_int_equal(driver->call.ioctl(user, fd, SIOCOUTQ, &queued), 0);
	assert_int_equal(queued, 25);
	assert_int_equal(driver->call.setsockopt(user, fd, IPPROTO_TCP, TCP_CORK, &on, sizeof(on)), 0);
	assert_int_equal(driver->call.sendto(user, fd, text + 25, 5, 0, NULL, 0), 5);
	assert_int_equal(driver->call.setsockopt(user, fd, IPPROTO_TCP, TCP_CORK, &off, sizeof(off)), 0);
	driver_expect(driver, SEG_ACK, 26, 1, 5);
	FAILS_WITH(EFAULT, (int)driver->call.write(user, fd, NULL, 5));
	close_fd(driver, fd);
	driver_free(driver);
}

/* ---- Errors and options -------------------------------------------------------------------------------- */

static void test_errors(void **state)
{
	struct driver *driver = driver_new(plain, false);
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(80), .sin_addr = {htonl(0xc6120009)}};
	const struct sockaddr *address = (const struct sockaddr *)&in;
	void *user = driver->call.userdata;
	int fd = driver->call.socket(user, AF_INET, SOCK_STREAM, 0), other, value = 0;
	char byte = 0;

	(void)state;
	FAILS_WITH(EPROTONOSUPPORT, driver->call.socket(user, AF_INET, SOCK_DGRAM, 0));
	FAILS_WITH(EAFNOSUPPORT, driver->call.socket(user, AF_UNIX, SOCK_STREAM, 0));
	FAILS_WITH(EBADF, driver->call.listen(user, 900, 1));
	FAILS_WITH(EBADF, driver->call.close(user, 900));
	FAILS_WITH(EADDRNOTAVAIL, driver->call.bind(user, fd, address, sizeof(in)));
	FAILS_WITH(EINVAL, driver->call.bind(user, fd, address, 3));
	FAILS_WITH(ENOTCONN, (int)driver->call.read(user, fd, &byte, 1));
	FAILS_WITH(EPIPE, (int)driver->call.write(user, fd, &byte, 1));
	FAILS_WITH(ENOTCONN, driver->call.shutdown(user, fd, SHUT_WR));
	FAILS_WITH(EINVAL, driver->call.accept(user, fd, NULL, NULL));
	FAILS_WITH(ENOPROTOOPT, driver->call.setsockopt(user, fd, SOL_SOCKET, 9999, &value, sizeof(value)));
	FAILS_WITH(EINVAL, driver->call.setsockopt(user, fd, IPPROTO_TCP, TCP_KEEPIDLE, &value, sizeof(value)));
	FAILS_WITH(EINVAL, driver->call.setsockopt(user, fd, IPPROTO_TCP, TCP_NODELAY, &value, 1));
	in.sin_addr.s_addr = htonl(0xc6120001);
	assert_int_equal(driver->call.bind(user, fd, address, sizeof(in)), 0);
	assert_int_equal(driver->call.listen(user, fd, 1), 0);
	other = driver->call.socket(user, AF_INET, SOCK_STREAM, 0);
	FAILS_WITH(EADDRINUSE, driver->call.bind(user, other, address, sizeof(in)));
	assert_int_equal(driver->call.fcntl(user, fd, F_SETFL, O_NONBLOCK), 0);
	FAILS_WITH(EAGAIN, driver->call.accept(user, fd, NULL, NULL));
	close_fd(driver, other);
	close_fd(driver, fd);
	driver_free(driver);
}

static int option(struct driver *driver, int fd, int level, int name)
{
	int value = -1;
	socklen_t bytes = sizeof(value);

	assert_int_equal(driver->call.getsockopt(driver->call.userdata, fd, level, name, &value, &bytes), 0);
	assert_int_equal(bytes, sizeof(value));
	return value;
}

/* What is set is told back, a buffer twice as large (socket(7)); and who is accepted inherits it. */
static void test_options(void **state)
{
	struct driver *driver = driver_new(plain, false);
	int listener = driver_listens(driver), fd, value = 30000, one = 1, tos = 0x28;
	void *user = driver->call.userdata;

	(void)state;
	assert_int_equal(driver->call.setsockopt(user, listener, SOL_SOCKET, SO_SNDBUF, &value, sizeof(value)), 0);
	assert_int_equal(driver->call.setsockopt(user, listener, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)), 0);
	assert_int_equal(driver->call.setsockopt(user, listener, IPPROTO_IP, IP_TOS, &tos, sizeof(tos)), 0);
	fd = driver_accepts(driver, listener);
	assert_int_equal(option(driver, fd, SOL_SOCKET, SO_SNDBUF), 60000);
	assert_int_equal(option(driver, fd, IPPROTO_TCP, TCP_NODELAY), 1);
	assert_int_equal(option(driver, fd, IPPROTO_TCP, TCP_MAXSEG), 1000);
	assert_int_equal(option(driver, listener, SOL_SOCKET, SO_ACCEPTCONN), 1);
	driver_writes(driver, fd, 0, 10);
	driver_writes(driver, fd, 10, 10); /* and no Nagle */
	driver_expect(driver, SEG_ACK, 1, 1, 10);
	assert_int_equal(driver->frame[15], tos);
	driver_expect(driver, SEG_ACK, 11, 1, 10);
	close_fd(driver, fd);
	close_fd(driver, listener);
	driver_free(driver);
}

/* SO_KEEPALIVE probes a silent peer after TCP_KEEPIDLE, TCP_KEEPCNT times TCP_KEEPINTVL apart, and then it is gone. */
static void test_keepalive(void **state)
{
	struct driver *driver = driver_new(plain, false);
	int fd = driver_established(driver), on = 1, idle_s = 10, interval_s = 3, count = 2;
	void *user = driver->call.userdata;
	long long began_us = driver_now_us(driver);
	char byte;

	(void)state;
	assert_int_equal(driver->call.setsockopt(user, fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof(idle_s)), 0);
	assert_int_equal(driver->call.setsockopt(user, fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s, sizeof(on)), 0);
	assert_int_equal(driver->call.setsockopt(user, fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof(count)), 0);
	assert_int_equal(driver->call.setsockopt(user, fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on)), 0);
	assert_in_range(driver_take(driver) - began_us, 9900000, 11100000);
	assert_in_range(driver_take(driver) - began_us, 12900000, 14200000);
	assert_int_equal(driver->call.usleep(user, 5000000), 0);
	FAILS_WITH(ETIMEDOUT, (int)driver->call.read(user, fd, &byte, 1));
	close_fd(driver, fd);
	driver_free(driver);
}

/* The object's getsockopt() stands before libc's: it answers for our descriptors, and the kernel for the others. */
static void test_interposed_getsockopt(void **state)
{
	struct driver *driver = driver_new(plain, false);
	int (*interposed)(int fd, int level, int name, void *value, socklen_t *bytes);
	int fd = driver_established(driver), real = socket(AF_INET, SOCK_DGRAM, 0), type = 0;
	struct tcp_info info;
	socklen_t bytes = sizeof(info);

	(void)state;
	*(void **)&interposed = dlsym(driver->object, "getsockopt");
	assert_non_null(interposed);
	driver_writes(driver, fd, 0, 2500);
	memset(&info, 0xee, sizeof(info));
	assert_int_equal(interposed(fd, IPPROTO_TCP, TCP_INFO, &info, &bytes), 0);
	assert_int_equal(bytes, sizeof(info));
	assert_int_equal(info.tcpi_state, 1); /* established */
	assert_int_equal(info.tcpi_unacked, 2);
	assert_int_equal(info.tcpi_snd_mss, 1000);
	assert_int_equal(info.tcpi_snd_cwnd, 10);
	assert_int_equal(info.tcpi_options & (TCPI_OPT_TIMESTAMPS | TCPI_OPT_SACK), 0);
	assert_int_equal(info.tcpi_notsent_bytes, 500);
	bytes = sizeof(type);
	assert_int_equal(interposed(real, SOL_SOCKET, SO_TYPE, &type, &bytes), 0);
	assert_int_equal(type, SOCK_DGRAM);
	close(real);
	close_fd(driver, fd);
	driver_free(driver);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_member_is_missing),
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_packets_are_stamped),
		cmocka_unit_test(test_blocking_read),
		cmocka_unit_test(test_blocking_accept),
		cmocka_unit_test(test_blocking_write),
		cmocka_unit_test(test_blocking_poll),
		cmocka_unit_test(test_blocking_on_the_clock_s_thread),
		cmocka_unit_test(test_poll),
		cmocka_unit_test(test_epoll),
		cmocka_unit_test(test_forms_of_reading),
		cmocka_unit_test(test_forms_of_writing),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_keepalive),
		cmocka_unit_test(test_interposed_getsockopt),
	};

	driver_object = argc > 1 ? argv[1] : "";
	return cmocka_run_group_tests(tests, NULL, NULL);
}
