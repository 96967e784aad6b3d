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
from waferlab.checks.error_analysis.categorize_failure_modes import KEYS, first_named
from waferlab.checks.error_analysis.failures import ANOMALIES, NORMAL, main_failures, tied_failures


def right_modes(missed: Any, alarms: Any, scores: Any, test: Any, labels: Any, names: Any) -> dict[str, Any]:
    """A right answer to Task 1, by counting."""
    classes = [names[test[i][1]] for i in range(len(test))]
    counts = {name: sum(classes[i] == name for i in missed) for name in names}
    hardest = sorted((name for name in names if counts[name]), key=lambda name: -counts[name] / classes.count(name))[:3]
    return {
        "fn_by_class": counts,
        "top_3_failure_modes": [f"{name}: {counts[name]} missed" for name in hardest],
        "mitigations": [f"another augmentation for {name}" for name in hardest],
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
    """Would an answer that ranks by counts, or by mean scores, always be told from one that ranks by rates?"""
    failures = main_failures(Case(seed).rng(1))
    classes = np.flatnonzero(failures.total)
    rates = failures.missed[classes] / failures.total[classes]
    scores = np.array([failures.scores[failures.classes == one].mean() for one in classes])
    hardest, *others = (set(classes[np.argsort(-of)][:3]) for of in (rates, failures.missed[classes], -scores))
    assert hardest not in others
    assert np.diff(np.sort(rates)[-4:]).min() > 0.09


@pytest.mark.parametrize("seed", range(5))
def test_what_is_planted(seed: int) -> None:
    """Are all positions valid, scores different and on their side, and does one class never get missed?"""
    failures = main_failures(Case(seed).rng(1))
    assert (failures.labels[failures.false_negatives] == 1).all()
    assert (failures.labels[failures.false_positives] == 0).all()
    reported = np.isin(np.arange(len(failures.labels)), failures.false_negatives) ^ (failures.labels == 1)
    reported[failures.false_positives] = True
    assert np.array_equal(failures.scores > 0.5, reported)
    assert len(np.unique(failures.scores)) == len(failures.scores)
    assert ((failures.total > 0) & (failures.missed == 0)).sum() == 1


@pytest.mark.parametrize(
    ("key", "change"),
    [
        pytest.param("top_3_failure_modes", tuple, id="tuple of texts"),
        pytest.param("top_3_failure_modes", lambda texts: np.array(texts, dtype=str), id="array of texts"),
        pytest.param("top_3_failure_modes", lambda texts: texts[::-1], id="the other way round"),
        pytest.param("top_3_failure_modes", lambda t: [one.split(":")[0] for one in t], id="bare names"),
        pytest.param(
            "top_3_failure_modes", lambda t: [f"{one}, like {NORMAL}" for one in t], id="with the normal class"
        ),
        pytest.param("top_3_failure_modes", lambda t: (t + ["none"] * 3)[:3], id="filled up"),
        pytest.param("fn_by_class", lambda t: {np.str_(k): np.int32(v) for k, v in t.items()}, id="NumPy names"),
        pytest.param("fn_by_class", lambda t: {k: torch.tensor(v) for k, v in t.items()}, id="tensors"),
        pytest.param("fn_by_class", lambda t: {k: v for k, v in t.items() if v}, id="missed classes only"),
        pytest.param("mitigations", lambda texts: dict(enumerate(texts)), id="a dict of texts"),
        pytest.param("mitigations", lambda _: ["an ensemble", "a U-Net", "an ensemble"], id="two of a kind"),
    ],
)
def test_both_readings_pass(key: str, change: Callable[[Any], Any]) -> None:
    """Does it matter in what type the entries come, or what is left open?"""
    assert failed(MODES, with_entry(key, change)) == {}


@pytest.mark.parametrize(
    ("change", "found"),
    [
        pytest.param(lambda result: None, "a NoneType instead of a dict", id="return forgotten"),
        pytest.param(lambda result: [*result.values()], "a list instead of a dict", id="list"),
        pytest.param(lambda r: {"fn_by_class": r["fn_by_class"]}, "without 'top_3_failure_modes'", id="key"),
        pytest.param(lambda r: {**r, "fn_by_class": [1]}, "fn_by_class is a list", id="list for a table"),
        pytest.param(lambda r: {**r, "fn_by_class": {3: 1}}, "the key '3', a int", id="numbers as keys"),
        pytest.param(lambda r: {**r, "fn_by_class": {"Bag": "two"}}, "expected numbers", id="text as a count"),
        pytest.param(lambda r: {**r, "top_3_failure_modes": "Bag"}, "modes is a str", id="one name"),
        pytest.param(lambda r: {**r, "top_3_failure_modes": [("Bag", 0.5)]}, "a list with a tuple", id="pairs"),
        pytest.param(
            lambda r: {**r, "mitigations": (one for one in "abc")}, "mitigations is a generator", id="generator"
        ),
    ],
)
def test_other_results_are_explained(change: Callable[[Any], Any], found: str) -> None:
    """Does the table say what is wrong with the form of the result?"""
    assert found in failed(MODES, lambda *args: change(right_modes(*args)))["results"].found


def by_count(*args: Any) -> dict[str, Any]:
    """The classes with the most misses."""
    result = right_modes(*args)
    counts = result["fn_by_class"]
    return {**result, "top_3_failure_modes": sorted((n for n in counts if counts[n]), key=lambda n: -counts[n])[:3]}


@pytest.mark.parametrize(
    ("answer", "name", "hint"),
    [
        pytest.param(by_count, "hardest", "divide by their images", id="by count"),
        pytest.param(
            with_entry("top_3_failure_modes", lambda t: ["dark images"] * len(t)),
            "hardest",
            "no class",
            id="none",
        ),
        pytest.param(with_entry("top_3_failure_modes", lambda t: t[:1] * 3), "hardest", "different", id="one thrice"),
        pytest.param(with_entry("top_3_failure_modes", lambda t: t[:2]), "hardest", "2 strings", id="two"),
        pytest.param(with_entry("top_3_failure_modes", lambda t: t * 2), "hardest", "more than 3", id="six"),
        pytest.param(with_entry("fn_by_class", lambda t: {}), "counts", "no entry for", id="no counts"),
        pytest.param(with_entry("fn_by_class", lambda t: {**t, "dust": 0}), "counts", "is no class", id="dust"),
        pytest.param(with_entry("fn_by_class", lambda t: {**t, NORMAL: 1}), "counts", "1 misses of", id="one too many"),
        pytest.param(with_entry("mitigations", lambda t: t[:1]), "mitigations", "1 strings", id="one mitigation"),
        pytest.param(with_entry("mitigations", lambda t: [" "] * 3), "mitigations", "empty", id="blank"),
        pytest.param(with_entry("mitigations", lambda t: ["more data"] * 3), "mitigations", "same", id="the same"),
    ],
)
def test_wrong_answers_are_explained(answer: Callable[..., Any], name: str, hint: str) -> None:
    """Does the message name the mistake?"""
    assert hint in failed(MODES, answer)[name].found


@pytest.mark.parametrize(
    ("text", "name"),
    [
        pytest.param("Shirt", "Shirt", id="the name"),
        pytest.param("most SHIRTS (88 %), like coats", "Shirt", id="a plural, and another class behind it"),
        pytest.param("T-shirt/Top", NORMAL, id="a name within a name"),
        pytest.param("a t-shirt", None, id="part of a name"),
        pytest.param("ankle boots: 3 of 4", "Ankle boot", id="two words"),
        pytest.param("bagging", None, id="part of a word"),
        pytest.param("", None, id="nothing"),
    ],
)
def test_the_class_that_a_text_names(text: str, name: str | None) -> None:
    """Is a class found in a sentence, and not in parts of other words?"""
    assert first_named(text, (NORMAL, *ANOMALIES)) == name


def test_any_two_of_three_tied_classes_may_be_listed() -> None:
    """Are all choices among ties right, and a class of lower rate wrong?"""
    failures = tied_failures(Case(5).rng(4))
    counts = {failures.names[i]: failures.missed[i] / failures.total[i] for i in np.flatnonzero(failures.missed)}
    first, second, third, fourth, last = sorted(counts, key=lambda name: -counts[name])
    seen = observe(MODES, right_modes)
    for listed, right in (
        ([first, second, third], True),
        ([fourth, first, third], True),
        ([second, third, fourth], False),
        ([first, second, last], False),
        ([first, second], False),
        ([first, second, second], False),
    ):
        changed = {**seen, "ties.top_3_failure_modes": listed}
        finding = next(one for one in MODES.judge(changed, expectation(MODES.name)) if one.name == "hardest")
        assert finding.passed is right, listed


def test_changes_are_seen_wherever_they_are_made() -> None:
    """Does an answer that writes into an image of the data set, or into a list, lose the check?"""

    def into_images(*args: Any) -> Any:
        args[3][0][0].zero_()
        return right_modes(*args)

    def into_names(*args: Any) -> Any:
        result = right_modes(*args)
        args[5].append("dust")
        return result

    for answer in (into_images, into_names):
        assert set(failed(MODES, answer)) == {"unchanged"}


@pytest.mark.parametrize("task", [MODES, HEAT], ids=["modes", "heat"])
@pytest.mark.parametrize(
    "seen",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"main.error": 3, "one-channel.error": 3}, id="an odd error"),
        pytest.param({f"main.{key}": "x" for key in KEYS} | {"wafers.heat": "x"}, id="text"),
        pytest.param({f"main.{key}": {"a": None} for key in KEYS} | {"wafers.heat": [[]]}, id="tables"),
        pytest.param({f"none.{key}": [None, 3] for key in KEYS} | {"wafers.heat": np.nan}, id="lists"),
        pytest.param({f"ties.{key}": ["x" * 10**6] * 9 for key in KEYS}, id="long texts"),
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
    with pytest.raises(CheckFailed, match="1 of 6"):
        MODES.check(with_entry("mitigations", lambda texts: ["more data"] * 3))
    assert "not yet answered" in capsys.readouterr().out
