"""Does a mistake in `course.toml` end in one sentence that names file, key and what was expected?"""

import pytest

from autograder.base.course import Course, CourseError, find_course
from autograder.base.settings import Late, Settings, SettingsError, read_settings

TEXT = (find_course().root / "course" / "course.toml").read_text(encoding="utf-8")
ENCODER = '[assignments.04-encoder]\ntitle = "The encoder, the reparameterisation and the KL divergence"\n'


@pytest.mark.parametrize(
    ("there", "instead", "words"),
    [
        (
            'title = "Wafer',
            'titel = "Wafer',
            r"titel is unknown: did you mean title\? Expected one of title, repository, branch",
        ),
        ("[late]", "[lates]", r"\[lates\] is unknown: did you mean late\?"),
        ("[late]", "[late]\nper_dya = 0.2", r"\[late\] per_dya is unknown: did you mean per_day\?"),
        ("per_day = 0.1", "per_day = 3", r"\[late\] per_day is 3: expected a number less than or equal to 1"),
        ("per_day = 0.1", "per_day = true", r"\[late\] per_day is True: expected a number, without quotes and unit"),
        (
            "max_memory_gb = 6",
            'max_memory_gb = "6 GB"',
            r"\[grading\] max_memory_gb is '6 GB': expected a number, without quotes and unit",
        ),
        (
            'dataset = "auto"',
            'dataset = "fashion"',
            r"\[grading\] dataset is 'fashion': expected auto, fashion-mnist, ",
        ),
        ('missing = "empty"', 'missing = "nil"', r"\[lms\] missing is 'nil': expected 'empty' or 'zero'"),
        (
            ENCODER,
            f"{ENCODER}deu = 3\n",
            r"\[assignments.04-encoder\] deu is unknown: did you mean due\? Expected one of .*due",
        ),
        (ENCODER, f"{ENCODER}points = 14\n", r"\[assignments.04-encoder\] points is no longer set here: the cells of"),
        (
            ENCODER,
            f'{ENCODER}due = "tomorrow"\n',
            r"\[assignments.04-encoder\] due is 'tomorrow': .* offset from UTC",
        ),
        (
            ENCODER,
            f"{ENCODER}due = 2026-12-01T23:59:00\n",
            r"\[assignments.04-encoder\] due is 2026-12-01T23.* offset from UTC",
        ),
        (ENCODER, f"{ENCODER}due = 2026-12-01\n", r"\[assignments.04-encoder\] due is 2026-12-01: .* offset"),
        (ENCODER, f"{ENCODER}due = 0001-01-01T00:00:00+14:00\n", r"\[assignments.04-encoder\] due is 0001-"),
        (ENCODER, f"{ENCODER}canvas_id = 1.5\n", r"\[assignments.04-encoder\] canvas_id is 1.5: expected a number"),
        (ENCODER, "[assignments.04-encoder]\ntitle =\n", "is not valid TOML: Invalid value .at line"),
        (ENCODER, "[assignments.04-encoder]\n", r"\[assignments.04-encoder\] title is missing"),
        (ENCODER, "[assignments]\n04-encoder = 3\n", r"\[assignments\] 04-encoder is 3: expected a table"),
        ("[assignments.05-training]", "[assignments.04-training]", "04-encoder and 04-training have the same number"),
        ("[assignments.05-training]", "[assignments.05-encoder]", "04-encoder and 05-encoder have the same name"),
        ("[assignments.05-training]", "[assignments.05-class]", "05-class has the name of a word of Python"),
        ('"Look at the data first"', '" "', r"\[assignments.02-eda\] title is ' ': expected one line of text"),
        ('dataset = "auto"', 'dataset = "folder:"', r"\[grading\] dataset is 'folder:': expected auto"),
        ('branch = "main"', 'branch = "my branch"', "branch is 'my branch': expected a branch of the repository"),
        ("[assignments.04-encoder]", "[assignments.encoder]", r"\[assignments\] 'encoder': expected the form NN-slug"),
        ("novasilicon/wafer-vae-course", "nova", "repository is 'nova': expected owner/name"),
    ],
)
def test_a_mistake_is_named(tmp_path, there, instead, words):
    """Does an instructor learn which key of which file to mend, and how?"""
    (tmp_path / "course").mkdir()
    assert there in TEXT
    (tmp_path / "course" / "course.toml").write_text(TEXT.replace(there, instead, 1), encoding="utf-8")
    with pytest.raises(CourseError, match=rf"course\.toml:? (\[assignments\] )?{words}") as caught:
        _ = Course(tmp_path).settings
    assert "\n" not in str(caught.value)


def test_all_mistakes_are_told_at_once(tmp_path):
    """Does an instructor with three typing mistakes learn of all three, and of no key that is only misspelt?"""
    text = TEXT.replace("per_day", "per_dya").replace('"auto"', '"fashion"').replace(ENCODER, ENCODER + "deu = 1\n")
    (tmp_path / "course.toml").write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        read_settings(tmp_path / "course.toml")
    assert [line.split("] ")[1].split(" is ")[0] for line in str(caught.value).splitlines()] == [
        "dataset",
        "per_dya",
        "deu",
    ]


def test_a_byte_order_mark_is_no_mistake(tmp_path):
    """Does a file that Windows' editor saved do?"""
    (tmp_path / "course.toml").write_text(TEXT, encoding="utf-8-sig")
    assert read_settings(tmp_path / "course.toml").title


def test_tables_that_are_left_out_have_defaults(tmp_path):
    """Does a course that says nothing about lateness, memory or platforms grade all the same?"""
    (tmp_path / "course.toml").write_text('title = "A"\nrepository = "a/b"\nbranch = "main"\n')
    settings = read_settings(tmp_path / "course.toml")
    assert settings == Settings(title="A", repository="a/b", branch="main")
    assert (settings.late, settings.grading.max_memory_gb, settings.assignments) == (Late(), 6, {})
