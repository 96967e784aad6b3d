"""The end of the pipeline: gradebook, tables, feedback pages and class report."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from autograder.base.course import Course, CourseError
from autograder.base.names import safe_name
from autograder.base.records import Result
from autograder.report import formgrader, gradebook
from autograder.report.gradebook import GradedCell, chosen, student_ids
from autograder.report.late import with_penalties
from autograder.report.lms import write_lms
from autograder.report.pages import feedback, report
from autograder.report.similar import similar_pairs
from autograder.report.tables import write_tables

RUN = "run.json"  # what reports say about the run as a whole


def hand_back(course: Course, folder: Path, results: Sequence[Result], dataset: str) -> list[Result]:
    """Everything after the verdicts: Formgrader's folders, the gradebook, tables and pages.

    Args:
        course: the course.
        folder: the run folder.
        results: of this run, as they were recorded.
        dataset: which images the hidden checks used.

    Returns:
        The results with what people entered in Formgrader.

    Raises:
        CourseError: the gradebook cannot be used; tables and pages are written, without marks given by hand.
    """
    results = with_penalties(course, _with_notes(results))
    changed = formgrader.write_class(course, folder, results, student_ids(results))
    _write_run(folder, dataset, changed | _to_look_at(folder))
    return _finish(course, folder, results)


def hand_back_again(course: Course, folder: Path, results: Sequence[Result]) -> list[Result]:
    """The same for a class that was graded before, with what people have entered in Formgrader since.

    Raises:
        CourseError: as `hand_back`.
    """
    formgrader.write_settings(course, folder)
    return _finish(course, folder, with_penalties(course, _with_notes(results)))


def _finish(course: Course, folder: Path, results: list[Result]) -> list[Result]:
    people = student_ids(results)
    try:
        with gradebook.opened(course, folder) as book:
            gradebook.save(book, course, results, people, _to_look_at(folder))
            marks = gradebook.hand_marks(book)
        _write_run(folder, _dataset(folder), set())
    except CourseError as error:
        write_reports(course, folder, results)
        kept = f"results, tables and pages are complete in {folder}, without marks given by hand"
        raise CourseError(f"{error}; {kept}; `course grades {folder}` adds them") from error
    results = gradebook.with_hand_marks(results, marks, people)
    write_reports(course, folder, results)
    return results


def _with_notes(results: Sequence[Result]) -> list[Result]:
    """Say of a graded file that it is not the one in the gradebook."""
    standing = chosen(results)
    noted = []
    for one in results:
        other = standing.get((one.student, one.assignment or ""))
        if one.status == "graded" and other is not None and other is not one:
            one = replace(
                one, repairs=(*one.repairs, f"The gradebook holds another file, handed in later: {other.file}.")
            )
        noted.append(one)
    return noted


# --- tables and pages ------------------------------------------------------------------------------------------------


def write_reports(course: Course, folder: Path, results: Sequence[Result]) -> None:
    """The tables, a feedback page per submission, and the class report that links to them."""
    write_tables(folder, results)
    write_lms(course, folder, results)
    links: dict[tuple[str, str | None, str], str] = {}
    used: set[str] = set()
    people = student_ids(results)
    first = {id(one) for one in chosen(results).values()}
    for result in sorted(results, key=lambda one: id(one) not in first):
        page = _page_path(course, result, people[result.student], used)
        path = folder / page
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(feedback.render(result, course), encoding="utf-8")
        links[(result.student, result.assignment, result.file)] = page
    page = report.render(results, course, dataset=_dataset(folder), links=links, alike=similar_pairs(course, results))
    (folder / "report.html").write_text(page, encoding="utf-8")


def _page_path(course: Course, result: Result, student: str, used: set[str]) -> str:
    """nbgrader's place for feedback, made of safe characters only, unique in the run."""
    if result.assignment:
        stem = f"feedback/{student}/{safe_name(result.assignment)}/{course.assignment(result.assignment).notebook_name}"
    else:
        stem = f"feedback/{student}/unplaced/{safe_name(Path(result.file).stem)}"
    name, count = stem, 1
    while name.casefold() in used:
        count += 1
        name = f"{stem}-{count}"
    used.add(name.casefold())
    return f"{name}.html"


# --- the run as a whole ----------------------------------------------------------------------------------------------


def _write_run(folder: Path, dataset: str, look_again: set[GradedCell]) -> None:
    """Cells to look at again are kept until the gradebook has them, should it be out of reach."""
    text = json.dumps({"dataset": dataset, "look_again": sorted(look_again)})
    (folder / RUN).write_text(text + "\n", encoding="utf-8")


def _read_run(folder: Path) -> dict[str, Any]:
    try:
        run = json.loads((folder / RUN).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        run = {}
    return run if isinstance(run, dict) else {}


def _dataset(folder: Path) -> str:
    return str(_read_run(folder).get("dataset", "unknown"))


def _to_look_at(folder: Path) -> set[GradedCell]:
    return {(student, slug, cell) for student, slug, cell in _read_run(folder).get("look_again", [])}
