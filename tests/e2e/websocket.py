# SPDX-License-Identifier: ISC
"""websocket.py WS_URL WSS_URL CA_FILE: sends three messages to each and expects them back."""
import asyncio
import ssl
import sys

import websockets

MESSAGES = ("hello", "gr\u00fc\u00dfe", b"\x00\xff" * 500000)


async def echo(url, context):
    async with websockets.connect(url, ssl=context, compression=None, max_size=None) as socket:
        for message in MESSAGES:
            await socket.send(message)
            if await asyncio.wait_for(socket.recv(), 20) != message:
                sys.exit(url + ": something else came back")
    print(f"{url}: {len(MESSAGES)} messages echoed")


async def main():
    await echo(sys.argv[1], None)
    await echo(sys.argv[2], ssl.create_default_context(cafile=sys.argv[3]))


asyncio.run(main())
