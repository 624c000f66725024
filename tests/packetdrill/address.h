/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A struct sockaddr to the library's addresses and back.
 */
#pragma once

#include <sys/socket.h>

#include "lib/sluice.h"

/* 0, -EINVAL (too short) or -EAFNOSUPPORT (another family than the socket's). */
int address_read(const struct sockaddr *from, socklen_t bytes, int domain, struct sluice_address *address);

/* As accept() writes: cut to the room there is, *bytes saying what it would take.  NULL: nobody asks. */
void address_write(const struct sluice_address *address, int domain, struct sockaddr *to, socklen_t *bytes);

/* 0.0.0.0 or ::. */
bool address_is_any(const struct sluice_address *address);
