/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How an oracle says no: one report with the seed, the virtual time, the rule, and the command that replays it.  The
 * process ends there, because what follows a broken rule proves nothing; the parent goes on with the next seed.
 */
#pragma once

#include <stdint.h>

/* What the report names.  now_ns is read when a violation happens. */
void violation_scene(const char *program, uint64_t seed, const uint64_t *now_ns);

/* Called with the report's text instead of ending the process: for the oracles' own tests.  Must not return. */
extern void (*violation_catch)(const char *rule, const char *text);

_Noreturn void violation(const char *rule, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Violates `rule` unless `condition`. */
#define RULE(condition, rule, ...)                     \
	do {                                           \
		if (__builtin_expect(!(condition), 0)) \
			violation(rule, __VA_ARGS__);  \
	} while (0)
