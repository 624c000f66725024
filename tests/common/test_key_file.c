/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Keys from files: bytes or digits, of the right number, and from nobody's file but the owner's.
 */
#include "app/common/key_file.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/common/endpoint_scene.h"

#define BASE     "--port", "a", "--address", "198.18.0.1/15"
#define WITH_KEY BASE, "--cookie-key", "key"
#define WRONG                                                                                        \
	"prog: --cookie-key: 'key' must hold 32 to 64 bytes, as they are or in hexadecimal digits; " \
	"make one with: head -c 32 /dev/urandom > FILE\n"

static void file_write(const char *path, const void *bytes, size_t count, mode_t mode)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, count, file), count);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static void key_reads(const void *bytes, size_t count, const uint8_t *key, uint32_t key_bytes)
{
	static const uint8_t zeros[64];
	struct endpoint_scene scene;

	file_write("key", bytes, count, 0600);
	ENDPOINT_SCENE(&scene, WITH_KEY);
	assert_int_equal(scene.status, 0);
	assert_int_equal(scene.endpoint.config.cookie_key_bytes, key_bytes);
	assert_memory_equal(scene.endpoint.config.cookie_key, key, key_bytes);
	assert_memory_equal(scene.endpoint.config.cookie_key + key_bytes, zeros, 64 - key_bytes);
	assert_int_equal(scene.endpoint.config.cookie_key_previous_bytes, 0);
	endpoint_scene_close(&scene);
}

static void test_bytes_and_digits(void **state)
{
	uint8_t bytes[64];
	char digits[300] = "";

	(void)state;
	for (uint32_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(200 + i);
	key_reads(bytes, 32, bytes, 32);
	key_reads(bytes, 64, bytes, 64);
	for (uint32_t i = 0; i < 32; i++)
		snprintf(digits + strlen(digits), 4, i % 8 == 7 ? "%02X\n" : "%02x", bytes[i]);
	key_reads(digits, strlen(digits), bytes, 32);
	for (uint32_t i = 32; i < 64; i++)
		snprintf(digits + strlen(digits), 4, "%02x", bytes[i]);
	key_reads(digits, strlen(digits), bytes, 64);
	digits[0] = 0;
	for (uint32_t i = 0; i < 64; i++)
		snprintf(digits + strlen(digits), 5, "%02x  ", bytes[i]);
	key_reads(digits, strlen(digits), bytes, 64); /* all of it */
	unlink("key");
}

static void test_refused(void **state)
{
	char many[600];

	(void)state;
	memset(many, 'x', sizeof(many));
	unlink("key");
	ENDPOINT_REFUSES("prog: --cookie-key: cannot read 'key': No such file or directory\n", WITH_KEY);
	file_write("key", many, 31, 0600);
	ENDPOINT_REFUSES(WRONG, WITH_KEY);
	file_write("key", many, 65, 0600);
	ENDPOINT_REFUSES(WRONG, WITH_KEY);
	file_write("key", many, sizeof(many), 0600);
	ENDPOINT_REFUSES(WRONG, WITH_KEY);
	file_write("key", many, 0, 0600);
	ENDPOINT_REFUSES(WRONG, WITH_KEY);
	memset(many + 64, ' ', sizeof(many) - 64);
	memset(many, 'a', 64);
	many[599] = 'a'; /* far behind what looks like a whole key */
	file_write("key", many, sizeof(many), 0600);
	ENDPOINT_REFUSES(WRONG, WITH_KEY);
	memset(many, 'a', sizeof(many));
	file_write("key", many, 62, 0600); /* digits of 31 bytes */
	ENDPOINT_REFUSES(WRONG, WITH_KEY);
	file_write("key", many, 65, 0600); /* half a byte too many */
	ENDPOINT_REFUSES(WRONG, WITH_KEY);
	file_write("key", many, 64, 0640);
	ENDPOINT_REFUSES("prog: --cookie-key: others may read 'key'; run chmod 600 on it\n", WITH_KEY);
	file_write("key", many, 64, 0604);
	ENDPOINT_REFUSES("prog: --cookie-key: others may read 'key'; run chmod 600 on it\n", WITH_KEY);
	unlink("key");
	assert_int_equal(mkdir("key", 0700), 0);
	ENDPOINT_REFUSES("prog: --cookie-key: cannot read 'key': Is a directory\n", WITH_KEY);
	assert_int_equal(rmdir("key"), 0);
}

/* Behind a link it is the file itself that others must not read. */
static void test_link(void **state)
{
	struct endpoint_scene scene;
	char bytes[32];

	(void)state;
	memset(bytes, 'x', sizeof(bytes));
	file_write("behind", bytes, sizeof(bytes), 0600);
	assert_int_equal(symlink("behind", "key"), 0);
	ENDPOINT_SCENE(&scene, WITH_KEY);
	assert_int_equal(scene.status, 0);
	endpoint_scene_close(&scene);
	assert_int_equal(chmod("behind", 0644), 0);
	ENDPOINT_REFUSES("prog: --cookie-key: others may read 'key'; run chmod 600 on it\n", WITH_KEY);
	unlink("key");
	unlink("behind");
}

static void test_previous(void **state)
{
	struct endpoint_scene scene;
	char key[32], previous[40];

	(void)state;
	memset(key, 'k', sizeof(key));
	memset(previous, 'p', sizeof(previous));
	file_write("key", key, sizeof(key), 0600);
	file_write("previous", previous, sizeof(previous), 0400);
	ENDPOINT_SCENE(&scene, WITH_KEY, "--cookie-key-previous", "previous");
	assert_int_equal(scene.status, 0);
	assert_memory_equal(scene.endpoint.config.cookie_key, key, sizeof(key));
	assert_int_equal(scene.endpoint.config.cookie_key_previous_bytes, sizeof(previous));
	assert_memory_equal(scene.endpoint.config.cookie_key_previous, previous, sizeof(previous));
	endpoint_scene_close(&scene);
	ENDPOINT_REFUSES("prog: --cookie-key-previous needs --cookie-key, the one that is used now\n", BASE,
			 "--cookie-key-previous", "previous");
	unlink("key");
	unlink("previous");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes_and_digits),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_link),
		cmocka_unit_test(test_previous),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
