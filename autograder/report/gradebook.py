"""nbgrader's gradebook: automatic points go in, what people enter in Formgrader comes back out.

One process writes, once per run. A person's points and comments are only ever read here.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from nbgrader import api
from nbgrader.dbutil import ALEMBIC_DIR
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from autograder.base.course import Assignment, Course, CourseError
from autograder.base.names import safe_name
from autograder.base.notebooks import grade_id, grading, read_notebook
from autograder.base.records import Result, TaskResult, WrittenResult

FILE = "gradebook.db"
ENVIRONMENT = "COURSE_GRADEBOOK_URL"
COURSE_ID = "wafer-vae"  # as in course/nbgrader_config.py
CHECK = "check-"  # a task's points stand on the check cell of this name
NO_ANSWER = "No response."  # nbgrader's own words

#: nbgrader's id of a student, by the name that results bear.
People = Mapping[str, str]
#: nbgrader's student id, assignment slug, and the name of a cell that bears points.
GradedCell = tuple[str, str, str]


@dataclass(frozen=True)
class HandMark:
    """What a person entered for one cell."""

    points: float | None = None
    extra: float = 0.0
    comment: str = ""


#: By nbgrader's student id and assignment slug: marks by cell.
HandMarks = Mapping[tuple[str, str], Mapping[str, HandMark]]


# --- who and where ---------------------------------------------------------------------------------------------------


def address(course: Course, folder: Path) -> str:
    """Where the gradebook is, as SQLAlchemy wants it: the environment, else `course.toml`, else the run folder.

    Raises:
        CourseError: `course.toml` holds a password.
    """
    return os.environ.get(ENVIRONMENT) or _configured(course) or f"sqlite:///{(folder / FILE).resolve()}"


def _configured(course: Course) -> str:
    url = course.settings.gradebook.url
    if url and _parsed(url).password is not None:
        raise CourseError(
            f"[gradebook] url in course.toml holds a password: leave it out there and set {ENVIRONMENT} to the whole "
            "address (or use PostgreSQL's ~/.pgpass)"
        )
    return url


def _parsed(url: str) -> sa.URL:
    try:
        return sa.make_url(url)
    except ArgumentError:
        raise CourseError(
            "the gradebook's address is no SQLAlchemy address: expected for example postgresql+psycopg2://user@host/database"
        ) from None


def student_ids(results: Iterable[Result]) -> dict[str, str]:
    """An id for each student that is safe as a folder name and unlike all others, even where case is ignored."""
    ids: dict[str, str] = {}
    taken: set[str] = set()
    for student in sorted({result.student for result in results}):
        name = safe_name(student)
        if name.casefold() in taken:
            name = f"{name}-{hashlib.sha256(student.encode('utf-8', 'replace')).hexdigest()[:6]}"
        taken.add(name.casefold())
        ids[student] = name
    return ids


def chosen(results: Iterable[Result]) -> dict[tuple[str, str], Result]:
    """The graded result that stands in the gradebook for each student and assignment: the one handed in last.

    Where no time is known, the last by file name.
    """
    graded = [one for one in results if one.status == "graded" and one.assignment]
    ordered = sorted(graded, key=lambda one: (moment(one.submitted_at) or datetime.min, one.file))
    return {(one.student, one.assignment): one for one in ordered if one.assignment}


def moment(text: str | None) -> datetime | None:
    """A time as nbgrader keeps it: UTC, without an offset."""
    if not text:
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return time.astimezone(UTC).replace(tzinfo=None) if time.tzinfo else time


# --- the database ----------------------------------------------------------------------------------------------------


@contextmanager
def opened(course: Course, folder: Path) -> Iterator[api.Gradebook]:
    """nbgrader's gradebook of this run; made when there is none.

    Raises:
        CourseError: it cannot be reached, or something goes wrong in it; nothing of an unfinished step stays behind.
    """
    url = address(course, folder)
    shown = _parsed(url).render_as_string(hide_password=True)
    book = None
    try:
        _make(url)
        book = api.Gradebook(url, COURSE_ID)
        yield book
    except (ModuleNotFoundError, NoSuchModuleError) as error:
        raise CourseError(f"the gradebook {shown} needs a database driver that is not installed: {error}") from error
    except (SQLAlchemyError, api.InvalidEntry) as error:
        cause = str(getattr(error, "orig", None) or error).strip().splitlines() or ["unknown"]
        raise CourseError(f"the gradebook {shown} cannot be used: {cause[0][:300]}") from error
    finally:
        if book is not None:
            book.close()


def _make(url: str) -> None:
    """Make nbgrader's tables where they are missing.

    nbgrader would call `alembic`, which must then be on the PATH, and leave half a database behind when it is not.
    """
    from alembic.script import ScriptDirectory

    engine = sa.create_engine(url)
    try:
        with engine.begin() as connection:
            if "alembic_version" in sa.inspect(connection).get_table_names():
                return
            api.Base.metadata.create_all(bind=connection)
            versions = sa.Table(
                "alembic_version", sa.MetaData(), sa.Column("version_num", sa.String(32), nullable=False)
            )
            versions.create(connection)
            head = ScriptDirectory(ALEMBIC_DIR).get_current_head()
            connection.execute(versions.insert().values(version_num=head))
    finally:
        engine.dispose()


def save(
    book: api.Gradebook,
    course: Course,
    results: Iterable[Result],
    people: People,
    changed: Set[GradedCell] = frozenset(),
) -> None:
    """Write the automatic points of every graded submission; one commit per assignment.

    Args:
        book: the gradebook.
        course: for the release notebooks, whose cells hold the points.
        results: of this run; of several for one student and assignment, the `chosen` one.
        people: nbgrader's student ids.
        changed: cells that look different from what a person may have marked: their marks stay, and Formgrader asks
            to look at them again.
    """
    by_assignment: dict[str, list[Result]] = {}
    for (_, slug), result in sorted(chosen(results).items()):
        by_assignment.setdefault(slug, []).append(result)
    for slug, own in sorted(by_assignment.items()):
        _Sheet(book, course.assignment(slug), people, changed).save(course, own)


@dataclass
class _Sheet:
    """One assignment in the gradebook, written through nbgrader's tables in few statements.

    nbgrader's own methods commit at every call, several times a submission.

    Attributes:
        graded: ids of the cells that bear points, by name.
        commented: ids of the cells that bear comments, by name.
    """

    book: api.Gradebook
    assignment: Assignment
    people: People
    changed: Set[GradedCell]
    graded: dict[str, str] = field(default_factory=dict)
    commented: dict[str, str] = field(default_factory=dict)

    def save(self, course: Course, results: Sequence[Result]) -> None:
        """Write everything about these results."""
        notebook = self._notebook(course)
        self._add_students(results)
        submitted = self._submissions(notebook, results)
        self._save_grades(notebook, submitted, results)
        self._save_comments(notebook, submitted, results)
        self.book.db.commit()

    def _notebook(self, course: Course) -> api.Notebook:
        """The assignment's cells, as in the release; a cell is added or updated, never removed."""
        slug, name = self.assignment.slug, self.assignment.notebook_name
        release = read_notebook(course.notebook("release", self.assignment))
        kernel = json.dumps(release.metadata.get("kernelspec", {}))
        self.book.update_or_create_assignment(slug)
        notebook = self.book.update_or_create_notebook(name, slug, kernelspec=kernel)
        for cell in (cell for cell in release.cells if grade_id(cell)):
            marks, place = grading(cell), (grade_id(cell), name, slug)
            if marks.get("grade"):
                most = float(marks.get("points", 0))
                self.book.update_or_create_grade_cell(*place, max_score=most, cell_type=cell.cell_type)
            if marks.get("solution"):
                self.book.update_or_create_solution_cell(*place)
            source = {"source": cell.source, "locked": bool(marks.get("locked")), "checksum": marks.get("checksum")}
            self.book.update_or_create_source_cell(*place, cell_type=cell.cell_type, **source)
        self.graded = {cell.name: cell.id for cell in notebook.grade_cells}
        self.commented = {cell.name: cell.id for cell in notebook.solution_cells}
        return notebook

    def _add_students(self, results: Sequence[Result]) -> None:
        known = set(self.book.db.scalars(sa.select(api.Student.id)))
        names = {self.people[one.student]: one.student for one in results}
        self._insert(api.Student, [_student(key, names[key]) for key in sorted(names.keys() - known)])

    def _submissions(self, notebook: api.Notebook, results: Sequence[Result]) -> dict[str, str]:
        """The id of each student's notebook; submissions that are not there yet are added."""
        whole, part = api.SubmittedAssignment, api.SubmittedNotebook
        rows = self.book.db.execute(
            sa.select(whole.student_id, whole.id, part.id)
            .join(part, part.assignment_id == whole.id)
            .where(part.notebook_id == notebook.id)
        )
        known = {student: (submission, own) for student, submission, own in rows}
        assignments, notebooks, found = ([], []), ([], []), {}
        for result in results:
            student = self.people[result.student]
            ids = known.get(student) or (api.new_uuid(), api.new_uuid())
            keys = {"assignment_id": notebook.assignment_id, "student_id": student}
            old = student in known
            assignments[old].append({"id": ids[0], "timestamp": moment(result.submitted_at), **keys})
            keys = {"assignment_id": ids[0], "notebook_id": notebook.id}
            notebooks[old].append({"id": ids[1], "late_submission_penalty": float(result.late_penalty), **keys})
            found[student] = ids[1]
        for table, (new, again) in ((whole, assignments), (part, notebooks)):
            self._insert(table, new)
            self._update(table, again)
        return found

    def _save_grades(self, notebook: api.Notebook, submitted: Mapping[str, str], results: Sequence[Result]) -> None:
        table, part = api.Grade, api.SubmittedNotebook
        rows = self.book.db.execute(
            sa.select(table.notebook_id, table.cell_id, table.id, table.manual_score, table.needs_manual_grade)
            .join(part, part.id == table.notebook_id)
            .where(part.notebook_id == notebook.id)
        )
        known = {(own, cell): (key, manual, waits) for own, cell, key, manual, waits in rows}
        new, again = [], []
        for result in results:
            student = self.people[result.student]
            scores = _scores(result)
            for name, cell in self.graded.items():
                key, manual, waits = known.get((submitted[student], cell), (None, None, False))
                score = scores.get(name)
                if manual is not None:
                    waits = waits or (student, self.assignment.slug, name) in self.changed
                else:
                    waits = score is None and name in scores
                row = {"auto_score": score, "needs_manual_grade": waits}
                if key is None:
                    new.append({"notebook_id": submitted[student], "cell_id": cell, "id": api.new_uuid(), **row})
                else:
                    again.append({"id": key, **row})
        self._insert(table, new)
        self._update(table, again)

    def _save_comments(self, notebook: api.Notebook, submitted: Mapping[str, str], results: Sequence[Result]) -> None:
        table, part = api.Comment, api.SubmittedNotebook
        rows = self.book.db.execute(
            sa.select(table.notebook_id, table.cell_id, table.id)
            .join(part, part.id == table.notebook_id)
            .where(part.notebook_id == notebook.id)
        )
        known = {(own, cell): key for own, cell, key in rows}
        new, again = [], []
        for result in results:
            own = submitted[self.people[result.student]]
            blank = _blank(result)
            for name, cell in self.commented.items():
                row = {"auto_comment": NO_ANSWER if name in blank else None}
                if (own, cell) in known:
                    again.append({"id": known[(own, cell)], **row})
                else:
                    new.append({"notebook_id": own, "cell_id": cell, "id": api.new_uuid(), **row})
        self._insert(table, new)
        self._update(table, again)

    def _insert(self, table: type, rows: list[dict[str, Any]]) -> None:
        if rows:  # with NULLs, all rows have the same columns and go in one statement
            self.book.db.execute(sa.insert(table).execution_options(render_nulls=True), rows)

    def _update(self, table: type, rows: list[dict[str, Any]]) -> None:
        if rows:
            self.book.db.execute(sa.update(table), rows)


def _student(key: str, name: str) -> dict[str, Any]:
    """A student's row; Formgrader shows names where there is a first and a last one."""
    first, _, last = name.rpartition(" ")
    named = {"first_name": first[:128], "last_name": last[:128]} if first else {"first_name": None, "last_name": None}
    return {"id": key, **named}


def _scores(result: Result) -> dict[str, float | None]:
    """Automatic points by cell; None for what a person marks. An empty written answer gives nothing, as in nbgrader."""
    scores: dict[str, float | None] = {CHECK + task.name: float(task.points) for task in result.tasks}
    return scores | {answer.name: 0.0 if answer.is_blank else None for answer in result.written}


def _blank(result: Result) -> set[str]:
    """Cells without an answer."""
    tasks = {task.name for task in result.tasks if task.status == "unanswered"}
    return tasks | {answer.name for answer in result.written if answer.is_blank}


# --- marks given by hand ---------------------------------------------------------------------------------------------


def hand_marks(book: api.Gradebook) -> HandMarks:
    """Everything that people entered in Formgrader."""
    marks: dict[tuple[str, str], dict[str, HandMark]] = {}
    cell, whole, part = api.BaseCell.__table__.c, api.SubmittedAssignment, api.SubmittedNotebook
    for table, values in (
        (api.Grade, (api.Grade.manual_score, api.Grade.extra_credit)),
        (api.Comment, (api.Comment.manual_comment,)),
    ):
        rows = book.db.execute(
            sa.select(whole.student_id, api.Assignment.name, cell.name, *values)
            .select_from(table)
            .join(api.BaseCell.__table__, cell.id == table.cell_id)
            .join(part, part.id == table.notebook_id)
            .join(whole, whole.id == part.assignment_id)
            .join(api.Assignment, api.Assignment.id == whole.assignment_id)
            .where(sa.or_(*(value.is_not(None) for value in values)))
        )
        for student, slug, name, *entered in rows:
            own = marks.setdefault((student, slug), {})
            if table is api.Grade:
                own[name] = replace(own.get(name, HandMark()), points=entered[0], extra=entered[1] or 0.0)
            else:
                own[name] = replace(own.get(name, HandMark()), comment=(entered[0] or "").strip())
    return marks


def with_hand_marks(results: Iterable[Result], marks: HandMarks, people: People) -> list[Result]:
    """The results with what people entered; only those that stand in the gradebook have any."""
    results = list(results)
    standing = {id(one) for one in chosen(results).values()}
    return [
        _with_marks(one, marks.get((people[one.student], one.assignment or ""), {})) if id(one) in standing else one
        for one in results
    ]


def _with_marks(result: Result, marks: Mapping[str, HandMark]) -> Result:
    marked = {answer.name for answer in result.written}  # a comment on code that a person marks stands there
    tasks = tuple(_marked_task(task, marks, commented=task.name not in marked) for task in result.tasks)
    return replace(result, tasks=tasks, written=tuple(_marked_answer(answer, marks) for answer in result.written))


def _marked_task(task: TaskResult, marks: Mapping[str, HandMark], *, commented: bool) -> TaskResult:
    """A task's points are entered at its check cell, the comment at the answer."""
    points, answer = marks.get(CHECK + task.name, HandMark()), marks.get(task.name, HandMark())
    return replace(task, by_hand=points.points, extra=points.extra, comment=answer.comment if commented else "")


def _marked_answer(answer: WrittenResult, marks: Mapping[str, HandMark]) -> WrittenResult:
    mark = marks.get(answer.name, HandMark())
    points = 0.0 if mark.points is None and answer.is_blank else mark.points
    return replace(answer, points=points, extra=mark.extra, comment=mark.comment)
