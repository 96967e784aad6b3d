"""`course solutions`: from the source notebooks to executed answers with figures.

A solution notebook shows what the reference answers print and draw. It carries no solution marker, no hidden test, no
mark scheme and no badge (students open the release).

It must come out alike on any machine, so it is executed in the smoke profile, without a GPU, with one thread, and on
the synthetic wafers, which need no download; progress bars, warnings, timings and widget states are not kept.

**What is executed.** Each solution records a digest of its code cells, of the files beside it and of all that they
import of `waferlab`. While that is the same, so are the outputs, and an edit of prose executes nothing. Where it has
changed, the notebook runs; outputs that agree with those on disk stay, so that a diff shows results and no noise. What
the digest does not know (another torch, another Python) is a reason to execute everything.

**What `--check` compares**:

* sources, cell ids and metadata of all solutions: byte for byte;
* outputs of what was executed: equal words, numbers within 10 % or 0.02 of each other, times and rates left aside;
  figures of the same number, kind and size, and alike when shrunk to a thumbnail; of a cell tagged
  `nbval-ignore-output` only the kinds.

`make test` runs the solutions once more and compares what the check cells print. They carry nbval's tag
`nbval-check-output`, so that `pytest --nbval-lax` can do the same in a kernel. Without execution (`execute=False`) only
the first line is compared.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from dataclasses import dataclass, replace

from nbformat import NotebookNode

from autograder.author.addresses import install_text
from autograder.author.export import reference_is_stale, with_notebook
from autograder.author.inputs import Files, digest, expected_of, package_files, used
from autograder.author.outputs import VARIES, outputs_agree
from autograder.author.trees import Changes, Progress, notebook_key, quiet, side_files, sync
from autograder.base.course import Assignment, Course, CourseError
from autograder.base.notebooks import is_check, notebook_text, read_notebook, tags, without_markers

DATASET = "synthetic-wafers"
CODE = "code_sha256"  # in a solution's metadata: the digest of all that its outputs come from


@dataclass(frozen=True, eq=False)
class Draft:
    """A solution on its way.

    Attributes:
        assignment: whose.
        new: as it should be, its outputs still to come.
        old: what is on disk.
        text: its bytes.
    """

    assignment: Assignment
    new: NotebookNode
    old: NotebookNode | None = None
    text: bytes = b""

    @property
    def is_known(self) -> bool:
        """Whether the outputs on disk are those of this code."""
        return (
            self.old is not None and self.old.metadata.get("waferlab", {}).get(CODE) == self.new.metadata.waferlab[CODE]
        )

    def take_old_outputs(self) -> None:
        """Give each cell the outputs that it has on disk: by place where all code is the same, else by id."""
        old = _code_cells(self.old) if self.old else []
        by_id = {cell.get("id"): cell for cell in old}
        for place, cell in enumerate(_code_cells(self.new)):
            known = old[place] if self.is_known else by_id.get(cell.id)
            if known:
                cell.outputs, cell.execution_count = known.outputs, known.execution_count

    def contents(self, *, check: bool, everything: bool) -> bytes:
        """What the file should hold: where the outputs agree with those on disk, these."""
        if self.old is not None and notebooks_agree(self.old, self.new):
            if check:
                return self.text
            if not everything:
                self.take_old_outputs()
        return notebook_text(self.new).encode()


def solutions(
    course: Course,
    check: bool = False,
    dataset: str = DATASET,
    *,
    execute: bool = True,
    everything: bool = False,
    only: Collection[str] = (),
    jobs: int | None = None,
    progress: Progress = quiet,
) -> Changes:
    """Write, or only compare, `solutions/`. Several notebooks run at the same time, each with one thread.

    Args:
        course: the course on disk; assignments without a source notebook are passed over.
        check: change nothing, only say what differs (see the module's text for what counts as a difference).
        dataset: what the notebooks load; the committed solutions are made with the default.
        execute: run the notebooks whose code has changed. Without it a check compares sources and metadata only, and
            nothing is written of what should run.
        everything: run all of them, and write what they give now.
        only: slugs of the notebooks to look at; the others stay as they are. Empty means all.
        jobs: notebooks at the same time; by default one for each core.
        progress: told the name of each step.

    Raises:
        CourseError: the exported reference is stale, or a source notebook fails.
    """
    if reference_is_stale(course):
        raise CourseError("the exported reference is stale: run `course export` first")
    assignments, package = with_notebook(course), package_files(course)
    drafts = [_draft(course, one, dataset, package) for one in assignments if not only or one.slug in only]
    run = [one for one in drafts if execute and (everything or not one.is_known)]
    for one in drafts:
        if one not in run:
            one.take_old_outputs()
    _run(course, run, dataset, jobs or os.cpu_count() or 1, progress)
    files = _other_files(course, assignments)
    for one in drafts:
        if execute or check or one.is_known:
            files[notebook_key(one.assignment)] = one.contents(check=check, everything=everything)
    return replace(sync(course.root / "solutions", files, check=check), remarks=_remarks(drafts, run, execute, check))


def _draft(course: Course, assignment: Assignment, dataset: str, package: Files) -> Draft:
    """A solution as it should be and as it is; one that cannot be read is written anew."""
    new = solution_notebook(course, assignment, dataset, package)
    path = course.notebook("solutions", assignment)
    try:
        return Draft(assignment, new, read_notebook(path), path.read_bytes())
    except CourseError:
        return Draft(assignment, new)


def _run(course: Course, drafts: Sequence[Draft], dataset: str, jobs: int, progress: Progress) -> None:
    """Execute these solutions."""
    if not drafts:
        return
    from autograder.author.executing import run_notebook  # imports nbclient, which other commands do not need

    progress(f"running {', '.join(one.assignment.slug for one in drafts)}")
    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(lambda one: run_notebook(one.new, course, one.assignment, dataset), drafts))


def _other_files(course: Course, assignments: Sequence[Assignment]) -> dict[str, bytes]:
    """What lies in `solutions/` beside the notebooks that are looked at: the other notebooks, and side files."""
    files: dict[str, bytes] = {}
    for assignment in assignments:
        files |= side_files(course, assignment)
        path = course.notebook("solutions", assignment)
        if path.is_file():
            files[notebook_key(assignment)] = path.read_bytes()
    return files


def _remarks(drafts: Sequence[Draft], run: Sequence[Draft], execute: bool, check: bool) -> list[str]:
    """What was executed and what was not, for what is said afterwards holds for the executed ones only."""
    if check and not execute:
        return ["nothing was executed: sources and metadata were compared, outputs were not"]
    executed = [one.assignment.slug for one in drafts if one in run]
    others = [one.assignment.slug for one in drafts if one not in run and one.is_known]
    waiting = [one.assignment.slug for one in drafts if one not in run and not one.is_known]
    why = "not executed, because neither their code nor what it uses of waferlab has changed (--all runs them, too)"
    said = {"executed": executed, why: others if execute else [], "still to be executed by `course solutions`": waiting}
    return [f"{what}: {', '.join(slugs)}" for what, slugs in said.items() if slugs]


def solution_notebook(
    course: Course, assignment: Assignment, dataset: str = DATASET, package: Files | None = None
) -> NotebookNode:
    """The solution of one assignment before it is executed: stripped of all that is hidden.

    Args:
        course: the course on disk.
        assignment: which one.
        dataset: what it will be executed on.
        package: the files of `waferlab`, where they are read already.
    """
    notebook = read_notebook(course.notebook("source", assignment))
    notebook.cells = [_solution_cell(cell, course) for cell in notebook.cells if "badge" not in tags(cell)]
    notebook.metadata["waferlab"] = {"assignment": assignment.slug, "dataset": dataset, "profile": "smoke"}
    files = package_files(course) if package is None else package
    sides = {path.split("/", 1)[1]: contents for path, contents in side_files(course, assignment).items()}
    notebook.metadata.waferlab[CODE] = code_digest(notebook, files, sides)
    return notebook


def code_digest(notebook: NotebookNode, package: Files, sides: Files) -> str:
    """A digest of all that a solution's outputs come from.

    Args:
        notebook: the solution.
        package: the files of `waferlab`.
        sides: the files beside the notebook.
    """
    cells = [(cell.source, sorted(tags(cell))) for cell in _code_cells(notebook)]
    imported = used(package, [source.encode() for source, _ in cells])
    settings = {name: notebook.metadata.waferlab[name] for name in ("dataset", "profile")}
    own = json.dumps([settings, cells]).encode()
    return digest([("cells", own), *sides.items(), *imported, *expected_of(package, imported)])


def _solution_cell(cell: NotebookNode, course: Course) -> NotebookNode:
    cell.source = install_text(course) if "install" in tags(cell) else without_markers(cell.source)
    if cell.cell_type == "code":
        cell.outputs, cell.execution_count = [], None
        if is_check(cell):
            cell.metadata.setdefault("tags", []).append("nbval-check-output")
    return cell


def notebooks_agree(old: NotebookNode, new: NotebookNode, *, outputs: bool = True) -> bool:
    """Whether two solutions have equal sources and metadata and, if asked, outputs that read the same.

    The digest of their code does not count: it says where outputs come from, not what they are.
    """
    if notebook_text(_bare(old)) != notebook_text(_bare(new)):
        return False
    if not outputs:
        return True
    pairs = zip(_code_cells(old), _code_cells(new), strict=True)
    return all(outputs_agree(one.outputs, other.outputs, varies=VARIES in tags(one)) for one, other in pairs)


def _code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def _bare(notebook: NotebookNode) -> NotebookNode:
    copy = deepcopy(notebook)
    copy.metadata.get("waferlab", {}).pop(CODE, None)
    for cell in _code_cells(copy):
        cell.outputs, cell.execution_count = [], None
    return copy
