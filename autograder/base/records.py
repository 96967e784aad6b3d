"""The plain records that pass from one stage of the grading pipeline to the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from nbformat import NotebookNode

from autograder.base.course import Assignment
from autograder.base.shelf import Packed, Shelved

MAX_HELPERS, MAX_HELPER = 40, 50_000  # helper cells of a submission that are kept, and characters of each

CellKind = Literal["provided", "solution", "helper"]
TaskStatus = Literal["ok", "unanswered", "error", "crashed", "timeout"]


@dataclass(frozen=True)
class Mark:
    """The points that one check gave, with a message for the student."""

    name: str
    points: float
    max: float
    message: str


@dataclass(frozen=True)
class Submission:
    """One file that somebody handed in, read or not.

    Attributes:
        student: who handed it in, from the folder or file name.
        file: where it lay, for reports (an archive's member is `archive.zip/member.ipynb`).
        assignment: which assignment it answers, None when that could not be told.
        notebook: its contents, or where they are kept; None when it could not be read.
        cause: why it could not be read or placed, in words.
        repairs: what intake mended (for example: "byte order mark removed").
        submitted_at: when it was handed in (ISO 8601 with an offset), where that is known.
        person: who handed it in, the same in every week of a term: `roster:ID`, `canvas:ID`, `name:NAME`.
        upload: the name under which the platform gave out what was handed in (a file's or a folder's), so that
            feedback can go back under it; empty where no platform named it.
    """

    student: str
    file: str
    assignment: Assignment | None = None
    notebook: NotebookNode | Shelved | Packed | None = None
    cause: str | None = None
    repairs: tuple[str, ...] = ()
    submitted_at: str | None = None
    person: str = ""
    upload: str = ""

    @property
    def is_readable(self) -> bool:
        """Whether there is a notebook to grade, and an assignment to grade it by."""
        return self.notebook is not None and self.assignment is not None and not self.cause

    def read(self) -> NotebookNode:
        """The notebook, from wherever it is kept."""
        assert self.notebook is not None
        return self.notebook.read() if isinstance(self.notebook, (Shelved, Packed)) else self.notebook


@dataclass(frozen=True)
class Cell:
    """One code cell that the worker executes.

    Attributes:
        kind: from the release (`provided`), the student's answer (`solution`) or an extra cell of theirs (`helper`).
        name: the task for a solution cell, else the cell's id.
        source: Python, magics included.
    """

    kind: CellKind
    name: str
    source: str


@dataclass(frozen=True)
class Graft:
    """A submission rebuilt on the instructor's release.

    Attributes:
        cells: what to execute, in the release's order, helper cells where the student put them.
        stubs: for each task, the release's own unanswered cell: it stands in when the student's cell kills the process.
        written: for each written answer (grade_id), the student's text.
        repairs: what was mended or left aside, one sentence each.
    """

    cells: tuple[Cell, ...]
    stubs: dict[str, str]
    written: dict[str, str] = field(default_factory=dict)
    repairs: tuple[str, ...] = ()

    @property
    def helpers(self) -> tuple[HelperCell, ...]:
        """The helper cells with their places, as many and as much of each as a person looks at."""
        found, after = [], None
        for cell in self.cells:
            if cell.kind == "helper":
                found.append(HelperCell(after, cell.source[:MAX_HELPER]))
            else:
                after = cell.name
        return tuple(found[:MAX_HELPERS])


@dataclass(frozen=True)
class HelperCell:
    """A code cell that the student added.

    Attributes:
        after: the cell of the release that it stands after, by its name in `Cell`; None at the top.
        source: Python, magics included.
    """

    after: str | None
    source: str


@dataclass(frozen=True)
class Work:
    """What is to be graded of one submission.

    Attributes:
        submission: readable or not.
        key: what the submission's results are filed under (`run.journal.fingerprint`).
        tasks: the tasks to ask about; those of an earlier run are known.
        exam: the name of the exam that it sits (`run.variants.Sitting.name`); empty where nothing can be asked.
    """

    submission: Submission
    key: str
    tasks: tuple[str, ...] = ()
    exam: str = ""

    @property
    def is_done(self) -> bool:
        """Whether an earlier run left nothing to do; what could not be read is looked at anew."""
        return self.submission.is_readable and not self.tasks


@dataclass(frozen=True)
class TaskResult:
    """The outcome of one task.

    Attributes:
        points, max_points: what the checks gave, and could give.
        by_hand: a person's points, which count instead of the checks' (None: nobody entered any).
        extra: extra credit from a person.
        comment: a person's words to the student.
    """

    name: str
    title: str
    status: TaskStatus
    points: float
    max_points: float
    checks: tuple[Mark, ...]
    message: str = ""
    by_hand: float | None = None
    extra: float = 0.0
    comment: str = ""

    @property
    def awarded(self) -> float:
        """The points that count, without extra credit."""
        return self.points if self.by_hand is None else self.by_hand

    @classmethod
    def from_dict(cls, entry: Mapping[str, Any]) -> TaskResult:
        """The outcome that was written as plain data.

        Raises:
            KeyError, TypeError: a key is missing or unknown.
        """
        return cls(**{**entry, "checks": tuple(Mark(**mark) for mark in entry["checks"])})


@dataclass(frozen=True)
class WrittenResult:
    """A written answer, or the code of a task, that a person marks: no `points` until then."""

    name: str
    max_points: float
    answer: str
    points: float | None = None
    comment: str = ""
    extra: float = 0.0

    @property
    def is_blank(self) -> bool:
        """Whether nothing was written."""
        return not self.answer.strip()


@dataclass(frozen=True)
class Result:
    """One row of the class: everything that reports and tables are made from.

    Attributes:
        student, file: as in `Submission`.
        assignment: slug, or None when unknown.
        status: `graded`, or `unreadable` with a cause.
        points, max_points: automatic points; written answers are not in them.
        warnings: conditions of the whole run that every report must show (for example: graded without a sandbox).
        answers: the student's solution cells by task, for the feedback page.
        helpers: code cells that the student added, for Formgrader.
        submitted_at, person, upload: as in `Submission`.
        extended_until: when it is due for this student, who has longer than the class (ISO 8601 with an offset).
        late_penalty: points that are taken off for a late submission, from `course.toml`.
    """

    student: str
    file: str
    assignment: str | None
    status: Literal["graded", "unreadable"]
    cause: str | None = None
    repairs: tuple[str, ...] = ()
    tasks: tuple[TaskResult, ...] = ()
    written: tuple[WrittenResult, ...] = ()
    points: float = 0.0
    max_points: float = 0.0
    warnings: tuple[str, ...] = ()
    answers: dict[str, str] = field(default_factory=dict)
    helpers: tuple[HelperCell, ...] = ()
    submitted_at: str | None = None
    person: str = ""
    upload: str = ""
    extended_until: str | None = None
    late_penalty: float = 0.0

    @property
    def task_points(self) -> float:
        """The points of all tasks, a person's word before the checks'."""
        return self.points + sum(task.awarded - task.points for task in self.tasks)

    @property
    def written_points(self) -> float | None:
        """The points of the written answers so far; None when none of them is marked."""
        given = [answer.points for answer in self.written if answer.points is not None]
        return sum(given) if given else None

    @property
    def written_max(self) -> float:
        """The points that the written answers can give."""
        return sum(answer.max_points for answer in self.written)

    @property
    def to_mark(self) -> int:
        """How many written answers wait for a person."""
        return sum(answer.points is None and not answer.is_blank for answer in self.written)

    @property
    def extra(self) -> float:
        """Extra credit."""
        return sum(task.extra for task in self.tasks) + sum(answer.extra for answer in self.written)

    @property
    def total(self) -> float:
        """Everything together: tasks, written answers and extra credit, less the late penalty; never below 0."""
        return max(0.0, self.task_points + (self.written_points or 0.0) + self.extra - self.late_penalty)

    @property
    def full(self) -> float:
        """The points that everything together can give, without extra credit."""
        return self.max_points + self.written_max

    @property
    def is_adjusted(self) -> bool:
        """Whether the total is more than the sum of the automatic points."""
        by_hand = any(task.by_hand is not None for task in self.tasks)
        return by_hand or self.written_points is not None or bool(self.extra or self.late_penalty)

    def as_dict(self) -> dict[str, Any]:
        """Plain data, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, entry: Mapping[str, Any]) -> Result:
        """The result that `as_dict` wrote.

        Raises:
            KeyError, TypeError: a key is missing or unknown.
        """
        lists = {name: tuple(entry[name]) for name in ("repairs", "warnings")}
        tasks = tuple(TaskResult.from_dict(task) for task in entry["tasks"])
        written = tuple(WrittenResult(**answer) for answer in entry["written"])
        helpers = tuple(HelperCell(**cell) for cell in entry["helpers"])
        return cls(**{**entry, **lists, "tasks": tasks, "written": written, "helpers": helpers})
