"""Visible checks of assignment 05: the KL weight and the training loop.

The loop is not asked what it does; it is watched. It trains a small model that keeps, at every forward pass, its
weights, its mode, and the gradients of the two terms of the loss, and at every backward pass the gradient that arrived.
From these alone the judge reads off the loss that was minimised, beta, the clipping, the optimiser and the learning
rate of every step, however the loop is written.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from waferlab.checks.core import (
    Case,
    Finding,
    Observation,
    Task,
    array_of,
    describe_error,
    error_of,
    run_visible,
    scenario,
    time_limit,
)
from waferlab.checks.loaders import Batches, judge_device, observe_device

if TYPE_CHECKING:
    import torch

HISTORY = ("train_loss", "train_recon", "train_kl", "val_loss", "val_recon", "val_kl")
SIDE = 8  # of the images of the watched runs
HIDDEN, LATENT = 6, 3  # of the watched model
SIZES = (HIDDEN * SIDE**2, HIDDEN, *2 * (LATENT * HIDDEN, LATENT), LATENT * SIDE**2, SIDE**2)  # of its parameters
ETA_MIN = 1e-5
TRAIN_TAG, VAL_TAG = 0.25, 0.75  # value of the first pixel, which tells the two sets apart
UPDATE_TOL = 0.02  # of the norm of all updates; right answers leave 1e-5 to 2e-3 in float32
COEFFICIENT_TOL = 2e-3
RATE_RTOL = 0.02
MEAN_RTOL = 1e-3
WEIGHT_SECONDS = 2.0  # for the answer to Task 1, within Task 2
LEARN_SIZE, LEARN_LATENT, LEARN_BATCH, LEARN_EPOCHS = 32, 16, 16, 5
LEARN_TRAIN, LEARN_VAL, LEARN_HELD = 192, 32, 64
#: Share of the mean image's squared error that may be left on new normals; `autograder/floors.json` tells the spread.
LEARN_LIMIT = 1.0


# --- Task 1: kl_weight -------------------------------------------------------------------------------------------


def weight_cases(case: Case) -> list[tuple[str, int, int]]:
    """Part, epoch and kl_anneal_epochs of every call."""
    rng = case.rng(1)
    cases = [("start", 0, n) for n in (1, 3, 10)]
    lengths = [int(n) for n in rng.choice(np.arange(4, 40), size=6, replace=False)]
    cases += [("ramp", int(rng.integers(1, n)), n) for n in lengths] + [("ramp", 1, 3), ("ramp", 5, 10)]
    cases += [("cap", n + extra, n) for n, extra in zip(lengths, (0, 1, 2, 7, 30, 300), strict=True)]
    return cases + [("no-annealing", epoch, 0) for epoch in (0, 1, 12)]


def probe_weight(answers: Mapping[str, Any], case: Case) -> Observation:
    """Call the function for the start, on the ramp, beyond it, and without annealing."""
    seen: Observation = {}
    for part in ("start", "ramp", "cap", "no-annealing"):
        with scenario(seen, part):
            calls = [(epoch, n) for name, epoch, n in weight_cases(case) if name == part]
            seen[part] = np.array([float(answers["kl_weight"](epoch, n)) for epoch, n in calls])
            seen[f"{part}.calls"] = np.array(calls)
        if seen.get("unanswered"):
            break
    return seen


def right_weight(epoch: int, kl_anneal_epochs: int) -> float:
    """The rule of the notebook's text."""
    return min(1.0, epoch / kl_anneal_epochs) if kl_anneal_epochs > 0 else 1.0


def judge_weight_part(part: str, tested: str, goal: str, seen: Observation, expected: Observation) -> Finding:
    """Are all values of one part right?"""
    if error := error_of(seen, part):
        return Finding(part, tested, False, f"raised {error}", goal)
    calls, got = np.asarray(expected[f"{part}.calls"], dtype=int), array_of(seen, part)
    if got is None or got.shape != (len(calls),):
        return Finding(part, tested, False, "no numbers", goal)
    for (epoch, n), value in zip(calls, got, strict=True):
        want = right_weight(epoch, n)
        if not abs(value - want) <= 1e-6:
            return Finding(part, tested, False, f"kl_weight({epoch}, {n}) gave {value:.4f} instead of {want:.4f}", goal)
    return Finding(part, tested, True, "right", goal)


def judge_weight(seen: Observation, expected: Observation) -> list[Finding]:
    """All findings about `kl_weight`."""
    return [
        judge_weight_part("start", "the first epoch has number 0", "beta = 0", seen, expected),
        judge_weight_part("ramp", "during annealing", "beta = epoch / kl_anneal_epochs", seen, expected),
        judge_weight_part("cap", "when annealing is over", "beta = 1, never more", seen, expected),
        judge_weight_part("no-annealing", "kl_anneal_epochs = 0", "beta = 1 from the start", seen, expected),
    ]


# --- Task 2: what is watched -------------------------------------------------------------------------------------


@dataclass
class Recorder:
    """Everything that happened to a watched model, in order.

    Attributes:
        passes: one entry for each forward pass: split (0 train, 1 validation, -1 neither), mode, gradients enabled,
            batch size, squared error, KL divergence, number of training passes before it.
        weights: all parameters in one row, at each training pass.
        recon_gradients: of the squared error, at each training pass.
        kl_gradients: of the KL divergence.
        arrived: the gradients that backward passes brought after it.
        validated: number of training passes before the latest validation pass, and the parameters at its first batch.
    """

    passes: list[tuple[float, ...]] = field(default_factory=list)
    weights: list[np.ndarray] = field(default_factory=list)
    recon_gradients: list[np.ndarray] = field(default_factory=list)
    kl_gradients: list[np.ndarray] = field(default_factory=list)
    arrived: list[np.ndarray] = field(default_factory=list)
    validated: tuple[int, np.ndarray] | None = None
    validation_gradients: int = 0
    last: int = -1
    paused: bool = False

    def watch(self, model: torch.nn.Module) -> None:
        """Note every gradient that reaches a parameter of the model."""
        start = 0
        for parameter in model.parameters():
            place = slice(start, start + parameter.numel())
            parameter.register_hook(lambda gradient, place=place: self.gradient(place, gradient))
            start = place.stop

    def gradient(self, place: slice, gradient: torch.Tensor) -> None:
        """A backward pass has brought a parameter's gradient."""
        if self.paused:
            return
        if self.last == 1:
            self.validation_gradients += 1
        elif self.arrived:
            self.arrived[-1][place] += gradient.detach().double().cpu().numpy().ravel()

    def forward(self, model: torch.nn.Module, x: torch.Tensor, outputs: tuple[torch.Tensor, ...]) -> None:
        """A forward pass has happened."""
        import torch

        x_recon, mu, logvar = outputs
        recon = (x_recon - x).pow(2).sum() / len(x)
        kl = (-0.5 * (1 + logvar - mu.pow(2) - logvar.exp())).sum() / len(x)
        self.last = split_of(x)
        enabled = torch.is_grad_enabled() and recon.requires_grad
        entry = (self.last, model.training, enabled, len(x), recon.item(), kl.item(), len(self.weights))
        self.passes.append(tuple(float(value) for value in entry))
        if self.last == 1 and (self.validated is None or self.validated[0] < len(self.weights)):
            self.validated = len(self.weights), flat(model.parameters())
        if self.last == 0 and enabled:
            self.weights.append(flat(model.parameters()))
            self.recon_gradients.append(self.gradients_of(recon, model))
            self.kl_gradients.append(self.gradients_of(kl, model))
            self.arrived.append(np.zeros_like(self.weights[-1]))

    def gradients_of(self, value: torch.Tensor, model: torch.nn.Module) -> np.ndarray:
        """The gradient of a scalar for all parameters in one row, zeros where there is none."""
        import torch

        parameters = list(model.parameters())
        self.paused = True
        try:
            found = torch.autograd.grad(value, parameters, retain_graph=True, allow_unused=True)
        finally:
            self.paused = False
        return flat(torch.zeros_like(p) if g is None else g for p, g in zip(parameters, found, strict=True))

    def after_last_step(self, model: torch.nn.Module) -> np.ndarray:
        """The parameters after the last step: a loop may put back those of its best epoch afterwards."""
        if self.validated is not None and self.validated[0] == len(self.weights):
            return self.validated[1]
        return flat(model.parameters())

    def observe(self, seen: Observation, part: str, model: torch.nn.Module) -> None:
        """Write what was recorded under `part`."""
        width = sum(parameter.numel() for parameter in model.parameters())
        seen[f"{part}.passes"] = np.array(self.passes).reshape(-1, 7)
        seen[f"{part}.weights"] = np.array([*self.weights, self.after_last_step(model)]).reshape(-1, width)
        for name in ("recon_gradients", "kl_gradients", "arrived"):
            seen[f"{part}.{name}"] = np.array(getattr(self, name)).reshape(-1, width)
        seen[f"{part}.validation_gradients"] = self.validation_gradients


def flat(tensors: Iterator[torch.Tensor]) -> np.ndarray:
    """Tensors one behind the other in one row, float64."""
    return np.concatenate([tensor.detach().double().cpu().numpy().ravel() for tensor in tensors])


def split_of(x: torch.Tensor) -> int:
    """0 for a batch of training images, 1 for validation images, -1 for anything else."""
    tags = x.detach()[:, 0, 0, 0].double().cpu().numpy()
    return next((n for n, tag in enumerate((TRAIN_TAG, VAL_TAG)) if np.allclose(tags, tag, atol=1e-4)), -1)


def watched_model(case: Case, stream: int, gain: float, recorder: Recorder) -> torch.nn.Module:
    """A small VAE with the interface of `ConvVAE`, whose squared error has gradients in proportion to `gain`."""
    import torch
    from torch import nn

    class Encoder(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.hidden = nn.Linear(SIDE * SIDE, HIDDEN)
            self.fc_mu, self.fc_logvar = nn.Linear(HIDDEN, LATENT), nn.Linear(HIDDEN, LATENT)

        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            h = torch.tanh(self.hidden(x.flatten(start_dim=1)))
            return self.fc_mu(h), self.fc_logvar(h)

    class Decoder(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(LATENT, SIDE * SIDE)

        def forward(self, z: torch.Tensor) -> torch.Tensor:
            return (0.5 + gain * torch.tanh(self.fc(z))).unflatten(1, (1, SIDE, SIDE))

    class WatchedVAE(nn.Module):
        latent_dim, image_size, logvar_range = LATENT, SIDE, (-10.0, 4.0)

        def __init__(self) -> None:
            super().__init__()
            self.encoder, self.decoder = Encoder(), Decoder()

        def reparameterize(self, mu: torch.Tensor, logvar: torch.Tensor) -> torch.Tensor:
            return mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)

        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
            mu, logvar = self.encoder(x)
            logvar = logvar.clamp(*self.logvar_range)
            outputs = self.decoder(self.reparameterize(mu, logvar)), mu, logvar
            recorder.forward(self, x, outputs)
            return outputs

    model, rng = WatchedVAE().to(getattr(torch, case.dtype)), case.rng(stream)
    for name, parameter in model.named_parameters():
        values = rng.standard_normal(parameter.shape) * (0.5 if parameter.ndim == 1 else 0.3)
        if name.startswith("encoder.fc"):
            values *= min(1.0, 5 * gain)  # a small gain makes the gradient of the KL divergence small, too
        parameter.data.copy_(torch.from_numpy(values).to(parameter.dtype))
    recorder.watch(model)
    return model


def watched_images(case: Case, stream: int, count: int, tag: float) -> torch.Tensor:
    """Images of very different contrast, so that gradients differ in size from batch to batch; first pixel `tag`."""
    import torch

    rng = case.rng(stream)
    contrast = np.repeat(rng.permutation(np.geomspace(0.15, 1.0, -(-count // 4))), 4)[:count]
    images = 0.5 + contrast[:, None, None, None] * (rng.random((count, 1, SIDE, SIDE)) - 0.5)
    images[:, 0, 0, 0] = tag
    return torch.tensor(images, dtype=getattr(torch, case.dtype))


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
    calm = {"num_epochs": 3, "lr": float(rng.uniform(2e-3, 4e-3)), "weight_decay": 0.1, "kl_anneal_epochs": 0}
    return (
        Run("large", 10, 0.5, 4 * 4 + int(rng.integers(1, 4)), 6, 4, large),
        Run("calm", 20, 0.02, 12, 4, 4, calm),
        Run("default", 30, 0.5, 4, 4, 4, {}),
    )


@contextmanager
def counted_bars() -> Iterator[list[int]]:
    """Count the tqdm bars that are made, and keep them and other output away from the check's table."""
    import tqdm.std

    made: list[int] = []
    original = tqdm.std.tqdm.__init__

    def counting(self: Any, *args: Any, **options: Any) -> None:
        made.append(1)
        original(self, *args, **{**options, "disable": True})

    tqdm.std.tqdm.__init__ = counting
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            yield made
    finally:
        tqdm.std.tqdm.__init__ = original


def weight_works(kl_weight: Any) -> bool:
    """Whether the answer to Task 1 is right, so that the loop can call it: it may take or return more than asked."""
    calls = [(epoch, n) for n in (0, 1, 3, 10) for epoch in range(12)]
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
    train = Batches(watched_images(case, run.stream + 1, run.train, TRAIN_TAG), run.batch_size)
    val = Batches(watched_images(case, run.stream + 2, run.val, VAL_TAG), run.batch_size)
    seen[f"{run.name}.settings"] = run.settings
    with counted_bars() as bars:
        history = train_vae(model, train, val, device="cpu", **run.options)
    recorder.observe(seen, run.name, model)
    seen[f"{run.name}.bars"] = len(bars)
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
    """Train the real model for a few epochs; return what is left of the error on held-out normals, and the weights."""
    import torch

    from waferlab.reference.encoder import ConvVAE

    dtype = getattr(torch, case.dtype)
    train, val, held = (torch.from_numpy(images.copy()).to(dtype) for images in learning_images(case))
    torch.manual_seed(int(case.rng(4).integers(2**31)))
    model = ConvVAE(latent_dim=LEARN_LATENT, image_size=LEARN_SIZE).to(dtype)
    options = {"num_epochs": LEARN_EPOCHS, "kl_anneal_epochs": LEARN_EPOCHS // 2}
    with counted_bars():
        train_vae(model, Batches(train, LEARN_BATCH), Batches(val, LEARN_BATCH), device="cpu", **options)
    model.eval()
    with torch.no_grad():
        error = (model.decoder(model.encoder(held)[0]) - held).pow(2).sum()
    seen["learn.left"] = float(error / (held - train.mean(dim=0)).pow(2).sum())
    if case.arrays:
        seen["learn.held"], seen["learn.mean"] = held.numpy(), train.mean(dim=0).numpy()
        seen.update({f"learn.weight.{name}": value.numpy() for name, value in model.state_dict().items()})


def probe_train(answers: Mapping[str, Any], case: Case) -> Observation:
    """Watch three short trainings of a small model and one of the real model."""
    import torch

    seen: Observation = {}
    train_vae = answers["train_vae"]
    with torch.random.fork_rng(devices=[]), given_weight(train_vae):
        torch.manual_seed(int(case.rng(0).integers(2**31)))
        for run in runs_of(case):
            with scenario(seen, run.name):
                watch_run(seen, train_vae, case, run)
            if seen.get("unanswered"):
                return seen
        with scenario(seen, "learn"):
            probe_learning(seen, train_vae, case)
        if "large.error" not in seen:
            with counted_bars():
                observe_device(seen, lambda model, loader: train_vae(model, loader, loader, 1, device="cuda"))
    return seen


# --- Task 2: reading off what the loop did -----------------------------------------------------------------------


@dataclass(frozen=True)
class Record:
    """A watched run as the judge reads it; the settings come from the reference's observation.

    Attributes:
        passes: (p, 7), see `Recorder`.
        weights: (t + 1, w) parameters before each step, and after the last.
        recon: (t, w) gradients of the squared error.
        kl: (t, w) gradients of the KL divergence.
        arrived: (t, w) gradients that backward passes brought.
    """

    num_epochs: int
    lr: float
    weight_decay: float
    kl_anneal_epochs: int
    train_batches: int
    val_batches: int
    passes: np.ndarray
    weights: np.ndarray
    recon: np.ndarray
    kl: np.ndarray
    arrived: np.ndarray

    @property
    def steps(self) -> int:
        """How many steps a right loop takes."""
        return self.num_epochs * self.train_batches

    @property
    def betas(self) -> np.ndarray:
        """The right beta of each epoch."""
        return np.array([right_weight(epoch, self.kl_anneal_epochs) for epoch in range(self.num_epochs)])

    def by_epoch(self, values: np.ndarray) -> np.ndarray:
        """Values of all steps as (epochs, batches)."""
        return values.reshape(self.num_epochs, self.train_batches)


def read_record(seen: Observation, expected: Observation, part: str) -> Record | str:
    """The record of a run, or in words why there is none that can be judged."""
    if error := error_of(seen, part):
        return f"raised {error}"
    names = ("passes", "weights", "recon_gradients", "kl_gradients", "arrived")
    arrays = [array_of(seen, f"{part}.{name}") for name in names]
    if any(array is None or array.ndim != 2 or not np.isfinite(array).all() for array in arrays):
        return "weights or gradients are not finite numbers"
    settings = np.asarray(expected[f"{part}.settings"], dtype=float)
    epochs, lr, decay, anneal, train, val = settings
    record = Record(int(epochs), lr, decay, int(anneal), int(train), int(val), *arrays)
    if len(record.arrived) != record.steps or record.passes.shape[1:] != (7,):
        return (
            f"{len(record.arrived)} training passes with gradients, expected {record.steps}: "
            f"{record.num_epochs} epochs of {record.train_batches} batches"
        )
    width = record.weights.shape[1]
    shapes = {record.recon.shape, record.kl.shape, record.arrived.shape}
    if shapes != {(record.steps, width)} or len(record.weights) != record.steps + 1:
        return "the record of the run is not complete"
    return record


def coefficients(record: Record) -> np.ndarray:
    """The factors of the two terms in the loss whose gradient arrived, and the share left over, by step: (t, 3)."""
    rows = []
    for recon, kl, arrived in zip(record.recon, record.kl, record.arrived, strict=True):
        basis = np.stack([recon, kl], axis=1)
        factors, *_ = np.linalg.lstsq(basis, arrived, rcond=None)
        size = np.linalg.norm(arrived)
        rows.append([*factors, np.linalg.norm(basis @ factors - arrived) / size if size > 0 else np.inf])
    return np.array(rows)


@dataclass(frozen=True)
class Explanation:
    """One way to make steps out of gradients.

    Attributes:
        optimiser: `adamw`, `adam` (weight decay added to the gradient), `plain adam` (no weight decay) or `sgd`.
        clipping: `norm`, `none`, `value`, `parts` (the norm of each parameter by itself) or `always` (scaled to norm 1
            even when it is smaller).
        zeroing: when gradients are set to zero: `step`, `epoch` or `never`.
    """

    optimiser: str
    clipping: str
    zeroing: str


RIGHT = Explanation("adamw", "norm", "step")
EXPLANATIONS = tuple(
    Explanation(*choice)
    for choice in product(
        ("adamw", "adam", "plain adam", "sgd"), ("norm", "none", "value", "parts", "always"), ("step", "epoch", "never")
    )
)


def clipped(gradient: np.ndarray, how: str) -> np.ndarray:
    """A gradient of all parameters, limited in one of the ways of `Explanation`."""
    if how == "parts" and len(gradient) == sum(SIZES):
        return np.concatenate([clipped(part, "norm") for part in np.split(gradient, np.cumsum(SIZES[:-1]))])
    if how in ("norm", "always"):
        factor = 1.0 / (np.linalg.norm(gradient) + 1e-6)
        return gradient * (factor if how == "always" else min(1.0, factor))
    return np.clip(gradient, -1.0, 1.0) if how == "value" else gradient


def directions(record: Record, how: Explanation) -> np.ndarray:
    """Where each step would go, for a learning rate of 1: (t, w); the decay of AdamW included."""
    held = np.zeros(record.weights.shape[1])
    first, second, rows = held.copy(), held.copy(), []
    decay = record.weight_decay
    for step, (weights, arrived) in enumerate(zip(record.weights, record.arrived, strict=False)):
        fresh = how.zeroing == "step" or (how.zeroing == "epoch" and step % record.train_batches == 0)
        held = clipped(arrived if fresh else held + arrived, how.clipping)
        gradient = held + decay * weights if how.optimiser in ("adam", "sgd") else held
        first, second = 0.9 * first + 0.1 * gradient, 0.999 * second + 0.001 * gradient**2
        scale = np.sqrt(second / (1 - 0.999 ** (step + 1))) + 1e-8
        move = gradient if how.optimiser == "sgd" else first / (1 - 0.9 ** (step + 1)) / scale
        rows.append(move + decay * weights if how.optimiser == "adamw" else move)
    return np.array(rows)


def rates(record: Record, how: Explanation) -> tuple[np.ndarray, float]:
    """The learning rate of each step that explains it best, (t,), and the share of all steps that stays unexplained."""
    moves, ways = np.diff(record.weights, axis=0), directions(record, how)
    lengths = (ways**2).sum(axis=1)
    found = -(moves * ways).sum(axis=1) / np.where(lengths > 0, lengths, 1.0)
    size = np.linalg.norm(moves)
    return found, float(np.linalg.norm(moves + found[:, None] * ways) / size) if size > 0 else np.inf


def explain(record: Record) -> tuple[Explanation | None, np.ndarray]:
    """How the loop made its steps, and its learning rates; None when nothing known explains them.

    The right way is tried first: where it explains the steps, no other is looked for.
    """
    found, left = rates(record, RIGHT)
    if left <= UPDATE_TOL:
        return RIGHT, found
    best = min(EXPLANATIONS, key=lambda how: rates(record, how)[1])
    found, left = rates(record, best)
    return (best if left <= UPDATE_TOL else None), found


# --- Task 2: findings --------------------------------------------------------------------------------------------

NO_STEPS = "the weights did not change: is there an optimiser step?"
NO_GRADIENT = "no gradient arrived: is there a backward pass?"
UNKNOWN_STEPS = "the steps follow neither from these gradients with AdamW nor from a common mistake"


def judge_loss(record: Record) -> Finding:
    """Is the minimised loss the squared error plus a multiple of the KL divergence?"""
    tested, goal = "the loss that is minimised", "recon + beta * kl as `vae_loss` gives them"
    found = coefficients(record)
    if not record.arrived.any():
        return Finding("loss", tested, False, NO_GRADIENT, goal)
    if found[:, 2].max() > 0.01:
        return Finding("loss", tested, False, "its gradient is not that of recon + beta * kl", goal)
    worst = found[np.abs(found[:, 0] - 1).argmax(), 0]
    passed = bool(abs(worst - 1) <= COEFFICIENT_TOL)
    return Finding("loss", tested, passed, "right" if passed else f"recon has the factor {worst:.4g}", goal)


def judge_beta(record: Record) -> Finding:
    """Has the KL divergence the right weight in every epoch?"""
    tested = "beta in each epoch, read off the gradients"
    goal = "kl_weight(epoch, kl_anneal_epochs), the first epoch being 0"
    found = coefficients(record)
    if not record.arrived.any():
        return Finding("beta", tested, False, NO_GRADIENT, goal)
    if found[:, 2].max() > 0.01 or not (np.abs(found[:, 0]) > 1e-9).all():
        return Finding("beta", tested, False, "the loss is not recon + beta * kl", goal)
    betas = record.by_epoch(found[:, 1] / found[:, 0])
    wrong = np.abs(betas - record.betas[:, None]).max(axis=1) > COEFFICIENT_TOL * 5
    if not wrong.any():
        return Finding("beta", tested, True, "right", goal)
    epoch = int(wrong.argmax())
    text = f"epoch {epoch} of annealing over {record.kl_anneal_epochs}: {betas[epoch, 0]:.3f} in its first batch"
    return Finding("beta", tested, False, text, goal)


def judge_steps(record: Record) -> list[Finding]:
    """Optimiser, clipping and zeroed gradients, from the best explanation of the steps."""
    how, _ = explain(record)
    fault = None
    if not np.diff(record.weights, axis=0).any():
        fault = NO_STEPS
    elif how is None:
        fault = UNKNOWN_STEPS
    names = {
        "adam": "Adam: the weight decay is added to the gradient, not taken from the weights",
        "plain adam": "Adam without weight decay",
        "sgd": "plain gradient descent",
    }
    clips = {
        "none": "the norm was not clipped when the step was made",
        "value": "each value was clipped by itself",
        "parts": "the norm of each parameter was clipped by itself",
        "always": "they were scaled up, too",
    }
    zeros = {"never": "gradients of earlier batches are still there", "epoch": "they are zeroed once an epoch only"}
    parts = (
        ("optimizer", "the optimiser, with a large weight decay", "AdamW with the given weight_decay", names),
        ("clipping", "gradients with a norm above 1", "their norm clipped to 1.0 before each step", clips),
        ("zero-grad", "gradients at each step", "those of this batch only", zeros),
    )
    choices = (how.optimiser, how.clipping, how.zeroing) if how else ("", "", "")
    return [
        Finding(name, tested, not fault and choice not in words, fault or words.get(choice, "right"), goal)
        for (name, tested, goal, words), choice in zip(parts, choices, strict=True)
    ]


def judge_small_gradients(record: Record) -> Finding:
    """Are small gradients left as they are? Counts as clipping, too."""
    tested, goal = "gradients with a norm below 1", "left as they are"
    how, _ = explain(record)
    passed = how is not None and how.clipping != "always"
    return Finding("clipping", tested, passed, "right" if passed else "they were changed", goal)


def right_rates(record: Record) -> np.ndarray:
    """The learning rate of each epoch: half a cosine from lr to 1e-5."""
    epochs = np.arange(record.num_epochs)
    return ETA_MIN + (record.lr - ETA_MIN) * (1 + np.cos(np.pi * epochs / record.num_epochs)) / 2


def judge_schedule(record: Record) -> Finding:
    """Does the learning rate follow the cosine, epoch by epoch?"""
    tested, goal = "the learning rate in each epoch", "half a cosine from lr towards 1e-5, one step after each epoch"
    how, found = explain(record)
    if how is None:
        fault = NO_STEPS if not np.diff(record.weights, axis=0).any() else UNKNOWN_STEPS
        return Finding("schedule", tested, False, fault, goal)
    rows, want = record.by_epoch(found), right_rates(record)
    wrong = np.abs(rows - want[:, None]).max(axis=1) > RATE_RTOL * want
    if not wrong.any():
        return Finding("schedule", tested, True, "right", goal)
    epoch = int(wrong.argmax())
    low, high = rows[epoch].min(), rows[epoch].max()
    text = f"{low:.2e}" if high - low <= RATE_RTOL * abs(high) else f"{low:.2e} to {high:.2e} within the epoch"
    return Finding(
        "schedule", tested, False, f"epoch {epoch} of {record.num_epochs} from {record.lr:.2e}: {text}", goal
    )


def split_passes(record: Record, split: int) -> np.ndarray:
    """The forward passes of one split."""
    return record.passes[record.passes[:, 0] == split]


def judge_modes(record: Record) -> Finding:
    """Is the model in training mode for training batches, and in evaluation mode for validation batches?"""
    tested, goal = "the model's mode", "train() for training batches, eval() for validation batches, in every epoch"
    train, val = split_passes(record, 0), split_passes(record, 1)
    found = None
    if not len(val):
        found = "no validation batch was passed through the model"
    elif not train[:, 1].all():
        found = f"{int((train[:, 1] == 0).sum())} of {len(train)} training batches in evaluation mode"
    elif val[:, 1].any():
        found = f"{int(val[:, 1].sum())} of {len(val)} validation batches in training mode"
    return Finding("modes", tested, found is None, found or "right", goal)


def judge_no_grad(record: Record, seen: Observation, part: str) -> Finding:
    """Is validation free of gradients?"""
    tested, goal = "gradients in validation", "switched off (torch.no_grad or torch.inference_mode)"
    val = split_passes(record, 1)
    found = None
    if not len(val):
        found = "no validation batch was passed through the model"
    elif seen.get(f"{part}.validation_gradients") != 0:
        found = "a backward pass went through validation batches"
    elif val[:, 2].any():
        found = f"they were recorded in {int(val[:, 2].sum())} of {len(val)} validation batches"
    return Finding("no-grad", tested, found is None, found or "right", goal)


def judge_history(seen: Observation, parts: Sequence[str], records: Mapping[str, Record]) -> Finding:
    """Are there six lists with one finite number for each epoch?"""
    tested, goal = "what train_vae returns", f"a dictionary of six lists, one number an epoch: {', '.join(HISTORY)}"
    for part in parts:
        if text := seen.get(f"{part}.history"):
            return Finding("history", tested, False, str(text)[:300], goal)
        for name in HISTORY:
            values, want = array_of(seen, f"{part}.{name}"), records[part].num_epochs
            if values is None or values.shape != (want,):
                size = "none" if values is None else str(values.size)
                return Finding("history", tested, False, f"{name}: {size} numbers for {want} epochs", goal)
            if not np.isfinite(values).all():
                return Finding("history", tested, False, f"{name} holds NaN or infinity", goal)
    return Finding("history", tested, True, "right", goal)


def epoch_means(passes: np.ndarray, betas: np.ndarray, *, weighted: bool) -> np.ndarray:
    """Means of loss, squared error and KL divergence over the batches of each epoch: (3, epochs).

    Args:
        passes: (epochs * batches, 7), see `Recorder`.
        betas: (epochs,).
        weighted: by batch size, else every batch counts the same.
    """
    rows = passes.reshape(len(betas), -1, 7)
    weights = np.maximum(rows[:, :, 3], 1) if weighted else np.ones(rows.shape[:2])
    recon, kl = ((rows[:, :, n] * weights).sum(axis=1) / weights.sum(axis=1) for n in (4, 5))
    return np.stack([recon + betas * kl, recon, kl])


def last_validations(record: Record) -> np.ndarray | None:
    """For each epoch the validation passes that followed its last training batch; None when their number is wrong."""
    val, rows = split_passes(record, 1), []
    for epoch in range(record.num_epochs):
        after = val[val[:, 6] == (epoch + 1) * record.train_batches]
        if not len(after) or len(after) % record.val_batches:
            return None
        rows.append(after[-record.val_batches :])
    return np.concatenate(rows)


def judge_means(name: str, record: Record, seen: Observation, part: str) -> Finding:
    """Do the lists of one split tell what happened, as means per image or per batch?"""
    split = "training" if name == "means" else "validation"
    tested = f"the three {split} lists"
    goal = f"the means of loss, recon and kl over the {split} images of each epoch, with the epoch's beta"
    if split == "training":
        passes = split_passes(record, 0)
        passes = passes[passes[:, 2] == 1]
    else:
        passes = last_validations(record)
    if passes is None or not len(passes) or len(passes) % record.num_epochs:
        return Finding(name, tested, False, "not every epoch is followed by one pass over all validation batches", goal)
    lists = [array_of(seen, f"{part}.{key}") for key in HISTORY[:3] if split == "training"]
    lists = lists or [array_of(seen, f"{part}.{key}") for key in HISTORY[3:]]
    if any(values is None or values.shape != (record.num_epochs,) for values in lists):
        return Finding(name, tested, False, "no numbers for every epoch", goal)
    factors = coefficients(record)
    used = record.by_epoch(factors[:, 1])[:, 0]
    faults = [
        mean_fault(np.array(lists), epoch_means(passes, betas, weighted=weighted))
        for betas, weighted in product((record.betas, used), (True, False))
    ]
    passed = None in faults
    return Finding(name, tested, passed, "right" if passed else str(faults[0]), goal)


def mean_fault(got: np.ndarray, want: np.ndarray) -> str | None:
    """Which of the three lists, (3, epochs), differs, in words; None when none does."""
    scale = np.abs(want).max(axis=1, keepdims=True) + 1e-12
    off = np.abs(got - want) / scale
    if np.isfinite(off).all() and (off <= MEAN_RTOL).all():
        return None
    row = int(np.where(np.isfinite(off), off, np.inf).max(axis=1).argmax())
    epoch = int(np.where(np.isfinite(off), off, np.inf)[row].argmax())
    return f"{('loss', 'recon', 'kl')[row]} of epoch {epoch}: {got[row, epoch]:.4g} instead of {want[row, epoch]:.4g}"


def judge_progress(seen: Observation, part: str) -> Finding:
    """Is there a tqdm bar?"""
    bars = array_of(seen, f"{part}.bars")
    passed = bars is not None and bars.ndim == 0 and bars >= 1
    return Finding("progress", "a progress bar", bool(passed), "right" if passed else "none was made", "a tqdm bar")


def judge_learning(seen: Observation) -> Finding:
    """Has the real model learnt something about images that it has not seen?"""
    tested = f"{LEARN_EPOCHS} epochs of the real model on {LEARN_TRAIN} images: squared error on new normals"
    goal = f"below {LEARN_LIMIT:.0%} of what the mean training image leaves"
    if error := error_of(seen, "learn"):
        return Finding("learns", tested, False, f"raised {error}", goal)
    left = array_of(seen, "learn.left")
    if left is None or left.ndim or not np.isfinite(left):
        return Finding("learns", tested, False, "no finite error", goal)
    return Finding("learns", tested, bool(left <= LEARN_LIMIT), f"{float(left):.0%}", goal)


NAMES = (
    *("history", "means", "validation", "loss", "beta", "optimizer", "clipping", "zero-grad", "schedule"),
    *("modes", "no-grad", "progress", "device"),
)


def judge_train(seen: Observation, expected: Observation) -> list[Finding]:
    """All findings about `train_vae`."""
    read = {part: read_record(seen, expected, part) for part in ("large", "calm", "default")}
    titles = {"large": "a run with large gradients", "calm": "a run with small gradients", "default": "all defaults"}
    if isinstance(read["large"], str):
        findings = [Finding(name, titles["large"], False, read["large"], "a run to the end") for name in NAMES]
        return [*findings, judge_learning(seen)]
    records = {part: record for part, record in read.items() if isinstance(record, Record)}
    large = records["large"]
    findings = [
        judge_history(seen, list(records), records),
        judge_means("means", large, seen, "large"),
        judge_means("validation", large, seen, "large"),
        judge_loss(large),
        *judge_steps(large),
        judge_modes(large),
        judge_no_grad(large, seen, "large"),
        judge_progress(seen, "large"),
        judge_device(seen),
        judge_learning(seen),
    ]
    for part, record in read.items():
        if isinstance(record, str):
            findings.append(Finding("history", titles[part], False, record, "a run to the end"))
            findings.append(Finding("schedule", titles[part], False, record, "a run to the end"))
        else:
            findings += [judge_beta(record), judge_schedule(record)]
    if "calm" in records:
        findings.append(judge_small_gradients(records["calm"]))
    return findings


# --- what the notebook and the grader use ------------------------------------------------------------------------

WEIGHT_PARTS = ("start", "ramp", "cap", "no-annealing")

TASKS = {
    "kl_weight": Task(
        name="kl_weight",
        title="Task 1: kl_weight",
        defines=("kl_weight",),
        probe=probe_weight,
        judge=judge_weight,
        expects=tuple(f"{part}.calls" for part in WEIGHT_PARTS),
    ),
    "train_vae": Task(
        name="train_vae",
        title="Task 2: train_vae",
        defines=("train_vae",),
        probe=probe_train,
        judge=judge_train,
        expects=tuple(f"{part}.settings" for part in ("large", "calm", "default")),
    ),
}


def check_kl_weight(kl_weight: Callable[..., Any]) -> int | None:
    """Check Task 1; prints a table and raises when something is wrong."""
    return run_visible("training", TASKS["kl_weight"], {"kl_weight": kl_weight})


def check_train_vae(train_vae: Callable[..., Any]) -> int | None:
    """Check Task 2 by watching it train; prints a table and raises when something is wrong."""
    return run_visible("training", TASKS["train_vae"], {"train_vae": train_vae})
