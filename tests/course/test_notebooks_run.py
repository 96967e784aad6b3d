"""Do the notebooks run: the solutions as they are committed, and the releases that nobody has answered yet?"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import notebook_run
import pytest
from nbformat import NotebookNode

from autograder.base.course import Assignment, find_course
from autograder.base.notebooks import is_check, read_notebook

COURSE = find_course(Path(__file__).parent)

every_assignment = pytest.mark.parametrize("assignment", COURSE.assignments, ids=lambda one: one.slug)


@pytest.fixture(scope="module")
def pool() -> Iterator[ProcessPoolExecutor]:
    """Warm processes."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in notebook_run.ENVIRONMENT.items():
            patch.setenv(name, value)
        with notebook_run.warm() as started:
            yield started


def ran(
    pool: ProcessPoolExecutor, tree: str, assignment: Assignment, folder: Path
) -> tuple[notebook_run.Run, list[NotebookNode]]:
    """A notebook that has run to its end, and its check cells."""
    path = COURSE.notebook(tree, assignment)
    done = pool.submit(notebook_run.run, path, folder).result(notebook_run.SECONDS)
    assert done.error == ""
    return done, [cell for cell in read_notebook(path).cells if is_check(cell)]


@every_assignment
def test_a_solution_runs_and_its_checks_say_what_is_committed(
    pool: ProcessPoolExecutor, assignment: Assignment, tmp_path: Path
) -> None:
    """Does every cell run, and print each check cell the points and rows that the committed notebook shows?"""
    done, checks = ran(pool, "solutions", assignment, tmp_path)
    committed = {cell.id: "".join(output.get("text", "") for output in cell.outputs) for cell in checks}
    assert {name: done.printed[name] for name in committed} == committed
    assert all("checks passed" in text for text in committed.values()) and done.figures


@every_assignment
def test_a_release_runs_to_its_end_without_an_answer(
    pool: ProcessPoolExecutor, assignment: Assignment, tmp_path: Path
) -> None:
    """Does nothing raise in a notebook that was only opened, and does each check say that its task waits?"""
    done, checks = ran(pool, "release", assignment, tmp_path)
    assert checks and all("not yet answered" in done.printed[cell.id] for cell in checks)
