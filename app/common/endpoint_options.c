/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The table of the endpoint's options.  Every field of struct sluice_config has its row here, or a list that endpoint.c
 * turns into it.
 */
#include "app/common/endpoint.h"

#include "app/common/endpoint_item.h"
#include "config/limits.h"

static const char *const congestion_choices[] = {[SLUICE_CONGESTION_CUBIC] = "cubic",
						 [SLUICE_CONGESTION_NEWRENO] = "newreno",
						 [SLUICE_CONGESTION_NONE] = "none",
						 NULL};
static const char *const ecn_choices[] = {
	[SLUICE_ECN_OFF] = "off", [SLUICE_ECN_GRANT] = "grant", [SLUICE_ECN_ASK] = "ask", NULL};
static const char *const cookies_choices[] = {
	[SLUICE_COOKIES_AUTO] = "auto", [SLUICE_COOKIES_ALWAYS] = "always", [SLUICE_COOKIES_NEVER] = "never", NULL};
static const char *const idle_choices[] = {[SLUICE_IDLE_BUSY] = "busy", [SLUICE_IDLE_SLEEP] = "sleep", NULL};

static const char *check_address(const char *value)
{
	struct endpoint_item item = endpoint_item_split(value);
	struct sluice_subnet subnet;

	if (item.is_good && !sluice_subnet_parse(item.text, &subnet))
		return NULL;
	return "is not an address and prefix, as in 198.18.0.1/15, 2001:2::1/48 or, for port 1 only, 198.18.0.1/15@1";
}

static const char *check_gateway(const char *value)
{
	struct endpoint_item item = endpoint_item_split(value);
	struct sluice_address address;

	if (item.is_good && !sluice_address_parse(item.text, &address) && !address.port)
		return NULL;
	return "is not a gateway's address, as in 198.18.0.254, 2001:2::fffe or, for port 1 only, 198.18.0.254@1";
}

static const char *check_port(const char *value)
{
	return *value ? NULL : "names no device";
}

#define FIELD(name)  OPTIONS_FIELD(struct endpoint, name)
#define CONFIG(name) OPTIONS_FIELD(struct endpoint, config.name)
#define MS_NS        1000000
#define RECORDS_MAX  (1 << 28)

#define LIST(name_, field_, check_, placeholder_, help_)                                                 \
	{                                                                                                \
		.name = name_, .group = "Network", FIELD(field_), .kind = OPTIONS_LIST, .check = check_, \
		.placeholder = placeholder_, .help = help_                                               \
	}
#define RECORDS(name_, field_, low_, help_)                                                            \
	{                                                                                              \
		.name = name_, .group = "Memory", CONFIG(field_), .kind = OPTIONS_NUMBER, .low = low_, \
		.high = RECORDS_MAX, .help = help_                                                     \
	}
#define BYTES(name_, field_, help_)                                                                                \
	{                                                                                                          \
		.name = name_, .group = "TCP", CONFIG(field_), .kind = OPTIONS_SIZE, .low = 2048, .high = 1 << 30, \
		.help = help_                                                                                      \
	}
#define NUMBER(name_, field_, low_, high_, help_)                                                                  \
	{                                                                                                          \
		.name = name_, .group = "TCP", CONFIG(field_), .kind = OPTIONS_NUMBER, .low = low_, .high = high_, \
		.help = help_                                                                                      \
	}
#define SWITCH(name_, group_, field_, help_)                                                          \
	{                                                                                             \
		.name = name_, .group = group_, CONFIG(field_), .kind = OPTIONS_SWITCH, .help = help_ \
	}
#define TIME_MS(name_, field_, low_, high_, help_)                                                                  \
	{                                                                                                           \
		.name = name_, .group = "TCP", CONFIG(field_), .kind = OPTIONS_TIME, .unit_ns = MS_NS, .low = low_, \
		.high = high_, .help = help_                                                                        \
	}

#define KEY(name_, field_, help_)                                                                          \
	{                                                                                                  \
		.name = name_, .group = "TCP", FIELD(field_), .kind = OPTIONS_TEXT, .placeholder = "FILE", \
		.default_text = "none", .help = help_                                                      \
	}

static const struct options_entry entries[] = {
	LIST("port", ports, check_port, "DEVICE",
	     "A port to poll, one worker each: ring:NAME (an in-process wire), a virtual device such as "
	     "net_tap0,iface=tap0, or a probed device such as 0000:01:00.0. Repeat for more."),
	LIST("address", addresses, check_address, "CIDR[@N]",
	     "An address and its on-link prefix, as in 198.18.0.1/15; with @N of port N only. Repeat for more."),
	LIST("gateway", gateways, check_gateway, "ADDRESS[@N]",
	     "The next hop for what is not on-link, one for each family; with @N of port N only."),
	{.name = "mtu",
	 .group = "Network",
	 FIELD(mtu_bytes),
	 .kind = OPTIONS_SIZE,
	 .low = 576,
	 .high = 9000,
	 .help = "Largest IP packet, headers included."},
	{.name = "idle",
	 .group = "Network",
	 CONFIG(idle),
	 .kind = OPTIONS_CHOICE,
	 .choices = idle_choices,
	 .help = "What a worker does when nothing arrives: poll on (busy), or wait in the kernel (sleep)."},
	SWITCH("checksum-offload", "Network", checksum_offload,
	       "Believe the port's checksum verdicts and let it sum what is sent; off: always in software."),
	SWITCH("path-mtu-discovery", "Network", path_mtu_discovery,
	       "Send smaller packets where the path asks for it (RFC 1191, RFC 8201, RFC 4821); off: ICMP about that "
	       "is "
	       "ignored."),
	{.name = "fragments",
	 .group = "Network",
	 CONFIG(fragments),
	 .kind = OPTIONS_NUMBER,
	 .low = 0,
	 .high = FRAGMENTS_MAX,
	 .help = "IP datagrams put together from fragments at once; 0: fragments are dropped."},
	{.name = "quiet",
	 .group = "Network",
	 FIELD(quiet),
	 .kind = OPTIONS_FLAG,
	 .help = "Do not print the start-up table and notices."},

	RECORDS("packets", packets, 1024,
		"Packet buffers, of 2 KiB and some. This and all other sizes are per worker."),
	RECORDS("connections", connections, 1, "Connection records."),
	RECORDS("half-open", half_open, 1,
		"Entries for handshakes in progress, IPv4 and IPv6 each. More evict the oldest."),
	RECORDS("time-wait", time_wait, 1, "TIME-WAIT records, both families together. More recycle the oldest."),
	RECORDS("chunks-small", chunks_small, 1, "256-byte chunks for copied send data."),
	RECORDS("chunks-large", chunks_large, 1, "2 KiB chunks for copied send data."),
	RECORDS("descriptors", descriptors, 1, "Send descriptors beyond one per connection."),
	RECORDS("inflight", inflight, 1, "Records of segments in flight beyond one per connection."),
	RECORDS("out-of-order", out_of_order, 1, "Packets held out of order, all connections together."),

	BYTES("send-queue", send_queue_bytes, "Bytes queued for sending, per connection."),
	BYTES("receive-window", receive_bytes, "Receive window at first, per connection."),
	BYTES("receive-window-max", receive_max_bytes, "What the receive window may grow to."),
	NUMBER("window-shift", window_shift, 0, 14, "Our window scale (RFC 7323)."),
	SWITCH("timestamps", "TCP", timestamps, "Timestamps (RFC 7323)."),
	SWITCH("sack", "TCP", sack, "Selective acknowledgment (RFC 2018)."),
	SWITCH("nodelay", "TCP", nodelay, "Send small segments at once; off: Nagle's algorithm (RFC 1122)."),
	{.name = "congestion",
	 .group = "TCP",
	 CONFIG(congestion),
	 .kind = OPTIONS_CHOICE,
	 .choices = congestion_choices,
	 .help = "Congestion control: CUBIC with HyStart++ (RFC 9438, 9406), NewReno (RFC 5681), or none at all: for a "
		 "laboratory only, it starves whoever shares the network."},
	{.name = "ecn",
	 .group = "TCP",
	 CONFIG(ecn),
	 .kind = OPTIONS_CHOICE,
	 .choices = ecn_choices,
	 .help = "Explicit congestion notification (RFC 3168): off, granted to who asks, or asked for as well."},
	NUMBER("initial-window", initial_window_segments, 1, 64, "Initial congestion window, in segments (RFC 6928)."),
	TIME_MS("time-wait-time", time_wait_ms, 1, 240000, "How long TIME-WAIT lasts: 2MSL (RFC 9293)."),
	TIME_MS("fin-wait-2-time", fin_wait_2_ms, 1, 3600000,
		"After our close: how long a peer that never closes is waited for."),
	TIME_MS("rto-initial", rto_initial_ms, 1, RTO_INITIAL_MAX_MS,
		"Retransmission timeout before anything is measured (RFC 6298)."),
	TIME_MS("rto-min", rto_min_ms, 1, 60000, "Least retransmission timeout."),
	TIME_MS("rto-max", rto_max_ms, 1000, RTO_MAX_S * 1000, "Most retransmission timeout."),
	TIME_MS("delayed-ack", delayed_ack_ms, 0, DELAYED_ACK_MAX_MS,
		"Longest that an ACK waits to be carried; 0: none waits (RFC 9293 MUST-40: below 500ms)."),
	TIME_MS("give-up", r2_ms, 1, R2_MAX_S * 1000,
		"Give up retransmitting data after this long: R2 (RFC 9293 SHLD-11: at least 100s)."),
	TIME_MS("give-up-syn", syn_r2_ms, 1, R2_MAX_S * 1000, "The same for SYN (RFC 9293 MUST-23: at least 3m)."),
	SWITCH("keepalive", "TCP", keepalive,
	       "Probe peers that have long been silent, and end connections with those that do not answer."),
	TIME_MS("keepalive-time", keepalive_ms, 1000, KEEPALIVE_MAX_S * 1000,
		"Silence before the first probe (RFC 9293 MUST-28: two hours at least, unless you know better)."),
	TIME_MS("keepalive-interval", keepalive_interval_ms, 1000, KEEPALIVE_INTERVAL_MAX_S * 1000, "Between probes."),
	NUMBER("keepalive-probes", keepalive_probes, 1, KEEPALIVE_PROBES_MAX,
	       "Probes in a row without an answer that end a connection."),
	NUMBER("resets-per-second", resets_per_second, 0, 100000000,
	       "RST and ACK answered to segments of no connection, at most."),
	{.name = "cookies",
	 .group = "TCP",
	 CONFIG(cookies),
	 .kind = OPTIONS_CHOICE,
	 .choices = cookies_choices,
	 .help = "SYN cookies (RFC 4987): SYNs are answered without a half-open entry while entries or SYNs are too "
		 "many "
		 "(auto), always, or never."},
	NUMBER("cookies-half-open", cookies_half_open_percent, 1, 100,
	       "Auto: percent of half-open entries in use, of either family, from which on; until half as many are."),
	NUMBER("cookies-syns", cookies_syns_per_second, 0, 1000000000,
	       "Auto: SYNs in one second, beyond which; until they are at most half as many."),
	NUMBER("cookies-opens", cookies_opens_per_second, 0, 1000000000,
	       "Connections opened by cookies in a second, at most; 0: no limit."),
	KEY("cookie-key", cookie_key_file,
	    "32 to 64 bytes, as they are or in hexadecimal digits, that hosts behind one address share, so that each "
	    "knows "
	    "the cookies of all, in a file that only its owner can read. Their clocks must agree to 16s."),
	KEY("cookie-key-previous", cookie_key_previous_file,
	    "The same key as it was before, whose cookies count, too, while the hosts change over."),
	{.name = "secret-file",
	 .group = "TCP",
	 FIELD(secret_file),
	 .kind = OPTIONS_TEXT,
	 .placeholder = "FILE",
	 .default_text = "drawn from the system",
	 .help = "64 bytes from which sequence numbers, ports, timestamps and the table are keyed, in a file that only "
		 "its owner can read. For repeatable runs."},
};

struct options_set endpoint_options(struct endpoint *endpoint)
{
	return (struct options_set){
		.entry = entries,
		.entry_count = sizeof(entries) / sizeof(entries[0]),
		.base = endpoint,
		.base_bytes = sizeof(*endpoint),
	};
}
