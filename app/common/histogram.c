/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading histograms; recording is inline in the header.  Totals and means are computed from the buckets, so that
 * recording keeps none.
 */
#include "app/common/histogram.h"

#include <string.h>

void histogram_reset(struct histogram *histogram)
{
	for (uint32_t i = 0; i < HISTOGRAM_BUCKET_COUNT; i++)
		__atomic_store_n(&histogram->count[i], 0, __ATOMIC_RELAXED);
	__atomic_store_n(&histogram->lowest_ns, UINT64_MAX, __ATOMIC_RELAXED);
	__atomic_store_n(&histogram->highest_ns, 0, __ATOMIC_RELAXED);
}

void histogram_merge(struct histogram *histogram, const struct histogram *other)
{
	for (uint32_t i = 0; i < HISTOGRAM_BUCKET_COUNT; i++)
		histogram->count[i] += other->count[i];
	if (other->lowest_ns < histogram->lowest_ns)
		histogram->lowest_ns = other->lowest_ns;
	if (other->highest_ns > histogram->highest_ns)
		histogram->highest_ns = other->highest_ns;
}

void histogram_copy(struct histogram *histogram, const struct histogram *live)
{
	for (uint32_t i = 0; i < HISTOGRAM_BUCKET_COUNT; i++)
		histogram->count[i] = __atomic_load_n(&live->count[i], __ATOMIC_RELAXED);
	histogram->lowest_ns = __atomic_load_n(&live->lowest_ns, __ATOMIC_RELAXED);
	histogram->highest_ns = __atomic_load_n(&live->highest_ns, __ATOMIC_RELAXED);
}

void histogram_difference(struct histogram *histogram, const struct histogram *later, const struct histogram *earlier)
{
	uint64_t lowest = UINT64_MAX, highest = 0;

	for (uint32_t i = 0; i < HISTOGRAM_BUCKET_COUNT; i++) {
		bool was_reset = later->count[i] < earlier->count[i];
		uint64_t count = later->count[i] - (was_reset ? 0 : earlier->count[i]);

		histogram->count[i] = count;
		if (!count)
			continue;
		if (lowest == UINT64_MAX)
			lowest = histogram_bucket_first_ns(i);
		highest = histogram_bucket_last_ns(i);
	}
	/* Buckets know the extremes to three digits; the exact ones hold if they fell into this span. */
	histogram->lowest_ns = lowest < later->lowest_ns ? later->lowest_ns : lowest;
	histogram->highest_ns = highest > later->highest_ns ? later->highest_ns : highest;
}

uint64_t histogram_total(const struct histogram *histogram)
{
	uint64_t total = 0;

	for (uint32_t i = 0; i < HISTOGRAM_BUCKET_COUNT; i++)
		total += histogram->count[i];
	return total;
}

uint64_t histogram_bucket_first_ns(uint32_t index)
{
	uint32_t shift = index >> HISTOGRAM_HALF_SHIFT;

	if (shift <= 1) /* the first 2,048 buckets are 1 ns wide */
		return index;
	shift--;
	return (uint64_t)(index - (shift << HISTOGRAM_HALF_SHIFT)) << shift;
}

uint64_t histogram_bucket_last_ns(uint32_t index)
{
	uint32_t shift = index >> HISTOGRAM_HALF_SHIFT;

	return histogram_bucket_first_ns(index) + (shift <= 1 ? 0 : (UINT64_C(1) << (shift - 1)) - 1);
}

uint64_t histogram_percentile_ns(const struct histogram *histogram, double percent)
{
	uint64_t total = histogram_total(histogram), seen = 0, rank;
	double exact =
		percent / 100 * (double)total * (1 - 1e-12); /* 99.9 % of 1,000 are 999, whatever a double says */

	if (!total)
		return 0;
	rank = exact <= 1 ? 1 : (uint64_t)exact;
	if ((double)rank < exact)
		rank++;
	if (rank > total)
		rank = total;
	for (uint32_t i = 0; i < HISTOGRAM_BUCKET_COUNT; i++) {
		seen += histogram->count[i];
		if (seen >= rank) {
			uint64_t last = histogram_bucket_last_ns(i);

			return last > histogram->highest_ns ? histogram->highest_ns : last;
		}
	}
	return histogram->highest_ns;
}

double histogram_mean_ns(const struct histogram *histogram)
{
	double sum = 0;
	uint64_t total = 0;

	for (uint32_t i = 0; i < HISTOGRAM_BUCKET_COUNT; i++) {
		double middle;

		if (!histogram->count[i])
			continue;
		middle = ((double)histogram_bucket_first_ns(i) + (double)histogram_bucket_last_ns(i)) / 2;
		sum += middle * (double)histogram->count[i];
		total += histogram->count[i];
	}
	return total ? sum / (double)total : 0;
}

uint64_t histogram_min_ns(const struct histogram *histogram)
{
	return histogram->lowest_ns == UINT64_MAX ? 0 : histogram->lowest_ns;
}

uint64_t histogram_max_ns(const struct histogram *histogram)
{
	return histogram->highest_ns;
}
