# SPDX-License-Identifier: BSD-3-Clause
"""
What a stranger on the wire can try, in each state that a stranger can bring about: after each probe the connection is where it
was, or ended where it had to, and an honest request is answered.
"""
import pytest

from conftest import EMPTY_AT_THE_END, Server, Wire, show_logs
from http_wire import Answers, get
from space import Space
from stranger import ACK, COOKIES_ALWAYS, CWR, ECE, EVERY_FLAG, FIN, PSH, RST, SYN, URG, Ether, Half, Stranger

OPTION_KINDS = (0, 1, 2, 3, 4, 5, 6, 8, 14, 19, 28, 30, 34, 69, 172, 253, 254, 255)
OPTION_LENGTHS = (*range(0, 42), 60, 127, 128, 254, 255)
ILL_MADE = b"\x02\x00\xff\x28"  # an MSS that claims no bytes at all
ANSWERS_MAX = 3                 # to one segment, so that nobody uses us to flood


@pytest.fixture(scope="module")
def server(site, tmp_path_factory, request):
    """One for all probes: what they leave behind must not add up."""
    with Space(str(tmp_path_factory.mktemp("probes"))) as space:
        made = Server(space, Wire("clean"), site)
        yield made
        assert made.program.stop() == 0, made.program.log()[-4000:]
        worker = made.workers()[0]
        assert not any(worker["gauges"].get(name, 0) for name in EMPTY_AT_THE_END), worker["gauges"]
        for name in ("drop_tcp_checksum", "drop_tcp_header", "drop_ipv4_header", "drop_ipv4_checksum", "drop_ip_source",
                     "drop_tcp_rst", "drop_tcp_ack_future", "challenge_acks"):
            assert worker["counters"][name], f"no probe was counted as {name}"


@pytest.fixture
def stranger(server, family, request):
    made = Stranger(server.space, family)
    yield made
    made.close()
    is_honest_still(server, family)
    show_logs(request, server.space.programs)


def is_honest_still(server, family):
    with server.space.connect(family) as connection:
        connection.sendall(get("/plaintext"))
        assert Answers(connection).next()[::2] == (200, b"Hello, World!")


# ---- States, and how each shows that it goes on --------------------------------------------------------------------


def goes_on_serving(half):
    half.serves()
    half.leave()


def goes_on_opening(half):
    half.put()
    goes_on_serving(half)


def goes_on_closing(half):
    """Our FIN, once more or for the first time, is acknowledged."""
    start = half.seq if half.fin_at is None else half.fin_at
    half.put(FIN | ACK, seq=start)
    assert half.hear(lambda tcp: tcp.ack == start + 1 & 0xffffffff).flags & (ACK | RST) == ACK
    half.leave()


def goes_on_sending(half):
    """What it had to send when its peer closed comes when we make room."""
    half.window = 65535
    half.put()
    half.take(20000)
    half.leave()


def established(stranger):
    return stranger.open()


def close_wait(stranger):
    half = stranger.open()
    half.window = 0
    half.say(b"GET /bytes/1000000 HTTP/1.1\r\nHost: sluice.test\r\n\r\n")
    half.say(flags=FIN | ACK)
    return half


def last_ack(stranger):
    half = stranger.open()
    half.say(flags=FIN | ACK)
    half.hear(lambda tcp: tcp.flags & FIN)
    return half


def goes_on_ending(half):
    half.ack += 1
    half.put()
    assert half.is_gone()


def fin_wait_1(stranger):
    half = stranger.open()
    half.say(b"GET /plaintext HTTP/1.1\r\nHost: sluice.test\r\nConnection: close\r\n\r\n")
    tcp = half.hear(lambda tcp: tcp.flags & FIN)
    half.heard = tcp.seq + len(tcp.text) + 1
    return half


def fin_wait_2(stranger):
    half = fin_wait_1(stranger)
    half.ack = half.heard
    half.put()
    return half


def closing(stranger):
    half = fin_wait_1(stranger)
    half.say(flags=FIN | ACK)
    return half


def time_wait(stranger):
    half = fin_wait_2(stranger)
    half.say(flags=FIN | ACK)
    half.hear(lambda tcp: tcp.ack == half.seq & 0xffffffff)
    return half


STATES = {
    "syn_received": (lambda stranger: Half(stranger).half_open(), goes_on_opening),
    "established": (established, goes_on_serving),
    "close_wait": (close_wait, goes_on_sending),
    "last_ack": (last_ack, goes_on_ending),
    "fin_wait_1": (fin_wait_1, goes_on_closing),
    "fin_wait_2": (fin_wait_2, goes_on_closing),
    "closing": (closing, goes_on_closing),
    "time_wait": (time_wait, goes_on_closing),
}


# ---- Probes that change nothing ------------------------------------------------------------------------------------

# None of these may be believed in any state: no answer at all.
IGNORED = {
    **{f"{name} with a wrong sum": dict(flags=flags, text=text, checksum=lambda right: right ^ 0x0100)
       for name, flags, text in (("text", ACK | PSH, b"GET"), ("FIN", FIN | ACK, b""), ("RST", RST | ACK, b""),
                                 ("SYN", SYN, b""))},
    "text without a sum": dict(flags=ACK | PSH, text=b"GET", checksum=lambda right: 0),
    "FIN without a sum": dict(flags=FIN | ACK, checksum=lambda right: 0),
    "RST without a sum": dict(flags=RST | ACK, checksum=lambda right: 0),
    "a sum with its bytes swapped": dict(flags=FIN | ACK, checksum=lambda right: (right >> 8 | right << 8)
                                         if right >> 8 != right & 255 else ~right),
    **{f"an offset of {words}": dict(flags=FIN | ACK, offset=words) for words in (0, 1, 4, 6, 15)},
}

# These are to be borne: answered or not, and nothing follows from them.
BORNE = {
    "no flags": dict(flags=0),
    "every flag": dict(flags=EVERY_FLAG, seq_by=1),
    "SYN": dict(flags=SYN),
    "SYN in the window": dict(flags=SYN, seq_by=5),
    "SYN and FIN": dict(flags=SYN | FIN | ACK, seq_by=7),
    "SYN-ACK": dict(flags=SYN | ACK, seq_by=1),
    "RST before the window": dict(flags=RST | ACK, seq_by=-2),
    "RST in the window": dict(flags=RST | ACK, seq_by=1),
    "RST at the end of the window": dict(flags=RST, seq_by=65000),
    "RST beyond the window": dict(flags=RST | ACK, seq_by=1 << 30),
    "ACK of the future": dict(flags=ACK, ack_by=1 << 24),
    "ACK of long ago": dict(flags=ACK, ack_by=-(1 << 30)),
    "FIN without ACK": dict(flags=FIN, seq_by=1),
    "text beyond the window": dict(flags=ACK | PSH, seq_by=1 << 24, text=b"x" * 1000),
    "text from before": dict(flags=ACK | PSH, seq_by=-1000, text=b"x" * 999),
    "an urgent pointer alone": dict(flags=ACK | URG, urgent=65535),
    "an urgent pointer without URG": dict(flags=ACK, urgent=1234),
    "an urgent pointer at 0": dict(flags=ACK | URG, urgent=0),
    "URG without ACK": dict(flags=URG, urgent=9),
    **{f"reserved bits {bits}": dict(flags=ACK, reserved=bits) for bits in (1, 2, 4, 8, 15)},
    "ECE and CWR": dict(flags=ACK | ECE | CWR),
    "ill-made options": dict(flags=ACK, options=ILL_MADE),
    "an MSS of 1, late": dict(flags=ACK, options=b"\x02\x04\x00\x01"),
    "a window scale, late": dict(flags=ACK, options=b"\x03\x03\x0e\x00"),
    "a timestamp nobody asked for": dict(flags=ACK, options=b"\x08\x0a" + bytes(8)),
    "SACK of what was never sent": dict(flags=ACK, options=b"\x05\x0a\x10\x00\x00\x00\x20\x00\x00\x00"),
    "an echoed D-SACK over all numbers": dict(flags=ACK, options=b"\x05\x0a\x00\x00\x00\x00\xff\xff\xff\xff"),
}


def answers_to(half):
    """What came to our MAC for that port, whatever the address, until the server had worked through all that was sent."""
    return [tcp for tcp in half.stranger.settle() if tcp.dport == half.port]


def probe_with(half, seq_by=0, ack_by=0, flags=ACK, **fields):
    half.put(flags, seq=half.seq + seq_by, ack=half.ack + ack_by, **fields)
    return answers_to(half)


@pytest.mark.parametrize("state", STATES)
def test_what_is_malformed_is_not_answered(stranger, state):
    reach, goes_on = STATES[state]
    for name, fields in IGNORED.items():
        half = reach(stranger)
        stranger.settle()
        answers = probe_with(half, **fields)
        # A timer may have sent again what we left unacknowledged; nothing else may come.
        assert not [tcp for tcp in answers if not tcp.text and not tcp.flags & (FIN | SYN)], (name, answers)
        assert not [tcp for tcp in answers if tcp.flags & RST], name
        goes_on(half)


# Where RFC 9293 lets the probe be the beginning of something else: section 3.10.7.4, fourth step, TIME-WAIT.
OPENS_ANEW = {("time_wait", "SYN in the window")}


@pytest.mark.parametrize("state", STATES)
def test_what_is_odd_is_borne(server, stranger, family, state):
    reach, goes_on = STATES[state]
    for name, fields in BORNE.items():
        half = reach(stranger)
        stranger.settle()
        answers = probe_with(half, **fields)
        bare = [tcp for tcp in answers if not tcp.text and not tcp.flags & (FIN | SYN)]
        assert len(bare) <= ANSWERS_MAX, (name, bare)
        if fields["flags"] & RST:
            assert not [tcp for tcp in answers if tcp.flags & RST], f"{name}: RST answered by RST"
        try:
            if (state, name) not in OPENS_ANEW:
                goes_on(half)
        except AssertionError as wrong:
            raise AssertionError(f"{name}: {wrong}") from wrong
    is_honest_still(server, family)


# Nothing but the handshake was said: where a cookie alone may have remembered it, the last ACK opens it once more.
COOKIE_STATES = ("syn_received", "established") if COOKIES_ALWAYS else ("syn_received",)


@pytest.mark.parametrize("state", STATES)
def test_an_exact_reset_with_ack_ends_it(stranger, state):
    half = STATES[state][0](stranger)
    stranger.settle()
    assert not [tcp for tcp in probe_with(half, flags=RST | ACK) if tcp.flags & RST]
    if state == "time_wait":
        goes_on_closing(half)  # RFC 1337: nobody cuts it short
    elif state not in COOKIE_STATES:
        assert half.is_gone()


# ---- Before there is a connection ----------------------------------------------------------------------------------


def test_ports_open_and_closed_answer_as_they_must(stranger):
    """RFC 9293 section 3.10.7.1 and 3.10.7.2: flags, and the flags of the answer; None: silence."""
    for to, flags, answer in (
            (80, SYN, SYN | ACK), (80, SYN | PSH | URG, SYN | ACK), (80, 0, None), (80, RST, None), (80, RST | ACK, None),
            (80, SYN | RST, None), (80, EVERY_FLAG, None), (80, ACK, RST), (80, SYN | ACK, RST), (80, FIN | ACK, RST),
            (80, FIN, None), (80, URG | PSH, None),
            (81, SYN, RST | ACK), (81, 0, RST | ACK), (81, FIN, RST | ACK), (81, ACK, RST), (81, SYN | ACK, RST),
            (81, RST, None), (81, RST | ACK, None), (81, EVERY_FLAG, None)):
        half = Half(stranger, to=to)
        half.ack = 12345
        heard = probe_with(half, flags=flags)
        assert [int(tcp.flags) for tcp in heard] == ([] if answer is None else [answer]), (to, flags, heard)
        if answer == RST:
            assert heard[0].seq == 12345
        if answer == SYN | ACK:
            half.leave()


def test_a_syn_with_a_wrong_sum_or_shape_opens_nothing(stranger):
    wrong = (dict(checksum=lambda right: right ^ 1), dict(checksum=lambda right: 0), dict(offset=4), dict(offset=15),
             dict(port=0), dict(to=0))
    for fields in wrong:
        half = Half(stranger)
        ends = {"port": fields.pop("port", half.port), "to": fields.pop("to", 80)}
        stranger.put_tcp(stranger.segment(seq=half.seq, ack=0, flags=SYN, **ends, **fields))
        assert not answers_to(half), (fields, ends)


def test_reserved_bits_open_as_well(stranger):
    for reserved in range(16):
        half = Half(stranger, reserved=reserved).establish()
        goes_on_serving(half)


def test_packets_with_lies_in_their_ip_header(stranger, family):
    """Each carries a SYN that would be fine; none may be answered."""
    half = Half(stranger)
    syn = half.bytes(SYN, options=b"\x02\x04\x05\xb4")
    nobodys = ["0.0.0.0", "255.255.255.255", "224.0.0.1", "127.0.0.1", "198.19.255.255"] if family == "ipv4" \
        else ["::", "::1", "ff02::1"]
    lies = [dict(src=source) for source in [*nobodys, stranger.server]]
    lies += [dict(len=19), dict(len=0), dict(len=1500), dict(ihl=4), dict(ihl=15), dict(chksum=1), dict(version=6),
             dict(flags="MF"), dict(frag=8)] if family == "ipv4" else [dict(plen=1), dict(plen=1400), dict(version=4)]
    for fields in lies:
        stranger.put_tcp(syn, **fields)
        assert not answers_to(half), fields
    for cut in range(1, len(syn)):
        stranger.put(bytes(stranger.ip(**{"nh" if family == "ipv6" else "proto": 6}) / syn)[:-cut])
    stranger.put(Ether(src="03:00:00:00:00:01", dst=stranger.server_mac) / stranger.ip().payload / syn)
    assert not answers_to(half)


# ---- Options -------------------------------------------------------------------------------------------------------


def every_option(tails=(bytes(6), b"\xff" * 38)):
    """Each kind with each length it may claim, and at the very end of the header with none."""
    for kind in OPTION_KINDS:
        yield b"\x01\x01\x01" + bytes([kind])
        for length in OPTION_LENGTHS:
            yield from (bytes([kind, length]) + tail for tail in tails)


@pytest.mark.parametrize("stamped", [False, True], ids=["plain", "stamped"])
def test_every_option_in_text_is_survived(stranger, stamped):
    """Each comes with one byte of a request, and every byte is taken."""
    stamp = b"\x01\x01\x08\x0a\0\0\0\1\0\0\0\0" if stamped else b""
    options = [stamp + option[:40 - len(stamp)] for option in every_option()]
    half = stranger.open(options=b"\x02\x04\x05\xb4" + stamp)
    request = b"GET /plaintext HTTP/1.1\r\nHost: sluice.test\r\nX-Long: " + b"x" * len(options)
    half.say(request[:-len(options)], options=stamp)
    for index, option in enumerate(options):
        half.say(b"x", options=option)
        if index % 32 == 31:
            half.hear(lambda tcp: tcp.ack == half.seq & 0xffffffff)
    half.say(b"\r\n\r\n", options=stamp)
    assert half.hear(lambda tcp: tcp.text).text.startswith(b"HTTP/1.1 200 ")
    half.put(RST | ACK, options=stamp)


def test_every_option_in_a_syn_is_survived(stranger, family):
    for option in every_option([b"\xff" * 38 if family == "ipv4" else bytes(6)]):
        half = Half(stranger, options=option).half_open()
        half.leave()


def largest(half, count=5):
    """The largest text among the server's next segments of a long answer."""
    half.say(b"GET /bytes/50000 HTTP/1.1\r\nHost: sluice.test\r\n\r\n")
    sizes = [len(half.take(1)) for _ in range(count)]
    half.leave()
    return max(sizes)


def test_an_mss_may_be_absent(stranger, family):
    """MUST-15: then it is 536, or 1220 over IPv6."""
    assert largest(stranger.open(options=b"")) == (1220 if family == "ipv6" else 536)


def test_an_mss_may_come_twice_or_be_absurd(stranger):
    """A cookie without timestamps holds eight sizes; 536 is the one below 600."""
    cut = (536,) if COOKIES_ALWAYS else ()
    for options, sizes in ((b"\x02\x04\x02\x58\x02\x04\x04\x00", (600, 1024, *cut)), (b"\x02\x04\x00\x00", range(1, 1221)),
                           (b"\x02\x04\x00\x01", range(1, 537)), (b"\x02\x04\xff\xff", range(1400, 1461))):
        assert largest(stranger.open(options=options)) in sizes, options


def test_an_mss_that_comes_late_changes_nothing(stranger, family):
    half = stranger.open()
    half.put(options=b"\x02\x04\x01\x00")
    half.put(options=b"\x02\x04\x00\x01")
    assert largest(half) == (1440 if family == "ipv6" else 1460)


# ---- Urgent data ---------------------------------------------------------------------------------------------------


def test_urgent_bytes_are_bytes(stranger):
    """Whatever the pointer says, nothing is taken out of the stream, and nothing in it is skipped."""
    request = b"GET /plaintext HTTP/1.1\r\nHost: sluice.test\r\n\r\n"
    half = stranger.open(flags=SYN | URG, urgent=4321)
    for urgent in (0, 1, 2, len(request), len(request) + 1, 32767, 65535):
        for start in range(0, len(request), 10):
            half.say(request[start:start + 10], flags=ACK | PSH | URG, urgent=urgent)
        half.say(request, flags=ACK | URG, urgent=urgent)
        got = b""
        while got.count(b"Hello, World!") < 2:
            got += half.take(1)
        assert got.count(b"HTTP/1.1 200 ") == 2, urgent
    half.leave()
