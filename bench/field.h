/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An in-process wire with a server at one end and whoever wants something of it at the other, all in one thread
 * and by the virtual time of bench/turn.h.
 */
#pragma once

#include "lib/port/memory.h"
#include "lib/port/ports.h"
#include "tests/flood/flood.h"

enum { FIELD_CLIENT, FIELD_SERVER };

struct field {
	struct ports ports;
	struct sluice_config config; /* of either end, with its addresses */
	struct sluice_io server_io, client_io;
	uint64_t refused_count; /* packets of a flood that found the wire full */
};

/* A worker at one end and the memory it lies in. */
struct field_worker {
	struct sluice_worker *worker;
	struct memory memory;
	const struct sluice_io *io;
};

/* Starts EAL and the wire; once in a process.  False: said why on stderr. */
bool field_open(struct field *field);
void field_close(struct field *field);

/* Makes a worker at an end, with field->config as the caller changed it.  False: said why on stderr. */
bool field_worker_make(struct field *field, unsigned end, struct field_worker *made);
void field_worker_free(struct field_worker *made);

/* A flood from 198.19.0.0/16, or 2001:2:0:ff::/64, to the server's port 80; port 0 means 80. */
struct flood field_flood(const struct field *field, bool ipv6, uint16_t port, uint64_t seed);

/* Puts frames of a flood on the wire to the server; those that find it full are lost. */
void field_flood_send(struct field *field, struct flood *flood, enum flood_kind kind, uint32_t count);

/* Puts one frame on it.  False: no room. */
bool field_send(struct field *field, const uint8_t *frame, uint32_t bytes);

/* Takes and drops what came to the client's end; `each`, if not NULL, sees it first. */
void field_drain(struct field *field, void (*each)(void *context, const uint8_t *frame, uint32_t bytes), void *context);
