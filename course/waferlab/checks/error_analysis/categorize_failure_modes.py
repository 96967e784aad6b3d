"""Task 1 of assignment 07: which kinds of defects are missed, and what could be done about them.

Everything expected follows from the planted counts (`failures.py`); the judge takes them from the expectations.

A text names a class when the class's name stands in it; where it names several, the first counts. Where the task can be
read in two ways, both pass: classes that are never missed may be left out or counted as 0, and where fewer than three
classes are missed, a list may be shorter or filled up with anything.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from waferlab.checks.bench import Bench, Raised
from waferlab.checks.core import Case, Check, Observation, Task, error_of
from waferlab.checks.error_analysis.failures import PARTS, Failures
from waferlab.checks.plain import Foreign, kind_of
from waferlab.checks.reading import UnexpectedResult, one_number
from waferlab.checks.watching import asked, changed_fault, first_error

NAME = "categorize_failure_modes"
COUNTS, HARDEST, MITIGATIONS = KEYS = ("fn_by_class", "top_3_failure_modes", "mitigations")
LISTED = 3
MAX_TEXT = 1_000  # characters of a text that are looked at
ENOUGH = 4  # characters without which a text says nothing


# --- at the desk -------------------------------------------------------------------------------------------------


def categorised(
    answers: Mapping[str, Any],
    services: Any,
    false_negatives: np.ndarray,
    false_positives: np.ndarray,
    scores: np.ndarray,
    images: np.ndarray,
    classes: np.ndarray,
    labels: np.ndarray,
    names: list[str],
) -> Any:
    """Shim: call the answer with a data set whose items are pairs of image and class."""
    import torch

    from waferlab.splits import WithClasses

    test_dataset = WithClasses(torch.from_numpy(images), torch.from_numpy(classes))
    return answers[NAME](false_negatives, false_positives, scores, test_dataset, labels, names)


# --- probe -------------------------------------------------------------------------------------------------------


def read_counts(bench: Bench, value: Any, name: str) -> dict[str, float]:
    """A dict from class names to numbers.

    Raises:
        UnexpectedResult: it is something else.
    """
    if not isinstance(value, Mapping):
        raise UnexpectedResult(f"{name} is a {kind_of(value)} instead of a dict")
    odd = [key for key in value if not isinstance(key, str)]
    if odd:
        raise UnexpectedResult(f"{name} has the key {str(odd[0])[:40]!r}, a {kind_of(odd[0])}, not a class name")
    return {key[:100]: one_number(number, f"{name}[{key[:40]!r}]") for key, number in value.items()}


def read_texts(bench: Bench, value: Any, name: str) -> list[str]:
    """A list of strings, also as an array; of a dict, the values.

    Raises:
        UnexpectedResult: it is something else.
    """
    if isinstance(value, Foreign):  # an array of texts
        try:
            value = bench.method(value, "tolist")
        except Raised:
            raise UnexpectedResult(f"{name} is a {kind_of(value)} instead of a list of strings") from None
    if isinstance(value, Mapping) and name == MITIGATIONS:
        value = [*value.values()]
    if not isinstance(value, list | tuple):
        raise UnexpectedResult(f"{name} is a {kind_of(value)} instead of a list of strings")
    odd = [one for one in value if not isinstance(one, str)]
    if odd:
        raise UnexpectedResult(f"{name} is a list with a {kind_of(odd[0])} in it instead of a list of strings")
    return [one[:MAX_TEXT] for one in value[: LISTED + 1]]


READERS = {COUNTS: read_counts, HARDEST: read_texts, MITIGATIONS: read_texts}


def ask(seen: Observation, part: str, bench: Bench, failures: Failures) -> None:
    """Call the answer once, and record what was planted, what it returned, and whether its arguments changed."""
    seen[f"{part}.names"] = [*failures.names]
    seen[f"{part}.missed"], seen[f"{part}.total"] = failures.missed, failures.total
    with asked(seen, part):
        result = bench.shim(
            "categorised",
            failures.false_negatives,
            failures.false_positives,
            failures.scores,
            failures.images,
            failures.classes,
            failures.labels,
            [*failures.names],
        )
        seen[f"{part}.changed"] = bool(bench.changed)
        record(seen, part, bench, result)


def record(seen: Observation, part: str, bench: Bench, result: Any) -> None:
    """Note every entry that can be read as `<part>.<key>`, and the first flaw as `<part>.flaw`.

    Raises:
        UnexpectedResult: the result is no dict.
    """
    if not isinstance(result, Mapping):
        raise UnexpectedResult(f"a {kind_of(result)} instead of a dict")
    for key in KEYS:
        try:
            if key not in result:
                raise UnexpectedResult(f"a dict without {key!r}")
            seen[f"{part}.{key}"] = READERS[key](bench, result[key], key)
        except UnexpectedResult as error:
            seen.setdefault(f"{part}.flaw", str(error))


def probe_failures(bench: Bench, case: Case) -> Observation:
    """Run `categorize_failure_modes` on planted failures of several kinds."""
    seen: Observation = {}
    for stream, (part, make) in enumerate(PARTS.items(), 1):
        ask(seen, part, bench, make(case.rng(stream)))
    return seen


# --- faults ------------------------------------------------------------------------------------------------------


def planted(expected: Observation, part: str) -> dict[str, tuple[int, int]]:
    """Missed and all anomalies of each class that has misses."""
    rows = zip(expected[f"{part}.names"], expected[f"{part}.missed"], expected[f"{part}.total"], strict=True)
    return {name: (int(missed), int(total)) for name, missed, total in rows if int(missed)}


def missing(seen: Observation, part: str) -> str:
    """Why an entry is missing, in words."""
    return first_error(seen, [part]) or f"returned {str(seen.get(f'{part}.flaw', 'no result'))[:200]}"


def texts_of(seen: Observation, part: str, key: str) -> list[str] | None:
    """The texts that were returned under a key; None when there are none to read."""
    value = seen.get(f"{part}.{key}")
    return [*value] if isinstance(value, list | tuple) and all(isinstance(one, str) for one in value) else None


def first_named(text: str, names: Sequence[str]) -> str | None:
    """The class that a text names first, in whatever case, also in the plural; None when it names none.

    >>> first_named("T-shirt/Top looks like Shirt", ["Shirt", "T-shirt/Top"])
    'T-shirt/Top'
    """
    longest_first = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    found = re.search(rf"(?<![\w-])({longest_first})(?:e?s)?(?!\w)", text[:MAX_TEXT], re.IGNORECASE)
    return next((name for name in names if found and name.lower() == found[1].lower()), None)


def results_fault(seen: Observation, expected: Observation) -> str | None:
    """What keeps some result from being a dict with the three entries, each as asked; None when nothing does."""
    for part in PARTS:
        if error_of(seen, part) or f"{part}.flaw" in seen or any(f"{part}.{key}" not in seen for key in KEYS):
            return missing(seen, part)
    return None


def counts_fault(seen: Observation, expected: Observation, part: str = "main") -> str | None:
    """What is wrong with the number of missed anomalies by class; None when nothing is."""
    table, missed = seen.get(f"{part}.{COUNTS}"), {name: pair[0] for name, pair in planted(expected, part).items()}
    if not isinstance(table, dict):
        return missing(seen, part)
    if absent := [name for name in missed if name not in table]:
        return f"no entry for {absent[0]!r}, which has misses"
    for name, got in table.items():
        if name not in expected[f"{part}.names"]:
            return f"an entry for {str(name)[:40]!r}, which is no class"
        if not isinstance(got, int | float) or got != missed.get(name, 0):
            return f"{got:g} misses of {name!r}" if isinstance(got, int | float) else f"no number for {name!r}"
    return None


def hardest_fault(seen: Observation, expected: Observation, part: str) -> str | None:
    """What is wrong with the hardest classes, in words; None when any choice among ties, in any order, is right."""
    texts, counts = texts_of(seen, part, HARDEST), planted(expected, part)
    wanted = min(LISTED, len(counts))
    if texts is None:
        return missing(seen, part)
    if not wanted <= len(texts) <= LISTED:
        return f"{len(texts)} strings" if len(texts) <= LISTED else f"more than {LISTED} strings"
    # a class without anomalies is not what a text is about: "Shirt" may be "taken for T-shirt/Top"
    about = [name for name, total in zip(expected[f"{part}.names"], expected[f"{part}.total"], strict=True) if total]
    named = [first_named(text, about) for text in texts]
    hard = {name for name in named if name in counts}
    if len(hard) < wanted:
        return unnamed(texts, named, counts)
    rates = {name: Fraction(*pair) for name, pair in counts.items()}
    if sorted((rates[name] for name in hard), reverse=True) == sorted(rates.values(), reverse=True)[:wanted]:
        return None
    most = sorted(counts, key=lambda name: -counts[name][0])[:wanted]
    hint = " These are the classes with the most misses: divide by their images." if hard == set(most) else ""
    return f"miss rates {', '.join(f'{float(rates[name]):.2f}' for name in sorted(hard, key=rates.get))}.{hint}"


def unnamed(texts: Sequence[str], named: Sequence[str | None], missed: Mapping[str, Any]) -> str:
    """Why the texts name too few classes with misses."""
    for text, name in zip(texts, named, strict=True):
        if name is None:
            return f"{text[:40]!r} names no class that has anomalies in the test set"
        if name not in missed:
            return f"{text[:40]!r} names a class without misses"
    return f"{len(texts)} strings, but only {len(set(named))} different classes"


def ranking_fault(seen: Observation, expected: Observation) -> str | None:
    """What is wrong with the hardest classes, also where three have the same rate; None when nothing is."""
    return hardest_fault(seen, expected, "main") or hardest_fault(seen, expected, "ties")


def few_fault(seen: Observation, expected: Observation) -> str | None:
    """What is wrong where a detector misses two classes, or nothing at all; None when nothing is."""
    for part in ("few", "none"):
        if found := counts_fault(seen, expected, part) or hardest_fault(seen, expected, part):
            return found
    return None


def mitigations_fault(seen: Observation, expected: Observation) -> str | None:
    """Whether there is a text for each of the hardest classes, and not one for all; None when there is."""
    for part in PARTS:
        texts, wanted = texts_of(seen, part, MITIGATIONS), min(LISTED, len(planted(expected, part)))
        if texts is None:
            return missing(seen, part)
        if not wanted <= len(texts) <= LISTED:
            return f"{len(texts)} strings" if len(texts) <= LISTED else f"more than {LISTED} strings"
        said = [" ".join(text.split()) for text in texts[:wanted]]
        if any(len(text) < ENOUGH for text in said):
            return "an empty string"
        if wanted == LISTED and len(set(said)) == 1:
            return "the same string three times"
    return None


# --- what the notebook and the grader use ------------------------------------------------------------------------
#
# Everything is compared exactly: nothing random in a right answer can cost it points.

MODES = Task(
    module="error_analysis",
    name=NAME,
    title=f"Task 1: {NAME}",
    defines=(NAME,),
    observe=probe_failures,
    apart=True,
    shims={"categorised": categorised},
    expects=tuple(f"{part}.{fact}" for part in PARTS for fact in ("names", "missed", "total")),
    checks=(
        Check(
            "results",
            0.5,
            "the result has the three entries",
            f"a dict with the keys {', '.join(KEYS)}: a dict, a list of strings, a list of strings",
            results_fault,
            requires=("counts",),
        ),
        Check(
            "counts",
            1.0,
            f"`{COUNTS}` counts the misses",
            "for every class that is missed, how many of its images are false negatives",
            counts_fault,
        ),
        Check(
            "hardest",
            1.25,
            f"`{HARDEST}` names the classes with the highest miss rates",
            "three strings, a class name in each; a rate is misses over images of the class; any choice among ties",
            ranking_fault,
        ),
        Check(
            "few",
            0.5,
            "fewer than three missed classes, and none at all",
            "the classes that are missed are named, and counts are right; lists may be shorter, or filled up",
            few_fault,
            requires=("counts",),
        ),
        Check(
            "mitigations",
            0.5,
            f"`{MITIGATIONS}` proposes one change for each",
            "a string for each of the hardest classes, not the same for all (a person reads what they are worth)",
            mitigations_fault,
            requires=("hardest",),
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
