/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a program says about its options: --help, and --print-config as a file that can be read back.
 */
#pragma once

#include <stdbool.h>

#include "app/common/options.h"

/* Call before anything is read: the defaults shown are what the fields hold. */
void options_print_help(const struct options *options, FILE *file);

/* `defaults[i]` is a copy of set i's base before anything was read.  False: a value fits no file, said on `error`. */
bool options_print_config(const struct options *options, void *const defaults[OPTIONS_SETS_MAX], FILE *file);
