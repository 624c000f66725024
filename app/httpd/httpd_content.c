/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The store: an array of resources while it is filled, then an open-addressed table of their indexes.  Lookups hash the
 * path; nobody outside can add a path, so that an unkeyed hash will do.
 */
#include "app/httpd/httpd_content.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/httpd/http_date.h"
#include "app/httpd/http_target.h"
#include "app/httpd/httpd_directory.h"
#include "app/httpd/httpd_page.h"
#include "app/httpd/httpd_text.h"
#include "app/httpd/httpd_type.h"

#define NO_RESOURCE UINT32_MAX

/* One body as it was added; several resources may show it. */
struct item {
	struct httpd_resource resource;
	void *owned_body;
	void *owned_text; /* path and fields */
};

struct httpd_content {
	struct item *item;
	uint32_t count, room;
	uint32_t *table; /* of indexes into item */
	uint32_t mask;
	uint64_t bytes;
};

static uint64_t hash_bytes(const uint8_t *data, uint64_t bytes)
{
	uint64_t hash = bytes * UINT64_C(0x9e3779b97f4a7c15);

	for (; bytes >= 8; bytes -= 8, data += 8) {
		uint64_t word;

		memcpy(&word, data, 8);
		hash = (hash ^ word) * UINT64_C(0xff51afd7ed558ccd);
		hash ^= hash >> 32;
	}
	for (; bytes > 0; bytes--, data++)
		hash = (hash ^ *data) * UINT64_C(0x100000001b3);
	hash = (hash ^ hash >> 29) * UINT64_C(0xc4ceb9fe1a85ec53);
	return hash ^ hash >> 32;
}

static struct item *add_item(struct httpd_content *content)
{
	if (content->count == content->room) {
		uint32_t room = content->room ? content->room * 2 : 64;
		struct item *item = realloc(content->item, room * sizeof(*item));

		if (!item)
			return NULL;
		content->item = item;
		content->room = room;
	}
	memset(&content->item[content->count], 0, sizeof(struct item));
	return &content->item[content->count];
}

/* "ETag: "0123456789abcdef"", and where the tag lies in it. */
static uint8_t *put_etag(uint8_t *at, struct httpd_entity *entity)
{
	static const char digits[] = "0123456789abcdef";
	uint64_t hash = hash_bytes(entity->body, entity->body_bytes);

	at = HTTPD_TEXT_PUT(at, "ETag: ");
	entity->validators.etag = (struct http_view){.data = at, .bytes = 18};
	*at++ = '"';
	for (int shift = 60; shift >= 0; shift -= 4)
		*at++ = (uint8_t)digits[hash >> shift & 15];
	return HTTPD_TEXT_PUT(at, "\"\r\n");
}

static uint8_t *put_validators(uint8_t *at, struct httpd_entity *entity, bool vary)
{
	char date[HTTP_DATE_BYTES];

	at = put_etag(at, entity);
	if (entity->validators.modified_s) {
		http_date_format(entity->validators.modified_s, date);
		at = HTTPD_TEXT_PUT(at, "Last-Modified: ");
		at = httpd_text_put(at, date, sizeof(date));
		at = HTTPD_TEXT_PUT(at, "\r\n");
	}
	return vary ? HTTPD_TEXT_PUT(at, "Vary: Accept-Encoding\r\n") : at;
}

/* Writes the entity's field lines at `at`, which has HTTPD_ENTITY_FIELDS_MAX_BYTES. */
static void put_fields(uint8_t *at, struct httpd_entity *entity, enum http_coding coding, bool vary, bool validators)
{
	const uint8_t *start = at;

	entity->fields = start;
	if (validators)
		at = put_validators(at, entity, vary);
	entity->validator_bytes = (uint16_t)(at - start);
	if (validators)
		at = HTTPD_TEXT_PUT(at, "Accept-Ranges: bytes\r\n");
	if (coding == HTTP_CODING_GZIP)
		at = HTTPD_TEXT_PUT(at, "Content-Encoding: gzip\r\n");
	if (coding == HTTP_CODING_BROTLI)
		at = HTTPD_TEXT_PUT(at, "Content-Encoding: br\r\n");
	entity->untyped_bytes = (uint16_t)(at - start);
	at = HTTPD_TEXT_PUT(at, "Content-Type: ");
	at = httpd_text_put_string(at, entity->type);
	at = HTTPD_TEXT_PUT(at, "\r\n");
	entity->described_bytes = (uint16_t)(at - start);
	at = HTTPD_TEXT_PUT(at, "Content-Length: ");
	at = httpd_text_put_number(at, entity->body_bytes);
	at = HTTPD_TEXT_PUT(at, "\r\n\r\n");
	entity->fields_bytes = (uint16_t)(at - start);
}

/* Copies the path to where the item's own text is; the fields of all codings will follow it. */
static struct item *begin_item(struct httpd_content *content, const char *path)
{
	size_t path_bytes = strlen(path);
	struct item *item = add_item(content);

	if (!item)
		return NULL;
	item->owned_text = malloc(path_bytes + 1 + HTTP_CODING_COUNT * HTTPD_ENTITY_FIELDS_MAX_BYTES);
	if (!item->owned_text)
		return NULL;
	memcpy(item->owned_text, path, path_bytes + 1);
	item->resource.path = item->owned_text;
	item->resource.path_bytes = (uint32_t)path_bytes;
	content->count++;
	return item;
}

int httpd_content_add(struct httpd_content *content, const struct httpd_body *body)
{
	struct item *item = begin_item(content, body->path);
	struct httpd_entity *entity;

	if (!item)
		return -ENOMEM;
	item->owned_body = body->owned;
	item->resource.available = 1 << HTTP_CODING_IDENTITY;
	entity = &item->resource.entity[HTTP_CODING_IDENTITY];
	entity->body = body->data;
	entity->body_bytes = body->bytes;
	entity->type = body->type ? body->type : httpd_type_of(body->path);
	entity->validators.modified_s = body->modified_s;
	entity->validators.etag.bytes = body->validators; /* until put_fields() knows better */
	content->bytes += body->bytes;
	return 0;
}

int httpd_content_add_directory(struct httpd_content *content, const char *path)
{
	struct item *item = begin_item(content, path);

	if (!item)
		return -ENOMEM;
	item->resource.is_directory = true;
	return 0;
}

static uint32_t *slot_of(const struct httpd_content *content, const uint8_t *path, uint32_t path_bytes)
{
	uint32_t slot = (uint32_t)hash_bytes(path, path_bytes) & content->mask;

	while (content->table[slot] != NO_RESOURCE) {
		const struct httpd_resource *resource = &content->item[content->table[slot]].resource;

		if (resource->path_bytes == path_bytes && memcmp(resource->path, path, path_bytes) == 0)
			break;
		slot = (slot + 1) & content->mask;
	}
	return &content->table[slot];
}

const struct httpd_resource *httpd_content_find(const struct httpd_content *content, const uint8_t *path,
						uint32_t path_bytes)
{
	uint32_t index = *slot_of(content, path, path_bytes);

	return index == NO_RESOURCE ? NULL : &content->item[index].resource;
}

/* "/a.css.gz" beside "/a.css" becomes its gzip coding, with the type of what is inside. */
static void adopt_coding(struct httpd_content *content, struct httpd_resource *resource, enum http_coding coding,
			 const char *ending)
{
	uint8_t path[HTTP_PATH_MAX_BYTES];
	struct httpd_entity *entity = &resource->entity[coding];
	const struct httpd_resource *sibling;
	uint8_t *end;

	if (resource->path_bytes + strlen(ending) > sizeof(path))
		return;
	end = httpd_text_put(path, resource->path, resource->path_bytes);
	end = httpd_text_put_string(end, ending);
	sibling = httpd_content_find(content, path, (uint32_t)(end - path));
	if (!sibling || sibling->is_directory)
		return;
	*entity = sibling->entity[HTTP_CODING_IDENTITY];
	entity->type = resource->entity[HTTP_CODING_IDENTITY].type;
	resource->available |= (uint8_t)(1U << coding);
}

/* "/a/" shows what "/a/index.html" shows. */
static int add_index(struct httpd_content *content, uint32_t index)
{
	static const char name[] = "index.html";
	const struct httpd_resource *resource = &content->item[index].resource;
	uint32_t bytes = resource->path_bytes;
	const struct httpd_entity *entity = &resource->entity[HTTP_CODING_IDENTITY];
	struct httpd_body body;
	char *path;
	int result;

	if (resource->is_directory || bytes < sizeof(name) ||
	    memcmp(resource->path + bytes - sizeof(name), "/index.html", sizeof(name)) != 0)
		return 0;
	path = strndup(resource->path, bytes - sizeof(name) + 1);
	if (!path)
		return -ENOMEM;
	body = (struct httpd_body){.path = path,
				   .data = entity->body,
				   .bytes = entity->body_bytes,
				   .modified_s = entity->validators.modified_s,
				   .type = entity->type,
				   .validators = true};
	content->bytes -= body.bytes; /* counted with the file */
	result = httpd_content_add(content, &body);
	free(path);
	return result;
}

/* Its codings are those of the index page, which `index` has by now. */
static void share_codings(const struct httpd_content *content, struct httpd_resource *resource)
{
	uint8_t path[HTTP_PATH_MAX_BYTES];
	const struct httpd_resource *page;
	uint8_t *end;

	if (resource->path[resource->path_bytes - 1] != '/' || resource->path_bytes + 10 > sizeof(path))
		return;
	end = httpd_text_put(path, resource->path, resource->path_bytes);
	end = HTTPD_TEXT_PUT(end, "index.html");
	page = httpd_content_find(content, path, (uint32_t)(end - path));
	if (!page)
		return;
	memcpy(resource->entity, page->entity, sizeof(resource->entity));
	resource->available = page->available;
}

static void finish_fields(struct item *item)
{
	struct httpd_resource *resource = &item->resource;
	uint8_t *at = (uint8_t *)item->owned_text + resource->path_bytes + 1;
	bool vary = resource->available != 1 << HTTP_CODING_IDENTITY;

	for (enum http_coding coding = 0; coding < HTTP_CODING_COUNT; coding++) {
		struct httpd_entity *entity = &resource->entity[coding];

		if (!(resource->available >> coding & 1))
			continue;
		put_fields(at, entity, coding, vary, entity->validators.etag.bytes > 0);
		at += HTTPD_ENTITY_FIELDS_MAX_BYTES;
	}
}

static int build_table(struct httpd_content *content)
{
	uint32_t size = 16;

	while (size < content->count * 2)
		size *= 2;
	content->table = malloc(size * sizeof(*content->table));
	if (!content->table)
		return -ENOMEM;
	content->mask = size - 1;
	memset(content->table, 0xff, size * sizeof(*content->table));
	for (uint32_t i = 0; i < content->count; i++) {
		const struct httpd_resource *resource = &content->item[i].resource;

		*slot_of(content, (const uint8_t *)resource->path, resource->path_bytes) = i;
	}
	return 0;
}

/* Index pages, table, codings, and last the header lines, once nothing moves any more. */
static int finish(struct httpd_content *content)
{
	uint32_t files = content->count;
	int result = 0;

	for (uint32_t i = 0; i < files && result == 0; i++)
		result = add_index(content, i);
	if (result == 0)
		result = build_table(content);
	if (result)
		return result;
	for (uint32_t i = 0; i < files; i++) {
		struct httpd_resource *resource = &content->item[i].resource;

		if (resource->is_directory || !resource->entity[HTTP_CODING_IDENTITY].validators.etag.bytes)
			continue;
		adopt_coding(content, resource, HTTP_CODING_GZIP, ".gz");
		adopt_coding(content, resource, HTTP_CODING_BROTLI, ".br");
	}
	for (uint32_t i = files; i < content->count; i++)
		share_codings(content, &content->item[i].resource);
	for (uint32_t i = 0; i < content->count; i++)
		finish_fields(&content->item[i]);
	return 0;
}

int httpd_content_open(const char *root, uint64_t max_bytes, bool endpoints, struct httpd_content **content)
{
	struct httpd_content *store = calloc(1, sizeof(*store));
	int result = store ? 0 : -ENOMEM;

	if (result == 0)
		result = root ? httpd_directory_load(store, root, max_bytes) : httpd_page_add(store);
	if (result == 0 && endpoints)
		result = httpd_page_add_endpoints(store);
	if (result == 0)
		result = finish(store);
	if (result) {
		if (result == -ENOMEM)
			fprintf(stderr, "sluice-httpd: out of memory while loading what is served\n");
		httpd_content_close(store);
		return result;
	}
	*content = store;
	return 0;
}

void httpd_content_close(struct httpd_content *content)
{
	if (!content)
		return;
	for (uint32_t i = 0; i < content->count; i++) {
		free(content->item[i].owned_body);
		free(content->item[i].owned_text);
	}
	free(content->item);
	free(content->table);
	free(content);
}

uint32_t httpd_content_count(const struct httpd_content *content)
{
	return content->count;
}

uint64_t httpd_content_bytes(const struct httpd_content *content)
{
	return content->bytes;
}
