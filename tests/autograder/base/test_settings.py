"""Does a mistake in `course.toml` end in one sentence that names file, key and what was expected?"""

import pytest

from autograder.base.course import Course, CourseError, find_course
from autograder.base.settings import Late, Settings, read_settings

TEXT = (find_course().root / "course" / "course.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("there", "instead", "words"),
    [
        ('title = "Wafer', 'titel = "Wafer', "titel is unknown: expected one of title, repository, branch"),
        ("[late]", "[lates]", "lates is unknown: expected one of .*late"),
        ("[late]", "[late]\nper_dya = 0.2", r"\[late\] per_dya is unknown: expected one of per_day"),
        ("per_day = 0.1", "per_day = 3", r"\[late\] per_day is 3: expected a number less than or equal to 1"),
        ("per_day = 0.1", "per_day = true", r"\[late\] per_day is True: expected a valid number"),
        (
            "max_memory_gb = 6",
            'max_memory_gb = "6 GB"',
            r"\[grading\] max_memory_gb is '6 GB': expected a valid",
        ),
        (
            'dataset = "auto"',
            'dataset = "fashion"',
            r"\[grading\] dataset is 'fashion': expected auto, fashion-mnist, ",
        ),
        ('missing = "empty"', 'missing = "nil"', r"\[lms\] missing is 'nil': expected 'empty' or 'zero'"),
        ("points = 14", "points = 14\ndeu = 3", r"\[assignments.04-encoder\] deu is unknown: expected one of .*due"),
        ("points = 14", "points = -1", r"\[assignments.04-encoder\] points is -1: expected a number greater than 0"),
        (
            "points = 14",
            'points = 14\ndue = "tomorrow"',
            r"\[assignments.04-encoder\] due is 'tomorrow': .* offset from UTC",
        ),
        (
            "points = 14",
            "points = 14\ndue = 2026-12-01T23:59:00",
            r"\[assignments.04-encoder\] due is 2026-12-01T23.* offset from UTC",
        ),
        ("points = 14", "points = 14\ndue = 2026-12-01", r"\[assignments.04-encoder\] due is 2026-12-01: .* offset"),
        ("points = 14\n", "points =\n", "is not valid TOML: Invalid value .at line"),
        ("points = 14\n", "", r"\[assignments.04-encoder\] points is missing"),
        ("[assignments.04-encoder]", "[assignments.encoder]", r"\[assignments\] 'encoder': expected the form NN-slug"),
        ("novasilicon/wafer-vae-course", "nova", "repository is 'nova': expected owner/name"),
    ],
)
def test_a_mistake_is_named(tmp_path, there, instead, words):
    """Does an instructor learn which key of which file to mend, and how?"""
    (tmp_path / "course").mkdir()
    assert there in TEXT
    (tmp_path / "course" / "course.toml").write_text(TEXT.replace(there, instead, 1), encoding="utf-8")
    with pytest.raises(CourseError, match=rf"course\.toml:? {words}") as caught:
        _ = Course(tmp_path).settings
    assert "\n" not in str(caught.value)


def test_tables_that_are_left_out_have_defaults(tmp_path):
    """Does a course that says nothing about lateness, memory or platforms grade all the same?"""
    (tmp_path / "course.toml").write_text('title = "A"\nrepository = "a/b"\nbranch = "main"\n')
    settings = read_settings(tmp_path / "course.toml")
    assert settings == Settings(title="A", repository="a/b", branch="main")
    assert (settings.late, settings.grading.max_memory_gb, settings.assignments) == (Late(), 6, {})
