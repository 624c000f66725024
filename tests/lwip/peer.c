/* SPDX-License-Identifier: BSD-3-Clause */
/* The interface, the clock, and the listeners. */
#include "tests/lwip/peer.h"

#include <stdlib.h>
#include <string.h>

#include <lwip/etharp.h>
#include <lwip/ethip6.h>
#include <lwip/init.h>
#include <lwip/priv/tcp_priv.h>
#include <lwip/timeouts.h>
#include <netif/ethernet.h>

#include "tests/lwip/bout.h"
#include "tests/lwip/player.h"
#include "tests/lwip/watch.h"
#include "tests/sim/trace.h"
#include "tests/sim/violation.h"

static struct netif interface;
static ip_addr_t sluice_ipv4, sluice_ipv6;
static uint64_t wake_at_ns;

/* In place of liblwip's own. */
u32_t sys_now(void)
{
	return bout.lwip_clock_ms + (u32_t)(bout.world.now_ns / MILLISECOND_NS);
}

/* ---- The interface ------------------------------------------------------------------------------------ */

static err_t transmit(struct netif *netif, struct pbuf *packet)
{
	uint8_t frame[FRAME_BYTES_MAX];
	u16_t bytes = pbuf_copy_partial(packet, frame, sizeof(frame), 0);
	struct dissect seg = dissect(frame, bytes);

	(void)netif;
	RULE(bytes == packet->tot_len, "scenario", "lwIP sends a frame of %u bytes", packet->tot_len);
	trace_frame("B >", "", frame, bytes);
	watch_lwip_sent(&seg);
	bout_transmit(BOUT_LWIP, frame, bytes);
	return ERR_OK;
}

static err_t bring_up(struct netif *netif)
{
	static const uint8_t mac[6] = {2, 0, 0, 0, 0, 2};

	netif->name[0] = 's';
	netif->name[1] = 'l';
	netif->output = etharp_output;
	netif->output_ip6 = ethip6_output;
	netif->linkoutput = transmit;
	netif->mtu = 1500; /* less is forgotten when a SYN comes again: it would send fragments */
	netif->hwaddr_len = 6;
	memcpy(netif->hwaddr, mac, 6);
	netif->flags |= NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET | NETIF_FLAG_MLD6;
	return ERR_OK;
}

static void make_interface(void)
{
	ip4_addr_t address, mask, gateway;
	ip6_addr_t ipv6;
	s8_t index;

	IP4_ADDR(&address, 198, 18, 0, 2);
	IP4_ADDR(&mask, 255, 254, 0, 0);
	ip4_addr_set_zero(&gateway);
	RULE(netif_add(&interface, &address, &mask, &gateway, NULL, bring_up, ethernet_input), "scenario",
	     "lwIP has no interface");
	netif_set_default(&interface);
	netif_set_link_up(&interface);
	netif_set_up(&interface);
	netif_create_ip6_linklocal_address(&interface, 1);
	netif_ip6_addr_set_state(&interface, 0, IP6_ADDR_PREFERRED);
	IP6_ADDR(&ipv6, lwip_htonl(0x20010002), 0, 0, lwip_htonl(2));
	RULE(netif_add_ip6_address(&interface, &ipv6, &index) == ERR_OK, "scenario", "lwIP refuses its address");
	netif_ip6_addr_set_state(&interface, index, IP6_ADDR_PREFERRED);
}

static void listen_all(void)
{
	for (u16_t port = 80; port < 83; port++) {
		struct tcp_pcb *pcb = tcp_new_ip_type(IPADDR_TYPE_ANY);

		RULE(pcb && tcp_bind(pcb, IP_ANY_TYPE, port) == ERR_OK, "scenario", "lwIP cannot bind");
		pcb = tcp_listen(pcb);
		RULE(pcb, "scenario", "lwIP cannot listen");
		tcp_accept(pcb, player_accept);
	}
}

void peer_start(void)
{
	srand((unsigned)random_next(&bout.world.random)); /* its ports */
	lwip_init();
	if (random_chance(&bout.world.random, 500000))
		tcp_ticks = 0 - (u32_t)random_between(&bout.world.random, 1000,
						      30000); /* each ISS is so much less than the last */
	make_interface();
	IP_ADDR4(&sluice_ipv4, 198, 18, 0, 1);
	IP_ADDR6(&sluice_ipv6, lwip_htonl(0x20010002), 0, 0, lwip_htonl(1));
	listen_all();
}

void peer_arrives(struct flight *flight)
{
	/* Not from the pool: in this build its buffers are smaller than pbuf_alloc() takes them to be. */
	struct pbuf *packet = pbuf_alloc(PBUF_RAW, flight->bytes, PBUF_RAM);

	trace_frame("  > B", "", flight->frame, flight->bytes);
	RULE(packet && pbuf_take(packet, flight->frame, flight->bytes) == ERR_OK, "scenario", "lwIP has no buffer");
	if (interface.input(packet, &interface) != ERR_OK)
		pbuf_free(packet);
	free(flight);
	wake_at_ns = 0; /* a callback may have told something */
}

void peer_turn(void)
{
	uint64_t next_ns = UINT64_MAX, timer_ns;
	struct story *story;
	u32_t sleep_ms;

	sys_check_timeouts();
	while ((story = bout_due(BOUT_LWIP, &next_ns)))
		player_open(story, story->ipv6 ? &sluice_ipv6 : &sluice_ipv4);
	wake_at_ns = player_turns();
	wake_at_ns = next_ns < wake_at_ns ? next_ns : wake_at_ns;
	sleep_ms = sys_timeouts_sleeptime();
	if (sleep_ms == SYS_TIMEOUTS_SLEEPTIME_INFINITE)
		return;
	timer_ns = (bout.world.now_ns / MILLISECOND_NS + (sleep_ms ? sleep_ms : 1)) * MILLISECOND_NS;
	wake_at_ns = timer_ns < wake_at_ns ? timer_ns : wake_at_ns;
}

uint64_t peer_wake_ns(void)
{
	return wake_at_ns;
}

bool peer_is_at_rest(void)
{
	return !tcp_active_pcbs && !tcp_tw_pcbs;
}
