"""Do the visible checks of assignment 02 accept both customs, name mistakes, and leave opinions to people?"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from waferlab.checks import eda
from waferlab.checks.core import Case, CheckFailed, Finding, Observation

STATISTICS, ANSWERS = (eda.TASKS[name] for name in ("eda_statistics", "answer_eda_questions"))
TEXT = "Edges spread most because a small shift moves them, while even areas hardly differ from one image to the next."


def right(normal: torch.Tensor, anomaly: torch.Tensor) -> dict[str, Any]:
    """A right answer to Task 1, in NumPy and double precision."""
    sets = {name: x.double().numpy()[:, 0] for name, x in (("normal", normal), ("anomaly", anomaly))}
    means = [x.mean(axis=(1, 2)) for x in sets.values()]
    shares = [np.histogram(values, 50, (0, 1))[0] / len(values) for values in means]
    a = float((means[1][:, None] > means[0]).mean())
    result: dict[str, Any] = {"overlap": np.minimum(*shares).sum(), "auroc": max(a, 1 - a)}
    for name, x in sets.items():
        result |= {f"{name}_mean": x.mean(), f"{name}_std": x.std()}
        result |= {f"{name}_mean_image": x.mean(axis=0), f"{name}_std_image": x.std(axis=0, ddof=1)}
    return result


def observe(answer: Callable[..., Any], seed: int = 5) -> Observation:
    """What the probe sees in an answer to Task 1."""
    return STATISTICS.probe({"eda_statistics": answer}, Case(seed))


def failed(answer: Callable[..., Any]) -> dict[str, Finding]:
    """The findings about an answer to Task 1 that are wrong, by name."""
    findings = STATISTICS.judge(observe(answer), observe(right))
    return {finding.name: finding for finding in findings if not finding.passed}


def with_change(**changes: Callable[[Any], Any]) -> Callable[..., Any]:
    """A right answer some of whose values go through a change."""

    def answer(normal: torch.Tensor, anomaly: torch.Tensor) -> dict[str, Any]:
        result = right(normal, anomaly)
        return {key: changes[key](value) if key in changes else value for key, value in result.items()}

    return answer


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda image: torch.from_numpy(image), id="tensor"),
        pytest.param(lambda image: image[None], id="with its channel"),
        pytest.param(lambda image: image.tolist(), id="list"),
        pytest.param(lambda image: image.astype(np.float32), id="float32"),
        pytest.param(lambda image: torch.tensor(image, requires_grad=True), id="with gradient"),
    ],
)
def test_any_kind_of_image_is_read(change: Callable[[Any], Any]) -> None:
    """Does it matter in what type an image comes, or whether it has its channel?"""
    assert failed(with_change(normal_mean_image=change, anomaly_std_image=change)) == {}


def test_both_standard_deviations_pass() -> None:
    """Is dividing by n as good as dividing by n - 1, for each set on its own?"""

    def answer(normal: torch.Tensor, anomaly: torch.Tensor) -> dict[str, Any]:
        factor = math.sqrt((len(normal) - 1) / len(normal))
        return with_change(normal_std_image=lambda image: image * factor)(normal, anomaly)

    assert failed(answer) == {}


@pytest.mark.parametrize(
    ("key", "change", "name", "word"),
    [
        pytest.param("normal_std", lambda x: x**2, "stds", "variance", id="variance"),
        pytest.param("normal_std_image", lambda x: x**2, "std-images", "variance", id="variance image"),
        pytest.param("overlap", lambda x: 50 * x, "overlap", "no densities", id="densities"),
        pytest.param("overlap", lambda x: 1 - x, "overlap", "NOT overlap", id="the rest"),
        pytest.param("overlap", lambda x: 30 * x + 2, "overlap", "between 0 and 1", id="counts"),
        pytest.param("auroc", lambda x: 1 - x, "auroc", "better of the two", id="the other direction"),
        pytest.param("anomaly_mean_image", lambda x: 2 * x, "mean-images", "2 times", id="a factor"),
        pytest.param("anomaly_mean", lambda x: math.nan, "means", "NaN", id="NaN"),
        pytest.param("auroc", lambda x: "0.6", "auroc", "expected numbers", id="text"),
        pytest.param("auroc", lambda x: [x, x], "auroc", "one number", id="two numbers"),
    ],
)
def test_mistakes_are_named(key: str, change: Callable[[Any], Any], name: str, word: str) -> None:
    """Does the message name the mistake that the numbers give away?"""
    assert word in failed(with_change(**{key: change}))[name].found


def test_a_missing_key_is_named() -> None:
    """Does a forgotten key cost its own check and the form, and is it named?"""

    def answer(*images: torch.Tensor) -> dict[str, Any]:
        return {key: value for key, value in right(*images).items() if key != "overlap"}

    wrong = failed(answer)
    assert set(wrong) == {"keys", "overlap"} and "no key 'overlap'" in wrong["keys"].found


def test_no_mean_lies_near_an_edge() -> None:
    """Could rounding move an image to the next bin?"""
    for seed in range(20):
        for part in eda.PARTS:
            problem = eda.make_problem(Case(seed), part)
            for images in (problem.normal, problem.anomaly):
                assert images.min() >= 0 and images.max() <= 1 and images.dtype == np.float32
                means = images.mean(axis=(1, 2, 3), dtype=np.float64) * eda.BINS
                assert np.abs(means - np.round(means)).min() > eda.EDGE_MARGIN * eda.BINS


def test_parts_are_what_they_are_called() -> None:
    """Are the anomalies darker in one part and brighter in another, and far apart in the third?"""
    seen = observe(right)
    levels = {part: float(seen[f"{part}.anomaly_mean"] - seen[f"{part}.normal_mean"]) for part in eda.PARTS}
    assert levels["brighter"] > 0 > levels["darker"]
    assert seen["apart.overlap"] == 0 and seen["apart.auroc"] == 1


KEYS = tuple(eda.QUESTIONS)


def answered(**texts: Any) -> dict[str, str]:
    """The findings about four texts that are wrong, by name; `None` leaves a key out."""
    good = {key: f"{number}. {TEXT}" for number, key in enumerate(KEYS)}
    given = {key: text for key, text in {**good, **texts}.items() if text is not None}
    seen = ANSWERS.probe({"answer_eda_questions": lambda: given}, Case(1))
    return {finding.name: finding.found for finding in ANSWERS.judge(seen, {}) if not finding.passed}


@pytest.mark.parametrize(
    ("text", "word"),
    [
        pytest.param(None, "no text under the key", id="missing"),
        pytest.param("", "0 characters", id="empty"),
        pytest.param(7, "a int under the key", id="a number"),
        pytest.param(eda.QUESTIONS["q3_localized_or_global"], "0 characters", id="the question itself"),
        pytest.param("yes " * 40, "one word", id="one word"),
        pytest.param("localized, at the edges of dies", "", id="31 characters"),
        pytest.param("localized, at edges of the die", "30 characters", id="30 characters"),
    ],
)
def test_an_answer_that_is_none_is_named(text: Any, word: str) -> None:
    """Does the table say why a text does not count as an answer, and only then?"""
    assert word in answered(q3_localized_or_global=text).get("q3_localized_or_global", "")
    assert bool(answered(q3_localized_or_global=text)) == bool(word)


def test_one_text_may_not_answer_everything() -> None:
    """Does a text count that answers two questions, and none that answers three?"""
    assert answered(**dict.fromkeys(KEYS[:2], TEXT)) == {}
    assert set(answered(**dict.fromkeys(KEYS[:3], TEXT))) == set(KEYS[:3])


def test_no_dict_is_one_sentence() -> None:
    """Is a list, or nothing at all, told what was expected?"""
    seen = ANSWERS.probe({"answer_eda_questions": lambda: [TEXT] * 4}, Case(1))
    assert all("expected a dict with the keys" in finding.found for finding in ANSWERS.judge(seen, {}))


def test_visible_check_prints_and_raises(capsys: pytest.CaptureFixture[str]) -> None:
    """Does a student see a table, an error when something is wrong, and a quiet line before answering?"""
    assert STATISTICS.check(right) is None
    assert "8 of 8 checks passed" in capsys.readouterr().out
    with pytest.raises(CheckFailed, match="1 of 8"):
        STATISTICS.check(with_change(auroc=lambda x: 0.5))

    def unanswered(*images: Any) -> Any:
        raise NotImplementedError

    assert STATISTICS.check(unanswered) == 0
    assert ANSWERS.check(unanswered) == 0
    assert capsys.readouterr().out.count("not yet answered") == 2
