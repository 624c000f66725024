/* SPDX-License-Identifier: BSD-3-Clause */
/* RFC 826, 791, 8200, 9293: written byte by byte, as dissect.c reads them. */
#include "tests/sim/forge.h"

#include <string.h>

static bool is_ipv4(const struct address *address)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	return memcmp(address->ip, mapped, 12) == 0;
}

static uint32_t put_ethernet(uint8_t *frame, const struct forged *forged, uint16_t type)
{
	memcpy(frame, forged->destination_mac, 6);
	memcpy(frame + 6, forged->source_mac, 6);
	put16(frame + 12, type);
	return 14;
}

void forge_ipv4_sum(uint8_t *frame)
{
	uint32_t header = (uint32_t)(frame[14] & 15) * 4;

	put16(frame + 24, 0);
	put16(frame + 24, dissect_fold(dissect_sum(0, frame + 14, header)));
}

uint32_t forge_ip(uint8_t *frame, const struct forged *forged, uint8_t protocol, const uint8_t *payload, uint32_t bytes)
{
	uint8_t *ip = frame + 14;

	if (is_ipv4(&forged->source)) {
		put_ethernet(frame, forged, 0x0800);
		memset(ip, 0, 20);
		ip[0] = 0x45;
		put16(ip + 2, 20 + bytes);
		ip[6] = 0x40;
		ip[8] = 64;
		ip[9] = protocol;
		memcpy(ip + 12, forged->source.ip + 12, 4);
		memcpy(ip + 16, forged->destination.ip + 12, 4);
		forge_ipv4_sum(frame);
		memmove(ip + 20, payload, bytes);
		return 34 + bytes;
	}
	put_ethernet(frame, forged, 0x86dd);
	memset(ip, 0, 40);
	ip[0] = 0x60;
	put16(ip + 4, bytes);
	ip[6] = protocol;
	ip[7] = protocol == 58 ? 255 : 64;
	memcpy(ip + 8, forged->source.ip, 16);
	memcpy(ip + 24, forged->destination.ip, 16);
	memmove(ip + 40, payload, bytes);
	return 54 + bytes;
}

void forge_l4_sum(uint8_t *frame, uint32_t bytes, uint8_t protocol, uint32_t l4_checksum_offset)
{
	bool ipv6 = frame[12] == 0x86;
	uint8_t *l4 = frame + 14 + (ipv6 ? 40U : (uint32_t)(frame[14] & 15) * 4);
	uint32_t l4_bytes = bytes - (uint32_t)(l4 - frame);
	uint8_t source[16] = {[10] = 0xff, [11] = 0xff}, destination[16] = {[10] = 0xff, [11] = 0xff};

	memcpy(ipv6 ? source : source + 12, frame + (ipv6 ? 22 : 26), ipv6 ? 16 : 4);
	memcpy(ipv6 ? destination : destination + 12, frame + (ipv6 ? 38 : 30), ipv6 ? 16 : 4);
	put16(l4 + l4_checksum_offset, 0);
	put16(l4 + l4_checksum_offset,
	      dissect_fold(
		      dissect_sum(protocol == 1 ? 0 : dissect_pseudo_sum(source, destination, ipv6, protocol, l4_bytes),
				  l4, l4_bytes)));
}

uint32_t forge_tcp(uint8_t *frame, const struct forged *forged)
{
	uint8_t segment[1600] = {0};
	uint32_t header = 20 + forged->option_bytes, bytes;

	put16(segment, forged->source.port);
	put16(segment + 2, forged->destination.port);
	put32(segment + 4, forged->seq);
	put32(segment + 8, forged->ack);
	segment[12] = (uint8_t)(header / 4 << 4);
	segment[13] = forged->flags;
	put16(segment + 14, forged->window);
	put16(segment + 18, forged->urgent);
	if (forged->option_bytes)
		memcpy(segment + 20, forged->options, forged->option_bytes);
	if (forged->text_bytes)
		memcpy(segment + header, forged->text, forged->text_bytes);
	bytes = forge_ip(frame, forged, 6, segment, header + forged->text_bytes);
	forge_l4_sum(frame, bytes, 6, 16);
	return bytes;
}

uint32_t forge_arp(uint8_t *frame, const uint8_t *source_mac, const uint8_t *destination_mac, uint16_t operation,
		   const uint8_t sender_ip[16], const uint8_t target_ip[16])
{
	static const uint8_t head[6] = {0, 1, 8, 0, 6, 4};
	struct forged forged = {.source_mac = source_mac, .destination_mac = destination_mac};

	put_ethernet(frame, &forged, 0x0806);
	memcpy(frame + 14, head, 6);
	put16(frame + 20, operation);
	memcpy(frame + 22, source_mac, 6);
	memcpy(frame + 28, sender_ip + 12, 4);
	memcpy(frame + 32, destination_mac, 6);
	memcpy(frame + 38, target_ip + 12, 4);
	memset(frame + 42, 0, 18);
	return 60;
}
