/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The TCP header and its options (RFC 9293 section 3.1 and 3.2, RFC 7323, RFC 2018): bytes to values and back.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/bytes.h"
#include "lib/wire/seq.h"

#define TCP_HEADER_BYTES     20
#define TCP_HEADER_BYTES_MAX 60
#define TCP_SACK_BLOCKS_MAX  4

enum tcp_flag {
	TCP_FIN = 0x01,
	TCP_SYN = 0x02,
	TCP_RST = 0x04,
	TCP_PSH = 0x08,
	TCP_ACK = 0x10,
	TCP_URG = 0x20,
	TCP_ECE = 0x40,
	TCP_CWR = 0x80,
};

enum tcp_option {
	TCP_OPT_END = 0,
	TCP_OPT_NOP = 1,
	TCP_OPT_MSS = 2,
	TCP_OPT_WINDOW_SCALE = 3,
	TCP_OPT_SACK_PERMITTED = 4,
	TCP_OPT_SACK = 5,
	TCP_OPT_TIMESTAMPS = 8,
};

struct tcp_header {
	struct be16 source_port, destination_port;
	struct be32 seq, ack;
	uint8_t data_offset; /* words, in the upper four bits */
	uint8_t flags;
	struct be16 window, checksum, urgent;
};

struct tcp_sack_block {
	struct seq start, end;
};

/* What the options said; what was absent or malformed is not in `present`. */
enum {
	TCP_HAS_MSS = 1,
	TCP_HAS_WINDOW_SCALE = 2,
	TCP_HAS_SACK_PERMITTED = 4,
	TCP_HAS_TIMESTAMPS = 8,
	TCP_HAS_SACK = 16
};

struct tcp_options {
	uint32_t tsval, tsecr;
	uint16_t mss_bytes;
	uint8_t present;      /* TCP_HAS_* */
	uint8_t window_shift; /* as sent, not clamped */
	uint8_t sack_count;
	struct tcp_sack_block sack[TCP_SACK_BLOCKS_MAX];
};

/*
 * Reads an option list; survives anything.  The first bad length ends the list and what came before counts; an option
 * of a known kind with the wrong length is skipped; of duplicates the first counts (MUST-5, 6, 7, 64, 68).
 */
struct tcp_options tcp_options_read(const uint8_t *options, uint32_t bytes);

/*
 * Writes the options in the order that most stacks do: SYN `mss, sackOK, TS, nop, wscale`; others `nop, nop, TS,
 * nop, nop, SACK`.  What fits in 40 bytes: SACK blocks that do not are left out.  Returns the bytes, a multiple of 4,
 * the rest filled with NOP.
 */
uint32_t tcp_options_write(uint8_t at[40], const struct tcp_options *options);

/* What tcp_options_write() will take. */
uint32_t tcp_options_bytes(const struct tcp_options *options);
