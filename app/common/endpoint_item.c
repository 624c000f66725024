/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which port an address is for.
 */
#include "app/common/endpoint_item.h"

#include <stdlib.h>
#include <string.h>

struct endpoint_item endpoint_item_split(const char *item)
{
	struct endpoint_item out = {.port = UINT32_MAX, .is_good = true};
	const char *at = strchr(item, '@');
	size_t bytes = at ? (size_t)(at - item) : strlen(item);
	char *end;

	if (bytes >= sizeof(out.text))
		return (struct endpoint_item){0};
	memcpy(out.text, item, bytes);
	if (at) {
		out.port = strtoul(at + 1, &end, 10);
		out.is_good = at[1] >= '0' && at[1] <= '9' && !*end && out.port < SLUICE_PORTS_MAX;
	}
	return out;
}
