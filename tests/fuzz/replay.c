/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A target without the fuzzer: runs the inputs it is given, one after another, and names the one that stops it.  So every compiler
 * and every build replays what fuzzing found.  An input is a file of its bytes; a file whose name ends in `.hex` is a corpus, with
 * one input a line.
 */
#include <signal.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"

#define INPUT_BYTES_MAX (1U << 20)

static uint8_t input[INPUT_BYTES_MAX];
static char where[512];

/* Whatever stops the program, by REQUIRE, sanitizer or signal. */
static void tell(int signal)
{
	static const char text[] = "\nstopped by ";

	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0 || write(STDERR_FILENO, where, strlen(where)) < 0 ||
	    write(STDERR_FILENO, "\n", 1) < 0)
		_exit(3);
	_exit(128 + signal);
}

static int digit(int letter)
{
	return letter >= '0' && letter <= '9' ? letter - '0' : letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

/* One line of a corpus; false: the file is at its end. */
static bool read_line(FILE *file, size_t *size)
{
	int high, low;

	for (*size = 0; (high = fgetc(file)) != EOF && high != '\n'; (*size)++) {
		low = fgetc(file);
		FUZZ_REQUIRE(*size < INPUT_BYTES_MAX && digit(high) >= 0 && digit(low) >= 0, "no corpus: %s", where);
		input[*size] = (uint8_t)(digit(high) << 4 | digit(low));
	}
	return high != EOF || *size;
}

/* A copy that ends where the input ends, so that the sanitizer sees whoever reads on. */
static void run(size_t size)
{
	uint8_t *copy = malloc(size + !size);

	FUZZ_REQUIRE(copy, "no memory");
	memcpy(copy, input, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static uint32_t run_file(const char *path)
{
	const char *end = strrchr(path, '.');
	FILE *file = fopen(path, "rb");
	uint32_t count = 0;
	size_t size;

	FUZZ_REQUIRE(file, "cannot open %s", path);
	if (!end || strcmp(end, ".hex") != 0) {
		snprintf(where, sizeof(where), "%s", path);
		run(fread(input, 1, sizeof(input), file));
		count = 1;
	} else {
		while (read_line(file, &size)) {
			snprintf(where, sizeof(where), "%s:%u", path, ++count);
			run(size);
		}
	}
	fclose(file);
	return count;
}

int main(int argc, char **argv)
{
	uint32_t count = 0;

	signal(SIGABRT, tell);
	signal(SIGSEGV, tell);
	signal(SIGALRM, tell);
	for (int i = 1; i < argc; i++) {
		alarm(120);
		count += run_file(argv[i]);
	}
	printf("%u inputs\n", count);
	return count == 0;
}
