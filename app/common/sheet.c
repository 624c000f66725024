/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Aligned text.
 */
#include "app/common/sheet.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "app/common/require.h"

void sheet_begin(struct sheet *sheet, const char *headings)
{
	memset(sheet, 0, sizeof(*sheet));
	sheet_row(sheet);
	while (*headings) {
		size_t bytes = strcspn(headings, "|");

		sheet_cell(sheet, "%.*s", (int)bytes, headings);
		headings += bytes + (headings[bytes] == '|');
	}
}

void sheet_row(struct sheet *sheet)
{
	REQUIRE(sheet->row_count < SHEET_ROWS_MAX);
	sheet->row_count++;
	sheet->next_column = 0;
}

void sheet_cell(struct sheet *sheet, const char *format, ...)
{
	va_list arguments;

	REQUIRE(sheet->row_count && sheet->next_column < SHEET_COLUMNS_MAX);
	va_start(arguments, format);
	vsnprintf(sheet->cell[sheet->row_count - 1][sheet->next_column++], SHEET_CELL_BYTES, format, arguments);
	va_end(arguments);
	if (sheet->next_column > sheet->column_count)
		sheet->column_count = sheet->next_column;
}

void sheet_print(const struct sheet *sheet, FILE *file)
{
	int width[SHEET_COLUMNS_MAX] = {0};

	for (uint32_t row = 0; row < sheet->row_count; row++) {
		for (uint32_t column = 0; column < sheet->column_count; column++) {
			int bytes = (int)strlen(sheet->cell[row][column]);

			width[column] = bytes > width[column] ? bytes : width[column];
		}
	}
	for (uint32_t row = 0; row < sheet->row_count; row++) {
		fprintf(file, "  %-*s", width[0], sheet->cell[row][0]);
		for (uint32_t column = 1; column < sheet->column_count; column++)
			fprintf(file, "  %*s", width[column], sheet->cell[row][column]);
		fputc('\n', file);
	}
}

const char *sheet_count(uint64_t count, char text[SHEET_NUMBER_BYTES])
{
	char digits[SHEET_NUMBER_BYTES];
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

const char *sheet_time(double ns, char text[SHEET_NUMBER_BYTES])
{
	static const struct {
		const char *name;
		double ns;
	} units[] = {{"s", 1e9}, {"ms", 1e6}, {"us", 1e3}};

	for (uint32_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		double value = ns / units[i].ns;

		if (value < 1)
			continue;
		snprintf(text, SHEET_NUMBER_BYTES, "%.*f %s",
			 value < 10    ? 2
			 : value < 100 ? 1
				       : 0,
			 value, units[i].name);
		return text;
	}
	snprintf(text, SHEET_NUMBER_BYTES, "%.0f ns", ns);
	return text;
}
