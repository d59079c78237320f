"""Train, measure and show the model in the box, models/ddcolor/scene_demo.safetensors. See docs/SCENE-DEMO.md.

Not needed to build or to run graphrun. Needs Python 3.11 or later, torch, numpy, safetensors and Pillow:

    python3 -m venv venv && venv/bin/pip install torch numpy safetensors pillow
    venv/bin/python Tools/train_scene_demo.py --train FOLDER      # FOLDER/scene_demo.safetensors
    venv/bin/python Tools/train_scene_demo.py --evaluate 64 --side 256
    venv/bin/python Tools/train_scene_demo.py --draw-sample DIR   # input/old-scene.jpg, coloured, and its true colours
    venv/bin/python Tools/train_scene_demo.py --sheet OUT.png     # held-out scenes: old photo, coloured, truth
    venv/bin/python Tools/train_scene_demo.py --fixtures Tests/Fixtures/scene-demo
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from scene_demo import photo, train

MODEL = Path(__file__).parents[1] / "models/ddcolor/scene_demo.safetensors"
# Chosen by eye among the first sixty that are held out; a print that time has not spared.
SAMPLE, WIDTH, HEIGHT, WEAR = 57, 1200, 800, 0.2
# Every fifth of the first sixty that are held out: a rule rather than a choice, so that they stand for the others.
FIXTURES = range(0, 60, 5)


def colored(model, gray, side):
    """A gray picture of any size as the node colours it: squashed to a square, coloured, the colours enlarged."""
    height, width = gray.shape
    small = Image.fromarray(gray.astype(np.float32)).transform(
        (side, side), Image.Transform.AFFINE, (width / side, 0, 0, 0, height / side, 0), Image.Resampling.BILINEAR
    )
    ab = train.colors_of(model, np.rint(np.asarray(small)).clip(0, 255))
    rows, columns = np.arange(height) * side // height, np.arange(width) * side // width
    lightness = photo.rgb_to_lab(np.repeat(gray[..., None], 3, 2))[..., :1]
    return photo.lab_to_rgb(np.concatenate((lightness, ab[rows][:, columns]), 2))


def draw_sample(folder, model, side):
    folder.mkdir(parents=True, exist_ok=True)
    truth, gray = train.held_out(SAMPLE, WIDTH, HEIGHT, WIDTH / HEIGHT, WEAR)
    Image.fromarray(gray).save(folder / "old-scene.jpg", quality=88)
    Image.fromarray(truth).save(folder / "old-scene-truth.png")
    if model.exists():
        scan = np.asarray(Image.open(folder / "old-scene.jpg"))
        result = colored(train.load(model), scan, side)
        Image.fromarray(result).save(folder / "old-scene-colored.png")
        row = np.concatenate((np.repeat(scan[..., None], 3, 2), result, truth), 1)
        Image.fromarray(row).reduce(3).save(folder / "before-after.jpg", quality=85)


def draw_sheet(path, model, side, first, count):
    model, rows = train.load(model), []
    for index in range(first, first + count):
        truth, gray = train.held_out(index, side, side)
        rows.append(np.concatenate((np.repeat(gray[..., None], 3, 2), colored(model, gray, side), truth), 1))
    pairs = [np.concatenate(rows[index : index + 2], 1) for index in range(0, count - 1, 2)]
    Image.fromarray(np.concatenate(pairs)).save(path)


def write_fixtures(folder, model, side=256):
    folder.mkdir(parents=True, exist_ok=True)
    model, found, left = train.load(model), [], []
    for index in FIXTURES:
        truth, gray = train.held_out(index, side, side)
        Image.fromarray(gray).save(folder / f"{index:02}-gray.png", optimize=True)
        Image.fromarray(truth).save(folder / f"{index:02}-truth.png", optimize=True)
        ab = photo.rgb_to_lab(truth)[..., 1:]
        found.append(np.abs(train.colors_of(model, gray) - ab).mean())
        left.append(np.abs(ab).mean())
    each = ", ".join(f"{index:02} {error:.2f} of {gray:.2f}" for index, error, gray in zip(FIXTURES, found, left))
    (folder / "README.md").write_text(
        "Scenes that `scene_demo` was not trained on, each as an old photograph (`-gray.png`, the network's input at"
        f" {side} px) and in its true colours (`-truth.png`), written by\n"
        "`python3 Tools/train_scene_demo.py --fixtures Tests/Fixtures/scene-demo`. Mean absolute error of a and b, by"
        f" torch: {np.mean(found):.3f} for the model\nand {np.mean(left):.3f} for leaving them gray, a ratio of"
        f" {np.mean(found) / np.mean(left):.3f}. Scene by scene, model of gray: {each}.\n"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", type=Path, metavar="FOLDER", help="train; scenes, state and result are kept there")
    parser.add_argument("--steps", type=int, default=6600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--small", type=int, default=5000, help="how many training scenes of 256 px")
    parser.add_argument("--large", type=int, default=700, help="how many of 512 px")
    parser.add_argument("--minutes", type=float, default=600, help="stop after that long; the same command goes on")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--model", type=Path, default=MODEL, help="the checkpoint that is measured or shown")
    parser.add_argument("--side", type=int, default=256, help="the network's size in pixels, a multiple of 32")
    parser.add_argument("--evaluate", type=int, metavar="COUNT", help="mean ab error over so many held-out scenes")
    parser.add_argument("--sheet", type=Path, metavar="OUT.png")
    parser.add_argument("--first", type=int, default=0, help="the first held-out scene on the sheet")
    parser.add_argument("--count", type=int, default=12, help="how many")
    parser.add_argument("--draw-sample", type=Path, metavar="DIR")
    parser.add_argument("--fixtures", type=Path, metavar="DIR")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    if options.train:
        train.train(options.train, options.steps, options.seed, options.small, options.large, options.minutes)
    if options.evaluate:
        error, gray = train.measure(train.load(options.model), options.side, options.evaluate)
        print(f"{options.side} px, {options.evaluate} scenes: {error:.3f}, gray {gray:.3f}, ratio {error / gray:.3f}")
    if options.sheet:
        draw_sheet(options.sheet, options.model, options.side, options.first, options.count)
    if options.draw_sample:
        draw_sample(options.draw_sample, options.model, options.side)
    if options.fixtures:
        write_fixtures(options.fixtures, options.model)


if __name__ == "__main__":
    main()
