"""Every release as a student lives it: run from top to bottom untouched, and with the reference's answers filled in.

One notebook after the other, in the smoke profile, with all cores. An untouched notebook must get to its end and say of
each task that it is not yet answered; an answered one must pass every check. With `--partly` each is also run with one
task left open, for every task of it. Exits with 1 otherwise.

    python benchmarks/notebooks.py
    python benchmarks/notebooks.py 05-training --dataset fashion-mnist
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
import time
from pathlib import Path

from common import machine, save
from nbformat import NotebookNode

from autograder.authoring.solutions import execute_notebook, run_environment
from autograder.demo import answered
from autograder.exam import released
from autograder.layout import Assignment, Course, CourseError, find_course
from autograder.notebooks import grade_id, is_answer, is_check, is_written, read_notebook, without_markers

CORES = str(len(os.sched_getaffinity(0)))
#: As on a machine where nothing is set.
ALL_CORES = {"OMP_NUM_THREADS": CORES, "MKL_NUM_THREADS": CORES, "OMP_WAIT_POLICY": "ACTIVE"}
PASSED = re.compile(r": (\d+) of (\d+) checks? passed")


def run(course: Course, assignment: Assignment, notebook: NotebookNode, dataset: str) -> tuple[float, str]:
    """Seconds that a run takes in a fresh kernel, and what the check cells print."""
    with tempfile.TemporaryDirectory() as folder:
        env = run_environment(course.root / "course", dataset, folder)
        start = time.perf_counter()
        execute_notebook(notebook, Path(folder), {**env, **ALL_CORES}, assignment.slug)
        seconds = time.perf_counter() - start
    outputs = [output for cell in notebook.cells if is_check(cell) for output in cell.get("outputs", ())]
    return seconds, "".join(output.get("text", "") for output in outputs)


def row(course: Course, assignment: Assignment, dataset: str, partly: bool) -> tuple[str, bool]:
    """One line of the table, and whether all is as it should be."""
    release = released(course, assignment)
    source = read_notebook(course.notebook("source", assignment))
    right = {grade_id(cell): without_markers(cell.source) for cell in source.cells if is_answer(cell)}
    written = {grade_id(cell): cell.source for cell in source.cells if is_written(cell)}
    try:
        seconds, before = run(course, assignment, released(course, assignment), dataset)
        with_answers, after = run(course, assignment, answered(release, {**right, **written}), dataset)
        for task in right if partly and len(right) > 1 else ():
            others = {name: answer for name, answer in right.items() if name != task}
            run(course, assignment, answered(release, others), dataset)
    except CourseError as error:
        return f"{assignment.slug:20} {error}", False
    tasks = len(right)
    open_tasks = before.count("not yet answered")
    passed, checks = (sum(int(pair[i]) for pair in PASSED.findall(after)) for i in (0, 1))
    line = f"{assignment.slug:20}{seconds:9.1f} s{open_tasks:5} of {tasks}{with_answers:9.1f} s{passed:7} of {checks}"
    return line, open_tasks == tasks and passed == checks > 0


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("assignments", nargs="*", help="slugs; all by default")
    parser.add_argument("--dataset", default="synthetic-wafers")
    parser.add_argument("--partly", action="store_true", help="also with one task left open")
    parser.add_argument("--save", action="store_true", help="write benchmarks/results/notebooks.md")
    options = parser.parse_args()
    course = find_course()
    chosen = [course.assignment(name) for name in options.assignments] or course.assignments
    print(machine(), f"{options.dataset}, smoke profile", sep="\n")
    lines = [f"{'':20}{'untouched':>11}{'unanswered':>10}{'answered':>11}{'checks':>12}"]
    print(lines[0])
    fine = []
    for assignment in chosen:
        line, right = row(course, assignment, options.dataset, options.partly)
        fine.append(right)
        lines.append(line)
        print(line, flush=True)
    if options.save:
        print("written:", save("notebooks", "Every release, untouched and answered", "\n".join(lines)))
    sys.exit(0 if all(fine) else 1)


if __name__ == "__main__":
    main()
