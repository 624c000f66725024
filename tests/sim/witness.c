/* SPDX-License-Identifier: BSD-3-Clause */
/* The API's functions as the applications see them, each around the library's own. */
#include "tests/sim/witness_known.h"

#include <stdlib.h>
#include <string.h>

#include "tests/sim/trace.h"
#include "tests/sim/violation.h"

#define CONN_BUCKETS 512
#define CONNECTS_MAX 20000 /* of one seed */

/* A connection handle, while it is not stale. */
struct known {
	struct known *next;
	uint64_t id;
	struct side *side;
};

static struct known *known[WORLD_HOSTS][CONN_BUCKETS];
uint64_t witness_reasons[SLUICE_REASON_COUNT];
uint64_t witness_deeds[DEED_COUNT];

int __real_sluice_connect(struct sluice_worker *, const struct sluice_address *, const struct sluice_connect_options *,
			  void *, sluice_conn *);
uint32_t __real_sluice_peek(struct sluice_worker *, sluice_conn, struct sluice_slice *, uint32_t);
void __real_sluice_consume(struct sluice_worker *, sluice_conn, uint32_t);
uint32_t __real_sluice_send(struct sluice_worker *, sluice_conn, const struct sluice_slice *, uint32_t, unsigned);
void __real_sluice_shutdown(struct sluice_worker *, sluice_conn);
void __real_sluice_close(struct sluice_worker *, sluice_conn);
void __real_sluice_abort(struct sluice_worker *, sluice_conn);
void __real_sluice_set_context(struct sluice_worker *, sluice_conn, void *);
void __real_sluice_set_timer(struct sluice_worker *, sluice_conn, uint64_t);
void __real_sluice_set_worker_timer(struct sluice_worker *, uint64_t);

/* Declared here, since nobody but the linker calls them by these names. */
int __wrap_sluice_connect(struct sluice_worker *, const struct sluice_address *, const struct sluice_connect_options *,
			  void *, sluice_conn *);
uint32_t __wrap_sluice_peek(struct sluice_worker *, sluice_conn, struct sluice_slice *, uint32_t);
void __wrap_sluice_consume(struct sluice_worker *, sluice_conn, uint32_t);
uint32_t __wrap_sluice_send(struct sluice_worker *, sluice_conn, const struct sluice_slice *, uint32_t, unsigned);
void __wrap_sluice_shutdown(struct sluice_worker *, sluice_conn);
void __wrap_sluice_close(struct sluice_worker *, sluice_conn);
void __wrap_sluice_abort(struct sluice_worker *, sluice_conn);
void __wrap_sluice_set_context(struct sluice_worker *, sluice_conn, void *);
void __wrap_sluice_set_timer(struct sluice_worker *, sluice_conn, uint64_t);
void __wrap_sluice_set_worker_timer(struct sluice_worker *, uint64_t);

const char *witness_deed_text(enum witness_deed deed)
{
	static const char *const texts[] = {
#define X(name, text) text,
		WITNESS_DEEDS(X)
#undef X
	};

	return texts[deed];
}

static struct known **bucket_of(uint8_t host, sluice_conn conn)
{
	return &known[host][conn.id * 0x9e3779b97f4a7c15 >> 55];
}

static struct known **find(uint8_t host, sluice_conn conn)
{
	struct known **at = bucket_of(host, conn);

	while (*at && (*at)->id != conn.id)
		at = &(*at)->next;
	return at;
}

struct side *witness_find(uint8_t host, sluice_conn conn)
{
	struct known *found = *find(host, conn);

	return found ? found->side : NULL;
}

void witness_learn(struct host *host, sluice_conn conn, struct side *side)
{
	struct known *new = malloc(sizeof(*new));

	if (!new)
		abort();
	RULE(conn.id != 0, "handle", "a connection has handle 0");
	RULE(!witness_find(host->index, conn), "handle", "host %c: handle %lx is given out twice", 'A' + host->index,
	     conn.id);
	*new = (struct known){.next = *bucket_of(host->index, conn), .id = conn.id, .side = side};
	*bucket_of(host->index, conn) = new;
	side->conn = conn;
	side->has_conn = true;
	side->progress_ns = world_now->now_ns;
	side->host = host->index;
	side->next_live = host->live;
	if (host->live)
		host->live->previous_live = side;
	host->live = side;
	host->live_count++;
}

void witness_forget(struct host *host, sluice_conn conn)
{
	struct known **at = find(host->index, conn), *old = *at;

	if (!old)
		return;
	if (old->side->next_live)
		old->side->next_live->previous_live = old->side->previous_live;
	if (old->side->previous_live)
		old->side->previous_live->next_live = old->side->next_live;
	else
		host->live = old->side->next_live;
	*at = old->next;
	free(old);
	host->live_count--;
}

void witness_reset(void)
{
	for (uint32_t host = 0; host < WORLD_HOSTS; host++) {
		for (uint32_t i = 0; i < CONN_BUCKETS; i++) {
			while (known[host][i]) {
				struct known *old = known[host][i];

				known[host][i] = old->next;
				free(old);
			}
		}
	}
}

static struct address address_of(const struct sluice_address *in)
{
	struct address out = {.port = in->port};

	memcpy(out.ip, in->ip, 16);
	return out;
}

bool witness_addresses(struct host *host, sluice_conn conn, struct address *local, struct address *peer)
{
	struct sluice_address ours, theirs;

	if (!sluice_addresses(host->worker, conn, &ours, &theirs))
		return false;
	*local = address_of(&ours);
	*peer = address_of(&theirs);
	return true;
}

void witness_set_state(struct side *side, uint8_t state)
{
	side->state = state;
}

/* Every call is a chance to see a state before the next one replaces it. */
void witness_look(struct host *host, struct side *side)
{
	struct sluice_conn_info info;

	if (!side || side->closed || !sluice_conn_info(host->worker, side->conn, &info))
		return;
	witness_set_state(side, (uint8_t)info.state);
	if (side->readable_bytes && info.receive_window_bytes == 0)
		witness_deeds[DEED_window_zero]++;
}

/* ---- Connecting --------------------------------------------------------------------------------------- */

/* The side that connects: of a talk that its peer has begun towards us, or of a new one. */
static struct side *side_for_connect(struct world *world, struct host *host, const struct address *local,
				     const struct address *peer)
{
	struct talk *talk = talk_newest(&world->observer.talks, local, peer);
	struct side *side;

	if (talk) {
		side = talk_side(talk, local);
		if (!side->has_conn && !side->has_iss && side->host == host->index && side_other(side)->is_active &&
		    !side_other(side)->closed && !side_other(side)->opened) {
			witness_deeds[DEED_simultaneous_open]++;
			return side;
		}
		witness_deeds[DEED_connect_reused]++;
	}
	RULE(world->observer.talks.count < CONNECTS_MAX, "storm",
	     "host %c: connects are begun and fail without a pause", 'A' + host->index);
	talk = talk_begin(&world->observer.talks, local, host->index, peer,
			  observer_host_of(&world->observer, peer->ip));
	return &talk->side[0];
}

int __wrap_sluice_connect(struct sluice_worker *worker, const struct sluice_address *address,
			  const struct sluice_connect_options *options, void *context, sluice_conn *conn)
{
	struct host *host = world_host_of(worker);
	int result = __real_sluice_connect(worker, address, options, context, conn);
	struct address local, peer;
	struct side *side;

	if (result != 0)
		return result;
	RULE(witness_addresses(host, *conn, &local, &peer), "handle", "a new connection has no addresses");
	RULE(memcmp(peer.ip, address->ip, 16) == 0 && peer.port == address->port, "addresses",
	     "not the peer that was asked for");
	RULE(!options || !options->local.port || options->local.port == local.port, "addresses",
	     "not the port that was asked for");
	side = side_for_connect(world_now, host, &local, &peer);
	side->is_active = true;
	side->context = context;
	side->listener = SLUICE_NO_LISTENER;
	witness_learn(host, *conn, side);
	witness_look(host, side);
	witness_deeds[sluice_address_is_ipv4(address) ? DEED_connect_ipv4 : DEED_connect_ipv6]++;
	witness_deeds[DEED_connect_fixed] += options && options->local.port;
	if (trace_on()) {
		char text[128];

		trace_note("%s connects, handle %lx", side_text(side, text), conn->id);
	}
	return 0;
}

/* ---- Data --------------------------------------------------------------------------------------------- */

uint32_t __wrap_sluice_peek(struct sluice_worker *worker, sluice_conn conn, struct sluice_slice *slice, uint32_t max)
{
	struct host *host = world_host_of(worker);
	uint32_t count = __real_sluice_peek(worker, conn, slice, max), bytes = 0;
	struct side *side = witness_find(host->index, conn), *other;

	RULE(count <= max, "peek", "%u slices where %u were asked for", count, max);
	RULE(side || !count, "peek", "bytes of a stale handle");
	for (uint32_t i = 0; i < count && !side->is_ghost; i++) {
		uint32_t at = side->consumed_bytes + bytes;

		other = side_other(side);
		RULE(slice[i].bytes, "peek", "talk %u: an empty slice", side->talk->number);
		RULE(at + slice[i].bytes < ranges_contiguous(&side->got), "peek",
		     "talk %u: bytes that have not arrived", side->talk->number);
		RULE(memcmp(slice[i].data, other->taken + at, slice[i].bytes) == 0, "stream",
		     "talk %u, host %c: %u bytes at %u are not what the peer sent", side->talk->number,
		     'A' + host->index, slice[i].bytes, at);
		bytes += slice[i].bytes;
	}
	RULE(!side || side->is_ghost || count == max || bytes == side->readable_bytes || side->closed, "peek",
	     "talk %u: %u bytes shown, %u were said to be readable", side->talk->number, bytes, side->readable_bytes);
	return count;
}

void __wrap_sluice_consume(struct sluice_worker *worker, sluice_conn conn, uint32_t bytes)
{
	struct host *host = world_host_of(worker);
	struct side *side = witness_find(host->index, conn);

	__real_sluice_consume(worker, conn, bytes);
	if (!side)
		return;
	bytes = bytes < side->readable_bytes ? bytes : side->readable_bytes;
	side->consumed_bytes += bytes;
	side->readable_bytes -= bytes;
	witness_look(host, side);
}

static void note_flags(struct side *side, unsigned flags, bool whole)
{
	witness_deeds[flags & SLUICE_SEND_STATIC   ? DEED_send_static
		      : flags & SLUICE_SEND_BORROW ? DEED_send_borrow
						   : DEED_send_copy]++;
	witness_deeds[DEED_send_more] += !!(flags & SLUICE_SEND_MORE);
	witness_deeds[DEED_send_fin] += whole && flags & SLUICE_SEND_FIN;
	witness_deeds[DEED_send_short] += !whole;
	if (whole && flags & SLUICE_SEND_FIN)
		side->fin_asked = true;
	if (!whole)
		side->short_send = true;
}

uint32_t __wrap_sluice_send(struct sluice_worker *worker, sluice_conn conn, const struct sluice_slice *slice,
			    uint32_t count, unsigned flags)
{
	struct host *host = world_host_of(worker);
	struct side *side = witness_find(host->index, conn);
	uint32_t room = sluice_send_room(worker, conn), given = 0, left, taken;

	taken = __real_sluice_send(worker, conn, slice, count, flags);
	for (uint32_t i = 0; i < count; i++)
		given += slice[i].bytes;
	if (!side) {
		RULE(taken == 0, "send", "a stale handle took %u bytes", taken);
		return taken;
	}
	RULE(taken <= given && taken <= room, "send", "talk %u: %u bytes taken of %u, with room for %u",
	     side->talk->number, taken, given, room);
	RULE(taken == 0 || (side->opened && !side->fin_asked && !side->close_asked && !side->abort_asked), "send",
	     "talk %u: %u bytes taken before OPENED or after FIN", side->talk->number, taken);
	left = taken;
	for (uint32_t i = 0; i < count && left; i++) {
		uint32_t part = slice[i].bytes < left ? slice[i].bytes : left;

		side_take_bytes(side, slice[i].data, part);
		left -= part;
	}
	if (side->opened && !side->fin_asked)
		note_flags(side, flags, taken == given);
	witness_look(host, side);
	return taken;
}

void __wrap_sluice_shutdown(struct sluice_worker *worker, sluice_conn conn)
{
	struct host *host = world_host_of(worker);
	struct side *side = witness_find(host->index, conn);

	__real_sluice_shutdown(worker, conn);
	witness_deeds[DEED_shutdown]++;
	if (side)
		side->fin_asked = true;
	witness_look(host, side);
}

void __wrap_sluice_close(struct sluice_worker *worker, sluice_conn conn)
{
	struct host *host = world_host_of(worker);
	struct side *side = witness_find(host->index, conn);

	witness_look(host, side);
	__real_sluice_close(worker, conn);
	witness_deeds[DEED_close]++;
	if (side) {
		witness_deeds[DEED_close_unread] += side->readable_bytes > 0;
		side->freed_unread |= side->readable_bytes > 0 && side->opened && !side->close_asked;
		side->fin_asked = side->close_asked = true;
	}
	witness_look(host, side);
}

void __wrap_sluice_abort(struct sluice_worker *worker, sluice_conn conn)
{
	struct host *host = world_host_of(worker);
	struct side *side = witness_find(host->index, conn);

	witness_look(host, side);
	__real_sluice_abort(worker, conn);
	witness_deeds[DEED_abort]++;
	if (side && !side->abort_asked)
		side->abort_asked = true;
}

/* ---- The rest ----------------------------------------------------------------------------------------- */

void __wrap_sluice_set_context(struct sluice_worker *worker, sluice_conn conn, void *context)
{
	struct side *side = witness_find(world_host_of(worker)->index, conn);

	__real_sluice_set_context(worker, conn, context);
	if (side)
		side->context = context;
	RULE(!side || sluice_context(worker, conn) == context, "context", "talk %u: another context than was set",
	     side->talk->number);
}

void __wrap_sluice_set_timer(struct sluice_worker *worker, sluice_conn conn, uint64_t deadline_ns)
{
	struct side *side = witness_find(world_host_of(worker)->index, conn);

	__real_sluice_set_timer(worker, conn, deadline_ns);
	witness_deeds[DEED_connection_timer]++;
	if (side)
		side->timer_ns = deadline_ns;
}

void __wrap_sluice_set_worker_timer(struct sluice_worker *worker, uint64_t deadline_ns)
{
	__real_sluice_set_worker_timer(worker, deadline_ns);
	witness_deeds[DEED_worker_timer]++;
	world_host_of(worker)->worker_timer_ns = deadline_ns;
}
