"""Measures speech as a person sees it: whole runs of graphrun, and a graphserver whose runs are cancelled.

python3 Bench/speech.py GRAPHRUN GRAPHSERVER   (standard library only; espeak-ng must be installed)
"""
import json
import os
import random
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

graphrun, graphserver = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
SENTENCE = "It was the best of times, it was the worst of times, it was the age of wisdom and of foolishness. "
WORDS_IN_SENTENCE = len(SENTENCE.split())


def workflow(text, language="en"):
    speech = {"class_type": "TTS", "inputs": {"text": text, "language": language}}
    return {"speech": speech, "show": {"class_type": "PreviewAny", "inputs": {"source": ["speech", 0]}}}


def run(base, text):
    """Seconds from the program's start to each event, by the event's name and node; and what was shown."""
    path = f"{base}/speech.json"
    with open(path, "w") as file:
        json.dump(workflow(text), file)
    start = time.perf_counter()
    child = subprocess.Popen([graphrun, path, "--base-directory", base, "--events", "jsonl"], stdout=subprocess.PIPE)
    times, shown = {}, ""
    for line in child.stdout:
        event = json.loads(line)
        times.setdefault((event["type"], event.get("node")), time.perf_counter() - start)
        if event["type"] == "node_output":
            shown = event["output"]["text"][0]
    _, status, usage = os.wait4(child.pid, 0)
    assert status == 0, status
    return times, shown, usage.ru_maxrss / 1024


def speaking(base):
    count = 1000 // WORDS_IN_SENTENCE
    ratios = []
    for _ in range(7):
        times, shown, _ = run(base, SENTENCE * count)
        frames, rate = map(int, re.search(r"(\d+)\] (\d+) Hz", shown).groups())
        ratios.append(frames / rate / (times[("node_finished", "speech")] - times[("node_started", "speech")]))
    print(f"{count * WORDS_IN_SENTENCE} words: median {statistics.median(ratios):.0f} times real time, worst {min(ratios):.0f}")


def first_sound(base):
    for length in (1_000, 10_000, 100_000, 1_000_000):
        text = (SENTENCE * (length // len(SENTENCE) + 1))[:length]
        path = f"{base}/speech.json"
        with open(path, "w") as file:
            json.dump(workflow(text), file)
        from_start, from_node = [], []
        for _ in range(7):
            start = time.perf_counter()
            child = subprocess.Popen(
                [graphrun, path, "--base-directory", base, "--events", "jsonl"], stdout=subprocess.PIPE)
            began = 0
            for line in child.stdout:
                if b'"node_started"' in line and b'"speech"' in line:
                    began = time.perf_counter()
                if b'"node_preview"' in line:
                    from_start.append(time.perf_counter() - start)
                    from_node.append(time.perf_counter() - began)
                    break
            child.send_signal(signal.SIGINT)
            child.stdout.read()
            child.wait()
        print(
            f"first sound of {length:,} characters: median {statistics.median(from_node) * 1e3:.0f} ms after the node's"
            f" start, {statistics.median(from_start) * 1e3:.0f} ms after the program's")


def million(base):
    text = (SENTENCE * (1_000_000 // len(SENTENCE) + 1))[:1_000_000]
    start = time.perf_counter()
    _, shown, memory = run(base, text)
    print(f"1,000,000 characters: {time.perf_counter() - start:.1f} s, {shown}, peak memory {memory:.0f} MB")


def children(parent):
    """Processes of a parent, dead ones too."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat") as file:
                if file.read().rsplit(")", 1)[1].split()[1] == str(parent):
                    found.append(int(name))
        except OSError:
            pass
    return found


def cancelling(base, count=1000):
    server = subprocess.Popen(
        [graphserver, "--port", "0", "--base-directory", base], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
    port = next(int(line.rsplit(b":", 1)[1]) for line in server.stderr if b"listening on" in line)

    def post(path, body):
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}{path}", json.dumps(body).encode(), {"Content-Type": "application/json"})
        with urllib.request.urlopen(request) as answer:
            return answer.read()

    def settle():
        """Waits for the runs that began just after they were to be interrupted."""
        for _ in range(600):
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/queue") as answer:
                queue = json.load(answer)
            if not queue["queue_running"] and not queue["queue_pending"]:
                break
            time.sleep(0.1)
        time.sleep(0.5)

    def descriptors():
        return len(os.listdir(f"/proc/{server.pid}/fd"))

    def cancel(index):
        post("/prompt", {"prompt": workflow(f"{index}. " + SENTENCE * 50)})
        time.sleep(random.uniform(0, 0.03))
        post("/interrupt", {})

    try:
        for index in range(20):
            cancel(index)
        settle()
        before = descriptors()
        for index in range(count):
            cancel(index)
        settle()
        print(
            f"{count} cancelled runs: {descriptors() - before} descriptors more than before,"
            f" {len(children(server.pid))} children left")
    finally:
        server.terminate()
        server.wait()


def main():
    with tempfile.TemporaryDirectory() as base:
        speaking(base)
        first_sound(base)
        million(base)
        cancelling(base)


main()
