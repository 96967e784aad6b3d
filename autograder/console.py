"""What commands share: the terminal, a progress bar on it, options, and a look for mistakes before they begin."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from autograder.base.course import Assignment, Course, find_course

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

Jobs = Annotated[int, typer.Option("--jobs", "-j", min=0, help="Processes; 0 means one per core.")]
NoSandbox = Annotated[
    bool, typer.Option("--no-sandbox", help="Run students' code as your own account; every report says so.")
]
Dataset = Annotated[
    str | None, typer.Option("--dataset", help="fashion-mnist, synthetic-wafers or folder:PATH; default: course.toml.")
]


def escaped(text: str) -> str:
    """Text in which brackets are brackets."""
    return escape(text)


def say(remarks: Iterable[str]) -> None:
    """A line for each sentence, as wide as it is."""
    for remark in remarks:
        out.print(escaped(remark), soft_wrap=True)


@contextmanager
def progress_bar() -> Iterator[Callable[[str, int, int], None]]:
    """A progress bar on standard error; the callback takes what is being done, how many are done, how many in all."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

    columns = [SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()]
    remaining = TimeRemainingColumn(elapsed_when_finished=True)
    quiet = not err.is_terminal  # a file would get an empty line
    with Progress(*columns, remaining, console=err, transient=True, speed_estimate_period=300, disable=quiet) as bar:
        task = bar.add_task("starting", total=None)

        def show(what: str, done: int, total: int) -> None:
            if bar.tasks[0].description != what:  # the pace of another step, and what an earlier run did, tell nothing
                bar.reset(task, total=total or None, completed=done, description=what)
            bar.update(task, completed=done)

        yield show


def linted(assignments: Sequence[Assignment] | None = None) -> Course:
    """The course, when the linter finds no mistake in it; warnings are printed.

    Args:
        assignments: those that matter; by default all.

    Raises:
        CourseError: there are mistakes; one sentence each.
    """
    from autograder.author.lint import refuse_mistakes

    course = find_course()
    for one in refuse_mistakes(course, assignments):
        if one.kind == "warning":
            err.print(f"[yellow]warning:[/] {escaped(str(one))}", soft_wrap=True)
    return course
