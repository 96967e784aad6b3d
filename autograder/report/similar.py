"""Near-identical solution cells of different students: pairs for a person to look at, never a verdict.

Answers are compared by what is left of them without names of variables, docstrings, comments, annotations, imports and
formatting. Of that, only what is unusual counts: whatever stands in the release or in the reference answer, and
whatever many students share, is nobody's own. Runs of syntax-tree nodes are hashed and a few of each are kept
(winnowing: Schleimer, Wilkerson, Aiken, SIGMOD 2003), so that a large class needs no comparison of all pairs.
"""

from __future__ import annotations

import ast
import keyword
import re
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, reduce
from itertools import combinations

from autograder.base.course import Course, CourseError
from autograder.base.notebooks import grade_id, is_answer, read_notebook, without_markers
from autograder.base.records import Result
from autograder.rebuild.pysource import tree_of

RUN = 6  # nodes in a row that are hashed together
WINDOW = 4  # of so many hashes in a row the smallest is kept
ENOUGH = 24  # a pair shares at least so many unusual runs: a line or two are nobody's own
ALIKE = 0.7  # and at least this share of what either has of its own
FEW, SHARE, MOST = 6, 0.05, 20  # a run that more students share (a share of the class, within bounds) is not unusual
MAX_NODES = 4_000  # of one answer
_LEXER = re.compile(r"#[^\n]*|('''|\"\"\").*?\1|'[^'\n]*'|\"[^\"\n]*\"|\d[\w.]*|\w+|[^\w\s]", re.DOTALL)
_WORDS = frozenset(keyword.kwlist)


@dataclass(frozen=True)
class Pair:
    """Two answers that are more alike than independent work usually is.

    Attributes:
        first, second: the two students' results, in the order of their names.
        task: the task's title.
        similarity: share of the two answers' own parts that both have, from 0 to 1.
    """

    first: Result
    second: Result
    task: str
    similarity: float


def similar_pairs(course: Course, results: Iterable[Result]) -> list[Pair]:
    """Every pair of answers of different students worth a look, the most alike first; the same in any order.

    Args:
        course: for what the release and the reference already say.
        results: of the whole class.
    """
    groups: dict[tuple[str, str], list[Result]] = defaultdict(list)
    titles: dict[tuple[str, str], str] = {}
    for one in results:
        for task in one.tasks:
            if one.assignment and one.answers.get(task.name, "").strip():
                groups[one.assignment, task.name].append(one)
                titles[one.assignment, task.name] = task.title
    given = {slug: _given(course, slug) for slug in sorted({slug for slug, _ in groups})}
    pairs = []
    for (slug, name), group in sorted(groups.items()):
        group.sort(key=lambda one: (one.student, one.file))
        texts = [one.answers[name] for one in group]
        for first, second, share in alike(texts, given[slug].get(name, ()), [one.student for one in group]):
            pairs.append(Pair(group[first], group[second], titles[slug, name], share))
    return sorted(pairs, key=lambda one: -one.similarity)


def alike(texts: Sequence[str], given: Sequence[str] = (), owners: Sequence[str] = ()) -> list[tuple[int, int, float]]:
    """Pairs of answers to one task that share what is unusual in them.

    Args:
        texts: the answers.
        given: what is nobody's own: the release's cell and the reference answer.
        owners: whose each answer is; one person's answers are never paired. By default all differ.

    Returns:
        Positions of both answers, and how alike they are, from 0 to 1.
    """
    common = set().union(*(_hashes(text) for text in given))
    hashes = [[run for run in _hashes(text) if run not in common] for text in texts]
    own = [frozenset(runs) for runs in hashes]
    counts = Counter(run for runs in own for run in runs)
    few = min(FEW, max(3, len(texts) // 2))  # in a very small class half of it is many
    limit = min(MOST, max(few, int(SHARE * len(texts))))
    found = []
    for first, second in _candidates([_winnowed(runs) for runs in hashes], limit):
        if owners and owners[first] == owners[second]:
            continue
        both = own[first] & own[second]
        share = len(both) / len(own[first] | own[second])
        if share >= ALIKE and sum(counts[run] <= limit for run in both) >= ENOUGH:
            found.append((first, second, round(share, 3)))
    return sorted(found)


def _candidates(marks: Sequence[set[int]], limit: int) -> set[tuple[int, int]]:
    """Pairs with an unusual mark in common."""
    where: dict[int, list[int]] = defaultdict(list)
    for number, own in enumerate(marks):
        for mark in own:
            where[mark].append(number)
    return {pair for places in where.values() if len(places) <= limit for pair in combinations(places, 2)}


def _given(course: Course, slug: str) -> Mapping[str, tuple[str, ...]]:
    """For each task, the release's cell and the reference answer."""
    cells: dict[str, list[str]] = defaultdict(list)
    for tree in ("release", "source"):
        try:
            notebook = read_notebook(course.notebook(tree, course.assignment(slug)))
        except CourseError:
            continue  # an assignment of an earlier year may be gone
        for cell in notebook.cells:
            if is_answer(cell):
                cells[grade_id(cell) or cell.id].append(without_markers(cell.source))
    return {name: tuple(texts) for name, texts in cells.items()}


# --- what is left of an answer ---------------------------------------------------------------------------------------


def _hashes(text: str) -> list[int]:
    """Of each run of nodes; the same in every process, unlike Python's own hashes."""
    codes = [_code(node) for node in shape(text)]
    return [reduce(_mixed, codes[place : place + RUN], 0) for place in range(len(codes) - RUN + 1)]


def _mixed(run: int, code: int) -> int:
    return (run * 0x9E3779B97F4A7C15 + code) % 0x1FFFFFFFFFFFFFFF  # 2**61 - 1, a prime


@lru_cache(maxsize=4096)
def _code(node: str) -> int:
    return zlib.crc32(node.encode("utf-8", "replace"))


def _winnowed(hashes: Sequence[int]) -> set[int]:
    return {min(hashes[place : place + WINDOW]) for place in range(max(1, len(hashes) - WINDOW + 1)) if hashes}


def shape(text: str) -> list[str]:
    r"""An answer as a list of its syntax-tree nodes in order; of its words where it is no Python.

    >>> shape("a = b.exp() # e") == shape("import torch\nvalue = other . exp()")
    True
    """
    tree = tree_of(text)
    nodes = _nodes(tree) if tree is not None else _words(text)
    return [node for node, _ in zip(nodes, range(MAX_NODES), strict=False)]


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


def _words(text: str) -> Iterator[str]:
    for found in _LEXER.finditer(text):
        word = found[0]
        if not word.startswith("#"):
            yield word if word in _WORDS or not (word[0].isalpha() or word[0] in "_'\"") else "name"
