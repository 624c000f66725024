/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An endpoint read from arguments, with what was said about it.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "app/common/endpoint.h"

struct endpoint_scene {
	struct endpoint endpoint;
	struct options options;
	char *error;
	size_t error_bytes;
	int status; /* of endpoint_finish(), or 1 when options_read() refused */
};

static inline void endpoint_scene_close(struct endpoint_scene *scene)
{
	options_release(&scene->options);
	fclose(scene->options.error);
	free(scene->error);
}

static inline void endpoint_scene_open(struct endpoint_scene *scene, int count, char **arguments)
{
	struct eal_split split = {.arguments = arguments, .argument_count = count};

	endpoint_defaults(&scene->endpoint);
	scene->error = NULL;
	scene->options = (struct options){
		.program = "prog",
		.set = {endpoint_options(&scene->endpoint)},
		.set_count = 1,
		.error = open_memstream(&scene->error, &scene->error_bytes),
	};
	scene->status = options_read(&scene->options, count, arguments) != OPTIONS_RUN;
	if (!scene->status)
		scene->status = endpoint_finish(&scene->endpoint, &split, &scene->options);
	fflush(scene->options.error);
}

/* Opens a scene with these arguments. */
#define ENDPOINT_SCENE(scene, ...)                                                                \
	do {                                                                                      \
		const char *arguments_[] = {__VA_ARGS__};                                         \
		char *copies_[sizeof(arguments_) / sizeof(arguments_[0])];                        \
		__builtin_memcpy(copies_, arguments_, sizeof(arguments_));                        \
		endpoint_scene_open(scene, (int)(sizeof(copies_) / sizeof(copies_[0])), copies_); \
	} while (0)

/* The arguments are refused with this message. */
#define ENDPOINT_REFUSES(message, ...)                      \
	do {                                                \
		struct endpoint_scene scene_;               \
		ENDPOINT_SCENE(&scene_, __VA_ARGS__);       \
		assert_int_not_equal(scene_.status, 0);     \
		assert_string_equal(scene_.error, message); \
		endpoint_scene_close(&scene_);              \
	} while (0)
