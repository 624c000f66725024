/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Peers that do anything at any time, over pools that are too small.  The fake library stops at the first broken contract,
 * AddressSanitizer at the first stale byte, and in the end every connection is gone and every pool is full.  A run is
 * its seed: `test_noise SEED` repeats one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/httpd/fake_sluice.h"
#include "tests/httpd/http_corpus.h"

#define RUNS  300
#define STEPS 400

static uint64_t only_seed;
static struct httpd_statistics total; /* over all runs */

static uint32_t draw(uint64_t *random, uint32_t below)
{
	*random ^= *random << 13;
	*random ^= *random >> 7;
	*random ^= *random << 17;
	return (uint32_t)(*random >> 20) % below;
}

static const char *const requests[] = {
	"GET /plaintext HTTP/1.1\r\nHost: a\r\n\r\n",
	"GET / HTTP/1.1\r\nHost: a\r\nRange: bytes=0-9,100-199,-5\r\n\r\n",
	"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
	"GET /bytes/5000 HTTP/1.1\r\nHost: a\r\n\r\n",
	"GET /bytes/300000 HTTP/1.1\r\nHost: a\r\n\r\n",
	"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 12\r\n\r\nhello, world",
	"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 12\r\nExpect: 100-continue\r\n\r\n",
	"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1;a\r\n!\r\n0\r\n\r\n",
	"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloXX",
	"GET /none HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nxxxxx",
	"GET /plaintext HTTP/1.1\r\nHost: a\r\nContent-Length: 70000\r\n\r\n",
	"POST /none HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nfffff\r\n",
	"GET /plaintext HTTP/1.0\r\n\r\n",
	"GET / HTTP/1.1\r\nHost: a\r\nIf-None-Match: *\r\n\r\n",
};

/* Part of a request, a whole one, or several; sometimes one that is refused. */
static void speak(struct fake *fake, int conn, uint64_t *random)
{
	char text[4096] = "";
	size_t bytes = 0;

	for (uint32_t count = 1 + draw(random, 4); count > 0; count--) {
		const char *request = requests[draw(random, sizeof(requests) / sizeof(requests[0]))];

		if (draw(random, 12) == 0)
			request = http_corpus[draw(random, http_corpus_count)].head;
		memcpy(text + bytes, request, strlen(request) + 1);
		bytes += strlen(request);
	}
	if (draw(random, 3) == 0)
		text[1 + draw(random, (uint32_t)bytes)] = '\0';
	if (*text && draw(random, 2))
		fake_say_slices(fake, conn, text, 1 + draw(random, 100));
	else if (*text)
		fake_say_split(fake, conn, text, 1 + draw(random, 400));
}

static void act(struct fake *fake, int conn, uint64_t *random)
{
	switch (draw(random, 13)) {
	case 0:
		fake_limit(fake, conn, draw(random, 3) ? draw(random, 3000) + fake_output_bytes(fake, conn) : SIZE_MAX);
		break;
	case 1:
	case 2:
	case 3:
		fake_ack(fake, conn, 1 + draw(random, 5000));
		break;
	case 4:
		if (draw(random, 8) == 0)
			fake_peer_closes(fake, conn);
		break;
	case 5:
		if (draw(random, 8) == 0)
			fake_peer_resets(fake, conn);
		break;
	case 6:
		fake_wait_ms(fake, draw(random, draw(random, 10) ? 50 : 20000));
		break;
	case 7:
		fake_pressure(fake, (enum sluice_resource)draw(random, SLUICE_RESOURCE_COUNT),
			      draw(random, 4) ? SLUICE_PRESSURE_NONE
					      : (enum sluice_pressure)(1 + draw(random, SLUICE_PRESSURE_SEVERE)));
		break;
	default:
		speak(fake, conn, random);
	}
}

static void run(uint64_t seed)
{
	struct httpd_config config = fake_config();
	uint64_t random = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
	struct httpd_statistics statistics;
	struct fake *fake;
	int conns = 0;

	config.connections = 4 + draw(&random, 8);
	config.exchanges = 1 + draw(&random, 4);
	config.buffers = 1 + draw(&random, 4);
	config.log_records = 16;
	config.idle_timeout_ms = 2000;
	config.requests_max = draw(&random, 2) ? 0 : 5;
	config.age_max_ms = draw(&random, 2) ? 0 : 10000;
	config.connections_per_address = draw(&random, 2) ? 0 : 8;
	if (draw(&random, 3) == 0)
		config.connections = 32; /* of which two are a reserve */
	fake = fake_open(&config);
	for (unsigned step = 0; step < STEPS; step++) {
		int conn;

		if (conns == 0 || (conns < FAKE_CONNS_MAX && draw(&random, 10) == 0)) {
			fake_connect(fake);
			conns++;
		}
		conn = (int)draw(&random, (uint32_t)conns);
		if (step == STEPS * 3 / 4 && draw(&random, 4) == 0)
			httpd_drain(fake->httpd);
		if (!fake_is_gone(fake, conn) && !fake_peer_is_done(fake, conn))
			act(fake, conn, &random);
	}
	httpd_statistics(fake->httpd, &statistics);
	httpd_statistics_add(&total, &statistics);
	fake_close(fake);
}

/* Everything that is counted has happened, or the noise was not noise. */
static void test_noise(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= (only_seed ? 1 : RUNS); seed++)
		run(only_seed ? only_seed : seed);
#define X(name, text)                      \
	if (total.name == 0 && !only_seed) \
		fail_msg("never: %s", text);
	HTTPD_COUNTERS(X)
#undef X
}

/* Once nobody speaks any more, deadlines alone end every connection. */
static void test_silence_ends_everything(void **state)
{
	struct fake *fake = fake_open(NULL);
	struct httpd_statistics statistics;
	uint64_t random = 4711;

	(void)state;
	for (unsigned i = 0; i < FAKE_CONNS_MAX; i++) {
		int conn = fake_connect(fake);

		fake_limit(fake, conn, draw(&random, 2000));
		speak(fake, conn, &random);
	}
	fake_wait_ms(fake, 300000);
	httpd_statistics(fake->httpd, &statistics);
	assert_int_equal(statistics.connections_open, 0);
	fake_close(fake);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_noise),
		cmocka_unit_test(test_silence_ends_everything),
	};

	if (argc > 1)
		only_seed = strtoull(argv[1], NULL, 10);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
