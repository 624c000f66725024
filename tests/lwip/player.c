/* SPDX-License-Identifier: BSD-3-Clause */
/* One player a story. A pcb that lwIP may free is forgotten at once; what is closed is looked for by its ports. */
#include "tests/lwip/player.h"

#include <string.h>

#include <lwip/priv/tcp_priv.h>

#include "tests/lwip/bout.h"
#include "tests/sim/trace.h"
#include "tests/sim/violation.h"

#define IDLE_NS      (20 * SECOND_NS)
#define RETRY_NS     (10 * MILLISECOND_NS)
#define ROUNDS_MAX   64
#define REFUSING_PPM 100000 /* players that at times refuse what arrives */
#define REFUSAL_PPM  50000

struct player {
	struct actor *actor;
	struct tcp_pcb *pcb; /* NULL: not connected, closed by us, or freed by lwIP */
	uint16_t local_port, remote_port;
	bool is_leaving; /* closed by us: lwIP sends what is left, and tells nobody */
	bool has_lost;   /* lwIP no longer has what Sluice did not acknowledge */
	uint32_t refusal_ppm;
};

static struct player players[BOUT_STORIES_MAX];

static const struct actor *other_of(const struct actor *actor)
{
	return &actor->story->actor[1 - actor->side];
}

/* ---- What lwIP tells ---------------------------------------------------------------------------------- */

static void note_opened(struct player *player)
{
	struct actor *actor = player->actor;

	actor->opened = true;
	actor->opened_ns = actor->progress_ns = bout.world.now_ns;
	actor->next_read_ns = actor->opened_ns + actor->script->read_after_ns;
}

static err_t connected(void *argument, struct tcp_pcb *pcb, err_t error)
{
	(void)pcb;
	(void)error;
	note_opened(argument);
	return ERR_OK;
}

static void check_bytes(const struct actor *actor, const struct pbuf *packet)
{
	uint32_t offset = actor->read_bytes + actor->readable_bytes;

	for (; packet; packet = packet->next) {
		RULE(memcmp(packet->payload, story_bytes(actor->story, 1 - actor->side, offset), packet->len) == 0,
		     "stream", "story %u: lwIP read wrong bytes at %u", actor->story->number, offset);
		offset += packet->len;
	}
	RULE(offset <= other_of(actor)->written_bytes, "stream", "story %u: lwIP read more than Sluice wrote",
	     actor->story->number);
}

static err_t received(void *argument, struct tcp_pcb *pcb, struct pbuf *packet, err_t error)
{
	struct player *player = argument;
	struct actor *actor = player->actor;

	(void)pcb;
	(void)error;
	actor->progress_ns = bout.world.now_ns;
	if (!packet) {
		RULE(actor->read_bytes + actor->readable_bytes == other_of(actor)->written_bytes, "stream",
		     "story %u: lwIP has the FIN after %u of %u bytes", actor->story->number,
		     actor->read_bytes + actor->readable_bytes, other_of(actor)->written_bytes);
		actor->peer_closed = true;
		return ERR_OK;
	}
	if (!actor->ended && random_chance(&actor->random, player->refusal_ppm))
		return ERR_MEM;
	check_bytes(actor, packet);
	actor->readable_bytes += packet->tot_len;
	pbuf_free(packet);
	return ERR_OK;
}

static err_t sent(void *argument, struct tcp_pcb *pcb, u16_t bytes)
{
	struct player *player = argument;

	(void)pcb;
	player->actor->acked_bytes += bytes;
	player->actor->progress_ns = bout.world.now_ns;
	player->actor->blocked = false;
	return ERR_OK;
}

/* lwIP has freed the pcb: after a failure, or because both sides have closed before our tcp_close(). */
static void failed(void *argument, err_t error)
{
	struct player *player = argument;
	struct actor *actor = player->actor;

	trace_note("lwIP: story %u is told %d", actor->story->number, error);
	player->pcb = NULL;
	actor->closed = true;
	if (error == ERR_CLSD && actor->ended && actor->peer_closed) {
		actor->read_bytes += actor->readable_bytes;
		actor->readable_bytes = 0;
		return;
	}
	actor->reason = error == ERR_RST ? SLUICE_REASON_RESET : SLUICE_REASON_TIMED_OUT;
}

/* ---- What it is told ---------------------------------------------------------------------------------- */

static void begin(struct player *player, struct actor *actor, struct tcp_pcb *pcb)
{
	*player = (struct player){
		.actor = actor, .pcb = pcb, .local_port = pcb->local_port, .remote_port = pcb->remote_port};
	if (random_chance(&actor->random, REFUSING_PPM))
		player->refusal_ppm = REFUSAL_PPM;
	actor->begun = true;
	actor->progress_ns = bout.world.now_ns;
	tcp_arg(pcb, player);
	tcp_recv(pcb, received);
	tcp_sent(pcb, sent);
	tcp_err(pcb, failed);
	if (!actor->script->nagle)
		tcp_nagle_disable(pcb);
}

static struct player *player_of(const struct story *story)
{
	return &players[story->number % BOUT_STORIES_MAX];
}

void player_open(struct story *story, const ip_addr_t *address)
{
	struct tcp_pcb *pcb = tcp_new_ip_type(story->ipv6 ? IPADDR_TYPE_V6 : IPADDR_TYPE_V4);
	err_t error;

	RULE(pcb, "scenario", "lwIP has no memory");
	story->begun = story->connected[0] = true;
	error = tcp_connect(pcb, address, story->port, connected);
	if (error == ERR_BUF) /* its port counter may begin at 65535, steps to 0, and 0 is refused */
		error = tcp_connect(pcb, address, story->port, connected);
	RULE(error == ERR_OK, "scenario", "lwIP cannot connect: %d", error);
	begin(player_of(story), &story->actor[0], pcb);
	story->local_port = pcb->local_port;
}

err_t player_accept(void *argument, struct tcp_pcb *pcb, err_t error)
{
	struct story *story;

	(void)argument;
	if (error != ERR_OK || !pcb)
		return ERR_VAL;
	story = bout_find(BOUT_SLUICE, IP_IS_V6_VAL(pcb->remote_ip), pcb->remote_port, pcb->local_port);
	if (!story || story->actor[1].begun) {
		bout.stray_count++;
		tcp_abort(pcb);
		return ERR_ABRT;
	}
	begin(player_of(story), &story->actor[1], pcb);
	note_opened(player_of(story));
	return ERR_OK;
}

/* lwIP goes on by itself, or not at all. */
static struct tcp_pcb *let_go(struct player *player)
{
	struct tcp_pcb *pcb = player->pcb;

	tcp_arg(pcb, NULL);
	tcp_recv(pcb, NULL);
	tcp_sent(pcb, NULL);
	tcp_err(pcb, NULL);
	player->pcb = NULL;
	return pcb;
}

static void close_it(struct player *player)
{
	err_t error;

	trace_note("lwIP: story %u closes", player->actor->story->number);
	player->actor->ended = player->is_leaving = true;
	error = tcp_close(let_go(player));
	RULE(error == ERR_OK, "scenario", "lwIP cannot close: %d", error);
}

static void abort_it(struct player *player)
{
	trace_note("lwIP: story %u aborts", player->actor->story->number);
	player->actor->ended = player->actor->closed = true;
	player->actor->reason = SLUICE_REASON_ABORTED;
	tcp_abort(let_go(player));
}

/* ---- A turn ------------------------------------------------------------------------------------------- */

static void read_on(struct player *player)
{
	struct actor *actor = player->actor;
	const struct script *script = actor->script;
	uint32_t bytes = actor->readable_bytes;

	if (!bytes || script->ending == END_CLOSE_UNREAD || bout.world.now_ns < actor->next_read_ns)
		return;
	if (script->read_gap_ns) {
		bytes = bytes < script->read_bytes ? bytes : script->read_bytes;
		actor->next_read_ns = bout.world.now_ns + script->read_gap_ns;
	}
	bytes = bytes < UINT16_MAX ? bytes : UINT16_MAX;
	actor->readable_bytes -= bytes;
	actor->read_bytes += bytes;
	tcp_recved(player->pcb, (u16_t)bytes);
}

/* Returns how much lwIP took. */
static uint32_t write_some(struct player *player, uint32_t bytes)
{
	struct actor *actor = player->actor;
	bool is_last = actor->written_bytes + bytes == actor->script->send_bytes;
	u8_t flags = random_chance(&actor->random, 500000) ? TCP_WRITE_FLAG_COPY : 0; /* the pattern never changes */

	if (bytes > tcp_sndbuf(player->pcb))
		bytes = tcp_sndbuf(player->pcb);
	if (!is_last && random_chance(&actor->random, actor->script->more_ppm))
		flags |= TCP_WRITE_FLAG_MORE;
	if (!bytes || tcp_write(player->pcb, story_bytes(actor->story, actor->side, actor->written_bytes), (u16_t)bytes,
				flags) != ERR_OK)
		return 0;
	actor->written_bytes += bytes;
	return bytes;
}

static void write_on(struct player *player)
{
	struct actor *actor = player->actor;
	const struct script *script = actor->script;
	uint32_t rounds = 0;

	while (actor->written_bytes < script->send_bytes && bout.world.now_ns >= actor->next_write_ns &&
	       !actor->blocked && rounds++ < ROUNDS_MAX) {
		uint32_t left = script->send_bytes - actor->written_bytes;
		uint32_t bytes = 1 + random_below(&actor->random, script->write_bytes);

		bytes = bytes < left ? bytes : left;
		bytes = bytes < UINT16_MAX ? bytes : UINT16_MAX;
		actor->blocked = write_some(player, bytes) < bytes;
		if (script->write_gap_ns)
			actor->next_write_ns = bout.world.now_ns + script->write_gap_ns;
	}
	if (rounds > ROUNDS_MAX)
		actor->next_write_ns = bout.world.now_ns + MILLISECOND_NS;
	if (actor->blocked && actor->acked_bytes == actor->written_bytes)
		actor->blocked = false; /* nothing is on the way that would tell */
}

static bool has_written(const struct actor *actor)
{
	return actor->written_bytes == actor->script->send_bytes;
}

static bool has_read(const struct actor *actor)
{
	return actor->peer_closed && !actor->readable_bytes;
}

/* After the last byte a script may wait before it ends. */
static bool has_lingered(struct actor *actor)
{
	if (!actor->done_ns)
		actor->done_ns = bout.world.now_ns + actor->script->linger_ns;
	return bout.world.now_ns >= actor->done_ns;
}

static bool is_time_to_close(struct actor *actor)
{
	switch (actor->script->ending) {
	case END_FIN_THEN_READ:
		return actor->ended && has_read(actor);
	case END_READ_THEN_FIN:
		return has_written(actor) && has_read(actor) && has_lingered(actor);
	case END_CLOSE:
		return has_written(actor) && has_lingered(actor);
	case END_CLOSE_UNREAD:
		return (actor->readable_bytes || actor->peer_closed) && has_lingered(actor);
	case END_CLOSE_AT:
		return bout.world.now_ns >= actor->opened_ns + actor->script->close_after_ns;
	case END_ABORT:
		return has_written(actor) && has_read(actor);
	case END_COUNT:
		break;
	}
	return false;
}

static void end_if_due(struct player *player)
{
	struct actor *actor = player->actor;
	const struct script *script = actor->script;

	if (script->ending == END_ABORT && actor->read_bytes + actor->written_bytes >= script->abort_bytes) {
		abort_it(player);
		return;
	}
	/* What was refused is forgotten by lwIP if its side ends before it has offered it again. */
	if (script->ending == END_FIN_THEN_READ && !actor->ended && !player->pcb->refused_data && has_written(actor) &&
	    has_lingered(actor)) {
		trace_note("lwIP: story %u sends FIN", actor->story->number);
		actor->ended = tcp_shutdown(player->pcb, 0, 1) == ERR_OK;
	}
	if (is_time_to_close(actor))
		close_it(player);
}

/* Who waits for somebody who is gone without a word does not wait for ever. */
static bool gives_up(struct player *player)
{
	struct actor *actor = player->actor;
	const struct actor *other = other_of(actor);
	bool is_alone = other->begun ? other->closed : !other->opened;

	if (!is_alone || !actor->opened || bout.world.now_ns - actor->progress_ns < IDLE_NS)
		return false;
	actor->gave_up = true;
	abort_it(player);
	return true;
}

/* What lwIP still has of it; TIME-WAIT does not count. */
static struct tcp_pcb *find_pcb(const struct player *player)
{
	struct tcp_pcb *pcb = tcp_active_pcbs;

	while (pcb && (pcb->local_port != player->local_port || pcb->remote_port != player->remote_port ||
		       IP_IS_V6_VAL(pcb->remote_ip) != player->actor->story->ipv6))
		pcb = pcb->next;
	return pcb;
}

/*
 * lwIP takes a window also from an ACK older than its last, as long as its sequence number is newer; it may then send beyond the
 * window, and forgets a segment of which only a part was taken. It waits for ever afterwards.
 */
static bool has_lost(const struct tcp_pcb *pcb)
{
	return pcb->unsent && !pcb->unacked && TCP_SEQ_GT(lwip_ntohl(pcb->unsent->tcphdr->seqno), pcb->lastack);
}

static void turn(struct player *player)
{
	struct actor *actor = player->actor;
	struct tcp_pcb *pcb = find_pcb(player);

	if (player->is_leaving && !pcb)
		actor->closed = true;
	if (pcb && has_lost(pcb)) {
		player->has_lost = actor->closed = true;
		actor->reason = SLUICE_REASON_ABORTED;
		tcp_abort(player->pcb ? let_go(player) : pcb);
		return;
	}
	if (!player->pcb || !actor->opened || gives_up(player))
		return;
	read_on(player);
	write_on(player);
	end_if_due(player);
	if (player->pcb)
		tcp_output(player->pcb);
}

static uint64_t wake_ns(const struct player *player)
{
	const struct actor *actor = player->actor;
	uint64_t now_ns = bout.world.now_ns, next_ns = now_ns + IDLE_NS / 2;
	uint64_t times[] = {actor->written_bytes < actor->script->send_bytes
				    ? actor->blocked ? now_ns + RETRY_NS : actor->next_write_ns
				    : 0,
			    actor->readable_bytes ? actor->next_read_ns : 0, actor->done_ns,
			    actor->script->ending == END_CLOSE_AT ? actor->opened_ns + actor->script->close_after_ns
								  : 0};

	for (uint32_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
		if (times[i] > now_ns && times[i] < next_ns)
			next_ns = times[i];
	return next_ns;
}

uint64_t player_turns(void)
{
	uint64_t next_ns = UINT64_MAX;

	for (uint32_t i = 0; i < BOUT_STORIES_MAX; i++) {
		struct player *player = &players[i];
		uint64_t wake;

		if (!player->actor || player->actor->closed)
			continue;
		turn(player);
		if (player->actor->closed)
			continue;
		wake = wake_ns(player);
		next_ns = wake < next_ns ? wake : next_ns;
	}
	return next_ns;
}

bool player_has_lost(const struct story *story)
{
	return player_of(story)->has_lost;
}
