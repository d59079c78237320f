"""Landscapes and villages drawn from a seed, in colour: what the model in the box is trained on, and tested on.

`draw(seed, width, height)` gives [height, width, 3] 8-bit sRGB. The same seed gives the same scene at any size and on any
machine (numpy's PCG64; the last bit of a pixel may differ where a machine's sine or power rounds differently).
Training draws the seeds from 0, tests those from HELD_OUT.
"""

import numpy as np

from .canvas import Canvas, mix, rgb, smooth

HELD_OUT = 1_000_000
KINDS = {"meadow": 0.25, "lake": 0.18, "sea": 0.15, "dunes": 0.08, "snowfield": 0.12, "village": 0.22}
LIGHTS = {"day": 0.66, "overcast": 0.12, "dusk": 0.22}

GRASS, STRAW, FOLIAGE, CONIFER = rgb(0.13, 0.25, 0.035), rgb(0.30, 0.29, 0.07), rgb(0.075, 0.17, 0.025), rgb(0.03, 0.085, 0.04)
SAND, SNOW, ROCK, EARTH = rgb(0.68, 0.46, 0.21), rgb(0.88, 0.91, 0.96), rgb(0.27, 0.25, 0.23), rgb(0.36, 0.24, 0.13)
BRICK, MORTAR, TILE, SLATE = rgb(0.46, 0.12, 0.06), rgb(0.52, 0.42, 0.34), rgb(0.52, 0.14, 0.055), rgb(0.10, 0.12, 0.16)
PLASTER, TIMBER, BARK, GLASS = rgb(0.85, 0.74, 0.50), rgb(0.24, 0.12, 0.05), rgb(0.11, 0.07, 0.04), rgb(0.05, 0.07, 0.10)
WHITE, COBBLES, DEEP = rgb(0.85, 0.85, 0.83), rgb(0.30, 0.28, 0.27), rgb(0.01, 0.055, 0.075)


def choose(rng, weights):
    return list(weights)[int(np.searchsorted(np.cumsum(list(weights.values())), rng.random() * 0.9999))]


def draw(seed, width, height, aspect=None):
    """`aspect` is the width of the scene in heights; left out, the seed says it, and the picture is squashed."""
    rng = np.random.Generator(np.random.PCG64(seed))
    own = float(rng.uniform(0.8, 1.6))
    scene = Scene(rng, width, height, own if aspect is None else aspect)
    return scene.canvas.develop(scene.light.exposure)


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


class Scene:
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
        if self.kind not in ("sea",) or rng.random() < 0.3:
            self.mountains(int(rng.integers(0, 3)))
        getattr(self, self.kind)()
        # Silver sees less colour in what is dim, and film is never quite neutral: a little less or more of it all.
        gray = self.canvas.light @ rgb(0.2126, 0.7152, 0.0722)
        self.canvas.light = gray[..., None] + (self.canvas.light - gray[..., None]) * np.float32(rng.uniform(0.95, 1.15))

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
        shore = float(self.rng.uniform(self.horizon + 0.2 * (1 - self.horizon), self.horizon + 0.7 * (1 - self.horizon)))
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

    # What is far away

    def sky(self):
        canvas, light = self.canvas, self.light
        area = canvas.area(bottom=self.horizon + 0.02)
        down = np.clip(area.v / self.horizon, 0, 1)
        fade = down ** np.float32(self.rng.uniform(1.1, 2.2) if light.kind != "dusk" else self.rng.uniform(1.6, 3.0))
        color = mix(light.zenith, light.horizon, fade[..., None]) + np.zeros_like(canvas.light[area.where])
        if light.kind == "dusk":
            sun = float(self.rng.uniform(0.1, 0.9)) * self.aspect, self.horizon - float(self.rng.uniform(-0.02, 0.08))
            distance = np.sqrt((area.u - sun[0]) ** 2 + 1.6 * (area.v - sun[1]) ** 2)
            color += rgb(1.9, 0.85, 0.22) * (0.8 * np.exp(-distance * 4.5))[..., None]
            color += rgb(6, 4.6, 2.4) * canvas.inside(0.028 - distance)[..., None]
        # Clouds lie on a ceiling: they close up towards the horizon.
        ceiling = 0.11 / (self.horizon * 1.15 - area.v + 0.04)
        x, y = (area.u - self.aspect / 2) * ceiling * 7.0, ceiling * 9.0 + 0 * area.u
        footprint = ceiling * ceiling * (9.0 / 0.11) * canvas.dv
        cover = 1 - light.cloudy
        dense = canvas.noise_at(x, y, footprint, 5, 0.55)
        cloud = smooth(cover * 0.42 + 0.25, cover * 0.42 + 0.47, dense)
        thick = smooth(0.38, 0.75, canvas.noise_at(x + 0.35 * light.side, y + 0.5, footprint, 3, 0.5))
        body = mix(light.cloud, light.cloud_shade, (thick * (0.75 if light.kind == "day" else 0.9))[..., None])
        color += (mix(body, light.horizon, 0.35 * down[..., None]) - color) * (cloud * (1 - 0.5 * down))[..., None]
        canvas.light[area.where] = color

    def mountains(self, count):
        for index in range(count):
            self.layer(
                self.horizon - 0.05 - 0.05 * (count - index), 0.40, 1.6, 6, ROCK, 0.65 - 0.2 * index,
                snow=self.winter or self.rng.random() < 0.5,
            )

    def hills(self, count):
        for index in range(count):
            woody = self.rng.random() < 0.5
            albedo = self.some(FOLIAGE, CONIFER, 0.8) if woody else self.some(self.green, FOLIAGE, 0.5)
            self.layer(
                self.horizon - 0.045 * (count - index) + 0.02, 0.13, 1.8, 3, albedo, 0.42 * (count - index) / count, trees=woody
            )

    def layer(self, line, height, scale, octaves, albedo, hazy, snow=False, trees=False):
        """A ridge of hills across the picture, seen through some haze."""
        canvas, light = self.canvas, self.light
        edge = line - height * canvas.ridge(scale, octaves, 0.5)[0]
        if trees:
            edge = edge - 0.022 * canvas.ridge(22, 4, 0.7)[0] - 0.01
        top = float(edge.min())
        area = canvas.area(top=top - 0.01)
        below = area.v - edge
        texture = canvas.noise(area.u, area.v, 40 if trees else 9, 4, 0.65)
        slope = np.gradient(edge, canvas.du) * light.side
        sunny = np.clip(0.55 + 0.7 * (texture - 0.5) * (2.2 if trees or snow or octaves > 4 else 0.9) + 0.35 * slope, 0, 1)
        color = light.on(albedo * (0.65 + 0.7 * texture)[..., None], sunny)
        if snow:
            limit = 0.10 + 0.16 * (canvas.noise(area.u, area.v, 7, 4, 0.6) - 0.5)
            white = smooth(0.02, -0.02, below - limit * (2.0 if self.winter else 1.0)) * smooth(0.3, 0.42, texture)
            color = mix(color, light.on(SNOW, sunny * 0.8), white[..., None])
        color = mix(color, light.haze, hazy)
        canvas.paint(area, canvas.inside(below), color)

    # The ground

    def flat(self, area):
        """Metres ahead and aside, on level ground, and how many metres deep a pixel is."""
        down = np.maximum(area.v - self.horizon, 0.004).astype(np.float32)
        ahead = self.eye / down
        return ahead, (area.u - self.aspect / 2) * ahead, ahead * ahead / self.eye * self.canvas.dv

    def ground(self, top, kind, bumps=0.012):
        canvas, light = self.canvas, self.light
        edge = top + bumps * canvas.ridge(1.2, 4)[0]
        area = canvas.area(top=float(edge.min()) - 0.01)
        ahead, aside, deep = self.flat(area)
        broad = canvas.noise_at(aside * 0.09, ahead * 0.09, deep * 0.09, 3)
        fine = canvas.noise_at(aside * 2.2, ahead * 1.1, deep * 1.1, 4, 0.75)
        if kind == "grass":
            # Blades stand upright, so near the viewer the texture is stretched upwards.
            blades = canvas.noise_at(area.u * 70 + 0 * area.v, area.v * 22 + 0 * area.u, np.float32(70 * canvas.du), 3, 0.8)
            near = smooth(0.1, 0.45, area.v - self.horizon)
            albedo = mix(self.green, self.green * rgb(1.45, 1.2, 0.8), smooth(0.35, 0.7, broad)[..., None])
            sunny = 0.62 + 1.1 * (fine - 0.5) + 1.5 * near * (blades - 0.5)
        elif kind == "snow":
            drift = canvas.noise(area.u, area.v, 4, 3)
            albedo, sunny = SNOW, 0.55 + 0.9 * (drift - 0.5) + 0.25 * (fine - 0.5) + 0.4 * (broad - 0.5)
        else:
            ripple = np.sin(ahead * 5 + 6 * broad + 2.5 * aside) * (1 - smooth(0.3, 0.9, deep * 1.6))
            albedo = SAND * (0.9 + 0.25 * broad)[..., None]
            sunny = 0.72 + 0.12 * ripple + 0.45 * (broad - 0.5) + 0.35 * (fine - 0.5)
        distance = (0.5 * np.exp(-12 * np.maximum(area.v - self.horizon, 0)))[..., None]
        color = mix(light.on(albedo, np.clip(sunny, 0, 1.2)), light.haze, distance * 0.6)
        canvas.paint(area, canvas.inside(area.v - edge), color)

    def path(self, wide=False):
        canvas, light = self.canvas, self.light
        area = canvas.area(top=self.horizon + 0.012)
        ahead, aside, deep = self.flat(area)
        start, width = float(self.rng.uniform(-2, 2)), float(self.rng.uniform(1.8, 3.2) if wide else self.rng.uniform(0.8, 1.6))
        bend = canvas.noise_at(ahead * 0.05, ahead * 0, deep * 0.05, 2) - 0.5
        edge = width - np.abs(aside - start - 14 * bend * smooth(3, 30, ahead))
        rough = canvas.noise_at(aside * 2.5, ahead * 2.5, deep * 2.5, 3, 0.7)
        paved = wide and self.rng.random() < 0.35
        albedo = (COBBLES if paved else self.some(EARTH, SAND, 0.5)) * (0.7 + 0.6 * rough)[..., None]
        cover = np.clip((edge + 0.7 * (rough - 0.5)) / (ahead * canvas.du) + 0.5, 0, 1)
        canvas.paint(area, cover * (1 - smooth(60, 150, ahead)), light.on(albedo, 0.6 + 0.5 * (rough - 0.5)))

    def beach(self, shore):
        canvas, light = self.canvas, self.light
        edge = shore + 0.10 * canvas.ridge(0.7, 2)[0] + 0.06 * (canvas.u[0] / self.aspect - 0.5) * light.side
        sea = canvas.area(top=self.horizon, bottom=float(edge.max()) + 0.02)
        water = canvas.light[sea.where].copy()
        self.ground(self.horizon, "sand", bumps=0)
        dry = canvas.area(top=float(edge.min()) - 0.05)
        below = dry.v - edge
        wet = smooth(0.07, 0.0, below)
        canvas.light[dry.where] *= 1 - 0.45 * wet[..., None]
        canvas.paint(sea, canvas.inside(edge - sea.v), water)
        foam = canvas.noise(dry.u, dry.v, 45, 3, 0.7)
        for offset, strength in ((0.0, 1.0), (-0.035, 0.6)):
            line = np.exp(-(((below - offset + 0.02 * (foam - 0.5)) / 0.009) ** 2)) * strength
            canvas.paint(dry, line * smooth(0.3, 0.6, foam + 0.1), light.on(WHITE, 0.7))

    def water(self, top, mirror):
        """Shows the sky, or all that stands above the shore, upside down, and the more of its own colour the nearer."""
        canvas, light = self.canvas, self.light
        area = canvas.area(top=top)
        ahead, aside, deep = self.flat(area)
        waves = canvas.noise_at(aside * 0.5, ahead * 1.1, deep * 1.1, 4, 0.65) - 0.5
        calm = float(self.rng.uniform(0.25, 0.7)) if mirror else 1.0
        down = area.v - top
        source = top - down * (0.85 if mirror else 0.5 * top / max(1 - top, 0.05)) + calm * 0.10 * waves * smooth(0, 0.06, down)
        row = np.clip(source / canvas.dv, 0, top / canvas.dv - 1).astype(np.int64)
        column = np.clip(np.arange(canvas.width)[None, :] + (waves * calm * 6 * canvas.width / 256).astype(np.int64), 0, canvas.width - 1)
        reflected = canvas.light[row, column]
        glint = np.clip(1 + calm * 1.1 * waves, 0.3, 2)
        facing = (0.25 + 0.45 * smooth(0.0, 0.45, down))[..., None] * (0.7 if mirror else 1.0)
        own = light.on(DEEP * (2.2 if light.kind == "day" else 1.4), 0.5 + waves)
        canvas.light[area.where] = mix(reflected * 0.92 * glint[..., None], own, facing)

    # Things that stand on the ground

    def some(self, a, b, most):
        return mix(a, b, np.float32(self.rng.random() * most))

    def spot(self, low, high):
        """A place on the ground: u, v and the heights of the picture that a metre takes there."""
        down = low + (min(high, 0.98 - self.horizon) - low) * float(self.rng.random()) ** 1.4
        return float(self.rng.uniform(-0.02, 1.02)) * self.aspect, self.horizon + down, down / self.eye

    def place(self, things):
        for _, paint in sorted(things, key=lambda thing: thing[0]):
            paint()

    def tree_at(self, low, high):
        u, v, metre = self.spot(low, high)
        conifer = self.rng.random() < (0.85 if self.winter else 0.3)
        height = float(self.rng.uniform(4, 11)) * metre
        height = min(max(height, 0.02), 0.75)
        bush = not conifer and self.rng.random() < 0.25
        if bush:
            height *= 0.3
        parts = self.rng.random((10, 3))
        tone = self.some(CONIFER, FOLIAGE, 0.3) if conifer else self.some(FOLIAGE, GRASS, 0.7)
        bare = self.winter and not conifer
        return v, lambda: self.conifer(u, v, height, tone) if conifer else self.tree(u, v, height, tone, parts, bush, bare)

    def shadow(self, u, v, across, strength=0.55):
        canvas, light = self.canvas, self.light
        if light.kind == "overcast":
            strength *= 0.5
        middle = u - light.side * across * 0.5
        area = canvas.area(middle - across * 1.3, v - across * 0.25, middle + across * 1.3, v + across * 0.25)
        if not area.empty:
            distance = ((area.u - middle) / across) ** 2 + ((area.v - v) / (across * 0.16)) ** 2
            canvas.light[area.where] *= 1 - strength * smooth(1.2, 0.3, distance)[..., None] * rgb(1, 0.97, 0.88)

    def tree(self, u, v, height, tone, parts, bush, bare):
        canvas, light = self.canvas, self.light
        self.shadow(u, v, height * 0.42)
        radius = height * (0.36 if not bush else 0.8)
        middle = v - height * (0.62 if not bush else 0.4)
        if not bush:
            stem = canvas.area(u - height * 0.05, v - height * 0.6, u + height * 0.05, v + 0.01)
            if not stem.empty:
                thick = height * 0.028 * (1 + 0.6 * smooth(v - height * 0.2, v, stem.v))
                bark = light.on(BARK * 1.4, np.clip(0.5 + light.side * (stem.u - u) / (height * 0.06), 0, 1) + 0 * stem.v)
                canvas.paint(stem, canvas.inside(thick - np.abs(stem.u - u)) * canvas.inside(v - stem.v), bark)
        reach = radius * 1.45
        area = canvas.area(u - reach, middle - reach, u + reach, min(middle + reach, v if bush else 1.0))
        if area.empty:
            return
        leaves = canvas.noise(area.u, area.v, 5.5 / radius, 4, 0.75)
        field, shade = np.float32(-9), np.float32(0)
        for x, y, size in parts:
            x, y = u + (x - 0.5) * radius * 1.25, middle + (y - 0.5) * radius * 1.15
            size = radius * (0.38 + 0.25 * size)
            ball = 1 - ((area.u - x) ** 2 + (area.v - y) ** 2) / size**2
            lit = 0.45 + (light.side * (area.u - x) * 0.35 - (area.v - y) * 0.6) / size
            shade = np.where(ball > field, lit, shade)
            field = np.maximum(field, ball)
        soft = max(canvas.du, canvas.dv) / radius * 2
        cover = smooth(-soft, soft, field + 1.3 * (leaves - 0.55))
        sunny = np.clip(0.75 * shade + 1.5 * (leaves - 0.5) + 0.12, 0.0, 1.1)
        color = light.on(tone * (0.55 + 0.9 * leaves)[..., None], sunny)
        if bare:
            cover, color = cover * smooth(0.45, 0.62, leaves), light.on(mix(BARK, SNOW, 0.25), sunny)
        canvas.paint(area, cover, color)

    def conifer(self, u, v, height, tone):
        canvas, light = self.canvas, self.light
        self.shadow(u, v, height * 0.25)
        half = height * 0.24
        area = canvas.area(u - half * 1.3, v - height * 1.05, u + half * 1.3, v)
        if area.empty:
            return
        down = (area.v - (v - height)) / height
        needles = canvas.noise(area.u, area.v, 14 / height, 4, 0.75)
        tier = down * 6.5 - np.floor(down * 6.5)
        reach = half * np.clip(down, 0, 1) * (0.62 + 0.38 * tier) * (0.65 + 0.7 * needles)
        cover = canvas.inside(reach - np.abs(area.u - u)) * canvas.inside(v - 0.04 * height - area.v) * (down > 0)
        sunny = np.clip(0.35 + light.side * (area.u - u) / half * 0.5 + 1.4 * (needles - 0.5), 0, 1)
        color = light.on(tone * (0.6 + 0.9 * needles)[..., None], sunny)
        if self.winter:
            white = smooth(0.45, 0.6, needles + 0.25 * (0.5 - tier))
            color = mix(color, light.on(SNOW, 0.3 + 0.6 * sunny), 0.85 * white[..., None])
        canvas.paint(area, cover, color)
        stem = canvas.area(u - height * 0.02, v - height * 0.06, u + height * 0.02, v)
        if not stem.empty:
            canvas.paint(stem, canvas.inside(height * 0.015 - np.abs(stem.u - u)) + 0 * stem.v, light.on(BARK, 0.4))

    def rock_at(self, low, high):
        u, v, metre = self.spot(low, high)
        across, tone = float(self.rng.uniform(0.3, 1.3)) * metre, ROCK * float(self.rng.uniform(0.7, 1.2))

        def paint():
            canvas, light = self.canvas, self.light
            self.shadow(u, v, across * 1.2, 0.6)
            area = canvas.area(u - across * 1.2, v - across, u + across * 1.2, v)
            if area.empty:
                return
            rough = canvas.noise(area.u, area.v, 3 / across, 4, 0.6)
            field = 1 - ((area.u - u) / across) ** 2 - ((area.v - v) / (across * 0.75)) ** 2 + 0.9 * (rough - 0.5)
            sunny = np.clip(0.5 + light.side * (area.u - u) / across * 0.4 - (area.v - v + across * 0.4) / across * 0.6 + rough - 0.5, 0, 1)
            soft = max(canvas.du, canvas.dv) / across
            canvas.paint(area, smooth(-soft, soft, field), light.on(tone * (0.6 + 0.8 * rough)[..., None], sunny))

        return v, paint

    def boat(self, v):
        canvas, light = self.canvas, self.light
        size = max(2.6 * (v - self.horizon) / self.eye, 0.025)
        u = float(self.rng.uniform(0.1, 0.9)) * self.aspect
        painted = self.some(TIMBER, BRICK, 0.7) if self.rng.random() < 0.6 else WHITE * 0.9
        area = canvas.area(u - size, v - 1.8 * size, u + size, v + 0.01)
        if area.empty:
            return
        x, y = (area.u - u) / size, (area.v - v) / size
        hull = canvas.inside(size * np.minimum(np.minimum(y + 0.22, -y), 0.62 + 0.9 * -y - np.abs(x) - 0.1))
        canvas.paint(area, hull, light.on(painted, 0.7))
        for side, tall, wide in ((1, 1.6, 0.55), (-1, 1.3, 0.4)):
            sail = np.minimum(np.minimum(side * x - 0.03, -0.3 - y), wide * (1 + (y + 0.3) / (tall - 0.3)) - side * x)
            canvas.paint(area, canvas.inside(size * sail), light.on(WHITE, 0.75 + 0.2 * side * light.side))

    # Houses

    def house_at(self, low, high):
        u, v, metre = self.spot(low, high)
        metre = min(metre, 0.12)
        rng = self.rng
        wall = choose(rng, {"brick": 0.52, "plaster": 0.28, "timber": 0.2})
        roof = "snow" if self.winter else choose(rng, {"tile": 0.7, "slate": 0.3})
        shape = rng.random(6)
        return v, lambda: self.house(u, v, metre, wall, roof, shape)

    def house(self, u, v, metre, wall, roof, shape):
        """Seen from a corner: a gable wall, a long wall with the roof's slope above it, a chimney."""
        light = self.light
        tall, gable, long = (2.6 + 2.4 * shape[0]) * metre, (3.5 + 2 * shape[1]) * metre, (4 + 4 * shape[2]) * metre
        rise, eaves = gable * (0.42 + 0.25 * shape[3]), 0.3 * metre
        side = 1.0 if shape[4] < 0.5 else -1.0  # where the long wall goes
        self.shadow(u + side * long * 0.5, v, (gable + long) * 0.6, 0.5)
        left, right = (u, u + gable) if side > 0 else (u - gable, u)
        corner, end = (right, right + long) if side > 0 else (left, left - long)
        away = 0.06 * long  # the far end is a little smaller
        front, flank = (0.9, 0.35) if light.side * side < 0 else (0.3, 0.85)
        ridge_front, ridge_end = (u + side * gable / 2, v - tall - rise), (end - side * gable * 0.35, v - tall - rise + away)
        self.chimney(mix(ridge_front[0], ridge_end[0], 0.25 + 0.5 * shape[5]), ridge_front[1], metre, flank)
        self.face([(left, v), (left, v - tall), ridge_front, (right, v - tall), (right, v)], wall, front, metre, v)
        self.face([(corner, v), (corner, v - tall), (end, v - tall + away), (end, v - away)], wall, flank, metre, v)
        over = side * eaves
        slope = [(corner + over * 0.2, v - tall + eaves * 0.8), ridge_front, ridge_end, (end + over, v - tall + away + eaves * 0.8)]
        self.face(slope, roof, min(flank + 0.2, 1), metre, v)
        other = left - eaves if side > 0 else right + eaves
        for foot in ((other, v - tall + eaves * 0.8), (corner, v - tall + eaves * 0.4)):
            self.beam(foot, ridge_front, 0.16 * metre, roof)
        self.windows(left, right, v, tall, metre, front, 2, door=False)
        first, last = min(corner, end), max(corner, end)
        self.windows(first, last, v - away * 0.5, tall - away * 0.5, metre, flank, max(2, round(long / metre / 2)), door=True)

    def face(self, corners, material, sunny, metre, base):
        """A wall or a roof: a convex polygon in any order around, with its material's pattern."""
        canvas, light = self.canvas, self.light
        us, vs = [c[0] for c in corners], [c[1] for c in corners]
        area = canvas.area(min(us), min(vs), max(us), max(vs))
        if area.empty:
            return
        centre = sum(us) / len(us), sum(vs) / len(vs)
        depth = np.float32(9)
        for (x0, y0), (x1, y1) in zip(corners, corners[1:] + corners[:1]):
            length = max(((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5, 1e-6)
            inward = ((area.u - x0) * (y1 - y0) - (area.v - y0) * (x1 - x0)) / length
            sign = 1 if (centre[0] - x0) * (y1 - y0) - (centre[1] - y0) * (x1 - x0) > 0 else -1
            depth = np.minimum(depth, inward * sign)
        stain = canvas.noise(area.u, area.v, 0.5 / metre, 4, 0.6)
        color = self.material(area, material, metre, base, stain)
        canvas.paint(area, canvas.inside(depth), light.on(color, np.clip(sunny + 0.4 * (stain - 0.5), 0, 1)))

    def material(self, area, material, metre, base, stain):
        canvas = self.canvas
        stain = stain[..., None]
        if material in ("brick", "tile", "slate"):
            rows = {"brick": 0.18, "tile": 0.36, "slate": 0.30}[material] * metre
            across = rows * {"brick": 2.4, "tile": 0.8, "slate": 1.2}[material]
            y = (base - area.v) / rows
            x = (area.u / across) + 0.5 * (np.floor(y) % 2)
            seen = 1 - smooth(0.25, 0.75, max(canvas.du / across, canvas.dv / rows))
            joint = np.maximum(np.abs(y - np.floor(y) - 0.5) * 2 - 0.70, np.abs(x - np.floor(x) - 0.5) * 2 - 0.86) > 0
            index = (np.floor(x).astype(np.int64) * 37 + np.floor(y).astype(np.int64) * 101) % 256
            each = 1 + (canvas.lattice[7][index][..., None] - 0.5) * (0.55 if material != "slate" else 0.35) * seen
            body = {"brick": BRICK, "tile": TILE, "slate": SLATE}[material] * (0.75 + 0.5 * stain) * each
            joints = MORTAR if material == "brick" else body * 0.45
            return mix(body, joints, (0.75 * joint * seen + 0.16 * (1 - seen) * (material == "brick"))[..., None])
        if material == "timber":
            plank = area.u / (0.22 * metre) + 0 * area.v
            seen = 1 - smooth(0.25, 0.75, canvas.du / (0.22 * metre))
            gap = (np.abs(plank - np.floor(plank) - 0.5) * 2 > 0.8) * seen
            grain = canvas.noise(area.u * 6, area.v, 2.5 / metre, 3, 0.7)[..., None]
            return TIMBER * (0.6 + 0.8 * grain) * (1 - 0.6 * gap[..., None])
        if material == "snow":
            return SNOW * (0.95 + 0.1 * stain)
        return PLASTER * (0.85 + 0.3 * stain)

    def beam(self, start, end, width, roof):
        canvas = self.canvas
        area = canvas.area(min(start[0], end[0]) - width, min(start[1], end[1]) - width, max(start[0], end[0]) + width, max(start[1], end[1]) + width)
        if area.empty:
            return
        dx, dy = end[0] - start[0], end[1] - start[1]
        along = np.clip(((area.u - start[0]) * dx + (area.v - start[1]) * dy) / max(dx * dx + dy * dy, 1e-9), 0, 1)
        distance = np.sqrt((area.u - start[0] - along * dx) ** 2 + (area.v - start[1] - along * dy) ** 2)
        color = SNOW if roof == "snow" else {"tile": TILE, "slate": SLATE}[roof] * 0.8
        canvas.paint(area, canvas.inside(width - distance), self.light.on(color, 0.5))

    def chimney(self, u, top, metre, sunny):
        wide, tall = 0.35 * metre, 0.9 * metre
        self.face([(u - wide, top + 1.2 * metre), (u - wide, top - tall), (u + wide, top - tall), (u + wide, top + 1.2 * metre)], "brick", sunny, metre, top)

    def windows(self, left, right, base, tall, metre, sunny, count, door):
        canvas, light = self.canvas, self.light
        floors = 2 if tall > 4.2 * metre else 1
        for floor in range(floors):
            for index in range(count):
                u = left + (right - left) * (index + 0.5) / count
                is_door = door and floor == 0 and index == count // 2
                wide, high = (0.5 * metre, 2.0 * metre) if is_door else (0.45 * metre, 1.25 * metre)
                bottom = base if is_door else base - 0.9 * metre - floor * 2.2 * metre
                frame = 0.12 * metre
                area = canvas.area(u - wide - frame, bottom - high - frame, u + wide + frame, bottom + frame)
                if area.empty:
                    continue
                edge = np.minimum(wide - np.abs(area.u - u), np.minimum(bottom - area.v, area.v - bottom + high))
                canvas.paint(area, canvas.inside(edge + frame), light.on(WHITE, sunny * 0.8))
                if is_door:
                    canvas.paint(area, canvas.inside(edge), light.on(TIMBER * 1.1, sunny))
                    continue
                bars = np.minimum(edge, np.minimum(np.abs(area.u - u), np.abs(area.v - bottom + high * 0.6)) - frame * 0.35)
                glow = rgb(1.3, 0.75, 0.25) if light.kind == "dusk" and (index + floor) % 3 == 0 else light.on(GLASS, 0.3) + 0.10 * light.horizon
                canvas.paint(area, canvas.inside(bars), glow)
