"""Do the visible checks of assignment 07 accept every right answer, and explain every wrong one?"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
from waferlab.checks.core import Case, CheckFailed, Finding, Observation
from waferlab.checks.error_analysis import HEATMAP as HEAT
from waferlab.checks.error_analysis import MODES, TASKS
from waferlab.checks.error_analysis.categorize_failure_modes import KEYS, listed_fault, main_failures, tied_failures
from waferlab.checks.error_analysis.error_heatmap import pixel_auroc


def right_modes(missed: Any, alarms: Any, scores: Any, test: Any, labels: Any, names: Any) -> dict[str, Any]:
    """A right answer to Task 1, by counting."""
    classes = [names[int(number)] for number in test.classes]
    anomalies = [name for name, label in zip(classes, labels, strict=True) if label]
    counts = {name: sum(classes[i] == name for i in missed) for name in set(anomalies)}
    rates = {name: count / anomalies.count(name) for name, count in counts.items()}
    return {
        "missed_by_class": counts,
        "miss_rate_by_class": rates,
        "hardest_classes": sorted((name for name in rates if rates[name]), key=lambda name: -rates[name])[:3],
        "false_alarm_rate": len(alarms) / sum(label == 0 for label in labels),
        "worst_false_negatives": sorted(missed, key=lambda i: scores[i]),
        "worst_false_positives": sorted(alarms, key=lambda i: -scores[i]),
    }


def right_heat(x: torch.Tensor, x_recon: torch.Tensor) -> torch.Tensor:
    """A right answer to Task 2."""
    return ((x - x_recon) ** 2).mean(1)


def observe(task: Any, answer: Callable[..., Any], seed: int = 5, dtype: Any = "float32") -> Observation:
    """What the probe sees in an answer."""
    return task.probe({task.name: answer}, Case(seed, dtype))


@cache
def expectation(name: str, seed: int = 5) -> Observation:
    """What a right answer gives in float64."""
    return observe(TASKS[name], right_modes if name == MODES.name else right_heat, seed, "float64")


def failed(task: Any, answer: Callable[..., Any], seed: int = 5) -> dict[str, Finding]:
    """The findings that are wrong, by name."""
    findings = task.judge(observe(task, answer, seed), expectation(task.name, seed))
    return {finding.name: finding for finding in findings if not finding.passed}


def with_entry(key: str, change: Callable[[Any], Any]) -> Callable[..., Any]:
    """A right answer to Task 1, one entry of which goes through `change`."""

    def answer(*args: Any) -> Any:
        result = right_modes(*args)
        return {**result, key: change(result[key])}

    return answer


@pytest.mark.parametrize("seed", range(20))
def test_right_answers_pass_for_every_seed(seed: int) -> None:
    """Do counting by hand and a squared difference pass whatever is planted?"""
    assert failed(MODES, right_modes, seed) == {}
    assert failed(HEAT, right_heat, seed) == {}


@pytest.mark.parametrize("seed", range(20))
def test_counts_and_rates_rank_differently(seed: int) -> None:
    """Would an answer that ranks by counts always be told from one that ranks by rates?"""
    failures = main_failures(Case(seed).rng(1))
    classes = np.flatnonzero(failures.total)
    rates = failures.missed[classes] / failures.total[classes]
    by_rate, by_count = (classes[np.argsort(-values)][:3].tolist() for values in (rates, failures.missed[classes]))
    assert set(by_rate) != set(by_count)
    assert np.diff(np.sort(rates)[-4:]).min() > 0.09


@pytest.mark.parametrize("seed", range(5))
def test_what_is_planted(seed: int) -> None:
    """Are all positions valid, scores different, class 0 empty, and does one class beside it never get missed?"""
    failures = main_failures(Case(seed).rng(1))
    assert (failures.labels[failures.false_negatives] == 1).all() and (
        failures.labels[failures.false_positives] == 0
    ).all()
    assert len(np.unique(failures.scores)) == len(failures.scores)
    assert failures.total[0] == 0 and 0 not in failures.classes
    assert ((failures.total > 0) & (failures.missed == 0)).sum() == 1


@pytest.mark.parametrize(
    ("key", "change"),
    [
        pytest.param("hardest_classes", tuple, id="tuple of names"),
        pytest.param("hardest_classes", lambda names: np.array(names, dtype=str), id="array of names"),
        pytest.param("missed_by_class", lambda t: {np.str_(k): np.int32(v) for k, v in t.items()}, id="NumPy names"),
        pytest.param("miss_rate_by_class", lambda t: {k: torch.tensor(v) for k, v in t.items()}, id="tensors, float32"),
        pytest.param("false_alarm_rate", lambda rate: torch.tensor([rate]), id="tensor of one"),
        pytest.param("worst_false_negatives", lambda p: torch.tensor([int(i) for i in p]), id="tensor of positions"),
        pytest.param("worst_false_positives", np.array, id="array, of type float64 when empty"),
        pytest.param("worst_false_negatives", lambda p: np.array(p, object if not p else int), id="empty of objects"),
    ],
)
def test_any_kind_of_number_is_read(key: str, change: Callable[[Any], Any]) -> None:
    """Does it matter in what type the entries come?"""
    assert failed(MODES, with_entry(key, change)) == {}


@pytest.mark.parametrize(
    ("change", "found"),
    [
        pytest.param(lambda result: None, "a NoneType instead of a dict", id="return forgotten"),
        pytest.param(lambda result: [*result.values()], "a list instead of a dict", id="list"),
        pytest.param(
            lambda r: {k: v for k, v in r.items() if k != "false_alarm_rate"}, "without 'false_alarm_rate'", id="key"
        ),
        pytest.param(lambda r: {**r, "missed_by_class": [1]}, "missed_by_class is a list", id="list for a table"),
        pytest.param(lambda r: {**r, "missed_by_class": {3: 1}}, "the key '3', a int", id="numbers as keys"),
        pytest.param(lambda r: {**r, "hardest_classes": "pit"}, "hardest_classes is a str", id="one name"),
        pytest.param(lambda r: {**r, "hardest_classes": [("pit", 0.5)]}, "a list with a tuple", id="pairs"),
        pytest.param(lambda r: {**r, "false_alarm_rate": [0.1, 0.2]}, "shape (2,)", id="two rates"),
        pytest.param(lambda r: {**r, "worst_false_negatives": [[1], [2]]}, "shape (2, 1)", id="column"),
        pytest.param(lambda r: {**r, "worst_false_positives": "none"}, "expected numbers", id="text"),
    ],
)
def test_other_results_are_explained(change: Callable[[Any], Any], found: str) -> None:
    """Does the table say what is wrong with the form of the result?"""
    assert found in failed(MODES, lambda *args: change(right_modes(*args)))["results"].found


@pytest.mark.parametrize(
    ("change", "hint"),
    [
        pytest.param(lambda t: {k: 100 * v for k, v in t.items()}, "percentages", id="percent"),
        pytest.param(lambda t: {k: 1 - v for k, v in t.items()}, "found", id="hits"),
        pytest.param(lambda t: dict.fromkeys(t, np.nan), "Over what is it?", id="NaN"),
        pytest.param(lambda t: {**t, "dust": 0.0}, "'dust', which has no anomalies", id="another class"),
        pytest.param(lambda t: {k: v for k, v in t.items() if v}, "never missed gets 0", id="zeros left out"),
    ],
)
def test_wrong_rates_are_explained(change: Callable[[Any], Any], hint: str) -> None:
    """Does the message name the mistake that the numbers give away?"""
    assert hint in failed(MODES, with_entry("miss_rate_by_class", change))["rates"].found


def test_either_of_two_tied_classes_may_be_listed() -> None:
    """Are both orders of a tie right, and a class of lower rate wrong?"""
    failures = tied_failures(Case(5).rng(4))
    counts = {failures.names[i]: failures.missed[i] / failures.total[i] for i in np.flatnonzero(failures.missed)}
    first, second, third, last = sorted(counts, key=lambda name: -counts[name])
    seen = observe(MODES, right_modes)
    for listed, right in (
        ([first, second, third], True),
        ([first, third, second], True),
        ([second, first, third], False),
        ([first, second, last], False),
        ([first, second], False),
        ([first, second, second], False),
    ):
        changed = {**seen, "ties.got.hardest_classes": listed}
        finding = next(one for one in MODES.judge(changed, expectation(MODES.name)) if one.name == "hardest")
        assert finding.passed is right, listed


def test_tie_at_the_last_place() -> None:
    """May either of two classes take the third place?"""
    expected = {"ties.names": ["n", "a", "b", "c", "d"], "ties.missed": [0, 3, 2, 1, 1], "ties.total": [0, 4, 4, 4, 4]}
    for last in "cd":
        assert listed_fault({"ties.got.hardest_classes": ["a", "b", last]}, expected, "ties") is None


@pytest.mark.parametrize("task", [MODES, HEAT], ids=["modes", "heat"])
@pytest.mark.parametrize(
    "seen",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"main.error": 3, "one-channel.error": 3}, id="an odd error"),
        pytest.param({f"main.got.{key}": "x" for key in KEYS} | {"wafers.heat": "x"}, id="text"),
        pytest.param({f"main.got.{key}": {"a": None} for key in KEYS} | {"wafers.heat": [[]]}, id="tables"),
        pytest.param({f"none.got.{key}": [None, 3] for key in KEYS} | {"wafers.heat": np.nan}, id="lists"),
    ],
)
def test_hostile_observations_are_judged(task: Any, seen: Observation) -> None:
    """Does any plain data lead to findings, none of them right?"""
    assert not any(finding.passed for finding in task.judge(seen, expectation(task.name)))


@pytest.mark.parametrize(
    ("answer", "name", "hint"),
    [
        pytest.param(lambda x, r: (x - r).abs().mean(1), "values", "absolute difference", id="absolute"),
        pytest.param(lambda x, r: (x - r).mean(1), "values", "never negative", id="signed"),
        pytest.param(lambda x, r: (x - r).pow(2).sum(1), "channels", "summed", id="sum"),
        pytest.param(lambda x, r: (x - r).pow(2), "shape", "(4, 1,", id="channel kept"),
        pytest.param(lambda x, r: None, "shape", "NoneType", id="nothing"),
        pytest.param(lambda x, r: x.sub_(r).pow(2).mean(1), "unchanged", "changed", id="in place"),
        pytest.param(lambda x, r: torch.ones(len(x), *x.shape[2:]), "masks", "pixel AUROC 0.500", id="constant"),
    ],
)
def test_wrong_heatmaps_are_explained(answer: Callable[..., Any], name: str, hint: str) -> None:
    """Does the message name the mistake?"""
    assert hint in failed(HEAT, answer)[name].found


def test_pixel_auroc_is_scikit_learns() -> None:
    """Is the judge's own pixel AUROC the one that the notebook computes, ties included?"""
    from sklearn.metrics import roc_auc_score

    rng = np.random.default_rng(1)
    masks, heat = rng.integers(0, 2, 500), rng.integers(0, 40, 500) / 40
    assert pixel_auroc(masks, heat) == pytest.approx(roc_auc_score(masks, heat), abs=1e-12)


def test_the_drawn_defects_are_there_to_be_found() -> None:
    """Does the plain reconstruction of the probe leave an error that is hotter at the defects, but far from perfect?"""
    assert 0.6 < expectation(HEAT.name)["wafers.auroc"] < 0.95


def test_the_visible_checks_run_in_a_notebook(capsys: pytest.CaptureFixture[str]) -> None:
    """Do both checks accept right answers, raise on wrong ones, and wait for unanswered ones?"""

    def unanswered(*args: Any) -> Any:
        raise NotImplementedError

    assert MODES.check(right_modes) is None
    assert HEAT.check(right_heat) is None
    assert MODES.check(unanswered) == HEAT.check(unanswered) == 0
    with pytest.raises(CheckFailed, match="1 of 8"):
        MODES.check(with_entry("false_alarm_rate", lambda rate: 0.123))
    assert "not yet answered" in capsys.readouterr().out
