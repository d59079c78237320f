"""Houses of brick, plaster and timber."""

import numpy as np

from .canvas import mix, rgb, smooth
from .light import BRICK, GLASS, MORTAR, PLASTER, SLATE, SNOW, TILE, TIMBER, WHITE, choose


class Houses:
    """The part of a `Scene` that people have built."""

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
        ridge_front = u + side * gable / 2, v - tall - rise
        ridge_end = end - side * gable * 0.35, v - tall - rise + away
        self.chimney(mix(ridge_front[0], ridge_end[0], 0.25 + 0.5 * shape[5]), ridge_front[1], metre, flank)
        self.face([(left, v), (left, v - tall), ridge_front, (right, v - tall), (right, v)], wall, front, metre, v)
        self.face([(corner, v), (corner, v - tall), (end, v - tall + away), (end, v - away)], wall, flank, metre, v)
        over = side * eaves
        low = v - tall + eaves * 0.8
        slope = [(corner + over * 0.2, low), ridge_front, ridge_end, (end + over, low + away)]
        self.face(slope, roof, min(flank + 0.2, 1), metre, v)
        other = left - eaves if side > 0 else right + eaves
        for foot in ((other, v - tall + eaves * 0.8), (corner, v - tall + eaves * 0.4)):
            self.beam(foot, ridge_front, 0.16 * metre, roof)
        self.windows(left, right, v, tall, metre, front, 2, door=False)
        first, last = min(corner, end), max(corner, end)
        count = max(2, round(long / metre / 2))
        self.windows(first, last, v - away * 0.5, tall - away * 0.5, metre, flank, count, door=True)

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
        (left, right), (top, bottom) = sorted((start[0], end[0])), sorted((start[1], end[1]))
        area = canvas.area(left - width, top - width, right + width, bottom + width)
        if area.empty:
            return
        dx, dy = end[0] - start[0], end[1] - start[1]
        along = np.clip(((area.u - start[0]) * dx + (area.v - start[1]) * dy) / max(dx * dx + dy * dy, 1e-9), 0, 1)
        distance = np.sqrt((area.u - start[0] - along * dx) ** 2 + (area.v - start[1] - along * dy) ** 2)
        color = SNOW if roof == "snow" else {"tile": TILE, "slate": SLATE}[roof] * 0.8
        canvas.paint(area, canvas.inside(width - distance), self.light.on(color, 0.5))

    def chimney(self, u, top, metre, sunny):
        wide, tall = 0.35 * metre, 0.9 * metre
        foot, head = top + 1.2 * metre, top - tall
        corners = [(u - wide, foot), (u - wide, head), (u + wide, head), (u + wide, foot)]
        self.face(corners, "brick", sunny, metre, top)

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
                cross = np.minimum(np.abs(area.u - u), np.abs(area.v - bottom + high * 0.6))
                panes = np.minimum(edge, cross - frame * 0.35)
                lamp = light.kind == "dusk" and (index + floor) % 3 == 0
                glow = rgb(1.3, 0.75, 0.25) if lamp else light.on(GLASS, 0.3) + 0.10 * light.horizon
                canvas.paint(area, canvas.inside(panes), glow)
