"""Visible checks of assignment 09: is there a text of the asked length, in words of the student's own?

A program cannot judge an argument, and these checks do not try: a person marks the assessment by the notebook's rubric.
They look for what a program can see. Runs of words that stand in what students are given, and runs that only repeat
earlier ones, are put aside; what is left has to be enough, and to look like English.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from waferlab.checks.bench import Bench
from waferlab.checks.core import Case, Check, Observation, Task, by_name, error_of, once, scenario
from waferlab.checks.plain import MAX_TEXT, kind_of

MIN_WORDS, MAX_WORDS = 300, 500
#: So many words of a person's own: four fifths of the least length, which leaves room to quote questions as headings.
MIN_OWN_WORDS = 240
#: Words are another text's when a run of so many stands there as well.
RUN = 7
#: Of English prose, and of a list of keywords. The least of the right answers of the bank: 0.39 and 206.
MIN_LITTLE_WORDS, MIN_DIFFERENT = 0.2, 90

LITTLE_WORDS = frozenset(
    re.findall(
        r"\w+",
        """a all also an and any are as at be because been both but by can could do does each every for from had has
        have he her his how if in into is it its itself may more most must no nobody nor not of on one only or other
        our out over she should so some such than that the their them then there these they this those to under until
        was we were what when where which while who whose will with would you""",
    )
)

#: The four themes of the assessment, as the notebook prints them.
THEMES: dict[str, str] = {
    "Failure-mode impact": (
        "What happens downstream when a faulty automotive chip is passed? How does the rate of misses (FNR) compare "
        "with the 22 % of pictures on which two inspectors disagree?"
    ),
    "Automation bias": (
        "What does a machine that is mostly right do to the judgement of the people beside it? Should they see the "
        "score? What if they always agree with it?"
    ),
    "Worker displacement": (
        "80 % of the inspections would be automated: what becomes of the 28 inspectors, in which phases, and who "
        "decides?"
    ),
    "Regulatory compliance": (
        "What do ISO 9001 and IATF 16949 ask for: a validation protocol, change management, traceability, "
        "recertification?"
    ),
}


def brief() -> str:
    """The four themes and their questions, one a line."""
    return "\n".join(f"{number}. {title}: {asks}" for number, (title, asks) in enumerate(THEMES.items(), 1))


# --- reading a text ----------------------------------------------------------------------------------------------


def words_of(text: str) -> list[str]:
    """The words of a text, in lower case, without punctuation and the signs of Markdown.

    >>> words_of("A **miss**\u2014then: the inspector\u2019s 22 of 100!")
    ['a', 'miss', 'then', 'the', "inspector's", '22', 'of', '100']
    """
    text = re.sub("[\u2018\u2019\u02bc]", "'", text.replace("\u00ad", "").lower())
    return re.findall(r"[^\W_]+(?:['\u2010\u2011-][^\W_]+)*", text)


def runs_of(words: Sequence[str]) -> Iterable[tuple[str, ...]]:
    """All runs of `RUN` words in a row."""
    return zip(*(words[start:] for start in range(RUN)), strict=False)


def own_words(text: str, given: Iterable[str]) -> list[str]:
    """The words of a text that lie in no run of a given text, nor in a run that stood earlier in the text itself.

    Args:
        text: the assessment.
        given: what students have before them.

    >>> own_words("It is not that we do not care; it is not that we do not care.", [])
    ['it', 'is', 'not', 'that', 'we', 'do', 'not', 'care']
    """
    known = {run for one in given for run in runs_of(words_of(one))}
    words = words_of(text)
    own = [True] * len(words)
    for start, run in enumerate(runs_of(words)):
        if run in known:
            own[start : start + RUN] = [False] * RUN
        known.add(run)
    return [word for word, mine in zip(words, own, strict=True) if mine]


# --- probe and faults --------------------------------------------------------------------------------------------


def probe_assessment(bench: Bench, case: Case) -> Observation:
    """Call the function once and note its text, or what it returned instead."""
    seen: Observation = {}
    with scenario(seen, "call"):
        result = bench.call("ethical_impact_assessment")
        if isinstance(result, str):
            seen["text"] = result
        else:
            seen["kind"] = kind_of(result)
    return seen


def no_text(seen: Observation) -> str | None:
    """Why there is no text to judge, in words; None when there is one."""
    if error := error_of(seen, "call"):
        return f"raised {error}"
    if isinstance(seen.get("text"), str):
        return None
    kind = str(seen.get("kind", "NoneType"))[:50]
    return f"returned a {kind}{' (printed instead of returned?)' if kind == 'NoneType' else ''}"


@once
def own_of(seen: Observation, expected: Observation) -> list[str]:
    """The words of the student's own; the grader expects more given texts than the brief."""
    return own_words(seen["text"][:MAX_TEXT], expected.get("given", (brief(),)))


def length_fault(seen: Observation, expected: Observation) -> str | None:
    """What is wrong with the length, in words; None when the text has 300 to 500 words."""
    if found := no_text(seen):
        return found
    count = len(seen["text"].split())
    return None if MIN_WORDS <= count <= MAX_WORDS else f"{count} words"


def prose_fault(seen: Observation, expected: Observation) -> str | None:
    """What keeps the text from being prose of one's own, in words; None when nothing does."""
    if found := no_text(seen):
        return found
    words = own_of(seen, expected)
    if len(words) < MIN_OWN_WORDS:
        return f"{len(words)} words are left without those that were copied or repeated"
    if len(set(words)) < MIN_DIFFERENT:
        return f"only {len(set(words))} different words"
    if sum(word in LITTLE_WORDS for word in words) < MIN_LITTLE_WORDS * len(words):
        return "hardly any of the little words that English sentences are made of: a list of keywords?"
    return None


# --- what the notebook and the grader use ------------------------------------------------------------------------
#
# Nothing is drawn at random: the same text gives the same points in every run. The visible checks know the four
# questions only; the grader puts aside what was copied from the case study or from the notebook as well. Words without
# sense pass, which is why all of this is worth one point, and the reader's rubric the rest.

ASSESSMENT = Task(
    module="ethics",
    name="ethical_impact_assessment",
    title="Task 1: ethical_impact_assessment",
    defines=("ethical_impact_assessment",),
    observe=probe_assessment,
    apart=True,
    checks=(
        Check(
            "length",
            0.5,
            "the text has the asked length",
            f"{MIN_WORDS} to {MAX_WORDS} words, counted by whitespace: len(text.split())",
            length_fault,
            requires=("prose",),
        ),
        Check(
            "prose",
            0.5,
            "the text is prose of your own",
            f"at least {MIN_OWN_WORDS} words in English sentences that neither stand in what you were given "
            "nor repeat each other",
            prose_fault,
        ),
    ),
)

TASKS = by_name(ASSESSMENT)
