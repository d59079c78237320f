"""Pictures of every kind that is not PNG or JPEG, and what ComfyUI's LoadImage makes of them with Pillow.

With a folder as argument, writes the files into it (seeds for the fuzzer). Without, writes records to standard output, each of a name, the file, and either nothing (Pillow does not open it) or frames,
height, width, RGB, and alpha (empty without). Numbers are 32-bit little-endian; texts and blobs have their length first.
"""

import io
import struct
import sys
import zlib

import numpy as np
from PIL import Image

from load_image import load

seeds = []
rng = np.random.default_rng(7)


def blob(data):
    sys.stdout.buffer.write(struct.pack("<I", len(data)) + data)


def record(name, data):
    if len(sys.argv) > 1:
        seeds.append(data)
        with open(f"{sys.argv[1]}/{len(seeds)}", "wb") as file:
            file.write(data)
        return
    try:
        colours, alpha = load(io.BytesIO(data), first_only=name.startswith("gif"))
    except Exception:
        blob(name.encode())
        blob(data)
        blob(b"")
        return
    blob(name.encode())
    blob(data)
    count, height, width, _ = colours.shape
    blob(struct.pack("<III", count, height, width))
    blob(colours.tobytes())
    blob(b"" if alpha is None else alpha.tobytes())


class Tiff:
    """A TIFF of tags given by hand. `pages` are dictionaries of tags; 273 and 279 (or 324 and 325) hold blocks."""

    def __init__(self, order="<", big=False):
        self.order, self.big = order, big

    def file(self, pages):
        o, big = self.order, self.big
        mark = b"II" if o == "<" else b"MM"
        out = bytearray(mark + (struct.pack(o + "HHHQ", 43, 8, 0, 16) if big else struct.pack(o + "HI", 42, 8)))
        word, inline = ("Q", 8) if big else ("I", 4)
        for number, tags in enumerate(pages):
            tags = dict(tags)
            blocks = tags.pop("blocks")
            offset_tag, count_tag = (324, 325) if 322 in tags else (273, 279)
            entry_count = len(tags) + 2
            head = len(out) + (8 if big else 2)
            values_at = head + entry_count * (20 if big else 12) + inline
            values = bytearray()
            at = values_at
            encoded = {}
            for tag, value in tags.items():
                kind, items = value
                encoded[tag] = (kind, len(items), self.encode(kind, items))
            data_at = values_at + sum(len(v[2]) + len(v[2]) % 2 for v in encoded.values()) + 16 * len(blocks) + 16
            offsets, at = [], data_at
            for block in blocks:
                offsets.append(at)
                at += len(block) + len(block) % 2
            encoded[offset_tag] = (4, len(blocks), self.encode(4, offsets))
            encoded[count_tag] = (4, len(blocks), self.encode(4, [len(b) for b in blocks]))
            entries = bytearray()
            for tag in sorted(encoded):
                kind, count, data = encoded[tag]
                entries += struct.pack(o + "HH" + word, tag, kind, count)
                if len(data) <= inline:
                    entries += data.ljust(inline, b"\0")
                else:
                    entries += struct.pack(o + word, values_at + len(values))
                    values += data + b"\0" * (len(data) % 2)
            end = data_at + sum(len(b) + len(b) % 2 for b in blocks)
            following = end if number + 1 < len(pages) else 0
            out += struct.pack(o + ("Q" if big else "H"), entry_count) + entries + struct.pack(o + word, following)
            out += values
            out += b"\0" * (data_at - len(out))
            for block in blocks:
                out += block + b"\0" * (len(block) % 2)
        return bytes(out)

    def encode(self, kind, items):
        if isinstance(items, bytes):
            return items
        return struct.pack(self.order + {1: "B", 3: "H", 4: "I"}[kind] * len(items), *items)


def packed(rows, bits):
    """Rows of samples, as bits with the first one highest."""
    out = []
    for row in rows:
        if bits < 8:
            digits = "".join(format(int(v), f"0{bits}b") for v in row)
            digits += "0" * (-len(digits) % 8)
            out.append(int(digits, 2).to_bytes(len(digits) // 8, "big"))
        else:
            out.append(row.tobytes())
    return b"".join(out)


def page(samples, bits, photometric, order="<", layout="strips", deflate=False, planar=False, **tags):
    """`samples` is [height, width, count]."""
    height, width, count = samples.shape
    kind = {"u": 1, "i": 2, "f": 3}[samples.dtype.kind]
    samples = samples.astype(samples.dtype.newbyteorder(order))
    result = {
        256: (4, [width]), 257: (4, [height]), 258: (3, [bits] * count), 259: (3, [8 if deflate else 1]),
        262: (3, [photometric]), 277: (3, [count]), 284: (3, [2 if planar else 1]),
    }
    if kind != 1:
        result[339] = (3, [kind] * count)
    for tag, value in tags.items():
        result[int(tag[1:])] = value
    planes = [samples[:, :, c : c + 1] for c in range(count)] if planar else [samples]
    blocks = []
    for plane in planes:
        if layout == "tiles":
            result[322], result[323] = (3, [16]), (3, [16])
            padded = np.zeros((-(-height // 16) * 16, -(-width // 16) * 16, plane.shape[2]), plane.dtype)
            padded[:height, :width] = plane
            for y in range(0, padded.shape[0], 16):
                for x in range(0, padded.shape[1], 16):
                    blocks.append(packed(padded[y : y + 16, x : x + 16].reshape(16, -1), bits))
        else:
            rows = height if layout == "strip" else 7
            result[278] = (4, [rows])
            for y in range(0, height, rows):
                strip = plane[y : y + rows]
                blocks.append(packed(strip.reshape(strip.shape[0], -1), bits))
    blocks = [zlib.compress(b) for b in blocks] if deflate else blocks
    if tags.get("t266"):
        blocks = [bytes(int(format(b, "08b")[::-1], 2) for b in block) for block in blocks]
    result["blocks"] = blocks
    return result


def noise(bits, count, height=23, width=37, dtype=None):
    dtype = dtype or (np.uint8 if bits <= 8 else np.uint16)
    return rng.integers(0, 1 << bits, (height, width, count)).astype(dtype)


def palette(bits):
    return (3, [int(v) for v in rng.integers(0, 65536, 3 << bits)])


def tiffs():
    kinds = []
    for bits in (1, 2, 4, 8):
        kinds.append((f"gray {bits}", noise(bits, 1), bits, 1, {}))
        kinds.append((f"white is 0, {bits}", noise(bits, 1), bits, 0, {}))
        kinds.append((f"palette {bits}", noise(bits, 1), bits, 3, {"t320": palette(bits)}))
    kinds.append(("gray 16", noise(16, 1), 16, 1, {}))
    kinds.append(("gray 16, dark", noise(9, 1, dtype=np.uint16), 16, 1, {}))
    kinds.append(("white is 0, 16", noise(9, 1, dtype=np.uint16), 16, 0, {}))
    kinds.append(("gray 16, signed", (noise(16, 1).astype(np.int32) - 9000).astype(np.int16), 16, 1, {}))
    kinds.append(("gray 32, signed", noise(17, 1, dtype=np.int32) - 5000, 32, 1, {}))
    kinds.append(("gray 32", noise(17, 1, dtype=np.uint32), 32, 1, {}))
    floats = (rng.random((23, 37, 1)) * 300 - 20).astype(np.float32)
    kinds.append(("gray float", floats, 32, 1, {}))
    for extra in (None, 0, 1, 2):
        tags = {} if extra is None else {"t338": (3, [extra])}
        kinds.append((f"RGB and {extra}, 8", noise(8, 4), 8, 2, tags))
        kinds.append((f"RGB and {extra}, 16", noise(16, 4), 16, 2, tags))
        kinds.append((f"gray and {extra}", noise(8, 2), 8, 1, tags))
        kinds.append((f"palette and {extra}", noise(8, 2), 8, 3, {"t320": palette(8)} | tags))
    kinds.append(("RGB and 2, 0", noise(8, 5), 8, 2, {"t338": (3, [2, 0])}))
    kinds.append(("RGB and 1, 0", noise(8, 5), 8, 2, {"t338": (3, [1, 0])}))
    kinds.append(("RGB 8", noise(8, 3), 8, 2, {}))
    kinds.append(("RGB 16", noise(16, 3), 16, 2, {}))
    kinds.append(("CMYK 8", noise(8, 4), 8, 5, {}))
    kinds.append(("CMYK 16", noise(16, 4), 16, 5, {}))
    kinds.append(("YCbCr", noise(8, 3), 8, 6, {"t530": (3, [1, 1])}))
    for name, samples, bits, photometric, tags in kinds:
        for order in "<>":
            for layout in ("strips", "strip", "tiles"):
                for deflate in (False, True):
                    words = f"tiff {name}, {'II' if order == '<' else 'MM'}, {layout}{', deflate' if deflate else ''}"
                    if layout == "tiles" and bits < 8:
                        continue  # Pillow 13 takes tiles of bits for tiles of bytes
                    if deflate and order == ">" and samples.dtype.kind in "if":
                        continue  # Pillow 13 forgets that libtiff has turned the bytes of signed numbers and floats
                    record(words, Tiff(order).file([page(samples, bits, photometric, order, layout, deflate, **tags)]))
    rgb = noise(8, 3)
    for deflate in (False, True):
        for layout in ("strips", "strip", "tiles"):
            record(f"tiff planes, {layout} {deflate}", Tiff().file([page(rgb, 8, 2, "<", layout, deflate, True)]))
            # Pillow 13 knows big files of this order only.
            record(f"tiff big, {layout} {deflate}", Tiff("<", True).file([page(rgb, 8, 2, "<", layout, deflate)]))
    for turn in range(1, 9):
        record(f"tiff turned {turn}", Tiff().file([page(rgb, 8, 2, t274=(3, [turn]))]))
        record(f"tiff turned {turn}, deflate", Tiff().file([page(rgb, 8, 2, deflate=True, t274=(3, [turn]))]))
    for deflate in (False, True):
        record(f"tiff bits from the right {deflate}", Tiff().file([page(noise(1, 1), 1, 0, "<", "strip", deflate, t266=(3, [2]))]))
    pages = [noise(8, 3) for _ in range(3)] + [noise(8, 3, 10, 11)] + [noise(8, 3)]
    record("tiff pages", Tiff().file([page(p, 8, 2) for p in pages]))
    record("tiff pages of two kinds", Tiff().file([page(noise(8, 1), 8, 1), page(noise(1, 1), 1, 0, deflate=True)]))

    photo = np.stack([np.add.outer(np.arange(50), np.arange(70)) % 256, np.indices((50, 70))[0] * 5, np.indices((50, 70))[1] * 3], -1)
    photo = Image.fromarray(photo.astype(np.uint8))
    modes = {
        "1": ["raw", "group3", "group4", "tiff_lzw", "packbits", "tiff_adobe_deflate"],
        "L": ["raw", "tiff_lzw", "packbits", "tiff_adobe_deflate", "jpeg", "zstd", "lzma"],
        "RGB": ["raw", "tiff_lzw", "packbits", "tiff_deflate", "jpeg", "zstd", "lzma", "webp"],
        "RGBA": ["raw", "tiff_lzw"],
        "LA": ["raw", "tiff_lzw"],
        "P": ["raw", "tiff_lzw", "packbits"],
        "PA": ["raw"],
        "CMYK": ["raw", "tiff_lzw", "jpeg"],
        "YCbCr": ["raw", "tiff_lzw", "jpeg"],
        "I;16": ["raw", "tiff_lzw"],
        "I": ["raw", "tiff_lzw"],
        "F": ["raw", "tiff_lzw"],
    }
    for mode, compressions in modes.items():
        try:
            picture = photo.convert(mode) if mode != "PA" else photo.convert("P").convert("PA")
        except ValueError:
            picture = Image.merge("LAB", photo.split()) if mode == "LAB" else photo.convert("I").convert(mode)
        for compression in compressions:
            out = io.BytesIO()
            try:
                picture.save(out, "TIFF", compression=None if compression == "raw" else compression)
            except Exception:
                continue
            record(f"tiff Pillow's {mode}, {compression}", out.getvalue())


def gif_lzw(indices, bits):
    """Clear code before the table grows: every index has bits + 1 bits."""
    clear, end, size = 1 << bits, (1 << bits) + 1, bits + 1
    codes = []
    for i, index in enumerate(indices):
        if i % (clear - 2) == 0:
            codes.append(clear)
        codes.append(int(index))
    codes.append(end)
    number = sum(code << (i * size) for i, code in enumerate(codes))
    data = number.to_bytes((len(codes) * size + 7) // 8, "little")
    blocks = b"".join(bytes([len(data[i : i + 255])]) + data[i : i + 255] for i in range(0, len(data), 255))
    return bytes([bits]) + blocks + b"\0"


def gif(screen, frame, bits=4, table=None, local=None, clear=None, interlaced=False, background=0, dispose=0):
    """`frame` is (left, top, width, height)."""
    left, top, width, height = frame
    out = b"GIF89a" + struct.pack("<HHBBB", *screen, (0x80 | bits - 1) if table is not None else 0, background, 0)
    out += table if table is not None else b""
    if clear is not None or dispose:
        out += b"!\xf9\x04" + bytes([dispose << 2 | (clear is not None), 0, 0, clear or 0]) + b"\0"
    out += b"," + struct.pack("<HHHHB", left, top, width, height, ((0x80 | bits - 1) if local is not None else 0) | (0x40 if interlaced else 0))
    out += local if local is not None else b""
    out += gif_lzw(rng.integers(0, 1 << bits, width * height), bits)
    return out + b";"


def gifs():
    table = rng.integers(0, 256, 48).astype(np.uint8).tobytes()
    other = rng.integers(0, 256, 48).astype(np.uint8).tobytes()
    ramp = bytes(v for i in range(16) for v in (i, i, i))
    record("gif plain", gif((20, 13), (0, 0, 20, 13), table=table))
    record("gif interlaced", gif((20, 29), (0, 0, 20, 29), table=table, interlaced=True))
    record("gif of two rows, interlaced", gif((20, 2), (0, 0, 20, 2), table=table, interlaced=True))
    for clear in (None, 0, 5):
        for background in (0, 7):
            words = f"clear {clear}, background {background}"
            record(f"gif inside its screen, {words}", gif((20, 13), (3, 4, 9, 5), table=table, clear=clear, background=background))
            record(f"gif beyond its screen, {words}", gif((20, 13), (15, 10, 9, 8), table=table, clear=clear, background=background))
            record(f"gif with its own table, {words}", gif((20, 13), (3, 4, 9, 5), table=table, local=other, clear=clear))
            record(f"gif with only its own table, {words}", gif((20, 13), (3, 4, 9, 5), local=other, clear=clear))
            record(f"gif without a table, {words}", gif((20, 13), (3, 4, 9, 5), clear=clear))
            record(f"gif with a table of levels, {words}", gif((20, 13), (3, 4, 9, 5), table=ramp, clear=clear))
            record(f"gif with its own table of levels, {words}", gif((20, 13), (3, 4, 9, 5), table=table, local=ramp, clear=clear))
        record(f"gif that disposes, {clear}", gif((20, 13), (3, 4, 9, 5), table=table, clear=clear, dispose=2))
    short = b"GIF89a" + struct.pack("<HHBBB", 16, 2, 0x81, 0, 0) + table[:12] + b"," + struct.pack("<HHHHB", 0, 0, 16, 2, 0)
    record("gif whose table is too short", short + gif_lzw(np.arange(32) % 16, 4) + b";")
    frames = [Image.fromarray(noise(8, 3)[:, :, :]) for _ in range(3)]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    record("gif animated", out.getvalue())
    out = io.BytesIO()
    Image.fromarray(noise(8, 4)).save(out, "GIF")
    record("gif Pillow's RGBA", out.getvalue())


def bmp(width, height, bits, data, size=40, compression=0, colours=0, table=b"", masks=b"", offset=None):
    if size == 12:
        header = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        header = struct.pack("<IiiHHIIiiII", size, width, height, 1, bits, compression, len(data), 2835, 2835, colours, 0)
        header += (masks if size > 40 else b"").ljust(size - 40, b"\0")
    if size == 40:
        header += masks
    start = 14 + len(header) + len(table) if offset is None else offset
    return b"BM" + struct.pack("<IHHI", start + len(data), 0, 0, start) + header + table + data


def bmps():
    for bits in (1, 4, 8, 16, 24, 32):
        width, height = 21, 9
        row = (width * bits + 31) // 32 * 4
        data = rng.integers(0, 256, row * height).astype(np.uint8).tobytes()
        for size in (12, 40, 52, 56, 64, 108, 124):
            entry = 3 if size == 12 else 4
            table = b"" if bits > 8 else rng.integers(0, 256, entry << bits).astype(np.uint8).tobytes()
            record(f"bmp {bits}, header {size}", bmp(width, height, bits, data, size, table=table))
            if size > 12:
                record(f"bmp {bits}, header {size}, from the top", bmp(width, -height, bits, data, size, table=table))
        if bits <= 8:
            short = rng.integers(0, 256, 4 * ((1 << bits) - 1)).astype(np.uint8).tobytes()
            record(f"bmp {bits}, few colours", bmp(width, height, bits, data, colours=(1 << bits) - 1, table=short))
            whole = rng.integers(0, 256, 4 << bits).astype(np.uint8).tobytes()
            record(f"bmp {bits}, a forgotten table", bmp(width, height, bits, data, table=whole, offset=54))
            record(f"bmp {bits}, no offset", bmp(width, height, bits, data, table=whole, offset=0))
        ramp = b"".join(bytes([i, i, i, 0]) for i in range(256))
        if bits == 8:
            record("bmp 8, gray", bmp(width, height, bits, data, table=ramp))
        if bits == 1:
            record("bmp 1, black and white", bmp(width, height, bits, data, table=b"\0\0\0\0\xff\xff\xff\0"))
    masks = {
        32: [(0xFF0000, 0xFF00, 0xFF, 0), (0xFF000000, 0xFF0000, 0xFF00, 0), (0xFF000000, 0xFF00, 0xFF, 0),
             (0xFF000000, 0xFF0000, 0xFF00, 0xFF), (0xFF, 0xFF00, 0xFF0000, 0xFF000000),
             (0xFF0000, 0xFF00, 0xFF, 0xFF000000), (0xFF000000, 0xFF00, 0xFF, 0xFF0000), (0, 0, 0, 0)],
        24: [(0xFF0000, 0xFF00, 0xFF, 0)],
        16: [(0xF800, 0x7E0, 0x1F, 0), (0x7C00, 0x3E0, 0x1F, 0)],
    }
    for bits, layouts in masks.items():
        row = (21 * bits + 31) // 32 * 4
        data = rng.integers(0, 256, row * 9).astype(np.uint8).tobytes()
        for layout in layouts:
            for size in (40, 52, 56, 108, 124):
                words = struct.pack("<IIII", *layout)[: 12 if size < 56 else 16]
                record(f"bmp {bits}, fields {layout}, header {size}", bmp(21, 9, bits, data, size, 3, masks=words))
    table = rng.integers(0, 256, 1024).astype(np.uint8).tobytes()
    whole = b"\x05\x07\x00\x03\x01\x02\x03\x00\x02\x09\x00\x00" * 6 + b"\x00\x01"
    record("bmp runs of 8", bmp(10, 6, 8, whole, compression=1, table=table))
    record("bmp runs of 8 with a jump", bmp(10, 6, 8, b"\x05\x07\x00\x02\x03\x02" + b"\x0a\x11" * 5 + b"\0\1", compression=1, table=table))
    record("bmp runs of 8 too long", bmp(10, 3, 8, b"\x0f\x07\0\0\x0a\x08\0\0\x0a\x09\0\1", compression=1, table=table))
    record("bmp runs of 4", bmp(10, 6, 4, (b"\x05\x7a\x00\x03\x12\x30\x02\x9c\x00\x00" * 6) + b"\x00\x01", compression=2, table=table[:64]))
    for picture in (Image.fromarray(noise(8, 3)), Image.fromarray(noise(8, 4)), Image.fromarray(noise(8, 3)).convert("L"),
                    Image.fromarray(noise(8, 3)).convert("P"), Image.fromarray(noise(8, 3)).convert("1")):
        out = io.BytesIO()
        picture.save(out, "BMP")
        record(f"bmp Pillow's {picture.mode}", out.getvalue())


def webps():
    for lossless in (True, False):
        for count in (3, 4):
            frames = [Image.fromarray(noise(8, count)) for _ in range(4)]
            for orientation in (1, 6):
                exif = Image.Exif()
                exif[0x0112] = orientation
                out = io.BytesIO()
                frames[0].save(out, "WEBP", save_all=True, append_images=frames[1:], lossless=lossless, duration=100, exif=exif)
                record(f"webp animated, {lossless}, {count}, {orientation}", out.getvalue())
    # Small differences make frames of a part of the canvas.
    base = np.array(noise(8, 4))
    frames = [Image.fromarray(base)]
    for i in range(3):
        base = base.copy()
        base[i : i + 6, 2 * i : 2 * i + 9] = rng.integers(0, 256, (6, 9, 4))
        frames.append(Image.fromarray(base))
    for kwargs in ({}, {"minimize_size": True}, {"allow_mixed": True}, {"background": (10, 20, 30, 255)}):
        out = io.BytesIO()
        frames[0].save(out, "WEBP", save_all=True, append_images=frames[1:], lossless=True, duration=50, **kwargs)
        record(f"webp of parts {kwargs}", out.getvalue())


tiffs()
gifs()
bmps()
webps()
