"""Resident memory of a graphserver: at the start, after work of several kinds, a moment later, and after /free.

python3 Bench/memory.py GRAPHSERVER [WORK ...]   (standard library only; works: blurs chain wide sounds photos)
"""
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request

KINDS = ["blurs", "chain", "wide", "sounds", "photos"]
numbers = random.Random(4)
repository = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class Server:
    def __init__(self, program):
        self.base = tempfile.mkdtemp()
        shutil.copytree(f"{repository}/input", f"{self.base}/input")
        self.process = subprocess.Popen(
            [program, "--base-directory", self.base, "--port", "0"], stderr=subprocess.PIPE, text=True)
        self.url = re.search(r"http://\S+", self.process.stderr.readline()).group()

    def request(self, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=300) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def run(self, graphs):
        ids = [self.request("/prompt", {"prompt": graph})["prompt_id"] for graph in graphs]
        for prompt in ids:
            while prompt not in (history := self.request(f"/history/{prompt}")):
                time.sleep(0.03)
            assert history[prompt]["status"]["status_str"] == "success", history[prompt]["status"]

    def megabytes(self):
        with open(f"/proc/{self.process.pid}/status") as file:
            return next(int(line.split()[1]) / 1024 for line in file if line.startswith("VmRSS"))

    def stop(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.base)


def blurs(width, height, count):
    graph = {"e": node("EmptyImage", width=width, height=height, batch_size=1, color=numbers.randrange(1 << 24))}
    last = "e"
    for index in range(count):
        graph[f"b{index}"] = node("ImageBlur", image=[last, 0], blur_radius=3, sigma=1.0)
        last = f"b{index}"
    graph["p"] = node("PreviewImage", images=[last, 0])
    return graph


def node(name, **inputs):
    return {"class_type": name, "inputs": inputs}


def graphs(kind):
    if kind == "blurs":
        sides = lambda: numbers.randrange(700, 1700)
        return [blurs(sides(), sides(), 30) for _ in range(24)]
    if kind == "chain":
        graph = {"0": node("PrimitiveInt", value=7)}
        graph |= {str(i): node("PrimitiveInt", value=[str(i - 1), 0]) for i in range(1, 100_000)}
        return [graph | {"p": node("PreviewAny", source=["99999", 0])}]
    if kind == "wide":
        graph = {f"a{i}": node("PrimitiveInt", value=i) for i in range(50_000)}
        return [graph | {f"p{i}": node("PreviewAny", source=[f"a{i}", 0]) for i in range(50_000)}]
    if kind == "sounds":
        return [
            {
                "e": node("EmptyAudio", duration=60.0 + i, sample_rate=44100, channels=2),
                "v": node("AudioAdjustVolume", audio=["e", 0], volume=1),
                "c": node("AudioConcat", audio1=["v", 0], audio2=["v", 0], direction="after"),
                "s": node("PreviewAudio", audio=["c", 0]),
            }
            for i in range(6)
        ]
    if kind == "photos":
        with open(f"{repository}/workflows/old-photo.json") as file:
            graph = json.load(file)
        return [graph.get("prompt", graph)] + [blurs(4000, 3000, 4)]
    sys.exit(f"no such work: {kind}")


def main():
    server = Server(sys.argv[1])
    try:
        time.sleep(0.5)
        print(f"start {server.megabytes():.0f} MB", flush=True)
        for kind in sys.argv[2:] or KINDS:
            started = time.perf_counter()
            server.run(graphs(kind))
            seconds = time.perf_counter() - started
            now = server.megabytes()
            time.sleep(3)
            print(f"{kind}: {seconds:.1f} s, {now:.0f} MB; 3 s later {server.megabytes():.0f} MB", flush=True)
        server.request("/free", {"unload_models": True, "free_memory": True})
        print(f"after /free {server.megabytes():.0f} MB", flush=True)
    finally:
        server.stop()


main()
