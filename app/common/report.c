/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * JSON that every program's report holds.
 */
#include "app/common/report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

/* The value after "model name :" in /proc/cpuinfo; "unknown" where there is none. */
static void cpu_model(char *text, size_t text_bytes)
{
	FILE *file = fopen("/proc/cpuinfo", "re");
	char *line = NULL;
	size_t line_bytes = 0;

	snprintf(text, text_bytes, "unknown");
	while (file && getline(&line, &line_bytes, file) > 0) {
		const char *colon = strchr(line, ':');

		if (strncmp(line, "model name", strlen("model name")) || !colon)
			continue;
		colon += 1 + strspn(colon + 1, " ");
		snprintf(text, text_bytes, "%.*s", (int)strcspn(colon, "\n"), colon);
		break;
	}
	free(line);
	if (file)
		fclose(file);
}

json_t *report_machine(void)
{
	char model[128];
	struct utsname names = {0};

	cpu_model(model, sizeof(model));
	uname(&names);
	return json_pack("{s:s, s:I, s:s, s:s}", "cpu", model, "cores", (json_int_t)sysconf(_SC_NPROCESSORS_ONLN),
			 "kernel", names.release, "compiler", __VERSION__);
}

struct sluice_statistics report_since(const struct sluice_statistics *later, const struct sluice_statistics *earlier)
{
	struct sluice_statistics out = *later;

	for (uint32_t i = 0; i < SLUICE_COUNTER_COUNT; i++)
		out.counter[i] -= earlier->counter[i];
	out.busy_cycles -= earlier->busy_cycles;
	out.total_cycles -= earlier->total_cycles;
	return out;
}

double report_busy_fraction(const struct sluice_statistics *statistics, const struct sluice_statistics *since)
{
	struct sluice_statistics span = since ? report_since(statistics, since) : *statistics;

	return span.total_cycles ? (double)span.busy_cycles / (double)span.total_cycles : 0;
}

json_t *report_statistics(const struct sluice_statistics *statistics, const struct sluice_statistics *since)
{
	struct sluice_statistics span = since ? report_since(statistics, since) : *statistics;
	json_t *counters = json_object(), *gauges = json_object();

	for (uint32_t i = 0; i < SLUICE_COUNTER_COUNT; i++)
		json_object_set_new(counters, sluice_counter_name((enum sluice_counter)i),
				    json_integer((json_int_t)span.counter[i]));
	for (uint32_t i = 0; i < SLUICE_GAUGE_COUNT; i++)
		json_object_set_new(gauges, sluice_gauge_name((enum sluice_gauge)i),
				    json_integer((json_int_t)span.gauge[i]));
	return json_pack("{s:f, s:I, s:I, s:o, s:o}", "busy_fraction", report_busy_fraction(&span, NULL), "busy_cycles",
			 (json_int_t)span.busy_cycles, "total_cycles", (json_int_t)span.total_cycles, "counters",
			 counters, "gauges", gauges);
}

json_t *report_percentiles(const struct histogram *histogram)
{
	static const struct {
		const char *name;
		double percent;
	} rows[] = {{"p50", 50}, {"p90", 90}, {"p99", 99}, {"p99.9", 99.9}, {"p99.99", 99.99}};
	json_t *out = json_pack("{s:I, s:I, s:f}", "count", (json_int_t)histogram_total(histogram), "min",
				(json_int_t)histogram_min_ns(histogram), "mean", histogram_mean_ns(histogram));

	for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		json_object_set_new(out, rows[i].name,
				    json_integer((json_int_t)histogram_percentile_ns(histogram, rows[i].percent)));
	json_object_set_new(out, "max", json_integer((json_int_t)histogram_max_ns(histogram)));
	return out;
}

/* A pipe or a device keeps its place: it is written to, not replaced. */
static bool is_special(const char *path)
{
	struct stat existing;

	return !stat(path, &existing) && !S_ISREG(existing.st_mode);
}

/* The file beside it that is written first: *part is its name, to be freed.  NULL: errno says why. */
static FILE *part_open(const char *path, char **part)
{
	FILE *file;

	if (asprintf(part, "%s.part", path) < 0) {
		*part = NULL;
		errno = ENOMEM;
		return NULL;
	}
	file = fopen(*part, "we");
	if (!file) {
		free(*part);
		*part = NULL;
	}
	return file;
}

/* Through a file beside it, renamed at the end: a reader sees the old report or the new one, never half of one. */
static int file_write(const json_t *root, const char *path)
{
	char *part;
	FILE *file;
	int error = 0;

	if (is_special(path))
		return json_dump_file(root, path, JSON_INDENT(2)) ? -EIO : 0;
	file = part_open(path, &part);
	if (!file)
		return -errno;
	if (json_dumpf(root, file, JSON_INDENT(2)) || fputc('\n', file) == EOF)
		error = -EIO;
	if (fclose(file) && !error)
		error = -errno;
	if (!error && rename(part, path))
		error = -errno;
	if (error)
		unlink(part);
	free(part);
	return error;
}

static int file_check(const char *path)
{
	struct stat existing;
	char *part;
	FILE *file;

	if (!stat(path, &existing) && S_ISDIR(existing.st_mode))
		return -EISDIR;
	if (is_special(path))
		return access(path, W_OK) ? -errno : 0;
	file = part_open(path, &part);
	if (!file)
		return -errno;
	fclose(file);
	unlink(part);
	free(part);
	return 0;
}

static int say_failed(const char *path, int error)
{
	if (error)
		fprintf(stderr, "cannot write the report to '%s': %s\n", path, strerror(-error));
	return error;
}

int report_check(const char *path)
{
	return say_failed(path, strcmp(path, "-") ? file_check(path) : 0);
}

int report_write(json_t *root, const char *path)
{
	int error;

	if (!root)
		error = -ENOMEM;
	else if (!strcmp(path, "-"))
		error = json_dumpf(root, stdout, JSON_INDENT(2)) || fputc('\n', stdout) == EOF || fflush(stdout) ? -EIO
														 : 0;
	else
		error = file_write(root, path);
	json_decref(root);
	return say_failed(path, error);
}
