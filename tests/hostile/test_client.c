/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The load generator over the real stack, at the mercy of its server: SYN-ACKs that acknowledge something else, storms of RST, options
 * and windows without sense, data and FIN too early, answers that are none.  Every attempt ends as one outcome, and an honest answer
 * afterwards still counts.
 */
#include "app/load/load.h"

#include "tests/worker/port.h"

#define MS UINT64_C(1000000)

static const char response[] = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

struct client {
	struct port *port;
	struct load *load;
};

static void run(struct client *client)
{
	uint32_t count;
	const struct sluice_event *event = sluice_poll(client->port->worker, &count);

	for (uint32_t i = 0; i < count; i++)
		load_handle(client->load, &event[i]);
	load_turn(client->load);
	sluice_flush(client->port->worker);
}

static void bring(struct client *client, struct segment segment)
{
	struct port *port = client->port;

	port->in_first = port->in_end = 0; /* a turn has taken what was there */
	port->sent_count = 0;
	port_brings(port, segment);
	run(client);
}

/* One connection at a time, to 198.18.0.2:80; its SYN is on the wire. */
static struct client client_new(void)
{
	struct client client = {.port = port_new(NULL)};
	struct side *side = &client.port->side;
	struct load_config config;
	struct bytes reply;
	struct rte_mbuf *packet = packet_new();

	load_config_defaults(&config);
	config.mode = LOAD_MODE_CPS;
	config.concurrency = 1;
	config.count = 1;
	config.connect_timeout_ns = config.response_timeout_ns = 5000 * MS;
	assert_int_equal(sluice_address_parse("198.18.0.2:80", &config.target), 0);
	assert_int_equal(load_open(&config, client.port->worker, &client.load), 0);
	run(&client);
	reply = neighbour_reply_frame(side, 2, 2);
	memcpy(packet_bytes(packet), reply.at, reply.count);
	packet->data_len = (uint16_t)reply.count;
	packet->pkt_len = reply.count;
	client.port->alive++;
	client.port->in[client.port->in_end++] = packet;
	client.port->sent_count = 0;
	run(&client);
	assert_int_equal(client.port->sent_count, 1);
	assert_int_equal(port_sent(client.port, 0).flags, TCP_SYN);
	side->port = 80;
	side->our_port = (uint16_t)get_16(&client.port->sent[0], L3 + 20);
	return client;
}

static const struct load_counts *counts_of(const struct client *client)
{
	static struct load_results results;

	load_results(client->load, &results);
	return &results.total;
}

/* The generator ends by itself, with one attempt of this outcome, and gives everything back. */
static void ends_as(struct client *client, enum load_outcome outcome)
{
	const struct load_counts *counts;

	for (uint32_t i = 0; i < 200 && !load_is_finished(client->load); i++) {
		client->port->now_ns += 250 * MS;
		client->port->sent_count = 0;
		run(client);
	}
	assert_true(load_is_finished(client->load));
	counts = counts_of(client);
	assert_int_equal(counts->connections.attempted, 1);
	assert_int_equal(counts->connections.in_progress, 0);
	assert_int_equal(counts->connections.outcome[outcome], 1);
	load_close(client->load);
	port_free(client->port);
}

/* From here on the server is honest: SYN-ACK, the response, FIN. */
static void honest_end(struct client *client, uint32_t request_bytes)
{
	uint32_t bytes = sizeof(response) - 1;

	bring(client, (struct segment){.seq = 1, .ack = 1 + request_bytes, .flags = TCP_ACK, .text = response});
	bring(client, (struct segment){.seq = 1 + bytes, .ack = 2 + request_bytes, .flags = TCP_FIN | TCP_ACK});
	ends_as(client, LOAD_OUTCOME_SUCCESS);
}

/* The SYN-ACK that opens; the bytes of the request that follows it. */
static uint32_t opens_with(struct client *client, struct segment syn_ack)
{
	struct segment request;

	syn_ack.ack = 1;
	syn_ack.flags |= TCP_SYN | TCP_ACK;
	bring(client, syn_ack);
	assert_int_equal(counts_of(client)->opened, 1);
	assert_true(client->port->sent_count >= 1);
	request = port_sent(client->port, client->port->sent_count - 1);
	assert_true(request.bytes > 0 && strncmp(request.text, "GET / HTTP/1.1\r\n", 16) == 0);
	return request.bytes;
}

static void test_syn_ack_with_a_wrong_ack(void **state)
{
	static const uint32_t acks[] = {0, 2, 100, 0x7fffffff, 0x80000000, 0xffffffff};
	struct client client = client_new();

	(void)state;
	for (uint32_t i = 0; i < 6; i++) {
		bring(&client, (struct segment){.ack = acks[i], .flags = TCP_SYN | TCP_ACK, .mss = 1000});
		for (uint32_t s = 0; s < client.port->sent_count; s++)
			assert_int_equal(port_sent(client.port, s).flags & (TCP_RST | TCP_SYN), TCP_RST);
		assert_int_equal(counts_of(&client)->opened, 0);
	}
	honest_end(&client, opens_with(&client, (struct segment){.mss = 1000}));
}

/* RSTs that acknowledge anything but our SYN, or nothing; a hundred of each. */
static void test_rst_storms(void **state)
{
	struct client client = client_new();
	uint32_t request;

	(void)state;
	for (uint32_t i = 0; i < 100; i++) {
		bring(&client, (struct segment){.seq = i, .flags = TCP_RST});
		assert_int_equal(client.port->sent_count, 0);
		bring(&client, (struct segment){.seq = i, .ack = 2 + i, .flags = TCP_RST | TCP_ACK});
		assert_int_equal(client.port->sent_count, 0);
	}
	request = opens_with(&client, (struct segment){.mss = 1000});
	for (uint32_t i = 2; i < 100; i++) {
		bring(&client, (struct segment){.seq = i, .flags = TCP_RST});
		bring(&client, (struct segment){.seq = 0U - i, .ack = i, .flags = TCP_RST | TCP_ACK});
	}
	honest_end(&client, request);
}

static void test_rst_that_is_right(void **state)
{
	struct client client = client_new();

	(void)state;
	bring(&client, (struct segment){.ack = 1, .flags = TCP_RST | TCP_ACK});
	ends_as(&client, LOAD_OUTCOME_REFUSED);
}

/* MSS of 1, 8 and 65,535: the request goes out whole, in one segment. */
static void test_tiny_and_huge_mss(void **state)
{
	static const uint16_t mss[] = {1, 8, 65535};

	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		struct client client = client_new();

		honest_end(&client, opens_with(&client, (struct segment){.mss = mss[i]}));
	}
}

/* Scales that were not asked for, shifts beyond 14, the largest window: no more is sent than there is. */
static void test_huge_windows(void **state)
{
	(void)state;
	for (uint8_t shift = 0; shift < 120; shift = (uint8_t)(shift + 14)) {
		struct client client = client_new();

		honest_end(&client,
			   opens_with(&client, (struct segment){.mss = 1460, .window = 65535, .scale = SCALE(shift)}));
	}
}

/* Options we did not offer (timestamps, SACK) are not taken as agreed: nothing later lacks them. */
static void test_options_that_were_not_offered(void **state)
{
	struct client client = client_new();

	(void)state;
	honest_end(&client,
		   opens_with(&client, (struct segment){.mss = 1000, .sack_ok = true, .stamped = true, .tsval = 1}));
}

/* The whole response and FIN on the SYN-ACK, before anything was asked. */
static void test_fin_and_data_too_early(void **state)
{
	struct client client = client_new();

	(void)state;
	bring(&client, (struct segment){.ack = 1,
					.flags = TCP_SYN | TCP_ACK | TCP_FIN,
					.mss = 1000,
					.text = "HTTP/1.1 nonsense\r\n\r\n"});
	ends_as(&client, LOAD_OUTCOME_CLOSED_EARLY);
}

/* Answers that are none, after an honest handshake. */
static void test_answers_that_are_none(void **state)
{
	static const char *const answers[] = {
		"SSH-2.0-OpenSSH_9.2\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloXX",
		"HTTP/1.1 200 OK\nContent-Length: 1\n\na",
	};

	(void)state;
	for (uint32_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		struct client client = client_new();
		uint32_t request = opens_with(&client, (struct segment){.mss = 1000});

		bring(&client, (struct segment){.seq = 1, .ack = 1 + request, .flags = TCP_ACK, .text = answers[i]});
		ends_as(&client, LOAD_OUTCOME_BAD_RESPONSE);
	}
}

/* A window that shuts under the request and never opens: the attempt times out, and its record comes back. */
static void test_window_that_never_opens(void **state)
{
	struct client client = client_new();

	(void)state;
	bring(&client, (struct segment){.ack = 1, .flags = TCP_SYN | TCP_ACK, .mss = 1000, .window = SHUT});
	for (uint32_t i = 0; i < 40; i++) {
		client.port->now_ns += 250 * MS;
		bring(&client, (struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK, .window = SHUT});
	}
	ends_as(&client, LOAD_OUTCOME_TIMED_OUT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_syn_ack_with_a_wrong_ack),
		cmocka_unit_test(test_rst_storms),
		cmocka_unit_test(test_rst_that_is_right),
		cmocka_unit_test(test_tiny_and_huge_mss),
		cmocka_unit_test(test_huge_windows),
		cmocka_unit_test(test_options_that_were_not_offered),
		cmocka_unit_test(test_fin_and_data_too_early),
		cmocka_unit_test(test_answers_that_are_none),
		cmocka_unit_test(test_window_that_never_opens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
