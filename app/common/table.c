/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Aligned text.
 */
#include "app/common/table.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "app/common/require.h"

void table_begin(struct table *table, const char *headings)
{
	memset(table, 0, sizeof(*table));
	table_row(table);
	while (*headings) {
		size_t bytes = strcspn(headings, "|");

		table_cell(table, "%.*s", (int)bytes, headings);
		headings += bytes + (headings[bytes] == '|');
	}
}

void table_row(struct table *table)
{
	REQUIRE(table->row_count < TABLE_ROWS_MAX);
	table->row_count++;
	table->next_column = 0;
}

void table_cell(struct table *table, const char *format, ...)
{
	va_list arguments;

	REQUIRE(table->row_count && table->next_column < TABLE_COLUMNS_MAX);
	va_start(arguments, format);
	vsnprintf(table->cell[table->row_count - 1][table->next_column++], TABLE_CELL_BYTES, format, arguments);
	va_end(arguments);
	if (table->next_column > table->column_count)
		table->column_count = table->next_column;
}

void table_print(const struct table *table, FILE *file)
{
	int width[TABLE_COLUMNS_MAX] = {0};

	for (uint32_t row = 0; row < table->row_count; row++) {
		for (uint32_t column = 0; column < table->column_count; column++) {
			int bytes = (int)strlen(table->cell[row][column]);

			width[column] = bytes > width[column] ? bytes : width[column];
		}
	}
	for (uint32_t row = 0; row < table->row_count; row++) {
		fprintf(file, "  %-*s", width[0], table->cell[row][0]);
		for (uint32_t column = 1; column < table->column_count; column++)
			fprintf(file, "  %*s", width[column], table->cell[row][column]);
		fputc('\n', file);
	}
}

const char *table_count(uint64_t count, char text[TABLE_NUMBER_BYTES])
{
	char digits[TABLE_NUMBER_BYTES];
	int length = snprintf(digits, sizeof(digits), "%" PRIu64, count);
	char *out = text;

	for (int i = 0; i < length; i++) {
		if (i && (length - i) % 3 == 0)
			*out++ = ',';
		*out++ = digits[i];
	}
	*out = 0;
	return text;
}

const char *table_time(double ns, char text[TABLE_NUMBER_BYTES])
{
	static const struct {
		const char *name;
		double ns;
	} units[] = {{"s", 1e9}, {"ms", 1e6}, {"us", 1e3}};

	for (uint32_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		double value = ns / units[i].ns;

		if (value < 1)
			continue;
		snprintf(text, TABLE_NUMBER_BYTES, "%.*f %s",
			 value < 10    ? 2
			 : value < 100 ? 1
				       : 0,
			 value, units[i].name);
		return text;
	}
	snprintf(text, TABLE_NUMBER_BYTES, "%.0f ns", ns);
	return text;
}
