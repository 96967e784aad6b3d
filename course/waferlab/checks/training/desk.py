"""What runs beside an answer in Task 2: models and loaders for `train_vae`, and what comes of its call, raw.

The watched model holds parameters and nothing else: its forward and backward passes are calls to the examiner
(`ledger`). Nothing is judged here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import numpy as np

from waferlab.checks.bench import Services
from waferlab.checks.core import Case, time_limit
from waferlab.checks.loaders import loader_of, observe_device
from waferlab.checks.plain import kind_of
from waferlab.checks.training.ledger import LATENT, LOGVAR_RANGE, SIDE
from waferlab.checks.watching import own_randomness, quiet_bars

ANSWER, WEIGHT = "train_vae", "kl_weight"
HISTORY = ("train_total", "train_recon", "train_kl", "val_total", "val_recon", "val_kl")
WEIGHT_SECONDS = 2.0  # for the answer to Task 1, within Task 2
MAX_LISTED = 1_000  # epochs, of a list in a history
MAX_KEYS = 20


def watched_training(
    answers: Mapping[str, Any],
    services: Services,
    images: Sequence[np.ndarray],
    labels: Sequence[np.ndarray],
    batch_size: int,
    weights: Mapping[str, np.ndarray],
    options: Mapping[str, Any],
    *,
    given: bool,
) -> tuple[dict[str, Any], np.ndarray]:
    """A shim: let the answer train a model whose passes are the examiner's.

    Args:
        answers: by name.
        services: `forward`, `backward` and `weight`.
        images: of training and validation.
        labels: the same.
        batch_size: of both loaders.
        weights: the model's parameters by name; their dtype is that of the training.
        options: of `train_vae`; empty means that all defaults count.
        given: whether `kl_weight` gives what the service does, in place of the answer's own numbers.

    Returns:
        The history as `raw_history` reads it, and the model's parameters at the end.
    """
    import torch

    model = served_model(weights, services)
    pairs = [[torch.from_numpy(one) for one in pair] for pair in zip(images, labels, strict=True)]
    loaders = [loader_of(x, batch_size, y) for x, y in pairs]
    train_vae = answers[ANSWER]
    with quiet_bars(), own_randomness(Case(0)), given_weight(train_vae, services["weight"] if given else None):
        history = train_vae(model, *loaders, device="cpu", **options)
    return raw_history(history), flat(model.parameters()).numpy()


def served_model(weights: Mapping[str, np.ndarray], services: Services) -> Any:
    """A model with the interface of `ConvVAE` and these parameters, whose passes are the examiner's."""
    import torch
    from torch import nn

    class Passed(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any, modes: tuple[bool, bool], *parameters: Any) -> tuple[Any, ...]:
            row = flat(parameters)
            answer = services["forward"](x.detach().cpu().to(row.dtype).numpy(), row.numpy(), *modes)
            if answer is None:
                raise RuntimeError(
                    f"no pass through the model: images of shape {tuple(x.shape)}, or far too many passes"
                )
            ctx.number, *outputs = answer
            ctx.sizes = [parameter.shape for parameter in parameters]
            return tuple(torch.from_numpy(output).to(row.dtype) for output in outputs)

        @staticmethod
        @torch.autograd.function.once_differentiable
        def backward(ctx: Any, *gradients: Any) -> tuple[Any, ...]:
            row = services["backward"](ctx.number, *(gradient.detach().cpu().numpy() for gradient in gradients))
            if row is None:
                raise RuntimeError("no gradients: the pass through the model was made without")
            parts = torch.from_numpy(row).to(gradients[0].dtype).split([size.numel() for size in ctx.sizes])
            return None, None, *(part.view(size) for part, size in zip(parts, ctx.sizes, strict=True))

    class Layer(nn.Module):
        """A part of the model: parameters, and parts of its own."""

    class WatchedVAE(Layer):
        def forward(self, x: Any) -> tuple[Any, ...]:
            parameters = list(self.parameters())
            enabled = torch.is_grad_enabled() and any(one.requires_grad for one in parameters)
            return Passed.apply(x, (self.training, enabled), *parameters)

    model = WatchedVAE()
    model.latent_dim, model.image_size, model.logvar_range = LATENT, SIDE, LOGVAR_RANGE
    for name, values in weights.items():
        *path, last = name.split(".")
        place = model
        for part in path:
            if not hasattr(place, part):
                place.add_module(part, Layer())
            place = getattr(place, part)
        place.register_parameter(last, nn.Parameter(torch.from_numpy(values.copy())))
    return model


def flat(tensors: Any) -> Any:
    """Tensors one behind the other in one row, on the CPU."""
    import torch

    return torch.cat([tensor.detach().cpu().reshape(-1) for tensor in tensors])


def real_training(
    answers: Mapping[str, Any],
    services: Services,
    images: Sequence[np.ndarray],
    batch_size: int,
    latent_dim: int,
    seed: int,
    options: Mapping[str, Any],
) -> dict[str, np.ndarray]:
    """A shim: let the answer train the model of assignment 04 on images of training and validation; its weights.

    `kl_weight` gives what the service does: what is learnt must not hang on Task 1.
    In float32 whatever the case says: nothing is compared number by number, and float64 takes four times as long.
    """
    import torch

    from waferlab.reference.encoder import ConvVAE

    with quiet_bars(), own_randomness(Case(seed)), given_weight(answers[ANSWER], services["weight"]):
        model = ConvVAE(latent_dim=latent_dim, image_size=images[0].shape[-1])
        loaders = [loader_of(torch.from_numpy(one), batch_size) for one in images]
        answers[ANSWER](model, *loaders, device="cpu", **options)
    return {name: value.cpu().numpy() for name, value in model.state_dict().items()}


def device(answers: Mapping[str, Any], services: Services) -> Any:
    """A shim: what the answer brings to a pretended GPU, see `observe_device`."""
    seen: dict[str, Any] = {}
    with quiet_bars(), own_randomness(Case(0)), given_weight(answers[ANSWER], services["weight"]):
        observe_device(seen, lambda model, loader: answers[ANSWER](model, loader, loader, 1, device="cuda"))
    return seen.get("device")


# --- the weight of Task 1 ----------------------------------------------------------------------------------------


def own_weights(answers: Mapping[str, Any], services: Services, calls: Sequence[tuple[int, int]]) -> np.ndarray | None:
    """A shim: what the answer's `kl_weight` gives where the loops will call it; None when it gives no numbers."""
    kl_weight = getattr(answers[ANSWER], "__globals__", {}).get(WEIGHT)
    try:
        with time_limit(WEIGHT_SECONDS), quiet_bars():
            return np.array([float(kl_weight(*call)) for call in calls])
    except Exception:  # whatever it raises, it does not work
        return None


@contextmanager
def given_weight(train_vae: Any, ask: Callable[[int, int], float] | None) -> Iterator[None]:
    """Let the loop's `kl_weight` give the examiner's numbers, in the form that the answer's own have.

    Args:
        train_vae: the loop.
        ask: for the weight of an epoch; None to leave all as it is.
    """
    scope = getattr(train_vae, "__globals__", {})
    own = scope.get(WEIGHT)
    if own is None or ask is None:
        yield
        return
    scope[WEIGHT] = lambda *values, **options: like(own, ask, values, options)
    try:
        yield
    finally:
        scope[WEIGHT] = own


@lru_cache(maxsize=8)
def form_of(own: Callable[..., Any]) -> Any:
    """What an answer to Task 1 returns for some epoch; None when that is nothing. Asked once: it may never end."""
    try:
        with time_limit(WEIGHT_SECONDS):
            return own(1, 2)
    except Exception:  # whatever it raises, it does not work
        return None


def like(own: Callable[..., Any], ask: Callable[[int, int], float], values: Sequence[Any], options: dict) -> Any:
    """The examiner's weight for a call, as a tensor where the answer's own function returns one."""
    import torch

    named = {name: options[name] for name in ("epoch", "kl_anneal_epochs") if name in options}
    epoch, length = [*values, *{**named, **options}.values()][:2]
    weight, given = ask(int(epoch), int(length)), form_of(own)
    return torch.full_like(given, weight) if isinstance(given, torch.Tensor) and given.is_floating_point() else weight


# --- the history -------------------------------------------------------------------------------------------------


def raw_history(history: Any) -> dict[str, Any]:
    """What was returned: of a mapping its `keys`, and `lists` of numbers by name; of anything else its `kind`."""
    if not isinstance(history, Mapping):
        return {"kind": kind_of(history)}
    lists = {name: listed(history[name]) for name in HISTORY if name in history}
    return {"keys": [str(key)[:40] for key in [*history][:MAX_KEYS]], "lists": lists}


def listed(values: Any) -> np.ndarray | str:
    """A list as numbers, or why it is none."""
    try:
        return np.array([float(value) for value in [*values][:MAX_LISTED]])
    except Exception as error:
        return " ".join(f"{type(error).__name__}: {error}".split())[:100]


SHIMS = {one.__name__: one for one in (watched_training, real_training, device, own_weights)}
