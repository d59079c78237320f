"""A canvas in linear light whose coordinates do not depend on its size: u runs right and v down, both in heights of the
picture. The same seed draws the same scene at every size, with finer detail at larger ones.
"""

import numpy as np

LATTICE = 256


def rgb(*values):
    return np.array(values, dtype=np.float32)


def smooth(low, high, x):
    t = np.clip((x - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def mix(a, b, t):
    return a + (b - a) * t


class Area:
    """A rectangle of the canvas: where it lies, and its pixels' u [1, width] and v [height, 1]."""

    def __init__(self, canvas, left, top, right, bottom):
        column = slice(max(int(left / canvas.du), 0), min(int(right / canvas.du) + 1, canvas.width))
        row = slice(max(int(top / canvas.dv), 0), min(int(bottom / canvas.dv) + 1, canvas.height))
        self.where = row, column
        self.u, self.v = canvas.u[:, column], canvas.v[row]
        self.empty = self.u.size == 0 or self.v.size == 0


class Canvas:
    def __init__(self, rng, width, height, aspect):
        self.rng, self.width, self.height, self.aspect = rng, width, height, aspect
        self.du, self.dv = aspect / width, 1 / height
        self.u = ((np.arange(width, dtype=np.float32) + 0.5) * np.float32(self.du))[None, :]
        self.v = ((np.arange(height, dtype=np.float32) + 0.5) * np.float32(self.dv))[:, None]
        self.light = np.zeros((height, width, 3), np.float32)
        self.lattice = rng.random((LATTICE, LATTICE), dtype=np.float32)

    def area(self, left=0.0, top=0.0, right=None, bottom=1.0):
        return Area(self, left, top, self.aspect if right is None else right, bottom)

    def paint(self, area, cover, color):
        """Lays `color` (one, or one per pixel) over the area; `cover` 0...1 says how opaque each pixel is."""
        under = self.light[area.where]
        under += (color - under) * np.clip(cover, 0, 1).astype(np.float32)[..., None]

    def inside(self, distance):
        """How much of a pixel is covered whose centre lies `distance` heights inside of an edge: smooths the edge."""
        return np.clip(distance / max(self.du, self.dv) + 0.5, 0, 1)

    def noise(self, u, v, scale, octaves, gain=0.5):
        """Fractal value noise around 0.5 over u [1, width] and v [height, 1]: `scale` cells per height at first.
        What is finer than the pixels is left out."""
        total, weight = np.float32(0), 0.0
        for octave in range(octaves):
            shift = self.rng.integers(0, LATTICE, 2)
            frequency = scale * 1.93**octave
            amplitude = gain**octave
            weight += amplitude
            fine = 1 - smooth(0.35, 0.7, frequency * max(self.du, self.dv))
            if fine == 0:
                total = total + np.float32(amplitude * 0.5)
                continue
            x, fx = cells(u[0] * np.float32(frequency), shift[0])
            y, fy = cells(v[:, 0] * np.float32(frequency), shift[1])
            upper, lower = self.lattice[y], self.lattice[(y + 1) % LATTICE]
            rows = upper + (lower - upper) * fy[:, None]
            left, right = rows[:, x], rows[:, (x + 1) % LATTICE]
            octave_noise = left + (right - left) * fx
            total = total + np.float32(amplitude) * (0.5 + (octave_noise - 0.5) * np.float32(fine))
        return total / np.float32(weight)

    def noise_at(self, x, y, footprint, octaves, gain=0.5):
        """The same over any coordinates [height, width]; `footprint` is how many cells a pixel spans."""
        total, weight = np.float32(0), 0.0
        for octave in range(octaves):
            shift = self.rng.integers(0, LATTICE, 2)
            frequency, amplitude = np.float32(1.93**octave), gain**octave
            weight += amplitude
            ix, fx = cells(x * frequency, shift[0])
            iy, fy = cells(y * frequency, shift[1])
            jx, jy = (ix + 1) % LATTICE, (iy + 1) % LATTICE
            upper = self.lattice[iy, ix] * (1 - fx) + self.lattice[iy, jx] * fx
            lower = self.lattice[jy, ix] * (1 - fx) + self.lattice[jy, jx] * fx
            fine = 1 - smooth(0.35, 0.9, footprint * frequency)
            total = total + np.float32(amplitude) * (0.5 + (upper + (lower - upper) * fy - 0.5) * fine)
        return total / np.float32(weight)

    def ridge(self, scale, octaves, gain=0.5):
        """A line across the picture, around 0 within about -0.5...0.5."""
        return self.noise(self.u, np.zeros((1, 1), np.float32), scale, octaves, gain) - 0.5

    def develop(self, exposure):
        """Linear light to 8-bit sRGB, with the soft shoulder of film."""
        light = 1 - np.exp(-np.maximum(self.light, 0) * np.float32(exposure))
        curve = np.where(light <= 0.0031308, 12.92 * light, 1.055 * np.maximum(light, 1e-6) ** (1 / 2.4) - 0.055)
        return np.rint(curve * 255).clip(0, 255).astype(np.uint8)


def cells(x, shift):
    """The lattice cell that each coordinate lies in, and how far within, eased."""
    whole = np.floor(x)
    part = x - whole
    return (whole.astype(np.int64) + int(shift)) % LATTICE, (part * part * (3 - 2 * part)).astype(np.float32)
