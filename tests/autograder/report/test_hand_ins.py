"""Hand-in times and extensions from files: Moodle's, Canvas' and one's own, given to the right people or to nobody."""

from __future__ import annotations

import json
from dataclasses import replace

import notebook_makers as make
import pytest
from page_samples import LOST, RESULT, words

from autograder.base.course import CourseError
from autograder.report.hand_ins import with_times
from autograder.report.late import remarks, sentence, with_notes, with_penalties
from autograder.report.pages import feedback
from autograder.report.times import read_extensions, read_times, remember, remembered

SLUG = "01-scaling"
DUE = "due = 2026-11-27T23:59:00+01:00"
ROSTER = "id,name,email,canvas_id\ns1,Ada Lovelace,ada@x.org,77\ns2,Grace Hopper,grace@x.org,78\n"
HEAD = (
    "Identifier,Full name,ID number,Email address,Status,Grade,Maximum Grade,Grade can be changed,"
    "Last modified (submission),Last modified (grade),Feedback comments\n"
)
MOODLE = (
    HEAD
    + 'Participant 11,John Smith,,js@x.org,Submitted for grading,,9.00,Yes,"Friday, 27 November 2026, 11:58 PM",-,\n'
    + "Participant 12,John Smith,,j2@x.org,Submitted for grading - 2 days late - Extension granted until: Monday, 30 "
    + 'November 2026, 11:59 PM,,9.00,Yes,"Sunday, 29 November 2026, 8:00 AM",-,\n'
    + "Participant 13,Eve,,eve@x.org,No submission,,9.00,Yes,-,-,\n"
).replace(
    "Submitted for grading - 2 days late - Extension granted until: Monday, 30 November 2026, 11:59 PM",
    '"Submitted for grading - 2 days late - Extension granted until: Monday, 30 November 2026, 11:59 PM"',
)


def course_with(tmp_path, due=DUE, late="", roster=""):
    course = make.make_course(tmp_path / "course")
    path = course.root / "course" / "course.toml"
    text = path.read_text().replace('shifting"', f'shifting"\n{due}') + f"\n[late]\nper_day = 0.1\n{late}\n"
    if roster:
        (path.parent / "roster.csv").write_text(roster)
        text += '\n[lms]\nroster = "roster.csv"\n'
    path.write_text(text)
    course.__dict__.pop("settings", None)
    return course


def file(tmp_path, text, name="times.csv", slug=SLUG):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return f"{slug}={path}" if slug else str(path)


def row(student, person="", upload="", **more):
    return replace(RESULT, student=student, person=person or f"name:{student}", upload=upload, repairs=(), **more)


def timed(course, given, *rows):
    """Lateness in points for each row, and what is said."""
    found = with_times(course, rows, read_times(course, given))
    return [one.late_penalty for one in with_penalties(course, found.results)], list(found.remarks)


def test_moodles_worksheet_is_taken_as_it_is(tmp_path):
    """Do two John Smiths get their own times, by Moodle's number in the folder's name, and the extension counts?"""
    first, second = (
        row(f"John Smith{x}", "name:John Smith", f"John Smith_{n}_assignsubmission_file_")
        for x, n in (("", 11), (" (2)", 12))
    )
    second = replace(second, person="name:John Smith 2")
    course = course_with(tmp_path)
    found = with_times(course, [first, second], read_times(course, file(tmp_path, MOODLE)))
    assert [one.submitted_at for one in found.results] == ["2026-11-27T23:58:00+01:00", "2026-11-29T08:00:00+01:00"]
    assert [one.late_penalty for one in with_penalties(course, found.results)] == [0.0, 0.0]
    assert found.results[1].extended_until == "2026-11-30T23:59:00+01:00"
    assert found.remarks == ()
    assert timed(course, file(tmp_path, MOODLE.replace("30 Nov", "28 Nov")), second)[0] == [1.0]


def test_the_worksheet_in_german(tmp_path):
    """Are headings, dates and the extension of a German Moodle understood, semicolons included?"""
    text = (
        "ID;Vollständiger Name;E-Mail-Adresse;Status;Bewertung;Zuletzt geändert (Abgabe);Feedback als Kommentar\n"
        "Teilnehmer/in11;Jürgen Groß;j@x.org;Zur Bewertung abgegeben - Verlängerung bis: "
        "Montag, 30. November 2026, 23:59;;Dienstag, 1. Dezember 2026, 08:00;\n"
    )
    groß = row("Juergen Gross", upload="Jürgen Groß_11_assignsubmission_file_")
    assert timed(course_with(tmp_path), file(tmp_path, text), groß) == ([1.0], [])


def test_canvas_submissions_as_json(tmp_path):
    """Are times and each person's own due date taken from what Canvas' API gives, by the number of the user?"""
    items = [
        {"user_id": 77, "assignment_id": 5001, "submitted_at": "2026-11-29T07:00:00Z", "cached_due_date": None},
        {
            "user_id": 78,
            "assignment_id": 5001,
            "submitted_at": "2026-11-29T07:00:00Z",
            "late": False,
            "cached_due_date": "2026-11-30T22:59:00Z",
            "user": {"name": "Grace Hopper"},
        },
        {"user_id": 79, "assignment_id": 5001, "submitted_at": None, "late": False},
    ]
    course = course_with(tmp_path, due=f"{DUE}\ncanvas_id = 5001")
    rows = [row("lovelaceada", "canvas:77"), row("hoppergrace", "canvas:78")]
    assert timed(course, file(tmp_path, json.dumps(items), "canvas.json", slug=None), *rows) == ([2.0, 0.0], [])
    unknown = file(tmp_path, json.dumps(items).replace("5001", "4"), "canvas.json", slug=None)
    with pytest.raises(CourseError, match="line 1: Canvas' assignment 4 is the canvas_id of none"):
        read_times(course, unknown)


@pytest.mark.parametrize("who", ["id\ns1", 'name\n"Lovelace, Ada"', "email\nada@x.org", "canvas_id\n77", "login\nada"])
def test_a_table_of_ones_own_names_people_in_any_way(tmp_path, who):
    """Does any column of the roster find the person, in a file with an assignment in each row?"""
    column, person = who.split("\n")
    text = f"{column},assignment,submitted_at\n{person},{SLUG},2026-11-29 08:00\n"
    roster = "id,name,email,canvas_id,login\ns1,Ada Lovelace,ada@x.org,77,ada\n"
    course = course_with(tmp_path, roster=roster)
    assert timed(course, file(tmp_path, text, slug=None), row("Ada Lovelace", "roster:s1")) == ([2.0], [])


def test_extensions_beside_the_settings_count_in_every_run(tmp_path):
    """Does `extensions.csv` give days to one person in all assignments, and nothing to anybody else?"""
    course = course_with(tmp_path, late='extensions = "extensions.csv"\ntimezone = "Europe/Berlin"')
    (course.root / "course" / "extensions.csv").write_text("person,assignment,until\nAda Lovelace,*,2026-11-30\n")
    rows = [row(name, submitted_at="2026-11-30T20:00:00+00:00") for name in ("Ada Lovelace", "Bob")]
    found = with_times(course, rows, read_extensions(course))
    charged = with_penalties(course, found.results)
    assert [one.late_penalty for one in charged] == [0.0, 3.0]
    assert "due 27 Nov 2026 23:59:00, for you 30 Nov 2026 23:59:59 (UTC+01:00): in time." in sentence(
        course, charged[0]
    )
    assert "for you 30 Nov" in words(feedback.render(charged[0], course))


def test_hours_are_counted_from_the_due_date(tmp_path):
    """Does an extension of 48 hours end two days after the due date, and never shorten anything?"""
    text = f"name,assignment,extension_hours\nAda Lovelace,{SLUG},48\n"
    ada = row("Ada Lovelace", submitted_at="2026-11-30T08:00:00+00:00")
    assert timed(course_with(tmp_path), file(tmp_path, text), ada)[0] == [1.0]


def test_an_ambiguous_name_is_nobodys(tmp_path):
    """Do two people of one name, or two rows of one name, get no time, and is it said why?"""
    course = course_with(tmp_path)
    one = f"name,assignment,submitted_at\nJohn Smith,{SLUG},2026-11-29 08:00\n"
    two = [row("John Smith", "canvas:1"), row("John Smith (2)", "canvas:2", **{"file": "b"})]
    two[1] = replace(two[1], student="john smith")
    points, said = timed(course, file(tmp_path, one), *two)
    assert points == [0.0, 0.0]
    assert said == [
        "times.csv, line 2: 'John Smith' may be John Smith, john smith (01-scaling): "
        "expected an id, an e-mail address or Canvas' number."
    ]
    rows = one + f"Smith John,{SLUG},2026-11-30 08:00\n"
    points, said = timed(course, file(tmp_path, rows), two[0])
    assert points == [0.0]
    assert said == ["times.csv, line 2 and times.csv, line 3 fit John Smith (01-scaling) alike; they count for nobody."]


def test_a_row_of_nobody_is_said_and_one_who_may_still_hand_in_is_not(tmp_path):
    """Is a misspelt name told with file and line, and an extension of somebody on the roster left in peace?"""
    course = course_with(tmp_path, roster=ROSTER)
    text = f"name,assignment,extended_until\nGrace Hopper,{SLUG},2026-12-01\nBob Loe,{SLUG},2026-12-01\n"
    _, said = timed(course, file(tmp_path, text), row("Ada Lovelace", "roster:s1"))
    assert said == [
        "times.csv, line 3: nobody called 'Bob Loe' has handed in 01-scaling, and the roster knows no such person; "
        "the row counts for nobody."
    ]


@pytest.mark.parametrize(
    ("text", "slug", "cause"),
    [
        ("name,when\nAda,1\n", SLUG, r"has the columns name, when: expected a person \(id, name"),
        (f"name,assignment,submitted_at\nAda,{SLUG},soon\n", None, r"line 2: submitted_at is 'soon': expected a date"),
        ("name,assignment,submitted_at\nAda,99-no,2026-11-29 08:00\n", None, "line 2: no assignment is called '99-no'"),
        ("name,submitted_at\nAda,2026-11-29 08:00\n", None, r"line 2: no assignment is named: .* 03-pca="),
        (f"name,assignment,submitted_at\n,{SLUG},2026-11-29 08:00\n", None, "line 2: nobody is named"),
        (f"name,assignment,extension_hours\nAda,{SLUG},many\n", None, "line 2: extension_hours is 'many'"),
        ('[{"user_id": 1}, 7]', SLUG, "is no list of Canvas' submissions"),
        ("", SLUG, "has the columns nothing"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_named_with_file_and_line(tmp_path, text, slug, cause):
    """Is a wrong column, time, assignment or person one sentence that says where it stands?"""
    with pytest.raises(CourseError, match=cause):
        read_times(course_with(tmp_path), file(tmp_path, text, slug=slug))


def test_a_file_that_is_no_text_or_is_gone_is_named(tmp_path):
    """Is a spreadsheet's own format refused in words?"""
    (tmp_path / "times.xlsx").write_bytes(b"PK\x03\x04\xff\xfe")
    for name in ("times.xlsx", "gone.csv"):
        with pytest.raises(CourseError, match=rf"{name} cannot be read .* expected a CSV or JSON file in UTF-8"):
            read_times(course_with(tmp_path), f"{SLUG}={tmp_path / name}")


def test_a_run_folder_remembers_what_it_was_given(tmp_path):
    """Are all weeks' times still there after another file, and does a newer row for the same person replace its own?"""
    course = course_with(tmp_path)
    text = "name,assignment,submitted_at\nAda,{0},2026-11-{1} 08:00\n"
    old = read_times(course, file(tmp_path, text.format(SLUG, 28) + f"Bob,{SLUG},2026-11-28 08:00\n"))
    remember(tmp_path, old)
    remember(tmp_path, [*remembered(course, tmp_path), *read_times(course, file(tmp_path, text.format(SLUG, 29)))])
    assert [(one.name, one.submitted_at[:10]) for one in remembered(course, tmp_path)] == [
        ("Ada", "2026-11-29"),
        ("Bob", "2026-11-28"),
    ]
    assert remembered(course, tmp_path)[1].source == "times.csv, line 3"


def test_canvas_late_mark_without_a_time_says_what_is_missing(tmp_path):
    """Is it said how to give the time, and that nothing is taken off, and neither once it is known?"""
    course = course_with(tmp_path)
    late = row("lovelaceada", "canvas:77", file="week/lovelaceada_LATE_77_9_scaling.ipynb")
    (said,) = remarks(course, [late])
    assert said.startswith("Canvas marked as late, and names no time: lovelaceada (01-scaling). Nothing is taken off")
    assert "course grades RUN --times FILE" in said
    assert with_notes([late])[0].repairs[-1].startswith("Canvas marked it as late; when it came is not known")
    known = replace(late, submitted_at="2026-11-29T08:00:00+00:00")
    assert with_notes([known]) == [known] and remarks(course, [known]) == []


def test_due_dates_without_any_time_are_said(tmp_path):
    """Is a class that would never be charged told so, but not a course without rules?"""
    course = course_with(tmp_path)
    assert "no hand-in time is known: 01-scaling (1)." in remarks(course, [row("Ada"), LOST])[0]
    assert remarks(course_with(tmp_path / "other", due=""), [row("Ada")]) == []


def test_an_unknown_zone_is_refused(tmp_path):
    """Does a misspelt time zone stop in a sentence?"""
    with pytest.raises(CourseError, match=r"\[late\] timezone is 'Europe/Berlín': expected a zone"):
        course_with(tmp_path, late='timezone = "Europe/Berlín"').settings  # noqa: B018
