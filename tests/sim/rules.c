/* SPDX-License-Identifier: BSD-3-Clause */
/* One function a rule or a few that share a section; the RFC section beside each. */
#include "tests/sim/rules.h"

#include <stdlib.h>
#include <string.h>

#include "tests/sim/trace.h"
#include "tests/sim/violation.h"

#define MSS_FLOOR 216 /* CVE-2019-11479: a smaller one is not believed */

/* RULE with the talk's name in front. */
#define SIDE_RULE(condition, rule, format, ...)                                                    \
	do {                                                                                       \
		char side_name[128];                                                               \
		if (__builtin_expect(!(condition), 0))                                             \
			violation(rule, "%s: " format, side_text(side, side_name), ##__VA_ARGS__); \
	} while (0)

void rules_any_segment(const struct observer *observer, uint8_t host, const struct dissect *seg)
{
	const struct observed_host *from = &observer->host[host];
	uint8_t flags = seg->flags;

	RULE(seg->reserved == 0 &&
		     (flags & ~(SEG_FIN | SEG_SYN | SEG_RST | SEG_PSH | SEG_ACK | SEG_ECE | SEG_CWR)) == 0,
	     "flags", "flags %02x, reserved bits %x", flags, seg->reserved);
	RULE(!(flags & SEG_SYN) || !(flags & (SEG_FIN | SEG_RST)), "flags", "SYN together with FIN or RST: %02x",
	     flags);
	RULE(flags & (SEG_SYN | SEG_RST | SEG_ACK), "flags", "a segment without ACK that is no SYN or RST: %02x",
	     flags);
	RULE(!(flags & SEG_PSH) || seg->text_bytes, "flags", "PSH without text");
	RULE(seg->urgent == 0, "flags", "urgent pointer %u", seg->urgent);
	RULE(seg->hop_limit > 0, "ip", "TTL 0");
	RULE(seg->ip_bytes <= from->mtu_bytes, "mtu", "%u bytes of IP over an MTU of %u", seg->ip_bytes,
	     from->mtu_bytes);
	RULE(seg->options_sane, "options", "options malformed, unknown or twice");
	RULE(!(seg->has_mss || seg->has_shift || seg->has_sack_permitted) || flags & SEG_SYN, "options",
	     "an option of SYN on another segment");
	RULE(!seg->has_mss || seg->mss <= from->mtu_bytes - (seg->ipv6 ? 60 : 40), "mss",
	     "MSS %u offered over an MTU of %u", seg->mss, from->mtu_bytes);
}

void rules_new_iss(const struct observer *observer, const struct side *side, const struct dissect *seg)
{
	const struct talk *talk = side->talk;
	bool is_last =
		true; /* the one before this; an attempt that came to nothing takes the tuple out of TIME-WAIT, too */

	for (talk = talk_older(talk, &seg->source, &seg->destination); talk;
	     talk = talk_older(talk, &seg->source, &seg->destination)) {
		const struct side *old = &talk->side[!address_equal(&talk->side[0].address, &seg->source)];
		uint64_t quiet_ns = (uint64_t)observer->host[side->host].time_wait_ms * 1000000;

		if (!old->has_iss)
			continue;
		SIDE_RULE(old->iss != seg->seq, "iss", "initial sequence number %u used before on this tuple",
			  seg->seq);
		/* RFC 6191: a tuple that is reused out of TIME-WAIT begins after the old connection's last number. */
		if (is_last && old->closed && old->opened && old->reason == SLUICE_REASON_FINISHED &&
		    !old->closes_second && observer->now_ns - old->closed_ns < quiet_ns && !side->is_active &&
		    !observer->host[side->host].recycles)
			SIDE_RULE((int32_t)(seg->seq - (old->iss + old->sent_end)) > 0, "iss",
				  "initial sequence number %u on a tuple whose last number was %u", seg->seq,
				  old->iss + old->sent_end);
		is_last = false;
	}
}

/* RFC 9293 section 3.10, 3.4: text follows what was sent before and never changes; FIN ends it. */
static void rule_text(const struct side *side, const struct dissect *seg)
{
	uint32_t offset = seg->seq - side->iss, end = offset + dissect_span(seg);

	SIDE_RULE(offset <= side->sent_end, "gap", "sequence number %u (offset %u) when %u was the next to send",
		  seg->seq, offset, side->iss + side->sent_end);
	SIDE_RULE(!(seg->flags & SEG_SYN) == (offset != 0) || !dissect_span(seg), "syn", "offset %u with flags %02x",
		  offset, seg->flags);
	SIDE_RULE(!side->fin_offset || end <= side->fin_offset + 1, "fin", "text up to offset %u after FIN at %u", end,
		  side->fin_offset);
	if (seg->flags & SEG_FIN) {
		SIDE_RULE(side->fin_asked, "fin", "FIN that the application did not ask for");
		SIDE_RULE(side->fin_offset || !side->freed_unread, "fin",
			  "FIN after a close with bytes unread, which is to be told by RST (SHLD-3)");
		SIDE_RULE(end - 1 == side->taken_bytes + 1, "fin", "FIN at offset %u after %u bytes", end - 1,
			  side->taken_bytes);
	}
	if (!seg->text_bytes || offset == 0)
		return;
	SIDE_RULE(offset - 1 + seg->text_bytes <= side->taken_bytes, "text",
		  "%u bytes at offset %u, but the application gave %u", seg->text_bytes, offset, side->taken_bytes);
	SIDE_RULE(memcmp(side->taken + offset - 1, seg->text, seg->text_bytes) == 0, "text",
		  "%u bytes at offset %u are not what the application gave", seg->text_bytes, offset);
}

/* RFC 9293 section 3.8.6: nothing beyond the window, but for a probe of one. */
static void rule_window(const struct side *side, const struct dissect *seg)
{
	uint32_t offset = seg->seq - side->iss, end = offset + dissect_span(seg);

	if (seg->flags & SEG_SYN || end <= side->heard_edge || !dissect_span(seg))
		return;
	SIDE_RULE(offset <= side->heard_edge && end == side->heard_edge + 1 && dissect_span(seg) == 1, "window",
		  "offsets %u to %u sent into a window that ends at %u", offset, end, side->heard_edge);
}

/* RFC 9293 section 3.7.1, RFC 6691: what fits the peer's MSS and our MTU, options counted off. */
static void rule_segment_size(const struct observer *observer, const struct side *side, const struct dissect *seg)
{
	const struct side *other = &side->talk->side[1 - side->index];
	uint32_t mss = other->mss < MSS_FLOOR ? MSS_FLOOR : other->mss;

	(void)observer;
	SIDE_RULE(!seg->text_bytes || seg->text_bytes + seg->option_bytes <= mss, "mss",
		  "%u bytes of text and %u of options for an MSS of %u", seg->text_bytes, seg->option_bytes,
		  other->mss);
}

/* RFC 9293 section 3.8.6.2.2, SHLD-14: the right edge stays or grows, up to what scaling cuts off. */
static void rule_edge(const struct side *side, const struct dissect *seg)
{
	const struct side *other = &side->talk->side[1 - side->index];
	bool scaled = side->offers_shift && other->offers_shift && !(seg->flags & SEG_SYN);
	uint32_t unit = scaled ? 1U << side->shift : 1;
	uint32_t edge = seg->ack - other->iss + ((uint32_t)seg->window << (scaled ? side->shift : 0));

	/* After the peer's FIN the window means nothing, nor when only a compact record is left. */
	if (side->closed || (other->fin_offset && seg->ack - other->iss > other->fin_offset))
		return;
	SIDE_RULE(!side->has_edge || edge + unit > side->edge_offset, "edge",
		  "right edge went back from %u to %u (unit %u)", side->edge_offset, edge, unit);
}

/* RFC 9293 section 3.4: only what has arrived is acknowledged, and never less than before. */
static void rule_acknowledgment(const struct side *side, const struct dissect *seg)
{
	const struct side *other = &side->talk->side[1 - side->index];
	uint32_t ack;

	if (!(seg->flags & SEG_ACK))
		return;
	SIDE_RULE(other->has_iss, "ack", "acknowledges a side that never spoke");
	ack = seg->ack - other->iss;
	SIDE_RULE(ack <= ranges_contiguous(&side->got), "ack",
		  "acknowledges offset %u when only %u had arrived in order", ack, ranges_contiguous(&side->got));
	SIDE_RULE(!side->has_acked || ack >= side->acked_offset, "ack", "acknowledgment went back from offset %u to %u",
		  side->acked_offset, ack);
	rule_edge(side, seg);
}

/* RFC 2018 section 3 and 4, RFC 2883: blocks name what has arrived; below the ACK only a duplicate, first. */
static void rule_sack(const struct side *side, const struct dissect *seg)
{
	const struct side *other = &side->talk->side[1 - side->index];

	if (seg->sack_count == 0)
		return;
	SIDE_RULE(side->offers_sack && other->offers_sack, "sack", "SACK that was not agreed on");
	for (uint32_t i = 0; i < seg->sack_count; i++) {
		uint32_t start = seg->sack[i].start - other->iss, end = seg->sack[i].end - other->iss;

		SIDE_RULE(start < end, "sack", "block %u is empty or reversed", i);
		SIDE_RULE(ranges_cover(&side->got, start, end), "sack", "block %u, offsets %u to %u, has not arrived",
			  i, start, end);
		SIDE_RULE(i == 0 || (int32_t)(seg->sack[i].start - seg->ack) > 0, "sack",
			  "block %u, offsets %u to %u, lies below the acknowledgment", i, start, end);
	}
}

/* RFC 7323 section 3.2 and 5: on every segment once agreed, monotone, echoing what was heard. */
static void rule_timestamps(const struct side *side, const struct dissect *seg)
{
	const struct side *other = &side->talk->side[1 - side->index];
	bool first = seg->flags & SEG_SYN;
	uint32_t slack;

	SIDE_RULE(first || seg->has_timestamps == (side->offers_timestamps && other->offers_timestamps), "timestamps",
		  "timestamps %s", seg->has_timestamps ? "that were not agreed on" : "missing");
	if (!seg->has_timestamps)
		return;
	/* What a SYN-ACK agrees on stands in the last six bits of its clock; another, of a SYN that asks for less, may say less. */
	slack = first && seg->flags & SEG_ACK ? 63 : 0;
	SIDE_RULE(!side->has_tsval || (int32_t)(seg->tsval + slack - side->tsval) >= 0, "timestamps",
		  "TSval went back from %u to %u", side->tsval, seg->tsval);
	if (seg->flags & SEG_ACK)
		SIDE_RULE(tsvals_has(&side->tsvals, seg->tsecr), "timestamps", "TSecr %u was never received",
			  seg->tsecr);
	else
		SIDE_RULE(seg->tsecr == 0, "timestamps", "TSecr %u on the first SYN", seg->tsecr);
}

/* RFC 7323 section 1.3 and 3.2, RFC 2018 section 2: a SYN-ACK offers what the SYN offered. */
static void rule_offers(const struct side *side, const struct dissect *seg)
{
	const struct side *other = &side->talk->side[1 - side->index];

	if (!(seg->flags & SEG_SYN) || !(seg->flags & SEG_ACK) || side->is_active)
		return;
	SIDE_RULE(!seg->has_timestamps || other->offers_timestamps, "offers",
		  "SYN-ACK with timestamps for a SYN without");
	SIDE_RULE(!seg->has_shift || other->offers_shift, "offers", "SYN-ACK with window scale for a SYN without");
	SIDE_RULE(!seg->has_sack_permitted || other->offers_sack, "offers", "SYN-ACK with SACK for a SYN without");
}

/* It crossed with a SYN of an older connection of the same tuple, and will hear RST: what they agreed on, nobody knows. */
static bool has_crossed_an_old_syn(const struct side *side)
{
	return !side->talk->side[1 - side->index].has_iss && side->is_active && !side->opened;
}

/* RFC 3168 section 6.1: on new text once agreed, never on anything else; nobody marks but routers. */
static void rule_ecn(const struct side *side, const struct dissect *seg)
{
	const struct side *other = &side->talk->side[1 - side->index];
	bool is_new = seg->text_bytes && seg->seq - side->iss == side->sent_end;

	SIDE_RULE(!seg->ecn || (seg->ecn == 2 && is_new && side->offers_ecn && other->offers_ecn), "ecn",
		  "codepoint %u on what is not new text, or was not agreed on", seg->ecn);
	if (seg->flags & SEG_SYN)
		SIDE_RULE(!(seg->flags & SEG_ACK) || !(seg->flags & (SEG_ECE | SEG_CWR)) || side->is_active ||
				  (other->offers_ecn && !(seg->flags & SEG_CWR)),
			  "ecn", "SYN-ACK with flags %02x", seg->flags);
	else
		SIDE_RULE(!(seg->flags & (SEG_ECE | SEG_CWR)) || (side->offers_ecn && other->offers_ecn), "ecn",
			  "flags %02x, not agreed on", seg->flags);
	SIDE_RULE(!(seg->flags & SEG_CWR) || is_new || seg->flags & SEG_SYN, "ecn", "CWR on what is not new text");
}

void rules_segment(const struct observer *observer, struct side *side, const struct dissect *seg)
{
	SIDE_RULE(!side->reset_sent || !side->closed, "reset", "spoke after its own RST");
	if (has_crossed_an_old_syn(side) && seg->flags & SEG_ACK)
		return;
	rule_text(side, seg);
	rule_window(side, seg);
	rule_segment_size(observer, side, seg);
	rule_acknowledgment(side, seg);
	rule_sack(side, seg);
	rule_timestamps(side, seg);
	rule_offers(side, seg);
	rule_ecn(side, seg);
}

/* RFC 9293 section 3.5.2: <SEQ=SEG.ACK><CTL=RST>, or <SEQ=0><ACK=SEG.SEQ+SEG.LEN><CTL=RST,ACK>. */
static bool answers(const struct heard *heard, const struct dissect *seg)
{
	if (heard->source_port != seg->destination.port || heard->destination_port != seg->source.port ||
	    heard->flags & SEG_RST)
		return false;
	if (heard->flags & SEG_ACK)
		return seg->seq == heard->ack;
	return seg->seq == 0 && seg->flags & SEG_ACK && seg->ack == heard->seq + heard->span;
}

/* The oldest that the RST may answer; NULL: nothing that was heard. */
static const struct heard *find_answered(const struct observer *observer, uint8_t host, const struct dissect *seg)
{
	uint32_t count = observer->heard_count[host];
	const struct heard *oldest = NULL;

	for (uint32_t i = 0; i < OBSERVER_HEARD && i < count; i++) {
		const struct heard *heard = &observer->heard[host][(count - 1 - i) % OBSERVER_HEARD];

		if (answers(heard, seg))
			oldest = heard;
	}
	return oldest;
}

static bool may_reset(const struct side *side)
{
	return !side_is_live(side) || side->abort_asked || side->close_asked || side_is_finished(side);
}

/* Where the side's next byte would be; or, where that is beyond the window it may fill, at the window's edge, which may have
 * slipped back by a unit of its scale. */
static bool is_at_end(struct side *side, const struct dissect *seg)
{
	uint32_t slip = (1U << side_other(side)->shift) - 1, offset = seg->seq - side->iss;

	return offset == side->sent_end ||
	       (seg->flags & SEG_ACK && offset < side->sent_end && offset >= side->heard_ack &&
		offset <= side->heard_edge && offset + slip >= side->heard_edge);
}

/*
 * Was it the listener, before there was a connection?  A bare ACK that overtakes what returns its cookie is answered as one to
 * nobody, and if that answer is lost, the connection opens all the same.
 */
static bool is_of_listener(const struct observer *observer, uint8_t host, const struct side *side,
			   const struct dissect *seg)
{
	const struct heard *heard = find_answered(observer, host, seg);

	return !(seg->flags & SEG_ACK) && !side->is_active && heard &&
	       (!side->opened || heard->at_ns <= side->opened_ns);
}

void rules_reset(const struct observer *observer, uint8_t host, struct side *side, const struct dissect *seg)
{
	const struct heard *heard;
	char from[64], to[64];

	RULE(!(seg->flags & (SEG_SYN | SEG_FIN | SEG_PSH)) && seg->text_bytes == 0, "reset", "RST with flags %02x",
	     seg->flags);
	if (side && is_at_end(side, seg) && !is_of_listener(observer, host, side, seg)) {
		side->reset_sent = true;
		side->unexplained_reset |= !may_reset(side);
		return;
	}
	heard = find_answered(observer, host, seg);
	RULE(heard, "reset", "%s to %s: RST that answers nothing, seq %u ack %u", address_text(&seg->source, from),
	     address_text(&seg->destination, to), seg->seq, seg->ack);
	SIDE_RULE(!side || may_reset(side) || heard->at_ns <= side->opened_ns, "reset",
		  "RST from a connection that is open");
}

void observer_check_side(struct observer *observer, struct side *side, uint64_t ack_bound_ns)
{
	if (side->closed)
		return;
	SIDE_RULE(!side->unexplained_reset, "reset", "sent RST, and is still open");
	SIDE_RULE(!side->owes_ack_ns || side->close_asked || observer->now_ns - side->owes_ack_ns <= ack_bound_ns,
		  "late ack", "text in order came %lu ms ago and is not acknowledged",
		  (observer->now_ns - side->owes_ack_ns) / 1000000);
}
