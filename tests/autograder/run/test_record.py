"""Results on disk: resuming, and their order."""

import stat

import pytest

from autograder.base.course import CourseError
from autograder.base.records import Mark, Result, TaskResult, WrittenResult
from autograder.run.journal import Journal, run_secret, sole_writer


def result(student: str, assignment: str | None = "03-pca", points: float = 2.0) -> Result:
    task = TaskResult("pca", "Task 1", "ok", points, 3.0, (Mark("scores", points, 3.0, "right"),))
    written = (WrittenResult("written-k", 3.0, "Because."),)
    return Result(student, f"{student}.ipynb", assignment, "graded", tasks=(task,), written=written, points=points)


def test_a_result_comes_back_from_disk_as_it_was(tmp_path):
    """Is a resumed run's result equal to the one it saved?"""
    Journal(tmp_path).add("k", result("ada"))
    assert Journal(tmp_path) == {"k": result("ada")}


def test_a_line_that_was_cut_off_is_graded_again(tmp_path):
    """Does a run that was killed while writing lose more than that line?"""
    journal = Journal(tmp_path)
    journal.add("a", result("ada"))
    journal.add("b", result("bob"))
    journal.path.write_bytes(journal.path.read_bytes()[:-40])
    assert list(Journal(tmp_path)) == ["a"]


def test_the_finished_file_does_not_depend_on_the_order_of_results(tmp_path):
    """Do two engines that finish in different orders write the same bytes?"""
    texts = []
    for order in (["ada", "bob", "cyd"], ["cyd", "ada", "bob"]):
        folder = tmp_path / order[0]
        folder.mkdir()
        journal = Journal(folder)
        for name in order:
            journal.add(name, result(name))
        journal.finish(order)
        texts.append(journal.path.read_bytes())
    assert texts[0] == texts[1]


def test_results_of_files_that_are_gone_are_left_out(tmp_path):
    """Does a second run over fewer files drop the rest?"""
    journal = Journal(tmp_path)
    journal.add("a", result("ada"))
    journal.add("b", result("bob"))
    assert [one.student for one in journal.finish(["b"])] == ["bob"]


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
    journal.add("a", result("ada"))
    journal.add("b", result("bob"))
    journal.path.write_bytes(journal.path.read_bytes()[:-40])
    Journal(tmp_path).add("c", result("cyd"))
    assert dict(Journal(tmp_path)) == {"a": result("ada"), "c": result("cyd")}


def test_a_damaged_line_costs_itself_only(tmp_path):
    """Are the lines after null bytes, which a failing disk leaves, still read?"""
    journal = Journal(tmp_path)
    journal.add("a", result("ada"))
    with journal.path.open("ab") as file:
        file.write(b"\0" * 20 + b'\xff\n{"fingerprint": "x"}\n')
    journal = Journal(tmp_path)
    journal.add("b", result("bob"))
    assert dict(Journal(tmp_path)) == {"a": result("ada"), "b": result("bob")}


def test_of_two_lines_with_one_fingerprint_the_last_counts(tmp_path):
    """Does a submission that was graded again have one row, the new one?"""
    journal = Journal(tmp_path)
    journal.add("a", result("ada", points=1.0))
    journal.add("a", result("ada", points=2.0))
    assert [one.points for one in Journal(tmp_path).finish(["a"])] == [2.0]
    assert len(journal.path.read_text().splitlines()) == 1


def test_only_graded_rows_are_kept_from_an_earlier_run(tmp_path):
    """Is a file that could not be graded tried again?"""
    journal = Journal(tmp_path)
    journal.add("a", result("ada"))
    journal.add("b", Result("bob", "bob.ipynb", None, "unreadable", "it broke off"))
    assert Journal(tmp_path).graded == {"a"}


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
    assert list((tmp_path / "run").iterdir()) == []
