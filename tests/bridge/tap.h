/* SPDX-License-Identifier: BSD-3-Clause */
/* A TAP device in a network namespace, as a file: what the kernel there sends is read, what is written arrives there. */
#pragma once

#include <stdint.h>

/* Makes the device and returns its file, which does not block; or a negative errno, after a line on stderr. */
int tap_open(const char *namespace, const char *device);

/* The bytes of the next frame, of at most `room`; 0 when there is none. */
uint32_t tap_read(int tap, uint8_t *frame, uint32_t room);
