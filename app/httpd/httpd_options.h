/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The options of sluice-httpd: one row for every field of struct httpd_config, and the endpoint's.
 */
#pragma once

#include "app/common/endpoint.h"
#include "app/common/options.h"
#include "app/httpd/httpd.h"
#include "app/httpd/httpd_log.h"

struct httpd_options {
	struct endpoint endpoint;
	struct httpd_config config;
	struct options_list listen, exempt;
	const char *access_log; /* NULL: none; "-": stdout */
	enum httpd_log_format access_log_format;
	uint64_t interval_ns; /* between two lines on stdout; 0: none */
	uint64_t drain_ns;
	const char *json_path; /* totals at the end; NULL: none */
};

/* The configuration of the worker of port `port`: it listens on the addresses that are its own. */
struct httpd_config httpd_options_share(const struct httpd_options *program, uint32_t port);

/* Reads file and command line.  `options` must outlive `program`, whose texts it owns. */
enum options_result httpd_options_read(struct httpd_options *program, struct options *options, int argc, char **argv);
