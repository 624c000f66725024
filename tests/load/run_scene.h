/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The program's run over the fake: options in, a finished run out.
 */
#pragma once

#include <stdlib.h>

#include "app/load/load_run.h"
#include "tests/load/fake_run.h"
#include "tests/load/load_scene.h"

struct run_scene {
	struct load_options program;
	struct options options;
	struct load_run run;
};

/* Reads the options and opens the run. */
static inline void run_scene_open(struct run_scene *scene, int count, char **arguments)
{
	fake_reset();
	memset(&fake_run, 0, sizeof(fake_run));
	assert_int_equal(load_options_read(&scene->program, &scene->options, count, arguments), OPTIONS_RUN);
	fake_run.workers = scene->program.endpoint.config.port_count;
	assert_int_equal(load_run_open(&scene->run, &scene->program), 0);
}

static inline void run_scene_close(struct run_scene *scene)
{
	load_run_close(&scene->run);
	options_release(&scene->options);
	fake_free();
}

#define RUN_SCENE(scene, ...)                                                                \
	do {                                                                                 \
		const char *arguments_[] = {"sluice-load", __VA_ARGS__};                     \
		char *copies_[sizeof(arguments_) / sizeof(arguments_[0])];                   \
		memcpy(copies_, arguments_, sizeof(arguments_));                             \
		run_scene_open(scene, (int)(sizeof(copies_) / sizeof(copies_[0])), copies_); \
	} while (0)
