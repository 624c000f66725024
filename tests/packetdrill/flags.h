/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The text of --so_flags, as a configuration: "ip=198.18.0.1,mtu=1500,ts=0".
 */
#pragma once

#include <stddef.h>

#include "lib/sluice.h"

/* What a script finds that says nothing: Linux's defaults where ours differ, so that published scripts run as they are. */
void flags_defaults(struct sluice_config *config);

/* TCP_CONGESTION's names: "cubic", "reno" and "none"; false: none of them. */
bool flags_congestion(const char *name, enum sluice_congestion *congestion);
const char *flags_congestion_name(enum sluice_congestion congestion);

/* Reads `text` (NULL: nothing said) over the defaults.  False: `error` says what is wrong with it. */
bool flags_parse(const char *text, struct sluice_config *config, char *error, size_t error_bytes);
