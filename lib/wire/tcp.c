/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TCP options.  The reader is the slow, general one: frame.c recognises the layout of ordinary segments without it.
 */
#include "lib/wire/tcp.h"

#define OPTIONS_BYTES_MAX (TCP_HEADER_BYTES_MAX - TCP_HEADER_BYTES)

enum {
	LENGTH_MSS = 4,
	LENGTH_WINDOW_SCALE = 3,
	LENGTH_SACK_PERMITTED = 2,
	LENGTH_TIMESTAMPS = 10,
	LENGTH_SACK_EMPTY = 2,
	LENGTH_SACK_BLOCK = 8,
};

static void tcp_sack_read(struct tcp_options *out, const uint8_t *option)
{
	uint8_t blocks = (uint8_t)((option[1] - LENGTH_SACK_EMPTY) / LENGTH_SACK_BLOCK);

	if (blocks < 1 || blocks > TCP_SACK_BLOCKS_MAX || (option[1] - LENGTH_SACK_EMPTY) % LENGTH_SACK_BLOCK)
		return;
	for (uint8_t i = 0; i < blocks; i++) {
		const uint8_t *block = option + LENGTH_SACK_EMPTY + i * LENGTH_SACK_BLOCK;

		out->sack[i].start = seq_of(be32_value(be32_at(block)));
		out->sack[i].end = seq_of(be32_value(be32_at(block + 4)));
	}
	out->sack_count = blocks;
	out->present |= TCP_HAS_SACK;
}

/* Is this the first option of its kind, and has it the kind's length? */
static bool tcp_option_counts(const struct tcp_options *out, const uint8_t *option, uint8_t has, uint8_t length)
{
	return !(out->present & has) && option[1] == length;
}

/* One option whose bytes are all there. */
static void tcp_option_read(struct tcp_options *out, const uint8_t *option)
{
	switch (option[0]) {
	case TCP_OPT_MSS:
		if (tcp_option_counts(out, option, TCP_HAS_MSS, LENGTH_MSS)) {
			out->mss_bytes = be16_value(be16_at(option + 2));
			out->present |= TCP_HAS_MSS;
		}
		break;
	case TCP_OPT_WINDOW_SCALE:
		if (tcp_option_counts(out, option, TCP_HAS_WINDOW_SCALE, LENGTH_WINDOW_SCALE)) {
			out->window_shift = option[2];
			out->present |= TCP_HAS_WINDOW_SCALE;
		}
		break;
	case TCP_OPT_SACK_PERMITTED:
		if (tcp_option_counts(out, option, TCP_HAS_SACK_PERMITTED, LENGTH_SACK_PERMITTED))
			out->present |= TCP_HAS_SACK_PERMITTED;
		break;
	case TCP_OPT_TIMESTAMPS:
		if (tcp_option_counts(out, option, TCP_HAS_TIMESTAMPS, LENGTH_TIMESTAMPS)) {
			out->tsval = be32_value(be32_at(option + 2));
			out->tsecr = be32_value(be32_at(option + 6));
			out->present |= TCP_HAS_TIMESTAMPS;
		}
		break;
	case TCP_OPT_SACK:
		if (!(out->present & TCP_HAS_SACK))
			tcp_sack_read(out, option);
		break;
	}
}

struct tcp_options tcp_options_read(const uint8_t *options, uint32_t bytes)
{
	struct tcp_options out = {0};
	uint32_t at = 0;

	while (at < bytes && options[at] != TCP_OPT_END) {
		if (options[at] == TCP_OPT_NOP) {
			at++;
			continue;
		}
		if (bytes - at < 2 || options[at + 1] < 2 || options[at + 1] > bytes - at)
			break;
		tcp_option_read(&out, options + at);
		at += options[at + 1];
	}
	return out;
}

/* SACK blocks that fit after `used` bytes, with the two NOPs and the option's own head. */
static uint32_t tcp_sack_fits(const struct tcp_options *options, uint32_t used)
{
	uint32_t room = OPTIONS_BYTES_MAX - used, fits;

	if (!(options->present & TCP_HAS_SACK) || room < 4 + LENGTH_SACK_BLOCK)
		return 0;
	fits = (room - 4) / LENGTH_SACK_BLOCK;
	return options->sack_count < fits ? options->sack_count : fits;
}

/* Of everything but SACK. */
static uint32_t tcp_options_fixed_bytes(uint8_t present)
{
	uint32_t bytes = 0;

	if (present & TCP_HAS_MSS)
		bytes += 4;
	if (present & TCP_HAS_TIMESTAMPS)
		bytes += 12;
	else if (present & TCP_HAS_SACK_PERMITTED)
		bytes += 4;
	if (present & TCP_HAS_WINDOW_SCALE)
		bytes += 4;
	return bytes;
}

uint32_t tcp_options_bytes(const struct tcp_options *options)
{
	uint32_t bytes = tcp_options_fixed_bytes(options->present), sacks = tcp_sack_fits(options, bytes);

	return bytes + (sacks ? 4 + sacks * LENGTH_SACK_BLOCK : 0);
}

static uint8_t *put_number(uint8_t *at, uint32_t value)
{
	struct be32 number = be32_from(value);

	memcpy(at, &number, sizeof(number));
	return at + sizeof(number);
}

/* As one number: it is read as one soon afterwards, which would wait for bytes. */
static uint8_t *put_word(uint8_t *at, uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
	return put_number(at, (uint32_t)a << 24 | (uint32_t)b << 16 | (uint32_t)c << 8 | d);
}

static uint8_t *put_sack(uint8_t *at, const struct tcp_options *options, uint32_t count)
{
	at = put_word(at, TCP_OPT_NOP, TCP_OPT_NOP, TCP_OPT_SACK,
		      (uint8_t)(LENGTH_SACK_EMPTY + count * LENGTH_SACK_BLOCK));
	for (uint32_t i = 0; i < count; i++) {
		at = put_number(at, options->sack[i].start.value);
		at = put_number(at, options->sack[i].end.value);
	}
	return at;
}

/* SACK-permitted takes the place of the two NOPs before the timestamps. */
static uint8_t *put_sack_permitted_and_timestamps(uint8_t *at, const struct tcp_options *options)
{
	bool sack_permitted = options->present & TCP_HAS_SACK_PERMITTED;

	if (options->present & TCP_HAS_TIMESTAMPS) {
		at = put_word(at, sack_permitted ? TCP_OPT_SACK_PERMITTED : TCP_OPT_NOP,
			      sack_permitted ? LENGTH_SACK_PERMITTED : TCP_OPT_NOP, TCP_OPT_TIMESTAMPS,
			      LENGTH_TIMESTAMPS);
		at = put_number(at, options->tsval);
		return put_number(at, options->tsecr);
	}
	if (sack_permitted)
		return put_word(at, TCP_OPT_NOP, TCP_OPT_NOP, TCP_OPT_SACK_PERMITTED, LENGTH_SACK_PERMITTED);
	return at;
}

uint32_t tcp_options_write(uint8_t at[40], const struct tcp_options *options)
{
	uint32_t sacks = tcp_sack_fits(options, tcp_options_fixed_bytes(options->present));
	uint8_t *start = at;

	if (options->present & TCP_HAS_MSS)
		at = put_word(at, TCP_OPT_MSS, LENGTH_MSS, (uint8_t)(options->mss_bytes >> 8),
			      (uint8_t)options->mss_bytes);
	at = put_sack_permitted_and_timestamps(at, options);
	if (options->present & TCP_HAS_WINDOW_SCALE)
		at = put_word(at, TCP_OPT_NOP, TCP_OPT_WINDOW_SCALE, LENGTH_WINDOW_SCALE, options->window_shift);
	if (sacks)
		at = put_sack(at, options, sacks);
	return (uint32_t)(at - start);
}
