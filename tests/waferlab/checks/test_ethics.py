"""Do the visible checks of assignment 09 see what a program can see of an essay, and no more than that?"""

from __future__ import annotations

from typing import Any

import pytest
from waferlab.checks import ethics
from waferlab.checks.core import Case, CheckFailed, Finding

TASK = ethics.TASKS["ethical_impact_assessment"]
#: Sentences of 13 words each, no seven of which stand in a row twice.
OWN = [f"In week {n} we found that tool {n + 100} of line {n + 200} was late." for n in range(30)]


def findings(result: Any) -> dict[str, Finding]:
    """The findings about a function that returns `result`, by name."""
    seen = TASK.probe({"ethical_impact_assessment": lambda: result}, Case(1))
    return {finding.name: finding for finding in TASK.judge(seen, {})}


@pytest.mark.parametrize(
    ("words", "passed"),
    [
        pytest.param(299, False, id="one too few"),
        pytest.param(300, True, id="the least"),
        pytest.param(500, True, id="the most"),
        pytest.param(501, False, id="one too many"),
    ],
)
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
    ],
)
def test_only_text_is_an_assessment(result: Any, found: str) -> None:
    """Does every finding say what was returned instead of a text?"""
    assert all(not finding.passed and found in finding.found for finding in findings(result).values())


def test_a_function_that_raises_is_told_so() -> None:
    """Does the error reach the table?"""

    def answer() -> str:
        raise ValueError("no idea")

    seen = TASK.probe({"ethical_impact_assessment": answer}, Case(1))
    assert all("ValueError: no idea" in finding.found for finding in TASK.judge(seen, {}))


def test_unanswered_is_not_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    """Does the release's placeholder say so and let the notebook go on?"""

    def answer() -> str:
        raise NotImplementedError

    assert TASK.check(answer) == 0
    assert "not yet answered" in capsys.readouterr().out


def test_the_visible_check_raises_and_says_which_words_count(capsys: pytest.CaptureFixture[str]) -> None:
    """Does a text without the themes stop the cell, with a way to find the words that count?"""
    with pytest.raises(CheckFailed, match="4 of 6"):
        TASK.check(lambda: " ".join(OWN))
    assert 'vocabulary("jobs")' in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        pytest.param("One. Two! Three?", 3, id="punctuation"),
        pytest.param("a sentence that was\nbroken into lines\nby hand", 1, id="wrapped lines"),
        pytest.param("# Head\ntext\n\n- one\n- two\n* three\n1. four\n(b) five", 7, id="headings and lists"),
        pytest.param("He said “no.” She said “yes.”", 2, id="quotation marks"),
        pytest.param("It costs 1.5 million, i.e. too much", 2, id="an abbreviation splits, which does no harm"),
        pytest.param("  \n\n --- \n", 0, id="nothing"),
    ],
)
def test_sentences(text: str, sentences: int) -> None:
    """Are headings and the items of lists sentences, and wrapped lines not?"""
    assert len(ethics.sentences_of(text)) == sentences


def test_repetition_is_put_aside() -> None:
    """Do equal sentences, and sentences that differ in one word, count once?"""
    sentence = "A missed fault may hurt somebody who relies on number {} for the rest of a long life."
    assert len(ethics.own_sentences(" ".join([sentence.format(n) for n in range(9)]), [])) == 1
    assert len(ethics.own_sentences("Jobs. Jobs. They matter. They matter.", [])) == 2


def test_copied_sentences_are_put_aside_and_short_quotes_are_not() -> None:
    """Is a sentence of the brief not the student's own, while six words of it within an own sentence are?"""
    question = ethics.THEMES[2].question
    own = "I ask what becomes of the 28 inspectors when the queue is short, for nobody has told them yet."
    assert ethics.own_sentences(f"{question}\n\n{own}", [ethics.brief()]) == [own]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("job, jobs, jobless", {"job*"}, id="any ending, one entry"),
        pytest.param("Lay-offs; lay offs", {"lay off*"}, id="hyphen or space"),
        pytest.param("labour", {"labour*"}, id="British"),
        pytest.param("labor", {"labor"}, id="American"),
        pytest.param("**Jobs** and _wages_", {"job*", "wage*"}, id="Markdown"),
        pytest.param("the works\n  council", {"works council*"}, id="broken line"),
        pytest.param("enjoyable, payload", set(), id="parts of other words"),
    ],
)
def test_words_of_a_theme(text: str, found: set[str]) -> None:
    """Is a word recognised in any spelling, and not inside another word?"""
    assert ethics.theme_words(text, ethics.BY_NAME["jobs"]) == found


def test_a_text_is_read_once_for_all_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Are a text's own sentences found once for its six checks, and anew for the next text?"""
    read: list[str] = []
    monkeypatch.setattr(ethics, "own_sentences", lambda text, given: read.append(text) or [text])
    findings("one")
    findings("two")
    assert read == ["one", "two"]


def test_a_theme_needs_several_words_in_several_sentences() -> None:
    """Are three words in one sentence, or one word in three sentences, too little?"""

    def passed(text: str) -> bool:
        return findings(text)["jobs"].passed

    assert not passed("Jobs, wages and careers change.")
    assert not passed("Jobs change. The jobs go. No jobs stay.")
    assert passed("Jobs change. Wages fall, and careers end.")


def test_every_theme_recognises_its_own_name() -> None:
    """Would a text that uses the theme's title be seen to speak of it?"""
    assert all(ethics.theme_words(theme.title, theme) for theme in ethics.THEMES)


def test_an_unknown_theme_is_named() -> None:
    """Does a wrong name get a sentence that lists the right ones?"""
    with pytest.raises(ValueError, match="'job': expected one of misses, reliance, jobs, errors"):
        ethics.vocabulary("job")


@pytest.mark.parametrize(
    "seen",
    [{}, {"text": 3}, {"text": ["a"], "type": "str"}, {"type": "x" * 9999}, {"call.error": 5}, {"text": "\x00" * 99}],
    ids=["nothing", "number", "list", "long type", "odd error", "zeros"],
)
def test_hostile_observations_are_judged(seen: dict[str, Any]) -> None:
    """Does any plain data lead to findings, none of them right?"""
    assert not any(finding.passed for finding in TASK.judge(seen, {}))


def test_a_huge_text_is_cut() -> None:
    """Does a text of megabytes neither pass the length nor cross whole?"""
    seen = TASK.probe({"ethical_impact_assessment": lambda: "word " * 10**6}, Case(1))
    assert len(seen["text"]) == ethics.MAX_CHARACTERS
    assert not any(finding.passed for finding in TASK.judge(seen, {}))
