/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The access log: a worker puts fixed-size records into a ring, another thread takes them out and makes text of them.
 * A worker never formats, writes or waits; when the ring is full the record is lost and counted.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTPD_LOG_TARGET_BYTES 192
#define HTTPD_LOG_LINE_BYTES   1536 /* enough for any record in any format */

enum httpd_log_format { HTTPD_LOG_COMMON, HTTPD_LOG_JSON };

struct httpd_log_record {
	uint64_t time_s;      /* when the head was whole */
	uint64_t bytes;       /* of the response's body */
	uint32_t duration_us; /* until the last byte was handed to TCP */
	uint16_t status;
	uint16_t target_bytes; /* as it came; more than HTTPD_LOG_TARGET_BYTES: the rest was cut off */
	uint16_t port;
	uint8_t ip[16];
	uint8_t method; /* enum http_method */
	uint8_t minor;
	uint8_t target[HTTPD_LOG_TARGET_BYTES];
};

/* One writer, one reader.  Each side's index has its own line. */
struct httpd_log {
	_Alignas(64) uint32_t written;
	_Alignas(64) uint32_t taken;
	_Alignas(64) uint32_t mask;
	struct httpd_log_record *record; /* NULL: no log */
};

/* `records` is a power of two, or 0 for no log.  0 or -ENOMEM. */
int httpd_log_open(struct httpd_log *log, uint32_t records);
void httpd_log_close(struct httpd_log *log);

/* Where the next record is to be written, or NULL when the ring is full; httpd_log_publish() shows it.  Writer. */
struct httpd_log_record *httpd_log_reserve(struct httpd_log *log);
void httpd_log_publish(struct httpd_log *log);

/* Reader. */
uint32_t httpd_log_drain(struct httpd_log *log, struct httpd_log_record *record, uint32_t max);

/* One line with its newline, in `line` of HTTPD_LOG_LINE_BYTES; returns its bytes.  Any thread. */
size_t httpd_log_line(const struct httpd_log_record *record, enum httpd_log_format format, char *line);
