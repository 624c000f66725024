/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading keys from files.
 */
#include "app/common/key_file.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* -EINVAL, having said why. */
#define REFUSE(options, ...) (options_refuse(options, __VA_ARGS__), -EINVAL)

int key_file_read(const struct options *options, const char *option, const char *path,
		  uint8_t bytes[KEY_FILE_BYTES_MAX], uint32_t *count)
{
	struct stat status;
	ssize_t got;
	int file = open(path, O_RDONLY | O_CLOEXEC);

	if (file < 0)
		return REFUSE(options, "--%s: cannot read '%s': %s", option, path, strerror(errno));
	if (fstat(file, &status) || (got = read(file, bytes, KEY_FILE_BYTES_MAX)) < 0) {
		options_refuse(options, "--%s: cannot read '%s': %s", option, path, strerror(errno));
		close(file);
		return -EINVAL;
	}
	close(file);
	if (status.st_mode & (S_IRWXG | S_IRWXO))
		return REFUSE(options, "--%s: others may read '%s'; run chmod 600 on it", option, path);
	*count = (uint32_t)got;
	return 0;
}

static bool is_digits(const uint8_t *bytes, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (!isxdigit(bytes[i]) && !isspace(bytes[i]))
			return false;
	return true;
}

static uint8_t digit_value(uint8_t digit)
{
	return (uint8_t)(isdigit(digit) ? digit - '0' : tolower(digit) - 'a' + 10);
}

/* Digits become bytes, in place; returns how many, or 0 if a digit is left over. */
static uint32_t digits_pack(uint8_t *bytes, uint32_t count)
{
	uint32_t digits = 0;

	for (uint32_t i = 0; i < count; i++) {
		uint8_t byte = bytes[i];

		if (isspace(byte))
			continue;
		if (digits % 2)
			bytes[digits / 2] = (uint8_t)(bytes[digits / 2] | digit_value(byte));
		else
			bytes[digits / 2] = (uint8_t)(digit_value(byte) << 4);
		digits++;
	}
	return digits % 2 ? 0 : digits / 2;
}

int key_file_read_key(const struct options *options, const char *option, const char *path, uint8_t key[KEY_BYTES_MAX],
		      uint32_t *key_bytes)
{
	uint8_t bytes[KEY_FILE_BYTES_MAX];
	uint32_t count;

	if (key_file_read(options, option, path, bytes, &count))
		return -EINVAL;
	if (count == KEY_FILE_BYTES_MAX) /* and there may be more, which must not be left out */
		count = 0;
	else if (is_digits(bytes, count))
		count = digits_pack(bytes, count);
	if (count < KEY_BYTES_MIN || count > KEY_BYTES_MAX)
		return REFUSE(options,
			      "--%s: '%s' must hold %d to %d bytes, as they are or in hexadecimal digits; "
			      "make one with: head -c 32 /dev/urandom > FILE",
			      option, path, KEY_BYTES_MIN, KEY_BYTES_MAX);
	memset(key, 0, KEY_BYTES_MAX);
	memcpy(key, bytes, count);
	*key_bytes = count;
	explicit_bzero(bytes, sizeof(bytes));
	return 0;
}
