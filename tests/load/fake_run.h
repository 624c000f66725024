/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An endpoint with nothing behind it, for the whole program: workers that run on threads, the last of which sees every
 * connection opened, answered and closed a turn later; and an HTTP server that only counts how it is called.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct fake_run {
	uint32_t workers; /* that sluice_open() makes */
	int open_error, httpd_error;
	uint32_t response_every; /* turns between request and response */
	bool is_refusing;        /* every connect */
	uint32_t httpd_opened, httpd_drained, httpd_closed;
};

extern struct fake_run fake_run;
