"""Train, measure and show the model in the box: models/ddcolor/scene_demo.safetensors. See docs/SCENE-DEMO.md.

Not needed to build or to run anything. Needs Python 3.11 or later and torch, numpy, safetensors and Pillow:

    python3 -m venv venv && venv/bin/pip install torch numpy safetensors pillow
    venv/bin/python Tools/train_scene_demo.py --train FOLDER
"""

import argparse
from pathlib import Path

import torch

from scene_demo import train


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", type=Path, metavar="FOLDER", help="train, keeping scenes, state and result there; resumes")
    parser.add_argument("--steps", type=int, default=5500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--small", type=int, default=5000, help="how many training scenes of 256 px")
    parser.add_argument("--large", type=int, default=700, help="how many of 512 px")
    parser.add_argument("--minutes", type=float, default=600, help="stop after that long; run again to go on")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    if options.train:
        train.train(options.train, options.steps, options.seed, options.small, options.large, options.minutes)


if __name__ == "__main__":
    main()
