/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames of any bytes: Ethernet, IP, ICMP, ARP, neighbour discovery and TCP below its state.  The parser is compared with the
 * simulator's dissector, which shares no line with it, and an instance with a listener and a connection hears every frame too.
 */
#include "tests/core/scene.h"
#include "tests/fuzz/fuzz.h"
#include "tests/sim/dissect.h"

#define FRAMES_MAX       8
#define FRAME_BYTES_MOST 600

/* What the parser takes for a segment is one, and says the same to other eyes. */
static void compare(const struct bytes *bytes, const struct frame *frame)
{
	struct dissect seen = dissect(bytes->at, bytes->count);

	if (frame->kind != FRAME_TCP)
		return;
	FUZZ_REQUIRE(seen.kind == DISSECT_TCP, "taken for a segment: %s", seen.wrong ? seen.wrong : "another kind");
	FUZZ_REQUIRE(memcmp(seen.source.ip, &frame->tuple.remote, 16) == 0 &&
			     memcmp(seen.destination.ip, &frame->tuple.local, 16) == 0,
		     "addresses");
	FUZZ_REQUIRE(seen.source.port == frame->tuple.remote_port && seen.destination.port == frame->tuple.local_port,
		     "ports");
	FUZZ_REQUIRE(seen.seq == frame->seq.value && seen.ack == frame->ack.value && seen.flags == frame->flags,
		     "numbers and flags");
	FUZZ_REQUIRE(seen.text_bytes == frame->text_bytes && seen.text == bytes->at + frame->text_offset, "text");
	FUZZ_REQUIRE(seen.window == frame->window, "window");
}

static struct rte_mbuf *part_of(const uint8_t *bytes, uint32_t count, bool is_exact)
{
	struct rte_mbuf *packet;

	if (is_exact)
		return packet_from_bytes(bytes, count);
	packet = packet_new();
	memcpy(packet_bytes(packet), bytes, count);
	packet->data_len = (uint16_t)count;
	packet->pkt_len = count;
	return packet;
}

/* The bytes, whole or over two or three buffers; `is_exact`: each ends where its memory ends. */
static struct rte_mbuf *packet_cut(const struct bytes *bytes, uint32_t first, uint32_t second, bool is_exact)
{
	uint32_t third;
	struct rte_mbuf *packet;

	first = first && first < bytes->count ? first : bytes->count;
	second = second && second < bytes->count - first ? second : bytes->count - first;
	third = bytes->count - first - second;
	packet = part_of(bytes->at, first, is_exact);
	if (second)
		packet_chain(packet, part_of(bytes->at + first, second, is_exact));
	if (third)
		packet_chain(packet, part_of(bytes->at + first + second, third, is_exact));
	return packet;
}

static void parse_alone(const struct bytes *bytes, uint32_t first, uint32_t second)
{
	struct rte_mbuf *packet = packet_cut(bytes, first, second, true);
	struct frame frame;

	memset(&frame, 0x5a, sizeof(frame));
	frame_parse(packet, &our_rules, &frame);
	if (!packet->next)
		compare(bytes, &frame);
	if (frame.kind == FRAME_DROP)
		FUZZ_REQUIRE(frame.drop < SLUICE_DROP_COUNT, "no drop reason: %u", frame.drop);
	else
		FUZZ_REQUIRE((uint32_t)frame.l4_offset + (frame.kind == FRAME_ARP ? 0 : frame.l4_bytes) <=
					     packet->pkt_len ||
				     frame.kind == FRAME_ARP,
			     "beyond the packet");
	packet_free(packet);
}

/* Each kind of frame, good, for the fuzzer to change. */
static struct bytes draw_base(struct fuzz *fuzz, const struct scene *scene)
{
	struct side side = scene->side;
	uint8_t kind = fuzz_8(fuzz);
	uint8_t echo[16] = {kind & 8 ? 128 : 8};

	side.ipv6 = kind & 8;
	switch (kind & 7) {
	case 0:
		return segment_frame(&side, &(struct segment){.flags = TCP_SYN, .mss = 1000});
	case 1:
		return segment_frame(&side, &(struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK, .bytes = 20});
	case 2:
		return neighbour_request_frame(&side, 1);
	case 3:
		return neighbour_reply_frame(&side, 3, 3);
	case 4:
		return ip_frame(side.ipv6, side.ipv6 ? 58 : 1, echo, sizeof(echo));
	case 5: /* an error about a segment of ours */
		return ip_frame(side.ipv6, side.ipv6 ? 58 : 1, fuzz->at, fuzz_left(fuzz) < 80 ? fuzz_left(fuzz) : 80);
	default:
		return (struct bytes){0};
	}
}

/* Bytes of the input over bytes of the frame, at places that it names; sums are mended if it says so. */
static struct bytes draw_frame(struct fuzz *fuzz, const struct scene *scene)
{
	struct bytes frame = draw_base(fuzz, scene);
	uint8_t shape = fuzz_8(fuzz);
	uint32_t count;

	if (!frame.count || shape & 16) {
		const uint8_t *from = fuzz_take(fuzz, fuzz_below(fuzz, 120), &count);

		put_bytes(&frame, from, frame.count + count < FRAME_BYTES_MOST ? count : 0);
	}
	for (uint32_t i = 0; i < (shape & 7U) && frame.count; i++) {
		uint32_t at = fuzz_8(fuzz) % frame.count;

		frame.at[at] = fuzz_8(fuzz);
	}
	if (shape & 32)
		frame.count -= frame.count < 20 ? 0 : fuzz_below(fuzz, 20);
	if (shape & 64 && frame.count > 54 && l4_of(&frame) < frame.count &&
	    (frame_bytes_are_ipv6(&frame) ? l4_of(&frame) + get_16(&frame, L3 + 4) : L3 + get_16(&frame, L3 + 2)) <=
		    frame.count)
		mend(&frame);
	return frame;
}

static void hear(struct scene *scene, struct rte_mbuf *packet)
{
	for (const struct rte_mbuf *part = packet; part; part = part->next)
		scene->packets++;
	turn(scene);
	tcp_input(scene->tcp, &packet, 1);
	turn(scene);
	for (uint32_t i = scene->sent_first; i < scene->sent_end; i++) {
		struct dissect seen = dissect(scene->sent[i].bytes.at, scene->sent[i].bytes.count);

		FUZZ_REQUIRE(seen.kind != DISSECT_BAD, "sent a bad frame: %s", seen.wrong);
	}
	forget_sent(scene);
	forget_events(scene);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz fuzz = fuzz_begin(data, size);
	struct scene *scene;

	setenv("CMOCKA_TEST_ABORT", "1", 1);
	scene = scene_new(NULL);
	scene->stash_packets = 20;
	syn_sent(scene);
	scene->side = (struct side){.last = 2, .port = 4000, .our_port = 80, .iss = PEER_ISS};
	listens(scene);
	for (uint32_t i = 0; i < FRAMES_MAX && fuzz_left(&fuzz); i++) {
		struct bytes frame = draw_frame(&fuzz, scene);
		uint32_t first = fuzz_8(&fuzz), second = fuzz_8(&fuzz);

		if (!frame.count)
			continue;
		parse_alone(&frame, first, second);
		hear(scene, packet_cut(&frame, first, second, false));
	}
	scene_free(scene);
	return 0;
}
