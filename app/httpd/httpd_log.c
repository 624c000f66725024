/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ring, and the two formats: the Common Log Format of the NCSA server, and one JSON object a line.
 */
#include "app/httpd/httpd_log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/httpd/http_date.h"
#include "app/httpd/http_request.h"
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

static char *put_peer(char *at, const struct httpd_log_record *record)
{
	struct sluice_address address = {0};
	bool ipv4;

	memcpy(address.ip, record->ip, sizeof(address.ip));
	ipv4 = sluice_address_is_ipv4(&address);
	if (!inet_ntop(ipv4 ? AF_INET : AF_INET6, ipv4 ? address.ip + 12 : address.ip, at, INET6_ADDRSTRLEN))
		*at = '\0';
	return at + strlen(at);
}

/* "10/Oct/2000:13:55:36 +0000" */
static char *put_common_time(char *at, uint64_t time_s)
{
	struct http_calendar calendar = http_date_calendar(time_s);

	return at + sprintf(at, "%02u/%s/%04u:%02u:%02u:%02u +0000", calendar.day, http_date_months[calendar.month - 1],
			    (unsigned)calendar.year, calendar.hour, calendar.minute, calendar.second);
}

/* "2000-10-10T13:55:36Z" */
static char *put_json_time(char *at, uint64_t time_s)
{
	struct http_calendar calendar = http_date_calendar(time_s);

	return at + sprintf(at, "%04u-%02u-%02uT%02u:%02u:%02uZ", (unsigned)calendar.year, calendar.month, calendar.day,
			    calendar.hour, calendar.minute, calendar.second);
}

/* What could end a quoted string, or confuse a terminal, as \xHH (JSON: \u00HH). */
static char *put_escaped(char *at, const struct httpd_log_record *record, const char *escape)
{
	uint32_t bytes = record->target_bytes;

	if (bytes > HTTPD_LOG_TARGET_BYTES)
		bytes = HTTPD_LOG_TARGET_BYTES;
	for (uint32_t i = 0; i < bytes; i++) {
		uint8_t byte = record->target[i];

		if (byte < 0x20 || byte >= 0x7f || byte == '"' || byte == '\\')
			at += sprintf(at, "%s%02x", escape, byte);
		else
			*at++ = (char)byte;
	}
	if (record->target_bytes > HTTPD_LOG_TARGET_BYTES)
		at += sprintf(at, "...");
	return at;
}

static char *put_common(char *at, const struct httpd_log_record *record)
{
	at = put_peer(at, record);
	at += sprintf(at, " - - [");
	at = put_common_time(at, record->time_s);
	at += sprintf(at, "] \"");
	if (record->target_bytes > 0) {
		at += sprintf(at, "%s ", http_method_text(record->method));
		at = put_escaped(at, record, "\\x");
		at += sprintf(at, " HTTP/1.%u", record->minor);
	} else {
		*at++ = '-'; /* refused before there was a target */
	}
	return at + sprintf(at, "\" %u %llu\n", record->status, (unsigned long long)record->bytes);
}

static char *put_json(char *at, const struct httpd_log_record *record)
{
	at += sprintf(at, "{\"time\":\"");
	at = put_json_time(at, record->time_s);
	at += sprintf(at, "\",\"peer\":\"");
	at = put_peer(at, record);
	at += sprintf(at, "\",\"port\":%u,", record->port);
	if (record->target_bytes > 0) {
		at += sprintf(at, "\"method\":\"%s\",\"target\":\"", http_method_text(record->method));
		at = put_escaped(at, record, "\\u00");
		at += sprintf(at, "\",\"version\":\"1.%u\",", record->minor);
	}
	return at + sprintf(at, "\"status\":%u,\"bytes\":%llu,\"duration_us\":%u}\n", record->status,
			    (unsigned long long)record->bytes, record->duration_us);
}

size_t httpd_log_line(const struct httpd_log_record *record, enum httpd_log_format format, char *line)
{
	char *end = format == HTTPD_LOG_JSON ? put_json(line, record) : put_common(line, record);

	return (size_t)(end - line);
}
