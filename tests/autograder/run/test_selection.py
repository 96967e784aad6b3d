"""`course grade --only`: one question again, and nothing else."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import pytest

from autograder.base.course import CourseError, find_course
from autograder.base.notebooks import read_notebook, write_notebook
from autograder.base.records import Result, TaskResult
from autograder.demo import answered, demo_answers
from autograder.run.grade import grade
from autograder.run.selection import merged, select

TASK = "04-encoder/kl_divergence"


def task(name, status, points, most):
    return TaskResult(name, name, status, points, most, ())


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


def test_only_the_named_task_changes_in_a_merged_result():
    """Do the other tasks keep their outcome, and do the sums follow?"""
    before = Result("a", "a", "x", "graded", tasks=(task("one", "ok", 2, 3), task("two", "ok", 1, 4)), points=3)
    after = replace(before, tasks=(task("one", "not run", 0, 0), task("two", "ok", 4, 4)), points=4, max_points=4)
    both = merged(before, after, ["two"])
    assert [(one.name, one.points) for one in both.tasks] == [("one", 2), ("two", 4)]
    assert (both.points, both.max_points, both.is_whole) == (6, 7, True)
    assert not after.is_whole


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
    found = (path for path in folder.rglob("*") if path.is_file() and path.name != "gradebook.db")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def run(handed_in, out, **options):
    return grade(find_course(), [handed_in], out, jobs=1, dataset="synthetic-wafers", **options).results


def test_one_question_again_gives_the_bytes_of_a_full_run(handed_in, tmp_path):
    """Is a wrong outcome of one task mended, a wrong outcome of another kept, and the rest equal byte for byte?"""
    out = tmp_path / "run"
    run(handed_in, out)
    whole = files(out)
    lines = [json.loads(line) for line in (out / "results.jsonl").read_text().splitlines()]
    names = [one["name"] for one in lines[0]["tasks"]]
    lines[0]["tasks"][names.index("kl_divergence")]["points"] = -7.0
    (out / "results.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    run(handed_in, out, only=[TASK])
    assert files(out) == whole


def test_without_an_earlier_run_only_that_task_counts_and_a_full_run_grades_the_rest(handed_in, tmp_path):
    """Is a partial result never mistaken for a whole one?"""
    out, full = tmp_path / "run", tmp_path / "full"
    part = run(handed_in, out, only=[TASK])
    assert {one.name: one.status for one in part[0].tasks}["kl_divergence"] != "not run"
    assert {one.status for one in part[0].tasks if one.name != "kl_divergence"} == {"not run"}
    assert part[0].max_points == sum(one.max_points for one in part[0].tasks if one.name == "kl_divergence")
    full.mkdir()
    shutil.copy2(out / "secret", full / "secret")
    run(handed_in, full)
    run(handed_in, out)
    assert files(out)["results.jsonl"] == files(full)["results.jsonl"]


def test_changed_checks_are_applied_to_a_class_that_was_graded(handed_in, tmp_path, monkeypatch):
    """Are results of an earlier verdict judged again by the next run, and by `--only` no more than was named?"""
    from autograder.judge.exam import Exam
    from autograder.run import crew as engine

    out, asked = tmp_path / "run", []
    original = engine.grade_graft
    monkeypatch.setattr(engine, "grade_graft", lambda exam, *args: asked.append(exam.only) or original(exam, *args))
    first = run(handed_in, out)
    assert run(handed_in, out) == first
    assert asked == [None, None]
    monkeypatch.setattr(Exam, "code", "another verdict")
    assert run(handed_in, out, only=[TASK]) == first
    assert asked[2:] == [("kl_divergence",)] * 2
    assert run(handed_in, out) == first
    assert asked[4:] == [None, None]
