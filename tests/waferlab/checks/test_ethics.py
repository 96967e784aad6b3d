"""Do the visible checks of assignment 09 see what a program can see of an essay, and no more than that?"""

from __future__ import annotations

import random
import time
from typing import Any

import pytest
from waferlab.checks import ethics
from waferlab.checks.core import Case, CheckFailed, Finding
from waferlab.checks.plain import MAX_TEXT

from autograder.banks import entries
from autograder.base.course import find_course

COURSE = find_course()
ESSAY = next(one.source for one in entries(COURSE, COURSE.assignment("ethics")) if one.name == "british_prose")
TASK = ethics.TASKS["ethical_impact_assessment"]
#: 20,000 characters that might keep a reader busy.
HOSTILE = {
    "letters and spaces": "a " * (MAX_TEXT // 2),
    "line ends": "\n" * MAX_TEXT,
    "hyphens": "a-" * (MAX_TEXT // 2),
    "apostrophes": "a'" * (MAX_TEXT // 2),
    "spaces": "a." + " " * (MAX_TEXT - 3) + "b",
    "soft hyphens": "\u00ad" * MAX_TEXT,
    "other words": " ".join(f"{number:x}" for number in range(MAX_TEXT // 5)),
}


def findings(result: Any) -> dict[str, Finding]:
    """The findings about a function that returns `result`, by name."""
    seen = TASK.probe({"ethical_impact_assessment": lambda: result}, Case(1))
    return {finding.name: finding for finding in TASK.judge(seen, {})}


def essay() -> str:
    """A right answer's text."""
    names: dict[str, Any] = {}
    exec(ESSAY, names)
    return names["ethical_impact_assessment"]()


@pytest.mark.parametrize(("words", "passed"), [(299, False), (300, True), (500, True), (501, False)])
def test_words_are_counted_by_whitespace(words: int, passed: bool) -> None:
    """Are both limits part of the allowed length, and does a word with a hyphen or an apostrophe count once?"""
    finding = findings("it's well-known\n\t " * (words // 2) + "so" * (words % 2))["length"]
    assert finding.passed is passed
    assert finding.found == ("right" if passed else f"{words} words")


@pytest.mark.parametrize(
    ("result", "found"),
    [
        pytest.param(None, "a NoneType (printed instead of returned?)", id="printed"),
        pytest.param(["one", "two"], "a list", id="list"),
        pytest.param(b"text", "a bytes", id="bytes"),
        pytest.param(object(), "a object", id="anything"),
    ],
)
def test_only_text_is_an_assessment(result: Any, found: str) -> None:
    """Does every finding say what was returned instead of a text?"""
    assert all(not finding.passed and found in finding.found for finding in findings(result).values())


def test_unanswered_is_not_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    """Does the release's placeholder say so and let the notebook go on?"""

    def answer() -> str:
        raise NotImplementedError

    assert TASK.check(answer) == 0
    assert "not yet answered" in capsys.readouterr().out


def test_the_visible_check_raises_and_says_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    """Does a text of the right length that repeats itself stop the cell, with the number of words that are left?"""
    with pytest.raises(CheckFailed, match="1 of 2"):
        TASK.check(lambda: "We should care. " * 120)
    assert "words are left without those that were copied or repeated" in capsys.readouterr().out


def test_repetition_is_put_aside() -> None:
    """Do equal sentences, however short, and most of those that differ in one word, count once?"""
    assert len(ethics.own_words("They matter. " * 50, [])) <= ethics.RUN + 1
    sentence = "A missed fault may hurt somebody who relies on number {} for the rest of a long and happy life."
    assert len(ethics.own_words(" ".join(sentence.format(n) for n in range(50)), [])) < 3 * len(sentence.split()) + 50


def test_copied_words_are_put_aside_and_short_quotes_are_not() -> None:
    """Is a sentence of the brief not the student's own, while six words of it within an own sentence are?"""
    question = ethics.THEMES["Automation bias"]
    own = "I ask what a machine that is mostly wrong would do to them, for nobody has told me yet."
    assert ethics.own_words(f"{question}\n\n{own}", [ethics.brief()]) == ethics.words_of(own)


def test_the_brief_names_all_that_the_case_asks() -> None:
    """Do the four questions name the numbers and the standards that an assessment has to speak of?"""
    wanted = ("FNR", "22 %", "always agree", "80 %", "28 inspectors", "ISO 9001", "IATF 16949")
    assert [one for one in wanted if one not in ethics.brief()] == []
    assert all(one in ethics.brief() for one in ("validation", "change management", "traceability", "recertification"))


@pytest.mark.parametrize(
    "seen",
    [{}, {"text": 3}, {"text": ["a"]}, {"kind": "x" * 9999}, {"call.error": 5}, {"text": "\x00" * 99}],
    ids=["nothing", "number", "list", "long kind", "odd error", "zeros"],
)
def test_hostile_observations_are_judged(seen: dict[str, Any]) -> None:
    """Does any plain data lead to findings, none of them right?"""
    assert not any(finding.passed for finding in TASK.judge(seen, {}))


def test_the_time_grows_with_the_length_alone() -> None:
    """Does each hostile text of 20,000 characters take about as much longer than an essay as it is longer?"""

    def seconds(text: str) -> float:
        taken = []
        for _ in range(5):
            start = time.perf_counter()
            TASK.judge({"text": text}, {"given": [text]})
            taken.append(time.perf_counter() - start)
        return min(taken)

    usual = seconds(essay()) * MAX_TEXT / len(essay())
    words = random.Random(1).choices(ethics.words_of(essay()), k=MAX_TEXT // 5)
    texts = HOSTILE | {"shuffled words": " ".join(words)[:MAX_TEXT]}
    assert {name: ratio for name, text in texts.items() if (ratio := seconds(text) / usual) > 10} == {}
