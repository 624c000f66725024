/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Option lists of any bytes: what is read must be what a plain walk over the list finds, and what is written must be read back as it
 * was.
 */
#include "lib/wire/tcp.h"
#include "tests/fuzz/fuzz.h"

/* The first option of this kind with one of these lengths in a list that is sane up to it; NULL: there is none. */
static const uint8_t *first_of(const uint8_t *list, uint32_t bytes, uint8_t kind, uint32_t low, uint32_t high,
			       uint32_t step)
{
	for (uint32_t at = 0; at < bytes && list[at] != 0;) {
		uint32_t length;

		if (list[at] == 1) {
			at++;
			continue;
		}
		if (at + 1 >= bytes || list[at + 1] < 2 || at + list[at + 1] > bytes)
			return NULL;
		length = list[at + 1];
		if (list[at] == kind && length >= low && length <= high && (length - low) % step == 0)
			return list + at;
		at += length;
	}
	return NULL;
}

static uint32_t word(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void compare(const struct tcp_options *read, const uint8_t *list, uint32_t bytes)
{
	const uint8_t *mss = first_of(list, bytes, 2, 4, 4, 1), *shift = first_of(list, bytes, 3, 3, 3, 1);
	const uint8_t *permitted = first_of(list, bytes, 4, 2, 2, 1), *stamps = first_of(list, bytes, 8, 10, 10, 1);
	const uint8_t *sack = first_of(list, bytes, 5, 10, 34, 8);

	FUZZ_REQUIRE(!(read->present & TCP_HAS_MSS) == !mss, "MSS");
	FUZZ_REQUIRE(!(read->present & TCP_HAS_WINDOW_SCALE) == !shift, "window scale");
	FUZZ_REQUIRE(!(read->present & TCP_HAS_SACK_PERMITTED) == !permitted, "SACK permitted");
	FUZZ_REQUIRE(!(read->present & TCP_HAS_TIMESTAMPS) == !stamps, "timestamps");
	FUZZ_REQUIRE(!(read->present & TCP_HAS_SACK) == !sack, "SACK");
	FUZZ_REQUIRE(!mss || read->mss_bytes == (mss[2] << 8 | mss[3]), "MSS %u", read->mss_bytes);
	FUZZ_REQUIRE(!shift || read->window_shift == shift[2], "shift %u", read->window_shift);
	FUZZ_REQUIRE(!stamps || (read->tsval == word(stamps + 2) && read->tsecr == word(stamps + 6)), "timestamps");
	FUZZ_REQUIRE(!sack || read->sack_count == (sack[1] - 2) / 8, "%u blocks", read->sack_count);
	for (uint32_t i = 0; sack && i < read->sack_count; i++)
		FUZZ_REQUIRE(read->sack[i].start.value == word(sack + 2 + 8 * i) &&
				     read->sack[i].end.value == word(sack + 6 + 8 * i),
			     "block %u", i);
}

/* What is written fits, is a multiple of four, and says the same again, but for the blocks that found no room. */
static void write_and_read(const struct tcp_options *options)
{
	uint8_t at[40];
	uint32_t bytes = tcp_options_write(at, options);
	struct tcp_options again;

	FUZZ_REQUIRE(bytes <= 40 && bytes % 4 == 0 && bytes == tcp_options_bytes(options), "%u bytes", bytes);
	again = tcp_options_read(at, bytes);
	FUZZ_REQUIRE((again.present & ~options->present) == 0, "something new");
	FUZZ_REQUIRE(((options->present ^ again.present) & ~TCP_HAS_SACK) == 0, "something is lost");
	FUZZ_REQUIRE(!(again.present & TCP_HAS_MSS) || again.mss_bytes == options->mss_bytes, "MSS");
	FUZZ_REQUIRE(!(again.present & TCP_HAS_TIMESTAMPS) ||
			     (again.tsval == options->tsval && again.tsecr == options->tsecr),
		     "timestamps");
	for (uint32_t i = 0; again.present & TCP_HAS_SACK && i < again.sack_count; i++)
		FUZZ_REQUIRE(again.sack[i].start.value == options->sack[i].start.value, "block %u", i);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t bytes = size < 40 ? (uint32_t)size : 40;
	uint8_t *list = malloc(bytes + !bytes);
	struct tcp_options options;

	FUZZ_REQUIRE(list, "no memory");
	memcpy(list, data, bytes);
	options = tcp_options_read(list, bytes);
	compare(&options, list, bytes);
	write_and_read(&options);
	free(list);
	return 0;
}
