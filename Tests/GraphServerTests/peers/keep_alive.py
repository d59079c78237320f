"""Python's own http.client: many requests on one connection, whatever the answers are."""

import http.client
import json
import sys

import common

host, port = sys.argv[1].split(":")
connection = http.client.HTTPConnection(host, int(port), timeout=30)
connection.connect()
socket = connection.sock

body = json.dumps({"prompt": common.PROMPT})
for method, path, sent, status in [
    ("GET", "/queue", None, 200),
    ("POST", "/prompt", body, 200),
    ("GET", "/nope", None, 404),
    ("HEAD", "/queue", None, 200),
    ("POST", "/interrupt", "", 200),
    ("PUT", "/prompt", "", 405),
    ("POST", "/prompt", "{", 400),
    ("GET", "/object_info", None, 200),
] * 5:
    connection.request(method, path, body=sent)
    answer = connection.getresponse()
    answer.read()
    assert answer.status == status, (method, path, answer.status)
    assert connection.sock is socket, f"closed after {method} {path}"
print("ok")
