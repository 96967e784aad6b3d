"""Grade many submissions: one warm worker per process, the same results for any number of processes and any order."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from autograder.exam import Exam
from autograder.marking import mark_task, without_points
from autograder.model import Graft, Result, Submission, TaskResult, WrittenResult
from autograder.regraft import regraft
from autograder.sandbox import NO_WALL, Limits, Sandbox, WorkerError

_boxes: dict[str, Sandbox] = {}  # the warm workers of this process, by the folder of the run they belong to


def grade_graft(exam: Exam, graft: Graft, box: Sandbox, only: Sequence[str] | None = None) -> list[TaskResult]:
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
    answers = box.run(module, graft, exam.asks(answered), arrays=exam.arrays) if answered else {}
    results = []
    for name in names:
        task, checks = exam.tasks[name], exam.checks[name]
        if name in answers:
            results.append(mark_task(module, task, checks, answers[name], exam.expected[name]))
        else:
            results.append(without_points(task, checks, "unanswered", "not yet answered"))
    return results


def _is_answered(graft: Graft, task: str) -> bool:
    """Whether the task's cell differs from the release's placeholder."""
    sources = [cell.source.strip() for cell in graft.cells if cell.kind == "solution" and cell.name == task]
    return any(source and source != graft.stubs.get(task, "").strip() for source in sources)


def grade_submission(exam: Exam, submission: Submission, box: Sandbox) -> Result:
    """One submission, from notebook to result; whatever goes wrong with it costs no other one.

    Raises:
        WorkerError: no worker can be started, so that no submission can be graded.
    """
    try:
        return _graded(exam, submission, box)
    except WorkerError:
        raise
    except Exception as error:
        cause = f"could not be graded, which is a defect of the grader ({type(error).__name__}): please report it"
        return unreadable(replace(submission, cause=cause))


def _graded(exam: Exam, submission: Submission, box: Sandbox) -> Result:
    graft = regraft(exam.release, submission.notebook, exam.defines)
    tasks = grade_graft(exam, graft, box)
    written = [WrittenResult(name, points, graft.written.get(name, "")) for name, points in exam.written.items()]
    return Result(
        student=submission.student,
        file=submission.file,
        assignment=exam.assignment.slug,
        status="graded",
        repairs=(*submission.repairs, *graft.repairs),
        tasks=tuple(tasks),
        written=tuple(written),
        points=sum(task.points for task in tasks),
        max_points=sum(task.max_points for task in tasks),
        warnings=(NO_WALL,),
        answers={cell.name: cell.source for cell in graft.cells if cell.kind == "solution"},
    )


def _is_readable(submission: Submission) -> bool:
    return submission.notebook is not None and submission.assignment is not None and not submission.cause


def unreadable(submission: Submission) -> Result:
    """The row of a submission that could not be graded, with its cause."""
    slug = submission.assignment.slug if submission.assignment else None
    return Result(
        submission.student,
        submission.file,
        slug,
        "unreadable",
        submission.cause,
        submission.repairs,
        warnings=(NO_WALL,),
    )


def grade_all(
    exams: Mapping[str, Exam],
    submissions: Sequence[Submission],
    *,
    jobs: int,
    limits: Limits,
    box: Sandbox | None = None,
) -> Iterator[Result]:
    """Grade submissions and yield results as they finish, in no particular order.

    Args:
        exams: the assignments, by slug.
        submissions: readable or not.
        jobs: processes; 1 grades in this one.
        limits: what each question may use.
        box: this process's warm worker, used when `jobs` is 1.
    """
    ready = [one for one in submissions if _is_readable(one)]
    yield from (unreadable(one) for one in submissions if not _is_readable(one))
    if jobs == 1 or len(ready) < 2:
        with contextlib.ExitStack() as stack:
            box = box or stack.enter_context(Sandbox(_modules(exams), limits))
            yield from (grade_submission(exams[one.assignment.slug], one, box) for one in ready)
        return
    yield from _in_processes(exams, ready, min(jobs, len(ready)), limits)


def _in_processes(
    exams: Mapping[str, Exam], ready: Sequence[Submission], jobs: int, limits: Limits
) -> Iterator[Result]:
    from joblib import Parallel, delayed
    from joblib.externals.loky import get_reusable_executor

    with tempfile.TemporaryDirectory(prefix="course-grade-", ignore_cleanup_errors=True) as folder:
        parallel = Parallel(n_jobs=jobs, return_as="generator_unordered", pre_dispatch="2*n_jobs")
        modules = _modules(exams)
        work = (delayed(_in_process)(exams[one.assignment.slug], one, modules, limits, folder) for one in ready)
        try:
            yield from parallel(work)
        finally:
            get_reusable_executor().shutdown(wait=True, kill_workers=True)


def _in_process(exam: Exam, submission: Submission, modules: list[str], limits: Limits, folder: str) -> Result:
    """Runs in a joblib process, which keeps its warm worker from one submission to the next."""
    if folder not in _boxes:
        _boxes[folder] = Sandbox(modules, limits, Path(folder))
    return grade_submission(exam, submission, _boxes[folder])


def _modules(exams: Mapping[str, Exam]) -> list[str]:
    return sorted(exam.assignment.module for exam in exams.values())
