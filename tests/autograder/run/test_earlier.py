"""Another week in the same run folder: who is replaced, and who stays."""

from __future__ import annotations

from nbformat.v4 import new_notebook

from autograder.base.course import Assignment
from autograder.base.people import Directory, Person
from autograder.base.records import Submission
from autograder.run.earlier import Filing, absent, filing, said, staying

NOBODY = Directory([])
PCA, ENCODER = Assignment("03-pca", "PCA", 12), Assignment("04-encoder", "Encoder", 14)


def handed_in(student, assignment=PCA, file=None, person=""):
    file = file or f"week/{student}.ipynb"
    return Submission(student, file, assignment, new_notebook(), person=person or f"name:{student}")


def lost(student, file, assignment=None):
    return Submission(student, file, assignment, cause="no notebook", person=f"name:{student}")


def stays(earlier, *now, directory=NOBODY):
    """What is left of an earlier run, as student and assignment."""
    filings = {str(number): filing(one) for number, one in enumerate(earlier)}
    return [(filings[key].student, filings[key].slug) for key in staying(filings, now, directory)]


def test_another_week_replaces_nothing():
    """Do the rows of 04 stay when 03 is graded into the same folder?"""
    assert stays([handed_in("Ada", ENCODER), handed_in("Bob", ENCODER)], handed_in("Ada")) == [
        ("Ada", "04-encoder"),
        ("Bob", "04-encoder"),
    ]


def test_a_file_handed_in_again_replaces_under_any_name():
    """Has somebody who renames the notebook one row, and everybody else theirs?"""
    again = handed_in("Ada", file="week/pca (1).ipynb")
    assert stays([handed_in("Ada"), handed_in("Bob")], again) == [("Bob", "03-pca")]


def test_a_damaged_file_costs_nobody_an_earlier_mark():
    """Does the graded row stay when what comes later cannot be read, and go when the same file is damaged?"""
    assert stays([handed_in("Ada")], lost("Ada", "week/ada.pdf", PCA)) == [("Ada", "03-pca")]
    assert stays([handed_in("Ada")], lost("Ada", "week/Ada.ipynb", PCA)) == []


def test_one_path_for_every_week_keeps_the_weeks_apart():
    """Is `submissions/ada/notebook.ipynb` of week 4 another row than that of week 3?"""
    path = "submissions/ada/notebook.ipynb"
    assert stays([handed_in("Ada", PCA, path)], handed_in("Ada", ENCODER, path)) == [("Ada", "03-pca")]
    assert stays([lost("Ada", path)], handed_in("Ada", ENCODER, path)) == []


def test_people_of_one_name_do_not_replace_each_other():
    """Does the second John Smith's file leave the first one's row alone?"""
    first, second = (handed_in("John Smith", person=f"canvas:{number}") for number in (111, 222))
    assert stays([first], second) == [("John Smith", "03-pca")]


def test_a_roster_that_comes_later_finds_earlier_rows():
    """Is Canvas's number of week 3 the person of the roster in week 4?"""
    directory = Directory([Person("s1", "Ada Lovelace", canvas_id="77")])
    before, again = handed_in("lovelaceada", person="canvas:77"), handed_in("Ada Lovelace", person="roster:s1")
    assert stays([before], again, directory=directory) == []


def test_a_roster_gives_two_people_of_one_name_to_nobody():
    """Are two Canvas numbers never lifted to one person of the roster because of a name?"""
    directory = Directory([Person("s1", "John Smith")])
    first, second = (handed_in("John Smith", person=f"canvas:{number}") for number in (111, 222))
    assert stays([first], second, directory=directory) == [("John Smith", "03-pca")]


def test_what_stays_is_said():
    """Do the lines tell other weeks from people who are gone, and name the way to drop them?"""
    earlier = {
        "a": Filing("04-encoder", "Ada", "a"),
        "b": Filing("03-pca", "Bob", "b"),
        "c": Filing(None, "Cyd", "c.pdf"),
    }
    gone = absent(list(earlier), earlier, ["03-pca"])
    assert gone == ["b", "c"]
    rows = [earlier[key] for key in gone]
    assert said(list(earlier.values()), rows, 1, dropped=False) == [
        "Earlier rows of other assignments stay as they are: 04-encoder (1).",
        "Kept 2 earlier rows whose files are not under these paths: Bob (03-pca), Cyd (c.pdf). 1 of them were judged "
        "by earlier checks, seeds or images. --drop drops them.",
    ]
    assert said(rows, rows, 0, dropped=True)[-1].startswith("Dropped 2 earlier rows")
    assert said([], [], 0, dropped=False) == []
