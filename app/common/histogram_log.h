/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Writes histograms in HdrHistogram's log format (version 1.3, V2 payload: zigzag LEB128 counts, deflated, in
 * base64), one line an interval, which HistogramLogAnalyzer, the plotters and the libraries of a dozen languages read.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "app/common/histogram.h"

/* The header lines.  `start_seconds` is wall-clock time since the epoch; later stamps are relative to it. */
int histogram_log_begin(FILE *file, double start_seconds);

/* One interval.  `tag` may be NULL; it holds no comma, space or line end.  0, -ENOMEM or -EIO. */
int histogram_log_write(FILE *file, const char *tag, double begin_seconds, double length_seconds,
			const struct histogram *histogram);

/* The base64 of the compressed histogram, to be freed; NULL: out of memory. */
char *histogram_log_encode(const struct histogram *histogram);
