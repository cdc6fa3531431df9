# SPDX-License-Identifier: ISC
"""lab.py HTTP_PORT WEBSOCKET_PORT: origins for the tests, on 127.0.0.1. The WebSocket one echoes, and says nothing by
itself. The http one answers /headers (the headers that arrived), /hang-up... (closes without an answer),
/count?<path> (how often that path was asked for), any other path with 200; CONNECT too, and it reads no GET's body."""
import asyncio
import sys
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import websockets

asked = Counter()


class Lab(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        asked[self.path] += 1
        if self.path.startswith("/hang-up"):
            self.close_connection = True
            return
        if self.path == "/headers":
            body = str(self.headers)
        else:
            body = str(asked[self.path.partition("?")[2]])
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body.encode())

    def do_HEAD(self):
        self.do_GET()

    def do_CONNECT(self):
        self.do_GET()

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.do_GET()

    def log_message(self, *_):
        pass


async def echo(socket, *_):
    async for message in socket:
        await socket.send(message)


async def serve():
    async with websockets.serve(echo, "127.0.0.1", int(sys.argv[2]), max_size=None, ping_interval=None):
        await asyncio.Future()


ThreadingHTTPServer.request_queue_size = 128
server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Lab)
threading.Thread(target=server.serve_forever, daemon=True).start()
asyncio.run(serve())
