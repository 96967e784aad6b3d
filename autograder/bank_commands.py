"""The commands about the answers that prove the checks: `course bank` and `course validate`."""

from __future__ import annotations

import sys
from textwrap import indent
from typing import Annotated

import typer

from autograder.base.course import find_course
from autograder.console import Dataset, NoSandbox, err, escaped, linted, out, progress_bar

bank = typer.Typer(help="Look at the wrong and right answers that prove the checks.", no_args_is_help=True)


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


def validate(
    assignments: Annotated[
        list[str] | None, typer.Argument(help="For example 04-encoder; by default all assignments.")
    ] = None,
    dataset: Dataset = None,
    no_sandbox: NoSandbox = False,
) -> None:
    """Prove the checks: every wrong answer of the banks is caught, every right one keeps its marks."""
    course = find_course()
    chosen = [course.assignment(slug) for slug in assignments] if assignments else course.assignments
    linted(chosen)
    from autograder.banks.prove import how_many
    from autograder.banks.prove import validate as run
    from autograder.report.terminal import trials_table

    with progress_bar() as progress:
        total, trials = how_many(course, chosen), []
        progress("marking the banks", 0, total)
        for trial in run(course, chosen, dataset, walled=not no_sandbox):
            trials.append(trial)
            progress(f"marking {trial.assignment}", len(trials), total)
    out.print(trials_table(trials))
    for trial in trials:
        if trial.defect:
            err.print(f"[bold red]{trial.kind}[/] {escaped(f'{trial.assignment}/{trial.name}: {trial.defect}')}")
    if any(trial.defect for trial in trials):
        raise typer.Exit(1)
