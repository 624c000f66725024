/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Notes by connection.
 */
#include "lib/core/note.h"

#include "lib/core/tcp.h"

static struct note *note_corner(const struct tcp *tcp, uint32_t conn_index)
{
	return &tcp->notes[conn_index % (NOTES_MAX / NOTE_WAYS) * NOTE_WAYS];
}

struct note *note_of(const struct tcp *tcp, const struct tcp_conn *conn)
{
	uint32_t conn_index = tcp_conn_index(tcp, conn);
	struct note *note = note_corner(tcp, conn_index);

	for (uint32_t i = 0; i < NOTE_WAYS; i++)
		if (note[i].conn_index == conn_index && note[i].generation == conn->generation)
			return &note[i];
	return NULL;
}

struct note *note_need(struct tcp *tcp, const struct tcp_conn *conn)
{
	struct note *note = note_of(tcp, conn), *corner;
	uint32_t conn_index = tcp_conn_index(tcp, conn);

	if (note) {
		note->written_ms = tcp->now_ms;
		return note;
	}
	corner = note = note_corner(tcp, conn_index);
	for (uint32_t i = 1; i < NOTE_WAYS && note->generation; i++)
		if (!corner[i].generation || (int32_t)(corner[i].written_ms - note->written_ms) < 0)
			note = &corner[i];
	*note = (struct note){.conn_index = conn_index, .generation = conn->generation, .written_ms = tcp->now_ms};
	return note;
}
