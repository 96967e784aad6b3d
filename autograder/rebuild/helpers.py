"""Imports and definitions outside the graded cells that an answer uses: without them a right answer would not run.

In the student's notebook these names exist. They come from release cells that grading leaves out (plots, data), or the
student added them to a cell that is otherwise taken from the release. Nothing that a provided cell or a task defines is
ever replaced.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from autograder.rebuild.matching import Match, Slot
from autograder.rebuild.pysource import bound, free_names, statement_key, statement_keys, statements

MAX_ROUNDS = 20  # definitions that use definitions that use …
MAX_POOL = 2_000
LASTING = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True)
class Kept:
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


def kept_definitions(
    slots: Sequence[Slot], matches: Sequence[Match], tasks: Mapping[str, tuple[str, ...]], sources: Sequence[str]
) -> list[Kept]:
    """Find the statements that the answers need.

    Args:
        slots: the release's cells.
        matches: what each cell of the submission is.
        tasks: names that each task's cell defines.
        sources: the answers and helper cells.

    Returns:
        Statements in the release's order.
    """
    fixed = {name for names in tasks.values() for name in names}
    fixed |= {
        name for slot in slots if slot.kind == "provided" for one in statements(slot.source) for name in bound(one)
    }
    wanted = {name for source in sources for name in free_names(source)} - fixed
    if not wanted:
        return []
    pool = [one for one in _pool(slots, matches) if not one.names & fixed][:MAX_POOL]
    chosen: set[int] = set()
    for _ in range(MAX_ROUNDS):
        fresh = [number for number, one in enumerate(pool) if number not in chosen and one.names & wanted]
        chosen.update(fresh)
        wanted |= {name for number in fresh for name in free_names(pool[number].source)}
        if not fresh:
            break
    return [pool[number] for number in sorted(chosen)]


def _pool(slots: Sequence[Slot], matches: Sequence[Match]) -> Iterator[Kept]:
    """Statements that may be kept: of the release's own cells only those that cost nothing to run."""
    for slot in slots:
        if slot.kind not in ("provided", "other") or not slot.is_code:
            continue
        known = statement_keys(statements(slot.source))
        if slot.kind == "other":
            yield from _kept(slot, [node for node in statements(slot.source) if isinstance(node, LASTING)], False)
        for match in matches:
            if match.slot is slot and match.piece.is_code and match.piece.key != slot.key:
                added = [node for node in statements(match.piece.source) if statement_key(node) not in known]
                yield from _kept(slot, added, True)


def _kept(slot: Slot, nodes: Sequence[ast.stmt], added: bool) -> Iterator[Kept]:
    for node in nodes:
        try:
            yield Kept(slot, ast.unparse(node), bound(node), added)
        except RecursionError:
            continue
