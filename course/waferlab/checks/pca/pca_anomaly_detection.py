"""The task of assignment 03: PCA reconstruction error as an anomaly score."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import permutations
from typing import Any

import numpy as np

from waferlab.checks.bench import Bench, Raised
from waferlab.checks.core import Case, Check, Fault, Observation, Task, array_of, error_of, scenario
from waferlab.checks.pca.problems import (
    DEFAULT_K,
    SHARED,
    Problem,
    default_problem,
    edge_problem,
    image_problem,
    main_problem,
    swapped_problem,
    tall_problem,
)
from waferlab.checks.plain import Foreign, kind_of
from waferlab.checks.reading import UnexpectedResult, numbers, one_number

NAME = "pca_anomaly_detection"
#: Two scores that differ by less than this (relative) may be ranked either way.
RANK_MARGIN = 1e-3
SCORE_RTOL = 1e-5
AUROC_ATOL = 1e-6
#: How closely the scores of shared images must agree (relative).
SHARED_RTOL = 1e-4
#: With the default k, where no gap helps a randomised solver, mean scores are compared up to this factor.
DEFAULT_FACTOR = 2.0
#: On the grader's images. The worst of seven solvers in float32, 40 samples of both data sets, is off by 0.0001.
IMAGE_ATOL = 0.002

#: Parts of the probe whose scores are compared one by one, and whose objects are asked to rebuild the test images.
COMPARED = ("main", "tall", "edge")

#: `(seen, expected, part)` -> what is wrong with the results of one call, in words; None when nothing is.
PartFault = Callable[[Observation, Observation, str], str | None]


# --- probe -------------------------------------------------------------------------------------------------------


def read_entry(entry: Any, k: int, n_test: int, flaws: list[str]) -> tuple[float, np.ndarray]:
    """`auroc` and `scores` (n_test,) of one k; what is not as asked but can be read is added to `flaws`.

    Raises:
        UnexpectedResult: one is missing or has the wrong size.
    """
    if not isinstance(entry, Mapping) or not {"auroc", "scores"} <= set(entry):
        found = sorted(map(str, entry)) if isinstance(entry, Mapping) else f"a {kind_of(entry)}"
        raise UnexpectedResult(f"result[{k}] is {found} instead of a dict with 'auroc' and 'scores'")
    auroc = one_number(entry["auroc"], f"result[{k}]['auroc']")
    scores = numbers(entry["scores"], f"result[{k}]['scores']")
    if scores.shape != (n_test,):
        flaws.append(f"result[{k}]['scores'] has shape {scores.shape} instead of ({n_test},)")
    if scores.size != n_test:
        raise UnexpectedResult(flaws[-1])
    return auroc, scores.reshape(-1)


def rebuilt(bench: Bench, result: Mapping[Any, Any], problem: Problem) -> np.ndarray:
    """The test images' reconstruction MSE through the returned objects, (n_k, n_test), computed here.

    Raises:
        UnexpectedResult: there is no object for one k, or it does not decode what it encoded.
    """
    rows = []
    for k in problem.k_values:
        entry, name = result.get(k, result.get(str(k))), f"result[{k}]['pca']"
        if not isinstance(entry, Mapping) or "pca" not in entry:
            raise UnexpectedResult(f"result[{k}] has no entry 'pca'")
        if not isinstance(entry["pca"], Foreign):
            raise UnexpectedResult(f"{name} is a {kind_of(entry['pca'])}")
        images = decoded(bench, entry["pca"], name, problem.test)
        if images.shape != problem.test.shape:
            raise UnexpectedResult(f"{name} rebuilds images of shape {images.shape} from {problem.test.shape}")
        rows.append(((problem.test - images) ** 2).mean(axis=1))
    return np.stack(rows)


def decoded(bench: Bench, pca: Foreign, name: str, images: np.ndarray) -> np.ndarray:
    """What a returned object makes of images, encoded and decoded.

    Raises:
        UnexpectedResult: one of its methods raised, or returned no numbers.
    """
    try:
        codes = bench.method(pca, "transform", images)
        return numbers(bench.method(pca, "inverse_transform", codes), f"what {name} rebuilds")
    except Raised as error:
        raise UnexpectedResult(f"{name} raised {error.words}") from error


def read_result(result: Any, k_values: Sequence[int], n_test: int, flaws: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """The returned dict as arrays: AUROC (n_k,) and scores (n_k, n_test), in the order of `k_values`.

    Keys that are strings or too many, and scores in one column, are flaws: they can be read all the same.

    Raises:
        UnexpectedResult: it is no dict, lacks a key, or an entry cannot be read.
    """
    if not isinstance(result, Mapping):
        raise UnexpectedResult(f"a {kind_of(result)} instead of a dict")
    if set(result) != set(k_values):
        hint = " (the keys are strings)" if any(isinstance(key, str) for key in result) else ""
        flaws.append(f"keys {[*result]} instead of {[*k_values]}{hint}")
    found = [result.get(k, result.get(str(k))) for k in k_values]
    if any(entry is None for entry in found):
        raise UnexpectedResult(flaws[-1] if flaws else "None instead of a dict for one k")
    entries = [read_entry(entry, k, n_test, flaws) for k, entry in zip(k_values, found, strict=True)]
    return np.array([auroc for auroc, _ in entries]), np.stack([scores for _, scores in entries])


ARGUMENTS = ("train_data", "test_data", "test_labels", "k_values")


def ask(seen: Observation, part: str, bench: Bench, problem: Problem, *, default_k: bool = False) -> None:
    """Call the answer once; record what it returned, what became of its inputs, and what its objects rebuild."""
    seen[f"{part}.labels"], seen[f"{part}.pixels"] = problem.labels, problem.test.shape[1]
    given = (problem.train, problem.test, problem.labels, *(() if default_k else ([*problem.k_values],)))
    with scenario(seen, part):
        result = bench.call(NAME, *given)
        seen[f"{part}.changed"] = ", ".join(name for place, name in enumerate(ARGUMENTS) if place in bench.changed)
        record(seen, part, result, problem)
        if part in COMPARED and isinstance(result, Mapping):
            try:
                seen[f"{part}.rebuilt"] = rebuilt(bench, result, problem)
            except UnexpectedResult as error:
                seen[f"{part}.pca"] = str(error)


def record(seen: Observation, part: str, result: Any, problem: Problem) -> None:
    """Note what was returned: `<part>.auroc` and `<part>.scores` if they can be read, `<part>.flaw` if not as asked."""
    flaws: list[str] = []
    try:
        auroc, scores = read_result(result, problem.k_values, len(problem.labels), flaws)
        seen[f"{part}.auroc"], seen[f"{part}.scores"] = auroc, scores
    except UnexpectedResult as error:
        flaws.append(str(error))
    if flaws:
        seen[f"{part}.flaw"] = flaws[0]


def probe_pca(bench: Bench, case: Case) -> Observation:
    """Run `pca_anomaly_detection` on planted data of several sizes, and on the grader's images if there are any.

    Planted data are float64 whatever `case.dtype` is, so that an answer computes in float32 only where it chooses to.
    """
    seen: Observation = {}
    main = main_problem(case.rng(1))
    ask(seen, "main", bench, main)
    ask(seen, "swapped", bench, swapped_problem(case.rng(2), main))
    ask(seen, "tall", bench, tall_problem(case.rng(3)))
    ask(seen, "edge", bench, edge_problem(case.rng(4)))
    ask(seen, "default", bench, default_problem(case.rng(5)), default_k=True)
    if "train" in case.arrays:
        ask(seen, "images", bench, image_problem(case))
    return seen


# --- faults ------------------------------------------------------------------------------------------------------


def flaw_fault(seen: Observation, expected: Observation, part: str) -> str | None:
    """What in the returned dict is not as asked, in words; None when all is."""
    flaw = seen.get(f"{part}.flaw")
    return None if flaw is None else f"returned {str(flaw)[:200]}"


def trouble(seen: Observation, expected: Observation, part: str) -> str | None:
    """Why the results of a part cannot be judged, in words; None when they can."""
    if error := error_of(seen, part):
        return f"raised {error}"
    scores, auroc = array_of(seen, f"{part}.scores"), array_of(seen, f"{part}.auroc")
    want = np.shape(expected["main.scores" if part == "swapped" else f"{part}.scores"])
    if scores is None or auroc is None or scores.shape != want or auroc.shape != want[:1]:
        return flaw_fault(seen, expected, part) or "no result"
    return None if np.isfinite(scores).all() and np.isfinite(auroc).all() else "returned NaN or infinite values"


def fault_in(*parts: str, fault: PartFault) -> Fault:
    """The fault "the results of one of these parts cannot be judged, or `fault` finds something in them"."""

    def first(seen: Observation, expected: Observation) -> str | None:
        found = (trouble(seen, expected, part) or fault(seen, expected, part) for part in parts)
        return next((one for one in found if one), None)

    return first


def scores_of(seen: Observation, expected: Observation, part: str) -> tuple[np.ndarray, np.ndarray]:
    """Scores found and expected, (n_k, n_test) each; call only where `trouble` found none."""
    return np.asarray(seen[f"{part}.scores"], float), np.asarray(expected[f"{part}.scores"], float)


def ranks_alike(got: np.ndarray, want: np.ndarray) -> bool:
    """Whether images that differ in `want` (by more than `RANK_MARGIN`) are in the same order in `got`, for one k."""
    apart = want[:, None] > want[None, :] * (1 + RANK_MARGIN)
    return bool((got[:, None] > got[None, :])[apart].all())


def ranking_fault(seen: Observation, expected: Observation, part: str) -> str | None:
    """How the order of the scores differs from that of the reconstruction error, whatever their scale."""
    got, want = scores_of(seen, expected, part)
    if all(map(ranks_alike, got, want)):
        return None
    return "the order is upside down" if all(map(ranks_alike, -got, want)) else "the order is another one"


def is_constant(values: np.ndarray) -> bool:
    """Whether all values are the same up to 1e-3 (relative)."""
    return bool(np.ptp(values) <= 1e-3 * np.abs(values).max())


def scale_hint(got: np.ndarray, want: np.ndarray, n_pixels: int) -> str:
    """What is most likely wrong with scores that differ from the expected ones.

    Args:
        got: the scores found, (n_k, n_test).
        want: the scores expected, same shape, all positive.
        n_pixels: d of this problem.
    """
    by_ratio = {
        1.0: "Nearly right: does the solver converge? (A covariance in float32 loses digits: use float64.)",
        1.0 * n_pixels: "You summed over the pixels instead of averaging?",
        -1.0: "The sign is reversed: a higher score must mean more anomalous.",
    }
    by_root = {
        1.0: "You took the square root (RMSE instead of MSE)?",
        math.sqrt(n_pixels): "You took the norm of the residual: its square, averaged over the pixels, is the MSE.",
    }
    if is_constant(got):
        return "All scores are the same."
    if any(np.allclose(got[i], want[j], rtol=SCORE_RTOL, atol=0) for i, j in permutations(range(len(got)), 2)):
        return "The scores of one k are those of another k."
    for hints, ratio in ((by_ratio, got / want), (by_root, got / np.sqrt(want))):
        middle = float(np.median(ratio))
        if is_constant(ratio):
            close = [text for value, text in hints.items() if math.isclose(middle, value, rel_tol=1e-2)]
            return close[0] if close else f"A constant factor is wrong: yours is about {middle:.3g} times as large."
    return (
        "PCA of the TRAINING images, centred with their mean? Exactly k components? Mean added back? Residual squared?"
    )


def score_fault(seen: Observation, expected: Observation, part: str) -> str | None:
    """How far the scores are from the reconstruction MSE, for every image and every k, and the likely cause."""
    got, want = scores_of(seen, expected, part)
    difference = float((np.abs(got - want) / want).max())
    if difference <= SCORE_RTOL:
        return None
    hint = scale_hint(got, want, int(expected[f"{part}.pixels"]))
    return f"largest relative difference {difference:.1e}. {hint}"


def auroc_fault(seen: Observation, expected: Observation, part: str, atol: float = AUROC_ATOL) -> str | None:
    """Which returned AUROC does not follow from the returned scores."""
    labels, (scores, _) = np.asarray(expected[f"{part}.labels"]), scores_of(seen, expected, part)
    given = np.asarray(seen[f"{part}.auroc"], float).tolist()
    found = (value_fault(labels, row, value, atol) for row, value in zip(scores, given, strict=True))
    return next((one for one in found if one), None)


def value_fault(labels: np.ndarray, scores: np.ndarray, given: float, atol: float) -> str | None:
    """What is wrong with one AUROC value, None when nothing is."""
    if len(np.unique(scores)) <= len(scores) // 2:
        return f"only {len(np.unique(scores))} different scores for {len(scores)} images: nothing to rank"
    from sklearn.metrics import roc_auc_score

    want = float(roc_auc_score(labels, scores))
    if abs(given - want) <= atol:
        return None
    hint = ""
    if abs(1 - given - want) <= atol:
        hint = " You have it upside down: anomalies (label 1) are the positive class."
        hint += " An AUROC below 0.5 is reported as it is." if want < 0.5 else ""
    return f"auroc {given:.6f}, but the returned scores give {want:.6f}.{hint}"


def pca_fault(seen: Observation, expected: Observation, part: str) -> str | None:
    """What is wrong with the objects under `pca`: each must rebuild the test images as PCA with this k does."""
    if error := error_of(seen, part):
        return f"raised {error}"
    got, want = array_of(seen, f"{part}.rebuilt"), np.asarray(expected[f"{part}.scores"], float)
    if got is None or got.shape != want.shape:
        return str(seen.get(f"{part}.pca", "no object that rebuilds the images"))[:200]
    wrong = ~(np.abs(got - want) <= SCORE_RTOL * want).all(axis=1)
    if not wrong.any():
        return None
    if any(np.allclose(got[i], want[j], rtol=SCORE_RTOL, atol=0) for i, j in permutations(range(len(got)), 2)):
        return "the object of one k is that of another k"
    return "an object does not rebuild the test images as PCA of the training images with this k does"


def objects_fault(seen: Observation, expected: Observation) -> str | None:
    """What is wrong with the first object that is not as it should be; None when all are."""
    return next((fault for part in COMPARED if (fault := pca_fault(seen, expected, part))), None)


def train_only_fault(seen: Observation, expected: Observation) -> str | None:
    """Whether the score of an image depends on the other test images."""
    if found := trouble(seen, expected, "main") or trouble(seen, expected, "swapped"):
        return found
    first = np.asarray(seen["main.scores"], float)[:, :SHARED]
    second = np.asarray(seen["swapped.scores"], float)[:, -SHARED:]
    difference = float((np.abs(first - second) / np.maximum(np.abs(first), 1e-30)).max())
    if difference <= SHARED_RTOL:
        return None
    found = f"the same image scores differently among other test images (by {difference:.1%})."
    return f"{found} PCA was fitted on test data? Or centred or scaled with it?"


def changed_fault(seen: Observation, expected: Observation, part: str) -> str | None:
    """Which arguments are no longer as they were."""
    changed = seen.get(f"{part}.changed", "")
    return f"changed: {str(changed)[:100]}" if changed else None


def default_fault(seen: Observation, expected: Observation, part: str) -> str | None:
    """For which default k the scores are not of the right size."""
    got, want = (scores.mean(axis=1) for scores in scores_of(seen, expected, part))
    for k, mine, right in zip(DEFAULT_K, got, want, strict=True):
        if not right / DEFAULT_FACTOR <= mine <= right * DEFAULT_FACTOR:
            return f"scores for k={k} are far too {'small' if mine < right else 'large'}"
    return None


# --- what the notebook and the grader use ------------------------------------------------------------------------

SCORE_GOAL = f"mean over the d pixels of (x - x_recon)^2, every score to within {SCORE_RTOL:g} (relative)"
IMAGE_GOAL = f"that of PCA reconstruction error, to within {IMAGE_ATOL}"

PCA = Task(
    module="pca",
    name=NAME,
    title=f"Task 1: {NAME}",
    defines=(NAME,),
    observe=probe_pca,
    apart=True,
    expects=(*(f"{part}.{key}" for part in COMPARED for key in ("scores", "labels", "pixels")), "default.scores"),
    checks=(
        Check(
            "results",
            0.5,
            "returns a dict with one entry per k, each with `auroc` and `scores`",
            "{k: {'auroc': one number, 'scores': (n_test,)}} with exactly the k of k_values, all finite",
            fault_in(*COMPARED, fault=flaw_fault),
            requires=("ranking",),
        ),
        Check(
            "ranking",
            1.5,
            "scores rank the test images by their reconstruction error",
            "the image that PCA, fitted on the training images, reconstructs worst has the highest score",
            fault_in("main", fault=ranking_fault),
        ),
        Check(
            "scores",
            2.0,
            "scores are the reconstruction MSE, for every k",
            SCORE_GOAL,
            fault_in("main", fault=score_fault),
        ),
        Check(
            "sizes",
            1.0,
            "the same for other sizes: k = 1, and k = n_train - 1",
            SCORE_GOAL,
            fault_in("tall", "edge", fault=score_fault),
        ),
        Check(
            "pca",
            0.5,
            "`pca` is the fitted object of each k",
            "inverse_transform(transform(test_data)) gives the reconstructions from which the scores of this k come",
            objects_fault,
        ),
        Check(
            "auroc",
            1.0,
            "`auroc` is the AUROC of `scores`",
            "probability that a random anomaly scores higher than a random normal image, as it is, also below 0.5",
            fault_in(*COMPARED, fault=auroc_fault),
            requires=("ranking",),
        ),
        Check(
            "train-only",
            0.5,
            "PCA is fitted on the training images only",
            "an image's score depends on the training images and on this image, on no other test image",
            train_only_fault,
            requires=("ranking",),
        ),
        Check(
            "unchanged",
            0.5,
            "the arguments are left as they were",
            "no in-place operation (such as `-=` or `.sub_()`) on train_data, test_data, test_labels or k_values",
            fault_in("main", "edge", fault=changed_fault),
            requires=("ranking",),
        ),
        Check(
            "default",
            0.5,
            "works without k_values, too",
            "k_values=[10, 50, 100, 200] by default; the more components, the smaller the mean score",
            fault_in("default", fault=default_fault),
            requires=("ranking",),
        ),
        Check("images", 1.0, "AUROC on images that you have not seen", IMAGE_GOAL, requires=("ranking",)),
    ),
)
