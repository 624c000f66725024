/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Segments that belong to no connection, as the caller words them.
 */
#include <errno.h>

#include "lib/core/transmit.h"
#include "lib/wire/build.h"
#include "lib/worker/worker.h"

static struct tuple raw_tuple(const struct sluice_raw_segment *segment)
{
	struct tuple tuple = {.local_port = segment->source.port, .remote_port = segment->destination.port};

	memcpy(&tuple.local, segment->source.ip, 16);
	memcpy(&tuple.remote, segment->destination.ip, 16);
	return tuple;
}

int sluice_raw_send(struct sluice_worker *worker, const struct sluice_raw_segment *segment)
{
	struct tcp *tcp = &worker->tcp;
	struct tuple tuple = raw_tuple(segment);
	bool ipv4 = ip_is_ipv4(&tuple.remote);
	struct mac mac;
	struct rte_mbuf *packet;

	if (segment->option_bytes > 40 || segment->option_bytes % 4 || ip_is_ipv4(&tuple.local) != ipv4 ||
	    build_header_bytes(ipv4, segment->option_bytes) - ETHER_HEADER_BYTES + segment->text_bytes > tcp->mtu_bytes)
		return -EINVAL;
	packet = transmit_has_room(tcp) ? transmit_take(tcp) : NULL;
	if (!packet)
		return -ENOBUFS;
	if (segment->text_bytes)
		memcpy(packet_bytes(packet), segment->text, segment->text_bytes);
	packet->data_len = segment->text_bytes;
	packet->pkt_len = segment->text_bytes;
	memcpy(&mac, segment->destination_mac, sizeof(mac));
	build_segment(packet, &(struct build_segment){
				      .tuple = &tuple,
				      .source_mac = &tcp->rules.mac,
				      .destination_mac = &mac,
				      .seq = seq_of(segment->sequence),
				      .ack = seq_of(segment->acknowledgment),
				      .window = segment->window,
				      .flags = segment->flags,
				      .ttl = 64,
				      .option_bytes = segment->option_bytes,
				      .options = segment->options,
				      .io_flags = tcp->io_flags,
			      });
	COUNT(tcp, segments_sent);
	return transmit_put(tcp, packet) ? 0 : -ENOBUFS;
}
