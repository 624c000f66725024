/* SPDX-License-Identifier: BSD-3-Clause */
/* The wire: frames in and out of the stack, neighbours answered, large packets cut. */
#include "tests/packetdrill/wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/wire/build.h"
#include "lib/wire/checksum.h"
#include "lib/wire/frame.h"
#include "tests/packets.h"

static const struct mac our_mac = {{2, 0, 0, 0, 0, 1}}, peer_mac = {{2, 0, 0, 0, 0, 2}};

static uint64_t wire_now_ns(void *user)
{
	const struct wire *wire = user;

	return wire->now_ns;
}

static uint32_t wire_receive(void *user, struct rte_mbuf **packet, uint32_t max)
{
	struct wire *wire = user;
	uint32_t count = 0;

	for (; count < max && wire->arrived_count; wire->arrived_count--) {
		packet[count++] = wire->arrived[wire->arrived_first];
		wire->arrived_first = (wire->arrived_first + 1) % WIRE_ARRIVED_MAX;
	}
	return count;
}

static bool arrives(struct wire *wire, struct rte_mbuf *packet)
{
	if (wire->arrived_count == WIRE_ARRIVED_MAX) {
		packet_free(packet);
		return false;
	}
	wire->arrived[(wire->arrived_first + wire->arrived_count++) % WIRE_ARRIVED_MAX] = packet;
	return true;
}

/* Whoever is asked for is here. */
static void answer_neighbour(struct wire *wire, const struct frame *request)
{
	struct neighbour_message message = neighbour_message_read(request);
	struct rte_mbuf *reply;

	if (!message.is_request)
		return;
	reply = packet_new();
	build_neighbour_reply(reply, &peer_mac, &message.target_ip, &message.sender_ip, &our_mac);
	arrives(wire, reply);
}

static void leaves(struct wire *wire, const uint8_t *ip_packet, uint32_t bytes)
{
	struct wire_sent *sent = malloc(sizeof(*sent) + bytes);

	REQUIRE(sent);
	*sent = (struct wire_sent){.at_ns = wire->now_ns, .bytes = bytes};
	memcpy(sent->packet, ip_packet, bytes);
	*wire->sent_end = sent;
	wire->sent_end = &sent->next;
}

static void send_one(struct wire *wire, struct rte_mbuf *packet)
{
	static const struct frame_rules rules = {.mac = {{2, 0, 0, 0, 0, 2}}};
	uint8_t bytes[PACKET_ROOM_BYTES];
	struct rte_mbuf *whole = packet_from_bytes(bytes, packet_copy_out(packet, bytes, sizeof(bytes)));
	struct frame frame;

	frame_parse(whole, &rules, &frame);
	frame.packet = whole;
	if (frame.kind == FRAME_ARP || frame.kind == FRAME_ND_SOLICIT)
		answer_neighbour(wire, &frame);
	else if (frame.kind != FRAME_ND_ADVERT)
		leaves(wire, bytes + ETHER_HEADER_BYTES, whole->pkt_len - ETHER_HEADER_BYTES);
	packet_free(whole);
	packet_free(packet);
}

static uint32_t wire_send(void *user, struct rte_mbuf **packet, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		send_one(user, packet[i]);
	return count;
}

static uint32_t wire_allocate(void *user, struct rte_mbuf **packet, uint32_t count)
{
	(void)user;
	for (uint32_t i = 0; i < count; i++)
		packet[i] = packet_new();
	return count;
}

static void wire_release(void *user, struct rte_mbuf **packet, uint32_t count)
{
	(void)user;
	for (uint32_t i = 0; i < count; i++)
		packet_free(packet[i]);
}

void wire_make(struct wire *wire, uint16_t mtu_bytes, uint64_t now_ns)
{
	*wire = (struct wire){
		.io = {.user = wire,
		       .now_ns = wire_now_ns,
		       .receive = wire_receive,
		       .send = wire_send,
		       .allocate = wire_allocate,
		       .release = wire_release,
		       .mtu_bytes = mtu_bytes},
		.now_ns = now_ns,
	};
	memcpy(wire->io.mac, &our_mac, sizeof(our_mac));
	wire->sent_end = &wire->sent;
}

struct wire_sent *wire_take(struct wire *wire)
{
	struct wire_sent *sent = wire->sent;

	if (!sent)
		return NULL;
	wire->sent = sent->next;
	if (!wire->sent)
		wire->sent_end = &wire->sent;
	return sent;
}

void wire_free(struct wire *wire)
{
	struct rte_mbuf *packet;
	struct wire_sent *sent;

	while ((sent = wire_take(wire)) != NULL)
		free(sent);
	while (wire_receive(wire, &packet, 1))
		packet_free(packet);
}

/* ---- Packets in ---------------------------------------------------------------------------------------- */

static bool put_frame(struct wire *wire, const void *ip_packet, uint32_t bytes)
{
	struct ether_header ether = {.destination = our_mac, .source = peer_mac};
	struct rte_mbuf *packet = packet_new();
	uint8_t *at = packet_bytes(packet);

	ether.type = be16_from(*(const uint8_t *)ip_packet >> 4 == 6 ? ETHER_TYPE_IPV6 : ETHER_TYPE_IPV4);
	memcpy(at, &ether, sizeof(ether));
	memcpy(at + sizeof(ether), ip_packet, bytes);
	packet->data_len = (uint16_t)(sizeof(ether) + bytes);
	packet->pkt_len = packet->data_len;
	return arrives(wire, packet);
}

/* Where the headers of a TCP segment end; `ip_bytes` 0: not one that can be cut. */
struct layout {
	uint32_t ip_bytes, header_bytes;
	bool ipv6;
};

static struct layout layout_of(const uint8_t *packet, uint32_t bytes)
{
	struct layout layout = {.ipv6 = packet[0] >> 4 == 6};
	uint32_t ip_bytes = layout.ipv6 ? IPV6_HEADER_BYTES : (packet[0] & 15U) * 4;
	uint8_t protocol = packet[layout.ipv6 ? 6 : 9];

	if (protocol != IP_PROTOCOL_TCP || ip_bytes < IPV4_HEADER_BYTES || bytes < ip_bytes + TCP_HEADER_BYTES)
		return layout;
	layout.ip_bytes = ip_bytes;
	layout.header_bytes = ip_bytes + (packet[ip_bytes + 12] >> 4) * 4U;
	return layout;
}

static void sum_segment(uint8_t *packet, uint32_t bytes, const struct layout *layout)
{
	struct ipv4_header *ipv4 = (void *)packet;
	struct ipv6_header *ipv6 = (void *)packet;
	struct tcp_header *tcp = (void *)(packet + layout->ip_bytes);
	uint32_t l4_bytes = bytes - layout->ip_bytes;
	struct ip source, destination;
	uint16_t sum;

	if (layout->ipv6) {
		ipv6->payload_bytes = be16_from((uint16_t)(bytes - IPV6_HEADER_BYTES));
		source = ipv6->source;
		destination = ipv6->destination;
	} else {
		ipv4->total_bytes = be16_from((uint16_t)bytes);
		memset(&ipv4->checksum, 0, sizeof(ipv4->checksum));
		sum = checksum_finish(checksum_add(0, packet, layout->ip_bytes));
		memcpy(&ipv4->checksum, &sum, sizeof(sum));
		source = ip_from_ipv4(ipv4->source);
		destination = ip_from_ipv4(ipv4->destination);
	}
	memset(&tcp->checksum, 0, sizeof(tcp->checksum));
	sum = checksum_finish(
		checksum_add(checksum_add_pseudo(0, &source, &destination, IP_PROTOCOL_TCP, l4_bytes), tcp, l4_bytes));
	memcpy(&tcp->checksum, &sum, sizeof(sum));
}

/* One segment of a merged one: FIN and PSH belong to the last, CWR to the first, as a NIC's splitting does. */
static bool put_piece(struct wire *wire, const uint8_t *packet, const struct layout *layout, uint32_t offset,
		      uint32_t text_bytes, bool is_last)
{
	uint8_t piece[WIRE_PACKET_BYTES_MAX];
	struct tcp_header *tcp = (void *)(piece + layout->ip_bytes);
	uint32_t bytes = layout->header_bytes + text_bytes;

	memcpy(piece, packet, layout->header_bytes);
	memcpy(piece + layout->header_bytes, packet + layout->header_bytes + offset, text_bytes);
	tcp->seq = be32_from(be32_value(tcp->seq) + offset);
	if (!is_last)
		tcp->flags &= (uint8_t) ~(TCP_FIN | TCP_PSH);
	if (offset)
		tcp->flags &= (uint8_t)~TCP_CWR;
	sum_segment(piece, bytes, layout);
	return put_frame(wire, piece, bytes);
}

static int inject_large(struct wire *wire, const uint8_t *packet, uint32_t bytes)
{
	struct layout layout = layout_of(packet, bytes);
	uint32_t text_bytes = bytes - layout.header_bytes;
	uint32_t piece_bytes = wire->io.mtu_bytes - layout.header_bytes;

	if (layout.ip_bytes == 0 || layout.header_bytes >= wire->io.mtu_bytes || layout.header_bytes > bytes)
		return -EMSGSIZE;
	for (uint32_t offset = 0; offset < text_bytes; offset += piece_bytes) {
		uint32_t left = text_bytes - offset;

		if (!put_piece(wire, packet, &layout, offset, left < piece_bytes ? left : piece_bytes,
			       left <= piece_bytes))
			return -EMSGSIZE;
	}
	return 0;
}

int wire_inject(struct wire *wire, const void *packet, size_t bytes)
{
	if (bytes < IPV4_HEADER_BYTES || bytes > WIRE_PACKET_BYTES_MAX)
		return -EINVAL;
	if (bytes <= wire->io.mtu_bytes)
		return put_frame(wire, packet, (uint32_t)bytes) ? 0 : -EMSGSIZE;
	return inject_large(wire, packet, (uint32_t)bytes);
}
