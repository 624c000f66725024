/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sluice-load: options, one run, its report.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/common/histogram_log.h"
#include "app/common/report.h"
#include "app/common/standard.h"
#include "app/common/stop.h"
#include "app/common/ticker.h"
#include "app/load/load_json.h"
#include "app/load/load_text.h"

/* The run's own exit statuses: 0, all went well; 1, something failed, be it one request; 2, a wrong option. */
enum { EXIT_WRONG_OPTION = 2 };

/* The histogram log, begun; NULL if there is to be none.  False: it cannot be written, said on stderr. */
static bool log_open(const char *path, FILE **file)
{
	struct timespec now;

	*file = NULL;
	if (!path)
		return true;
	*file = fopen(path, "we");
	clock_gettime(CLOCK_REALTIME, &now);
	if (*file && !histogram_log_begin(*file, (double)now.tv_sec + (double)now.tv_nsec / 1e9))
		return true;
	fprintf(stderr, "sluice-load: --histogram-log: cannot write '%s': %s\n", path, strerror(errno));
	return false;
}

static void tick(void *argument)
{
	load_text_line(argument);
}

/* Everything between opening and closing the endpoint.  0, 1 for a run with failures in it, or a negative errno. */
static int run_and_report(struct load_run *run, struct load_text *text, struct ticker *ticker)
{
	const struct load_options *program = run->program;
	struct load_summary summary;
	int error = ticker_start(ticker, program->interval_ns, tick, text);

	if (!error)
		error = load_run_all(run);
	ticker_stop(ticker);
	if (error)
		return error;
	load_text_line(text); /* what the last interval was cut off from */
	load_text_final(run, text->file);
	if (program->json_path)
		error = report_write(load_json(run), program->json_path);
	load_summary_make(&summary, run);
	return error ? error : load_summary_has_failures(&summary);
}

static int load_program(struct load_options *program)
{
	struct load_text *text = calloc(1, sizeof(*text));
	struct load_run *run = malloc(sizeof(*run));
	struct ticker ticker;
	int error = -ENOMEM;

	if (!text || !run || (program->json_path && report_check(program->json_path)) ||
	    !log_open(program->histogram_log_path, &text->histogram_log))
		goto out;
	text->run = run;
	text->file = program->json_path && !strcmp(program->json_path, "-") ? stderr : stdout;
	ticker_prepare(&ticker);
	error = load_run_open(run, program);
	if (error)
		goto out;
	error = run_and_report(run, text, &ticker);
	load_run_close(run);
out:
	if (text && text->histogram_log)
		fclose(text->histogram_log);
	free(run);
	free(text);
	return error ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	struct options options;
	struct load_options *program = malloc(sizeof(*program));
	enum options_result result;
	int status = EXIT_SUCCESS;

	standard_open();
	if (!program)
		return EXIT_FAILURE;
	result = load_options_read(program, &options, argc, argv);
	if (result == OPTIONS_WRONG) {
		fprintf(stderr, "Try 'sluice-load --help'.\n");
		status = EXIT_WRONG_OPTION;
	}
	if (result == OPTIONS_RUN) {
		stop_catch_signals();
		status = load_program(program);
	}
	options_release(&options);
	free(program);
	if (!standard_flush("sluice-load") && status == EXIT_SUCCESS)
		status = EXIT_FAILURE;
	return status;
}
