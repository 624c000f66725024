/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The start-up table.
 */
#include "lib/port/table.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>

#include "lib/port/eal.h"
#include "lib/port/say.h"

#define TABLE_LINE_BYTES 256

struct table_offload {
	const char *name;
	bool is_receive;
	bool is_checksum; /* wanted only with checksum_offload */
	uint64_t flag;
};

static const struct table_offload table_offloads[] = {
	{"rx-ipv4-checksum", true, true, RTE_ETH_RX_OFFLOAD_IPV4_CKSUM},
	{"rx-tcp-checksum", true, true, RTE_ETH_RX_OFFLOAD_TCP_CKSUM},
	{"tx-ipv4-checksum", false, true, RTE_ETH_TX_OFFLOAD_IPV4_CKSUM},
	{"tx-tcp-checksum", false, true, RTE_ETH_TX_OFFLOAD_TCP_CKSUM},
	{"tx-chains", false, false, RTE_ETH_TX_OFFLOAD_MULTI_SEGS},
};

/* snprintf to the end of a line that may be full. */
__attribute__((format(printf, 2, 3))) static void table_append(char line[TABLE_LINE_BYTES], const char *format, ...)
{
	size_t length = strlen(line);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line + length, TABLE_LINE_BYTES - length, format, arguments);
	va_end(arguments);
}

/* " a b c" of the offloads that we asked for and got, or did not get; " none". */
static void table_append_offloads(char line[TABLE_LINE_BYTES], const struct port *port, bool wants_checksums,
				  bool granted)
{
	bool any = false;

	for (size_t i = 0; i < sizeof(table_offloads) / sizeof(table_offloads[0]); i++) {
		const struct table_offload *offload = &table_offloads[i];
		uint64_t have = offload->is_receive ? port->receive_offloads : port->send_offloads;

		if ((offload->is_checksum && !wants_checksums) || !!(have & offload->flag) != granted)
			continue;
		table_append(line, " %s", offload->name);
		any = true;
	}
	if (!any)
		table_append(line, " none");
}

static size_t table_first_cpu(const rte_cpuset_t *cpus)
{
	size_t cpu = 0;

	while (cpu < CPU_SETSIZE - 1 && !CPU_ISSET(cpu, cpus))
		cpu++;
	return cpu;
}

static void table_print_port(const struct sluice *sluice, uint32_t index)
{
	const struct port *port = &sluice->ports.port[index];
	rte_cpuset_t cpus = rte_lcore_cpuset(eal_worker_lcore(index));
	char line[TABLE_LINE_BYTES] = "";

	table_append(line, "port %u: %s (%s), MAC %02x:%02x:%02x:%02x:%02x:%02x, MTU %u, ", index, port->name,
		     port->driver, port->mac[0], port->mac[1], port->mac[2], port->mac[3], port->mac[4], port->mac[5],
		     port->mtu_bytes);
	table_append(line, "queues of %u in, %u out, node %d, ", port->receive_descriptors, port->send_descriptors,
		     port->node);
	if (CPU_COUNT(&cpus) == 1)
		table_append(line, "worker %u on CPU %zu", index, table_first_cpu(&cpus));
	else
		table_append(line, "worker %u on any of %d CPUs", index, CPU_COUNT(&cpus));
	say(&sluice->config, "%s", line);
	line[0] = '\0';
	table_append(line, "port %u: offloads:", index);
	table_append_offloads(line, port, sluice->config.checksum_offload, true);
	table_append(line, "; missing:");
	table_append_offloads(line, port, sluice->config.checksum_offload, false);
	table_append(line, "; steering: one queue, one worker");
	say(&sluice->config, "%s", line);
}

void table_sums(const struct sluice *sluice, char *line, size_t bytes)
{
	size_t packet_bytes = ports_packet_bytes(&sluice->ports);
	size_t sum = packet_bytes, length;

	for (uint32_t i = 0; i < sluice->worker_count; i++)
		sum += sluice->worker[i].bytes;
	snprintf(line, bytes, "%zu MiB of memory: %u packets %zu", sum >> 20, ports_packet_count(&sluice->ports),
		 packet_bytes >> 20);
	for (uint32_t i = 0; i < sluice->worker_count; i++) {
		length = strlen(line);
		snprintf(line + length, bytes - length, " + worker %u %zu", i, sluice->worker[i].bytes >> 20);
	}
}

static const char *table_pages(bool is_hugetlb)
{
	return is_hugetlb ? "hugepages" : "transparent hugepages where the kernel gives them";
}

void table_print(const struct sluice *sluice)
{
	char sums[TABLE_LINE_BYTES];

	for (uint32_t i = 0; i < sluice->ports.count; i++)
		table_print_port(sluice, i);
	table_sums(sluice, sums, sizeof(sums));
	say(&sluice->config, "%s; packets on %s, records on %s", sums, table_pages(rte_eal_has_hugepages() == 1),
	    table_pages(sluice->worker[0].memory.is_hugetlb));
	if (!clock_counter_is_constant())
		say(&sluice->config,
		    "this CPU's cycle counter is not constant: time is read from the kernel, which costs");
	if (sluice->ports.has_shared_cpus)
		say(&sluice->config, "fewer CPUs than workers: they share what there is, so measure nothing here");
	if (sluice->config.congestion == SLUICE_CONGESTION_NONE) /* said even to who wants no notices */
		say_error(&sluice->config, 0,
			  "WARNING: no congestion control: whoever shares a network with this starves; laboratories "
			  "only");
}
