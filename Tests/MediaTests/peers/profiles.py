"""Makes pictures with colour profiles in a folder, and beside each what Little CMS makes of it through Pillow.

NAME.expected holds the sRGB bytes; perceptual intent, eight bits. NAME.profile holds the profile.
"""
import io
import os
import struct
import sys

import numpy as np
from PIL import Image, ImageCms

folder = sys.argv[1]
noise = np.random.default_rng(4)


def fixed(*numbers):
    return b"".join(struct.pack(">i", round(number * 65536)) for number in numbers)


def xyz(*numbers):
    return b"XYZ \0\0\0\0" + fixed(*numbers)


def gamma(exponent):
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(exponent * 256))


def table(curve, count=1024):
    levels = [round(curve(i / (count - 1)) * 65535) for i in range(count)]
    return b"curv\0\0\0\0" + struct.pack(f">I{count}H", count, *levels)


def srgb_curve(x):
    return x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4


def icc(kind, space, connection, tags):
    """An ICC.1 version 2.4 profile."""
    tags = {b"desc": b"desc\0\0\0\0" + struct.pack(">I", 2) + b"x\0" + bytes(78), b"cprt": b"text\0\0\0\0x\0",
            b"wtpt": xyz(0.9642, 1, 0.8249), **tags}
    index, body, start = b"", b"", 128 + 4 + 12 * len(tags)
    for name, data in tags.items():
        index += name + struct.pack(">II", start + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    head = b"test" + struct.pack(">I", 0x02400000) + kind + space + connection + struct.pack(">6H", 2000, 1, 1, 0, 0, 0)
    head += b"acsp" + bytes(28) + fixed(0.9642, 1, 0.8249) + b"test" + bytes(44)
    return struct.pack(">I", start + len(body)) + head + struct.pack(">I", len(tags)) + index + body


def rgb_profile(r, g, b, curve):
    tags = {b"rXYZ": xyz(*r), b"gXYZ": xyz(*g), b"bXYZ": xyz(*b), b"rTRC": curve, b"gTRC": curve, b"bTRC": curve}
    return icc(b"mntr", b"RGB ", b"XYZ ", tags)


wide = rgb_profile((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457), gamma(2.2))
srgb = rgb_profile((0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708), (0.14307, 0.06061, 0.71410), table(srgb_curve))
linear_gray = icc(b"mntr", b"GRAY", b"XYZ ", {b"kTRC": gamma(1)})
usual_gray = icc(b"mntr", b"GRAY", b"XYZ ", {b"kTRC": table(srgb_curve)})


def ink_profile():
    steps = bytes(range(256))
    nodes = b""
    for i in range(16):
        c, m, y, k = (i >> 3 & 1, i >> 2 & 1, i >> 1 & 1, i & 1)
        light = max(0, 100 - 25 * c - 40 * m - 8 * y - 85 * k)
        nodes += bytes([round(light * 2.55), 128 - (30 * c - 60 * m) * (1 - k), 128 + (80 * y - 40 * c) * (1 - k)])
    lut = b"mft1\0\0\0\0" + bytes([4, 3, 2, 0]) + fixed(1, 0, 0, 0, 1, 0, 0, 0, 1) + steps * 4 + nodes + steps * 3
    return icc(b"prtr", b"CMYK", b"Lab ", {b"A2B0": lut})


inks = ink_profile()
target = ImageCms.createProfile("sRGB")


def save(name, picture, profile, expected, **options):
    path = os.path.join(folder, name)
    picture.save(path, icc_profile=profile, **options)
    open(path + ".profile", "wb").write(profile)
    opened = Image.open(path)
    if expected == "converted":
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        alpha = opened.mode in ("RGBA", "LA")
        plain = opened.convert(opened.mode[:-1]) if alpha else opened
        made = ImageCms.profileToProfile(plain, source, target, renderingIntent=0, outputMode="RGB")
    else:
        made = opened.convert("RGB")
    open(path + ".expected", "wb").write(np.array(made).tobytes())


def picture(mode, width=61, height=43):
    bands = len(Image.new(mode, (1, 1)).getbands())
    y, x = np.mgrid[0:height, 0:width]
    layers = [x * 4, y * 5, 255 - x * 2 - y, (x + y) * 2][:bands]
    data = (np.stack(layers, -1) + noise.integers(-9, 9, (height, width, bands))).clip(0, 255).astype(np.uint8)
    return Image.frombytes(mode, (width, height), data.tobytes())


for ending, options in {"png": {}, "jpg": {"quality": 95}, "webp": {"lossless": True}}.items():
    save(f"wide.{ending}", picture("RGB"), wide, "converted", **options)
    save(f"srgb.{ending}", picture("RGB"), srgb, "alone", **options)
    save(f"damaged.{ending}", picture("RGB"), wide[:200] + bytes(len(wide) - 200), "alone", **options)
    if ending != "webp":
        save(f"gray-linear.{ending}", picture("L"), linear_gray, "converted", **options)
        save(f"gray-usual.{ending}", picture("L"), usual_gray, "alone", **options)
        save(f"mismatch-gray.{ending}", picture("L"), wide, "alone", **options)
    save(f"mismatch-rgb.{ending}", picture("RGB"), inks, "alone", **options)
save("wide-alpha.png", picture("RGBA"), wide, "converted")
save("inks.jpg", picture("CMYK"), inks, "converted", quality=95)
save("mismatch-inks.jpg", picture("CMYK"), wide, "alone", quality=95)
long = icc(b"mntr", b"RGB ", b"XYZ ", {
    b"rXYZ": xyz(0.6, 0.3, 0.02), b"gXYZ": xyz(0.2, 0.6, 0.06), b"bXYZ": xyz(0.15, 0.1, 0.74), b"rTRC": gamma(1.8),
    b"gTRC": gamma(1.8), b"bTRC": gamma(1.8), b"xtra": b"data\0\0\0\0" + noise.bytes(150_000)})
save("several-segments.jpg", picture("RGB"), long, "converted", quality=95)
