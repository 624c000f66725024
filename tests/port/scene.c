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
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <rte_mbuf.h>

int scene_last_child;

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

/* The child's half: its result and its lines go up the pipe. */
static void scene_child(const struct sluice_config *config, unsigned user, int pipe)
{
	struct sluice *sluice = NULL;
	int result;

	if (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr)) /* EAL prints its manual */
		_exit(1);
	if (user && (setgroups(0, NULL) != 0 || setgid(user) != 0 || setuid(user) != 0))
		_exit(1);
	result = sluice_open(config, &sluice);
	if (result == 0)
		sluice_close_all(sluice);
	if (write(pipe, &result, sizeof(result)) < 0 || write(pipe, lines, sizeof(lines)) < 0)
		_exit(1);
	_exit(0);
}

int scene_open_in_child(const struct sluice_config *config, unsigned user)
{
	int ends[2], status = -1, result = 1;
	size_t got = 0;
	ssize_t part;
	pid_t child;

	scene_forget_lines();
	assert_int_equal(pipe(ends), 0);
	child = fork();
	if (child == 0)
		scene_child(config, user, ends[1]);
	scene_last_child = (int)child;
	close(ends[1]);
	assert_int_equal(read(ends[0], &result, sizeof(result)), sizeof(result));
	while (got < sizeof(lines) && (part = read(ends[0], lines + got, sizeof(lines) - got)) > 0)
		got += (size_t)part;
	close(ends[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	return result;
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
