"""Tells what Pillow sees in the picture files of a folder, a line each in the order of their names.

Beside NAME.EXT may lie NAME.raw, the RGB or RGBA bytes that were saved: "same" when the file has exactly them, else how
far it is off. PNG files are also told as a hundredth of what ComfyUI (Pillow with compress_level=4) makes of them.
"""

import io
import os
import sys

import numpy as np
from PIL import Image, JpegImagePlugin

folder = sys.argv[1]
for name in sorted(os.listdir(folder)):
    if name.endswith(".raw"):
        continue
    path = os.path.join(folder, name)
    picture = Image.open(path)
    words = [name, picture.format, picture.mode, f"{picture.width}x{picture.height}"]
    exif = picture.getexif()
    words += [f"{tag}={exif[tag]}" for tag in (272, 271, 270) if tag in exif]
    words += [f"{key}={value}" for key, value in getattr(picture, "text", {}).items()]
    profile = picture.info.get("icc_profile")
    if profile:
        words.append("profile of " + profile[16:20].decode().strip())
    if picture.format == "JPEG":
        words.append({0: "4:4:4", 2: "4:2:0"}[JpegImagePlugin.get_sampling(picture)])
    raw = path.rsplit(".", 1)[0] + ".raw"
    if os.path.exists(raw):
        pixels = np.asarray(picture.convert("RGBA" if "A" in picture.getbands() else "RGB"))
        with open(raw, "rb") as file:
            saved = np.frombuffer(file.read(), np.uint8).reshape(pixels.shape)
        off = int(np.abs(pixels.astype(int) - saved).max())
        words.append("same" if off == 0 else f"off by {off}" if picture.format != "JPEG" else "lossy")
        if picture.format == "JPEG":
            own = io.BytesIO()
            sampling = JpegImagePlugin.get_sampling(picture)
            Image.fromarray(saved).save(own, "JPEG", quality=int(name.split("-")[1]), subsampling=sampling)
            words.append("tables " + ("equal" if Image.open(own).quantization == picture.quantization else "differ"))
    if name.startswith("size"):
        own = io.BytesIO()
        Image.fromarray(np.asarray(picture)).save(own, "PNG", compress_level=4)
        words.append(str(os.path.getsize(path) * 100 // len(own.getvalue())))
    print(" ".join(words))
