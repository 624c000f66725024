/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Round-trip time and the retransmission timeout (RFC 6298).  Karn's rule is the caller's: only segments sent once are timed.
 */
#pragma once

#include "lib/core/tcp.h"

#define RTT_SYN_LOST_MS 3000 /* section 5.7 */

/* A measurement, in µs. */
static inline void rtt_measured(struct tcp_conn *conn, uint32_t rtt_us)
{
	if (rtt_us == 0)
		rtt_us = 1;
	if (conn->srtt_us == 0) {
		conn->srtt_us = rtt_us;
		conn->rttvar_us = rtt_us / 2;
		return;
	}
	uint32_t error_us = rtt_us > conn->srtt_us ? rtt_us - conn->srtt_us : conn->srtt_us - rtt_us;

	conn->rttvar_us += error_us / 4 - conn->rttvar_us / 4;
	conn->srtt_us += rtt_us / 8 - conn->srtt_us / 8;
	if (conn->srtt_us == 0)
		conn->srtt_us = 1;
}

/* Before a measurement.  Section 5.7: a SYN that was lost counts once data begins; until then it backs off from its own RTO. */
static inline uint32_t rtt_initial_rto_us(const struct sluice_config *config, const struct tcp_conn *conn)
{
	bool is_careful = (conn->flags & (CONN_SYN_AGAIN | CONN_SYN_UNACKED)) == CONN_SYN_AGAIN;

	return 1000 *
	       (is_careful && config->rto_initial_ms < RTT_SYN_LOST_MS ? RTT_SYN_LOST_MS : config->rto_initial_ms);
}

/* RTO before backoff, in µs. */
static inline uint32_t rtt_base_rto_us(const struct sluice_config *config, const struct tcp_conn *conn)
{
	uint64_t rto_us;

	if (conn->srtt_us == 0)
		return rtt_initial_rto_us(config, conn);
	rto_us = (uint64_t)conn->srtt_us + 4 * (uint64_t)conn->rttvar_us;
	if (rto_us < (uint64_t)config->rto_min_ms * 1000)
		rto_us = (uint64_t)config->rto_min_ms * 1000;
	if (rto_us > (uint64_t)config->rto_max_ms * 1000)
		rto_us = (uint64_t)config->rto_max_ms * 1000;
	return (uint32_t)rto_us;
}

/* RTO, as often as it was backed off doubled, up to the most. */
static inline uint32_t rtt_rto_us(const struct sluice_config *config, const struct tcp_conn *conn)
{
	uint64_t rto_us = (uint64_t)rtt_base_rto_us(config, conn) << conn->backoff_count;
	uint64_t max_us = (uint64_t)config->rto_max_ms * 1000;

	return (uint32_t)(rto_us < max_us ? rto_us : max_us);
}
