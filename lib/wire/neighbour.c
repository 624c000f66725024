/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ARP and neighbour discovery, written and read: the same two questions and answers in two languages.
 */
#include "lib/base/assert.h"
#include "lib/wire/build.h"
#include "lib/wire/checksum.h"
#include "lib/wire/frame.h"
#include "lib/wire/icmp.h"

static const struct mac all_stations = {.byte = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
static const struct ip all_nodes = {.byte = {0xff, 0x02, [15] = 1}};

/* Sets the length of a packet that was empty, and returns its start. */
static uint8_t *neighbour_start(struct rte_mbuf *packet, const struct mac *destination, const struct mac *source,
				uint16_t type, uint32_t bytes)
{
	struct ether_header *ether = (struct ether_header *)packet_bytes(packet);

	ASSERT(packet->data_len == 0);
	packet->data_len = (uint16_t)bytes;
	packet->pkt_len = bytes;
	packet->ol_flags &= RTE_MBUF_F_EXTERNAL | RTE_MBUF_F_INDIRECT;
	packet->tx_offload = 0;
	ether->destination = *destination;
	ether->source = *source;
	ether->type = be16_from(type);
	return (uint8_t *)(ether + 1);
}

static void arp_write(struct rte_mbuf *packet, const struct mac *destination, const struct arp *arp)
{
	uint8_t *at =
		neighbour_start(packet, destination, &arp->sender_mac, ETHER_TYPE_ARP, ETHER_HEADER_BYTES + ARP_BYTES);

	memcpy(at, arp, sizeof(*arp));
}

static struct arp arp_from(uint16_t operation, const struct mac *sender_mac, const struct ip *sender_ip)
{
	return (struct arp){
		.hardware = be16_from(ARP_HARDWARE_ETHERNET),
		.protocol = be16_from(ETHER_TYPE_IPV4),
		.hardware_bytes = sizeof(struct mac),
		.protocol_bytes = sizeof(struct be32),
		.operation = be16_from(operation),
		.sender_mac = *sender_mac,
		.sender_ip = ip_ipv4(sender_ip),
	};
}

/* A whole solicitation or advertisement behind its Ethernet header. */
struct nd_packet {
	struct ipv6_header ip;
	struct nd_message message;
	struct nd_option_mac option; /* left out where our MAC may not be told */
};

static void nd_write(struct rte_mbuf *packet, const struct mac *destination, const struct mac *source,
		     struct nd_packet *nd, bool with_option)
{
	uint32_t l4_bytes = ND_MESSAGE_BYTES + (with_option ? (uint32_t)sizeof(nd->option) : 0);
	uint16_t checksum;
	uint64_t sum;
	uint8_t *at;

	nd->ip.version_class_flow = be32_from(6U << 28);
	nd->ip.payload_bytes = be16_from((uint16_t)l4_bytes);
	nd->ip.next_header = IP_PROTOCOL_ICMPV6;
	nd->ip.hop_limit = ND_HOP_LIMIT;
	nd->option.units = 1;
	nd->option.mac = *source;
	sum = checksum_add_pseudo(0, &nd->ip.source, &nd->ip.destination, IP_PROTOCOL_ICMPV6, l4_bytes);
	checksum = checksum_finish(checksum_add(sum, &nd->message, l4_bytes));
	memcpy(&nd->message.icmp.checksum, &checksum, sizeof(checksum));
	at = neighbour_start(packet, destination, source, ETHER_TYPE_IPV6,
			     ETHER_HEADER_BYTES + IPV6_HEADER_BYTES + l4_bytes);
	memcpy(at, nd, IPV6_HEADER_BYTES + l4_bytes);
}

/* RFC 4291 section 2.7.1: the group of all whose address ends like this one. */
static struct ip ip_solicited_node(const struct ip *ip)
{
	struct ip group = {.byte = {0xff, 0x02, [11] = 0x01, 0xff}};

	memcpy(&group.byte[13], &ip->byte[13], 3);
	return group;
}

/* RFC 2464 section 7. */
static struct mac mac_of_group(const struct ip *group)
{
	struct mac mac = {.byte = {0x33, 0x33}};

	memcpy(&mac.byte[2], &group->byte[12], 4);
	return mac;
}

void build_neighbour_request(struct rte_mbuf *packet, const struct mac *our_mac, const struct ip *our_ip,
			     const struct ip *target, const struct mac *known)
{
	if (ip_is_ipv4(target)) {
		struct arp arp = arp_from(ARP_REQUEST, our_mac, our_ip);

		arp.target_ip = ip_ipv4(target);
		arp_write(packet, known ? known : &all_stations, &arp);
	} else {
		struct ip group = ip_solicited_node(target);
		struct mac group_mac = mac_of_group(&group);
		struct nd_packet nd = {
			.ip = {.source = *our_ip, .destination = known ? *target : group},
			.message = {.icmp = {.type = ICMPV6_ND_SOLICIT}, .target = *target},
			.option = {.type = ND_OPTION_SOURCE_MAC},
		};

		nd_write(packet, known ? known : &group_mac, our_mac, &nd, !ip_is_unspecified(our_ip));
	}
}

void build_neighbour_reply(struct rte_mbuf *packet, const struct mac *our_mac, const struct ip *our_ip,
			   const struct ip *asker_ip, const struct mac *asker_mac)
{
	if (ip_is_ipv4(our_ip)) {
		struct arp arp = arp_from(ARP_REPLY, our_mac, our_ip);

		arp.target_mac = *asker_mac;
		arp.target_ip = ip_ipv4(asker_ip);
		arp_write(packet, asker_mac, &arp);
	} else {
		/* Who asks from nowhere is told by way of everybody (RFC 4861 section 7.2.4). */
		bool to_nobody = ip_is_unspecified(asker_ip);
		struct mac everybody = mac_of_group(&all_nodes);
		uint8_t flags = (uint8_t)(ND_FLAG_OVERRIDE | (to_nobody ? 0 : ND_FLAG_SOLICITED));
		struct nd_packet nd = {
			.ip = {.source = *our_ip, .destination = to_nobody ? all_nodes : *asker_ip},
			.message = {.icmp = {.type = ICMPV6_ND_ADVERT, .rest = {.byte = {flags}}}, .target = *our_ip},
			.option = {.type = ND_OPTION_TARGET_MAC},
		};

		nd_write(packet, to_nobody ? &everybody : asker_mac, our_mac, &nd, true);
	}
}

static struct neighbour_message arp_read(const struct frame *frame)
{
	const struct arp *arp = (const struct arp *)(packet_bytes(frame->packet) + frame->l3_offset);
	bool request = be16_value(arp->operation) == ARP_REQUEST;

	return (struct neighbour_message){
		.is_request = request,
		.has_sender_mac = true,
		.is_override = true,
		.is_solicited = !request,
		.sender_ip = ip_from_ipv4(arp->sender_ip),
		.sender_mac = arp->sender_mac,
		.target_ip = ip_from_ipv4(arp->target_ip),
	};
}

/* The first option of its kind; frame_parse() has checked the lengths.  A group's address is nobody's. */
static bool nd_option_read(const uint8_t *options, uint32_t bytes, uint8_t type, struct mac *mac)
{
	while (bytes) {
		const struct nd_option_mac *option = (const struct nd_option_mac *)options;

		if (option->type == type && option->units == 1) {
			*mac = option->mac;
			return !mac_is_group(mac);
		}
		options += option->units * sizeof(*option);
		bytes -= option->units * (uint32_t)sizeof(*option);
	}
	return false;
}

static struct neighbour_message nd_read(const struct frame *frame)
{
	const struct nd_message *message = (const struct nd_message *)(packet_bytes(frame->packet) + frame->l4_offset);
	bool request = frame->kind == FRAME_ND_SOLICIT;
	uint8_t flags = request ? 0 : message->icmp.rest.byte[0];
	struct neighbour_message out = {
		.is_request = request,
		.is_override = flags & ND_FLAG_OVERRIDE,
		.is_solicited = flags & ND_FLAG_SOLICITED,
		.sender_ip = request ? frame->tuple.remote : message->target,
		.target_ip = request ? message->target : frame->tuple.local,
	};

	out.has_sender_mac =
		nd_option_read((const uint8_t *)(message + 1), frame->l4_bytes - (uint32_t)ND_MESSAGE_BYTES,
			       request ? ND_OPTION_SOURCE_MAC : ND_OPTION_TARGET_MAC, &out.sender_mac);
	return out;
}

struct neighbour_message neighbour_message_read(const struct frame *frame)
{
	return frame->kind == FRAME_ARP ? arp_read(frame) : nd_read(frame);
}
