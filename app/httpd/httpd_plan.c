/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One function a question, in the order of RFC 9110 section 13.2.1: is the request acceptable, is there such a resource,
 * is the method allowed on it, do the conditions hold, which representation, which part of it.
 */
#include "app/httpd/httpd_plan.h"

#include "app/httpd/http_target.h"

#define ALLOW_READ "GET, HEAD, OPTIONS"
#define ALLOW_ANY  "GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH"

/* What is being worked out. */
struct question {
	struct httpd_plan *plan;
	const struct httpd_plan_rules *rules;
	const struct http_request *request;
	const uint8_t *data;
};

static void answer(struct question *question, uint16_t status, enum httpd_plan_kind kind)
{
	question->plan->status = status;
	question->plan->kind = (uint8_t)kind;
}

static void refuse(struct question *question, uint16_t status)
{
	answer(question, status, HTTPD_PLAN_PAGE);
}

static bool is_read(uint8_t method)
{
	return method == HTTP_METHOD_GET || method == HTTP_METHOD_HEAD;
}

/* Requests that are refused whatever they ask for.  What is known not to be read in order ends the connection. */
static bool check_request(struct question *question)
{
	const struct http_request *request = question->request;

	if (request->method == HTTP_METHOD_OTHER || request->method == HTTP_METHOD_CONNECT ||
	    request->method == HTTP_METHOD_TRACE) {
		refuse(question, 501);
	} else if (request->content_length > question->rules->body_max_bytes) {
		refuse(question, 413);
		question->plan->framing_in_doubt = true;
	} else if (request->flags & HTTP_FLAG_EXPECT_OTHER && request->minor > 0) {
		refuse(question, 417);
		question->plan->framing_in_doubt = http_request_has_body(request);
	} else {
		return true;
	}
	return false;
}

/* Whether the method may be used here.  OPTIONS is answered on the spot. */
static bool check_method(struct question *question, const char *allow, bool any)
{
	uint8_t method = question->request->method;

	if (method == HTTP_METHOD_OPTIONS) {
		answer(question, 204, HTTPD_PLAN_EMPTY);
	} else if (!any && !is_read(method)) {
		refuse(question, 405);
	} else {
		return true;
	}
	question->plan->allow = allow;
	return false;
}

/* POST, PUT and PATCH say how long their body is, even when it is empty. */
static bool check_length(struct question *question)
{
	const struct http_request *request = question->request;

	if (request->method != HTTP_METHOD_POST && request->method != HTTP_METHOD_PUT &&
	    request->method != HTTP_METHOD_PATCH)
		return true;
	if (http_request_has(request, HTTP_FIELD_CONTENT_LENGTH) || request->flags & HTTP_FLAG_CHUNKED)
		return true;
	refuse(question, 411);
	question->plan->framing_in_doubt = request->minor == 0; /* a 1.0 body could end with the connection */
	return false;
}

static bool begins(struct http_view *path, const char *prefix)
{
	uint32_t bytes = (uint32_t)strlen(prefix);

	if (path->bytes < bytes || memcmp(path->data, prefix, bytes) != 0)
		return false;
	path->data += bytes;
	path->bytes -= bytes;
	return true;
}

static void plan_bytes(struct question *question, struct http_view number)
{
	uint64_t bytes;

	if (!http_view_number(number, &bytes) || bytes > HTTPD_BYTES_MAX) {
		refuse(question, 404);
		return;
	}
	if (!check_method(question, ALLOW_READ, false))
		return;
	question->plan->bytes = bytes;
	answer(question, 200, HTTPD_PLAN_BYTES);
}

static void plan_status(struct question *question, struct http_view number)
{
	uint64_t status;

	if (number.bytes != 3 || !http_view_number(number, &status) || status < 200 || status > 599) {
		refuse(question, 404);
		return;
	}
	if (!check_method(question, ALLOW_ANY, true) || !check_length(question))
		return;
	if (status == 405)
		question->plan->allow = ALLOW_ANY;
	answer(question, (uint16_t)status,
	       status == 204 || status == 205 || status == 304 ? HTTPD_PLAN_EMPTY : HTTPD_PLAN_PAGE);
}

static void plan_echo(struct question *question)
{
	if (!check_method(question, ALLOW_ANY, true) || !check_length(question))
		return;
	question->plan->wants_body = question->request->method != HTTP_METHOD_HEAD;
	answer(question, 200, HTTPD_PLAN_ECHO);
}

/* The endpoints that are no fixed body. */
static bool plan_endpoint(struct question *question, struct http_view path)
{
	if (begins(&path, "/bytes/"))
		plan_bytes(question, path);
	else if (begins(&path, "/status/"))
		plan_status(question, path);
	else if (begins(&path, "/echo") && path.bytes == 0)
		plan_echo(question);
	else
		return false;
	return true;
}

static const struct httpd_entity *choose_entity(struct question *question, const struct httpd_resource *resource)
{
	const struct http_request *request = question->request;
	struct http_accept accept;

	if (resource->available == 1 << HTTP_CODING_IDENTITY)
		return &resource->entity[HTTP_CODING_IDENTITY];
	if (!http_request_has(request, HTTP_FIELD_ACCEPT_ENCODING) ||
	    request->repeated >> HTTP_FIELD_ACCEPT_ENCODING & 1)
		accept = http_accept_none();
	else
		accept = http_accept_parse(http_view(question->data, request->field[HTTP_FIELD_ACCEPT_ENCODING]));
	return &resource->entity[http_accept_choose(&accept, resource->available)];
}

/* Range is defined for GET alone: RFC 9110 section 14.2. */
static void plan_ranges(struct question *question)
{
	struct httpd_plan *plan = question->plan;
	const struct http_request *request = question->request;

	if (request->method != HTTP_METHOD_GET ||
	    !http_condition_allows_range(request, question->data, &plan->entity->validators, question->rules->now_s))
		return;
	switch (http_range_parse(http_view(question->data, request->field[HTTP_FIELD_RANGE]), plan->entity->body_bytes,
				 &plan->ranges)) {
	case HTTP_RANGES_IGNORED:
		return;
	case HTTP_RANGES_UNSATISFIABLE:
		plan->bytes = plan->entity->body_bytes;
		refuse(question, 416);
		return;
	case HTTP_RANGES_SATISFIABLE:
		answer(question, 206, plan->ranges.count == 1 ? HTTPD_PLAN_RANGE : HTTPD_PLAN_RANGES);
		return;
	}
}

static void plan_entity(struct question *question, const struct httpd_resource *resource)
{
	struct httpd_plan *plan = question->plan;

	plan->entity = choose_entity(question, resource);
	answer(question, 200, HTTPD_PLAN_WHOLE);
	if (plan->entity->validators.etag.bytes == 0 || question->request->seen == 1 << HTTP_FIELD_HOST)
		return;
	switch (http_condition_check(question->request, question->data, &plan->entity->validators,
				     question->rules->now_s)) {
	case HTTP_CONDITION_FAILED:
		refuse(question, 412);
		return;
	case HTTP_CONDITION_NOT_MODIFIED:
		answer(question, 304, HTTPD_PLAN_UNCHANGED);
		return;
	case HTTP_CONDITION_HOLDS:
		plan_ranges(question);
		return;
	}
}

static void plan_resource(struct question *question, const struct httpd_resource *resource)
{
	if (!resource)
		refuse(question, 404);
	else if (!check_method(question, ALLOW_READ, false))
		return;
	else if (resource->is_directory)
		answer(question, 301, HTTPD_PLAN_REDIRECT);
	else
		plan_entity(question, resource);
}

/* The common case first: a path without escapes that is a resource's name.  Nothing that must be refused is ever one. */
static void plan_path(struct question *question, struct http_view path)
{
	const struct httpd_resource *resource = NULL;
	struct http_path decoded;

	if (path.bytes > 0 && !memchr(path.data, '%', path.bytes))
		resource = httpd_content_find(question->rules->content, path.data, path.bytes);
	if (resource) {
		plan_resource(question, resource);
		return;
	}
	http_target_decode(path, &decoded);
	if (decoded.status) {
		refuse(question, decoded.status);
		return;
	}
	path = (struct http_view){.data = decoded.data, .bytes = decoded.bytes};
	if (question->rules->endpoints && plan_endpoint(question, path))
		return;
	plan_resource(question, httpd_content_find(question->rules->content, path.data, path.bytes));
}

void httpd_plan_make(struct httpd_plan *plan, const struct httpd_plan_rules *rules, const struct http_request *request,
		     const uint8_t *data)
{
	struct question question = {.plan = plan, .rules = rules, .request = request, .data = data};

	plan->wants_body = plan->framing_in_doubt = false;
	plan->allow = NULL;
	plan->entity = NULL;
	plan->bytes = 0;
	if (!check_request(&question))
		return;
	if (request->form == HTTP_FORM_ASTERISK)
		check_method(&question, ALLOW_ANY, true);
	else
		plan_path(&question, http_view(data, request->path));
}
