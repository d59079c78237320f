"""Trees, rocks and boats."""

import numpy as np

from .canvas import mix, rgb, smooth
from .light import BARK, BRICK, CONIFER, FOLIAGE, GRASS, ROCK, SNOW, TIMBER, WHITE


class Things:
    """The part of a `Scene` that stands on the ground or floats."""

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
        if conifer:
            return v, lambda: self.conifer(u, v, height, tone)
        return v, lambda: self.tree(u, v, height, tone, parts, bush, self.winter)

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
                sunny = np.clip(0.5 + light.side * (stem.u - u) / (height * 0.06), 0, 1)
                bark = light.on(BARK * 1.4, sunny + 0 * stem.v)
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
            lit = light.side * (area.u - u) * 0.4 - (area.v - v + across * 0.4) * 0.6
            sunny = np.clip(lit / across + rough, 0, 1)
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
