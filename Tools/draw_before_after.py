"""Make the pictures of docs/OLD-PHOTOS.md: each node before and after, by graphrun itself.

    swift build -c release --product graphrun
    venv/bin/python Tools/draw_before_after.py .build/release/graphrun docs/old-photos

Draws photographs with one damage each (draw_old_photo.py), runs one node on them, and puts before and after side by side.
Needs Python 3.11 or later, numpy and Pillow.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from draw_old_photo import DAMAGES, draw_old_photo

# Node: the damages of its picture, its inputs, the part that is shown (nothing: all), and how large.
NODES = {
    "ImageGrayscale": ({"fading"}, {"strength": 1.0}, None, 0.48),
    "ImageAutoContrast": ({"fading", "grain"}, {"keep_cast": 0.25}, None, 0.48),
    "ImageDenoise": ({"grain"}, {"blend": 0.9}, (380, 380, 780, 700), 1.2),
    "ImageDescratch": ({"scratches", "dust", "grain"}, {"sensitivity": 0.8}, None, 0.6),
    "ImageDeskew": ({"skew"}, {}, None, 0.48),
    "ImageVignetteFix": ({"vignette"}, {"max_gain": 3.0}, None, 0.48),
}
MAX_BYTES = 145_000


def workflow(node, inputs, picture):
    return {
        "load": {"class_type": "LoadImage", "inputs": {"image": picture}},
        "node": {"class_type": node, "inputs": {"image": ["load", 0], **inputs}},
        "save": {"class_type": "SaveImage", "inputs": {"images": ["node", 0], "filename_prefix": node}},
    }


def defaults(graphrun, node):
    """What the node's inputs are when nothing is said: workflows name them all."""
    schema = json.loads(subprocess.run([graphrun, "nodes", node, "--json"], check=True, capture_output=True).stdout)
    schema = schema.get(node, schema)
    required = schema["input"]["required"]
    found = {}
    for name, (kind, *options) in required.items():
        options = options[0] if options else {}
        if kind != "IMAGE":
            found[name] = options.get("default", kind[0] if isinstance(kind, list) else None)
    return found


def run(graphrun, base, graph):
    path = base / "workflow.json"
    path.write_text(json.dumps(graph))
    command = [graphrun, str(path), "--base-directory", str(base), "--quiet"]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return Image.open(out.strip().splitlines()[-1]).convert("RGB")


def side_by_side(before, after, labels, path, part=None, scale=1.0):
    gap, strip = 8, 22
    pictures = []
    for picture in (before, after):
        if part:
            picture = picture.crop(part)
        size = round(picture.width * scale), round(picture.height * scale)
        pictures.append(picture.resize(size, Image.Resampling.LANCZOS))
    width = sum(p.width for p in pictures) + gap
    sheet = Image.new("RGB", (width, max(p.height for p in pictures) + strip), "white")
    draw, font, x = ImageDraw.Draw(sheet), ImageFont.load_default(15), 0
    for picture, label in zip(pictures, labels):
        draw.text((x + 2, 1), label, fill="black", font=font)
        sheet.paste(picture, (x, strip))
        x += picture.width + gap
    for quality in range(90, 40, -4):
        sheet.save(path, quality=quality, optimize=True)
        if path.stat().st_size <= MAX_BYTES:
            break
    print(path, path.stat().st_size)


def main():
    graphrun, out = str(Path(sys.argv[1]).resolve()), Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)
    root = Path(__file__).resolve().parent.parent
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        (base / "input").mkdir()
        for node, (damages, inputs, part, scale) in NODES.items():
            before = draw_old_photo(damages)
            before.save(base / "input" / "photo.png")
            graph = workflow(node, {**defaults(graphrun, node), **inputs}, "photo.png")
            after = run(graphrun, base, graph)
            side_by_side(before, after, ("before", node), out / f"{node}.jpg", part, scale)
        before = draw_old_photo(set(DAMAGES))
        before.save(base / "input" / "old-photo.jpg", quality=90)
        after = run(graphrun, base, json.loads((root / "workflows" / "old-photo.json").read_text()))
        side_by_side(before, after, ("before", "workflows/old-photo.json"), out / "old-photo.jpg", None, 0.6)


if __name__ == "__main__":
    main()
