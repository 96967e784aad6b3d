"""Task 1 of assignment 07: which kinds of defects are missed.

The failures are planted: the probe decides how many images of each class there are and how many of them are missed, so
that the class with the most misses is not the one with the highest miss rate. Everything expected follows from these
counts; the judge takes them from the expectations, never from the student's process.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from waferlab.checks.core import (
    Case,
    Check,
    Observation,
    Task,
    array_of,
    error_of,
    relative_difference,
    scenario,
)
from waferlab.checks.reading import UnexpectedResult, numbers, one_number
from waferlab.checks.watching import changed_fault, first_error

if TYPE_CHECKING:
    from waferlab.data import Split

KEYS = (
    "missed_by_class",
    "miss_rate_by_class",
    "hardest_classes",
    "false_alarm_rate",
    "worst_false_negatives",
    "worst_false_positives",
)
ORDERS = {"worst_false_negatives": "worst_misses", "worst_false_positives": "worst_alarms"}
NAMES = ("crack", "residue", "void", "bridge", "haze", "pit", "bump", "smear")
#: Classes missed in the `ties` part share these rates: three are listed, and of the two at the cut either may be.
TIES = ((4, 8), (3, 9), (2, 6), (1, 10), (0, 5))
RATE_ATOL = 1e-6


# --- inputs ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Failures:
    """One call of the student's function.

    Attributes:
        false_negatives: (n_fn,) int64, positions of missed anomalies in the test set, in random order.
        false_positives: (n_fp,) int64, positions of reported normals, in random order.
        scores: (n,) float64, all different.
        labels: (n,) int64, 0 normal and 1 anomaly.
        classes: (n,) int64, index into `names`.
        names: of the classes.
        missed, total: (n_names,) int64, missed anomalies and all anomalies of each class.
    """

    false_negatives: np.ndarray
    false_positives: np.ndarray
    scores: np.ndarray
    labels: np.ndarray
    classes: np.ndarray
    names: tuple[str, ...]
    missed: np.ndarray
    total: np.ndarray


def plant(rng: np.random.Generator, counts: Sequence[tuple[int, int]], normals: int, alarms: int) -> Failures:
    """A test set with given failures, shuffled.

    Args:
        rng: source of all randomness.
        counts: for each class of anomalies, how many are missed and how many there are.
        normals: normal images.
        alarms: how many of them are reported.

    Returns:
        The failures. Class 0 has no image at all; the normal class stands at a random place behind it.
    """
    names = tuple(rng.permutation(NAMES)[: len(counts) + 2].tolist())
    numbers = 1 + rng.permutation(len(names) - 1)  # of the normal class, then of the others
    classes = [numbers[0]] * normals
    failed = [place < alarms for place in range(normals)]
    for number, (missed, total) in zip(numbers[1:], counts, strict=True):
        classes += [number] * total
        failed += [place < missed for place in range(total)]
    order = rng.permutation(len(classes))
    classes, failed = np.array(classes)[order], np.array(failed)[order]
    labels = (classes != numbers[0]).astype(np.int64)
    false_negatives, false_positives = (np.flatnonzero(failed & (labels == label)) for label in (1, 0))
    scores = np.where(failed ^ (labels == 1), rng.uniform(0.5, 1, len(order)), rng.uniform(0, 0.5, len(order)))
    length = {"minlength": len(names)}
    return Failures(
        rng.permutation(false_negatives).astype(np.int64),
        rng.permutation(false_positives).astype(np.int64),
        scores,
        labels,
        classes.astype(np.int64),
        names,
        np.bincount(classes[false_negatives], **length),
        np.bincount(classes[labels == 1], **length),
    )


def main_failures(rng: np.random.Generator) -> Failures:
    """Six classes: the largest has the most misses and only the fourth rate; one is never missed."""
    extra = int(rng.integers(0, 4))
    counts = [(12, 40 + extra), (5, 6), (6, 11), (8, 20), (1, 9 + extra), (0, 7 + extra)]
    return plant(rng, counts, int(rng.integers(60, 90)), int(rng.integers(5, 9)))


def few_failures(rng: np.random.Generator) -> Failures:
    """Only two of four classes have misses."""
    return plant(rng, [(2, 9), (3, int(rng.integers(5, 8))), (0, 6), (0, 4)], 25, 1)


def no_failures(rng: np.random.Generator) -> Failures:
    """A perfect detector: nothing is missed, nothing wrongly reported."""
    return plant(rng, [(0, 5), (0, 7), (0, 3)], int(rng.integers(15, 25)), 0)


def tied_failures(rng: np.random.Generator) -> Failures:
    """Two classes share the second place, see `TIES`, and every normal image is reported."""
    return plant(rng, TIES, 12, 12)


PARTS: dict[str, Callable[[np.random.Generator], Failures]] = {
    "main": main_failures,
    "few": few_failures,
    "none": no_failures,
    "ties": tied_failures,
}


# --- probe -------------------------------------------------------------------------------------------------------


def read_table(value: Any, name: str) -> dict[str, float]:
    """A dict from class names to numbers.

    Raises:
        UnexpectedResult: it is something else.
    """
    if not isinstance(value, Mapping):
        raise UnexpectedResult(f"{name} is a {type(value).__name__} instead of a dict")
    odd = [key for key in value if not isinstance(key, str)]
    if odd:
        raise UnexpectedResult(f"{name} has the key {str(odd[0])[:40]!r}, a {type(odd[0]).__name__}, not a class name")
    return {str(key): one_number(number, f"{name}[{key!r}]") for key, number in value.items()}


def read_names(value: Any, name: str) -> list[str]:
    """A list of class names.

    Raises:
        UnexpectedResult: it is something else.
    """
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if not isinstance(value, (list, tuple)) or not all(isinstance(one, str) for one in value):
        found = f"a {type(value).__name__}"
        if isinstance(value, (list, tuple)):
            found = f"a list with a {next(type(one).__name__ for one in value if not isinstance(one, str))} in it"
        raise UnexpectedResult(f"{name} is {found} instead of a list of class names")
    return [str(one) for one in value]


def read_indices(value: Any, name: str) -> np.ndarray:
    """Positions in the test set, (n,).

    Raises:
        UnexpectedResult: they are not one row of numbers.
    """
    if getattr(value, "shape", None) == (0,):  # nothing missed: of whatever type
        return np.zeros(0)
    row = numbers(value, name)
    if row.ndim != 1:
        raise UnexpectedResult(f"{name} has shape {row.shape} instead of one row of positions")
    return row


READERS: dict[str, Callable[[Any, str], Any]] = {
    "missed_by_class": read_table,
    "miss_rate_by_class": read_table,
    "hardest_classes": read_names,
    "false_alarm_rate": one_number,
    "worst_false_negatives": read_indices,
    "worst_false_positives": read_indices,
}


def as_split(failures: Failures) -> Split:
    """The test set as students know it, with blank images."""
    import torch

    from waferlab.data import Split

    labels, classes = torch.from_numpy(failures.labels.copy()), torch.from_numpy(failures.classes.copy())
    return Split(torch.zeros(len(labels), 1, 4, 4), labels, classes, torch.arange(len(labels)))


def ask(seen: Observation, part: str, answer: Callable[..., Any], failures: Failures) -> None:
    """Call the answer once, on copies, and record what it returned, what was planted, and whether inputs changed."""
    seen[f"{part}.names"] = [*failures.names]
    seen[f"{part}.missed"], seen[f"{part}.total"] = failures.missed.copy(), failures.total.copy()
    seen[f"{part}.alarm_rate"] = len(failures.false_positives) / max(int((failures.labels == 0).sum()), 1)
    by_score = np.argsort(failures.scores)
    seen[f"{part}.worst_misses"] = by_score[np.isin(by_score, failures.false_negatives)]
    seen[f"{part}.worst_alarms"] = by_score[::-1][np.isin(by_score[::-1], failures.false_positives)]
    arrays = (failures.false_negatives, failures.false_positives, failures.scores)
    given, split, labels = [array.copy() for array in arrays], as_split(failures), failures.labels.copy()
    with scenario(seen, part):
        result = answer(*given, split, labels, [*failures.names])
        after = [*given, labels, split.labels.numpy(), split.classes.numpy()]
        before = [*arrays, failures.labels, failures.labels, failures.classes]
        seen[f"{part}.changed"] = not all(map(np.array_equal, before, after))
        record(seen, part, result)


def record(seen: Observation, part: str, result: Any) -> None:
    """Note every entry that can be read as `<part>.got.<key>`, and the first flaw as `<part>.flaw`."""
    if not isinstance(result, Mapping):
        seen[f"{part}.flaw"] = f"a {type(result).__name__} instead of a dict"
        return
    flaws = []
    for key in KEYS:
        try:
            if key not in result:
                raise UnexpectedResult(f"a dict without {key!r}")
            seen[f"{part}.got.{key}"] = READERS[key](result[key], key)
        except UnexpectedResult as error:
            flaws.append(str(error))
    if flaws:
        seen[f"{part}.flaw"] = flaws[0]


def probe_failures(answers: Mapping[str, Any], case: Case) -> Observation:
    """Run `categorize_failure_modes` on planted failures of several kinds."""
    seen: Observation = {}
    for stream, (part, make) in enumerate(PARTS.items(), 1):
        ask(seen, part, answers["categorize_failure_modes"], make(case.rng(stream)))
    return seen


# --- faults ------------------------------------------------------------------------------------------------------


def planted(expected: Observation, part: str) -> dict[str, tuple[int, int]]:
    """Missed and all anomalies of each class that has any."""
    rows = zip(expected[f"{part}.names"], expected[f"{part}.missed"], expected[f"{part}.total"], strict=True)
    return {name: (int(missed), int(total)) for name, missed, total in rows if int(total)}


def entry(seen: Observation, part: str, key: str, kind: type) -> Any:
    """What was returned under a key, or None when it is missing or of another type."""
    value = seen.get(f"{part}.got.{key}")
    return value if isinstance(value, kind) else None


def missing(seen: Observation, part: str) -> str:
    """Why an entry is missing, in words."""
    return first_error(seen, [part]) or f"returned {str(seen.get(f'{part}.flaw', 'no result'))[:200]}"


def table_fault(seen: Observation, part: str, key: str, want: Mapping[str, float]) -> str | None:
    """What is wrong with a dict of numbers by class, in words; None when nothing is."""
    table = entry(seen, part, key, dict)
    if table is None:
        return missing(seen, part)
    if set(table) != set(want):
        return names_fault(set(table), set(want))
    for name, number in want.items():
        got = table[name]
        if not isinstance(got, (int, float)) or not abs(got - number) <= RATE_ATOL:
            return f"{str(got)[:20]} for one class"
    return None


def names_fault(got: set[str], want: set[str]) -> str:
    """Which classes are missing or too many, in words."""
    if absent := sorted(want - got):
        return f"no entry for {absent[0]!r}, which has anomalies in the test set (a class that is never missed gets 0)"
    return f"an entry for {str(sorted(got - want)[0])[:40]!r}, which has no anomalies in the test set"


def results_fault(seen: Observation, expected: Observation) -> str | None:
    """What keeps some result from being a dict with the six entries, each of the right kind; None when nothing does."""
    for part in PARTS:
        absent = any(f"{part}.got.{key}" not in seen for key in KEYS)
        if error_of(seen, part) or f"{part}.flaw" in seen or absent:
            return missing(seen, part)
    return None


def counts_fault(seen: Observation, expected: Observation) -> str | None:
    """What is wrong with the number of missed anomalies by class; None when nothing is."""
    want = {name: missed for name, (missed, _) in planted(expected, "main").items()}
    return table_fault(seen, "main", "missed_by_class", want)


def rates_of(expected: Observation, part: str) -> dict[str, float]:
    """The miss rate of each class that has any anomalies."""
    return {name: missed / total for name, (missed, total) in planted(expected, part).items()}


def rates_fault(seen: Observation, expected: Observation) -> str | None:
    """What is wrong with the miss rates, and why; None when each is relative to the anomalies of its own class."""
    want = rates_of(expected, "main")
    found = table_fault(seen, "main", "miss_rate_by_class", want)
    table = entry(seen, "main", "miss_rate_by_class", dict)
    if found and table and set(table) == set(want):
        found += f". {rate_hint(table, planted(expected, 'main'))}"
    return found


def rate_hint(table: Mapping[str, Any], counts: Mapping[str, tuple[int, int]]) -> str:
    """The likely cause of wrong rates."""
    missed, totals = (np.array([pair[place] for pair in counts.values()], float) for place in (0, 1))
    try:
        got = np.array([float(table[name]) for name in counts])
    except (TypeError, ValueError):
        return "They are not numbers."
    causes = (
        (missed / missed.sum(), "These are shares of all misses: a large class gets a large one."),
        (missed / totals.sum(), "You divide by all anomalies: take those of the same class."),
        (100 * missed / totals, "These are percentages: give shares from 0 to 1."),
        (1 - missed / totals, "These are the shares that were found."),
        (missed, "These are counts."),
    )
    return next((hint for want, hint in causes if relative_difference(got, want) < RATE_ATOL), "Over what is it?")


def listed_fault(seen: Observation, expected: Observation, part: str) -> str | None:
    """What is wrong with the list of hardest classes, in words; None when any order of ties makes it right."""
    listed = entry(seen, part, "hardest_classes", list)
    if listed is None:
        return missing(seen, part)
    counts = planted(expected, part)
    rates = {name: Fraction(missed, total) for name, (missed, total) in counts.items() if missed}
    unknown = [name for name in listed if not isinstance(name, str) or name not in rates]
    if unknown:
        return f"lists {str(unknown[0])[:40]!r}, which has no misses"
    if len(listed) != min(3, len(rates)) or len(set(listed)) != len(listed):
        return f"{len(listed)} names, {len(set(listed))} different"
    want = sorted(rates.values(), reverse=True)[: len(listed)]
    if [rates[name] for name in listed] == want:
        return None
    most = sorted(counts, key=lambda name: -counts[name][0])[: len(listed)]
    hint = " This is the order of the counts." if [*listed] == most else ""
    return f"classes with miss rates {', '.join(f'{float(rates[name]):.2f}' for name in listed)}.{hint}"


def hardest_fault(seen: Observation, expected: Observation) -> str | None:
    """What is wrong with the hardest classes, also where two have the same rate; None when nothing is."""
    return listed_fault(seen, expected, "main") or listed_fault(seen, expected, "ties")


def few_fault(seen: Observation, expected: Observation) -> str | None:
    """What is wrong where a detector misses two classes, or nothing at all; None when nothing is."""
    for part in ("few", "none"):
        rates = table_fault(seen, part, "miss_rate_by_class", rates_of(expected, part))
        if found := rates or listed_fault(seen, expected, part):
            return found
    return None


def alarms_fault(seen: Observation, expected: Observation) -> str | None:
    """What is wrong with the false alarm rate; None when it is relative to the normal images."""
    for part in PARTS:
        got = entry(seen, part, "false_alarm_rate", float)
        if got is None:
            return missing(seen, part)
        if not abs(got - float(expected[f"{part}.alarm_rate"])) <= RATE_ATOL:
            return f"{got:.4f}. Divide by the number of normal images (label 0)"
    return None


def order_fault(seen: Observation, expected: Observation) -> str | None:
    """What is wrong with the sorted failures; None when the worst come first."""
    for part in PARTS:
        for key, name in ORDERS.items():
            got, want = array_of(seen, f"{part}.got.{key}"), np.asarray(expected[f"{part}.{name}"], float)
            if got is None:
                return missing(seen, part)
            if not np.array_equal(got, want):
                same = np.array_equal(np.sort(got), np.sort(want))
                return f"{key} in another order" if same else f"{key} holds other positions"
    return None


# --- what the notebook and the grader use ------------------------------------------------------------------------
#
# Everything is compared exactly or to rounding: nothing random in a right answer can cost it points. The smallest gap
# between two miss rates that must be told apart is 0.1.

FACTS = ("names", "missed", "total", "alarm_rate", "worst_misses", "worst_alarms")

MODES = Task(
    module="error_analysis",
    name="categorize_failure_modes",
    title="Task 1: categorize_failure_modes",
    defines=("categorize_failure_modes",),
    observe=probe_failures,
    expects=tuple(f"{part}.{fact}" for part in PARTS for fact in FACTS),
    checks=(
        Check(
            "results",
            0.25,
            "the result has the six entries",
            f"a dict with the keys {', '.join(KEYS)}",
            results_fault,
            requires=("counts",),
        ),
        Check(
            "counts",
            0.5,
            "`missed_by_class` counts the misses",
            "for every class that has anomalies in the test set, how many of them are false negatives",
            counts_fault,
        ),
        Check(
            "rates",
            1.0,
            "`miss_rate_by_class` is relative to the class",
            "misses of the class over all anomalies of this class in the test set, from 0 to 1",
            rates_fault,
        ),
        Check(
            "hardest",
            0.75,
            "`hardest_classes` go by miss rate, also with ties",
            "at most three names, highest miss rate first, only classes with misses; ties in any order",
            hardest_fault,
        ),
        Check(
            "few",
            0.5,
            "fewer than three missed classes, and none at all",
            "a shorter list, in the end an empty one; miss rates of 0 for classes that are never missed",
            few_fault,
        ),
        Check(
            "false-alarms",
            0.25,
            "`false_alarm_rate`",
            "false positives over all normal images of the test set",
            alarms_fault,
        ),
        Check(
            "order",
            0.5,
            "`worst_false_negatives` and `worst_false_positives` are sorted",
            "positions in the test set: misses with the lowest score first, false alarms with the highest score first",
            order_fault,
        ),
        Check(
            "unchanged",
            0.25,
            "the arguments are left as they were",
            "no in-place operation (such as `.sort()`) on the arguments",
            changed_fault(tuple(PARTS), "the arguments"),
            requires=("counts",),
        ),
    ),
)
