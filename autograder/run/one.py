"""One submission: rebuilt, asked, judged; whatever goes wrong with it costs no other one."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

from autograder.base.course import CourseError
from autograder.base.points import DIGITS
from autograder.base.records import Graft, Result, Submission, TaskResult, Work, WrittenResult
from autograder.judge.exam import Exam
from autograder.judge.marking import mark_task, without_points
from autograder.judge.wording import NOT_ANSWERED
from autograder.rebuild import regraft
from autograder.wall.sandbox import NO_WALL, Limits, Sandbox


class GraderDied(Exception):
    """The process that graded a submission died: the machine ran out of memory, or somebody killed it."""


def grade_graft(exam: Exam, graft: Graft, box: Sandbox, only: Collection[str] | None = None) -> list[TaskResult]:
    """Ask about every answered task of a rebuilt submission and mark it.

    Args:
        exam: the assignment.
        graft: the rebuilt submission.
        box: a warm worker.
        only: the tasks to run; by default all.
    """
    names = [name for name in exam.tasks if only is None or name in only]
    answered = [name for name in names if _is_answered(graft, name)]
    module = exam.assignment.module
    asks = exam.asks(answered)
    answers = box.run(module, graft, asks, arrays=exam.arrays, references=exam.references) if asks else {}
    results = []
    for name in names:
        task = exam.tasks[name]
        if name in answers:
            results.append(mark_task(task, answers[name], exam.expected[name]))
        else:
            results.append(without_points(task, "unanswered", NOT_ANSWERED))
    return results


def _is_answered(graft: Graft, task: str) -> bool:
    """Whether the task's cell differs from the release's placeholder."""
    sources = [cell.source.strip() for cell in graft.cells if cell.kind == "solution" and cell.name == task]
    return any(source and source != graft.stubs.get(task, "").strip() for source in sources)


def grade_submission(exam: Exam, submission: Submission, box: Sandbox, tasks: Collection[str] | None = None) -> Result:
    """One submission, from notebook to result; whatever goes wrong with it costs no other one.

    Args:
        exam: the assignment.
        submission: with a notebook.
        box: a warm worker.
        tasks: the tasks to ask about, by default all; the result holds no others.

    Raises:
        CourseError: no worker can be started, so that no submission can be graded.
    """
    try:
        return _graded(exam, submission, box, tasks)
    except CourseError:
        raise
    except Exception as error:
        cause = f"could not be graded, which is a defect of the grader ({type(error).__name__}): please report it"
        return unreadable(replace(submission, cause=cause), box.limits)


def _graded(exam: Exam, submission: Submission, box: Sandbox, only: Collection[str] | None) -> Result:
    graft = regraft(exam.release, submission.read(), exam.defines)
    tasks = grade_graft(exam, graft, box, only)
    written = [WrittenResult(name, points, to_mark(graft, name)) for name, points in exam.written.items()]
    return Result(
        student=submission.student,
        file=submission.file,
        assignment=exam.assignment.slug,
        status="graded",
        repairs=(*submission.repairs, *graft.repairs),
        tasks=tuple(tasks),
        written=tuple(written),
        points=round(sum(task.points for task in tasks), DIGITS),
        max_points=round(sum(task.max_points for task in tasks), DIGITS),
        warnings=_warnings(box.limits),
        answers={cell.name: cell.source for cell in graft.cells if cell.kind == "solution"},
        helpers=graft.helpers,
        submitted_at=submission.submitted_at,
        person=submission.person,
        upload=submission.upload,
    )


def to_mark(graft: Graft, name: str) -> str:
    """What a person marks under a name: a text, or the code that answers a task; empty where nothing was written."""
    if name in graft.stubs and not _is_answered(graft, name):
        return ""
    code = [cell.source for cell in graft.cells if cell.kind == "solution" and cell.name == name]
    return graft.written.get(name) or "\n\n".join(code)


def _warnings(limits: Limits) -> tuple[str, ...]:
    return () if limits.walled else (NO_WALL,)


def unreadable(submission: Submission, limits: Limits) -> Result:
    """The row of a submission that could not be graded, with its cause."""
    slug = submission.assignment.slug if submission.assignment else None
    return Result(
        submission.student,
        submission.file,
        slug,
        "unreadable",
        submission.cause,
        submission.repairs,
        warnings=_warnings(limits),
        submitted_at=submission.submitted_at,
        person=submission.person,
        upload=submission.upload,
    )


def modules_of(exams: Mapping[str, Exam]) -> list[str]:
    """The check modules that a worker imports for some exams."""
    return sorted({exam.assignment.module for exam in exams.values()})


class Grader:
    """What a process needs for grading; it is sent to each process once, not with each submission.

    Threads may share it: each call takes a warm worker that is free, or starts one, and gives it back.

    Args:
        exams: by the names of their sittings.
        limits: what each question may use.
    """

    def __init__(self, exams: Mapping[str, Exam], limits: Limits) -> None:
        self.exams = exams
        self.limits = limits
        self.folder: Path | None = None
        self._free: list[Sandbox] = []

    def grade(self, work: Work) -> Result:
        """Grade one submission; its worker stays warm for the next.

        Raises:
            CourseError: no worker can be started.
        """
        try:
            box = self._free.pop()
        except IndexError:
            box = Sandbox(modules_of(self.exams), self.limits, self.folder)
        try:
            return grade_work(self.exams, work, box)
        finally:
            self._free.append(box)

    def close(self) -> None:
        """End the warm workers."""
        while self._free:
            self._free.pop().close()


def grade_work(exams: Mapping[str, Exam], work: Work, box: Sandbox) -> Result:
    """What is to be graded of one submission; the row of one that cannot be."""
    if work.exam not in exams:
        return unreadable(work.submission, box.limits)
    return grade_submission(exams[work.exam], work.submission, box, work.tasks)
