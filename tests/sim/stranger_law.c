/* SPDX-License-Identifier: BSD-3-Clause */
/* When a forged segment arrives: may it be handed over?  And the ghost, which only answers ARP. */
#include <string.h>

#include "lib/worker/worker.h"
#include "tests/sim/forge.h"
#include "tests/sim/stranger.h"

#define FAR (1U << 30)

static bool is_outside(const struct side *victim, const struct dissect *seg)
{
	uint32_t start = seg->seq - victim->talk->side[1 - victim->index].iss, low = victim->acked_offset;

	return start - low > victim->edge_offset - low + 70000 &&
	       start + dissect_span(seg) - low > victim->edge_offset - low + 70000;
}

/* The peer's own text again, and some beyond the edge; or text after its FIN: what the peer itself might have sent. */
static bool is_as_if_sent(const struct side *victim, const struct dissect *seg)
{
	const struct side *peer = &victim->talk->side[1 - victim->index];
	uint32_t offset = seg->seq - peer->iss, ack = seg->ack - victim->iss;

	if (!victim->opened || seg->flags != SEG_ACK)
		return false;
	if (victim->peer_closed && offset == peer->fin_offset + 1)
		return ack == victim->heard_ack;
	return seg->text_bytes && offset && offset - 1 + seg->text_bytes <= peer->taken_bytes &&
	       ack <= victim->heard_ack && peer->sent_end >= victim->edge_offset &&
	       offset + seg->text_bytes > victim->edge_offset &&
	       memcmp(peer->taken + offset - 1, seg->text, seg->text_bytes) == 0;
}

static bool is_harmless_to(const struct side *victim, const struct dissect *seg)
{
	const struct side *peer = &victim->talk->side[1 - victim->index];
	uint32_t offset = seg->seq - peer->iss, ack = seg->ack - victim->iss;
	uint32_t arrived = ranges_contiguous(&victim->got);
	bool timestamps = victim->offers_timestamps && peer->offers_timestamps;

	if (!victim->opened)
		return !(seg->flags & SEG_SYN) || (seg->flags & SEG_ACK && ack != 1);
	if (seg->flags & SEG_RST)
		return offset > arrived || is_outside(victim, seg);
	if (seg->flags & SEG_SYN || !(seg->flags & SEG_ACK) || is_outside(victim, seg))
		return true;
	if (timestamps && seg->has_timestamps && (int32_t)(peer->tsval - seg->tsval) > 900000)
		return true;
	if (ack > victim->sent_end && ack - victim->sent_end < 2 * FAR && ack - victim->sent_end > FAR / 4)
		return true;
	return (int32_t)ack < -(int32_t)(FAR / 2);
}

/* Does the host have a record of the tuple? */
static bool is_known(const struct host *host, const struct dissect *seg)
{
	const struct tcp *tcp = &host->worker->tcp;
	struct tuple tuple = {.local_port = seg->destination.port, .remote_port = seg->source.port};

	memcpy(&tuple.local, seg->destination.ip, 16);
	memcpy(&tuple.remote, seg->source.ip, 16);
	return tcp_tuple_is_taken(tcp, &tuple, neighbour_local(&tcp->neighbours, &tuple.local));
}

/*
 * Older than what is left of a closed connection, whichever way RFC 6191 looks at it; and not its own SYN again.  Where nothing is
 * left, it would be as good as any.
 */
static bool is_old_syn(const struct world *world, const struct side *victim, const struct dissect *seg)
{
	const struct side *peer = &victim->talk->side[1 - victim->index];
	uint32_t offset = seg->seq - peer->iss;

	if (!side_leaves_time_wait(victim) || !peer->has_iss || offset == 0 ||
	    !is_known(&world->host[victim->host], seg))
		return false;
	if (seg->has_timestamps)
		return victim->offers_timestamps && peer->offers_timestamps && peer->has_tsval &&
		       (int32_t)(peer->tsval - seg->tsval) > 900000;
	return offset <= peer->sent_end;
}

bool stranger_is_harmless(const struct world *world, const struct dissect *seg, struct side **speaker)
{
	struct talk *talk = talk_newest(&world->observer.talks, &seg->source, &seg->destination);

	for (; talk; talk = talk_older(talk, &seg->source, &seg->destination)) {
		struct side *victim = talk_side(talk, &seg->destination);

		if (victim->closed && (seg->flags & (SEG_SYN | SEG_ACK | SEG_RST | SEG_FIN)) == SEG_SYN)
			return is_old_syn(world, victim, seg);
		if (!victim->closed && side_is_finished(victim))
			return false;
		if (!victim->closed && victim->has_iss && !world->host[victim->host].is_refusing &&
		    is_as_if_sent(victim, seg)) {
			*speaker = side_other(victim);
			return true;
		}
		if (!victim->closed && victim->has_iss && victim->talk->side[1 - victim->index].has_iss)
			return is_harmless_to(victim, seg);
		if (!victim->closed && victim->has_iss)
			return !(seg->flags & SEG_SYN && !(seg->flags & SEG_ACK)) &&
			       !(seg->flags & SEG_ACK && seg->ack == victim->iss + 1);
		if (!victim->closed && seg->flags & SEG_SYN)
			return false;
	}
	return true;
}

bool stranger_may_claim(const struct host *host, const uint8_t *frame)
{
	const struct neighbour_set *neighbours = &host->worker->tcp.neighbours;
	uint8_t ip[16], claimed;

	memcpy(ip, host->ipv4.ip, 12);
	memcpy(ip + 12, frame + 28, 4);
	claimed = observer_host_of(&host->world->observer, ip);
	if (claimed == TALK_NO_HOST || memcmp(frame + 22, host->world->host[claimed].mac, 6) == 0)
		return true;
	for (uint32_t i = 0; i < NEIGHBOURS_MAX; i++)
		if (memcmp(&neighbours->entry[i].ip, ip, 16) == 0)
			return neighbours->entry[i].state == NEIGHBOUR_KNOWN ||
			       neighbours->entry[i].state == NEIGHBOUR_PROBED;
	return false;
}

void stranger_hears_arp(struct world *world, uint8_t from, const uint8_t *frame, uint32_t bytes)
{
	static const uint8_t ghost_mac[6] = {2, 0, 0, 0, 0, 77};
	const struct host *asker = &world->host[from];
	uint8_t ghost_ip[16], answer[64];

	memcpy(ghost_ip, asker->ipv4.ip, 16);
	ghost_ip[15] = 77;
	if (bytes < 42 || frame[21] != 1 || memcmp(frame + 38, ghost_ip + 12, 4) != 0)
		return;
	bytes = forge_arp(answer, ghost_mac, asker->mac, 2, ghost_ip, asker->ipv4.ip);
	world_inject(world, from, answer, bytes, MILLISECOND_NS);
}
