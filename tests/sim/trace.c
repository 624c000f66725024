/* SPDX-License-Identifier: BSD-3-Clause */
/* Lines are formatted only when printed; the hash takes the raw values. */
#include "tests/sim/trace.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static bool printing;
static uint64_t hash;
static const uint64_t *clock_ns;

void trace_start(bool print, const uint64_t *now_ns)
{
	printing = print;
	hash = 0xcbf29ce484222325;
	clock_ns = now_ns;
}

uint64_t trace_hash(void)
{
	return hash;
}

bool trace_on(void)
{
	return printing;
}

static void mix(const void *data, uint32_t bytes)
{
	const uint8_t *at = data;

	for (; bytes >= 8; bytes -= 8, at += 8) {
		uint64_t word;

		memcpy(&word, at, 8);
		hash = (hash ^ word) * 0x9e3779b97f4a7c15;
		hash ^= hash >> 29;
	}
	for (; bytes; bytes--)
		hash = (hash ^ *at++) * 0x100000001b3;
}

const char *address_text(const struct address *address, char text[64])
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	char ip[INET6_ADDRSTRLEN];

	if (memcmp(address->ip, mapped, 12) == 0)
		inet_ntop(AF_INET, address->ip + 12, ip, sizeof(ip));
	else
		inet_ntop(AF_INET6, address->ip, ip, sizeof(ip));
	snprintf(text, 64, "%s.%u", ip, address->port);
	return text;
}

static void print_time(void)
{
	printf("%5lu.%06lu ", *clock_ns / 1000000000, *clock_ns / 1000 % 1000000);
}

static void print_options(const struct dissect *seg)
{
	if (seg->has_mss)
		printf(" mss %u", seg->mss);
	if (seg->has_shift)
		printf(" wscale %u", seg->shift);
	if (seg->has_sack_permitted)
		printf(" sackOK");
	if (seg->has_timestamps)
		printf(" TS %u/%u", seg->tsval, seg->tsecr);
	for (uint32_t i = 0; i < seg->sack_count; i++)
		printf(" sack %u-%u", seg->sack[i].start, seg->sack[i].end);
}

static void print_segment(const struct dissect *seg)
{
	static const char letter[] = "FSRP.U";
	char from[64], to[64], flags[8];
	uint32_t n = 0;

	for (uint32_t i = 0; i < 6; i++)
		if (seg->flags >> i & 1)
			flags[n++] = letter[i];
	flags[n] = 0;
	printf("%s > %s [%s] %u:%u(%u)", address_text(&seg->source, from), address_text(&seg->destination, to), flags,
	       seg->seq, seg->seq + dissect_span(seg), seg->text_bytes);
	if (seg->flags & SEG_ACK)
		printf(" ack %u", seg->ack);
	printf(" win %u", seg->window);
	print_options(seg);
}

void trace_frame(const char *where, const char *fate, const uint8_t *frame, uint32_t bytes)
{
	struct dissect seg;

	mix(clock_ns, 8);
	mix(where, (uint32_t)strlen(where));
	mix(frame, bytes);
	if (!printing)
		return;
	seg = dissect(frame, bytes);
	print_time();
	printf("%-8s ", where);
	if (seg.kind == DISSECT_TCP)
		print_segment(&seg);
	else if (seg.kind == DISSECT_BAD)
		printf("%u bytes, bad %s", bytes, seg.wrong);
	else
		printf("%u bytes of %s", bytes,
		       seg.kind == DISSECT_ARP    ? "ARP"
		       : seg.kind == DISSECT_ICMP ? "ICMP"
						  : "something else");
	printf("%s%s\n", *fate ? " : " : "", fate);
}

void trace_note(const char *format, ...)
{
	va_list list;

	if (!printing)
		return;
	print_time();
	printf("         ");
	va_start(list, format);
	vprintf(format, list);
	va_end(list);
	putchar('\n');
}
