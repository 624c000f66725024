/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The simulator's wire in real time, between two TAP devices in two network namespaces: so that a kernel talks to a
 * kernel, and Sluice to a kernel, through the very same faults.  One thread; each direction draws its fates from a
 * seed of its own, so that the n-th frame of a direction meets the same one in every run.
 *
 *	sluice-bridge [OPTION]… NAMESPACE:DEVICE NAMESPACE:DEVICE
 *
 * Says "ready" once both devices are there, and at SIGTERM writes what it did as JSON: also how late it was itself,
 * for a machine without a core to spare would measure nothing but that.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "tests/bridge/tap.h"
#include "tests/sim/link.h"
#include "tests/sim/trace.h"

#define NS_PER_S  UINT64_C(1000000000)
#define READS_MAX 64      /* of one device before the other has its turn */
#define TARDY_NS  1000000 /* a frame delivered so much after its time is counted */

/* One direction. */
struct way {
	struct link link;
	struct random random;
	uint64_t faults[FAULT_COUNT];
	uint64_t frames, bytes, delivered, refused;
};

struct bridge {
	int tap[2];
	struct way way[2]; /* way[i] leads away from tap[i] */
	struct flights flights;
	uint64_t now_ns, tardy, tardiest_ns;
};

static volatile sig_atomic_t stopping;

static void stop(int number)
{
	(void)number;
	stopping = 1;
}

static uint64_t clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static void take_frames(struct bridge *bridge, uint8_t from)
{
	struct way *way = &bridge->way[from];
	uint8_t frame[FRAME_BYTES_MAX];
	uint32_t bytes;

	for (uint32_t i = 0; i < READS_MAX && (bytes = tap_read(bridge->tap[from], frame, sizeof(frame))); i++) {
		bridge->now_ns = clock_ns();
		way->frames++;
		way->bytes += bytes;
		trace_frame(from ? "> B" : "> A", "", frame, bytes);
		link_send(&way->link, &bridge->flights, &way->random, bridge->now_ns,
			  flight_make(from, !from, frame, bytes), way->faults);
	}
}

static void deliver(struct bridge *bridge, struct flight *flight)
{
	struct way *way = &bridge->way[flight->from];
	uint64_t late_ns = bridge->now_ns - flight->due_ns;

	trace_frame(flight->to ? "B <" : "A <", "", flight->frame, flight->bytes);
	if (write(bridge->tap[flight->to], flight->frame, flight->bytes) == flight->bytes)
		way->delivered++;
	else
		way->refused++; /* the device is down */
	bridge->tardy += late_ns > TARDY_NS;
	if (late_ns > bridge->tardiest_ns)
		bridge->tardiest_ns = late_ns;
	free(flight);
}

static void deliver_due(struct bridge *bridge)
{
	while (flights_next_ns(&bridge->flights) <= (bridge->now_ns = clock_ns()))
		deliver(bridge, flights_take(&bridge->flights));
}

/* Until a frame comes, one is due, or a signal comes: only here can one come. */
static void pause_until_due(const struct bridge *bridge, struct pollfd *file, const sigset_t *open_mask)
{
	uint64_t due_ns = flights_next_ns(&bridge->flights);
	uint64_t most_ns = due_ns == UINT64_MAX ? NS_PER_S : due_ns > bridge->now_ns ? due_ns - bridge->now_ns : 0;
	struct timespec most = {.tv_sec = (time_t)(most_ns / NS_PER_S), .tv_nsec = (long)(most_ns % NS_PER_S)};

	if (ppoll(file, 2, &most, open_mask) < 0)
		file[0].revents = file[1].revents = 0;
}

static void run(struct bridge *bridge, const sigset_t *open_mask)
{
	struct pollfd file[2] = {{.fd = bridge->tap[0], .events = POLLIN}, {.fd = bridge->tap[1], .events = POLLIN}};

	while (!stopping) {
		pause_until_due(bridge, file, open_mask);
		for (uint8_t i = 0; i < 2; i++)
			if (file[i].revents & POLLIN)
				take_frames(bridge, i);
		deliver_due(bridge);
	}
}

static void report(const struct bridge *bridge)
{
	printf("{\"tardy\": %" PRIu64 ", \"tardiest_us\": %" PRIu64 ", \"ways\": [", bridge->tardy,
	       bridge->tardiest_ns / 1000);
	for (uint32_t i = 0; i < 2; i++) {
		const struct way *way = &bridge->way[i];

		printf("%s{\"frames\": %" PRIu64 ", \"bytes\": %" PRIu64 ", \"delivered\": %" PRIu64
		       ", \"refused\": %" PRIu64,
		       i ? ", " : "", way->frames, way->bytes, way->delivered, way->refused);
		for (enum fault fault = 0; fault < FAULT_COUNT; fault++)
			if (way->faults[fault])
				printf(", \"%s\": %" PRIu64, fault_name(fault), way->faults[fault]);
		printf("}");
	}
	printf("]}\n");
}

/* ---- Options ------------------------------------------------------------------------------------------ */

enum option_key { DELAY, LATE, LATE_CHANCE, LOSS, DUPLICATE, RATE, QUEUE, SEED, TRACE };

static const struct option options[] = {
	{"delay-us", required_argument, NULL, DELAY},       /* each way */
	{"late-us", required_argument, NULL, LATE},         /* … and what late frames take more */
	{"late-ppm", required_argument, NULL, LATE_CHANCE}, /* how many of them */
	{"loss-ppm", required_argument, NULL, LOSS},
	{"duplicate-ppm", required_argument, NULL, DUPLICATE},
	{"rate-bps", required_argument, NULL, RATE},
	{"queue-bytes", required_argument, NULL, QUEUE},
	{"seed", required_argument, NULL, SEED},
	{"trace", no_argument, NULL, TRACE}, /* every frame, to stdout */
	{0},
};

struct wish {
	struct weather weather;
	uint64_t seed;
	bool trace;
};

static void take_option(struct wish *wish, int key, uint64_t value)
{
	struct weather *weather = &wish->weather;

	switch ((enum option_key)key) {
	case DELAY:
		weather->delay_ns = value * 1000;
		break;
	case LATE:
		weather->late_ns = weather->late_least_ns = value * 1000;
		break;
	case LATE_CHANCE:
		weather->reorder_ppm = (uint32_t)value;
		break;
	case LOSS:
		weather->loss_ppm = (uint32_t)value;
		break;
	case DUPLICATE:
		weather->duplicate_ppm = (uint32_t)value;
		break;
	case RATE:
		weather->rate_bps = value;
		break;
	case QUEUE:
		weather->queue_bytes = (uint32_t)value;
		break;
	case SEED:
		wish->seed = value;
		break;
	case TRACE:
		wish->trace = true;
		break;
	}
}

static bool read_options(struct wish *wish, int argc, char **argv)
{
	int key;

	while ((key = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		char *end = NULL;
		uint64_t value = 0;

		if (key == '?')
			return false;
		if (optarg)
			value = strtoull(optarg, &end, 10);
		if (end && (end == optarg || *end)) {
			fprintf(stderr, "sluice-bridge: '%s' is not a number\n", optarg);
			return false;
		}
		take_option(wish, key, value);
	}
	return argc - optind == 2;
}

static bool open_end(struct bridge *bridge, uint32_t index, char *place, const struct wish *wish)
{
	char *device = strchr(place, ':');

	if (!device) {
		fprintf(stderr, "sluice-bridge: '%s' is not NAMESPACE:DEVICE\n", place);
		return false;
	}
	*device++ = 0;
	bridge->way[index].link.weather = wish->weather;
	bridge->way[index].random.state = wish->seed * 2 + index;
	bridge->tap[index] = tap_open(place, device);
	return bridge->tap[index] >= 0;
}

int main(int argc, char **argv)
{
	static struct bridge bridge;
	struct wish wish = {.seed = 1};
	sigset_t open_mask, shut_mask;

	if (!read_options(&wish, argc, argv)) {
		fprintf(stderr, "sluice-bridge [OPTION]... NAMESPACE:DEVICE NAMESPACE:DEVICE\n");
		return 2;
	}
	sigemptyset(&shut_mask);
	sigaddset(&shut_mask, SIGTERM);
	sigaddset(&shut_mask, SIGINT);
	sigprocmask(SIG_BLOCK, &shut_mask, &open_mask);
	signal(SIGTERM, stop);
	signal(SIGINT, stop);
	for (uint32_t i = 0; i < 2; i++)
		if (!open_end(&bridge, i, argv[optind + (int)i], &wish))
			return 1;
	prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
	trace_start(wish.trace, &bridge.now_ns);
	printf("ready\n");
	fflush(stdout);
	run(&bridge, &open_mask);
	report(&bridge);
	flights_clear(&bridge.flights);
	return 0;
}
