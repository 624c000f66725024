/* SPDX-License-Identifier: BSD-3-Clause */
/* The dice for stories, and the one pattern that all their streams are cut from. */
#include "tests/sim/story.h"

#include <stdlib.h>
#include <string.h>

#define PATTERN_BYTES (1U << 20)

static uint8_t pattern[PATTERN_BYTES + PATTERN_RUN_MAX];

void pattern_make(void)
{
	struct random random = {0x736c75696365};

	for (uint32_t i = 0; i < PATTERN_BYTES; i += 8) {
		uint64_t word = random_next(&random);

		memcpy(pattern + i, &word, 8);
	}
	memcpy(pattern + PATTERN_BYTES, pattern, PATTERN_RUN_MAX);
}

const uint8_t *story_bytes(const struct story *story, uint32_t side, uint32_t offset)
{
	return pattern + ((story->pattern + side * 524309 + offset) & (PATTERN_BYTES - 1));
}

/* Small more often than large: uniform in the number of bits. */
static uint32_t draw_size(struct random *random, uint32_t bits_max)
{
	uint32_t bits = random_below(random, bits_max + 1);

	return bits ? random_below(random, 1U << bits) : 0;
}

static void draw_pace(struct random *random, struct script *script)
{
	/* With few descriptors, and one a write, a round trip may be all that a dozen writes get. */
	script->write_bytes = 1 + draw_size(random, 15) + script->send_bytes / 1000;
	script->read_bytes = 1 + draw_size(random, 15);
	if (random_chance(random, 250000)) {
		script->write_gap_ns = random_between(random, 1, 20) * MILLISECOND_NS;
		script->write_bytes += script->send_bytes / 200;
	}
	if (random_chance(random, 250000)) {
		script->read_gap_ns = random_between(random, 1, 20) * MILLISECOND_NS;
		script->read_bytes += 400;
	}
	if (random_chance(random, 150000))
		script->read_after_ns = random_between(random, 1, 8000) * MILLISECOND_NS;
	if (random_chance(random, 100000))
		script->linger_ns = random_between(random, 1, 30000) * MILLISECOND_NS;
}

static void draw_script(struct random *random, struct script *script)
{
	static const enum ending endings[] = {END_FIN_THEN_READ, END_FIN_THEN_READ, END_FIN_THEN_READ,
					      END_READ_THEN_FIN, END_READ_THEN_FIN, END_READ_THEN_FIN,
					      END_CLOSE,         END_CLOSE,         END_CLOSE_UNREAD,
					      END_CLOSE_AT,      END_ABORT};

	script->send_bytes = draw_size(random, 16);
	script->ending = endings[random_below(random, sizeof(endings) / sizeof(endings[0]))];
	script->memory = random_below(random, MEMORY_COUNT);
	script->fin_in_send = random_chance(random, 500000);
	script->nagle = random_chance(random, 300000);
	script->more_ppm = random_chance(random, 300000) ? 300000 : 0;
	script->hold_ppm = random_chance(random, 200000) ? 200000 : 0;
	script->abort_bytes = draw_size(random, 15);
	if (random_chance(random, 200000))
		script->send_queue_bytes = 1 + draw_size(random, 14);
	if (random_chance(random, 200000))
		script->receive_bytes = 1500 + draw_size(random, 15);
	if (random_chance(random, 100000))
		script->ttl = (uint8_t)(1 + random_below(random, 255));
	if (random_chance(random, 100000))
		script->dscp = (uint8_t)random_below(random, 64);
	if (random_chance(random, 60000))
		script->close_within_ms = (uint32_t)random_between(random, 1, 4000);
	if (random_chance(random, 100000))
		script->keepalive_ms = 1000 * (uint32_t)random_between(random, 1, 3);
	if (random_chance(random, 60000))
		script->user_timeout_ms = 1000 * (uint32_t)random_between(random, 1, 8);
	draw_pace(random, script);
}

void story_reconcile(struct random *random, struct story *story)
{
	struct script *a = &story->script[0], *b = &story->script[1];

	if (a->ending == END_READ_THEN_FIN && b->ending == END_READ_THEN_FIN)
		(random_chance(random, 500000) ? a : b)->ending = END_FIN_THEN_READ;
	for (uint32_t i = 0; i < 2; i++) {
		struct script *script = &story->script[i], *other = &story->script[1 - i];

		if (script->abort_bytes > script->send_bytes)
			script->abort_bytes = script->send_bytes;
		if (script->ending == END_CLOSE_UNREAD && (!other->send_bytes || other->ending == END_CLOSE_UNREAD))
			script->ending = END_CLOSE;
	}
	if (a->ending == END_CLOSE_AT || b->ending == END_CLOSE_AT) {
		a->close_after_ns = random_between(random, 0, 3000) * MILLISECOND_NS;
		b->close_after_ns = a->close_after_ns;
		if (random_chance(random, 700000)) {
			a->ending = b->ending = END_CLOSE_AT;
			a->send_bytes /= 16;
			b->send_bytes /= 16;
		}
	}
}

struct story *story_make(struct random *random, uint32_t number, uint8_t opener, uint8_t target, uint64_t start_ns,
			 uint32_t bulk_bytes)
{
	struct story *story = calloc(1, sizeof(*story));

	if (!story)
		abort();
	*story = (struct story){.number = number, .opener = opener, .target = target, .start_ns = start_ns};
	story->ipv6 = random_chance(random, 400000);
	story->port = (uint16_t)(80 + random_below(random, 3));
	story->pattern = random_below(random, PATTERN_BYTES);
	draw_script(random, &story->script[0]);
	draw_script(random, &story->script[1]);
	if (bulk_bytes) {
		struct script *script = &story->script[random_below(random, 2)];

		script->send_bytes = bulk_bytes / 2 + random_below(random, bulk_bytes);
		script->write_bytes += 2000;
		story->script[0].ending = END_FIN_THEN_READ;
		story->script[1].ending = random_chance(random, 500000) ? END_READ_THEN_FIN : END_FIN_THEN_READ;
	}
	story_reconcile(random, story);
	for (uint8_t i = 0; i < 2; i++)
		story->actor[i] = (struct actor){
			.story = story, .script = &story->script[i], .side = i, .random = {random_next(random)}};
	return story;
}

bool story_is_over(const struct story *story)
{
	for (uint32_t i = 0; i < 2; i++)
		if (story->actor[i].begun && !story->actor[i].closed)
			return false;
	return story->begun;
}
