"""ComfyUI's LoadImage on Pillow, with bytes instead of floats: what the tests compare with."""
import numpy as np
from PIL import Image, ImageOps, ImageSequence


def load(source, first_only=False):
    """Frames [n, height, width, 3] and, where the file has any, alphas [n, height, width].

    source: a path or a file.
    """
    picture = Image.open(source)
    frames, alphas, size = [], [], None
    for frame in ImageSequence.Iterator(picture):
        frame = ImageOps.exif_transpose(frame)
        if frame.mode == "I":
            frame = frame.point(lambda value: value * (1 / 255))
        rgb = frame.convert("RGB")
        size = size or rgb.size
        if rgb.size != size:
            continue
        frames.append(np.array(rgb))
        if "A" in frame.getbands():
            alphas.append(np.array(frame.getchannel("A")))
        elif frame.mode == "P" and "transparency" in frame.info:
            alphas.append(np.array(frame.convert("RGBA").getchannel("A")))
        if first_only or picture.format == "MPO":
            break
    return np.stack(frames), np.stack(alphas) if alphas else None
