/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whose segment is it?  Then the rules, in rules.c, and the notes for the next one.
 *
 * The same tuple may be used again while the older life still has segments on the way, so a segment is given to the
 * talk whose numbers it fits; an initial sequence number is believed when the active side has accepted it.
 */
#include "tests/sim/observer.h"

#include <string.h>

#include "tests/sim/rules.h"
#include "tests/sim/violation.h"

uint8_t observer_host_of(const struct observer *observer, const uint8_t ip[16])
{
	for (uint8_t i = 0; i < OBSERVER_HOSTS_MAX; i++)
		for (uint32_t family = 0; family < 2; family++)
			if (memcmp(observer->host[i].ip[family], ip, 16) == 0)
				return i;
	return TALK_NO_HOST;
}

static bool syn_agrees_on_ecn(const struct dissect *seg)
{
	return (seg->flags & (SEG_ECE | SEG_CWR)) == (seg->flags & SEG_ACK ? SEG_ECE : SEG_ECE | SEG_CWR);
}

static void note_syn(struct side *side, const struct dissect *seg)
{
	side->offers_shift = seg->has_shift;
	side->offers_sack = seg->has_sack_permitted;
	side->offers_timestamps = seg->has_timestamps;
	side->offers_ecn = syn_agrees_on_ecn(seg);
	side->shift = seg->shift > 14 ? 14 : seg->shift;
	side->mss = seg->has_mss ? seg->mss : seg->ipv6 ? 1220 : 536;
}

static void learn_iss(struct side *side, const struct dissect *seg)
{
	side->has_iss = true;
	side->iss = seg->seq;
	side->sent_end = 0;
	side->has_tsval = false;
	note_syn(side, seg);
}

static struct side *speaker_of_syn(struct observer *observer, const struct dissect *seg)
{
	struct talk *talk = talk_newest(&observer->talks, &seg->source, &seg->destination);

	for (; talk; talk = talk_older(talk, &seg->source, &seg->destination)) {
		struct side *side = talk_side(talk, &seg->source);

		if (side->has_iss && side->iss == seg->seq)
			return side;
		if (!side->has_iss && side->is_active) {
			rules_new_iss(observer, side, seg);
			learn_iss(side, seg);
			return side;
		}
	}
	return NULL;
}

/*
 * A passive side's SYN-ACK.  Until the other side has taken one, each may carry another ISS (a half-open entry was
 * evicted and made again); afterwards other ones answer old duplicates of the SYN, and belong to no talk.
 */
static struct side *speaker_of_syn_ack(struct observer *observer, const struct dissect *seg)
{
	struct talk *talk = talk_newest(&observer->talks, &seg->source, &seg->destination);

	for (; talk; talk = talk_older(talk, &seg->source, &seg->destination)) {
		struct side *side = talk_side(talk, &seg->source), *other = side_other(side);

		if (!other->has_iss || seg->ack != other->iss + 1)
			continue;
		if (side->has_iss && side->iss == seg->seq) {
			side->offers_ecn |= syn_agrees_on_ecn(seg); /* an entry made again from an older SYN */
			return side;
		}
		if (side->has_iss && (side->is_active || (side_is_live(side) && !side_is_finished(side))))
			violation("iss", "a second initial sequence number on a connection that has one");
		if (side->has_iss && (side->opened || other->got.count))
			return NULL;
		side->has_edge = false; /* whose number is another may offer another window */
		if (!side->has_iss)
			rules_new_iss(observer, side, seg);
		else if (side->spare_iss_count < TALK_SPARE_ISS_MAX)
			side->spare_iss[side->spare_iss_count++] = side->iss;
		learn_iss(side, seg);
		return side;
	}
	return NULL;
}

static bool fits(const struct side *side, const struct dissect *seg)
{
	return side->has_iss && seg->seq - side->iss <= side->sent_end;
}

static struct side *speaker_of_rest(struct observer *observer, const struct dissect *seg)
{
	struct talk *talk = talk_newest(&observer->talks, &seg->source, &seg->destination);
	struct side *live = NULL;

	for (; talk; talk = talk_older(talk, &seg->source, &seg->destination)) {
		struct side *side = talk_side(talk, &seg->source);

		if (fits(side, seg))
			return side;
		if (side_is_live(side) && side->has_iss && !side_is_finished(side))
			live = side;
	}
	return live; /* which violates the rule on gaps */
}

/* An RST may come from a side that never had a number; it belongs to the life whose numbers it names. */
static struct side *speaker_of_reset(struct observer *observer, const struct dissect *seg)
{
	struct talk *talk = talk_newest(&observer->talks, &seg->source, &seg->destination), *newest = talk;

	for (; talk; talk = talk_older(talk, &seg->source, &seg->destination)) {
		struct side *side = talk_side(talk, &seg->source), *other = side_other(side);
		uint32_t ack = seg->ack - other->iss;

		if (fits(side, seg))
			return side;
		if (seg->flags & SEG_ACK && other->has_iss && ack && ack <= other->sent_end)
			return side;
	}
	return newest ? talk_side(newest, &seg->source) : NULL;
}

static struct side *speaker_of(struct observer *observer, const struct dissect *seg)
{
	if (seg->flags & SEG_RST)
		return speaker_of_reset(observer, seg);
	if (!(seg->flags & SEG_SYN))
		return speaker_of_rest(observer, seg);
	return seg->flags & SEG_ACK ? speaker_of_syn_ack(observer, seg) : speaker_of_syn(observer, seg);
}

static void note_sent(struct side *side, const struct dissect *seg)
{
	struct side *other = side_other(side);
	uint32_t end = seg->seq - side->iss + dissect_span(seg);
	bool scaled = side->offers_shift && other->offers_shift && !(seg->flags & SEG_SYN);
	uint32_t edge = seg->ack - other->iss + ((uint32_t)seg->window << (scaled ? side->shift : 0));

	side->syn_acks += (seg->flags & SEG_SYN) != 0;
	if (dissect_span(seg) && seg->seq - side->iss < side->sent_end)
		ranges_add(&side->resent, seg->seq - side->iss, end);
	if (end > side->sent_end)
		side->sent_end = end;
	if (seg->flags & SEG_FIN && !side->fin_offset)
		side->closes_second = other->fin_offset && ranges_contiguous(&side->got) > other->fin_offset;
	if (seg->flags & SEG_FIN)
		side->fin_offset = end - 1;
	if (seg->has_timestamps) {
		side->has_tsval = true;
		side->tsval = seg->tsval;
		side->tsecr = seg->tsecr;
	}
	side->text_segments += seg->text_bytes > 0;
	if (!(seg->flags & SEG_ACK) || !other->has_iss)
		return;
	side->has_acked = true;
	side->acked_offset = seg->ack - other->iss;
	side->window = seg->window;
	if (!side->has_edge || edge > side->edge_offset)
		side->edge_offset = edge;
	side->has_edge = true;
	/* Any ACK will do: what arrived may have been dropped for want of memory. */
	side->owes_ack_ns = 0;
}

/* A listener answers a SYN that comes again after the end, and its cookie is the one of before. */
static bool begins_another_life(const struct side *side, const struct dissect *seg)
{
	bool is_over =
		side->closed || (side->opened && (side->reset_sent || side->abort_asked)) || side_is_finished(side);

	return is_over && !side->is_active && seg->flags & SEG_SYN;
}

struct side *observer_sent(struct observer *observer, uint8_t host, const struct dissect *seg)
{
	struct side *side = speaker_of(observer, seg);

	observer->segments_sent++;
	rules_any_segment(observer, host, seg);
	if (seg->flags & SEG_RST) {
		if (side && side->haunted && side->host == host)
			return side;
		rules_reset(observer, host, side && side->has_iss && side->host == host ? side : NULL, seg);
		return side;
	}
	if (!side || side->host != host)
		return NULL;
	if (begins_another_life(side, seg)) {
		side->haunted = true;
		side_other(side)->is_ghost = true; /* if it still lives, it is in talk with that other life now */
	}
	if (side->haunted)
		return NULL;
	observer->segments_attributed++;
	if (!side_other(side)->haunted) /* nobody follows what its peer offers it now */
		rules_segment(observer, side, seg);
	note_sent(side, seg);
	return side;
}

static void note_heard(struct observer *observer, uint8_t host, const struct dissect *seg)
{
	observer->heard[host][observer->heard_count[host]++ % OBSERVER_HEARD] = (struct heard){
		.source_port = seg->source.port,
		.destination_port = seg->destination.port,
		.seq = seg->seq,
		.ack = seg->ack,
		.span = dissect_span(seg),
		.flags = seg->flags,
		.at_ns = observer->now_ns,
	};
}

/* The active side takes the first SYN-ACK that it hears: from here on the other's numbers are known. */
static void choose_iss(struct side *speaker, struct side *listener, const struct dissect *seg)
{
	if (listener->got.count || speaker->is_active || !(seg->flags & SEG_SYN) || !(seg->flags & SEG_ACK))
		return;
	if (speaker->iss != seg->seq) {
		speaker->iss = seg->seq;
		note_syn(speaker, seg);
	}
	speaker->spare_iss_count = 0;
}

static void note_syn_heard(uint64_t now_ns, struct side *listener)
{
	if (listener->syns_ns != now_ns && listener->syn_acks)
		listener->syns = listener->syn_acks = 0;
	listener->syns_ns = now_ns;
	listener->syns++;
}

/* May the listener measure by what is acknowledged in a row from there on?  By what was sent once, if nothing before it may
 * have been waited for. */
static bool is_measure_from(const struct side *listener, uint32_t from, uint32_t ack)
{
	if (ack <= from)
		return false;
	return listener->heard_reports ? !ranges_cover(&listener->resent, from, ack)
				       : !ranges_touch(&listener->resent, from, ack);
}

/* The same of an ACK, which may report what was sent once; what it heard and did not heed, it hears again. */
static bool is_measure(const struct side *listener, const struct dissect *seg, uint32_t ack)
{
	for (uint32_t i = 0; i < seg->sack_count; i++) {
		uint32_t start = seg->sack[i].start - listener->iss, end = seg->sack[i].end - listener->iss;

		if (start >= listener->heard_ack && end <= listener->sent_end && start < end &&
		    !ranges_cover(&listener->resent, start, end))
			return true;
	}
	return is_measure_from(listener, listener->heard_ack, ack) ||
	       (listener->heeded_ack < listener->heard_ack && is_measure_from(listener, listener->heeded_ack, ack));
}

/* It lies before all that its listener has acknowledged: a keep-alive probe, say.  Such is answered, and its ACK may not be looked
 * at. */
static bool may_be_unheeded(const struct side *listener, uint32_t offset, uint32_t span)
{
	return listener->has_acked && offset < listener->acked_offset && offset + span <= listener->acked_offset;
}

static void note_acknowledgment(uint64_t now_ns, struct side *speaker, struct side *listener, const struct dissect *seg)
{
	bool scaled = speaker->offers_shift && listener->offers_shift && !(seg->flags & SEG_SYN);
	uint32_t ack = seg->ack - listener->iss;
	uint32_t edge = ack + ((uint32_t)seg->window << (scaled ? speaker->shift : 0));

	if (!(seg->flags & SEG_ACK) || !listener->has_iss || ack > listener->sent_end)
		return;
	listener->may_measure |= is_measure(listener, seg, ack);
	listener->heard_reports |= seg->sack_count > 0;
	if (ack > listener->heard_ack) {
		listener->heard_ack = ack;
		if (!may_be_unheeded(listener, seg->seq - speaker->iss, dissect_span(seg)))
			listener->progress_ns = now_ns;
	}
	if (edge > listener->heard_edge)
		listener->heard_edge = edge;
}

/* An RST ends whoever has the tuple, whichever connection it was meant for. */
static void note_reset(struct observer *observer, const struct dissect *seg)
{
	struct talk *talk = talk_newest(&observer->talks, &seg->source, &seg->destination);

	for (; talk; talk = talk_older(talk, &seg->source, &seg->destination))
		if (!talk_side(talk, &seg->destination)->closed)
			talk_side(talk, &seg->destination)->heard_reset = true;
}

/* Older than what its listener echoes already: PAWS drops it (RFC 7323 section 5.3), in order or not. */
static bool is_stale(const struct side *listener, const struct dissect *seg)
{
	return seg->has_timestamps && listener->has_tsval && (int32_t)(seg->tsval - listener->tsecr) < 0;
}

void observer_delivered(struct observer *observer, uint8_t host, const struct dissect *seg, struct side *speaker,
			bool is_forged)
{
	struct side *listener;
	uint32_t offset, end, before;

	note_heard(observer, host, seg);
	if (seg->flags & SEG_RST && !is_forged)
		note_reset(observer, seg);
	if (!speaker)
		return;
	listener = side_other(speaker);
	if (seg->flags & SEG_RST || !speaker->has_iss)
		return;
	choose_iss(speaker, listener, seg);
	if ((seg->flags & (SEG_SYN | SEG_ACK)) == SEG_SYN)
		note_syn_heard(observer->now_ns, listener);
	listener->heard_any = true;
	listener->heard_ns = observer->now_ns;
	offset = seg->seq - speaker->iss;
	if (offset > speaker->sent_end)
		return;
	listener->heard_old_syn |= begins_another_life(listener, seg);
	if (seg->has_timestamps && offset <= ranges_contiguous(&listener->got))
		tsvals_add(&listener->tsvals, seg->tsval); /* RFC 7323 section 4.3: nothing beyond a gap is echoed */
	note_acknowledgment(observer->now_ns, speaker, listener, seg);
	before = ranges_contiguous(&listener->got);
	end = offset + dissect_span(seg);
	ranges_add(&listener->got, offset, end < speaker->sent_end ? end : speaker->sent_end);
	if (ranges_contiguous(&listener->got) > before && side_is_live(listener) && !listener->owes_ack_ns &&
	    !is_stale(listener, seg))
		listener->owes_ack_ns = observer->now_ns;
}
