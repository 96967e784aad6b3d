"""Do the visible checks of assignment 03 accept every right answer, and explain every wrong one?"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA
from sklearn.metrics import roc_auc_score
from waferlab.checks.core import Case, CheckFailed, Finding, Observation
from waferlab.checks.pca import PCA as TASK
from waferlab.checks.pca import problems

Solver = Callable[[np.ndarray, int], np.ndarray]


class Axes:
    """What a right answer returns as the fitted object."""

    def __init__(self, mean: np.ndarray, axes: np.ndarray) -> None:
        self.mean, self.axes = mean, axes

    def transform(self, images: Any) -> Any:
        """Codes of images, (n, k)."""
        return (np.asarray(images, dtype=self.mean.dtype) - self.mean) @ self.axes

    def inverse_transform(self, codes: Any) -> Any:
        """Images of codes, (n, d)."""
        return self.mean + codes @ self.axes.T


def answer_with(axes_of: Solver, dtype: Any = None) -> Callable[..., Any]:
    """A right answer around a function that gives the k principal axes, (d, k), of centred training data."""

    def pca_anomaly_detection(train: Any, test: Any, labels: Any, k_values: Any = (10, 50, 100, 200)) -> Any:
        train, test = (np.asarray(x, dtype=dtype or x.dtype) for x in (train, test))
        mean = train.mean(axis=0)
        results = {}
        for k in k_values:
            axes = axes_of(train - mean, k)
            residual = (test - mean) - (test - mean) @ axes @ axes.T
            scores = (residual**2).mean(axis=1)
            results[k] = {"auroc": roc_auc_score(labels, scores), "scores": scores, "pca": Axes(mean, axes)}
        return results

    return pca_anomaly_detection


def svd(centred: np.ndarray, k: int) -> np.ndarray:
    """Exact, by singular value decomposition."""
    return np.linalg.svd(centred, full_matrices=False)[2][:k].T


def eigenvectors(centred: np.ndarray, k: int) -> np.ndarray:
    """Exact, by the covariance."""
    return np.linalg.eigh(centred.T @ centred)[1][:, -k:]


def lowrank(centred: np.ndarray, k: int) -> np.ndarray:
    """Randomised, torch, two iterations, no oversampling."""
    return torch.pca_lowrank(torch.from_numpy(centred), q=k, center=False)[2].numpy()


def scikit(solver: str) -> Solver:
    """One of scikit-learn's solvers."""
    return lambda centred, k: PCA(k, svd_solver=solver).fit(centred).components_.T


SOLVERS: dict[str, Solver] = {
    "svd": svd,
    "eigenvectors": eigenvectors,
    "torch.pca_lowrank": lowrank,
    **{f"scikit-learn {name}": scikit(name) for name in ("auto", "full", "randomized", "arpack", "covariance_eigh")},
}
RIGHT = answer_with(svd)


def observe(answer: Callable[..., Any], seed: int = 5, dtype: Any = "float32") -> Observation:
    """What the probe sees in an answer."""
    return TASK.probe({"pca_anomaly_detection": answer}, Case(seed, dtype))


@cache
def expectation(seed: int = 5) -> Observation:
    """What a right answer gives in float64."""
    return observe(RIGHT, seed, "float64")


def failed(answer: Callable[..., Any], seed: int = 5) -> dict[str, Finding]:
    """The findings that are wrong, by name."""
    findings = TASK.judge(observe(answer, seed), expectation(seed))
    return {finding.name: finding for finding in findings if not finding.passed}


def with_results(change: Callable[[Any], Any]) -> Callable[..., Any]:
    """A right answer whose result goes through `change`."""
    return lambda *args: change(RIGHT(*args))


def with_entries(change: Callable[[dict], dict]) -> Callable[..., Any]:
    """A right answer whose inner dicts go through `change`."""
    return with_results(lambda results: {k: change(entry) for k, entry in results.items()})


@pytest.mark.parametrize("dtype", [None, np.float32], ids=["as given", "in float32"])
@pytest.mark.parametrize("name", SOLVERS)
def test_every_correct_solver_passes(name: str, dtype: Any) -> None:
    """Do all solvers agree to 1e-5 on the planted data, in the dtype given and in float32?"""
    for seed in range(20, 24):
        assert failed(answer_with(SOLVERS[name], dtype), seed) == {}


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda e: {**e, "scores": e["scores"].tolist()}, id="list"),
        pytest.param(lambda e: {**e, "scores": tuple(e["scores"])}, id="tuple of numpy numbers"),
        pytest.param(
            lambda e: {**e, "scores": torch.tensor(e["scores"], requires_grad=True)}, id="tensor with gradient"
        ),
        pytest.param(lambda e: {**e, "scores": e["scores"].astype(np.float32)}, id="float32"),
        pytest.param(lambda e: {**e, "auroc": torch.tensor(e["auroc"])}, id="AUROC as tensor"),
        pytest.param(lambda e: {**e, "auroc": np.float32(e["auroc"])}, id="AUROC in float32"),
        pytest.param(lambda e: {**e, "explained": 0.9}, id="more entries"),
    ],
)
def test_any_kind_of_number_is_read(change: Callable[[dict], dict]) -> None:
    """Does it matter in what type the scores and the AUROC come?"""
    assert failed(with_entries(change)) == {}


def test_numpy_integers_are_keys() -> None:
    """Is a key of type np.int64 as good as an int?"""
    assert failed(with_results(lambda results: {np.int64(k): entry for k, entry in results.items()})) == {}


@pytest.mark.parametrize(
    ("change", "found"),
    [
        pytest.param(lambda results: [*results.values()], "a list instead of a dict", id="list"),
        pytest.param(lambda results: None, "a NoneType instead of a dict", id="return forgotten"),
        pytest.param(lambda results: {str(k): e for k, e in results.items()}, "keys are strings", id="string keys"),
        pytest.param(lambda results: {**results, "best": 4}, "keys", id="one key too many"),
        pytest.param(lambda results: {k: e["auroc"] for k, e in results.items()}, "instead of a dict", id="flat"),
        pytest.param(lambda results: {k: {"auroc": 0.5} for k in results}, "['auroc'] instead", id="scores missing"),
        pytest.param(lambda r: {k: {**e, "auroc": "0.5"} for k, e in r.items()}, "expected numbers", id="text"),
        pytest.param(
            lambda r: {k: {**e, "scores": e["scores"][:, None]} for k, e in r.items()}, "(31, 1)", id="column"
        ),
        pytest.param(lambda r: {k: {**e, "scores": e["scores"] * np.nan} for k, e in r.items()}, "NaN", id="NaN"),
    ],
)
def test_other_results_are_explained(change: Callable[[Any], Any], found: str) -> None:
    """Does the table say what is wrong with the form of the result?"""
    assert found in failed(with_results(change))["results"].found


@pytest.mark.parametrize(
    ("change", "hint"),
    [
        pytest.param(lambda scores, d: scores * d, "summed over the pixels", id="sum"),
        pytest.param(lambda scores, d: np.sqrt(scores), "square root", id="RMSE"),
        pytest.param(lambda scores, d: np.sqrt(scores * d), "norm", id="norm"),
        pytest.param(lambda scores, d: -scores, "sign is reversed", id="negative"),
        pytest.param(lambda scores, d: scores / 2, "0.5 times", id="half"),
        pytest.param(lambda scores, d: scores * 0 + 1, "All scores are the same", id="constant"),
        pytest.param(lambda scores, d: scores * (1 + 1e-4), "Nearly right", id="inaccurate"),
    ],
)
def test_wrong_scales_are_named(change: Callable[[np.ndarray, int], np.ndarray], hint: str) -> None:
    """Does the message name the mistake that the ratio gives away?"""

    def answer(train: Any, test: Any, *rest: Any) -> Any:
        results = RIGHT(train, test, *rest)
        return {k: {**entry, "scores": change(entry["scores"], test.shape[1])} for k, entry in results.items()}

    assert hint in failed(answer)["scores"].found


def test_auroc_is_recomputed() -> None:
    """Is a returned AUROC that does not follow from the scores found, and named when upside down?"""
    wrong = failed(with_entries(lambda entry: {**entry, "auroc": 1 - entry["auroc"]}))
    assert set(wrong) == {"auroc"} and "upside down" in wrong["auroc"].found
    assert set(failed(with_entries(lambda entry: {**entry, "auroc": entry["auroc"] + 2e-6}))) == {"auroc"}


@pytest.mark.parametrize("position", [0, 1, 2, 3], ids=["train_data", "test_data", "test_labels", "k_values"])
def test_changed_arguments_are_named(position: int) -> None:
    """Does an in-place change lose the check, and does the message name the argument?"""

    def answer(*args: Any) -> Any:
        results = RIGHT(*args)
        if position < len(args):
            args[position][0] = 1 - args[position][0]
        return results

    names = ("train_data", "test_data", "test_labels", "k_values")
    assert names[position] in failed(answer)["unchanged"].found


def test_arguments_are_not_shared_between_calls() -> None:
    """Does a change of the arguments leave what is judged alone?"""

    def answer(train: Any, test: Any, *rest: Any) -> Any:
        results = RIGHT(train, test, *rest)
        train[:], test[:] = 0, 0
        return results

    assert set(failed(answer)) == {"unchanged"}


@pytest.mark.parametrize(
    "seen",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"main.error": "ValueError: no"}, id="an error"),
        pytest.param({f"{part}.scores": "x" for part in ("main", "tall")}, id="text"),
        pytest.param({"main.scores": np.zeros((1, 2, 3)), "main.auroc": [[1]]}, id="other shapes"),
        pytest.param({"main.scores": {"a": 1}, "main.flaw": 7, "main.changed": 3}, id="other types"),
    ],
)
def test_judge_survives_any_observation(seen: Observation) -> None:
    """Does the judge answer with findings whatever comes back, and pass none of them?"""
    findings = TASK.judge(seen, expectation())
    assert len(findings) == 9 and not any(finding.passed for finding in findings)


def test_planted_data_are_as_promised() -> None:
    """Are the sizes odd and no squares, the values in [0, 1] and exact in float32, k in the range the text gives?"""
    for seed in range(10):
        rng = np.random.default_rng(seed)
        for problem in (problems.main_problem(rng), problems.tall_problem(rng), problems.edge_problem(rng)):
            n, d = problem.train.shape
            assert n % 2 and d % 2 and round(d**0.5) ** 2 != d
            for values in (problem.train, problem.test):
                assert values.min() >= 0 and values.max() <= 1
                assert np.array_equal(values, values.astype(np.float32))
            assert all(1 <= k < min(n, d) for k in problem.k_values)
            assert set(problem.labels) == {0, 1}


def test_planted_gaps_are_there() -> None:
    """Do the singular values fall by about the factors asked for, behind every k?"""
    problem = problems.main_problem(np.random.default_rng(0))
    singular = np.linalg.svd(problem.train - problem.train.mean(axis=0), compute_uv=False)
    small, large = sorted(problem.k_values)
    assert singular[small - 1] / singular[small] > 35
    assert singular[large - 1] / singular[large] > 100


def test_secret_seeds_change_the_questions() -> None:
    """Does each seed give other data, and the same seed the same?"""
    one, same, other = (problems.main_problem(Case(seed).rng(1)) for seed in (1, 1, 2))
    assert np.array_equal(one.train, same.train)
    assert one.train.shape != other.train.shape or not np.array_equal(one.train, other.train)


@pytest.mark.parametrize("seed", range(20))
def test_one_problem_has_an_auroc_below_guessing(seed: int) -> None:
    """Do anomalies score lower than normal images in one problem, whatever is drawn, and not perfectly so?"""
    seen = observe(RIGHT, seed)
    assert (seen["tall.auroc"] < 0.4).all()


def test_an_auroc_below_guessing_must_be_told() -> None:
    """Is `max(auroc, 1 - auroc)` found, and does the message say that a low AUROC is an answer, too?"""
    wrong = failed(with_entries(lambda entry: {**entry, "auroc": max(entry["auroc"], 1 - entry["auroc"])}))
    assert set(wrong) == {"auroc"} and "reported as it is" in wrong["auroc"].found


class Broken(Axes):
    """An object that raises."""

    def transform(self, images: Any) -> Any:
        """Codes of images."""
        raise RuntimeError("no codes")


class Unfinished(Axes):
    """An object that decodes to nothing."""

    def inverse_transform(self, codes: Any) -> Any:
        """Images of codes."""


class Rows(Axes):
    """An object that decodes the first image only."""

    def inverse_transform(self, codes: Any) -> Any:
        """Images of codes."""
        return super().inverse_transform(codes)[:1]


class NotYet(Axes):
    """An object whose method was left as a placeholder."""

    def transform(self, images: Any) -> Any:
        """Codes of images."""
        raise NotImplementedError


@pytest.mark.parametrize(
    ("change", "found"),
    [
        pytest.param(lambda pca: None, "is a NoneType", id="None"),
        pytest.param(lambda pca: pca.axes, "is a ndarray", id="axes alone"),
        pytest.param(lambda pca: {"mean": pca.mean, "axes": pca.axes}, "is a dict", id="a dict"),
        pytest.param(lambda pca: Axes, "raised TypeError", id="the class itself"),
        pytest.param(lambda pca: object(), "raised AttributeError", id="no methods"),
        pytest.param(lambda pca: Broken(pca.mean, pca.axes), "raised RuntimeError: no codes", id="transform raises"),
        pytest.param(lambda pca: NotYet(pca.mean, pca.axes), "raised NotImplementedError", id="a placeholder"),
        pytest.param(lambda pca: Unfinished(pca.mean, pca.axes), "expected numbers", id="decodes to None"),
        pytest.param(lambda pca: Rows(pca.mean, pca.axes), "of shape (1,", id="decodes one image"),
        pytest.param(lambda pca: Axes(0 * pca.mean, pca.axes), "does not rebuild", id="mean forgotten"),
        pytest.param(lambda pca: Axes(pca.mean, pca.axes[:, 1:]), "does not rebuild", id="an axis too few"),
    ],
)
def test_wrong_objects_are_explained(change: Callable[[Axes], Any], found: str) -> None:
    """Does an object that does not rebuild the images lose its own check and no other, and does the table say why?"""
    wrong = failed(with_entries(lambda entry: {**entry, "pca": change(entry["pca"])}))
    assert set(wrong) == {"pca"} and found in wrong["pca"].found


def test_each_k_has_its_own_object() -> None:
    """Is one object for all k found, and said?"""

    def shared(results: dict[int, dict]) -> dict[int, dict]:
        last = [*results.values()][-1]["pca"]
        return {k: {**entry, "pca": last} for k, entry in results.items()}

    wrong = failed(with_results(shared))
    assert set(wrong) == {"pca"} and "that of another k" in wrong["pca"].found


def test_scores_alone_lose_the_object_only() -> None:
    """Does an answer without objects keep all other points?"""
    wrong = failed(with_entries(lambda entry: {key: entry[key] for key in ("auroc", "scores")}))
    assert set(wrong) == {"pca"} and "no entry 'pca'" in wrong["pca"].found


def test_visible_check_prints_and_raises(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Does a student see a table, an error when something is wrong, and a quiet line before answering?"""
    wanted = json.loads(json.dumps({k: np.asarray(v).tolist() for k, v in expectation(2024).items()}))
    monkeypatch.setattr("waferlab.checks.core.public_expectations", lambda slug, task: wanted)
    assert TASK.check(RIGHT) is None
    assert "9 of 9 checks passed" in capsys.readouterr().out
    with pytest.raises(CheckFailed, match="3 of 9"):
        TASK.check(with_entries(lambda entry: {**entry, "scores": entry["scores"] * 3}))
    assert "3 times" in capsys.readouterr().out

    def unanswered(*args: Any) -> Any:
        raise NotImplementedError

    assert TASK.check(unanswered) == 0
    assert "not yet answered" in capsys.readouterr().out
