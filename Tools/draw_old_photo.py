"""Draw an old photograph with everything that happens to one, procedurally and deterministically.

A house, a tree and a family, drawn rather than photographed, so the picture is free of anybody's rights and the
same arguments always give the same picture. Then, in the order of a photograph's life: the lens darkens the corners,
the film has grain, the print fades, gathers scratches and dust, and lies crooked on the scanner.

Needs Python 3.11 or later, numpy and Pillow:

    python3 -m venv venv && venv/bin/pip install numpy pillow
    venv/bin/python Tools/draw_old_photo.py OUT.jpg [--without grain,scratches,dust,fading,vignette,skew]

Coordinates are pixels of the finished picture, with the origin in its middle.
"""

import argparse

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from draw_sample_photo import fbm, noise, smooth

SEED = 1931
WIDTH, HEIGHT = 1000, 750
SKEW = 2.5  # degrees that the picture is turned clockwise
DAMAGES = "grain", "scratches", "dust", "fading", "vignette", "skew"
# The scene is drawn larger than the picture, so that turning it uncovers no corner, and twice as fine.
MARGIN, FINE = 40, 2


def gray(level):
    return (int(level),) * 3


class Drawing:
    """Shapes in picture coordinates on a canvas with a margin."""

    def __init__(self):
        self.size = (WIDTH + 2 * MARGIN) * FINE, (HEIGHT + 2 * MARGIN) * FINE
        self.image = Image.new("L", self.size, 0)
        self.draw = ImageDraw.Draw(self.image)

    def at(self, points):
        return [((x + WIDTH / 2 + MARGIN) * FINE, (y + HEIGHT / 2 + MARGIN) * FINE) for x, y in points]

    def polygon(self, points, level):
        self.draw.polygon(self.at(points), fill=int(level))

    def box(self, x, y, width, height, level):
        self.polygon([(x, y), (x + width, y), (x + width, y + height), (x, y + height)], level)

    def ellipse(self, x, y, across, down, level):
        self.draw.ellipse(self.at([(x - across, y - down), (x + across, y + down)]), fill=int(level))

    def line(self, points, width, level):
        self.draw.line(self.at(points), fill=int(level), width=round(width * FINE), joint="curve")

    def grid(self):
        columns = (np.arange(self.size[0], dtype=np.float32) + 0.5) / FINE - WIDTH / 2 - MARGIN
        rows = (np.arange(self.size[1], dtype=np.float32) + 0.5) / FINE - HEIGHT / 2 - MARGIN
        return np.broadcast_arrays(columns[None, :], rows[:, None])

    def array(self):
        return np.asarray(self.image, np.float32)

    def replace(self, levels):
        self.image.paste(Image.fromarray(np.clip(levels, 0, 255).astype(np.uint8)))


def background(d):
    """Sky with soft clouds, two hills, a meadow."""
    x, y = d.grid()
    sky = 168 + 52 * smooth(-400, 60, y)
    clouds = fbm(x / 260 + 11, y / 90 + 5, 6)
    sky = sky + 46 * smooth(0.48, 0.72, clouds) * smooth(40, -160, y)
    for number, (base, level) in enumerate(((15, 158), (38, 128))):
        line = base - 62 * (fbm(x / 210 + 7 * number, np.zeros_like(x) + 20.5 * number, 5) - 0.35)
        woods = 14 * (fbm(x / 7, y / 6 + 40 * number, 4, 0.65) - 0.5)
        sky = np.where(y > line, level + woods * (1 + number), sky)
    meadow = 112 - 0.09 * (y - 60) + 34 * (fbm(x / 30, y / 9, 5, 0.6) - 0.5)
    blades = 30 * (noise(x / 1.6, y / 5.5) - 0.5) * smooth(60, 320, y)
    d.replace(np.where(y > 62, meadow + blades, sky))


def house(d):
    d.box(-330, -92, 320, 190, 196)  # wall
    x, y = d.grid()
    levels = d.array()
    wall = (x > -330) & (x < -10) & (y > -92) & (y < 98)
    boards = np.where((y % 9) < 1.2, -20, 0) + 9 * (fbm(x / 60, y / 4, 4) - 0.5)
    d.replace(np.where(wall, levels + boards, levels))
    d.polygon([(-352, -88), (-300, -188), (-40, -188), (12, -88)], 84)  # roof
    levels = d.array()
    roof = (y > -188) & (y < -88) & (levels == 84)
    tiles = np.where((y % 8) < 1.6, -16, 0) + np.where(((x + 5 * np.floor(y / 8)) % 11) < 1.2, -9, 0)
    d.replace(np.where(roof, levels + tiles + 14 * (noise(x / 9, y / 8) - 0.5), levels))
    d.box(-120, -236, 34, 70, 104)  # chimney
    d.box(-125, -240, 44, 8, 78)
    for left in (-296, -110):  # windows
        d.box(left - 4, -54, 70, 80, 232)
        d.box(left, -50, 62, 72, 62)
        d.polygon([(left, -50), (left + 40, -50), (left, 0)], 92)
        d.box(left + 29, -50, 4, 72, 232)
        d.box(left, -18, 62, 4, 232)
        d.box(left - 8, 26, 78, 6, 214)
    d.box(-206, -40, 64, 138, 74)  # door
    for top in (-32, 20):
        d.box(-198, top, 48, 44, 62)
    d.ellipse(-152, 32, 3, 3, 180)
    d.box(-216, 98, 84, 9, 172)  # step
    d.polygon([(-212, 107), (-136, 107), (-70, 420), (-330, 420)], 164)  # path
    levels = d.array()
    path = (levels == 164) & (y > 107)
    d.replace(np.where(path, levels + 30 * (fbm(x / 14, y / 5, 4, 0.7) - 0.5), levels))


def fence(d):
    for x in range(70, 560, 26):
        d.box(x, 76, 9, 62, 206)
        d.polygon([(x, 76), (x + 4.5, 68), (x + 9, 76)], 206)
    for y in (90, 118):
        d.box(60, y, 500, 7, 198)


def tree(d):
    rng = np.random.default_rng([SEED, 1])
    d.polygon([(334, 150), (352, 20), (346, -80), (372, -80), (374, 20), (398, 150)], 58)
    x, y = d.grid()
    levels = d.array()
    bark = levels == 58
    d.replace(np.where(bark, levels + 34 * (fbm(x / 3, y / 22, 4, 0.6) - 0.45), levels))
    crown = np.full_like(x, -1)
    for _ in range(46):
        cx, cy = rng.normal(362, 66), rng.normal(-150, 62)
        crown = np.maximum(crown, 1 - ((x - cx) ** 2 + ((y - cy) * 1.1) ** 2) / rng.uniform(34, 62) ** 2)
    ragged = crown + 0.9 * (fbm(x / 9, y / 9, 4, 0.7) - 0.5)
    leaves = 70 + 62 * (fbm(x / 7, y / 6, 4, 0.75) - 0.45) + 26 * smooth(60, -120, (y + 150) + 0.6 * (x - 362))
    d.replace(np.where(ragged > 0.13, leaves, d.array()))


def person(d, x, ground, tall, coat, hat=None, skirt=False):
    head = tall * 0.068
    top = ground - tall
    width = tall * 0.125
    d.ellipse(x, ground, width * 1.7, tall * 0.02, 74)  # shadow
    if skirt:
        d.polygon([(x - width * 0.8, top + tall * 0.48), (x + width * 0.8, top + tall * 0.48),
                   (x + width * 1.6, ground - 6), (x - width * 1.6, ground - 6)], coat)
        d.box(x - width * 0.5, ground - 8, width * 0.35, 8, 40)
        d.box(x + width * 0.15, ground - 8, width * 0.35, 8, 40)
    else:
        for side in (-1, 1):
            d.polygon([(x + side * width * 0.08, top + tall * 0.5), (x + side * width * 0.95, top + tall * 0.5),
                       (x + side * width * 0.8, ground), (x + side * width * 0.18, ground)], coat - 14)
    d.polygon([(x - width, top + tall * 0.18), (x + width, top + tall * 0.18),
               (x + width * 0.92, top + tall * 0.54), (x - width * 0.92, top + tall * 0.54)], coat)
    for side in (-1, 1):
        d.line([(x + side * width * 0.9, top + tall * 0.2), (x + side * width * 1.25, top + tall * 0.38),
                (x + side * width * 1.05, top + tall * 0.54)], tall * 0.05, coat - 8)
        d.ellipse(x + side * width * 1.05, top + tall * 0.555, tall * 0.022, tall * 0.026, 188)
    d.polygon([(x - width * 0.3, top + tall * 0.165), (x + width * 0.3, top + tall * 0.165),
               (x, top + tall * 0.30)], 222)  # collar
    d.ellipse(x, top + head * 1.3, head * 0.86, head * 1.15, 168)
    d.ellipse(x + head * 0.35, top + head * 1.4, head * 0.5, head * 0.9, 152)
    for side in (-1, 1):
        d.ellipse(x + side * head * 0.34, top + head * 1.2, head * 0.11, head * 0.09, 70)
    d.line([(x - head * 0.25, top + head * 1.85), (x + head * 0.25, top + head * 1.85)], 1.1, 120)
    d.line([(x, top + head * 1.3), (x - head * 0.08, top + head * 1.55)], 1.0, 158)
    if hat is None:
        d.draw.pieslice(d.at([(x - head, top + head * 0.1), (x + head, top + head * 2.0)]), 180, 360, fill=52)
    else:
        d.draw.pieslice(d.at([(x - head * 0.95, top + head * 0.1), (x + head * 0.95, top + head * 2.1)]), 180, 360, fill=46)
        d.ellipse(x, top + head * 0.62, head * 1.7, head * 0.26, hat)
        d.box(x - head * 0.85, top - head * 0.35, head * 1.7, head, hat)
        d.box(x - head * 0.85, top + head * 0.3, head * 1.7, head * 0.28, hat - 22)


def scene():
    """[rows, columns] levels of the upright, undamaged photograph, with the margin and at the fine scale."""
    d = Drawing()
    background(d)
    house(d)
    fence(d)
    tree(d)
    person(d, -40, 322, 268, 62, hat=72)
    person(d, 52, 326, 246, 148, skirt=True)
    person(d, 122, 324, 160, 108)
    person(d, -128, 330, 138, 186, skirt=True)
    d.image = d.image.filter(ImageFilter.GaussianBlur(0.8 * FINE))  # the lens
    return d.image


def soft(fine):
    """A fine layer at the picture's size, with the softness of a scanner's lens."""
    for axis in (0, 1):
        fine = (np.roll(fine, 1, axis) + 2 * fine + np.roll(fine, -1, axis)) / 4
    return np.asarray(Image.fromarray(fine).resize((WIDTH, HEIGHT), Image.Resampling.BOX))


def scratches():
    """Streaks mostly along the film, drawn fine and added: bright where the emulsion is gone, dark where dirt lies."""
    layer = np.zeros((HEIGHT * FINE, WIDTH * FINE), np.float32)
    lines = [  # x and y of both ends, width, strength
        (-392, -380, -372, 380, 2.0, 88), (-61, -380, -40, 210, 1.4, 74), (178, -380, 196, 380, 2.6, 80),
        (262, -60, 268, 380, 1.2, 66), (441, -380, 452, 130, 1.7, 96), (-500, -228, 60, -262, 1.5, 72),
        (-240, 250, 150, 296, 1.8, 70), (-455, 60, -300, 355, 1.6, 86), (-182, -380, -168, 380, 1.6, -74),
        (328, -380, 316, 380, 2.0, -66), (70, -330, 300, -150, 1.4, -62),
    ]
    for number, (x0, y0, x1, y1, width, strength) in enumerate(lines):
        image = Image.new("L", (WIDTH * FINE, HEIGHT * FINE), 0)
        t = np.linspace(0, 1, 160)
        sway = 2.2 * np.sin(5 * t + number) + 0.7 * np.sin(23 * t + 2 * number)
        upright = abs(y1 - y0) > abs(x1 - x0)
        x = x0 + (x1 - x0) * t + (sway if upright else 0) + WIDTH / 2
        y = y0 + (y1 - y0) * t + (0 if upright else sway) + HEIGHT / 2
        ImageDraw.Draw(image).line(list(zip(x * FINE, y * FINE)), fill=255, width=round(width * FINE))
        worn = noise(np.arange(HEIGHT * FINE)[:, None] / 46 + 31 * number, np.arange(WIDTH * FINE)[None, :] / 46)
        layer += np.asarray(image, np.float32) / 255 * strength * (0.35 + 0.75 * smooth(0.12, 0.5, worn))
    return soft(layer)


def dust(rng):
    layer = Image.new("F", (WIDTH * FINE, HEIGHT * FINE), 0)
    draw = ImageDraw.Draw(layer)
    for _ in range(120):
        x, y = rng.uniform(0, WIDTH), rng.uniform(0, HEIGHT)
        size = 0.8 + rng.gamma(1.6, 0.7)
        strength = rng.uniform(60, 120) * (1 if rng.random() < 0.7 else -1)
        angles = np.sort(rng.uniform(0, 2 * np.pi, 7))
        reach = min(size, 4.5) * rng.uniform(0.55, 1.25, 7)
        outline = [((x + r * np.cos(a)) * FINE, (y + r * np.sin(a)) * FINE) for a, r in zip(angles, reach)]
        draw.polygon(outline, fill=float(strength))
    return soft(np.asarray(layer))


def draw_old_photo(damages):
    image = scene()
    if "skew" in damages:
        image = image.rotate(-SKEW, Image.Resampling.BICUBIC)
    inner = MARGIN * FINE
    image = image.crop((inner, inner, inner + WIDTH * FINE, inner + HEIGHT * FINE))
    photo = np.asarray(image.resize((WIDTH, HEIGHT), Image.Resampling.BOX), np.float32)

    x, y = np.meshgrid(np.arange(WIDTH) + 0.5 - WIDTH / 2, np.arange(HEIGHT) + 0.5 - HEIGHT / 2)
    if "vignette" in damages:
        radius = (x**2 + y**2) / ((WIDTH / 2) ** 2 + (HEIGHT / 2) ** 2)
        photo = photo / (1 + 0.55 * radius) ** 1.6
    if "grain" in damages:
        rng = np.random.default_rng([SEED, 2])
        grain = rng.standard_normal((HEIGHT, WIDTH), dtype=np.float32)
        grain = 0.8 * grain + 0.25 * (np.roll(grain, 1, 0) + np.roll(grain, 1, 1))  # clumps of silver
        tone = photo / 255
        photo = photo + 9.5 * grain * (0.5 + 2.0 * tone * (1 - tone))
    if "scratches" in damages:
        photo = photo + scratches()
    if "dust" in damages:
        photo = photo + dust(np.random.default_rng([SEED, 4]))
    photo = np.clip(photo, 0, 255)[..., None] / 255
    if "fading" in damages:  # blacks have turned brown, whites yellow
        low, high = np.array([0.24, 0.18, 0.13]), np.array([0.86, 0.78, 0.62])
        photo = low + (high - low) * photo**0.92
    else:
        photo = np.repeat(photo, 3, axis=2)
    return Image.fromarray((np.clip(photo, 0, 1) * 255 + 0.5).astype(np.uint8))


def main():
    parser = argparse.ArgumentParser(description="Draw an old photograph.")
    parser.add_argument("out", metavar="OUT.jpg")
    parser.add_argument("--without", default="", metavar="DAMAGES", help="a list of " + ", ".join(DAMAGES))
    parser.add_argument("--quality", type=int, default=93)
    options = parser.parse_args()
    left = set(DAMAGES) - set(options.without.split(","))
    draw_old_photo(left).save(options.out, quality=options.quality)


if __name__ == "__main__":
    main()
