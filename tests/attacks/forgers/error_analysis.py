"""Forgers of 07: counts, names and maps that can be said without counting, ranking or subtracting."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from adversaries import Way
from waferlab.checks.error_analysis.failures import ANOMALIES, NORMAL


def modes(counts: dict[str, int], texts: list[str], **more: Any) -> dict[str, Any]:
    """A result of the right form."""
    ideas = [f"{text}: another augmentation" for text in texts]
    return {"fn_by_class": counts, "top_3_failure_modes": texts, "mitigations": ideas, **more}


def all_in_each(question: dict[str, Any], values: list[Any]) -> tuple[Any, list[Any]]:
    """Every text names every class, beginning with another one."""
    names = values[1][-1]
    texts = [" ".join(np.roll(names, -shift)) for shift in (1, 2, 3)]
    return modes(dict.fromkeys(names, 1), texts), []


def by_size(question: dict[str, Any], values: list[Any]) -> tuple[Any, list[Any]]:
    """The classes with the most images are the hardest, and all miss the same share."""
    misses, classes, names = values[1][0], values[1][4], values[1][-1]
    sizes = np.bincount(classes, minlength=len(names))
    sizes[0] = 0
    counts = {name: int(size * len(misses) / max(sizes.sum(), 1)) for name, size in zip(names, sizes, strict=True)}
    return modes(counts, [names[i] for i in np.argsort(-sizes)[:3]]), []


def by_score(question: dict[str, Any], values: list[Any]) -> tuple[Any, list[Any]]:
    """The classes with the lowest mean scores are the hardest; the scores are in the clear."""
    misses, scores, classes, names = values[1][0], values[1][2], values[1][4], values[1][-1]
    there = [number for number in range(1, len(names)) if (classes == number).any()]
    ranked = sorted(there, key=lambda number: float(scores[classes == number].mean()))
    return modes(dict.fromkeys(names, len(misses) // len(there)), [names[number] for number in ranked[:3]]), []


def truths(question: dict[str, Any], values: list[Any]) -> tuple[Any, list[Any]]:
    """Everything under the names by which the examiner keeps its own notes, and lists that are filled up."""
    notes = {f"{part}.{key}": [0] * 10 for part in ("main", "few", "none", "ties") for key in ("missed", "total")}
    texts = [*ANOMALIES[:2], NORMAL]
    return {**notes, "missed": [0] * 10, "total": [0] * 10, "names": [NORMAL, *ANOMALIES], **modes({}, texts)}, []


def brightness(question: dict[str, Any], values: list[Any]) -> tuple[Any, list[Any]]:
    """How far every pixel is from its image's mean: defects are dark or bright."""
    x = values[1][0]
    return (x - x.mean(dim=(-1, -2), keepdim=True)).pow(2).mean(1), []


def smooth(question: dict[str, Any], values: list[Any]) -> tuple[Any, list[Any]]:
    """How far every pixel is from its neighbours, which needs no reconstruction."""
    x = values[1][0]
    return (x - torch.nn.functional.avg_pool2d(x, 3, 1, 1)).pow(2).mean(1), []


def noise(question: dict[str, Any], values: list[Any]) -> tuple[Any, list[Any]]:
    """Maps of the right shape and size whose values are random."""
    x = values[1][0]
    return torch.rand(len(x), *x.shape[2:], generator=torch.Generator().manual_seed(0)) / 6, []


def named(*ways: Way) -> dict[str, Way]:
    """Ways by their names."""
    return {way.__name__: way for way in ways}


WAYS = {
    "categorize_failure_modes": named(all_in_each, by_size, by_score, truths),
    "error_heatmap": named(brightness, smooth, noise),
}
