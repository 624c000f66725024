/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TCP_INFO and its fellows: a connection's inside in Linux's units, which are packets where ours are bytes.
 */
#pragma once

#include "tests/packetdrill/adapter.h"

/* Each writes what fits *bytes, zero behind what there is to say, and returns 0 or negative errno. */
long info_tcp(struct adapter *adapter, const struct socket *socket, void *value, socklen_t *bytes);
long info_congestion(void *value, socklen_t *bytes);
long info_memory(struct adapter *adapter, const struct socket *socket, void *value, socklen_t *bytes);

/* A socket's connection is as it was for so long. */
void info_time_passes(const struct adapter *adapter, struct socket *socket, uint64_t ns);

/* TCP_MAXSEG. */
int info_segment_bytes(const struct adapter *adapter, const struct socket *socket);
