"""What things are made of, as the share of linear red, green and blue that they throw back, and what lights them."""

import numpy as np

from .canvas import mix, rgb

LIGHTS = {"day": 0.66, "overcast": 0.12, "dusk": 0.22}
GRASS, STRAW, FOLIAGE = rgb(0.13, 0.25, 0.035), rgb(0.30, 0.29, 0.07), rgb(0.075, 0.17, 0.025)
CONIFER, DEEP, GLASS = rgb(0.03, 0.085, 0.04), rgb(0.01, 0.055, 0.075), rgb(0.05, 0.07, 0.10)
SAND, SNOW, ROCK, EARTH = rgb(0.68, 0.46, 0.21), rgb(0.88, 0.91, 0.96), rgb(0.27, 0.25, 0.23), rgb(0.36, 0.24, 0.13)
BRICK, MORTAR, TILE, SLATE = rgb(0.46, 0.12, 0.06), rgb(0.52, 0.42, 0.34), rgb(0.52, 0.14, 0.055), rgb(0.10, 0.12, 0.16)
PLASTER, TIMBER, BARK = rgb(0.85, 0.74, 0.50), rgb(0.24, 0.12, 0.05), rgb(0.11, 0.07, 0.04)
WHITE, COBBLES = rgb(0.85, 0.85, 0.83), rgb(0.30, 0.28, 0.27)


def choose(rng, weights):
    return list(weights)[int(np.searchsorted(np.cumsum(list(weights.values())), rng.random() * 0.9999))]


class Light:
    """The hour and the weather: the sun's light, the sky's, and the colours of sky, clouds and haze."""

    def __init__(self, rng):
        self.kind = choose(rng, LIGHTS)
        vary = rng.random(4)
        self.side = 1.0 if rng.random() < 0.5 else -1.0
        if self.kind == "day":
            self.sun, self.sky = rgb(1.05, 0.95, 0.78) * (0.9 + 0.5 * vary[0]), rgb(0.34, 0.42, 0.55)
            self.zenith = mix(rgb(0.055, 0.19, 0.55), rgb(0.13, 0.33, 0.72), vary[1])
            self.horizon = mix(rgb(0.42, 0.62, 0.92), rgb(0.66, 0.78, 0.95), vary[2])
            self.cloud, self.cloud_shade = rgb(1.75, 1.72, 1.68), rgb(0.70, 0.74, 0.82)
            self.haze, self.cloudy = rgb(0.42, 0.56, 0.80), 0.10 + 0.5 * vary[3]
        elif self.kind == "overcast":
            self.sun, self.sky = rgb(0.12, 0.12, 0.115), rgb(0.66, 0.69, 0.72)
            self.zenith, self.horizon = rgb(0.50, 0.54, 0.60) * (0.8 + 0.4 * vary[0]), rgb(0.86, 0.88, 0.91)
            self.cloud, self.cloud_shade = rgb(1.0, 1.0, 1.02), rgb(0.38, 0.41, 0.46)
            self.haze, self.cloudy = rgb(0.66, 0.70, 0.76), 0.75 + 0.2 * vary[3]
        else:
            self.sun, self.sky = rgb(0.62, 0.28, 0.10) * (0.6 + 0.6 * vary[0]), rgb(0.13, 0.12, 0.18)
            self.zenith = mix(rgb(0.055, 0.075, 0.23), rgb(0.10, 0.11, 0.28), vary[1])
            self.horizon = mix(rgb(1.25, 0.50, 0.10), rgb(1.10, 0.55, 0.25), vary[2])
            self.cloud, self.cloud_shade = rgb(1.25, 0.52, 0.26), rgb(0.22, 0.13, 0.20)
            self.haze, self.cloudy = rgb(0.42, 0.22, 0.20), 0.10 + 0.45 * vary[3]
        self.exposure = float(rng.uniform(0.85, 1.25)) * 1.25

    def on(self, albedo, sunny):
        """Light coming back from a surface that the sun reaches by `sunny` 0...1: where it does not, less sky does."""
        sunny = np.asarray(sunny, np.float32)[..., None]
        return albedo * (self.sky * (0.6 + 0.5 * sunny) + self.sun * sunny)
