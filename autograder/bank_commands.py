"""The commands `course bank`: look at the answers that prove the checks."""

from __future__ import annotations

import sys
from textwrap import indent
from typing import Annotated

import typer
from rich.console import Console

from autograder.base.course import find_course

bank = typer.Typer(help="Look at the wrong and right answers that prove the checks.", no_args_is_help=True)
out = Console(highlight=False)


@bank.command("list")
def list_bank(
    assignments: Annotated[
        list[str] | None, typer.Argument(help="For example 04-encoder; by default all assignments.")
    ] = None,
) -> None:
    """List the answers: which task, wrong or right, what is done differently, and which checks must fail."""
    from autograder.banks import entries
    from autograder.report.terminal import bank_table

    course = find_course()
    for one in [course.assignment(slug) for slug in assignments] if assignments else course.assignments:
        out.print(bank_table(one.slug, entries(course, one)))


@bank.command("show")
def show_answer(
    assignment: Annotated[str, typer.Argument(help="For example 04-encoder.")],
    name: Annotated[str, typer.Argument(help="As `course bank list` names it, for example forward_plain_relu.")],
) -> None:
    """Print an answer whole, as it would stand in the solution cell, with what it says of itself."""
    from autograder.banks import entry

    course = find_course()
    one = entry(course, course.assignment(assignment), name)
    fails = f"\nFails: {', '.join(one.fails)}." if one.fails else ""
    sys.stdout.write(indent(f"A {one.kind} answer to {one.task}. {one.says}{fails}", "# ") + f"\n\n{one.source}")
