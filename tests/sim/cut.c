/* SPDX-License-Identifier: BSD-3-Clause */
/* Headers copied, lengths and offsets written. */
#include "tests/sim/cut.h"

#include <string.h>

#include "tests/sim/dissect.h"
#include "tests/sim/forge.h"

#define FRAGMENT_NEXT_HEADER 44

/* One piece: `bytes` of the payload from `offset` on. */
static struct flight *cut_piece(const struct flight *flight, const struct dissect *seg, uint16_t id, uint32_t offset,
				uint32_t bytes)
{
	uint32_t l4 = seg->l4_offset, total = seg->ip_bytes - (l4 - 14), more = offset + bytes < total;
	uint8_t frame[FRAME_BYTES_MAX];
	struct flight *piece;

	memcpy(frame, flight->frame, l4);
	if (seg->ipv6) {
		put16(frame + 18, 8 + bytes);
		memset(frame + 54, 0, 8);
		frame[54] = frame[20];
		frame[20] = FRAGMENT_NEXT_HEADER;
		put16(frame + 56, offset | more);
		put16(frame + 60, id);
	} else {
		put16(frame + 16, l4 - 14 + bytes);
		put16(frame + 18, id);
		put16(frame + 20, offset / 8 | more << 13);
		forge_ipv4_sum(frame);
	}
	memcpy(frame + l4 + (seg->ipv6 ? 8 : 0), flight->frame + l4 + offset, bytes);
	piece = flight_make(flight->from, flight->to, frame, l4 + (seg->ipv6 ? 8 : 0) + bytes);
	piece->speaker = flight->speaker;
	return piece;
}

uint32_t cut_flight(struct random *random, uint16_t id, const struct flight *flight, struct flight *piece[PIECES_MAX])
{
	struct dissect seg = dissect(flight->frame, flight->bytes);
	uint32_t total = seg.ip_bytes - (seg.l4_offset - 14), offset = 0, count = 0;

	if (seg.kind != DISSECT_TCP || flight->bytes > FRAME_BYTES_MAX - 8)
		return 0;
	while (offset < total) {
		uint32_t bytes = count + 1 == PIECES_MAX ? total : 8 + random_below(random, total - offset) / 8 * 8;

		bytes = bytes < total - offset ? bytes : total - offset;
		piece[count++] = cut_piece(flight, &seg, id, offset, bytes);
		offset += bytes;
	}
	return count;
}

/* A segment of its own with `bytes` of the text from `offset` on; FIN and PSH stay with the last byte. */
static struct flight *cut_text(const struct flight *flight, const struct dissect *seg, uint32_t offset, uint32_t bytes)
{
	uint32_t headers = (uint32_t)(seg->text - flight->frame), l4 = seg->l4_offset;
	uint8_t frame[FRAME_BYTES_MAX];
	struct flight *piece;

	memcpy(frame, flight->frame, headers);
	memcpy(frame + headers, seg->text + offset, bytes);
	put32(frame + l4 + 4, seg->seq + offset);
	if (offset + bytes < seg->text_bytes)
		frame[l4 + 13] &= (uint8_t) ~(SEG_FIN | SEG_PSH);
	if (seg->ipv6) {
		put16(frame + 18, headers + bytes - 54);
	} else {
		put16(frame + 16, headers + bytes - 14);
		forge_ipv4_sum(frame);
	}
	forge_l4_sum(frame, headers + bytes, 6, 16);
	piece = flight_make(flight->from, flight->to, frame, headers + bytes);
	piece->speaker = flight->speaker;
	return piece;
}

uint32_t cut_segment(struct random *random, const struct flight *flight, struct flight *piece[2])
{
	struct dissect seg = dissect(flight->frame, flight->bytes);
	uint32_t first;

	if (seg.kind != DISSECT_TCP || seg.text_bytes < 2 || seg.flags & SEG_SYN)
		return 0;
	first = 1 + random_below(random, seg.text_bytes - 1);
	piece[0] = cut_text(flight, &seg, 0, first);
	piece[1] = cut_text(flight, &seg, first, seg.text_bytes - first);
	return 2;
}
