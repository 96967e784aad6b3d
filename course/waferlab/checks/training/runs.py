"""The calls of `train_vae` that are watched: three short trainings of a small model, and one of the real model."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from waferlab.checks.core import Case, Observation, describe_error, scenario, time_limit
from waferlab.checks.loaders import loader_of, observe_device
from waferlab.checks.training.kl_weight import right_weight
from waferlab.checks.training.recorder import TRAIN_TAG, VAL_TAG, Recorder, watched_images, watched_model
from waferlab.checks.watching import own_randomness, quiet_bars

HISTORY = ("train_total", "train_recon", "train_kl", "val_total", "val_recon", "val_kl")
WEIGHT_SECONDS = 2.0  # for the answer to Task 1, within Task 2
LEARN_SIZE, LEARN_LATENT, LEARN_BATCH, LEARN_EPOCHS = 32, 16, 16, 5
LEARN_TRAIN, LEARN_VAL, LEARN_HELD = 192, 32, 64


@dataclass(frozen=True)
class Run:
    """One watched call of `train_vae`; `options` empty means that all defaults count."""

    name: str
    stream: int
    gain: float
    train: int
    val: int
    batch_size: int
    options: Mapping[str, float]

    @property
    def settings(self) -> np.ndarray:
        """num_epochs, lr, weight_decay, kl_anneal_epochs, batches an epoch, batches of a validation."""
        defaults = {"num_epochs": 30, "lr": 1e-3, "weight_decay": 1e-5, "kl_anneal_epochs": 10}
        chosen = {**defaults, **self.options}
        batches = (-(-self.train // self.batch_size), -(-self.val // self.batch_size))
        return np.array([*(chosen[name] for name in defaults), *batches], dtype=float)


def runs_of(case: Case) -> tuple[Run, ...]:
    """Three calls: large gradients and a large weight decay; small gradients; the defaults."""
    rng = case.rng(2)
    large = {
        "num_epochs": int(rng.integers(4, 7)),
        "lr": float(rng.uniform(0.01, 0.02)),
        "weight_decay": float(rng.uniform(0.3, 0.6)),
        "kl_anneal_epochs": 3,
    }
    calm = {"num_epochs": 3, "lr": float(rng.uniform(2e-3, 4e-3)), "weight_decay": 0.1, "kl_anneal_epochs": 1}
    return (
        Run("large", 10, 0.5, 4 * 4 + int(rng.integers(1, 4)), 6, 4, large),
        Run("calm", 20, 0.01, 12, 4, 4, calm),
        Run("default", 30, 0.5, 4, 4, 4, {}),
    )


def weight_works(kl_weight: Any) -> bool:
    """Whether the answer to Task 1 is right, so that the loop can call it: it may take or return more than asked."""
    calls = [(epoch, n) for n in (1, 3, 10) for epoch in range(12)]
    try:
        with time_limit(WEIGHT_SECONDS), contextlib.redirect_stdout(io.StringIO()):
            return all(abs(float(kl_weight(epoch, n)) - right_weight(epoch, n)) <= 1e-6 for epoch, n in calls)
    except Exception:  # whatever it raises, it does not work
        return False


@contextmanager
def given_weight(train_vae: Any) -> Iterator[None]:
    """Let the loop call a right `kl_weight`, so that a mistake in Task 1 does not cost Task 2 its points."""
    scope = getattr(train_vae, "__globals__", {})
    kept = scope.get("kl_weight")
    if kept is None or weight_works(kept):
        yield
        return
    scope["kl_weight"] = right_weight
    try:
        yield
    finally:
        scope["kl_weight"] = kept


def watch_run(seen: Observation, train_vae: Callable[..., Any], case: Case, run: Run) -> None:
    """Call `train_vae` once and write what happened under the run's name."""
    recorder = Recorder()
    model = watched_model(case, run.stream, run.gain, recorder)
    train = loader_of(watched_images(case, run.stream + 1, run.train, TRAIN_TAG), run.batch_size)
    val = loader_of(watched_images(case, run.stream + 2, run.val, VAL_TAG), run.batch_size)
    seen[f"{run.name}.settings"] = run.settings
    with quiet_bars():
        history = train_vae(model, train, val, device="cpu", **run.options)
    recorder.observe(seen, run.name, model)
    observe_history(seen, run.name, history)


def observe_history(seen: Observation, part: str, history: Any) -> None:
    """Write the six lists under `part`, or what is wrong with the result."""
    if not isinstance(history, Mapping):
        seen[f"{part}.history"] = f"train_vae returned a {type(history).__name__}, expected a dictionary"
        return
    if missing := [name for name in HISTORY if name not in history]:
        keys = ", ".join(map(str, list(history)[:8]))
        seen[f"{part}.history"] = f"no list {missing[0]!r}; the keys are: {keys}"
        return
    for name in HISTORY:
        try:
            seen[f"{part}.{name}"] = np.array([float(value) for value in history[name]])
        except (TypeError, ValueError) as error:
            seen[f"{part}.history"] = f"{name!r} is no list of numbers ({describe_error(error)})"


def learning_images(case: Case) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Normal images for training, for validation and held out, each (n, 1, 32, 32) float32: given, or drawn wafers."""
    sizes = (LEARN_TRAIN, LEARN_VAL, LEARN_HELD)
    images = case.arrays.get("normals")
    if images is None:
        from waferlab.synthetic import draw_wafers

        drawn, _ = draw_wafers(sum(sizes), LEARN_SIZE, seed=int(case.rng(3).integers(2**31)))
        images = drawn[:, None].astype(np.float32) / 255
    train, val, held, _ = np.split(images, np.cumsum(sizes))
    return train, val, held


def probe_learning(seen: Observation, train_vae: Callable[..., Any], case: Case) -> None:
    """Train the real model for a few epochs; return what is left of the error on held-out normals, and the weights.

    In float32 whatever the case says: nothing is compared number by number, and float64 takes four times as long.
    """
    import torch

    from waferlab.reference.encoder import ConvVAE

    train, val, held = (torch.from_numpy(images.copy()).float() for images in learning_images(case))
    torch.manual_seed(int(case.rng(4).integers(2**31)))
    model = ConvVAE(latent_dim=LEARN_LATENT, image_size=LEARN_SIZE)
    options = {"num_epochs": LEARN_EPOCHS, "kl_anneal_epochs": max(1, LEARN_EPOCHS // 2)}
    with quiet_bars():
        train_vae(model, loader_of(train, LEARN_BATCH), loader_of(val, LEARN_BATCH), device="cpu", **options)
    model.eval()
    with torch.no_grad():
        error = (model.decoder(model.encoder(held)[0]) - held).pow(2).sum()
    seen["learn.left"] = float(error / (held - train.mean(dim=0)).pow(2).sum())
    if case.arrays:
        seen["learn.held"], seen["learn.mean"] = held.numpy(), train.mean(dim=0).numpy()
        seen.update({f"learn.weight.{name}": value.numpy() for name, value in model.state_dict().items()})


def probe_train(answers: Mapping[str, Any], case: Case) -> Observation:
    """Watch three short trainings of a small model and one of the real model."""
    seen: Observation = {}
    train_vae = answers["train_vae"]
    with own_randomness(case), given_weight(train_vae):
        for run in runs_of(case):
            with scenario(seen, run.name):
                watch_run(seen, train_vae, case, run)
        with scenario(seen, "learn"):
            probe_learning(seen, train_vae, case)
        if "large.error" not in seen:
            with quiet_bars():
                observe_device(seen, lambda model, loader: train_vae(model, loader, loader, 1, device="cuda"))
    return seen
