"""`course feedback`: a graded class's pages on their way back to the students."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from autograder.base.course import Course, CourseError
from autograder.base.records import Result
from autograder.report.gradebook import student_ids
from autograder.report.hand_back import page_path
from autograder.report.packets import Packet, Platform, Progress, no_progress, pages_of, write_packet
from autograder.report.pages.feedback import render
from autograder.report.printing import printed
from autograder.run.grades import grades


def packet(
    course: Course,
    folder: Path,
    platform: Platform,
    assignment: str | None,
    to: Path | None,
    *,
    pdf: bool,
    progress: Progress = no_progress,
) -> Packet:
    """Write one assignment's pages as a zip for a learning platform, with the marks that people have entered.

    Args:
        course: the course.
        folder: the run folder; its tables and pages are written again, too.
        platform: whose naming.
        assignment: which, as a person types it; may be left out where the run has only one.
        to: the zip; by default in the run folder.
        pdf: PDFs in place of HTML pages.
        progress: told what is being done, how much is done, and how much there is.

    Raises:
        CourseError: the run holds no such assignment, or nobody's page can be sent.
    """
    results = grades(course, folder, tell=False).results
    slug = _slug(course, folder, results, assignment)
    path = to or folder / f"feedback-{slug}-{platform}{'-pdf' if pdf else ''}.zip"
    return write_packet(course, results, slug, platform, path, pdf=pdf, progress=progress)


def print_page(course: Course, folder: Path, student: str, assignment: str | None, to: Path | None) -> Path:
    """Print one person's page as PDF, beside the HTML page.

    Args:
        course: the course.
        folder: the run folder.
        student: as the tables name them; upper and lower case are the same.
        assignment: which; may be left out where the run has only one.
        to: the PDF; by default beside the page.

    Raises:
        CourseError: the run holds no such page, or it could not be printed.
    """
    results = grades(course, folder, tell=False).results
    slug = _slug(course, folder, results, assignment)
    standing = pages_of(results, slug)
    result = next((one for one in standing if one.student.casefold() == student.casefold()), None)
    if result is None:
        listed = ", ".join(one.student for one in standing[:20]) + (", …" if len(standing) > 20 else "")
        raise CourseError(f"nobody called {student!r} handed in {slug}; expected one of {listed}")
    page = page_path(course, result, student_ids(results)[result.student], set())
    path = to or (folder / page).with_suffix(".pdf")
    (data,) = printed([render(result, course)])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def _slug(course: Course, folder: Path, results: Sequence[Result], assignment: str | None) -> str:
    slugs = sorted({one.assignment for one in results if one.assignment})
    if assignment is None and len(slugs) == 1:
        return slugs[0]
    held = ", ".join(slugs) or "nothing that could be placed"
    if assignment is None:
        raise CourseError(f"{folder} holds {held}: say with --assignment which one is meant")
    slug = course.assignment(assignment).slug
    if slug not in slugs:
        raise CourseError(f"{folder} holds no {slug}; it holds {held}")
    return slug
