/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The rest of frame_parse() for fragments.  Only TCP's are taken, and only what can become a segment that fits one of our
 * packets: a datagram beyond that is refused with its first fragment that shows it, before it holds any memory.  ICMPv6 is not
 * taken from fragments, whole ones included (RFC 6980).  What they are put together to is parsed from the start again.
 */
#include "config/limits.h"
#include "lib/wire/ether.h"
#include "lib/wire/frame_steps.h"
#include "lib/wire/ip.h"

#define FRAGMENT_UNIT_BYTES 8

/* Lengths, addresses and protocol of a fragment that begins `offset_bytes` into its datagram. */
static void frame_fragment_take(struct frame *frame, uint32_t offset_bytes, bool has_more)
{
	const struct tuple *tuple = &frame->tuple;

	frame->tuple.local_port = 0;
	frame->tuple.remote_port = 0;
	if (frame->protocol != IP_PROTOCOL_TCP)
		frame_refuse(frame, SLUICE_COUNTER_drop_ip_protocol);
	else if (!ip_can_be_host(&tuple->remote))
		frame_refuse(frame, SLUICE_COUNTER_drop_ip_source);
	else if (!ip_can_be_host(&tuple->local) || frame->group_mac)
		frame_refuse(frame, SLUICE_COUNTER_drop_ip_destination);
	else if (frame->l4_bytes == 0 || (has_more && frame->l4_bytes % FRAGMENT_UNIT_BYTES) ||
		 frame->l4_offset + offset_bytes + frame->l4_bytes > PACKET_ROOM_BYTES)
		frame_refuse(frame, SLUICE_COUNTER_drop_fragment_size);
	else if (frame_reaches(frame, (uint32_t)frame->l4_offset + frame->l4_bytes))
		frame->kind = FRAME_FRAGMENT;
}

bool frame_ipv4_fragment(struct frame *frame, const struct frame_rules *rules)
{
	const struct ipv4_header *header = (const struct ipv4_header *)frame_l3(frame);
	uint32_t fragment = be16_value(header->fragment);

	if (!rules->fragments)
		return frame_refuse(frame, SLUICE_COUNTER_drop_ipv4_fragment);
	frame->ipv6 = false;
	frame->protocol = header->protocol;
	frame->tuple.remote = ip_from_ipv4(header->source);
	frame->tuple.local = ip_from_ipv4(header->destination);
	frame_fragment_take(frame, (fragment & (IPV4_FRAGMENT_MORE - 1)) * FRAGMENT_UNIT_BYTES,
			    fragment & IPV4_FRAGMENT_MORE);
	return false;
}

/* Headers before the fragment's would be in every fragment; nobody sends them with TCP, and we do not put them together. */
bool frame_ipv6_fragment(struct frame *frame, const struct frame_rules *rules, uint32_t extension_bytes)
{
	const struct ipv6_header *header = (const struct ipv6_header *)frame_l3(frame);
	const struct ipv6_fragment_header *fragment = (const struct ipv6_fragment_header *)frame_l4(frame);
	uint32_t offset_more = be16_value(fragment->offset_more);

	if (!rules->fragments || extension_bytes)
		return frame_refuse(frame, SLUICE_COUNTER_drop_ipv6_fragment);
	frame->ipv6 = true;
	frame->protocol = fragment->next_header;
	frame->tuple.remote = header->source;
	frame->tuple.local = header->destination;
	frame->l4_offset = (uint16_t)(frame->l4_offset + sizeof(*fragment));
	frame->l4_bytes = (uint16_t)(frame->l4_bytes - sizeof(*fragment));
	frame_fragment_take(frame, offset_more & ~(FRAGMENT_UNIT_BYTES - 1U), offset_more & IPV6_FRAGMENT_MORE);
	return false;
}
