"""The end of the pipeline: gradebook, tables, feedback pages and class report."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from autograder.base.course import Course, CourseError
from autograder.base.names import safe_name
from autograder.base.people import roster
from autograder.base.records import Result
from autograder.report import formgrader, gradebook, times
from autograder.report.changes import Change, Judge, changes, remember, remembered, write_changes
from autograder.report.gradebook import GradedCell, chosen, student_ids
from autograder.report.hand_ins import Timed, with_times
from autograder.report.late import remarks as late_remarks
from autograder.report.late import with_notes, with_penalties
from autograder.report.lms import write_lms
from autograder.report.pages import feedback, report
from autograder.report.similar import similar_answers
from autograder.report.tables import write_tables
from autograder.report.times import Entry

RUN = "run.json"


@dataclass(frozen=True)
class HandedBack:
    """What went back to people.

    Attributes:
        results: with times, late penalties and what people entered in Formgrader.
        changes: marks that moved since tables and pages were last written; None where this is the first time.
        remarks: what must be said about hand-in times, one sentence each.
    """

    results: list[Result]
    changes: tuple[Change, ...] | None
    remarks: tuple[str, ...]


def hand_back(
    course: Course,
    folder: Path,
    results: Sequence[Result],
    dataset: str,
    judges: Mapping[str, Judge] | None = None,
    given: Sequence[Entry] = (),
) -> HandedBack:
    """Everything after the verdicts: Formgrader's folders, the gradebook, tables and pages.

    Args:
        course: the course.
        folder: the run folder.
        results: of this run, as they were recorded.
        dataset: which images the hidden checks used.
        judges: by slug, what the marks of this run come from.
        given: times of files; the folder remembers them.

    Raises:
        CourseError: the gradebook cannot be used; tables and pages are written, without marks given by hand.
    """
    before = _read_run(folder)
    timed = _timed(course, folder, results, given)
    changed = formgrader.write_class(course, folder, timed.results, student_ids(timed.results))
    after = Run(dataset, before.look_again | changed, {**before.judges, **(judges or {})})
    return _finish(course, folder, timed, before, after)


def hand_back_again(
    course: Course, folder: Path, results: Sequence[Result], given: Sequence[Entry] = (), *, tell: bool = True
) -> HandedBack:
    """The same for a class that was graded before, with what people have entered in Formgrader since.

    Args:
        course, folder, results, given: as for `hand_back`.
        tell: whether the marks are compared with those that were last told, and are those from now on.

    Raises:
        CourseError: as `hand_back`.
    """
    formgrader.write_settings(course, folder)
    run = _read_run(folder)
    return _finish(course, folder, _timed(course, folder, results, given), run, run, tell=tell)


def marked(course: Course, folder: Path, results: Sequence[Result]) -> list[Result]:
    """The results of a run folder with times, penalties and marks by hand, as they are now; writes nothing.

    Raises:
        CourseError: the gradebook cannot be used.
    """
    results = with_penalties(course, with_times(course, results, _known_times(course, folder)).results)
    with gradebook.opened(course, folder) as book:
        return gradebook.with_hand_marks(results, gradebook.hand_marks(book), student_ids(results))


def _known_times(course: Course, folder: Path) -> list[Entry]:
    """Of files that were given for this folder, and of the course's file of extensions."""
    return [*times.remembered(course, folder), *times.read_extensions(course)]


def _timed(course: Course, folder: Path, results: Sequence[Result], given: Sequence[Entry]) -> Timed:
    """The results with times, notes and penalties; the folder remembers what was given."""
    if given:
        times.remember(folder, [*times.remembered(course, folder), *given])
    timed = with_times(course, results, _known_times(course, folder))
    noted = with_penalties(course, _with_notes(with_notes(timed.results)))
    return replace(timed, results=noted, remarks=(*timed.remarks, *late_remarks(course, noted)))


def _finish(course: Course, folder: Path, timed: Timed, before: Run, after: Run, *, tell: bool = True) -> HandedBack:
    people = student_ids(timed.results)
    _write_run(folder, after)
    try:
        with gradebook.opened(course, folder) as book:
            gradebook.save(book, course, timed.results, people, after.look_again)
            marks = gradebook.hand_marks(book)
        _write_run(folder, replace(after, look_again=frozenset()))
    except CourseError as error:
        write_reports(course, folder, timed.results)
        kept = f"results, tables and pages are complete in {folder}, without marks given by hand"
        raise CourseError(f"{error}; {kept}; `course grades {folder}` adds them") from error
    results = gradebook.with_hand_marks(timed.results, marks, people)
    write_reports(course, folder, results)
    moved = _changes(folder, results, before, after) if tell else None
    return HandedBack(results, moved, timed.remarks)


def _changes(folder: Path, results: Sequence[Result], before: Run, after: Run) -> tuple[Change, ...] | None:
    """What moved; from now on these are the marks to compare with."""
    old = remembered(folder)
    moved = None if old is None else tuple(changes(old, results, before.judges, after.judges))
    write_changes(folder, moved or ())
    remember(folder, results)
    return moved


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
        page = page_path(course, result, people[result.student], used)
        path = folder / page
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(feedback.render(result, course), encoding="utf-8")
        links[(result.student, result.assignment, result.file)] = page
    there = {one.person for one in results}
    page = report.render(
        results,
        course,
        dataset=_dataset(folder, results),
        links=links,
        alike=similar_answers(course, results),
        absent=[one.title for one in roster(course) if one.key not in there],
    )
    (folder / "report.html").write_text(page, encoding="utf-8")


def page_path(course: Course, result: Result, student: str, used: set[str]) -> str:
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


@dataclass(frozen=True)
class Run:
    """What reports say about the run as a whole.

    Attributes:
        dataset: images of the hidden checks in the last run.
        look_again: cells that a person may have marked and that look different now; kept until the gradebook has them,
            should it be out of reach.
        judges: by slug, what the marks come from.
    """

    dataset: str = "unknown"
    look_again: frozenset[GradedCell] = frozenset()
    judges: Mapping[str, Judge] = field(default_factory=dict)


def _write_run(folder: Path, run: Run) -> None:
    judges = {slug: asdict(judge) for slug, judge in sorted(run.judges.items())}
    text = json.dumps({"dataset": run.dataset, "look_again": sorted(run.look_again), "judges": judges})
    (folder / RUN).write_text(text + "\n", encoding="utf-8")


def _read_run(folder: Path) -> Run:
    try:
        run = json.loads((folder / RUN).read_text(encoding="utf-8"))
        cells = frozenset((student, slug, cell) for student, slug, cell in run.get("look_again", []))
        judges = {slug: Judge(**entry) for slug, entry in run.get("judges", {}).items()}
        return Run(str(run.get("dataset", "unknown")), cells, judges)
    except (OSError, ValueError, TypeError, AttributeError):
        return Run()


def _dataset(folder: Path, results: Sequence[Result]) -> str:
    """The images of the hidden checks; by assignment where weeks were graded on different ones."""
    run = _read_run(folder)
    slugs = sorted({one.assignment for one in results if one.assignment})
    named = {slug: run.judges[slug].dataset for slug in slugs if slug in run.judges}
    if len(set(named.values())) < 2:
        return next(iter(named.values()), run.dataset)
    return ", ".join(f"{name} ({slug})" for slug, name in named.items())
