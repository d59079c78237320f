"""CIE Lab (D65), and what becomes of a scene in an old photograph of it."""

import numpy as np

TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
WHITE = TO_XYZ.sum(1)
LEVELS = np.arange(256) / 255
LINEAR = np.where(LEVELS <= 0.04045, LEVELS / 12.92, ((LEVELS + 0.055) / 1.055) ** 2.4).astype(np.float32)


def rgb_to_lab(picture):
    """[..., 3] 8-bit sRGB to L 0...100, a, b."""
    t = LINEAR[picture] @ (TO_XYZ / WHITE[:, None]).T.astype(np.float32)
    f = np.where(t > 216 / 24389, np.cbrt(t), t * (24389 / 27 / 116) + 16 / 116).astype(np.float32)
    return np.stack((116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])), -1)


def lab_to_rgb(lab):
    f = (lab[..., 0] + 16) / 116
    f = np.stack((f + lab[..., 1] / 500, f, f - lab[..., 2] / 200), -1)
    t = np.where(f > 6 / 29, f**3, (f - 16 / 116) * (116 * 27 / 24389))
    linear = np.clip(t * WHITE @ np.linalg.inv(TO_XYZ).T, 0, 1)
    curve = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * np.maximum(linear, 1e-9) ** (1 / 2.4) - 0.055)
    return np.rint(curve * 255).astype(np.uint8)


def gray(picture):
    """The 8-bit gray with the lightness of each pixel."""
    lab = rgb_to_lab(picture)
    lab[..., 1:] = 0
    return lab_to_rgb(lab)[..., 1]


def soften(x, sigma):
    """Gaussian blur of [height, width]."""
    reach = int(np.ceil(3 * sigma))
    if reach == 0:
        return x
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2).astype(np.float32)
    weights /= weights.sum()
    for _ in range(2):
        wide = np.pad(x, ((reach, reach), (0, 0)), mode="edge")
        x = sum(weight * wide[index : index + len(x)] for index, weight in enumerate(weights)).T
    return x


def age(rng, lightness, least=0.0):
    """An old print's lightness 0...100, [height, width]: lens blur and dark corners, grain, fading. `least` 0...1 keeps
    the damage from being slight. A step of 8-bit gray is rounded to, as in a file."""
    height, width = lightness.shape
    blurred, corners, grainy, coarse, faded, lifted, contrast = least + (1 - least) * rng.random(7)
    x = soften(lightness.astype(np.float32), 0.0035 * blurred * height)
    down = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    across = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    x = x * (1 - 0.22 * corners * np.float32(rng.random() + 0.2) * (down**2 + across**2) / 2)
    # Grain is coarser than fine pixels.
    grain = soften(rng.standard_normal((height, width), dtype=np.float32), 0.0022 * coarse * height)
    x = x + grain * np.float32((0.5 + 2.5 * grainy**2) / max(float(grain.std()), 1e-3))
    # Black turns gray and white dull, and the paper's curve differs.
    x = 100 * np.clip(x / 100, 0, 1) ** np.float32(1 + 0.25 * (2 * contrast - 1))
    x = x * np.float32(1 - 0.2 * faded) + np.float32(15 * lifted * faded)
    shade = np.clip(x, 0, 100)
    f = (shade + 16) / 116
    linear = np.where(f > 6 / 29, f**3, (f - 16 / 116) * (116 * 27 / 24389))
    curve = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * np.maximum(linear, 1e-9) ** (1 / 2.4) - 0.055)
    return np.rint(curve * 255).astype(np.uint8)
