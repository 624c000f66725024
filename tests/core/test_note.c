/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Notes: a connection's own, gone with it, and when there are too many the oldest of a corner is forgotten.
 */
#include "lib/core/note.h"

#include "tests/core/instance.h"

#define CONNS (2 * NOTES_MAX)

static struct tcp *instance(void)
{
	struct sluice_config config = instance_config();
	struct tcp *tcp;

	config.connections = CONNS;
	tcp = instance_new(&config);
	for (uint32_t i = 0; i < CONNS; i++)
		tcp_conn_at(tcp, pool_take(&tcp->conns))->generation = (1 + i) & 0xffffff;
	return tcp;
}

static void test_each_its_own(void **state)
{
	struct tcp *tcp = instance();

	(void)state;
	for (uint32_t i = 0; i < NOTES_MAX; i++) {
		struct tcp_conn *conn = tcp_conn_at(tcp, i);

		assert_null(note_of(tcp, conn));
		note_need(tcp, conn)->icmp_code = (uint8_t)i;
	}
	for (uint32_t i = 0; i < NOTES_MAX; i++) {
		struct tcp_conn *conn = tcp_conn_at(tcp, i);

		assert_non_null(note_of(tcp, conn));
		assert_ptr_equal(note_need(tcp, conn), note_of(tcp, conn));
		assert_int_equal(note_of(tcp, conn)->icmp_code, (uint8_t)i);
		conn->generation++; /* another connection in the same record */
		assert_null(note_of(tcp, conn));
		assert_int_equal(note_need(tcp, conn)->icmp_code, 0);
	}
	free(tcp);
}

/* The corner of connection 0 is full; one written again stays, the one that was not goes. */
static void test_oldest_goes(void **state)
{
	struct tcp *tcp = instance();
	uint32_t step = NOTES_MAX / NOTE_WAYS;

	(void)state;
	for (uint32_t i = 0; i < NOTE_WAYS; i++) {
		note_need(tcp, tcp_conn_at(tcp, i * step));
		tcp_set_time(tcp, tcp->now_ns + 10000000);
	}
	note_need(tcp, tcp_conn_at(tcp, 0));
	tcp_set_time(tcp, tcp->now_ns + 10000000);
	note_need(tcp, tcp_conn_at(tcp, NOTE_WAYS * step));
	assert_non_null(note_of(tcp, tcp_conn_at(tcp, 0)));
	assert_null(note_of(tcp, tcp_conn_at(tcp, step)));
	for (uint32_t i = 2; i <= NOTE_WAYS; i++)
		assert_non_null(note_of(tcp, tcp_conn_at(tcp, i * step)));
	free(tcp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_its_own),
		cmocka_unit_test(test_oldest_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
