/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Answers without a connection.
 */
#include "lib/core/answer.h"

#include "lib/core/cookie.h"
#include "lib/core/transmit.h"
#include "lib/wire/ip.h"

uint32_t answer_clock_ms(const struct tcp *tcp, const struct tuple *tuple)
{
	return tcp->now_ms + tcp->stamp_ms + cookie_timestamp_offset(tcp->keys.cookie, tuple);
}

/* In front of nothing: the packet is empty, with room for headers before its end. */
static bool answer_put(struct tcp *tcp, struct answer *answer, struct rte_mbuf *packet)
{
	uint8_t option_bytes[40];

	if (answer->options.present & TCP_HAS_TIMESTAMPS && !(answer->flags & TCP_SYN))
		answer->options.tsval = answer_clock_ms(tcp, answer->tuple);
	build_segment(packet, &(struct build_segment){
				      .tuple = answer->tuple,
				      .source_mac = &tcp->rules.mac,
				      .destination_mac = answer->mac,
				      .seq = answer->seq,
				      .ack = answer->ack,
				      .window = answer->window,
				      .flags = answer->flags,
				      .ttl = answer->listener ? answer->listener->ttl : IP_TTL_DEFAULT,
				      .dscp_ecn = answer->listener ? answer->listener->dscp_ecn : 0,
				      .option_bytes = (uint8_t)tcp_options_write(option_bytes, &answer->options),
				      .options = option_bytes,
				      .io_flags = tcp->io_flags,
			      });
	COUNT(tcp, segments_sent);
	return transmit_put(tcp, packet);
}

bool answer_send(struct tcp *tcp, struct answer *answer)
{
	struct rte_mbuf *packet = transmit_take(tcp);

	if (!packet) {
		COUNT(tcp, drop_no_buffer);
		return false;
	}
	return answer_put(tcp, answer, packet);
}

void answer_send_in_place(struct tcp *tcp, struct answer *answer, struct rte_mbuf *packet)
{
	stash_unguard(packet); /* our headers may be longer than what asked */
	packet->data_off = (uint16_t)(PACKET_HEADROOM_BYTES + build_header_bytes(false, TCP_HEADER_BYTES_MAX));
	packet->data_len = 0;
	packet->pkt_len = 0;
	answer_put(tcp, answer, packet);
}

bool answer_is_allowed(struct tcp *tcp)
{
	if (tcp->rst_second != tcp->now_s) {
		uint32_t rate = tcp->config.resets_per_second;

		tcp->rst_second = tcp->now_s;
		tcp->rst_tokens = rate - (rate / 8 ? random_below(&tcp->random, rate / 8) : 0);
	}
	if (tcp->rst_tokens == 0) {
		COUNT(tcp, resets_limited);
		return false;
	}
	tcp->rst_tokens--;
	return true;
}

void answer_reset(struct tcp *tcp, const struct frame *frame)
{
	uint32_t length = frame->text_bytes + (frame->flags & TCP_SYN ? 1U : 0) + (frame->flags & TCP_FIN ? 1U : 0);
	struct answer answer = {.tuple = &frame->tuple, .mac = frame_source_mac(frame), .flags = TCP_RST};

	if (frame->flags & TCP_RST || !answer_is_allowed(tcp))
		return;
	if (frame->flags & TCP_ACK) {
		answer.seq = frame->ack;
	} else {
		answer.flags |= TCP_ACK;
		answer.ack = seq_add(frame->seq, length);
	}
	COUNT(tcp, resets_sent);
	answer_send(tcp, &answer);
}
