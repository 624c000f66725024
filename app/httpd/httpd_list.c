/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Doubly linked by index, so that any connection may leave from the middle.
 */
#include "app/httpd/httpd_list.h"

#include "app/httpd/httpd_server.h"

static void set_next(struct httpd *httpd, struct httpd_list *list, uint32_t index, uint32_t next)
{
	if (index == HTTPD_POOL_NONE)
		list->first = next;
	else
		httpd_conn_at(httpd, index)->next = next;
}

static void set_previous(struct httpd *httpd, struct httpd_list *list, uint32_t index, uint32_t previous)
{
	if (index == HTTPD_POOL_NONE)
		list->last = previous;
	else
		httpd_conn_at(httpd, index)->previous = previous;
}

static void take_out(struct httpd *httpd, struct httpd_conn *conn)
{
	struct httpd_list *list = &httpd->list[httpd_conn_list(conn)];

	set_next(httpd, list, conn->previous, conn->next);
	set_previous(httpd, list, conn->next, conn->previous);
}

static void put_last(struct httpd *httpd, struct httpd_conn *conn, struct httpd_list *list)
{
	uint32_t index = httpd_pool_index(&httpd->conns, conn);

	conn->next = HTTPD_POOL_NONE;
	conn->previous = list->last;
	set_next(httpd, list, conn->previous, index);
	list->last = index;
}

void httpd_list_move(struct httpd *httpd, struct httpd_conn *conn, enum httpd_list_name name)
{
	if (httpd_conn_list(conn) != HTTPD_LIST_NONE)
		take_out(httpd, conn);
	if (name != HTTPD_LIST_NONE)
		put_last(httpd, conn, &httpd->list[name]);
	conn->flags = (uint8_t)((conn->flags & HTTPD_CONN_FLAGS) | name << HTTPD_CONN_LIST_SHIFT);
}

struct httpd_conn *httpd_list_first(const struct httpd *httpd, enum httpd_list_name name)
{
	uint32_t index = httpd->list[name].first;

	return index == HTTPD_POOL_NONE ? NULL : httpd_conn_at(httpd, index);
}
