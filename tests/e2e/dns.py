# SPDX-License-Identifier: ISC
"""A name server for tests, on 127.0.0.1 over UDP.

usage: dns.py PORT ZONE

Each line of the file ZONE is "name type value" (types TXT and CNAME; a TXT value may have spaces); it is read again for
every question. A line "silent" makes it say nothing at all."""
import socket
import struct
import sys

TYPES = {"CNAME": 5, "TXT": 16}


def encode(name):
    return b"".join(bytes([len(x)]) + x.encode() for x in name.rstrip(".").split(".")) + b"\0"


def question(packet):
    """The name asked for, its type, and where the question ends."""
    labels, at = [], 12
    while packet[at]:
        labels.append(packet[at + 1:at + 1 + packet[at]].decode().lower())
        at += packet[at] + 1
    return ".".join(labels), struct.unpack("!H", packet[at + 1:at + 3])[0], at + 5


def data(kind, value):
    if kind == "CNAME":
        return encode(value)
    text = value.encode()
    parts = [text[i:i + 255] for i in range(0, len(text), 255)] or [b""]
    return b"".join(bytes([len(p)]) + p for p in parts)


def answer(packet, zone):
    name, wanted, end = question(packet)
    rows = [line.split(None, 2) for line in zone.splitlines() if len(line.split(None, 2)) == 3]
    known = [row for row in rows if row[0].lower() == name]
    found = [row for row in known if TYPES[row[1]] == wanted]
    records = b"".join(
        b"\xc0\x0c" + struct.pack("!HHIH", wanted, 1, 0, len(data(kind, value))) + data(kind, value)
        for _, kind, value in found)
    flags = 0x8580 | (0 if known else 3)
    return packet[:2] + struct.pack("!HHHHH", flags, 1, len(found), 0, 0) + packet[12:end] + records


def main():
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", int(sys.argv[1])))
    print("ready", flush=True)
    while True:
        packet, client = server.recvfrom(4096)
        with open(sys.argv[2], encoding="utf-8") as zone:
            text = zone.read()
        if not text.startswith("silent"):
            server.sendto(answer(packet, text), client)


main()
