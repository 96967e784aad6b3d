"""Pages as PDF: printed by a browser, or a sentence that says what is missing."""

from __future__ import annotations

import os
import shutil
import stat
import time

import pytest

from autograder.base.course import CourseError
from autograder.report import printing
from autograder.report.printing import printed

PAGE = "<!DOCTYPE html><title>A page</title><p>Printed."


def stand_in(monkeypatch, folder, script: str) -> None:
    """A program called chromium that does something else."""
    path = folder / "chromium"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


@pytest.mark.skipif(not printing.browser(), reason="no Chromium here: apt-get install chromium")
def test_a_page_becomes_a_pdf():
    """Does the installed browser print a page, and leave nothing behind?"""
    (data,) = printed([PAGE])
    assert data.startswith(b"%PDF-") and b"%%EOF" in data[-20:]


def test_without_a_browser_the_remedy_is_named(monkeypatch):
    """Does a machine without a browser give a sentence with both ways out, before anything is written?"""
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(CourseError, match=r"apt install chromium.*leave --pdf out"):
        list(printed([PAGE]))


def test_a_browser_that_prints_nothing_is_quoted(monkeypatch, tmp_path):
    """Are the last words of a browser that fails repeated?"""
    stand_in(monkeypatch, tmp_path, "echo first >&2; echo 'cannot open display' >&2")
    with pytest.raises(CourseError, match="printed no PDF: cannot open display"):
        list(printed([PAGE]))


def test_a_browser_that_hangs_is_killed_with_its_children(monkeypatch, tmp_path):
    """Does a browser that never ends cost its time limit and no more?"""
    stand_in(monkeypatch, tmp_path, f"sleep 300 & echo $! > {tmp_path}/child; wait")
    monkeypatch.setattr(printing, "SECONDS", 0.5)
    with pytest.raises(CourseError, match=r"did not print a page within 0\.5 seconds"):
        list(printed([PAGE]))
    child = int((tmp_path / "child").read_text())
    for _ in range(50):
        if not _runs(child):
            return
        time.sleep(0.05)
    raise AssertionError("a child of the browser is still there")


def _runs(process: int) -> bool:
    try:
        with open(f"/proc/{process}/stat", encoding="ascii") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_the_browser_sees_nothing_of_the_environment(monkeypatch, tmp_path):
    """Do passwords in the environment, such as the gradebook's, stay away from a program that needs none?"""
    stand_in(monkeypatch, tmp_path, f"env > {tmp_path}/seen")
    monkeypatch.setenv("COURSE_GRADEBOOK_URL", "postgresql://grader:secret@host/x")
    with pytest.raises(CourseError):
        list(printed([PAGE]))
    assert "secret" not in (tmp_path / "seen").read_text()
