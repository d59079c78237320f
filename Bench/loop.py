"""What holds up others: python3 Bench/loop.py SERVER [SERVER...]

a) Eight connections ask /queue again and again while a POST is checked against 60,000 pictures, in milliseconds: the longest answer.
b) A prompt of 94 kB behind sixteen posts of 13 MB: the time to its answer.

Each server is started once a round, in turn.
"""

import http.client
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

ROUNDS = 3
PORT = 48350


def start(program, base):
    process = subprocess.Popen(
        [program, "--base-directory", base, "--port", str(PORT)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(200):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=60)
            connection.request("GET", "/prompt")
            connection.getresponse().read()
            return process
        except OSError:
            time.sleep(0.02)
    raise SystemExit(f"{program} did not start")


def post(body):
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=120)
    connection.request("POST", "/prompt", body)
    answer = connection.getresponse()
    answer.read()
    return answer.status


def folder_check():
    longest, stop = [], threading.Event()

    def ask():
        connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=60)
        worst = 0.0
        while not stop.is_set():
            begin = time.perf_counter()
            connection.request("GET", "/queue")
            connection.getresponse().read()
            worst = max(worst, time.perf_counter() - begin)
            time.sleep(0.005)
        longest.append(worst)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    time.sleep(0.3)
    prompt = {
        "1": {"class_type": "LoadImage", "inputs": {"image": "picture 59999x.png"}},
        "2": {"class_type": "PreviewImage", "inputs": {"images": ["1", 0]}},
    }
    status = post(json.dumps({"prompt": prompt}))
    stop.set()
    for thread in threads:
        thread.join()
    assert status == 400, status
    return max(longest) * 1000


def behind_large():
    node = {"class_type": "PreviewAny", "inputs": {"source": "x"}}
    large = json.dumps({"prompt": {str(n): node for n in range(190_000)}}).encode()[: 13 << 20]
    # It ends in the middle: a hostile body costs its reading all the same.
    small = json.dumps({"prompt": {"1": {"class_type": "PreviewAny", "inputs": {"source": "y" * 94_000}}}})
    threads = [threading.Thread(target=post, args=(large,)) for _ in range(16)]
    for thread in threads:
        thread.start()
    time.sleep(0.15)
    begin = time.perf_counter()
    status = post(small)
    elapsed = time.perf_counter() - begin
    for thread in threads:
        thread.join()
    assert status == 200, status
    return elapsed * 1000


def main():
    base = tempfile.mkdtemp()
    try:
        os.mkdir(f"{base}/input")
        for number in range(60_000):
            open(f"{base}/input/picture {number}.png", "w").close()
        results = {program: ([], []) for program in sys.argv[1:]}
        for _ in range(ROUNDS):
            for program in sys.argv[1:]:
                process = start(program, base)
                results[program][0].append(folder_check())
                results[program][1].append(behind_large())
                process.terminate()
                process.wait()
        for program, (checks, bodies) in results.items():
            print(
                f"{program}: /queue beside a check {statistics.median(checks):.1f} ms ({max(checks):.1f} worst), "
                f"94 kB behind 16 of 13 MB {statistics.median(bodies):.1f} ms ({max(bodies):.1f} worst)")
    finally:
        shutil.rmtree(base)


main()
