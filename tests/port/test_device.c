/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A TAP in a network namespace of the test's own: the kernel resolves and pings a responder of twenty lines, at the
 * station address that the port chose.  Needs root.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <rte_arp.h>
#include <rte_ethdev.h>
#include <rte_icmp.h>
#include <rte_ip.h>
#include <rte_mbuf.h>

#include "lib/port/device.h"
#include "tests/port/scene.h"

#define KERNEL_TEXT "198.18.0.1"
#define OURS_TEXT   "198.18.0.2"
#define OURS        UINT32_C(0xc6120002)

static struct sluice_config config;
static struct ports ports;
static struct sluice_io *io = &ports.io[0];

static int run(const char *command)
{
	int status = system(command);

	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int open_tap(void **state)
{
	(void)state;
	config = scene_config();
	config.port[0].device = "net_tap0,iface=sluicetest";
	config.port[0].mtu_bytes = 1400;
	config.port_count = 1;
	if (ports_create(&ports, &config) != 0 || ports_start(&ports) != 0)
		fail_msg("no TAP: %s", scene_lines());
	return run("ip addr add " KERNEL_TEXT "/15 dev sluicetest && ip link set sluicetest up");
}

static int close_tap(void **state)
{
	(void)state;
	return (int)ports_destroy(&ports);
}

/* ---- The responder ------------------------------------------------------------------------------------ */

static bool answer_arp(struct rte_ether_hdr *ether)
{
	struct rte_arp_hdr *arp = (struct rte_arp_hdr *)(ether + 1);

	if (arp->arp_opcode != rte_cpu_to_be_16(RTE_ARP_OP_REQUEST) || arp->arp_data.arp_tip != rte_cpu_to_be_32(OURS))
		return false;
	arp->arp_opcode = rte_cpu_to_be_16(RTE_ARP_OP_REPLY);
	arp->arp_data.arp_tha = arp->arp_data.arp_sha;
	arp->arp_data.arp_tip = arp->arp_data.arp_sip;
	memcpy(&arp->arp_data.arp_sha, io->mac, 6);
	arp->arp_data.arp_sip = rte_cpu_to_be_32(OURS);
	return true;
}

static bool answer_ping(struct rte_ether_hdr *ether)
{
	struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)(ether + 1);
	struct rte_icmp_hdr *icmp = (struct rte_icmp_hdr *)(ip + 1);

	if (ip->next_proto_id != IPPROTO_ICMP || icmp->icmp_type != RTE_IP_ICMP_ECHO_REQUEST ||
	    memcmp(&ether->dst_addr, io->mac, 6) != 0)
		return false;
	ip->dst_addr = ip->src_addr;
	ip->src_addr = rte_cpu_to_be_32(OURS);
	icmp->icmp_type = RTE_IP_ICMP_ECHO_REPLY;
	icmp->icmp_cksum = (uint16_t)(icmp->icmp_cksum + 8); /* the type lost 8, modulo an end-around carry */
	if (icmp->icmp_cksum < 8)
		icmp->icmp_cksum++;
	return true;
}

static void respond(struct rte_mbuf *packet)
{
	struct rte_ether_hdr *ether = rte_pktmbuf_mtod(packet, struct rte_ether_hdr *);
	bool answered = false;

	if (ether->ether_type == rte_cpu_to_be_16(RTE_ETHER_TYPE_ARP))
		answered = answer_arp(ether);
	else if (ether->ether_type == rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4))
		answered = answer_ping(ether);
	if (answered) {
		ether->dst_addr = ether->src_addr;
		memcpy(&ether->src_addr, io->mac, 6);
	}
	if (!answered || io->send(io->user, &packet, 1) != 1)
		io->release(io->user, &packet, 1);
}

/* Answers until the command ends; returns its exit code. */
static int run_while_responding(const char *command)
{
	pid_t child = fork();
	int status = -1;

	if (child == 0)
		_exit(run(command));
	while (waitpid(child, &status, WNOHANG) == 0) {
		struct rte_mbuf *packet[32];
		uint32_t count = io->receive(io->user, packet, 32);

		for (uint32_t i = 0; i < count; i++)
			respond(packet[i]);
		if (count == 0)
			io->wait(io->user, UINT64_MAX);
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* ---- Tests -------------------------------------------------------------------------------------------- */

static void test_station_is_not_the_kernels(void **state)
{
	struct rte_ether_addr kernels;

	(void)state;
	assert_int_equal(rte_eth_macaddr_get(ports.port[0].id, &kernels), 0);
	assert_memory_not_equal(&kernels, io->mac, 6);
	assert_int_equal(io->mac[0] & 3, 2); /* one station's, locally administered */
}

static void test_kernel_pings_us(void **state)
{
	(void)state;
	assert_int_equal(run_while_responding("ping -q -c 5 -i 0.05 -W 2 " OURS_TEXT " >/dev/null"), 0);
}

static void test_mtu_reached_the_kernel(void **state)
{
	(void)state;
	assert_int_equal(io->mtu_bytes, 1400);
	assert_int_equal(run("ip link show sluicetest | grep -q 'mtu 1400'"), 0);
	assert_int_equal(run_while_responding("ping -q -c 2 -i 0.05 -W 2 -M do -s 1372 " OURS_TEXT " >/dev/null"), 0);
}

static void test_unasked_offloads_are_not_taken(void **state)
{
	(void)state;
	assert_int_equal(io->flags, 0);
	assert_int_equal(ports.port[0].receive_offloads, 0);
}

/* A sleeping worker is woken by the packet, not by the end of its sleep: round trips are shorter than sleeps. */
static void test_packet_ends_sleep(void **state)
{
	(void)state;
	assert_true(ports.port[0].io.has_interrupts);
	assert_int_equal(
		run_while_responding("ping -q -c 40 -i 0.03 -W 2 " OURS_TEXT " | awk -F/ '/^rtt/ { exit !($5 < 3) }'"),
		0);
}

/* DPDK alone would join the interface as a second queue, and each would get some of the packets. */
static void test_a_tap_is_not_taken_twice(void **state)
{
	struct port second = {.kind = PORT_VIRTUAL, .id = PORT_NONE, .name = "net_tap1"};
	struct sluice_config other = config;

	(void)state;
	other.port[0].device = "net_tap1,iface=sluicetest";
	scene_forget_lines();
	assert_int_equal(device_attach(&second, &other, 0), -EBUSY);
	assert_non_null(strstr(scene_lines(), "another process holds"));
	assert_int_equal(second.id, PORT_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_station_is_not_the_kernels),
		cmocka_unit_test(test_kernel_pings_us),
		cmocka_unit_test(test_mtu_reached_the_kernel),
		cmocka_unit_test(test_unasked_offloads_are_not_taken),
		cmocka_unit_test(test_packet_ends_sleep),
		cmocka_unit_test(test_a_tap_is_not_taken_twice),
	};

	if (geteuid() != 0 || unshare(CLONE_NEWNET) != 0 || access("/dev/net/tun", R_OK | W_OK) != 0) {
		fputs("needs root, a network namespace and /dev/net/tun\n", stderr);
		return SKIPPED;
	}
	return cmocka_run_group_tests(tests, open_tap, close_tap);
}
