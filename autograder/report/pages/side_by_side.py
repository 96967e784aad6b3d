"""Two texts next to each other, with the passages marked that both have.

A passage is a run of words (in code of tokens, whatever the names) that stands in both texts and in nothing that was
given out. Other than a line diff this also shows passages that were moved, and it takes a time proportional to the
texts, whoever made them.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby, pairwise
from operator import itemgetter

from autograder.report.pages.common import shown
from autograder.report.similar import Group, Kind

MAX_TEXT = 6_000  # characters of each text that are shown
MAX_GROUP = 3  # comparisons of a group that are shown
BUDGET = 500_000  # bytes of HTML for all comparisons of a page
RUNS = {"code": 9, "words": 3}  # tokens in a row that make a passage
_TOKEN = {
    "code": re.compile(r"#[^\n]*|('''|\"\"\").*?\1|'[^'\n]*'|\"[^\"\n]*\"|\d[\w.]*|\w+|[^\w\s]", re.DOTALL),
    "words": re.compile(r"[^\W_]+"),
}
_KEYWORDS = frozenset(keyword.kwlist)

#: Runs and comments of what was given out.
Known = frozenset[int | str]


@dataclass(frozen=True)
class Piece:
    """A part of a text.

    Attributes:
        text: as it stands.
        kind: `same` as in the other text, `renamed` (a name within such a passage that the other text has not),
            `given` (the course's own), or empty.
    """

    text: str
    kind: str


@dataclass(frozen=True)
class Comparison:
    """Two texts.

    Attributes:
        names: whose they are.
        left, right: the texts in pieces.
    """

    names: tuple[str, str]
    left: tuple[Piece, ...]
    right: tuple[Piece, ...]

    @property
    def size(self) -> int:
        """About so many bytes of HTML."""
        return sum(len(escape(one.text)) + 24 * bool(one.kind) for one in (*self.left, *self.right))


@dataclass(frozen=True)
class Token:
    """A word or sign, where it stands, and what it counts as."""

    start: int
    end: int
    text: str
    value: str

    @property
    def is_comment(self) -> bool:
        """Comments stand outside the runs: one more or less breaks none."""
        return self.value.startswith("#")


class Bench:
    """Makes the comparisons of one page, as many as its budget has room for."""

    def __init__(self, budget: int = BUDGET) -> None:
        self._left = budget

    def compare(self, group: Group) -> list[Comparison]:
        """The most alike of a group, or its first members and the reference; empty when the page is full."""
        names = [shown(name, 80) for name in group.names]
        if group.reference:
            own = zip(names, group.texts, strict=True)
            pairs = [(name, "the course's answer", text, group.reference) for name, text in own]
        else:
            pairs = [(names[a], names[b], group.texts[a], group.texts[b]) for a, b, _ in group.links]
        found = []
        known = known_of(group.given, group.kind)
        for first, second, left, right in pairs[:MAX_GROUP]:
            one = Comparison((first, second), *marked(left, right, known, group.kind))
            if one.size > self._left:
                break
            self._left -= one.size
            found.append(one)
        return found


def marked(left: str, right: str, known: Known, kind: Kind) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Both texts in pieces.

    Args:
        left, right: the texts; only the first `MAX_TEXT` characters of each are shown.
        known: what was given out, by `known_of`.
        kind: code or words.
    """
    texts = [shown(text, MAX_TEXT) for text in (left, right)]
    tokens = [_tokens(text, kind) for text in texts]
    runs = [frozenset(_runs(own, kind)) for own in tokens]
    common = (runs[0] & runs[1]) - known
    spoken = [frozenset(one.text for one in own) for own in tokens]
    one, other = (
        tuple(_pieces(texts[side], tokens[side], _kinds(tokens[side], common, known, spoken[1 - side], kind)))
        for side in (0, 1)
    )
    return one, other


def _tokens(text: str, kind: Kind) -> list[Token]:
    return [
        Token(one.start(), one.end(), one[0], _value(one[0]) if kind == "code" else one[0].casefold())
        for one in _TOKEN[kind].finditer(text)
    ]


def _value(token: str) -> str:
    """Names and texts all count as the same."""
    is_name = token[0].isalpha() or token[0] in "_'\""
    return "name" if is_name and token not in _KEYWORDS else token


def _runs(tokens: Sequence[Token], kind: Kind) -> list[int]:
    """A hash of each run, comments left out."""
    values = [one.value for one in tokens if not one.is_comment]
    return [hash(tuple(values[place : place + RUNS[kind]])) for place in range(len(values) - RUNS[kind] + 1)]


def known_of(texts: Iterable[str], kind: Kind) -> Known:
    """The runs and the comments of what was given out."""
    tokens = [_tokens(text, kind) for text in texts]
    runs = {run for own in tokens for run in _runs(own, kind)}
    return frozenset(runs | {one.text for own in tokens for one in own if one.is_comment})


def _kinds(
    tokens: Sequence[Token], common: frozenset[int], known: Known, other: frozenset[str], kind: Kind
) -> list[str]:
    """What each token is."""
    plain = [number for number, one in enumerate(tokens) if not one.is_comment]
    comments = ((one, one.text in known, one.text in other) for one in tokens)
    kinds = [("given" if old else "same" if both else "") * one.is_comment for one, old, both in comments]
    runs = _runs(tokens, kind)
    for wanted, word in ((known, "given"), (common, "same")):
        for place, run in enumerate(runs):
            if run in wanted:
                for number in plain[place : place + RUNS[kind]]:
                    kinds[number] = word
    return [
        "renamed" if was == "same" and one.value == "name" and one.text not in other else was
        for was, one in zip(kinds, tokens, strict=True)
    ]


def _pieces(text: str, tokens: Sequence[Token], kinds: Sequence[str]) -> Iterator[Piece]:
    """The text in as few pieces as its kinds allow; what lies between two of a kind, on one line, is of that kind."""
    of = [""] * len(text)
    for token, kind in zip(tokens, kinds, strict=True):
        of[token.start : token.end] = [kind] * (token.end - token.start)
    for (one, was), (other, now) in pairwise(zip(tokens, kinds, strict=True)):
        gap = slice(one.end, other.start)
        if "\n" not in text[gap] and (was == now or {was, now} == {"same", "renamed"}):
            of[gap] = [was if was == now else "same"] * (other.start - one.end)
    for kind, characters in groupby(zip(of, text, strict=True), key=itemgetter(0)):
        yield Piece("".join(one for _, one in characters), kind)
