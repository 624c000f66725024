/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bytes of any peer at the HTTP server, over connections in memory.  Either one stream twice, whole and in pieces, which must be
 * answered alike; or several connections at once whose peers also refuse to read, close, reset and wait.  The fake library stops at
 * the first broken contract, and in the end every connection is gone and every pool is full.
 */
#include "tests/fuzz/fuzz.h"
#include "tests/httpd/fake_sluice.h"

#define STREAM_BYTES_MAX 2000
#define PIECES_MAX       64
#define STEPS_MAX        60
#define CONNS_MAX        6

static struct httpd_config draw_config(struct fuzz *fuzz)
{
	struct httpd_config config = fake_config();
	uint8_t shape = fuzz_8(fuzz);

	config.connections = config.exchanges = config.buffers = 4;
	config.log_records = 16;
	config.requests_max = shape & 1 ? 3 : 0;
	if (shape & 2) {
		config.header_max_bytes = 512;
		config.target_max_bytes = 100;
	}
	if (shape & 4)
		config.body_max_bytes = 64;
	if (shape & 8)
		config.discard_max_bytes = 100;
	if (shape & 16)
		config.header_max_fields = 4;
	return config;
}

/* ---- Once whole, once in pieces ------------------------------------------------------------------------- */

/* An answer's bytes, with room behind them. */
struct text {
	char *at;
	size_t bytes;
};

static bool begins(const struct text *text, size_t at, const char *with)
{
	size_t length = strlen(with);

	return text->bytes - at >= length && memcmp(text->at + at, with, length) == 0;
}

/* The size line of a chunk; its length, or 0. */
static size_t read_size(const struct text *text, size_t at, size_t *size)
{
	size_t end = at;

	for (*size = 0; end < text->bytes && end < at + 8; end++) {
		const char *digit = strchr("0123456789abcdef", text->at[end]);

		if (!text->at[end] || !digit)
			break;
		*size = *size * 16 + (size_t)(digit - "0123456789abcdef");
	}
	return end > at && begins(text, end, "\r\n") ? end + 2 - at : 0;
}

/*
 * What does not hang on how the request came: without "100 Continue", and with chunks joined to one, since a peer that is echoed sees
 * its own pieces again.
 */
static struct text normal(const struct text *text)
{
	struct text out = {malloc(text->bytes + 1), 0};
	bool is_chunked = false, in_chunks = false;

	FUZZ_REQUIRE(out.at, "no memory");
	for (size_t at = 0; at < text->bytes;) {
		size_t size, line = in_chunks ? read_size(text, at, &size) : 0;

		if (line) {
			in_chunks = size != 0;
			for (at += line; size && at < text->bytes; size--)
				out.at[out.bytes++] = text->at[at++];
			at += begins(text, at, "\r\n") ? 2 : 0;
			continue;
		}
		if (begins(text, at, "HTTP/1.1 100 Continue\r\n\r\n")) {
			at += strlen("HTTP/1.1 100 Continue\r\n\r\n");
			continue;
		}
		is_chunked |= begins(text, at, "\r\nTransfer-Encoding: chunked\r\n");
		if (begins(text, at, "\r\n\r\n")) {
			in_chunks = is_chunked;
			is_chunked = false;
			memcpy(out.at + out.bytes, "\r\n\r", 3);
			out.bytes += 3;
			at += 3;
		}
		out.at[out.bytes++] = text->at[at++];
	}
	return out;
}

struct told {
	struct text text;
	bool is_shut;
};

static struct told serve(const struct httpd_config *config, const uint8_t *stream, uint32_t bytes, struct fuzz cuts,
			 bool is_cut)
{
	struct fake *fake = fake_open(config);
	int conn = fake_connect(fake);
	struct told told = {0};

	for (uint32_t pieces = 0, at = 0; at < bytes && !fake_is_gone(fake, conn) && !fake_is_aborted(fake, conn);) {
		uint32_t piece = is_cut && pieces++ < PIECES_MAX ? 1U + fuzz_8(&cuts) : bytes;

		piece = piece < bytes - at ? piece : bytes - at;
		fake_feed(fake, conn, stream + at, piece);
		at += piece;
	}
	told.text = normal(&(struct text){(char *)(uintptr_t)fake_output(fake, conn), fake_output_bytes(fake, conn)});
	told.is_shut = fake_is_shut(fake, conn) || fake_is_aborted(fake, conn);
	if (!fake_is_gone(fake, conn))
		fake_peer_closes(fake, conn);
	fake_close(fake);
	return told;
}

static void whole_and_in_pieces(struct fuzz *fuzz)
{
	struct httpd_config config = draw_config(fuzz);
	struct fuzz cuts = *fuzz;
	uint32_t skip, bytes;
	const uint8_t *stream;
	struct told whole, pieces;

	fuzz_take(fuzz, 1 + fuzz_8(fuzz) % PIECES_MAX, &skip);
	cuts.end = fuzz->at;
	stream = fuzz_take(fuzz, STREAM_BYTES_MAX, &bytes);
	whole = serve(&config, stream, bytes, cuts, false);
	pieces = serve(&config, stream, bytes, cuts, true);
	FUZZ_REQUIRE(whole.text.bytes == pieces.text.bytes &&
			     memcmp(whole.text.at, pieces.text.at, whole.text.bytes) == 0,
		     "%zu bytes to the whole, %zu to the pieces:\n%.*s\n---\n%.*s", whole.text.bytes, pieces.text.bytes,
		     (int)whole.text.bytes, whole.text.at, (int)pieces.text.bytes, pieces.text.at);
	FUZZ_REQUIRE(whole.is_shut == pieces.is_shut, "one is open, the other shut");
	free(whole.text.at);
	free(pieces.text.at);
}

/* ---- Several at once ------------------------------------------------------------------------------------ */

static void act(struct fake *fake, int conn, struct fuzz *fuzz)
{
	uint8_t what = fuzz_8(fuzz);
	uint32_t bytes;
	const uint8_t *text;

	switch (what & 7) {
	case 0:
		fake_limit(fake, conn, fake_output_bytes(fake, conn) + (what >> 3) * 16U);
		break;
	case 1:
		fake_limit(fake, conn, SIZE_MAX);
		break;
	case 2:
		fake_ack(fake, conn, 1 + (what >> 3) * 64U);
		break;
	case 3:
		fake_wait_ms(fake, (what >> 3) * (what & 128 ? 1000U : 10U));
		break;
	case 4:
		if (what & 8)
			fake_peer_closes(fake, conn);
		else if (what & 16)
			fake_peer_resets(fake, conn);
		else
			fake_closes_with_next(fake, conn);
		break;
	default:
		text = fuzz_take(fuzz, fuzz_8(fuzz), &bytes);
		if (bytes)
			fake_feed(fake, conn, text, bytes);
	}
}

static void several_at_once(struct fuzz *fuzz)
{
	struct httpd_config config = draw_config(fuzz);
	struct fake *fake;
	int conns = 0;

	config.exchanges = config.buffers = 2;
	config.idle_timeout_ms = 2000;
	fake = fake_open(&config);
	for (uint32_t step = 0; step < STEPS_MAX && fuzz_left(fuzz); step++) {
		uint8_t which = fuzz_8(fuzz);
		int conn;

		if (conns < CONNS_MAX && (conns == 0 || which >= 0xe0)) {
			fake_connect(fake);
			conns++;
		}
		conn = which % conns;
		if (which == 0xdf)
			httpd_drain(fake->httpd);
		else if (!fake_is_gone(fake, conn) && !fake_peer_is_done(fake, conn))
			act(fake, conn, fuzz);
	}
	fake_close(fake);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz fuzz = fuzz_begin(data, size);

	if (fuzz_8(&fuzz) & 1)
		several_at_once(&fuzz);
	else
		whole_and_in_pieces(&fuzz);
	return 0;
}
