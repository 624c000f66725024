/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sluice-httpd: options, one run, its totals.
 */
#include <stdio.h>
#include <stdlib.h>

#include "app/common/report.h"
#include "app/common/standard.h"
#include "app/common/stop.h"
#include "app/common/ticker.h"
#include "app/httpd/httpd_report.h"

/* 0: ended in order; 1: something failed; 2: a wrong option. */
enum { EXIT_WRONG_OPTION = 2 };

/* Everything between opening and closing the endpoint. */
static int serve_and_report(struct httpd_run *run, struct ticker *ticker)
{
	struct httpd_report report;
	int error = httpd_report_open(&report, run), report_error;

	if (error)
		return error;
	if (report.tick_ns)
		error = ticker_start(ticker, report.tick_ns, httpd_report_tick, &report);
	if (!error)
		error = httpd_run_serve(run);
	ticker_stop(ticker);
	report_error = httpd_report_close(&report);
	return error ? error : report_error;
}

static int run_program(const struct httpd_options *program)
{
	struct httpd_run *run = malloc(sizeof(*run));
	struct ticker ticker = {0};
	int error;

	if (!run || (program->json_path && report_check(program->json_path))) {
		free(run);
		return EXIT_FAILURE;
	}
	ticker_prepare(&ticker);
	error = httpd_run_open(run, program);
	if (!error) {
		error = serve_and_report(run, &ticker);
		httpd_run_close(run);
	}
	free(run);
	return error ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	struct options options;
	struct httpd_options *program = malloc(sizeof(*program));
	enum options_result result;
	int status = EXIT_SUCCESS;

	standard_open();
	if (!program)
		return EXIT_FAILURE;
	result = httpd_options_read(program, &options, argc, argv);
	if (result == OPTIONS_WRONG) {
		fprintf(stderr, "Try 'sluice-httpd --help'.\n");
		status = EXIT_WRONG_OPTION;
	}
	if (result == OPTIONS_RUN) {
		stop_catch_signals();
		status = run_program(program);
	}
	options_release(&options);
	free(program);
	if (!standard_flush("sluice-httpd") && status == EXIT_SUCCESS)
		status = EXIT_FAILURE;
	return status;
}
