"""Every release as a student lives it: run from top to bottom untouched, and with the reference's answers filled in.

One notebook after the other, with all cores. An untouched notebook must get to its end and say of each task that it is
not yet answered; an answered one must pass every check. With `--partly` each is also run with one task left open, for
every task of it. Exits with 1 otherwise.

    python benchmarks/notebooks.py
    python benchmarks/notebooks.py 05-training --dataset fashion-mnist
    python benchmarks/notebooks.py --profile t4 --dataset fashion-mnist --save    # on a GPU; also says its memory
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from common import machine, save
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell
from waferlab.profiles import PROFILES

from autograder.author.executing import execute_notebook, run_environment
from autograder.base.course import Assignment, Course, CourseError, find_course
from autograder.base.notebooks import grade_id, is_answer, is_check, is_written, read_notebook, without_markers
from autograder.demo import answered
from autograder.run.prepare import released

CORES = str(len(os.sched_getaffinity(0)))
#: As on a machine where nothing is set.
ALL_CORES = {"OMP_NUM_THREADS": CORES, "MKL_NUM_THREADS": CORES, "OMP_WAIT_POLICY": "ACTIVE"}
PASSED = re.compile(r": (\d+) of (\d+) checks? passed")


MEMORY = "import torch; print(torch.cuda.max_memory_allocated() // 2**20 if torch.cuda.is_available() else '')"


@dataclass(frozen=True)
class Setting:
    """What the notebooks run on."""

    course: Course
    dataset: str
    profile: str
    device: str

    def run(self, assignment: Assignment, notebook: NotebookNode) -> tuple[float, str, str]:
        """Run in a fresh kernel: seconds, what the check cells print, and the peak memory of the GPU in MiB."""
        notebook.cells.append(new_code_cell(MEMORY))
        with tempfile.TemporaryDirectory() as folder:
            env = run_environment(self.course.root / "course", self.dataset, folder)
            env |= {**ALL_CORES, "WAFERLAB_PROFILE": self.profile}
            if self.device == "cuda":
                del env["CUDA_VISIBLE_DEVICES"]
            start = time.perf_counter()
            execute_notebook(notebook, Path(folder), env, assignment.slug)
            seconds = time.perf_counter() - start
        return seconds, "".join(_text(cell) for cell in notebook.cells if is_check(cell)), _text(notebook.cells[-1])


def _text(cell: NotebookNode) -> str:
    return "".join(output.get("text", "") for output in cell.get("outputs", ()))


def row(setting: Setting, assignment: Assignment, partly: bool) -> tuple[str, bool]:
    """One line of the table, and whether all is as it should be."""
    release = released(setting.course, assignment)
    source = read_notebook(setting.course.notebook("source", assignment))
    right = {grade_id(cell): without_markers(cell.source) for cell in source.cells if is_answer(cell)}
    written = {grade_id(cell): cell.source for cell in source.cells if is_written(cell)}
    try:
        untouched, before, _ = setting.run(assignment, answered(release, {}))
        filled, after, memory = setting.run(assignment, answered(release, {**right, **written}))
        for task in right if partly and len(right) > 1 else ():
            others = {name: answer for name, answer in right.items() if name != task}
            setting.run(assignment, answered(release, others))
    except CourseError as error:
        return f"{assignment.slug:20} {error}", False
    tasks, unanswered = len(right), before.count("not yet answered")
    passed, checks = (sum(int(pair[i]) for pair in PASSED.findall(after)) for i in (0, 1))
    line = f"{assignment.slug:20}{untouched:9.1f} s{unanswered:5} of {tasks}{filled:9.1f} s{passed:7} of {checks}"
    return line + (f"{memory.strip():>10} MiB" if memory.strip() else ""), unanswered == tasks and passed == checks > 0


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("assignments", nargs="*", help="slugs; all by default")
    parser.add_argument("--dataset", default="synthetic-wafers")
    parser.add_argument("--profile", default="smoke", choices=PROFILES)
    parser.add_argument("--partly", action="store_true", help="also with one task left open")
    parser.add_argument("--save", action="store_true", help="write benchmarks/results/notebooks-PROFILE.md")
    options = parser.parse_args()
    device = "cuda" if options.profile == "t4" else "cpu"
    if device == "cuda" and not torch.cuda.is_available():
        parser.error("the t4 profile needs a GPU, and PyTorch finds none here")
    setting = Setting(find_course(), options.dataset, options.profile, device)
    chosen = [setting.course.assignment(name) for name in options.assignments] or setting.course.assignments
    lines = [f"{options.dataset}, profile {options.profile}", ""]
    lines += [f"{'':20}{'untouched':>11}{'unanswered':>10}{'answered':>11}{'checks':>12}"]
    print(machine(device), *lines, sep="\n")
    fine = []
    for assignment in chosen:
        line, right = row(setting, assignment, options.partly)
        fine.append(right)
        lines.append(line)
        print(line, flush=True)
    if options.save:
        title = "Every release, untouched and answered"
        print("written:", save(f"notebooks-{options.profile}", title, "\n".join(lines), device))
    sys.exit(0 if all(fine) else 1)


if __name__ == "__main__":
    main()
