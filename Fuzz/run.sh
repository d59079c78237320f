#!/usr/bin/env bash
# Fuzzes every parser of foreign bytes with libFuzzer and AddressSanitizer, each for so many seconds (default 60).
# Outside Package.swift, since libFuzzer brings its own main. A crash leaves its input in .build/fuzz/crashes.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60}
out=.build/fuzz
mkdir -p "$out/crashes"
swift_flags=(-O -g -swift-version 6 -sanitize=fuzzer,address -parse-as-library -I "$out")
export SWIFT_BACKTRACE=enable=no

module() { # name or name=folder, further flags...: Sources/NAME, or the folder, as a module and an object
    local name=${1%%=*} folder=Sources/${1#*=}
    shift
    find "$folder" -name '*.swift' -print0 | xargs -0 swiftc "${swift_flags[@]}" -wmo -module-name "$name" \
        -emit-module -emit-module-path "$out/$name.swiftmodule" -c -o "$out/$name.o" "$@" \
        -enable-upcoming-feature InternalImportsByDefault
}

echo "building"
module GraphCore
for c in Sources/CPNG/*.c Sources/CJPEG/*.c Sources/CTIFF/*.c Sources/CGIF/*.c Sources/CCurl/*.c Sources/CEpoll/*.c; do
    clang -O1 -g -fsanitize=address,fuzzer-no-link -I "$(dirname "$c")/include" -c "$c" -o "$out/$(basename "$c" .c).o"
done
modules=(-Xcc -fmodule-map-file=Fuzz/CModules/CPNG/module.modulemap -Xcc -fmodule-map-file=Fuzz/CModules/CJPEG/module.modulemap
    -Xcc -fmodule-map-file=Fuzz/CModules/CTIFF/module.modulemap -Xcc -fmodule-map-file=Fuzz/CModules/CGIF/module.modulemap
    -Xcc -fmodule-map-file=Sources/CWebP/module.modulemap -Xcc -fmodule-map-file=Sources/CLCMS/module.modulemap)
for name in CSndfile CSampleRate CEBUR128 CKissFFT CMalloc; do
    modules+=(-Xcc "-fmodule-map-file=Sources/$name/module.modulemap")
done
# Without the pool, so that AddressSanitizer sees who writes beyond a buffer. The writer of tags is its own affair.
module Media -enable-testing "${modules[@]}" -enable-experimental-feature Lifetimes -D WITHOUT_PAGE_POOL
for name in Sources/CCrypto Sources/CZlib Sources/COpenSSL Fuzz/CModules/CCurl Fuzz/CModules/CEpoll; do
    http_modules+=(-Xcc "-fmodule-map-file=$name/module.modulemap")
done
module Digest "${http_modules[@]}"
module HTTP "${http_modules[@]}"
clang -O1 -g -fsanitize=address,fuzzer-no-link -I Sources/COnnxRuntime/include -c Sources/COnnxRuntime/conn_runtime.c \
    -o "$out/conn_runtime.o"
inference_modules=("${http_modules[@]}" -Xcc -fmodule-map-file=Fuzz/CModules/COnnxRuntime/module.modulemap)
module Inference "${inference_modules[@]}"
module Processes "${http_modules[@]}"
configuration_modules=("${http_modules[@]}" -Xcc -fmodule-map-file=Sources/CYAML/module.modulemap)
module Files "${configuration_modules[@]}" -package-name graphrun
module Remote "${configuration_modules[@]}" -package-name graphrun
node_modules=("${configuration_modules[@]}" "${modules[@]}" "${inference_modules[@]}")
module Nodes "${node_modules[@]}" -package-name graphrun
link() { # the linker warns of every sanitizer symbol it keeps to itself
    swiftc "${swift_flags[@]}" "$@" 2>&1 | { grep -v 'Cannot export local symbol' || true; }
}
link Fuzz/FuzzJSON.swift "$out/GraphCore.o" -o "$out/json"
link Fuzz/FuzzWorkflow.swift "$out/GraphCore.o" -o "$out/workflow"
link Fuzz/FuzzEditor.swift "$out/GraphCore.o" -o "$out/editor"
media_objects=("$out/GraphCore.o" "$out/Media.o" "$out"/c{png,jpeg,tiff,gif}*.o -lpng -ljpeg -lwebp -lwebpdemux -ltiff -lgif
    -llcms2 -lz -lsndfile -lsamplerate -lebur128 -lkissfft-float)
for target in Picture Sound; do
    link "${modules[@]}" "Fuzz/Fuzz$target.swift" "${media_objects[@]}" -o "$out/$(tr '[:upper:]' '[:lower:]' <<<"$target")"
done
http_objects=("$out/HTTP.o" "$out/Digest.o" "$out/ccurl.o" "$out/cepoll.o" -lcurl -lssl -lcrypto -lz)
for target in HTTP Multipart WebSocket; do
    link "${http_modules[@]}" "Fuzz/Fuzz$target.swift" "${http_objects[@]}" -o "$out/$(tr '[:upper:]' '[:lower:]' <<<"$target")"
done
link "${configuration_modules[@]}" Fuzz/FuzzConfiguration.swift "$out/Remote.o" "$out/Files.o" "$out/GraphCore.o" \
    "${http_objects[@]}" -lyaml -o "$out/configuration"
link "${inference_modules[@]}" Fuzz/FuzzCheckpoint.swift Tests/InferenceTests/WrittenZip.swift "$out/GraphCore.o" \
    "$out/Digest.o" "$out/Inference.o" "$out/conn_runtime.o" -lcrypto -ldl -o "$out/checkpoint"
link "${node_modules[@]}" Fuzz/FuzzPrompt.swift "$out/Nodes.o" "$out/Remote.o" "$out/Files.o" \
    "$out/Inference.o" "$out/conn_runtime.o" "$out/Processes.o" "${media_objects[@]}" "${http_objects[@]}" -lyaml -ldl \
    -o "$out/prompt"

fuzz() { # target or target-WHAT, largest input, seed folders...
    local target=$1 size=$2
    shift 2
    mkdir -p "$out/corpus-$target"
    local seeds=()
    for folder in "$@"; do [ -d "$folder" ] && seeds+=("$folder"); done
    echo "fuzzing $target for $seconds s"
    timeout -k 5 $((seconds + 60)) "$out/${target%%-*}" -max_total_time="$seconds" -max_len="$size" -rss_limit_mb=4096 \
        -timeout=10 -print_final_stats=1 -artifact_prefix="$out/crashes/$target-" "$out/corpus-$target" "${seeds[@]}" \
        2>&1 | grep -E "ERROR|SUMMARY|number_of_executed|Test unit|panic|Fatal" || true
    if compgen -G "$out/crashes/$target-*" >/dev/null; then
        echo "a crash was found: see $out/crashes"
        exit 1
    fi
}

fuzz json 4096 ../shared/json-test-suite/test_parsing workflows
fuzz workflow 4096 Fuzz/seeds workflows
# Tasks of the engine that are still ending look like leaks.
ASAN_OPTIONS=detect_leaks=0 fuzz prompt 512
fuzz editor 65536 ../shared/ui-format workflows
# Pictures of every kind come from the tests' Python, where 'make test' has made it; sorted by what they are.
seeds="$out/seeds"
mkdir -p "$seeds/made"
[ -x .venv/bin/python3 ] && .venv/bin/python3 -B Tests/MediaTests/peers/scans.py "$seeds/made" >/dev/null 2>&1
python3 - "$seeds" "$seeds/made" ../shared/png-suite ../shared/png-suite/broken input Fuzz/pictures Fuzz/sounds <<'END'
import os, shutil, sys
marks = {b"\x89PNG": "png", b"\xff\xd8": "jpeg", b"RIFF": "webp", b"GIF8": "gif", b"BM": "bmp", b"II": "tiff", b"MM": "tiff"}
seeds, *folders = sys.argv[1:]
for folder in filter(os.path.isdir, folders):
    for name in os.listdir(folder):
        path = os.path.join(folder, name)
        if not os.path.isfile(path) or os.path.getsize(path) > 65536:
            continue
        with open(path, "rb") as file:
            start = file.read(4)
        kind = next((kind for mark, kind in marks.items() if start.startswith(mark)), "texts")
        os.makedirs(os.path.join(seeds, kind), exist_ok=True)
        shutil.copy(path, os.path.join(seeds, kind, f"{os.path.basename(folder)}-{name}"))
END
for kind in png jpeg webp tiff gif bmp texts; do fuzz "picture-$kind" 65536 "$seeds/$kind"; done
LSAN_OPTIONS=suppressions=Fuzz/known-leaks:print_suppressions=0 fuzz sound 16384 Fuzz/sounds
# Files that PyTorch and safetensors wrote, their pickles and headers alone.
python3 - Fuzz/seeds-checkpoint "$seeds" <<'END'
import os, sys, zipfile
folder, seeds = sys.argv[1:]
for kind in ("pickle", "header"):
    os.makedirs(os.path.join(seeds, kind), exist_ok=True)
for name in os.listdir(folder):
    path = os.path.join(folder, name)
    if name.endswith(".safetensors"):
        with open(path, "rb") as file:
            bytes, kind = file.read(int.from_bytes(file.read(8), "little")), "header"
    else:
        archive, kind = zipfile.ZipFile(path), "pickle"
        bytes = archive.read(next(entry for entry in archive.namelist() if entry.endswith("/data.pkl")))
    with open(os.path.join(seeds, kind, name), "wb") as file:
        file.write(bytes)
END
fuzz checkpoint-file 16384 Fuzz/seeds-checkpoint
fuzz checkpoint-pickle 4096 "$seeds/pickle"
fuzz checkpoint-header 4096 "$seeds/header"
fuzz configuration 4096 Fuzz/seeds-configuration
fuzz websocket 4096
fuzz http 4096 Fuzz/seeds-http
fuzz multipart 4096 Fuzz/seeds-multipart
echo "nothing found"
