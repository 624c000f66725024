/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The proleptic Gregorian calendar by integer arithmetic: years are counted from March, so that the leap day comes last.
 */
#include "app/httpd/http_date.h"

#include <stdio.h>

#define DAY_S        86400
#define ERA_DAYS     146097 /* 400 years */
#define EPOCH_OFFSET 719468 /* days from 0000-03-01 to 1970-01-01 */

const char http_date_months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
				      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
static const char weekdays[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char *const weekdays_long[7] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
					     "Thursday", "Friday", "Saturday"};

struct http_calendar http_date_calendar(uint64_t time_s)
{
	int64_t days = (int64_t)(time_s / DAY_S) + EPOCH_OFFSET;
	unsigned rest_s = (unsigned)(time_s % DAY_S);
	int64_t era = days / ERA_DAYS;
	int64_t era_day = days % ERA_DAYS;
	int64_t era_year = (era_day - era_day / 1460 + era_day / 36524 - era_day / 146096) / 365;
	int64_t year_day = era_day - (365 * era_year + era_year / 4 - era_year / 100);
	int64_t month = (5 * year_day + 2) / 153; /* 0: March */

	return (struct http_calendar){
		.year = era * 400 + era_year + (month >= 10),
		.month = (unsigned)(month < 10 ? month + 3 : month - 9),
		.day = (unsigned)(year_day - (153 * month + 2) / 5 + 1),
		.hour = rest_s / 3600,
		.minute = rest_s / 60 % 60,
		.second = rest_s % 60,
		.weekday = (unsigned)((time_s / DAY_S + 4) % 7),
	};
}

static int64_t days_of(const struct http_calendar *calendar)
{
	int64_t year = calendar->year - (calendar->month <= 2);
	int64_t era = year / 400, era_year = year % 400;
	int64_t month = calendar->month > 2 ? calendar->month - 3 : calendar->month + 9;
	int64_t year_day = (153 * month + 2) / 5 + calendar->day - 1;

	return era * ERA_DAYS + era_year * 365 + era_year / 4 - era_year / 100 + year_day - EPOCH_OFFSET;
}

static void put_digits(char *text, unsigned value, unsigned digits)
{
	while (digits-- > 0) {
		text[digits] = (char)('0' + value % 10);
		value /= 10;
	}
}

void http_date_format(uint64_t time_s, char text[HTTP_DATE_BYTES])
{
	struct http_calendar calendar = http_date_calendar(time_s);

	memcpy(text, "Sun, 00 Jan 0000 00:00:00 GMT", HTTP_DATE_BYTES);
	memcpy(text, weekdays[calendar.weekday], 3);
	put_digits(text + 5, calendar.day, 2);
	memcpy(text + 8, http_date_months[calendar.month - 1], 3);
	put_digits(text + 12, (unsigned)(calendar.year % 10000), 4);
	put_digits(text + 17, calendar.hour, 2);
	put_digits(text + 20, calendar.minute, 2);
	put_digits(text + 23, calendar.second, 2);
}

/* Takes `bytes` fixed characters off the front. */
static bool skip(struct http_view *text, const char *fixed)
{
	uint32_t bytes = (uint32_t)strlen(fixed);

	if (text->bytes < bytes || memcmp(text->data, fixed, bytes) != 0)
		return false;
	text->data += bytes;
	text->bytes -= bytes;
	return true;
}

static bool take_number(struct http_view *text, unsigned digits, unsigned *value)
{
	*value = 0;
	for (unsigned i = 0; i < digits; i++) {
		if (text->bytes == 0 || http_text_digit(text->data[0]) > 9)
			return false;
		*value = *value * 10 + http_text_digit(text->data[0]);
		text->data++;
		text->bytes--;
	}
	return true;
}

static bool take_month(struct http_view *text, struct http_calendar *calendar)
{
	for (unsigned i = 0; i < 12; i++)
		if (skip(text, http_date_months[i])) {
			calendar->month = i + 1;
			return true;
		}
	return false;
}

static bool take_time(struct http_view *text, struct http_calendar *calendar)
{
	return take_number(text, 2, &calendar->hour) && skip(text, ":") && take_number(text, 2, &calendar->minute) &&
	       skip(text, ":") && take_number(text, 2, &calendar->second);
}

static bool take_year(struct http_view *text, unsigned digits, struct http_calendar *calendar)
{
	unsigned year;

	if (!take_number(text, digits, &year))
		return false;
	calendar->year = year;
	return true;
}

/* After "Sun": ", 06 Nov 1994 08:49:37 GMT". */
static bool take_imf(struct http_view text, struct http_calendar *calendar)
{
	return skip(&text, ", ") && take_number(&text, 2, &calendar->day) && skip(&text, " ") &&
	       take_month(&text, calendar) && skip(&text, " ") && take_year(&text, 4, calendar) && skip(&text, " ") &&
	       take_time(&text, calendar) && skip(&text, " GMT") && text.bytes == 0;
}

/* After "Sunday": ", 06-Nov-94 08:49:37 GMT". */
static bool take_rfc850(struct http_view text, uint64_t now_s, struct http_calendar *calendar)
{
	int64_t this_year = http_date_calendar(now_s).year;

	if (!(skip(&text, ", ") && take_number(&text, 2, &calendar->day) && skip(&text, "-") &&
	      take_month(&text, calendar) && skip(&text, "-") && take_year(&text, 2, calendar) && skip(&text, " ") &&
	      take_time(&text, calendar) && skip(&text, " GMT") && text.bytes == 0))
		return false;
	calendar->year += this_year - this_year % 100;
	if (calendar->year > this_year + 50)
		calendar->year -= 100;
	return true;
}

/* After "Sun": " Nov  6 08:49:37 1994". */
static bool take_asctime(struct http_view text, struct http_calendar *calendar)
{
	return skip(&text, " ") && take_month(&text, calendar) && skip(&text, " ") &&
	       (skip(&text, " ") ? take_number(&text, 1, &calendar->day) : take_number(&text, 2, &calendar->day)) &&
	       skip(&text, " ") && take_time(&text, calendar) && skip(&text, " ") && take_year(&text, 4, calendar) &&
	       text.bytes == 0;
}

static bool is_possible(const struct http_calendar *calendar)
{
	static const uint8_t days[12] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = calendar->year % 4 == 0 && (calendar->year % 100 != 0 || calendar->year % 400 == 0);

	if (calendar->year < 1970 || calendar->day < 1 || calendar->day > days[calendar->month - 1])
		return false;
	if (calendar->month == 2 && calendar->day == 29 && !leap)
		return false;
	return calendar->hour < 24 && calendar->minute < 60 && calendar->second <= 60; /* 60: a leap second */
}

static bool take_any(struct http_view text, uint64_t now_s, struct http_calendar *calendar)
{
	for (unsigned i = 0; i < 7; i++) {
		struct http_view rest = text;

		if (skip(&rest, weekdays_long[i]))
			return take_rfc850(rest, now_s, calendar);
		if (skip(&rest, weekdays[i]))
			return take_imf(rest, calendar) || take_asctime(rest, calendar);
	}
	return false;
}

bool http_date_parse(struct http_view text, uint64_t now_s, uint64_t *time_s)
{
	struct http_calendar calendar = {0};

	if (!take_any(text, now_s, &calendar) || !is_possible(&calendar))
		return false;
	*time_s =
		(uint64_t)days_of(&calendar) * DAY_S + calendar.hour * 3600U + calendar.minute * 60U + calendar.second;
	return true;
}
