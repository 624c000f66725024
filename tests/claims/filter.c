/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Linked into a program of tests by stub.py, so that it runs one test alone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

__attribute__((constructor)) static void run_one(void)
{
	const char *name = getenv("CLAIMED_TEST");

	if (name)
		cmocka_set_test_filter(name);
}
