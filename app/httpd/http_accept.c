/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * codings = ( content-coding | "identity" | "*" ) [ OWS ";" OWS "q=" qvalue ].
 */
#include "app/httpd/http_accept.h"

#define QUALITY_MAX   1000
#define QUALITY_UNSET UINT16_MAX

/* "0", "0.", "0.123", "1", "1.000"; -1: not one. */
static int quality_of(struct http_view text)
{
	int quality, scale = 100;

	if (text.bytes == 0 || text.bytes > 5 || text.data[0] > '1' || text.data[0] < '0')
		return -1;
	quality = text.data[0] == '1' ? QUALITY_MAX : 0;
	if (text.bytes > 1 && text.data[1] != '.')
		return -1;
	for (uint32_t i = 2; i < text.bytes; i++, scale /= 10) {
		if (http_text_digit(text.data[i]) > 9)
			return -1;
		quality += (int)http_text_digit(text.data[i]) * scale;
	}
	return quality <= QUALITY_MAX ? quality : -1;
}

/* The q parameter, QUALITY_MAX without one; -1: malformed, so the element says nothing. */
static int parameter_quality(struct http_view parameter)
{
	parameter = http_view_trim(parameter);
	if (parameter.bytes < 2 || (parameter.data[0] | 0x20) != 'q' || parameter.data[1] != '=')
		return -1;
	return quality_of((struct http_view){.data = parameter.data + 2, .bytes = parameter.bytes - 2});
}

static void take_element(struct http_accept *accept, uint16_t *others, struct http_view element)
{
	const uint8_t *mark = element.bytes ? memchr(element.data, ';', element.bytes) : NULL;
	struct http_view name = element;
	int quality = QUALITY_MAX;

	if (mark) {
		name.bytes = (uint32_t)(mark - element.data);
		quality = parameter_quality(
			(struct http_view){.data = mark + 1, .bytes = element.bytes - name.bytes - 1});
		name = http_view_trim(name);
	}
	if (quality < 0)
		return;
	if (http_view_is(name, "gzip") || http_view_is(name, "x-gzip"))
		accept->quality[HTTP_CODING_GZIP] = (uint16_t)quality;
	else if (http_view_is(name, "br"))
		accept->quality[HTTP_CODING_BROTLI] = (uint16_t)quality;
	else if (http_view_is(name, "identity"))
		accept->quality[HTTP_CODING_IDENTITY] = (uint16_t)quality;
	else if (name.bytes == 1 && name.data[0] == '*')
		*others = (uint16_t)quality;
}

struct http_accept http_accept_parse(struct http_view value)
{
	struct http_accept accept = {.quality = {QUALITY_UNSET, QUALITY_UNSET, QUALITY_UNSET}};
	uint16_t others = QUALITY_UNSET;
	struct http_view element;

	while (http_view_next(&value, &element))
		take_element(&accept, &others, element);
	for (enum http_coding coding = 0; coding < HTTP_CODING_COUNT; coding++) {
		if (accept.quality[coding] != QUALITY_UNSET)
			continue;
		if (others != QUALITY_UNSET)
			accept.quality[coding] = others;
		else
			accept.quality[coding] = coding == HTTP_CODING_IDENTITY; /* acceptable, below any named */
	}
	return accept;
}

struct http_accept http_accept_none(void)
{
	return (struct http_accept){.quality = {[HTTP_CODING_IDENTITY] = QUALITY_MAX}};
}

enum http_coding http_accept_choose(const struct http_accept *accept, unsigned available)
{
	enum http_coding best = HTTP_CODING_IDENTITY;

	for (enum http_coding coding = 0; coding < HTTP_CODING_COUNT; coding++)
		if (available >> coding & 1 && accept->quality[coding] > 0 &&
		    accept->quality[coding] >= accept->quality[best])
			best = coding;
	return best;
}
