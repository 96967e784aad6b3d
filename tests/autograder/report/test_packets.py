"""Feedback as a zip: does every page reach its student, and nobody else's?"""

from __future__ import annotations

import re
import zipfile
from dataclasses import replace

import notebook_makers as make
import pytest
from page_samples import LOST, RESULT, words

from autograder.base.course import Course, CourseError
from autograder.base.records import Result
from autograder.report.packets import address, pages_of, write_packet

SLUG = "01-scaling"
ADA = replace(RESULT, upload="lovelaceada_12345_67890_scaling.ipynb")
BEN = replace(RESULT, student="Ben", file="ben.ipynb", upload="ben_LATE_222_333_my_scaling-1.ipynb")
ADA_MOODLE = replace(ADA, upload="Ada Lovelace_77_assignsubmission_file_")
BEN_MOODLE = replace(BEN, upload="Ben_78_assignsubmission_file")


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Course:
    return make.make_course(tmp_path_factory.mktemp("course"))


def members(path) -> dict[str, str]:
    """The zip's files by name."""
    with zipfile.ZipFile(path) as packet:
        assert packet.testzip() is None
        return {name: packet.read(name).decode() for name in packet.namelist()}


def as_moodle_reads(name: str) -> tuple[str, str]:
    """Participant and file name, as `assignfeedback_file_zip_importer::is_valid_filename_for_import` finds them."""
    parts = ["", "import", *name.split("/")]
    while parts:
        info = parts.pop(0).split("_", 4)
        if len(info) >= 4 and info[1].isdigit():
            return info[1], "/".join([*info[4:5], *parts]).strip("/")
    raise AssertionError(f"Moodle does not know whose {name} is")


def as_canvas_reads(name: str) -> tuple[str, str]:
    """User and attachment, as Canvas' `infer_comment_context_from_filename` finds them."""
    parts = [part for part in name.split("/")[-1].split("_") if part != "LATE"]
    assert not parts[-1].startswith("link")
    if parts[0] == "anon":
        return parts[1], parts[2]
    user, attachment = [part for part in parts if re.fullmatch(r"\d+", part)][:2]
    return user, attachment


def test_canvas_knows_whose_page_it_is(course, tmp_path):
    """Is each page called as the file that was handed in, so that Canvas finds its person and attachment?"""
    packet = write_packet(course, [BEN, ADA], SLUG, "canvas", tmp_path / "back.zip")
    pages = members(packet.path)
    assert list(pages) == ["lovelaceada_12345_67890_scaling.html", "ben_LATE_222_333_my_scaling-1.html"]
    assert [as_canvas_reads(name) for name in pages] == [("12345", "67890"), ("222", "333")]
    assert ["Ada Lovelace" in words(page) for page in pages.values()] == [True, False]


def test_moodle_knows_whose_page_it_is(course, tmp_path):
    """Does each page lie in its student's folder, as old and new versions of Moodle write it?"""
    packet = write_packet(course, [ADA_MOODLE, BEN_MOODLE], SLUG, "moodle", tmp_path / "back.zip")
    assert [as_moodle_reads(name) for name in members(packet.path)] == [
        ("77", "scaling-feedback.html"),
        ("78", "scaling-feedback.html"),
    ]


@pytest.mark.parametrize(
    ("upload", "platform", "reader", "found"),
    [
        ("anon_aB3x9_555_scaling.ipynb", "canvas", as_canvas_reads, ("aB3x9", "555")),
        ("smith_1_2_link.ipynb", "canvas", as_canvas_reads, ("1", "2")),
        ("smith_1_2_scaling", "canvas", as_canvas_reads, ("1", "2")),
        ("Ada Lovelace_77_assignsubmission_file_scaling.ipynb", "moodle", as_moodle_reads, ("77", "f.html")),
    ],
    ids=["anonymous", "called link", "no extension", "Moodle without folders"],
)
def test_rarer_names_find_their_person(upload, platform, reader, found):
    """Are the platforms' rarer names understood as the platforms understand them?"""
    assert reader(address(upload, platform, "f", ".html").member) == found


@pytest.mark.parametrize("platform", ["canvas", "moodle"])
@pytest.mark.parametrize(
    "upload",
    [
        "",
        "scaling.ipynb",
        "smith_12_scaling.ipynb",
        "../x_1_2_scaling.ipynb",
        "/etc/x_1_2_scaling.ipynb",
        "..\\x_1_2_s.ipynb",
        "x\n_1_2_scaling.ipynb",
        "x\u202e_1_2_scaling.ipynb",
        ".x_1_2_scaling.ipynb",
        "../Ada_77_assignsubmission_file_",
        "Ada/../Ben_77_assignsubmission_file_",
        "C:Ada_77_assignsubmission_file_",
        "~Ada_77_assignsubmission_file_",
        "Ada_x_assignsubmission_file_",
        "A" * 300 + "_77_assignsubmission_file_",
        "x" * 300 + "_1_2_scaling.ipynb",
        "Ada_٧_assignsubmission_file_",
    ],
)
def test_a_strange_name_stays_out(upload, platform):
    """Does a name that could lead out of the zip, or to nobody, become no path?"""
    assert address(upload, platform, "f", ".html") is None


def test_who_is_left_out_is_named_with_the_cause(course, tmp_path):
    """Does a grader learn whose page did not go, and why?"""
    eve = replace(BEN, student="Eve", upload="")
    mallory = replace(BEN, student="Mallory", upload="../../x_1_2_y.ipynb")
    packet = write_packet(course, [ADA, eve, mallory], SLUG, "canvas", tmp_path / "back.zip")
    said = " ".join(packet.remarks)
    assert packet.pages == 1
    assert "has no name by which Canvas gives out files: Eve, Mallory." in said


def test_two_people_with_one_number_get_nothing_by_chance(course, tmp_path):
    """Do pages stay here when a platform would hand two people's to one of them?"""
    twin = replace(BEN, student="Twin", upload="twin_222_999_other.ipynb")
    packet = write_packet(course, [ADA, BEN, twin], SLUG, "canvas", tmp_path / "back.zip")
    assert list(members(packet.path)) == ["lovelaceada_12345_67890_scaling.html"]
    assert any("could go to the wrong person: Ben, Twin." in remark for remark in packet.remarks)


def test_nobody_to_send_to_is_said_and_writes_nothing(course, tmp_path):
    """Does a class that came from elsewhere give a sentence, and no empty zip?"""
    with pytest.raises(CourseError, match=r"can go back through Moodle\. Left out, because"):
        write_packet(course, [ADA, BEN], SLUG, "moodle", tmp_path / "back.zip")
    assert list(tmp_path.iterdir()) == []


def test_pages_that_wait_for_marks_are_counted(course, tmp_path):
    """Does somebody who sends feedback too early learn that written answers are not marked?"""
    marked = replace(BEN, written=tuple(replace(one, points=1.0) for one in BEN.written))
    packet = write_packet(course, [ADA, marked], SLUG, "canvas", tmp_path / "back.zip")
    assert "On 1 of 2 pages a written answer still waits for its mark." in packet.remarks


@pytest.mark.parametrize(("platform", "where"), [("canvas", "Re-Upload"), ("moodle", "feedback files in a zip")])
def test_where_the_zip_goes_is_said(course, tmp_path, platform, where):
    """Does the person who has the zip learn where the platform takes it, and what students will find?"""
    results = [ADA] if platform == "canvas" else [ADA_MOODLE]
    said = write_packet(course, results, SLUG, platform, tmp_path / "back.zip").remarks[-1]
    assert where in said and "a web page" in said


def test_same_pages_give_the_same_bytes(course, tmp_path):
    """Is the zip the same when it is written again?"""
    first, again = (write_packet(course, [ADA, BEN], SLUG, "canvas", tmp_path / name) for name in ("a.zip", "b.zip"))
    assert first.path.read_bytes() == again.path.read_bytes()


# --- which pages -----------------------------------------------------------------------------------------------------


def picked(*results: Result) -> list[str]:
    return [f"{one.student}: {one.file}" for one in pages_of(results, SLUG)]


def test_one_page_a_person_and_one_assignment_at_a_time():
    """Does the file handed in last stand, and nothing of other assignments?"""
    early, late = (replace(ADA, file=f"{day}.ipynb", submitted_at=f"2026-03-0{day}T10:00:00+01:00") for day in (1, 2))
    assert picked(late, early, replace(BEN, assignment="02-counting")) == ["Ada Lovelace: 2.ipynb"]


def test_somebody_whose_file_could_not_be_read_gets_the_page_that_says_so():
    """Does the page with the cause go back, too, unless something else of that person was graded?"""
    ada_lost = replace(LOST, student="Ada Lovelace", file="photo.png")
    assert picked(ADA, LOST, ada_lost) == [f"Ada Lovelace: {ADA.file}", "Bob: bob.ipynb"]


def test_what_could_not_be_placed_is_nobody_s_guess():
    """Does a file without an assignment stay out where the run holds several?"""
    assert picked(ADA, replace(BEN, assignment="02-counting"), LOST) == [f"Ada Lovelace: {ADA.file}"]
