# SPDX-License-Identifier: ISC
"""ws_lines.py URL [HEADER...]: a WebSocket that stays open, and silent where nothing is said. Prints X-Origin of the
answer and its Set-Cookie, sends each line of the input, and prints each message that comes."""
import asyncio
import sys

import websockets

try:  # websockets 13 and newer
    from websockets.asyncio.client import connect

    HEADERS = "additional_headers"
except ImportError:
    from websockets import connect

    HEADERS = "extra_headers"


async def hear(socket):
    try:
        while True:
            print(await socket.recv(), flush=True)
    except websockets.ConnectionClosed:
        print("closed", flush=True)


async def talk(url, headers):
    async with connect(url, compression=None, ping_interval=None, **{HEADERS: headers}) as socket:
        answer = socket.response.headers if hasattr(socket, "response") else socket.response_headers
        print("open", answer.get("X-Origin", ""), answer.get("Set-Cookie", ""), flush=True)
        hearing = asyncio.create_task(hear(socket))
        while line := await asyncio.to_thread(sys.stdin.readline):
            await socket.send(line.rstrip("\n"))
        hearing.cancel()


asyncio.run(talk(sys.argv[1], [tuple(header.split(": ", 1)) for header in sys.argv[2:]]))
