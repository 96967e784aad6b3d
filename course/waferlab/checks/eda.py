"""Visible checks of assignment 02: statistics of normals and anomalies, and four answers in words.

The statistics are compared with the reference on random images of several sizes, in which anomalies are brighter,
darker, or far apart. Where a definition has two customs, both pass: a standard deviation may divide by n or by n - 1.
No image's mean intensity lies near the edge of a bin, so that rounding cannot move it to the next one. The answers in
words are marked by a person; here a program looks whether four different answers are there.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from waferlab.checks.bench import Bench
from waferlab.checks.core import (
    Case,
    Check,
    Fault,
    Observation,
    Task,
    array_of,
    by_name,
    error_of,
    relative_difference,
    scenario,
)
from waferlab.checks.plain import kind_of
from waferlab.checks.reading import UnexpectedResult, numbers
from waferlab.checks.watching import changed_fault, first_error, trouble

BINS = 50  # of the histograms of mean intensity, from 0 to 1
EDGE_MARGIN = 2e-4  # how far every mean intensity stays away from the edge of a bin
NUMBERS = ("normal_mean", "anomaly_mean", "normal_std", "anomaly_std", "overlap", "auroc")
IMAGES = ("normal_mean_image", "anomaly_mean_image", "normal_std_image", "anomaly_std_image")
PARTS = ("brighter", "darker", "apart")
RTOL = 1e-3  # float32 sums of these sizes are right to 1e-5
#: Two mean intensities that differ in the last digit of a float32 may come in either order: up to 0.001 a pair.
AUROC_ATOL = 3e-3

QUESTIONS: dict[str, str] = {
    "q1_dominant_pattern": (
        "Which visual pattern dominates the normal images (texture, shape, distribution of intensities)?"
    ),
    "q2_anomaly_differences": "How do anomalies differ from it (structure, intensity, shape)?",
    "q3_localized_or_global": "Are the differences localized or global, and where are they most apparent?",
    "q4_simple_thresholding": "Could a threshold on the mean pixel intensity detect anomalies? Why, or why not?",
}
MIN_CHARACTERS = 30  # of one's own, and one more
MANY = 3  # questions that one text may not answer

Hint = Callable[[Observation, Observation, str, str], str]


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


def read_statistics(seen: Observation, part: str, result: Any, shape: tuple[int, int]) -> None:
    """Record what can be read of a returned dict as `<part>.<key>`, and the first flaw as `<part>.flaw`."""
    if not isinstance(result, Mapping):
        seen[f"{part}.flaw"] = f"a {kind_of(result)} instead of a dict"
        return
    flaws = [f"no key '{key}'" for key in (*NUMBERS, *IMAGES) if key not in result]
    for key in (*NUMBERS, *IMAGES):
        if key not in result:
            continue
        try:
            value = numbers(result[key], f"'{key}'")
            wanted = shape if key in IMAGES else ()
            if value.shape != wanted and value.size != math.prod(wanted):
                flaws.append(f"'{key}' of shape {value.shape}, expected {wanted or 'one number'}")
            else:
                seen[f"{part}.{key}"] = value.reshape(wanted) if wanted else float(value.reshape(()))
        except UnexpectedResult as error:
            flaws.append(str(error))
    if flaws:
        seen[f"{part}.flaw"] = "; ".join(flaws)[:250]


def ask(seen: Observation, part: str, bench: Bench, problem: Problem) -> None:
    """Call the answer and record what it returned, and whether its arguments are as they were."""
    import torch

    with scenario(seen, part):
        given = [torch.from_numpy(images) for images in (problem.normal, problem.anomaly)]
        result = bench.call("eda_statistics", *given)
        seen[f"{part}.changed"] = bool(bench.changed)
        read_statistics(seen, part, result, problem.normal.shape[2:])


def probe_statistics(bench: Bench, case: Case) -> Observation:
    """Ask for the statistics of three pairs of image sets."""
    seen: Observation = {}
    for part in PARTS:
        problem = make_problem(case, part)
        seen[f"{part}.counts"] = np.array([len(problem.normal), len(problem.anomaly)])
        ask(seen, part, bench, problem)
    return seen


def factor_of(got: np.ndarray, want: np.ndarray) -> str:
    """A hint when values differ by one factor; empty otherwise."""
    ratio = got / np.where(want == 0, 1, want)
    middle = float(np.median(ratio))
    return f" Yours is {middle:.3g} times as large." if np.ptp(ratio) <= 1e-3 * abs(middle) else ""


def values_fault(*keys: str, hint: Hint = lambda *_: "") -> Fault:
    """The fault "one of these values differs from the reference's in some part"."""

    def fault(seen: Observation, expected: Observation) -> str | None:
        found = (
            trouble(seen, part, key) or value_fault(seen, expected, part, key, hint) for part in PARTS for key in keys
        )
        return next((one for one in found if one), None)

    return fault


def value_fault(seen: Observation, expected: Observation, part: str, key: str, hint: Hint) -> str | None:
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


def form_fault(seen: Observation, expected: Observation) -> str | None:
    """What keeps the result from being a dict with all keys, numbers and images; None when it is one."""
    if found := first_error(seen, PARTS):
        return found
    if any(f"{part}.changed" not in seen for part in PARTS):
        return "nothing"
    flaw = next((seen[f"{part}.flaw"] for part in PARTS if f"{part}.flaw" in seen), None)
    return f"returned {str(flaw)[:250]}" if flaw else None


# --- Task 2: answer_eda_questions --------------------------------------------------------------------------------


def probe_answers(bench: Bench, case: Case) -> Observation:
    """Call the function and record the texts as `text.<question>`, and what else is there as `kind.<question>`."""
    seen: Observation = {}
    with scenario(seen, "answers"):
        result = bench.call("answer_eda_questions")
        if not isinstance(result, Mapping):
            raise TypeError(f"returned a {kind_of(result)}, expected a dict with the keys {', '.join(QUESTIONS)}")
        for name in QUESTIONS:
            if isinstance(result.get(name), str):
                seen[f"text.{name}"] = result[name]
            elif name in result:
                seen[f"kind.{name}"] = kind_of(result[name])
    return seen


def own_words(text: str) -> str:
    """A text without the questions, and without space that says nothing."""
    text = " ".join(text.split())
    for question in QUESTIONS.values():
        text = text.replace(question, " ")
    return " ".join(text.split())


def answer_fault(name: str, texts: Mapping[str, str]) -> str | None:
    """What an answer lacks that a program can see, in words; None when nothing."""
    if name not in texts:
        return f"no text under the key '{name}'"
    text = own_words(texts[name])
    if len(text) <= MIN_CHARACTERS:
        return f"{len(text)} characters of your own"
    if len(set(re.findall(r"\w+", text.lower()))) < 2:
        return "one word, again and again"
    if sum(text == own_words(other) for other in texts.values()) >= MANY:
        return f"the same text answers {MANY} questions or more"
    return None


def text_fault(name: str) -> Fault:
    """The fault "this question has no answer"; nothing is read from `expected`."""

    def fault(seen: Observation, expected: Observation) -> str | None:
        if error := error_of(seen, "answers"):
            return f"raised {error}"
        if kind := seen.get(f"kind.{name}"):
            return f"a {str(kind)[:40]} under the key '{name}'"
        return answer_fault(name, {key: text for key in QUESTIONS if isinstance(text := seen.get(f"text.{key}"), str)})

    return fault


# --- what the notebook and the grader use ------------------------------------------------------------------------
#
# Nothing here is left to chance: the images are random, the right statistics of given images are not. Measured over 200
# seeds, the reference in float32 is off by at most 2e-7 (allowed: 1e-3), its AUROC by 6e-4 (0.003: two means may be
# equal in float32), and no mean intensity lies nearer than 4e-4 to the edge of a bin. The texts get their points for
# being there; a person marks what they say.

STATISTICS = Task(
    module="eda",
    name="eda_statistics",
    title="Task 1: eda_statistics",
    defines=("eda_statistics",),
    observe=probe_statistics,
    expects=tuple(f"{part}.{key}" for part in PARTS for key in (*NUMBERS, *IMAGES, "counts")),
    checks=(
        Check(
            "keys",
            0.25,
            "the result is a dict with the ten keys",
            f"numbers {', '.join(NUMBERS)}; images of shape (h, w) {', '.join(IMAGES)}",
            form_fault,
            requires=("means",),
        ),
        Check(
            "means",
            0.5,
            "means over all pixels",
            "mean of every pixel of every image",
            values_fault("normal_mean", "anomaly_mean"),
        ),
        Check(
            "stds",
            0.5,
            "standard deviations over all pixels",
            "of every pixel of every image, at once",
            values_fault("normal_std", "anomaly_std", hint=std_hint),
        ),
        Check(
            "mean-images",
            0.5,
            "the mean image of each kind",
            "for each pixel, the mean over the images",
            values_fault("normal_mean_image", "anomaly_mean_image"),
        ),
        Check(
            "std-images",
            0.75,
            "the spread image of each kind",
            "for each pixel, the standard deviation over the images",
            values_fault("normal_std_image", "anomaly_std_image", hint=std_hint),
        ),
        Check(
            "overlap",
            0.75,
            "overlap of the histograms of mean intensity",
            f"the sum over {BINS} bins of the smaller share",
            values_fault("overlap", hint=overlap_hint),
        ),
        Check(
            "auroc",
            0.5,
            "AUROC of the mean intensity alone",
            "max(a, 1 - a) with a the probability that a random anomaly is brighter than a random normal image",
            values_fault("auroc", hint=auroc_hint),
        ),
        Check(
            "unchanged",
            0.25,
            "the given images are left as they are",
            "no in-place operation",
            changed_fault(PARTS, "the given images"),
            requires=("means",),
        ),
    ),
)


def text_check(name: str, question: str) -> Check:
    """The check of one answer in words."""
    return Check(
        name,
        0.25,
        f"'{name}': {question}",
        f"a text of more than {MIN_CHARACTERS} characters of your own",
        text_fault(name),
    )


ANSWERS = Task(
    module="eda",
    name="answer_eda_questions",
    title="Task 2: answer_eda_questions",
    defines=("answer_eda_questions",),
    observe=probe_answers,
    checks=tuple(text_check(name, question) for name, question in QUESTIONS.items()),
)

TASKS = by_name(STATISTICS, ANSWERS)
