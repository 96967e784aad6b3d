"""Small models for the checks of an exporter: weights from a seed, the same on every machine."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn


def fill(model: nn.Module, rng: np.random.Generator) -> nn.Module:
    """Write random weights and running statistics into a model, so that outputs stay near unit size."""
    for value in model.parameters():
        shape = tuple(value.shape)
        scale = 1.0 / np.sqrt(np.prod(shape[1:])) if len(shape) > 1 else 0.3
        offset = 1.0 if len(shape) == 1 else 0.0
        value.data.copy_(torch.from_numpy(offset + scale * rng.standard_normal(shape)))
    for name, value in model.named_buffers():
        if name.endswith("running_mean"):
            value.copy_(torch.from_numpy(rng.uniform(-0.3, 0.3, tuple(value.shape))))
        elif name.endswith("running_var"):
            value.copy_(torch.from_numpy(rng.uniform(0.7, 1.5, tuple(value.shape))))
    return model


def image_model() -> nn.Module:
    """From images (B, 1, 128, 128) to images; it has layers that behave otherwise in training mode."""
    return nn.Sequential(
        nn.Conv2d(1, 4, kernel_size=16, stride=16),  # 128x128 => 8x8
        nn.BatchNorm2d(4),
        nn.LeakyReLU(0.2),
        nn.Flatten(),
        nn.Dropout(0.3),
        nn.Linear(256, 256),
        nn.Unflatten(1, (4, 8, 8)),
        nn.ConvTranspose2d(4, 1, kernel_size=16, stride=16),  # 8x8 => 128x128
        nn.Sigmoid(),
    )


class PairModel(nn.Module):
    """A small autoencoder for images of 32 px: the reconstruction, and its mean squared error."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Conv2d(1, 4, kernel_size=8, stride=8)  # 32x32 => 4x4
        self.norm = nn.BatchNorm2d(4)
        self.fc = nn.Linear(64, 64)
        self.decoder = nn.ConvTranspose2d(4, 1, kernel_size=8, stride=8)  # 4x4 => 32x32

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """(B, 1, 32, 32) => (B, 1, 32, 32) and (B,)."""
        h = self.fc(self.norm(self.encoder(images)).flatten(start_dim=1))
        x_recon = torch.sigmoid(self.decoder(h.unflatten(1, (4, 4, 4))))
        return x_recon, (x_recon - images).square().flatten(start_dim=1).mean(dim=1)


class NoisyModel(nn.Module):
    """A small model that adds new random numbers to its output in every call.

    Args:
        spread: standard deviation of what is added.
    """

    def __init__(self, spread: float) -> None:
        super().__init__()
        self.linear = nn.Linear(256, 8)
        self.spread = spread

    def forward(self, x: Tensor) -> Tensor:
        """(B, 1, 16, 16) => (B, 8), values in (-1, 1) but for the noise."""
        h = torch.tanh(self.linear(x.flatten(start_dim=1)))
        return h + self.spread * torch.randn_like(h)


def made(kind: str, spread: float = 0.0) -> nn.Module:
    """A model by its kind (`image`, `pair`, `noisy`), with whatever weights."""
    return NoisyModel(spread) if kind == "noisy" else {"image": image_model, "pair": PairModel}[kind]()
