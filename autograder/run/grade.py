"""`course grade`: intake, regraft, worker, verdict, record, feedback, report, in this order."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from autograder.base.course import Assignment, Course, CourseError
from autograder.base.records import Result, Submission
from autograder.base.shelf import Shelf
from autograder.intake import collect
from autograder.judge.datasets import choose_dataset, probe_arrays
from autograder.judge.exam import Exam
from autograder.report.lms import roster
from autograder.run.crew import grade_all
from autograder.run.journal import Journal, fingerprint, run_secret, same_work, sole_writer
from autograder.run.prepare import prepare
from autograder.run.selection import Selection, merged, select
from autograder.wall.sandbox import Sandbox, started

Progress = Callable[[str, int, int], None]  # what is being done, how many are done, how many in all


@dataclass(frozen=True)
class Graded:
    """What a run left behind.

    Attributes:
        results: sorted as in all tables.
        dataset: which images the hidden checks used.
        folder: the run folder.
    """

    results: list[Result]
    dataset: str
    folder: Path


def grade(
    course: Course,
    paths: Sequence[Path],
    out: Path,
    *,
    jobs: int,
    dataset: str | None = None,
    scheduler: str | None = None,
    walled: bool = True,
    only: Sequence[str] = (),
    box: Sandbox | None = None,
    progress: Progress = lambda *_: None,
) -> Graded:
    """Grade everything under `paths` and write results, gradebook, tables, feedback pages and report to `out`.

    Args:
        course: the course.
        paths: notebooks, folders or archives.
        out: the run folder; results that it already holds are kept when nothing they depend on has changed.
        jobs: processes.
        dataset: images for the hidden checks; by default as `course.toml` says.
        scheduler: address of a dask scheduler whose workers grade, instead of processes on this machine.
        walled: run students' code behind the wall; without it every report carries a warning.
        only: assignments (`04-encoder`) and tasks (`04-encoder/kl_divergence`) to grade again; all else in the run
            folder stays as it is. By default everything is graded that is missing.
        box: a worker for all of the course's assignments that has been started already, in place of one made here.
        progress: told what is being done, how many submissions are done, and how many there are.

    Raises:
        CourseError: a path does not exist or holds nothing to grade, another run is writing to the folder, or the
            cluster cannot be used; or the gradebook cannot be used, and then results, tables and pages are written
            nevertheless.
    """
    if scheduler is not None:
        from autograder.run.cluster import check_cluster

        check_cluster(scheduler)
    roster(course)  # a mistake in it is said before an hour of grading
    selection = select(course, only) if only else None
    progress("reading what was handed in", 0, 0)
    with Shelf() as shelf, box or started(course, walled=walled) as box:
        import autograder.report.hand_back  # noqa: F401 - nbgrader is imported for seconds, while the worker imports torch

        submissions = collect(course, paths, shelf=shelf)
        if not submissions:
            raise CourseError(
                f"nothing to grade in {', '.join(map(str, paths))}: expected notebooks (.ipynb), folders or zips"
            )
        with sole_writer(out):
            return _grade(course, submissions, out, jobs, dataset, box, scheduler, selection, progress)


def _grade(
    course: Course,
    submissions: Sequence[Submission],
    out: Path,
    jobs: int,
    dataset: str | None,
    box: Sandbox,
    scheduler: str | None,
    selection: Selection | None,
    progress: Progress,
) -> Graded:
    secret = run_secret(out)
    name = choose_dataset(dataset or course.settings.grading.dataset)
    assignments = [one for one in _assignments(submissions) if selection is None or one.slug in selection]
    if not assignments and selection is not None:
        raise CourseError(f"nothing was handed in for {', '.join(selection)}: nothing is graded again")
    exams = _prepare_all(course, assignments, secret, name, box, progress)
    run = partial(grade_all, jobs=jobs, limits=box.limits, scheduler=scheduler, box=box)
    if selection is None:
        results = _grade_missing(exams, submissions, Journal(out), partial(run, exams), progress)
    else:
        results = _grade_again(exams, submissions, Journal(out), run, selection, progress)
    box.close()
    from autograder.report.hand_back import hand_back

    progress("writing gradebook and pages", 0, 0)
    return Graded(hand_back(course, out, results, name, submissions), name, out)


def _assignments(submissions: Sequence[Submission]) -> list[Assignment]:
    found = {one.assignment.slug: one.assignment for one in submissions if one.assignment and not one.cause}
    return [found[slug] for slug in sorted(found)]


def _prepare_all(
    course: Course, assignments: Sequence[Assignment], secret: bytes, dataset: str, box: Sandbox, progress: Progress
) -> dict[str, Exam]:
    progress("loading the data", 0, 0)
    arrays = probe_arrays(assignments, dataset, secret)
    exams = {}
    for one in assignments:
        progress(f"running the reference of {one.slug}", 0, 0)
        exams[one.slug] = prepare(course, one, secret, arrays.get(one.slug, {}), box)
    return exams


def _grade_missing(
    exams: Mapping[str, Exam],
    submissions: Sequence[Submission],
    journal: Journal,
    run: Callable[[Sequence[Submission]], Iterator[Result]],
    progress: Progress,
) -> list[Result]:
    keys = {
        _identity(one): fingerprint(one, exams.get(one.assignment.slug) if one.assignment else None)
        for one in submissions
    }
    missing = [one for one in submissions if keys[_identity(one)] not in journal.graded]
    done = len(submissions) - len(missing)
    progress("grading", done, len(submissions))
    for result in run(missing):
        journal.add(keys[(result.student, result.file)], result)
        done += 1
        progress("grading", done, len(submissions))
    return journal.finish(keys.values())


def _grade_again(
    exams: Mapping[str, Exam],
    submissions: Sequence[Submission],
    journal: Journal,
    run: Callable[[Mapping[str, Exam], Sequence[Submission]], Iterator[Result]],
    selection: Selection,
    progress: Progress,
) -> list[Result]:
    """Grade what was selected, whether or not it was graded before; every other line of the journal stays.

    A task's new outcome joins an earlier result of the same notebook, release and seeds, whichever code judged it then.
    A submission that is new or has changed since the class was graded is graded whole.
    """
    own = [one for one in submissions if one.assignment and not one.cause and one.assignment.slug in selection]
    keys = {_identity(one): fingerprint(one, exams[one.assignment.slug]) for one in own if one.assignment}
    works = {same_work(key) for key in keys.values()}
    before = {same_work(key): key for key in journal}
    stale = {key for key, one in journal.items() if (one.student, one.file) in keys and same_work(key) not in works}
    known = {one.assignment for one in journal.values() if one.is_whole}
    whole = [one for one in own if _slug(one) in known and same_work(keys[_identity(one)]) not in before]
    later = {_identity(one) for one in whole}
    parts = [one for one in own if _identity(one) not in later]
    narrow = {slug: replace(exam, only=selection[slug]) for slug, exam in exams.items()}
    progress("grading", 0, len(own))
    graded = itertools.chain(run(narrow, parts), run(exams, whole) if whole else ())
    kept = set(journal) - stale
    for done, result in enumerate(graded, start=1):
        key = keys[(result.student, result.file)]
        old = before.get(same_work(key))
        tasks = selection[result.assignment or ""]
        earlier = journal[old] if old and tasks is not None and result.status == "graded" else None
        kept.discard(old or key)
        key = old if earlier and old else key  # its other tasks were judged by the code of then
        journal.add(key, merged(earlier, result, tasks or ()) if earlier else result)
        kept.add(key)
        progress("grading", done, len(own))
    return journal.finish(kept)


def _slug(submission: Submission) -> str | None:
    return submission.assignment.slug if submission.assignment else None


def _identity(submission: Submission) -> tuple[str, str]:
    return (submission.student, submission.file)
