"""The student's code beside the answers, without which a right answer would not run.

Helper cells are cells that the student added. Imports and definitions outside the graded cells are kept, too, where an
answer uses them: in the student's notebook these names exist. They come from release cells that grading leaves out
(plots, data), or the student added them to a cell that is otherwise taken from the release. Nothing that a provided
cell or a task defines is ever replaced.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from autograder.rebuild import repairs
from autograder.rebuild.answers import Answer
from autograder.rebuild.bench import Bench
from autograder.rebuild.matching import Match, Piece, Slot
from autograder.rebuild.pysource import bound, free_names, is_empty, statement_key, statement_keys, statements

MAX_ROUNDS = 20  # definitions that use definitions that use …
MAX_POOL = 2_000
LASTING = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)

#: Release cell, then 0 for that cell itself, 1 for helper cells after it, 2 for kept statements; then their own order.
Order = tuple[int, int, int]


@dataclass(frozen=True)
class Helper:
    """Code of the student's beside the answers: where it goes in the release's order, and its source."""

    order: Order
    source: str


# --- helper cells ----------------------------------------------------------------------------------------------------


def helpers_of(bench: Bench, answers: Mapping[str, Answer]) -> list[Helper]:
    """Code cells that the student added, and parts split off from an answer, in the places where they stood."""
    taken = {piece.place for answer in answers.values() for piece in answer.pieces}
    cells = [match for match in bench.matches if match.piece.place not in taken and _is_helper(bench, match)]
    return [Helper(_order_of(bench, answers, match.piece), match.piece.source) for match in cells]


def _is_helper(bench: Bench, match: Match) -> bool:
    piece, slot = match.piece, match.slot
    if not piece.is_code or is_empty(piece.source) or match.offers:
        return False
    return slot is None or (slot.kind == "solution" and bench.is_part(piece, slot))


def _order_of(bench: Bench, answers: Mapping[str, Answer], piece: Piece) -> Order:
    """After the release cell that it stood after, but before every answer that it stood before."""
    anchor = -1
    places = {one.place: answer.slot.index for answer in answers.values() for one in answer.pieces}
    for match in bench.matches[: piece.place - 1]:
        index = places.get(match.piece.place, match.slot.index if match.slot else None)
        anchor = anchor if index is None else index
    later = [
        answer.slot.index for answer in answers.values() if answer.pieces and answer.pieces[-1].place > piece.place
    ]
    return (min([anchor, *(index - 1 for index in later)]), 1, piece.place)


# --- kept definitions ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Kept:
    """One statement to execute beside the answers.

    Attributes:
        slot: the release cell at which it stood.
        source: the statement.
        names: what it binds.
        added: whether the student wrote it.
    """

    slot: Slot
    source: str
    names: frozenset[str]
    added: bool


def kept_of(bench: Bench, answers: Mapping[str, Answer], helpers: Sequence[Helper]) -> tuple[list[Helper], list[str]]:
    """Definitions from other cells that an answer uses, and what to say of those that the student wrote."""
    sources = [answer.source for answer in answers.values() if answer.pieces] + [one.source for one in helpers]
    kept = _kept_definitions(bench, sources)
    names = sorted({name for one in kept if one.added for name in one.names})
    cells = [Helper((one.slot.index, 2, number), one.source) for number, one in enumerate(kept)]
    return cells, [repairs.kept(names)] if names else []


def _kept_definitions(bench: Bench, sources: Iterable[str]) -> list[_Kept]:
    """The statements that answers and helper cells need, in the release's order."""
    fixed = _fixed_names(bench)
    wanted = {name for source in sources for name in free_names(source)} - fixed
    if not wanted:
        return []
    pool = [one for one in _pool(bench) if not one.names & fixed][:MAX_POOL]
    chosen: set[int] = set()
    for _ in range(MAX_ROUNDS):
        fresh = [number for number, one in enumerate(pool) if number not in chosen and one.names & wanted]
        chosen.update(fresh)
        wanted |= {name for number in fresh for name in free_names(pool[number].source)}
        if not fresh:
            break
    return [pool[number] for number in sorted(chosen)]


def _fixed_names(bench: Bench) -> set[str]:
    """What tasks and provided cells define."""
    provided = (slot.source for slot in bench.slots if slot.kind == "provided")
    fixed = {name for names in bench.tasks.values() for name in names}
    return fixed | {name for source in provided for one in statements(source) for name in bound(one)}


def _pool(bench: Bench) -> Iterator[_Kept]:
    """Statements that may be kept: of the release's own cells only those that cost nothing to run."""
    for slot in bench.slots:
        if slot.kind not in ("provided", "other") or not slot.is_code:
            continue
        known = statement_keys(statements(slot.source))
        if slot.kind == "other":
            yield from _each(slot, [node for node in statements(slot.source) if isinstance(node, LASTING)], False)
        for match in bench.at(slot):
            if match.piece.is_code and match.piece.key != slot.key:
                added = [node for node in statements(match.piece.source) if statement_key(node) not in known]
                yield from _each(slot, added, True)


def _each(slot: Slot, nodes: Iterable[ast.stmt], added: bool) -> Iterator[_Kept]:
    for node in nodes:
        try:
            yield _Kept(slot, ast.unparse(node), bound(node), added)
        except RecursionError:
            continue
