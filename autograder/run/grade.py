"""`course grade`: the grading pipeline from end to end; no stage knows the next."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from autograder.author.lint import refuse_mistakes
from autograder.base.course import Assignment, Course, CourseError
from autograder.base.people import Directory, roster
from autograder.base.records import Result, Submission, Work
from autograder.base.shelf import Shelf
from autograder.intake import Intake, collect
from autograder.judge.datasets import choose_dataset
from autograder.judge.exam import Exam
from autograder.report.times import read_extensions, read_times
from autograder.run.crew import grade_all
from autograder.run.earlier import absent, said, staying
from autograder.run.journal import Journal, fingerprint, names_of, run_secret, sole_writer
from autograder.run.prepare import prepare_all
from autograder.run.selection import Selection, select
from autograder.run.variants import Attempts, Sitting, by_slug
from autograder.run.worksheets import times_beside
from autograder.wall.sandbox import started

if TYPE_CHECKING:
    from autograder.report.changes import Change

MOST_PREPARING = 4  # workers that run the references at the same time: each holds torch and the data

Progress = Callable[[str, int, int], None]  # what is being done, how many are done, how many in all


@dataclass(frozen=True)
class Graded:
    """What a run left behind.

    Attributes:
        results: sorted as in all tables.
        dataset: which images the hidden checks used.
        folder: the run folder.
        remarks: what must be said about earlier rows and hand-in times, one sentence each.
        changes: marks that moved since an earlier run; None where there was none.
    """

    results: list[Result]
    dataset: str
    folder: Path
    remarks: tuple[str, ...] = ()
    changes: tuple[Change, ...] | None = None


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
    drop: bool = False,
    times: Sequence[str] = (),
    progress: Progress = lambda *_: None,
    show: Callable[[Intake], None] = lambda _: None,
) -> Graded:
    """Grade everything under `paths` and write results, gradebook, tables, feedback pages and report to `out`.

    Args:
        course: the course.
        paths: notebooks, folders or archives.
        out: the run folder; results that it already holds are kept when nothing they depend on has changed, and rows
            of people and assignments that `paths` do not hold stay in it.
        jobs: processes.
        dataset: images for the hidden checks; by default as `course.toml` says.
        scheduler: address of a dask scheduler whose workers grade, instead of processes on this machine.
        walled: run students' code behind the wall; without it every report carries a warning.
        only: assignments (`04-encoder`) and tasks (`04-encoder/kl_divergence`) to grade again; of these assignments
            what was never graded is graded, too, and all else in the run folder stays as it is. By default everything
            is graded that is missing.
        drop: of the assignments that `paths` hold, drop the rows of files that are not under them.
        times: files with hand-in times and extensions, each as `report.times.read_times` takes it.
        progress: told what is being done, how many submissions are done, and how many there are.
        show: told what was handed in, before anything is graded.

    Raises:
        CourseError: a path does not exist or holds nothing to grade, another run is writing to the folder, or the
            cluster cannot be used; or the gradebook cannot be used, and then results, tables and pages are written
            nevertheless.
    """
    selection = select(course, only) if only else None
    people = roster(course)  # a mistake in it is said before an hour of grading …
    given = [entry for one in times for entry in read_times(course, one)]  # … and in these, too
    read_extensions(course)
    if scheduler is not None:
        from autograder.run.cluster import check_cluster

        check_cluster(scheduler)
    with Shelf() as shelf, started(course, walled=walled, count=min(jobs, MOST_PREPARING)) as boxes:
        from autograder.report.changes import Judge
        from autograder.report.hand_back import hand_back  # imports nbgrader for seconds, as the worker imports torch

        progress("reading what was handed in", 0, 0)
        everything = collect(course, paths, shelf=shelf, earlier=names_of(out))
        submissions = _selected(everything, paths, selection)
        show(Intake(everything, people))
        beside, unread = times_beside(course, paths, everything)
        refuse_mistakes(course, _assignments(submissions), kinds=("mistake", "stale"))
        with sole_writer(out):
            images = choose_dataset(dataset or course.settings.grading.dataset)
            secret = run_secret(out)
            keys = [fingerprint(one) for one in submissions]
            sittings = _seated(out, submissions, keys)
            seats = sorted({one for one in sittings if one}, key=lambda one: one.name)
            exams = prepare_all(course, seats, secret, images, boxes, progress)
            journal = Journal(out)
            work = _planned(journal, submissions, keys, sittings, exams, selection)
            for box in boxes if jobs > 1 or scheduler else boxes[1:]:
                box.close()  # other processes grade; the memory is theirs
            todo = [one for one in work if not one.is_done]
            progress("grading", len(work) - len(todo), len(work))
            graded = grade_all(exams, todo, jobs=jobs, limits=boxes[0].limits, scheduler=scheduler, box=boxes[0])
            for done, (one, result) in enumerate(graded, start=len(work) - len(todo) + 1):
                journal.add(one.key, result, exams.get(one.exam))
                progress("grading", done, len(work))
            boxes[0].close()
            first = by_slug(seats, exams)
            stay, remarks = _staying(journal, submissions, keys, first, Directory(people), drop=drop)
            results = journal.finish([*(one.key for one in work), *stay])
            progress("writing gradebook and pages", 0, 0)
            seeds = hashlib.sha256(secret).hexdigest()[:16]
            judges = {slug: Judge(exam.digest, images, seeds) for slug, exam in first.items()}
            back = hand_back(course, out, results, images, judges, [*beside, *given])
            return Graded(back.results, images, out, (*remarks, *unread, *back.remarks), back.changes)


def _selected(submissions: list[Submission], paths: Sequence[Path], selection: Selection | None) -> list[Submission]:
    """What this run is about: everything, or what can be graded of the selected assignments.

    Raises:
        CourseError: that is nothing.
    """
    if not submissions:
        raise CourseError(
            f"nothing to grade in {', '.join(map(str, paths))}: expected notebooks (.ipynb), folders or zips"
        )
    if selection is None:
        return submissions
    chosen = [one for one in submissions if one.is_readable and one.assignment and one.assignment.slug in selection]
    if not chosen:
        raise CourseError(f"nothing was handed in for {', '.join(selection)}: nothing is graded again")
    return chosen


def _assignments(submissions: Sequence[Submission]) -> list[Assignment]:
    found = {one.assignment.slug: one.assignment for one in submissions if one.assignment and not one.cause}
    return [found[slug] for slug in sorted(found)]


def _seated(out: Path, submissions: Sequence[Submission], keys: Sequence[str]) -> list[Sitting | None]:
    """What each submission sits; written down before anything is graded."""
    attempts = Attempts(out)
    sittings = [attempts.sitting(one, key) for one, key in zip(submissions, keys, strict=True)]
    attempts.save()
    return sittings


def _planned(
    journal: Journal,
    submissions: Sequence[Submission],
    keys: Sequence[str],
    sittings: Sequence[Sitting | None],
    exams: Mapping[str, Exam],
    selection: Selection | None,
) -> list[Work]:
    """For each submission the tasks of which nothing is known.

    Without a selection, what another exam judged is not known. With one, the selected tasks are forgotten, and all else
    is taken as it was judged, whenever that was.
    """
    journal.forget(selection or {})
    plan = []
    for one, key, sitting in zip(submissions, keys, sittings, strict=True):
        name = sitting.name if sitting else ""
        exam = exams.get(name)
        tasks = journal.missing(key, exam.tasks, None if selection else exam.digest) if exam else ()
        plan.append(Work(one, key, tasks, name))
    return plan


def _staying(
    journal: Journal,
    submissions: Sequence[Submission],
    keys: Sequence[str],
    exams: Mapping[str, Exam],
    directory: Directory,
    *,
    drop: bool,
) -> tuple[list[str], tuple[str, ...]]:
    """The keys of the earlier rows that stay in the folder, and what is to be said about them."""
    filings = journal.filings()
    earlier = {key: filings[key] for key in filings.keys() - set(keys)}
    stay = staying(earlier, submissions, directory)
    gone = absent(stay, earlier, {one.assignment.slug for one in submissions if one.assignment})
    outdated = sum(
        earlier[key].slug in exams and journal.judged_otherwise(key, exams[earlier[key].slug or ""].digest)
        for key in gone
    )
    remarks = said([earlier[key] for key in stay], [earlier[key] for key in gone], outdated, dropped=drop)
    leaves = set(gone) if drop else set()
    return [key for key in stay if key not in leaves], tuple(remarks)
