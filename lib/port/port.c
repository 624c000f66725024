/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a device's name tells before the device is there.
 */
#include "lib/port/port.h"

#include <string.h>

static bool port_starts(const char *device, const char *prefix)
{
	return strncmp(device, prefix, strlen(prefix)) == 0;
}

enum port_kind port_kind_of(const char *device)
{
	if (port_starts(device, "ring:"))
		return PORT_RING;
	if (port_starts(device, "net_virtio_user") || port_starts(device, "virtio_user"))
		return PORT_SHARED;
	if (port_starts(device, "net_memif") && strstr(device, "zero-copy=yes"))
		return PORT_SHARED;
	if (port_starts(device, "net_") || port_starts(device, "eth_"))
		return PORT_VIRTUAL;
	return PORT_BUS;
}

bool port_is_bus_address(const char *device)
{
	char name[PORT_NAME_BYTES];

	port_name_of(device, name);
	return strpbrk(name, ":.-") != NULL;
}

void port_name_of(const char *device, char name[PORT_NAME_BYTES])
{
	size_t length = strcspn(device, ",");

	if (length > PORT_NAME_BYTES - 1)
		length = PORT_NAME_BYTES - 1;
	memcpy(name, device, length);
	name[length] = '\0';
}

const char *port_arguments_of(const char *device)
{
	const char *comma = strchr(device, ',');

	return comma ? comma + 1 : "";
}
