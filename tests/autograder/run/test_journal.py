"""A run folder: resuming, order, one writer."""

import stat
import subprocess
from dataclasses import replace

import pytest

from autograder.base.course import CourseError
from autograder.base.records import HelperCell, Mark, Result, TaskResult, WrittenResult
from autograder.run.journal import Journal, read_results, run_secret, sole_writer


def result(student: str, assignment: str | None = "03-pca", points: float = 2.0) -> Result:
    task = TaskResult("pca", "Task 1", "ok", points, 3.0, (Mark("scores", points, 3.0, "right"),))
    written = (WrittenResult("written-k", 3.0, "Because."),)
    return Result(student, f"{student}.ipynb", assignment, "graded", tasks=(task,), written=written, points=points)


class Exam:
    """What the journal asks of an exam."""

    def __init__(self, digest: str = "first", tasks: tuple[str, ...] = ("pca",)) -> None:
        self.digest = digest
        self.tasks = tasks


def add(journal: Journal, key: str, student: str, *outcomes: TaskResult, exam: Exam | None = None, **fields) -> None:
    row = result(student, **fields)
    journal.add(key, replace(row, tasks=outcomes) if outcomes else row, exam or Exam())


def task(name: str, points: float = 1.0) -> TaskResult:
    return TaskResult(name, name, "ok", points, 3.0, (Mark("scores", points, 3.0, "right"),))


def test_a_result_comes_back_from_disk_as_it_was(tmp_path):
    """Is a resumed run's result equal to the one it saved, helper cells and marks included?"""
    whole = replace(result("ada"), helpers=(HelperCell(None, "x = 1"),), max_points=3.0)
    Journal(tmp_path).add("k", whole, Exam())
    assert Journal(tmp_path).result("k") == whole
    assert Journal(tmp_path).finish(["k"]) == [whole] == read_results(tmp_path / "results.jsonl")


def test_a_line_that_was_cut_off_is_graded_again(tmp_path):
    """Does a run that was killed while writing lose more than that line's task?"""
    journal = Journal(tmp_path)
    two = Exam(tasks=("one", "two"))
    add(journal, "a", "ada", task("one"), task("two"), exam=two)
    add(journal, "b", "bob", task("one"), task("two"), exam=two)
    journal.path.write_bytes(journal.path.read_bytes()[:-40])
    again = Journal(tmp_path)
    assert [again.missing(key, two.tasks, "first") for key in "abc"] == [(), ("two",), ("one", "two")]


def test_the_finished_files_do_not_depend_on_the_order_of_results(tmp_path):
    """Do two engines that finish in different orders, one of them in two parts, write the same bytes?"""
    texts, two = [], Exam(tasks=("one", "two"))
    for order in (["ada", "bob", "cyd"], ["cyd", "ada", "bob"]):
        folder = tmp_path / order[0]
        folder.mkdir()
        journal = Journal(folder)
        for name in order:
            add(journal, name, name, task("one"), task("two"), exam=two)
        if order[0] == "cyd":
            journal.forget({"03-pca": ("one",)})
            add(journal, "bob", "bob", task("one"), exam=two)
            add(journal, "ada", "ada", task("one"), exam=two)
            add(journal, "cyd", "cyd", task("one"), exam=two)
        journal.finish(order)
        texts.append([path.read_bytes() for path in sorted(folder.glob("*.jsonl"))])
    assert texts[0] == texts[1] and len(texts[0]) == 2


def test_only_what_is_named_is_kept(tmp_path):
    """Are rows that a run drops on purpose gone from the results?"""
    journal = Journal(tmp_path)
    add(journal, "a", "ada")
    add(journal, "b", "bob")
    assert [one.student for one in journal.finish(["b"])] == ["bob"]
    assert [one.student for one in read_results(tmp_path / "results.jsonl")] == ["bob"]


def test_what_another_exam_judged_is_missing_unless_any_will_do(tmp_path):
    """Is a class graded again after a change of the checks, and by `--only` no more of it than was named?"""
    journal, two = Journal(tmp_path), Exam(tasks=("one", "two"))
    add(journal, "a", "ada", task("one"), task("two"), exam=two)
    assert journal.missing("a", two.tasks, "first") == ()
    assert journal.missing("a", two.tasks, "another") == ("one", "two")
    journal.forget({"03-pca": ("two",), "04-encoder": None})
    assert journal.missing("a", two.tasks, None) == ("two",)
    journal.forget({"03-pca": None})
    assert journal.missing("a", two.tasks, None) == ("one", "two")


def test_the_secret_is_drawn_once_and_only_its_owner_reads_it(tmp_path):
    """Does grading again use the same secret, and is it out of others' sight?"""
    first = run_secret(tmp_path / "run")
    assert run_secret(tmp_path / "run") == first
    assert run_secret(tmp_path / "other") != first
    assert len(first) == 32
    assert stat.S_IMODE((tmp_path / "run" / "secret").stat().st_mode) == 0o600


def test_a_damaged_secret_is_named(tmp_path):
    """Does a secret file with something else in it stop the run in words?"""
    (tmp_path / "secret").write_text("hello")
    with pytest.raises(CourseError, match="64 hexadecimal digits"):
        run_secret(tmp_path)


def test_what_follows_a_cut_off_line_is_not_lost(tmp_path):
    """Does a run that is interrupted twice keep what it graded in between?"""
    journal = Journal(tmp_path)
    add(journal, "a", "ada")
    add(journal, "b", "bob")
    journal.path.write_bytes(journal.path.read_bytes()[:-40])
    add(Journal(tmp_path), "c", "cyd")
    again = Journal(tmp_path)
    assert [again.missing(key, ("pca",), "first") for key in "abc"] == [(), ("pca",), ()]


def test_a_damaged_line_costs_itself_only(tmp_path):
    """Are the lines after null bytes, which a failing disk leaves, still read?"""
    journal = Journal(tmp_path)
    add(journal, "a", "ada")
    with journal.path.open("ab") as file:
        file.write(b"\0" * 20 + b'\xff\n{"work": "x"}\n{"work": "x", "exam": "", "task": {"name": "pca"}}\n[1]\n')
    journal = Journal(tmp_path)
    add(journal, "b", "bob")
    assert [one.student for one in Journal(tmp_path).finish(["a", "b"])] == ["ada", "bob"]


def test_of_two_lines_for_one_task_the_last_counts(tmp_path):
    """Does a submission that was graded again have one row, with the new outcome?"""
    journal = Journal(tmp_path)
    add(journal, "a", "ada", task("pca", 1.0))
    add(journal, "a", "ada", task("pca", 2.0))
    assert [one.points for one in Journal(tmp_path).finish(["a"])] == [2.0]
    assert len(journal.path.read_text().splitlines()) == 2


def test_a_file_that_could_not_be_graded_is_tried_again(tmp_path):
    """Is a row without tasks never mistaken for a graded one?"""
    journal = Journal(tmp_path)
    journal.add("b", Result("bob", "bob.ipynb", "03-pca", "unreadable", "it broke off"), Exam())
    assert Journal(tmp_path).missing("b", ("pca",), "first") == ("pca",)
    assert [one.cause for one in Journal(tmp_path).finish(["b"])] == ["it broke off"]


def test_results_that_are_missing_or_damaged_are_named(tmp_path):
    """Is a folder that is no run folder told in a sentence?"""
    with pytest.raises(CourseError, match=r"holds no results\.jsonl: expected the run folder"):
        read_results(tmp_path / "results.jsonl")
    (tmp_path / "results.jsonl").write_text("{}\n")
    with pytest.raises(CourseError, match="is damaged"):
        read_results(tmp_path / "results.jsonl")


def test_two_runs_do_not_write_to_one_folder(tmp_path):
    """Is a second run refused while the first one writes, and welcome afterwards?"""
    with (
        sole_writer(tmp_path / "run"),
        pytest.raises(CourseError, match="another run is writing"),
        sole_writer(tmp_path / "run"),
    ):
        pass
    with sole_writer(tmp_path / "run"):
        pass
    assert [path.name for path in (tmp_path / "run").iterdir()] == [".gitignore"]


def test_a_run_folder_is_kept_out_of_git(tmp_path):
    """Does git see nothing of a new run folder, whatever it is called, and all of a folder that was there before?"""
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    for name in ("week 3", "mine"):
        with sole_writer(tmp_path / name):
            (tmp_path / name / "grades.csv").write_text("Ada,10")
    seen = subprocess.run(
        ["git", "-C", tmp_path, "status", "--short", "-uall"], check=True, capture_output=True, text=True
    )
    assert seen.stdout.split() == ["??", "mine/grades.csv", "??", "mine/notes.txt"]
