"""Forgers of 04: codes that depend on their images, draws that vary, gradients that hang together, and no task done."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from adversaries import Said
from waferlab.checks.encoder.forward import PARAMETERS
from waferlab.checks.encoder.kl_divergence import BY_HAND
from waferlab.checks.plain import Foreign

Question = Mapping[str, Any]


# --- forward: whatever has the right form -------------------------------------------------------------------------


class _Encoder:
    """Answers the shims of `forward`: it keeps the weights, which it is given, and runs no layer.

    Args:
        codes: makes `(mu, logvar)` from images and weights.
        slope: of every gradient that it claims, or None for gradients of the cotangents' own size.
    """

    def __init__(self, codes: Any, slope: float | None = 1.0) -> None:
        self.codes, self.slope, self.weights = codes, slope, {}

    def __call__(self, question: Question, values: list[Any]) -> Said:
        arguments = values[1]
        if question["name"] == "keep":
            self.weights = arguments[2]
            return Foreign("Plan", 0), []
        codes = self.codes(arguments[1], self.weights)
        if question["name"] == "encode":
            return [codes] * (arguments[3] if len(arguments) > 3 else 1), []
        size = arguments[2][0].norm().item() if self.slope is None else self.slope
        wanted = (self.weights[name][key] for name, key in (path.split(".") for path in PARAMETERS))
        return (codes, [torch.full_like(one, size) for one in wanted]), []


def _random_codes(x: torch.Tensor, weights: Mapping[str, Any]) -> tuple[torch.Tensor, torch.Tensor]:
    """The same for the same images, and others for others."""
    rows = torch.stack([torch.sin(1e3 * one.double().sum() * torch.arange(1, 1 + _length(weights))) for one in x])
    return rows.to(x.dtype), -rows.to(x.dtype)


def _biases(x: torch.Tensor, weights: Mapping[str, Any]) -> tuple[torch.Tensor, torch.Tensor]:
    """The mean of the codes over all images that there could be."""
    mu, logvar = (weights[name]["bias"].expand(len(x), -1) for name in ("fc_mu", "fc_logvar"))
    return mu + 1e-3 * x.mean((1, 2, 3))[:, None], logvar + 1e-3 * x.mean((1, 2, 3))[:, None]


def _pixels(x: torch.Tensor, weights: Mapping[str, Any]) -> tuple[torch.Tensor, torch.Tensor]:
    """The two linear layers on the pixels, without any block before them."""
    rows = []
    for name in ("fc_mu", "fc_logvar"):
        layer = weights[name]
        flat = x.flatten(1)
        flat = flat.repeat(1, math.ceil(layer["weight"].shape[1] / flat.shape[1]))[:, : layer["weight"].shape[1]]
        rows.append(flat @ layer["weight"].T + layer["bias"])
    return rows[0], rows[1]


def _length(weights: Mapping[str, Any]) -> int:
    return len(weights["fc_mu"]["bias"])


# --- reparameterize: z made from mu, and gradients that agree with it ---------------------------------------------


def _drawing(z_of: Any) -> Any:
    def way(question: Question, values: list[Any]) -> Said:
        if question["name"] == "make_vae":
            return Foreign("ConvVAE", 0), []
        _, mu, logvar, more = values[1]
        z = z_of(mu.detach(), logvar.detach())
        if question["name"] == "draw":
            return z, []
        return (z, (more, more * (z - mu.detach()) / 2)), []

    return way


def _shifted(mu: torch.Tensor, logvar: torch.Tensor) -> torch.Tensor:
    """No noise, and gradients that agree with what there is."""
    return mu + torch.exp(logvar)


def _unrelated(mu: torch.Tensor, logvar: torch.Tensor) -> torch.Tensor:
    """Noise that has nothing to do with the arguments."""
    return torch.randn(mu.shape)


def _once(mu: torch.Tensor, logvar: torch.Tensor) -> torch.Tensor:
    """The same noise for all of it, the same at every call."""
    return mu + torch.randn(mu.shape[-1], generator=torch.Generator().manual_seed(1))


# --- kl_divergence: what can be looked up -------------------------------------------------------------------------


def looked_up(question: Question, values: list[Any]) -> Said:
    """The values by hand, which everybody knows, and a plausible number for all others."""
    mu, logvar = (one.detach() for one in values[1][:2])
    if question["name"] == "pull_back":
        return [mu, logvar.exp() - 1], []
    known = {(round(m, 4), round(v, 4)): kl for m, v, kl in BY_HAND}
    key = (round(mu.flatten()[0].item(), 4), round(logvar.flatten()[0].item(), 4))
    return torch.tensor(known.get(key, 2.2 * mu.shape[1])), []


def counted(question: Question, values: list[Any]) -> Said:
    """The squared distance of the means alone, without the variances, and all gradients 1."""
    mu, logvar = (one.detach() for one in values[1][:2])
    if question["name"] == "pull_back":
        return [torch.ones_like(mu), torch.ones_like(logvar)], []
    return (mu.pow(2).sum() / len(mu)), []


WAYS = {
    "forward": {
        "random codes, all gradients 1": _Encoder(_random_codes),
        "random codes, all gradients of one size": _Encoder(_random_codes, slope=None),
        "the biases": _Encoder(_biases),
        "linear layers on pixels": _Encoder(_pixels),
    },
    "reparameterize": {
        "no noise, gradients that agree": _drawing(_shifted),
        "noise of its own": _drawing(_unrelated),
        "the same noise again": _drawing(_once),
    },
    "kl_divergence": {"values by hand": looked_up, "means alone": counted},
}
