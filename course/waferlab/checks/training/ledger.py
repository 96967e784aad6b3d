"""The examiner's side of a watched training: a small VAE, its batches, its noise, and a book of what was asked of it.

The loop trains a model whose forward and backward passes are calls to this one. So the examiner sees the parameters
that an optimiser has moved, and the gradients that a loss sends back; outputs, noise and the parameters' gradients are
its own, and nobody can make the steps of a training without them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from waferlab.checks.core import Case

if TYPE_CHECKING:
    from torch import Tensor

SIDE = 8  # of the images of the watched runs
HIDDEN, LATENT = 6, 3  # of the watched model
#: The parameters of the watched model, in order.
SHAPES = {
    "encoder.hidden.weight": (HIDDEN, SIDE**2),
    "encoder.hidden.bias": (HIDDEN,),
    "encoder.fc_mu.weight": (LATENT, HIDDEN),
    "encoder.fc_mu.bias": (LATENT,),
    "encoder.fc_logvar.weight": (LATENT, HIDDEN),
    "encoder.fc_logvar.bias": (LATENT,),
    "decoder.fc.weight": (SIDE**2, LATENT),
    "decoder.fc.bias": (SIDE**2,),
}
SIZES = tuple(prod(shape) for shape in SHAPES.values())
LOGVAR_RANGE = (-10.0, 4.0)
MAX_BATCH = 64
MAX_PASSES = 2_000  # of one run; a right one has 60
PIXEL_TOL = 1e-4  # of a batch that came from the loaders, whatever dtype it went through


class Pass(NamedTuple):
    """One forward pass.

    Attributes:
        split: 0 for training images, 1 for validation images, -1 for a batch that no loader gave.
        batch: its number within the split.
        training, enabled: the model's mode and whether gradients were recorded, as the desk says.
        size: of the batch.
        recon, kl: the two terms of the loss.
        before: number of training passes before it.
    """

    split: int
    batch: int
    training: float
    enabled: float
    size: int
    recon: float
    kl: float
    before: int


@dataclass
class Step:
    """What is kept of a pass that gradients may come back to.

    Attributes:
        weights: all parameters in one row, (w,).
        terms: the gradients of cross-entropy and KL divergence for the pass's outputs, in one row each, (2, o).
        incoming: the gradients for the outputs that backward passes brought, (o,).
        arrived: what became of them at the parameters, (w,).
        inner: the examiner's parameters and outputs of this pass, with their graph.
    """

    weights: np.ndarray
    terms: np.ndarray
    incoming: np.ndarray
    arrived: np.ndarray
    inner: tuple[list[Tensor], list[Tensor]]


@dataclass
class Ledger:
    """A watched model and everything that happens to it, in order.

    Args:
        gain: images lie in 0.5 ± gain, at most 0.5.
        batches: the training and the validation batches, each (b, 1, SIDE, SIDE).
        rng: gives the noise.

    Attributes:
        passes: every forward pass.
        steps: what is kept of those with gradients, by number of the pass.
        trained: numbers of the training passes with gradients.
        validated: number of training passes before the latest validation pass, and the parameters at its first batch.
        validation_gradients: backward passes through validation batches.
        full: whether there were more passes than are kept.
    """

    gain: float
    batches: tuple[Sequence[np.ndarray], Sequence[np.ndarray]]
    rng: np.random.Generator
    passes: list[Pass] = field(default_factory=list)
    steps: dict[int, Step] = field(default_factory=dict)
    trained: list[int] = field(default_factory=list)
    validated: tuple[int, np.ndarray] | None = None
    validation_gradients: int = 0
    full: bool = False

    def forward(self, x: Any, weights: Any, training: Any, enabled: Any) -> list[Any] | None:
        """A service: the number of this pass, and `x_recon`, `mu`, `logvar`; None for what no model would take."""
        x, row = numbers_of(x, (None, 1, SIDE, SIDE)), numbers_of(weights, (sum(SIZES),))
        self.full = self.full or len(self.passes) >= MAX_PASSES
        if self.full or x is None or row is None or not 1 <= len(x) <= MAX_BATCH:
            return None
        split, batch = self.known(x)
        x = self.batches[split][batch] if split >= 0 else x
        noise = self.rng.standard_normal((len(x), LATENT))
        with own_gradients():
            inner, outputs = outputs_of(row, x, noise, self.gain)
            number, (recon, kl, terms) = len(self.passes), terms_of(x, outputs)
        enabled = enabled is True
        entry = Pass(split, batch, float(training is True), float(enabled), len(x), recon, kl, len(self.trained))
        self.passes.append(entry)
        if split == 1 and (self.validated is None or self.validated[0] < len(self.trained)):
            self.validated = len(self.trained), row
        if enabled:
            self.steps[number] = Step(row, terms, np.zeros(terms.shape[1]), np.zeros(len(row)), (inner, outputs))
        if enabled and split == 0:
            self.trained.append(number)
        return [number, *(output.detach().numpy() for output in outputs)]

    def backward(self, number: Any, *incoming: Any) -> np.ndarray | None:
        """A service: the parameters' gradients in one row, for those of a pass's outputs; None for anything else."""
        import torch

        step = self.steps.get(number) if type(number) is int else None
        if step is None or len(incoming) != len(step.inner[1]):
            return None
        given = [numbers_of(one, output.shape) for one, output in zip(incoming, step.inner[1], strict=True)]
        if any(one is None for one in given):
            return None
        inner, outputs = step.inner
        with own_gradients():
            found = torch.autograd.grad(outputs, inner, [torch.from_numpy(one) for one in given], retain_graph=True)
        gradient = np.concatenate([one.numpy().ravel() for one in found])
        step.incoming += np.concatenate([one.ravel() for one in given])
        step.arrived += gradient
        self.validation_gradients += self.passes[number].split == 1
        return gradient

    def known(self, x: np.ndarray) -> tuple[int, int]:
        """Split and number of the batch that the loaders gave; (-1, -1) where they gave none like it."""
        for split, batches in enumerate(self.batches):
            for number, batch in enumerate(batches):
                if batch.shape == x.shape and np.abs(batch - x).max() <= PIXEL_TOL:
                    return split, number
        return -1, -1

    def after_last_step(self, final: Any) -> np.ndarray | None:
        """The parameters after the last step: a loop may put back those of its best epoch afterwards.

        Args:
            final: what the model holds at the end, as the desk says.
        """
        if self.validated is not None and self.validated[0] == len(self.trained):
            return self.validated[1]
        return numbers_of(final, (sum(SIZES),))


@contextmanager
def own_gradients() -> Iterator[None]:
    """Gradients are recorded, whatever an answer has switched off in a process that it shares with the examiner."""
    import torch

    with torch.inference_mode(False), torch.enable_grad():
        yield


def numbers_of(value: Any, shape: Sequence[int | None]) -> np.ndarray | None:
    """An array of this shape as float64 (None: any length there); None when it is none."""
    if not isinstance(value, np.ndarray) or value.ndim != len(shape) or value.dtype.kind not in "biuf":
        return None
    fits = all(want in (None, size) for want, size in zip(shape, value.shape, strict=True))
    return value.astype(np.float64) if fits else None


def outputs_of(row: np.ndarray, x: np.ndarray, noise: np.ndarray, gain: float) -> tuple[list[Tensor], list[Tensor]]:
    """The watched model's parameters as leaves, and its `x_recon`, `mu` and `logvar`, in float64.

    Its interface is that of `ConvVAE`; the gradients of its cross-entropy are in proportion to `gain`.
    """
    import torch
    from torch.nn import functional as F

    parts = np.split(row, np.cumsum(SIZES[:-1]))
    inner = [
        torch.tensor(part.reshape(shape), requires_grad=True)
        for part, shape in zip(parts, SHAPES.values(), strict=True)
    ]
    h = torch.tanh(F.linear(torch.from_numpy(x).flatten(start_dim=1), *inner[:2]))
    mu, logvar = F.linear(h, *inner[2:4]), F.linear(h, *inner[4:6]).clamp(*LOGVAR_RANGE)
    z = mu + torch.exp(0.5 * logvar) * torch.from_numpy(noise)
    x_recon = 0.5 + gain * torch.tanh(F.linear(z, *inner[6:8]))
    return inner, [x_recon.unflatten(1, (1, SIDE, SIDE)), mu, logvar]


def terms_of(x: np.ndarray, outputs: Sequence[Tensor]) -> tuple[float, float, np.ndarray]:
    """The two terms of the loss of some outputs, and their gradients for these; NaN where a loop has diverged."""
    import torch

    from waferlab.reference.encoder import vae_loss

    leaves = [output.detach().requires_grad_() for output in outputs]
    width = sum(leaf.numel() for leaf in leaves)
    if not all(torch.isfinite(leaf).all() for leaf in leaves):
        return np.nan, np.nan, np.full((2, width), np.nan)
    _, *terms = vae_loss(leaves[0], torch.from_numpy(x), *leaves[1:], 1.0)
    slopes = [torch.autograd.grad(term, leaves, retain_graph=True, materialize_grads=True) for term in terms]
    rows = np.stack([np.concatenate([one.numpy().ravel() for one in slope]) for slope in slopes])
    return terms[0].item(), terms[1].item(), rows


def first_weights(case: Case, stream: int, gain: float) -> np.ndarray:
    """The parameters that a watched model begins with, in one row."""
    rng, row = case.rng(stream), []
    for name, shape in SHAPES.items():
        values = rng.standard_normal(shape) * (0.5 if len(shape) == 1 else 0.3)
        if name.startswith("encoder.fc"):
            values *= min(1.0, 5 * gain)  # a small gain makes the gradient of the KL divergence small, too
        row.append(values.ravel())
    return np.concatenate(row)


def watched_images(case: Case, stream: int, count: int) -> np.ndarray:
    """Images of very different contrast, so that gradients differ in size from batch to batch: (count, 1, 8, 8)."""
    rng = case.rng(stream)
    contrast = np.repeat(rng.permutation(np.geomspace(0.15, 1.0, -(-count // 4))), 4)[:count]
    return 0.5 + contrast[:, None, None, None] * (rng.random((count, 1, SIDE, SIDE)) - 0.5)
