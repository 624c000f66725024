/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TCP segments and echo replies: headers in front of what is there.  Header checksums are added up from the values that are
 * being written, never read back: a wide load just after narrow stores would wait for them.
 */
#include "lib/wire/build.h"

#include "lib/base/assert.h"
#include "lib/wire/checksum.h"
#include "lib/wire/frame.h"
#include "lib/wire/icmp.h"

/* They tell where the packet's bytes are, not what is in them. */
#define FLAGS_KEPT (RTE_MBUF_F_EXTERNAL | RTE_MBUF_F_INDIRECT)

/* A sum of 16- and 32-bit numbers, turned into the sum of their bytes as they lie in memory. */
static inline uint64_t sum_of_values(uint64_t values)
{
	return __builtin_bswap16((uint16_t)~checksum_finish(values));
}

static inline void build_ether(uint8_t *at, const struct mac *destination, const struct mac *source, uint16_t type)
{
	struct ether_header *ether = (struct ether_header *)at;

	ether->destination = *destination;
	ether->source = *source;
	ether->type = be16_from(type);
}

/* What goes into an IP header of either family. */
struct build_ip {
	const struct ip *source, *destination;
	uint32_t payload_bytes;
	uint8_t protocol, ttl, dscp_ecn;
	bool checksum_offload;
};

static inline void build_ipv4(uint8_t *at, const struct build_ip *ip)
{
	struct ipv4_header *header = (struct ipv4_header *)at;
	struct be32 source = ip_ipv4(ip->source), destination = ip_ipv4(ip->destination);
	uint32_t total_bytes = IPV4_HEADER_BYTES + ip->payload_bytes;
	uint64_t values = ((uint32_t)IPV4_VERSION_IHL << 8 | ip->dscp_ecn) + total_bytes + IPV4_DONT_FRAGMENT +
			  ((uint32_t)ip->ttl << 8 | ip->protocol) + (uint64_t)be32_value(source) +
			  be32_value(destination);

	header->version_ihl = IPV4_VERSION_IHL;
	header->dscp_ecn = ip->dscp_ecn;
	header->total_bytes = be16_from((uint16_t)total_bytes);
	header->id = be16_from(0);
	header->fragment = be16_from(IPV4_DONT_FRAGMENT);
	header->ttl = ip->ttl;
	header->protocol = ip->protocol;
	header->checksum = be16_from(ip->checksum_offload ? 0 : checksum_finish(values));
	header->source = source;
	header->destination = destination;
}

static inline void build_ipv6(uint8_t *at, const struct build_ip *ip)
{
	struct ipv6_header *header = (struct ipv6_header *)at;

	header->version_class_flow = be32_from(6U << 28 | (uint32_t)ip->dscp_ecn << 20);
	header->payload_bytes = be16_from((uint16_t)ip->payload_bytes);
	header->next_header = ip->protocol;
	header->hop_limit = ip->ttl;
	header->source = *ip->source;
	header->destination = *ip->destination;
}

/* Copies the options; returns their sum. */
static inline uint64_t build_tcp_options(uint8_t *at, const struct build_segment *segment)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < segment->option_bytes; i += 4) {
		uint32_t word;

		memcpy(&word, segment->options + i, sizeof(word));
		memcpy(at + i, &word, sizeof(word));
		sum += word;
	}
	return sum;
}

/* Everything but the checksum; returns the sum of the rest. */
static inline uint64_t build_tcp(struct tcp_header *tcp, const struct build_segment *segment)
{
	const struct tuple *tuple = segment->tuple;
	uint8_t data_offset = (uint8_t)((TCP_HEADER_BYTES + segment->option_bytes) / 4 << 4);

	tcp->source_port = be16_from(tuple->local_port);
	tcp->destination_port = be16_from(tuple->remote_port);
	tcp->seq = be32_from(segment->seq.value);
	tcp->ack = be32_from(segment->ack.value);
	tcp->data_offset = data_offset;
	tcp->flags = segment->flags;
	tcp->window = be16_from(segment->window);
	tcp->urgent = be16_from(0);
	return build_tcp_options((uint8_t *)(tcp + 1), segment) +
	       sum_of_values((uint64_t)segment->seq.value + segment->ack.value + tuple->local_port +
			     tuple->remote_port + ((uint32_t)data_offset << 8 | segment->flags) + segment->window);
}

/* Tells the port where the headers are and which sums it owes; returns whether it owes TCP's. */
static inline bool build_offload(struct rte_mbuf *packet, bool ipv4, uint32_t l4_header_bytes, uint32_t io_flags)
{
	uint64_t flags = 0;

	if (io_flags & SLUICE_IO_TX_TCP_CHECKSUM)
		flags = RTE_MBUF_F_TX_TCP_CKSUM;
	if (ipv4 && io_flags & SLUICE_IO_TX_IPV4_CHECKSUM)
		flags |= RTE_MBUF_F_TX_IP_CKSUM;
	if (flags)
		flags |= ipv4 ? RTE_MBUF_F_TX_IPV4 : RTE_MBUF_F_TX_IPV6;
	packet->ol_flags = (packet->ol_flags & FLAGS_KEPT) | flags;
	packet->tx_offload = 0;
	packet->l2_len = ETHER_HEADER_BYTES;
	packet->l3_len = (ipv4 ? IPV4_HEADER_BYTES : IPV6_HEADER_BYTES) & 0x1ff;
	packet->l4_len = l4_header_bytes & 0xff;
	return flags & RTE_MBUF_F_TX_TCP_CKSUM;
}

/* Makes room in front of the data and returns its new start. */
static inline uint8_t *build_push(struct rte_mbuf *packet, uint32_t bytes)
{
	ASSERT(packet->data_off >= bytes);
	packet->data_off = (uint16_t)(packet->data_off - bytes);
	packet->data_len = (uint16_t)(packet->data_len + bytes);
	packet->pkt_len += bytes;
	return packet_bytes(packet);
}

/* A port that sums the rest itself wants the pseudo-header's sum, not complemented, in the checksum's place. */
static inline void build_tcp_checksum(struct tcp_header *tcp, const struct rte_mbuf *packet,
				      const struct build_segment *segment, uint64_t header_sum, uint32_t text_bytes,
				      bool offload)
{
	uint32_t header_bytes = TCP_HEADER_BYTES + segment->option_bytes;
	uint64_t sum = checksum_add_pseudo(0, &segment->tuple->local, &segment->tuple->remote, IP_PROTOCOL_TCP,
					   header_bytes + text_bytes);
	uint16_t checksum;

	if (offload) {
		checksum = (uint16_t)~checksum_finish(sum);
	} else {
		sum = checksum_add_word(sum, header_sum);
		sum = checksum_add_packet(sum, packet, packet->pkt_len - text_bytes, text_bytes);
		checksum = checksum_finish(sum);
	}
	memcpy(&tcp->checksum, &checksum, sizeof(checksum));
}

void build_segment(struct rte_mbuf *packet, const struct build_segment *segment)
{
	bool ipv4 = ip_is_ipv4(&segment->tuple->local);
	uint32_t tcp_bytes = TCP_HEADER_BYTES + segment->option_bytes, text_bytes = packet->pkt_len;
	uint8_t *at = build_push(packet, build_header_bytes(ipv4, segment->option_bytes));
	struct tcp_header *tcp =
		(struct tcp_header *)(at + ETHER_HEADER_BYTES + (ipv4 ? IPV4_HEADER_BYTES : IPV6_HEADER_BYTES));
	bool offload = build_offload(packet, ipv4, tcp_bytes, segment->io_flags);
	uint64_t header_sum = build_tcp(tcp, segment);
	const struct build_ip ip = {
		.source = &segment->tuple->local,
		.destination = &segment->tuple->remote,
		.payload_bytes = tcp_bytes + text_bytes,
		.protocol = IP_PROTOCOL_TCP,
		.ttl = segment->ttl,
		.dscp_ecn = segment->dscp_ecn,
		.checksum_offload = segment->io_flags & SLUICE_IO_TX_IPV4_CHECKSUM,
	};

	ASSERT(segment->option_bytes % 4 == 0 && segment->option_bytes <= TCP_HEADER_BYTES_MAX - TCP_HEADER_BYTES);
	build_ether(at, segment->destination_mac, segment->source_mac, ipv4 ? ETHER_TYPE_IPV4 : ETHER_TYPE_IPV6);
	if (ipv4)
		build_ipv4(at + ETHER_HEADER_BYTES, &ip);
	else
		build_ipv6(at + ETHER_HEADER_BYTES, &ip);
	build_tcp_checksum(tcp, packet, segment, header_sum, text_bytes, offload);
}

/* Request to reply changes one byte of what was summed; the addresses trade places, which no sum notices. */
static void build_echo_type(struct icmp_header *icmp, uint8_t type)
{
	struct be16 was = {.byte = {icmp->type}}, is = {.byte = {type}};
	uint16_t checksum;
	uint64_t sum;

	memcpy(&checksum, &icmp->checksum, sizeof(checksum));
	sum = checksum_add((uint16_t)~checksum, &is, sizeof(is));
	sum += (uint16_t) ~(uint16_t)checksum_add(0, &was, sizeof(was)); /* RFC 1624 */
	icmp->type = type;
	checksum = checksum_finish(sum);
	memcpy(&icmp->checksum, &checksum, sizeof(checksum));
}

/* Fresh headers take the place of the request's, IP options and extension headers and all. */
void build_echo_reply(const struct frame *request, const struct mac *our_mac, uint32_t io_flags)
{
	struct rte_mbuf *packet = request->packet;
	bool ipv4 = !request->ipv6;
	uint32_t ip_bytes = ipv4 ? IPV4_HEADER_BYTES : IPV6_HEADER_BYTES;
	uint32_t skipped_bytes = request->l4_offset - ip_bytes - ETHER_HEADER_BYTES;
	struct mac asker = *frame_source_mac(request);
	uint8_t *at = packet_bytes(packet) + skipped_bytes;
	const struct build_ip ip = {
		.source = &request->tuple.local,
		.destination = &request->tuple.remote,
		.payload_bytes = request->l4_bytes,
		.protocol = ipv4 ? IP_PROTOCOL_ICMP : IP_PROTOCOL_ICMPV6,
		.ttl = IP_TTL_DEFAULT,
		.dscp_ecn = request->dscp_ecn & 0xfc,
		.checksum_offload = io_flags & SLUICE_IO_TX_IPV4_CHECKSUM,
	};

	build_echo_type((struct icmp_header *)(at + ETHER_HEADER_BYTES + ip_bytes),
			ipv4 ? ICMP_ECHO_REPLY : ICMPV6_ECHO_REPLY);
	build_ether(at, &asker, our_mac, ipv4 ? ETHER_TYPE_IPV4 : ETHER_TYPE_IPV6);
	if (ipv4)
		build_ipv4(at + ETHER_HEADER_BYTES, &ip);
	else
		build_ipv6(at + ETHER_HEADER_BYTES, &ip);
	packet->data_off = (uint16_t)(packet->data_off + skipped_bytes);
	packet->data_len = (uint16_t)(packet->data_len - skipped_bytes);
	packet->pkt_len -= skipped_bytes;
	if (packet->nb_segs == 1) { /* padding; at the end of a chain it stays, which does no harm */
		packet->pkt_len = ETHER_HEADER_BYTES + ip_bytes + request->l4_bytes;
		packet->data_len = (uint16_t)packet->pkt_len;
	}
	build_offload(packet, ipv4, 0, io_flags & SLUICE_IO_TX_IPV4_CHECKSUM);
}
