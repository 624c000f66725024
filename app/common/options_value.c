/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Values of options.  Numbers are read exactly, in integers: a fraction is taken when the unit makes it whole (1.5k,
 * but not 1.5) and refused otherwise, so that nothing is ever rounded behind the user's back.
 */
#include "app/common/options_value.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "app/common/nearest.h"
#include "app/common/require.h"
#include "lib/sluice.h"

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit number_units[] = {
	{"", 1}, {"k", 1000}, {"m", 1000000}, {"g", 1000000000}, {NULL, 0},
};

static const struct unit size_units[] = {
	{"", 1},          {"k", 1000},      {"m", 1000000}, {"g", 1000000000}, {"Ki", 1 << 10},    {"Mi", 1 << 20},
	{"Gi", 1 << 30},  {"B", 1},         {"kB", 1000},   {"MB", 1000000},   {"GB", 1000000000}, {"KiB", 1 << 10},
	{"MiB", 1 << 20}, {"GiB", 1 << 30}, {NULL, 0},
};

static const struct unit time_units[] = {
	{"h", UINT64_C(3600000000000)},
	{"m", UINT64_C(60000000000)},
	{"s", 1000000000},
	{"ms", 1000000},
	{"us", 1000},
	{"ns", 1},
	{NULL, 0},
};

/* Digits with at most one point, read as mantissa / scale. */
struct decimal {
	uint64_t mantissa, scale;
	const char *rest; /* after the digits; NULL: no number, or too long a one */
};

static struct decimal decimal_read(const char *text)
{
	struct decimal out = {.scale = 1};
	bool point = false;
	uint32_t digits = 0;

	for (; (*text >= '0' && *text <= '9') || (*text == '.' && !point); text++) {
		if (*text == '.') {
			point = true;
			continue;
		}
		if (__builtin_mul_overflow(out.mantissa, 10, &out.mantissa) ||
		    __builtin_add_overflow(out.mantissa, (uint64_t)(*text - '0'), &out.mantissa) ||
		    __builtin_mul_overflow(out.scale, point ? 10 : 1, &out.scale))
			return (struct decimal){0};
		digits++;
	}
	if (digits && text[-1] != '.')
		out.rest = text;
	return out;
}

/* Only times tell small letters from capitals: nobody should wonder whether 5M is months. */
static const struct unit *unit_find(const struct unit *units, const char *name)
{
	int (*compare)(const char *, const char *) = units == time_units ? strcmp : strcasecmp;

	for (; units->name; units++) {
		if (!compare(units->name, name))
			return units;
	}
	return NULL;
}

static bool refuse(char problem[OPTIONS_PROBLEM_BYTES], const char *text, const char *why)
{
	snprintf(problem, OPTIONS_PROBLEM_BYTES, "'%.100s' %s", text, why);
	return false;
}

/* The value in the kind's smallest unit: ns of a time, bytes of a size. */
static bool scaled_read(const struct options_entry *entry, const char *text, uint64_t *value, char *problem)
{
	const struct unit *units = entry->kind == OPTIONS_TIME   ? time_units
				   : entry->kind == OPTIONS_SIZE ? size_units
								 : number_units;
	struct decimal number = decimal_read(text);
	const struct unit *unit = number.rest ? unit_find(units, number.rest) : NULL;
	unsigned __int128 product;

	if (number.rest && entry->kind == OPTIONS_TIME && !*number.rest && !number.mantissa)
		unit = time_units; /* zero is zero in any unit */
	if (number.rest && entry->kind == OPTIONS_TIME && !*number.rest && !unit)
		return refuse(problem, text, "has no unit: ns, us, ms, s, m or h, as in 10s");
	if (!unit && entry->kind == OPTIONS_TIME)
		return refuse(problem, text, "is not a time, as in 10s, 250us or 1.5m");
	if (!unit && entry->kind == OPTIONS_SIZE)
		return refuse(problem, text, "is not a size, as in 1500, 64Ki or 4Mi");
	if (!unit)
		return refuse(problem, text, "is not a number, as in 12, 1.5k or 4m");
	product = (unsigned __int128)number.mantissa * unit->factor;
	if (product % number.scale)
		return refuse(problem, text, "is not a whole number of the smallest unit");
	if (product / number.scale > UINT64_MAX)
		return refuse(problem, text, "is too large");
	*value = (uint64_t)(product / number.scale);
	return true;
}

static uint64_t field_get(const struct options_entry *entry, const void *base)
{
	uint64_t value = 0;

	REQUIRE(entry->width_bytes <= sizeof(value));
	memcpy(&value, (const char *)base + entry->offset, entry->width_bytes); /* little-endian machines only */
	return value;
}

static void field_set(const struct options_entry *entry, void *base, uint64_t value)
{
	REQUIRE(entry->width_bytes <= sizeof(value));
	memcpy((char *)base + entry->offset, &value, entry->width_bytes);
}

/* A number of the smallest unit as text: in the largest unit of which it is a whole number. */
static void scaled_write(const struct options_entry *entry, uint64_t value, char *text)
{
	static const struct unit binary[] = {{"Gi", 1 << 30}, {"Mi", 1 << 20}, {"Ki", 1 << 10}, {NULL, 0}};
	const struct unit *unit = entry->kind == OPTIONS_TIME ? time_units : binary;

	for (; entry->kind != OPTIONS_NUMBER && value && unit->name; unit++) {
		if (value % unit->factor == 0) {
			snprintf(text, OPTIONS_VALUE_BYTES, "%" PRIu64 "%s", value / unit->factor, unit->name);
			return;
		}
	}
	snprintf(text, OPTIONS_VALUE_BYTES, "%" PRIu64, value);
}

static bool range_read(const struct options_entry *entry, void *base, const char *text, char *problem)
{
	uint64_t unit = entry->kind == OPTIONS_TIME ? entry->unit_ns : 1;
	uint64_t low = entry->low, high = entry->high, value;
	char low_text[OPTIONS_VALUE_BYTES], high_text[OPTIONS_VALUE_BYTES];

	REQUIRE(unit);
	if (!low && !high)
		high = entry->width_bytes == 8 ? UINT64_MAX : (UINT64_C(1) << 8 * entry->width_bytes) - 1;
	if (high > UINT64_MAX / unit)
		high = UINT64_MAX / unit;
	if (!scaled_read(entry, text, &value, problem))
		return false;
	if (value < low * unit || value > high * unit) {
		scaled_write(entry, low * unit, low_text);
		scaled_write(entry, high * unit, high_text);
		snprintf(problem, OPTIONS_PROBLEM_BYTES, "'%.60s' is out of range: from %.40s to %.40s", text, low_text,
			 high_text);
		return false;
	}
	if (value % unit) {
		scaled_write(entry, unit, low_text);
		snprintf(problem, OPTIONS_PROBLEM_BYTES, "'%.60s' is not a multiple of %.40s", text, low_text);
		return false;
	}
	field_set(entry, base, value / unit);
	return true;
}

static bool switch_read(const struct options_entry *entry, void *base, const char *text, char *problem)
{
	static const char *const words[] = {"off", "on", "no", "yes", "false", "true", "0", "1"};

	for (uint32_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!strcasecmp(words[i], text)) {
			*(bool *)((char *)base + entry->offset) = i & 1;
			return true;
		}
	}
	return refuse(problem, text, "is neither on nor off");
}

static bool choice_read(const struct options_entry *entry, void *base, const char *text, char *problem)
{
	struct nearest nearest = {.typed = text};
	int used = snprintf(problem, OPTIONS_PROBLEM_BYTES, "'%.60s' is not one of", text);

	for (uint32_t i = 0; entry->choices[i]; i++) {
		if (!strcmp(entry->choices[i], text)) {
			field_set(entry, base, i);
			return true;
		}
		nearest_offer(&nearest, entry->choices[i]);
		if (used < OPTIONS_PROBLEM_BYTES)
			used += snprintf(problem + used, (size_t)(OPTIONS_PROBLEM_BYTES - used), "%s%s", i ? ", " : " ",
					 entry->choices[i]);
	}
	if (nearest.word && used < OPTIONS_PROBLEM_BYTES)
		snprintf(problem + used, (size_t)(OPTIONS_PROBLEM_BYTES - used), ": did you mean '%s'?", nearest.word);
	return false;
}

static bool text_read(const struct options_entry *entry, void *base, const char *text, char *problem)
{
	void *field = (char *)base + entry->offset;
	struct options_list *list = field;
	const char *wrong = entry->check ? entry->check(text) : NULL;

	if (wrong)
		return refuse(problem, text, wrong);
	if (entry->kind == OPTIONS_TEXT) {
		*(const char **)field = text;
		return true;
	}
	if (list->count == OPTIONS_LIST_MAX) {
		snprintf(problem, OPTIONS_PROBLEM_BYTES, "is given more than %d times", OPTIONS_LIST_MAX);
		return false;
	}
	list->item[list->count++] = text;
	return true;
}

bool options_value_read(const struct options_entry *entry, void *base, const char *text,
			char problem[OPTIONS_PROBLEM_BYTES])
{
	void *field = (char *)base + entry->offset;

	switch (entry->kind) {
	case OPTIONS_FLAG:
	case OPTIONS_SWITCH:
		return switch_read(entry, base, text, problem);
	case OPTIONS_NUMBER:
	case OPTIONS_SIZE:
	case OPTIONS_TIME:
		return range_read(entry, base, text, problem);
	case OPTIONS_CHOICE:
		return choice_read(entry, base, text, problem);
	case OPTIONS_TEXT:
	case OPTIONS_LIST:
		return text_read(entry, base, text, problem);
	case OPTIONS_ADDRESS:
		return !sluice_address_parse(text, field) ||
		       refuse(problem, text, "is not an address, as in 198.18.0.1:80 or [2001:2::1]:80");
	case OPTIONS_SUBNET:
		return !sluice_subnet_parse(text, field) ||
		       refuse(problem, text, "is not a subnet, as in 198.18.0.2/15 or 2001:2::2/48");
	}
	return false;
}

static bool is_zero(const void *bytes, size_t count)
{
	const uint8_t *byte = bytes;

	while (count && !*byte) {
		byte++;
		count--;
	}
	return !count;
}

bool options_value_is_set(const struct options_entry *entry, const void *base)
{
	const void *field = (const char *)base + entry->offset;

	switch (entry->kind) {
	case OPTIONS_FLAG:
	case OPTIONS_SWITCH:
	case OPTIONS_NUMBER:
	case OPTIONS_SIZE:
	case OPTIONS_TIME:
	case OPTIONS_CHOICE:
		return true;
	case OPTIONS_TEXT:
		return *(const char *const *)field != NULL;
	case OPTIONS_LIST:
		return ((const struct options_list *)field)->count > 0;
	case OPTIONS_ADDRESS:
	case OPTIONS_SUBNET:
		return !is_zero(field, entry->width_bytes);
	}
	return false;
}

static void subnet_write(const struct sluice_subnet *subnet, char *text)
{
	struct sluice_address address = {0};
	char address_text[SLUICE_ADDRESS_TEXT_BYTES];

	memcpy(address.ip, subnet->ip, sizeof(address.ip));
	snprintf(text, OPTIONS_VALUE_BYTES, "%s/%u", sluice_address_format(&address, address_text),
		 subnet->prefix_bits);
}

const char *options_value_write(const struct options_entry *entry, const void *base, uint32_t index,
				char text[OPTIONS_VALUE_BYTES])
{
	const void *field = (const char *)base + entry->offset;

	switch (entry->kind) {
	case OPTIONS_FLAG:
	case OPTIONS_SWITCH:
		return *(const bool *)field ? "on" : "off";
	case OPTIONS_NUMBER:
	case OPTIONS_SIZE:
		scaled_write(entry, field_get(entry, base), text);
		break;
	case OPTIONS_TIME:
		scaled_write(entry, field_get(entry, base) * entry->unit_ns, text);
		break;
	case OPTIONS_CHOICE:
		return entry->choices[field_get(entry, base)];
	case OPTIONS_TEXT:
		return *(const char *const *)field;
	case OPTIONS_LIST:
		return ((const struct options_list *)field)->item[index];
	case OPTIONS_ADDRESS:
		sluice_address_format(field, text);
		break;
	case OPTIONS_SUBNET:
		subnet_write(field, text);
		break;
	}
	return text;
}
