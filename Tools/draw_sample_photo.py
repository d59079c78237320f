"""Draw a photo-like lake landscape, procedurally and deterministically.

The sample input of the project has to be free of anybody's rights and
reproducible, so it is computed rather than photographed: same arguments, same
picture. Larger sizes show the same scene with finer detail, for benchmarks.

Needs Python 3.11 or later, numpy and Pillow:

    python3 -m venv venv && venv/bin/pip install numpy pillow
    venv/bin/python Tools/draw_sample_photo.py OUT.jpg [--width 1024 --height 768 --quality 90]

Coordinates: u runs right and v runs down, both in units of the picture's
height, so nothing but the grain depends on the pixel size. Colours are linear
light until `develop` turns them into sRGB.
"""

import argparse
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

SEED = 1926
SHORE = 0.600  # v of the far shore: everything below it is water, then grass
EYE = 0.585  # v of the true horizon, which the water's perspective runs to
SUN_S, SUN_V = 0.69, 0.335  # the sun: fraction of the width, and v
LATTICE = np.random.default_rng(SEED).random((512, 512), dtype=np.float32)


def rgb(*values):
    return np.array(values, dtype=np.float32)


def smooth(low, high, x):
    t = np.clip((x - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def mix(a, b, t):
    return a + (b - a) * t[..., None]


def noise(x, y):
    """Value noise in 0..1 on an endless (repeating) lattice."""
    x0, y0 = np.floor(x), np.floor(y)
    fx, fy = x - x0, y - y0
    fx, fy = fx * fx * (3 - 2 * fx), fy * fy * (3 - 2 * fy)
    ix, iy = x0.astype(np.int32) & 511, y0.astype(np.int32) & 511
    jx, jy = (ix + 1) & 511, (iy + 1) & 511
    top = LATTICE[iy, ix] * (1 - fx) + LATTICE[iy, jx] * fx
    low = LATTICE[jy, ix] * (1 - fx) + LATTICE[jy, jx] * fx
    return top * (1 - fy) + low * fy


def fbm(x, y, octaves, gain=0.5):
    """Fractal noise around 0.5; each octave is turned, to hide the lattice."""
    total, weight, amplitude = 0, 0, 1.0
    for _ in range(octaves):
        total = total + amplitude * noise(x, y)
        weight += amplitude
        amplitude *= gain
        x, y = 1.6 * x + 1.2 * y + 17.3, 1.6 * y - 1.2 * x + 5.9
    return total / weight


class Scene:
    """The land and sky as a function of (u, v), so the lake can mirror it."""

    def __init__(self, aspect, pixel):
        self.aspect, self.pixel = aspect, pixel
        self.sun_u = SUN_S * aspect
        self.grid = np.linspace(-0.2, aspect + 0.2, 24000, dtype=np.float32)
        g, s = self.grid, self.grid / aspect
        zero = np.zeros_like(g)

        def ridge(base, swell, scale, row, gain):  # v of a ridge line along u
            return (base - swell * (fbm(g * scale, zero + row, 9, gain) - 0.5)).astype(np.float32)

        # (ridge line, own colour, haze 0..1, texture scale), far to near.
        self.hills = [
            (ridge(0.435, 0.34, 2.3, 40.5, 0.50) + 0.05 * (s - 0.3) ** 2, rgb(0.085, 0.10, 0.13), 0.66, 18),
            (ridge(0.490, 0.24, 2.6, 91.2, 0.46) - 0.10 * smooth(0.45, 0.0, s), rgb(0.05, 0.068, 0.05), 0.40, 30),
            (ridge(0.535, 0.15, 2.2, 133.7, 0.44) - 0.09 * smooth(0.6, 1.05, s), rgb(0.040, 0.056, 0.024), 0.14, 40),
        ]
        self.trees = [self.tree_line(7, 620, 0.034, 0.0), self.tree_line(8, 230, 0.030, 0.058)]

    def tree_line(self, seed, count, size, grove):
        """Upper outline of a row of conifers; taller towards the left edge."""
        rng = np.random.default_rng([SEED, seed])
        top = np.full_like(self.grid, SHORE - 0.004)
        for position in rng.uniform(-0.2, self.aspect + 0.2, count):
            side = smooth(0.42, 0.0, position / self.aspect)
            if grove and rng.random() > side * 1.3:
                continue  # the near row is a grove on the left only
            tall = rng.uniform(0.3, 1.0) * size * (0.65 + 0.7 * noise(position * 7, 3.0))
            tall += grove * side * rng.uniform(0.6, 1.5)
            half = tall * rng.uniform(0.17, 0.27)
            away = np.abs(self.grid - position) / half
            top = np.minimum(top, SHORE - tall * np.maximum(1 - away, 0) ** 1.15)
        return top

    def above(self, line, u, v, soft=1.0):
        """1 below an outline and 0 above it, with an antialiased edge."""
        return np.clip((v - np.interp(u, self.grid, line)) / (soft * self.pixel) + 0.5, 0, 1).astype(np.float32)

    def sky(self, u, v):
        up = np.clip((SHORE - v) / SHORE, 0, 1)
        colour = mix(rgb(0.66, 0.47, 0.33), rgb(0.24, 0.37, 0.56), smooth(0.10, 0.60, up))
        colour = mix(colour, rgb(0.055, 0.145, 0.36), smooth(0.35, 1.05, up))
        away = np.hypot(u - self.sun_u, v - SUN_V)
        glow = 4.5 * np.exp(-away / 0.026) + 1.1 * np.exp(-away / 0.11) + 0.20 * np.exp(-away / 0.40)
        colour = colour + glow[..., None] * rgb(1.0, 0.72, 0.42)
        # Clouds lie on a plane overhead: dividing by the height above the
        # horizon makes them shrink and flatten as they recede.
        depth = 1 / (np.maximum(0.66 - v, 0.03) + 0.10)
        x, y = (u - 0.5 * self.aspect) * depth * 1.1 + 30, depth * 2.3
        bend = fbm(x * 0.8 + 9, y * 0.8, 3)
        body = fbm(x + 1.2 * bend, y + 0.9 * bend, 7, 0.52)
        # The same field a step towards the sun: where it is thinner, the
        # cloud's edge is lit; where thicker, the cloud shades itself.
        lit = np.clip(0.55 + 5.0 * (body - fbm(x + 1.2 * bend + 0.12, y + 0.9 * bend + 0.16, 4, 0.52)), 0, 1)
        cover = smooth(0.44, 0.60, body) * smooth(0.05, 0.30, up) * 0.95
        warm = np.exp(-away / 0.45)
        bright = mix(rgb(0.92, 0.83, 0.77), rgb(2.0, 1.42, 0.90), warm)
        shade = mix(rgb(0.22, 0.26, 0.35), rgb(0.60, 0.44, 0.37), warm)
        colour = mix(colour, mix(shade, bright, lit) + 0.45 * glow[..., None], cover)
        disc = smooth(0.026, 0.004, away) * (1 - 0.5 * cover)
        return colour + (9 * disc)[..., None] * rgb(1.0, 0.86, 0.62)

    def land(self, u, v):
        colour = self.sky(u, v)
        near_sun = np.exp(-np.abs(u - self.sun_u) / 0.35)
        haze = mix(rgb(0.22, 0.28, 0.38), rgb(0.72, 0.48, 0.30), near_sun)
        for number, (line, own, thickness, scale) in enumerate(self.hills):
            mask = self.above(line, u, v, 1.5)
            x, y = u * scale, v * scale * 1.3 + 50 * number
            # Relief: difference of a height field along the light's direction.
            relief = fbm(x, y, 6, 0.62) - fbm(x + 0.4, y - 0.25, 6, 0.62)
            woods = fbm(u * scale * 5, v * scale * 8, 4, 0.75)
            tone = np.clip(0.80 - 2.9 * relief, 0.1, 2.4) * (0.3 + 2.4 * woods**2)
            depth = v - np.interp(u, self.grid, line)
            # Mist gathers in the valleys, so each hill fades towards its foot.
            veil = np.clip(thickness + 2.2 * depth * (1.0 - thickness), 0, 0.93).astype(np.float32)
            surface = own * tone[..., None] * (1 + 1.4 * near_sun[..., None] * rgb(1.0, 0.75, 0.45))
            colour = mix(colour, mix(surface, haze, veil), mask)
        for number, line in enumerate(self.trees):
            # Jittering the lookup breaks the smooth cones up into branches.
            ragged = (noise(u * 420, v * 620) - 0.5) * 0.0038 + (noise(u * 900, v * 1100) - 0.5) * 0.0022
            ragged = ragged * (0.45 + 0.55 * number)  # shorter branches on the small, far trees
            mask = self.above(line, u + ragged, v, 1.3)
            leaf = fbm(u * 260, v * 200, 4, 0.7)
            tone = (0.25 + 1.5 * leaf**2) * (1 + 1.5 * near_sun)
            green = rgb(0.034, 0.046, 0.020) if number == 0 else rgb(0.016, 0.024, 0.012)
            surface = green * tone[..., None] + haze * (0.075 if number == 0 else 0.02)
            colour = mix(colour, surface, mask)
        return colour

    def lake(self, u, v):
        depth = 0.25 / (v - EYE)
        # Long low waves and short ripples, both foreshortened by distance.
        x, y = (u - 0.5 * self.aspect) * depth, depth * 6
        wave = fbm(x * 9 + 70, y * 7, 4, 0.6) - 0.5
        cross = fbm(x * 16, y * 11 + 30, 3, 0.6) - 0.5
        calm = smooth(0.35, 0.65, fbm(u * 1.3, depth * 1.1, 3))
        height = (0.35 + 0.65 * calm) * smooth(0.0, 0.30, v - SHORE)
        mirrored = 2 * SHORE - v - (0.30 * height + 0.02 * calm) * wave
        image = self.land(u + height * 0.05 * cross, np.minimum(mirrored, SHORE))
        # Steep view close by: more of the dark water, less of the mirror.
        mirror = 0.86 - 0.42 * smooth(0.0, 0.40, v - SHORE) - 0.35 * height * wave
        image = mix(rgb(0.018, 0.035, 0.042), image, mirror)
        ruffled = 0.09 * np.exp(-(((v - SHORE) / 0.004) ** 2)) * noise(u * 25, v * 90)
        return image + ruffled[..., None]


def grass(aspect, width, height):
    """Blades on the near bank, as an sRGB picture with alpha, drawn at twice the size."""
    rng = np.random.default_rng([SEED, 99])
    unit = 2 * height
    layer = Image.new("RGBA", (2 * width, unit), (58, 54, 26, 0))
    draw = ImageDraw.Draw(layer)

    def bank(u):  # v of the bank's edge: high on the left, dipping right of centre
        s = u / aspect
        swell = 0.05 * np.sin(3.0 * s + 0.4) + 0.012 * np.sin(9 * u) + 0.006 * np.sin(31 * u)
        return 0.885 - 0.07 * (1 - s) ** 2 + swell

    edge = [(u * unit, bank(u) * unit) for u in np.linspace(0, aspect, 200)]
    draw.polygon([*edge, (2 * width, unit), (0, unit)], fill=(34, 36, 15, 255))
    for near in np.sort(rng.random(24000) ** 1.15):  # sorted: nearer blades cover farther ones
        u = rng.uniform(-0.03, aspect + 0.03)
        v = bank(u) + near * 0.24 + 0.004
        tall = rng.gamma(5, 0.2) * (0.026 + 0.060 * near)
        lean = tall * rng.normal(0.18, 0.33)
        half = (0.0006 + 0.0013 * near) * rng.uniform(0.6, 1.2)
        tip, elbow = (u + lean, v - tall), (u + 0.3 * lean, v - 0.6 * tall)
        # Straw to green, lighter at random and towards the sun (backlit blades glow).
        dry, sunny = rng.beta(1.6, 2.4), 0.55 + 0.45 * np.exp(-abs(u / aspect - SUN_S) / 0.25)
        light = rng.gamma(3, 0.25) * sunny * (1.05 - 0.45 * near)
        colour = np.clip((rgb(72, 84, 26) * (1 - dry) + rgb(168, 138, 72) * dry) * (0.3 + light), 0, 235)
        left, right = (elbow[0] - 0.8 * half, elbow[1]), (elbow[0] + 0.8 * half, elbow[1])
        outline = [(x * unit, y * unit) for x, y in ((u - half, v), left, tip, right, (u + half, v))]
        draw.polygon(outline, fill=(*colour.astype(int).tolist(), 255))
    # The lens is focused on the far shore, so the bank is a touch soft.
    return layer.filter(ImageFilter.GaussianBlur(0.0011 * unit)).resize((width, height), Image.Resampling.BOX)


def develop(linear):
    """Filmic shoulder, then the sRGB curve: linear light to 0..1."""
    x = np.maximum(linear, 0) * 0.86
    x = np.clip(x * (2.51 * x + 0.03) / (x * (2.43 * x + 0.59) + 0.14), 0, 1)
    return np.where(x < 0.0031308, 12.92 * x, 1.055 * np.maximum(x, 1e-6) ** (1 / 2.4) - 0.055)


def draw_photo(width, height):
    aspect, pixel = width / height, 1 / height
    scene = Scene(aspect, pixel)
    photo = np.empty((height, width, 3), np.float32)
    columns = ((np.arange(width, dtype=np.float32) + 0.5) * pixel)[None, :]
    rows = ((np.arange(height, dtype=np.float32) + 0.5) * pixel)[:, None]
    shore = round(SHORE * height)

    def band(part):  # a few rows at a time: fits the cache, and threads share the work
        u, v = np.broadcast_arrays(columns, rows[part])
        photo[part] = develop(scene.lake(u, v) if part.start >= shore else scene.land(u, v))

    starts = sorted({*range(0, height, 16), shore})
    with ThreadPoolExecutor() as pool:
        list(pool.map(band, map(slice, starts, [*starts[1:], height])))

    blades = np.asarray(grass(aspect, width, height), np.float32) / 255
    photo += (blades[..., :3] - photo) * blades[..., 3:]

    # Vignette, then grain: mostly luminance, strongest in the midtones.
    radius = ((columns - aspect / 2) ** 2 + (rows - 0.5) ** 2) / ((aspect / 2) ** 2 + 0.25)
    photo *= (1 - 0.24 * radius**1.3)[..., None]
    rng = np.random.default_rng([SEED, 5])
    grain = rng.standard_normal((height, width, 1), dtype=np.float32)
    grain = 0.6 * grain + 0.2 * (np.roll(grain, 1, 0) + np.roll(grain, 1, 1))  # clumps of silver, not lone pixels
    grain = 0.017 * grain + 0.006 * rng.standard_normal((height, width, 3), dtype=np.float32)
    photo += grain * (0.45 + 2.2 * photo * (1 - photo))
    return Image.fromarray((np.clip(photo, 0, 1) * 255 + 0.5).astype(np.uint8))


def main():
    parser = argparse.ArgumentParser(description="Draw a photo-like lake landscape.")
    parser.add_argument("out", metavar="OUT.jpg")
    for name, default in ("width", 1024), ("height", 768), ("quality", 90):
        parser.add_argument(f"--{name}", type=int, default=default)
    options = parser.parse_args()
    draw_photo(options.width, options.height).save(options.out, quality=options.quality)


if __name__ == "__main__":
    main()
