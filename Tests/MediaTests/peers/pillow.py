"""Pictures as ComfyUI makes them with Pillow and numpy, one after another as bytes on standard output.

Arguments: a file of JSON, a list of [kind, width, height, channels, parameters]. Pictures are made here and in the test
by the same formulas.
"""
import json
import math
import sys

import numpy
from PIL import Image


def source(kind, width, height, channels):
    i = numpy.arange(width * height * channels, dtype=numpy.uint64)
    if kind == "noise":
        values = (i * 2654435761 % 2**32) >> 11
    elif kind == "slope":
        pixel = i // channels
        values = pixel % width * 255 // width + pixel // width * (i % channels + 1)
    else:  # few colours
        values = i // channels * 7919 % 5 * 50 + i % channels * 20
    return (values & 255).astype(numpy.uint8).reshape(height, width, channels)


def bayer(order):
    if order == 1:
        return numpy.zeros((1, 1), numpy.float32)
    q = order * order
    m = q * bayer(order // 2)
    return numpy.block([[m - 1.5, m + 0.5], [m + 1.5, m - 0.5]]).astype(numpy.float32) / numpy.float32(q)


def quantized(pixels, colors, dither):
    image = Image.fromarray(pixels)
    palette = image.quantize(colors=colors)
    if dither.startswith("bayer"):
        order = int(dither.split("-")[1])
        spread = numpy.float32(2 * 256 / (len(palette.getpalette()) // 3))
        pattern = spread * bayer(order) + numpy.float32(0.5)
        rows, columns = (math.ceil(n / order) for n in pixels.shape[:2])
        tiles = numpy.tile(pattern, (rows, columns))[: pixels.shape[0], : pixels.shape[1], None]
        moved = numpy.clip(pixels.astype(numpy.float32) + tiles, 0, 255).astype(numpy.uint8)
        image, dithering = Image.fromarray(moved), Image.Dither.NONE
    else:
        dithering = Image.Dither.NONE if dither == "none" else Image.Dither.FLOYDSTEINBERG
    return image.quantize(palette=palette, dither=dithering).convert("RGB")


with open(sys.argv[1], encoding="utf-8") as cases:
    for kind, width, height, channels, parameters in json.load(cases):
        pixels = source(kind, width, height, channels)
        if "colors" in parameters:
            made = quantized(pixels, parameters["colors"], parameters["dither"])
        else:
            made = Image.fromarray(pixels).resize((parameters["width"], parameters["height"]), Image.Resampling.LANCZOS)
        sys.stdout.buffer.write(numpy.array(made).tobytes())
