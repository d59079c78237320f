"""What scripts count on: the answer to a POST comes before any message about its run, a socket that opens after the POST is
told the whole run, and an empty queue means that the history has everything."""

import base64
import json
import os
import select
import socket
import struct
import sys
import time
import urllib.request

import common

host, port = sys.argv[1].split(":")


class Stream:
    """The frames of a WebSocket, without a package that reads ahead."""

    def __init__(self, client):
        self.socket = socket.create_connection((host, int(port)), timeout=30)
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(
            f"GET /ws?clientId={client} HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode())
        self.buffer = b""
        while b"\r\n\r\n" not in self.buffer:
            self.more()
        # What came in one piece with the answer.
        self.buffer = self.buffer.split(b"\r\n\r\n", 1)[1]

    def more(self):
        data = self.socket.recv(65536)
        assert data, "the connection was closed"
        self.buffer += data

    def messages(self):
        """Those that are there."""
        found = []
        while len(self.buffer) >= 2:
            length, start = self.buffer[1] & 127, 2
            if length == 126 and len(self.buffer) >= 4:
                length, start = struct.unpack(">H", self.buffer[2:4])[0], 4
            elif length == 127 and len(self.buffer) >= 10:
                length, start = struct.unpack(">Q", self.buffer[2:10])[0], 10
            elif length >= 126:
                break
            if len(self.buffer) < start + length:
                break
            payload, kind = self.buffer[start:start + length], self.buffer[0] & 15
            self.buffer = self.buffer[start + length:]
            if kind == 1:
                found.append(json.loads(payload))
        return found

    def next(self):
        while not (found := self.messages()):
            self.more()
        return found


def prompt(number):
    return {
        "1": {"class_type": "PrimitiveString", "inputs": {"value": f"value {number // 2}"}},
        "2": {"class_type": "PreviewAny", "inputs": {"source": ["1", 0]}},
    }


def answer_first(count):
    client = common.new_client()
    stream = Stream(client)
    posts = socket.create_connection((host, int(port)), timeout=30)
    posts.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    early = []
    for number in range(count):
        body = json.dumps({"prompt": prompt(number), "client_id": client}).encode()
        posts.sendall(
            f"POST /prompt HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        answered, before, ended = False, [], False
        while not ended:
            ready, _, _ = select.select([posts, stream.socket], [], [], 30)
            assert ready, "nothing came for 30 s"
            # When both can be read the answer is looked at first: it was written first.
            if posts in ready:
                assert posts.recv(65536).startswith(b"HTTP/1.1 200")
                answered = True
            if stream.socket in ready:
                stream.more()
                for message in stream.messages():
                    if not answered and message["type"] != "status":
                        before.append(message["type"])
                    ended = ended or (message["type"] == "executing" and message["data"]["node"] is None)
        if not answered:
            assert posts.recv(65536).startswith(b"HTTP/1.1 200")
        if before:
            early.append((number, before))
    # In which order two sockets become readable is the system's; the answer was given to it first.
    assert len(early) <= count // 200, early


def connects_later(count):
    for number in range(count):
        client = common.new_client()
        prompt_id = common.queue_prompt(f"{host}:{port}", client, prompt(number))
        if number % 2:
            time.sleep(0.02)
        stream = Stream(client)
        types, ended = [], False
        while not ended:
            for message in stream.next():
                types.append(message["type"])
                ended = ended or common.is_end(message, prompt_id)
        assert types[0] == "status" and "execution_start" in types and "execution_success" in types, types


def empty_means_done(count):
    for number in range(count):
        client = common.new_client()
        prompt_id = common.queue_prompt(f"{host}:{port}", client, prompt(1000 + 2 * number))
        stream = Stream(client)
        empty = False
        while not empty:
            for message in stream.next():
                status = message["data"].get("status")
                empty = empty or (status is not None and status["exec_info"]["queue_remaining"] == 0)
        with urllib.request.urlopen(f"http://{host}:{port}/history/{prompt_id}", timeout=30) as answer:
            assert prompt_id in json.loads(answer.read()), number


answer_first(1000)
connects_later(100)
empty_means_done(1000 if len(sys.argv) > 2 else 300)
print("ok")
