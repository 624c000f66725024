/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Counts of durations in log-linear buckets: 3 significant digits from 1 ns to 1 h, in HdrHistogram's layout (2,048
 * buckets of 1 ns, then 1,024 for every doubling), so that its tools read what we write.  Recording is a shift and an
 * increment.
 *
 * One thread records; any other may copy at the same time (histogram_copy) and work on its copy.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define HISTOGRAM_DIGITS       3
#define HISTOGRAM_HALF_SHIFT   10 /* 1,024 buckets a doubling */
#define HISTOGRAM_HIGHEST_NS   UINT64_C(3600000000000)
#define HISTOGRAM_BUCKET_COUNT ((31 + 2) << HISTOGRAM_HALF_SHIFT) /* 2,048 << 31 is the first power beyond an hour */

struct histogram {
	uint64_t lowest_ns, highest_ns; /* recorded; lowest is UINT64_MAX while empty */
	uint64_t count[HISTOGRAM_BUCKET_COUNT];
};

void histogram_reset(struct histogram *histogram);

/* Adds `other` to `histogram`. */
void histogram_merge(struct histogram *histogram, const struct histogram *other);

/* A snapshot of one that is being recorded to: each count of one moment, not all of the same. */
void histogram_copy(struct histogram *histogram, const struct histogram *live);

/* What `later` has beyond `earlier`; a count that went down (a reset lay between) is taken whole. */
void histogram_difference(struct histogram *histogram, const struct histogram *later, const struct histogram *earlier);

uint64_t histogram_total(const struct histogram *histogram);

/* The value at or below which `percent` of the recorded lie, rounded up to its bucket's end; 0 when empty. */
uint64_t histogram_percentile_ns(const struct histogram *histogram, double percent);
double histogram_mean_ns(const struct histogram *histogram);
uint64_t histogram_min_ns(const struct histogram *histogram); /* exact; 0 when empty */
uint64_t histogram_max_ns(const struct histogram *histogram); /* exact, at most an hour; 0 when empty */

/* First and last value of a bucket. */
uint64_t histogram_bucket_first_ns(uint32_t index);
uint64_t histogram_bucket_last_ns(uint32_t index);

static inline uint32_t histogram_index(uint64_t value_ns)
{
	uint32_t shift = 63 - HISTOGRAM_HALF_SHIFT -
			 (uint32_t)__builtin_clzll(value_ns | ((UINT64_C(2) << HISTOGRAM_HALF_SHIFT) - 1));

	return (shift << HISTOGRAM_HALF_SHIFT) + (uint32_t)(value_ns >> shift);
}

/* Values above an hour count as an hour. */
static inline void histogram_record(struct histogram *histogram, uint64_t value_ns)
{
	uint64_t *count;

	if (__builtin_expect(value_ns > HISTOGRAM_HIGHEST_NS, 0))
		value_ns = HISTOGRAM_HIGHEST_NS;
	count = &histogram->count[histogram_index(value_ns)];
	__atomic_store_n(count, *count + 1, __ATOMIC_RELAXED);
	if (__builtin_expect(value_ns > histogram->highest_ns, 0))
		__atomic_store_n(&histogram->highest_ns, value_ns, __ATOMIC_RELAXED);
	if (__builtin_expect(value_ns < histogram->lowest_ns, 0))
		__atomic_store_n(&histogram->lowest_ns, value_ns, __ATOMIC_RELAXED);
}
