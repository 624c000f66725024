/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The report of a run as JSON: the figure, how it was got, and everything that was counted.
 */
#pragma once

#include <jansson.h>

#include "app/load/load_summary.h"

/* NULL: out of memory. */
json_t *load_json(const struct load_run *run);
