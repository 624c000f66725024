/* SPDX-License-Identifier: BSD-3-Clause */
/* The report of a broken rule: written whole, then the process ends. */
#include "tests/sim/violation.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char *scene_program = "build/tests/sim";
static uint64_t scene_seed;
static const uint64_t *scene_now_ns;

void (*violation_catch)(const char *rule, const char *text);

void violation_scene(const char *program, uint64_t seed, const uint64_t *now_ns)
{
	scene_program = program;
	scene_seed = seed;
	scene_now_ns = now_ns;
}

void violation(const char *rule, const char *format, ...)
{
	uint64_t now_ns = scene_now_ns ? *scene_now_ns : 0;
	char text[1024];
	va_list list;

	va_start(list, format);
	vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	if (violation_catch)
		violation_catch(rule, text);
	fflush(stdout);
	fprintf(stderr, "seed %lu violates \"%s\" at %lu.%09lu s: %s\n  replay: %s --seed %lu --trace\n", scene_seed,
		rule, now_ns / 1000000000, now_ns % 1000000000, text, scene_program, scene_seed);
	_exit(1);
}
