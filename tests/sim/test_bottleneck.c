/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Is congestion control sane?  Two instances of TCP and one link with a drop-tail queue between them, in virtual time: one flow fills the
 * link, two share it, and a path that reorders but loses nothing is sent next to nothing twice.
 *
 *	A (sends) --- 10 Mbit/s, queue of one bandwidth-delay product, 20 ms ---> B
 *	          <-------------------------- 20 ms ------------------------------
 */
#include "lib/core/inflight.h"
#include "lib/core/life.h"
#include "lib/core/listen.h"
#include "lib/core/user.h"
#include "lib/core/work.h"
#include "tests/core/instance.h"
#include "tests/core/scoreboard.h"
#include "tests/sim/link.h"
#include "tests/sim/trace.h"
#include "tests/wire/frames.h"

#define FLOWS_MAX   2
#define RATE_BPS    10000000ULL
#define DELAY_NS    20000000ULL
#define BDP_BYTES   50000U
#define SECOND_NS   1000000000ULL
#define SEGMENT     1460U
#define ON_WIRE     (SEGMENT + 54U)
#define PORT        80
#define STASH_COUNT 256U

struct setting {
	enum sluice_congestion congestion;
	uint32_t flows, receive_bytes, queue_bytes, reorder_ppm, loss_ppm;
	uint64_t late_ns;
};

struct path_model {
	struct tcp *tcp[2];
	struct link link[2]; /* from A, from B */
	struct flights flights;
	struct random random;
	struct tcp_conn *flow[FLOWS_MAX];
	uint64_t got_bytes[FLOWS_MAX];
	uint64_t faults[FAULT_COUNT];
	uint64_t now_ns;
};

static uint8_t endless[65536];

static struct tcp *end_new(const struct setting *setting, uint8_t last)
{
	struct sluice_config config = instance_config();
	struct ip ip = test_ip(false, last);

	config.congestion = setting->congestion;
	config.receive_bytes = config.receive_max_bytes = setting->receive_bytes;
	config.window_shift = 8;
	config.timestamps = false;
	config.inflight = config.descriptors = 4096;
	config.packets = 16384;
	config.out_of_order = 4096;
	memcpy(config.port[0].subnet[0].ip, &ip, sizeof(ip));
	config.port[0].subnet[0].prefix_bits = 24;
	config.port[0].subnet_count = 1;
	return instance_new_as(&config, last);
}

static struct path_model *model_new(const struct setting *setting)
{
	struct path_model *model = calloc(1, sizeof(*model));
	const struct sluice_address any = {.port = PORT};

	assert_non_null(model);
	model->random.state = 1;
	model->now_ns = INSTANCE_NOW_NS;
	trace_start(false, &model->now_ns);
	for (uint8_t i = 0; i < 2; i++) {
		model->tcp[i] = end_new(setting, (uint8_t)(1 + i));
		model->link[i].weather.delay_ns = DELAY_NS;
		model->link[i].weather.jitter_ns = 100000; /* so that flows do not keep step */
	}
	model->link[0].weather.rate_bps = RATE_BPS;
	model->link[0].weather.queue_bytes = setting->queue_bytes;
	model->link[0].weather.reorder_ppm = setting->reorder_ppm;
	model->link[0].weather.loss_ppm = setting->loss_ppm;
	model->link[0].weather.late_least_ns = model->link[0].weather.late_ns = setting->late_ns;
	assert_true(listen_open(model->tcp[1], &any, NULL) >= 0);
	return model;
}

static void stash_fill(struct stash *stash)
{
	packet_free(stash->spent);
	stash->spent = NULL;
	stash->spent_count = 0;
	while (stash->fresh_count > STASH_COUNT)
		packet_free(stash_take(stash));
	while (stash->fresh_count < STASH_COUNT)
		stash->fresh[stash->fresh_count++] = packet_new();
}

static void model_free(struct path_model *model)
{
	for (uint32_t i = 0; i < 2; i++) {
		tcp_discard(model->tcp[i]);
		instance_drain(model->tcp[i]);
		free(model->tcp[i]);
	}
	flights_clear(&model->flights);
	free(model);
}

/* RFC 2018 section 5.1: what the peer reported to have does not leave again. */
static void check_frame(const struct path_model *model, const uint8_t *frame, uint32_t bytes)
{
	uint16_t port = (uint16_t)(frame[34] << 8 | frame[35]);
	struct seq seq = seq_of(be32_value(be32_at(frame + 38)));

	for (uint32_t k = 0; k < FLOWS_MAX && frame[12] == 8 && frame[13] == 0 && bytes > 100; k++) {
		if (!model->flow[k] || model->flow[k]->tuple.local_port != port)
			continue;
		for (const struct tcp_inflight *record = inflight_first(model->flow[k]); record;
		     record = inflight_next(model->tcp[0], record))
			assert_false(record->flags & INFLIGHT_SACKED && seq_at_or_after(seq, record->seq) &&
				     seq_before(seq, inflight_end(record)));
	}
}

/* New text leaves as the congestion window lets it: a tail probe and the two segments of F-RTO ask for no leave. */
static void check_windows(const struct path_model *model, const struct seq before[FLOWS_MAX], uint64_t probes)
{
	const struct tcp *tcp = model->tcp[0];

	for (uint32_t k = 0; k < FLOWS_MAX; k++) {
		const struct tcp_conn *conn = model->flow[k];
		const struct tcp_path *path = conn ? path_of(tcp, conn) : NULL;

		if (!path || seq_equal(before[k], conn->snd_nxt) || path->frto ||
		    tcp->counter[SLUICE_COUNTER_tail_probes] != probes)
			continue;
		assert_true(path_pipe_bytes(tcp, conn) <= conn->cwnd_bytes + conn->mss_bytes);
	}
}

/* What was built goes onto the link. */
static void leave(struct path_model *model, uint8_t from)
{
	struct transmit *transmit = &model->tcp[from]->transmit;
	uint8_t frame[FRAME_BYTES_MAX];

	for (uint32_t i = 0; i < transmit->count; i++) {
		uint32_t bytes = packet_copy_out(transmit->packet[i], frame, sizeof(frame));

		if (from == 0)
			check_frame(model, frame, bytes);
		link_send(&model->link[from], &model->flights, &model->random, model->now_ns,
			  flight_make(from, !from, frame, bytes), model->faults);
		packet_free(transmit->packet[i]);
	}
	transmit->count = 0;
}

/* The receiver reads at once. */
static void hear(struct path_model *model, uint8_t at)
{
	struct tcp *tcp = model->tcp[at];

	tcp_collect_events(tcp);
	for (uint32_t i = 0; i < tcp->event_count; i++) {
		struct tcp_conn *conn = life_conn(tcp, tcp->event[i].conn);

		if (!conn || !conn->readable_bytes)
			continue;
		for (uint32_t k = 0; k < FLOWS_MAX; k++)
			if (model->flow[k] && model->flow[k]->tuple.local_port == conn->tuple.remote_port)
				model->got_bytes[k] += conn->readable_bytes;
		user_consume(tcp, conn, conn->readable_bytes);
	}
}

static void turn(struct path_model *model, uint8_t at)
{
	struct tcp *tcp = model->tcp[at];
	const struct sluice_slice slice = {.data = endless, .bytes = sizeof(endless)};
	uint64_t probes = tcp->counter[SLUICE_COUNTER_tail_probes];
	struct seq before[FLOWS_MAX];
	bool more = true;

	stash_fill(&tcp->stash);
	tcp_timers(tcp);
	hear(model, at);
	for (uint32_t k = 0; at == 0 && k < FLOWS_MAX; k++)
		while (model->flow[k] && model->flow[k]->state == SLUICE_STATE_ESTABLISHED &&
		       user_send(tcp, model->flow[k], &slice, 1, SLUICE_SEND_STATIC) == sizeof(endless))
			;
	for (uint32_t k = 0; k < FLOWS_MAX; k++)
		before[k] = model->flow[k] ? model->flow[k]->snd_nxt : seq_of(0);
	for (uint32_t round = 0; more && round < 8; round++) {
		more = tcp_output_work(tcp);
		leave(model, at);
		stash_fill(&tcp->stash);
	}
	assert_null(scoreboard_fault_of_any(tcp));
	if (at == 0)
		check_windows(model, before, probes);
}

static void arrive(struct path_model *model)
{
	while (flights_next_ns(&model->flights) <= model->now_ns) {
		struct flight *flight = flights_take(&model->flights);
		struct rte_mbuf *packet = packet_from_bytes(flight->frame, flight->bytes);

		tcp_input(model->tcp[flight->to], &packet, 1);
		free(flight);
	}
}

static void run_until(struct path_model *model, uint64_t end_ns)
{
	while (model->now_ns < end_ns) {
		uint64_t next_ns = flights_next_ns(&model->flights);

		for (uint32_t i = 0; i < 2; i++) {
			uint64_t due_ns = tcp_next_deadline_ns(model->tcp[i]);

			next_ns = due_ns < next_ns ? due_ns : next_ns;
		}
		next_ns = next_ns <= model->now_ns ? model->now_ns + 1000 : next_ns;
		model->now_ns = next_ns < end_ns ? next_ns : end_ns;
		for (uint8_t i = 0; i < 2; i++)
			tcp_set_time(model->tcp[i], model->now_ns);
		arrive(model);
		for (uint8_t i = 0; i < 2; i++)
			turn(model, i);
	}
}

static void flow_begins(struct path_model *model, uint32_t number)
{
	struct sluice_address address = {.port = PORT};
	struct ip ip = test_ip(false, 2);

	memcpy(address.ip, &ip, sizeof(ip));
	assert_int_equal(user_connect(model->tcp[0], &address, NULL, NULL, &model->flow[number]), 0);
}

/* What the flows get in `seconds`, as a share of what the link carries. */
static void measure(struct path_model *model, uint32_t seconds, double share[FLOWS_MAX])
{
	double carries_bytes = (double)RATE_BPS / 8 * seconds * SEGMENT / ON_WIRE;

	memset(model->got_bytes, 0, sizeof(model->got_bytes));
	run_until(model, model->now_ns + seconds * SECOND_NS);
	for (uint32_t k = 0; k < FLOWS_MAX; k++)
		share[k] = (double)model->got_bytes[k] / carries_bytes;
}

static uint64_t sent_again(const struct path_model *model)
{
	const uint64_t *counter = model->tcp[0]->counter;

	return counter[SLUICE_COUNTER_retransmits_fast] + counter[SLUICE_COUNTER_retransmits_timeout] +
	       counter[SLUICE_COUNTER_retransmits_probe];
}

static const enum sluice_congestion both[] = {SLUICE_CONGESTION_CUBIC, SLUICE_CONGESTION_NEWRENO};

/* One flow, from its first segment on: nine tenths of the link, and the queue is overrun for it but now and then. */
static void test_one_flow_fills_the_link(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 2; i++) {
		const struct setting setting = {both[i], .flows = 1, .receive_bytes = 1 << 20,
						.queue_bytes = BDP_BYTES};
		struct path_model *model = model_new(&setting);
		double share[FLOWS_MAX];

		flow_begins(model, 0);
		measure(model, 20, share);
		print_message("%.3f of the link, %lu of %lu segments sent again\n", share[0], sent_again(model),
			      model->tcp[0]->counter[SLUICE_COUNTER_segments_sent]);
		assert_true(share[0] >= 0.9);
		assert_true(model->faults[FAULT_queue_full] > 0);
		assert_true(sent_again(model) * 50 < model->tcp[0]->counter[SLUICE_COUNTER_segments_sent]);
		assert_int_equal(model->tcp[0]->counter[SLUICE_COUNTER_recoveries_timeout], 0);
		model_free(model);
	}
}

/* Two, one of which comes late: Jain's index of what each gets over half a minute is 0.9 at least. */
static void test_two_flows_share(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 2; i++) {
		const struct setting setting = {both[i], .flows = 2, .receive_bytes = 1 << 20,
						.queue_bytes = BDP_BYTES};
		struct path_model *model = model_new(&setting);
		double share[FLOWS_MAX], jain;

		flow_begins(model, 0);
		run_until(model, model->now_ns + 3 * SECOND_NS);
		flow_begins(model, 1);
		run_until(model, model->now_ns + 15 * SECOND_NS);
		measure(model, 30, share);
		jain = (share[0] + share[1]) * (share[0] + share[1]) /
		       (2 * (share[0] * share[0] + share[1] * share[1]));
		print_message("%.3f and %.3f, index %.3f\n", share[0], share[1], jain);
		assert_true(jain >= 0.9);
		assert_true(share[0] + share[1] >= 0.9);
		model_free(model);
	}
}

/* RFC 8985: one segment in fifty 5 ms late and none lost: less than 2 % are sent again, and the rate does not suffer. */
static void test_reordering_costs_little(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 2; i++) {
		const struct setting setting = {both[i],
						.flows = 1,
						.receive_bytes = 65536,
						.queue_bytes = 4 * BDP_BYTES,
						.reorder_ppm = 20000,
						.late_ns = 5000000};
		struct path_model *model = model_new(&setting);
		double share[FLOWS_MAX];

		flow_begins(model, 0);
		measure(model, 20, share);
		print_message("%.3f of the link, %lu of %lu segments sent again\n", share[0], sent_again(model),
			      model->tcp[0]->counter[SLUICE_COUNTER_segments_sent]);
		assert_int_equal(model->faults[FAULT_queue_full], 0);
		assert_true(model->faults[FAULT_reorder] > 100);
		assert_true(sent_again(model) * 50 < model->tcp[0]->counter[SLUICE_COUNTER_segments_sent]);
		assert_true(share[0] >= 0.9);
		model_free(model);
	}
}

/* Losses of every kind at once, too many for any window: all is repaired, most of it without a time-out, and what was promised of
 * reports and windows holds with every segment (check_frame(), check_windows()). */
static void test_lossy_link(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 2; i++) {
		const struct setting setting = {both[i],
						.flows = 2,
						.receive_bytes = 1 << 20,
						.queue_bytes = BDP_BYTES,
						.reorder_ppm = 20000,
						.loss_ppm = 20000,
						.late_ns = 30000000};
		struct path_model *model = model_new(&setting);
		const uint64_t *counter = model->tcp[0]->counter;
		double share[FLOWS_MAX];

		flow_begins(model, 0);
		flow_begins(model, 1);
		measure(model, 30, share);
		print_message("%.3f and %.3f, %lu of %lu segments sent again, %lu time-outs\n", share[0], share[1],
			      sent_again(model), counter[SLUICE_COUNTER_segments_sent],
			      counter[SLUICE_COUNTER_recoveries_timeout]);
		assert_true(share[0] > 0.05 && share[1] > 0.05);
		assert_true(sent_again(model) < 2 * model->faults[FAULT_loss] + model->faults[FAULT_reorder]);
		assert_true(counter[SLUICE_COUNTER_recoveries_timeout] * 10 < counter[SLUICE_COUNTER_recoveries_fast]);
		model_free(model);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_flow_fills_the_link),
		cmocka_unit_test(test_two_flows_share),
		cmocka_unit_test(test_reordering_costs_little),
		cmocka_unit_test(test_lossy_link),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
