/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The hash is SipHash-1-3 of sixteen bytes: short enough for each connection, and its collisions cannot be chosen by who
 * does not know the key.
 */
#include "app/httpd/httpd_peers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define IPV4_BITS_BEFORE 96 /* of ::ffff:0:0/96 */

static uint64_t rotate(uint64_t word, unsigned bits)
{
	return word << bits | word >> (64 - bits);
}

static void mix(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] = rotate(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] = rotate(v[2], 32);
}

static uint64_t hash(const struct httpd_peers *peers, const uint8_t ip[16])
{
	static const uint64_t length = UINT64_C(16) << 56;
	uint64_t word[3] = {[2] = length};
	uint64_t v[4] = {peers->key[0] ^ UINT64_C(0x736f6d6570736575), peers->key[1] ^ UINT64_C(0x646f72616e646f6d),
			 peers->key[0] ^ UINT64_C(0x6c7967656e657261), peers->key[1] ^ UINT64_C(0x7465646279746573)};

	memcpy(word, ip, 16);
	for (unsigned i = 0; i < 3; i++) {
		v[3] ^= word[i];
		mix(v);
		v[0] ^= word[i];
	}
	v[2] ^= 0xff;
	for (unsigned i = 0; i < 3; i++)
		mix(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static bool is_ipv4(const uint8_t ip[16])
{
	struct sluice_address address;

	memcpy(address.ip, ip, sizeof(address.ip));
	return sluice_address_is_ipv4(&address);
}

/* Clears what is behind the first `bits` bits. */
static void cut(uint8_t ip[16], unsigned bits)
{
	for (unsigned i = 0; i < 16; i++) {
		unsigned kept = bits > 8 * i ? bits - 8 * i : 0;

		if (kept < 8)
			ip[i] &= (uint8_t)(0xff00U >> kept);
	}
}

static void cut_to_prefix(const uint8_t ip[16], unsigned bits, uint8_t prefix[16])
{
	memcpy(prefix, ip, 16);
	cut(prefix, bits + (is_ipv4(ip) ? IPV4_BITS_BEFORE : 0));
}

static bool is_exempt(const struct httpd_peers *peers, const uint8_t ip[16])
{
	for (uint32_t i = 0; i < peers->exempt_count; i++) {
		uint8_t here[16], there[16];

		if (is_ipv4(ip) != is_ipv4(peers->exempt[i].ip))
			continue;
		cut_to_prefix(ip, peers->exempt[i].prefix_bits, here);
		cut_to_prefix(peers->exempt[i].ip, peers->exempt[i].prefix_bits, there);
		if (memcmp(here, there, sizeof(here)) == 0)
			return true;
	}
	return false;
}

static struct httpd_peer *peer_at(const struct httpd_peers *peers, uint32_t index)
{
	return httpd_pool_item(&peers->pool, index);
}

static uint32_t *bucket_of(const struct httpd_peers *peers, const uint8_t prefix[16])
{
	return &peers->bucket[hash(peers, prefix) & peers->bucket_mask];
}

/* HTTPD_POOL_NONE: it has no connection yet. */
static uint32_t find(const struct httpd_peers *peers, const uint32_t *bucket, const uint8_t prefix[16])
{
	uint32_t index = *bucket - 1;

	while (index != HTTPD_POOL_NONE && memcmp(peer_at(peers, index)->ip, prefix, 16) != 0)
		index = peer_at(peers, index)->next;
	return index;
}

uint32_t httpd_peers_enter(struct httpd_peers *peers, const uint8_t ip[16])
{
	uint8_t prefix[16];
	uint32_t *bucket, index;
	struct httpd_peer *peer;

	if (peers->most == 0 || is_exempt(peers, ip))
		return HTTPD_PEERS_UNCOUNTED;
	cut_to_prefix(ip, is_ipv4(ip) ? peers->prefix_bits_ipv4 : peers->prefix_bits_ipv6, prefix);
	bucket = bucket_of(peers, prefix);
	index = find(peers, bucket, prefix);
	if (index == HTTPD_POOL_NONE) {
		index = httpd_pool_borrow(&peers->pool);
		if (index == HTTPD_POOL_NONE)
			return HTTPD_PEERS_REFUSED; /* only if there are more connections than was said */
		peer = peer_at(peers, index);
		peer->conn_count = 0;
		peer->next = *bucket - 1;
		memcpy(peer->ip, prefix, sizeof(prefix));
		*bucket = index + 1;
	}
	peer = peer_at(peers, index);
	if (peer->conn_count == peers->most)
		return HTTPD_PEERS_REFUSED;
	peer->conn_count++;
	return index;
}

void httpd_peers_leave(struct httpd_peers *peers, uint32_t index)
{
	struct httpd_peer *peer;
	uint32_t *bucket, before;

	if (index == HTTPD_PEERS_UNCOUNTED)
		return;
	peer = peer_at(peers, index);
	if (--peer->conn_count > 0)
		return;
	bucket = bucket_of(peers, peer->ip);
	before = *bucket - 1;
	if (before == index) {
		*bucket = peer->next + 1;
	} else {
		while (peer_at(peers, before)->next != index)
			before = peer_at(peers, before)->next;
		peer_at(peers, before)->next = peer->next;
	}
	httpd_pool_give_back(&peers->pool, index);
}

static uint32_t power_of_two_from(uint32_t count)
{
	uint32_t power = 1;

	while (power < count && power < UINT32_C(1) << 31)
		power <<= 1;
	return power;
}

uint64_t httpd_peers_bytes(const struct httpd_config *config)
{
	if (config->connections_per_address == 0)
		return 0;
	return (uint64_t)config->connections * sizeof(struct httpd_peer) +
	       (uint64_t)power_of_two_from(config->connections) * sizeof(uint32_t);
}

int httpd_peers_open(struct httpd_peers *peers, const struct httpd_config *config)
{
	uint32_t buckets = power_of_two_from(config->connections);

	*peers = (struct httpd_peers){.most = config->connections_per_address,
				      .prefix_bits_ipv4 = config->address_prefix_bits_ipv4,
				      .prefix_bits_ipv6 = config->address_prefix_bits_ipv6,
				      .exempt_count = config->exempt_count,
				      .bucket_mask = buckets - 1};
	memcpy(peers->exempt, config->exempt, sizeof(peers->exempt));
	if (peers->most == 0)
		return 0;
	if (getrandom(peers->key, sizeof(peers->key), 0) != (ssize_t)sizeof(peers->key))
		return -errno;
	peers->bucket = calloc(buckets, sizeof(*peers->bucket));
	return peers->bucket ? httpd_pool_open(&peers->pool, sizeof(struct httpd_peer), config->connections) : -ENOMEM;
}

void httpd_peers_close(struct httpd_peers *peers)
{
	free(peers->bucket);
	httpd_pool_close(&peers->pool);
}
