/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The rest of the library, and the server, for tests of the program's run.
 */
#include "tests/load/fake_run.h"

#include <pthread.h>
#include <string.h>

#include "app/common/require.h"
#include "app/httpd/httpd.h"
#include "tests/load/fake_sluice.h"

#define TURN_NS  10000
#define RESPONSE "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

struct fake_run fake_run;

enum { STEP_CONNECTING, STEP_OPEN, STEP_CLOSED };

struct sluice {
	int unused;
};

struct httpd {
	int unused;
};

static struct sluice only_sluice;
static struct httpd only_httpd;

int sluice_open(const struct sluice_config *config, struct sluice **sluice)
{
	(void)config;
	*sluice = &only_sluice;
	return fake_run.open_error;
}

void sluice_close_all(struct sluice *sluice)
{
	REQUIRE(sluice == &only_sluice);
}

uint32_t sluice_worker_count(const struct sluice *sluice)
{
	(void)sluice;
	return fake_run.workers;
}

struct sluice_worker *sluice_worker(struct sluice *sluice, uint32_t index)
{
	(void)sluice;
	return index < fake_run.workers ? fake_worker_at(index) : NULL;
}

struct job {
	sluice_loop loop;
	struct sluice_worker *worker;
	void *argument;
	int result;
};

static void *job_run(void *argument)
{
	struct job *job = argument;

	job->result = job->loop(job->worker, job->argument);
	return NULL;
}

int sluice_run(struct sluice *sluice, const sluice_loop *loops, void *const *arguments)
{
	struct job jobs[SLUICE_PORTS_MAX];
	pthread_t threads[SLUICE_PORTS_MAX];
	int result = 0;

	for (uint32_t i = 0; i < fake_run.workers; i++) {
		jobs[i] = (struct job){loops[i], sluice_worker(sluice, i), arguments[i], 0};
		REQUIRE(!pthread_create(&threads[i], NULL, job_run, &jobs[i]));
	}
	for (uint32_t i = 0; i < fake_run.workers; i++) {
		pthread_join(threads[i], NULL);
		result = result ? result : jobs[i].result;
	}
	return result;
}

/* What happens to the connection in this turn, if anything. */
static bool conn_turn(struct fake_conn *conn, struct sluice_event *event)
{
	if (conn->step == STEP_CLOSED)
		return false;
	if (conn->is_closing || conn->is_aborted || fake_run.is_refusing) {
		*event = fake_event(conn, SLUICE_CLOSED,
				    fake_run.is_refusing ? SLUICE_REASON_REFUSED : SLUICE_REASON_FINISHED);
		conn->step = STEP_CLOSED;
		return true;
	}
	if (conn->step == STEP_CONNECTING) {
		*event = fake_event(conn, SLUICE_OPENED, SLUICE_REASON_NONE);
		conn->step = STEP_OPEN;
		return true;
	}
	if (!conn->sent_bytes || conn->plan++ < fake_run.response_every)
		return false;
	conn->plan = 0;
	conn->sent_bytes = 0;
	fake_arrive(conn, RESPONSE, strlen(RESPONSE));
	*event = fake_event(conn, SLUICE_READABLE, SLUICE_REASON_NONE);
	return true;
}

const struct sluice_event *sluice_poll(struct sluice_worker *worker, uint32_t *count)
{
	static struct sluice_event events[FAKE_CONNS_MAX];

	*count = 0;
	if (worker != fake_worker_at(fake_run.workers - 1))
		return NULL;
	__atomic_add_fetch(&fake.now_ns, TURN_NS, __ATOMIC_RELAXED);
	for (uint32_t i = 0; i < fake.conn_count; i++)
		*count += conn_turn(fake.conn[i], &events[*count]);
	return events;
}

void sluice_flush(struct sluice_worker *worker)
{
	(void)worker;
}

/* Time stands for what was done in it. */
void sluice_statistics(const struct sluice_worker *worker, struct sluice_statistics *statistics)
{
	uint64_t now_ns = __atomic_load_n(&fake.now_ns, __ATOMIC_RELAXED);
	bool is_server = worker == fake_worker_at(0) && fake_run.workers > 1;

	memset(statistics, 0, sizeof(*statistics));
	statistics->counter[SLUICE_COUNTER_packets_received] = now_ns / TURN_NS;
	statistics->counter[SLUICE_COUNTER_packets_sent] = now_ns / TURN_NS;
	statistics->counter[SLUICE_COUNTER_time_wait_recycled] = is_server ? 0 : now_ns / TURN_NS;
	statistics->total_cycles = now_ns;
	statistics->busy_cycles = is_server ? now_ns / 2 : now_ns / 4;
}

void httpd_config_defaults(struct httpd_config *config)
{
	memset(config, 0, sizeof(*config));
}

int httpd_open(const struct httpd_config *config, struct sluice_worker *worker, struct httpd **httpd)
{
	REQUIRE(config->listen_count == 1 && config->listen[0].port && worker == fake_worker_at(0));
	fake_run.httpd_opened++;
	*httpd = fake_run.httpd_error ? NULL : &only_httpd;
	return fake_run.httpd_error;
}

void httpd_handle(struct httpd *httpd, const struct sluice_event *event)
{
	(void)httpd;
	(void)event;
}

void httpd_turn(struct httpd *httpd)
{
	REQUIRE(httpd == &only_httpd);
}

void httpd_drain(struct httpd *httpd)
{
	(void)httpd;
	fake_run.httpd_drained++;
}

bool httpd_is_drained(const struct httpd *httpd)
{
	(void)httpd;
	return fake_run.httpd_drained > 0;
}

void httpd_close(struct httpd *httpd)
{
	(void)httpd;
	fake_run.httpd_closed++;
}
