/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Next hops (RFC 826, RFC 4861 section 7, RFC 9293 section 3.8.3): our addresses, routes, asking, answering, giving up, and whom the
 * cache believes.
 */
#include "lib/core/neighbour.h"

#include "lib/wire/build.h"

#include "tests/claims/claims.h"
#include "tests/core/scene.h"

static struct tcp_conn *calls(struct scene *scene, uint8_t last, uint16_t port)
{
	struct sluice_address address = address_of(scene->side.ipv6, last, port);
	struct tcp_conn *conn = NULL;

	assert_int_equal(user_connect(scene->tcp, &address, NULL, scene, &conn), 0);
	REQUIRE(conn);
	speaks(scene, (struct side){.ipv6 = scene->side.ipv6,
				    .last = last,
				    .port = port,
				    .our_port = conn->tuple.local_port,
				    .iss = PEER_ISS});
	scene->knows_our_iss = false;
	turn(scene);
	return conn;
}

static void answers(struct scene *scene, uint8_t sender, uint8_t mac_last)
{
	struct bytes frame = neighbour_reply_frame(&scene->side, sender, mac_last);

	frame_arrives(scene, &frame);
}

static void asks_for(struct scene *scene, uint8_t target)
{
	struct bytes frame = neighbour_request_frame(&scene->side, target);

	frame_arrives(scene, &frame);
}

/* The next packet is a SYN to the MAC that ends so. */
static void expect_syn_to(struct scene *scene, uint8_t mac_last)
{
	uint8_t last = scene->side.last;

	assert_true(sent_count(scene) > 0);
	assert_int_equal(scene->sent[scene->sent_first].bytes.at[5], mac_last);
	scene->sent[scene->sent_first].bytes.at[5] = last; /* where the scene looks from */
	expect(scene, {.flags = TCP_SYN, .mss = scene->side.ipv6 ? 1440 : 1460, .scale = SCALE(0)});
}

static const struct neighbour *entry_of(const struct scene *scene, uint8_t last)
{
	struct ip ip = test_ip(scene->side.ipv6, last);

	for (uint32_t i = 0; i < NEIGHBOURS_MAX; i++) {
		const struct neighbour *entry = &scene->tcp->neighbours.entry[i];

		if (entry->state != NEIGHBOUR_FREE && ip_equal(&entry->ip, &ip))
			return entry;
	}
	return NULL;
}

static enum neighbour_state state_of(const struct scene *scene, uint8_t last)
{
	const struct neighbour *entry = entry_of(scene, last);

	return entry ? entry->state : NEIGHBOUR_FREE;
}

/* ---- Which addresses a port may have ---------------------------------------------------------------------------- */

/* What is said of a port with this address, and this gateway unless NULL. */
static const char *refused(const char *subnet, const char *gateway)
{
	struct sluice_port_config port = {.subnet_count = 1};
	struct sluice_address address;

	assert_int_equal(sluice_subnet_parse(subnet, &port.subnet[0]), 0);
	if (gateway) {
		assert_int_equal(sluice_address_parse(gateway, &address), 0);
		memcpy(sluice_address_is_ipv4(&address) ? port.gateway_ipv4 : port.gateway_ipv6, address.ip, 16);
	}
	return neighbour_refuse(&port);
}

static void test_addresses_are_a_hosts(void **state)
{
	static const char *const wrong[] = {"224.0.0.1/15",       "198.18.0.0/15", "198.19.255.255/15", "0.0.0.0/0",
					    "255.255.255.255/32", "127.0.0.1/8",   "::1/128",           "ff02::1/64"};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		if (!refused(wrong[i], NULL))
			fail_msg("%s was taken", wrong[i]);
	}
	assert_null(refused("198.18.0.1/15", NULL));
	assert_null(refused("198.18.0.0/31", NULL)); /* RFC 3021: both are hosts */
	assert_null(refused("198.18.0.0/32", NULL));
	assert_null(refused("2001:2::1/48", NULL));
	assert_null(refused("2001:2::/128", NULL));
}

static void test_gateways_are_on_the_link(void **state)
{
	(void)state;
	assert_null(refused("198.18.0.1/15", "198.19.0.254"));
	assert_non_null(refused("198.18.0.1/15", "198.20.0.1"));
	assert_non_null(refused("198.18.0.1/15", "2001:2::1")); /* no address of its family */
	assert_null(refused("2001:2::1/48", "2001:2::fe"));
	assert_null(refused("2001:2::1/48", "fe80::1"));
	assert_non_null(refused("2001:2::1/48", "2001:3::fe"));
}

static void test_an_instance_is_refused(void **state)
{
	static const struct sluice_io io = {.mac = {2, 0, 0, 0, 0, 1}, .mtu_bytes = 1500};
	struct sluice_config config = instance_config();
	struct tcp *measured = calloc(1, sizeof(*measured));
	struct arena arena = {0};

	(void)state;
	config.port[0].subnet_count = 1;
	assert_int_equal(sluice_subnet_parse("198.18.0.0/15", &config.port[0].subnet[0]), 0);
	assert_non_null(tcp_make(measured, &arena, &config, 0, &io, INSTANCE_NOW_NS));
	free(measured);
}

/* ---- Addresses and routes ------------------------------------------------------------------------------------ */

/* Ours are those configured, and the link-local one made from the MAC (RFC 4291 appendix A). */
static void test_our_addresses(void **state)
{
	struct scene *scene = scene_new(NULL);
	const struct neighbour_set *set = &scene->tcp->neighbours;
	struct ip link_local = {.byte = {0xfe, 0x80, [11] = 0xff, 0xfe, 0, 0, 1}};
	struct ip ipv4 = test_ip(false, 1), ipv6 = test_ip(true, 1), other = test_ip(false, 2);
	struct ip broadcast = test_ip(false, 255);

	(void)state;
	assert_int_equal(neighbour_local(set, &ipv4), 0);
	assert_int_equal(neighbour_local(set, &ipv6), 1);
	assert_int_equal(neighbour_local(set, &link_local), 2);
	assert_int_equal(neighbour_local(set, &other), LOCAL_NONE);
	assert_true(neighbour_is_broadcast(set, &broadcast));
	assert_false(neighbour_is_broadcast(set, &other));
	assert_false(neighbour_is_broadcast(set, &ipv6));
	scene_free(scene);
}

/* Subnets of every length side by side: whatever the shortest way to an answer is, it is that of the plain one. */
static void test_broadcasts_of_every_subnet(void **state)
{
	static const char *const subnets[] = {"198.18.0.9/30", "198.18.4.1/24",  "198.19.0.1/17",
					      "198.18.0.5/31", "198.18.0.77/32", "2001:2::1/64"};
	struct sluice_config config = scene_config();
	struct scene *scene;
	struct random random = {1};

	(void)state;
	config.port[0].subnet_count = 6;
	for (uint32_t i = 0; i < 6; i++)
		assert_int_equal(sluice_subnet_parse(subnets[i], &config.port[0].subnet[i]), 0);
	scene = scene_new(&config);
	for (uint32_t i = 0; i < 300000; i++) {
		const struct neighbour_set *set = &scene->tcp->neighbours;
		uint32_t drawn = (uint32_t)random_next(&random);
		struct ip ip = {
			.byte = {
				[10] = 0xff, 0xff, 198, 18 + (drawn & 1), (drawn >> 8) & 0x85, (uint8_t)(drawn >> 16)}};
		bool expected = false;

		if (i % 3 == 0) /* the ends of subnets */
			ip.byte[14] |= 0x7a, ip.byte[15] = drawn & 0x10000 ? 255 : 0;
		for (uint32_t j = 0; j < 5; j++)
			expected |= ip_is_broadcast(&ip, &set->local[j].ip, set->local[j].prefix_bits);
		assert_int_equal(neighbour_is_broadcast(set, &ip), expected);
		ip.byte[0] = 0x20; /* nor is IPv6 that ends alike */
		assert_false(neighbour_is_broadcast(set, &ip));
	}
	scene_free(scene);
}

/* On the link from the address of its subnet; through the gateway from the gateway's; without one, not at all. */
CLAIMS(MUST_44)
static void test_source(void **state)
{
	struct sluice_config config = scene_config();
	struct ip near_4 = test_ip(false, 9), near_6 = test_ip(true, 9);
	struct ip far_4 = ip_from_ipv4(be32_from(0xc6130005)), far_6 = near_6, gateway = test_ip(false, 254);
	struct scene *scene;

	(void)state;
	far_6.byte[3] = 9;
	memcpy(config.port[0].gateway_ipv4, &gateway, 16);
	scene = scene_new(&config);
	assert_int_equal(neighbour_source(&scene->tcp->neighbours, &near_4), 0);
	assert_int_equal(neighbour_source(&scene->tcp->neighbours, &near_6), 1);
	assert_int_equal(neighbour_source(&scene->tcp->neighbours, &far_4), 0);
	assert_int_equal(neighbour_source(&scene->tcp->neighbours, &far_6), LOCAL_NONE);
	scene_free(scene);
}

static void test_gateway_is_asked_for(void **state)
{
	struct sluice_config config = scene_config();
	struct ip gateway = test_ip(false, 254);
	struct sluice_address far;
	struct tcp_conn *conn;
	struct scene *scene;

	(void)state;
	memcpy(config.port[0].gateway_ipv4, &gateway, 16);
	scene = scene_new(&config);
	assert_int_equal(sluice_address_parse("198.19.0.5:80", &far), 0);
	assert_int_equal(user_connect(scene->tcp, &far, NULL, NULL, &conn), 0);
	turn(scene);
	expect_asks(scene, 254, 0);
	answers(scene, 254, 99);
	assert_int_equal(sent_count(scene), 1);
	assert_memory_equal(scene->sent[0].bytes.at, "\2\0\0\0\0\143", 6);
	forget_sent(scene);
	scene_free(scene);
}

/* ---- Asking -------------------------------------------------------------------------------------------------- */

CLAIMS(RFC4861_7_2_5)
static void test_resolved(void **state)
{
	(void)state;
	for (uint32_t family = 0; family < 2; family++) {
		struct scene *scene = scene_new(NULL);

		scene->side.ipv6 = family;
		calls(scene, 2, 4000);
		expect_asks(scene, 2, 0);
		expect_nothing(scene);
		answers(scene, 2, 55);
		expect_syn_to(scene, 55);
		expect_nothing(scene);
		assert_int_equal(state_of(scene, 2), NEIGHBOUR_KNOWN);
		assert_int_equal(counted(scene, neighbours_asked), 1);
		scene_free(scene);
	}
}

/* Three times, a second apart; then UNREACHABLE.  Who calls later asks afresh. */
CLAIMS(RFC4861_7_2_2)
static void test_gives_up(void **state)
{
	(void)state;
	for (uint32_t family = 0; family < 2; family++) {
		struct scene *scene = scene_new(NULL);
		uint64_t first_us;

		scene->side.ipv6 = family;
		calls(scene, 2, 4000);
		first_us = expect_asks(scene, 2, 0);
		for (uint32_t i = 1; i < NEIGHBOUR_ASKS_MAX; i++) {
			passes_ms(scene, 1002);
			assert_in_range(expect_asks(scene, 2, 0) - first_us, i * 1000000, i * 1000000 + 2500);
		}
		hears_nothing(scene);
		passes_ms(scene, 1002);
		expect_nothing(scene);
		assert_int_equal(hears(scene, SLUICE_CLOSED).reason, SLUICE_REASON_UNREACHABLE);
		assert_int_equal(counted(scene, neighbours_failed), 1);
		calls(scene, 2, 4001);
		expect_asks(scene, 2, 0);
		answers(scene, 2, 2);
		expect_syn_to(scene, 2);
		scene_free(scene);
	}
}

/* Many who wait for one neighbour ask once, and all hear the answer; those who wait for another go on waiting. */
static void test_many_wait(void **state)
{
	struct scene *scene = scene_new(NULL);

	(void)state;
	calls(scene, 3, 4000);
	expect_asks(scene, 3, 0);
	for (uint16_t i = 0; i < 5; i++)
		calls(scene, 2, (uint16_t)(4000 + i));
	expect_asks(scene, 2, 0);
	expect_nothing(scene);
	answers(scene, 2, 2);
	assert_int_equal(sent_count(scene), 5);
	forget_sent(scene);
	answers(scene, 3, 3);
	assert_int_equal(sent_count(scene), 1);
	forget_sent(scene);
	assert_int_equal(scene->tcp->neighbours.awaiting_count, 0);
	scene_free(scene);
}

/* The place in the list of who waits is bounded; beyond it the timer looks again. */
static void test_more_wait_than_the_list_holds(void **state)
{
	struct sluice_config config = scene_config();
	struct scene *scene;
	uint32_t sent = 0;

	(void)state;
	config.connections = AWAITING_MAX + 8;
	scene = scene_new(&config);
	for (uint16_t i = 0; i < AWAITING_MAX + 8; i++)
		calls(scene, 2, (uint16_t)(4000 + i));
	assert_int_equal(counted(scene, drop_neighbour_full), 8);
	forget_sent(scene);
	answers(scene, 2, 2);
	for (uint32_t i = 0; i < 16; i++) {
		sent += sent_count(scene);
		forget_sent(scene);
		turn(scene);
	}
	assert_int_equal(sent, AWAITING_MAX);
	for (uint32_t i = 0; i < 8; i++) {
		passes_ms(scene, 150);
		forget_sent(scene);
	}
	for (uint32_t i = 0; i < config.connections; i++)
		assert_true(tcp_conn_at(scene->tcp, i)->flags & CONN_HAS_MAC);
	for (uint32_t i = 0; i < config.connections; i++)
		user_abort(scene->tcp, tcp_conn_at(scene->tcp, i));
	for (uint32_t i = 0; i < 100; i++)
		tcp_collect_events(scene->tcp);
	scene_free(scene);
}

/* An abandoned call is not woken, nor is the record's next user. */
static void test_who_waited_is_gone(void **state)
{
	struct scene *scene = scene_new(NULL);
	struct tcp_conn *conn = calls(scene, 2, 4000);

	(void)state;
	forget_sent(scene);
	user_abort(scene->tcp, conn);
	turn(scene);
	hears(scene, SLUICE_CLOSED);
	answers(scene, 2, 2);
	expect_nothing(scene);
	scene_free(scene);
}

/* No packet to ask with: the next ask is. */
static void test_no_packet(void **state)
{
	struct scene *scene = scene_new(NULL);

	(void)state;
	scene->stash_packets = 1;
	calls(scene, 2, 4000);
	forget_sent(scene);
	scene->stash_packets = 16;
	passes_ms(scene, 1002);
	expect_asks(scene, 2, 0);
	answers(scene, 2, 2);
	expect_syn_to(scene, 2);
	scene_free(scene);
}

/* ---- Believing ------------------------------------------------------------------------------------------------ */

/* After NEIGHBOUR_FRESH_MS it is asked again, by unicast, and used meanwhile. */
CLAIMS(RFC4861_7_3_3)
static void test_refreshed(void **state)
{
	struct scene *scene = scene_new(NULL);

	(void)state;
	calls(scene, 2, 4000);
	answers(scene, 2, 2);
	forget_sent(scene);
	end_all(scene);
	passes_ms(scene, NEIGHBOUR_FRESH_MS + 1);
	forget_sent(scene);
	forget_events(scene);
	calls(scene, 2, 4001);
	expect_asks(scene, 2, 2);
	expect_syn_to(scene, 2);
	answers(scene, 2, 2);
	assert_int_equal(state_of(scene, 2), NEIGHBOUR_KNOWN);
	expect_nothing(scene);
	scene_free(scene);
}

/* A refresh that is not answered: forgotten, and asked for anew by who needs it. */
static void test_refresh_fails(void **state)
{
	struct scene *scene = scene_new(NULL);

	(void)state;
	calls(scene, 2, 4000);
	answers(scene, 2, 2);
	answers(scene, 2, 77); /* somebody says otherwise: the one we know is asked */
	forget_asks(scene);
	assert_int_equal(state_of(scene, 2), NEIGHBOUR_PROBED);
	passes_ms(scene, 3100);
	assert_int_equal(state_of(scene, 2), NEIGHBOUR_FREE);
	hears_nothing(scene); /* no connection ends for it */
	forget_sent(scene);
	calls(scene, 2, 4001);
	expect_asks(scene, 2, 0);
	answers(scene, 2, 77);
	expect_syn_to(scene, 77);
	scene_free(scene);
}

/* A gratuitous claim to a fresh entry changes nothing by itself; the owner's word does. */
static void test_gratuitous_claim(void **state)
{
	(void)state;
	for (uint32_t family = 0; family < 2; family++) {
		struct scene *scene = scene_new(NULL);

		scene->side.ipv6 = family;
		calls(scene, 2, 4000);
		answers(scene, 2, 2);
		forget_sent(scene);
		answers(scene, 2, 66);
		expect_asks(scene, 2, 2);
		expect_nothing(scene);
		assert_int_equal(entry_of(scene, 2)->mac.byte[5], 2);
		answers(scene, 2, 2);
		assert_int_equal(state_of(scene, 2), NEIGHBOUR_KNOWN);
		assert_int_equal(entry_of(scene, 2)->mac.byte[5], 2);
		scene_free(scene);
	}
}

/* What was not asked for is not remembered, so that a flood cannot fill the cache; nor is a group's MAC. */
static void test_unasked(void **state)
{
	(void)state;
	for (uint32_t family = 0; family < 2; family++) {
		struct scene *scene = scene_new(NULL);

		scene->side.ipv6 = family;
		for (uint32_t i = 2; i < 250; i++)
			answers(scene, (uint8_t)i, (uint8_t)i);
		asks_for(scene, 1);
		for (uint32_t i = 0; i < NEIGHBOURS_MAX; i++)
			assert_int_equal(scene->tcp->neighbours.entry[i].state, NEIGHBOUR_FREE);
		forget_sent(scene);
		scene_free(scene);
	}
}

/* A place is found for a new one while others are merely known; the least lately used goes. */
static void test_cache_full(void **state)
{
	struct sluice_config config = scene_config();
	struct scene *scene;

	(void)state;
	config.connections = 300;
	scene = scene_new(&config);
	for (uint32_t i = 2; i < 254; i++) {
		calls(scene, (uint8_t)i, 4000);
		forget_sent(scene);
		answers(scene, (uint8_t)i, (uint8_t)i);
		assert_int_equal(state_of(scene, (uint8_t)i), NEIGHBOUR_KNOWN);
		forget_sent(scene);
	}
	assert_int_equal(counted(scene, drop_neighbour_full), 0);
	scene_free(scene);
}

/* ---- Answering ------------------------------------------------------------------------------------------------ */

CLAIMS(RFC4861_7_2_4)
static void test_answers_for_ours(void **state)
{
	(void)state;
	for (uint32_t family = 0; family < 2; family++) {
		struct scene *scene = scene_new(NULL);
		struct ip ours = test_ip(family, 1);
		const struct frame_rules rules = {.mac = {{2, 0, 0, 0, 0, 2}}};
		struct neighbour_message message;
		struct rte_mbuf *packet;
		struct frame frame;

		scene->side.ipv6 = family;
		asks_for(scene, 9);
		expect_nothing(scene);
		assert_int_equal(counted(scene, drop_arp) + counted(scene, drop_nd), 1);
		asks_for(scene, 1);
		assert_int_equal(sent_count(scene), 1);
		packet = packet_from_bytes(scene->sent[0].bytes.at, scene->sent[0].bytes.count);
		frame_parse(packet, &rules, &frame);
		frame.packet = packet;
		message = neighbour_message_read(&frame);
		assert_false(message.is_request);
		assert_true(ip_equal(&message.sender_ip, &ours));
		assert_memory_equal(&message.sender_mac, "\2\0\0\0\0\1", 6);
		packet_free(packet);
		forget_sent(scene);
		assert_int_equal(counted(scene, neighbours_answered), 1);
		scene_free(scene);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses_are_a_hosts),
		cmocka_unit_test(test_gateways_are_on_the_link),
		cmocka_unit_test(test_an_instance_is_refused),
		cmocka_unit_test(test_our_addresses),
		cmocka_unit_test(test_broadcasts_of_every_subnet),
		cmocka_unit_test(test_source),
		cmocka_unit_test(test_gateway_is_asked_for),
		cmocka_unit_test(test_resolved),
		cmocka_unit_test(test_gives_up),
		cmocka_unit_test(test_many_wait),
		cmocka_unit_test(test_more_wait_than_the_list_holds),
		cmocka_unit_test(test_who_waited_is_gone),
		cmocka_unit_test(test_no_packet),
		cmocka_unit_test(test_refreshed),
		cmocka_unit_test(test_refresh_fails),
		cmocka_unit_test(test_gratuitous_claim),
		cmocka_unit_test(test_unasked),
		cmocka_unit_test(test_cache_full),
		cmocka_unit_test(test_answers_for_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
