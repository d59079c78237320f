"""Times whole runs of graphrun as a person starts it: wall time and peak memory of the process.

python3 Bench/processes.py GRAPHRUN PHOTO_12MP   (standard library only)
"""
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

graphrun, photo = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])


def run(arguments, base):
    """Seconds from start to exit, and peak resident memory in MB."""
    start = time.perf_counter()
    child = subprocess.Popen([graphrun, *arguments, "--base-directory", base], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - start
    assert status == 0, status
    return seconds, usage.ru_maxrss / 1024


def first_node(arguments, base):
    """Seconds from start to the line that says the first node has started."""
    start = time.perf_counter()
    child = subprocess.Popen([graphrun, *arguments, "--base-directory", base, "--events", "jsonl"], stdout=subprocess.PIPE)
    for line in child.stdout:
        if b'"node_started"' in line:
            seconds = time.perf_counter() - start
            break
    child.stdout.read()
    child.wait()
    return seconds


def told(name, seconds, memory=None):
    text = f"{name}: median {statistics.median(seconds) * 1e3:.1f} ms, best {min(seconds) * 1e3:.1f} ms"
    print(text + (f", peak memory {max(memory):.0f} MB" if memory else ""), flush=True)


def main():
    with tempfile.TemporaryDirectory() as base:
        os.mkdir(f"{base}/input")
        with open(photo, "rb") as source, open(f"{base}/input/photo.jpg", "wb") as target:
            target.write(source.read())

        pipeline = {
            "1": {"class_type": "LoadImage", "inputs": {"image": "photo.jpg"}},
            "2": {"class_type": "ImageScale", "inputs": {"image": ["1", 0], "upscale_method": "lanczos", "width": 1024, "height": 768, "crop": "disabled"}},
            "3": {"class_type": "ImageInvert", "inputs": {"image": ["2", 0]}},
            "4": {"class_type": "SaveImage", "inputs": {"images": ["3", 0], "filename_prefix": "bench"}},
        }
        chain = {"0": {"class_type": "EmptyImage", "inputs": {"width": 1, "height": 1, "batch_size": 1, "color": 1}}}
        for index in range(1, 100_001):
            chain[str(index)] = {"class_type": "ImageInvert", "inputs": {"image": [str(index - 1), 0]}}
        chain["end"] = {"class_type": "PreviewAny", "inputs": {"source": ["100000", 0]}}
        small = {"1": {"class_type": "PrimitiveInt", "inputs": {"value": 1}}, "2": {"class_type": "PreviewAny", "inputs": {"source": ["1", 0]}}}
        for name, workflow in (("pipeline", pipeline), ("chain", chain), ("small", small)):
            with open(f"{base}/{name}.json", "w") as file:
                json.dump(workflow, file)

        told("start to first node", [first_node([f"{base}/small.json"], base) for _ in range(21)])
        times, memory = zip(*[run([f"{base}/chain.json", "--events", "none"], base) for _ in range(5)])
        told(f"a file of 100,000 nodes ({os.path.getsize(f'{base}/chain.json') >> 20} MB), start to exit", times, memory)
        times, memory = zip(*[run([f"{base}/pipeline.json", "--events", "none"], base) for _ in range(11)])
        told("12 megapixel JPEG -> lanczos 1024x768 -> invert -> PNG, start to exit", times, memory)


main()
