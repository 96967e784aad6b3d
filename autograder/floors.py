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


def limit_of(values: Sequence[float], side: str, chance: float = CHANCE) -> dict[str, float]:
    """The floor for measured values, with what it was made from.

    Args:
        values: of the reference, one for each seed; at least 10.
        side: see `Quantity`.
        chance: of one more such run to miss the floor.

    Returns:
        `floor`, `mean`, `spread` (standard deviation), `worst`, `n` and `chance` (for the rounded floor).

    Raises:
        ValueError: too few values, or not all finite.

    >>> limit_of([0.50, 0.52, 0.48, 0.51, 0.49] * 4, "most")["floor"]
    0.58
    """
    from scipy import stats

    data = np.asarray(values, dtype=float)
    if len(data) < 10 or not np.isfinite(data).all():
        raise ValueError(f"{len(data)} values: expected at least 10, all finite")
    mean, spread, n = float(data.mean()), float(data.std(ddof=1)), len(data)
    scale = spread * math.sqrt(1 + 1 / n)
    sign = 1 if side == "most" else -1
    raw = mean + sign * float(stats.t.isf(chance, n - 1)) * scale
    rounded = math.ceil(raw * 100) / 100 if side == "most" else math.floor(raw * 100) / 100
    worst = float(data.max() if side == "most" else data.min())
    missed = float(stats.t.sf(abs(rounded - mean) / scale, n - 1)) if scale > 0 else 0.0
    return {"floor": rounded, "mean": mean, "spread": spread, "worst": worst, "n": n, "chance": missed}


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
