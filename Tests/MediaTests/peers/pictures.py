"""Makes pictures of every kind in a folder, and beside each what ComfyUI's LoadImage makes of it.

Arguments: the folder, and a suite of pictures that are taken as they are (or nothing). NAME.expected holds a line
"frames height width alpha" (alpha 0 or 1), then the RGB bytes and, with alpha, the alpha bytes.
"""
import os
import random
import struct
import sys
import warnings
import zlib

import numpy as np
from PIL import Image

from load_image import load

warnings.simplefilter("ignore")
folder, suite = sys.argv[1], sys.argv[2]
dice = random.Random(4)
noise = np.random.default_rng(4)


def expect(path):
    frames, alpha = load(path)
    count, height, width, _ = frames.shape
    with open(path + ".expected", "wb") as out:
        out.write(b"%d %d %d %d\n" % (count, height, width, alpha is not None))
        out.write(frames.tobytes() + (b"" if alpha is None else alpha.tobytes()))


def write(name, data):
    path = os.path.join(folder, name)
    with open(path, "wb") as out:
        out.write(data)
    expect(path)


# PNG, written by hand: Pillow writes few of its forms.

SIGNATURE = b"\x89PNG\r\n\x1a\n"
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
PASSES = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def scanlines(samples, depth):
    lines = b""
    for row in samples:
        values = row.reshape(-1)
        if depth == 16:
            packed = values.astype(">u2").tobytes()
        elif depth == 8:
            packed = values.astype(np.uint8).tobytes()
        else:
            bits = (values[:, None] >> np.arange(depth - 1, -1, -1) & 1).reshape(-1)
            packed = np.packbits(bits).tobytes()
        lines += b"\0" + packed
    return lines


def compressed(samples, depth, interlaced=False):
    if not interlaced:
        return zlib.compress(scanlines(samples, depth))
    parts = [samples[y::dy, x::dx] for x, y, dx, dy in PASSES]
    return zlib.compress(b"".join(scanlines(part, depth) for part in parts if part.size))


def header(width, height, depth, color, interlaced=False):
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, interlaced))


def random_samples(height, width, depth, color, top=None):
    return noise.integers(0, top or 1 << depth, (height, width, CHANNELS[color]), dtype=np.int64)


def png(depth, color, interlaced=False, before=b"", samples=None, width=13, height=11, after=b""):
    if samples is None:
        samples = random_samples(height, width, depth, color)
    height, width = samples.shape[:2]
    return (
        SIGNATURE + header(width, height, depth, color, interlaced) + before
        + chunk(b"IDAT", compressed(samples, depth, interlaced)) + after + chunk(b"IEND", b"")
    )


def palette(count):
    return chunk(b"PLTE", noise.integers(0, 256, count * 3, dtype=np.uint8).tobytes())


def pngs():
    for color, depths in {0: [1, 2, 4, 8, 16], 2: [8, 16], 3: [1, 2, 4, 8], 4: [8, 16], 6: [8, 16]}.items():
        for depth in depths:
            for interlaced in (False, True):
                name = f"color{color}-{depth}bit{'-interlaced' if interlaced else ''}"
                before = palette(1 << depth) if color == 3 else b""
                write(name + ".png", png(depth, color, interlaced, before))
                if color in (0, 2):
                    samples = random_samples(11, 13, depth, color)
                    key = struct.pack(f">{CHANNELS[color]}H", *samples[3, 4])
                    write(name + "-key.png", png(depth, color, interlaced, chunk(b"tRNS", key), samples))
                if color == 3:
                    levels = noise.integers(0, 256, (1 << depth) - 1, dtype=np.uint8).tobytes()
                    for kind, body in {"levels": levels, "hole": b"\xff\0", "full": b"\xff\xff"}.items():
                        write(f"{name}-{kind}.png", png(depth, color, interlaced, before + chunk(b"tRNS", body)))
    for kind, body in {"gAMA": struct.pack(">I", 100000), "sRGB": b"\0", "cHRM": struct.pack(">8I", *range(1, 9))}.items():
        write(f"with-{kind}.png", png(8, 2, before=chunk(kind.encode(), body)))
        write(f"gray-with-{kind}.png", png(16, 0, before=chunk(kind.encode(), body)))
    low = random_samples(9, 9, 16, 0, top=300)
    write("gray16-dark.png", png(16, 0, samples=low))
    write("gray16-dark-interlaced.png", png(16, 0, True, samples=low))
    for width, height in [(1, 1), (1, 9), (9, 1), (5, 3), (8, 8)]:
        write(f"size-{width}x{height}.png", png(8, 6, True, width=width, height=height))
        write(f"size-{width}x{height}-bits.png", png(1, 0, True, width=width, height=height))


def exif(orientation, order=">", kind=3):
    value = struct.pack(order + ("HH" if kind == 3 else "I"), *([orientation, 0] if kind == 3 else [orientation]))
    start = b"MM\0*" if order == ">" else b"II*\0"
    return start + struct.pack(order + "IHHHI", 8, 1, 0x0112, kind, 1) + value + bytes(4)


def turned_pngs():
    for orientation in range(0, 10):
        body = exif(orientation, dice.choice("<>"), dice.choice([3, 4]))
        write(f"turned-{orientation}.png", png(8, 6, before=chunk(b"eXIf", body)))
    write("turned-late.png", png(8, 2, after=chunk(b"eXIf", exif(6))))
    xmp = b"XML:com.adobe.xmp\0\0\0\0\0<x tiff:Orientation=\"8\"/>"
    write("turned-xmp.png", png(8, 2, before=chunk(b"iTXt", xmp)))
    write("turned-exif-over-xmp.png", png(8, 2, before=chunk(b"iTXt", xmp) + chunk(b"eXIf", exif(5))))
    digits = (b"Exif\0\0" + exif(7)).hex().encode()
    raw = b"\nexif\n%8d\n%s\n" % (len(digits) // 2, digits[:40] + b"\n" + digits[40:])
    write("turned-raw.png", png(8, 2, before=chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(raw))))


# Animated PNG.


class Animation:
    def __init__(self, depth, color, frame_count, before=b"", width=13, height=11):
        self.depth, self.color, self.sequence = depth, color, 0
        self.width, self.height = width, height
        self.data = SIGNATURE + header(width, height, depth, color)
        self.data += chunk(b"acTL", struct.pack(">II", frame_count, 0)) + before

    def pixels(self, width, height):
        return compressed(random_samples(height, width, self.depth, self.color), self.depth)

    def control(self, x, y, width, height, dispose, blend):
        body = struct.pack(">IIIIIHHBB", self.sequence, width, height, x, y, 1, 10, dispose, blend)
        self.data += chunk(b"fcTL", body)
        self.sequence += 1

    def default(self):
        self.data += chunk(b"IDAT", self.pixels(self.width, self.height))

    def frame(self, dispose, blend, pieces=1):
        width, height = dice.randint(1, self.width), dice.randint(1, self.height)
        x, y = dice.randint(0, self.width - width), dice.randint(0, self.height - height)
        self.control(x, y, width, height, dispose, blend)
        data = self.pixels(width, height)
        size = -(-len(data) // pieces)
        for at in range(0, len(data), size):
            self.data += chunk(b"fdAT", struct.pack(">I", self.sequence) + data[at:at + size])
            self.sequence += 1


def animations():
    kinds = {"rgba": (8, 6, b""), "rgb": (8, 2, b""), "la": (8, 4, b""), "gray": (8, 0, b""), "bits": (1, 0, b""),
             "rgba16": (16, 6, b""), "palette": (8, 3, palette(256)), "palette2": (2, 3, palette(4)),
             "palette-hole": (2, 3, palette(4) + chunk(b"tRNS", b"\xff\0")),
             "palette-levels": (4, 3, palette(16) + chunk(b"tRNS", bytes([0, 90, 180, 255]))),
             "rgb-key": (8, 2, chunk(b"tRNS", struct.pack(">3H", 1, 2, 3)))}
    for name, (depth, color, before) in kinds.items():
        for has_default in (False, True):
            for round in range(3):
                moves = [(dice.randint(0, 2), dice.randint(0, 1)) for _ in range(8)]
                if round == 0:
                    moves = [(dispose, blend) for dispose in range(3) for blend in range(2)]
                animation = Animation(depth, color, len(moves) + (not has_default), before)
                if not has_default:
                    animation.control(0, 0, animation.width, animation.height, dice.randint(0, 2), dice.randint(0, 1))
                animation.default()
                for dispose, blend in moves:
                    animation.frame(dispose, blend, dice.randint(1, 3))
                data = animation.data + chunk(b"IEND", b"")
                write(f"animated-{name}-{'default-' if has_default else ''}{round}.png", data)
    for name, announced in {"fewer": 2, "none": 0}.items():
        animation = Animation(8, 6, announced)
        animation.control(0, 0, animation.width, animation.height, 0, 0)
        animation.default()
        for _ in range(3):
            animation.frame(0, 1)
        write(f"animated-announces-{name}.png", animation.data + chunk(b"IEND", b""))
    turned = Animation(8, 6, 3, chunk(b"eXIf", exif(6)))
    turned.control(0, 0, turned.width, turned.height, 0, 0)
    turned.default()
    turned.frame(1, 1)
    turned.frame(2, 0)
    write("animated-turned.png", turned.data + chunk(b"IEND", b""))


# JPEG.


def soft(height, width, channels):
    y, x = np.mgrid[0:height, 0:width]
    layers = [128 + 100 * np.sin(x / (3 + c) + c) * np.cos(y / (5 - c / 2)) for c in range(channels)]
    return (np.stack(layers, -1) + noise.integers(-20, 20, (height, width, channels))).clip(0, 255).astype(np.uint8)


def save(name, picture, **options):
    path = os.path.join(folder, name)
    picture.save(path, **options)
    expect(path)
    return path


def inserted(path, name, segments):
    data = open(path, "rb").read()
    write(name, data[:2] + segments + data[2:])


def segment(marker, body):
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def without(path, name, marker):
    data = open(path, "rb").read()
    at, kept = 2, data[:2]
    while data[at + 1] != 0xDA:
        size = struct.unpack(">H", data[at + 2:at + 4])[0] + 2
        if data[at + 1] != marker:
            kept += data[at:at + size]
        at += size
    write(name, kept + data[at:])


def jpegs():
    for width, height in [(37, 29), (64, 48), (1, 1), (3, 70), (131, 17)]:
        name = f"{width}x{height}"
        color, gray = Image.fromarray(soft(height, width, 3)), Image.fromarray(soft(height, width, 1)[:, :, 0])
        inks = Image.frombytes("CMYK", (width, height), soft(height, width, 4).tobytes())
        for progressive in (False, True):
            kind = f"{name}{'-progressive' if progressive else ''}"
            for sampling in (0, 1, 2, "4:1:1"):
                save(f"color-{kind}-{str(sampling).replace(':', '')}.jpg", color, subsampling=sampling, progressive=progressive)
            save(f"gray-{kind}.jpg", gray, progressive=progressive)
            save(f"inks-{kind}.jpg", inks, progressive=progressive)
            save(f"rgb-{kind}.jpg", color, keep_rgb=True, progressive=progressive)
            save(f"restarts-{kind}.jpg", color, restart_marker_rows=1, progressive=progressive)
        for quality in (3, 30, 100):
            save(f"color-{name}-q{quality}.jpg", color, quality=quality)
    color = save("plain.jpg", Image.fromarray(soft(30, 41, 3)), quality=85)
    inks = save("inks.jpg", Image.frombytes("CMYK", (41, 30), soft(30, 41, 4).tobytes()))
    without(inks, "inks-no-adobe.jpg", 0xEE)
    without(color, "plain-no-jfif.jpg", 0xE0)
    data = open(inks, "rb").read()
    at = data.index(b"Adobe") + 11
    write("ycck.jpg", data[:at] + b"\2" + data[at + 1:])
    without(save("rgb.jpg", Image.fromarray(soft(30, 41, 3)), keep_rgb=True), "rgb-no-adobe.jpg", 0xEE)
    for orientation in range(0, 10):
        body = b"Exif\0\0" + exif(orientation, dice.choice("<>"), dice.choice([3, 4]))
        inserted(color, f"turned-{orientation}.jpg", segment(0xE1, body))
    xmp = b"http://ns.adobe.com/xap/1.0/\0<tiff:Orientation>6</tiff:Orientation>"
    inserted(color, "turned-xmp.jpg", segment(0xE1, xmp))
    inserted(color, "turned-both.jpg", segment(0xE1, b"Exif\0\0" + exif(8)) + segment(0xE1, xmp))
    inserted(color, "turned-twice.jpg", segment(0xE1, b"Exif\0\0" + exif(8)[:15]) + segment(0xE1, b"Exif\0\0" + exif(8)[15:]))
    first, second = Image.fromarray(soft(30, 41, 3)), Image.fromarray(soft(30, 41, 3))
    save("two.mpo", first, format="MPO", save_all=True, append_images=[second])


def adopted():
    for name in sorted(os.listdir(suite)):
        if name.endswith(".png"):
            write("suite-" + name, open(os.path.join(suite, name), "rb").read())


pngs()
turned_pngs()
animations()
jpegs()
if suite:
    adopted()
