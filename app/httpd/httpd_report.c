/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The only place where the server's figures become text.
 */
#include "app/httpd/httpd_report.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "app/common/report.h"
#include "app/common/sheet.h"

#define SECOND_NS   UINT64_C(1000000000)
#define LOG_TICK_NS UINT64_C(10000000) /* the ring must not fill in between */
#define LOG_BATCH   64
#define LOG_BYTES   (1 << 20)

static uint64_t clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec;
}

static int open_log(struct httpd_report *report, const char *path)
{
	report->log = strcmp(path, "-") == 0 ? stdout : fopen(path, "ae");
	if (!report->log) {
		int error = -errno;

		fprintf(stderr, "sluice-httpd: --access-log: cannot write '%s': %s\n", path, strerror(-error));
		return error;
	}
	setvbuf(report->log, NULL, _IOFBF, LOG_BYTES);
	return 0;
}

int httpd_report_open(struct httpd_report *report, const struct httpd_run *run)
{
	const struct httpd_options *program = run->program;

	*report = (struct httpd_report){.run = run, .tick_ns = program->interval_ns};
	report->seconds_begun_ns = report->last_ns = clock_ns();
	if (program->access_log)
		report->tick_ns = LOG_TICK_NS;
	if (program->interval_ns)
		report->ticks_a_line = (program->interval_ns + report->tick_ns - 1) / report->tick_ns;
	return program->access_log ? open_log(report, program->access_log) : 0;
}

/* Everything in the workers' rings. */
static void write_log(struct httpd_report *report)
{
	struct httpd_log_record record[LOG_BATCH];
	char line[HTTPD_LOG_LINE_BYTES];
	uint32_t count;

	for (uint32_t i = 0; i < report->run->worker_count; i++) {
		struct httpd *httpd = report->run->worker[i].httpd;

		while ((count = httpd_log_take(httpd, record, LOG_BATCH)) > 0)
			for (uint32_t at = 0; at < count; at++) {
				size_t bytes =
					httpd_log_line(&record[at], report->run->program->access_log_format, line);

				fwrite(line, 1, bytes, report->log);
			}
	}
	fflush(report->log);
}

static uint64_t rate(uint64_t later, uint64_t earlier, uint64_t span_ns)
{
	return (uint64_t)((double)(later - earlier) * 1e9 / (double)(span_ns ? span_ns : 1));
}

static void write_line(struct httpd_report *report)
{
	struct httpd_statistics now = httpd_run_statistics(report->run);
	const struct httpd_statistics *last = &report->last;
	uint64_t now_ns = clock_ns(), span_ns = now_ns - report->last_ns;
	char open[SHEET_NUMBER_BYTES], opened[SHEET_NUMBER_BYTES], asked[SHEET_NUMBER_BYTES],
		failed[SHEET_NUMBER_BYTES];

	printf("%8.1f s  %s open  %s connections/s  %s requests/s  %.1f MB/s out  %.1f MB/s in  %s answers 4xx, 5xx\n",
	       (double)(now_ns - report->seconds_begun_ns) / 1e9, sheet_count(now.connections_open, open),
	       sheet_count(rate(now.connections, last->connections, span_ns), opened),
	       sheet_count(rate(now.requests, last->requests, span_ns), asked),
	       (double)rate(now.bytes_sent, last->bytes_sent, span_ns) / 1e6,
	       (double)rate(now.bytes_received, last->bytes_received, span_ns) / 1e6,
	       sheet_count(now.responses_4xx + now.responses_5xx - last->responses_4xx - last->responses_5xx, failed));
	fflush(stdout);
	report->last = now;
	report->last_ns = now_ns;
}

void httpd_report_tick(void *argument)
{
	struct httpd_report *report = argument;

	if (report->log)
		write_log(report);
	if (report->ticks_a_line && ++report->ticks >= report->ticks_a_line) {
		report->ticks = 0;
		write_line(report);
	}
}

/* What is not zero. */
static void write_totals(FILE *file, const struct httpd_statistics *total)
{
	struct sheet sheet;
	char text[SHEET_NUMBER_BYTES];

	sheet_begin(&sheet, "total|count|meaning");
#define X(name_, meaning_)                                                 \
	if (total->name_) {                                                \
		sheet_row(&sheet);                                         \
		sheet_cell(&sheet, "%s", #name_);                          \
		sheet_cell(&sheet, "%s", sheet_count(total->name_, text)); \
		sheet_cell(&sheet, "%s", meaning_);                        \
	}
	HTTPD_COUNTERS(X)
#undef X
	sheet_print(&sheet, file);
	fflush(file);
}

static json_t *server_json(const struct httpd_statistics *total)
{
	json_t *out = json_object();

#define X(name_, meaning_) json_object_set_new(out, #name_, json_integer((json_int_t)total->name_));
	HTTPD_COUNTERS(X)
#undef X
	return out;
}

static json_t *workers_json(const struct httpd_run *run)
{
	json_t *out = json_array();

	for (uint32_t i = 0; i < run->worker_count; i++) {
		struct sluice_statistics statistics;

		sluice_statistics(run->worker[i].worker, &statistics);
		json_array_append_new(out, report_statistics(&statistics, NULL));
	}
	return out;
}

static int write_json(const struct httpd_report *report, const struct httpd_statistics *total)
{
	json_t *out = json_object();

	json_object_set_new(out, "program", json_string("sluice-httpd " SLUICE_VERSION));
	json_object_set_new(out, "machine", report_machine());
	json_object_set_new(out, "seconds", json_real((double)(clock_ns() - report->seconds_begun_ns) / 1e9));
	json_object_set_new(out, "server", server_json(total));
	json_object_set_new(out, "workers", workers_json(report->run));
	return report_write(out, report->run->program->json_path);
}

static int close_log(struct httpd_report *report)
{
	bool failed;

	if (!report->log)
		return 0;
	write_log(report);
	failed = ferror(report->log) != 0;
	if (report->log != stdout)
		failed |= fclose(report->log) != 0;
	report->log = NULL;
	if (failed)
		fprintf(stderr, "sluice-httpd: --access-log: lines could not be written\n");
	return failed ? -EIO : 0;
}

int httpd_report_close(struct httpd_report *report)
{
	struct httpd_statistics total = httpd_run_statistics(report->run);
	const char *path = report->run->program->json_path;
	int error = close_log(report);

	write_totals(path && strcmp(path, "-") == 0 ? stderr : stdout, &total);
	if (path && error == 0)
		error = write_json(report, &total);
	return error;
}
