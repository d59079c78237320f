"""A peer for the clients' tests: HTTP and WebSocket by Python's standard library only, on a free port of the loopback.

Prints its port. Ends when its standard input does, so that no test leaves it behind. With two arguments, a certificate
and its key, it speaks TLS.
"""
import base64
import gzip
import hashlib
import http.server
import ssl
import struct
import sys
import threading
import time
import urllib.parse


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    connections = 0

    def setup(self):
        super().setup()
        Handler.connections += 1
        self.number = Handler.connections

    def log_message(self, *_):
        pass

    def answer(self, status, body, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def body(self):
        if self.headers.get("Transfer-Encoding") == "chunked":
            parts = []
            while size := int(self.rfile.readline(), 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def handle_any(self):
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        kind = url.path.split("/")[1]
        body = self.body()
        if kind == "echo":
            lines = [f"{self.command} {self.path}"]
            lines += [f"{name}: {value}" for name, value in self.headers.items() if name.startswith(("X-", "Auth"))]
            lines += [f"{len(body)} {hashlib.sha256(body).hexdigest()}"]
            self.answer(200, "\n".join(lines).encode(), X_Connection=str(self.number))
        elif kind == "form":
            boundary = self.headers["Content-Type"].split("boundary=")[1].encode()
            self.answer(200, body.replace(boundary, b"BOUNDARY"))
        elif kind == "status":
            self.answer(int(url.path.split("/")[2]), b"x" * int(query.get("count", 3)))
        elif kind == "bytes":
            count = int(url.path.split("/")[2])
            body = bytes(i * 7 & 255 for i in range(256)) * (count // 256 + 1)
            self.answer(200, body[:count])
        elif kind == "endless":
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for _ in range(10000):
                self.wfile.write(b"1000\r\n" + b"y" * 4096 + b"\r\n")
        elif kind == "bomb":
            self.answer(200, gzip.compress(b"z" * (8 << 20)), Content_Encoding="gzip")
        elif kind == "gzip":
            self.answer(200, gzip.compress(b"unpacked"), Content_Encoding="gzip")
        elif kind == "redirect":
            left = int(url.path.split("/")[2])
            target = f"/redirect/{left - 1}" if left > 1 else "/echo"
            self.answer(302, b"moved", Location=query.get("to", target))
        elif kind == "silent":
            if "head" in query:
                self.send_response(200)
                self.send_header("Content-Length", "10")
                self.end_headers()
                self.wfile.write(b"half")
            sys.stdout.write("silent\n")
            sys.stdout.flush()
            time.sleep(60)
        elif kind == "cut":
            self.send_response(200)
            self.send_header("Content-Length", "10")
            self.end_headers()
            self.wfile.write(b"half")
            self.close_connection = True
        elif kind == "ws":
            self.web_socket(query)
        else:
            self.answer(404, b"nothing here")

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = handle_any

    # WebSocket, RFC 6455, as far as the tests go.

    def send(self, first, payload):
        count = len(payload)
        length = bytes([count]) if count < 126 else struct.pack("!BH" if count < 65536 else "!BQ", 126 + (count > 65535), count)
        self.wfile.write(bytes([first]) + length + payload)

    def receive(self):
        first, second = self.rfile.read(2)
        assert second & 128, "a client must mask"
        count = second & 127
        if count == 126:
            (count,) = struct.unpack("!H", self.rfile.read(2))
        elif count == 127:
            (count,) = struct.unpack("!Q", self.rfile.read(8))
        mask = self.rfile.read(4)
        data = self.rfile.read(count)
        key = int.from_bytes((mask * (count // 4 + 1))[:count], "big")
        return first & 15, (int.from_bytes(data, "big") ^ key).to_bytes(count, "big")

    def web_socket(self, query):
        accept = hashlib.sha1((self.headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode())
        key = "wrong" if "wrong" in query else base64.b64encode(accept.digest()).decode()
        head = f"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {key}\r\n\r\n"
        self.wfile.write(head.encode())
        self.close_connection = True
        if "deaf" in query:  # takes nothing and answers nothing
            time.sleep(60)
        for number in range(int(query.get("flood", 0))):
            self.send(0x81, b"%07d" % number + b"." * 993)
        if "raw" in query:
            self.wfile.write(bytes.fromhex(query["raw"]))
        if "drop" in query:
            return
        if "ping" in query:
            self.send(0x89, b"are you there")
        pings = 0
        try:
            while True:
                opcode, payload = self.receive()
                if opcode == 8:
                    self.send(0x88, payload)
                    return
                if opcode == 9:
                    self.send(0x8A, payload)
                    pings += 1
                    if pings == int(query.get("count", 0)):
                        self.send(0x81, b"%d pings" % pings)
                elif opcode == 10:
                    self.send(0x81, b"pong " + payload)
                elif payload == b"head":
                    self.send(0x81, "\n".join(f"{n}: {v}" for n, v in self.headers.items() if n.startswith("X-")).encode())
                elif payload == b"close":
                    self.send(0x88, struct.pack("!H", 4001) + b"as told")
                    self.receive()
                    return
                else:
                    self.send(0x80 | opcode, payload)
        except (ValueError, OSError):
            pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass


server = Server(("127.0.0.1", 0), Handler)
if len(sys.argv) == 3:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1], sys.argv[2])
    server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_port, flush=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()
