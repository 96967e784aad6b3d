"""`course export`: from the cells tagged `reference` to the modules `waferlab.reference.*`.

An answer is written once, in the solution region of its source notebook; these modules are its only other form. With
them the command writes what the visible checks compare with (`waferlab/checks/expected/*.json`), computing only those
whose check, answer or anything that both import has changed.
"""

from __future__ import annotations

import ast
import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from nbformat import NotebookNode
from ruff import find_ruff_bin

from autograder.author.expectations import compute, expectations_text, inputs_digest, up_to_date
from autograder.author.inputs import Files, package_files
from autograder.author.numbers import wrong_number
from autograder.author.trees import Changes, Progress, quiet, sync, write_atomically
from autograder.base.course import Assignment, Course, CourseError
from autograder.base.notebooks import read_notebook, reference_cells, without_markers

INIT = """\
\"""The answers, one module per assignment, exported from the source notebooks by `course export`. Do not edit.\"""
"""
Import = ast.Import | ast.ImportFrom
#: The course's style, so that no settings file on the way has a part in it.
RUFF = (
    "--isolated",
    "--no-cache",
    "--quiet",
    "--line-length=120",
    "--target-version=py311",
    "--config=lint.isort.known-first-party=['waferlab']",
)
HEADER = '''"""Reference answers of {slug}: {title}.

Exported from source/{slug}/{name}.ipynb by `course export`. Do not edit: change the notebook and export again.
"""
'''


def export(
    course: Course,
    check: bool = False,
    progress: Progress = quiet,
    *,
    everything: bool = False,
    jobs: int | None = None,
) -> Changes:
    """Write, or only compare, `waferlab/reference/` and `waferlab/checks/expected/`.

    Args:
        course: the course on disk; assignments without a source notebook are passed over.
        check: change nothing, only say what differs.
        progress: told the name of each step.
        everything: compute all expectations, also those whose checksum says that nothing has changed.
        jobs: processes that compute at the same time; by default one for each core.

    Raises:
        CourseError: a reference cell is not valid Python, or the reference does not give what a check expects.
    """
    modules = reference_modules(course)
    changes = sync(reference_folder(course), modules, check=check)
    expected = _expected_files(
        course, package_files(course, modules), everything, jobs or os.cpu_count() or 1, progress
    )
    return changes + sync(expected_folder(course), expected, check=check)


def reference_is_stale(course: Course) -> bool:
    """Whether the exported modules differ from the notebooks; quick, for it runs no answer."""
    return sync(reference_folder(course), reference_modules(course), check=True).stale


def reference_folder(course: Course) -> Path:
    """`course/waferlab/reference`."""
    return course.root / "course" / "waferlab" / "reference"


def expected_folder(course: Course) -> Path:
    """`course/waferlab/checks/expected`."""
    return course.root / "course" / "waferlab" / "checks" / "expected"


def with_notebook(course: Course) -> list[Assignment]:
    """The assignments whose source notebook exists."""
    return [one for one in course.assignments if course.notebook("source", one).is_file()]


def reference_modules(course: Course) -> dict[str, bytes]:
    """The contents of every file in `waferlab/reference/`, by file name."""
    modules = {"__init__.py": INIT.encode()}
    for assignment in with_notebook(course):
        text = reference_text(course, assignment)
        if text is not None:
            modules[f"{assignment.module}.py"] = text.encode()
    return modules


def reference_text(course: Course, assignment: Assignment) -> str | None:
    """The reference module of one assignment, None when no cell of its notebook is tagged `reference`.

    Raises:
        CourseError: a reference cell is not valid Python, or the notebook gives itself another number than its folder.
    """
    path = course.notebook("source", assignment)
    notebook = read_notebook(path)
    if wrong := wrong_number(notebook, assignment):
        raise CourseError(f"{path.relative_to(course.root).as_posix()}, {wrong}")
    cells = reference_cells(notebook)
    if not cells:
        return None
    title = assignment.title.replace("\\", r"\\").replace('"""', r"\"\"\"")  # it stands in a docstring
    header = HEADER.format(slug=assignment.slug, title=title, name=assignment.notebook_name)
    return module_text(header, cells, path.relative_to(course.root).as_posix())


def module_text(header: str, cells: Sequence[NotebookNode], notebook: str) -> str:
    """Join cells to a module: imports on top, the rest in order, sorted and spaced by ruff.

    Args:
        header: the module's docstring.
        cells: the reference cells, in order.
        notebook: how error messages call the notebook.
    """
    parsed = [_parse(cell, notebook) for cell in cells]
    imports = [ast.unparse(node) for _, tree in parsed for node in tree.body if isinstance(node, Import)]
    pieces = [piece for source, tree in parsed if (piece := _without_imports(source, tree))]
    return formatted("\n\n".join([header, "\n".join(imports), *pieces]))


def formatted(source: str) -> str:
    r"""Python text with its imports sorted and everything formatted, whatever settings lie about.

    >>> print(formatted("import torch\nimport math\nfrom torch import nn\nfrom torch import Tensor\nx = 'y'"), end="")
    import math
    <BLANKLINE>
    import torch
    from torch import Tensor, nn
    <BLANKLINE>
    x = "y"
    """
    for command in (["check", "--select=I", "--fix"], ["format"]):
        done = subprocess.run(
            [find_ruff_bin(), *command, *RUFF, "-"], input=source, capture_output=True, encoding="utf-8", check=False
        )
        if done.returncode != 0:
            raise CourseError(f"ruff cannot read the answers: {done.stderr.strip()}")
        source = done.stdout
    return source


def _parse(cell: NotebookNode, notebook: str) -> tuple[str, ast.Module]:
    source = without_markers(cell.source)
    try:
        return source, ast.parse(source)
    except SyntaxError as error:
        where = f"{notebook}, cell {cell.get('id', '?')!r}, line {error.lineno}"
        raise CourseError(f"{where}: not valid Python ({error.msg})") from None


def _without_imports(source: str, tree: ast.Module) -> str | None:
    """What a cell holds beside imports, None when that is nothing (or only comments)."""
    imports = [node for node in tree.body if isinstance(node, Import)]
    if len(imports) == len(tree.body):
        return None
    imported = {line for node in imports for line in range(node.lineno, (node.end_lineno or 0) + 1)}
    return "\n".join(line for number, line in enumerate(source.split("\n"), start=1) if number not in imported)


@contextmanager
def staged(files: Files) -> Iterator[Path]:
    """A temporary copy of `waferlab`: a folder for `PYTHONPATH`."""
    with tempfile.TemporaryDirectory(prefix="course-export-") as folder:
        for name, contents in files.items():
            write_atomically(Path(folder) / name, contents)
        yield Path(folder)


def has_checks(files: Files, module: str) -> bool:
    """Whether an assignment has a check module in `waferlab`, a single file or one split by task."""
    return any(f"waferlab/checks/{module}{ending}" in files for ending in (".py", "/__init__.py"))


def _expected_files(course: Course, files: Files, everything: bool, jobs: int, progress: Progress) -> dict[str, bytes]:
    """The expectations of every assignment that has a check module, by file name."""
    modules = [one.module for one in with_notebook(course) if has_checks(files, one.module)]
    paths = {module: expected_folder(course) / f"{module}.json" for module in modules}
    inputs = {module: inputs_digest(files, module) for module in modules}
    texts = {} if everything else {name: text for name in modules if (text := up_to_date(paths[name], inputs[name]))}
    todo = [module for module in modules if module not in texts]
    if todo:
        progress(f"running the probes of {', '.join(todo)} on the reference")
        with staged(files) as packages:
            computed = compute(packages, todo, jobs)
        texts |= {module: expectations_text(computed[module], paths[module], inputs[module]) for module in todo}
    return {f"{module}.json": texts[module].encode() for module in modules}
