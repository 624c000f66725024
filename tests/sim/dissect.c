/* SPDX-License-Identifier: BSD-3-Clause */
/* RFC 791, 8200, 9293 section 3.1, 7323, 2018: read byte by byte. */
#include "tests/sim/dissect.h"

#include <string.h>

#define ETHERTYPE_IPV4 0x0800
#define ETHERTYPE_ARP  0x0806
#define ETHERTYPE_IPV6 0x86dd
#define PROTOCOL_ICMP  1
#define PROTOCOL_TCP   6
#define PROTOCOL_ICMP6 58
#define FRAGMENT       44

static uint16_t get16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static uint32_t get32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

uint32_t dissect_sum(uint32_t sum, const uint8_t *at, uint32_t bytes)
{
	uint64_t wide = sum;

	for (uint32_t i = 0; i + 1 < bytes; i += 2)
		wide += get16(at + i);
	if (bytes & 1)
		wide += (uint32_t)at[bytes - 1] << 8;
	while (wide >> 32)
		wide = (wide & 0xffffffff) + (wide >> 32);
	return (uint32_t)wide;
}

uint16_t dissect_fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

uint32_t dissect_pseudo_sum(const uint8_t source[16], const uint8_t destination[16], bool ipv6, uint8_t protocol,
			    uint32_t l4_bytes)
{
	uint32_t skip = ipv6 ? 0 : 12;
	uint32_t sum = dissect_sum(0, source + skip, 16 - skip);

	return dissect_sum(sum, destination + skip, 16 - skip) + protocol + (l4_bytes >> 16) + (l4_bytes & 0xffff);
}

bool address_equal(const struct address *a, const struct address *b)
{
	return a->port == b->port && memcmp(a->ip, b->ip, 16) == 0;
}

static void bad(struct dissect *out, const char *wrong)
{
	out->kind = DISSECT_BAD;
	out->wrong = wrong;
}

/* One option of a kind we know; false when its length is not the kind's. */
static bool take_option(struct dissect *out, const uint8_t *at, uint32_t bytes)
{
	switch (at[0]) {
	case 2:
		out->mss = bytes == 4 ? get16(at + 2) : 0;
		out->has_mss = true;
		return bytes == 4;
	case 3:
		out->shift = bytes == 3 ? at[2] : 0;
		out->has_shift = true;
		return bytes == 3;
	case 4:
		out->has_sack_permitted = true;
		return bytes == 2;
	case 5:
		if (bytes < 10 || bytes > 34 || (bytes - 2) % 8)
			return false;
		for (out->sack_count = 0; out->sack_count < (bytes - 2) / 8; out->sack_count++) {
			out->sack[out->sack_count].start = get32(at + 2 + 8 * out->sack_count);
			out->sack[out->sack_count].end = get32(at + 6 + 8 * out->sack_count);
		}
		return true;
	case 8:
		if (bytes != 10)
			return false;
		out->has_timestamps = true;
		out->tsval = get32(at + 2);
		out->tsecr = get32(at + 6);
		return true;
	default:
		return false;
	}
}

static void take_options(struct dissect *out, const uint8_t *at, uint32_t bytes)
{
	uint64_t seen = 0;
	uint32_t i = 0;

	out->options_sane = true;
	while (i < bytes && at[i] != 0) {
		if (at[i] == 1) {
			i++;
			continue;
		}
		if (i + 1 >= bytes || at[i + 1] < 2 || i + at[i + 1] > bytes) {
			out->options_sane = false;
			return;
		}
		if (!take_option(out, at + i, at[i + 1]) || seen >> at[i] & 1)
			out->options_sane = false;
		seen |= 1ULL << (at[i] & 63);
		i += at[i + 1];
	}
	for (; i < bytes; i++)
		if (at[i] > 1)
			out->options_sane = false;
}

static void take_tcp(struct dissect *out, const uint8_t *at, uint32_t bytes)
{
	uint32_t header = bytes >= 20 ? (uint32_t)(at[12] >> 4) * 4 : 0;

	if (header < 20 || header > bytes) {
		bad(out, "TCP header length");
		return;
	}
	if (dissect_fold(
		    dissect_sum(dissect_pseudo_sum(out->source.ip, out->destination.ip, out->ipv6, PROTOCOL_TCP, bytes),
				at, bytes)) != 0) {
		bad(out, "TCP checksum");
		return;
	}
	out->kind = DISSECT_TCP;
	out->source.port = get16(at);
	out->destination.port = get16(at + 2);
	out->seq = get32(at + 4);
	out->ack = get32(at + 8);
	out->reserved = at[12] & 15;
	out->flags = at[13];
	out->window = get16(at + 14);
	out->urgent = get16(at + 18);
	out->option_bytes = header - 20;
	out->text = at + header;
	out->text_bytes = bytes - header;
	take_options(out, at + 20, header - 20);
	if (!out->source.port || !out->destination.port)
		bad(out, "port 0");
}

static void take_ipv4(struct dissect *out, const uint8_t *at, uint32_t bytes)
{
	uint32_t header = bytes >= 20 ? (uint32_t)(at[0] & 15) * 4 : 0;
	uint32_t total = bytes >= 20 ? get16(at + 2) : 0;

	if (header < 20 || at[0] >> 4 != 4 || total < header || total > bytes) {
		bad(out, "IPv4 header");
		return;
	}
	if (dissect_fold(dissect_sum(0, at, header)) != 0) {
		bad(out, "IPv4 checksum");
		return;
	}
	if (get16(at + 6) & 0x3fff) {
		bad(out, "IPv4 fragment");
		return;
	}
	out->hop_limit = at[8];
	out->ecn = at[1] & 3;
	out->ip_bytes = total;
	memcpy(out->source.ip + 12, at + 12, 4);
	memcpy(out->destination.ip + 12, at + 16, 4);
	memset(out->source.ip + 10, 0xff, 2);
	memset(out->destination.ip + 10, 0xff, 2);
	out->l4_offset = out->l3_offset + header;
	if (at[9] == PROTOCOL_TCP)
		take_tcp(out, at + header, total - header);
	else
		out->kind = at[9] == PROTOCOL_ICMP ? DISSECT_ICMP : DISSECT_OTHER;
}

static void take_ipv6(struct dissect *out, const uint8_t *at, uint32_t bytes)
{
	uint32_t payload = bytes >= 40 ? get16(at + 4) : 0;

	if (bytes < 40 || at[0] >> 4 != 6 || payload + 40 > bytes) {
		bad(out, "IPv6 header");
		return;
	}
	out->ipv6 = true;
	out->hop_limit = at[7];
	out->ecn = at[1] >> 4 & 3;
	out->ip_bytes = payload + 40;
	memcpy(out->source.ip, at + 8, 16);
	memcpy(out->destination.ip, at + 24, 16);
	out->l4_offset = out->l3_offset + 40;
	if (at[6] == PROTOCOL_TCP) {
		take_tcp(out, at + 40, payload);
	} else if (at[6] == FRAGMENT && payload >= 8 && at[40] == PROTOCOL_TCP && !(get16(at + 42) & 0xfff9)) {
		out->l4_offset += 8; /* whole for all that: RFC 6946 */
		take_tcp(out, at + 48, payload - 8);
	} else if (at[6] == PROTOCOL_ICMP6) {
		out->kind = DISSECT_ICMP;
		if (payload < 4 || dissect_fold(dissect_sum(dissect_pseudo_sum(out->source.ip, out->destination.ip,
									       true, PROTOCOL_ICMP6, payload),
							    at + 40, payload)) != 0)
			bad(out, "ICMPv6 checksum");
	} else {
		out->kind = DISSECT_OTHER;
	}
}

struct dissect dissect(const uint8_t *frame, uint32_t bytes)
{
	struct dissect out = {
		.kind = DISSECT_OTHER, .source_mac = frame + 6, .destination_mac = frame, .l3_offset = 14};

	if (bytes < 14) {
		bad(&out, "Ethernet header");
		return out;
	}
	switch (get16(frame + 12)) {
	case ETHERTYPE_IPV4:
		take_ipv4(&out, frame + 14, bytes - 14);
		break;
	case ETHERTYPE_IPV6:
		take_ipv6(&out, frame + 14, bytes - 14);
		break;
	case ETHERTYPE_ARP:
		out.kind = DISSECT_ARP;
		break;
	default:
		break;
	}
	return out;
}
