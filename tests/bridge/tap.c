/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Opened from inside the namespace, used from outside.  The device announces no offload, so frames come whole: sums
 * filled in, nothing above the MTU.
 */
#include "tests/bridge/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int enter(const char *path)
{
	int space = open(path, O_RDONLY | O_CLOEXEC);
	int result;

	if (space < 0)
		return -1;
	result = setns(space, CLONE_NEWNET);
	close(space);
	return result;
}

static int make(const char *device)
{
	struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
	int tap = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);

	if (tap < 0)
		return -1;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", device);
	if (!ioctl(tap, TUNSETIFF, &request))
		return tap;
	close(tap);
	return -1;
}

int tap_open(const char *namespace, const char *device)
{
	int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	char path[256];
	int tap = -1, error;

	snprintf(path, sizeof(path), "/run/netns/%s", namespace);
	if (home >= 0 && !enter(path))
		tap = make(device);
	error = errno;
	if (home >= 0 && setns(home, CLONE_NEWNET))
		error = errno;
	if (home >= 0)
		close(home);
	if (tap < 0)
		fprintf(stderr, "sluice-bridge: no device %s in namespace %s: %s\n", device, namespace,
			strerror(error));
	return tap < 0 ? -error : tap;
}

uint32_t tap_read(int tap, uint8_t *frame, uint32_t room)
{
	ssize_t bytes = read(tap, frame, room);

	return bytes > 0 ? (uint32_t)bytes : 0;
}
