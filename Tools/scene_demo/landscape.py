"""Sky, mountains, hills, ground and water."""

import numpy as np

from .canvas import mix, rgb, smooth
from .light import COBBLES, CONIFER, DEEP, EARTH, FOLIAGE, ROCK, SAND, SNOW, WHITE


class Landscape:
    """The part of a `Scene` that has no things in it."""

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
                self.horizon - 0.045 * (count - index) + 0.02, 0.13, 1.8, 3, albedo, 0.42 * (count - index) / count,
                trees=woody,
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
        rough = 0.7 * (2.2 if trees or snow or octaves > 4 else 0.9)
        sunny = np.clip(0.55 + rough * (texture - 0.5) + 0.35 * slope, 0, 1)
        color = light.on(albedo * (0.65 + 0.7 * texture)[..., None], sunny)
        if snow:
            limit = 0.10 + 0.16 * (canvas.noise(area.u, area.v, 7, 4, 0.6) - 0.5)
            white = smooth(0.02, -0.02, below - limit * (2.0 if self.winter else 1.0)) * smooth(0.3, 0.42, texture)
            color = mix(color, light.on(SNOW, sunny * 0.8), white[..., None])
        color = mix(color, light.haze, hazy)
        canvas.paint(area, canvas.inside(below), color)

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
            across, down = area.u * 70 + 0 * area.v, area.v * 22 + 0 * area.u
            blades = canvas.noise_at(across, down, np.float32(70 * canvas.du), 3, 0.8)
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
        start = float(self.rng.uniform(-2, 2))
        width = float(self.rng.uniform(1.8, 3.2) if wide else self.rng.uniform(0.8, 1.6))
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
        shrink = 0.85 if mirror else 0.5 * top / max(1 - top, 0.05)
        source = top - down * shrink + calm * 0.10 * waves * smooth(0, 0.06, down)
        row = np.clip(source / canvas.dv, 0, top / canvas.dv - 1).astype(np.int64)
        column = np.arange(canvas.width)[None, :] + (waves * calm * 6 * canvas.width / 256).astype(np.int64)
        column = np.clip(column, 0, canvas.width - 1)
        reflected = canvas.light[row, column]
        glint = np.clip(1 + calm * 1.1 * waves, 0.3, 2)
        facing = (0.25 + 0.45 * smooth(0.0, 0.45, down))[..., None] * (0.7 if mirror else 1.0)
        own = light.on(DEEP * (2.2 if light.kind == "day" else 1.4), 0.5 + waves)
        canvas.light[area.where] = mix(reflected * 0.92 * glint[..., None], own, facing)
