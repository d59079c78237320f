"""The same work on pixels by libvips, two threads, pictures in memory.

VIPS_CONCURRENCY=2 python Bench/libvips.py FOLDER   (pyvips; FOLDER has photo.jpg of 12 megapixels)
"""
import statistics
import sys
import time

import pyvips

photo = pyvips.Image.new_from_file(f"{sys.argv[1]}/photo.jpg").copy_memory()


def measure(name, work):
    times = []
    for _ in range(9):
        start = time.perf_counter()
        work().copy_memory()
        times.append(time.perf_counter() - start)
    print(f"libvips {name}: {statistics.median(times) * 1e3:.1f} ms ({min(times) * 1e3:.1f})", flush=True)


pyvips.cache_set_max(0)
print(f"libvips {pyvips.version(0)}.{pyvips.version(1)}.{pyvips.version(2)}")
across, down = 1024 / photo.width, 768 / photo.height
measure("lanczos 1024x768", lambda: photo.resize(across, vscale=down, kernel="lanczos3"))
# By default libvips halves a picture before it comes to lanczos; gap 0 is lanczos alone, as Pillow's.
measure("lanczos 1024x768, exact", lambda: photo.resize(across, vscale=down, kernel="lanczos3", gap=0))
measure("gaussian blur", lambda: photo.gaussblur(2.5))
measure("gaussian blur, float", lambda: photo.gaussblur(2.5, precision="float").cast("float"))
measure("sharpen", lambda: photo.sharpen(sigma=2.5))
measure("sharpen, ours in its parts", lambda: ((photo.cast("float") * 2 - photo.gaussblur(2.5, precision="float")) / 255).cast("float"))
