"""Answers that prove the checks: wrong ones with one realistic mistake each, and right ones written another way.

They stand in `<module>/<task>.toml`, one table an answer. Most are changes of the reference answer in the source
notebook:

    [wrong.plain_relu]
    says = "Uses ReLU instead of the provided LeakyReLU."
    fails = ["train-mode", "eval-mode"]
    old = '''self.act(h)'''
    new = '''torch.relu(h)'''

What has little in common with the reference is written out: `source` is the whole solution cell; `text`, where a task
asks for a function that returns a text, is that text. With `of = "<name>"`, a table changes such an answer to its task,
right or wrong, instead of the reference. The answers are read, never imported.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast, get_args

from waferlab.checks.core import Task

from autograder.base.course import Assignment, Course, CourseError, checks_module
from autograder.base.notebooks import grade_id, is_answer, read_notebook, without_markers

BANKS = Path(__file__).resolve().parent
Kind = Literal["wrong", "right"]
Role = Literal["partly", "wrong"]
DRAFT = "draft"  # a key of the whole file
FORMS = ("source", "text")  # of an answer that is written out
KEYS = ("says", "fails", "most", "least", "demo", *FORMS, "of", "old", "new")


@dataclass(frozen=True)
class Entry:
    """One answer of a bank.

    Attributes:
        module: the assignment's.
        task: which task it answers.
        name: identifies it among the answers to the task.
        kind: whether it is a wrong or a right answer.
        says: what is wrong with it, or how it differs, in words.
        fails: the checks that must fail; none for a right answer.
        source: the whole solution cell.
        most: the answer may get so many points at most.
        least: the answer must keep so many points at least.
        demo: the submission of `course demo` that it is a part of.
    """

    module: str
    task: str
    name: str
    kind: Kind
    says: str
    fails: tuple[str, ...]
    source: str
    most: float | None = None
    least: float | None = None
    demo: Role | None = None

    @property
    def label(self) -> str:
        """`forward_plain_relu`: unique within an assignment."""
        return f"{self.task}_{self.name}"

    def promised(self, task: Task) -> tuple[float, float]:
        """The fewest and the most points that the answer may get; a right answer gets all.

        Args:
            task: the task that it answers.
        """
        left = task.points - sum(check.points for check in task.checks if check.name in self.fails)
        least = self.least if self.least is not None else 0.0 if self.kind == "wrong" else task.points
        return least, left if self.most is None else min(self.most, left)


def entries(course: Course, assignment: Assignment, banks: Path = BANKS) -> list[Entry]:
    """The answers in an assignment's bank, by task (as in the notebook), kind (wrong ones first) and name.

    Args:
        course: the course, whose source notebook holds the reference answers.
        assignment: which one.
        banks: where the banks lie.

    Raises:
        CourseError: an entry does not say what it should, or does not fit the reference; names file and entry.
    """
    tasks = checks_module(assignment.module).TASKS
    references = reference_answers(course, assignment)
    found: list[Entry] = []
    folder = banks / assignment.module
    for path in sorted([*folder.glob("*.toml"), *folder.rglob("*.py")]):
        task = _task_of(path, tasks)
        found += _answers(path, task, references.get(task.name))
    order = {name: number for number, name in enumerate(tasks)}
    return sorted(found, key=lambda one: (order[one.task], one.kind != "wrong", one.name))


def entry(course: Course, assignment: Assignment, name: str, banks: Path = BANKS) -> Entry:
    """One answer of an assignment's bank.

    Args:
        course: the course.
        assignment: which one.
        name: an answer's label (`forward_plain_relu`), or its bare name (`plain_relu`) where only one task has it.
        banks: where the banks lie.

    Raises:
        CourseError: there is none of that name, or several; lists what there is.
    """
    there = entries(course, assignment, banks)
    found = [one for one in there if name == one.label] or [one for one in there if name == one.name]
    if len(found) == 1:
        return found[0]
    which = found or there
    problem = "several answers are" if found else "no answer in the bank is"
    listed = ", ".join(one.label for one in which) or "none, the bank is empty"
    raise CourseError(f"{assignment.slug}: {problem} called {name!r}; expected one of {listed}")


def reference_answers(course: Course, assignment: Assignment) -> dict[str, str]:
    """The reference's solution cells by task, as their author runs them, each with a final newline."""
    cells = read_notebook(course.notebook("source", assignment)).cells
    return {str(grade_id(cell)): without_markers(cell.source) + "\n" for cell in cells if is_answer(cell)}


# --- one file ---------------------------------------------------------------------------------------------------------


def _task_of(path: Path, tasks: Mapping[str, Task]) -> Task:
    if path.suffix != ".toml":
        raise CourseError(f"{path} is no bank; expected one file a task: {', '.join(f'{name}.toml' for name in tasks)}")
    if path.stem not in tasks:
        raise CourseError(f"{path}: no task of this assignment is called {path.stem}; expected {', '.join(tasks)}")
    return tasks[path.stem]


def _answers(path: Path, task: Task, reference: str | None) -> Iterator[Entry]:
    """The entries of one file.

    Args:
        path: the file.
        task: the task that it is about.
        reference: the reference answer.
    """
    tables = list(_named(path))
    written = {name: source for where, _, name, said in tables if (source := _written(where, task, said)) is not None}
    for where, kind, name, said in tables:
        source = written.get(name)
        if source is None:
            base = _base(where, said.get("of"), reference, written)
            source = changed(where, base, *_pairs(where, said))
        yield _made(where, task, name, kind, said, source)


def _named(path: Path) -> Iterator[tuple[str, Kind, str, dict[str, Any]]]:
    """The tables of one file: where each stands, for errors, its kind, its name, and what it says."""
    names: dict[str, str] = {}
    for kind, named in _tables(path).items():
        if kind == DRAFT and isinstance(named, bool):
            continue
        if kind not in get_args(Kind) or not isinstance(named, dict):
            raise CourseError(f"{path}: {kind} means nothing here; expected tables [wrong.NAME] and [right.NAME]")
        for name, said in named.items():
            where = f"{path}: [{kind}.{name}]"
            if not isinstance(said, dict):
                raise CourseError(f"{where}: not a table")
            if unknown := [key for key in said if key not in KEYS]:
                raise CourseError(f"{where}: {', '.join(unknown)} means nothing here; expected {', '.join(KEYS)}")
            if names.setdefault(name, kind) != kind:
                raise CourseError(f"{where}: the name {name} is taken by [{names[name]}.{name}]")
            yield where, cast("Kind", kind), name, said


def _tables(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise CourseError(f"{path}: {error}") from error


def is_draft(module: str, task: str, banks: Path = BANKS) -> bool:
    """Whether a task's bank says that it has only begun (`draft = true`); it then needs one answer of each kind."""
    path = banks / module / f"{task}.toml"
    return path.is_file() and _tables(path).get(DRAFT) is True


def _written(where: str, task: Task, said: Mapping[str, Any]) -> str | None:
    """The source of an answer that is written out; None for one that changes another."""
    forms = [key for key in FORMS if key in said]
    if not forms:
        return None
    if len(forms) > 1 or {"of", "old", "new"} & said.keys():
        raise CourseError(f"{where}: expected one of `source`, `text`, or `old` with `new`, and found several")
    value = said[forms[0]]
    if not isinstance(value, str) or not value.strip():
        raise CourseError(f"{where}: {forms[0]} is {value!r}, expected a text")
    return value if forms[0] == "source" else returning(task.name, value)


def returning(function: str, text: str) -> str:
    """The source of a function that returns a text.

    Args:
        function: its name.
        text: what it returns; ends with a line break there.

    >>> print(returning("motto", "Look twice."))
    def motto():
        return \"""\\
    Look twice.
    \"""
    <BLANKLINE>
    """
    quoted = text.rstrip("\n").replace("\\", "\\\\").replace('"""', r"\"\"\"")
    return f'def {function}():\n    return """\\\n{quoted}\n"""\n'


# --- changes ----------------------------------------------------------------------------------------------------------


def _base(where: str, of: str | None, reference: str | None, written: Mapping[str, str]) -> str:
    """The answer that an entry changes: the reference, or one that is written out."""
    if of is not None and of not in written:
        known = ", ".join(written) or "none"
        raise CourseError(f"{where}: of = {of!r} is no answer that is written out; those are: {known}")
    if of is None and reference is None:
        raise CourseError(f"{where}: the source notebook has no solution cell of this task")
    return written[of] if of is not None else str(reference)


def _pairs(where: str, said: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """The texts of `old` and `new`."""
    old, new = (_texts(said.get(key)) for key in ("old", "new"))
    if not old or not new or len(old) != len(new):
        raise CourseError(f"{where}: expected `old` and `new`, two texts or two lists of texts of the same length")
    return old, new


def _texts(value: Any) -> list[str]:
    texts = [value] if isinstance(value, str) else value
    good = isinstance(texts, list) and all(isinstance(text, str) for text in texts)
    return texts if good else []


def changed(where: str, base: str, old: Iterable[str], new: Iterable[str]) -> str:
    """A source with some texts swapped, each of which stands there exactly once.

    Args:
        where: file and entry, for the error.
        base: the source.
        old: what is taken out.
        new: what is put in its place.

    Raises:
        CourseError: a text is missing, stands there more than once, or overlaps another.

    >>> changed("a test", "mean(x) + 1", ["mean", "1"], ["sum", "2"])
    'sum(x) + 2'
    """
    places = []
    for before, after in zip(old, new, strict=True):
        count = base.count(before) if before else 0
        if count != 1:
            problem = f"is there {count} times" if count else "is missing"
            raise CourseError(f"{where}: {problem} in the answer that it changes, expected once: {before!r}")
        places.append((base.index(before), before, after))
    done, end = [], 0
    for start, before, after in sorted(places):
        if start < end:
            raise CourseError(f"{where}: overlaps the change before it: {before!r}")
        done += [base[end:start], after]
        end = start + len(before)
    return "".join([*done, base[end:]])


# --- what every entry must say ----------------------------------------------------------------------------------------


def _made(where: str, task: Task, name: str, kind: str, said: Mapping[str, Any], source: str) -> Entry:
    """An entry, when what is said of it makes sense."""
    says, fails, demo = said.get("says"), said.get("fails", []), said.get("demo")
    if not isinstance(says, str) or not says.strip():
        raise CourseError(f"{where}: does not say in words what the answer is (`says`)")
    if not isinstance(fails, list) or not all(isinstance(one, str) for one in fails):
        raise CourseError(f"{where}: fails is {fails!r}, expected a list of names of checks")
    if kind == "wrong" and not fails:
        raise CourseError(f"{where}: a wrong answer that names no check that must fail (`fails`)")
    if kind == "right" and (left := {"fails", "most", "least", "demo"} & said.keys()):
        raise CourseError(f"{where}: a right answer keeps every point, and has no {' or '.join(sorted(left))}")
    known = [check.name for check in task.checks]
    if unknown := [one for one in fails if one not in known]:
        raise CourseError(f"{where}: {task.name} has no check {', '.join(unknown)}; its checks are {', '.join(known)}")
    if demo is not None and demo not in get_args(Role):
        raise CourseError(f"{where}: demo is {demo!r}, expected {' or '.join(get_args(Role))}")
    most, least = (_points(where, key, said.get(key), task) for key in ("most", "least"))
    return Entry(task.module, task.name, name, kind, says.strip(), tuple(fails), source, most, least, demo)


def _points(where: str, key: str, value: Any, task: Task) -> float | None:
    """Points, in the task's range."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < task.points:
        raise CourseError(f"{where}: {key} is {value!r}, expected points from 0 to less than {task.points:g}")
    return float(value)
