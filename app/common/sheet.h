/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Text for people: tables with aligned columns, and numbers with separators and units.
 */
#pragma once

#include <stdint.h>
#include <stdio.h>

#define SHEET_COLUMNS_MAX 10
#define SHEET_ROWS_MAX    64
#define SHEET_CELL_BYTES  48

/* Row 0 is the heading. */
struct sheet {
	uint32_t column_count, row_count, next_column;
	char cell[SHEET_ROWS_MAX][SHEET_COLUMNS_MAX][SHEET_CELL_BYTES];
};

/* Starts a table; `headings` are separated by '|'. */
void sheet_begin(struct sheet *sheet, const char *headings);

/* Starts a row; cells are then filled left to right with sheet_cell(). */
void sheet_row(struct sheet *sheet);
void sheet_cell(struct sheet *sheet, const char *format, ...) __attribute__((nonnull, format(printf, 2, 3)));

/* The first column flush left, the others flush right; two spaces in front and between. */
void sheet_print(const struct sheet *sheet, FILE *file);

#define SHEET_NUMBER_BYTES 32

/* 1234567 → "1,234,567". */
const char *sheet_count(uint64_t count, char text[SHEET_NUMBER_BYTES]);

/* 1234567 ns → "1.23 ms". */
const char *sheet_time(double ns, char text[SHEET_NUMBER_BYTES]);
