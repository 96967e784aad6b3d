"""Forgers of 05: runs that never happened, and runs whose gradients are asked for and then not used as they should be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from adversaries import Asking
from waferlab.checks.training.desk import HISTORY
from waferlab.checks.training.ledger import LATENT

Services = Mapping[str, Callable[..., Any]]
#: `(weights, gradient, rate, decay) -> weights`
Step = Callable[[np.ndarray, np.ndarray, float, float], np.ndarray]


def weights_by_heart(question: dict[str, Any], values: list[Any]) -> tuple[Any, list[Any]]:
    """A weight that rises from epoch to epoch, by no rule."""
    return min(1.0, values[1][0] / 12), []


def made_up_history(epochs: int, rng: np.random.Generator) -> dict[str, Any]:
    """Losses that fall as they do in the notebook, and totals that fit their parts."""
    fall = 60 * np.exp(-np.arange(epochs) / epochs) + rng.normal(0, 0.3, epochs)
    kl = np.linspace(2, 4, epochs)
    beta = np.minimum(1, np.arange(epochs) / 3)
    rows = (fall + beta * kl, fall, kl, fall + beta * kl, fall + 0.5, kl)
    return {"keys": [*HISTORY], "lists": dict(zip(HISTORY, rows, strict=True))}


def never_asked(question: dict[str, Any], values: list[Any], services: Services) -> Any:
    """A run that never happened: a history, and weights at its end, as consistent as they can be."""
    return told(question, values, np.random.default_rng(0))


def told(question: dict[str, Any], values: list[Any], rng: np.random.Generator) -> Any:
    """What there is to say without any training: no weight of `kl_weight`, the weights of a new model, all moved."""
    if question["name"] == "own_weights":
        return np.array([min(1.0, epoch / length) for epoch, length in values[1][0]])
    if question["name"] == "device":
        return [1, 1]
    if question["name"] == "real_training":
        from waferlab.reference.encoder import ConvVAE

        model = ConvVAE(latent_dim=values[1][2], image_size=values[1][0][0].shape[-1])
        return {name: value.numpy() for name, value in model.state_dict().items()}
    weights, options = values[1][3], values[1][4]
    row = np.concatenate([one.ravel() for one in weights.values()])
    return made_up_history(int(options.get("num_epochs", 30)), rng), 0.99 * row


def driven(step: Step, incoming: Callable[..., tuple[np.ndarray, ...]]) -> Callable[..., Any]:
    """A forger that goes through all batches in the right modes, sends gradients of its own back, and makes its steps.

    Args:
        step: makes new weights.
        incoming: `(rng, x, outputs) -> gradients of the outputs`.
    """

    def way(question: dict[str, Any], values: list[Any], services: Services) -> Any:
        rng = np.random.default_rng(0)
        if question["name"] != "watched_training":
            return told(question, values, rng)
        (train, val), _, size, weights, options = values[1]
        epochs, lr = int(options.get("num_epochs", 30)), options.get("lr", 1e-3)
        row = np.concatenate([one.ravel() for one in weights.values()])
        for epoch in range(epochs):
            rate = 1e-5 + (lr - 1e-5) * (1 + np.cos(np.pi * epoch / epochs)) / 2
            for start in range(0, len(train), size):
                x = train[start : start + size]
                number, *outputs = services["forward"](x, row, True, True)
                gradient = services["backward"](number, *incoming(rng, x, outputs))
                row = step(row, gradient, rate, options.get("weight_decay", 1e-5))
            for start in range(0, len(val), size):
                services["forward"](val[start : start + size], row, False, False)
        return made_up_history(epochs, rng), row

    return way


def sgd(row: np.ndarray, gradient: np.ndarray, rate: float, decay: float) -> np.ndarray:
    """Plain gradient descent."""
    return row - rate * (gradient + decay * row)


def decay_only(row: np.ndarray, gradient: np.ndarray, rate: float, decay: float) -> np.ndarray:
    """What AdamW does when all gradients are zero."""
    return row * (1 - rate * decay)


def signs(row: np.ndarray, gradient: np.ndarray, rate: float, decay: float) -> np.ndarray:
    """What AdamW does when all gradients are the same."""
    return row * (1 - rate * decay) - rate * np.sign(gradient)


def silence(rng: np.random.Generator, x: np.ndarray, outputs: list[np.ndarray]) -> tuple[np.ndarray, ...]:
    """No gradients at all."""
    return tuple(np.zeros_like(one) for one in outputs)


def noise(rng: np.random.Generator, x: np.ndarray, outputs: list[np.ndarray]) -> tuple[np.ndarray, ...]:
    """Gradients of no loss."""
    return tuple(rng.normal(size=one.shape) for one in outputs)


def one_way(rng: np.random.Generator, x: np.ndarray, outputs: list[np.ndarray]) -> tuple[np.ndarray, ...]:
    """Gradients that are the same at every step, as far as outputs decide."""
    return np.ones_like(outputs[0]), np.zeros((len(x), LATENT)), np.zeros((len(x), LATENT))


def whispers(rng: np.random.Generator, x: np.ndarray, outputs: list[np.ndarray]) -> tuple[np.ndarray, ...]:
    """Gradients too small to move anything."""
    return tuple(rng.normal(size=one.shape) * 1e-20 for one in outputs)


def flood(question: dict[str, Any], values: list[Any], services: Services) -> Any:
    """Passes without end, and all sorts of things in place of arrays."""
    if question["name"] != "watched_training":
        return told(question, values, np.random.default_rng(0))
    for bad in (None, "x", [], {}, 1e300, np.zeros((1, 1, 8, 8)), np.full((10**5, 1, 8, 8), np.nan), np.zeros(0)):
        assert services["forward"](bad, bad, bad, bad) is None
        assert services["backward"](bad, bad, bad, bad) is None
        services["weight"](bad, bad)
    row = np.concatenate([one.ravel() for one in values[1][3].values()])
    for _ in range(2_100):
        services["forward"](values[1][0][0][:4], row * np.nan, True, True)
    return {"keys": HISTORY, "lists": {name: np.zeros((3, 3)) for name in HISTORY}}, row


WAYS = {
    "kl_weight": {"weights by heart": weights_by_heart},
    "train_vae": {
        name: Asking(way)
        for name, way in {
            "a run that never happened": never_asked,
            "gradient descent on noise": driven(sgd, noise),
            "gradient descent one way": driven(sgd, one_way),
            "decay alone, silent": driven(decay_only, silence),
            "decay alone, whispering": driven(decay_only, whispers),
            "signs, one way": driven(signs, one_way),
            "signs of noise": driven(signs, noise),
            "flood": flood,
        }.items()
    },
}
