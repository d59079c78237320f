#!/usr/bin/env bash
# All numbers of Bench/RESULTS.md: the engine's in one process, then whole runs of graphrun.
set -euo pipefail
cd "$(dirname "$0")/.."
photo=.build/bench/photo-4000x3000.jpg
if [ ! -e "$photo" ]; then
    mkdir -p .build/bench
    [ -d .build/bench/venv ] || python3 -m venv .build/bench/venv
    .build/bench/venv/bin/pip install -q numpy pillow
    .build/bench/venv/bin/python Tools/draw_sample_photo.py "$photo" --width 4000 --height 3000
fi
echo "$(date -u +%F), $(nproc) cores, $(grep -m1 'model name' /proc/cpuinfo 2>/dev/null | cut -d: -f2- || uname -m), $(swift --version 2>/dev/null | head -1)"
.build/release/Bench
.build/release/Bench server
python3 Bench/processes.py .build/release/graphrun "$photo"
