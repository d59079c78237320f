"""Starts a server in a session of its own, sends it signals, and says what it did.

signals.py MODE PROGRAM FOLDER, where MODE is
  terminal: it has a terminal, which then closes
  nohup: it has a terminal and was told to ignore SIGHUP
  service: it has none
"""

import http.client
import os
import pty
import re
import signal
import sys
import time

mode, program, folder = sys.argv[1:]
log = os.path.join(folder, "errors.txt")
arguments = [program, "--port", "0", "--base-directory", folder]


def start():
    if mode == "nohup":
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    else:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
    if mode != "terminal":
        errors = os.open(log, os.O_WRONLY | os.O_CREAT, 0o600)
        os.dup2(errors, 2)
    os.execv(program, arguments)


if mode == "service":
    child = os.fork()
    if child == 0:
        os.setsid()
        start()
    terminal = None
else:
    child, terminal = pty.fork()
    if child == 0:
        start()

said = ""
deadline = time.monotonic() + 60
while "listening on" not in said or not said.endswith("\n"):
    if time.monotonic() > deadline:
        sys.exit("it did not start: " + said)
    if mode == "terminal":
        said += os.read(terminal, 1000).decode().replace("\r\n", "\n")
    else:
        time.sleep(0.01)
        said = open(log).read() if os.path.exists(log) else ""
port = int(re.search(r"listening on http://[^\n]*:(\d+)", said).group(1))

if mode == "terminal":
    for number in (signal.SIGUSR1, signal.SIGUSR2):
        os.kill(child, number)
    os.close(terminal)
else:
    for number in (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGXFSZ):
        os.kill(child, number)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", "/prompt")
    if connection.getresponse().status == 200:
        print("answers")
    connection.close()
    os.kill(child, signal.SIGTERM)

deadline = time.monotonic() + 60
while True:
    done, status = os.waitpid(child, os.WNOHANG)
    if done:
        break
    if time.monotonic() > deadline:
        os.kill(child, signal.SIGKILL)
        sys.exit("it goes on for ever")
    time.sleep(0.01)
print(f"exited {os.WEXITSTATUS(status)}" if os.WIFEXITED(status) else f"killed by {os.WTERMSIG(status)}")
