/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every segment in every state: what the table demands against what the stack does.  One instance a cell; every disagreement is
 * printed, not the first alone.
 */
#include "tests/matrix/stage.h"

#define DISAGREEMENTS_MAX 40 /* printed for each setting */

static struct matrix_table table;

static const struct stage_setting settings[] = {
	{.name = "plain, small numbers", .our_iss = 1000, .peer_iss = 70000, .stamp = STAMP_PLAIN},
	{.name = "plain, numbers that wrap", .our_iss = 0xfffffff9, .peer_iss = 0xfffffff8, .stamp = STAMP_PLAIN},
	{.name = "a shut window", .our_iss = 0x7ffffffa, .peer_iss = 0xffffff00, .stamp = STAMP_PLAIN, .is_shut = true},
	{.name = "scaled windows over IPv6",
	 .our_iss = 0xfff00000,
	 .peer_iss = 0x7ffffffc,
	 .stamp = STAMP_PLAIN,
	 .ipv6 = true,
	 .is_scaled = true},
	{.name = "timestamps, newer",
	 .our_iss = 0xfffffffa,
	 .peer_iss = 0xfffffff0,
	 .stamp = STAMP_FRESH,
	 .is_scaled = true},
	{.name = "timestamps, the same",
	 .our_iss = 0x80000000,
	 .peer_iss = 0xfffffffb,
	 .stamp = STAMP_EQUAL,
	 .ipv6 = true},
	{.name = "timestamps, older", .our_iss = 1, .peer_iss = 0xffffc000, .stamp = STAMP_STALE},
	{.name = "timestamps, lacking",
	 .our_iss = 0xffffffff,
	 .peer_iss = 0xffffffff,
	 .stamp = STAMP_BARE,
	 .ipv6 = true},
};

#define SETTINGS_COUNT (sizeof(settings) / sizeof(settings[0]))

/* The state that a row names; `restarted` must outlive the rest of the first 2MSL, and only that may. */
static void check_state(struct stage *stage, const struct matrix_cell *cell, const struct matrix_row *row, char *out,
			size_t size)
{
	enum matrix_state expected = row->next >= STATE_COUNT ? cell->state : row->next;
	enum matrix_state state = stage_state(stage);
	bool is_time_wait = cell->state == STATE_TIME_WAIT || cell->state == STATE_TIME_WAIT_LISTENING;

	if (state != expected)
		snprintf(out, size, "; in %s instead of %s", rows_state_name(state), rows_state_name(expected));
	if (!is_time_wait || state != cell->state)
		return;
	passes_ms(stage->scene, 35000);
	if ((stage_state(stage) == cell->state) != (row->next == STATE_RESTARTED))
		snprintf(out, size, "; 2MSL %s", row->next == STATE_RESTARTED ? "not restarted" : "restarted");
}

/* True: as the row demands; else what is different, in words. */
static bool try_cell(const struct stage_setting *setting, const struct matrix_cell *cell, const struct matrix_row *row,
		     char *out, size_t size)
{
	struct stage *stage = stage_enter(setting, cell->state);
	struct model_segment segment = model_segment(cell, &stage->tcb);
	struct model_segment answer = model_answer(row->answer, &stage->tcb, &segment, setting->stamp);
	char answered[512], expected[256], state[96] = "", told[128], heard[128];
	uint32_t events;
	bool is_right;

	stage_inject(stage, &segment);
	stage_answers(stage, answered, sizeof(answered));
	stage_describe(stage, row->answer, &answer, expected, sizeof(expected));
	check_state(stage, cell, row, state, sizeof(state));
	events = stage_events(stage);
	rows_describe_events(row->events, told, sizeof(told));
	rows_describe_events(events, heard, sizeof(heard));
	is_right = strcmp(answered, expected) == 0 && !state[0] && events == row->events;
	snprintf(out, size, "%s instead of %s; told %s instead of %s%s", answered, expected, heard, told, state);
	stage_leave(stage);
	return is_right;
}

static uint32_t try_state(const struct stage_setting *setting, enum matrix_state state, uint32_t *disagreements)
{
	struct matrix_cell cell = {.state = state, .stamp = setting->stamp, .is_shut = setting->is_shut};
	uint32_t cells = 0;
	char what[1280], name[128];

	for (uint32_t i = 0; i < (uint32_t)KIND_COUNT * PLACE_COUNT * ACK_COUNT; i++) {
		struct matrix_row *row;

		cell.kind = (enum matrix_kind)(i / (PLACE_COUNT * ACK_COUNT));
		cell.place = (enum matrix_place)(i / ACK_COUNT % PLACE_COUNT);
		cell.ack = (enum matrix_ack)(i % ACK_COUNT);
		if (!model_exists(&cell))
			continue;
		rows_describe(&cell, name, sizeof(name));
		row = rows_find(&table, &cell);
		if (!row)
			fail_msg("no row for %s", name);
		row->uses++;
		cells++;
		if (!try_cell(setting, &cell, row, what, sizeof(what)) && ++*disagreements <= DISAGREEMENTS_MAX)
			print_error("%s: %s (line %u: %s)\n", name, what, row->line, row->section);
	}
	return cells;
}

static void the_matrix_holds(void **state)
{
	const struct stage_setting *setting = *state;
	uint32_t disagreements = 0, cells = 0;

	for (uint32_t i = 0; i < STATE_COUNT; i++)
		cells += try_state(setting, (enum matrix_state)i, &disagreements);
	print_message("%s: %u cells\n", setting->name, cells);
	assert_true(cells > 0);
	if (disagreements)
		fail_msg("%u of %u cells are not as the RFC has them", disagreements, cells);
}

static void every_row_was_used(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < table.count; i++)
		if (table.row[i].uses == 0)
			fail_msg("line %u rules no cell: rows above it rule all that it names", table.row[i].line);
}

int main(int argc, char **argv)
{
	struct CMUnitTest tests[SETTINGS_COUNT + 1];

	if (argc != 2) {
		fprintf(stderr, "usage: %s TABLE\n", argv[0]);
		return 2;
	}
	rows_read(&table, argv[1]);
	for (uint32_t i = 0; i < SETTINGS_COUNT; i++)
		tests[i] = (struct CMUnitTest){.name = settings[i].name,
					       .test_func = the_matrix_holds,
					       .initial_state = (void *)(uintptr_t)&settings[i]};
	tests[SETTINGS_COUNT] = (struct CMUnitTest)cmocka_unit_test(every_row_was_used);
	return cmocka_run_group_tests_name("matrix", tests, NULL, NULL);
}
