/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the user is told when everything is open: each port, what it granted and what is missing, and the memory.
 */
#pragma once

#include "lib/port/open.h"

/* Prints the start-up table through the configuration's printer; nothing without one. */
void table_print(const struct sluice *sluice);

/* The memory that the configuration takes, in one line: for the table, and for refusing it. */
void table_sums(const struct sluice *sluice, char *line, size_t bytes);
