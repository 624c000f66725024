/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The driver: what a script runner does with the adapter, for tests of ours.  It loads the object as packetdrill would,
 * speaks for the program on one side and for the peer on the other, and counts sequence numbers from each side's ISN.
 * Packets are made and read by the simulator's own hands, which share no line with the library.
 */
#pragma once

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/packetdrill/interface.h"
#include "tests/sim/dissect.h"

#define DRIVER_PORT      8080
#define DRIVER_PEER_PORT 34567
#define DRIVER_PEER_ISS  0xfffffff0U /* wraps soon */

struct driver {
	void *object;
	struct packetdrill_interface call;
	struct address ours, peer;
	uint32_t our_iss;
	long long began_us;
	uint8_t frame[65600]; /* the packet that was last taken, behind an Ethernet header */
	struct dissect seg;   /* the same, read */
};

/* What the peer says. */
struct says {
	uint32_t seq, ack; /* counted from the ISNs */
	uint8_t flags;
	uint16_t window; /* 0: 32,000; SHUT: 0 */
	uint32_t bytes;  /* of text; its content is driver_byte() */
	const uint8_t *options;
	uint32_t option_bytes;
};

#define SHUT UINT16_MAX

/* Where the object lies; main() takes it from its arguments. */
extern const char *driver_object;

struct driver *driver_new(const char *flags, bool ipv6);
void driver_free(struct driver *driver);

void driver_inject(struct driver *driver, struct says says);

/* The next packet that leaves, read into driver->seg: when it left, in µs since the driver began; -1: none ever does. */
long long driver_take(struct driver *driver);

/* The same, and it must be this, PSH aside. */
long long driver_expect(struct driver *driver, uint8_t flags, uint32_t seq, uint32_t ack, uint32_t bytes);

/* The clock, in µs since the driver began; reading it takes one. */
long long driver_now_us(struct driver *driver);

/* The byte of a stream at this place. */
static inline uint8_t driver_byte(uint32_t at)
{
	return (uint8_t)(at * 7 + at / 251);
}

/* ---- The program's side -------------------------------------------------------------------------------- */

int driver_listens(struct driver *driver);

/* A connection that the peer opens, with an MSS of 1,000, accepted; the second also makes the listener, and closes it. */
int driver_accepts(struct driver *driver, int listener);
int driver_established(struct driver *driver);

/* A socket that does not block, and has sent its SYN. */
int driver_connects(struct driver *driver);

/* Reads `bytes` bytes of the peer's stream, from place `at` on, and compares them. */
void driver_reads(struct driver *driver, int fd, uint32_t at, uint32_t bytes);

/* Writes so many bytes of ours. */
long driver_writes(struct driver *driver, int fd, uint32_t at, uint32_t bytes);

/* ---- Calls that block ---------------------------------------------------------------------------------- */

/* A call made on a thread of its own. */
struct later {
	struct driver *driver;
	long (*call)(struct later *later);
	int fd;
	void *data;
	size_t bytes;
	long result;
	int error;
	long long returned_us;
	pthread_t thread;
	_Atomic int thread_id; /* 0: not running yet */
	_Atomic bool is_over;
};

/* Starts it, and returns when it sleeps or is over. */
void driver_later(struct later *later);

/* Waits for its end. */
void driver_join(struct later *later);
