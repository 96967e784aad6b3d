"""Floors: what a right answer reaches even on a bad day, measured with the reference over many seeds.

`course calibrate` writes `floors.json`; verdicts read their limits from it. A floor stands so far from the mean that a
right answer misses it less than once in 10,000 runs, by the prediction interval of Student's t distribution for one
more run like those that were measured.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np

PATH = Path(__file__).with_name("floors.json")
CHANCE = 1e-4 / 2  # aimed at; stays below 1 in 10,000 after rounding


@dataclass(frozen=True)
class Quantity:
    """Something that the reference's observation holds and that varies with the seed.

    Attributes:
        task: the task whose probe gives it.
        key: where it stands in the observation, a number.
        side: `most` when an answer must stay below the floor, `least` when it must stay above.
    """

    task: str
    key: str
    side: Literal["most", "least"]


def floor(module: str, quantity: Quantity) -> float:
    """The limit of a quantity: the most lenient of all data sets.

    Raises:
        KeyError: it was never measured; `course calibrate` does.
    """
    rows = _measured()[module][f"{quantity.task}/{quantity.key}"]
    limits = [row["floor"] for row in rows.values()]
    return max(limits) if quantity.side == "most" else min(limits)


@cache
def _measured() -> dict[str, Any]:
    return json.loads(PATH.read_text(encoding="utf-8"))["floors"]


def limit_of(values: Sequence[float], side: str, chance: float = CHANCE) -> dict[str, Any]:
    """The floor for measured values, with what it was made from.

    The prediction interval is taken for the values, and again for their logarithms and reciprocals (an AUROC: its
    logit), since errors are skewed towards bad luck; the most lenient limit counts.

    Args:
        values: of the reference, one for each seed, positive; with `least` below 1; at least 10.
        side: see `Quantity`.
        chance: of one more such run to miss the floor.

    Returns:
        `floor`, `mean`, `spread` (standard deviation), `worst`, `n`, `values`, and `chance`, that of one more run to
        miss the rounded floor on the scale that gave it.

    Raises:
        ValueError: too few values, or values out of range.

    >>> limit_of([0.50, 0.52, 0.48, 0.51, 0.49] * 4, "most")["floor"]
    0.59
    """
    data = np.asarray(values, dtype=float)
    if len(data) < 10 or not np.isfinite(data).all() or data.min() <= 0 or (side == "least" and data.max() >= 1):
        raise ValueError(f"{len(data)} values {data}: expected at least 10, positive, and below 1 for `least`")
    scales = _SCALES[side]
    edges = [(back(_edge(scale(data), side, chance)), scale) for scale, back in scales]
    finite = [edge for edge in edges if math.isfinite(edge[0])]
    best, scale = (max if side == "most" else min)(finite, key=lambda edge: edge[0])
    floor = math.ceil(best * 100) / 100 if side == "most" else math.floor(best * 100) / 100
    return {
        "floor": floor,
        "mean": round(float(data.mean()), 4),
        "spread": round(float(data.std(ddof=1)), 4),
        "worst": round(float(data.max() if side == "most" else data.min()), 4),
        "n": len(data),
        "chance": _chance(scale(data), float(scale(np.array(floor)))),
        "values": [round(float(value), 4) for value in data],
    }


def _same(x: np.ndarray) -> np.ndarray:
    return x


def _logit(x: np.ndarray) -> np.ndarray:
    return np.log(x / (1 - x))


def _against(x: np.ndarray) -> np.ndarray:
    return -1 / x


#: By side: scales on which values may be normally distributed, each with the way back.
_SCALES: dict[str, tuple[tuple[Any, Any], ...]] = {
    "most": ((_same, float), (np.log, math.exp), (_against, lambda x: -1 / x if x < 0 else math.inf)),
    "least": ((_same, float), (_logit, lambda x: 1 / (1 + math.exp(-x)))),
}


def _edge(data: np.ndarray, side: str, chance: float) -> float:
    """Where a prediction interval for one more value ends."""
    from scipy import stats

    sign = 1 if side == "most" else -1
    return float(data.mean() + sign * stats.t.isf(chance, len(data) - 1) * _scale(data))


def _chance(data: np.ndarray, limit: float) -> float:
    """The chance of one more value beyond a limit on the far side."""
    from scipy import stats

    return float(stats.t.sf(abs(limit - data.mean()) / _scale(data), len(data) - 1))


def _scale(data: np.ndarray) -> float:
    return float(data.std(ddof=1) * math.sqrt(1 + 1 / len(data)))


def write(floors: Mapping[str, Any], versions: Mapping[str, str], path: Path = PATH) -> Path:
    """Put measured floors into the file; what was measured for other assignments stays.

    Args:
        floors: by module, quantity (`task/key`) and data set: what `limit_of` gave.
        versions: of the packages that were measured with.
        path: the file.
    """
    kept = json.loads(path.read_text(encoding="utf-8"))["floors"] if path.exists() else {}
    stamp = {"date": datetime.now(tz=UTC).date().isoformat(), "versions": dict(versions)}
    new = {
        module: {key: {name: {**row, **stamp} for name, row in rows.items()} for key, rows in measured.items()}
        for module, measured in floors.items()
    }
    text = json.dumps({"floors": {**kept, **new}}, indent=1, sort_keys=True)
    path.write_text(text + "\n", encoding="utf-8")
    _measured.cache_clear()
    return path
