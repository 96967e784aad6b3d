"""Hand-in times, which nobody vouches for."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from autograder.intake.times import handed_in, parse_time

NOW = datetime(2027, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("2026-11-30 12:00:00.123456 UTC", "2026-11-30T12:00:00", id="as nbgrader writes it"),
        pytest.param("2026-11-30 12:00:00", "2026-11-30T12:00:00", id="without a zone, UTC as in nbgrader"),
        pytest.param("2026-11-30T12:00:00+01:00\n", "2026-11-30T11:00:00", id="ISO 8601"),
        pytest.param("2026-11-30 12:00:00 -0530", "2026-11-30T17:30:00", id="offset without a colon"),
        pytest.param("2026-07-01 12:00:00 Europe/Berlin", "2026-07-01T10:00:00", id="summer time"),
        pytest.param("2026-12-01 12:00:00 Europe/Berlin", "2026-12-01T11:00:00", id="winter time"),
        pytest.param("2026-10-25 02:30:00 Europe/Berlin", "2026-10-25T00:30:00", id="an hour that comes twice"),
    ],
)  # fmt: skip
def test_a_timestamp_is_read_in_its_time_zone(text, expected):
    """Is a hand-in time the same moment in whatever zone it is written?"""
    assert parse_time(text, NOW).isoformat() == f"{expected}+00:00"


@pytest.mark.parametrize(
    "text",
    ["", "10", "tomorrow", "2026-13-01 00:00:00", "2026-01-01 25:00:00 UTC", "2026-01-01 00:00:00 ../../etc/passwd",
     "2026-01-01 00:00:00 Europe", "2026-01-01 00:00:00 +9999", "0001-01-01 00:00:00 +0100",
     "9999-12-31 23:59:59 -2300", "2027-01-02 00:00:00 UTC", "\0" * 50],
)  # fmt: skip
def test_a_nonsense_timestamp_is_refused_in_words(text):
    """Does a forged or broken timestamp end in a sentence, never in a time?"""
    with pytest.raises(ValueError, match=r"^its timestamp"):
        parse_time(text, NOW)


def test_the_time_comes_from_the_file_that_nbgrader_wrote(tmp_path):
    """Is the hand-in time read from `timestamp.txt` beside the notebook?"""
    folder = tmp_path / "submitted" / "ada" / "01-scaling"
    folder.mkdir(parents=True)
    (folder / "timestamp.txt").write_text("2026-11-30 12:00:00 UTC")
    parts = ("ada", "01-scaling", "scaling.ipynb")
    assert handed_in(tmp_path / "submitted", parts, NOW) == ("2026-11-30T12:00:00+00:00", ())


@pytest.mark.parametrize("folder", ["Ada_12_assignsubmission_file_", "ada.zip"])
def test_a_time_that_a_student_may_have_written_is_not_believed(tmp_path, folder):
    """Is a timestamp in a learning platform's folder, where students put files, left alone?"""
    (tmp_path / folder).mkdir()
    (tmp_path / folder / "timestamp.txt").write_text("2026-11-30 12:00:00 UTC")
    assert handed_in(tmp_path, (folder, "scaling.ipynb"), NOW) == (None, ())


def test_a_link_in_place_of_the_timestamp_is_not_followed(tmp_path):
    """Does a symbolic link lead the grader to no other file?"""
    (tmp_path / "other").write_text("2026-11-30 12:00:00 UTC")
    (tmp_path / "timestamp.txt").symlink_to(tmp_path / "other")
    assert handed_in(tmp_path, ("scaling.ipynb",), NOW) == (None, ())
