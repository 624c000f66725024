/* SPDX-License-Identifier: BSD-3-Clause */
/* Each check names the counter or gauge that is wrong, and both values. */
#include "tests/sim/oracle.h"

#include "config/limits.h"
#include "lib/worker/worker.h"
#include "tests/core/scoreboard.h"
#include "tests/sim/junk.h"
#include "tests/sim/licence.h"
#include "tests/sim/violation.h"

#define SPIN_TURNS_MAX 3000

static void is_equal(const struct host *host, enum sluice_counter counter, uint64_t expected)
{
	uint64_t value = host->statistics.counter[counter];

	RULE(value == expected, "counters", "host %c: %s is %lu and should be %lu", 'A' + host->index,
	     sluice_counter_name(counter), value, expected);
}

static void check_counters(const struct host *host, const struct sluice_statistics *before)
{
	const uint64_t *now = host->statistics.counter;
	uint64_t drops = 0;

	is_equal(host, SLUICE_COUNTER_packets_received, host->port.packets_received);
	is_equal(host, SLUICE_COUNTER_bytes_received, host->port.bytes_received);
	is_equal(host, SLUICE_COUNTER_packets_sent, host->port.packets_sent);
	is_equal(host, SLUICE_COUNTER_bytes_sent, host->port.bytes_sent);
	for (uint32_t i = 0; i < SLUICE_COUNTER_COUNT; i++)
		RULE(now[i] >= before->counter[i], "counters", "host %c: %s went back", 'A' + host->index,
		     sluice_counter_name(i));
	for (uint32_t i = 0; i < SLUICE_COUNTER_drop_no_buffer; i++)
		drops += now[i];
	RULE(drops <= host->port.packets_received, "counters", "host %c: %lu drops of %lu packets", 'A' + host->index,
	     drops, host->port.packets_received);
	RULE(now[SLUICE_COUNTER_segments_fast] <= now[SLUICE_COUNTER_segments_received], "counters",
	     "host %c: more segments on the fast path than received", 'A' + host->index);
}

/* What the host's connections owe, by what the observer and the witness know. */
struct dues {
	uint32_t live, dying;
	bool unacknowledged;
};

static void add_dues(struct host *host, struct side *side, struct dues *dues)
{
	dues->live++;
	dues->dying += side->abort_asked || side->close_asked || side->unexplained_reset;
	if (!side->abort_asked &&
	    (side->heard_ack < side->sent_end || (side->opened && side->sent_end < side->taken_bytes + 1)))
		dues->unacknowledged = true;
	side->abort_turns += side->abort_asked;
	RULE(side->abort_turns < 2, "grammar", "talk %u: no CLOSED in the turn after an abort", side->talk->number);
	/* A host that could not send, or stood still, owes nothing from before that. */
	if (side->owes_ack_ns && host->last_trouble_ns >= side->owes_ack_ns)
		side->owes_ack_ns = 0;
	observer_check_side(&host->world->observer, side, 500 * MILLISECOND_NS + 4 * host->trouble.turn_ns);
}

/* Karn's rule (RFC 6298 section 3): a round trip is measured by what was sent once. */
static void check_measure(const struct host *host, struct side *side)
{
	struct sluice_conn_info info;
	bool by_handshake;

	if (side->closed || !sluice_conn_info(host->worker, side->conn, &info))
		return;
	by_handshake = !side->is_active && side->srtt_us == 0 && side->syn_acks <= side->syns;
	RULE(info.srtt_us == side->srtt_us || side->may_measure || by_handshake || side->is_ghost, "karn",
	     "talk %u: the round trip went from %u to %u us by an ACK of what was sent again", side->talk->number,
	     side->srtt_us, info.srtt_us);
	if (info.srtt_us != side->srtt_us) /* what it heard and did not heed, it may still measure by */
		side->may_measure = (int32_t)(side->sent_end - info.inflight_bytes - side->heard_ack) < 0;
	side->srtt_us = info.srtt_us;
	side->heeded_ack = side->sent_end - info.inflight_bytes;
}

static void check_gauges(struct host *host)
{
	const uint64_t *gauge = host->statistics.gauge;
	struct dues dues = {0};

	for (struct side *side = host->live; side; side = side->next_live) {
		add_dues(host, side, &dues);
		check_measure(host, side);
	}
	RULE(dues.live == host->live_count, "harness", "host %c: %u connections known, %u counted", 'A' + host->index,
	     dues.live, host->live_count);
	RULE(gauge[SLUICE_GAUGE_connections] <= dues.live && gauge[SLUICE_GAUGE_connections] + dues.dying >= dues.live,
	     "gauges", "host %c: %lu connections, but %u are open and %u of them closing", 'A' + host->index,
	     gauge[SLUICE_GAUGE_connections], dues.live, dues.dying);
	RULE(!dues.unacknowledged || host->deadline_ns != UINT64_MAX, "deadline",
	     "host %c: bytes are not acknowledged and nothing is ever due", 'A' + host->index);
}

static void check_spin(struct host *host, const struct sluice_statistics *before, uint32_t event_count)
{
	uint64_t now_ns = host->world->now_ns;
	bool moved =
		event_count ||
		host->statistics.counter[SLUICE_COUNTER_packets_received] !=
			before->counter[SLUICE_COUNTER_packets_received] ||
		host->statistics.counter[SLUICE_COUNTER_packets_sent] != before->counter[SLUICE_COUNTER_packets_sent];

	if (moved || host->deadline_ns > now_ns || host->last_trouble_ns + SECOND_NS / 2 > now_ns)
		host->idle_turns = 0;
	else
		host->idle_turns++;
	RULE(host->idle_turns < SPIN_TURNS_MAX, "spin",
	     "host %c: %u turns in a row with work said to be waiting and none done", 'A' + host->index,
	     host->idle_turns);
}

/* None of the records was cut short: by a newer one, a SYN that reuses the tuple, or what ends FIN-WAIT-2. */
static bool has_full_time_waits(const struct host *host)
{
	const uint64_t *counter = host->statistics.counter;

	return !counter[SLUICE_COUNTER_time_wait_recycled] && !counter[SLUICE_COUNTER_time_wait_reopened] &&
	       !host->worker->tcp.transitions[SLUICE_STATE_FIN_WAIT_2][SLUICE_STATE_CLOSED];
}

/* MUST-13: the last record to go had its 2MSL. */
static void check_time_wait(struct host *host, const struct sluice_statistics *before)
{
	uint64_t lasted_ns = host->world->now_ns - host->time_wait_ns;

	if (host->statistics.counter[SLUICE_COUNTER_time_wait_created] !=
	    before->counter[SLUICE_COUNTER_time_wait_created])
		host->time_wait_ns = host->world->now_ns;
	if (host->statistics.gauge[SLUICE_GAUGE_time_wait] || !before->gauge[SLUICE_GAUGE_time_wait])
		return;
	RULE(lasted_ns >= host->config.time_wait_ms * (uint64_t)MILLISECOND_NS || !has_full_time_waits(host),
	     "time-wait", "host %c: TIME-WAIT ended after %llu ms", 'A' + host->index, lasted_ns / MILLISECOND_NS);
}

static void check_scoreboard(const struct host *host)
{
	const char *fault = scoreboard_fault_of_any(&host->worker->tcp);

	RULE(!fault, "scoreboard", "host %c: %s", 'A' + host->index, fault);
}

void oracle_after_turn(struct host *host, uint32_t event_count)
{
	struct sluice_statistics before = host->statistics;

	sluice_statistics(host->worker, &host->statistics);
	check_counters(host, &before);
	check_time_wait(host, &before);
	licence_check(host, &before);
	check_gauges(host);
	check_scoreboard(host);
	check_spin(host, &before, event_count);
}

bool oracle_is_empty(const struct host *host)
{
	const uint64_t *gauge = host->statistics.gauge;

	return !gauge[SLUICE_GAUGE_connections] && !gauge[SLUICE_GAUGE_half_open] && !gauge[SLUICE_GAUGE_time_wait];
}

/* Stream bytes by the counters, and by what was seen on the wire. */
static void check_stream_bytes(const struct host *host)
{
	uint64_t sent = 0, arrived = 0, consumed = 0;
	bool has_ghosts = false;

	for (const struct talk *talk = host->world->observer.talks.newest; talk; talk = talk->next_all) {
		for (uint32_t i = 0; i < 2; i++) {
			const struct side *side = &talk->side[i];
			uint32_t end = side->sent_end - (side->fin_offset && side->sent_end > side->fin_offset);
			uint32_t got = ranges_contiguous(&side->got);

			if (side->host != host->index)
				continue;
			sent += end > 1 ? end - 1 : 0;
			arrived += got > 1 ? got - 1 : 0;
			consumed += side->consumed_bytes;
			has_ghosts |= side->is_ghost;
		}
	}
	if (has_ghosts)
		return;
	is_equal(host, SLUICE_COUNTER_text_bytes_sent, sent);
	RULE(host->statistics.counter[SLUICE_COUNTER_text_bytes_received] >= consumed &&
		     host->statistics.counter[SLUICE_COUNTER_text_bytes_received] <= arrived,
	     "counters", "host %c: text_bytes_received is %lu; %lu were read and %lu arrived", 'A' + host->index,
	     host->statistics.counter[SLUICE_COUNTER_text_bytes_received], consumed, arrived);
}

static void check_junk(const struct host *host)
{
	for (uint32_t i = 0; i < SLUICE_COUNTER_COUNT; i++)
		RULE(host->statistics.counter[i] + host->world->forged_lost >= junk_expected[host->index][i] ||
			     i == SLUICE_COUNTER_echoes_answered,
		     "junk", "host %c: %s is %lu; %lu frames were sent that are exactly this", 'A' + host->index,
		     sluice_counter_name(i), host->statistics.counter[i], junk_expected[host->index][i]);
}

void oracle_at_rest(struct world *world)
{
	for (uint32_t i = 0; i < WORLD_HOSTS; i++) {
		const struct host *host = &world->host[i];
		const uint64_t *gauge = host->statistics.gauge;

		for (uint32_t k = 0; k < SLUICE_GAUGE_COUNT; k++)
			RULE(gauge[k] == 0 || k == SLUICE_GAUGE_listeners, "rest",
			     "host %c: %s is %lu when all is over", 'A' + host->index, sluice_gauge_name(k), gauge[k]);
		RULE(host->deadline_ns == UINT64_MAX || host->deadline_ns > world->now_ns, "rest",
		     "host %c: something is still due when all is over", 'A' + host->index);
		RULE(host->pool.out_count <= STASH_PACKETS_MAX, "rest", "host %c: %u packets are out when all is over",
		     'A' + host->index, host->pool.out_count);
		is_equal(host, SLUICE_COUNTER_segments_received, host->port.segments_received);
		is_equal(host, SLUICE_COUNTER_connections_closed,
			 host->statistics.counter[SLUICE_COUNTER_connects] +
				 host->statistics.counter[SLUICE_COUNTER_passive_opens]);
		check_stream_bytes(host);
		check_junk(host);
	}
}
