"""Device, seed and profile set-up: the first thing every notebook does."""

from __future__ import annotations

import importlib.util
import random
from dataclasses import dataclass

import numpy as np
import torch

from waferlab.profiles import Profile, get_profile

GPU_HELP_COLAB = "In Colab: Runtime > Change runtime type > T4 GPU > Save, then run the notebook again from the top."
GPU_HELP_LOCAL = "That is fine for this course: the `cpu` profile uses smaller images and takes minutes, not hours."


@dataclass(frozen=True)
class Runtime:
    """What this notebook runs on.

    Attributes:
        device: `cuda` or `cpu`, as a string that every torch call takes.
        profile: the size of the run.
        seed: the seed that all generators were set to.
    """

    device: str
    profile: Profile
    seed: int


def seed_everything(seed: int) -> None:
    """Seed Python's, NumPy's and torch's global generators (all devices)."""
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)


def in_colab() -> bool:
    """Whether this process runs in Google Colab."""
    try:
        return importlib.util.find_spec("google.colab") is not None
    except ModuleNotFoundError:
        return False


def describe(runtime: Runtime) -> str:
    """One or two lines for a person: the device, the profile, and how to switch a GPU on when there is none."""
    size = runtime.profile
    line = f"Profile {size.name}: {size.image_size} px, {size.num_epochs} epochs, batches of {size.batch_size}."
    if runtime.device == "cuda":
        return f"GPU: {torch.cuda.get_device_name(0)}. {line}"
    return f"No GPU found. {line}\n{GPU_HELP_COLAB if in_colab() else GPU_HELP_LOCAL}"


def setup(profile: str | None = None, seed: int = 42) -> Runtime:
    """Seed every generator, choose device and profile, and print what was chosen.

    Args:
        profile: `t4`, `cpu` or `smoke`; by default `WAFERLAB_PROFILE`, else `t4` on a GPU and `cpu` without one.
        seed: seed of all generators, 42 throughout the case study.

    Returns:
        The runtime to use for the rest of the notebook.
    """
    has_gpu = torch.cuda.is_available()
    runtime = Runtime("cuda" if has_gpu else "cpu", get_profile(profile, has_gpu=has_gpu), seed)
    seed_everything(seed)
    print(describe(runtime))
    return runtime
