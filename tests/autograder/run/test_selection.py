"""`course grade --only`: one question again, and nothing else."""

from __future__ import annotations

import json
import shutil

import pytest

from autograder.base.course import CourseError, find_course
from autograder.base.notebooks import read_notebook, write_notebook
from autograder.demo import answered, demo_answers
from autograder.judge.exam import Exam
from autograder.run import one
from autograder.run.grade import grade
from autograder.run.selection import select

TASK = "04-encoder/kl_divergence"
pytestmark = pytest.mark.usefixtures("one_worker")


def test_unknown_names_list_what_there_is():
    """Does a name that does not exist end in one sentence with those that do?"""
    with pytest.raises(CourseError, match=r"04-encoder has no task 'kl': expected one of .*kl_divergence"):
        select(find_course(), ["04-encoder/kl"])
    with pytest.raises(CourseError, match=r"'99-none'.*04-encoder"):
        select(find_course(), ["99-none/kl"])


def test_an_assignment_includes_its_tasks():
    """Does naming both an assignment and one of its tasks mean the whole assignment, in any order?"""
    for names in (["04-encoder", TASK], [TASK, "04-encoder"]):
        assert select(find_course(), names) == {"04-encoder": None}
    assert select(find_course(), [TASK, TASK]) == {"04-encoder": ("kl_divergence",)}


@pytest.fixture(scope="module")
def handed_in(tmp_path_factory):
    """Two submissions of the encoder."""
    course = find_course()
    assignment = course.assignment("04-encoder")
    release = read_notebook(course.notebook("release", assignment))
    folder = tmp_path_factory.mktemp("class") / "submitted"
    for student in ("grace", "heidi"):
        answers = list(demo_answers(course, assignment, release).values())[student == "heidi"]
        write_notebook(folder / student / "encoder.ipynb", answered(release, answers))
    return folder


def files(folder):
    """All but the gradebook, whose bytes differ, the table of what moved, and what only a new folder gets."""
    other = ("gradebook.db", "changes.csv", ".gitignore")
    found = (path for path in folder.rglob("*") if path.is_file() and path.name not in other)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def run(handed_in, out, **options):
    return grade(find_course(), [handed_in], out, jobs=1, dataset="synthetic-wafers", **options).results


def spoil(out, *names):
    """Give the first submission nonsense points in some tasks, as if they had been judged otherwise."""
    lines = [json.loads(line) for line in (out / "journal.jsonl").read_text().splitlines()]
    work = lines[0]["work"]
    for line in lines:
        if line["work"] == work and line.get("task", {}).get("name") in names:
            line["task"]["points"] = -7.0
    (out / "journal.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def test_one_question_again_and_nothing_else(handed_in, tmp_path):
    """Is a wrong outcome of the named task mended, byte for byte, and another's kept, whatever it is?"""
    out = tmp_path / "run"
    right = run(handed_in, out)[0].points
    whole = files(out)
    spoil(out, "kl_divergence")
    assert run(handed_in, out)[0].points < right - 7  # a full run trusts what an equal exam judged
    run(handed_in, out, only=[TASK])
    assert files(out) == whole
    spoil(out, "kl_divergence", "forward")
    tasks = {task.name: task.points for task in run(handed_in, out, only=[TASK])[0].tasks}
    assert tasks["forward"] == -7 and tasks["kl_divergence"] >= 0


def test_a_class_that_was_never_graded_is_graded_whole(handed_in, tmp_path):
    """Is no result ever a part of one?"""
    out, full = tmp_path / "run", tmp_path / "full"
    part = run(handed_in, out, only=[TASK])
    full.mkdir()
    shutil.copy2(out / "secret", full / "secret")
    assert run(handed_in, full) == part
    assert files(full) == files(out)


def test_changed_checks_are_applied_to_a_class_that_was_graded(handed_in, tmp_path, monkeypatch):
    """Are results of an earlier exam judged again by the next run, and by `--only` no more than was named?"""
    asked, original = [], one.grade_graft
    monkeypatch.setattr(one, "grade_graft", lambda *args: asked.append(args[3]) or original(*args))
    every = ("forward", "reparameterize", "kl_divergence")
    out = tmp_path / "run"
    first = run(handed_in, out)
    assert run(handed_in, out) == first
    assert asked == [every] * 2
    monkeypatch.setattr(Exam, "digest", "another exam")
    assert run(handed_in, out, only=[TASK]) == first
    assert asked[2:] == [("kl_divergence",)] * 2
    assert run(handed_in, out) == first
    assert asked[4:] == [("forward", "reparameterize")] * 2  # the third is known to this exam
