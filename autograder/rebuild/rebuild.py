"""Rebuild a submission on the instructor's release, and take only the answers from it.

The release's `provided` cells are executed as they stand. From the submission come its solution cells and the code
cells that the student added. Everything else in it (metadata, points, check cells, outputs) plays no part.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from nbformat import NotebookNode

from autograder.base.records import Cell, Graft
from autograder.rebuild import repairs
from autograder.rebuild.answers import Answer, answers_of
from autograder.rebuild.bench import Bench, Tasks
from autograder.rebuild.helpers import Helper, Order, helpers_of, kept_of
from autograder.rebuild.matching import Piece, match_all, slots_of
from autograder.rebuild.written import written_of


def regraft(release: NotebookNode, submission: NotebookNode, tasks: Tasks) -> Graft:
    """Rebuild a submission on the release.

    Args:
        release: the instructor's notebook, as students get it.
        submission: a clean notebook, as intake makes it.
        tasks: for each task (the grade_id of its solution cell) the names that its cell defines.

    Returns:
        What to execute, in the release's order, with a sentence for everything that was mended. Never raises because
        of what a submission holds.
    """
    slots = slots_of(release)
    pieces = [Piece(place, cell) for place, cell in enumerate(submission.cells, start=1)]
    bench = Bench(slots, tasks, match_all(slots, pieces, tasks))
    answers, about_answers = answers_of(bench)
    written, about_written = written_of(bench)
    helpers = helpers_of(bench, answers)
    kept, about_kept = kept_of(bench, answers, helpers)
    said = (*about_answers, *about_written, *about_kept, *repairs.in_the_notebook(bench))
    stubs = {slot.name: slot.source for slot in slots if slot.kind == "solution"}
    return Graft(_in_order(bench, answers, [*helpers, *kept]), stubs, written, said)


def _in_order(bench: Bench, answers: Mapping[str, Answer], helpers: Iterable[Helper]) -> tuple[Cell, ...]:
    cells = [*_of_the_release(bench, answers), *_added(helpers)]
    return tuple(cell for _, cell in sorted(cells, key=lambda pair: pair[0]))


def _of_the_release(bench: Bench, answers: Mapping[str, Answer]) -> Iterator[tuple[Order, Cell]]:
    for slot in bench.slots:
        if slot.kind == "provided":
            yield (slot.index, 0, 0), Cell("provided", slot.name, slot.source)
        elif slot.kind == "solution":
            yield (slot.index, 0, 0), Cell("solution", slot.name, answers[slot.name].source)


def _added(helpers: Iterable[Helper]) -> Iterator[tuple[Order, Cell]]:
    for number, helper in enumerate(sorted(helpers, key=lambda one: one.order), start=1):
        yield helper.order, Cell("helper", f"helper-{number}", helper.source)
