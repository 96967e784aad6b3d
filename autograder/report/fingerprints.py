"""What is left of an answer when all is set aside that people change to disguise a copy.

Of code, that is the order of its syntax-tree nodes without names of variables, docstrings, comments, annotations,
imports and formatting; of prose, the order of its words. Runs of either are hashed; of code only a few of each are kept
to find candidates (winnowing: Schleimer, Wilkerson, Aiken, SIGMOD 2003), so that no class needs a comparison of all
pairs.
"""

from __future__ import annotations

import ast
import keyword
import re
import zlib
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import islice

from autograder.rebuild.pysource import tree_of

MAX_NODES = 2_000  # of one answer, or its tokens: several times what the longest reference has
MAX_WORDS = 2_000  # of one written answer
MAX_CHARACTERS = 40_000  # that are searched for words
PROSE = 8  # words: a string in code that has as many is something that the student wrote
_LEXER = re.compile(r"#[^\n]*|('''|\"\"\").*?\1|'[^'\n]*'|\"[^\"\n]*\"|\d[\w.]*|\w+|[^\w\s]", re.DOTALL)
_STRING = re.compile(r"#[^\n]*|('''|\"\"\").*?\1|'[^'\n]*'|\"[^\"\n]*\"", re.DOTALL)
_WORD = re.compile(r"[^\W_]+")
_KEYWORDS = frozenset(keyword.kwlist)


@dataclass(frozen=True)
class Method:
    """One way to compare two answers.

    Attributes:
        parts: of what an answer is made, in order.
        run: parts in a row that are hashed together.
        window: of so many hashes in a row the smallest is kept to find candidates.
        enough: two answers share at least so many unusual runs: a line or two are nobody's own.
        share: and at least this share (see `Print.share`).
        by_cover: whether the share is of words instead of runs.
    """

    parts: Callable[[str], list[str]]
    run: int
    window: int
    enough: int
    share: float
    by_cover: bool

    def runs(self, text: str) -> list[int]:
        """A hash of each run of parts; the same in every process, unlike Python's own hashes of texts."""
        codes = [_code(part) for part in self.parts(text)]
        return [hash(tuple(codes[place : place + self.run])) for place in range(len(codes) - self.run + 1)]


@dataclass(frozen=True)
class Print:
    """An answer as its runs.

    Attributes:
        runs: all of them, in order.
        own: those that nobody was given.
    """

    method: Method
    runs: Sequence[int]
    own: frozenset[int]

    @classmethod
    def of(cls, method: Method, text: str, given: Set[int] = frozenset()) -> Print:
        """The print of a text, of which some runs are nobody's own."""
        runs = method.runs(text)
        return cls(method, runs, frozenset(runs) - given)

    @property
    def marks(self) -> set[int]:
        """A few of the own runs, chosen alike in every answer."""
        own, window = [run for run in self.runs if run in self.own], self.method.window
        return {min(own[place : place + window]) for place in range(max(1, len(own) - window + 1)) if own}

    def share(self, other: Print) -> float:
        """How alike two answers are, from 0 to 1.

        Of code, the share of what either has of its own that both have. Of prose, the share of the shorter answer's own
        words that stand, with their neighbours, in the other one: a changed word here and there breaks many runs.
        """
        both = self.own & other.own
        if self.method.by_cover:
            shorter = min(self, other, key=lambda one: (len(one.own), len(one.runs)))
            return shorter.cover(both) / max(shorter.own_cover, 1)
        return len(both) / max(len(self.own | other.own), 1)

    @cached_property
    def own_cover(self) -> int:
        """How many parts lie in runs that nobody was given."""
        return self.cover(self.own)

    def cover(self, wanted: Set[int]) -> int:
        """How many parts lie in one of these runs."""
        covered, end = 0, 0
        for place, run in enumerate(self.runs):
            if run in wanted:
                covered += place + self.method.run - max(end, place)
                end = place + self.method.run
        return covered


def shape(text: str) -> list[str]:
    r"""An answer as a list of its syntax-tree nodes in order; of its words where it is no Python.

    >>> shape("a = b.exp() # e") == shape("import torch\nvalue = other . exp()")
    True
    """
    tree = tree_of(text)
    return list(islice(_nodes(tree) if tree is not None else _skeleton(text), MAX_NODES))


def words(text: str) -> list[str]:
    """The words of a text, without case, punctuation and layout.

    >>> words("The *mean* image -- it's dark.")
    ['the', 'mean', 'image', 'it', 's', 'dark']
    """
    return [found[0].casefold() for found in islice(_WORD.finditer(text[:MAX_CHARACTERS]), MAX_WORDS)]


def tokens(text: str) -> list[str]:
    r"""Code as it was typed, names, comments and texts included; only layout is left out.

    >>> tokens("mean = x.mean()  # of all")
    ['mean', '=', 'x', '.', 'mean', '(', ')', '# of all']
    """
    found = islice(_LEXER.finditer(text[:MAX_CHARACTERS]), MAX_NODES)
    return [" ".join(one[0].split()) for one in found]


CODE = Method(shape, run=6, window=4, enough=24, share=0.7, by_cover=False)
WORDS = Method(words, run=3, window=1, enough=12, share=0.5, by_cover=True)
TYPED = Method(tokens, run=6, window=4, enough=60, share=0.9, by_cover=False)


def prose_in(text: str) -> str:
    """What a code answer says in its strings, as some tasks ask for; short strings are names of things."""
    strings = (one[0] for one in _STRING.finditer(text[:MAX_CHARACTERS]) if not one[0].startswith("#"))
    return "\n".join(one for one in strings if len(words(one)) >= PROSE)


def choices(text: str, given: Set[str]) -> set[str]:
    """What the author of a piece of code chose freely: comments, and names that nobody was given.

    Args:
        text: the code.
        given: words that stand in what was handed out.
    """
    comments = {one for one in tokens(text) if one.startswith("#") and not given.issuperset(words(one))}
    tree = tree_of(text)
    return comments | ({name for name in _bound(tree) if name not in given and len(name) > 1} if tree else set())


def identifiers(text: str) -> set[str]:
    """Everything in a text that could be a name."""
    return set(re.findall(r"\w+", text[:MAX_CHARACTERS]))


def _bound(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name


@lru_cache(maxsize=8192)
def _code(part: str) -> int:
    return zlib.crc32(part.encode("utf-8", "replace"))


def _nodes(tree: ast.AST) -> Iterator[str]:
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import | ast.ImportFrom | ast.expr_context) or _is_text(node):
            continue
        yield type(node).__name__ + _detail(node)
        waiting += reversed([child for name, child in _children(node) if name not in ("annotation", "returns")])


def _children(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    for name, value in ast.iter_fields(node):
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield name, child


def _is_text(node: ast.AST) -> bool:
    """A docstring, or any text that stands alone."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _detail(node: ast.AST) -> str:
    """What tells nodes of one kind apart without naming anything that a student can rename at will."""
    if isinstance(node, ast.Attribute):
        own = isinstance(node.value, ast.Name) and node.value.id == "self"
        return "" if own else f".{node.attr}"
    if isinstance(node, ast.Constant) and not isinstance(node.value, str | bytes):
        return f"={node.value!r}"[:40]
    return ""


def _skeleton(text: str) -> Iterator[str]:
    for found in _LEXER.finditer(text):
        word = found[0]
        if not word.startswith("#"):
            yield word if word in _KEYWORDS or not (word[0].isalpha() or word[0] in "_'\"") else "name"
