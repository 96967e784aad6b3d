"""Seconds per submission: `course grade` against `nbgrader autograde`, the same submissions in one run.

    .venv/bin/python benchmarks/grading.py [--assignment 03-pca] [--count 20] [--dataset synthetic-wafers] [--save]

Half of the class hands in the reference answer, half the untouched release. nbgrader executes each notebook in a
kernel, figures included; `course grade` executes the solution cells and the hidden probes, which nbgrader does not
have. Both use one process, the smoke profile and the same data; both times include their start-up.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbgrader
from common import save

from autograder.demo import answered, copy_course, demo_answers
from autograder.layout import Assignment, Course, find_course
from autograder.notebooks import read_notebook, write_notebook

TOOLS = Path(sys.executable).parent


def make_class(course: Course, assignment: Assignment, count: int) -> Path:
    """Write `count` submissions in nbgrader's tree below the course's root."""
    released = read_notebook(course.notebook("release", assignment))
    right = answered(released, demo_answers(course, assignment, released)["reference-answer"])
    submitted = course.root / "submitted"
    for number in range(count):
        path = submitted / f"student-{number:03}" / assignment.slug / f"{assignment.notebook_name}.ipynb"
        write_notebook(path, released if number % 2 else right)
    return submitted


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


def main() -> None:
    """Grade the same class both ways and print seconds per submission and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--assignment", default="03-pca")
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--dataset", default="synthetic-wafers")
    parser.add_argument("--save", action="store_true", help="keep the result in benchmarks/results/")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="benchmark-grading-") as folder:
        course = copy_course(find_course(), Path(folder) / "course")
        assignment = course.assignment(options.assignment)
        nbgrader_command = [str(TOOLS / "nbgrader")]
        timed([*nbgrader_command, "generate_assignment", assignment.slug], course, options.dataset)
        submitted = make_class(course, assignment, options.count)
        theirs = timed([*nbgrader_command, "autograde", assignment.slug], course, options.dataset)
        ours_command = [str(TOOLS / "course"), "grade", str(submitted), "--jobs", "1", "--dataset", options.dataset]
        ours = timed(ours_command, course, options.dataset)
    text = f"""\
{assignment.slug}, {options.count} submissions, {options.dataset}, one process
nbgrader {nbgrader.__version__} autograde  {theirs / options.count:6.2f} s a submission
course grade              {ours / options.count:6.2f} s a submission
nbgrader / course grade   {theirs / ours:6.1f}"""
    print(text)
    if options.save:
        save("grading", "Seconds per submission: course grade and nbgrader autograde", text)


if __name__ == "__main__":
    main()
