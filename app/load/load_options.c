/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The table of the program's own options, and what follows from them together.
 */
#include "app/load/load_options.h"

#include <string.h>

#include "app/load/load_request.h"

#define HTTP_PORT          80
#define LOOPBACK_PATH      "/plaintext"
#define LOOPBACK_TIME_WAIT 131072 /* few enough that the ports of the source addresses outnumber them */
#define CONNECTIONS_SPARE  1024
#define RECORDS_MAX        (1 << 28)
#define ANSWER_BYTES       256  /* of a short answer, generously */
#define SEND_CHUNK_BYTES   2048 /* of struct sluice_config's chunks_large */
#define SECOND_NS          UINT64_C(1000000000)
#define TIME_MAX_NS        (UINT64_C(30) * 24 * 3600 * SECOND_NS)

static const char *const mode_choices[] = {[LOAD_MODE_CPS] = "cps", [LOAD_MODE_RPS] = "rps", NULL};
static const char *const closer_choices[] = {[LOAD_CLOSER_CLIENT] = "client", [LOAD_CLOSER_SERVER] = "server", NULL};
static const char *const family_choices[] = {[LOAD_FAMILY_4] = "4", [LOAD_FAMILY_6] = "6", NULL};

#define FIELD(name) OPTIONS_FIELD(struct load_options, name)
#define LOAD(name)  OPTIONS_FIELD(struct load_options, load.name)

#define CHOICE(name_, group_, field_, choices_, help_)                                                             \
	{                                                                                                          \
		.name = name_, .group = group_, field_, .kind = OPTIONS_CHOICE, .choices = choices_, .help = help_ \
	}
#define NUMBER(name_, group_, field_, low_, high_, help_)                                                   \
	{                                                                                                   \
		.name = name_, .group = group_, field_, .kind = OPTIONS_NUMBER, .low = low_, .high = high_, \
		.help = help_                                                                               \
	}
#define TIME(name_, group_, field_, low_, help_)                                                         \
	{                                                                                                \
		.name = name_, .group = group_, field_, .kind = OPTIONS_TIME, .unit_ns = 1, .low = low_, \
		.high = TIME_MAX_NS, .help = help_                                                       \
	}
#define TEXT(name_, group_, field_, placeholder_, check_, help_)                                           \
	{                                                                                                  \
		.name = name_, .group = group_, field_, .kind = OPTIONS_TEXT, .placeholder = placeholder_, \
		.check = check_, .help = help_                                                             \
	}

static const struct options_entry entries[] = {
	CHOICE("mode", "Load", LOAD(mode), mode_choices,
	       "cps: connect, one request, its response, close, and again. rps: requests on connections that stay "
	       "open."),
	{.name = "target",
	 .group = "Load",
	 LOAD(target),
	 .kind = OPTIONS_ADDRESS,
	 .placeholder = "ADDRESS[:PORT]",
	 .help = "The server, as in 198.18.0.1:80 or [2001:2::1]:80. Not with --loopback."},
	TEXT("path", "Load", LOAD(path), "PATH", load_request_check_path,
	     "What to GET; /plaintext with --loopback, if not given."),
	TEXT("host", "Load", LOAD(host), "HOST", load_request_check_host,
	     "The Host field; the target's address if not given."),
	NUMBER("concurrency", "Load", LOAD(concurrency), 1, 1 << 28,
	       "Connections in progress at once, all workers together."),
	NUMBER("pipeline", "Load", LOAD(pipeline), 1, LOAD_PIPELINE_MAX,
	       "rps: requests outstanding on each connection."),
	NUMBER("requests-per-connection", "Load", LOAD(requests_per_connection), 0, UINT32_MAX,
	       "rps: close after so many and open anew; 0: never."),
	CHOICE("close", "Load", LOAD(closer), closer_choices,
	       "cps: who sends the first FIN, and so keeps TIME-WAIT. server: ask for it with Connection: close."),
	NUMBER("opens-per-turn", "Load", LOAD(opens_per_turn), 1, 4096, "Connects begun in one turn, at most."),

	TIME("duration", "Time", LOAD(duration_ns), 0, "How long to measure; 0: until --count or a signal."),
	TIME("warm-up", "Time", LOAD(warm_up_ns), 0,
	     "Load before the measured time, from when every connection has been tried; not part of the figures."),
	NUMBER("count", "Time", LOAD(count), 0, INT64_MAX,
	       "Stop after so many connections (cps) or requests (rps), all workers together; 0: by --duration."),
	TIME("connect-timeout", "Time", LOAD(connect_timeout_ns), 1000000, "A handshake must be complete by then."),
	TIME("response-timeout", "Time", LOAD(response_timeout_ns), 1000000,
	     "From a request to the last byte of its response, and from close to its end."),
	TIME("drain", "Time", LOAD(drain_ns), 0, "At the end, for what is in progress; then it is cut."),

	{.name = "loopback",
	 .group = "Loopback",
	 FIELD(is_loopback),
	 .kind = OPTIONS_FLAG,
	 .help = "Serve and load in this process, over an in-process wire: no NIC, hugepages or root."},
	CHOICE("family", "Loopback", FIELD(family), family_choices, "IPv4 or IPv6."),
	NUMBER("loopback-addresses", "Loopback", FIELD(loopback_addresses), 1, SLUICE_SUBNETS_MAX,
	       "Source addresses, so that ports do not run out."),

	TEXT("json", "Output", FIELD(json_path), "FILE", NULL, "Write the whole report as JSON; -: to stdout."),
	TEXT("histogram-log", "Output", FIELD(histogram_log_path), "FILE", NULL,
	     "Write a histogram for every interval, in HdrHistogram's log format."),
	TIME("interval", "Output", FIELD(interval_ns), 100000000, "Between two lines of progress."),
};

static void defaults(struct load_options *program)
{
	memset(program, 0, sizeof(*program));
	endpoint_defaults(&program->endpoint);
	load_config_defaults(&program->load);
	program->loopback_addresses = 8;
	program->interval_ns = SECOND_NS;
}

/* Host number `host` of the loopback's network. */
static struct sluice_subnet loopback_subnet(enum load_family family, uint32_t host)
{
	static const uint8_t base_6[] = {0x20, 0x01, 0, 2};
	static const uint8_t base_4[] = {[10] = 0xff, [11] = 0xff, [12] = 198, [13] = 18};
	struct sluice_subnet out = {.prefix_bits = family == LOAD_FAMILY_6 ? 48 : 15};

	if (family == LOAD_FAMILY_6)
		memcpy(out.ip, base_6, sizeof(base_6));
	else
		memcpy(out.ip, base_4, sizeof(base_4));
	out.ip[15] = (uint8_t)host;
	return out;
}

/* Two ends of one wire: the server is host 1, the sources follow. */
static void loopback_fill(struct load_options *program, const struct options *options)
{
	struct sluice_config *config = &program->endpoint.config;
	struct sluice_subnet server = loopback_subnet(program->family, 1);

	config->port_count = LOAD_LOOPBACK_PORTS;
	for (uint32_t i = 0; i < LOAD_LOOPBACK_PORTS; i++)
		config->port[i] = (struct sluice_port_config){.device = "ring:loopback"};
	config->port[0].subnet[0] = server;
	config->port[0].subnet_count = 1;
	for (uint32_t i = 0; i < program->loopback_addresses; i++)
		config->port[1].subnet[i] = loopback_subnet(program->family, 2 + i);
	config->port[1].subnet_count = program->loopback_addresses;
	memcpy(program->load.target.ip, server.ip, sizeof(server.ip));
	program->load.target.port = HTTP_PORT;
	if (!options_is_given(options, "path"))
		program->load.path = LOOPBACK_PATH;
	if (!options_is_given(options, "time-wait"))
		config->time_wait = LOOPBACK_TIME_WAIT;
}

static void raise_to(uint32_t *value, uint64_t least, const struct options *options, const char *name)
{
	if (*value < least && !options_is_given(options, name))
		*value = least > RECORDS_MAX ? RECORDS_MAX : (uint32_t)least;
}

/*
 * What --concurrency asks of the records that nobody counted out: one for each connection, and in the loopback, whose
 * server has the same sizes, room for one copied answer to each request, since all may be in flight at once.
 */
static void records_follow(struct load_options *program, const struct options *options)
{
	struct sluice_config *config = &program->endpoint.config;
	uint64_t conns = program->load.concurrency, answer_bytes = (uint64_t)program->load.pipeline * ANSWER_BYTES;
	uint64_t chunks = (answer_bytes + SEND_CHUNK_BYTES - 1) / SEND_CHUNK_BYTES;

	raise_to(&config->connections, conns + CONNECTIONS_SPARE, options, "connections");
	if (!program->is_loopback)
		return;
	if (program->load.pipeline == 1) {
		raise_to(&config->chunks_small, conns, options, "chunks-small");
	} else {
		raise_to(&config->chunks_large, conns * chunks, options, "chunks-large");
		raise_to(&config->descriptors, conns * chunks, options, "descriptors");
	}
}

static bool is_zero(const uint8_t ip[16])
{
	static const uint8_t none[16];

	return !memcmp(ip, none, sizeof(none));
}

/* What no option can see alone. */
static enum options_result together_check(struct load_options *program, struct options *options)
{
	const struct load_config *load = &program->load;

	if (program->is_loopback && !is_zero(load->target.ip))
		return options_refuse(options, "--target: --loopback brings its own server; leave one of them out");
	if (program->is_loopback && (program->endpoint.ports.count || program->endpoint.addresses.count))
		return options_refuse(options, "--loopback brings its own ports: leave out --port and --address");
	if (!program->is_loopback && is_zero(load->target.ip))
		return options_refuse(options, "no target: give one with --target, or try --loopback");
	if (load->mode == LOAD_MODE_CPS && load->pipeline > 1)
		return options_refuse(options, "--pipeline: with --mode cps a connection has one request");
	if (load->mode == LOAD_MODE_CPS && load->requests_per_connection > 1)
		return options_refuse(options, "--requests-per-connection: with --mode cps it is always one");
	if (load->mode == LOAD_MODE_RPS && load->closer == LOAD_CLOSER_SERVER)
		return options_refuse(options, "--close: with --mode rps connections are not closed");
	if (options_is_given(options, "count") && !options_is_given(options, "duration"))
		program->load.duration_ns = 0;
	return OPTIONS_RUN;
}

enum options_result load_options_read(struct load_options *program, struct options *options, int argc, char **argv)
{
	struct eal_split split = eal_split(argc, argv);
	enum options_result result;

	defaults(program);
	*options = (struct options){
		.program = "sluice-load",
		.version = SLUICE_VERSION,
		.usage = "[EAL options --] [options]",
		.summary = "Loads an HTTP server with connections or requests and accounts for every one of them. "
			   "Try: sluice-load --loopback --mode cps",
		.set = {{entries, sizeof(entries) / sizeof(entries[0]), program, sizeof(*program)},
			endpoint_options(&program->endpoint)},
		.set_count = 2,
	};
	result = options_read(options, split.argument_count, split.arguments);
	if (result == OPTIONS_RUN)
		result = together_check(program, options);
	if (result != OPTIONS_RUN)
		return result;
	if (program->is_loopback)
		loopback_fill(program, options);
	if (!program->load.target.port)
		program->load.target.port = HTTP_PORT;
	if (endpoint_finish(&program->endpoint, &split, options))
		return OPTIONS_WRONG;
	if (!program->is_loopback && program->load.concurrency < program->endpoint.config.port_count)
		return options_refuse(options, "--concurrency: %u is fewer than there are workers",
				      program->load.concurrency);
	records_follow(program, options);
	return OPTIONS_RUN;
}

/* The port's addresses of the target's family. */
static void sources_fill(const struct sluice_port_config *port, struct load_config *load)
{
	bool is_ipv4 = sluice_address_is_ipv4(&load->target);

	load->local_count = 0;
	for (uint32_t i = 0; i < port->subnet_count; i++) {
		struct sluice_address *local = &load->local[load->local_count];

		*local = (struct sluice_address){0};
		memcpy(local->ip, port->subnet[i].ip, sizeof(local->ip));
		load->local_count += sluice_address_is_ipv4(local) == is_ipv4;
	}
}

static uint64_t share(uint64_t whole, uint32_t index, uint32_t count)
{
	return whole / count + (index < whole % count);
}

struct load_config load_options_share(const struct load_options *program, uint32_t port, uint32_t index, uint32_t count)
{
	struct load_config out = program->load;

	out.concurrency = (uint32_t)share(program->load.concurrency, index, count);
	out.count = share(program->load.count, index, count);
	if (program->load.count && !out.count)
		out.count = 1; /* 0 would be no limit */
	sources_fill(&program->endpoint.config.port[port], &out);
	return out;
}
