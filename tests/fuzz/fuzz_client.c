/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The load generator over the real stack, and a hostile server on its wire: SYN-ACKs, RSTs, data and FINs with any numbers, flags,
 * windows and options, near the right ones or far off.  Every attempt is accounted for, no frame sent is bad, and in the end
 * everything is given back.
 */
#include "app/load/load.h"
#include "tests/fuzz/fuzz.h"
#include "tests/sim/dissect.h"
#include "tests/worker/port.h"

#define STEPS_MAX 60
#define MS        UINT64_C(1000000)

static const char response[] = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

/* The newest connection that the client spoke on, as the server knows it. */
struct client {
	struct port *port;
	struct load *load;
	struct fuzz fuzz;
	uint16_t its_port;
	uint32_t its_next, its_first; /* sequence numbers */
	uint32_t our_next;
};

/* Reads what was sent since the last step; answers ARP. */
static void look(struct client *client)
{
	struct port *port = client->port;

	for (uint32_t i = 0; i < port->sent_count; i++) {
		struct dissect seen = dissect(port->sent[i].at, port->sent[i].count);

		FUZZ_REQUIRE(seen.kind != DISSECT_BAD, "sent a bad frame: %s", seen.wrong);
		if (seen.kind != DISSECT_TCP || seen.flags & SEG_RST)
			continue;
		if (seen.flags & SEG_SYN) {
			client->its_port = seen.source.port;
			client->its_first = seen.seq;
			client->our_next = 0;
		}
		if (seen.source.port == client->its_port)
			client->its_next = seen.seq + dissect_span(&seen);
	}
	port->sent_count = 0;
}

static void run(struct client *client)
{
	struct sluice_worker *worker = client->port->worker;
	uint32_t count;
	const struct sluice_event *event = sluice_poll(worker, &count);

	for (uint32_t i = 0; i < count; i++)
		load_handle(client->load, &event[i]);
	load_turn(client->load);
	sluice_flush(worker);
	look(client);
}

static void bring(struct client *client, const struct bytes *frame)
{
	struct port *port = client->port;
	struct rte_mbuf *packet = packet_new();

	memcpy(packet_bytes(packet), frame->at, frame->count);
	packet->data_len = (uint16_t)frame->count;
	packet->pkt_len = frame->count;
	port->alive++;
	port->in_first = port->in_end = 0; /* a turn has taken what was there */
	port->in[port->in_end++] = packet;
	run(client);
}

static void answer_arp(struct client *client)
{
	struct bytes reply = neighbour_reply_frame(&client->port->side, 2, 2);

	bring(client, &reply);
}

/* What an honest server would send next: SYN-ACK, then responses; each part of which the input may change. */
static void serve(struct client *client, uint8_t what)
{
	struct side *side = &client->port->side;
	struct segment segment = {.seq = client->our_next, .flags = TCP_ACK};
	struct fuzz *fuzz = &client->fuzz;
	struct bytes frame;
	char text[256];
	uint32_t bytes;

	side->port = 80;
	side->our_port = client->its_port;
	side->our_iss = client->its_first;
	segment.ack = client->its_next - client->its_first;
	if (client->our_next == 0) {
		segment.flags |= TCP_SYN;
		segment.mss = what & 8 ? fuzz_16(fuzz) : (uint16_t)1460;
		segment.scale = what & 16 ? SCALE(fuzz_8(fuzz) & 0x7f) : 0;
		segment.sack_ok = what & 32;
	} else {
		segment.text = response;
		segment.bytes = sizeof(response) - 1;
	}
	if (what & 8 && client->our_next) {
		const uint8_t *from = fuzz_take(fuzz, fuzz_8(fuzz) % sizeof(text), &bytes);

		memcpy(text, from, bytes);
		segment.text = bytes ? text : NULL;
		segment.bytes = bytes;
	}
	if (what & 64)
		segment.flags = fuzz_8(fuzz);
	if (what & 128) {
		segment.ack += fuzz_near(fuzz);
		segment.seq += fuzz_near(fuzz);
		segment.window = fuzz_16(fuzz);
	}
	if (segment.flags & TCP_SYN)
		client->our_next = 1;
	else if (!(what & 128))
		client->our_next += segment.bytes + (segment.flags & TCP_FIN ? 1U : 0);
	frame = segment_frame(side, &segment);
	bring(client, &frame);
}

static void step(struct client *client)
{
	uint8_t what = fuzz_8(&client->fuzz);

	switch (what & 7) {
	case 0:
		answer_arp(client);
		break;
	case 1:
		client->port->now_ns += (what >> 3) * 10 * MS;
		run(client);
		break;
	case 2:
		client->port->now_ns += (what >> 3) * 500 * MS;
		run(client);
		break;
	case 3:
		run(client);
		break;
	default:
		serve(client, what);
	}
}

static struct load *open_load(struct sluice_worker *worker, uint8_t shape)
{
	struct load_config config;
	struct load *load = NULL;

	load_config_defaults(&config);
	config.mode = shape & 1 ? LOAD_MODE_CPS : LOAD_MODE_RPS;
	config.closer = shape & 2 && shape & 1 ? LOAD_CLOSER_SERVER : LOAD_CLOSER_CLIENT;
	config.concurrency = 1 + (shape >> 2 & 3);
	config.pipeline = shape & 1 ? config.pipeline : 1 + (shape >> 4 & 3U);
	config.drain_ns = 1000 * MS;
	config.connect_timeout_ns = config.response_timeout_ns = 3000 * MS;
	FUZZ_REQUIRE(sluice_address_parse("198.18.0.2:80", &config.target) == 0, "address");
	FUZZ_REQUIRE(load_open(&config, worker, &load) == 0, "the load does not open");
	return load;
}

static void check(const struct load_ledger *ledger)
{
	uint64_t sum = ledger->in_progress;

	for (uint32_t i = 0; i < LOAD_OUTCOME_COUNT; i++)
		sum += ledger->outcome[i];
	FUZZ_REQUIRE(sum == ledger->attempted && !ledger->in_progress, "an attempt is not accounted for");
}

/* No more begins, nobody answers, and time passes until nothing is left. */
static void finish(struct client *client)
{
	struct load_results results;

	load_stop(client->load);
	for (uint32_t i = 0; i < 400 && !load_is_finished(client->load); i++) {
		client->port->now_ns += 250 * MS;
		run(client);
	}
	FUZZ_REQUIRE(load_is_finished(client->load), "the load does not end");
	load_results(client->load, &results);
	check(&results.total.connections);
	check(&results.total.requests);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct client client = {.fuzz = fuzz_begin(data, size)};
	struct sluice_config config = port_config();
	uint8_t shape = fuzz_8(&client.fuzz);

	setenv("CMOCKA_TEST_ABORT", "1", 1);
	config.timestamps = config.sack = shape & 64;
	config.window_shift = shape & 128 ? 7 : 0;
	client.port = port_new(&config);
	client.load = open_load(client.port->worker, shape);
	run(&client);
	answer_arp(&client);
	for (uint32_t i = 0; i < STEPS_MAX && fuzz_left(&client.fuzz); i++)
		step(&client);
	finish(&client);
	load_close(client.load);
	port_free(client.port);
	return 0;
}
