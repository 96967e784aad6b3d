"""How large a run is: image size, epochs and subset sizes, chosen once per notebook."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Literal

ProfileName = Literal["t4", "cpu", "smoke"]


@dataclass(frozen=True)
class Profile:
    """The size of a run.

    Attributes:
        name: `t4` (the case study, on a GPU), `cpu` (a laptop) or `smoke` (grading and CI).
        image_size: side of the square images in pixels, a multiple of 16.
        num_epochs: training epochs.
        kl_anneal_epochs: epochs over which beta rises from 0 to 1.
        batch_size: images per training step.
        max_train: upper limit on training normals, `None` for all of them.
        max_val: upper limit on validation normals, `None` for all of them.
        max_test: upper limit on test images of each kind (normal, anomalous), `None` for all of them.
    """

    name: ProfileName
    image_size: int
    num_epochs: int
    kl_anneal_epochs: int
    batch_size: int
    max_train: int | None = None
    max_val: int | None = None
    max_test: int | None = None


PROFILES: dict[str, Profile] = {
    "t4": Profile("t4", image_size=128, num_epochs=30, kl_anneal_epochs=10, batch_size=64),
    # A third of the normals and 6 epochs: two cores train about 400 images of 64 px a second, so that a run takes half
    # a minute on a laptop, and the model's safety can be tried on 20 seeds and both data sets within the hour.
    "cpu": Profile("cpu", image_size=64, num_epochs=6, kl_anneal_epochs=3, batch_size=64, max_train=1600),
    "smoke": Profile(
        "smoke",
        image_size=32,
        num_epochs=6,
        kl_anneal_epochs=3,
        batch_size=32,
        max_train=1000,
        max_val=300,
        max_test=200,
    ),
}


def get_profile(name: str | None = None, *, has_gpu: bool = False) -> Profile:
    """Choose a profile: by name, else by the variable `WAFERLAB_PROFILE`, else by device.

    Args:
        name: `t4`, `cpu` or `smoke`; `None` looks at `WAFERLAB_PROFILE`, then at `has_gpu`.
        has_gpu: whether a CUDA device is present; decides between `t4` and `cpu` when nothing else does.

    Raises:
        ValueError: the name is not one of the three.

    >>> get_profile("smoke").image_size
    32
    """
    chosen = name or os.environ.get("WAFERLAB_PROFILE") or ("t4" if has_gpu else "cpu")
    if chosen not in PROFILES:
        raise ValueError(f"unknown profile {chosen!r}: expected one of {', '.join(PROFILES)}")
    return PROFILES[chosen]
