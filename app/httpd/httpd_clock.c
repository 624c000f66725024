/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The turn's time as the server uses it: milliseconds since the start for deadlines, seconds since 1970 for Date.
 */
#include "app/httpd/http_date.h"
#include "app/httpd/httpd_server.h"
#include "app/httpd/httpd_text.h"

#define NS_PER_S  UINT64_C(1000000000)
#define NS_PER_MS UINT64_C(1000000)

static uint64_t wall_ns(const struct httpd *httpd)
{
	if (httpd->config.wall_ns)
		return httpd->config.wall_ns(httpd->config.wall_user);
	return httpd->config.wall_start_s * NS_PER_S + (httpd->now_ns - httpd->start_ns);
}

/* "HTTP/1.1 200 OK", Server and Date: what most answers begin with, and the last two lines what all have. */
static void refresh_stamp(struct httpd *httpd)
{
	uint64_t now_ns = wall_ns(httpd);
	char date[HTTP_DATE_BYTES];
	uint8_t *at = httpd->stamp.text;

	httpd->wall_s = now_ns / NS_PER_S;
	httpd->next_second_ns = httpd->now_ns + NS_PER_S - now_ns % NS_PER_S;
	http_date_format(httpd->wall_s, date);
	at = HTTPD_TEXT_PUT(at, "HTTP/1.1 200 OK\r\n");
	httpd->stamp.status_bytes = (uint32_t)(at - httpd->stamp.text);
	at = HTTPD_TEXT_PUT(at, "Server: Sluice\r\nDate: ");
	at = httpd_text_put(at, date, sizeof(date));
	at = HTTPD_TEXT_PUT(at, "\r\n");
	httpd->stamp.bytes = (uint32_t)(at - httpd->stamp.text);
}

void httpd_clock_update(struct httpd *httpd)
{
	uint64_t now_ns = sluice_now_ns(httpd->worker);

	if (now_ns == httpd->now_ns)
		return;
	httpd->now_ns = now_ns;
	httpd->now_ms = (uint32_t)((now_ns - httpd->start_ns) / NS_PER_MS);
	if (now_ns >= httpd->next_second_ns)
		refresh_stamp(httpd);
}

void httpd_clock_start(struct httpd *httpd)
{
	httpd->start_ns = httpd->now_ns = sluice_now_ns(httpd->worker);
	refresh_stamp(httpd);
}
