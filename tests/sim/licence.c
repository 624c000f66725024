/* SPDX-License-Identifier: BSD-3-Clause */
/* The SYNs that reached a host are kept as a set of hashes: an RST that ends an entry has the number after one of them. */
#include "tests/sim/licence.h"

#include <string.h>

#include "tests/sim/violation.h"

#define SYNS_MAX (1U << 15)

static uint64_t syns[SYNS_MAX]; /* 0: free */
static uint32_t syns_count;

static struct {
	uint64_t half_open_resets, reopens;
} licences[WORLD_HOSTS];

void licence_reset(void)
{
	memset(syns, 0, sizeof(syns));
	syns_count = 0;
	memset(licences, 0, sizeof(licences));
}

static uint64_t mixed(uint64_t hash, const void *bytes, uint32_t count)
{
	const uint8_t *byte = bytes;

	for (uint32_t i = 0; i < count; i++)
		hash = (hash ^ byte[i]) * 0x100000001b3;
	return hash;
}

/* Of the tuple and the sequence number that its next segment would have; never 0. */
static uint64_t hash_of(const struct dissect *seg, uint32_t next)
{
	uint64_t hash = mixed(0xcbf29ce484222325, seg->source.ip, 16);

	hash = mixed(hash, seg->destination.ip, 16);
	hash = mixed(hash, &seg->source.port, sizeof(seg->source.port));
	hash = mixed(hash, &seg->destination.port, sizeof(seg->destination.port));
	return mixed(hash, &next, sizeof(next)) | 1;
}

/* Where it is, or would be. */
static uint64_t *place_of(uint64_t hash)
{
	uint32_t place = (uint32_t)(hash >> 32) % SYNS_MAX;

	while (syns[place] && syns[place] != hash)
		place = (place + 1) % SYNS_MAX;
	return &syns[place];
}

static void note_syn(const struct dissect *seg)
{
	uint64_t hash = hash_of(seg, seg->seq + 1), *place;

	if (syns_count > SYNS_MAX / 2)
		return;
	place = place_of(hash);
	syns_count += *place == 0;
	*place = hash;
}

/* A set that is full knows of every SYN. */
static bool has_syn_before(const struct dissect *seg)
{
	return syns_count > SYNS_MAX / 2 || *place_of(hash_of(seg, seg->seq));
}

/* RFC 6191: what is forged is too old to reopen anything; see stranger_is_harmless(). */
void licence_delivered(uint8_t host, const struct dissect *seg, bool is_forged)
{
	bool is_syn = (seg->flags & (SEG_SYN | SEG_ACK | SEG_RST | SEG_FIN)) == SEG_SYN;

	if (is_syn)
		note_syn(seg);
	if (is_syn && !is_forged)
		licences[host].reopens++;
	/* RFC 5961 section 3.2: at RCV.NXT and nowhere else in the window. */
	if (seg->flags & SEG_RST && has_syn_before(seg))
		licences[host].half_open_resets++;
}

static void check_one(const struct host *host, const struct sluice_statistics *before, enum sluice_counter counter,
		      uint64_t licensed)
{
	uint64_t happened = host->statistics.counter[counter] - before->counter[counter];

	RULE(happened <= licensed, "licence", "host %c: %s went up by %lu in a turn, and %lu segments asked for it",
	     'A' + host->index, sluice_counter_name(counter), happened, licensed);
}

void licence_check(const struct host *host, const struct sluice_statistics *before)
{
	check_one(host, before, SLUICE_COUNTER_half_open_reset, licences[host->index].half_open_resets);
	check_one(host, before, SLUICE_COUNTER_time_wait_reopened, licences[host->index].reopens);
	memset(&licences[host->index], 0, sizeof(licences[0]));
}
