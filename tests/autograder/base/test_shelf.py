"""Notebooks that wait on disk."""

import pickle

import pytest
from notebook_makers import answered, make_course, release, to_bytes, write_all

from autograder.base.shelf import Packed, Shelf, digest_of
from autograder.intake import collect


def test_notebooks_come_back_as_they_were():
    """Does each of several notebooks come back, in any order, with its own contents?"""
    with Shelf() as shelf:
        first, second = shelf.put(release()), shelf.put(answered())
        assert second.read() == answered()
        assert first.read() == release()


def test_another_process_gets_the_notebook_and_not_the_shelf():
    """Does a shelved notebook travel as its bytes?"""
    with Shelf() as shelf:
        copy = pickle.loads(pickle.dumps(shelf.put(answered())))
    assert isinstance(copy, Packed)
    assert copy.read() == answered()


def test_a_digest_tells_contents_and_not_where_they_are_kept():
    """Does a result of an earlier run fit the same notebook, however it is kept?"""
    with Shelf() as shelf:
        shelved = shelf.put(answered())
        assert digest_of(shelved) == digest_of(answered()) == digest_of(shelved.pack())
        assert digest_of(shelved) != digest_of(release())


@pytest.mark.parametrize("name", ["ada/scaling.ipynb", "ada.zip"], ids=["file", "not a zip"])
def test_intake_puts_notebooks_on_the_shelf(tmp_path, name):
    """Is what intake read the same with a shelf as without, readable or not?"""
    course = make_course(tmp_path / "course")
    handed_in = write_all(tmp_path / "in", {name: to_bytes(answered())})
    (plain,) = collect(course, [handed_in])
    with Shelf() as shelf:
        (one,) = collect(course, [handed_in], shelf=shelf)
        assert (one.student, one.file, one.assignment, one.cause) == (
            plain.student,
            plain.file,
            plain.assignment,
            plain.cause,
        )
        assert one.notebook is plain.notebook is None or one.read() == plain.read()
