"""A small VAE that writes down everything a training loop does with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from waferlab.checks.core import Case, Observation

if TYPE_CHECKING:
    import torch

SIDE = 8  # of the images of the watched runs
HIDDEN, LATENT = 6, 3  # of the watched model
SIZES = (HIDDEN * SIDE**2, HIDDEN, *2 * (LATENT * HIDDEN, LATENT), LATENT * SIDE**2, SIDE**2)  # of its parameters
TRAIN_TAG, VAL_TAG = 0.25, 0.75  # value of the first pixel, which tells the two sets apart


@dataclass
class Recorder:
    """Everything that happened to a watched model, in order.

    Attributes:
        passes: one entry for each forward pass: split (0 train, 1 validation, -1 neither), mode, gradients enabled,
            batch size, cross-entropy, KL divergence, number of training passes before it.
        weights: all parameters in one row, at each training pass.
        recon_gradients: of the cross-entropy, at each training pass.
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
        from torch.nn import functional as F

        x_recon, mu, logvar = outputs
        recon = F.binary_cross_entropy(x_recon, x, reduction="sum") / len(x)
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
    """A small VAE with the interface of `ConvVAE`, whose cross-entropy has gradients in proportion to `gain`.

    Args:
        case: gives the weights.
        stream: of the case's randomness.
        gain: images lie in 0.5 ± gain, at most 0.5.
        recorder: gets everything that happens.
    """
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
