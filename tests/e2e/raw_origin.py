# SPDX-License-Identifier: ISC
"""raw_origin.py PORT: an origin on 127.0.0.1 that speaks HTTP/1.1 byte by byte, one request per connection.
/trailers answers in chunks, with a trailer; /request answers with the request as it arrived, trailers included;
/stream answers each chunk of the request at once with a line, and prints it; /refuse answers 413 before any body."""
import socketserver
import sys

CHUNKED = b"HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n"


class Raw(socketserver.StreamRequestHandler):
    def head(self):
        lines = []
        while not lines or lines[-1] != b"\r\n":
            line = self.rfile.readline(65536)
            if not line:
                break
            lines.append(line)
        return lines

    def chunk(self):
        size = self.rfile.readline(100)
        data = self.rfile.read(int(size.split(b";")[0], 16))
        return size, data + self.rfile.readline(10) if data else data

    def chunks(self):
        while True:
            size, data = self.chunk()
            yield size + data
            if not data:
                return

    def handle(self):
        head = self.head()
        path = head[0].split(b" ")[1] if head else b""
        if path == b"/trailers":
            self.wfile.write(CHUNKED + b"Trailer: X-Sum\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 42\r\n\r\n")
        elif path == b"/request":
            body = b"".join(head) + b"".join(self.chunks()) + b"".join(self.head())
            self.wfile.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + body)
        elif path == b"/stream":
            self.wfile.write(CHUNKED + b"\r\n")
            for chunk in self.chunks():
                text = b"got " + chunk.replace(b"\r\n", b" ").strip() + b"\n"
                print(text.decode(), end="", flush=True)
                self.wfile.write(b"%x\r\n%s\r\n" % (len(text), text))
            self.wfile.write(b"0\r\n\r\n")
        else:
            self.wfile.write(b"HTTP/1.1 413 No\r\nConnection: close\r\nContent-Length: 3\r\n\r\nno\n")


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


Server(("127.0.0.1", int(sys.argv[1])), Raw).serve_forever()
