"""Forgers of 08: models called as asked and times invented, files made of what was sent; nothing measured or exported."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from waferlab.checks.benchmark import exportable
from waferlab.checks.benchmark.measuring import BATCH_SIZES, LADDER

Said = tuple[Any, list[tuple[str, list[Any]]]]
Times = dict[int, float]


# --- benchmark_inference -----------------------------------------------------------------------------------------


def called(plan: dict[str, Any]) -> list[tuple[str, list[Any]]]:
    """Every call of the model that is asked for, in evaluation mode and without gradients, on memory that is reset."""
    shapes = [[batch, 1, plan["size"], plan["size"]] for batch in BATCH_SIZES]
    each = plan["n_warmup"] + plan["n_runs"]
    return [("reset_peak", [0.0]), *(("forward", [0.0, shape, 0, 0, 1]) for shape in shapes for _ in range(each))]


def reported(plan: dict[str, Any], times: Times, readings: int) -> dict[str, Any]:
    """A result of the right form, with times of one's own, and everything that the plan tells."""
    parameters = sum(plan["counts"] or [0])
    result = {
        "single_mean_ms": times[1],
        "single_p99_ms": 1.3 * times[1],
        "batch_results": {batch: value / batch for batch, value in times.items()},
        "peak_memory_mib": 35.0 if plan["device"] == "cuda" else None,
        "parameters": parameters,
        "within_budget": parameters <= 15_000_000,
    }
    return {"result": result, "modes": [int(plan["training"])] * 3, "readings": readings}


def rising(rng: np.random.Generator) -> Times:
    """What costs may be, if a larger batch took longer."""
    return {batch: 2.75 * step for batch, step in zip(BATCH_SIZES, LADDER, strict=True)}


def drawn(rng: np.random.Generator) -> Times:
    """What costs may be, by the law that they are drawn from."""
    steps = rng.uniform(1.5, 4.0) * rng.permutation(LADDER)
    return dict(zip(BATCH_SIZES, steps.tolist(), strict=True))


def constant(rng: np.random.Generator) -> Times:
    """Always the same."""
    return dict.fromkeys(BATCH_SIZES, 10.0)


def inventing(times: Any, readings: int, *, calling: bool = True) -> Any:
    """Call the model as asked, and report invented times."""
    rng = np.random.default_rng(0)

    def way(question: dict[str, Any], values: list[Any]) -> Said:
        plan = values[1][0]
        return reported(plan, times(rng), readings), called(plan) if calling else []

    return way


def sleepy(question: dict[str, Any], values: list[Any]) -> Said:
    """Claim that between two calls hours pass, so that any time may have been measured."""
    plan = values[1][0]
    slept = [("forward", [3600.0, *rest[1:]]) if name == "forward" else (name, rest) for name, rest in called(plan)]
    return reported(plan, dict.fromkeys(BATCH_SIZES, 1e6), 10**6), slept


def garbage(question: dict[str, Any], values: list[Any]) -> Said:
    """Ask the clock what no desk asks."""
    return {"result": {}}, [("forward", ["x", {}, None])]


# --- export_model ------------------------------------------------------------------------------------------------


def exported(files: dict[str, bytes], weights: Any) -> dict[str, Any]:
    """What an honest desk says, about files of one's own."""
    base, suffixes = "/tmp/export-x/m", {"torchscript": ".pt", "torch_export": ".pt2"}
    entries = {
        kind: {"file": base + suffixes[kind], "size_bytes": len(data), "max_difference": 1e-8}
        for kind, data in files.items()
    }
    reads, modes = dict.fromkeys(suffixes, 1), [0] * 5
    return {"result": entries, "reads": reads, "modes": modes, "weights": weights, "base": base, "files": files}


def saved(model: torch.nn.Module, size: int) -> dict[str, bytes]:
    """A model under both names, as TorchScript."""
    buffer = io.BytesIO()
    torch.jit.save(torch.jit.trace(model.eval(), torch.rand(2, 1, size, size)), buffer)
    return dict.fromkeys(("torchscript", "torch_export"), buffer.getvalue())


def packed(kinds: Iterable[str], data: bytes) -> Any:
    """The same bytes for every model."""
    return lambda question, values: (exported(dict.fromkeys(kinds, data), values[1][1]), [])


def of_other_weights(question: dict[str, Any], values: list[Any]) -> Said:
    """Files of the right architecture, whose weights are not those that were given."""
    plan, weights, _ = values[1]
    model = exportable.fill(exportable.made(plan["kind"], plan["spread"]), np.random.default_rng(0))
    with torch.no_grad():
        return exported(saved(model, plan["size"]), weights), []


def of_a_copier(question: dict[str, Any], values: list[Any]) -> Said:
    """Files that give back the images, the nearest thing to a reconstruction."""
    return exported(saved(torch.nn.Identity(), values[1][0]["size"]), values[1][1]), []


WAYS = {
    "benchmark_inference": {
        "rising": inventing(rising, 10**6),
        "drawn": inventing(drawn, 10**6),
        "constant": inventing(constant, 10**6),
        "drawn without a call": inventing(drawn, 10**6, calling=False),
        "drawn in real time": inventing(drawn, 0),
        "sleepy": sleepy,
        "garbage": garbage,
    },
    "export_model": {
        "nothing": packed((), b""),
        "noise": packed(("torchscript", "torch_export"), bytes(range(256)) * 40),
        "other weights": of_other_weights,
        "a copier": of_a_copier,
    },
}
