/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The table, and what follows from options together.
 */
#include "app/httpd/httpd_options.h"

#include <string.h>
#include <time.h>

#define HTTP_PORT   80
#define MS_NS       UINT64_C(1000000)
#define SECOND_NS   UINT64_C(1000000000)
#define DAY_MS      86400000
#define RECORDS_MAX (1 << 28)
#define MIB         UINT64_C(1048576)
#define TIB         (UINT64_C(1) << 40)

static const char *const format_choices[] = {[HTTPD_LOG_COMMON] = "common", [HTTPD_LOG_JSON] = "json", NULL};

static const char *check_listen(const char *value)
{
	struct sluice_address address;

	return sluice_address_parse(value, &address)
		       ? "is not an address and port, as in 198.18.0.1:80, [2001:2::1]:80 or "
			 "*:80"
		       : NULL;
}

static const char *check_subnet(const char *value)
{
	struct sluice_subnet subnet;

	return sluice_subnet_parse(value, &subnet) ? "is not a subnet, as in 198.18.0.0/15 or 2001:2::/48" : NULL;
}

#define FIELD(name)  OPTIONS_FIELD(struct httpd_options, name)
#define CONFIG(name) OPTIONS_FIELD(struct httpd_options, config.name)

#define TEXT(name_, group_, field_, placeholder_, help_)                                                          \
	{                                                                                                         \
		.name = name_, .group = group_, FIELD(field_), .kind = OPTIONS_TEXT, .placeholder = placeholder_, \
		.help = help_                                                                                     \
	}
#define SIZE(name_, group_, field_, low_, high_, help_)                                                           \
	{                                                                                                         \
		.name = name_, .group = group_, CONFIG(field_), .kind = OPTIONS_SIZE, .low = low_, .high = high_, \
		.help = help_                                                                                     \
	}
#define NUMBER(name_, group_, field_, low_, high_, help_)                                                           \
	{                                                                                                           \
		.name = name_, .group = group_, CONFIG(field_), .kind = OPTIONS_NUMBER, .low = low_, .high = high_, \
		.help = help_                                                                                       \
	}
#define TIMEOUT(name_, field_, help_)                                                                               \
	{                                                                                                           \
		.name = name_, .group = "Limits", CONFIG(field_), .kind = OPTIONS_TIME, .unit_ns = MS_NS, .low = 1, \
		.high = DAY_MS, .help = help_                                                                       \
	}

static const struct options_entry entries[] = {
	{.name = "listen",
	 .group = "Server",
	 FIELD(listen),
	 .kind = OPTIONS_LIST,
	 .check = check_listen,
	 .placeholder = "ADDRESS:PORT",
	 .default_text = "*:80",
	 .help = "Where to accept connections; *:PORT is every address of the port. Repeat for more."},
	TEXT("root", "Server", config.root, "DIRECTORY",
	     "Document root, loaded into memory at start; without it, built-in pages."),
	SIZE("content-max", "Server", content_max_bytes, 0, TIB, "Refuse a document root that is larger."),
	{.name = "endpoints",
	 .group = "Server",
	 CONFIG(endpoints),
	 .kind = OPTIONS_SWITCH,
	 .help = "Serve /plaintext, /json, /bytes/N, /echo and /status/N beside the files."},
	{.name = "drain",
	 .group = "Server",
	 FIELD(drain_ns),
	 .kind = OPTIONS_TIME,
	 .unit_ns = 1,
	 .high = DAY_MS * MS_NS,
	 .help = "After SIGINT or SIGTERM: how long connections may take to finish before they are cut."},

	SIZE("target-max", "Limits", target_max_bytes, 1, MIB, "Request target; above it 414."),
	SIZE("header-max", "Limits", header_max_bytes, 256, MIB, "Request line and fields together; above it 431."),
	NUMBER("header-fields", "Limits", header_max_fields, 1, 65534, "Field lines of a request; above it 431."),
	SIZE("body-max", "Limits", body_max_bytes, 0, INT64_MAX, "Request body; above it 413."),
	SIZE("discard-max", "Limits", discard_max_bytes, 0, UINT32_MAX,
	     "Of a body that is not wanted: read this much to keep the connection, close it if there is more."),
	SIZE("linger-max", "Limits", linger_max_bytes, 0, 4194240,
	     "Read and thrown away after our FIN, so that the client sees the answer before a reset."),
	NUMBER("requests-max", "Limits", requests_max, 0, 65535,
	       "Requests on one connection, then it is closed in order; 0: any number."),
	{.name = "age-max",
	 .group = "Limits",
	 CONFIG(age_max_ms),
	 .kind = OPTIONS_TIME,
	 .unit_ns = MS_NS,
	 .high = DAY_MS,
	 .help = "Of a connection, then it is closed in order; 0: any."},
	NUMBER("connections-per-address", "Limits", connections_per_address, 0, RECORDS_MAX,
	       "Connections at once from one remote address, at each worker; above it they are reset. 0: any number."),
	NUMBER("address-prefix-ipv4", "Limits", address_prefix_bits_ipv4, 0, 32,
	       "Leading bits that make an IPv4 address one and the same for that."),
	NUMBER("address-prefix-ipv6", "Limits", address_prefix_bits_ipv6, 0, 128,
	       "The same for IPv6, where one host has 2^64 addresses."),
	{.name = "exempt",
	 .group = "Limits",
	 FIELD(exempt),
	 .kind = OPTIONS_LIST,
	 .check = check_subnet,
	 .placeholder = "SUBNET",
	 .help = "Whose addresses have no such limit: a proxy in front, say. Repeat for more."},
	TIMEOUT("header-timeout", header_timeout_ms,
		"From the first byte of a request, or the open, to the end of its head."),
	TIMEOUT("idle-timeout", idle_timeout_ms, "Between requests."),
	TIMEOUT("progress-timeout", progress_timeout_ms,
		"In each such span a body or a response must move at --min-rate, or the connection is cut, as it is if "
		"nothing is acknowledged for so long."),
	NUMBER("min-rate", "Limits", min_bytes_per_second, 0, UINT32_MAX, "In bytes per second."),
	TIMEOUT("linger-timeout", linger_timeout_ms, "After our FIN, for the peer's."),
	NUMBER("exchanges", "Memory", exchanges, 1, RECORDS_MAX,
	       "Requests or responses in progress; without one free, a connection waits."),
	NUMBER("buffers", "Memory", buffers, 1, RECORDS_MAX,
	       "Of header-max bytes each, for heads that come in pieces."),

	TEXT("access-log", "Output", access_log, "FILE", "Append a line for every response; -: to stdout."),
	{.name = "access-log-format",
	 .group = "Output",
	 FIELD(access_log_format),
	 .kind = OPTIONS_CHOICE,
	 .choices = format_choices,
	 .help = "common: the Common Log Format. json: an object a line."},
	NUMBER("log-records", "Output", log_records, 16, 1 << 24,
	       "Room of the access log's ring, a power of two; what does not fit is lost and counted."),
	{.name = "interval",
	 .group = "Output",
	 FIELD(interval_ns),
	 .kind = OPTIONS_TIME,
	 .unit_ns = 1,
	 .high = DAY_MS * MS_NS,
	 .help = "Between two lines of what goes on; 0: none."},
	TEXT("json", "Output", json_path, "FILE", "Write the totals as JSON when the server ends; -: to stdout."),
};

static uint64_t wall_ns(void *user)
{
	struct timespec now;

	(void)user;
	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec;
}

static void defaults(struct httpd_options *program)
{
	memset(program, 0, sizeof(*program));
	endpoint_defaults(&program->endpoint);
	httpd_config_defaults(&program->config);
	program->config.wall_ns = wall_ns;
	program->config.log_records = 65536;
	program->drain_ns = 10 * SECOND_NS;
}

static enum options_result fill_listen(struct httpd_options *program, const struct options *options)
{
	struct sluice_address *listen = program->config.listen;

	if (program->listen.count > HTTPD_LISTEN_MAX)
		return options_refuse(options, "--listen: at most %u addresses", HTTPD_LISTEN_MAX);
	for (uint32_t i = 0; i < program->listen.count; i++) {
		sluice_address_parse(program->listen.item[i], &listen[i]);
		if (!listen[i].port)
			listen[i].port = HTTP_PORT;
		for (uint32_t j = 0; j < i; j++) {
			if (listen[i].port == listen[j].port && !memcmp(listen[i].ip, listen[j].ip, sizeof(listen->ip)))
				return options_refuse(options, "--listen: '%s' is given twice",
						      program->listen.item[i]);
		}
	}
	program->config.listen_count = program->listen.count;
	return OPTIONS_RUN;
}

static enum options_result fill_exempt(struct httpd_options *program, const struct options *options)
{
	if (program->exempt.count > HTTPD_EXEMPT_MAX)
		return options_refuse(options, "--exempt: at most %u subnets", HTTPD_EXEMPT_MAX);
	for (uint32_t i = 0; i < program->exempt.count; i++)
		sluice_subnet_parse(program->exempt.item[i], &program->config.exempt[i]);
	program->config.exempt_count = program->exempt.count;
	return OPTIONS_RUN;
}

static bool listens_on(const struct sluice_address *listen, const struct sluice_port_config *port)
{
	static const struct sluice_address any = {0}, any_ipv4 = {.ip = {[10] = 0xff, [11] = 0xff}};

	if (!memcmp(listen->ip, any.ip, sizeof(any.ip)) || !memcmp(listen->ip, any_ipv4.ip, sizeof(any.ip)))
		return true;
	for (uint32_t i = 0; i < port->subnet_count; i++) {
		if (!memcmp(listen->ip, port->subnet[i].ip, sizeof(any.ip)))
			return true;
	}
	return false;
}

struct httpd_config httpd_options_share(const struct httpd_options *program, uint32_t port)
{
	struct httpd_config out = program->config;

	out.listen_count = 0;
	for (uint32_t i = 0; i < program->config.listen_count; i++) {
		if (listens_on(&program->config.listen[i], &program->endpoint.config.port[port]))
			out.listen[out.listen_count++] = program->config.listen[i];
	}
	return out;
}

/* Every address to listen on is one of ours, and every port has one of them. */
static enum options_result check_listen_ports(const struct httpd_options *program, const struct options *options)
{
	const struct sluice_config *endpoint = &program->endpoint.config;

	for (uint32_t i = 0; i < program->config.listen_count; i++) {
		bool is_ours = false;

		for (uint32_t port = 0; port < endpoint->port_count; port++)
			is_ours |= listens_on(&program->config.listen[i], &endpoint->port[port]);
		if (!is_ours)
			return options_refuse(options, "--listen: '%s' is no port's address: give it by --address too",
					      program->listen.item[i]);
	}
	for (uint32_t port = 0; port < endpoint->port_count && program->config.listen_count; port++) {
		if (!httpd_options_share(program, port).listen_count)
			return options_refuse(options, "--listen: port %u has none of these addresses", port);
	}
	return OPTIONS_RUN;
}

/* What no option can see alone. */
static enum options_result check_together(struct httpd_options *program, const struct options *options)
{
	struct httpd_config *config = &program->config;
	const char *problem;

	config->connections = program->endpoint.config.connections;
	if (options_is_given(options, "header-max") && !options_is_given(options, "target-max") &&
	    config->target_max_bytes >= config->header_max_bytes)
		config->target_max_bytes = config->header_max_bytes / 2;
	problem = httpd_config_problem(config);
	if (problem)
		return options_refuse(options, "%s", problem);
	if (!program->access_log)
		config->log_records = 0;
	if (fill_exempt(program, options) != OPTIONS_RUN)
		return OPTIONS_WRONG;
	return fill_listen(program, options);
}

enum options_result httpd_options_read(struct httpd_options *program, struct options *options, int argc, char **argv)
{
	struct eal_split split = eal_split(argc, argv);
	enum options_result result;

	defaults(program);
	*options = (struct options){
		.program = "sluice-httpd",
		.version = SLUICE_VERSION,
		.usage = "[EAL options --] [options]",
		.summary = "Serves files, or built-in pages, over HTTP/1.1 on TCP in user space. "
			   "Try: sluice-httpd --port net_tap0,iface=tap0 --address 198.18.0.1/15 --idle sleep",
		.set = {{entries, sizeof(entries) / sizeof(entries[0]), program, sizeof(*program)},
			endpoint_options(&program->endpoint)},
		.set_count = 2,
	};
	result = options_read(options, split.argument_count, split.arguments);
	if (result == OPTIONS_RUN)
		result = check_together(program, options);
	if (result == OPTIONS_RUN && endpoint_finish(&program->endpoint, &split, options))
		result = OPTIONS_WRONG;
	return result == OPTIONS_RUN ? check_listen_ports(program, options) : result;
}
