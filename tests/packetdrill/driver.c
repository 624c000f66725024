/* SPDX-License-Identifier: BSD-3-Clause */
/* The driver: the object loaded, the peer's packets, the program's calls, and the thread for those that block. */
#include "tests/packetdrill/driver.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/sim/forge.h"

#define ETHER_BYTES 14

const char *driver_object;

static struct address address_of(const char *text, uint16_t port)
{
	struct address address = {.ip = {[10] = 0xff, [11] = 0xff}, .port = port};

	if (strchr(text, ':'))
		assert_int_equal(inet_pton(AF_INET6, text, address.ip), 1);
	else
		assert_int_equal(inet_pton(AF_INET, text, address.ip + 12), 1);
	return address;
}

struct driver *driver_new(const char *flags, bool ipv6)
{
	struct driver *driver = calloc(1, sizeof(*driver));
	void (*init)(const char *flags, struct packetdrill_interface *interface);
	struct timeval now;
	char whole[256];

	assert_non_null(driver);
	driver->object = dlopen(driver_object, RTLD_NOW | RTLD_LOCAL);
	if (!driver->object)
		fail_msg("%s", dlerror());
	*(void **)&init = dlsym(driver->object, "packetdrill_interface_init");
	assert_non_null(init);
	driver->ours = address_of(ipv6 ? "2001:2::1" : "198.18.0.1", DRIVER_PORT);
	driver->peer = address_of(ipv6 ? "2001:2:0:7::2" : "198.19.7.2", DRIVER_PEER_PORT);
	snprintf(whole, sizeof(whole), "ip=198.18.0.1,ip=2001:2::1,%s", flags);
	init(whole, &driver->call);
	assert_int_equal(driver->call.gettimeofday(driver->call.userdata, &now, NULL), 0);
	driver->began_us = now.tv_sec * 1000000LL + now.tv_usec;
	return driver;
}

void driver_free(struct driver *driver)
{
	driver->call.free(driver->call.userdata);
	dlclose(driver->object);
	free(driver);
}

long long driver_now_us(struct driver *driver)
{
	struct timeval now;

	assert_int_equal(driver->call.gettimeofday(driver->call.userdata, &now, NULL), 0);
	return now.tv_sec * 1000000LL + now.tv_usec - driver->began_us;
}

/* ---- The peer's side ----------------------------------------------------------------------------------- */

void driver_inject(struct driver *driver, struct says says)
{
	static const uint8_t mac[2][6] = {{2, 0, 0, 0, 0, 2}, {2, 0, 0, 0, 0, 1}};
	uint8_t *frame = malloc(66000), *text;
	struct forged forged = {
		.source = driver->peer,
		.destination = driver->ours,
		.source_mac = mac[0],
		.destination_mac = mac[1],
		.seq = DRIVER_PEER_ISS + says.seq,
		.ack = says.flags & SEG_ACK ? driver->our_iss + says.ack : 0,
		.flags = says.flags,
		.window = says.window == SHUT ? 0
			  : says.window       ? says.window
					      : 32000,
		.options = says.options,
		.option_bytes = says.option_bytes,
	};
	bool ipv6 = driver->ours.ip[0] != 0;
	uint32_t bytes;

	assert_non_null(frame);
	bytes = forge_tcp(frame, &forged);
	text = frame + bytes;
	bytes += says.bytes;
	for (uint32_t i = 0; i < says.bytes; i++)
		text[i] = driver_byte(says.seq - 1 + i);
	put16(frame + (ipv6 ? 18 : 16), bytes - ETHER_BYTES - (ipv6 ? 40 : 0));
	if (!ipv6)
		forge_ipv4_sum(frame);
	forge_l4_sum(frame, bytes, IPPROTO_TCP, 16);
	assert_int_equal(driver->call.netdev_send(driver->call.userdata, frame + ETHER_BYTES, bytes - ETHER_BYTES), 0);
	free(frame);
}

long long driver_take(struct driver *driver)
{
	size_t bytes = sizeof(driver->frame) - ETHER_BYTES;
	uint8_t *packet = driver->frame + ETHER_BYTES;
	long long time_us;

	assert_int_equal(driver->call.netdev_receive(driver->call.userdata, packet, &bytes, &time_us), 0);
	if (bytes == 0)
		return -1;
	memset(driver->frame, 0, ETHER_BYTES);
	put16(driver->frame + 12, packet[0] >> 4 == 6 ? 0x86dd : 0x0800);
	driver->seg = dissect(driver->frame, (uint32_t)bytes + ETHER_BYTES);
	assert_int_equal(driver->seg.kind, DISSECT_TCP);
	if (!driver->ours.port)
		driver->ours.port = driver->seg.source.port;
	assert_true(address_equal(&driver->seg.source, &driver->ours));
	assert_true(address_equal(&driver->seg.destination, &driver->peer));
	if (driver->seg.flags & SEG_SYN)
		driver->our_iss = driver->seg.seq;
	return time_us - driver->began_us;
}

long long driver_expect(struct driver *driver, uint8_t flags, uint32_t seq, uint32_t ack, uint32_t bytes)
{
	long long time_us = driver_take(driver);
	const struct dissect *seg = &driver->seg;

	assert_true(time_us >= 0);
	assert_int_equal(seg->flags & ~SEG_PSH, flags);
	assert_int_equal(seg->seq - driver->our_iss, seq);
	if (flags & SEG_ACK)
		assert_int_equal(seg->ack - DRIVER_PEER_ISS, ack);
	assert_int_equal(seg->text_bytes, bytes);
	for (uint32_t i = 0; i < bytes; i++)
		assert_int_equal(seg->text[i], driver_byte(seq - 1 + i));
	return time_us;
}

/* ---- The program's side -------------------------------------------------------------------------------- */

static socklen_t socket_address(const struct address *address, struct sockaddr_storage *to)
{
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(address->port)};
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(address->port)};
	bool ipv4 = address->ip[0] == 0;

	memcpy(&in6.sin6_addr, address->ip, 16);
	memcpy(&in.sin_addr, address->ip + 12, 4);
	memcpy(to, ipv4 ? (const void *)&in : (const void *)&in6, ipv4 ? sizeof(in) : sizeof(in6));
	return ipv4 ? sizeof(in) : sizeof(in6);
}

static int family_of(const struct driver *driver)
{
	return driver->ours.ip[0] ? AF_INET6 : AF_INET;
}

int driver_listens(struct driver *driver)
{
	struct sockaddr_storage address;
	socklen_t bytes = socket_address(&driver->ours, &address);
	void *user = driver->call.userdata;
	int fd = driver->call.socket(user, family_of(driver), SOCK_STREAM, IPPROTO_TCP);

	assert_true(fd >= 0);
	assert_int_equal(driver->call.bind(user, fd, (const struct sockaddr *)&address, bytes), 0);
	assert_int_equal(driver->call.listen(user, fd, 1), 0);
	return fd;
}

int driver_accepts(struct driver *driver, int listener)
{
	static const uint8_t mss_1000[] = {2, 4, 1000 >> 8, 1000 & 255};
	struct sockaddr_storage address, expected;
	socklen_t bytes = sizeof(address), expected_bytes = socket_address(&driver->peer, &expected);
	int fd;

	driver_inject(driver, (struct says){.flags = SEG_SYN, .options = mss_1000, .option_bytes = 4});
	driver_expect(driver, SEG_SYN | SEG_ACK, 0, 1, 0);
	driver_inject(driver, (struct says){.seq = 1, .ack = 1, .flags = SEG_ACK});
	fd = driver->call.accept(driver->call.userdata, listener, (struct sockaddr *)&address, &bytes);
	assert_true(fd >= 0);
	assert_int_equal(bytes, expected_bytes);
	assert_memory_equal(&address, &expected, bytes);
	return fd;
}

int driver_established(struct driver *driver)
{
	int listener = driver_listens(driver), fd = driver_accepts(driver, listener);

	assert_int_equal(driver->call.close(driver->call.userdata, listener), 0);
	return fd;
}

int driver_connects(struct driver *driver)
{
	struct sockaddr_storage address;
	socklen_t bytes = socket_address(&driver->peer, &address);
	void *user = driver->call.userdata;
	int fd = driver->call.socket(user, family_of(driver), SOCK_STREAM | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0);
	errno = 0;
	assert_int_equal(driver->call.connect(user, fd, (const struct sockaddr *)&address, bytes), -1);
	assert_int_equal(errno, EINPROGRESS);
	driver->ours.port = 0; /* the stack's choice */
	driver_expect(driver, SEG_SYN, 0, 0, 0);
	return fd;
}

void driver_reads(struct driver *driver, int fd, uint32_t at, uint32_t bytes)
{
	uint8_t *data = malloc(bytes + 1);
	long got;

	assert_non_null(data);
	got = driver->call.read(driver->call.userdata, fd, data, bytes);
	assert_int_equal(got, bytes);
	for (uint32_t i = 0; i < bytes; i++)
		assert_int_equal(data[i], driver_byte(at + i));
	free(data);
}

long driver_writes(struct driver *driver, int fd, uint32_t at, uint32_t bytes)
{
	uint8_t *data = malloc(bytes + 1);
	long taken;

	assert_non_null(data);
	for (uint32_t i = 0; i < bytes; i++)
		data[i] = driver_byte(at + i);
	taken = driver->call.write(driver->call.userdata, fd, data, bytes);
	free(data);
	return taken;
}

/* ---- Calls that block ---------------------------------------------------------------------------------- */

static void *run_later(void *argument)
{
	struct later *later = argument;

	later->thread_id = gettid();
	errno = 0;
	later->result = later->call(later);
	later->error = errno;
	later->returned_us = driver_now_us(later->driver); /* as a runner does first of all */
	later->is_over = true;
	return NULL;
}

static bool is_asleep(int thread_id)
{
	char path[64], text[256] = "", *state;
	ssize_t count;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", thread_id);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return false;
	count = read(fd, text, sizeof(text) - 1);
	close(fd);
	state = count > 0 ? strrchr(text, ')') : NULL;
	return state && state[2] == 'S';
}

void driver_later(struct later *later)
{
	later->thread_id = 0;
	later->is_over = false;
	assert_int_equal(pthread_create(&later->thread, NULL, run_later, later), 0);
	while (!later->is_over && (!later->thread_id || !is_asleep(later->thread_id)))
		sched_yield();
}

void driver_join(struct later *later)
{
	assert_int_equal(pthread_join(later->thread, NULL), 0);
}
