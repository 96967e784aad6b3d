"""Answers given as plain Python source."""

import pytest

from autograder.banks import entry
from autograder.base.course import CourseError, find_course
from autograder.run.mark import mark, read_answers

NOTHING = "def kl_divergence(mu, logvar):\n    raise NotImplementedError\n"


def run(*files):
    course = find_course()
    return list(mark(course, course.assignment("04-encoder"), read_answers(files), "synthetic-wafers"))


def source(name):
    """An answer in the bank of 04."""
    course = find_course()
    return entry(course, course.assignment("04-encoder"), name).source


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    folder = tmp_path_factory.mktemp("answers")
    reference = find_course().root / "course" / "waferlab" / "reference" / "encoder.py"
    texts = {"kl": source("kl_divergence_loop"), "sign": source("kl_divergence_sign")}
    texts |= {"broken": "def kl_divergence(mu, logvar):\n    return (\n", "empty": NOTHING}
    texts["blank"] = "# nothing yet\n\n"
    texts["two"] = texts["kl"] + "\n\n" + source("reparameterize_rsample")
    files = [reference]
    for name, text in texts.items():
        (folder / f"{name}.py").write_text(text)
        files.append(folder / f"{name}.py")
    return dict(zip(["reference", *texts], run(*files), strict=True))


@pytest.mark.parametrize(
    ("name", "points", "most"),
    [("reference", 11, 11), ("kl", 3, 3), ("sign", 0, 3), ("two", 6, 6), ("broken", 0, 3), ("empty", 0, 3)],
)
def test_a_file_is_marked_on_the_tasks_that_it_answers(rows, name, points, most):
    """Does a file get its points out of those of its own tasks?"""
    assert (rows[name]["points"], rows[name]["max_points"]) == (points, most)


def test_a_blank_file_gets_no_point_of_all(rows):
    """Is a file without an answer marked on every task, and given nothing?"""
    assert (rows["blank"]["points"], rows["blank"]["max_points"]) == (0, 11)


def test_every_check_is_named_with_its_task_and_explained(rows):
    """Does each line carry what the interface promises?"""
    checks = rows["two"]["checks"]
    assert {check["name"].split(".")[0] for check in checks} == {"reparameterize", "kl_divergence"}
    assert all(check.keys() == {"name", "points", "max", "message"} and check["message"] for check in checks)


def test_a_syntax_error_is_told_in_words(rows):
    """Does the author of a file that does not parse read why it got nothing?"""
    assert "line 2, '(' was never closed" in rows["broken"]["checks"][0]["message"]


@pytest.mark.parametrize(
    ("contents", "words"),
    [(None, "cannot be read"), (b"\xff\xfe\x00", "not UTF-8"), (b"x = 1\n", "kl_divergence")],
    ids=["missing", "not text", "no answer in it"],
)
def test_a_file_that_cannot_be_marked_is_one_clear_sentence(tmp_path, contents, words):
    """Is a useless file named, with what was expected?"""
    path = tmp_path / "answer.py"
    if contents is not None:
        path.write_bytes(contents)
    with pytest.raises(CourseError, match=words):
        run(path)
