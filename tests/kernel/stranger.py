# SPDX-License-Identifier: BSD-3-Clause
"""
Somebody on the wire who is no kernel: has an address and a MAC of its own, and sends whatever bytes it is told to, sums right or
wrong.  What comes back is read with scapy and must itself be without fault.
"""
import itertools
import os
import random
import socket
import struct

from scapy.layers.inet import ICMP, IP, TCP
from scapy.layers.inet6 import ICMPv6EchoReply, ICMPv6EchoRequest, ICMPv6ND_NA, ICMPv6ND_NS, ICMPv6NDOptDstLLAddr, IPv6
from scapy.layers.l2 import ARP, Ether

from space import DEVICE, SLUICE

MAC = "02:00:00:00:00:66"
ADDRESS = {"ipv4": "198.18.0.66", "ipv6": "2001:2::66"}
FIN, SYN, RST, PSH, ACK, URG, ECE, CWR = (1 << bit for bit in range(8))
EVERY_FLAG = 255
PATIENCE = 2.0
COOKIES_ALWAYS = os.environ.get("SLUICE_COOKIES") == "always"
_ports = itertools.count(20000)  # each is used once, whatever was left behind


def internet_sum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total


class Stranger:
    def __init__(self, space, family):
        self.family, self.us, self.server = family, ADDRESS[family], SLUICE[family]
        self.layer = IPv6 if family == "ipv6" else IP
        shown = space.run("ip", "neigh", "show", self.server, "dev", DEVICE).stdout.split()
        self.server_mac = shown[shown.index("lladdr") + 1]
        with space.inside():
            self.wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.wire.bind((DEVICE, 0))
        self.wire.settimeout(PATIENCE)
        self.echoes = 0
        self.settle()  # so that the server asks who we are now, and not later

    def close(self):
        self.wire.close()

    # Sending.

    def ip(self, **fields):
        return Ether(src=MAC, dst=self.server_mac) / self.layer(**{"src": self.us, "dst": self.server} | fields)

    def put(self, frame):
        self.wire.send(bytes(frame))

    def put_tcp(self, segment, **fields):
        """An IP packet around a segment's bytes."""
        fields = {("nh" if self.family == "ipv6" else "proto"): 6} | fields
        self.put(self.ip(**fields) / segment)

    def pseudo(self, count):
        family = socket.AF_INET6 if self.family == "ipv6" else socket.AF_INET
        ends = socket.inet_pton(family, self.us) + socket.inet_pton(family, self.server)
        return ends + struct.pack("!IHH" if self.family == "ipv6" else "!HH",
                                  *((count, 0, 6) if self.family == "ipv6" else (6, count)))

    def segment(self, port, to, seq, ack, flags, text=b"", options=b"", window=65535, urgent=0, reserved=0, offset=None,
                checksum=None):
        """The bytes of a TCP segment; checksum None: the right one, a function: what it makes of the right one."""
        options += b"\0" * (-len(options) % 4)
        words = 5 + len(options) // 4 if offset is None else offset
        head = struct.pack("!HHIIBBHHH", port, to, seq & 0xffffffff, ack & 0xffffffff, words << 4 | reserved, flags, window,
                           0, urgent) + options + text
        right = 0xffff - internet_sum(self.pseudo(len(head)) + head)
        wrong = right if checksum is None else checksum(right)
        return head[:16] + struct.pack("!H", wrong & 0xffff) + head[18:]

    # Receiving.

    def get(self):
        """The next packet to us, read; neighbours' questions are answered on the way.  None: nothing more came."""
        while True:
            try:
                raw = self.wire.recv(2048)
            except TimeoutError:
                return None
            packet = Ether(raw)
            if packet.src != self.server_mac:
                continue
            if ARP in packet and packet[ARP].op == 1 and packet[ARP].pdst == self.us:
                self.put(Ether(src=MAC, dst=self.server_mac) / ARP(op=2, hwsrc=MAC, psrc=self.us, hwdst=self.server_mac,
                                                                   pdst=self.server))
            elif ICMPv6ND_NS in packet and packet[ICMPv6ND_NS].tgt == self.us:
                self.put(self.ip(hlim=255) / ICMPv6ND_NA(tgt=self.us, R=0, S=1, O=1) / ICMPv6NDOptDstLLAddr(lladdr=MAC))
            elif isinstance(packet.payload, self.layer) and packet.dst == MAC:
                return packet

    def settle(self):
        """Every TCP segment that came until the server had worked through all that we sent, and answered."""
        segments = []
        for _ in range(2):  # the first echo may overtake answers of its own burst
            self.echoes += 1
            ask = ICMPv6EchoRequest if self.family == "ipv6" else ICMP
            self.put(self.ip() / ask(id=66, seq=self.echoes & 0xffff))
            while True:
                packet = self.get()
                assert packet is not None, "the server does not answer to ping"
                if TCP in packet:
                    segments.append(self.faultless(packet))
                elif self._echo(packet) == self.echoes & 0xffff:
                    break
        return segments

    def _echo(self, packet):
        if self.family == "ipv6":
            return packet[ICMPv6EchoReply].seq if ICMPv6EchoReply in packet else None
        return packet[ICMP].seq if ICMP in packet and packet[ICMP].type == 0 else None

    def faultless(self, packet):
        """The TCP part of what the server sent, which must be right in every respect that has nothing to do with state."""
        inner = packet.payload
        count = inner.plen if self.family == "ipv6" else inner.len - inner.ihl * 4
        raw = bytes(inner.payload)[:count]
        assert internet_sum(self.pseudo(count) + raw) == 0xffff, "wrong checksum"
        assert raw[12] & 0xf == 0 and raw[13] & URG == 0, "reserved bits or URG are set"
        tcp = packet[TCP]
        tcp.text = raw[tcp.dataofs * 4:]
        assert all(name in ("MSS", "WScale", "SAckOK", "Timestamp", "SAck", "NOP", "EOL") for name, _ in tcp.options)
        return tcp

    def answer(self, to_port, wanted=lambda tcp: True):
        """The next segment to one of our ports that fits."""
        while True:
            packet = self.get()
            assert packet is not None, "no answer came"
            if TCP in packet and packet[TCP].dport == to_port and wanted(tcp := self.faultless(packet)):
                return tcp

    def open(self, **wish):
        return Half(self, **wish).establish()


class Half:
    """Our end of a connection to the server: numbers are ours to keep."""

    def __init__(self, stranger, options=b"\x02\x04\x05\xb4", port=None, to=80, flags=SYN, **fields):
        self.stranger, self.port, self.to = stranger, port or next(_ports), to
        self.seq = random.getrandbits(32)
        self.ack = 0
        self.window = 65535
        self.fin_at = None
        self.syn = dict(flags=flags, options=options, **fields)

    def bytes(self, flags=ACK, text=b"", seq=None, ack=None, **fields):
        return self.stranger.segment(self.port, self.to, self.seq if seq is None else seq, self.ack if ack is None else ack,
                                     flags, text, **{"window": self.window} | fields)

    def put(self, flags=ACK, text=b"", **fields):
        """Sends without taking note of it."""
        self.stranger.put_tcp(self.bytes(flags, text, **fields))

    def say(self, text=b"", flags=ACK | PSH, **fields):
        """Sends what counts."""
        self.put(flags, text, **fields)
        self.fin_at = self.seq + len(text) if flags & FIN else self.fin_at
        self.seq += len(text) + bool(flags & FIN) + bool(flags & SYN)

    def hear(self, wanted=lambda tcp: True):
        return self.stranger.answer(self.port, wanted)

    def half_open(self):
        self.put(**self.syn)
        self.seq += 1
        tcp = self.hear(lambda tcp: tcp.flags & SYN)
        assert tcp.flags & ~(ECE | CWR) == SYN | ACK and tcp.ack == self.seq & 0xffffffff, "no SYN-ACK"
        self.ack = tcp.seq + 1
        return self

    def establish(self):
        self.half_open().put()
        return self

    def take(self, count):
        """The next `count` bytes of the server's stream, acknowledged."""
        taken = b""
        while len(taken) < count:
            tcp = self.hear(lambda tcp: tcp.text and tcp.seq == self.ack & 0xffffffff)
            taken += tcp.text
            self.ack += len(tcp.text) + bool(tcp.flags & FIN)
            self.put()
        return taken

    def serves(self, path="/plaintext", body=b"Hello, World!"):
        """A whole request on this connection, and the whole answer."""
        self.say(f"GET {path} HTTP/1.1\r\nHost: sluice.test\r\n\r\n".encode())
        got = b""
        while b"\r\n\r\n" not in got or not got.endswith(body):
            got += self.take(1)
        assert got.startswith(b"HTTP/1.1 200 ")

    def is_gone(self):
        """The server knows nothing of it any more: our next ACK is answered by RST."""
        self.put()
        return self.hear().flags & RST

    def leave(self):
        self.put(RST | ACK)
