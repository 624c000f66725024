/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The retransmission timeout against the formulas of RFC 6298, computed in floating point.
 */
#include "lib/core/rtt.h"

#include "tests/claims/claims.h"
#include "tests/core/instance.h"

struct model {
	double srtt, rttvar;
};

/* Section 2.2 and 2.3, with alpha 1/8 and beta 1/4; RTTVAR first, from the old SRTT. */
static void model_measured(struct model *model, double rtt)
{
	double error = rtt > model->srtt ? rtt - model->srtt : model->srtt - rtt;

	if (model->srtt == 0) {
		*model = (struct model){rtt, rtt / 2};
		return;
	}
	model->rttvar = 0.75 * model->rttvar + 0.25 * error;
	model->srtt = 0.875 * model->srtt + 0.125 * rtt;
}

static struct sluice_config config_of(uint32_t min_ms, uint32_t max_ms)
{
	struct sluice_config config = instance_config();

	config.rto_min_ms = min_ms;
	config.rto_max_ms = max_ms;
	return config;
}

static void assert_near(double value, double expected, double tolerance)
{
	if (value < expected - tolerance || value > expected + tolerance)
		fail_msg("%f is not within %f of %f", value, tolerance, expected);
}

static void test_first_measurement_2_2(void **state)
{
	struct tcp_conn conn = {.srtt_us = 0};

	(void)state;
	rtt_measured(&conn, 300000);
	assert_int_equal(conn.srtt_us, 300000);
	assert_int_equal(conn.rttvar_us, 150000);
}

static void test_second_measurement_2_3(void **state)
{
	struct tcp_conn conn = {.srtt_us = 0};

	(void)state;
	rtt_measured(&conn, 300000);
	rtt_measured(&conn, 700000);
	assert_int_equal(conn.rttvar_us, 3 * 150000 / 4 + 400000 / 4);
	assert_int_equal(conn.srtt_us, 7 * 300000 / 8 + 700000 / 8);
}

/* Whole microseconds are lost in each step, and forgotten by the later ones: 8 of SRTT at most, and their echo in RTTVAR. */
CLAIMS(RFC6298_2)
static void test_follows_the_formulas(void **state)
{
	struct sluice_config config = config_of(0, 60000);
	struct random random = {9};

	(void)state;
	for (uint32_t round = 0; round < 200; round++) {
		struct tcp_conn conn = {.srtt_us = 0};
		struct model model = {0, 0};
		uint32_t usual_us = 1 + random_below(&random, 1000000);

		for (uint32_t i = 0; i < 200; i++) {
			uint32_t rtt_us = usual_us + random_below(&random, usual_us);

			rtt_measured(&conn, rtt_us);
			model_measured(&model, rtt_us);
			assert_near(conn.srtt_us, model.srtt, 8);
			assert_near(conn.rttvar_us, model.rttvar, 16);
			assert_near(rtt_rto_us(&config, &conn), model.srtt + 4 * model.rttvar, 72);
		}
	}
}

/* Which means that a round trip that never varies ends in an RTO of itself, and a round trip of nothing counts as 1 µs. */
static void test_extremes(void **state)
{
	struct sluice_config config = config_of(0, 60000);
	struct tcp_conn conn = {.srtt_us = 0};

	(void)state;
	rtt_measured(&conn, 0);
	assert_int_equal(conn.srtt_us, 1);
	for (uint32_t i = 0; i < 100; i++)
		rtt_measured(&conn, 0);
	assert_true(conn.srtt_us >= 1);
	for (uint32_t i = 0; i < 400; i++)
		rtt_measured(&conn, UINT32_MAX);
	assert_near(conn.srtt_us, UINT32_MAX, 8);
	assert_int_equal(rtt_rto_us(&config, &conn), 60000000);
	for (uint32_t i = 0; i < 400; i++)
		rtt_measured(&conn, 100000);
	assert_near(conn.srtt_us, 100000, 8);
	assert_near(rtt_rto_us(&config, &conn), 100000, 64);
}

CLAIMS(RFC6298_2_4)
static void test_bounds_2_4_and_2_5(void **state)
{
	struct sluice_config config = config_of(200, 60000);
	struct tcp_conn conn = {.srtt_us = 1000, .rttvar_us = 500};

	(void)state;
	assert_int_equal(rtt_rto_us(&config, &conn), 200000);
	conn = (struct tcp_conn){.srtt_us = 100000, .rttvar_us = 25001};
	assert_int_equal(rtt_rto_us(&config, &conn), 200004);
	conn = (struct tcp_conn){.srtt_us = 50000000, .rttvar_us = 25000000};
	assert_int_equal(rtt_rto_us(&config, &conn), 60000000);
}

CLAIMS(RFC6298_2_1)
static void test_nothing_measured_2_1(void **state)
{
	struct sluice_config config = config_of(200, 60000);
	struct tcp_conn conn = {.srtt_us = 0};

	(void)state;
	config.rto_initial_ms = 1000;
	assert_int_equal(rtt_rto_us(&config, &conn), 1000000);
}

/* "If the timer expires awaiting the ACK of a SYN … the RTO MUST be re-initialized to 3 seconds when data transmission begins." */
CLAIMS(RFC6298_5_7)
static void test_syn_was_lost_5_7(void **state)
{
	struct sluice_config config = config_of(200, 60000);
	struct tcp_conn conn = {.flags = CONN_SYN_AGAIN};

	(void)state;
	config.rto_initial_ms = 1000;
	assert_int_equal(rtt_rto_us(&config, &conn), 3000000);
	config.rto_initial_ms = 5000; /* not less than 3 s to begin with */
	assert_int_equal(rtt_rto_us(&config, &conn), 5000000);
	rtt_measured(&conn, 100000);
	assert_int_equal(rtt_rto_us(&config, &conn), 300000);
}

/* But the SYN itself is sent again after 1, 2, 4 s: 5.5 doubles what was, and data has not begun. */
static void test_syn_backs_off_from_the_initial_value_5_5(void **state)
{
	struct sluice_config config = config_of(200, 60000);
	struct tcp_conn conn = {.flags = CONN_SYN_AGAIN | CONN_SYN_UNACKED};

	(void)state;
	config.rto_initial_ms = 1000;
	for (uint32_t i = 1; i < 6; i++) {
		conn.backoff_count = i & 31;
		assert_int_equal(rtt_rto_us(&config, &conn), 1000000U << i);
	}
}

CLAIMS(RFC6298_5_5)
static void test_doubles_up_to_the_most_5_5(void **state)
{
	struct sluice_config config = config_of(200, 60000);
	struct tcp_conn conn = {.srtt_us = 400000, .rttvar_us = 25000};

	(void)state;
	for (uint32_t i = 0; i <= BACKOFF_MAX; i++) {
		conn.backoff_count = i & 31;
		assert_int_equal(rtt_rto_us(&config, &conn), i < 7 ? 500000U << i : 60000000);
		assert_int_equal(rtt_base_rto_us(&config, &conn), 500000);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_measurement_2_2),
		cmocka_unit_test(test_second_measurement_2_3),
		cmocka_unit_test(test_follows_the_formulas),
		cmocka_unit_test(test_extremes),
		cmocka_unit_test(test_bounds_2_4_and_2_5),
		cmocka_unit_test(test_nothing_measured_2_1),
		cmocka_unit_test(test_syn_was_lost_5_7),
		cmocka_unit_test(test_syn_backs_off_from_the_initial_value_5_5),
		cmocka_unit_test(test_doubles_up_to_the_most_5_5),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
