/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The bytes of the one request that is sent again and again, made once: enough copies in a row that any number of
 * pipelined requests, and the rest of a half-sent one, is a single slice of memory that never changes.
 */
#pragma once

#include <stdint.h>

#include "app/load/load.h"

struct load_request {
	char *bytes;
	uint32_t length; /* of one request */
	uint32_t copies;
};

/* NULL when path and host can stand in a request, else what is wrong with them. */
const char *load_request_check_path(const char *path);
const char *load_request_check_host(const char *host);

/* 0, -EINVAL or -ENOMEM. */
int load_request_make(struct load_request *request, const struct load_config *config);
void load_request_free(struct load_request *request);
