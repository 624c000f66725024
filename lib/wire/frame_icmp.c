/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The rest of frame_parse() for what is not TCP: ARP, ICMP, ICMPv6 and neighbour discovery.  Checked as strictly as TCP,
 * since each of them can redirect it or cost us an answer.
 */
#include "lib/wire/ether.h"
#include "lib/wire/frame_steps.h"
#include "lib/wire/icmp.h"
#include "lib/wire/ip.h"

void frame_arp(struct frame *frame)
{
	const struct arp *arp = (const struct arp *)frame_l3(frame);
	uint16_t operation;
	bool probe;

	if (!frame_reaches(frame, ETHER_HEADER_BYTES + ARP_BYTES))
		return;
	operation = be16_value(arp->operation);
	probe = operation == ARP_REQUEST && be32_value(arp->sender_ip) == 0; /* RFC 5227 */
	if (be16_value(arp->hardware) != ARP_HARDWARE_ETHERNET || be16_value(arp->protocol) != ETHER_TYPE_IPV4 ||
	    arp->hardware_bytes != sizeof(struct mac) || arp->protocol_bytes != sizeof(struct be32) ||
	    (operation != ARP_REQUEST && operation != ARP_REPLY) || mac_is_group(&arp->sender_mac) ||
	    (!probe && !ipv4_can_be_host(arp->sender_ip.byte[0]))) {
		frame_refuse(frame, SLUICE_COUNTER_drop_arp);
		return;
	}
	frame->tuple = (struct tuple){.remote = ip_from_ipv4(arp->sender_ip), .local = ip_from_ipv4(arp->target_ip)};
	frame->ipv6 = false;
	frame->kind = FRAME_ARP;
}

/* An answer to a group would let one packet call up many. */
static bool frame_is_to_group(const struct frame *frame)
{
	return frame->group_mac || !ip_can_be_host(&frame->tuple.local);
}

static bool frame_icmp_is_sound(const struct frame *frame, uint64_t pseudo_sum)
{
	return checksum_finish(checksum_add_packet(pseudo_sum, frame->packet, frame->l4_offset, frame->l4_bytes)) == 0;
}

static bool frame_echo(struct frame *frame, uint8_t code)
{
	if (code != 0)
		return frame_refuse(frame, SLUICE_COUNTER_drop_icmp);
	if (frame_is_to_group(frame))
		return frame_refuse(frame, SLUICE_COUNTER_drop_ip_destination);
	frame->kind = FRAME_ECHO;
	return true;
}

/* Errors quote at least the header of the packet at fault, and as much of TCP as names the connection and the place in it. */
static bool frame_icmp_error(struct frame *frame, uint32_t quoted_header_bytes)
{
	uint32_t bytes = ICMP_HEADER_BYTES + quoted_header_bytes + 8;

	if (frame->l4_bytes < bytes)
		return frame_refuse(frame, SLUICE_COUNTER_drop_icmp);
	if (!frame_reaches(frame, frame->l4_offset + bytes))
		return false;
	if (frame_is_to_group(frame))
		return frame_refuse(frame, SLUICE_COUNTER_drop_ip_destination);
	frame->kind = FRAME_ICMP_ERROR;
	return true;
}

void frame_icmp(struct frame *frame)
{
	const struct icmp_header *icmp = (const struct icmp_header *)frame_l4(frame);

	if (frame->l4_bytes < ICMP_HEADER_BYTES) {
		frame_refuse(frame, SLUICE_COUNTER_drop_icmp);
		return;
	}
	if (!frame_reaches(frame, frame->l4_offset + ICMP_HEADER_BYTES))
		return;
	if (!frame_icmp_is_sound(frame, 0))
		frame_refuse(frame, SLUICE_COUNTER_drop_icmp);
	else if (icmp->type == ICMP_ECHO_REQUEST)
		frame_echo(frame, icmp->code);
	else if (icmp->type == ICMP_UNREACHABLE || icmp->type == ICMP_TIME_EXCEEDED ||
		 icmp->type == ICMP_PARAMETER_PROBLEM)
		frame_icmp_error(frame, IPV4_HEADER_BYTES);
	else
		frame_refuse(frame, SLUICE_COUNTER_drop_icmp); /* source quench among them: MUST-55 */
}

/* All options have a length, and the sender's MAC is not among them where it may not be. */
static bool nd_options_are_sound(const uint8_t *options, uint32_t bytes, bool source_mac_allowed)
{
	while (bytes) {
		uint32_t option_bytes;

		if (bytes < sizeof(struct nd_option_mac))
			return false;
		option_bytes = options[1] * (uint32_t)sizeof(struct nd_option_mac);
		if (option_bytes == 0 || option_bytes > bytes)
			return false;
		if (options[0] == ND_OPTION_SOURCE_MAC && !source_mac_allowed)
			return false;
		options += option_bytes;
		bytes -= option_bytes;
	}
	return true;
}

static bool ip_is_solicited_node(const struct ip *ip)
{
	static const uint8_t prefix[13] = {0xff, 0x02, [11] = 0x01, 0xff};

	return memcmp(ip, prefix, sizeof(prefix)) == 0;
}

/* RFC 4861 section 7.1.1; `from_nobody` looks for its own address, and must not name a MAC. */
static bool nd_solicit_is_sound(const struct frame *frame, const uint8_t *options, uint32_t option_bytes)
{
	bool from_nobody = ip_is_unspecified(&frame->tuple.remote);

	if (from_nobody && !ip_is_solicited_node(&frame->tuple.local))
		return false;
	return nd_options_are_sound(options, option_bytes, !from_nobody);
}

/* RFC 4861 section 7.1.2. */
static bool nd_advert_is_sound(const struct frame *frame, const struct nd_message *message, uint32_t option_bytes)
{
	bool solicited = message->icmp.rest.byte[0] & ND_FLAG_SOLICITED;

	if (ip_is_multicast(&frame->tuple.local) && solicited)
		return false;
	return ipv6_can_be_host(frame->tuple.remote.byte) &&
	       nd_options_are_sound((const uint8_t *)(message + 1), option_bytes, true);
}

static bool frame_nd(struct frame *frame, bool solicit)
{
	const struct nd_message *message = (const struct nd_message *)frame_l4(frame);
	uint32_t option_bytes = frame->l4_bytes - ND_MESSAGE_BYTES;
	bool sound;

	if (frame->l4_bytes < ND_MESSAGE_BYTES)
		return frame_refuse(frame, SLUICE_COUNTER_drop_nd);
	if (!frame_reaches(frame, frame->l4_offset + frame->l4_bytes))
		return false;
	sound = frame->ttl == ND_HOP_LIMIT && message->icmp.code == 0 && ipv6_can_be_host(message->target.byte);
	if (solicit)
		sound = sound && nd_solicit_is_sound(frame, (const uint8_t *)(message + 1), option_bytes);
	else
		sound = sound && nd_advert_is_sound(frame, message, option_bytes);
	if (!sound)
		return frame_refuse(frame, SLUICE_COUNTER_drop_nd);
	frame->kind = solicit ? FRAME_ND_SOLICIT : FRAME_ND_ADVERT;
	return true;
}

static void frame_icmpv6_message(struct frame *frame, const struct icmp_header *icmp)
{
	if (icmp->type == ICMPV6_ND_SOLICIT || icmp->type == ICMPV6_ND_ADVERT)
		frame_nd(frame, icmp->type == ICMPV6_ND_SOLICIT);
	else if (!ipv6_can_be_host(frame->tuple.remote.byte))
		frame_refuse(frame, SLUICE_COUNTER_drop_ip_source);
	else if (icmp->type == ICMPV6_ECHO_REQUEST)
		frame_echo(frame, icmp->code);
	else if (icmp->type >= ICMPV6_UNREACHABLE && icmp->type <= ICMPV6_PARAMETER_PROBLEM)
		frame_icmp_error(frame, IPV6_HEADER_BYTES);
	else
		frame_refuse(frame, SLUICE_COUNTER_drop_icmp);
}

void frame_icmpv6(struct frame *frame)
{
	const struct icmp_header *icmp = (const struct icmp_header *)frame_l4(frame);
	uint64_t pseudo_sum =
		checksum_add_pseudo(0, &frame->tuple.remote, &frame->tuple.local, IP_PROTOCOL_ICMPV6, frame->l4_bytes);

	if (frame->l4_bytes < ICMP_HEADER_BYTES) {
		frame_refuse(frame, SLUICE_COUNTER_drop_icmp);
		return;
	}
	if (!frame_reaches(frame, frame->l4_offset + ICMP_HEADER_BYTES))
		return;
	if (!frame_icmp_is_sound(frame, pseudo_sum))
		frame_refuse(frame, SLUICE_COUNTER_drop_icmp);
	else
		frame_icmpv6_message(frame, icmp);
}
