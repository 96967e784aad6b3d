"""Answers of different students that are more alike than independent work usually is: for a person to look at.

Nothing here is a verdict. Only what is unusual counts: whatever stands in the release, whatever stands in the reference
or model answer, and whatever many students share is nobody's own. Code is compared without names, comments and
formatting, written answers (and what code says in its strings) by their words. Who handed in the reference answer
itself is found by what its author was free to choose, names and comments; where a task leaves little to choose, nobody
is found.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from heapq import nsmallest
from itertools import combinations
from typing import Literal, TypeVar

from nbformat import NotebookNode

from autograder.base.course import Course, CourseError
from autograder.base.notebooks import grade_id, is_answer, is_written, read_notebook, without_markers
from autograder.base.records import Result
from autograder.report.fingerprints import CODE, TYPED, WORDS, Method, Print, choices, identifiers, prose_in, tokens
from autograder.report.titles import Titles

FEW, SHARE, MOST = 6, 0.05, 20  # a run that more students share (a share of the class, within bounds) is not unusual
LONG = 80  # runs of its own: as much in the same shape is the same text, whatever its names
CANDIDATES = 30  # pairs an answer, those with the most in common, are compared in full: a bound on hostile classes
FREE = 2  # choices of its author: with fewer, equal code is the natural answer

#: Positions of two answers, and how alike they are, from 0 to 1.
Link = tuple[int, int, float]
Kind = Literal["code", "words"]
T = TypeVar("T")


@dataclass(frozen=True)
class Given:
    """What nobody wrote on their own, of one assignment.

    Attributes:
        code: the release's code cells.
        prose: its texts: lessons, questions, rubrics.
        stubs: the release's cell of each task.
        answers: the reference answer to each task, and the model answer to each written question.
    """

    code: tuple[str, ...] = ()
    prose: tuple[str, ...] = ()
    stubs: Mapping[str, str] | None = None
    answers: Mapping[str, str] | None = None

    @classmethod
    def of(cls, course: Course, slug: str) -> Given:
        """Read release and source; an assignment of an earlier year may be gone."""
        cells, source = _cells(course, "release", slug), _cells(course, "source", slug)
        return cls(
            tuple(cell.source for cell in cells if cell.cell_type == "code"),
            tuple(cell.source for cell in cells),
            {str(grade_id(cell)): cell.source for cell in cells if is_answer(cell)},
            {
                str(grade_id(cell)): without_markers(cell.source)
                for cell in source
                if is_answer(cell) or is_written(cell)
            },
        )

    def answer(self, name: str) -> str:
        """The reference or model answer; empty where there is none."""
        return (self.answers or {}).get(name, "")

    @cached_property
    def typed(self) -> frozenset[int]:
        """The release's code as it was typed."""
        return frozenset().union(*(TYPED.runs(text) for text in self.code))


@dataclass(frozen=True)
class Group:
    """Answers to one question that a person should look at side by side.

    Attributes:
        assignment: slug.
        title: the task's or question's title.
        kind: what was compared, code or words.
        members: the students' results, in the order of their names.
        texts: what each of them answered.
        links: which of them are alike, the most alike first; none where all are alike to the reference.
        given: the release's texts, which are nobody's own.
        reference: the reference or model answer, when that is what they are alike to.
    """

    assignment: str
    title: str
    kind: Kind
    members: tuple[Result, ...]
    texts: tuple[str, ...]
    links: tuple[Link, ...]
    given: tuple[str, ...]
    reference: str = ""

    @property
    def similarity(self) -> float:
        """Of the two that are most alike; 1 for copies of the reference."""
        return self.links[0][2] if self.links else 1.0

    @property
    def names(self) -> tuple[str, ...]:
        """The members' names."""
        return tuple(one.student for one in self.members)


@dataclass(frozen=True)
class Question:
    """All answers of a class to one task or written question, in one order whatever order they came in."""

    assignment: str
    name: str
    title: str
    kind: Kind
    results: tuple[Result, ...]
    texts: tuple[str, ...]

    @property
    def owners(self) -> list[str]:
        """Whose each answer is."""
        return [owner(one) for one in self.results]


def owner(result: Result) -> str:
    """Whose a result is: two files of one person are never a pair."""
    return result.person or f"name:{result.student}"


def similar_answers(course: Course, results: Iterable[Result]) -> list[Group]:
    """Every group of answers worth a look, copies of the reference first, then the most alike; the same in any order.

    Args:
        course: for what the release and the reference already say.
        results: of the whole class.
    """
    found, given = [], {}
    for question in _questions(results, Titles(course)):
        slug = question.assignment
        if slug not in given:
            given = {slug: Given.of(course, slug)}  # questions come by assignment: one is enough to remember
        found += [*_copies(question, given[slug]), *_groups(question, given[slug])]
    return sorted(found, key=lambda one: (not one.reference, -one.similarity))


def alike(
    texts: Sequence[str], given: Sequence[str] = (), owners: Sequence[str] = (), method: Method = CODE
) -> list[Link]:
    """Pairs of answers to one task that share what is unusual in them.

    Args:
        texts: the answers.
        given: what is nobody's own: what was handed out, and the reference answer.
        owners: whose each answer is; one person's answers are never paired. By default all differ.
        method: how they are compared.

    Returns:
        Links between answers. Of a text that several have, each is linked with the first only, and it counts as one
        when others are compared with it: a hundred copies are a hundred links, and still unusual.
    """
    common = frozenset().union(*(method.runs(text) for text in given))
    prints = [Print.of(method, text, common) for text in texts]
    first = _first_alike(texts, prints)
    links = [(place, number, 1.0) for number, place in enumerate(first) if place != number]
    links += _between({place: prints[place] for place in first}, len(texts), method)
    return sorted((a, b, share) for a, b, share in links if not owners or owners[a] != owners[b])


def _first_alike(texts: Sequence[str], prints: Sequence[Print]) -> list[int]:
    """For each answer the first that is the same: the same text, or a long one of the same shape."""
    seen: dict[object, int] = {}
    first = []
    for number, (text, one) in enumerate(zip(texts, prints, strict=True)):
        keys: list[object] = [" ".join(text.split())] if len(one.own) >= one.method.enough else []
        keys += [one.own] if len(one.own) >= LONG else []
        place = next((seen[key] for key in keys if key in seen), number)
        first.append(place)
        seen.update((key, place) for key in keys)
    return first


def _between(prints: Mapping[int, Print], size: int, method: Method) -> Iterator[Link]:
    """Links between answers that are not the same."""
    counts = Counter(run for one in prints.values() for run in one.own)
    few = min(FEW, max(3, size // 2))  # in a very small class half of it is many
    limit = min(MOST, max(few, int(SHARE * size)))
    for first, second in _candidates(prints, limit, max(1, method.enough // method.window // 2)):
        both = prints[first].own & prints[second].own
        if sum(counts[run] <= limit for run in both) < method.enough:
            continue
        share = prints[first].share(prints[second])
        if share >= method.share:
            yield first, second, round(share, 3)


def _candidates(prints: Mapping[int, Print], limit: int, least: int) -> list[tuple[int, int]]:
    """Pairs with some unusual marks in common."""
    where: dict[int, list[int]] = defaultdict(list)
    for number in sorted(prints):
        for mark in prints[number].marks:
            where[mark].append(number)
    times = Counter(pair for places in where.values() if len(places) <= limit for pair in combinations(places, 2))
    found = ((-count, pair) for pair, count in times.items() if count >= least)
    return [pair for _, pair in nsmallest(CANDIDATES * len(prints), found)]


# --- what a class answered -------------------------------------------------------------------------------------------


def _questions(results: Iterable[Result], titles: Titles) -> list[Question]:
    """Every question with its answers; what code says in words is a question of its own."""
    answers: dict[tuple[str, str, Kind], list[tuple[Result, str]]] = defaultdict(list)
    named: dict[tuple[str, str], str] = {}
    for one in sorted(results, key=lambda one: (one.student, one.file)):
        slug = one.assignment or ""
        for task in one.tasks:
            text = one.answers.get(task.name, "")
            named[slug, task.name] = task.title
            answers[slug, task.name, "code"].append((one, text))
            answers[slug, task.name, "words"].append((one, prose_in(text)))
        for answer in one.written:
            if answer.name in one.answers:  # code that a person marks is there already
                continue
            answers[slug, answer.name, "words"].append((one, answer.answer))
    found = []
    for (slug, name, kind), given in sorted(answers.items()):
        own = [(result, text) for result, text in given if slug and text.strip()]
        title = named.get((slug, name)) or titles.written(slug, name)
        found.append(Question(slug, name, title, kind, tuple(one for one, _ in own), tuple(text for _, text in own)))
    return [one for one in found if one.results]


def _cells(course: Course, tree: str, slug: str) -> Sequence[NotebookNode]:
    try:
        return read_notebook(course.notebook(tree, course.assignment(slug))).cells
    except CourseError:
        return ()


def _groups(question: Question, given: Given) -> Iterator[Group]:
    """Answers that hang together by links, as one group: many copies of one text are not all their pairs."""
    known = (*(given.code if question.kind == "code" else given.prose), given.answer(question.name))
    method = CODE if question.kind == "code" else WORDS
    links = alike(question.texts, known, question.owners, method)
    for members in _connected(links):
        place = {member: number for number, member in enumerate(members)}
        own = [(place[a], place[b], share) for a, b, share in links if a in place]
        yield _group(question, members, tuple(sorted(own, key=lambda one: -one[2])), known)


def _connected(links: Iterable[Link]) -> list[list[int]]:
    """Sets of answers that links join, directly or by way of others."""
    group: dict[int, list[int]] = {}
    for first, second, _ in links:
        one, other = group.setdefault(first, [first]), group.setdefault(second, [second])
        if one is not other:
            one += other
            group.update((member, one) for member in other)
    return [sorted(members) for first, members in sorted(group.items()) if first == min(members)]


def _group(
    question: Question, members: Sequence[int], links: tuple[Link, ...], given: tuple[str, ...], reference: str = ""
) -> Group:
    results, texts = (tuple(all_of[one] for one in members) for all_of in (question.results, question.texts))
    return Group(question.assignment, question.title, question.kind, results, texts, links, given, reference)


# --- copies of the reference -----------------------------------------------------------------------------------------


def _copies(question: Question, given: Given) -> Iterator[Group]:
    """Who handed in the reference or model answer, as one group."""
    answer = given.answer(question.name)
    if question.kind == "code":
        found = copies_of_code(question.texts, answer, given.stubs or {}, given.typed, question.name)
        known = given.code
    else:
        reference = prose_in(answer) if question.name in (given.stubs or {}) else answer
        found, known = copies_of_words(question.texts, reference, given.prose), given.prose
    if found:
        yield _group(question, found, (), known, answer)


def copies_of_code(
    texts: Sequence[str], reference: str, stubs: Mapping[str, str], given: frozenset[int], name: str
) -> list[int]:
    """Which answers are the reference as it was typed, with the names and comments that its author chose.

    Args:
        texts: the answers.
        reference: the reference answer.
        stubs: the release's cell of each task.
        given: the release's code, as it was typed.
        name: the task.

    Returns:
        Their positions; none for a task that is short, or leaves little to choose.
    """
    own = Print.of(TYPED, reference, given).own
    free = choices(reference, identifiers(stubs.get(name, "")))
    if len(own) < TYPED.enough or len(free) < FREE:
        return []
    found = []
    for number, text in enumerate(texts):
        typed = TYPED.runs(text) if _has_most(free, identifiers(text) | set(tokens(text))) else ()
        if _has_most(own, set(typed)):
            found.append(number)
    return found


def _has_most(wanted: Set[T], there: Set[T]) -> bool:
    return len(wanted & there) >= TYPED.share * len(wanted)


def copies_of_words(texts: Sequence[str], reference: str, given: Sequence[str]) -> list[int]:
    """Which written answers repeat the model answer, beyond what question, rubric and lesson say.

    Args:
        texts: the answers.
        reference: the model answer.
        given: what was handed out.

    Returns:
        Their positions.
    """
    common = frozenset().union(*(WORDS.runs(text) for text in given))
    model = Print.of(WORDS, reference, common)
    found = []
    for number, text in enumerate(texts):
        one = Print.of(WORDS, text, common)
        if len(one.own & model.own) >= WORDS.enough and one.share(model) >= WORDS.share:
            found.append(number)
    return found
