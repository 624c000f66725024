/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * HyStart++ (RFC 9406): how the first slow start ends before the queue it fills overflows. Numbers in, numbers out; names are the
 * RFC's.
 *
 * A round trip that takes longer than in the last round starts Conservative Slow Start, at a quarter of the growth. Five rounds of
 * that, and slow start is over; if the delay falls back before, it was jitter, and slow start resumes.
 *
 * For each ACK, in this order: hystart_sample() if it gave a round trip, hystart_grow() if it found the window in use, then
 * hystart_acked(); when that says that slow start is over, ssthresh becomes cwnd. Any loss or ECN echo: hystart_end(). It is never
 * started again (section 4.3): later slow starts go by cc.h.
 */
#pragma once

#include "lib/wire/seq.h"

#include <assert.h>

#define HYSTART_MIN_RTT_THRESH_US  4000
#define HYSTART_MAX_RTT_THRESH_US  16000
#define HYSTART_MIN_RTT_DIVISOR    8
#define HYSTART_N_RTT_SAMPLE       8
#define HYSTART_CSS_GROWTH_DIVISOR 4
#define HYSTART_CSS_ROUNDS         5
#define HYSTART_L                  16 /* segments counted for each ACK; the RFC's 8 is less than one ACK of a merged burst answers */

#define HYSTART_RTT_UNKNOWN        UINT32_MAX /* the RFC's infinity */

enum hystart_phase {
	HYSTART_OVER, /* all zero, too */
	HYSTART_SLOW_START,
	HYSTART_CSS,
};

struct hystart {
	struct seq window_end; /* the round lasts until this is acknowledged */
	uint32_t last_round_min_rtt_us;
	uint32_t current_round_min_rtt_us;
	uint32_t css_baseline_min_rtt_us;
	uint8_t rtt_sample_count; /* of this round, as far as anybody asks */
	uint8_t css_round_count;
	uint8_t phase;     /* enum hystart_phase */
	uint8_t remainder; /* bytes acknowledged in CSS that did not make one of growth */
};

static_assert(sizeof(struct hystart) <= 24, "kept for each connection that sends in bulk");

static inline bool hystart_is_on(const struct hystart *hystart)
{
	return hystart->phase != HYSTART_OVER;
}

static inline void hystart_begin(struct hystart *hystart, struct seq snd_nxt)
{
	*hystart = (struct hystart){
		.window_end = snd_nxt,
		.last_round_min_rtt_us = HYSTART_RTT_UNKNOWN,
		.current_round_min_rtt_us = HYSTART_RTT_UNKNOWN,
		.css_baseline_min_rtt_us = HYSTART_RTT_UNKNOWN,
		.phase = HYSTART_SLOW_START,
	};
}

static inline void hystart_end(struct hystart *hystart)
{
	hystart->phase = HYSTART_OVER;
}

/* RttThresh: an eighth of the last round's, but between 4 and 16 ms. */
static inline uint32_t hystart_thresh_us(uint32_t last_round_min_rtt_us)
{
	uint32_t thresh_us = last_round_min_rtt_us / HYSTART_MIN_RTT_DIVISOR;

	if (thresh_us > HYSTART_MAX_RTT_THRESH_US)
		return HYSTART_MAX_RTT_THRESH_US;
	return thresh_us < HYSTART_MIN_RTT_THRESH_US ? HYSTART_MIN_RTT_THRESH_US : thresh_us;
}

/* Nothing is slower than a round of which nothing is known. */
static inline bool hystart_is_slower(const struct hystart *hystart)
{
	uint64_t last_us = hystart->last_round_min_rtt_us;

	return hystart->current_round_min_rtt_us >= last_us + hystart_thresh_us(hystart->last_round_min_rtt_us);
}

/* Into CSS, or back out of it; judged by rounds with enough samples only. */
static inline void hystart_judge(struct hystart *hystart)
{
	if (hystart->rtt_sample_count < HYSTART_N_RTT_SAMPLE)
		return;
	if (hystart->phase == HYSTART_SLOW_START && hystart_is_slower(hystart)) {
		hystart->css_baseline_min_rtt_us = hystart->current_round_min_rtt_us;
		hystart->css_round_count = 0;
		hystart->phase = HYSTART_CSS;
	} else if (hystart->phase == HYSTART_CSS &&
		   hystart->current_round_min_rtt_us < hystart->css_baseline_min_rtt_us) {
		hystart->css_baseline_min_rtt_us = HYSTART_RTT_UNKNOWN;
		hystart->phase = HYSTART_SLOW_START;
	}
}

static inline void hystart_sample(struct hystart *hystart, uint32_t rtt_us)
{
	if (rtt_us < hystart->current_round_min_rtt_us)
		hystart->current_round_min_rtt_us = rtt_us;
	if (hystart->rtt_sample_count < HYSTART_N_RTT_SAMPLE)
		hystart->rtt_sample_count++;
	hystart_judge(hystart);
}

/* By how much cwnd grows for acked_bytes. */
static inline uint32_t hystart_grow(struct hystart *hystart, uint32_t acked_bytes, uint32_t mss_bytes)
{
	uint32_t counted_bytes = acked_bytes < HYSTART_L * mss_bytes ? acked_bytes : HYSTART_L * mss_bytes;

	if (hystart->phase != HYSTART_CSS)
		return counted_bytes;
	counted_bytes += hystart->remainder;
	hystart->remainder = counted_bytes % HYSTART_CSS_GROWTH_DIVISOR;
	return counted_bytes / HYSTART_CSS_GROWTH_DIVISOR;
}

/* Whether slow start is over: this ACK ended the last round of CSS, of which the one it began in was the first. */
static inline bool hystart_acked(struct hystart *hystart, struct seq snd_una, struct seq snd_nxt)
{
	if (!hystart_is_on(hystart) || seq_before(snd_una, hystart->window_end))
		return false;
	hystart->window_end = snd_nxt;
	hystart->last_round_min_rtt_us = hystart->current_round_min_rtt_us;
	hystart->current_round_min_rtt_us = HYSTART_RTT_UNKNOWN;
	hystart->rtt_sample_count = 0;
	if (hystart->phase != HYSTART_CSS || ++hystart->css_round_count < HYSTART_CSS_ROUNDS)
		return false;
	hystart_end(hystart);
	return true;
}
