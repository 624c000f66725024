/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A program with one option of each kind, and what it says caught in memory.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "app/common/options.h"
#include "lib/sluice.h"

enum scene_color { SCENE_RED, SCENE_GREEN, SCENE_BLUE };

struct scene_values {
	bool flag, toggle;
	uint8_t small;
	uint32_t number, size, wait_ms;
	uint64_t wait_ns, large;
	const char *text;
	struct sluice_address address;
	struct sluice_subnet subnet;
	enum scene_color color;
	struct options_list list;
};

struct scene {
	struct scene_values values;
	struct options options;
	char *output, *error;
	size_t output_bytes, error_bytes;
};

/* Opens a fresh one; close it with scene_close(). */
void scene_open(struct scene *scene);
void scene_close(struct scene *scene);

/* Reads arguments, ended by NULL. */
enum options_result scene_read(struct scene *scene, ...) __attribute__((sentinel));

/* Writes `text` to a file and returns its path, which the next call overwrites. */
const char *scene_file(const char *text);

/* Opens a scene, reads the arguments, and expects exactly this on error. */
#define scene_expect_wrong(message, ...)                                                 \
	do {                                                                             \
		struct scene scene_;                                                     \
		scene_open(&scene_);                                                     \
		assert_int_equal(scene_read(&scene_, __VA_ARGS__, NULL), OPTIONS_WRONG); \
		assert_string_equal(scene_.error, message);                              \
		scene_close(&scene_);                                                    \
	} while (0)

/* The same, for a file. */
#define scene_expect_file_wrong(message, file)                                                            \
	do {                                                                                              \
		struct scene scene_;                                                                      \
		scene_open(&scene_);                                                                      \
		assert_int_equal(scene_read(&scene_, "--config", scene_file(file), NULL), OPTIONS_WRONG); \
		assert_string_equal(scene_.error, message);                                               \
		scene_close(&scene_);                                                                     \
	} while (0)
