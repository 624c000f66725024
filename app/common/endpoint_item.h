/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An item of --address or --gateway: "TEXT" for every port, or "TEXT@N" for port N.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/sluice.h"

struct endpoint_item {
	char text[SLUICE_ADDRESS_TEXT_BYTES + 8];
	unsigned long port; /* UINT32_MAX: every port */
	bool is_good;
};

struct endpoint_item endpoint_item_split(const char *item);
