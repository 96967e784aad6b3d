"""The calls of `train_vae`: three short trainings of a watched model, one of the real model, one on a pretended GPU."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np

from waferlab.checks.bench import Bench
from waferlab.checks.core import Case, Observation, scenario
from waferlab.checks.plain import kind_of
from waferlab.checks.training.desk import HISTORY
from waferlab.checks.training.ledger import SHAPES, SIZES, Ledger, first_weights, watched_images
from waferlab.checks.training.record import Settings, observe_reading

LEARN_SIZE, LEARN_LATENT, LEARN_BATCH, LEARN_EPOCHS = 32, 16, 16, 5
LEARN_TRAIN, LEARN_VAL, LEARN_HELD = 192, 32, 64
MAX_WORDS = 100  # characters of a desk's own words


@dataclass(frozen=True)
class Run:
    """One watched call of `train_vae`; `options` empty means that all defaults count.

    Attributes:
        name: of the run.
        case: what it is made from.
        stream: of the case's randomness.
        gain: of the model, see `Ledger`.
        sizes: numbers of training and validation images.
        batch_size: of both loaders.
        options: of the call.
    """

    name: str
    case: Case
    stream: int
    gain: float
    sizes: tuple[int, int]
    batch_size: int
    options: Mapping[str, float]

    @cached_property
    def settings(self) -> Settings:
        """What a right loop does with it."""
        defaults = {"num_epochs": 30, "lr": 1e-3, "weight_decay": 1e-5, "kl_anneal_epochs": 10}
        batches = [-(-size // self.batch_size) for size in self.sizes]
        return Settings(*{**defaults, **self.options}.values(), *batches)

    @cached_property
    def images(self) -> list[np.ndarray]:
        """Of training and of validation, in the dtype of the case."""
        streams = enumerate(self.sizes, self.stream + 1)
        return [watched_images(self.case, stream, size).astype(self.case.dtype) for stream, size in streams]

    @property
    def labels(self) -> list[np.ndarray]:
        """Of all images: class numbers that mean nothing."""
        rng = self.case.rng(self.stream + 4)
        return [rng.integers(0, 10, size) for size in self.sizes]

    @cached_property
    def weights(self) -> dict[str, np.ndarray]:
        """The parameters of the model at the start, by name."""
        row = first_weights(self.case, self.stream, self.gain).astype(self.case.dtype)
        parts = np.split(row, np.cumsum(SIZES[:-1]))
        return {name: part.reshape(shape) for (name, shape), part in zip(SHAPES.items(), parts, strict=True)}

    def ledger(self) -> Ledger:
        """A new book of this run."""
        images = [one.astype(np.float64) for one in self.images]
        batches = [np.split(x, range(self.batch_size, len(x), self.batch_size)) for x in images]
        return Ledger(self.gain, tuple(batches), self.case.rng(self.stream + 3))

    def weight(self, epoch: Any, length: Any) -> float:
        """A service, see `some_weight`."""
        return some_weight(self.case, epoch, length)

    @property
    def calls(self) -> list[tuple[int, int]]:
        """What a right loop asks of `kl_weight`."""
        return [(epoch, self.settings.kl_anneal_epochs) for epoch in range(self.settings.num_epochs)]


def some_weight(case: Case, epoch: Any, length: Any) -> float:
    """A number in place of what `kl_weight` gives for an epoch, which nobody but the examiner knows."""
    known = all(type(one) is int and 0 <= one < 2**31 for one in (epoch, length))
    return float(case.rng(5, epoch, length).uniform(0.2, 0.8)) if known else 0.0


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
        Run("large", case, 10, 0.5, (4 * 4 + int(rng.integers(1, 4)), 6), 4, large),
        Run("calm", case, 20, 0.01, (12, 4), 4, calm),
        Run("default", case, 30, 0.5, (4, 4), 4, {}),
    )


def probe_train(bench: Bench, case: Case) -> Observation:
    """Watch three short trainings of a small model and one of the real model."""
    seen: Observation = {}
    runs, own = runs_of(case), None
    with scenario(seen, "weight"):
        own = bench.shim("own_weights", [call for run in runs for call in run.calls])
    watch_runs(seen, bench, runs, own)
    with scenario(seen, "learn"):
        seen["learn.left"] = learnt(bench, case)
    if "large.error" not in seen:
        with scenario(seen, "device"):
            found = bench.shim("device", services={"weight": partial(some_weight, case)})
            seen["device"] = [int(one == 1) for one in found[:2]] if isinstance(found, list) else None
    return seen


def watch_runs(seen: Observation, bench: Bench, runs: tuple[Run, ...], own: Any) -> None:
    """Watch all runs.

    In the calm run `kl_weight` gives the examiner's own numbers, so that a loop which calls it is known, even where the
    answer to Task 1 is wrong. Where that gives no numbers at all, it is replaced in every run.

    Args:
        seen: the observation.
        bench: where the loop is.
        runs: which.
        own: what the answer to Task 1 gives for the calls of all runs, in their order.
    """
    counts = [len(run.calls) for run in runs]
    works = isinstance(own, np.ndarray) and own.shape == (sum(counts),)
    weights = np.split(own, np.cumsum(counts)[:-1]) if works else [None] * len(runs)
    for run, known in zip(runs, weights, strict=True):
        given = known is None or run.name == "calm"
        seen[f"{run.name}.told"] = known
        seen[f"{run.name}.given"] = np.array([run.weight(*call) for call in run.calls]) if given else known
        with scenario(seen, run.name):
            watch_run(seen, bench, run, given=given)


def watch_run(seen: Observation, bench: Bench, run: Run, *, given: bool) -> None:
    """Let `train_vae` train a watched model and write what happened under the run's name."""
    ledger = run.ledger()
    services = {"forward": ledger.forward, "backward": ledger.backward, "weight": run.weight}
    data = run.images, run.labels, run.batch_size
    result = bench.shim("watched_training", *data, run.weights, dict(run.options), services=services, given=given)
    history, final = result if isinstance(result, tuple) and len(result) == 2 else (None, None)
    observe_reading(seen, run.name, ledger, run.settings, final)
    observe_history(seen, run.name, history)


def observe_history(seen: Observation, part: str, history: Any) -> None:
    """Write the six lists under `part`, or what is wrong with the result."""
    history = history if isinstance(history, dict) else {"kind": kind_of(history)}
    keys, lists = history.get("keys"), history.get("lists")
    if not isinstance(keys, list) or not isinstance(lists, dict):
        kind = str(history.get("kind"))[:MAX_WORDS]
        seen[f"{part}.history"] = f"train_vae returned a {kind}, expected a dictionary"
        return
    if missing := [name for name in HISTORY if name not in lists]:
        named = ", ".join(str(key)[:MAX_WORDS] for key in keys[:8])
        seen[f"{part}.history"] = f"no list {missing[0]!r}; the keys are: {named}"
        return
    for name in HISTORY:
        if isinstance(lists[name], np.ndarray):
            seen[f"{part}.{name}"] = lists[name]
        else:
            seen[f"{part}.history"] = f"{name!r} is no list of numbers ({str(lists[name])[:MAX_WORDS]})"


# --- the real model ----------------------------------------------------------------------------------------------


def learning_images(case: Case) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Normal images for training, for validation and held out, each (n, 1, 32, 32) float32: given, or drawn wafers."""
    sizes = (LEARN_TRAIN, LEARN_VAL, LEARN_HELD)
    images = case.arrays.get("normals")
    if images is None:
        from waferlab.synthetic import draw_wafers

        drawn, _ = draw_wafers(sum(sizes), LEARN_SIZE, seed=int(case.rng(3).integers(2**31)))
        images = drawn[:, None] / 255
    train, val, held, _ = np.split(images.astype(np.float32), np.cumsum(sizes))
    return train, val, held


def learnt(bench: Bench, case: Case) -> float:
    """What is left of the mean image's squared error on held-out normals after a few epochs of the real model.

    The desk gives back weights; a model of the examiner's rebuilds images with them that the desk has never seen.

    Raises:
        ValueError: they are no weights of that model.
    """
    train, val, held = learning_images(case)
    options = {"num_epochs": LEARN_EPOCHS, "kl_anneal_epochs": max(1, LEARN_EPOCHS // 2)}
    seed = int(case.rng(4).integers(2**31))
    services = {"weight": lambda epoch, length: 1.0}  # as hard as annealing: the error that is left is the same
    sizes = LEARN_BATCH, LEARN_LATENT
    weights = bench.shim("real_training", [train, val], *sizes, seed, options, services=services)
    rebuilt = rebuilt_with(weights, held)
    return float(np.square(rebuilt - held).sum() / np.square(held - train.mean(axis=0)).sum())


def rebuilt_with(weights: Any, images: np.ndarray) -> np.ndarray:
    """What the model of assignment 04 makes of images through `mu`, with these weights, in evaluation mode.

    Raises:
        ValueError: they are no weights of that model.
    """
    import torch

    from waferlab.reference.encoder import ConvVAE

    with torch.random.fork_rng(devices=[]):
        model = ConvVAE(latent_dim=LEARN_LATENT, image_size=LEARN_SIZE).eval()
    own, weights = model.state_dict(), weights if isinstance(weights, dict) else {}
    for name, tensor in own.items():
        given = weights.get(name)
        if not isinstance(given, np.ndarray) or given.shape != tuple(tensor.shape):
            raise ValueError(f"the model came back without its weights {name!r}")
        tensor.copy_(torch.from_numpy(given))
    with torch.no_grad():
        return model.decoder(model.encoder(torch.from_numpy(images))[0]).numpy()
