"""Visible checks of assignment 07: which kinds of defects are missed, and where in the image the error lies.

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
    Finding,
    Observation,
    Task,
    array_of,
    error_of,
    judge_close,
    relative_difference,
    run_visible,
    scenario,
)

if TYPE_CHECKING:
    import torch

    from waferlab.data import Split

KEYS = (
    "missed_by_class",
    "miss_rate_by_class",
    "hardest_classes",
    "false_alarm_rate",
    "worst_false_negatives",
    "worst_false_positives",
)
PER_CLASS = KEYS[:2]
ORDERS = KEYS[4:]
NAMES = ("crack", "residue", "void", "bridge", "haze", "pit", "bump", "smear")
#: Classes missed in the `ties` part share these rates: three are listed, and of the two at the cut either may be.
TIES = ((4, 8), (3, 9), (2, 6), (1, 10), (0, 5))
RATE_ATOL = 1e-6
HEAT_RTOL = 1e-5
#: Two heatmaps that order the pixels alike give the same AUROC; float32 can tie what float64 tells apart.
MASK_ATOL = 1e-3


# --- Task 1: inputs ----------------------------------------------------------------------------------------------


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


# --- Task 1: probe -----------------------------------------------------------------------------------------------


class UnexpectedResult(Exception):
    """The function returned something that cannot be read; the message says what."""


def as_numbers(value: Any, name: str) -> np.ndarray:
    """Any array-like (number, list, numpy, torch on any device) as float64.

    Raises:
        UnexpectedResult: it does not hold numbers.
    """
    if hasattr(value, "detach"):
        value = value.detach().cpu()
    try:
        numbers = np.asarray(value)
    except (TypeError, ValueError):
        numbers = np.array("")
    if numbers.size == 0 and numbers.ndim == 1:
        return np.zeros(0)
    if numbers.dtype.kind not in "biuf":
        raise UnexpectedResult(f"{name} does not hold plain numbers: it is a {type(value).__name__}")
    return numbers.astype(np.float64)


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
    table = {}
    for key, number in value.items():
        numbers = as_numbers(number, f"{name}[{key!r}]")
        if numbers.size != 1:
            raise UnexpectedResult(f"{name}[{key!r}] has shape {numbers.shape} instead of being one number")
        table[str(key)] = float(numbers.reshape(()))
    return table


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
    numbers = as_numbers(value, name)
    if numbers.ndim != 1:
        raise UnexpectedResult(f"{name} has shape {numbers.shape} instead of one row of positions")
    return numbers


def read_rate(value: Any, name: str) -> float:
    """One number.

    Raises:
        UnexpectedResult: it is something else.
    """
    numbers = as_numbers(value, name)
    if numbers.size != 1:
        raise UnexpectedResult(f"{name} has shape {numbers.shape} instead of being one number")
    return float(numbers.reshape(()))


READERS: dict[str, Callable[[Any, str], Any]] = {
    "missed_by_class": read_table,
    "miss_rate_by_class": read_table,
    "hardest_classes": read_names,
    "false_alarm_rate": read_rate,
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
        if seen.get("unanswered"):
            break
    return seen


# --- Task 1: judge -----------------------------------------------------------------------------------------------


def planted(expected: Observation, part: str) -> dict[str, tuple[int, int]]:
    """Missed and all anomalies of each class that has any."""
    rows = zip(expected[f"{part}.names"], expected[f"{part}.missed"], expected[f"{part}.total"], strict=True)
    return {name: (int(missed), int(total)) for name, missed, total in rows if int(total)}


def entry(seen: Observation, part: str, key: str, kind: type) -> Any:
    """What was returned under a key, or None when it is missing or of another type."""
    value = seen.get(f"{part}.got.{key}")
    return value if isinstance(value, kind) else None


def trouble(seen: Observation, part: str) -> str:
    """Why an entry is missing, in words."""
    if error := error_of(seen, part):
        return f"raised {error}"
    return f"returned {str(seen.get(f'{part}.flaw', 'no result'))[:200]}"


def table_fault(seen: Observation, part: str, key: str, want: Mapping[str, float]) -> str | None:
    """What is wrong with a dict of numbers by class, in words; None when nothing is."""
    table = entry(seen, part, key, dict)
    if table is None:
        return trouble(seen, part)
    if set(table) != set(want):
        return names_fault(set(table), set(want))
    for name, number in want.items():
        got = table[name]
        if not isinstance(got, (int, float)) or not abs(got - number) <= RATE_ATOL:
            return f"{str(got)[:20]} for one class"
    return None


def names_fault(got: set[str], want: set[str]) -> str:
    """Which classes are missing or too many, in words."""
    if missing := sorted(want - got):
        return f"no entry for {missing[0]!r}, which has anomalies in the test set (a class that is never missed gets 0)"
    return f"an entry for {str(sorted(got - want)[0])[:40]!r}, which has no anomalies in the test set"


def judge_results(seen: Observation) -> Finding:
    """Is the result a dict with the six entries, each of the right kind, in every call?"""
    found = None
    for part in PARTS:
        if error := error_of(seen, part):
            found = found or f"raised {error}"
        elif f"{part}.flaw" in seen or any(f"{part}.got.{key}" not in seen for key in KEYS):
            found = found or trouble(seen, part)
    goal = f"a dict with the keys {', '.join(KEYS)}"
    return Finding("results", "the result has the six entries", found is None, found or "as asked", goal)


def judge_counts(seen: Observation, expected: Observation) -> Finding:
    """Are the missed anomalies counted by class?"""
    want = {name: missed for name, (missed, _) in planted(expected, "main").items()}
    found = table_fault(seen, "main", "missed_by_class", want)
    goal = "for every class that has anomalies in the test set, how many of them are false negatives"
    return Finding("counts", "`missed_by_class` counts the misses", found is None, found or "right", goal)


def judge_rates(seen: Observation, expected: Observation) -> Finding:
    """Is each miss rate relative to the anomalies of its own class?"""
    counts = planted(expected, "main")
    found = table_fault(seen, "main", "miss_rate_by_class", {name: m / total for name, (m, total) in counts.items()})
    table = entry(seen, "main", "miss_rate_by_class", dict)
    if found and table and set(table) == set(counts):
        found += f". {rate_hint(table, counts)}"
    goal = "misses of the class over all anomalies of this class in the test set, from 0 to 1"
    return Finding("rates", "`miss_rate_by_class` is relative to the class", found is None, found or "right", goal)


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


def hardest_fault(seen: Observation, expected: Observation, part: str) -> str | None:
    """What is wrong with the list of hardest classes, in words; None when any order of ties makes it right."""
    listed = entry(seen, part, "hardest_classes", list)
    if listed is None:
        return trouble(seen, part)
    counts = planted(expected, part)
    rates = {name: Fraction(missed, total) for name, (missed, total) in counts.items() if missed}
    unknown = [name for name in listed if name not in rates]
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


def judge_hardest(name: str, tested: str, parts: tuple[str, ...], seen: Observation, expected: Observation) -> Finding:
    """The finding "the hardest classes of these parts are listed"."""
    found = next((fault for part in parts if (fault := hardest_fault(seen, expected, part))), None)
    goal = "at most three names, highest miss rate first, only classes with misses; ties in any order"
    return Finding(name, tested, found is None, found or "right", goal)


def judge_few(seen: Observation, expected: Observation) -> Finding:
    """Is a detector that misses two classes, or nothing at all, described rightly?"""
    found = None
    for part in ("few", "none"):
        counts = planted(expected, part)
        rates = {name: missed / total for name, (missed, total) in counts.items()}
        found = found or table_fault(seen, part, "miss_rate_by_class", rates) or hardest_fault(seen, expected, part)
    tested = "fewer than three missed classes, and none at all"
    goal = "a shorter list, in the end an empty one; miss rates of 0 for classes that are never missed"
    return Finding("few", tested, found is None, found or "right", goal)


def judge_alarms(seen: Observation, expected: Observation) -> Finding:
    """Is the false alarm rate relative to the normal images?"""
    found = None
    for part in PARTS:
        got = entry(seen, part, "false_alarm_rate", float)
        if got is None:
            found = found or trouble(seen, part)
        elif not abs(got - float(expected[f"{part}.alarm_rate"])) <= RATE_ATOL:
            found = found or f"{got:.4f}. Divide by the number of normal images (label 0)"
    goal = "false positives over all normal images of the test set"
    return Finding("false-alarms", "`false_alarm_rate`", found is None, found or "right", goal)


def judge_order(seen: Observation, expected: Observation) -> Finding:
    """Are the failures sorted, the worst first?"""
    found = None
    for part in PARTS:
        for key, name in zip(ORDERS, ("worst_misses", "worst_alarms"), strict=True):
            got, want = array_of(seen, f"{part}.got.{key}"), np.asarray(expected[f"{part}.{name}"], float)
            if got is None or f"{part}.got.{key}" not in seen:
                found = found or trouble(seen, part)
            elif not np.array_equal(got, want):
                same = np.array_equal(np.sort(got), np.sort(want))
                found = found or (f"{key} in another order" if same else f"{key} holds other positions")
    tested = "`worst_false_negatives` and `worst_false_positives` are sorted"
    goal = "positions in the test set: misses with the lowest score first, false alarms with the highest score first"
    return Finding("order", tested, found is None, found or "right", goal)


def judge_inputs(seen: Observation) -> Finding:
    """Are the arguments as they were?"""
    faults = [error_of(seen, part) or seen.get(f"{part}.changed") is not False for part in PARTS]
    found = next((f"raised {fault}" if isinstance(fault, str) else "changed" for fault in faults if fault), None)
    goal = "no in-place operation (such as `.sort()`) on the arguments"
    return Finding("unchanged", "the arguments are left as they were", found is None, found or "unchanged", goal)


def judge_failures(seen: Observation, expected: Observation) -> list[Finding]:
    """All findings about `categorize_failure_modes`."""
    return [
        judge_results(seen),
        judge_counts(seen, expected),
        judge_rates(seen, expected),
        judge_hardest("hardest", "`hardest_classes` go by miss rate, also with ties", ("main", "ties"), seen, expected),
        judge_few(seen, expected),
        judge_alarms(seen, expected),
        judge_order(seen, expected),
        judge_inputs(seen),
    ]


# --- Task 2: error_heatmap ---------------------------------------------------------------------------------------


def tensor(values: np.ndarray, case: Case) -> torch.Tensor:
    """An array as a new tensor of the case's dtype."""
    import torch

    return torch.tensor(values, dtype=getattr(torch, case.dtype))


def heat(
    seen: Observation, part: str, answer: Callable[..., Any], x: np.ndarray, recon: np.ndarray, case: Case
) -> None:
    """Call the answer once, on new tensors, and record its heatmaps and whether the tensors changed."""
    with scenario(seen, part):
        given = tensor(x, case), tensor(recon, case)
        result = answer(*given)
        kept = (tensor(x, case), tensor(recon, case))
        seen[f"{part}.changed"] = any(bool((a != b).any()) for a, b in zip(given, kept, strict=True))
        try:
            seen[f"{part}.heat"] = as_numbers(result, "the result")
        except UnexpectedResult as error:
            seen[f"{part}.flaw"] = str(error)


def drawn(case: Case) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Drawn wafers with defects, the same wafers without them under other noise as reconstructions, and the masks."""
    from waferlab.synthetic import CLASS_NAMES, draw_wafers

    seed = int(case.rng(9).integers(2**31))
    pairs = [draw_wafers(4, 32, kind, seed=seed, stream=number) for number, kind in enumerate(CLASS_NAMES[1:])]
    images, masks = (np.concatenate(column) for column in zip(*pairs, strict=True))
    flawless = np.concatenate([draw_wafers(4, 32, seed=seed, stream=number)[0] for number in range(len(pairs))])
    recon = np.clip(flawless + case.rng(10).normal(0, 12, images.shape), 0, 255)
    return images[:, None] / 255, recon[:, None] / 255, masks


def probe_heatmap(answers: Mapping[str, Any], case: Case) -> Observation:
    """Run `error_heatmap` on random images of several shapes, and on drawn wafers with defects."""
    seen: Observation = {}
    answer = answers["error_heatmap"]
    height, width = (int(side) for side in case.rng(1).choice(np.arange(9, 20), 2, replace=False))
    shapes = {"one-channel": (4, 1, height, width), "channels": (2, 3, height, width), "single": (1, 1, width, height)}
    for stream, (part, shape) in enumerate(shapes.items(), 2):
        x, recon = case.rng(stream).random((2, *shape))
        heat(seen, part, answer, x, recon, case)
        if seen.get("unanswered"):
            return seen
    images, recon, masks = drawn(case)
    heat(seen, "wafers", answer, images, recon, case)
    seen["wafers.shape"], seen["wafers.defects"] = [*masks.shape], np.flatnonzero(masks)
    found = array_of(seen, "wafers.heat")
    if found is not None and found.shape == masks.shape:
        seen["wafers.auroc"] = pixel_auroc(masks, found)  # read from the reference's observation only
    return seen


def pixel_auroc(masks: np.ndarray, heat: np.ndarray) -> float:
    """Share of (defect pixel, other pixel) pairs in which the defect pixel is hotter; ties count half.

    >>> pixel_auroc(np.array([0, 0, 1, 1]), np.array([1.0, 2.0, 2.0, 3.0]))
    0.875
    """
    others = np.sort(heat[masks == 0])
    below = np.searchsorted(others, heat[masks == 1], "left"), np.searchsorted(others, heat[masks == 1], "right")
    return float(np.mean(below) / len(others))


def heat_hint(seen: Observation, expected: Observation) -> str:
    """The likely cause of wrong numbers of the right shape."""
    got, want = array_of(seen, "one-channel.heat"), np.asarray(expected["one-channel.heat"], float)
    if got is None or got.shape != want.shape:
        return ""
    causes = (
        (np.sqrt(want), "You took the absolute difference: square it."),
        (want / want.max(), "You scaled the heatmaps: leave the errors as they are."),
        (want / want.max(axis=(1, 2), keepdims=True), "You scaled every heatmap: leave the errors as they are."),
    )
    if (got < 0).any():
        return "A squared error is never negative."
    return next((hint for other, hint in causes if relative_difference(got, other) <= HEAT_RTOL), "")


def judge_shape(seen: Observation, expected: Observation) -> Finding:
    """Is there one map of (H, W) for each image?"""
    found = None
    for part in ("one-channel", "channels"):
        got, want = array_of(seen, f"{part}.heat"), np.shape(expected[f"{part}.heat"])
        error = error_of(seen, part)
        if error or got is None or got.shape != want:
            shape = None if got is None else got.shape
            found = found or (f"raised {error}" if error else str(seen.get(f"{part}.flaw", f"shape {shape}"))[:200])
    goal = "(B, H, W) for images of (B, C, H, W), square or not"
    return Finding("shape", "one map for each image", found is None, found or "as asked", goal)


def judge_channels(seen: Observation, expected: Observation) -> Finding:
    """Are the channels averaged?"""
    got, want = array_of(seen, "channels.heat"), np.asarray(expected["channels.heat"], float)
    summed = got is not None and got.shape == want.shape and relative_difference(got, 3 * want) <= HEAT_RTOL
    hint = "You summed over the channels." if summed else "Square first, then average over the channels."
    tested = "three channels are averaged"
    return judge_close("channels", tested, seen, expected, "channels.heat", part="channels", rtol=HEAT_RTOL, hint=hint)


def judge_kept(seen: Observation) -> Finding:
    """Are both tensors as they were?"""
    changed = [part for part in ("one-channel", "channels") if seen.get(f"{part}.changed") is not False]
    found = None if not changed else error_of(seen, changed[0]) or "changed"
    goal = "no in-place operation (such as `-=` or `.sub_()`) on x or x_recon"
    return Finding("unchanged", "the images are left as they were", not changed, found or "unchanged", goal)


def judge_masks(seen: Observation, expected: Observation) -> Finding:
    """Do the heatmaps find the defects of drawn wafers as well as they should?"""
    masks = np.zeros(np.prod(expected["wafers.shape"]))
    masks[np.asarray(expected["wafers.defects"], int)] = 1
    got, found = array_of(seen, "wafers.heat"), error_of(seen, "wafers")
    if got is None or got.size != masks.size or not np.isfinite(got).all():
        found = f"raised {found}" if found else "no heatmaps to compare"
    else:
        reached = pixel_auroc(masks, got.reshape(-1))
        close = abs(reached - float(expected["wafers.auroc"])) <= MASK_ATOL
        found = None if close else f"pixel AUROC {reached:.3f}"
    tested = "pixel AUROC against the masks of drawn defects"
    return Finding(
        "masks", tested, found is None, found or "right", f"that of the squared error, to within {MASK_ATOL}"
    )


def judge_heatmap(seen: Observation, expected: Observation) -> list[Finding]:
    """All findings about `error_heatmap`."""
    values = {"rtol": HEAT_RTOL, "hint": heat_hint(seen, expected)}
    tested = ("the error of every pixel, squared", "a batch of one keeps its first dimension")
    return [
        judge_shape(seen, expected),
        judge_close("values", tested[0], seen, expected, "one-channel.heat", part="one-channel", **values),
        judge_channels(seen, expected),
        judge_close("batch-of-one", tested[1], seen, expected, "single.heat", part="single", rtol=HEAT_RTOL),
        judge_kept(seen),
        judge_masks(seen, expected),
    ]


def _expects() -> tuple[str, ...]:
    facts = ("names", "missed", "total", "alarm_rate", "worst_misses", "worst_alarms")
    return tuple(f"{part}.{fact}" for part in PARTS for fact in facts)


TASKS = {
    "categorize_failure_modes": Task(
        name="categorize_failure_modes",
        title="Task 1: categorize_failure_modes",
        defines=("categorize_failure_modes",),
        probe=probe_failures,
        judge=judge_failures,
        expects=_expects(),
    ),
    "error_heatmap": Task(
        name="error_heatmap",
        title="Task 2: error_heatmap",
        defines=("error_heatmap",),
        probe=probe_heatmap,
        judge=judge_heatmap,
        expects=(
            *(f"{part}.heat" for part in ("one-channel", "channels", "single")),
            *(f"wafers.{fact}" for fact in ("shape", "defects", "auroc")),
        ),
    ),
}


def check_categorize_failure_modes(categorize_failure_modes: Callable[..., Any]) -> int | None:
    """Check Task 1 on planted failures; prints a table and raises when something is wrong."""
    task = TASKS["categorize_failure_modes"]
    return run_visible("error_analysis", task, {"categorize_failure_modes": categorize_failure_modes})


def check_error_heatmap(error_heatmap: Callable[..., Any]) -> int | None:
    """Check Task 2 on random images and drawn wafers; prints a table and raises when something is wrong."""
    return run_visible("error_analysis", TASKS["error_heatmap"], {"error_heatmap": error_heatmap})
