/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Decoding comes first and checks second, on the very bytes that are then looked up: "%2e%2e%2f" is "../".
 */
#include "app/httpd/http_target.h"

/* The next decoded byte, moving *at; -1: malformed. */
static int decode_byte(struct http_view path, uint32_t *at)
{
	int high, low;

	if (path.data[*at] != '%')
		return path.data[(*at)++];
	if (path.bytes - *at < 3)
		return -1;
	high = http_text_hex(path.data[*at + 1]);
	low = http_text_hex(path.data[*at + 2]);
	*at += 3;
	return high < 0 || low < 0 ? -1 : high << 4 | low;
}

uint16_t http_target_check_segment(const uint8_t *segment, uint32_t bytes)
{
	for (uint32_t i = 0; i < bytes; i++)
		if (segment[i] < 0x20 || segment[i] == 0x7f || segment[i] == '\\')
			return 400;
	if (bytes == 2 && segment[0] == '.' && segment[1] == '.')
		return 400;
	return bytes > 0 && segment[0] == '.' ? 404 : 0;
}

static uint16_t check(const struct http_path *decoded)
{
	uint32_t start = 0;
	uint16_t found = 0;

	for (uint32_t at = 0; at <= decoded->bytes; at++) {
		uint16_t status;

		if (at < decoded->bytes && decoded->data[at] != '/')
			continue;
		status = http_target_check_segment(decoded->data + start, at - start);
		if (status == 400)
			return status;
		if (status)
			found = status;
		start = at + 1;
	}
	return found;
}

void http_target_decode(struct http_view path, struct http_path *decoded)
{
	bool long_path = false;

	decoded->bytes = 0;
	for (uint32_t at = 0; at < path.bytes;) {
		int byte = decode_byte(path, &at);

		if (byte < 0) {
			decoded->status = 400;
			return;
		}
		if (decoded->bytes == HTTP_PATH_MAX_BYTES)
			long_path = true;
		else
			decoded->data[decoded->bytes++] = (uint8_t)byte;
	}
	if (path.bytes == 0)
		decoded->data[decoded->bytes++] = '/';
	decoded->status = long_path ? 404 : check(decoded);
}
