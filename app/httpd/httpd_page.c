/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The built-in pages.  One file, no scripts and nothing fetched from elsewhere.
 */
#include "app/httpd/httpd_page.h"

#include "app/httpd/httpd_content.h"

static const char index_page[] =
	"<!DOCTYPE html>\n"
	"<html lang=\"en\">\n"
	"<head>\n"
	"<meta charset=\"utf-8\">\n"
	"<meta name=\"viewport\" content=\"width=device-width\">\n"
	"<title>Sluice</title>\n"
	"<link rel=\"icon\" href=\"data:,\">\n"
	"<style>\n"
	"body { font: 1.1em/1.5 system-ui, sans-serif; max-width: 40em; margin: 3em auto; padding: 0 1em; }\n"
	"dt { font-family: monospace; margin-top: 0.8em; }\n"
	"dd { margin-left: 1.5em; }\n"
	"</style>\n"
	"</head>\n"
	"<body>\n"
	"<h1>Sluice is running</h1>\n"
	"<p>This page came to you over a TCP stack in user space. No document root was given, so that the server\n"
	"shows its built-in pages:</p>\n"
	"<dl>\n"
	"<dt><a href=\"/plaintext\">/plaintext</a></dt><dd>a short text, for keep-alive rates</dd>\n"
	"<dt><a href=\"/json\">/json</a></dt><dd>the same as JSON</dd>\n"
	"<dt><a href=\"/bytes/1048576\">/bytes/N</a></dt><dd>N bytes, up to 1 GiB, made as they are sent</dd>\n"
	"<dt>/echo</dt><dd>returns the body of the request as it arrives</dd>\n"
	"<dt><a href=\"/status/418\">/status/N</a></dt><dd>answers with status N</dd>\n"
	"</dl>\n"
	"</body>\n"
	"</html>\n";

static const char plaintext[] = "Hello, World!";
static const char json[] = "{\"message\":\"Hello, World!\"}";

int httpd_page_add(struct httpd_content *content)
{
	return httpd_content_add(content, &(struct httpd_body){.path = "/index.html",
							       .data = index_page,
							       .bytes = sizeof(index_page) - 1,
							       .validators = true});
}

int httpd_page_add_endpoints(struct httpd_content *content)
{
	int result = httpd_content_add(content, &(struct httpd_body){.path = "/plaintext",
								     .data = plaintext,
								     .bytes = sizeof(plaintext) - 1,
								     .type = "text/plain"});

	if (result)
		return result;
	return httpd_content_add(
		content, &(struct httpd_body){
				 .path = "/json", .data = json, .bytes = sizeof(json) - 1, .type = "application/json"});
}
