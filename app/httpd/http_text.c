/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The table of character classes, and the few list and number readers that several fields share.
 */
#include "app/httpd/http_text.h"

#define TOKEN  (HTTP_CLASS_TOKEN | HTTP_CLASS_VALUE | HTTP_CLASS_TARGET | HTTP_CLASS_ETAG)
#define VALUE  (HTTP_CLASS_VALUE | HTTP_CLASS_TARGET | HTTP_CLASS_ETAG)
#define HOST   HTTP_CLASS_HOST
#define LETTER (TOKEN | HOST)

/* Ranges first, exceptions after them: later designators win, on purpose. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
#ifdef __clang__
#pragma GCC diagnostic ignored "-Winitializer-overrides"
#endif
const uint8_t http_text_class[256] = {
	['\t'] = HTTP_CLASS_VALUE,
	[' '] = HTTP_CLASS_VALUE,
	[0x21 ... 0x7e] = VALUE,
	['0' ... '9'] = LETTER,
	['A' ... 'Z'] = LETTER,
	['a' ... 'z'] = LETTER,
	['!'] = LETTER,
	['"'] = HTTP_CLASS_VALUE | HTTP_CLASS_TARGET,
	['#'] = TOKEN & ~HTTP_CLASS_TARGET,
	['$'] = LETTER,
	['%'] = LETTER,
	['&'] = LETTER,
	['\''] = LETTER,
	['('] = VALUE | HOST,
	[')'] = VALUE | HOST,
	['*'] = LETTER,
	['+'] = LETTER,
	['-'] = LETTER,
	['.'] = LETTER,
	[':'] = VALUE | HOST,
	[';'] = VALUE | HOST,
	['='] = VALUE | HOST,
	['['] = VALUE | HOST,
	[']'] = VALUE | HOST,
	['^'] = TOKEN,
	['_'] = LETTER,
	['`'] = TOKEN,
	['|'] = TOKEN,
	['~'] = LETTER,
	[0x80 ... 0xff] = HTTP_CLASS_VALUE | HTTP_CLASS_ETAG,
};
#pragma GCC diagnostic pop

int http_text_hex(uint8_t byte)
{
	if (http_text_digit(byte) < 10)
		return (int)http_text_digit(byte);
	byte |= 0x20;
	return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

struct http_view http_view_trim(struct http_view view)
{
	while (view.bytes > 0 && (view.data[0] == ' ' || view.data[0] == '\t')) {
		view.data++;
		view.bytes--;
	}
	while (view.bytes > 0 && (view.data[view.bytes - 1] == ' ' || view.data[view.bytes - 1] == '\t'))
		view.bytes--;
	return view;
}

/* Where the element ends: the first comma outside quotes, or the end. */
static uint32_t element_bytes(struct http_view list)
{
	bool quoted = false;
	uint32_t at;

	for (at = 0; at < list.bytes; at++) {
		if (list.data[at] == '"')
			quoted = !quoted;
		else if (list.data[at] == ',' && !quoted)
			break;
	}
	return at;
}

bool http_view_next(struct http_view *list, struct http_view *element)
{
	uint32_t bytes;

	if (!list->data)
		return false;
	bytes = element_bytes(*list);
	*element = http_view_trim((struct http_view){.data = list->data, .bytes = bytes});
	if (bytes == list->bytes) {
		*list = (struct http_view){0};
	} else {
		list->data += bytes + 1;
		list->bytes -= bytes + 1;
	}
	return true;
}

bool http_view_number(struct http_view view, uint64_t *number)
{
	uint64_t value = 0;

	for (uint32_t i = 0; i < view.bytes; i++) {
		unsigned digit = http_text_digit(view.data[i]);

		if (digit > 9)
			return false;
		if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, digit, &value))
			value = UINT64_MAX;
	}
	*number = value;
	return view.bytes > 0;
}
