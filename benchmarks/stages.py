"""What each stage of `course grade` costs for one submission, in time, memory and disk: the figures of scaling.md.

    .venv/bin/python benchmarks/stages.py [--count 30] [--rows 5000] [--dataset synthetic-wafers] [--save]

One process. Two times: processor time of this process, which other work on the machine hardly changes, and wall time,
which for `execution` is mostly that of the worker behind the wall. The stages that run student code are measured on
`--count` right answers of each assignment; those that write are measured on `--rows` results, half of each assignment,
because some of them may get slower as the class grows. Handing out is measured with graders that do nothing, in two
processes and on two dask workers of this machine: it bounds how many submissions a second one run can give to others.
"""

from __future__ import annotations

import argparse
import pickle
import tempfile
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from common import save
from distributed import LocalCluster
from idle import Idle
from threadpoolctl import threadpool_limits

from autograder.base.course import Assignment, Course, find_course
from autograder.base.notebooks import read_notebook, write_notebook
from autograder.base.records import Graft, Result, Submission, Work
from autograder.base.shelf import Shelf
from autograder.demo import answered, demo_answers
from autograder.intake import collect
from autograder.judge.datasets import choose_dataset, probe_arrays
from autograder.judge.exam import Exam
from autograder.judge.marking import mark_task
from autograder.rebuild import regraft
from autograder.report import formgrader, gradebook
from autograder.report.hand_back import write_reports
from autograder.run.cluster import DaskPool
from autograder.run.crew import Pool, in_pool
from autograder.run.journal import Journal, fingerprint
from autograder.run.one import grade_graft, grade_submission
from autograder.run.prepare import prepare
from autograder.run.processes import ProcessPool
from autograder.wall.sandbox import Limits, Sandbox, limits_of

SECRET = bytes(32)


class Table:
    """Figures for one submission, by stage and assignment."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    @contextmanager
    def stage(self, name: str, count: int) -> Iterator[None]:
        """Time a stage over `count` submissions."""
        started, used = time.perf_counter(), time.process_time()
        yield
        wall, processor = time.perf_counter() - started, time.process_time() - used
        self.lines.append(f"{name:<44}{1000 * processor / count:9.1f} ms processor {1000 * wall / count:9.1f} ms wall")

    def note(self, name: str, value: float, unit: str) -> None:
        """A figure that is no time."""
        self.lines.append(f"{name:<44}{value:9.1f} {unit}")


def hand_in(course: Course, one: Assignment, count: int, folder: Path) -> None:
    """`count` right answers in nbgrader's tree."""
    release = read_notebook(course.notebook("release", one))
    right = answered(release, demo_answers(course, one, release)["reference-answer"])
    for number in range(count):
        write_notebook(folder / f"student-{number:04}" / one.slug / f"{one.notebook_name}.ipynb", right)


def measure_grading(
    course: Course, one: Assignment, exam: Exam, box: Sandbox, count: int, table: Table
) -> tuple[list[Submission], Result]:
    """Intake to result, for one assignment."""
    with tempfile.TemporaryDirectory() as folder, Shelf() as shelf:
        hand_in(course, one, count, Path(folder))
        with table.stage(f"{one.slug}: intake", count):
            submissions = collect(course, [Path(folder)], shelf=shelf)
        table.note(f"{one.slug}: waiting on disk", shelf.bytes_kept / count / 1024, "KB")
        with table.stage(f"{one.slug}: fingerprint", count):
            [fingerprint(submission) for submission in submissions]
        with table.stage(f"{one.slug}: regraft", count):
            grafts = [regraft(exam.release, submission.read(), exam.defines) for submission in submissions]
        measure_worker(exam, grafts, box, table)
        submissions = [replace(submission, notebook=submission.read()) for submission in submissions]
    return submissions, grade_submission(exam, submissions[0], box)


def measure_worker(exam: Exam, grafts: list[Graft], box: Sandbox, table: Table) -> None:
    """Execution behind the wall, and the verdict on what came back."""
    slug, module = exam.assignment.slug, exam.assignment.module
    asks = exam.asks(list(exam.tasks))
    grade_graft(exam, grafts[0], box)  # whatever is loaded once is loaded from here on
    with table.stage(f"{slug}: execution ({len(asks)} questions)", len(grafts)):
        answers = [box.run(module, graft, asks, arrays=exam.arrays, references=exam.references) for graft in grafts]
    with table.stage(f"{slug}: verdict", len(grafts)):
        for answer in answers:
            for name, task in exam.tasks.items():
                mark_task(task, answer[name], exam.expected[name])


def measure_writing(course: Course, models: list[Result], exams: dict[str, Exam], rows: int, table: Table) -> None:
    """Everything after the verdicts, on results that differ in the student only."""
    people = [(f"student-{number:06}", models[number % len(models)]) for number in range(rows)]
    tracemalloc.start()
    results = [replace(one, student=who, file=f"{who}/x.ipynb") for who, one in people]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        journal = Journal(folder)
        tracemalloc.stop()
        with table.stage("record: journal", rows):
            for number, result in enumerate(results):
                journal.add(str(number), result, exams[result.assignment or ""])
        tracemalloc.start()
        with table.stage("record: sorted at the end (memory traced)", rows):
            results = journal.finish(map(str, range(rows)))
        table.note("results in memory at the end", tracemalloc.get_traced_memory()[0] / rows / 1024, "KB")
        tracemalloc.stop()
        ids = gradebook.student_ids(results)
        with table.stage("Formgrader's folders", rows):
            formgrader.write_class(course, folder, results, ids)
        with table.stage("gradebook (SQLite)", rows), gradebook.opened(course, folder) as book:
            gradebook.save(book, course, results, ids, set())
        with table.stage("tables, feedback pages, report", rows):
            write_reports(course, folder, results)
        for part in sorted(folder.iterdir()):
            table.note(f"on disk: {part.name}", _size(part) / rows / 1024, "KB")


def measure_handing_out(submission: Submission, result: Result, rows: int, table: Table) -> None:
    """What the run itself does to have a submission graded elsewhere."""
    with Shelf() as shelf, tempfile.TemporaryDirectory() as folder:
        kept = Work(replace(submission, notebook=shelf.put(submission.read())), "key")
        with LocalCluster(n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None) as cluster:
            pools: dict[str, Pool] = {
                "two processes": ProcessPool(Idle(result), 2, Path(folder)),
                "two dask workers": DaskPool(Idle(result), cluster.scheduler_address),
            }
            for name, pool in pools.items():
                with table.stage(f"handing out: {name}", rows):
                    list(in_pool(pool, (kept for _ in range(rows)), Limits()))


def _size(path: Path) -> int:
    """Bytes on disk, in whole blocks."""
    return sum(one.stat().st_blocks * 512 for one in (path.rglob("*") if path.is_dir() else [path]))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=30)
    parser.add_argument("--rows", type=int, default=5000)
    parser.add_argument("--dataset", default="synthetic-wafers")
    parser.add_argument("--save", action="store_true", help="keep the result in benchmarks/results/")
    options = parser.parse_args()
    course, table = find_course(), Table()
    arrays = probe_arrays(course.assignments, choose_dataset(options.dataset), SECRET)
    models, exams = [], {}
    with Sandbox([one.module for one in course.assignments], limits_of(course)) as box, threadpool_limits(1):
        for one in course.assignments:
            exam = exams[one.slug] = prepare(course, one, SECRET, arrays.get(one.slug, {}), box)
            table.note(f"{one.slug}: exam, sent to a process once", len(pickle.dumps(exam)) / 1024, "KB")
            submissions, result = measure_grading(course, one, exam, box, options.count, table)
            models.append(result)
    measure_handing_out(submissions[0], models[-1], options.rows, table)
    measure_writing(course, models, exams, options.rows, table)
    text = "\n".join([f"{options.count} right answers of each assignment, {options.rows} rows written", *table.lines])
    print(text)
    if options.save:
        save("stages", "What each stage costs for one submission", text)


if __name__ == "__main__":
    main()
