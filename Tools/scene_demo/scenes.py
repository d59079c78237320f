"""Landscapes and villages drawn from a seed, in colour: what the model in the box is trained on, and tested on.

`draw(seed, width, height)` gives [height, width, 3] 8-bit sRGB. The same seed gives the same scene at any size and on
any machine (numpy's PCG64; a pixel may differ by a level where a machine's sine or power rounds differently).
Training draws the seeds from 0, tests those from HELD_OUT.
"""

import numpy as np

from .canvas import Canvas, mix, rgb
from .houses import Houses
from .landscape import Landscape
from .light import CONIFER, GRASS, SAND, STRAW, Light, choose
from .things import Things

HELD_OUT = 1_000_000
KINDS = {"meadow": 0.25, "lake": 0.18, "sea": 0.15, "dunes": 0.08, "snowfield": 0.12, "village": 0.22}


def draw(seed, width, height, aspect=None):
    """`aspect` is the width of the scene in heights; left out, the seed says it, and the picture is squashed."""
    rng = np.random.Generator(np.random.PCG64(seed))
    own = float(rng.uniform(0.8, 1.6))
    scene = Scene(rng, width, height, own if aspect is None else aspect)
    return scene.canvas.develop(scene.light.exposure)


class Scene(Landscape, Things, Houses):
    def __init__(self, rng, width, height, aspect):
        self.rng = rng
        self.kind = choose(rng, KINDS)
        self.light = Light(rng)
        self.horizon = float(rng.uniform(0.32, 0.60))
        self.eye = float(rng.uniform(2.2, 5.5))  # metres above the ground
        self.canvas = Canvas(rng, width, height, aspect)
        self.aspect = aspect
        self.green = self.some(GRASS, STRAW, 0.35)
        self.winter = self.kind == "snowfield"
        self.sky()
        if self.kind != "sea" or rng.random() < 0.3:
            self.mountains(int(rng.integers(0, 3)))
        getattr(self, self.kind)()
        # Silver sees less colour in what is dim, and film is never quite neutral: a little less or more of it all.
        gray = self.canvas.light @ rgb(0.2126, 0.7152, 0.0722)
        self.canvas.light = mix(gray[..., None], self.canvas.light, np.float32(rng.uniform(0.95, 1.15)))

    # Kinds of scenes

    def meadow(self):
        self.hills(int(self.rng.integers(1, 4)))
        self.ground(self.horizon, "grass")
        if self.rng.random() < 0.5:
            self.path()
        things = [self.tree_at(0.03, 0.35) for _ in range(self.rng.integers(3, 12))]
        things += [self.house_at(0.06, 0.22) for _ in range(self.rng.integers(0, 3))]
        self.place(things)

    def lake(self):
        self.hills(int(self.rng.integers(1, 3)))
        self.place([self.tree_at(0.005, 0.02) for _ in range(self.rng.integers(4, 14))])
        if self.rng.random() < 0.35:
            self.place([self.house_at(0.012, 0.02)])
        near = float(self.rng.uniform(self.horizon + 0.55 * (1 - self.horizon), 0.97))
        self.water(self.horizon + 0.012, mirror=True)
        if self.rng.random() < 0.4:
            self.boat(float(self.rng.uniform(self.horizon + 0.05, near - 0.03)))
        self.ground(near, "grass" if self.rng.random() < 0.7 else "sand", bumps=0.10)
        self.place([self.tree_at(near - self.horizon, 0.55) for _ in range(self.rng.integers(0, 4))])

    def sea(self):
        depth = 1 - self.horizon
        shore = float(self.rng.uniform(self.horizon + 0.2 * depth, self.horizon + 0.7 * depth))
        self.water(self.horizon, mirror=False)
        for _ in range(self.rng.integers(0, 4)):
            self.boat(float(self.rng.uniform(self.horizon + 0.01, shore - 0.02)))
        self.beach(shore)
        things = [self.rock_at(shore - self.horizon + 0.03, 0.5) for _ in range(self.rng.integers(0, 4))]
        if self.rng.random() < 0.35:
            things += [self.tree_at(shore - self.horizon + 0.1, 0.4) for _ in range(self.rng.integers(1, 3))]
        self.place(things)

    def dunes(self):
        top = self.horizon
        for index in range(int(self.rng.integers(1, 4))):
            self.layer(top - 0.02 + 0.06 * index, 0.14, 1.1, 3, SAND * 0.95, 0.3 - 0.1 * index)
        self.ground(top + 0.10, "sand", bumps=0.25)
        self.place([self.rock_at(0.12, 0.45) for _ in range(self.rng.integers(0, 5))])

    def snowfield(self):
        for index in range(int(self.rng.integers(0, 3))):
            self.layer(self.horizon - 0.03 + 0.02 * index, 0.10, 2.0, 3, CONIFER * 1.5, 0.45 - 0.15 * index, trees=True)
        self.ground(self.horizon, "snow", bumps=0.03)
        things = [self.tree_at(0.03, 0.35) for _ in range(self.rng.integers(3, 13))]
        things += [self.house_at(0.06, 0.2) for _ in range(self.rng.integers(0, 3))]
        self.place(things)

    def village(self):
        self.hills(int(self.rng.integers(0, 3)))
        self.ground(self.horizon, "grass")
        if self.rng.random() < 0.6:
            self.path(wide=True)
        things = [self.house_at(0.12, 0.36) for _ in range(self.rng.integers(2, 6))]
        things += [self.tree_at(0.08, 0.4) for _ in range(self.rng.integers(1, 7))]
        self.place(things)
