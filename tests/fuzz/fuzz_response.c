/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a hostile server may answer the load generator, once the connection stands: any bytes, whole and in pieces, which must come to
 * the same figures; and close, reset or silence at any time.  The ledgers balance whatever comes.
 */
#include "tests/fuzz/fuzz.h"
#include "tests/load/load_scene.h"

#define STREAM_BYTES_MAX 2000
#define PIECES_MAX       100

static void check_ledger(const struct load_ledger *ledger)
{
	uint64_t sum = ledger->in_progress;

	for (uint32_t i = 0; i < LOAD_OUTCOME_COUNT; i++)
		sum += ledger->outcome[i];
	FUZZ_REQUIRE(sum == ledger->attempted, "a ledger does not balance");
}

static struct load_counts figures(struct load_scene *scene)
{
	const struct load_counts *counts = load_scene_counts(scene);

	check_ledger(&counts->connections);
	check_ledger(&counts->requests);
	return *counts;
}

static void make(struct load_scene *scene, uint8_t shape)
{
	load_scene_make(scene, shape & 2 ? LOAD_MODE_CPS : LOAD_MODE_RPS);
	if (!(shape & 2)) {
		scene->config.pipeline = 1 + (shape >> 4);
		scene->config.requests_per_connection = shape & 4 ? 3 : 0;
	}
	scene->config.closer = shape & 8 ? LOAD_CLOSER_SERVER : LOAD_CLOSER_CLIENT;
	load_scene_begin(scene);
	load_scene_opened(scene, load_scene_conn(0));
}

static bool is_over(const struct fake_conn *conn)
{
	return conn->is_closing || conn->is_aborted;
}

static void feed(struct load_scene *scene, struct fake_conn *conn, const uint8_t *text, uint32_t bytes)
{
	fake_arrive(conn, (const char *)text, bytes);
	load_scene_event(scene, conn, SLUICE_READABLE, SLUICE_REASON_NONE);
}

/* The stream on one connection, and how it ends. */
static struct load_counts serve(uint8_t shape, const uint8_t *stream, uint32_t bytes, struct fuzz cuts, bool is_cut)
{
	struct load_counts counts;
	struct load_scene scene;
	struct fake_conn *conn;
	uint32_t at = 0, pieces = 0;

	make(&scene, shape);
	conn = load_scene_conn(0);
	while (at < bytes && !is_over(conn)) {
		uint32_t piece = is_cut && pieces++ < PIECES_MAX ? 1U + fuzz_8(&cuts) : bytes;

		piece = piece < bytes - at ? piece : bytes - at;
		feed(&scene, conn, stream + at, piece);
		at += piece;
	}
	if (!is_over(conn) && shape & 1)
		load_scene_event(&scene, conn, SLUICE_PEER_CLOSED, SLUICE_REASON_NONE);
	load_scene_closed(&scene, conn, is_over(conn) ? SLUICE_REASON_FINISHED : SLUICE_REASON_RESET);
	counts = figures(&scene);
	load_scene_close(&scene);
	return counts;
}

static bool is_same(const struct load_counts *a, const struct load_counts *b)
{
	return memcmp(&a->requests, &b->requests, sizeof(a->requests)) == 0 &&
	       memcmp(&a->connections.outcome, &b->connections.outcome, sizeof(a->connections.outcome)) == 0 &&
	       a->body_bytes == b->body_bytes && a->interim == b->interim;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz fuzz = fuzz_begin(data, size), cuts;
	struct load_counts whole, pieces;
	uint8_t shape = fuzz_8(&fuzz);
	const uint8_t *stream;
	uint32_t skip, bytes;

	setenv("CMOCKA_TEST_ABORT", "1", 1);
	cuts = fuzz;
	fuzz_take(&fuzz, 1 + fuzz_8(&fuzz) % PIECES_MAX, &skip);
	cuts.end = fuzz.at;
	stream = fuzz_take(&fuzz, STREAM_BYTES_MAX, &bytes);
	whole = serve(shape, stream, bytes, cuts, false);
	pieces = serve(shape, stream, bytes, cuts, true);
	FUZZ_REQUIRE(is_same(&whole, &pieces), "%lu bytes of bodies whole, %lu in pieces", whole.body_bytes,
		     pieces.body_bytes);
	return 0;
}
