/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a worker counts, and what it holds, by name and meaning: the lists that sluice.h makes its enumerators from.  Included by that
 * header alone; a reason for a drop, a counter or a gauge is added here and nowhere else.
 */
#pragma once

/*
 * Everything a worker counts, in one list: X(name, "what it means").  The drops come first: each is a reason
 * why a received packet, or part of one, went no further, and each packet dropped is counted under exactly one.
 */
#define SLUICE_DROPS(X)                                                                             \
	X(drop_frame_short, "frame shorter than its headers say")                                   \
	X(drop_frame_other_host, "frame to another station's MAC")                                  \
	X(drop_frame_source, "frame from a group MAC")                                              \
	X(drop_frame_vlan, "VLAN tag on a port without VLANs")                                      \
	X(drop_frame_ethertype, "EtherType that is not ARP, IPv4 or IPv6")                          \
	X(drop_frame_chained, "headers spread over several buffers")                                \
	X(drop_ipv4_header, "IPv4 header length, version or total length wrong")                    \
	X(drop_ipv4_checksum, "IPv4 header checksum wrong")                                         \
	X(drop_ipv4_source_route, "IPv4 source route")                                              \
	X(drop_ipv4_fragment, "IPv4 fragment, where none are taken")                                \
	X(drop_ipv6_header, "IPv6 header or extension header wrong")                                \
	X(drop_ipv6_routing, "IPv6 routing header type 0")                                          \
	X(drop_ipv6_fragment, "IPv6 fragment, where none are taken, or one that none may be of")    \
	X(drop_fragment_size, "fragment empty, cut at an odd place, or of too large a datagram")    \
	X(drop_fragment_lost, "fragment of a datagram that never became whole, or overlapped")      \
	X(drop_ip_source, "source address that cannot be a host's")                                 \
	X(drop_ip_destination, "destination address that is not ours")                              \
	X(drop_ip_protocol, "IP protocol that is not TCP or ICMP")                                  \
	X(drop_icmp, "ICMP message malformed or not one we act on")                                 \
	X(drop_icmp_limited, "ICMP error beyond the limit on them")                                 \
	X(drop_icmp_no_connection, "ICMP error about no connection")                                \
	X(drop_icmp_sequence, "ICMP error about a segment that is not in flight")                   \
	X(drop_icmp_useless, "ICMP packet too big that tells nothing new, or cannot be true")       \
	X(drop_arp, "ARP packet malformed or not for us")                                           \
	X(drop_nd, "neighbour discovery message malformed or not for us")                           \
	X(drop_tcp_header, "TCP header length wrong, or port 0")                                    \
	X(drop_tcp_checksum, "TCP checksum wrong")                                                  \
	X(drop_tcp_no_connection, "no connection and no listener: answered with RST where allowed") \
	X(drop_tcp_listen_flags, "flags that open nothing, at a listener")                          \
	X(drop_tcp_listen_full, "SYN while no connection record was free")                          \
	X(drop_tcp_half_open_ack, "ACK that does not complete its half-open entry")                 \
	X(drop_tcp_half_open_other, "other segment that does not fit its half-open entry")          \
	X(drop_tcp_connections_full, "handshake completed while no connection record was free")     \
	X(drop_tcp_cookie_hash, "number like a cookie: a guess, or text ahead of what returns it")  \
	X(drop_tcp_cookie_limited, "cookie beyond the limit on connections opened so")              \
	X(drop_tcp_syn_sent_ack, "unacceptable ACK in SYN-SENT or crossed SYN-RECEIVED")            \
	X(drop_tcp_syn_sent_other, "segment in SYN-SENT with neither SYN nor RST")                  \
	X(drop_tcp_paws, "timestamp older than the newest seen (PAWS)")                             \
	X(drop_tcp_sequence, "outside the receive window")                                          \
	X(drop_tcp_rst, "RST not exactly at RCV.NXT")                                               \
	X(drop_tcp_syn, "SYN on a synchronized connection")                                         \
	X(drop_tcp_no_ack, "no ACK flag on a synchronized connection")                              \
	X(drop_tcp_ack_future, "acknowledges what was never sent")                                  \
	X(drop_tcp_ack_past, "acknowledges far before what is outstanding")                         \
	X(drop_tcp_time_wait, "segment to TIME-WAIT that neither restarts nor reopens it")          \
	X(drop_tcp_text_duplicate, "text that was received before")                                 \
	X(drop_tcp_text_closed, "text after our side closed for good: answered with RST")           \
	X(drop_tcp_text_window, "text beyond the window that was offered")                          \
	X(drop_tcp_text_out_of_order, "out-of-order text beyond the bounds on it")                  \
	X(drop_tcp_text_memory, "text refused: connections hold too many packet buffers unread")    \
	X(drop_tcp_text_after_fin, "text after the peer's FIN")                                     \
	X(drop_no_buffer, "answer or RST not sent: no packet buffer")                               \
	X(drop_neighbour_full, "packet that waited for an address to be resolved, and could not")   \
	X(drop_send_refused, "answer not sent: the port's queue was full")

#define SLUICE_COUNTS(X)                                                                          \
	X(packets_received, "packets received")                                                   \
	X(bytes_received, "bytes received, frames whole")                                         \
	X(packets_sent, "packets the port took")                                                  \
	X(bytes_sent, "bytes sent, frames whole")                                                 \
	X(segments_received, "TCP segments that passed the checks of frame and checksum")         \
	X(segments_fast, "segments taken by the fast path")                                       \
	X(segments_sent, "TCP segments built")                                                    \
	X(text_bytes_received, "stream bytes delivered in order")                                 \
	X(text_bytes_sent, "stream bytes sent for the first time")                                \
	X(turns, "turns of the loop")                                                             \
	X(turns_busy, "turns that found work")                                                    \
	X(passive_opens, "connections opened by a peer")                                          \
	X(active_opens, "connections opened by us")                                               \
	X(connects, "active opens attempted")                                                     \
	X(connections_closed, "connections whose CLOSED event was raised")                        \
	X(connections_reset, "connections ended by the peer's RST")                               \
	X(connections_aborted, "connections ended by our RST")                                    \
	X(connections_timed_out, "connections given up after retransmitting (R2)")                \
	X(connections_unreachable, "active opens ended by an ICMP error")                         \
	X(connections_refused, "active opens answered with RST")                                  \
	X(syns_received, "SYNs at a listener")                                                    \
	X(half_open_created, "half-open entries made")                                            \
	X(half_open_completed, "half-open entries that became connections")                       \
	X(half_open_evicted, "half-open entries evicted, oldest first, for newer ones")           \
	X(half_open_expired, "half-open entries given up after the last retransmission")          \
	X(half_open_reset, "half-open entries ended by the peer's RST")                           \
	X(half_open_replaced, "half-open entries that gave way to an earlier cookie")             \
	X(cookies_sent, "SYNs answered without an entry")                                         \
	X(cookies_accepted, "connections opened by a cookie")                                     \
	X(cookies_accepted_previous, "of these, by a cookie of the previous key")                 \
	X(cookies_refused_gate, "ACKs at a listener while no cookie counted")                     \
	X(cookies_refused_epoch, "ACKs at a listener with no cookie of an epoch that counts")     \
	X(cookies_refused_hash, "bare ACKs at a listener with what only looks like a cookie")     \
	X(cookies_begun, "times that SYNs became too many to make entries for")                   \
	X(time_wait_created, "TIME-WAIT records made")                                            \
	X(time_wait_expired, "TIME-WAIT records that lasted 2MSL")                                \
	X(time_wait_recycled, "TIME-WAIT records given up early, oldest first, for newer ones")   \
	X(time_wait_reopened, "TIME-WAIT tuples reused by a new SYN (RFC 6191)")                  \
	X(time_wait_restarted, "TIME-WAIT restarted by a retransmitted FIN")                      \
	X(fin_wait_2_expired, "closed connections in FIN-WAIT-2 whose peer never closed")         \
	X(retransmits_timeout, "segments retransmitted after RTO")                                \
	X(retransmits_fast, "segments retransmitted in fast recovery")                            \
	X(retransmits_syn, "SYN and SYN-ACK segments retransmitted")                              \
	X(recoveries_fast, "fast recoveries entered")                                             \
	X(recoveries_timeout, "retransmission timeouts")                                          \
	X(recoveries_undone, "recoveries found to be spurious, and undone")                       \
	X(tail_probes, "tail loss probes sent (RFC 8985)")                                        \
	X(retransmits_probe, "segments retransmitted as tail loss probes")                        \
	X(dsacks_received, "reports of bytes received twice (RFC 2883)")                          \
	X(sack_blocks_refused, "SACK blocks that cannot be true")                                 \
	X(sacks_skipped, "ACKs whose SACK blocks were not looked at: bound on a turn's work")     \
	X(ecn_marks_received, "segments that a router marked: congestion experienced (RFC 3168)") \
	X(ecn_echoes_received, "segments by which the peer echoed a mark")                        \
	X(ecn_reductions, "congestion windows reduced for an echo")                               \
	X(sacks_reneged, "peers that took back what they had reported")                           \
	X(window_probes, "zero-window probes sent")                                               \
	X(acks_delayed, "ACKs sent by the delayed-ACK timer")                                     \
	X(acks_duplicate, "duplicate ACKs received")                                              \
	X(challenge_acks, "challenge ACKs sent")                                                  \
	X(challenge_acks_limited, "challenge ACKs not sent: per-connection limit")                \
	X(resets_sent, "RST segments sent")                                                       \
	X(resets_limited, "RST segments not sent: per-worker limit")                              \
	X(out_of_order, "out-of-order segments kept")                                             \
	X(timers_fired, "timer deadlines that fired")                                             \
	X(timers_bound_hit, "turns that left due timers to the next")                             \
	X(stash_empty, "allocations that found the packet stash empty")                           \
	X(sends_refused, "packets the port refused at first")                                     \
	X(icmp_soft, "ICMP errors noted for their connection")                                    \
	X(path_mtus_lowered, "path MTUs lowered by ICMP")                                         \
	X(path_mtus_held, "ICMP packet too big held until its segment times out")                 \
	X(black_holes_guessed, "segments made smaller because none got through")                  \
	X(black_holes_believed, "path MTUs remembered since only smaller segments get through")   \
	X(fragments_received, "fragments taken, to be put together")                              \
	X(fragments_joined, "segments put together from fragments")                               \
	X(keepalives_sent, "keep-alive probes sent")                                              \
	X(keepalives_failed, "connections given up since no keep-alive probe was answered")       \
	X(connections_stuck, "connections given up while the peer's window stayed shut")          \
	X(echoes_answered, "ICMP and ICMPv6 echo requests answered")                              \
	X(neighbours_asked, "ARP and ND requests sent")                                           \
	X(neighbours_answered, "ARP and ND requests answered")                                    \
	X(neighbours_failed, "neighbours that did not answer")                                    \
	X(posts_run, "functions run by sluice_post")                                              \
	X(out_of_order_given_up, "ranges out of order given up: packets were short")              \
	X(pressure_some_ms, "milliseconds under some pressure, and no worse")                     \
	X(pressure_severe_ms, "milliseconds under severe pressure")

/* What a worker holds now.  X(name, "what it means"). */
#define SLUICE_GAUGES(X)                                                                            \
	X(connections, "connections open, every state that has a record")                           \
	X(half_open, "half-open entries")                                                           \
	X(time_wait, "TIME-WAIT and orphaned FIN-WAIT-2 records")                                   \
	X(packets_held, "packet buffers held by connections")                                       \
	X(send_chunks_used, "chunks of copied send data in use")                                    \
	X(descriptors_used, "send descriptors and in-flight records in use beyond the inline ones") \
	X(paths_used, "connections with more than one segment in flight, or lately so")             \
	X(listeners, "listeners")                                                                   \
	X(pressure, "how short memory is: 0, 1 or 2, the worst of those that follow")               \
	X(pressure_packets, "how short packet buffers are: 0, 1 or 2")                              \
	X(pressure_sending, "how short send descriptors and chunks are: 0, 1 or 2")                 \
	X(pressure_connections, "how short connection records are: 0, 1 or 2")
