/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Clients without a stack, as many as there are numbers: what the worker sends comes back as the answer that a client would
 * give, within the same call.  A client is two sequence numbers and a timestamp; every other one speaks IPv6.  Time is what the
 * caller says.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/core/tcp.h"
#include "lib/port/memory.h"

#define MIRROR_PACKETS 4096

struct mirror_client {
	uint32_t seq, ack, tsecr;
};

struct mirror {
	struct sluice_config config; /* of the worker, with its addresses */
	struct sluice_worker *worker;
	struct memory memory; /* that the worker lies in */
	uint64_t now_ns;
	bool closes_too; /* answers FIN by FIN */
	bool is_silent;  /* answers nothing */
	struct mirror_client *client;
	uint32_t client_count;
	uint32_t free_count, in_count, in_first;
	struct rte_mbuf *free[MIRROR_PACKETS];
	struct rte_mbuf *in[MIRROR_PACKETS]; /* on their way to the worker, a ring */
	void *buffers;
	uint64_t opened_count, answered_count, closed_count, acked_count; /* SYN-ACKs, texts, FINs, bare ACKs heard */
	uint64_t reset_count;
};

/* Addresses and no worker yet; the caller changes the configuration.  False: no memory. */
bool mirror_open(struct mirror *mirror, uint32_t clients);
void mirror_close(struct mirror *mirror);

/* What a worker of the mirror's configuration takes, by the library's own sum; 0: refused, said why on stderr. */
size_t mirror_worker_bytes(const struct mirror *mirror);

/* Makes the worker, listening.  False: said why on stderr. */
bool mirror_worker_make(struct mirror *mirror);
void mirror_worker_free(struct mirror *mirror);

/* A client sends its SYN, its request, or its FIN once more. */
void mirror_opens(struct mirror *mirror, uint32_t client);
void mirror_asks(struct mirror *mirror, uint32_t client);
void mirror_closes_again(struct mirror *mirror, uint32_t client);

/* Packets that may still be put on the wire. */
static inline uint32_t mirror_room(const struct mirror *mirror)
{
	return MIRROR_PACKETS / 2 - mirror->in_count;
}
