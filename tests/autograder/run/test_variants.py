"""Does a resubmission meet other inputs, and the same notebook the same ones?"""

import nbformat
import pytest

from autograder.base.course import Assignment
from autograder.base.records import Submission
from autograder.judge.exam import derive_seed
from autograder.run.variants import FILE, MOST, Attempts, Sitting, by_slug, secret_of

ONE, OTHER = Assignment("03-pca", "PCA", 12), Assignment("04-encoder", "Encoder", 14)


def submission(person: str = "ada", assignment: Assignment | None = ONE, **more) -> Submission:
    return Submission(person, "pca.ipynb", assignment, nbformat.v4.new_notebook(), person=f"name:{person}", **more)


def test_each_new_notebook_of_a_person_meets_another_variant(tmp_path):
    """Are attempts counted by person and assignment, and does the same notebook meet what it met first?"""
    attempts = Attempts(tmp_path)
    met = [attempts.sitting(submission(), key) for key in ("a", "b", "a", "c")]
    assert met == [Sitting(ONE, 0), Sitting(ONE, 1), Sitting(ONE, 0), Sitting(ONE, 2)]
    assert attempts.sitting(submission("bob"), "b") == Sitting(ONE, 0)
    assert attempts.sitting(submission(assignment=OTHER), "d") == Sitting(OTHER, 0)


def test_what_was_met_is_known_in_the_next_run(tmp_path):
    """Does grading a class again, a week later, give everybody the variant of the first time?"""
    first = Attempts(tmp_path)
    first.sitting(submission(), "a"), first.sitting(submission(), "b")
    first.save()
    assert Attempts(tmp_path).sitting(submission(), "b") == Sitting(ONE, 1)
    assert Attempts(tmp_path).sitting(submission(), "new") == Sitting(ONE, 2)


def test_there_is_an_end_to_variants(tmp_path):
    """Does somebody who hands in a hundred times cost no hundred runs of the reference, and no endless file?"""
    attempts = Attempts(tmp_path)
    met = [attempts.sitting(submission(), str(number)).variant for number in range(100)]
    assert met[: MOST + 1] == [*range(MOST), 0]
    assert max(met) == MOST - 1
    attempts.save()
    assert (tmp_path / FILE).stat().st_size < 2000


@pytest.mark.parametrize("text", ["", "[]", '{"a": 1}', '{"a": {"b": "x"}}', "\x00"])
def test_a_damaged_file_is_no_obstacle(tmp_path, text):
    """Does a run go on when nobody can tell any more who met what?"""
    (tmp_path / FILE).write_text(text)
    assert Attempts(tmp_path).sitting(submission(), "a") == Sitting(ONE, 0)


def test_what_cannot_be_graded_sits_nothing(tmp_path):
    """Does a file that cannot be read, or belongs to no assignment, use up no variant?"""
    attempts = Attempts(tmp_path)
    assert attempts.sitting(submission(cause="broken"), "a") is None
    assert attempts.sitting(submission(assignment=None), "b") is None
    assert attempts.sitting(submission(), "c") == Sitting(ONE, 0)


def test_variants_share_nothing():
    """Do all seeds of two variants differ, and is the first the run's own?"""
    secret = bytes(32)
    seeds = {derive_seed(secret_of(secret, variant), "03-pca", "task") for variant in range(MOST)}
    assert len(seeds) == MOST
    assert secret_of(secret, 0) == secret


def test_an_assignment_is_known_by_its_lowest_variant():
    """Does what is said of an assignment as a whole come from the variant that most people met?"""
    sittings = [Sitting(ONE, 2), Sitting(ONE, 1), Sitting(OTHER)]
    assert by_slug(sittings, {one.name: one.name for one in sittings}) == {
        "03-pca": "03-pca (2)",
        "04-encoder": "04-encoder",
    }
