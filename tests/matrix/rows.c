/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The reader of the table: names to bits, groups to names, lines to rows.
 */
#include "tests/matrix/rows.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS    8
#define GROUPS_MAX 24
#define LINE_BYTES 320
#define ITEMS_MAX  16
#define STAMPS_ALL ((1U << STAMP_COUNT) - 1)
#define BLANKS     " \t\n"

static const char *const state_names[] = {
	[STATE_CLOSED] = "CLOSED",
	[STATE_LISTEN] = "LISTEN",
	[STATE_SYN_SENT] = "SYN-SENT",
	[STATE_SYN_RECEIVED_PASSIVE] = "SYN-RECEIVED/passive",
	[STATE_SYN_RECEIVED_ACTIVE] = "SYN-RECEIVED/active",
	[STATE_ESTABLISHED] = "ESTABLISHED",
	[STATE_FIN_WAIT_1] = "FIN-WAIT-1",
	[STATE_FIN_WAIT_1_CLOSED] = "FIN-WAIT-1/closed",
	[STATE_FIN_WAIT_2] = "FIN-WAIT-2",
	[STATE_FIN_WAIT_2_CLOSED] = "FIN-WAIT-2/closed",
	[STATE_CLOSE_WAIT] = "CLOSE-WAIT",
	[STATE_CLOSING] = "CLOSING",
	[STATE_CLOSING_CLOSED] = "CLOSING/closed",
	[STATE_LAST_ACK] = "LAST-ACK",
	[STATE_LAST_ACK_CLOSED] = "LAST-ACK/closed",
	[STATE_TIME_WAIT] = "TIME-WAIT",
	[STATE_TIME_WAIT_LISTENING] = "TIME-WAIT/listening",
	[STATE_SAME] = "same",
	[STATE_RESTARTED] = "restarted",
	NULL,
};

static const char *const kind_names[] = {"SYN",     "SYN-ACK", "ACK",  "RST",  "RST-ACK", "FIN",
					 "FIN-ACK", "DATA",    "NULL", "XMAS", NULL};
static const char *const place_names[] = {"LEFT", "OVERLAP", "NEXT", "INSIDE", "EDGE", "BEYOND", NULL};
static const char *const ack_names[] = {"TOO-OLD", "OLD", "UNA", "ALL", "FUTURE", NULL};
static const char *const when_names[] = {"plain", "fresh", "equal", "stale", "bare", "open", "shut", NULL};
static const char *const answer_names[] = {"-", "ack", "ack-seg", "syn-ack", "rst", "rst-ack", "reset", NULL};
static const char *const event_names[] = {"OPENED",          "READABLE",
					  "ACKED",           "PEER_CLOSED",
					  "CLOSED:refused",  "CLOSED:reset",
					  "CLOSED:finished", "CLOSED:closed-locally",
					  "CLOSED:aborted",  NULL};

struct group {
	char name[32];
	char items[LINE_BYTES]; /* separated by commas */
};

struct reader {
	const char *path;
	uint32_t line;
	struct group group[GROUPS_MAX];
	uint32_t groups;
};

__attribute__((format(printf, 2, 3), noreturn)) static void cannot_read(const struct reader *reader, const char *format,
									...)
{
	va_list arguments;

	va_start(arguments, format);
	fprintf(stderr, "%s:%u: ", reader->path, reader->line);
	vfprintf(stderr, format, arguments);
	fprintf(stderr, "\n");
	va_end(arguments);
	exit(2);
}

static int name_index(const char *const names[], const char *name)
{
	for (int i = 0; names[i]; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -1;
}

static const struct group *find_group(const struct reader *reader, const char *name)
{
	for (uint32_t i = 0; i < reader->groups; i++)
		if (strcmp(reader->group[i].name, name) == 0)
			return &reader->group[i];
	return NULL;
}

/* The bits of a list of names and groups; "*": all. */
static uint32_t read_bits(const struct reader *reader, const char *const names[], const char *list)
{
	char copy[LINE_BYTES], *rest = NULL;
	uint32_t bits = 0;

	if (strcmp(list, "*") == 0)
		return UINT32_MAX;
	snprintf(copy, sizeof(copy), "%s", list);
	for (const char *item = strtok_r(copy, ",", &rest); item; item = strtok_r(NULL, ",", &rest)) {
		const struct group *group = find_group(reader, item);
		int index = name_index(names, item);

		if (group)
			bits |= read_bits(reader, names, group->items);
		else if (index >= 0)
			bits |= 1U << index;
		else
			cannot_read(reader, "'%s' is no word of this column", item);
	}
	return bits;
}

static uint32_t read_name(const struct reader *reader, const char *const names[], const char *name)
{
	int index = name_index(names, name);

	if (index < 0)
		cannot_read(reader, "'%s' is no word of this column", name);
	return (uint32_t)index;
}

/* group @NAME = ITEM ITEM… */
static void read_group(struct reader *reader, char *line)
{
	struct group *group = &reader->group[reader->groups];
	char *rest = NULL, *item;
	size_t used = 0;

	if (reader->groups++ == GROUPS_MAX)
		cannot_read(reader, "more than %d groups", GROUPS_MAX);
	strtok_r(line, BLANKS, &rest);
	item = strtok_r(NULL, BLANKS, &rest);
	if (!item || item[0] != '@')
		cannot_read(reader, "a group's name begins with @");
	snprintf(group->name, sizeof(group->name), "%s", item);
	item = strtok_r(NULL, BLANKS, &rest);
	if (!item || strcmp(item, "=") != 0)
		cannot_read(reader, "group @NAME = ITEM ITEM…");
	while ((item = strtok_r(NULL, BLANKS, &rest)))
		used += (size_t)snprintf(group->items + used, sizeof(group->items) - used, "%s%s", used ? "," : "",
					 item);
}

/* Both conditions are a choice among their own words; none of them named: any. */
static void read_when(const struct reader *reader, struct matrix_row *row, const char *list)
{
	uint32_t bits = read_bits(reader, when_names, list);
	uint32_t window = bits >> STAMP_COUNT & 3;

	row->stamps = bits & STAMPS_ALL ? bits & STAMPS_ALL : STAMPS_ALL;
	row->if_open = window != 2;
	row->if_shut = window != 1;
}

static void read_row(const struct reader *reader, struct matrix_table *table, char *line)
{
	char *column[COLUMNS], *rest = NULL;
	struct matrix_row *row = &table->row[table->count];

	if (table->count++ == MATRIX_ROWS_MAX)
		cannot_read(reader, "more than %d rows", MATRIX_ROWS_MAX);
	for (uint32_t i = 0; i < COLUMNS; i++) {
		column[i] = strtok_r(i ? NULL : line, BLANKS, &rest);
		if (!column[i])
			cannot_read(reader, "%u columns, and then the section", COLUMNS);
	}
	rest += strspn(rest, BLANKS);
	if (!*rest)
		cannot_read(reader, "no section");
	snprintf(row->section, sizeof(row->section), "%.*s", (int)strcspn(rest, "\n"), rest);
	row->line = reader->line;
	row->states = read_bits(reader, state_names, column[0]);
	row->kinds = read_bits(reader, kind_names, column[1]);
	row->places = read_bits(reader, place_names, column[2]);
	row->acks = read_bits(reader, ack_names, column[3]);
	read_when(reader, row, column[4]);
	row->answer = (enum matrix_answer)read_name(reader, answer_names, column[5]);
	row->next = (enum matrix_state)read_name(reader, state_names, column[6]);
	row->events = strcmp(column[7], "-") ? read_bits(reader, event_names, column[7]) : 0;
}

void rows_read(struct matrix_table *table, const char *path)
{
	struct reader reader = {.path = path};
	char line[LINE_BYTES];
	FILE *file = fopen(path, "r");

	if (!file)
		cannot_read(&reader, "cannot be opened");
	*table = (struct matrix_table){0};
	while (fgets(line, sizeof(line), file)) {
		reader.line++;
		if (!strchr(line, '\n'))
			cannot_read(&reader, "a line of more than %d bytes", LINE_BYTES - 2);
		if (line[0] == '#' || line[strspn(line, BLANKS)] == '\0')
			continue;
		if (strncmp(line, "group ", 6) == 0)
			read_group(&reader, line);
		else
			read_row(&reader, table, line);
	}
	fclose(file);
}

struct matrix_row *rows_find(struct matrix_table *table, const struct matrix_cell *cell)
{
	for (uint32_t i = 0; i < table->count; i++) {
		struct matrix_row *row = &table->row[i];

		if (row->states >> cell->state & 1 && row->kinds >> cell->kind & 1 && row->places >> cell->place & 1 &&
		    row->acks >> cell->ack & 1 && row->stamps >> cell->stamp & 1 &&
		    (cell->is_shut ? row->if_shut : row->if_open))
			return row;
	}
	return NULL;
}

const char *rows_state_name(enum matrix_state state)
{
	return state_names[state];
}

void rows_describe(const struct matrix_cell *cell, char *out, size_t size)
{
	snprintf(out, size, "%s %s %s %s %s %s", state_names[cell->state], kind_names[cell->kind],
		 place_names[cell->place], ack_names[cell->ack], when_names[cell->stamp],
		 cell->is_shut ? "shut" : "open");
}

void rows_describe_events(uint32_t events, char *out, size_t size)
{
	size_t used = 0;

	snprintf(out, size, "-");
	for (uint32_t i = 0; event_names[i]; i++)
		if (events >> i & 1 && used < size)
			used += (size_t)snprintf(out + used, size - used, "%s%s", used ? "," : "", event_names[i]);
}
