#!/usr/bin/env bash
# All numbers of Bench/RESULTS.md: the engine's in one process, then whole runs of graphrun.
set -euo pipefail
cd "$(dirname "$0")/.."
pictures=.build/bench/pictures
python=.build/bench/venv/bin/python
if [ ! -e "$pictures/noisy.png" ]; then
    mkdir -p "$pictures"
    [ -d .build/bench/venv ] || python3 -m venv .build/bench/venv
    .build/bench/venv/bin/pip install -q numpy pillow pyvips
    "$python" Tools/draw_sample_photo.py "$pictures/photo.jpg" --width 4000 --height 3000
    "$python" - "$pictures" <<'END'
import sys
from PIL import Image
import numpy
folder = sys.argv[1]
photo = Image.open(f"{folder}/photo.jpg")
photo.save(f"{folder}/photo.png", compress_level=4)
small = numpy.asarray(photo.resize((1024, 768)), dtype=float)
noise = numpy.random.default_rng(1).normal(0, 12, small.shape)
Image.fromarray(numpy.clip(small + noise, 0, 255).astype("uint8")).save(f"{folder}/noisy.png")
END
fi
echo "$(date -u +%F), $(nproc) cores, $(grep -m1 'model name' /proc/cpuinfo 2>/dev/null | cut -d: -f2- || uname -m), $(swift --version 2>/dev/null | head -1)"
.build/release/Bench
.build/release/Bench server
python3 Bench/processes.py .build/release/graphrun "$pictures/photo.jpg"
python3 Bench/speech.py .build/release/graphrun .build/release/graphserver
.build/release/Bench pictures "$pictures"
cc -O2 Bench/decode_alone.c -ljpeg -lpng -o .build/bench/decode_alone && .build/bench/decode_alone "$pictures"
# libvips comes with libvips-tools; without it there is nothing to compare with.
VIPS_CONCURRENCY=2 "$python" Bench/libvips.py "$pictures"
# With torch, onnx and onnxruntime; says so and goes on where they are not installed.
"${TORCH_PYTHON:-$python}" Bench/ddcolor.py .build/bench/ddcolor
