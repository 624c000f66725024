/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Segments to bytes, written the plainest way and with nothing of what is under test; and back, and into words.
 */
#include "tests/core/segment.h"

static uint32_t segment_bytes(const struct segment *segment)
{
	return segment->bytes || !segment->text ? segment->bytes : (uint32_t)strlen(segment->text);
}

static void put_options(struct bytes *out, const struct side *side, const struct segment *segment)
{
	uint32_t sacks = 0;

	if (segment->mss) {
		put_16(out, 0x0204);
		put_16(out, segment->mss);
	}
	if (segment->scale) {
		put_32(out, 0x01030300U | (segment->scale & 0x7fU));
	}
	if (segment->sack_ok)
		put_32(out, 0x01010402);
	if (segment->stamped) {
		put_32(out, 0x0101080a);
		put_32(out, segment->tsval);
		put_32(out, segment->tsecr);
	}
	while (sacks < 4 && segment->sack[sacks][1])
		sacks++;
	if (sacks)
		put_32(out, 0x01010500U | (2 + 8 * sacks));
	for (uint32_t i = 0; i < sacks; i++) {
		put_32(out, side->our_iss + segment->sack[i][0]);
		put_32(out, side->our_iss + segment->sack[i][1]);
	}
}

static void put_text(struct bytes *out, const struct segment *segment)
{
	uint32_t bytes = segment_bytes(segment);

	if (segment->text) {
		put_bytes(out, segment->text, bytes);
		return;
	}
	for (uint32_t i = 0; i < bytes; i++)
		put_8(out, (uint8_t)segment_pattern(segment->seq - 1 + i));
}

/* The helper's frames come from .2; this side may be another. */
static void come_from(struct bytes *frame, const struct side *side)
{
	frame->at[11] = side->last;
	frame->at[L3 + (side->ipv6 ? 23 : 15)] = side->last;
	mend(frame);
}

struct bytes segment_frame(const struct side *side, const struct segment *segment)
{
	struct bytes options = {0}, tcp = {0}, frame;

	put_options(&options, side, segment);
	put_16(&tcp, side->port);
	put_16(&tcp, side->our_port);
	put_32(&tcp, side->iss + segment->seq);
	put_32(&tcp, segment->flags & TCP_ACK ? side->our_iss + segment->ack : segment->ack);
	put_8(&tcp, (5 + options.count / 4) << 4);
	put_8(&tcp, segment->flags);
	put_16(&tcp, segment->window == SHUT ? 0 : segment->window ? segment->window : 65535);
	put_32(&tcp, 0);
	put_bytes(&tcp, options.at, options.count);
	put_text(&tcp, segment);
	frame = ip_frame(side->ipv6, 6, tcp.at, tcp.count);
	come_from(&frame, side);
	return frame;
}

struct segment segment_read(const struct side *side, const struct frame *frame, char text[SEGMENT_BYTES])
{
	const struct tcp_options *options = &frame->options;
	struct segment segment = {
		.seq = frame->seq.value - side->our_iss,
		.ack = frame->flags & TCP_ACK ? frame->ack.value - side->iss : frame->ack.value,
		.flags = frame->flags,
		.window = frame->window ? frame->window : SHUT,
		.text = frame->text_bytes ? text : NULL,
		.bytes = frame->text_bytes,
		.mss = options->present & TCP_HAS_MSS ? options->mss_bytes : 0,
		.scale = options->present & TCP_HAS_WINDOW_SCALE ? SCALE(options->window_shift) : 0,
		.sack_ok = options->present & TCP_HAS_SACK_PERMITTED,
		.stamped = options->present & TCP_HAS_TIMESTAMPS,
	};

	memcpy(text, packet_bytes(frame->packet) + frame->text_offset, frame->text_bytes);
	if (segment.stamped) {
		segment.tsval = options->tsval;
		segment.tsecr = options->tsecr;
	}
	for (uint32_t i = 0; options->present & TCP_HAS_SACK && i < options->sack_count; i++) {
		segment.sack[i][0] = options->sack[i].start.value - side->iss;
		segment.sack[i][1] = options->sack[i].end.value - side->iss;
	}
	return segment;
}

void segment_fill(struct segment *expected, const struct segment *sent)
{
	if (!expected->window)
		expected->window = sent->window;
	if (!expected->tsval)
		expected->tsval = sent->tsval;
}

struct words {
	char *at;
	size_t size;
};

__attribute__((format(printf, 2, 3))) static void say(struct words *words, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(words->at, words->size, format, arguments);
	va_end(arguments);
	if (length > 0 && (size_t)length < words->size) {
		words->at += length;
		words->size -= (size_t)length;
	}
}

static void say_options(struct words *words, const struct segment *segment)
{
	if (segment->mss)
		say(words, " mss %u", segment->mss);
	if (segment->scale)
		say(words, " scale %u", segment->scale & 0x7fU);
	if (segment->sack_ok)
		say(words, " sack-permitted");
	if (segment->stamped)
		say(words, " timestamps %u %u", segment->tsval, segment->tsecr);
	for (uint32_t i = 0; i < 4 && segment->sack[i][1]; i++)
		say(words, " sack %u-%u", segment->sack[i][0], segment->sack[i][1]);
}

/* Short texts as they are, long ones by their ends and a sum of all. */
static void say_text(struct words *words, const struct segment *segment)
{
	uint32_t bytes = segment_bytes(segment);
	char copy[SEGMENT_BYTES];
	uint32_t sum = 0;

	if (bytes == 0 || bytes > sizeof(copy))
		return;
	for (uint32_t i = 0; i < bytes; i++) {
		copy[i] = segment->text ? segment->text[i] : segment_pattern(segment->seq - 1 + i);
		sum = sum * 31 + (uint8_t)copy[i];
	}
	if (bytes <= 40)
		say(words, " text %u \"%.*s\"", bytes, (int)bytes, copy);
	else
		say(words, " text %u \"%.8s…%.8s\" %08x", bytes, copy, copy + bytes - 8, sum);
}

void segment_describe(const struct segment *segment, char *out, size_t size)
{
	static const char *const name[] = {"FIN ", "SYN ", "RST ", "", "ACK ", "URG ", "ECE ", "CWR "};
	struct words words = {out, size};

	for (uint32_t i = 0; i < 8; i++)
		if (segment->flags & 1U << i)
			say(&words, "%s", name[i]);
	say(&words, "seq %u", segment->seq);
	if (segment->flags & TCP_ACK)
		say(&words, " ack %u", segment->ack);
	say(&words, " window %u", segment->window & 0xffff);
	say_options(&words, segment);
	say_text(&words, segment);
}

static void put_ip(struct bytes *out, const struct side *side, uint8_t last)
{
	struct ip ip = test_ip(side->ipv6, last);

	put_bytes(out, side->ipv6 ? ip.byte : ip.byte + 12, side->ipv6 ? 16 : 4);
}

static void put_mac(struct bytes *out, uint8_t last)
{
	const struct mac mac = {.byte = {2, 0, 0, 0, 0, last}};

	put_bytes(out, &mac, 6);
}

static struct bytes arp_frame(const struct side *side, uint8_t operation, uint8_t sender, uint8_t mac_last,
			      uint8_t target)
{
	struct bytes frame = {0};

	put_mac(&frame, 1);
	put_mac(&frame, mac_last);
	put_32(&frame, 0x08060001);
	put_32(&frame, 0x08000604);
	put_16(&frame, operation);
	put_mac(&frame, mac_last);
	put_ip(&frame, side, sender);
	put_mac(&frame, operation == 2);
	put_ip(&frame, side, target);
	return frame;
}

static struct bytes nd_frame(const struct side *side, uint32_t type, uint8_t sender, uint8_t target, uint8_t mac_last)
{
	struct bytes message = {0}, frame;

	put_32(&message, type << 24);
	put_32(&message, type == 136 ? 0x60000000 : 0);
	put_ip(&message, side, target);
	put_16(&message, type == 136 ? 0x0201 : 0x0101);
	put_mac(&message, mac_last);
	frame = ip_frame(true, 58, message.at, message.count);
	frame.at[11] = mac_last;
	frame.at[L3 + 7] = 255;
	frame.at[L3 + 23] = sender;
	mend(&frame);
	return frame;
}

struct bytes neighbour_request_frame(const struct side *side, uint8_t target)
{
	return side->ipv6 ? nd_frame(side, 135, side->last, target, side->last)
			  : arp_frame(side, 1, side->last, side->last, target);
}

struct bytes neighbour_reply_frame(const struct side *side, uint8_t sender, uint8_t mac_last)
{
	return side->ipv6 ? nd_frame(side, 136, sender, sender, mac_last) : arp_frame(side, 2, sender, mac_last, 1);
}
