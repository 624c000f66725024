/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Writing the request.
 */
#include "app/load/load_request.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HTTP_PORT         80
#define REQUEST_BYTES_MAX 8192

/* Neither blanks nor controls nor bytes beyond ASCII. */
static bool is_visible(const char *text)
{
	for (; *text; text++) {
		if (*text <= ' ' || *text > '~')
			return false;
	}
	return true;
}

const char *load_request_check_path(const char *path)
{
	if (path[0] != '/' || !is_visible(path))
		return "is not a path: it begins with / and holds no blanks (write them as %20)";
	return strlen(path) > REQUEST_BYTES_MAX / 2 ? "is too long" : NULL;
}

const char *load_request_check_host(const char *host)
{
	if (!*host || !is_visible(host) || strpbrk(host, "/?#@"))
		return "is not a host, as in www.example.com or 198.18.0.1:8080";
	return strlen(host) > 255 ? "is too long" : NULL;
}

/* The target as a Host field has it: IPv6 in brackets, no port when it is HTTP's own. */
static void host_write(const struct sluice_address *target, char *text, size_t text_bytes)
{
	struct sluice_address address = *target;
	char address_text[SLUICE_ADDRESS_TEXT_BYTES];
	bool is_bare;

	if (address.port == HTTP_PORT)
		address.port = 0;
	sluice_address_format(&address, address_text);
	is_bare = !address.port && !sluice_address_is_ipv4(&address);
	snprintf(text, text_bytes, is_bare ? "[%s]" : "%s", address_text);
}

int load_request_make(struct load_request *request, const struct load_config *config)
{
	bool closes = config->mode == LOAD_MODE_CPS && config->closer == LOAD_CLOSER_SERVER;
	char one[REQUEST_BYTES_MAX], host[SLUICE_ADDRESS_TEXT_BYTES + 2];
	int length;

	if (load_request_check_path(config->path) || (config->host && load_request_check_host(config->host)))
		return -EINVAL;
	host_write(&config->target, host, sizeof(host));
	length = snprintf(one, sizeof(one), "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: sluice-load/%s\r\n%s\r\n",
			  config->path, config->host ? config->host : host, SLUICE_VERSION,
			  closes ? "Connection: close\r\n" : "");
	if (length >= (int)sizeof(one))
		return -EINVAL;
	request->length = (uint32_t)length;
	request->copies = config->pipeline + 1;
	request->bytes = malloc((size_t)request->length * request->copies);
	if (!request->bytes)
		return -ENOMEM;
	for (uint32_t i = 0; i < request->copies; i++)
		memcpy(request->bytes + (size_t)i * request->length, one, request->length);
	return 0;
}

void load_request_free(struct load_request *request)
{
	free(request->bytes);
	request->bytes = NULL;
}
