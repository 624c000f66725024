/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The store: what is found by which name, and the field lines that go with it.
 */
#include "app/httpd/httpd_content.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/httpd/site.h"

static struct httpd_content *content;

static int set_up(void **state)
{
	(void)state;
	content = site_open();
	return content ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	site_close(content);
	return 0;
}

static const struct httpd_resource *find(const char *path)
{
	return httpd_content_find(content, (const uint8_t *)path, (uint32_t)strlen(path));
}

static void expect_fields(const struct httpd_entity *entity, const char *expected)
{
	char text[HTTPD_ENTITY_FIELDS_MAX_BYTES + 1];

	snprintf(text, sizeof(text), "%.*s", entity->fields_bytes, (const char *)entity->fields);
	/* The tag is the content's hash: any 16 digits will do. */
	if (strncmp(text, "ETag: \"", 7) == 0)
		memset(text + 7, '#', 16);
	assert_string_equal(text, expected);
}

#define ETAG     "ETag: \"################\"\r\n"
#define MODIFIED "Last-Modified: " SITE_DATE "\r\n"

static void test_fields(void **state)
{
	const struct httpd_resource *style = find("/style.css"), *sub = find("/sub/"), *plain = find("/plaintext");

	(void)state;
	expect_fields(&style->entity[HTTP_CODING_IDENTITY],
		      ETAG MODIFIED "Vary: Accept-Encoding\r\nAccept-Ranges: bytes\r\n"
				    "Content-Type: text/css; charset=utf-8\r\nContent-Length: 18\r\n\r\n");
	expect_fields(&style->entity[HTTP_CODING_GZIP],
		      ETAG MODIFIED "Vary: Accept-Encoding\r\nAccept-Ranges: bytes\r\nContent-Encoding: gzip\r\n"
				    "Content-Type: text/css; charset=utf-8\r\nContent-Length: 18\r\n\r\n");
	expect_fields(&style->entity[HTTP_CODING_BROTLI],
		      ETAG MODIFIED "Vary: Accept-Encoding\r\nAccept-Ranges: bytes\r\nContent-Encoding: br\r\n"
				    "Content-Type: text/css; charset=utf-8\r\nContent-Length: 13\r\n\r\n");
	expect_fields(&sub->entity[HTTP_CODING_IDENTITY],
		      ETAG MODIFIED "Accept-Ranges: bytes\r\nContent-Type: text/html; charset=utf-8\r\n"
				    "Content-Length: 13\r\n\r\n");
	expect_fields(&plain->entity[HTTP_CODING_IDENTITY], "Content-Type: text/plain\r\nContent-Length: 13\r\n\r\n");
}

static void test_parts_of_the_fields(void **state)
{
	const struct httpd_entity *entity = &find("/style.css")->entity[HTTP_CODING_GZIP];
	const char *fields = (const char *)entity->fields;

	(void)state;
	assert_memory_equal(fields + entity->validator_bytes, "Accept-Ranges", 13);
	assert_memory_equal(fields + entity->untyped_bytes, "Content-Type", 12);
	assert_memory_equal(fields + entity->described_bytes, "Content-Length", 14);
}

static void test_codings_beside_files(void **state)
{
	(void)state;
	assert_int_equal(find("/style.css")->available, 7);
	assert_int_equal(find("/index.html")->available, 1 | 1 << HTTP_CODING_GZIP);
	assert_int_equal(find("/")->available, 1 | 1 << HTTP_CODING_GZIP); /* shows the same page */
	assert_memory_equal(find("/")->entity[HTTP_CODING_GZIP].body, SITE_INDEX_GZIP, strlen(SITE_INDEX_GZIP));
	assert_int_equal(find("/sub/")->available, 1);
	assert_non_null(find("/style.css.gz")); /* is served by its own name too */
	assert_string_equal(find("/style.css.gz")->entity[HTTP_CODING_IDENTITY].type, "application/gzip");
	assert_non_null(find("/only.gz"));
}

static void test_tags_tell_contents_apart(void **state)
{
	const struct http_validators *index = &find("/index.html")->entity[0].validators;
	const struct http_validators *root = &find("/")->entity[0].validators;
	const struct http_validators *sub = &find("/sub/index.html")->entity[0].validators;

	(void)state;
	assert_int_equal(index->etag.bytes, 18);
	assert_memory_equal(index->etag.data, root->etag.data, 18);
	assert_memory_not_equal(index->etag.data, sub->etag.data, 18);
}

static void test_figures(void **state)
{
	(void)state;
	assert_int_equal(httpd_content_count(content), SITE_RESOURCES);
	assert_in_range(httpd_content_bytes(content), 100, 1000);
}

static void test_what_is_added_last_is_found(void **state)
{
	(void)state;
	/* Endpoints come after files, so that no file can stand in their place. */
	assert_int_equal(find("/json")->entity[0].validators.etag.bytes, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_parts_of_the_fields),
		cmocka_unit_test(test_codings_beside_files),
		cmocka_unit_test(test_tags_tell_contents_apart),
		cmocka_unit_test(test_figures),
		cmocka_unit_test(test_what_is_added_last_is_found),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
