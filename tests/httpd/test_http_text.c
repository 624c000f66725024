/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Classes of characters against the lists of the RFCs, written out once more; lists and numbers.
 */
#include "app/httpd/http_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "app/httpd/http_scan.h"

static bool is_in(const char *list, unsigned byte)
{
	return byte != 0 && byte < 0x80 && strchr(list, (int)byte) != NULL;
}

static bool is_alphanumeric(unsigned byte)
{
	return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
}

static void test_classes(void **state)
{
	(void)state;
	for (unsigned byte = 0; byte < 256; byte++) {
		bool visible = byte > 0x20 && byte < 0x7f;

		assert_int_equal(http_text_is((uint8_t)byte, HTTP_CLASS_TOKEN),
				 is_alphanumeric(byte) || is_in("!#$%&'*+-.^_`|~", byte));
		assert_int_equal(http_text_is((uint8_t)byte, HTTP_CLASS_VALUE),
				 visible || byte == ' ' || byte == '\t' || byte >= 0x80);
		assert_int_equal(http_text_is((uint8_t)byte, HTTP_CLASS_TARGET), visible && byte != '#');
		assert_int_equal(http_text_is((uint8_t)byte, HTTP_CLASS_HOST),
				 is_alphanumeric(byte) || is_in("-._~!$&'()*+;=:[]%", byte));
		assert_int_equal(http_text_is((uint8_t)byte, HTTP_CLASS_ETAG),
				 (visible && byte != '"') || byte >= 0x80);
	}
}

/* 16 bytes a step finds what the table finds, wherever the odd byte lies. */
static void test_scan_finds_what_the_table_finds(void **state)
{
	(void)state;
	for (unsigned length = 0; length <= 50; length++) {
		uint8_t *data = malloc(length + 1);

		for (unsigned place = 0; place <= length; place++) {
			for (unsigned byte = 0; byte < 256; byte++) {
				memset(data, 'a', length);
				if (place < length)
					data[place] = (uint8_t)byte;
				assert_int_equal(http_scan_value(data, 0, length),
						 http_scan_table(data, 0, length, HTTP_CLASS_VALUE));
				assert_int_equal(http_scan_target(data, 0, length),
						 http_scan_table(data, 0, length, HTTP_CLASS_TARGET));
			}
		}
		free(data);
	}
}

static void test_hex(void **state)
{
	(void)state;
	for (unsigned byte = 0; byte < 256; byte++) {
		const char text[2] = {(char)byte, 0};
		char *end;
		long value = strtol(text, &end, 16);

		assert_int_equal(http_text_hex((uint8_t)byte), is_alphanumeric(byte) && end == text + 1 ? value : -1);
	}
}

static void expect_elements(const char *text, const char *const *expected)
{
	struct http_view list = http_view_of(text), element;

	for (; *expected; expected++) {
		assert_true(http_view_next(&list, &element));
		assert_int_equal(element.bytes, strlen(*expected));
		assert_memory_equal(element.data, *expected, element.bytes);
	}
	assert_false(http_view_next(&list, &element));
}

static void test_lists(void **state)
{
	(void)state;
	expect_elements("a", (const char *[]){"a", NULL});
	expect_elements("a,b", (const char *[]){"a", "b", NULL});
	expect_elements(" a \t, b ", (const char *[]){"a", "b", NULL});
	expect_elements("", (const char *[]){"", NULL});
	expect_elements(",", (const char *[]){"", "", NULL});
	expect_elements("\"a,b\",c", (const char *[]){"\"a,b\"", "c", NULL});
}

static void test_numbers(void **state)
{
	uint64_t number;

	(void)state;
	assert_true(http_view_number(http_view_of("0"), &number));
	assert_int_equal(number, 0);
	assert_true(http_view_number(http_view_of("0042"), &number));
	assert_int_equal(number, 42);
	assert_true(http_view_number(http_view_of("18446744073709551615"), &number));
	assert_int_equal(number, UINT64_MAX);
	assert_true(http_view_number(http_view_of("18446744073709551616"), &number));
	assert_int_equal(number, UINT64_MAX);
	assert_true(http_view_number(http_view_of("99999999999999999999999999"), &number));
	assert_int_equal(number, UINT64_MAX);
	assert_false(http_view_number(http_view_of(""), &number));
	assert_false(http_view_number(http_view_of("+1"), &number));
	assert_false(http_view_number(http_view_of("-1"), &number));
	assert_false(http_view_number(http_view_of("1 "), &number));
	assert_false(http_view_number(http_view_of("0x1"), &number));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_classes), cmocka_unit_test(test_scan_finds_what_the_table_finds),
		cmocka_unit_test(test_hex),     cmocka_unit_test(test_lists),
		cmocka_unit_test(test_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
