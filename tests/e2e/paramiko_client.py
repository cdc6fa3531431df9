# SPDX-License-Identifier: ISC
"""paramiko_client.py USER KEY KNOWN_HOSTS HOST PORT RELAY ORIGIN_PORT ORDER: what published clients do. Asks for a
terminal, a shell and localhost:RELAY (ORDER: "forward-first" or "shell-first"), carries each connection to
127.0.0.1:ORIGIN_PORT, and prints what the session writes until the session ends."""
import socket
import sys
import threading

import paramiko


def carry(channel, port):
    origin = socket.create_connection(("127.0.0.1", port))

    def copy(source, target):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR) if target is origin else target.shutdown_write()

    threading.Thread(target=copy, args=(origin, channel), daemon=True).start()
    copy(channel, origin)


def forward(transport, relay, port):
    def accepted(channel, _origin, _server):
        threading.Thread(target=carry, args=(channel, port), daemon=True).start()

    transport.request_port_forward("localhost", relay, accepted)


def main():
    user, key, known_hosts, host, port, relay, origin_port, order = sys.argv[1:]
    client = paramiko.SSHClient()
    client.load_host_keys(known_hosts)
    client.set_missing_host_key_policy(paramiko.RejectPolicy())
    client.connect(host, int(port), user, key_filename=key, look_for_keys=False, allow_agent=False)
    if order == "forward-first":
        forward(client.get_transport(), int(relay), int(origin_port))
    shell = client.invoke_shell()
    if order == "shell-first":
        forward(client.get_transport(), int(relay), int(origin_port))
    while data := shell.recv(4096):
        sys.stdout.buffer.write(data)
        sys.stdout.flush()


main()
