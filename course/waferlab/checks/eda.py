"""Visible checks of assignment 02: statistics of normals and anomalies, and four answers in words.

The statistics are compared with the reference on random images of several sizes, in which anomalies are brighter,
darker, or far apart. Where a definition has two customs, both pass: a standard deviation may divide by n or by n - 1.
No image's mean intensity lies near the edge of a bin, so that rounding cannot move it to the next one. The answers in
words are marked by a person; here a program looks whether four different answers are there.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from waferlab.checks.core import (
    Case,
    Finding,
    Observation,
    Task,
    array_of,
    error_of,
    relative_difference,
    run_visible,
    scenario,
)

BINS = 50  # of the histograms of mean intensity, from 0 to 1
EDGE_MARGIN = 2e-4  # how far every mean intensity stays away from the edge of a bin
NUMBERS = ("normal_mean", "anomaly_mean", "normal_std", "anomaly_std", "overlap", "auroc")
IMAGES = ("normal_mean_image", "anomaly_mean_image", "normal_std_image", "anomaly_std_image")
PARTS = ("brighter", "darker", "apart")
RTOL = 1e-3  # float32 sums of these sizes are right to 1e-5
#: Two mean intensities that differ in the last digit of a float32 may come in either order: up to 0.001 a pair.
AUROC_ATOL = 3e-3

QUESTIONS: dict[str, str] = {
    "normals": "What differs among normal images, and where in the image do they differ most?",
    "anomalies": "Which kinds of anomaly look most like normal images, and which least?",
    "threshold": "Would a threshold on the mean intensity find the anomalies?",
    "model": "What must a model of normal images be able to describe, and what must it not?",
}
MIN_WORDS, MIN_DIFFERENT = 15, 12
MAX_CHARACTERS = 20_000


# --- Task 1: eda_statistics --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Problem:
    """One call: float32 images (n, 1, h, w) and (m, 1, h, w) in [0, 1]."""

    normal: np.ndarray
    anomaly: np.ndarray


def draw_images(
    rng: np.random.Generator, count: int, shape: tuple[int, int], level: float, spread: float
) -> np.ndarray:
    """Random images (count, 1, h, w) float32 in [0, 1] whose levels differ from image to image and pixel to pixel."""
    pixel = rng.uniform(-0.1, 0.1, (1, 1, *shape))
    noise = rng.uniform(-1, 1, (count, 1, *shape)) * rng.uniform(0.02, 0.15, (1, 1, *shape))
    images = (level + rng.uniform(-spread, spread, (count, 1, 1, 1)) + pixel + noise).clip(0, 1)
    return away_from_edges(images.astype(np.float32))


def away_from_edges(images: np.ndarray) -> np.ndarray:
    """The images, those whose mean lies near a bin's edge made a little darker."""
    means = images.mean(axis=(1, 2, 3), dtype=np.float64) * BINS
    near = np.abs(means - np.round(means)) < 2 * EDGE_MARGIN * BINS
    return np.where(near[:, None, None, None], images * np.float32(0.98), images)


def make_problem(case: Case, part: str) -> Problem:
    """The images of one part; sizes are random, and no image is square."""
    rng = case.rng(PARTS.index(part) + 1)
    height = int(rng.integers(7, 12))
    shape = (height, height + int(rng.integers(2, 6)))
    levels = {"brighter": (0.45, 0.50), "darker": (0.52, 0.44), "apart": (0.30, 0.75)}[part]
    counts = int(rng.integers(50, 80)), int(rng.integers(20, 40))
    normal, anomaly = (
        draw_images(rng, count, shape, level, spread)
        for count, level, spread in zip(counts, levels, (0.08, 0.13), strict=True)
    )
    return Problem(normal, anomaly)


def as_numbers(value: Any, name: str) -> np.ndarray:
    """Any number or array-like as a new float64 array.

    Raises:
        TypeError: it does not hold numbers.
    """
    if hasattr(value, "detach"):
        value = value.detach().cpu()
    array = np.asarray(value)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"'{name}' is a {type(value).__name__}, expected numbers")
    return np.array(array, dtype=np.float64)


def read_statistics(seen: Observation, part: str, result: Any, shape: tuple[int, int]) -> None:
    """Record what can be read of a returned dict as `<part>.<key>`, and the first flaw as `<part>.flaw`."""
    if not isinstance(result, Mapping):
        seen[f"{part}.flaw"] = f"a {type(result).__name__} instead of a dict"
        return
    flaws = [f"no key '{key}'" for key in (*NUMBERS, *IMAGES) if key not in result]
    for key in (*NUMBERS, *IMAGES):
        if key not in result:
            continue
        try:
            value = as_numbers(result[key], key)
            wanted = shape if key in IMAGES else ()
            if value.shape != wanted and value.size != math.prod(wanted):
                flaws.append(f"'{key}' of shape {value.shape}, expected {wanted or 'one number'}")
            else:
                seen[f"{part}.{key}"] = value.reshape(wanted) if wanted else float(value.reshape(()))
        except (TypeError, ValueError) as error:
            flaws.append(str(error))
    if flaws:
        seen[f"{part}.flaw"] = "; ".join(flaws)[:250]


def ask(seen: Observation, part: str, answer: Callable[..., Any], problem: Problem) -> None:
    """Call the answer on copies and record what it returned, and whether the copies changed."""
    import torch

    with scenario(seen, part):
        given = [torch.from_numpy(images.copy()) for images in (problem.normal, problem.anomaly)]
        result = answer(*given)
        kept = zip(given, (problem.normal, problem.anomaly), strict=True)
        seen[f"{part}.changed"] = any(not np.array_equal(a.numpy(), b) for a, b in kept)
        read_statistics(seen, part, result, problem.normal.shape[2:])


def probe_statistics(answers: Mapping[str, Any], case: Case) -> Observation:
    """Ask for the statistics of three pairs of image sets."""
    seen: Observation = {}
    for part in PARTS:
        problem = make_problem(case, part)
        seen[f"{part}.counts"] = np.array([len(problem.normal), len(problem.anomaly)])
        ask(seen, part, answers["eda_statistics"], problem)
        if seen.get("unanswered"):
            return seen
    return seen


def trouble(seen: Observation, part: str, key: str) -> str | None:
    """Why a value cannot be judged, in words; None when it can."""
    if error := error_of(seen, part):
        return f"raised {error}"
    value = array_of(seen, f"{part}.{key}")
    if value is None:
        return f"returned {str(seen.get(f'{part}.flaw', 'nothing'))[:250]}"
    return None if np.isfinite(value).all() else f"'{key}' holds NaN or infinite values"


def factor_of(got: np.ndarray, want: np.ndarray) -> str:
    """A hint when values differ by one factor; empty otherwise."""
    ratio = got / np.where(want == 0, 1, want)
    middle = float(np.median(ratio))
    return f" Yours is {middle:.3g} times as large." if np.ptp(ratio) <= 1e-3 * abs(middle) else ""


def judge_keys(
    name: str,
    tested: str,
    goal: str,
    keys: Sequence[str],
    hint: Callable[..., str],
    seen: Observation,
    expected: Observation,
) -> Finding:
    """The finding "these values equal the reference's in every part"."""
    for part in PARTS:
        for key in keys:
            found = trouble(seen, part, key) or value_fault(seen, expected, part, key, hint)
            if found:
                return Finding(name, tested, False, found, goal)
    return Finding(name, tested, True, "equal", goal)


def value_fault(seen: Observation, expected: Observation, part: str, key: str, hint: Callable[..., str]) -> str | None:
    """What is wrong with one value, in words; None when nothing is."""
    got, want = array_of(seen, f"{part}.{key}"), np.asarray(expected[f"{part}.{key}"], dtype=float)
    if got.shape != want.shape:
        return f"'{key}' has shape {got.shape}"
    count = int(np.asarray(expected[f"{part}.counts"])[int(key.startswith("anomaly"))])
    customs = (1.0, math.sqrt((count - 1) / count)) if key.endswith("std_image") else (1.0,)
    if key == "auroc":
        right = abs(float(got) - float(want)) <= AUROC_ATOL
    else:
        right = any(relative_difference(got, want * custom) <= RTOL for custom in customs)
    if right:
        return None
    shown = f"{float(got):.4f} instead of {float(want):.4f}." if got.shape == () else f"off.{factor_of(got, want)}"
    return f"'{key}' is {shown}{hint(seen, expected, part, key)}"


def no_hint(seen: Observation, expected: Observation, part: str, key: str) -> str:
    """Nothing more to say."""
    return ""


def std_hint(seen: Observation, expected: Observation, part: str, key: str) -> str:
    """The likely cause of a wrong standard deviation."""
    got, want = array_of(seen, f"{part}.{key}"), np.asarray(expected[f"{part}.{key}"], dtype=float)
    if relative_difference(got, want**2) <= 2 * RTOL:
        return " That is the variance: take the square root."
    if key == "normal_std" and float(got) < float(want):
        return " Over all pixels of all images at once; no mean of means or of standard deviations."
    return ""


def overlap_hint(seen: Observation, expected: Observation, part: str, key: str) -> str:
    """The likely cause of a wrong overlap."""
    got, want = float(array_of(seen, f"{part}.{key}")), float(expected[f"{part}.{key}"])
    if abs(got - BINS * want) < 1e-3 * max(want, 1e-3) and want:
        return " Normalise the histograms so that the shares of their bins sum to 1 (no densities)."
    if got > 1:
        return " An overlap lies between 0 and 1: compare shares, not counts."
    if abs(1 - got - want) < 1e-3:
        return " That is what does NOT overlap."
    return f" {BINS} bins of equal width from 0 to 1, of the mean intensity of each image."


def auroc_hint(seen: Observation, expected: Observation, part: str, key: str) -> str:
    """The likely cause of a wrong AUROC."""
    got, want = float(array_of(seen, f"{part}.{key}")), float(expected[f"{part}.{key}"])
    if abs(1 - got - want) <= AUROC_ATOL:
        return " Take the better of the two directions: max(a, 1 - a)."
    return " The score of an image is its mean intensity; ties count half."


def judge_form(seen: Observation) -> Finding:
    """Is the result a dict with all keys, numbers and images?"""
    found = next((f"raised {error}" for part in PARTS if (error := error_of(seen, part))), None)
    if found is None:
        missing = next((part for part in PARTS if f"{part}.changed" not in seen), None)
        flaw = next((seen[f"{part}.flaw"] for part in PARTS if f"{part}.flaw" in seen), None)
        found = "nothing" if missing else f"returned {str(flaw)[:250]}" if flaw else None
    tested = "the result is a dict with the ten keys"
    goal = f"numbers {', '.join(NUMBERS)}; images of shape (h, w) {', '.join(IMAGES)}"
    return Finding("keys", tested, found is None, found or "as asked", goal)


def judge_unchanged(seen: Observation) -> Finding:
    """Are the given images as they were?"""
    error = next((error for part in PARTS if (error := error_of(seen, part))), None)
    same = all(seen.get(f"{part}.changed") is False for part in PARTS)
    found = "unchanged" if same else f"raised {error}" if error else "images were changed in place"
    return Finding("unchanged", "the given images are left as they were", same, found, "no in-place operation")


def judge_statistics(seen: Observation, expected: Observation) -> list[Finding]:
    """All findings about `eda_statistics`."""
    rows = [
        ("means", "means over all pixels", "mean of every pixel of every image", NUMBERS[:2], no_hint),
        (
            "stds",
            "standard deviations over all pixels",
            "of every pixel of every image, at once",
            NUMBERS[2:4],
            std_hint,
        ),
        ("mean-images", "the mean image of each kind", "for each pixel, the mean over the images", IMAGES[:2], no_hint),
        (
            "std-images",
            "the spread image of each kind",
            "for each pixel, the standard deviation over the images",
            IMAGES[2:],
            std_hint,
        ),
        (
            "overlap",
            "overlap of the histograms of mean intensity",
            f"the sum over {BINS} bins of the smaller share",
            ("overlap",),
            overlap_hint,
        ),
        (
            "auroc",
            "AUROC of the mean intensity alone",
            "max(a, 1 - a) with a the probability that a random anomaly is brighter than a random normal image",
            ("auroc",),
            auroc_hint,
        ),
    ]
    judged = [judge_keys(*row, seen, expected) for row in rows]
    return [judge_form(seen), *judged, judge_unchanged(seen)]


# --- Task 2: answer_eda_questions --------------------------------------------------------------------------------


def probe_answers(answers: Mapping[str, Any], case: Case) -> Observation:
    """Call the function and record the texts as `text.<question>`, cut to a length that nobody needs."""
    seen: Observation = {}
    with scenario(seen, "answers"):
        result = answers["answer_eda_questions"]()
        if not isinstance(result, Mapping):
            raise TypeError(f"returned a {type(result).__name__}, expected a dict with the keys {', '.join(QUESTIONS)}")
        for name in QUESTIONS:
            if name in result:
                seen[f"text.{name}"] = str(result[name] or "")[:MAX_CHARACTERS]
    return seen


def words_of(text: str) -> list[str]:
    """The words and numbers of a text, in lower case.

    >>> words_of("An AUROC of 0.62!")
    ['an', 'auroc', 'of', '0.62']
    """
    return re.findall(r"\w+(?:[.,'’-]\w+)*", text.lower())


def answer_fault(name: str, texts: Mapping[str, str]) -> str | None:
    """What an answer lacks that a program can see, in words; None when nothing."""
    if name not in texts:
        return f"no key '{name}'"
    text = texts[name]
    for question in QUESTIONS.values():
        text = text.replace(question, " ")
    words = words_of(text)
    if len(words) < MIN_WORDS:
        return f"{len(words)} words of your own"
    if len(set(words)) < MIN_DIFFERENT:
        return f"only {len(set(words))} different words"
    if any(words == words_of(other) for key, other in texts.items() if key != name):
        return "the same text answers two questions"
    if name == "threshold" and not re.search(r"\d", text):
        return "no number in the answer"
    return None


def judge_answers(seen: Observation, expected: Observation) -> list[Finding]:
    """Whether each question has an answer; nothing is read from `expected`."""
    texts = {name: text for name in QUESTIONS if isinstance(text := seen.get(f"text.{name}"), str)}
    error = error_of(seen, "answers")
    findings = []
    for name, question in QUESTIONS.items():
        found = f"raised {error}" if error else answer_fault(name, texts)
        goal = f"at least {MIN_WORDS} words of your own{', with the AUROC as a number' if name == 'threshold' else ''}"
        findings.append(Finding(name, f"'{name}': {question}", found is None, found or "answered", goal))
    return findings


# --- what the notebook and the grader use ------------------------------------------------------------------------

TASKS = {
    "eda_statistics": Task(
        name="eda_statistics",
        title="Task 1: eda_statistics",
        defines=("eda_statistics",),
        probe=probe_statistics,
        judge=judge_statistics,
        expects=tuple(f"{part}.{key}" for part in PARTS for key in (*NUMBERS, *IMAGES, "counts")),
    ),
    "answer_eda_questions": Task(
        name="answer_eda_questions",
        title="Task 2: answer_eda_questions",
        defines=("answer_eda_questions",),
        probe=probe_answers,
        judge=judge_answers,
    ),
}


def check_eda_statistics(eda_statistics: Callable[..., Any]) -> int | None:
    """Check Task 1 on random images; prints a table and raises when something is wrong."""
    return run_visible("eda", TASKS["eda_statistics"], {"eda_statistics": eda_statistics})


def check_answer_eda_questions(answer_eda_questions: Callable[..., Any]) -> int | None:
    """Check that Task 2 has four answers; a person marks what they say."""
    return run_visible("eda", TASKS["answer_eda_questions"], {"answer_eda_questions": answer_eda_questions})
