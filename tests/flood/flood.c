/* SPDX-License-Identifier: BSD-3-Clause */
/* Each frame is a template and a handful of drawn words; the checksums follow from both. */
#include "tests/flood/flood.h"

#include <string.h>

#include "tests/sim/forge.h"

#define ETHERNET_BYTES 14

static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

bool flood_is_for_tests(const uint8_t ip[16])
{
	static const uint8_t benchmark[6] = {0x20, 0x01, 0, 2, 0, 0};

	if (memcmp(ip, mapped, sizeof(mapped)) == 0)
		return ip[12] == 198 && (ip[13] & 0xfe) == 18;
	return memcmp(ip, benchmark, sizeof(benchmark)) == 0;
}

static void mask_hosts(struct flood *flood, uint32_t prefix_bits)
{
	uint32_t first = flood->ipv6 ? 0 : 12;

	memset(flood->host_mask, 0, sizeof(flood->host_mask));
	for (uint32_t bit = prefix_bits; bit < (16 - first) * 8; bit++)
		flood->host_mask[first + bit / 8] |= (uint8_t)(0x80 >> bit % 8);
}

/* ---- Templates ----------------------------------------------------------------------------------------- */

static const uint8_t syn_options[] = {2, 4, 0x05, 0xb4, 4, 2, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0, 1, 3, 3, 7};
static const uint8_t later_options[] = {1, 1, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0};

static const struct {
	uint8_t flags;
	uint16_t window;
	const uint8_t *options;
	uint32_t option_bytes, tsval_at;
} kinds[FLOOD_KINDS] = {
	[FLOOD_SYN] = {SEG_SYN, 64240, syn_options, sizeof(syn_options), 8},
	[FLOOD_ACK] = {SEG_ACK, 502, later_options, sizeof(later_options), 4},
	[FLOOD_RST] = {SEG_RST, 0, later_options, sizeof(later_options), 4},
	[FLOOD_FIN] = {SEG_FIN | SEG_ACK, 502, later_options, sizeof(later_options), 4},
};

/* What a finished sum must have come from, and a word less: the sum of all the rest. */
static uint32_t sum_of(const uint8_t *checksum)
{
	return 0xffffU - ((uint32_t)checksum[0] << 8 | checksum[1]);
}

static void template_make(struct flood *flood, enum flood_kind kind, const struct flood_plan *plan)
{
	struct flood_template *template = &flood->template[kind];
	uint32_t l4 = ETHERNET_BYTES + (flood->ipv6 ? 40U : 20U);
	struct forged forged = {.source_mac = plan->source_mac,
				.destination_mac = plan->destination_mac,
				.destination.port = plan->destination.port,
				.flags = kinds[kind].flags,
				.window = kinds[kind].window,
				.options = kinds[kind].options,
				.option_bytes = plan->has_options ? kinds[kind].option_bytes : 0};

	memcpy(forged.destination.ip, plan->destination.ip, 16);
	for (uint32_t i = 0; i < 16; i++)
		forged.source.ip[i] = plan->sources.ip[i] & (uint8_t)~flood->host_mask[i];
	template->bytes = forge_tcp(template->frame, &forged);
	template->tsval_offset = plan->has_options ? l4 + 20 + kinds[kind].tsval_at : 0;
	template->tcp_sum = sum_of(template->frame + l4 + 16);
	template->ip_sum = flood->ipv6 ? 0 : sum_of(template->frame + 24);
}

bool flood_make(struct flood *flood, const struct flood_plan *plan)
{
	bool source_ipv6 = memcmp(plan->sources.ip, mapped, sizeof(mapped)) != 0;
	bool destination_ipv6 = memcmp(plan->destination.ip, mapped, sizeof(mapped)) != 0;
	uint32_t shortest_bits = source_ipv6 ? 48 : 15, longest_bits = source_ipv6 ? 128 : 32;

	if (source_ipv6 != destination_ipv6 || !flood_is_for_tests(plan->sources.ip) ||
	    !flood_is_for_tests(plan->destination.ip) || plan->sources.prefix_bits < shortest_bits ||
	    plan->sources.prefix_bits > longest_bits)
		return false;
	*flood = (struct flood){.random = {plan->seed}, .ipv6 = source_ipv6, .has_wrong_sums = plan->has_wrong_sums};
	mask_hosts(flood, plan->sources.prefix_bits);
	for (uint32_t kind = 0; kind < FLOOD_KINDS; kind++)
		template_make(flood, kind, plan);
	return true;
}

/* ---- Frames -------------------------------------------------------------------------------------------- */

/* Writes a word where the template has zeros; returns what it adds to a sum. */
static uint32_t draw32(uint8_t *at, uint32_t value)
{
	put32(at, value);
	return (value >> 16) + (value & 0xffff);
}

/* Adds drawn bits to the source; returns what they add to a sum. */
static uint32_t draw_source(struct flood *flood, uint8_t *source)
{
	uint32_t sum = 0;

	for (uint32_t i = flood->ipv6 ? 0 : 12; i < 16; i += 8) {
		uint64_t drawn = random_next(&flood->random);

		for (uint32_t j = i; j < i + 8 && j < 16; j += 2, drawn >>= 16, source += 2) {
			uint8_t high = (uint8_t)(drawn >> 8) & flood->host_mask[j];
			uint8_t low = (uint8_t)drawn & flood->host_mask[j + 1];

			source[0] |= high;
			source[1] |= low;
			sum += (uint32_t)high << 8 | low;
		}
	}
	return sum;
}

static uint16_t finish(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

uint32_t flood_fill(struct flood *flood, enum flood_kind kind, uint8_t *frame)
{
	const struct flood_template *template = &flood->template[kind];
	uint64_t numbers = random_next(&flood->random), other = random_next(&flood->random);
	uint8_t *l4 = frame + ETHERNET_BYTES + (flood->ipv6 ? 40 : 20);
	uint32_t source_sum, sum = template->tcp_sum;
	uint16_t port = (uint16_t)(1 + random_below(&flood->random, 65535)), checksum;

	memcpy(frame, template->frame, template->bytes);
	source_sum = draw_source(flood, frame + (flood->ipv6 ? 22 : 26));
	put16(l4, port);
	sum += source_sum + port + draw32(l4 + 4, (uint32_t)numbers);
	if (frame[l4 - frame + 13] & SEG_ACK)
		sum += draw32(l4 + 8, (uint32_t)(numbers >> 32));
	if (template->tsval_offset)
		sum += draw32(frame + template->tsval_offset, (uint32_t)other);
	if (!flood->ipv6)
		put16(frame + 24, finish(template->ip_sum + source_sum));
	checksum = finish(sum);
	put16(l4 + 16, flood->has_wrong_sums ? checksum ^ 1U << (other >> 60) : checksum);
	return template->bytes;
}
