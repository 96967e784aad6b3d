"""A class of hundreds in one run: right, wrong, broken and hostile submissions of every assignment.

    .venv/bin/python benchmarks/load.py [--count 300] [--jobs 2] [--dataset synthetic-wafers] [--keep DIR] [--save]

Runs `course grade` in a terminal, as a person would, and watches it from outside: the progress line, the memory of the
grading process and of all its children, the journal. Ends with an error when a row is missing or has other points than
it must have, or when the memory of the grading process grew with the number of submissions.

What a row must have follows from what was handed in: an answer of the bank gets what it promises there, a task that is
not answered, or ends its process, gets nothing, and the task beside it loses nothing, unless it calls the one that
failed: then it may lose anything.
"""

from __future__ import annotations

import argparse
import ast
import copy
import csv
import io
import json
import os
import pty
import re
import select
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
import psutil
from common import save
from nbformat import NotebookNode
from waferlab.checks.core import Task

from autograder.banks import entries
from autograder.banks.bank import reference_answers
from autograder.base.course import Assignment, Course, checks_module, find_course
from autograder.base.notebooks import grade_id, is_answer, read_notebook
from autograder.demo import PLACEHOLDER, answered, demo_answers

COURSE = Path(sys.executable).parent / "course"
GROWTH_MB = 40  # what the grading process may grow between a fifth and nine tenths of the class
#: How many of a hundred hand in what.
CLASS = {
    "right": 26, "partly": 14, "wrong": 10, "raises": 5, "unanswered": 7,
    "truncated": 3, "empty": 2, "old format": 2, "other course": 2, "zip bomb": 2, "web page": 1,
    "byte order mark": 3, "copied cells": 4, "no metadata": 4, "in a zip": 3,
    "exits": 3, "loops": 2, "memory": 2, "prints": 3, "forks": 2,
}  # fmt: skip
#: What hostile answers do in their first task before anything else; bounded, so that a grader without a wall lives.
HOSTILE = {
    "exits": "import os; os._exit(0)",
    "loops": "while True: pass",
    "memory": "hog = [bytearray(2**28) for _ in range(256)]",
    "forks": "import os, time\nfor _ in range(200): os.fork() or time.sleep(20)",
}


@dataclass(frozen=True)
class Expected:
    """What a submission must come out as: its status, and its lowest and highest points."""

    kind: str
    status: str
    least: float = 0.0
    most: float = 0.0


# --- the class -------------------------------------------------------------------------------------------------------


@dataclass
class Desk:
    """Where one assignment's submissions are made: its release, what the demo's students answer, and what it is worth.

    Attributes:
        assignment: which one.
        release: its notebook.
        answers: what the demo's students write, by student and grade_id.
        tasks: its tasks.
        promised: the fewest and the most points that each of the bank's answers may get, by submission and task.
        calls: the tasks whose functions the reference of a task uses, by task.
    """

    assignment: Assignment
    release: NotebookNode
    answers: dict[str, dict[str, str]]
    tasks: dict[str, Task]
    promised: dict[str, dict[str, tuple[float, float]]]
    calls: dict[str, set[str]]

    def notebook(self, student: str) -> NotebookNode:
        return answered(self.release, self.answers[student]) if student else copy.deepcopy(self.release)

    def hostile(self, statement: str) -> NotebookNode:
        """All right, but for the first task, whose function begins with a statement."""
        first = next(cell for cell in self.release.cells if is_answer(cell))
        lines = []
        for line in first.source.splitlines():
            indent = line[: len(line) - len(line.lstrip())]
            lines += [line] if PLACEHOLDER not in line else [indent + part for part in statement.splitlines()] + [line]
        return answered(self.release, {**self.answers["reference-answer"], grade_id(first): "\n".join(lines)})

    def points(self, faulty: Mapping[str, tuple[float, float]]) -> tuple[float, float]:
        """The fewest and the most points of a submission that is right but for some tasks.

        Args:
            faulty: the fewest and the most points of those tasks.
        """
        least = most = 0.0
        for name, task in self.tasks.items():
            low, high = faulty.get(name, (task.points, task.points))
            least += 0.0 if self.calls[name] & faulty.keys() else low
            most += high
        return least, most


def desks(course: Course) -> list[Desk]:
    """One for each assignment."""
    return [_desk(course, one) for one in course.assignments]


def _desk(course: Course, one: Assignment) -> Desk:
    release, tasks = read_notebook(course.notebook("release", one)), checks_module(one.module).TASKS
    promised: dict[str, dict[str, tuple[float, float]]] = {"partly": {}, "wrong": {}}
    for entry in entries(course, one):
        if entry.demo:
            promised[entry.demo][entry.task] = entry.promised(tasks[entry.task])
    calls = {}
    for task, source in reference_answers(course, one).items():
        used = {getattr(node, "id", getattr(node, "attr", None)) for node in ast.walk(ast.parse(source))}
        calls[task] = {name for name, other in tasks.items() if name != task and used.intersection(other.defines)}
    return Desk(one, release, demo_answers(course, one, release), tasks, promised, calls)


def graded(kind: str, desk: Desk) -> tuple[bytes, Expected]:
    """A submission that can be graded, and its points."""
    students = {"partly": "partly-right", "wrong": "wrong", "raises": "raises", "unanswered": ""}
    if kind in HOSTILE:
        faulty = {next(iter(desk.tasks)): (0.0, 0.0)}
        return text(desk.hostile(HOSTILE[kind])), Expected(kind, "graded", *desk.points(faulty))
    if kind in students:
        faulty = desk.promised.get(kind) or dict.fromkeys(desk.tasks, (0.0, 0.0))
        return text(desk.notebook(students[kind])), Expected(kind, "graded", *desk.points(faulty))
    notebook = desk.notebook("reference-answer")
    if kind == "prints":
        for cell in notebook.cells:
            cell.source += "\nprint('x' * 10**7)" if is_answer(cell) else ""
    if kind == "copied cells":
        notebook.cells += [copy.deepcopy(cell) for cell in notebook.cells if is_answer(cell)]
    if kind == "no metadata":
        for cell in notebook.cells:
            cell.metadata = nbformat.from_dict({})
    data = text(notebook)
    data = b"\xef\xbb\xbf" + data if kind == "byte order mark" else data
    return data, Expected(kind, "graded", *desk.points({}))


def text(notebook: NotebookNode) -> bytes:
    """A notebook file."""
    return json.dumps(notebook).encode()


def broken(kind: str, desk: Desk) -> tuple[bytes, Expected]:
    """A file that cannot be graded."""
    right = desk.notebook("reference-answer")
    marks = {"nbgrader": {"grade_id": "sql-1", "solution": True, "grade": False, "locked": False, "schema_version": 3}}
    other = {**right, "metadata": {}, "cells": [{"cell_type": "code", "metadata": marks, "source": "import sqlite3"}]}
    old = {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": []}]}
    data = {
        "truncated": text(right)[: len(text(right)) // 2],
        "empty": b"",
        "old format": json.dumps(old).encode(),
        "other course": json.dumps(other).encode(),
        "web page": b"<!DOCTYPE html><html>Sign in</html>",
    }
    return data[kind], Expected(kind, "unreadable")


def zipped(data: bytes, name: str) -> bytes:
    """An archive with one file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return buffer.getvalue()


def hand_in(course: Course, count: int, folder: Path) -> dict[str, Expected]:
    """Write the class; returns what each student's row must be."""
    tables = desks(course)
    bomb = zipped(bytes(300 * 2**20), "encoder.ipynb")
    kinds = [kind for kind, share in CLASS.items() for _ in range(share)]
    expected = {}
    for number in range(count):
        kind, desk = kinds[number * 37 % len(kinds)], tables[(number + number // len(kinds)) % len(tables)]
        student, file = f"student-{number:04}", f"{desk.assignment.notebook_name}.ipynb"
        if kind == "zip bomb":
            data, row = bomb, Expected(kind, "unreadable")
        else:
            data, row = (broken if kind in BROKEN else graded)(kind, desk)
        path = folder / student / desk.assignment.slug / file
        path = folder / f"{student}.zip" if kind in ("zip bomb", "in a zip") else path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(zipped(data, file) if kind == "in a zip" else data)
        expected[student] = row
    return expected


BROKEN = ("truncated", "empty", "old format", "other course", "web page")


# --- the run ---------------------------------------------------------------------------------------------------------


@dataclass
class Watch:
    """What was seen from outside while a run went on.

    Attributes:
        memory: seconds, submissions done, MB of the grading process, MB of it and all its children (shared pages
            counted once).
        lines: the progress line, by submissions done.
        seconds: wall time in all.
    """

    memory: list[tuple[float, int, float, float]] = field(default_factory=list)
    lines: dict[int, tuple[float, str]] = field(default_factory=dict)
    seconds: float = 0.0


def watch(command: list[str], journal: Path) -> Watch:
    """Run a command in a terminal of 110 columns and watch it."""
    master, slave = pty.openpty()
    environment = {**os.environ, "COLUMNS": "110", "LINES": "40", "TERM": "xterm"}
    started = time.monotonic()
    process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=environment, close_fds=True)
    os.close(slave)
    seen, looked = Watch(), 0.0
    for screen in _screens(master, process):
        now = time.monotonic() - started
        if found := re.search(r"grading\s.*?(\d+)/\d+.*", screen):
            seen.lines[int(found[1])] = (now, found[0].strip())
        if now - looked > 2:
            looked = now
            done = journal.read_bytes().count(b'"row": ') if journal.exists() else 0
            seen.memory.append((now, done, *memory_of(process.pid)))
    seen.seconds = time.monotonic() - started
    if process.wait():
        sys.exit(f"{' '.join(command)} ended with {process.returncode}")
    return seen


def _screens(master: int, process: subprocess.Popen[bytes]) -> Iterator[str]:
    """The last line that was drawn, several times a second, until the command ends."""
    while True:
        last = ""
        if select.select([master], [], [], 0.2)[0]:
            try:
                data = os.read(master, 1 << 16).decode(errors="replace")
            except OSError:  # the terminal is closed: the command has ended
                return
            plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", data)
            last = next((line for line in reversed(re.split(r"[\r\n]+", plain)) if "/" in line), "")
        elif process.poll() is not None:
            return
        yield last


def memory_of(pid: int) -> tuple[float, float]:
    """MB of a process, and of it with its whole tree (proportional set size)."""
    try:
        process = psutil.Process(pid)
        tree = [process, *process.children(recursive=True)]
        return process.memory_info().rss / 2**20, sum(map(_proportional, tree)) / 2**20
    except psutil.Error:
        return 0.0, 0.0


def _proportional(process: psutil.Process) -> int:
    try:
        return process.memory_full_info().pss
    except psutil.Error:
        return 0


# --- the verdict -----------------------------------------------------------------------------------------------------


def wrong_rows(out: Path, expected: dict[str, Expected]) -> list[str]:
    """Rows that are missing, or not what they must be."""
    with (out / "grades.csv").open(newline="", encoding="utf-8") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    found = [f"{student}: no row" for student in expected.keys() - rows.keys()]
    found += [f"{student}: unexpected row" for student in rows.keys() - expected.keys()]
    for student, want in expected.items():
        row = rows.get(student)
        if row and not (row["status"] == want.status and want.least <= float(row["points"]) <= want.most):
            found.append(f"{student} ({want.kind}): {row['status']}, {row['points']} points, expected {want}")
    return sorted(found)


def growth(seen: Watch, count: int) -> float:
    """MB by which the grading process grew between a fifth and nine tenths of the class."""
    middle = [own for _, done, own, _ in seen.memory if own and 0.2 * count <= done <= 0.9 * count]
    return max(middle) - min(middle[:3]) if len(middle) > 3 else float("nan")


def summary(seen: Watch, expected: dict[str, Expected], graded_in: float) -> str:
    """The figures, as text."""
    count = len(expected)
    kinds = Counter(row.kind for row in expected.values())
    fast, slow = 60 * count / graded_in, 60 * count / seen.seconds
    lines = [
        f"{count} submissions: " + ", ".join(f"{number} {kind}" for kind, number in kinds.most_common()),
        f"rows as they must be        {count} of {count}",
        f"wall time                   {seen.seconds:7.0f} s, of which grading {graded_in:.0f} s",
        f"submissions a minute        {fast:7.0f} while grading, {slow:.0f} in all",
        f"grading process             {max(own for _, _, own, _ in seen.memory):7.0f} MB at most, "
        f"grew by {growth(seen, count):.0f} MB between a fifth and nine tenths of the class",
        f"it and all its children     {max(tree for *_, tree in seen.memory):7.0f} MB at most (proportional set size)",
        "",
        "progress line, and how long grading really took from there:",
    ]
    end = max(now for now, _ in seen.lines.values())
    for part in (0.25, 0.5, 0.75):
        done = min(seen.lines, key=lambda number: abs(number - part * count))
        now, line = seen.lines[done]
        lines.append(f"  {line}   ({int(end - now) // 60}:{int(end - now) % 60:02} left)")
    return "\n".join(lines)


def main() -> None:
    """Make the class, grade it, check every row, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--dataset", default="synthetic-wafers")
    parser.add_argument("--keep", type=Path, help="folder for the class and the run; default: a temporary one")
    parser.add_argument("--save", action="store_true", help="keep the result in benchmarks/results/")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="benchmark-load-") as temporary:
        folder = options.keep or Path(temporary)
        expected = hand_in(find_course(), options.count, folder / "submitted")
        out = folder / "graded"
        command = [str(COURSE), "grade", str(folder / "submitted"), "--out", str(out)]
        seen = watch([*command, "--jobs", str(options.jobs), "--dataset", options.dataset], out / "journal.jsonl")
        wrong = wrong_rows(out, expected)
    if wrong:
        sys.exit("\n".join(wrong))
    times = [now for now, _ in seen.lines.values()]
    result = summary(seen, expected, max(times) - min(times))
    print(result)
    if growth(seen, options.count) > GROWTH_MB:
        sys.exit(f"the grading process grew by more than {GROWTH_MB} MB")
    if options.save:
        save("load", f"{options.count} submissions in one run", result)


if __name__ == "__main__":
    main()
