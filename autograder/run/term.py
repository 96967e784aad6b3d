"""`course term`: run folders of a term become one class record."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from autograder.base.course import Course, CourseError
from autograder.report.term import Record, Run, join, write_term
from autograder.run.journal import RESULTS, read_results


def term(
    course: Course,
    folders: Sequence[Path],
    out: Path,
    progress: Callable[[str, int, int], None] = lambda *_: None,
) -> Record:
    """Join run folders, and write `term.csv`, `term.html`, `canvas.csv` and `moodle.csv`; grades nothing.

    Args:
        course: the course.
        folders: what `course grade` wrote, in the order of the term.
        out: where the record goes.
        progress: told which folder is read, how many are, and how many there are.

    Raises:
        CourseError: a folder holds no results, its gradebook, the roster or the weights cannot be used, or `out` is a
            run folder itself.
    """
    if (out / RESULTS).exists():
        raise CourseError(f"{out} is a run folder of `course grade`: expected another folder for the record (--out)")
    found = {folder: read_results(folder / RESULTS) for folder in dict.fromkeys(folders)}
    from autograder.report.hand_back import marked  # imports nbgrader for seconds
    from autograder.report.lms import write_lms
    from autograder.report.pages.term import render

    runs = []
    for number, (folder, results) in enumerate(found.items()):
        progress(f"reading {folder}", number, len(found))
        runs.append(Run(str(folder), marked(course, folder, results)))
    record = join(course, runs)
    if not out.exists():
        out.mkdir(parents=True)
        (out / ".gitignore").write_text("# names and grades of students\n*\n", encoding="utf-8")
    write_term(out, record)
    write_lms(course, out, record.results)
    (out / "term.html").write_text(render(record, course), encoding="utf-8")
    return record
