/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The active side of a conversation, for tests: opens a connection to each target, sends a file, closes its direction, and keeps
 * what comes.  With --local both ends of the tuple are given, so that a kernel can open the same connection at the same
 * time.  tests/kernel runs it, with the faulty wire between its worker and the port.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/common/endpoint.h"
#include "app/common/standard.h"
#include "app/common/stop.h"

#define TALKS_MAX OPTIONS_LIST_MAX

struct talk {
	sluice_conn conn;
	FILE *received;
	uint32_t sent_bytes;
};

struct program {
	struct endpoint endpoint;
	struct options_list targets;
	struct sluice_address local;
	const char *send_path, *receive_path;
	char *text;
	uint32_t text_bytes;
	struct talk talk[TALKS_MAX];
	uint32_t open_count;
	int status;
};

static const char *target_check(const char *text)
{
	struct sluice_address address;

	return sluice_address_parse(text, &address) || !address.port ? "is not an address and a port" : NULL;
}

#define FIELD(field) OPTIONS_FIELD(struct program, field)

static const struct options_entry entries[] = {
	{.name = "target",
	 .group = "Talk",
	 .help = "Open a connection to it. Repeat for more.",
	 .placeholder = "ADDRESS:PORT",
	 .kind = OPTIONS_LIST,
	 .check = target_check,
	 FIELD(targets)},
	{.name = "local",
	 .group = "Talk",
	 .help = "From this address and port.",
	 .kind = OPTIONS_ADDRESS,
	 FIELD(local)},
	{.name = "send",
	 .group = "Talk",
	 .help = "What to say on each connection.",
	 .placeholder = "FILE",
	 .kind = OPTIONS_TEXT,
	 FIELD(send_path)},
	{.name = "receive",
	 .group = "Talk",
	 .help = "Keep what comes on the n-th connection, counted from 0, in FILE.n.",
	 .placeholder = "FILE",
	 .kind = OPTIONS_TEXT,
	 FIELD(receive_path)},
};

static void talk_push(struct program *program, struct sluice_worker *worker, struct talk *talk)
{
	uint32_t left = program->text_bytes - talk->sent_bytes;
	struct sluice_slice slice = {.data = program->text + talk->sent_bytes, .bytes = left};

	talk->sent_bytes += sluice_send(worker, talk->conn, &slice, 1, SLUICE_SEND_BORROW | SLUICE_SEND_FIN);
}

static void talk_take(struct sluice_worker *worker, struct talk *talk)
{
	struct sluice_slice slice[64];
	uint32_t count, bytes;

	do {
		bytes = 0;
		count = sluice_peek(worker, talk->conn, slice, 64);
		for (uint32_t i = 0; i < count; i++) {
			fwrite(slice[i].data, 1, slice[i].bytes, talk->received);
			bytes += slice[i].bytes;
		}
		sluice_consume(worker, talk->conn, bytes);
	} while (count);
}

static void talk_handle(struct program *program, struct sluice_worker *worker, const struct sluice_event *event)
{
	struct talk *talk = event->context;

	if (event->mask & SLUICE_OPENED || (event->mask & SLUICE_WRITABLE && talk->sent_bytes < program->text_bytes))
		talk_push(program, worker, talk);
	if (event->readable_bytes)
		talk_take(worker, talk);
	if (!(event->mask & SLUICE_CLOSED))
		return;
	printf("closed: %s\n", sluice_reason_text(event->reason));
	if (event->reason != SLUICE_REASON_FINISHED || talk->sent_bytes < program->text_bytes)
		program->status = EXIT_FAILURE;
	program->open_count--;
}

static int talks_open(struct program *program, struct sluice_worker *worker)
{
	struct sluice_connect_options options = {.local = program->local};
	int error = 0;

	for (uint32_t i = 0; i < program->targets.count && !error; i++) {
		struct sluice_address target;

		error = sluice_address_parse(program->targets.item[i], &target);
		if (!error)
			error = sluice_connect(worker, &target, &options, &program->talk[i], &program->talk[i].conn);
		program->open_count += !error;
	}
	if (error)
		fprintf(stderr, "sluice-talk: cannot connect: %s\n", strerror(-error));
	return error;
}

static int talk_loop(struct sluice_worker *worker, void *argument)
{
	struct program *program = argument;
	uint32_t count;

	sluice_poll(worker, &count);
	if (talks_open(program, worker))
		return EXIT_FAILURE;
	sluice_flush(worker);
	while (program->open_count && !stop_is_asked()) {
		const struct sluice_event *event = sluice_poll(worker, &count);

		for (uint32_t i = 0; i < count; i++)
			talk_handle(program, worker, &event[i]);
		sluice_flush(worker);
	}
	return program->open_count ? EXIT_FAILURE : program->status;
}

/* All of --send, and the files of --receive. */
static bool files_open(struct program *program)
{
	FILE *file = fopen(program->send_path ? program->send_path : "/dev/null", "re");
	size_t room = 1 << 20;

	program->text = malloc(room);
	while (file && program->text && !feof(file) && !ferror(file)) {
		program->text_bytes +=
			(uint32_t)fread(program->text + program->text_bytes, 1, room - program->text_bytes, file);
		if (program->text_bytes == room)
			program->text = realloc(program->text, room *= 2);
	}
	if (file)
		fclose(file);
	for (uint32_t i = 0; i < program->targets.count; i++) {
		char path[1024];

		snprintf(path, sizeof(path), "%s.%u", program->receive_path, i);
		program->talk[i].received = fopen(program->receive_path ? path : "/dev/null", "we");
		if (!program->talk[i].received)
			return false;
	}
	return file && program->text;
}

static int talk_program(struct program *program)
{
	sluice_loop loop = talk_loop;
	void *argument = program;
	struct sluice *sluice;
	int status;

	if (!files_open(program)) {
		fprintf(stderr, "sluice-talk: %s\n", strerror(errno));
		return EXIT_FAILURE;
	}
	if (sluice_open(&program->endpoint.config, &sluice))
		return EXIT_FAILURE;
	status = sluice_run(sluice, &loop, &argument);
	sluice_close_all(sluice);
	for (uint32_t i = 0; i < program->targets.count; i++)
		if (fclose(program->talk[i].received))
			status = EXIT_FAILURE;
	free(program->text);
	return status;
}

int main(int argc, char **argv)
{
	static struct program program;
	struct eal_split split = eal_split(argc, argv);
	struct options options = {
		.program = "sluice-talk",
		.version = SLUICE_VERSION,
		.usage = "[EAL options --] [options]",
		.summary = "Says a file to each target and keeps the answers.",
		.set = {{entries, sizeof(entries) / sizeof(entries[0]), &program, sizeof(program)},
			endpoint_options(&program.endpoint)},
		.set_count = 2,
	};
	int status = 2;

	standard_open();
	endpoint_defaults(&program.endpoint);
	if (options_read(&options, split.argument_count, split.arguments) == OPTIONS_RUN &&
	    !endpoint_finish(&program.endpoint, &split, &options)) {
		stop_catch_signals();
		status = talk_program(&program);
	}
	options_release(&options);
	return status;
}
