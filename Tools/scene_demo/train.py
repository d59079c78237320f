"""Training and measuring. Everything random comes from seeds and the number of the step, so a run can be resumed."""

import math
import os
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from . import photo, scenes
from .network import DDColor, Sizes

SIZES = Sizes(depths=(2, 2, 4, 2), dims=(32, 64, 128, 256), nf=96, hidden=96, feedforward=256, queries=32, layers=3)
METADATA = {
    "name": "scene_demo",
    "architecture": "DDColor",
    "description": "A small DDColor trained only on scenes that a program draws; not an official checkpoint.",
    "source": "Tools/train_scene_demo.py of graphrun",
    "license": "as graphrun itself",
}
# Pictures in a batch, by their side: about the same work each.
BATCH = {128: 8, 256: 3, 384: 1, 512: 1}
RATE, WARM, KEEP = 6e-4, 200, 0.998


class Scenes:
    """The training scenes, drawn once into a file that is mapped into memory."""

    def __init__(self, folder, side, count, workers):
        path = folder / f"scenes-{side}-{count}.npy"
        if not path.exists():
            started, partial = time.time(), path.with_suffix(".partial")
            pictures = np.lib.format.open_memmap(partial, "w+", np.uint8, (count, side, side, 3))
            with ProcessPoolExecutor(workers) as pool:
                for seed, picture in enumerate(pool.map(draw, ((seed, side) for seed in range(count)), chunksize=20)):
                    pictures[seed] = picture
            pictures.flush()
            os.replace(partial, path)
            print(f"drew {count} scenes of {side} px in {time.time() - started:.0f} s", flush=True)
        self.pictures = np.load(path, mmap_mode="r")

    def batch(self, rng, side):
        """Gray [n, 3, side, side] and ab [n, 2, side, side] of aged scenes, mirrored or not."""
        grays, colors = [], []
        for index in rng.integers(0, len(self.pictures), BATCH[side]):
            picture = self.pictures[index]
            if len(picture) >= 2 * side and rng.random() < 0.7:
                half = picture.reshape(len(picture) // 2, 2, len(picture) // 2, 2, 3)
                picture = (half.sum((1, 3), dtype=np.uint16) // 4).astype(np.uint8)
            top, left = rng.integers(0, len(picture) - side + 1, 2)
            picture = picture[top : top + side, left : left + side]
            if rng.random() < 0.5:
                picture = picture[:, ::-1]
            lab = photo.rgb_to_lab(picture)
            grays.append(photo.age(rng, lab[..., 0]))
            colors.append(lab[..., 1:])
        return inputs(grays), torch.from_numpy(np.stack(colors)).permute(0, 3, 1, 2).contiguous()


def draw(job):
    return scenes.draw(job[0], job[1], job[1])


def inputs(grays):
    gray = torch.from_numpy(np.stack(grays).astype(np.float32) / 255)
    return gray[:, None].expand(-1, 3, -1, -1).contiguous(memory_format=torch.channels_last)


def side_of(step, steps, rng):
    """Small pictures first, for they are quick, then the sizes that the node is used with too."""
    if small_only(step, steps):
        return 128
    return int(rng.choice((128, 256, 384, 512), p=(0.2, 0.4, 0.1, 0.3)))


def small_only(step, steps):
    return step < steps * 0.38


def loss_of(found, truth):
    """Mean absolute error, round below 2; strong colours count up to three times as much, or all would turn gray."""
    weight = 0.7 + truth.square().sum(1, keepdim=True).sqrt() / 50
    return (weight * nn.functional.smooth_l1_loss(found, truth, beta=2.0, reduction="none")).mean()


def train(folder, steps, seed, small, large, minutes):
    """Up to `steps` steps, or until `minutes` are over; goes on from what is in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(seed)
    model = DDColor(SIZES).to(memory_format=torch.channels_last)
    groups = [
        {"params": [p for p in model.parameters() if p.ndim > 1], "weight_decay": 0.01},
        {"params": [p for p in model.parameters() if p.ndim <= 1], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, RATE, betas=(0.9, 0.98))
    average = {name: value.clone() for name, value in model.state_dict().items()}
    step, state = 0, folder / "state.pt"
    if state.exists():
        saved = torch.load(state, weights_only=True)
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        average, step = saved["average"], saved["step"]
    pool = {128: Scenes(folder, 256, small, 2)}
    pool[256] = pool[128]
    started, spent, losses = time.time(), time.time(), []

    def save():
        saved = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "average": average, "step": step}
        torch.save(saved, f"{state}.new")
        os.replace(f"{state}.new", state)
        export(average, folder / "scene_demo.safetensors")

    def prepare(number):
        rng = np.random.Generator(np.random.PCG64([seed, number]))
        side = side_of(number, steps, rng)
        if side not in pool:
            pool[384] = pool[512] = Scenes(folder, 512, large, 1)
        return pool[side].batch(rng, side)

    with ThreadPoolExecutor(1) as ahead:
        coming = ahead.submit(prepare, step)
        while step < steps and time.time() - started < minutes * 60:
            gray, truth = coming.result()
            coming = ahead.submit(prepare, step + 1)
            rate = RATE * min(1, (step + 1) / WARM) * (0.01 + 0.99 * (0.5 + 0.5 * math.cos(math.pi * step / steps)))
            for group in optimizer.param_groups:
                group["lr"] = rate
            model.train()
            if not small_only(step, steps):  # with the statistics that it will be used with: the batches are too small
                for module in model.modules():
                    if isinstance(module, nn.BatchNorm2d):
                        module.eval()
            loss = loss_of(model(gray), truth)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 50.0)
            optimizer.step()
            step += 1
            losses.append(loss.item())
            keep = min(KEEP, step / (step + 20))
            for name, value in model.state_dict().items():
                if value.is_floating_point():
                    average[name].lerp_(value, 1 - keep)
                else:
                    average[name].copy_(value)
            if step % 100 == 0:
                now = time.time()
                pace = (now - spent) / 100
                print(f"step {step} loss {np.mean(losses[-100:]):.3f} rate {rate:.1e} {pace:.3f} s/step", flush=True)
                spent = now
            if step % 500 == 0 or step == steps:
                save()
                error, baseline = measure(load(folder / "scene_demo.safetensors"), 256, 16)
                print(f"step {step} held out: {error:.2f} of {baseline:.2f} ({error / baseline:.3f})", flush=True)
                spent = time.time()
        save()


def export(state, path):
    """Matrices in half precision, the rest as it is; what takes no part in colouring is left out."""
    model = DDColor(SIZES)
    model.load_state_dict(state)
    for module in model.modules():
        if hasattr(module, "weight_orig"):
            settle(module)
    tensors = {}
    for name, value in model.state_dict().items():
        if not name.endswith("num_batches_tracked"):
            tensors[name] = value.half().contiguous() if value.ndim > 1 else value.contiguous()
    save_file(tensors, f"{path}.new", METADATA)
    os.chmod(f"{path}.new", 0o644)
    os.replace(f"{path}.new", path)


@torch.no_grad()
def settle(module):
    """Ends the power iteration, so that u and v are those of the averaged, rounded weights."""
    matrix = module.weight_orig.half().float().flatten(1)
    for _ in range(50):
        module.weight_v.copy_(nn.functional.normalize(matrix.T @ module.weight_u, dim=0))
        module.weight_u.copy_(nn.functional.normalize(matrix @ module.weight_v, dim=0))


def load(path):
    model = DDColor(SIZES)
    left = model.load_state_dict({name: value.float() for name, value in load_file(path).items()}, strict=False)
    if left.unexpected_keys or any(not name.endswith("num_batches_tracked") for name in left.missing_keys):
        raise SystemExit(f"{path}: not a checkpoint of this network")
    return model.eval()


def held_out(index, width, height, aspect=None, least=0.0):
    """The index-th scene that training never saw: its colours, 8-bit, and its old photograph, 8-bit gray."""
    seed = scenes.HELD_OUT + index
    truth = scenes.draw(seed, width, height, aspect)
    rng = np.random.Generator(np.random.PCG64([seed, 1]))
    return truth, photo.age(rng, photo.rgb_to_lab(truth)[..., 0], least)


@torch.no_grad()
def colors_of(model, gray):
    """ab [height, width, 2] of an 8-bit gray picture whose sides are multiples of 32."""
    return model(inputs([gray]))[0].permute(1, 2, 0).numpy()


def measure(model, side, count):
    """Mean absolute error of a and b over held-out scenes: the model's, and that of leaving them gray."""
    errors, baselines = [], []
    for index in range(count):
        truth, gray = held_out(index, side, side)
        ab = photo.rgb_to_lab(truth)[..., 1:]
        errors.append(np.abs(colors_of(model, gray) - ab).mean())
        baselines.append(np.abs(ab).mean())
    return float(np.mean(errors)), float(np.mean(baselines))
