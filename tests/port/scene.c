/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The scene of the tests of lib/port.
 */
#include "tests/port/scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include <rte_mbuf.h>

static char lines[8192];

static void scene_print(const char *line)
{
	size_t length = strlen(lines);

	snprintf(lines + length, sizeof(lines) - length, "%s\n", line);
}

const char *scene_lines(void)
{
	return lines;
}

void scene_forget_lines(void)
{
	lines[0] = '\0';
}

struct sluice_config scene_config(void)
{
	struct sluice_config config = {
		.port = {{.device = "ring:scene"}, {.device = "ring:scene"}},
		.port_count = 2,
		.packets = 4096,
		.idle = SLUICE_IDLE_SLEEP,
		.print = scene_print,
	};

	return config;
}

void scene_open(struct ports *ports)
{
	static struct sluice_config config;

	config = scene_config();
	if (ports_create(ports, &config) != 0 || ports_start(ports) != 0)
		fail_msg("no ports: %s", lines);
}

void scene_make_packets(struct sluice_io *io, struct rte_mbuf **packet, uint32_t count, uint16_t bytes)
{
	assert_int_equal(io->allocate(io->user, packet, count), count);
	for (uint32_t i = 0; i < count; i++) {
		packet[i]->data_len = bytes;
		packet[i]->pkt_len = bytes;
		memset(rte_pktmbuf_mtod(packet[i], char *), 0, bytes);
		if (bytes >= sizeof(i))
			memcpy(rte_pktmbuf_mtod(packet[i], char *), &i, sizeof(i));
	}
}
