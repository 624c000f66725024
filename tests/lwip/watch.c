/* SPDX-License-Identifier: BSD-3-Clause */
/* One entry for each pair of ports that was ever used. */
#include "tests/lwip/watch.h"

#include <string.h>

#include "tests/sim/violation.h"

#define TUPLES_MAX 256

/* What lwIP said last on a tuple. */
struct tuple {
	uint16_t sluice_port, lwip_port;
	bool ipv6, has_edge, sluice_scales, lwip_scales;
	uint8_t shift;
	uint16_t mss_bytes;
	uint32_t edge; /* the rightmost number it was ready to take */
	bool has_fin, has_early_fin;
	uint32_t fin; /* the number of lwIP's last FIN */
};

static struct tuple tuples[TUPLES_MAX];
static uint32_t tuple_count, sluice_mtu_bytes;

void watch_start(uint32_t mtu_bytes)
{
	tuple_count = 0;
	sluice_mtu_bytes = mtu_bytes;
}

static struct tuple *find(uint16_t sluice_port, uint16_t lwip_port, bool ipv6)
{
	struct tuple *tuple;

	for (uint32_t i = 0; i < tuple_count; i++) {
		tuple = &tuples[i];
		if (tuple->sluice_port == sluice_port && tuple->lwip_port == lwip_port && tuple->ipv6 == ipv6)
			return tuple;
	}
	RULE(tuple_count < TUPLES_MAX, "scenario", "too many tuples");
	tuple = &tuples[tuple_count++];
	*tuple = (struct tuple){
		.sluice_port = sluice_port, .lwip_port = lwip_port, .ipv6 = ipv6, .mss_bytes = ipv6 ? 1220 : 536};
	return tuple;
}

/* Text at the FIN's own number, or after it, even if only in a probe. */
void watch_lwip_sent(const struct dissect *seg)
{
	uint32_t text_end = seg->seq + seg->text_bytes;
	struct tuple *tuple;

	if (seg->kind != DISSECT_TCP || seg->flags & (SEG_SYN | SEG_RST) || !dissect_span(seg))
		return;
	tuple = find(seg->destination.port, seg->source.port, seg->ipv6);
	tuple->has_early_fin |= tuple->has_fin && seg->text_bytes && (int32_t)(text_end - tuple->fin) > 0;
	if (seg->flags & SEG_FIN) {
		tuple->has_fin = true;
		tuple->fin = text_end;
	}
}

bool watch_saw_early_fin(uint16_t sluice_port, uint16_t lwip_port, bool ipv6)
{
	return find(sluice_port, lwip_port, ipv6)->has_early_fin;
}

void watch_heard(const struct dissect *seg)
{
	struct tuple *tuple;
	uint32_t edge;

	if (seg->kind != DISSECT_TCP || seg->flags & SEG_RST)
		return;
	tuple = find(seg->destination.port, seg->source.port, seg->ipv6);
	RULE(!seg->has_timestamps && !seg->has_sack_permitted && !seg->sack_count, "scenario",
	     "lwIP speaks of timestamps or SACK: it should be the peer that does not");
	if (seg->flags & SEG_SYN) {
		tuple->lwip_scales = seg->has_shift;
		tuple->shift = seg->shift;
		if (seg->has_mss)
			tuple->mss_bytes = seg->mss;
	}
	if (!(seg->flags & SEG_ACK))
		return;
	edge = seg->ack + ((uint32_t)seg->window
			   << (tuple->lwip_scales && tuple->sluice_scales && !(seg->flags & SEG_SYN) ? tuple->shift
												     : 0));
	if (!tuple->has_edge || (int32_t)(edge - tuple->edge) > 0)
		tuple->edge = edge;
	tuple->has_edge = true;
}

/* RFC 7323 sections 2.2 and 3.2, RFC 2018 section 2: nothing is answered that was not offered. */
static void judge_options(const struct dissect *seg)
{
	bool is_offer = (seg->flags & (SEG_SYN | SEG_ACK)) == SEG_SYN;

	RULE(seg->options_sane, "options", "options that cannot be read");
	RULE(is_offer || !(seg->has_timestamps || seg->has_sack_permitted), "options",
	     "timestamps or SACK-permitted to a peer that did not offer them");
	RULE(!seg->sack_count, "options", "SACK blocks to a peer that did not permit them");
	RULE(seg->flags & SEG_SYN || !(seg->has_mss || seg->has_shift), "options", "an option of SYN without one");
}

void watch_sent(const struct dissect *seg)
{
	struct tuple *tuple;
	uint32_t end = seg->seq + dissect_span(seg);

	RULE(seg->kind != DISSECT_BAD, "frame", "a frame with a wrong %s", seg->wrong);
	if (seg->kind != DISSECT_TCP)
		return;
	judge_options(seg);
	RULE(seg->ip_bytes <= sluice_mtu_bytes, "mtu", "%u bytes over an MTU of %u", seg->ip_bytes, sluice_mtu_bytes);
	if (seg->flags & SEG_RST)
		return;
	tuple = find(seg->source.port, seg->destination.port, seg->ipv6);
	if (seg->flags & SEG_SYN) {
		tuple->sluice_scales = seg->has_shift;
		tuple->has_edge = false;
		return;
	}
	RULE(seg->text_bytes <= tuple->mss_bytes, "mss", "%u bytes of text to an MSS of %u", seg->text_bytes,
	     tuple->mss_bytes);
	/* A probe of a shut window is one byte, or the FIN, beyond it. */
	RULE(!tuple->has_edge || !dissect_span(seg) || (int32_t)(end - tuple->edge) <= 1, "window",
	     "%u:%u goes beyond the window's edge %u", seg->seq, end, tuple->edge);
}
