/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bursts in and out of one queue pair, packets from and to the pool, the clock, and the idle worker's sleep.
 */
#include "lib/port/io.h"

#include <sys/prctl.h>
#include <time.h>

#include <rte_ethdev.h>
#include <rte_interrupts.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include "lib/port/fragments.h"

#define NS_PER_MS 1000000

static uint64_t io_now_ns(void *user)
{
	struct io *io = user;

	return clock_now_ns(&io->clock);
}

static uint64_t io_wall_ns(void *user)
{
	(void)user;
	return clock_wall_ns();
}

static uint64_t io_cycles(void *user)
{
	(void)user;
	return rte_rdtsc();
}

static uint32_t io_receive(void *user, struct rte_mbuf **packet, uint32_t max)
{
	struct io *io = user;
	uint32_t count = rte_eth_rx_burst(io->port_id, 0, packet, (uint16_t)max);

	if (count)
		io->naps = 0;
	return count;
}

/* ---- Sending ------------------------------------------------------------------------------------------ */

static uint32_t io_send(void *user, struct rte_mbuf **packet, uint32_t count)
{
	struct io *io = user;

	return rte_eth_tx_burst(io->port_id, 0, packet, (uint16_t)count);
}

/* Puts a packet of our own, in one piece, in the place of one that is not.  False: no buffer now. */
static bool io_copy(struct io *io, struct rte_mbuf **packet)
{
	struct rte_mbuf *copy = rte_pktmbuf_copy(*packet, io->pool, 0, UINT32_MAX);

	if (!copy)
		return false;
	rte_pktmbuf_free(*packet);
	*packet = copy;
	io->copied_packets++;
	return true;
}

static inline bool io_is_plain(const struct rte_mbuf *packet)
{
	return packet->nb_segs == 1 && rte_mbuf_refcnt_read(packet) == 1 && RTE_MBUF_DIRECT(packet);
}

/*
 * The receiver gets the very packet, so it must share nothing with us; and it must not believe what only we know, so
 * our requests and verdicts about checksums are cleared.
 */
static uint32_t io_send_ring(void *user, struct rte_mbuf **packet, uint32_t count)
{
	struct io *io = user;
	uint32_t ready;

	for (ready = 0; ready < count; ready++) {
		if (__builtin_expect(!io_is_plain(packet[ready]), 0) && !io_copy(io, &packet[ready]))
			break;
		packet[ready]->ol_flags = 0;
		packet[ready]->packet_type = 0;
	}
	return rte_eth_tx_burst(io->port_id, 0, packet, (uint16_t)ready);
}

static uint32_t io_flatten(struct io *io, struct rte_mbuf **packet, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (packet[i]->nb_segs > 1 && !io_copy(io, &packet[i]))
			return i;
	}
	return count;
}

static uint32_t io_send_flat(void *user, struct rte_mbuf **packet, uint32_t count)
{
	return io_send(user, packet, io_flatten(user, packet, count));
}

/* One that the driver refuses to prepare would block all behind it for ever: it is lost instead, as on a wire. */
static uint32_t io_send_prepared(void *user, struct rte_mbuf **packet, uint32_t count)
{
	struct io *io = user;
	uint32_t ready = rte_eth_tx_prepare(io->port_id, 0, packet, (uint16_t)count);
	uint32_t sent = io_send(io, packet, ready);

	if (ready < count && sent == ready) {
		rte_pktmbuf_free(packet[ready]);
		io->unsendable_packets++;
		sent++;
	}
	return sent;
}

static uint32_t io_send_flat_prepared(void *user, struct rte_mbuf **packet, uint32_t count)
{
	return io_send_prepared(user, packet, io_flatten(user, packet, count));
}

/* ---- Packets ------------------------------------------------------------------------------------------ */

static uint32_t io_allocate(void *user, struct rte_mbuf **packet, uint32_t count)
{
	struct io *io = user;
	uint32_t done = 0;

	/* The pool gives all or none: ask for less when it has not that many. */
	for (uint32_t wanted = count; wanted > 0;) {
		if (rte_pktmbuf_alloc_bulk(io->pool, packet + done, wanted) == 0)
			done += wanted;
		else
			wanted /= 2;
		if (wanted > count - done)
			wanted = count - done;
	}
	return done;
}

static void io_release(void *user, struct rte_mbuf **packet, uint32_t count)
{
	(void)user;
	rte_pktmbuf_free_bulk(packet, count);
}

static void io_reassemble(void *user, uint64_t now_ns, struct sluice_fragments *work)
{
	struct io *io = user;

	fragments_join(io->fragments, now_ns, work);
}

/* ---- Sleeping ----------------------------------------------------------------------------------------- */

/* Once, on the worker's thread: sleeps shorter than the kernel's usual 50 µs slack, and the interrupt's epoll. */
static void io_prepare_sleep(struct io *io)
{
	io->is_sleep_prepared = true;
	prctl(PR_SET_TIMERSLACK, 1000UL, 0UL, 0UL, 0UL);
	if (io->has_interrupts &&
	    rte_eth_dev_rx_intr_ctl_q(io->port_id, 0, RTE_EPOLL_PER_THREAD, RTE_INTR_EVENT_ADD, NULL) != 0)
		io->has_interrupts = false;
}

/* Some drivers interrupt without being asked (a file that can be polled) and have no such switch: so no errors here. */
static void io_wait_interrupt(struct io *io, uint64_t most_ms)
{
	struct rte_epoll_event event;

	rte_eth_dev_rx_intr_enable(io->port_id, 0);
	if (rte_eth_rx_queue_count(io->port_id, 0) <= 0)
		rte_epoll_wait(RTE_EPOLL_PER_THREAD, &event, 1, (int)most_ms);
	rte_eth_dev_rx_intr_disable(io->port_id, 0);
}

static void io_nap(struct io *io, uint64_t most_ns)
{
	uint64_t nap_ns = (uint64_t)IO_NAP_LEAST_NS << io->naps;
	struct timespec nap = {0};

	if (io->naps < IO_NAP_DOUBLINGS)
		io->naps++;
	if (nap_ns > IO_NAP_MOST_NS)
		nap_ns = IO_NAP_MOST_NS;
	nap.tv_nsec = (long)(nap_ns < most_ns ? nap_ns : most_ns);
	nanosleep(&nap, NULL);
}

static void io_wait(void *user, uint64_t deadline_ns)
{
	struct io *io = user;
	uint64_t now_ns = clock_now_ns(&io->clock);
	uint64_t most_ns = deadline_ns - now_ns;

	if (deadline_ns <= now_ns || (io->ring && !rte_ring_empty(io->ring)))
		return;
	if (!io->is_sleep_prepared)
		io_prepare_sleep(io);
	if (!io->has_interrupts || most_ns < NS_PER_MS)
		io_nap(io, most_ns);
	else if (most_ns < (uint64_t)IO_INTERRUPT_WAIT_MS * NS_PER_MS)
		io_wait_interrupt(io, most_ns / NS_PER_MS);
	else
		io_wait_interrupt(io, IO_INTERRUPT_WAIT_MS);
}

void io_make(struct io *io, const struct io_wish *wish, struct sluice_io *functions)
{
	*io = (struct io){
		.port_id = wish->port_id,
		.has_interrupts = wish->has_interrupts,
		.pool = wish->pool,
		.ring = wish->ring,
		.fragments = wish->fragments,
	};
	clock_make(&io->clock);
	functions->user = io;
	functions->now_ns = io_now_ns;
	functions->wall_ns = io_wall_ns;
	functions->cycles = io_cycles;
	functions->receive = io_receive;
	functions->allocate = io_allocate;
	functions->release = io_release;
	functions->wait = io_wait;
	functions->reassemble = wish->fragments ? io_reassemble : NULL;
	if (wish->must_copy_shared)
		functions->send = io_send_ring;
	else if (wish->must_prepare)
		functions->send = wish->must_flatten ? io_send_flat_prepared : io_send_prepared;
	else
		functions->send = wish->must_flatten ? io_send_flat : io_send;
}
