"""nbgrader's gradebook: what goes in, what people enter, and what comes back out of it."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import nbformat
import notebook_makers as make
import pytest
from nbgrader.api import Gradebook
from page_samples import EVIL, LOST, RESULT, SCALE, SHIFT, words

from autograder.base.course import Course, CourseError, checks_module, find_course
from autograder.base.notebooks import grade_id, is_check, read_notebook
from autograder.base.records import Mark, Result, WrittenResult
from autograder.rebuild import regraft
from autograder.report import gradebook
from autograder.report.formgrader import autograded, harmless
from autograder.report.gradebook import CHECK, COURSE_ID, ENVIRONMENT, student_ids
from autograder.report.hand_back import hand_back
from autograder.run.grades import grades
from autograder.run.journal import write_results

PLACE = ("scaling", "01-scaling")
SILENT = replace(RESULT, student="Åsa Öberg", file="asa.ipynb", written=(WrittenResult("written-why", 3.0, " \n"),))


@pytest.fixture(autouse=True)
def no_address(monkeypatch):
    monkeypatch.delenv(ENVIRONMENT, raising=False)


@pytest.fixture
def course(tmp_path) -> Course:
    return make.make_course(tmp_path / "course")


@pytest.fixture
def run(tmp_path, course) -> Path:
    """A graded class: two students, and a file that could not be read."""
    folder = tmp_path / "run"
    graded(course, folder, [RESULT, SILENT, LOST])
    return folder


def graded(course: Course, folder: Path, results: list[Result]) -> list[Result]:
    """What `course grade` leaves behind for these results."""
    folder.mkdir(exist_ok=True)
    write_results(folder / "results.jsonl", results)
    return hand_back(course, folder, results, "fashion-mnist").results


def book_of(folder: Path) -> Gradebook:
    return Gradebook(f"sqlite:///{folder / 'gradebook.db'}", COURSE_ID)


def enter(folder: Path, cell: str, student: str = "Ada_Lovelace", *, comment: str | None = None, **marks) -> None:
    """What Formgrader does when a person enters points or a comment."""
    with book_of(folder) as book:
        if marks:
            grade = book.find_grade(cell, *PLACE, student)
            for name, value in marks.items():
                setattr(grade, name, value)
            grade.needs_manual_grade = False
        if comment is not None:
            book.find_comment(cell, *PLACE, student).manual_comment = comment
        book.db.commit()


def grade_of(folder: Path, cell: str, student: str = "Ada_Lovelace") -> dict:
    with book_of(folder) as book:
        return book.find_grade(cell, *PLACE, student).to_dict()


def rows(folder: Path) -> dict[str, dict[str, str]]:
    with (folder / "grades.csv").open(newline="", encoding="utf-8") as file:
        return {row["student"]: row for row in csv.DictReader(file)}


def page(folder: Path, student: str = "Ada_Lovelace") -> str:
    return (folder / "feedback" / student / "01-scaling" / "scaling.html").read_text(encoding="utf-8")


# --- what goes in ----------------------------------------------------------------------------------------------------


def test_points_stand_on_the_check_cells(run):
    """Does the gradebook hold our points for each task, and nothing of what the notebook says?"""
    scale, shift = grade_of(run, "check-scale"), grade_of(run, "check-shift")
    assert (scale["auto_score"], shift["auto_score"]) == (2.0, 0.0)
    assert (scale["max_score"], shift["max_score"]) == (2.0, 4.0)
    assert not scale["needs_manual_grade"]


def test_every_task_of_the_course_has_a_place_for_its_points():
    """Does each release hold a check cell that bears the points of each task?"""
    course = find_course()
    for assignment in course.assignments:
        cells = read_notebook(course.notebook("release", assignment)).cells
        places = {grade_id(cell) for cell in cells if is_check(cell)}
        assert places == {CHECK + task for task in checks_module(assignment.module).TASKS}, assignment.slug


def test_a_written_answer_waits_for_a_person(run):
    """Does Formgrader ask for a mark where something was written, and only there?"""
    assert grade_of(run, "written-why")["needs_manual_grade"]
    blank = grade_of(run, "written-why", student_ids([SILENT])["Åsa Öberg"])
    assert (blank["auto_score"], blank["needs_manual_grade"]) == (0.0, False)


def test_unreadable_files_are_not_in_the_gradebook(run):
    """Does a person find only submissions that can be opened?"""
    with book_of(run) as book:
        assert len(book.assignment_submissions("01-scaling")) == 2


def test_names_are_shown_and_ids_are_safe(run):
    """Can a person with a name beyond ASCII be found in Formgrader, under a folder name of safe characters?"""
    with book_of(run) as book:
        names = {one.id: (one.first_name, one.last_name) for one in book.students}
    assert names["Ada_Lovelace"] == ("Ada", "Lovelace")
    assert ("Åsa", "Öberg") in names.values()
    assert all(key.isascii() and "/" not in key for key in names)


def test_names_that_look_alike_get_different_ids():
    """Do `ada`, `Ada` and `A/da` stay apart, even on a file system without case?"""
    results = [replace(RESULT, student=name) for name in ("ada", "Ada", "A/da", "A da", "A_da", "..")]
    ids = student_ids(results)
    assert len({key.casefold() for key in ids.values()}) == len(results)
    assert not any(key.startswith(".") or "/" in key for key in ids.values())


def test_the_last_of_two_files_counts(course, tmp_path):
    """Does the file handed in last stand in the gradebook, whatever its name, and do both rows stay and say so?"""
    early = replace(RESULT, file="b.ipynb", submitted_at="2026-03-01T10:00:00+01:00")
    late = replace(
        RESULT, file="a.ipynb", submitted_at="2026-03-01T09:30:00+00:00", tasks=(replace(SCALE, points=0.5),)
    )
    graded(course, tmp_path / "run", [early, late])
    assert grade_of(tmp_path / "run", "check-scale")["auto_score"] == 0.5
    with (tmp_path / "run" / "grades.csv").open(newline="", encoding="utf-8") as file:
        remarks = {row["file"]: row["remarks"] for row in csv.DictReader(file)}
    assert "The gradebook holds another file, handed in later: a.ipynb." in remarks["b.ipynb"]
    assert "another file" not in remarks["a.ipynb"]


def test_grading_again_adds_nothing_twice(course, run):
    """Is the gradebook the same after a second run, and a new student added?"""
    graded(course, run, [RESULT, SILENT, LOST, replace(RESULT, student="Chen", file="chen.ipynb")])
    with book_of(run) as book:
        assert len(book.assignment_submissions("01-scaling")) == 3
        assert len(book.find_submission_notebook(*PLACE, "Ada_Lovelace").grades) == 3


def test_the_time_of_handing_in_is_formgraders(course, tmp_path):
    """Does Formgrader take a submission as graded, since its two records of the time agree?"""
    from nbgrader.utils import parse_utc

    result = replace(RESULT, submitted_at="2026-03-01T10:00:00.25+01:00")
    graded(course, tmp_path / "run", [result])
    with book_of(tmp_path / "run") as book:
        recorded = book.find_submission("01-scaling", "Ada_Lovelace").timestamp
    written = (tmp_path / "run" / "submitted" / "Ada_Lovelace" / "01-scaling" / "timestamp.txt").read_text()
    assert parse_utc(written.strip()) == recorded
    assert recorded.isoformat() == "2026-03-01T09:00:00.250000"


# --- what people enter -----------------------------------------------------------------------------------------------


def test_marks_and_comments_come_back(course, run):
    """Do points, extra credit and comment reach the result, the table and the page?"""
    enter(run, "written-why", manual_score=2.5, extra_credit=0.5, comment="Say why.")
    results = {one.student: one for one in grades(course, run).results}
    answer = results["Ada Lovelace"].written[0]
    assert (answer.points, answer.extra, answer.comment) == (2.5, 0.5, "Say why.")
    row = rows(run)["Ada Lovelace"]
    assert (row["points"], row["written_points"], row["extra_credit"], row["total"]) == ("2.0", "2.5", "0.5", "5.0")
    assert "5 of 10 points" in words(page(run)) and "Say why." in words(page(run))


def test_a_person_overrules_a_check(course, run):
    """Does a person's word about a task count, and does the page say so?"""
    enter(run, "check-shift", manual_score=3.0)
    enter(run, "shift", comment="Nearly: see the lecture.")
    grades(course, run)
    assert rows(run)["Ada Lovelace"]["points"] == "5.0"
    assert "Task 2: Shift: 3 points by hand instead of 0" in rows(run)["Ada Lovelace"]["remarks"]
    assert "A person gave these points. The checks had found: out of time, 0 of 4 points." in words(page(run))
    assert "Nearly: see the lecture." in words(page(run))


def test_an_empty_answer_is_marked(course, run):
    """Does an empty written answer wait for nobody?"""
    grades(course, run)
    assert rows(run)["Åsa Öberg"]["written_points"] == "0.0"
    assert (rows(run)["Ada Lovelace"]["to_mark"], rows(run)["Åsa Öberg"]["to_mark"]) == ("1", "0")


@pytest.mark.parametrize(("penalty", "total"), [(1.5, "3.0"), (99.0, "0.0")], ids=["taken off", "never below zero"])
def test_a_late_penalty_is_taken_off_the_total(course, tmp_path, penalty, total):
    """Is the total automatic points plus marks less the penalty, and shown to the student?"""
    graded(course, tmp_path / "run", [replace(RESULT, late_penalty=penalty)])
    enter(tmp_path / "run", "written-why", manual_score=2.5)
    grades(course, tmp_path / "run")
    assert rows(tmp_path / "run")["Ada Lovelace"]["total"] == total
    assert f"Handed in late −{penalty:g}" in words(page(tmp_path / "run"))


def test_grading_again_keeps_what_people_entered(course, run):
    """Do marks outlive a second run with other automatic points, without anybody being asked to look again?"""
    enter(run, "written-why", manual_score=1.0, extra_credit=0.25, comment="Fine.")
    better = replace(RESULT, tasks=(replace(SCALE, points=3.0), SHIFT), points=3.0)
    results = graded(course, run, [better, SILENT])
    assert results[0].written[0] == replace(RESULT.written[0], points=1.0, comment="Fine.", extra=0.25)
    assert grade_of(run, "check-scale")["auto_score"] == 3.0
    assert grade_of(run, "written-why")["manual_score"] == 1.0
    assert not grade_of(run, "written-why")["needs_manual_grade"]


@pytest.mark.parametrize(
    ("cell", "again"),
    [
        ("written-why", replace(RESULT, written=(WrittenResult("written-why", 3.0, "I thought again."),))),
        ("check-scale", replace(RESULT, answers={**make.ANSWERS, "scale": "def scale(x):\n    return x + x"})),
        ("check-shift", replace(RESULT, tasks=(SCALE, replace(SHIFT, status="ok", points=1.0, message="")))),
    ],
    ids=["another text", "other code", "other findings"],
)
def test_what_changed_since_it_was_marked_is_shown_again(course, run, cell, again):
    """Does Formgrader ask to look at exactly the cell that is different now, and keep its mark until then?"""
    for name in ("written-why", "check-scale", "check-shift"):
        enter(run, name, manual_score=1.0)
    graded(course, run, [replace(again, warnings=("Another remark.",)), SILENT])
    waiting = [
        name for name in ("written-why", "check-scale", "check-shift") if grade_of(run, name)["needs_manual_grade"]
    ]
    assert waiting == [cell]
    assert grade_of(run, cell)["manual_score"] == 1.0


def test_what_changed_while_the_gradebook_was_away_is_shown_again_later(course, run, monkeypatch):
    """Does a mark for an older text stand unnoticed, because the gradebook was out of reach when the text changed?"""
    enter(run, "written-why", manual_score=1.0)
    monkeypatch.setenv(ENVIRONMENT, "sqlite:////nowhere/at/all/gradebook.db")
    other = replace(RESULT, written=(WrittenResult("written-why", 3.0, "I thought again."),))
    with pytest.raises(CourseError):
        graded(course, run, [other, SILENT])
    monkeypatch.delenv(ENVIRONMENT)
    grades(course, run)
    assert grade_of(run, "written-why")["needs_manual_grade"]
    enter(run, "written-why", manual_score=2.0)
    grades(course, run)
    assert not grade_of(run, "written-why")["needs_manual_grade"]


def test_a_comment_stays_text(course, run):
    """Is markup in a comment shown, not run?"""
    enter(run, "written-why", manual_score=1.0, comment=EVIL)
    grades(course, run)
    assert "<script>" not in page(run) and "&lt;script&gt;" in page(run)


def test_a_folder_without_results_is_named():
    """Does `course grades` on the wrong folder say what it expected?"""
    with pytest.raises(CourseError, match=r"holds no results\.jsonl"):
        grades(Course(Path("/nowhere")), Path("/nowhere"))


def test_the_report_links_to_the_pages(course, run):
    """Does the report lead to nbgrader's place for feedback?"""
    report = (run / "report.html").read_text()
    assert 'href="feedback/Ada_Lovelace/01-scaling/scaling.html"' in report
    assert 'href="feedback/Bob/unplaced/bob.html"' in report and (run / "feedback/Bob/unplaced/bob.html").is_file()


# --- where the gradebook is ------------------------------------------------------------------------------------------


def with_address(course: Course, url: str) -> Course:
    path = course.root / "course" / "course.toml"
    path.write_text(path.read_text() + f"\n[gradebook]\nurl = {json.dumps(url)}\n")
    return Course(course.root)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql+psycopg2://grader@127.0.0.1:1/wafer", "cannot be used"),
        ("sqlite:////nowhere/at/all/gradebook.db", "cannot be used"),
        ("mystery://somewhere/x", "driver that is not installed"),
        ("not an address", "no SQLAlchemy address"),
        ("postgresql+psycopg2://grader:hunter2@localhost/wafer", "holds a password"),
    ],
    ids=["no server", "no folder", "no driver", "no address", "a password in a file"],
)
def test_a_gradebook_out_of_reach_loses_nothing(course, tmp_path, url, words):
    """Is the cause one sentence without a password, and is everything else written?"""
    folder = tmp_path / "run"
    with pytest.raises(CourseError, match=words) as caught:
        graded(with_address(course, url), folder, [RESULT])
    assert "\n" not in str(caught.value) and "hunter2" not in str(caught.value)
    assert "course grades" in str(caught.value)
    assert page(folder) and rows(folder)["Ada Lovelace"]["points"] == "2.0"


def test_the_environment_goes_before_course_toml(course, tmp_path, monkeypatch):
    """Can a password stay out of every file, Formgrader's settings included?"""
    url = f"sqlite:///{tmp_path / 'elsewhere.db'}"
    monkeypatch.setenv(ENVIRONMENT, url)
    course = with_address(course, "postgresql+psycopg2://nobody@127.0.0.1:1/none")
    graded(course, tmp_path / "run", [RESULT])
    assert (tmp_path / "elsewhere.db").is_file()
    settings = (tmp_path / "run" / "nbgrader_config.py").read_text()
    assert ENVIRONMENT in settings and "elsewhere" not in settings


# --- autograded notebooks --------------------------------------------------------------------------------------------


def text_of(notebook) -> str:
    return "\n".join(cell.source + "".join(out.text for out in cell.get("outputs", [])) for cell in notebook.cells)


def test_the_autograded_notebook_is_valid_and_shows_what_was_found(run):
    """Does a person see the answer, the points and the messages, in a notebook that any Jupyter opens?"""
    notebook = nbformat.read(run / "autograded" / "Ada_Lovelace" / "01-scaling" / "scaling.ipynb", 4)
    nbformat.validate(notebook)
    text = text_of(notebook)
    assert "return 2 * x" in text and "Because\nit is." in text
    assert "Task 1: scale: 2 of 3 points (partly right)" in text
    assert "✗ 0/1  inputs: The input: changed. Expected: as it was." in text
    assert "The check cell of Task 1 was edited" in text


def test_helper_cells_stand_where_the_student_put_them():
    """Does a person who marks see the code that an answer uses, before the answer?"""
    submission = make.answered()
    submission.cells.insert(make.place_of(submission, "task-scale"), make.code("mine", "TWICE = 2"))
    result = replace(RESULT, helpers=regraft(make.release(), submission, make.TASKS).helpers)
    sources = [cell.source for cell in autograded(make.release(), result).cells]
    assert sources.index("TWICE = 2") + 1 < sources.index(make.ANSWERS["scale"])
    assert sources.index("TWICE = 2") > sources.index("def half(x):\n    return x / 2")


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("<script>alert(1)</script>", "<script"),
        ("<img src=x onerror=alert(1)>", "<img"),
        ("<!--[if IE]>x<![endif]-->", "<!"),
        ("<javascript:alert(1)>", "<j"),
        ("[x](javascript:alert(1))", "]("),
        ("[x](java&Tab;script&colon;alert(1))", "]("),
        ("[x]\n\n[x]: javascript:alert(1)", "]:"),
        ("![x](http://tracker.example/me.png)", "]("),
        (r"$\href{javascript:alert(1)}{x}$", r"\href"),
        (r"$\style{position:fixed}{x}$", r"\style"),
        (r"$\\\href{javascript:alert(1)}{x}$", r"\href"),
        (r"<\style>*{display:none}</style>", "<s"),
        (r"<\\data onclick=alert(1)>x", "<d"),
        ("\u202e\x1b[31m", "\u202e"),
    ],
)
def test_a_written_answer_cannot_act_in_formgrader(text, gone):
    """Is everything that the browser of a person who marks would run, load or restyle made harmless?"""
    assert gone not in harmless(text)


@pytest.mark.parametrize("text", ["$a < b$ and `x<3`", r"$\hat{x} \classes$", "> a quotation\n\n- a list", "wow! [1]"])
def test_ordinary_markdown_stays_as_it_is(text):
    """Does an honest answer look as its author meant it?"""
    assert harmless(text) == text


# --- what nbgrader's feedback does wrong ------------------------------------------------------------------------------


CANARY = "canary_7f3a"


def everything(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_hidden_tests_stand_nowhere(course, tmp_path):
    """Is anything of the hidden checks, the solution or the secret in what a class or its graders are shown?"""
    source = make.answered(
        {name: text.replace("return", f"{CANARY} = 1; return") for name, text in make.ANSWERS.items()}
    )
    make.cell_of(source, "check-scale-cell").source = f"### BEGIN HIDDEN TESTS\nassert {CANARY}\n### END HIDDEN TESTS"
    path = course.root / "source" / "01-scaling" / "scaling.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(source, path)
    graded(course, tmp_path / "run", [RESULT])
    assert [name for name, data in everything(tmp_path / "run").items() if CANARY.encode() in data] == []


def test_floods_of_text_stay_out_of_every_page(course, tmp_path):
    """Do 24 MB printed, raised and written make a run folder of a few hundred kilobytes?"""
    flood = "x" * 24_000_000
    flooded = replace(
        RESULT,
        tasks=(replace(SCALE, checks=(Mark("values", 0.0, 3.0, flood),)), replace(SHIFT, message=flood)),
        written=(WrittenResult("written-why", 3.0, flood),),
        answers={"scale": flood},
        repairs=(flood,),
    )
    hand_back(course, tmp_path, [flooded], "fashion-mnist")
    sizes = {name: len(data) for name, data in everything(tmp_path).items() if not name.endswith(".csv")}
    assert sum(sizes.values()) < 700_000, sizes


def test_a_warning_costs_nothing(course, tmp_path):
    """Does a right answer that warns on standard error keep its points, in the gradebook and on the page?"""
    source = make.SCALE + "    import warnings\n    warnings.warn('slow')\n    return 2 * x"
    right = replace(SCALE, points=3.0, checks=(Mark("values", 3.0, 3.0, "scale(x): right."),))
    graded(course, tmp_path, [replace(RESULT, tasks=(right,), points=3.0, max_points=3.0, answers={"scale": source})])
    assert grade_of(tmp_path, "check-scale")["auto_score"] == 3.0
    assert "3 of 3 points" in words(page(tmp_path)) and "warn" in words(page(tmp_path))


def test_many_students_take_few_statements(course, tmp_path):
    """Does a class of 300 reach the gradebook in a number of statements that does not grow with it?"""
    import sqlalchemy as sa

    counts = []
    for size in (3, 300):
        results = [replace(RESULT, student=f"student {number}", file=f"{number}.ipynb") for number in range(size)]
        folder = tmp_path / str(size)
        folder.mkdir()
        with gradebook.opened(course, folder) as book:
            statements: list[str] = []
            sa.event.listen(book.engine, "before_cursor_execute", lambda *a, s=statements: s.append(a[2]))
            gradebook.save(book, course, results, student_ids(results))
        counts.append(len(statements))
    assert counts[0] == counts[1]
