"""Who of the roster is meant by what platforms and people write."""

from __future__ import annotations

import notebook_makers as make
import pytest

from autograder.base.course import CourseError
from autograder.base.people import Directory, Person, roster

ADA = Person("s1", "Ada Lovelace", "a.lovelace@uni.example", "12345", "SIS-1", "alove")
ASA = Person("s2", "Åsa Weiß Jørgensen", "asa@uni.example", "12346")
JEAN = Person("s3", "O'Brien, Jean-Luc", "jl@uni.example")
MUELLER = Person("s4", "Jürgen Müller")
CLASS = Directory([ADA, ASA, JEAN, MUELLER])

WRITTEN = {
    "the id": ("S1", ADA),
    "the SIS id": ("sis-1", ADA),
    "the login": ("alove", ADA),
    "the address": ("A.Lovelace@uni.example", ADA),
    "the address as a folder": ("a_lovelace@uni_example", ADA),
    "the address before its @": ("a.lovelace", ADA),
    "a platform's number as a name": ("12345", ADA),
    "the name": ("ada lovelace", ADA),
    "last name first": ("Lovelace, Ada", ADA),
    "Canvas's sortable name": ("lovelaceada", ADA),
    "glued together with capitals": ("LovelaceAda", ADA),
    "with underscores": ("Lovelace_Ada", ADA),
    "without accents": ("Asa Weiss Jorgensen", ASA),
    "decomposed accents": ("A\u030asa Weiß Jørgensen", ASA),
    "three words, sortable": ("weissjørgensenåsa", ASA),
    "three words in another order": ("Jørgensen Åsa Weiß", ASA),
    "hyphen and apostrophe": ("obrienjeanluc", JEAN),
    "an umlaut in two letters": ("Mueller, Juergen", MUELLER),
    "an umlaut dropped": ("mullerjurgen", MUELLER),
}


@pytest.mark.parametrize(("text", "person"), WRITTEN.values(), ids=WRITTEN)
def test_a_person_is_found_by_whatever_they_are_called(text, person):
    """Is the one person found, however their id, address or name is written?"""
    assert CLASS.find(text).person == person


@pytest.mark.parametrize("text", ["Ada", "Lovelace", "Eve Hacker", "", "...", "a"])
def test_nobody_is_guessed(text):
    """Is half a name, a stranger's name or no name nobody's?"""
    assert CLASS.find(text).people == ()


def test_the_platforms_number_goes_before_the_name():
    """Is somebody who calls himself like another known by the number all the same?"""
    assert CLASS.find("lovelaceada", platform_id="12346").person == ASA


def test_another_number_is_another_person():
    """Is a file of user 222 never taken for the person of that name whose number is 111?"""
    john = Person("s1", "John Smith", canvas_id="111")
    assert Directory([john]).find("smithjohn", platform_id="222").people == ()


def test_a_number_that_the_roster_does_not_know_leaves_the_name():
    """Is a person found by name where the roster has no numbers?"""
    john = Person("s1", "John Smith")
    assert Directory([john]).find("smithjohn", platform_id="222").person == john


def test_two_who_fit_are_both_named():
    """Do two people of one name come back together, in the roster's order?"""
    two = [Person("s2", "John Smith"), Person("s1", "Smith, John")]
    match = Directory(two).find("smithjohn")
    assert match.is_ambiguous and match.person is None and match.people == tuple(two)


def test_an_id_goes_before_a_name():
    """Does a login decide though somebody else's name is the same?"""
    adams = Person("s9", "Al Ove")
    assert Directory([ADA, adams]).find("alove").person == ADA


def test_the_first_text_that_fits_decides():
    """Is an address that is known of somebody surer than the name beside it?"""
    assert CLASS.find("nobody@x.example", "asa@uni.example", "Ada Lovelace").person == ASA


def test_two_numbers_of_one_name_are_not_one_person():
    """Is neither of two users called like the roster's only John Smith taken for him?"""
    john = Directory([Person("s1", "John Smith")])
    found = john.find_each({"a": ("smithjohn", "111"), "b": ("smithjohn", "222"), "c": ("smithjohn", "")})
    assert [found[key].person is None for key in "abc"] == [True, True, False]


RECORDED = {
    "by the roster": (("roster:s1", "Ada"), ADA),
    "by Canvas's number": (("canvas:12345", "somebody"), ADA),
    "by Canvas's number, and the name": (("canvas:9", "Mueller, Jürgen (9)"), MUELLER),
    "by the name": (("name:Lovelace, Ada", "x"), ADA),
    "by the address of Moodle's worksheet": (("name:A. L. <a.lovelace@uni.example>", "x"), ADA),
    "in a row of an older run": (("", "ada lovelace"), ADA),
    "one of several of a name": (("moodle:11", "Ada Lovelace (11)"), None),
    "who left the roster": (("roster:s9", "Eve"), None),
}


@pytest.mark.parametrize(("row", "person"), RECORDED.values(), ids=RECORDED)
def test_rows_are_found_in_a_roster_that_came_later(row, person):
    """Is the person of a row found by what its record holds?"""
    assert CLASS.find_recorded([row])[row].person == person


def course_with(tmp_path, text):
    course = make.make_course(tmp_path / "course")
    (course.root / "course/roster.csv").write_text(text, encoding="utf-8")
    with (course.root / "course/course.toml").open("a") as file:
        file.write('\n[lms]\nroster = "roster.csv"\n')
    return course


def test_the_roster_is_read(tmp_path):
    """Are the rows of the CSV the people, with what a spreadsheet adds (a byte order mark, blanks) left out?"""
    text = "\ufeffid,name,canvas_id,comment\n s1 ,Ada Lovelace,12345,x\n"
    assert roster(course_with(tmp_path, text)) == [Person("s1", "Ada Lovelace", canvas_id="12345")]


@pytest.mark.parametrize("text", ["name\nAda\n", "id\ns1\ns1\n", "id\n"])
def test_a_roster_that_cannot_be_right_is_refused(tmp_path, text):
    """Is a roster without ids, with one twice, or with nobody, refused in words?"""
    with pytest.raises(CourseError, match=r"roster .* expected"):
        roster(course_with(tmp_path, text))
