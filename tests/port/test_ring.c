/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Wires: names that match in pairs, two wires that do not mix, and packets on the wire that come back at the end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include <rte_mbuf.h>

#include "lib/port/ring.h"
#include "tests/port/scene.h"

static struct sluice_config config;
static struct ports ports;

/* Two wires, their ends interleaved. */
static int open_scene(void **state)
{
	(void)state;
	config = scene_config();
	config.port_count = 4;
	for (uint32_t i = 0; i < 4; i++)
		config.port[i].device = i % 2 ? "ring:odd" : "ring:even";
	if (ports_create(&ports, &config) != 0 || ports_start(&ports) != 0)
		fail_msg("no ports: %s", scene_lines());
	return 0;
}

static void test_names_are_in_pairs(void **state)
{
	struct sluice_config wrong = scene_config();

	(void)state;
	assert_int_equal(ring_check_names(&wrong), 0);
	scene_forget_lines();
	wrong.port[1].device = "ring:other";
	assert_int_equal(ring_check_names(&wrong), -EINVAL);
	assert_non_null(strstr(scene_lines(), "port 0: \"ring:scene\" is named by 1 port:"));
	scene_forget_lines();
	wrong = scene_config();
	wrong.port_count = 3;
	wrong.port[2].device = "ring:scene";
	assert_int_equal(ring_check_names(&wrong), -EINVAL);
	assert_non_null(strstr(scene_lines(), "3 ports"));
	wrong.port[0].device = wrong.port[1].device =
		"ring:0123456789012345678901234567890123456789012345678901234567890123456789";
	wrong.port_count = 2;
	assert_int_equal(ring_check_names(&wrong), -EINVAL);
}

static void test_wires_do_not_mix(void **state)
{
	struct rte_mbuf *packet[4];

	(void)state;
	for (uint32_t from = 0; from < 4; from++) {
		struct sluice_io *io = &ports.io[from];

		scene_make_packets(io, packet, 4, 60);
		assert_int_equal(io->send(io->user, packet, 4), 4);
		for (uint32_t to = 0; to < 4; to++) {
			struct sluice_io *end = &ports.io[to];
			uint32_t count = end->receive(end->user, packet, 4);

			assert_int_equal(count, to == (from + 2) % 4 ? 4 : 0);
			end->release(end->user, packet, count);
		}
	}
}

static void test_every_end_has_its_own_mac(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 4; i++) {
		assert_int_equal(ports.io[i].mac[0] & 3, 2);
		for (uint32_t j = 0; j < i; j++)
			assert_memory_not_equal(ports.io[i].mac, ports.io[j].mac, 6);
	}
}

/* Left on the wire, in both directions; ports_destroy() must get them all back. */
static void test_packets_on_the_wire_come_back(void **state)
{
	struct rte_mbuf *packet[50];

	(void)state;
	for (uint32_t i = 0; i < 4; i++) {
		scene_make_packets(&ports.io[i], packet, 50, 60);
		assert_int_equal(ports.io[i].send(ports.io[i].user, packet, 50), 50);
	}
	assert_int_equal(rte_mempool_in_use_count(ports.port[0].mempool), 200);
	assert_int_equal(ports_destroy(&ports), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_are_in_pairs),
		cmocka_unit_test(test_wires_do_not_mix),
		cmocka_unit_test(test_every_end_has_its_own_mac),
		cmocka_unit_test(test_packets_on_the_wire_come_back),
	};

	return cmocka_run_group_tests(tests, open_scene, NULL);
}
