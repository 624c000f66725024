/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A connection as Linux's struct tcp_info shows it.  Much of that is not the public interface's, so this reads the record
 * itself: the in-flight records, which are the only scoreboard, are counted one by one.
 */
#include "tests/packetdrill/info.h"

#include <errno.h>
#include <linux/tcp.h>
#include <stdlib.h>
#include <string.h>

#include "lib/core/inflight.h"
#include "lib/core/life.h"
#include "lib/core/path.h"
#include "lib/core/user.h"
#include "lib/worker/worker.h"

/* Linux's numbers for states (include/net/tcp_states.h), where LISTEN is 10 and CLOSE 7. */
static uint8_t state_of(const struct socket *socket, const struct tcp_conn *conn)
{
	static const uint8_t number[SLUICE_STATE_COUNT] = {
		[SLUICE_STATE_CLOSED] = 7,       [SLUICE_STATE_LISTEN] = 10,     [SLUICE_STATE_SYN_SENT] = 2,
		[SLUICE_STATE_SYN_RECEIVED] = 3, [SLUICE_STATE_ESTABLISHED] = 1, [SLUICE_STATE_FIN_WAIT_1] = 4,
		[SLUICE_STATE_FIN_WAIT_2] = 5,   [SLUICE_STATE_CLOSE_WAIT] = 8,  [SLUICE_STATE_CLOSING] = 11,
		[SLUICE_STATE_LAST_ACK] = 9,     [SLUICE_STATE_TIME_WAIT] = 6,
	};

	if (socket->state == SOCKET_LISTENING)
		return number[SLUICE_STATE_LISTEN];
	return number[conn ? conn->state : SLUICE_STATE_CLOSED];
}

/* Packets of the scoreboard by kind. */
struct tally {
	uint32_t unacked, sacked, lost, retransmitted;
};

static struct tally tally_of(const struct tcp *tcp, const struct tcp_conn *conn)
{
	struct tally tally = {0};
	const struct tcp_inflight *record = inflight_is_empty(conn) ? NULL : &conn->inflight;

	for (; record; record = inflight_next(tcp, record)) {
		bool is_sent = record->retransmits != INFLIGHT_UNSENT, is_lost = record->flags & INFLIGHT_LOST;
		bool is_sacked = record->flags & INFLIGHT_SACKED;
		bool is_again = is_sent && record->retransmits && !is_lost && !is_sacked;

		tally.unacked += is_sent;
		tally.sacked += is_sacked;
		tally.retransmitted += is_again;
		tally.lost += is_lost || is_again; /* Linux: whether it was sent again or not */
	}
	return tally;
}

/* Linux's: open, disorder, CWR, recovery, loss. */
static uint8_t congestion_state_of(const struct tcp *tcp, const struct tcp_conn *conn, const struct tally *tally)
{
	const struct tcp_path *path = path_of(tcp, conn);

	if (conn->flags & CONN_TIMEOUT)
		return TCP_CA_Loss;
	if (conn->flags & CONN_RECOVERY)
		return TCP_CA_Recovery;
	if (path && path->flags & PATH_ECN_ROUND && seq_before(conn->snd_una, path->ecn_round))
		return TCP_CA_CWR;
	return (path && path->dup_acks) || tally->sacked ? TCP_CA_Disorder : TCP_CA_Open;
}

static uint32_t in_packets(uint32_t bytes, uint32_t mss_bytes)
{
	return mss_bytes ? (bytes + mss_bytes / 2) / mss_bytes : 0;
}

static void fill_sender(const struct tcp *tcp, const struct tcp_conn *conn, struct tcp_info *info)
{
	struct tally tally = tally_of(tcp, conn);
	struct sluice_conn_info own;

	user_info(tcp, conn, &own);
	info->tcpi_ca_state = congestion_state_of(tcp, conn, &tally);
	info->tcpi_retransmits = conn->timeouts_count;
	info->tcpi_probes = conn->probes_count;
	info->tcpi_backoff = conn->backoff_count;
	info->tcpi_unacked = tally.unacked;
	info->tcpi_sacked = tally.sacked;
	info->tcpi_lost = tally.lost;
	info->tcpi_retrans = tally.retransmitted;
	info->tcpi_snd_cwnd = in_packets(conn->cwnd_bytes, conn->mss_bytes);
	info->tcpi_snd_ssthresh =
		conn->ssthresh_bytes >= INT32_MAX ? INT32_MAX : in_packets(conn->ssthresh_bytes, conn->mss_bytes);
	info->tcpi_rto = own.rto_us;
	info->tcpi_rtt = own.srtt_us;
	info->tcpi_rttvar = own.rttvar_us;
	info->tcpi_min_rtt = own.srtt_us;
	info->tcpi_reordering = 3;
	info->tcpi_total_retrans = own.retransmits_timeout + own.retransmits_fast;
	info->tcpi_notsent_bytes = own.queued_bytes > own.inflight_bytes ? own.queued_bytes - own.inflight_bytes : 0;
	info->tcpi_snd_wnd = own.send_window_bytes;
}

static void fill_receiver(const struct tcp *tcp, const struct tcp_conn *conn, uint32_t maxseg_bytes,
			  struct tcp_info *info)
{
	info->tcpi_snd_mss = conn->mss_bytes;
	info->tcpi_rcv_mss = conn->mss_bytes < 536 ? conn->mss_bytes : 536; /* Linux's guess before it has seen any */
	info->tcpi_advmss = tcp->mtu_bytes - (tcp_conn_is_ipv4(conn) ? 40U : 60U);
	if (maxseg_bytes && maxseg_bytes < info->tcpi_advmss)
		info->tcpi_advmss = maxseg_bytes;
	info->tcpi_pmtu = tcp->mtu_bytes;
	info->tcpi_rcv_space = conn->rcv_buffer_bytes;
	info->tcpi_rcv_ssthresh = conn->rcv_buffer_bytes;
	info->tcpi_rcv_ooopack = conn->ooo_count;
	info->tcpi_options =
		(uint8_t)((conn->flags & CONN_TIMESTAMPS ? TCPI_OPT_TIMESTAMPS : 0) |
			  (conn->flags & CONN_SACK ? TCPI_OPT_SACK : 0) | (conn->is_scaled ? TCPI_OPT_WSCALE : 0));
	info->tcpi_snd_wscale = conn->snd_shift;
	info->tcpi_rcv_wscale = conn->rcv_shift;
}

static struct tcp_conn *conn_of(const struct adapter *adapter, const struct socket *socket)
{
	return life_conn(&adapter->stack.worker->tcp, socket->conn);
}

/* What Linux calls chronographs: busy while anything is queued; and then limited, by the peer's window or by our queue. */
void info_time_passes(const struct adapter *adapter, struct socket *socket, uint64_t ns)
{
	struct sluice_conn_info info;
	uint32_t unsent_bytes, usable_bytes;

	if (!sluice_conn_info(adapter->stack.worker, socket->conn, &info) || !info.queued_bytes)
		return;
	unsent_bytes = info.queued_bytes > info.inflight_bytes ? info.queued_bytes - info.inflight_bytes : 0;
	usable_bytes = info.send_window_bytes > info.inflight_bytes ? info.send_window_bytes - info.inflight_bytes : 0;
	socket->busy_ns += ns;
	if (unsent_bytes && usable_bytes < unsent_bytes && usable_bytes < info.mss_bytes &&
	    info.inflight_bytes + info.mss_bytes <= info.cwnd_bytes)
		socket->window_limited_ns += ns;
	else if (!unsent_bytes && socket->lacks_room)
		socket->queue_limited_ns += ns;
}

long info_tcp(struct adapter *adapter, const struct socket *socket, void *value, socklen_t *bytes)
{
	struct tcp *tcp = &adapter->stack.worker->tcp;
	struct tcp_conn *conn = conn_of(adapter, socket);
	struct tcp_info info = {0};

	info.tcpi_state = state_of(socket, conn);
	if (conn) {
		fill_sender(tcp, conn, &info);
		fill_receiver(tcp, conn, (uint32_t)socket->options.maxseg_bytes, &info);
		info.tcpi_busy_time = socket->busy_ns / 1000;
		info.tcpi_rwnd_limited = socket->window_limited_ns / 1000;
		info.tcpi_sndbuf_limited = socket->queue_limited_ns / 1000;
		info.tcpi_last_data_recv = (uint32_t)((adapter_now_ns(adapter) - socket->heard_ns) / 1000000);
	}
	memset(value, 0, *bytes);
	memcpy(value, &info, *bytes < sizeof(info) ? *bytes : sizeof(info));
	return 0;
}

/* Neither Vegas, DCTCP nor BBR, which are the ones with something to tell. */
long info_congestion(void *value, socklen_t *bytes)
{
	memset(value, 0, *bytes);
	return 0;
}

/* The two limits; Linux's own accounting of packet memory has no like here. */
long info_memory(struct adapter *adapter, const struct socket *socket, void *value, socklen_t *bytes)
{
	uint32_t meminfo[9] = {0};
	struct tcp_conn *conn = conn_of(adapter, socket);

	if (conn) {
		meminfo[1] = 2 * conn->rcv_buffer_bytes;
		meminfo[3] = 2048U * conn->snd_queue_kib;
	}
	memset(value, 0, *bytes);
	memcpy(value, meminfo, *bytes < sizeof(meminfo) ? *bytes : sizeof(meminfo));
	return 0;
}

int info_segment_bytes(const struct adapter *adapter, const struct socket *socket)
{
	const struct tcp_conn *conn = conn_of(adapter, socket);

	if (conn)
		return conn->mss_bytes;
	return socket->options.maxseg_bytes ? socket->options.maxseg_bytes : 536;
}
