/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ethernet, IP and TCP, from bytes to struct frame.  Ordinary segments (no IP options, TCP with no options or with
 * `nop nop TS`) run straight down; what is rare is called.
 */
#include "lib/wire/frame.h"

#include "lib/wire/ether.h"
#include "lib/wire/frame_steps.h"
#include "lib/wire/ip.h"

#define LIKELY(condition)      __builtin_expect(!!(condition), 1)
#define UNLIKELY(condition)    __builtin_expect(!!(condition), 0)

#define TIMESTAMPS_ALONE       0x0101080aU /* nop nop, kind, length: as nearly every segment has it */
#define TIMESTAMPS_ALONE_BYTES 12
#define SYN_MSS                0x0204U
#define SYN_SACK_TIMESTAMPS    0x0402080aU
#define SYN_SCALE              0x010303U
#define SYN_OPTIONS_BYTES      20

/* Ours, or a group's. */
static inline bool frame_ether(struct frame *frame, const struct frame_rules *rules)
{
	const struct ether_header *ether = (const struct ether_header *)packet_bytes(frame->packet);

	frame->l3_offset = ETHER_HEADER_BYTES;
	frame->group_mac = mac_is_group(&ether->destination);
	if (UNLIKELY(!mac_equal(&ether->destination, &rules->mac) && !frame->group_mac))
		return frame_refuse(frame, SLUICE_COUNTER_drop_frame_other_host);
	if (UNLIKELY(mac_is_group(&ether->source)))
		return frame_refuse(frame, SLUICE_COUNTER_drop_frame_source); /* an answer would go to many */
	return true;
}

static bool frame_ipv4_options(struct frame *frame, uint32_t bytes)
{
	switch (ipv4_options_check(frame_l3(frame) + IPV4_HEADER_BYTES, bytes)) {
	case IP_PASS:
		return true;
	case IP_SOURCE_ROUTE:
		return frame_refuse(frame, SLUICE_COUNTER_drop_ipv4_source_route);
	case IP_MALFORMED:
	case IP_FRAGMENT:
	case IP_CUT_SHORT:
		break;
	}
	return frame_refuse(frame, SLUICE_COUNTER_drop_ipv4_header);
}

static inline bool frame_ipv4_checksum(const struct frame *frame, const struct frame_rules *rules, uint32_t bytes)
{
	uint64_t verdict = frame->packet->ol_flags & RTE_MBUF_F_RX_IP_CKSUM_MASK;

	if (rules->checksum_offload && verdict == RTE_MBUF_F_RX_IP_CKSUM_GOOD)
		return true;
	if (rules->checksum_offload && verdict == RTE_MBUF_F_RX_IP_CKSUM_BAD)
		return false;
	if (LIKELY(bytes == IPV4_HEADER_BYTES))
		return checksum_finish(checksum_add_20(0, frame_l3(frame))) == 0;
	return checksum_finish(checksum_add(0, frame_l3(frame), bytes)) == 0;
}

/* The header's lengths, the frame being at least as long as the shortest. */
static inline bool frame_ipv4_lengths(struct frame *frame, const struct ipv4_header *header, uint32_t header_bytes)
{
	uint32_t total_bytes = be16_value(header->total_bytes);

	if (UNLIKELY(header->version_ihl >> 4 != 4 || header_bytes < IPV4_HEADER_BYTES || total_bytes < header_bytes))
		return frame_refuse(frame, SLUICE_COUNTER_drop_ipv4_header);
	if (UNLIKELY(ETHER_HEADER_BYTES + total_bytes > frame->packet->pkt_len))
		return frame_refuse(frame, SLUICE_COUNTER_drop_frame_short);
	frame->l4_offset = (uint16_t)(ETHER_HEADER_BYTES + header_bytes);
	frame->l4_bytes = (uint16_t)(total_bytes - header_bytes);
	return frame_reaches(frame, frame->l4_offset);
}

static inline bool frame_ipv4(struct frame *frame, const struct frame_rules *rules)
{
	const struct ipv4_header *header = (const struct ipv4_header *)frame_l3(frame);
	uint32_t header_bytes;

	if (!frame_reaches(frame, ETHER_HEADER_BYTES + IPV4_HEADER_BYTES))
		return false;
	header_bytes = (header->version_ihl & 0xf) * 4U;
	if (!frame_ipv4_lengths(frame, header, header_bytes))
		return false;
	if (UNLIKELY(!frame_ipv4_checksum(frame, rules, header_bytes)))
		return frame_refuse(frame, SLUICE_COUNTER_drop_ipv4_checksum);
	if (UNLIKELY(be16_value(header->fragment) & IPV4_FRAGMENT_MASK))
		return frame_ipv4_fragment(frame, rules);
	if (UNLIKELY(header_bytes > IPV4_HEADER_BYTES) && !frame_ipv4_options(frame, header_bytes - IPV4_HEADER_BYTES))
		return false;
	if (UNLIKELY(!ipv4_can_be_host(header->source.byte[0])))
		return frame_refuse(frame, SLUICE_COUNTER_drop_ip_source);
	frame->ipv6 = false;
	frame->protocol = header->protocol;
	frame->ttl = header->ttl;
	frame->dscp_ecn = header->dscp_ecn;
	frame->tuple.remote = ip_from_ipv4(header->source);
	frame->tuple.local = ip_from_ipv4(header->destination);
	return true;
}

static bool frame_ipv6_extensions(struct frame *frame, const struct frame_rules *rules)
{
	struct ipv6_walk walk = ipv6_extensions_walk(frame_l4(frame), frame->protocol, frame->l4_bytes,
						     frame->packet->data_len - frame->l4_offset);

	switch (walk.verdict) {
	case IP_PASS:
		frame->protocol = walk.protocol;
		frame->l4_offset = (uint16_t)(frame->l4_offset + walk.bytes);
		frame->l4_bytes = (uint16_t)(frame->l4_bytes - walk.bytes);
		if (walk.is_atomic && walk.protocol == IP_PROTOCOL_ICMPV6)
			return frame_refuse(frame, SLUICE_COUNTER_drop_ipv6_fragment); /* RFC 6980 */
		return true;
	case IP_SOURCE_ROUTE:
		return frame_refuse(frame, SLUICE_COUNTER_drop_ipv6_routing);
	case IP_FRAGMENT:
		return frame_ipv6_fragment(frame, rules, walk.bytes);
	case IP_CUT_SHORT:
		return frame_refuse(frame, SLUICE_COUNTER_drop_frame_chained);
	case IP_MALFORMED:
		break;
	}
	return frame_refuse(frame, SLUICE_COUNTER_drop_ipv6_header);
}

/* The unspecified address speaks only while it looks for a better one, which frame_icmpv6() judges (RFC 4862). */
static bool frame_ipv6_source(const struct frame *frame, const struct ipv6_header *header)
{
	return ipv6_can_be_host(header->source.byte) ||
	       (frame->protocol == IP_PROTOCOL_ICMPV6 && ip_is_unspecified(&header->source));
}

static inline bool frame_ipv6(struct frame *frame, const struct frame_rules *rules)
{
	const struct ipv6_header *header = (const struct ipv6_header *)frame_l3(frame);

	if (!frame_reaches(frame, ETHER_HEADER_BYTES + IPV6_HEADER_BYTES))
		return false;
	if (UNLIKELY(be32_value(header->version_class_flow) >> 28 != 6))
		return frame_refuse(frame, SLUICE_COUNTER_drop_ipv6_header);
	frame->l4_offset = ETHER_HEADER_BYTES + IPV6_HEADER_BYTES;
	frame->l4_bytes = be16_value(header->payload_bytes);
	if (UNLIKELY((uint32_t)frame->l4_offset + frame->l4_bytes > frame->packet->pkt_len))
		return frame_refuse(frame, SLUICE_COUNTER_drop_frame_short);
	frame->protocol = header->next_header;
	if (UNLIKELY(frame->protocol != IP_PROTOCOL_TCP) && !frame_ipv6_extensions(frame, rules))
		return false;
	if (UNLIKELY(!frame_ipv6_source(frame, header)))
		return frame_refuse(frame, SLUICE_COUNTER_drop_ip_source);
	frame->ipv6 = true;
	frame->ttl = header->hop_limit;
	frame->dscp_ecn = ipv6_class(header);
	frame->tuple.remote = header->source;
	frame->tuple.local = header->destination;
	return true;
}

static inline bool frame_tcp_checksum(const struct frame *frame, const struct frame_rules *rules)
{
	uint64_t verdict = frame->packet->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK, sum;

	if (rules->checksum_offload && verdict == RTE_MBUF_F_RX_L4_CKSUM_GOOD)
		return true;
	if (rules->checksum_offload && verdict == RTE_MBUF_F_RX_L4_CKSUM_BAD)
		return false;
	sum = checksum_add_pseudo(0, &frame->tuple.remote, &frame->tuple.local, IP_PROTOCOL_TCP, frame->l4_bytes);
	return checksum_finish(checksum_add_packet(sum, frame->packet, frame->l4_offset, frame->l4_bytes)) == 0;
}

/* MSS, SACK-permitted, timestamps, nop, window scale: the SYNs of most stacks, and so of a flood.  False: they are others. */
static inline bool frame_syn_options(struct tcp_options *out, const uint8_t *options)
{
	uint32_t mss = be32_value(be32_at(options)), scale = be32_value(be32_at(options + 16));

	if (mss >> 16 != SYN_MSS || be32_value(be32_at(options + 4)) != SYN_SACK_TIMESTAMPS || scale >> 8 != SYN_SCALE)
		return false;
	out->tsval = be32_value(be32_at(options + 8));
	out->tsecr = be32_value(be32_at(options + 12));
	out->mss_bytes = (uint16_t)mss;
	out->present = TCP_HAS_MSS | TCP_HAS_WINDOW_SCALE | TCP_HAS_SACK_PERMITTED | TCP_HAS_TIMESTAMPS;
	out->window_shift = (uint8_t)scale;
	out->sack_count = 0;
	return true;
}

static inline void frame_tcp_options(struct frame *frame, const uint8_t *options, uint32_t bytes)
{
	if (LIKELY(bytes == TIMESTAMPS_ALONE_BYTES && be32_value(be32_at(options)) == TIMESTAMPS_ALONE)) {
		frame->options.tsval = be32_value(be32_at(options + 4));
		frame->options.tsecr = be32_value(be32_at(options + 8));
		frame->options.present = TCP_HAS_TIMESTAMPS;
		frame->options.sack_count = 0;
	} else if (bytes == 0) {
		frame->options.present = 0;
		frame->options.sack_count = 0;
	} else if (bytes != SYN_OPTIONS_BYTES || !frame_syn_options(&frame->options, options)) {
		frame->options = tcp_options_read(options, bytes);
	}
}

/* Addresses that TCP is not spoken to or from, which the IP header alone does not tell. */
static inline bool frame_tcp_ends(struct frame *frame)
{
	const struct tuple *tuple = &frame->tuple;
	bool destination_ok =
		frame->ipv6 ? ipv6_can_be_host(tuple->local.byte) : ipv4_can_be_host(tuple->local.byte[12]);

	if (UNLIKELY(!destination_ok || frame->group_mac))
		return frame_refuse(frame, SLUICE_COUNTER_drop_ip_destination);
	if (UNLIKELY(frame->ipv6 && !ipv6_can_be_host(tuple->remote.byte)))
		return frame_refuse(frame, SLUICE_COUNTER_drop_ip_source);
	if (UNLIKELY(tuple->local_port == 0 || tuple->remote_port == 0))
		return frame_refuse(frame, SLUICE_COUNTER_drop_tcp_header);
	if (UNLIKELY(tuple->local_port == tuple->remote_port && ip_equal(&tuple->local, &tuple->remote)))
		return frame_refuse(frame, SLUICE_COUNTER_drop_ip_source);
	return true;
}

static inline bool frame_tcp(struct frame *frame, const struct frame_rules *rules)
{
	const struct tcp_header *tcp = (const struct tcp_header *)frame_l4(frame);
	uint32_t header_bytes;

	if (UNLIKELY(frame->l4_bytes < TCP_HEADER_BYTES))
		return frame_refuse(frame, SLUICE_COUNTER_drop_tcp_header);
	if (!frame_reaches(frame, frame->l4_offset + TCP_HEADER_BYTES))
		return false;
	header_bytes = (tcp->data_offset >> 4) * 4U;
	if (UNLIKELY(header_bytes < TCP_HEADER_BYTES || header_bytes > frame->l4_bytes))
		return frame_refuse(frame, SLUICE_COUNTER_drop_tcp_header);
	if (!frame_reaches(frame, frame->l4_offset + header_bytes))
		return false;
	if (UNLIKELY(!frame_tcp_checksum(frame, rules)))
		return frame_refuse(frame, SLUICE_COUNTER_drop_tcp_checksum);
	frame->tuple.local_port = be16_value(tcp->destination_port);
	frame->tuple.remote_port = be16_value(tcp->source_port);
	if (!frame_tcp_ends(frame))
		return false;
	frame->seq = seq_of(be32_value(tcp->seq));
	frame->ack = seq_of(be32_value(tcp->ack));
	frame->window = be16_value(tcp->window);
	frame->flags = tcp->flags;
	frame->text_offset = (uint16_t)(frame->l4_offset + header_bytes);
	frame->text_bytes = (uint16_t)(frame->l4_bytes - header_bytes);
	frame_tcp_options(frame, (const uint8_t *)(tcp + 1), header_bytes - TCP_HEADER_BYTES);
	frame->kind = FRAME_TCP;
	return true;
}

/* Not TCP over what it came in. */
static void frame_other_protocol(struct frame *frame)
{
	frame->tuple.local_port = 0;
	frame->tuple.remote_port = 0;
	if (frame->protocol == IP_PROTOCOL_ICMP && !frame->ipv6)
		frame_icmp(frame);
	else if (frame->protocol == IP_PROTOCOL_ICMPV6 && frame->ipv6)
		frame_icmpv6(frame);
	else
		frame_refuse(frame, SLUICE_COUNTER_drop_ip_protocol);
}

static void frame_other_type(struct frame *frame, uint16_t type)
{
	if (type == ETHER_TYPE_ARP)
		frame_arp(frame);
	else if (type == ETHER_TYPE_VLAN || type == ETHER_TYPE_SERVICE_VLAN)
		frame_refuse(frame, SLUICE_COUNTER_drop_frame_vlan);
	else
		frame_refuse(frame, SLUICE_COUNTER_drop_frame_ethertype);
}

void frame_parse(struct rte_mbuf *packet, const struct frame_rules *rules, struct frame *frame)
{
	bool goes_on;
	uint16_t type;

	frame->packet = packet;
	if (!frame_reaches(frame, ETHER_HEADER_BYTES) || !frame_ether(frame, rules))
		return;
	type = be16_value(((const struct ether_header *)packet_bytes(packet))->type);
	if (LIKELY(type == ETHER_TYPE_IPV4)) {
		goes_on = frame_ipv4(frame, rules);
	} else if (type == ETHER_TYPE_IPV6) {
		goes_on = frame_ipv6(frame, rules);
	} else {
		frame_other_type(frame, type);
		return;
	}
	if (!goes_on)
		return;
	if (LIKELY(frame->protocol == IP_PROTOCOL_TCP))
		frame_tcp(frame, rules);
	else
		frame_other_protocol(frame);
}
