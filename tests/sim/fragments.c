/* SPDX-License-Identifier: BSD-3-Clause */
/* Bytes on a map, and the headers of the first piece in front of them. */
#include "tests/sim/fragments.h"

#include <string.h>

#include "tests/sim/forge.h"

static uint32_t get16(const uint8_t *at)
{
	return (uint32_t)at[0] << 8 | at[1];
}

void fragments_mark(struct rte_mbuf *packet, void *speaker)
{
	memcpy(packet->dynfield1, &speaker, sizeof(speaker));
}

/* What a piece says of itself. */
struct piece {
	bool ipv6, more;
	uint8_t key[36];
	uint32_t offset, bytes, text_at;
};

static struct piece piece_read(const uint8_t *frame)
{
	struct piece piece = {.ipv6 = frame[12] == 0x86};
	uint32_t field = get16(frame + (piece.ipv6 ? 56 : 20));

	if (piece.ipv6) {
		memcpy(piece.key, frame + 22, 32);
		memcpy(piece.key + 32, frame + 58, 4);
		piece.text_at = 62;
		piece.bytes = get16(frame + 18) - 8;
		piece.offset = field & 0xfff8;
		piece.more = field & 1;
	} else {
		memcpy(piece.key, frame + 26, 8);
		memcpy(piece.key + 8, frame + 18, 2);
		piece.text_at = 14 + (frame[14] & 15U) * 4;
		piece.bytes = get16(frame + 16) + 14 - piece.text_at;
		piece.offset = (field & 0x1fff) * 8;
		piece.more = field & 0x2000;
	}
	return piece;
}

static uint32_t give_up(struct assembly *assembly, struct packet_pool *pool)
{
	uint32_t count = assembly->held_count;

	for (uint32_t i = 0; i < count; i++)
		packet_pool_give(pool, assembly->held[i]);
	assembly->is_used = false;
	assembly->held_count = 0;
	return count;
}

/* The datagram that a piece belongs to, begun if need be; NULL: too many are begun. */
static struct assembly *find(struct assemblies *assemblies, const struct piece *piece, uint64_t now_ns)
{
	struct assembly *unused = NULL;

	for (uint32_t i = 0; i < ASSEMBLIES_MAX; i++) {
		struct assembly *assembly = &assemblies->assembly[i];

		if (!assembly->is_used)
			unused = assembly;
		else if (assembly->ipv6 == piece->ipv6 && memcmp(assembly->key, piece->key, sizeof(piece->key)) == 0)
			return assembly;
	}
	if (!unused)
		return NULL;
	memset(unused->has, 0, sizeof(unused->has));
	unused->is_used = true;
	unused->ipv6 = piece->ipv6;
	unused->begun_ns = now_ns;
	unused->total_bytes = unused->got_bytes = unused->header_bytes = 0;
	memcpy(unused->key, piece->key, sizeof(piece->key));
	return unused;
}

/* False: it overlaps, or contradicts what came before. */
static bool place(struct assembly *assembly, const struct piece *piece, const uint8_t *frame)
{
	uint32_t end = piece->offset + piece->bytes;

	if (end > ASSEMBLY_BYTES_MAX || (!piece->more && assembly->total_bytes) ||
	    (assembly->total_bytes && end > assembly->total_bytes))
		return false;
	for (uint32_t i = piece->offset; i < end; i++) {
		if (assembly->has[i])
			return false;
		assembly->has[i] = 1;
		assembly->text[i] = frame[piece->text_at + i - piece->offset];
	}
	for (uint32_t i = end; i < ASSEMBLY_BYTES_MAX && !piece->more; i++)
		if (assembly->has[i])
			return false;
	assembly->got_bytes += piece->bytes;
	if (!piece->more)
		assembly->total_bytes = end;
	if (piece->offset == 0) {
		assembly->header_bytes = piece->text_at - (piece->ipv6 ? 8 : 0);
		memcpy(assembly->header, frame, piece->text_at);
	}
	return true;
}

/* Writes the whole into the first packet that came; the others are done with. */
static struct rte_mbuf *finish(struct assembly *assembly, struct packet_pool *pool)
{
	struct rte_mbuf *packet = assembly->held[0];
	uint8_t *frame = (uint8_t *)packet->buf_addr + packet->data_off;
	uint8_t next_header = assembly->header[54];
	uint32_t bytes = assembly->header_bytes + assembly->total_bytes;

	memcpy(frame, assembly->header, assembly->header_bytes);
	memcpy(frame + assembly->header_bytes, assembly->text, assembly->total_bytes);
	if (assembly->ipv6) {
		frame[20] = next_header;
		put16(frame + 18, assembly->total_bytes);
	} else {
		put16(frame + 16, bytes - 14);
		put16(frame + 20, 0);
		forge_ipv4_sum(frame);
	}
	packet->data_len = (uint16_t)bytes;
	packet->pkt_len = bytes;
	for (uint32_t i = 1; i < assembly->held_count; i++)
		packet_pool_give(pool, assembly->held[i]);
	assembly->held_count = 0;
	assembly->is_used = false;
	return packet;
}

struct rte_mbuf *fragments_add(struct assemblies *assemblies, struct packet_pool *pool, uint64_t now_ns,
			       struct rte_mbuf *packet, uint32_t *lost, void **speaker)
{
	const uint8_t *frame = (const uint8_t *)packet->buf_addr + packet->data_off;
	struct piece piece = piece_read(frame);
	struct assembly *assembly = find(assemblies, &piece, now_ns);

	if (!assembly) {
		packet_pool_give(pool, packet);
		(*lost)++;
		return NULL;
	}
	memcpy(speaker, packet->dynfield1, sizeof(*speaker));
	assembly->held[assembly->held_count++] = packet;
	if (!place(assembly, &piece, frame)) {
		*lost += give_up(assembly, pool);
		return NULL;
	}
	if (!assembly->total_bytes || assembly->got_bytes < assembly->total_bytes)
		return NULL;
	return finish(assembly, pool);
}

uint32_t fragments_expire(struct assemblies *assemblies, struct packet_pool *pool, uint64_t now_ns, bool all)
{
	uint32_t lost = 0;

	for (uint32_t i = 0; i < ASSEMBLIES_MAX; i++) {
		struct assembly *assembly = &assemblies->assembly[i];

		if (assembly->is_used && (all || assembly->begun_ns + ASSEMBLY_LIFE_NS < now_ns))
			lost += give_up(assembly, pool);
	}
	return lost;
}

uint32_t fragments_held(const struct assemblies *assemblies)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < ASSEMBLIES_MAX; i++)
		count += assemblies->assembly[i].held_count;
	return count;
}
