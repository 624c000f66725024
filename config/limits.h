/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every compile-time size and time of the project, with the unit in its name and the relations between them proved.
 * What a user may change at run time is in the configuration instead, and only its bounds are here.
 */
#pragma once

#include <assert.h>

/* Bursts: one turn of a worker. */
#define BURST_PACKETS_MAX                  64  /* received per turn */
#define TIMERS_PER_TURN_MAX                256 /* connections whose deadline is looked at per turn */
#define WAITING_PER_TURN_MAX               256 /* connections waiting to send that are looked at for news */
#define POSTS_PER_TURN_MAX                 16  /* functions run per turn */
#define MAILBOX_POSTS_MAX                  256 /* functions waiting */
#define TRANSMIT_PACKETS_MAX               512 /* built and not yet taken by the port */
#define TRANSMIT_RESERVE                   64  /* of them, room kept for control packets */

/* Packets. */
#define PACKET_HEADROOM_BYTES              128
#define PACKET_ROOM_BYTES                  2048 /* after the headroom */
#define PACKET_PRIVATE_BYTES               64   /* ours, behind struct rte_mbuf */
#define STASH_PACKETS_MAX                  1024
#define STASH_LOW_PACKETS                  256 /* topped up to this before a turn */
#define STASH_HIGH_PACKETS                 768 /* drained to this after one */
#define STASH_RESERVE_PACKETS              64  /* of them, kept for ARP, ND, ACKs and RSTs: text waits for more */

/* Pressure: the marks at which memory is short, in sixteenths used. */
#define PRESSURE_PACKETS_SOME              8  /* held by connections */
#define PRESSURE_PACKETS_SEVERE            12 /* beyond that, only who holds none may take one */
#define PRESSURE_RECORDS_SOME              12
#define PRESSURE_RECORDS_SEVERE            14 /* RFC 6429: those that cannot move give way */
#define PRESSURE_CONNECTIONS_PER_TURN      64 /* asked to give up what they hold out of order */
#define PRESSURE_GAP                       2  /* a level is left so far below its mark */

/* Time. */
#define TICK_NS                            250000 /* of the timer wheel */

/* Interfaces and neighbours. */
#define NEIGHBOURS_MAX                     256
#define NEIGHBOUR_ASKS_MAX                 3
#define NEIGHBOUR_ASK_MS                   1000
#define NEIGHBOUR_FRESH_MS                 60000 /* then asked again when used */
#define HOPS_MAX                           64    /* source MACs remembered for half-open entries */

/* Fragments.  RFC 8200 section 4.5 wants 60 s at most; RFC 1122 section 3.3.2 60 s and more, which 16-bit IDs do not bear. */
#define FRAGMENTS_LIFE_S                   15
#define FRAGMENTS_PACKETS_PART             8 /* at most one packet buffer in so many is held for want of other fragments */
#define FRAGMENTS_MAX                      4096

/* Path MTU discovery. */
#define PMTUS_MAX                          256  /* destinations remembered */
#define PMTU_LIFE_S                        600  /* RFC 1191 section 6.3, RFC 8201 section 5.3 */
#define PMTU_FLOOR_IPV4_BYTES              552  /* no ICMP error brings segments below this (RFC 5927) */
#define PMTU_FLOOR_IPV6_BYTES              1280 /* RFC 8200 section 5 */
#define PMTU_GUESS_BYTES                   1280 /* tried first when nothing gets through and nobody says why */
#define ICMP_ERRORS_PER_SECOND_MAX         1000 /* looked at */
#define NOTES_MAX                          256  /* connections about which something rare is remembered */

/* TCP. */
#define LISTENERS_MAX                      64
#define MSS_FLOOR_BYTES                    216   /* a peer's smaller MSS is taken as this (CVE-2019-11479) */
#define R2_MAX_S                           10800 /* a connection's trouble is timed in 16 bits of TROUBLE_MS */
#define TS_RECENT_OUTDATED_512S            (24U * 86400 / 512) /* RFC 7323 section 5.5 */
#define ROUND_TRIP_UNKNOWN_MS              50 /* taken for one that was never measured, to see how fast a peer sends */
#define KEEPALIVE_MAX_S                    (18 * 3600) /* of 16 bits */
#define KEEPALIVE_INTERVAL_MAX_S           4095        /* of 12 bits */
#define KEEPALIVE_PROBES_MAX               15
#define RTO_INITIAL_MAX_MS                 60000
#define DELAYED_ACK_MAX_MS                 499
#define RTO_MAX_S                          3600
#define TROUBLE_MS                         256
#define WINDOW_SHIFT_MAX                   14  /* RFC 7323 section 2.3 */
#define OUT_OF_ORDER_RANGES_MAX            128 /* per connection */
#define SEND_COPY_SMALL_BYTES              256
#define SEND_COPY_LARGE_BYTES              2048
#define SEND_RESERVE_PART                  8 /* of chunks and descriptors, one in so many is left to who has nothing queued */
#define INFLIGHT_LITTLE_SEGMENTS           8 /* of in-flight records, as many are left to who has less on the way than this */
#define QUICK_ACKS                         8 /* text segments acknowledged at once: a connection's first, and after a gap */
#define CHALLENGE_ACKS_PER_SECOND          10 /* per connection */
#define HALF_OPEN_ATTEMPTS_MAX             5  /* SYN-ACKs sent, RFC 9293 MUST-23 is about SYN; see lib/core/README.md */
#define HALF_OPEN_PINNED_PART              8  /* at most one in so many */
#define HALF_OPEN_DELAY_MAX_MS             60000
#define HALF_OPEN_DROPPED_MAX              1024 /* looked at when a listener closes; others go when they are touched or due */
#define SACK_RECORDS_PER_TURN_MAX          65536   /* in-flight records looked at for what peers report */
#define MIN_RTT_WINDOW_MS                  300000  /* a least round trip is forgotten after this */
#define REORDER_ROUNDS                     16      /* recoveries for which a wider reordering window stays (RFC 8985) */
#define TAIL_PROBE_UNKNOWN_US              1000000 /* delay of a tail loss probe while no round trip is known */
#define TAIL_PROBE_ONE_US                  200000  /* added when one segment is out: its ACK may be delayed */
#define TAIL_PROBE_MARGIN_US               2000    /* added otherwise */
#define TIME_WAIT_RECORDS_MAX              (1U << 27)
#define TIME_WAIT_LONGEST_MAX_S            7200 /* and FIN-WAIT-2 after close */
#define TIME_WAIT_PER_TURN_MAX             128  /* records expired or re-filed per turn */
#define OUTPUT_SEGMENTS_PER_CONNECTION_MAX 64   /* built for one connection in one flush */

static_assert(STASH_LOW_PACKETS < STASH_HIGH_PACKETS && STASH_HIGH_PACKETS + BURST_PACKETS_MAX <= STASH_PACKETS_MAX,
	      "the stash must hold a turn's packets above its high mark");
static_assert(2 * STASH_RESERVE_PACKETS < STASH_LOW_PACKETS && STASH_RESERVE_PACKETS >= BURST_PACKETS_MAX,
	      "each packet received may need one more for its answer, and text is sent from the rest");
static_assert((R2_MAX_S + RTO_MAX_S) * 1000 / TROUBLE_MS < 1 << 16, "R2 must pass before the clock of trouble wraps");
static_assert(HALF_OPEN_ATTEMPTS_MAX * HALF_OPEN_DELAY_MAX_MS / 16 < 1 << 15,
	      "an entry's whole life must fit a signed half of its 16-bit clock");
static_assert(TIME_WAIT_PER_TURN_MAX >= 2 * BURST_PACKETS_MAX,
	      "what is due must become less even while every packet received leaves a record");
static_assert(TRANSMIT_RESERVE >= BURST_PACKETS_MAX, "each packet received may need an answer");
