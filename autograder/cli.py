"""The command `course`: a table of contents of everything an instructor or a grader does."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from autograder.bank_commands import bank, validate
from autograder.base.course import Course, CourseError, find_course
from autograder.console import Dataset, Jobs, NoSandbox, err, escaped, linted, out, progress_bar, say

if TYPE_CHECKING:
    from autograder.author.trees import Changes
    from autograder.base.records import Result
    from autograder.intake import Intake
    from autograder.report.changes import Change

app = typer.Typer(
    help="Wafer-defect detection with variational autoencoders: build the course, publish it, grade a class.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)
AUTHOR = "Author the course (edit source/, then regenerate)"
GRADE = "Grade a class"
LOOK = "Look around"


Check = Annotated[bool, typer.Option("--check", help="Change nothing; print a diff and exit with 1 when stale.")]
Everything = Annotated[bool, typer.Option("--all", help="Compute and execute also what nothing has changed for.")]
Times = Annotated[
    list[str] | None,
    typer.Option(
        "--times",
        metavar="FILE",
        help="Hand-in times, extensions: Moodle's worksheet (03-pca=FILE), Canvas' JSON, a CSV; kept with the run.",
    ),
]


def main() -> None:
    """Run the command line; a problem that the user can mend is one sentence and exit status 2, never a traceback."""
    try:
        app()
    except CourseError as error:
        err.print(f"[bold red]error:[/] {escaped(str(error))}", soft_wrap=True)
        sys.exit(2)
    except KeyboardInterrupt:
        err.print("interrupted; what was finished is kept")
        sys.exit(130)


def _generate(course: Course, run: Callable[..., Changes], check: bool, command: str) -> None:
    """Run a generating command over the whole course, and report."""
    with progress_bar() as progress:
        changes = run(course, check=check, progress=lambda what: progress(what, 0, 0))
    _finish(changes, check, command)


def _finish(changes: Changes, check: bool, command: str) -> None:
    """Report what a generating command changed, or would change."""
    if check:
        sys.stdout.write(changes.diff)
    for verb, paths in (
        ("wrote", changes.written),
        ("removed", changes.removed),
        ("left alone, not ours:", () if check else changes.extra),
    ):
        for path in paths:
            out.print(escaped(f"{verb} {path}"), soft_wrap=True)
    for remark in changes.remarks:
        out.print(escaped(remark), soft_wrap=True)
    if check and changes.stale:
        err.print(f"stale: run `course {command}`")
        raise typer.Exit(1)
    if not (changes.written or changes.removed or changes.extra):
        out.print("up to date" if check else "nothing to do: up to date")


@app.command(rich_help_panel=AUTHOR)
def new(
    slug: Annotated[str, typer.Argument(help="Number and name, for example 10-lighting.")],
    title: Annotated[str, typer.Option("--title", help="For people; goes into the notebook and course.toml.")],
    points: Annotated[float, typer.Option("--points", help="Automatic and written points together.")],
) -> None:
    """Write the beginnings of an assignment: notebook, check, bank, test and settings, all of which work at once."""
    from autograder.author.new import new as run
    from autograder.author.new import next_steps

    course = find_course()
    with progress_bar() as progress:
        changes = run(course, slug, title, points, progress=lambda what: progress(what, 0, 0))
    _finish(changes, False, "new")
    out.print(escaped(next_steps(course, slug)), soft_wrap=True)


@app.command(rich_help_panel=AUTHOR)
def check() -> None:
    """Say all that is wrong with notebooks and settings, each with cell and line; exits with 1 if anything is."""
    from autograder.author.lint import lint

    course = find_course()
    found = lint(course)
    for one in found:
        colour = {"mistake": "bold red", "remark": "dim"}.get(one.kind, "yellow")
        out.print(f"[{colour}]{one.kind}:[/] {escaped(str(one))}", soft_wrap=True)
    if any(one.kind != "remark" for one in found):
        raise typer.Exit(1)
    out.print(f"settings and {len(course.assignments)} assignments: nothing wrong")


@app.command(rich_help_panel=AUTHOR)
def export(check: Check = False, everything: Everything = False) -> None:
    """Write waferlab.reference and the visible checks' expectations from the source notebooks, as far as changed."""
    course = linted()  # before nbgrader and torch are imported
    from autograder.author.export import export as run

    _generate(course, partial(run, everything=everything), check, "export")


@app.command(rich_help_panel=AUTHOR)
def release(check: Check = False) -> None:
    """Write the students' notebooks: solutions out, cells locked, badges in."""
    course = linted()
    from autograder.author.release import release as run

    _generate(course, run, check, "release")


@app.command(rich_help_panel=AUTHOR)
def solutions(
    assignments: Annotated[
        list[str] | None, typer.Argument(help="For example 04-encoder; by default all assignments.")
    ] = None,
    check: Check = False,
    everything: Everything = False,
    jobs: Jobs = 0,
) -> None:
    """Execute the notebooks whose code has changed; write all with figures, without markers or hidden material."""
    course = linted()
    from autograder.author.solutions import solutions as run

    only = [course.assignment(slug).slug for slug in assignments or ()]
    _generate(course, partial(run, everything=everything, only=only, jobs=jobs or None), check, "solutions")


@app.command(rich_help_panel=AUTHOR)
def move(
    assignment: Annotated[str, typer.Argument(help="For example 03-pca.")],
    number: Annotated[int, typer.Argument(min=1, max=99, help="Its new number; those in between give way by one.")],
) -> None:
    """Give an assignment another number: folders, settings, headings, links and all that names it follow."""
    course = linted()
    from autograder.author.move import move as run

    with progress_bar() as progress:
        changes = run(course, assignment, number, progress=lambda what: progress(what, 0, 0))
    _finish(changes, False, "move")


@app.command(rich_help_panel=AUTHOR)
def publish(
    directory: Annotated[Path, typer.Argument(help="Where the students' repository is written.")],
    through: Annotated[int, typer.Option("--through", help="Number of the last assignment to publish.")],
    answers_of: Annotated[
        list[int] | None,
        typer.Option("--answers-of", help="Give away the answers of this assignment, which can still be handed in."),
    ] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Take away what this publication does not hold.")] = False,
) -> None:
    """Write the students' repository: releases up to an assignment, and a waferlab without answers still asked for."""
    course = linted()
    from autograder.author.publish import publish as run

    def may_remove(names: Sequence[str]) -> bool:
        if not remove and sys.stdin.isatty():
            err.print("\n".join(["Students have these files, and this publication would take them away:", *names]))
            return typer.confirm("Take them away?", err=True)
        return remove

    changes = run(course, directory, through, answers_from=answers_of or (), may_remove=may_remove)
    files = f"{len(changes.written)} {'file' if len(changes.written) == 1 else 'files'}"
    out.print(escaped(f"wrote {files} to {directory}"), soft_wrap=True)
    for path in changes.removed:
        out.print(escaped(f"removed {path}"), soft_wrap=True)
    for remark in changes.remarks:
        out.print(escaped(remark), soft_wrap=True)


app.command(rich_help_panel=AUTHOR)(validate)
app.add_typer(bank, name="bank", rich_help_panel=AUTHOR)


@app.command(rich_help_panel=AUTHOR)
def calibrate(
    assignments: Annotated[
        list[str] | None, typer.Argument(help="For example 05-training; by default all assignments.")
    ] = None,
    seeds: Annotated[int, typer.Option("--seeds", min=10, help="Runs of the reference on each data set.")] = 40,
    jobs: Jobs = 0,
    no_sandbox: NoSandbox = False,
) -> None:
    """Measure what the reference reaches over many seeds, and write the floors that hidden checks use."""
    from autograder.judge.floors import write
    from autograder.report.terminal import floors_table
    from autograder.run.calibrate import DATASETS, floors_of, quantities, versions
    from autograder.run.calibrate import calibrate as run

    course = find_course()
    chosen = [course.assignment(slug) for slug in assignments] if assignments else list(course.assignments)
    chosen = [one for one in chosen if quantities(one)]
    total, results = seeds * len(DATASETS) * len(chosen), []
    with progress_bar() as progress:
        progress("running the reference", 0, total)
        for measured in run(course, chosen, seeds, jobs or os.cpu_count() or 1, walled=not no_sandbox):
            results.append(measured)
            progress("running the reference", len(results), total)
    floors = floors_of(results, chosen)
    path = write(floors, versions())
    out.print(floors_table(floors))
    out.print(f"written: {path}")


@app.command(rich_help_panel=GRADE)
def grade(
    paths: Annotated[list[Path], typer.Argument(help="Notebooks, folders, or archives from a learning platform.")],
    to: Annotated[Path, typer.Option("--out", help="The run folder: results, tables, feedback, class report.")] = Path(
        "graded"
    ),
    jobs: Jobs = 0,
    dataset: Dataset = None,
    backend: Annotated[
        Literal["joblib", "dask"], typer.Option("--backend", help="This machine's processes, or a dask cluster's.")
    ] = "joblib",
    scheduler: Annotated[
        str | None, typer.Option("--scheduler", help="With dask: the scheduler's address, tcp://HOST:8786.")
    ] = None,
    no_sandbox: NoSandbox = False,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", help="Grade again only 04-encoder or 04-encoder/kl_divergence; all else stays."),
    ] = None,
    times: Times = None,
    drop: Annotated[
        bool,
        typer.Option("--drop", help="Drop earlier rows of these assignments whose files are gone."),
    ] = False,
    look: Annotated[
        bool, typer.Option("--look", help="Only say who handed in what, and what cannot be graded; grade nothing.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the results as JSON lines.")] = False,
) -> None:
    """Grade submissions: points, feedback pages, CSV tables, a class report, and a class that Formgrader opens."""
    if look:
        _look(paths, to)
        return
    from autograder.run.grade import grade as run

    if (backend == "dask") != (scheduler is not None):
        raise CourseError("--backend dask and --scheduler ADDRESS (for example tcp://10.0.0.1:8786) belong together")
    course = find_course()
    with progress_bar() as progress:
        graded = run(
            course,
            paths,
            to,
            jobs=jobs or os.cpu_count() or 1,
            dataset=dataset,
            scheduler=scheduler,
            only=only or (),
            drop=drop,
            times=times or (),
            walled=not no_sandbox,
            progress=progress,
            show=_say_intake,
        )
    from autograder.report.terminal import grade_table

    if as_json:
        for result in graded.results:
            sys.stdout.write(json.dumps(result.as_dict()) + "\n")
        return
    out.print(grade_table(graded.results))
    _say_changes(graded.changes)
    _warn(graded.results)
    say(graded.remarks)
    _say_exports(graded.results, people=False)  # `_say_intake` has named them
    where = f"Hidden checks on {graded.dataset}. Everything is in {graded.folder}/ (start with report.html)."
    out.print(escaped(where), soft_wrap=True)


def _look(paths: Sequence[Path], to: Path) -> None:
    """Say what was handed in, as a run into that folder would find it."""
    from autograder.base.people import roster
    from autograder.base.shelf import Shelf
    from autograder.intake import Intake, collect
    from autograder.run.journal import names_of

    course = find_course()
    with Shelf() as shelf:
        _say_intake(Intake(collect(course, paths, shelf=shelf, earlier=names_of(to)), roster(course)))


def _say_intake(intake: Intake) -> None:
    """How many people, notebooks and files there are, and who is not known: before anything is graded."""
    for line in intake.lines():
        err.print(escaped(line), soft_wrap=True)


def _warn(results: Sequence[Result]) -> None:
    """What holds for the whole run and every report says."""
    for warning in sorted({warning for one in results for warning in one.warnings}):
        err.print(f"[bold yellow]warning:[/] {escaped(warning)}", soft_wrap=True)


def _say_exports(results: Sequence[Result], *, people: bool = True) -> None:
    """What must be known before a table is imported into a learning platform; of people, where nobody has said it."""
    from autograder.report.lms import tables

    both = tables(find_course(), results)
    say([*(both.people if people else ()), *both.remarks])


def _say_changes(changes: Sequence[Change] | None) -> None:
    """Whose mark moved, where there is an earlier run to compare with."""
    from autograder.report.terminal import changes_table

    if changes is not None:
        out.print(changes_table(changes) if changes else "No mark moved since the tables were last written.")


@app.command(rich_help_panel=GRADE)
def grades(
    run_folder: Annotated[Path, typer.Argument(help="What `course grade` wrote.")] = Path("graded"),
    times: Times = None,
) -> None:
    """Write tables, feedback pages and report again with the marks entered in Formgrader; executes nothing."""
    from autograder.report.terminal import grade_table
    from autograder.run.grades import grades as run

    with progress_bar() as progress:
        progress("reading the gradebook", 0, 0)
        back = run(find_course(), run_folder, times or ())
    out.print(grade_table(back.results))
    _say_changes(back.changes)
    say(back.remarks)
    _say_exports(back.results)
    waiting = sum(one.to_mark for one in back.results)
    out.print(f"{waiting} written {'answer waits' if waiting == 1 else 'answers wait'} for a mark.")


@app.command(rich_help_panel=GRADE)
def term(
    run_folders: Annotated[list[Path], typer.Argument(help="What `course grade` wrote, in the order of the term.")],
    to: Annotated[Path, typer.Option("--out", help="Where the record is written.")] = Path("term"),
) -> None:
    """Join run folders into one class record with a total: a table, a page, and tables for Canvas and Moodle."""
    from autograder.report.terminal import term_table
    from autograder.run.term import term as run

    with progress_bar() as progress:
        record = run(find_course(), run_folders, to, progress)
    out.print(term_table(record))
    say(record.remarks)
    _say_exports(record.results)
    out.print(escaped(f"The record is in {to}/ (start with term.html)."), soft_wrap=True)


@app.command(rich_help_panel=GRADE)
def feedback(
    run_folder: Annotated[Path, typer.Argument(help="What `course grade` wrote.")] = Path("graded"),
    platform: Annotated[
        Literal["canvas", "moodle"] | None, typer.Option("--for", help="Write a zip of all pages in its naming.")
    ] = None,
    student: Annotated[str | None, typer.Option("--student", help="Print one page, of this person, as PDF.")] = None,
    assignment: Annotated[
        str | None, typer.Option("--assignment", help="For example 03-pca; needed where the run holds several.")
    ] = None,
    pdf: Annotated[bool, typer.Option("--pdf", help="PDFs in place of HTML pages; needs Chromium.")] = False,
    to: Annotated[Path | None, typer.Option("--out", help="The file to write; default: in the run folder.")] = None,
) -> None:
    """Hand feedback back: a zip that Canvas or Moodle gives out to the students, or one page as PDF."""
    from autograder.run.feedback import packet, print_page

    if (platform is None) == (student is None):
        raise CourseError(
            'say either --for canvas or --for moodle (everybody\'s pages), or --student "NAME" (one page)'
        )
    with progress_bar() as progress:
        progress("writing feedback", 0, 0)
        if student is not None:
            out.print(escaped(str(print_page(find_course(), run_folder, student, assignment, to))), soft_wrap=True)
            return
        assert platform is not None
        written = packet(find_course(), run_folder, platform, assignment, to, pdf=pdf, progress=progress)
    pages = f"{written.pages} {'page' if written.pages == 1 else 'pages'}"
    out.print(escaped(f"{written.path}: {pages}."), soft_wrap=True)
    for remark in written.remarks:
        out.print(escaped(remark), soft_wrap=True)


@app.command(rich_help_panel=GRADE)
def mark(
    assignment: Annotated[str, typer.Argument(help="For example 04-encoder.")],
    answers: Annotated[list[Path], typer.Argument(help="Python files with the source of solution cells.")],
    dataset: Dataset = None,
    no_sandbox: NoSandbox = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Mark answers given as plain Python source, without a notebook."""
    from autograder.report.terminal import marks_table
    from autograder.run.mark import mark as run
    from autograder.run.mark import read_answers

    course = find_course()
    asked, sources = course.assignment(assignment), read_answers(answers)
    with progress_bar() as progress:
        progress("marking", 0, len(answers))
        rows: list[dict[str, Any]] = []
        for row in run(course, asked, sources, dataset, walled=not no_sandbox):
            rows.append(row)
            progress("marking", len(rows), len(answers))
            if as_json:
                sys.stdout.write(json.dumps(row) + "\n")
    if not as_json:
        out.print(marks_table(rows))


@app.command(rich_help_panel=LOOK)
def demo(
    to: Annotated[
        Path | None, typer.Option("--out", help="Folder for the results; default: a new temporary one.")
    ] = None,
    jobs: Jobs = 0,
    dataset: Dataset = None,
) -> None:
    """Make a small class, grade it, and show the grade table and where the pages lie."""
    course = linted()
    from autograder.demo import demo as run
    from autograder.report.terminal import grade_table

    with progress_bar() as progress:
        graded = run(course, to, jobs=jobs or os.cpu_count() or 1, dataset=dataset, progress=progress)
    out.print(grade_table(graded.results))
    _warn(graded.results)
    out.print(f"Hidden checks ran on [bold]{graded.dataset}[/].")
    out.print(f"Feedback pages: {graded.folder}/feedback/\nTables:         {graded.folder}/grades.csv, checks.csv")
    out.print(f"Class report:   {graded.folder}/report.html")


@app.command(rich_help_panel=LOOK)
def doctor() -> None:
    """Say what is installed and at hand, what is missing and how to get it, and try to break the sandbox."""
    from autograder.doctor import examine, findings_table

    with progress_bar() as progress:
        progress("trying to break the sandbox", 0, 0)
        findings = examine(_course_or_none())
    out.print(findings_table(findings))
    if any(finding.needed and not finding.ok for finding in findings):
        raise typer.Exit(1)


def _course_or_none() -> Course | None:
    try:
        return find_course()
    except CourseError:
        return None


if __name__ == "__main__":
    main()
