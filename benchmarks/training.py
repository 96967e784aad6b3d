"""How close is an epoch of ours to the fastest epoch possible, and how far from the case study's loop?

Three ways to feed the same training steps (the VAE of assignment 04, AdamW, batches of equal size) with the same number
of images:

* `naive`: the case study's loop done plainly, `Resize` and `ToTensor` on one PIL image after the other in a
  `DataLoader` with worker processes;
* `ours`: images resized once and held in memory (on the device), shuffled batches are slices;
* `limit`: one random batch, already there, used for every step: nothing but the training itself.

The three take turns within every round, and the table shows medians over the rounds, as speeds relative to the limit
and to `naive`. Beside the clock stand processor seconds, which other work on the machine disturbs less. The one-off
resize of `ours` is part of loading and shown separately. Goal: at least 0.9 of the limit.

    python benchmarks/training.py                       # 2 to 4 minutes on two cores
    python benchmarks/training.py --size 128 --images 320 --save
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from statistics import median

import numpy as np
import torch
from common import machine, save
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms
from tqdm import tqdm
from waferlab import data
from waferlab.data import Split, load_dataset, resize
from waferlab.profiles import PROFILES
from waferlab.reference.encoder import ConvVAE, vae_loss

Feed = Callable[[], Iterator[Tensor]]


class PictureDataset(Dataset):
    """Images as torchvision's data sets keep them: 8-bit arrays, made into PIL images and transformed on access."""

    def __init__(self, pictures: np.ndarray, size: int) -> None:
        self.pictures = pictures
        self.transform = transforms.Compose([transforms.Resize((size, size)), transforms.ToTensor()])

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, index: int) -> Tensor:
        return self.transform(Image.fromarray(self.pictures[index]))


def naive(pictures: np.ndarray, size: int, batch_size: int, workers: int, device: str) -> Feed:
    """The case study's loop: a `DataLoader` over PIL images."""
    dataset = PictureDataset(pictures, size)
    loader = DataLoader(dataset, batch_size, shuffle=True, num_workers=workers, drop_last=True)
    return lambda: (batch.to(device, non_blocking=True) for batch in loader)


def ours(split: Split, batch_size: int, device: str) -> Feed:
    """The course's own batches: shuffled slices of images that are in memory."""
    batches = data.Batches(split, batch_size, shuffle=True, device=device)
    return lambda: (images for images, _ in batches)


def limit(count: int, size: int, batch_size: int, device: str) -> Feed:
    """One random batch, again and again."""
    batch = torch.rand(batch_size, 1, size, size, device=device)
    return lambda: (batch for _ in range(count // batch_size))


def train_epoch(batches: Iterator[Tensor], size: int, device: str) -> None:
    """The training steps of one epoch, on a new model with the same weights every time."""
    torch.manual_seed(0)
    model = ConvVAE(image_size=size).to(device).train()
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=1e-5)
    for x in batches:
        x_recon, mu, logvar = model(x)
        loss, _, _ = vae_loss(x_recon, x, mu, logvar)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
    if device == "cuda":
        torch.cuda.synchronize()


@dataclass(frozen=True)
class Cost:
    """What one epoch took.

    Attributes:
        wall: seconds on the clock.
        cpu: processor seconds, worker processes included.
    """

    wall: float
    cpu: float


def cost(work: Callable[[], object]) -> Cost:
    """Run something and say what it took."""
    cpu, wall = sum(os.times()[:4]), time.perf_counter()
    work()
    return Cost(time.perf_counter() - wall, sum(os.times()[:4]) - cpu)


def measure(feeds: dict[str, Feed], size: int, device: str, rounds: int) -> dict[str, list[Cost]]:
    """The cost of an epoch for every feed, `rounds` times in turns after a round that warms up."""
    costs: dict[str, list[Cost]] = {name: [] for name in feeds}
    for _ in tqdm(range(rounds + 1), desc="rounds", leave=False):
        for name, feed in feeds.items():
            costs[name].append(cost(lambda feed=feed: train_epoch(feed(), size, device)))
    return {name: values[1:] for name, values in costs.items()}


def speed(costs: dict[str, list[Cost]], name: str, base: str, clock: str) -> float:
    """How many times as fast `name` is as `base`: the median over rounds, each compared within itself."""
    pairs = zip(costs[name], costs[base], strict=True)
    return median(getattr(b, clock) / getattr(a, clock) for a, b in pairs)


def report(costs: dict[str, list[Cost]], count: int, size: int, loading: float) -> str:
    """The table as plain text."""
    lines = [f"{count} images of {size} px an epoch, medians of {len(costs['ours'])} rounds"]
    lines.append(
        f"{'':<6} {'clock s':>8} {'of limit':>9} {'of naive':>9}   {'CPU s':>8} {'of limit':>9} {'of naive':>9}"
    )
    for name, values in costs.items():
        cells = []
        for clock in ("wall", "cpu"):
            spent = median(getattr(value, clock) for value in values)
            ratios = [speed(costs, name, base, clock) for base in ("limit", "naive")]
            cells.append(f"{spent:>8.3f} {ratios[0]:>9.2f} {ratios[1]:>9.2f}")
        lines.append(f"{name:<6} {'   '.join(cells)}")
    lines.append(f"ours, once before the first epoch: {loading:.3f} s to resize {count} images")
    return "\n".join(lines)


def original_split(name: str, count: int) -> Split:
    """Training images at their original size."""
    whole = replace(PROFILES["t4"], max_train=count, max_val=1, max_test=1)
    return load_dataset(name, whole, image_size=28 if name == "fashion-mnist" else 64).train


def parse_options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", default="fashion-mnist", choices=["fashion-mnist", "synthetic-wafers"])
    parser.add_argument("--images", type=int, default=960, help="images in an epoch, a multiple of the batch size")
    parser.add_argument("--size", type=int, default=64, help="side of the images in pixels")
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--workers", type=int, default=2, help="worker processes of the naive DataLoader")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--save", action="store_true", help="write the result to benchmarks/results/")
    return parser.parse_args()


def main() -> None:
    """Measure, print, and keep the result when asked to."""
    options = parse_options()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    original = original_split(options.dataset, options.images)
    pictures = (original.images[:, 0] * 255).round().to(torch.uint8)
    loading = cost(lambda: resize(pictures, options.size).to(device)).wall
    split = replace(original, images=resize(pictures, options.size), masks=None)
    feeds = {
        "naive": naive(pictures.numpy(), options.size, options.batch_size, options.workers, device),
        "ours": ours(split, options.batch_size, device),
        "limit": limit(len(split), options.size, options.batch_size, device),
    }
    print(machine(device), flush=True)
    costs = measure(feeds, options.size, device, options.rounds)
    text = report(costs, len(split), options.size, loading)
    print(text)
    if options.save:
        path = save("training", "An epoch of ours, of the case study's loop, and the limit", text, device)
        print(f"written to {path}")


if __name__ == "__main__":
    main()
