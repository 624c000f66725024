# SPDX-License-Identifier: BSD-3-Clause
"""
One stream between two kernels, or between a kernel and sluice-httpd: who asks speaks just enough HTTP for that.

    bulk.py serve PORT                  answers GET with bytes without end, and takes whatever is POSTed
    bulk.py get HOST PORT SECONDS       bytes that came, as JSON
    bulk.py post HOST PORT SECONDS      bytes that were acknowledged, as JSON

The time begins when the connection is open.  CUBIC on both sides, whatever the machine prefers.
"""
import json
import socket
import struct
import sys
import threading
import time

LENGTH = 1 << 30  # more than any run carries
PART = bytes(1 << 17)


def use_cubic(connection):
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, b"cubic")


def tcp_info(connection):
    """What linux/tcp.h calls struct tcp_info, as far as it matters here."""
    raw = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 232)
    words = struct.unpack_from("<24I", raw, 8)
    names = {0: "rto_us", 15: "rtt_us", 18: "cwnd", 23: "retransmits"}
    info = {name: words[index] for index, name in names.items()}
    info["bytes_acked"], info["bytes_received"] = struct.unpack_from("<2Q", raw, 120)
    return info


def serve(port):
    listener = socket.create_server(("", port))
    use_cubic(listener)
    print("ready", flush=True)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=answer, args=(connection,), daemon=True).start()


def answer(connection):
    head = bytearray()
    while b"\r\n\r\n" not in head:
        head += connection.recv(1 << 16)
    try:
        if head.startswith(b"GET"):
            connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {LENGTH}\r\n\r\n".encode())
            while True:
                connection.sendall(PART)
        while connection.recv(1 << 18):
            pass
    except ConnectionError:
        pass  # the time was over


def ask(way, host, port, seconds):
    connection = socket.socket()
    use_cubic(connection)
    connection.connect((host, port))
    began = time.monotonic()
    if way == "get":
        connection.sendall(f"GET /bytes/{LENGTH} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        done = get(connection, began, seconds)
    else:
        connection.sendall(f"POST /status/200 HTTP/1.1\r\nHost: {host}\r\nContent-Length: {LENGTH}\r\n\r\n".encode())
        done = post(connection, began, seconds)
    print(json.dumps({**done, "bits_per_second": round(done["bytes"] * 8 / seconds), "sender": tcp_info(connection)}))
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def get(connection, began, seconds):
    room = bytearray(1 << 18)
    count = 0
    while (left := began + seconds - time.monotonic()) > 0:
        connection.settimeout(left)
        try:
            got = connection.recv_into(room)
        except TimeoutError:
            break
        if not got:
            raise SystemExit("the stream ended early")
        count += got
    return {"bytes": count}


def post(connection, began, seconds):
    while (left := began + seconds - time.monotonic()) > 0:
        connection.settimeout(left)
        try:
            connection.send(PART)
        except TimeoutError:
            break
    return {"bytes": tcp_info(connection)["bytes_acked"]}


def main():
    if sys.argv[1] == "serve":
        serve(int(sys.argv[2]))
    else:
        ask(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))


if __name__ == "__main__":
    main()
