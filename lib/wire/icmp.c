/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What an ICMP error quotes of the packet that it is about (RFC 5927: believed only as far as the quoted tuple and sequence
 * number prove that the sender has seen our segment).
 */
#include "lib/wire/icmp.h"

#include "lib/wire/frame.h"
#include "lib/wire/ip.h"
#include "lib/wire/tcp.h"

/* Ports and sequence number: the eight bytes that every error must quote. */
static void quote_tcp_read(struct icmp_error *error, const uint8_t *tcp)
{
	error->tuple.local_port = be16_value(be16_at(tcp));
	error->tuple.remote_port = be16_value(be16_at(tcp + 2));
	error->seq = seq_of(be32_value(be32_at(tcp + 4)));
	error->is_tcp = true;
}

/* Options may push the ports out of what can be read. */
static void quote_ipv4_read(struct icmp_error *error, const uint8_t *quote, uint32_t readable_bytes)
{
	const struct ipv4_header *header = (const struct ipv4_header *)quote;
	uint32_t header_bytes = (header->version_ihl & 0xf) * 4U;

	if (header->version_ihl >> 4 != 4 || header_bytes < IPV4_HEADER_BYTES || header->protocol != IP_PROTOCOL_TCP ||
	    be16_value(header->fragment) & IPV4_FRAGMENT_MASK || readable_bytes < header_bytes + 8)
		return;
	error->quoted_bytes = be16_value(header->total_bytes);
	error->tuple.local = ip_from_ipv4(header->source);
	error->tuple.remote = ip_from_ipv4(header->destination);
	quote_tcp_read(error, quote + header_bytes);
}

/* We send no extension headers, so a quote with any is not of ours. */
static void quote_ipv6_read(struct icmp_error *error, const uint8_t *quote)
{
	const struct ipv6_header *header = (const struct ipv6_header *)quote;

	if (be32_value(header->version_class_flow) >> 28 != 6 || header->next_header != IP_PROTOCOL_TCP)
		return;
	error->tuple.local = header->source;
	error->tuple.remote = header->destination;
	quote_tcp_read(error, quote + IPV6_HEADER_BYTES);
}

struct icmp_error icmp_error_read(const struct frame *frame)
{
	const struct icmp_header *icmp = (const struct icmp_header *)(packet_bytes(frame->packet) + frame->l4_offset);
	const uint8_t *quote = (const uint8_t *)(icmp + 1);
	uint32_t buffer_bytes = frame->packet->data_len - (frame->l4_offset + (uint32_t)ICMP_HEADER_BYTES);
	uint32_t message_bytes = frame->l4_bytes - (uint32_t)ICMP_HEADER_BYTES;
	struct icmp_error error = {.ipv6 = frame->ipv6, .type = icmp->type, .code = icmp->code};

	if (frame->ipv6) {
		quote_ipv6_read(&error, quote);
		if (icmp->type == ICMPV6_PACKET_TOO_BIG)
			error.mtu_bytes = be32_value(icmp->rest);
	} else {
		quote_ipv4_read(&error, quote, buffer_bytes < message_bytes ? buffer_bytes : message_bytes);
		if (icmp->type == ICMP_UNREACHABLE && icmp->code == ICMP_CODE_FRAGMENTATION_NEEDED)
			error.mtu_bytes = be32_value(icmp->rest) & 0xffff;
	}
	return error;
}
