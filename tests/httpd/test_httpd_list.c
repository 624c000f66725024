/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * In one list at most, in order of coming, and out of any place.
 */
#include "app/httpd/httpd_list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "app/httpd/httpd_server.h"

#define CONNS 8

static struct httpd *httpd;
static struct httpd_conn *conn[CONNS];

static int set_up(void **state)
{
	(void)state;
	httpd = calloc(1, sizeof(*httpd));
	for (uint32_t i = 0; i < HTTPD_LIST_COUNT; i++)
		httpd->list[i] = (struct httpd_list){HTTPD_POOL_NONE, HTTPD_POOL_NONE};
	if (httpd_pool_open(&httpd->conns, sizeof(struct httpd_conn), CONNS))
		return -1;
	for (uint32_t i = 0; i < CONNS; i++)
		conn[i] = httpd_conn_at(httpd, httpd_pool_borrow(&httpd->conns));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	httpd_pool_close(&httpd->conns);
	free(httpd);
	return 0;
}

/* The list has these, forwards and backwards, and no others. */
static void expect_list(enum httpd_list_name name, const char *numbers)
{
	uint32_t at = httpd->list[name].first, before = HTTPD_POOL_NONE;

	for (const char *number = numbers; *number; number++) {
		assert_int_equal(at, *number - '0');
		assert_int_equal(httpd_conn_list(conn[at]), name);
		assert_int_equal(conn[at]->previous, before);
		before = at;
		at = conn[at]->next;
	}
	assert_int_equal(at, HTTPD_POOL_NONE);
	assert_int_equal(httpd->list[name].last, before);
	assert_ptr_equal(httpd_list_first(httpd, name), *numbers ? conn[*numbers - '0'] : NULL);
}

static void test_first_come_first(void **state)
{
	(void)state;
	expect_list(HTTPD_LIST_IDLE, "");
	for (uint32_t i = 0; i < 4; i++)
		httpd_list_move(httpd, conn[i], HTTPD_LIST_IDLE);
	expect_list(HTTPD_LIST_IDLE, "0123");
	httpd_list_move(httpd, conn[0], HTTPD_LIST_IDLE); /* used again */
	expect_list(HTTPD_LIST_IDLE, "1230");
	httpd_list_move(httpd, conn[2], HTTPD_LIST_IDLE);
	expect_list(HTTPD_LIST_IDLE, "1302");
}

static void test_out_of_any_place(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 4; i++)
		httpd_list_move(httpd, conn[i], HTTPD_LIST_YIELDED);
	httpd_list_move(httpd, conn[1], HTTPD_LIST_NONE);
	expect_list(HTTPD_LIST_YIELDED, "023");
	httpd_list_move(httpd, conn[0], HTTPD_LIST_NONE);
	expect_list(HTTPD_LIST_YIELDED, "23");
	httpd_list_move(httpd, conn[3], HTTPD_LIST_NONE);
	expect_list(HTTPD_LIST_YIELDED, "2");
	httpd_list_move(httpd, conn[2], HTTPD_LIST_NONE);
	expect_list(HTTPD_LIST_YIELDED, "");
	assert_int_equal(httpd_conn_list(conn[2]), HTTPD_LIST_NONE);
	httpd_list_move(httpd, conn[2], HTTPD_LIST_NONE); /* from none to none */
	expect_list(HTTPD_LIST_YIELDED, "");
}

static void test_from_one_to_another(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 6; i++)
		httpd_list_move(httpd, conn[i], i & 1 ? HTTPD_LIST_HEAD : HTTPD_LIST_MOVING);
	httpd_list_move(httpd, conn[2], HTTPD_LIST_HEAD);
	httpd_list_move(httpd, conn[5], HTTPD_LIST_LEAVING);
	expect_list(HTTPD_LIST_MOVING, "04");
	expect_list(HTTPD_LIST_HEAD, "132");
	expect_list(HTTPD_LIST_LEAVING, "5");
}

/* The flags of the record stay what they were. */
static void test_flags_stay(void **state)
{
	(void)state;
	conn[3]->flags = HTTPD_CONN_ARMED | HTTPD_CONN_BLOCKED;
	for (int name = HTTPD_LIST_COUNT - 1; name >= 0; name--) {
		httpd_list_move(httpd, conn[3], (enum httpd_list_name)name);
		assert_int_equal(conn[3]->flags & HTTPD_CONN_FLAGS, HTTPD_CONN_ARMED | HTTPD_CONN_BLOCKED);
		assert_int_equal(httpd_conn_list(conn[3]), name);
	}
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(test_first_come_first),
		CASE(test_out_of_any_place),
		CASE(test_from_one_to_another),
		CASE(test_flags_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
