/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Status codes and their reason phrases (RFC 9110 section 15, and the registry).
 */
#pragma once

#include <stdint.h>

#define HTTP_STATUS_MIN 100
#define HTTP_STATUS_MAX 599

/* "Not Found"; "Unknown" for a number without a registered meaning. */
const char *http_status_text(uint16_t status);
