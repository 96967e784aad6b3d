"""The run folder as nbgrader lays it out, so that Formgrader opens the class.

An autograded notebook is the release with the student's answers and helper cells in it; under each check cell stands
what the hidden checks found. Nothing of it is executed by anything: `submitted/` holds no notebooks.
"""

from __future__ import annotations

import copy
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from autograder.base.course import Course, CourseError
from autograder.base.notebooks import (
    grade_id,
    is_answer,
    is_check,
    is_marked,
    is_written,
    notebook_text,
    read_notebook,
    tags,
)
from autograder.base.records import HelperCell, Result, TaskResult
from autograder.report.gradebook import CHECK, COURSE_ID, ENVIRONMENT, GradedCell, People, chosen, moment
from autograder.report.pages.common import number, shown, status

MAX_CELL = 50_000  # characters of one cell
MAX_MESSAGE = 800
MAX_LISTED = 60  # checks of a task, repairs
ACTIVE_TEX = ("bbox", "class", "cssId", "data", "href", "html", "mmlToken", "require", "style", "unicode")

CONFIG = '''\
"""Written by `course grade`. Mark written answers in this folder, with the course's environment activated:

    jupyter lab        # then Nbgrader > Formgrader > Manual Grading
    course grades .    # afterwards: tables, feedback pages and report again, with your marks
"""

import os
from pathlib import Path

c = get_config()  # noqa: F821 - given by the loader of this file

c.CourseDirectory.course_id = {course_id!r}
c.CourseDirectory.root = str(Path(__file__).resolve().parent)
c.Exchange.root = c.CourseDirectory.root  # nothing is exchanged; without a folder, nbgrader complains on every page
c.ExportPlugin.to = "nbgrader-grades.csv"  # `nbgrader export` leaves the table of `course grade` alone
'''


def write_class(course: Course, folder: Path, results: Sequence[Result], people: People) -> set[GradedCell]:
    """Write `autograded/`, `submitted/`, `source/` and nbgrader's settings.

    Args:
        course: the course.
        folder: the run folder.
        results: of this run.
        people: nbgrader's student ids.

    Returns:
        The graded cells that were there before and in which a person would see something else now.
    """
    write_settings(course, folder)
    releases: dict[str, NotebookNode] = {}
    changed: set[GradedCell] = set()
    for (student, slug), result in sorted(chosen(results).items()):
        if slug not in releases:
            releases[slug] = _release(course, folder, slug)
        notebook = autograded(releases[slug], result)
        place = Path(people[student], slug)
        path = folder / "autograded" / place / f"{course.assignment(slug).notebook_name}.ipynb"
        changed |= {(people[student], slug, name) for name in _differences(path, notebook)}
        _write(path, notebook_text(notebook))
        _submitted(folder / "submitted" / place, result)
    return changed


def write_settings(course: Course, folder: Path) -> None:
    """nbgrader's settings for the run folder; no password is written down."""
    text = CONFIG.format(course_id=COURSE_ID)
    if os.environ.get(ENVIRONMENT):
        text += f"c.CourseDirectory.db_url = os.environ[{ENVIRONMENT!r}]  # where this class was recorded\n"
    elif url := course.settings.gradebook.url:
        text += f"c.CourseDirectory.db_url = os.environ.get({ENVIRONMENT!r}) or {url!r}\n"
    _write(folder / "nbgrader_config.py", text)


def _release(course: Course, folder: Path, slug: str) -> NotebookNode:
    """The release notebook, copied to where Formgrader looks for the class's assignments."""
    path = course.notebook("release", course.assignment(slug))
    _write(folder / "source" / slug / path.name, path.read_text(encoding="utf-8"))
    return read_notebook(path)


def _submitted(place: Path, result: Result) -> None:
    """What Formgrader counts submissions by, and when it was handed in; no notebook that anything could execute."""
    place.mkdir(parents=True, exist_ok=True)
    time = moment(result.submitted_at)
    if time is None:
        (place / "timestamp.txt").unlink(missing_ok=True)
    else:
        _write(place / "timestamp.txt", f"{time.isoformat(sep=' ')} UTC\n")


def _differences(path: Path, notebook: NotebookNode) -> set[str]:
    """Names of the graded cells that look different from those in the file, if there is one."""
    if not path.is_file():
        return set()
    new = _looks(notebook)
    try:
        old = _looks(read_notebook(path))
    except CourseError:
        return set(new)
    return {name for name in new if new[name] != old.get(name)}


def _looks(notebook: NotebookNode) -> dict[str, list[str]]:
    """What a person judges, by graded cell: a written answer, or a task's code and what the checks found."""
    code = {grade_id(cell): cell.source for cell in notebook.cells if is_answer(cell)}
    looks = {}
    for cell in notebook.cells:
        name = grade_id(cell) or ""
        if is_marked(cell):
            looks[name] = [cell.source]
        elif is_check(cell):
            looks[name] = [code.get(name.removeprefix(CHECK), ""), *(out.get("text", "") for out in cell.outputs)]
    return looks


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", errors="replace")


# --- one notebook ----------------------------------------------------------------------------------------------------


def autograded(release: NotebookNode, result: Result) -> NotebookNode:
    """The release with a student's answers, helper cells and what was found.

    Args:
        release: the instructor's notebook, as students get it.
        result: what grading found.
    """
    notebook = copy.deepcopy(release)
    written = {answer.name: answer.answer for answer in result.written if not answer.is_blank}
    tasks = {task.name: task for task in result.tasks}
    helpers = _helpers(result.helpers)
    cells = [*_remarks(result), *helpers.get(None, [])]
    for cell in notebook.cells:
        if "badge" in tags(cell):
            continue
        name = grade_id(cell)
        if is_answer(cell) and name in result.answers:
            cell.source = shown(result.answers[name], MAX_CELL)
        elif is_written(cell) and name in written:
            cell.source = harmless(written[name])
        elif is_check(cell) and name:
            cell.outputs = [_found(tasks[task]) for task in [name.removeprefix(CHECK)] if task in tasks]
        cells += [cell, *helpers.get(name or cell.get("id"), [])]
    notebook.cells = cells
    return notebook


def _helpers(cells: Iterable[HelperCell]) -> dict[str | None, list[NotebookNode]]:
    """Code cells that the student added, by the cell of the release that they stand after."""
    helpers: dict[str | None, list[NotebookNode]] = {}
    for count, cell in enumerate(cells):
        added = new_code_cell(shown(cell.source, MAX_CELL), id=f"added-{count}", metadata={"tags": ["added"]})
        helpers.setdefault(cell.after, []).append(added)
    return helpers


def _remarks(result: Result) -> Iterator[NotebookNode]:
    """What a person who marks this should know: repairs, warnings, a late submission."""
    lines = [*result.repairs[:MAX_LISTED], *result.warnings[:MAX_LISTED]]
    if result.late_penalty:
        lines.append(f"Handed in late: {number(result.late_penalty)} points are taken off the total.")
    if lines:
        text = "\n".join(f"- {harmless(shown(line, MAX_MESSAGE))}" for line in lines)
        yield new_markdown_cell(f"**Remarks of the grader**\n\n{text}", id="remarks")


def _found(task: TaskResult) -> NotebookNode:
    """The points and messages of a task, as the output of its check cell."""
    lines = [f"{task.title}: {number(task.points)} of {number(task.max_points)} points ({status(task)[1]})"]
    if task.message:
        lines.append(shown(task.message, MAX_MESSAGE))
    else:
        for mark in task.checks[:MAX_LISTED]:
            sign = "✓" if mark.points >= mark.max else "✗"
            points = f"{number(mark.points)}/{number(mark.max)}"
            lines.append(f"  {sign} {points}  {mark.name}: {shown(mark.message, MAX_MESSAGE)}")
    return new_output("stream", name="stdout", text="\n".join(lines) + "\n")


def harmless(text: str) -> str:
    r"""A student's Markdown that cannot run, load or restyle anything in the browser of the person who marks it.

    Formgrader renders Markdown with all HTML and any kind of link in it, inside a session that may execute code. A
    space takes the meaning from what begins a tag, a link or an image; TeX commands that make links or styles lose
    their backslash.

    >>> harmless("<script>alert(1)</script> $a<b$ ![x](http://e) $\\href{javascript:f()}{x}$")
    '< script>alert(1)< /script> $a< b$ ![x] (http://e) $href{javascript:f()}{x}$'
    """
    text, before = shown(text, MAX_CELL), ""
    while text != before:  # a backslash that goes can leave another, or a tag behind a bare `<`
        before = text
        text = re.sub(r"<(?=[A-Za-z/!?])", "< ", text)
        text = re.sub(r"\](?=[(:])", "] ", text)
        text = re.sub(rf"\\+(?=(?:{'|'.join(ACTIVE_TEX)})(?![A-Za-z]))", "", text)
    return text
