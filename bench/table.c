/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Our connection table beside rte_hash, which would be the library's answer: the same tuples, the same records, the
 * same queries in bursts and one by one, both in memory on transparent hugepages.  A lookup ends when the record was
 * touched, since that is what it is for.  rte_hash is asked twice: with the tuple of both families as the key, as a stack
 * with one table would, and with the 12 bytes of IPv4 alone.  It keeps a copy of each key, which we do not: our table finds it in
 * the record.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_hash.h>
#include <rte_hash_crc.h>
#include <rte_malloc.h>

#include "lib/base/random.h"
#include "lib/core/table.h"
#include "lib/port/memory.h"

#define BURST      32
#define QUERIES    (1U << 20)
#define REPEATS    5
#define HEAP       "bench"
#define IPV4_BYTES 12
#define PAGE_BYTES 4096

static const struct siphash_key key = {0x0123456789abcdef, 0xfedcba9876543210};

struct record {
	alignas(CACHE_LINE_BYTES) struct tuple tuple;
	uint32_t touched;
};

struct ipv4_key {
	uint8_t byte[IPV4_BYTES];
};

struct bench {
	uint32_t count;
	struct record *record;
	struct table table;
	struct rte_hash *hash;
	uint32_t hash_key_bytes;
	const struct tuple *query;         /* QUERIES of them */
	const struct ipv4_key *query_ipv4; /* the same, short */
	uint32_t found;
	size_t index_bytes; /* of the structure measured */
};

/* ---- Tuples ------------------------------------------------------------------------------------------- */

/* Client number `index`: as clients of one server are, many ports of many hosts. */
static struct tuple tuple_of(uint32_t index, uint16_t local_port)
{
	return (struct tuple){
		.local = ip_from_ipv4(be32_from(0xc6120001)),
		.remote = ip_from_ipv4(be32_from(0xc6130000 + index / 60000)),
		.local_port = local_port,
		.remote_port = (uint16_t)(1024 + index % 60000),
	};
}

static struct ipv4_key ipv4_key_of(const struct tuple *tuple)
{
	struct ipv4_key out;

	memcpy(out.byte, &tuple->local.byte[12], 4);
	memcpy(out.byte + 4, &tuple->remote.byte[12], 4);
	memcpy(out.byte + 8, &tuple->local_port, 2);
	memcpy(out.byte + 10, &tuple->remote_port, 2);
	return out;
}

/* Random ones of those in the table, or their like at a port where nobody is. */
static void queries_make(struct bench *bench, struct tuple *query, struct ipv4_key *ipv4, bool is_miss)
{
	struct random random = {7};

	for (uint32_t i = 0; i < QUERIES; i++) {
		query[i] = tuple_of(random_below(&random, bench->count), is_miss ? 81 : 80);
		ipv4[i] = ipv4_key_of(&query[i]);
	}
	bench->query = query;
	bench->query_ipv4 = ipv4;
}

static inline void touch(struct bench *bench, uint32_t index)
{
	bench->record[index].touched++;
	bench->found++;
}

/* ---- Ours --------------------------------------------------------------------------------------------- */

/* The value filed for the tuple, verified in its record; UINT32_MAX: none. */
static inline uint32_t ours_find(struct bench *bench, uint64_t hash, const struct tuple *tuple)
{
	uint32_t value;

	for (struct table_cursor cursor = table_find(&bench->table, hash);
	     table_next(&bench->table, &cursor, &value);) {
		if (tuple_equal(&bench->record[table_index(value)].tuple, tuple))
			return value;
	}
	return UINT32_MAX;
}

static inline void ours_touch(struct bench *bench, uint64_t hash, const struct tuple *tuple)
{
	uint32_t value = ours_find(bench, hash, tuple);

	if (value != UINT32_MAX)
		touch(bench, table_index(value));
}

static void ours_burst(struct bench *bench, uint32_t first)
{
	const struct tuple *tuple = bench->query + first;
	uint64_t hash[BURST];

	for (uint32_t i = 0; i < BURST; i++) {
		hash[i] = table_hash(key, &tuple[i]);
		table_prefetch(&bench->table, hash[i]);
	}
	for (uint32_t i = 0; i < BURST; i++) {
		struct table_cursor cursor = table_find(&bench->table, hash[i]);
		uint32_t value;

		if (table_next(&bench->table, &cursor, &value))
			prefetch_write(&bench->record[table_index(value)]);
	}
	for (uint32_t i = 0; i < BURST; i++)
		ours_touch(bench, hash[i], &tuple[i]);
}

static void ours_single(struct bench *bench, uint32_t first)
{
	for (uint32_t i = first; i < first + BURST; i++)
		ours_touch(bench, table_hash(key, &bench->query[i]), &bench->query[i]);
}

static void ours_churn(struct bench *bench, uint32_t first)
{
	for (uint32_t i = first; i < first + BURST; i++) {
		uint64_t hash = table_hash(key, &bench->query[i]);
		uint32_t value = ours_find(bench, hash, &bench->query[i]);

		if (value != UINT32_MAX && table_remove(&bench->table, hash, value))
			bench->found += table_insert(&bench->table, hash, value);
	}
}

/* ---- rte_hash ----------------------------------------------------------------------------------------- */

static inline const void *hash_key(const struct bench *bench, uint32_t place)
{
	if (bench->hash_key_bytes == IPV4_BYTES)
		return &bench->query_ipv4[place];
	return &bench->query[place];
}

static void hash_burst(struct bench *bench, uint32_t first)
{
	const void *wanted[BURST];
	void *data[BURST];
	uint64_t hits = 0;

	for (uint32_t i = 0; i < BURST; i++)
		wanted[i] = hash_key(bench, first + i);
	rte_hash_lookup_bulk_data(bench->hash, wanted, BURST, &hits, data);
	for (uint64_t left = hits; left; left &= left - 1)
		prefetch_write(&bench->record[(uintptr_t)data[__builtin_ctzll(left)]]);
	for (uint64_t left = hits; left; left &= left - 1)
		touch(bench, (uint32_t)(uintptr_t)data[__builtin_ctzll(left)]);
}

static void hash_single(struct bench *bench, uint32_t first)
{
	for (uint32_t i = first; i < first + BURST; i++) {
		void *data;

		if (rte_hash_lookup_data(bench->hash, hash_key(bench, i), &data) >= 0)
			touch(bench, (uint32_t)(uintptr_t)data);
	}
}

static void hash_churn(struct bench *bench, uint32_t first)
{
	for (uint32_t i = first; i < first + BURST; i++) {
		const void *wanted = hash_key(bench, i);
		void *data;

		if (rte_hash_lookup_data(bench->hash, wanted, &data) < 0 || rte_hash_del_key(bench->hash, wanted) < 0)
			continue;
		bench->found += rte_hash_add_key_data(bench->hash, wanted, data) == 0;
	}
}

/* ---- Measuring ---------------------------------------------------------------------------------------- */

/* Cycles per query, the best of a few rounds: a round is only ever disturbed for the worse. */
static double measure(struct bench *bench, void (*step)(struct bench *, uint32_t))
{
	double best = 1e30;

	for (int repeat = 0; repeat < REPEATS; repeat++) {
		uint64_t start = rte_rdtsc();
		double cycles;

		bench->found = 0;
		for (uint32_t i = 0; i < QUERIES; i += BURST)
			step(bench, i);
		cycles = (double)(rte_rdtsc() - start) / QUERIES;
		if (cycles < best)
			best = cycles;
	}
	return best;
}

/* Prints one row; every query must have been answered as it should. */
static void measure_row(struct bench *bench, const char *name, void (*burst)(struct bench *, uint32_t),
			void (*single)(struct bench *, uint32_t), void (*churn)(struct bench *, uint32_t))
{
	static struct tuple query[QUERIES];
	static struct ipv4_key ipv4[QUERIES];
	double cycles[5];
	uint32_t right = 0;

	queries_make(bench, query, ipv4, false);
	cycles[0] = measure(bench, burst);
	right += bench->found == QUERIES;
	cycles[1] = measure(bench, single);
	right += bench->found == QUERIES;
	cycles[2] = measure(bench, churn);
	right += bench->found == QUERIES;
	queries_make(bench, query, ipv4, true);
	cycles[3] = measure(bench, burst);
	right += bench->found == 0;
	cycles[4] = measure(bench, single);
	right += bench->found == 0;
	printf("{\"name\": \"%s\", \"entries\": %u, \"bytes_per_entry\": %.1f, \"hit_burst\": %.0f, \"hit_single\": "
	       "%.0f, \"churn\": %.0f, "
	       "\"miss_burst\": %.0f, \"miss_single\": %.0f, \"right\": %s}\n",
	       name, bench->count, (double)bench->index_bytes / bench->count, cycles[0], cycles[1], cycles[2],
	       cycles[3], cycles[4], right == 5 ? "true" : "false");
}

static int measure_ours(struct bench *bench, struct memory *memory)
{
	struct arena arena = {0};

	table_make(&bench->table, &arena, bench->count);
	if (memory_map(memory, arena.used_bytes, -1) != 0)
		return -1;
	arena = (struct arena){.block = memory->address, .size_bytes = memory->bytes};
	table_make(&bench->table, &arena, bench->count);
	for (uint32_t i = 0; i < bench->count; i++) {
		if (!table_insert(&bench->table, table_hash(key, &bench->record[i].tuple),
				  table_value(TABLE_CONNECTION, i)))
			return -1;
	}
	bench->index_bytes = arena.used_bytes;
	measure_row(bench, "lib/core/table.h", ours_burst, ours_single, ours_churn);
	return 0;
}

static size_t heap_used_bytes(void)
{
	struct rte_malloc_socket_stats stats = {0};

	rte_malloc_get_socket_stats(rte_malloc_heap_get_socket(HEAP), &stats);
	return stats.heap_allocsz_bytes;
}

static int measure_hash(struct bench *bench, const char *name, uint32_t key_bytes)
{
	struct rte_hash_parameters parameters = {
		.name = name,
		.entries = bench->count + bench->count / 8, /* it may refuse when full to the brim */
		.key_len = key_bytes,
		.hash_func = rte_hash_crc,
		.socket_id = rte_malloc_heap_get_socket(HEAP),
	};

	bench->index_bytes = heap_used_bytes();
	bench->hash = rte_hash_create(&parameters);
	bench->index_bytes = heap_used_bytes() - bench->index_bytes;
	if (!bench->hash) {
		fprintf(stderr, "no rte_hash: %s\n", rte_strerror(rte_errno));
		return -1;
	}
	bench->hash_key_bytes = key_bytes;
	for (uint32_t i = 0; i < bench->count; i++) {
		struct ipv4_key ipv4 = ipv4_key_of(&bench->record[i].tuple);
		const void *wanted = key_bytes == IPV4_BYTES ? (const void *)&ipv4 : &bench->record[i].tuple;

		if (rte_hash_add_key_data(bench->hash, wanted, (void *)(uintptr_t)i) != 0)
			return -1;
	}
	measure_row(bench, name, hash_burst, hash_single, hash_churn);
	rte_hash_free(bench->hash);
	return 0;
}

/* A heap of EAL's on the same kind of pages as ours: otherwise its misses would be the TLB's. */
static int heap_make(struct memory *memory, uint32_t count)
{
	if (memory_map(memory, (size_t)count * 256 + ((size_t)64 << 20), -1) != 0 || rte_malloc_heap_create(HEAP) != 0)
		return -1;
	return rte_malloc_heap_memory_add(HEAP, memory->address, memory->bytes, NULL, 0, PAGE_BYTES);
}

static int run(uint32_t count)
{
	struct memory records, buckets, heap;
	struct bench bench = {.count = count};

	if (memory_map(&records, sizeof(struct record) * count, -1) != 0 || heap_make(&heap, count) != 0) {
		fprintf(stderr, "no memory for %u connections: %s\n", count, rte_strerror(rte_errno));
		return 1;
	}
	bench.record = records.address;
	for (uint32_t i = 0; i < count; i++)
		bench.record[i].tuple = tuple_of(i, 80);
	if (measure_ours(&bench, &buckets) != 0 ||
	    measure_hash(&bench, "rte_hash, both families", sizeof(struct tuple)) != 0 ||
	    measure_hash(&bench, "rte_hash, IPv4 alone", IPV4_BYTES) != 0)
		return 1;
	return 0;
}

int main(int argc, char **argv)
{
	char *eal[] = {(char[]){"table"},
		       (char[]){"--no-huge"},
		       (char[]){"--no-shconf"},
		       (char[]){"--no-pci"},
		       (char[]){"--no-telemetry"},
		       (char[]){"--log-level=error"},
		       (char[]){"-m"},
		       (char[]){"64"}};
	uint32_t count = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 1000000;

	if (argc > 2 || count == 0 || count > 100000000) {
		fputs("usage: table [connections]\n", stderr);
		return 2;
	}
	if (rte_eal_init(sizeof(eal) / sizeof(eal[0]), eal) < 0)
		return 1;
	return run(count);
}
