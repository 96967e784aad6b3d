"""`course feedback` on a graded class."""

from __future__ import annotations

import zipfile
from dataclasses import replace

import notebook_makers as make
import pytest
from page_samples import LOST, RESULT, words

from autograder.base.course import Course, CourseError
from autograder.report import printing
from autograder.run import feedback
from autograder.run.journal import write_results

ADA = replace(RESULT, upload="lovelaceada_12345_67890_scaling.ipynb")
BEN = replace(RESULT, student="Ben", file="ben.ipynb", assignment="02-counting", tasks=(), written=(), answers={})


@pytest.fixture
def course(tmp_path, monkeypatch) -> Course:
    monkeypatch.delenv("COURSE_GRADEBOOK_URL", raising=False)
    return make.make_course(tmp_path / "course")


def run_of(folder, *results):
    folder.mkdir()
    write_results(folder / "results.jsonl", results)
    return folder


def test_one_assignment_needs_no_name(course, tmp_path):
    """Does a week's run give its zip, with pages as they stand in the run folder?"""
    run = run_of(tmp_path / "run", ADA, LOST)
    packet = feedback.packet(course, run, "canvas", None, None, pdf=False)
    assert packet.path == run / "feedback-01-scaling-canvas.zip"
    with zipfile.ZipFile(packet.path) as members:
        page = members.read("lovelaceada_12345_67890_scaling.html")
    assert page == (run / "feedback" / "Ada_Lovelace" / "01-scaling" / "scaling.html").read_bytes()
    assert "Left out, because what they handed in has no name by which Canvas gives out files: Bob." in packet.remarks


@pytest.mark.parametrize(
    ("assignment", "message"),
    [(None, "holds 01-scaling, 02-counting: say with --assignment"), ("9", "no assignment is called '9'")],
    ids=["which", "none"],
)
def test_several_assignments_want_a_name(course, tmp_path, assignment, message):
    """Does a term's run ask which assignment is meant?"""
    with pytest.raises(CourseError, match=message):
        feedback.packet(course, run_of(tmp_path / "run", ADA, BEN), "canvas", assignment, None, pdf=False)


def test_one_person_s_page_is_printed_beside_it(course, tmp_path, monkeypatch):
    """Does a page that somebody asks for lie as PDF where its HTML lies?"""
    printed_pages = []
    monkeypatch.setattr(feedback, "printed", lambda pages: [printed_pages.extend(pages) or b"%PDF-"])
    run = run_of(tmp_path / "run", ADA, BEN)
    path = feedback.print_page(course, run, "ada lovelace", "scaling", None)
    assert path == run / "feedback" / "Ada_Lovelace" / "01-scaling" / "scaling.pdf"
    assert path.read_bytes() == b"%PDF-" and path.with_suffix(".html").is_file()
    assert "Ada Lovelace" in words(printed_pages[0])


def test_a_person_who_is_not_there_is_asked_back(course, tmp_path):
    """Does a name that nobody bears list those there are?"""
    with pytest.raises(CourseError, match="nobody called 'Eve' handed in 01-scaling; expected one of Ada Lovelace"):
        feedback.print_page(course, run_of(tmp_path / "run", ADA), "Eve", None, None)


@pytest.mark.skipif(not printing.browser(), reason="no Chromium here: apt-get install chromium")
def test_a_zip_of_pdfs(course, tmp_path):
    """Are the pages of the zip PDFs, called so, when PDFs are asked for?"""
    packet = feedback.packet(course, run_of(tmp_path / "run", ADA), "canvas", None, tmp_path / "back.zip", pdf=True)
    with zipfile.ZipFile(packet.path) as members:
        assert members.namelist() == ["lovelaceada_12345_67890_scaling.pdf"]
        assert members.read("lovelaceada_12345_67890_scaling.pdf").startswith(b"%PDF-")
