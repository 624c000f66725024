/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lengths that lie, addresses that nobody has, checksums that are wrong, frames in pieces: each is dropped and counted, nothing is
 * answered, and a connection beside it does not notice.
 */
#include "tests/claims/claims.h"
#include "tests/hostile/place.h"

/* An honest segment of the connection, five bytes long, for a test to spoil. */
static struct bytes honest(const struct stage *stage)
{
	return segment_frame(&stage->scene->side,
			     &(struct segment){.seq = 1, .ack = 1, .flags = TCP_ACK, .text = "hello"});
}

static struct stage over(bool ipv6)
{
	struct scene *scene = scene_new(NULL);

	scene->side.ipv6 = ipv6;
	return (struct stage){.scene = scene, .conn = established(scene), .place = PLACE_ESTABLISHED};
}

/* Dropped for this reason, and for no other; nothing said, nothing told, nothing kept. */
#define dropped(stage, frame, reason) dropped_as(stage, frame, SLUICE_COUNTER_##reason, __FILE__, __LINE__)
static void dropped_as(struct stage *stage, const struct bytes *frame, enum sluice_counter reason, const char *file,
		       int line)
{
	struct tcp *tcp = stage->scene->tcp;
	uint64_t before[SLUICE_DROP_COUNT];

	memcpy(before, tcp->counter, sizeof(before));
	frame_arrives(stage->scene, frame);
	for (uint32_t i = 0; i < SLUICE_DROP_COUNT; i++)
		_assert_int_equal(tcp->counter[i], before[i] + (i == (uint32_t)reason), file, line);
	expect_nothing_at(stage->scene, file, line);
	hears_nothing_at(stage->scene, file, line);
	_assert_int_equal(tcp->packets_held, 0, file, line);
}

static void ends_well(struct stage *stage)
{
	still_works(stage->scene, stage->conn);
	stage_free(stage);
}

/* CVE-2020-13987, CVE-2020-24341: the IP header says more than the frame holds, or less than headers need. */
static void test_ip_lengths_that_lie(void **state)
{
	static const uint16_t longer[] = {46, 47, 100, 1500, 0x7fff, 0xffff}, shorter[] = {0, 1, 19};

	(void)state;
	for (uint32_t ipv6 = 0; ipv6 < 2; ipv6++) {
		struct stage stage = over(ipv6);

		for (uint32_t i = 0; i < 6; i++) {
			struct bytes frame = honest(&stage);
			uint32_t place = L3 + (ipv6 ? 4 : 2);

			set_16(&frame, place, get_16(&frame, place) < longer[i] ? longer[i] : longer[i] + 1U);
			mend_at(&frame, l4_of(&frame), frame.count - l4_of(&frame), 6);
			dropped(&stage, &frame, drop_frame_short);
		}
		for (uint32_t i = 0; i < 3; i++) {
			struct bytes frame = honest(&stage);

			set_16(&frame, L3 + (ipv6 ? 4 : 2), shorter[i]);
			mend_at(&frame, l4_of(&frame), 20, 6);
			if (ipv6)
				dropped(&stage, &frame, drop_tcp_header);
			else
				dropped(&stage, &frame, drop_ipv4_header);
		}
		ends_well(&stage);
	}
}

/* IHL below 5, or past the total length; versions that are none. */
static void test_ip_header_lengths(void **state)
{
	struct stage stage = over(false);

	(void)state;
	for (uint32_t first = 0; first < 256; first++) {
		struct bytes frame = honest(&stage);

		if (first >> 4 == 4 && (first & 0xf) >= 5 && (first & 0xf) <= 11)
			continue; /* 5 is right, and what options the text makes is test_ipv4_options'; 45 bytes in all */
		frame.at[L3] = (uint8_t)first;
		mend_at(&frame, L3 + 20, 25, 6);
		dropped(&stage, &frame, drop_ipv4_header);
	}
	ends_well(&stage);
}

/* Data offset 0 to 4, or past the segment; and segments of 0 to 19 bytes. */
static void test_tcp_header_lengths(void **state)
{
	(void)state;
	for (uint32_t ipv6 = 0; ipv6 < 2; ipv6++) {
		struct stage stage = over(ipv6);

		for (uint8_t words = 0; words < 16; words++) {
			struct bytes frame = honest(&stage);

			if (words == 5 || words == 6)
				continue; /* right; and what has its text for options */
			frame.at[l4_of(&frame) + 12] = (uint8_t)(words << 4);
			mend(&frame);
			dropped(&stage, &frame, drop_tcp_header);
		}
		for (uint32_t bytes = 0; bytes < 20; bytes++) {
			uint8_t segment[20] = {15, 160, 0, 80};
			struct bytes frame = ip_frame(ipv6, 6, segment, bytes);

			dropped(&stage, &frame, drop_tcp_header);
		}
		ends_well(&stage);
	}
}

/* A frame cut at every length, which still says it is whole. */
static void test_short_frames(void **state)
{
	(void)state;
	for (uint32_t ipv6 = 0; ipv6 < 2; ipv6++) {
		struct stage stage = over(ipv6);
		struct bytes whole = honest(&stage);

		for (uint32_t bytes = 0; bytes < whole.count; bytes++) {
			struct bytes frame = whole;

			frame.count = bytes;
			dropped(&stage, &frame, drop_frame_short);
		}
		ends_well(&stage);
	}
}

/* 60 bytes with an IP packet of 40, and trailers longer than the text: the stream ends where the IP length says. */
static void test_trailers_are_no_text(void **state)
{
	(void)state;
	for (uint32_t ipv6 = 0; ipv6 < 2; ipv6++) {
		struct stage stage = over(ipv6);
		struct bytes frame = honest(&stage);
		struct bytes empty = segment_frame(
			&stage.scene->side, &(struct segment){.seq = 6, .ack = 1, .flags = TCP_ACK, .window = 1000});

		put_bytes(&frame, "TRAILER THAT NOBODY SENT", 24);
		frame_arrives(stage.scene, &frame);
		for (uint32_t i = 0; i < 12; i++)
			put_8(&empty, 0xee);
		frame_arrives(stage.scene, &empty);
		reads(stage.scene, stage.conn, "hello");
		ends_well(&stage);
	}
}

/* VLAN tags one and two deep, LLC, MPLS, loopback's own: counted as what they are. */
static void test_odd_ethertypes(void **state)
{
	static const uint16_t types[] = {0x8100, 0x88a8, 0x9000, 0x8847, 0x88cc, 0x0027,
					 0x05ff, 0,      0xffff, 0x0801, 0x86de};
	struct stage stage = over(false);

	(void)state;
	for (uint32_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct bytes frame = honest(&stage);

		set_16(&frame, 12, types[i]);
		if (i < 2)
			dropped(&stage, &frame, drop_frame_vlan);
		else
			dropped(&stage, &frame, drop_frame_ethertype);
	}
	ends_well(&stage);
}

/* LAND: from us to us, on one port and on two; and from any other address that is ours. */
static void test_land(void **state)
{
	(void)state;
	for (uint32_t ipv6 = 0; ipv6 < 2; ipv6++) {
		struct stage stage = over(ipv6);

		for (uint32_t same_port = 0; same_port < 2; same_port++) {
			struct side liar = stage.scene->side;
			struct bytes frame;

			liar.last = 1;
			liar.port = same_port ? liar.our_port : 999;
			frame = segment_frame(&liar, &(struct segment){.flags = TCP_SYN, .mss = 1000});
			frame.at[11] = 2;
			dropped(&stage, &frame, drop_ip_source);
		}
		assert_int_equal(half_open_count(&stage.scene->tcp->half_open), 0);
		ends_well(&stage);
	}
}

/* SYNs and stray ACKs from addresses that cannot be a host's: no SYN-ACK, no RST (MUST-63). */
CLAIMS(MUST_63, RFC1122_3_2_1_3)
static void test_martian_sources(void **state)
{
	static const uint8_t martians[][4] = {{0, 0, 0, 0},         {0, 1, 2, 3},         {127, 0, 0, 1},
					      {127, 255, 255, 255}, {224, 0, 0, 1},       {239, 1, 1, 1},
					      {240, 0, 0, 1},       {255, 255, 255, 255}, {198, 18, 0, 255}};
	static const uint8_t flags[] = {TCP_SYN, TCP_ACK, TCP_SYN | TCP_ACK, TCP_FIN};
	struct stage stage = over(false);

	(void)state;
	for (uint32_t i = 0; i < sizeof(martians) / sizeof(martians[0]); i++) {
		for (uint32_t f = 0; f < sizeof(flags); f++) {
			struct bytes frame =
				segment_frame(&stage.scene->side, &(struct segment){.flags = flags[f], .mss = 1000});

			memcpy(frame.at + L3 + 12, martians[i], 4);
			mend(&frame);
			dropped(&stage, &frame, drop_ip_source);
		}
	}
	ends_well(&stage);
}

/* ff02::1, ::1, :: and what maps or embeds IPv4, as sources over IPv6. */
static void test_martian_sources_ipv6(void **state)
{
	static const uint8_t martians[][16] = {
		{0}, {[15] = 1}, {0xff, 2, [15] = 1}, {[10] = 0xff, 0xff, 198, 18, 0, 2}};
	struct stage stage = over(true);

	(void)state;
	for (uint32_t i = 0; i < 4; i++) {
		struct bytes frame =
			segment_frame(&stage.scene->side, &(struct segment){.flags = TCP_SYN, .mss = 1000});

		memcpy(frame.at + L3 + 8, martians[i], 16);
		mend(&frame);
		dropped(&stage, &frame, drop_ip_source);
	}
	ends_well(&stage);
}

/* To broadcast and multicast, by IP or by MAC alone (MUST-57): silence. */
CLAIMS(MUST_57)
static void test_group_destinations(void **state)
{
	static const uint8_t groups[][4] = {
		{255, 255, 255, 255}, {198, 18, 0, 255}, {224, 0, 0, 1}, {239, 255, 255, 250}};
	struct stage stage = over(false);
	struct bytes frame;

	(void)state;
	for (uint32_t i = 0; i < 4; i++) {
		frame = segment_frame(&stage.scene->side, &(struct segment){.flags = TCP_SYN, .mss = 1000});
		memcpy(frame.at + L3 + 16, groups[i], 4);
		mend(&frame);
		dropped(&stage, &frame, drop_ip_destination);
	}
	frame = segment_frame(&stage.scene->side, &(struct segment){.flags = TCP_SYN, .mss = 1000});
	memset(frame.at, 0xff, 6);
	dropped(&stage, &frame, drop_ip_destination);
	frame.at[0] = 1;
	dropped(&stage, &frame, drop_ip_destination);
	ends_well(&stage);
}

/* Every bit of a segment turned, one by one, and checksums of zero and of all ones: nothing of it is believed (MUST-3). */
static void test_every_bit_of_a_segment_turned(void **state)
{
	(void)state;
	for (uint32_t ipv6 = 0; ipv6 < 2; ipv6++) {
		struct stage stage = over(ipv6);
		struct bytes whole = honest(&stage);
		uint32_t l4 = l4_of(&whole);

		for (uint32_t bit = l4 * 8; bit < whole.count * 8; bit++) {
			struct bytes frame = whole;

			frame.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
			frame_arrives(stage.scene, &frame);
			expect_nothing(stage.scene);
			hears_nothing(stage.scene);
		}
		for (uint32_t sum = 0; sum < 0x20000; sum += 0xffff) {
			struct bytes frame = whole;

			set_16(&frame, l4 + 16, sum);
			dropped(&stage, &frame, drop_tcp_checksum);
		}
		ends_well(&stage);
	}
}

/* What a port says of checksums is believed only if the configuration says so, and only if it is a verdict. */
static void test_offload_flags_that_lie(void **state)
{
	static const uint64_t verdicts[] = {0, RTE_MBUF_F_RX_L4_CKSUM_GOOD | RTE_MBUF_F_RX_IP_CKSUM_GOOD,
					    RTE_MBUF_F_RX_L4_CKSUM_BAD, RTE_MBUF_F_RX_L4_CKSUM_MASK};
	struct stage stage = over(false);

	(void)state;
	for (uint32_t i = 0; i < 4; i++) {
		struct bytes frame = honest(&stage);
		struct rte_mbuf *packet = packet_new();

		frame.at[frame.count - 1] ^= 1;
		memcpy(packet_bytes(packet), frame.at, frame.count);
		packet->data_len = (uint16_t)frame.count;
		packet->pkt_len = frame.count;
		packet->ol_flags = verdicts[i];
		stage.scene->packets++;
		tcp_input(stage.scene->tcp, &packet, 1);
		turn(stage.scene);
		assert_int_equal(counted(stage.scene, drop_tcp_checksum), i + 1);
		expect_nothing(stage.scene);
	}
	ends_well(&stage);
}

/* A chain cut inside every header byte: dropped there, linearised behind; never read past a buffer's end. */
static void test_chains_cut_everywhere(void **state)
{
	(void)state;
	for (uint32_t ipv6 = 0; ipv6 < 2; ipv6++) {
		struct stage stage = over(ipv6);
		struct bytes whole = honest(&stage);
		uint32_t headers = l4_of(&whole) + 20;

		for (uint32_t first = 1; first < whole.count; first++) {
			struct rte_mbuf *packet = packet_new(), *tail = packet_new();

			memcpy(packet_bytes(packet), whole.at, first);
			packet->data_len = (uint16_t)first;
			packet->pkt_len = first;
			memcpy(packet_bytes(tail), whole.at + first, whole.count - first);
			tail->data_len = (uint16_t)(whole.count - first);
			tail->pkt_len = tail->data_len;
			packet_chain(packet, tail);
			stage.scene->packets += 2;
			tcp_input(stage.scene->tcp, &packet, 1);
			turn(stage.scene);
			assert_int_equal(stage.conn->readable_bytes, first < headers ? 0 : 5);
		}
		assert_true(counted(stage.scene, drop_frame_chained) >= headers - 20);
		ends_well(&stage);
	}
}

/* Source routes are refused (RFC 7126), other options skipped, and a list that lies about its lengths is no header. */
static void test_ipv4_options(void **state)
{
	static const struct {
		uint8_t options[8];
		enum sluice_counter drop;
	} row[] = {
		{{131, 7, 4, 1, 2, 3, 4}, SLUICE_COUNTER_drop_ipv4_source_route},
		{{137, 7, 4, 1, 2, 3, 4}, SLUICE_COUNTER_drop_ipv4_source_route},
		{{1, 1, 1, 1, 131, 3, 4}, SLUICE_COUNTER_drop_ipv4_source_route},
		{{148, 0}, SLUICE_COUNTER_drop_ipv4_header},
		{{148, 1}, SLUICE_COUNTER_drop_ipv4_header},
		{{148, 200}, SLUICE_COUNTER_drop_ipv4_header},
		{{1, 1, 1, 1, 1, 1, 1, 7}, SLUICE_COUNTER_drop_ipv4_header},
	};
	struct stage stage = over(false);

	(void)state;
	for (uint32_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct bytes frame = honest(&stage);

		insert_bytes(&frame, L3 + 20, row[i].options, 8);
		frame.at[L3] = 0x47;
		set_16(&frame, L3 + 2, get_16(&frame, L3 + 2) + 8);
		mend(&frame);
		dropped_as(&stage, &frame, row[i].drop, __FILE__, __LINE__);
	}
	ends_well(&stage);
}

/* Hop-by-hop and destination options in a long chain, routing type 0, jumbograms: walked within limits, or refused. */
static void test_ipv6_extension_headers(void **state)
{
	static const uint8_t options[8] = {6, 0, 1, 4}, routing[24] = {6, 2, 0, 1, [8] = 0x20, 1};
	struct stage stage = over(true);
	struct bytes frame = honest(&stage);
	uint32_t l4_bytes = get_16(&frame, L3 + 4);

	(void)state;
	insert_bytes(&frame, L3 + 40, routing, 24);
	frame.at[L3 + 6] = 43;
	set_16(&frame, L3 + 4, l4_bytes + 24);
	dropped(&stage, &frame, drop_ipv6_routing);
	frame = honest(&stage);
	for (uint32_t i = 0; i < 100; i++) {
		insert_bytes(&frame, L3 + 40, options, 8);
		frame.at[L3 + 40] = frame.at[L3 + 6];
		frame.at[L3 + 6] = 60;
		l4_bytes += 8;
		set_16(&frame, L3 + 4, l4_bytes);
	}
	dropped(&stage, &frame, drop_ipv6_header);
	frame = honest(&stage); /* a jumbogram: length 0, and the option that says it */
	insert_bytes(&frame, L3 + 40, (const uint8_t[]){6, 0, 0xc2, 4, 0, 1, 0, 0}, 8);
	frame.at[L3 + 6] = 0;
	set_16(&frame, L3 + 4, 0);
	frame_arrives(stage.scene, &frame);
	expect_nothing(stage.scene);
	assert_int_equal(stage.conn->readable_bytes, 0);
	ends_well(&stage);
}

/* IP in IP, and protocols that are not ours, are not looked into. */
static void test_ip_in_ip(void **state)
{
	static const uint8_t protocols[] = {4, 41, 47, 50, 51, 17, 2, 132, 255};
	struct stage stage = over(false);

	(void)state;
	for (uint32_t i = 0; i < sizeof(protocols); i++) {
		struct bytes inner = honest(&stage);
		struct bytes frame = ip_frame(false, protocols[i], inner.at + L3, inner.count - L3);

		dropped(&stage, &frame, drop_ip_protocol);
	}
	ends_well(&stage);
}

/* An identification that tells nobody how much else is sent: 0 with DF, or drawn afresh (idle scans). */
static void test_ip_identification_tells_nothing(void **state)
{
	struct stage stage = over(false);
	uint32_t counts_up = 0;
	uint16_t last = 0;

	(void)state;
	for (uint32_t i = 0; i < 100; i++) {
		const struct bytes *frame;
		uint16_t id;

		arrives(stage.scene, (struct segment){.seq = 1 + 5 * i, .ack = 1, .flags = TCP_ACK, .bytes = 5});
		passes_ms(stage.scene, 50);
		frame = &stage.scene->sent[stage.scene->sent_first].bytes;
		id = (uint16_t)get_16(frame, L3 + 4);
		assert_true(frame->at[L3 + 6] & 0x40);
		counts_up += id == (uint16_t)(last + 1) && id != 0;
		last = id;
		forget_sent(stage.scene);
		forget_events(stage.scene);
	}
	assert_true(counts_up < 5);
	user_consume(stage.scene->tcp, stage.conn, 500);
	ends_well(&stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ip_lengths_that_lie),
		cmocka_unit_test(test_ip_header_lengths),
		cmocka_unit_test(test_tcp_header_lengths),
		cmocka_unit_test(test_short_frames),
		cmocka_unit_test(test_trailers_are_no_text),
		cmocka_unit_test(test_odd_ethertypes),
		cmocka_unit_test(test_land),
		cmocka_unit_test(test_martian_sources),
		cmocka_unit_test(test_martian_sources_ipv6),
		cmocka_unit_test(test_group_destinations),
		cmocka_unit_test(test_every_bit_of_a_segment_turned),
		cmocka_unit_test(test_offload_flags_that_lie),
		cmocka_unit_test(test_chains_cut_everywhere),
		cmocka_unit_test(test_ipv4_options),
		cmocka_unit_test(test_ipv6_extension_headers),
		cmocka_unit_test(test_ip_in_ip),
		cmocka_unit_test(test_ip_identification_tells_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
