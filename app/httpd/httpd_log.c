/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ring, and the two formats: the Common Log Format of the NCSA server, and one JSON object a line.
 */
#include "app/httpd/httpd_log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>

#include "app/httpd/http_date.h"
#include "app/httpd/http_request.h"
#include "app/httpd/httpd_text.h"
#include "lib/sluice.h"

int httpd_log_open(struct httpd_log *log, uint32_t records)
{
	*log = (struct httpd_log){0};
	if (records == 0)
		return 0;
	log->mask = records - 1;
	log->record = calloc(records, sizeof(*log->record));
	return log->record ? 0 : -ENOMEM;
}

void httpd_log_close(struct httpd_log *log)
{
	free(log->record);
	log->record = NULL;
}

struct httpd_log_record *httpd_log_reserve(struct httpd_log *log)
{
	uint32_t taken = __atomic_load_n(&log->taken, __ATOMIC_ACQUIRE);

	return log->written - taken > log->mask ? NULL : &log->record[log->written & log->mask];
}

void httpd_log_publish(struct httpd_log *log)
{
	__atomic_store_n(&log->written, log->written + 1, __ATOMIC_RELEASE);
}

uint32_t httpd_log_drain(struct httpd_log *log, struct httpd_log_record *record, uint32_t max)
{
	uint32_t written, count = 0;

	if (!log->record)
		return 0;
	written = __atomic_load_n(&log->written, __ATOMIC_ACQUIRE);
	for (uint32_t at = log->taken; count < max && at != written; at++)
		record[count++] = log->record[at & log->mask];
	__atomic_store_n(&log->taken, log->taken + count, __ATOMIC_RELEASE);
	return count;
}

static uint8_t *put_peer(uint8_t *at, const struct httpd_log_record *record)
{
	struct sluice_address address = {0};
	char text[INET6_ADDRSTRLEN] = "";
	bool ipv4;

	memcpy(address.ip, record->ip, sizeof(address.ip));
	ipv4 = sluice_address_is_ipv4(&address);
	inet_ntop(ipv4 ? AF_INET : AF_INET6, ipv4 ? address.ip + 12 : address.ip, text, sizeof(text));
	return httpd_text_put_string(at, text);
}

/* A number below 100 with two digits, and what follows it. */
static uint8_t *put_two(uint8_t *at, unsigned number, char after)
{
	*at++ = (uint8_t)('0' + number / 10);
	*at++ = (uint8_t)('0' + number % 10);
	*at++ = (uint8_t)after;
	return at;
}

static uint8_t *put_clock(uint8_t *at, const struct http_calendar *calendar, char after)
{
	at = put_two(at, calendar->hour, ':');
	at = put_two(at, calendar->minute, ':');
	return put_two(at, calendar->second, after);
}

/* "10/Oct/2000:13:55:36 +0000" */
static uint8_t *put_common_time(uint8_t *at, uint64_t time_s)
{
	struct http_calendar calendar = http_date_calendar(time_s);

	at = put_two(at, calendar.day, '/');
	at = httpd_text_put(at, http_date_months[calendar.month - 1], 3);
	*at++ = '/';
	at = httpd_text_put_number(at, (uint64_t)calendar.year);
	*at++ = ':';
	at = put_clock(at, &calendar, ' ');
	return HTTPD_TEXT_PUT(at, "+0000");
}

/* "2000-10-10T13:55:36Z" */
static uint8_t *put_json_time(uint8_t *at, uint64_t time_s)
{
	struct http_calendar calendar = http_date_calendar(time_s);

	at = httpd_text_put_number(at, (uint64_t)calendar.year);
	*at++ = '-';
	at = put_two(at, calendar.month, '-');
	at = put_two(at, calendar.day, 'T');
	return put_clock(at, &calendar, 'Z');
}

/* What could end a quoted string, or confuse a terminal, as \xHH (JSON: \u00HH). */
static uint8_t *put_target(uint8_t *at, const struct httpd_log_record *record, const char *escape)
{
	static const char digits[] = "0123456789abcdef";
	uint32_t bytes = record->target_bytes;

	if (bytes > HTTPD_LOG_TARGET_BYTES)
		bytes = HTTPD_LOG_TARGET_BYTES;
	for (uint32_t i = 0; i < bytes; i++) {
		uint8_t byte = record->target[i];

		if (byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\') {
			*at++ = byte;
			continue;
		}
		at = httpd_text_put_string(at, escape);
		*at++ = (uint8_t)digits[byte >> 4];
		*at++ = (uint8_t)digits[byte & 15];
	}
	return record->target_bytes > HTTPD_LOG_TARGET_BYTES ? HTTPD_TEXT_PUT(at, "...") : at;
}

static uint8_t *put_common(uint8_t *at, const struct httpd_log_record *record)
{
	at = put_peer(at, record);
	at = HTTPD_TEXT_PUT(at, " - - [");
	at = put_common_time(at, record->time_s);
	at = HTTPD_TEXT_PUT(at, "] \"");
	if (record->target_bytes > 0) {
		at = httpd_text_put_string(at, http_method_text(record->method));
		*at++ = ' ';
		at = put_target(at, record, "\\x");
		at = HTTPD_TEXT_PUT(at, " HTTP/1.");
		at = httpd_text_put_number(at, record->minor);
	} else {
		*at++ = '-'; /* refused before there was a target */
	}
	at = HTTPD_TEXT_PUT(at, "\" ");
	at = httpd_text_put_number(at, record->status);
	*at++ = ' ';
	at = httpd_text_put_number(at, record->bytes);
	return HTTPD_TEXT_PUT(at, "\n");
}

static uint8_t *put_json(uint8_t *at, const struct httpd_log_record *record)
{
	at = HTTPD_TEXT_PUT(at, "{\"time\":\"");
	at = put_json_time(at, record->time_s);
	at = HTTPD_TEXT_PUT(at, "\",\"peer\":\"");
	at = put_peer(at, record);
	at = HTTPD_TEXT_PUT(at, "\",\"port\":");
	at = httpd_text_put_number(at, record->port);
	if (record->target_bytes > 0) {
		at = HTTPD_TEXT_PUT(at, ",\"method\":\"");
		at = httpd_text_put_string(at, http_method_text(record->method));
		at = HTTPD_TEXT_PUT(at, "\",\"target\":\"");
		at = put_target(at, record, "\\u00");
		at = HTTPD_TEXT_PUT(at, "\",\"version\":\"1.");
		at = httpd_text_put_number(at, record->minor);
		*at++ = '"';
	}
	at = HTTPD_TEXT_PUT(at, ",\"status\":");
	at = httpd_text_put_number(at, record->status);
	at = HTTPD_TEXT_PUT(at, ",\"bytes\":");
	at = httpd_text_put_number(at, record->bytes);
	at = HTTPD_TEXT_PUT(at, ",\"duration_us\":");
	at = httpd_text_put_number(at, record->duration_us);
	return HTTPD_TEXT_PUT(at, "}\n");
}

size_t httpd_log_line(const struct httpd_log_record *record, enum httpd_log_format format, char *line)
{
	uint8_t *start = (uint8_t *)line;
	uint8_t *end = format == HTTPD_LOG_JSON ? put_json(start, record) : put_common(start, record);

	return (size_t)(end - start);
}
