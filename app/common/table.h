/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Text for people: tables with aligned columns, and numbers with separators and units.
 */
#pragma once

#include <stdint.h>
#include <stdio.h>

#define TABLE_COLUMNS_MAX 10
#define TABLE_ROWS_MAX    64
#define TABLE_CELL_BYTES  48

/* Row 0 is the heading. */
struct table {
	uint32_t column_count, row_count, next_column;
	char cell[TABLE_ROWS_MAX][TABLE_COLUMNS_MAX][TABLE_CELL_BYTES];
};

/* Starts a table; `headings` are separated by '|'. */
void table_begin(struct table *table, const char *headings);

/* Starts a row; cells are then filled left to right with table_cell(). */
void table_row(struct table *table);
void table_cell(struct table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The first column flush left, the others flush right; two spaces in front and between. */
void table_print(const struct table *table, FILE *file);

#define TABLE_NUMBER_BYTES 32

/* 1234567 → "1,234,567". */
const char *table_count(uint64_t count, char text[TABLE_NUMBER_BYTES]);

/* 1234567 ns → "1.23 ms". */
const char *table_time(double ns, char text[TABLE_NUMBER_BYTES]);
