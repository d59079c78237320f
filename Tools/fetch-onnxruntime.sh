#!/usr/bin/env bash
# Puts the ONNX Runtime that models run on where graphrun looks for it, unless it is there: the one library out of the
# Python package that onnxruntime.txt pins. No Python is needed afterwards. Says nothing when there is nothing to do.
set -euo pipefail

requirement="$(dirname "$0")/onnxruntime.txt"
version=$(sed -n 's/^onnxruntime==\([0-9.]*\).*/\1/p' "$requirement")
folder="${XDG_CACHE_HOME:-$HOME/.cache}/graphrun/onnxruntime-$version"

[ -n "${GRAPHRUN_ONNXRUNTIME:-}" ] && exit 0
[ -e "$folder/libonnxruntime.so" ] && exit 0

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
echo "Fetching ONNX Runtime $version"

# A Python without pip can still make an environment that has it.
python=python3
if ! "$python" -m pip --version >/dev/null 2>&1; then
    python3 -m venv "$scratch/venv" >/dev/null
    python="$scratch/venv/bin/python"
fi
machine=$(uname -m)
[ "$machine" = arm64 ] && machine=aarch64
if ! "$python" -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: \
    --python-version 3.11 --implementation cp --platform "manylinux_2_28_$machine" \
    --require-hashes --requirement "$requirement" --dest "$scratch" 2>"$scratch/errors"; then
    tail -n 3 "$scratch/errors" >&2
    echo "ONNX Runtime $version could not be fetched with pip, so nodes with models cannot run. Run 'make runtime' where" \
        "pip works, or set GRAPHRUN_ONNXRUNTIME to the path of libonnxruntime.so." >&2
    exit 1
fi

# Written beside and renamed: under its name the library is whole.
mkdir -p "$folder"
"$python" - "$scratch"/*.whl "$folder" <<'PYTHON'
import os, shutil, sys, zipfile

wheel, folder = sys.argv[1:]
part = os.path.join(folder, f"libonnxruntime.so.{os.getpid()}.part")
with zipfile.ZipFile(wheel) as archive:
    name = next(n for n in archive.namelist() if n.startswith("onnxruntime/capi/libonnxruntime.so"))
    with archive.open(name) as source, open(part, "wb") as target:
        shutil.copyfileobj(source, target)
os.rename(part, os.path.join(folder, "libonnxruntime.so"))
PYTHON
