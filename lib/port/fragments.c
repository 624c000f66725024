/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reassembly: a fragment goes in, and with the last one the datagram comes out, in one buffer and with its header summed.
 */
#define ALLOW_EXPERIMENTAL_API /* of DPDK 22.11: rte_ip_frag_table_del_expired_entries(), stable in later ones */
#include "lib/port/fragments.h"

#include <errno.h>

#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_mbuf.h>

#include "config/limits.h"

#define FRAGMENTS_WAYS 4

int fragments_make(struct fragments *fragments, uint32_t datagrams, uint32_t packets, int node)
{
	fragments->table = NULL;
	fragments->held_count = 0;
	fragments->dying.cnt = 0;
	fragments->held_most_count = packets / FRAGMENTS_PACKETS_PART + 1;
	if (datagrams == 0)
		return 0;
	fragments->table = rte_ip_frag_table_create(datagrams, FRAGMENTS_WAYS, datagrams,
						    (uint64_t)FRAGMENTS_LIFE_S * 1000000000, node);
	return fragments->table ? 0 : -ENOMEM;
}

/* Frees those that the library gave up, and counts them. */
static uint32_t fragments_bury(struct fragments *fragments)
{
	uint32_t count = fragments->dying.cnt;

	rte_ip_frag_free_death_row(&fragments->dying, 0);
	fragments->held_count -= count;
	return count;
}

static void fragments_sum_ipv4(struct rte_mbuf *packet)
{
	struct rte_ipv4_hdr *header = rte_pktmbuf_mtod_offset(packet, struct rte_ipv4_hdr *, packet->l2_len);

	header->hdr_checksum = 0;
	header->hdr_checksum = rte_ipv4_cksum(header);
}

/* Hands a fragment to the library; the datagram, still chained, if it is whole now. */
static struct rte_mbuf *fragments_add(struct fragments *fragments, struct rte_mbuf *packet, uint64_t now_ns,
				      bool *is_ipv4)
{
	struct rte_ether_hdr *ether = rte_pktmbuf_mtod(packet, struct rte_ether_hdr *);
	struct rte_ipv6_hdr *header = (struct rte_ipv6_hdr *)(ether + 1);

	*is_ipv4 = ether->ether_type == rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4);
	fragments->held_count++;
	if (*is_ipv4)
		return rte_ipv4_frag_reassemble_packet(fragments->table, &fragments->dying, packet, now_ns,
						       (struct rte_ipv4_hdr *)(ether + 1));
	return rte_ipv6_frag_reassemble_packet(fragments->table, &fragments->dying, packet, now_ns, header,
					       (struct rte_ipv6_fragment_ext *)(header + 1));
}

/* Nobody has summed the whole, and nobody is to send it as it is: no verdicts, no requests.  NULL: it does not fit one buffer. */
static struct rte_mbuf *fragments_finish(struct rte_mbuf *packet, bool is_ipv4)
{
	if (rte_pktmbuf_linearize(packet) != 0) {
		rte_pktmbuf_free(packet);
		return NULL;
	}
	if (is_ipv4)
		fragments_sum_ipv4(packet);
	packet->ol_flags &= RTE_MBUF_F_INDIRECT | RTE_MBUF_F_EXTERNAL;
	packet->packet_type = 0;
	packet->tx_offload = 0;
	return packet;
}

/* One fragment; the whole, if this was the last to come.  *lost counts buffers given up. */
static struct rte_mbuf *fragments_take(struct fragments *fragments, struct rte_mbuf *packet, uint64_t now_ns,
				       uint32_t *lost)
{
	struct rte_mbuf *whole;
	uint32_t count;
	bool is_ipv4;

	if (fragments->held_count >= fragments->held_most_count) {
		rte_pktmbuf_free(packet);
		(*lost)++;
		return NULL;
	}
	whole = fragments_add(fragments, packet, now_ns, &is_ipv4);
	*lost += fragments_bury(fragments);
	if (!whole)
		return NULL;
	count = whole->nb_segs;
	fragments->held_count -= count;
	whole = fragments_finish(whole, is_ipv4);
	if (!whole)
		*lost += count;
	return whole;
}

void fragments_join(struct fragments *fragments, uint64_t now_ns, struct sluice_fragments *work)
{
	uint32_t whole_count = 0;

	work->lost_count = 0;
	for (uint32_t i = 0; i < work->count; i++) {
		struct rte_mbuf *whole = fragments_take(fragments, work->packet[i], now_ns, &work->lost_count);

		if (whole)
			work->packet[whole_count++] = whole;
	}
	rte_ip_frag_table_del_expired_entries(fragments->table, &fragments->dying, now_ns);
	work->lost_count += fragments_bury(fragments);
	work->count = whole_count;
	work->held_count = fragments->held_count;
}

void fragments_free(struct fragments *fragments)
{
	uint32_t held_count;

	if (!fragments->table)
		return;
	do { /* a death row at a time */
		held_count = fragments->held_count;
		rte_ip_frag_table_del_expired_entries(fragments->table, &fragments->dying, UINT64_MAX);
		fragments_bury(fragments);
	} while (fragments->held_count < held_count);
	rte_ip_frag_table_destroy(fragments->table);
	fragments->table = NULL;
}
