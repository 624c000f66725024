/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Keys come from files that nobody but their owner may read, and go nowhere but into the configuration: they are never
 * printed, and a message names the file alone.
 */
#pragma once

#include <stdint.h>

#include "app/common/options.h"

#define KEY_FILE_BYTES_MAX 512 /* more than 64 bytes in digits, and white space */
#define KEY_BYTES_MIN      32
#define KEY_BYTES_MAX      64

/* The file's bytes as they are; of a longer one KEY_FILE_BYTES_MAX.  0, or -EINVAL after saying what is wrong and what helps. */
int key_file_read(const struct options *options, const char *option, const char *path,
		  uint8_t bytes[KEY_FILE_BYTES_MAX], uint32_t *count);

/*
 * A key of 32 to 64 bytes: hexadecimal digits and white space if the file holds nothing else, else its bytes as they are.
 * 0, or -EINVAL after saying what is wrong and what helps.
 */
int key_file_read_key(const struct options *options, const char *option, const char *path, uint8_t key[KEY_BYTES_MAX],
		      uint32_t *key_bytes);
