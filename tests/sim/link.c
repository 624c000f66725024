/* SPDX-License-Identifier: BSD-3-Clause */
/* A binary heap of flights, and one frame's fate. */
#include "tests/sim/link.h"

#include <stdlib.h>
#include <string.h>

#include "tests/sim/cut.h"
#include "tests/sim/dissect.h"
#include "tests/sim/trace.h"

const char *fault_name(enum fault fault)
{
	static const char *const names[] = {
#define X(name) #name,
		FAULTS(X)
#undef X
	};

	return names[fault];
}

struct flight *flight_make(uint8_t from, uint8_t to, const uint8_t *frame, uint32_t bytes)
{
	struct flight *flight = malloc(sizeof(*flight) + bytes);

	if (!flight)
		abort();
	*flight = (struct flight){.from = from, .to = to, .bytes = (uint16_t)bytes};
	memcpy(flight->frame, frame, bytes);
	return flight;
}

static bool is_sooner(const struct flight *a, const struct flight *b)
{
	return a->due_ns != b->due_ns ? a->due_ns < b->due_ns : a->order < b->order;
}

void flights_add(struct flights *flights, struct flight *flight, uint64_t due_ns)
{
	uint32_t at = flights->count++;

	if (flights->count > flights->room) {
		flights->room = flights->room ? flights->room * 2 : 256;
		flights->heap = realloc(flights->heap, flights->room * sizeof(struct flight *));
		if (!flights->heap)
			abort();
	}
	flight->due_ns = due_ns;
	flight->order = flights->order++;
	for (; at && is_sooner(flight, flights->heap[(at - 1) / 2]); at = (at - 1) / 2)
		flights->heap[at] = flights->heap[(at - 1) / 2];
	flights->heap[at] = flight;
}

struct flight *flights_take(struct flights *flights)
{
	struct flight *first, *last;
	uint32_t at = 0;

	if (!flights->count)
		return NULL;
	first = flights->heap[0];
	last = flights->heap[--flights->count];
	for (;;) {
		uint32_t child = 2 * at + 1;

		if (child >= flights->count)
			break;
		if (child + 1 < flights->count && is_sooner(flights->heap[child + 1], flights->heap[child]))
			child++;
		if (!is_sooner(flights->heap[child], last))
			break;
		flights->heap[at] = flights->heap[child];
		at = child;
	}
	flights->heap[at] = last;
	return first;
}

uint64_t flights_next_ns(const struct flights *flights)
{
	return flights->count ? flights->heap[0]->due_ns : UINT64_MAX;
}

void flights_clear(struct flights *flights)
{
	while (flights->count)
		free(flights_take(flights));
	free(flights->heap);
	*flights = (struct flights){0};
}

/* Flips bits; false when what comes out would pass for a good frame. */
static bool damage(struct random *random, struct flight *flight)
{
	uint32_t flips = random_chance(random, 700000) ? 1 : 2 + random_below(random, 16);
	struct dissect seg;

	if (flight->bytes <= 14)
		return false;
	while (flips--)
		flight->frame[14 + random_below(random, flight->bytes - 14U)] ^=
			(uint8_t)(1 << random_below(random, 8));
	if (random_chance(random, 100000))
		flight->bytes = (uint16_t)(14 + random_below(random, flight->bytes - 14U));
	seg = dissect(flight->frame, flight->bytes);
	return seg.kind == DISSECT_BAD;
}

#define GUST_NS_MAX 1000000000ULL

/* When the frame gets through the queue in front of the link; UINT64_MAX: the queue is full. */
static uint64_t leaves_ns(struct link *link, uint64_t now_ns, uint32_t bytes)
{
	const struct weather *weather = &link->weather;
	uint64_t start_ns = link->busy_until_ns > now_ns ? link->busy_until_ns : now_ns;

	if (!weather->rate_bps)
		return now_ns;
	if ((start_ns - now_ns) * weather->rate_bps / 8000000000 > weather->queue_bytes)
		return UINT64_MAX;
	link->busy_until_ns = start_ns + (uint64_t)bytes * 8000000000 / weather->rate_bps;
	return link->busy_until_ns;
}

static uint64_t arrives_ns(struct link *link, struct random *random, uint64_t leaves, uint64_t *faults)
{
	const struct weather *weather = &link->weather;
	uint64_t due_ns = leaves + weather->delay_ns + random_between(random, 0, weather->jitter_ns);

	if (link->hold_until_ns > due_ns) {
		faults[FAULT_pause]++;
		due_ns = link->hold_until_ns;
	}
	if (random_chance(random, weather->reorder_ppm)) {
		faults[FAULT_reorder]++;
		return due_ns + random_between(random, weather->late_least_ns, weather->late_ns);
	}
	if (due_ns < link->last_due_ns)
		due_ns = link->last_due_ns;
	link->last_due_ns = due_ns;
	return due_ns;
}

static bool is_lost(struct link *link, struct random *random, uint64_t now_ns, uint64_t *faults)
{
	if (now_ns < link->cut_until_ns) {
		faults[FAULT_cut]++;
		return true;
	}
	if (!link->is_gusty && random_chance(random, link->weather.gust_ppm)) {
		link->is_gusty = true;
		link->gust_until_ns = now_ns + random_between(random, 1000000, GUST_NS_MAX);
	} else if (link->is_gusty &&
		   (now_ns > link->gust_until_ns || random_chance(random, link->weather.gust_end_ppm))) {
		link->is_gusty = false;
	}
	if (link->is_gusty && random_chance(random, link->weather.gust_loss_ppm)) {
		faults[FAULT_gust]++;
		return true;
	}
	if (random_chance(random, link->weather.loss_ppm)) {
		faults[FAULT_loss]++;
		return true;
	}
	return false;
}

static void send_again(struct flights *flights, const struct flight *flight, uint64_t due_ns)
{
	struct flight *again = flight_make(flight->from, flight->to, flight->frame, flight->bytes);

	again->speaker = flight->speaker;
	flights_add(flights, again, due_ns);
}

/* Pieces come in any order, and one in a hundred is lost.  False: it goes in one piece. */
static bool send_pieces(struct link *link, struct flights *flights, struct random *random, const struct flight *flight,
			uint64_t due_ns)
{
	struct flight *piece[PIECES_MAX];
	uint32_t count = cut_flight(random, ++link->fragment_id, flight, piece);

	for (uint32_t i = 0; i < count; i++) {
		if (random_chance(random, 10000))
			free(piece[i]);
		else
			flights_add(flights, piece[i], due_ns + random_between(random, 0, link->weather.late_ns));
	}
	return count > 0;
}

/* RFC 3168 section 5: a router that would rather not lose the packet marks it, if it may. */
static bool mark(struct flight *flight)
{
	uint8_t *at = flight->frame + 14;
	struct dissect seg = dissect(flight->frame, flight->bytes);
	uint16_t sum;

	if (seg.kind != DISSECT_TCP || !seg.ecn || seg.ecn == 3)
		return false;
	if (seg.ipv6) {
		at[1] |= 0x30;
		return true;
	}
	at[1] |= 3;
	at[10] = at[11] = 0;
	sum = dissect_fold(dissect_sum(0, at, (at[0] & 15U) * 4));
	at[10] = (uint8_t)(sum >> 8);
	at[11] = (uint8_t)sum;
	return true;
}

/* Two segments of one, each late and lost by itself: what is sent again then overlaps what has arrived.  False: it has no text. */
static bool send_segments(struct link *link, struct flights *flights, struct random *random,
			  const struct flight *flight, uint64_t due_ns)
{
	struct flight *piece[2];
	uint32_t count = cut_segment(random, flight, piece);

	for (uint32_t i = 0; i < count; i++) {
		if (random_chance(random, 200000))
			free(piece[i]);
		else
			flights_add(flights, piece[i], due_ns + random_between(random, 0, link->weather.late_ns));
	}
	return count > 0;
}

void link_send(struct link *link, struct flights *flights, struct random *random, uint64_t now_ns,
	       struct flight *flight, uint64_t *faults)
{
	const struct weather *weather = &link->weather;
	bool lost = is_lost(link, random, now_ns, faults);
	uint64_t leaves = lost ? UINT64_MAX : leaves_ns(link, now_ns, flight->bytes);
	uint64_t due_ns;

	if (leaves == UINT64_MAX) {
		faults[FAULT_queue_full] += !lost;
		trace_frame("lost", lost ? "" : "queue full", flight->frame, flight->bytes);
		free(flight);
		return;
	}
	due_ns = arrives_ns(link, random, leaves, faults);
	if (random_chance(random, weather->mark_ppm))
		faults[FAULT_mark] += mark(flight);
	if (random_chance(random, weather->duplicate_ppm)) {
		faults[FAULT_duplicate]++;
		send_again(flights, flight, due_ns + random_between(random, 0, weather->late_ns));
	}
	if (random_chance(random, weather->replay_ppm)) {
		faults[FAULT_replay]++;
		send_again(flights, flight, due_ns + random_between(random, 0, weather->replay_ns));
	}
	if (random_chance(random, weather->damage_ppm)) {
		faults[FAULT_damage]++;
		if (!damage(random, flight)) {
			free(flight);
			return;
		}
	} else if (random_chance(random, weather->fragment_ppm) && send_pieces(link, flights, random, flight, due_ns)) {
		faults[FAULT_fragment]++;
		free(flight);
		return;
	} else if (random_chance(random, weather->split_ppm) && send_segments(link, flights, random, flight, due_ns)) {
		faults[FAULT_split]++;
		free(flight);
		return;
	}
	flights_add(flights, flight, due_ns);
}
