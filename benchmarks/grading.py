"""Seconds per submission: `course grade` against `nbgrader autograde`, the same submissions in one run.

    .venv/bin/python benchmarks/grading.py [--assignment 03-pca] [--count 20] [--dataset synthetic-wafers] [--save]
    .venv/bin/python benchmarks/grading.py --trivial [--count 40] [--save]

Half of the class hands in the reference answer, half the untouched release. nbgrader executes each notebook in a
kernel, figures included; `course grade` executes the solution cells and the hidden probes, which nbgrader does not
have. Both use one process, the smoke profile and the same data; both times include their start-up.

`--trivial` measures what grading costs when an answer costs next to nothing: a notebook of 04-encoder with its
definitions and the check of `kl_divergence` only (`course grade --only`): no data, no training, no figures, everybody
right. There the class is also graded with one student, so that the cost of the command and the cost of one more
submission can be told apart, and the same cells and probe are run in one plain process: what is left of a submission's
cost after that is the grader's own overhead (gradebook, feedback page and report included).
"""

from __future__ import annotations

import argparse
import importlib
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbgrader
import torch
from common import save
from waferlab.checks.core import Case

from autograder.base.course import Assignment, Course, find_course
from autograder.base.notebooks import grade_id, read_notebook, reference_cells, without_markers, write_notebook
from autograder.demo import answered, copy_course
from autograder.run.prepare import reference_graft
from autograder.wall.inside.candidate import executed

TOOLS = Path(sys.executable).parent
TRIVIAL, CHECK = "kl_divergence", "check-kl-divergence"


def make_class(course: Course, assignment: Assignment, count: int, *, all_right: bool = False) -> Path:
    """Write `count` submissions in nbgrader's tree below the course's root, in place of any that are there."""
    released = read_notebook(course.notebook("release", assignment))
    source = read_notebook(course.notebook("source", assignment))
    right = answered(
        released, {grade_id(cell): without_markers(cell.source) for cell in source.cells if grade_id(cell)}
    )
    submitted = course.root / "submitted"
    for folder in ("submitted", "autograded"):
        shutil.rmtree(course.root / folder, ignore_errors=True)
    for number in range(count):
        path = submitted / f"student-{number:03}" / assignment.slug / f"{assignment.notebook_name}.ipynb"
        write_notebook(path, right if all_right or number % 2 == 0 else released)
    return submitted


def make_trivial(course: Course, assignment: Assignment) -> None:
    """Strip the copied source notebook to its definitions and the check of one task."""
    path = course.notebook("source", assignment)
    notebook = read_notebook(path)
    for cell in notebook.cells:
        if cell.id == "support":
            cell.source = "from waferlab.checks.encoder import TASKS"
    kept = [*reference_cells(notebook), *(cell for cell in notebook.cells if cell.id in ("support", CHECK))]
    notebook.cells = [cell for cell in notebook.cells if cell in kept]
    write_notebook(path, notebook)


def own_seconds(course: Course, assignment: Assignment, repeats: int = 10) -> float:
    """Seconds that the cells and the probe of one right submission take by themselves, in one plain process."""
    graft = reference_graft(read_notebook(course.notebook("source", assignment)))
    cells = [{"kind": cell.kind, "name": cell.name, "source": cell.source} for cell in graft.cells]
    task = importlib.import_module(f"waferlab.checks.{assignment.module}").TASKS[TRIVIAL]
    job = {"cells": cells, "stubs": {}, "streams": {TRIVIAL: 7}}
    main_module, times = sys.modules["__main__"], []
    torch.set_num_threads(1)
    for _ in range(repeats + 1):
        started = time.perf_counter()
        names, _ = executed(job, TRIVIAL, frozenset(), lambda stage: None)
        task.probe(names, Case(7))
        times.append(time.perf_counter() - started)
    sys.modules["__main__"] = main_module
    return statistics.median(times[1:])


def timed(command: list[str], course: Course, dataset: str) -> float:
    """Wall seconds of a command, run where nbgrader finds its configuration; its output is shown when it fails."""
    environment = {**os.environ, "PATH": f"{TOOLS}{os.pathsep}{os.environ['PATH']}", "COURSE_ROOT": str(course.root)}
    environment |= {"WAFERLAB_PROFILE": "smoke", "WAFERLAB_DATASET": dataset, "OMP_NUM_THREADS": "1"}
    started = time.perf_counter()
    done = subprocess.run(command, cwd=course.root / "course", env=environment, capture_output=True, text=True)
    seconds = time.perf_counter() - started
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout}\n{done.stderr}")
    return seconds


def both(course: Course, assignment: Assignment, submitted: Path, dataset: str, *only: str) -> tuple[float, float]:
    """Seconds of `nbgrader autograde` and of `course grade` over the same class."""
    theirs = timed([str(TOOLS / "nbgrader"), "autograde", assignment.slug], course, dataset)
    with tempfile.TemporaryDirectory(prefix="benchmark-graded-") as out:
        ours_command = [str(TOOLS / "course"), "grade", str(submitted), "--out", out, "--jobs", "1", *only]
        ours = timed([*ours_command, "--dataset", dataset], course, dataset)
    return theirs, ours


def compare(course: Course, assignment: Assignment, count: int, dataset: str) -> str:
    """The whole commands, over a class of `count`."""
    theirs, ours = both(course, assignment, make_class(course, assignment, count), dataset)
    return f"""\
{assignment.slug}, {count} submissions, {dataset}, one process
nbgrader {nbgrader.__version__} autograde  {theirs / count:6.2f} s a submission
course grade              {ours / count:6.2f} s a submission
nbgrader / course grade   {theirs / ours:6.1f}"""


def compare_trivial(course: Course, assignment: Assignment, count: int, dataset: str) -> str:
    """The whole commands, one submission more, and the overhead of it."""
    only = ("--only", f"{assignment.slug}/{TRIVIAL}")
    one = both(course, assignment, make_class(course, assignment, 1, all_right=True), dataset, *only)
    many = both(course, assignment, make_class(course, assignment, count, all_right=True), dataset, *only)
    theirs, ours = ((long - short) / (count - 1) for long, short in zip(many, one, strict=True))
    own = own_seconds(course, assignment)
    return f"""\
{assignment.slug}/{TRIVIAL} without prose, data, training and figures; {count} right submissions; one process
                                          nbgrader {nbgrader.__version__}   course grade   ratio
the command over {count:3} submissions (s)       {many[0]:10.2f}     {many[1]:10.2f}   {many[0] / many[1]:5.1f}
the command over   1 submission  (s)       {one[0]:10.2f}     {one[1]:10.2f}   {one[0] / one[1]:5.1f}
one submission more (s)                    {theirs:10.3f}     {ours:10.3f}   {theirs / ours:5.1f}
submissions a minute and core              {60 / theirs:10.0f}     {60 / ours:10.0f}
cells and probe by themselves (s)                         {own:10.3f}
overhead of one submission (s)                            {ours - own:10.3f}"""


def main() -> None:
    """Grade the same class both ways and print seconds per submission and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--assignment", default="03-pca")
    parser.add_argument("--count", type=int, help="submissions; by default 20, with --trivial 40")
    parser.add_argument("--dataset", default="synthetic-wafers")
    parser.add_argument("--trivial", action="store_true", help="one task of 04-encoder, no figures")
    parser.add_argument("--save", action="store_true", help="keep the result in benchmarks/results/")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="benchmark-grading-") as folder:
        course = copy_course(find_course(), Path(folder) / "course")
        assignment = course.assignment("04-encoder" if options.trivial else options.assignment)
        if options.trivial:
            make_trivial(course, assignment)
        timed([str(TOOLS / "nbgrader"), "generate_assignment", assignment.slug], course, options.dataset)
        if options.trivial:
            text = compare_trivial(course, assignment, options.count or 40, options.dataset)
        else:
            text = compare(course, assignment, options.count or 20, options.dataset)
    print(text)
    if options.save:
        name = "grading-trivial" if options.trivial else "grading"
        save(name, "Seconds per submission: course grade and nbgrader autograde", text)


if __name__ == "__main__":
    main()
