"""A class in which half of the notebooks are hostile: does anybody else's mark move?

    .venv/bin/python benchmarks/neighbours.py [--shuffles 20] [--honest 20] [--hostile 20] [--save]

Honest students of 04-encoder hand in answers of the bank, right and wrong; hostile ones every attack of
`tests/attacks`, in turn. One warm worker grades the honest class alone, and then everybody together, in an order that
is drawn anew for each shuffle. Ends with an error when an honest student's points, or any check's message, is another
one than without the hostile ones.
"""

from __future__ import annotations

import argparse
import importlib
import random
import sys
import time
from itertools import cycle, islice
from pathlib import Path

from common import save

from autograder.banks import entries
from autograder.base.course import find_course
from autograder.base.notebooks import read_notebook
from autograder.base.records import Cell, Graft, TaskResult
from autograder.judge.datasets import probe_arrays
from autograder.judge.exam import Exam
from autograder.run.one import grade_graft
from autograder.run.prepare import prepare, reference_graft
from autograder.wall.sandbox import Sandbox, limits_of

ATTACKS = Path(__file__).resolve().parents[1] / "tests" / "attacks"
MODULES = ("test_protocol", "test_exhausting", "test_forging", "test_tampering", "test_escaping", "test_reading")
SECRET = bytes(range(32))
SECONDS = 4.0  # a question's limit here: endless loops would make this a day's work
SLUG, TASK = "04-encoder", "kl_divergence"

Marks = list[tuple[float, tuple[tuple[str, float, str], ...]]]


def hostile_sources() -> dict[str, tuple[str, str]]:
    """Every attack by name: the task in whose cell it stands, and the cell's source."""
    sys.path.insert(0, str(ATTACKS))
    found = {}
    for name in MODULES:
        module = importlib.import_module(name)
        for title, source in module.ATTACKS.items():
            found[f"{name}: {title}"] = (TASK, str(source))
    protocol = importlib.import_module("test_protocol")
    found["test_protocol: a size that overflows"] = ("forward", protocol.IMPOSSIBLE)
    return found


def grafts(honest: int, hostile: int) -> dict[str, Graft]:
    """Everybody's rebuilt submission, by a name that tells who is hostile."""
    course = find_course()
    assignment = course.assignment(SLUG)
    right = reference_graft(read_notebook(course.notebook("source", assignment)))
    answers = [(f"bank: {one.label}", one.task, one.source) for one in entries(course, assignment)]
    people = [*islice(cycle([("the reference", TASK, None), *answers[:: max(1, len(answers) // honest)]]), honest)]
    attacks = [(name, *parts) for name, parts in hostile_sources().items()]
    people += [(f"hostile: {name}", task, source) for name, task, source in islice(cycle(attacks), hostile)]
    return {f"{number:02} {name}": _with(right, task, source) for number, (name, task, source) in enumerate(people)}


def _with(right: Graft, task: str, source: str | None) -> Graft:
    cells = [Cell("solution", task, source) if source and cell.name == task else cell for cell in right.cells]
    return Graft(tuple(cells), {cell.name: "" for cell in right.cells if cell.kind == "solution"})


def marks(results: list[TaskResult]) -> Marks:
    """Everything that a student sees of the results."""
    return [(one.points, tuple((mark.name, mark.points, mark.message) for mark in one.checks)) for one in results]


def ready(box: Sandbox) -> Exam:
    """The exam, with short limits."""
    course = find_course()
    assignment = course.assignment(SLUG)
    arrays = probe_arrays([assignment], "synthetic-wafers", SECRET).get(SLUG, {})
    exam = prepare(course, assignment, SECRET, arrays, box)
    exam.seconds.update(dict.fromkeys(exam.seconds, SECONDS))
    return exam


def main() -> None:
    """Grade, shuffle, grade again, compare."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--shuffles", type=int, default=20)
    parser.add_argument("--honest", type=int, default=20)
    parser.add_argument("--hostile", type=int, default=20)
    parser.add_argument("--save", action="store_true", help="write benchmarks/results/neighbours.md")
    options = parser.parse_args()
    people = grafts(options.honest, options.hostile)
    honest = [name for name in people if "hostile: " not in name]
    moved: list[str] = []
    started = time.monotonic()
    with Sandbox(["encoder"], limits_of(find_course())) as box:
        exam = ready(box)
        alone = {name: marks(grade_graft(exam, people[name], box)) for name in honest}
        for shuffle in range(options.shuffles):
            order = random.Random(shuffle).sample(sorted(people), len(people))
            for name in order:
                got = marks(grade_graft(exam, people[name], box))
                if name in alone and got != alone[name]:
                    moved.append(f"shuffle {shuffle}: {name}: {alone[name]} became {got}")
            print(f"shuffle {shuffle + 1} of {options.shuffles}, {len(moved)} marks moved", file=sys.stderr, flush=True)
    count = options.shuffles * len(people)
    text = (
        f"{len(honest)} honest and {len(people) - len(honest)} hostile notebooks of {SLUG}, {options.shuffles} orders: "
        f"{count} gradings in {time.monotonic() - started:.0f} s\n"
        f"marks or messages of honest students that moved: {len(moved)}\n" + "\n".join(moved)
    )
    print(text)
    if options.save:
        save("neighbours", "Hostile neighbours: whose marks move", text)
    if moved:
        sys.exit(1)


if __name__ == "__main__":
    main()
