"""The data sets of the course, all loaded by one function.

* `fashion-mnist`: the case study's proxy, T-shirts as normal wafers and the other classes as defects;
* `synthetic-wafers`: drawn on the spot, needs no files and no network;
* `folder:PATH`: your own images, in the layout of MVTec AD;
* `auto`: `fashion-mnist` where it can be had, else `synthetic-wafers`.
"""

from __future__ import annotations

import os

import torch

from waferlab import fashion, folder, synthetic
from waferlab.fashion import fashion_mnist_available
from waferlab.profiles import Profile, get_profile
from waferlab.splits import Batches, DataError, DataUnavailableError, Split, WaferDataset, WithClasses, resize

__all__ = [
    "Batches",
    "DataError",
    "DataUnavailableError",
    "Split",
    "WaferDataset",
    "WithClasses",
    "fashion_mnist_available",
    "load_dataset",
    "resize",
]

FOLDER_PREFIX = "folder:"


def load_dataset(
    name: str | None = None,
    profile: Profile | None = None,
    *,
    image_size: int | None = None,
    seed: int = 42,
) -> WaferDataset:
    """Load a data set into memory.

    Args:
        name: `fashion-mnist`, `synthetic-wafers`, `folder:PATH` or `auto`; by default the variable
            `WAFERLAB_DATASET`, else `auto`, which prints one sentence about what it chose.
        profile: gives the image size and the limits on each split; by default the one that
            `waferlab.profiles.get_profile` chooses.
        image_size: side of the images in pixels, instead of the profile's.
        seed: decides the train/validation split and which anomalies are drawn; the case study's is 42.

    Returns:
        The data set; the same arguments give the same tensors every time.

    Raises:
        DataError: the data is damaged, missing or cannot be downloaded; the message says what to do.
        ValueError: the name is not one of the four, or the image size is not positive.
    """
    profile = profile or get_profile(has_gpu=torch.cuda.is_available())
    size = profile.image_size if image_size is None else image_size
    if size < 1:
        raise ValueError(f"image_size is {size}: expected a positive number of pixels")
    chosen = name or os.environ.get("WAFERLAB_DATASET") or "auto"
    if chosen.startswith(FOLDER_PREFIX):
        return folder.load(chosen.removeprefix(FOLDER_PREFIX), size, profile, seed)
    loaders = {"fashion-mnist": fashion.load, "synthetic-wafers": synthetic.load, "auto": _load_auto}
    if chosen not in loaders:
        raise ValueError(f"unknown data set {chosen!r}: expected {', '.join(loaders)} or {FOLDER_PREFIX}PATH")
    return loaders[chosen](size, profile, seed)


def _load_auto(image_size: int, profile: Profile, seed: int) -> WaferDataset:
    """Fashion-MNIST where it can be had, synthetic wafers otherwise, and a sentence that says which and why."""
    on_disk = fashion_mnist_available()
    try:
        dataset = fashion.load(image_size, profile, seed)
    except DataUnavailableError as error:
        print(f"Data: synthetic-wafers, because {error.cause}.")
        return synthetic.load(image_size, profile, seed)
    print(f"Data: fashion-mnist, {'found on disk' if on_disk else 'downloaded'}.")
    return dataset
