"""Visible checks of assignment 09: is there an assessment of the asked length that treats the four themes in own words?

A program cannot judge an argument, and these checks do not try: a person marks it by the notebook's rubric. They look
for what a program can see. Sentences that were copied from what students are given, and sentences that only repeat
earlier ones, are put aside first. A theme counts as treated when what is left holds several different words of its
vocabulary, in more than one sentence. The vocabularies are generous and public: `print(vocabulary("jobs"))`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from waferlab.checks.core import Case, Check, Fault, Observation, Task, by_name, error_of, once, scenario

MIN_WORDS, MAX_WORDS = 300, 500
#: So many words of a person's own: four fifths of the least length, which leaves room to quote questions as headings.
MIN_OWN_WORDS = 240
MIN_SENTENCES, MIN_THEME_WORDS = 2, 3
#: A sentence is another text's when this share of its words lies in runs of `RUN` words that stand there as well.
RUN, COPIED = 7, 0.6
#: Of English prose, and of a list of keywords. The least of the right answers of the bank: 0.36 and 158.
MIN_LITTLE_WORDS, MIN_DIFFERENT = 0.2, 90
MAX_CHARACTERS = 20_000

LITTLE_WORDS = frozenset(
    re.findall(
        r"\w+",
        """a all also an and any are as at be because been both but by can could do does each every for from had has
        have he her his how if in into is it its itself may more most must no nobody nor not of on one only or other
        our out over she should so some such than that the their them then there these they this those to under until
        was we were what when where which while who whose will with would you""",
    )
)


@dataclass(frozen=True)
class Theme:
    """One of the four themes.

    Attributes:
        name: short identifier, used in the points table.
        title: how the notebook calls it.
        question: what an assessment should answer about it.
        words: its vocabulary; `*` stands for any ending, a space for a space or a hyphen.
    """

    name: str
    title: str
    question: str
    words: tuple[str, ...]


def _listed(text: str) -> tuple[str, ...]:
    """Entries separated by commas or line ends."""
    return tuple(entry.strip() for entry in re.split(r"[,\n]", text) if entry.strip())


THEMES: tuple[Theme, ...] = (
    Theme(
        "misses",
        "Missed defects",
        "Who is harmed by a fault that is passed, and who pays?",
        _listed(
            """miss, misses, missed, missing, false negative*, undetected, undiscovered, unnoticed, unseen, overlook*
            slip*, escape*, goes through, go through, gets through, let through, lets through, passed on, wrongly pass*
            harm*, hurt*, injur*, safe, safer, safety, safely, unsafe, danger*, hazard*, accident*, fatal*, death*
            life, lives, patient*, pacemaker*, implant*, hospital*, medical, car, cars, vehicle*, brake*, braking
            driver*, driving, airbag*, aircraft, aeroplane*, airplane*, train passenger*, passenger*, customer*
            consumer*, client*, buyer*, end user*, downstream, recall*, liab*, warrant*, victim*, third part*, stranger*
            faulty, defective chip*, defective part*, defective device*, defective product*, bad chip*, broken chip*
            bystander*, public, lawsuit*, court*, compensat*, catastroph*, failure*, fails in, fail in, breakdown*
            break down, reputation*"""
        ),
    ),
    Theme(
        "reliance",
        "Over-reliance",
        "What does a machine that is mostly right do to the judgement of the people beside it?",
        _listed(
            """rely, relies, relied, relying, relian*, over rel*, overrel*, trust*, distrust*, overtrust*, automation
            automation bias, complacen*, blindly, blind, rubber stamp*, defer*, vigilan*, attention, attentive, alert
            alertness, agree, agrees, agreed, agreeing, agreement, disagree*, anchor*, second opinion*, second look
            independent*, overrul*, overrid*, human in the loop, critical*, sceptic*, skeptic*, unquestion*, questioning
            judgement*, judgment*, habit*, lull*, confidence, overconfiden*, confident, steer*, unthinking*, hide*
            hidden, conceal*, oversight, autopilot, automatically, obey*, second guess*, doubt*, nudge*, influence*
            sway*, believe*, belief*, dissent*, contradict*, nod, nods, nodding, click*, follow the machine
            go along, goes along, wave through, waves through, waved through, accept the, accepts the, accepting
            wave everything through, follow it, follow its, follow the score*, following it, say no, says no, saying no
            stop looking, stops looking, stopped looking, not look, look away, look closely, looking closely, not search
            sleepy, asleep, tired, careless*, punish*, says so, machine says, screen says, system says, model says
            before the score, see the score, seeing the score, shown the score, score suggests, after the verdict
            first the human, prejudge*, kappa, double review*, two inspectors, own eyes, own verdict*, own opinion*
            opinion*, unaided, lazy, laziness, convenient, planted, test picture*, test image*"""
        ),
    ),
    Theme(
        "jobs",
        "Jobs",
        "What becomes of the 28 inspectors and of their work?",
        _listed(
            """job*, employ*, unemploy*, workforce, worker*, workplace*, working condition*, working life, workload*
            layoff*, lay off*, laid off, let go, sack, sacked, dismiss*, fired, made redundant, redundanc*, severance
            reskill*, re skill*, upskill*, up skill*, career*, wage*, salar*, pay, paid, payroll, income*, earn*
            livelihood*, living, union*, works council*, work council*, redeploy*, reassign*, deskill*, de skill*
            skill*, staff*, labour*, labor, colleague*, headcount, profession*, expertise, craft*, dignity, stress*
            fatigue, tired*, tiring, bored*, boring, monoton*, dull, repetitive, surveill*, autonomy, displac*
            replace them, replace people, replace inspector*, replaced by, replacing people, replacement of, hire*
            hiring, recruit*, attrition, retirement, pension*, role, roles, duties, personnel, occupation*
            training course*, course, courses, apprentice*, consult*, promotion*, morale, burnout, burn out, meaningful
            obsolete, position*, human work, manual work, specialist*, retrain the inspector*, retrain inspector*
            retraining of the inspector*, retrain people, retrain them, change their content, vacanc*, posts"""
        ),
    ),
    Theme(
        "errors",
        "Unequal errors",
        "Which wafers, tools or plants does it judge worse than others, and who would notice?",
        _listed(
            """bias*, unequal*, uneven*, equal*, equit*, inequit*, unfair*, fair, fairer, fairly, fairness, disparit*
            discriminat*, false alarm*, false positive*, false reject*, falsely, wrongly reject*, overreject*
            error rate*, rates of error*, miss rate*, subgroup*, group*, per class, by class, class, classes, each kind
            kind of defect*, kinds of defect*, type of defect*, types of defect*, defect type*, defect class*
            plants, another plant*, other plant*, second plant*, new plant*, each plant, per plant, fabs, another fab*
            other fab*, site, sites, factor*, facilit*, each tool, tools, another tool, per tool, by tool, camera*
            lamp*, lighting, illuminat*, brighter, darker, noisier, represent*, underrepresent*, unrepresent*
            distribution*, domain*, drift*, imbalanc*, balanc*, supplier*, product line*, new product*, other product*
            rare, rarer, transfer*, generalis*, generaliz*, calibrat*, recalibrat*, minorit*, majorit*, skew*, worse
            worst, scratch*, stain*, particle*, shirt*, coat, coats, dress*, pullover*, systematic*, different machine*
            older machine*, new machine*, older tool*, night shift*, average*, hides, disproportion*"""
        ),
    ),
)
BY_NAME = {theme.name: theme for theme in THEMES}


# --- what the notebook shows -------------------------------------------------------------------------------------


def brief() -> str:
    """The four themes and their questions, one a line."""
    return "\n".join(f"{number}. {theme.title}: {theme.question}" for number, theme in enumerate(THEMES, 1))


def vocabulary(name: str) -> str:
    """The words by which a theme is recognised; `*` stands for any ending.

    Args:
        name: `misses`, `reliance`, `jobs` or `errors`.

    Raises:
        ValueError: there is no theme of that name.

    >>> "works council*" in vocabulary("jobs")
    True
    """
    if name not in BY_NAME:
        raise ValueError(f"no theme is called {name!r}: expected one of {', '.join(BY_NAME)}")
    return ", ".join(BY_NAME[name].words)


# --- reading a text ----------------------------------------------------------------------------------------------


def tidy(text: str) -> str:
    """The text in lower case, with plain apostrophes and hyphens, without the signs of Markdown.

    >>> tidy("**Jobs**—the `inspector’s` view").split()
    ['jobs', '-', 'the', "inspector's", 'view']
    """
    text = re.sub("[\u2018\u2019\u02bc]", "'", text.replace("\u00ad", ""))
    text = re.sub("[\u2012-\u2015]", " - ", re.sub("[\u2010\u2011]", "-", text))
    return re.sub(r"[*_#`>|~]", " ", text.lower())


def words_of(text: str) -> list[str]:
    """The words of a text, tidied, without punctuation.

    >>> words_of("A miss, _then_: 22 of 100!")
    ['a', 'miss', 'then', '22', 'of', '100']
    """
    return re.findall(r"[^\W_]+(?:['-][^\W_]+)*", tidy(text))


def sentences_of(text: str) -> list[str]:
    """The sentences of a text; headings, the items of lists and parts behind a semicolon count as sentences, too.

    >>> sentences_of("## Jobs\\nThey stay. Who\\npays?\\n- the plant\\n- nobody; yet")
    ['## Jobs', 'They stay.', 'Who pays?', '- the plant', '- nobody;', 'yet']
    """
    blocks = re.split(r"\n\s*\n|\n(?=\s*(?:[-*+\u2022\u2013\u2014#>|]|\(?\w{1,2}[.)]\s|[*_\"'(]*[^\W\d_a-z]))", text)
    parts = [part for block in blocks for part in re.split(r"(?<=[.!?;])[\"'\u201d\u2019)\]*_]*\s+", block)]
    return [" ".join(part.split()) for part in parts if words_of(part)]


def runs_of(words: Sequence[str]) -> set[tuple[str, ...]]:
    """All runs of `RUN` words in a row."""
    return {tuple(words[start : start + RUN]) for start in range(len(words) - RUN + 1)}


def share_within(words: Sequence[str], known: set[tuple[str, ...]]) -> float:
    """Share of the words that lie in a known run.

    >>> share_within(list("abcdefgh"), {tuple("abcdefg")})
    0.875
    """
    inside: set[int] = set()
    for start in range(len(words) - RUN + 1):
        if tuple(words[start : start + RUN]) in known:
            inside.update(range(start, start + RUN))
    return len(inside) / len(words) if words else 0.0


def own_sentences(text: str, given: Iterable[str]) -> list[str]:
    """The sentences of a text that neither stand in a given text nor repeat earlier sentences.

    Args:
        text: the assessment.
        given: what students have before them.
    """
    known = set().union(*(runs_of(words_of(one)) for one in given))
    before: set[tuple[str, ...]] = set()
    own = []
    for sentence in sentences_of(text):
        words = words_of(sentence)
        if tuple(words) not in before and share_within(words, known) < COPIED:
            own.append(sentence)
            known |= runs_of(words)
        before.add(tuple(words))
    return own


@lru_cache
def pattern(entry: str) -> re.Pattern[str]:
    """What an entry of a vocabulary matches.

    >>> bool(pattern("lay off*").search("a lay-offs plan")), bool(pattern("job*").search("enjoy"))
    (True, False)
    """
    inside = re.escape(entry).replace(r"\*", r"[^\W_]*").replace(r"\ ", r"[\s-]+")
    return re.compile(rf"(?<![^\W_]){inside}(?![^\W_])")


def theme_words(sentence: str, theme: Theme) -> set[str]:
    """The entries of a theme's vocabulary that occur in a sentence."""
    text = " ".join(tidy(sentence).split())
    return {entry for entry in theme.words if pattern(entry).search(text)}


# --- probe and faults --------------------------------------------------------------------------------------------


def probe_assessment(answers: Mapping[str, Any], case: Case) -> Observation:
    """Call the function once and note its text."""
    seen: Observation = {}
    with scenario(seen, "call"):
        result = answers["ethical_impact_assessment"]()
        seen["type"] = type(result).__name__
        if isinstance(result, str):
            seen["text"] = str(result)[:MAX_CHARACTERS]
    return seen


def no_text(seen: Observation) -> str | None:
    """Why there is no text to judge, in words; None when there is one."""
    if error := error_of(seen, "call"):
        return f"raised {error}"
    if isinstance(seen.get("text"), str):
        return None
    hint = " (printed instead of returned?)" if str(seen.get("type")) == "NoneType" else ""
    return f"returned a {str(seen.get('type'))[:50]}{hint}"


@once
def own_of(seen: Observation, expected: Observation) -> list[str]:
    """The sentences of the student's own; the grader expects more given texts than the brief."""
    return own_sentences(seen["text"], expected.get("given", (brief(),)))


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
    words = words_of("\n\n".join(own_of(seen, expected)))
    if len(words) < MIN_OWN_WORDS:
        return f"{len(words)} words are left without copied and repeated sentences"
    if len(set(words)) < MIN_DIFFERENT:
        return f"only {len(set(words))} different words"
    if sum(word in LITTLE_WORDS for word in words) < MIN_LITTLE_WORDS * len(words):
        return "hardly any of the little words that English sentences are made of: a list of keywords?"
    return None


def theme_fault(theme: Theme) -> Fault:
    """The fault "what is the student's own does not treat this theme"."""

    def fault(seen: Observation, expected: Observation) -> str | None:
        if found := no_text(seen):
            return found
        hits = [hit for sentence in own_of(seen, expected) if (hit := theme_words(sentence, theme))]
        words = sorted(set().union(*hits))
        if len(hits) >= MIN_SENTENCES and len(words) >= MIN_THEME_WORDS:
            return None
        return f"{len(words)} words of this theme ({', '.join(words[:6]) or 'none'}) in {len(hits)} sentences"

    return fault


# --- what the notebook and the grader use ------------------------------------------------------------------------
#
# Nothing is drawn at random: the same text gives the same points in every run. The visible checks know the four
# questions only; the grader puts sentences copied from the case study or from the notebook aside as well.


def theme_check(theme: Theme) -> Check:
    """The check that a theme is treated."""
    goal = (
        f"at least {MIN_THEME_WORDS} different words of the theme, in at least {MIN_SENTENCES} sentences of your own; "
        f'`print(ethics_checks.vocabulary("{theme.name}"))` lists the words that count'
    )
    return Check(theme.name, 0.5, f"theme treated: {theme.title}", goal, theme_fault(theme), requires=("prose",))


ASSESSMENT = Task(
    module="ethics",
    name="ethical_impact_assessment",
    title="Task 1: ethical_impact_assessment",
    defines=("ethical_impact_assessment",),
    observe=probe_assessment,
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
        *(theme_check(theme) for theme in THEMES),
    ),
)

TASKS = by_name(ASSESSMENT)
