"""The whole road: a small class handed in, graded, recorded, and shown."""

import json
import re
import shutil

import pytest

from autograder.banks import entries
from autograder.base.course import checks_module, find_course
from autograder.demo import demo
from autograder.run import one
from autograder.run.grade import grade

COURSE = find_course()
STUDENTS, AGAIN = ("partly-right", "raises"), ("02-eda", "04-encoder", "08-benchmark")  # graded twice


def expected(assignment):
    """The fewest and the most points of each student, as the tasks and the bank promise them."""
    tasks = checks_module(assignment.module).TASKS
    full = sum(task.points for task in tasks.values())
    first = next(iter(tasks.values())).points
    return {
        "reference-answer": (full, full),
        "partly-right": promised(assignment, "partly"),
        "wrong": promised(assignment, "wrong"),
        "raises": (0, 0),
        "never-ends": (full - first, full - first),
    }


def promised(assignment, role):
    """What the answers of a submission may get together; a task that none of them answers is right."""
    tasks = checks_module(assignment.module).TASKS
    answers = {one.task: one for one in entries(COURSE, assignment) if one.demo == role}
    ranges = [
        answers[name].promised(task) if name in answers else (task.points, task.points) for name, task in tasks.items()
    ]
    return tuple(sum(side) for side in zip(*ranges, strict=True))


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    out = tmp_path_factory.mktemp("demo") / "run"
    kept = tmp_path_factory.mktemp("class") / "submitted"
    return demo(find_course(), out, jobs=2, dataset="synthetic-wafers", keep=kept), kept


def read(folder):
    """The files of a run; a database's bytes tell of the order of writes, its contents have tests of their own."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != "gradebook.db")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_every_submission_gets_the_points_that_it_should(graded):
    """Do the five kinds of answer get what they deserve, in every assignment?"""
    points = {(one.assignment, one.student): one.points for one in graded[0].results}
    wanted = {(one.slug, student): most for one in COURSE.assignments for student, most in expected(one).items()}
    assert points.keys() == wanted.keys()
    assert {key: got for key, got in points.items() if not wanted[key][0] <= got <= wanted[key][1]} == {}


@pytest.mark.parametrize("assignment", COURSE.assignments, ids=lambda one: one.slug)
def test_the_kinds_of_answer_differ(assignment):
    """Does each assignment have something to show: no points, some points, and all points?"""
    wanted = expected(assignment)
    full = wanted["reference-answer"][0]
    assert wanted["wrong"][1] < wanted["partly-right"][1] < full
    assert wanted["partly-right"][0] > 0


def test_an_endless_loop_costs_its_own_question_only(graded):
    """Does the student whose first task never ends keep the other tasks' points?"""
    row = next(one for one in graded[0].results if (one.assignment, one.student) == ("04-encoder", "never-ends"))
    assert [task.status for task in row.tasks] == ["timeout", "ok", "ok"]
    assert [task.points for task in row.tasks] == [0, 3, 3]


def test_a_written_answer_waits_for_a_person(graded):
    """Does a written answer reach the results with its text, and an unwritten one without?"""
    answers = {(one.assignment, one.student): one.written[0].answer for one in graded[0].results if one.written}
    assert "test labels" in answers[("03-pca", "reference-answer")]
    assert answers[("03-pca", "wrong")] == ""


def test_everything_that_was_promised_is_there(graded):
    """Are the pages, the tables and the report in the folder that the command names?"""
    files = read(graded[0].folder)
    assert {"report.html", "grades.csv", "checks.csv", "results.jsonl", "nbgrader_config.py"} <= files.keys()
    assert sum(name.startswith("feedback/") for name in files) == 5 * len(find_course().assignments)
    assert sum(name.startswith("autograded/") for name in files) == 5 * len(find_course().assignments)
    assert (graded[0].folder / "gradebook.db").is_file()


def test_no_page_holds_a_seed_or_the_secret(graded):
    """Is anything that must stay outside the students' sight in what they are given?"""
    folder = graded[0].folder
    secret = (folder / "secret").read_text()
    shown = [*(folder / "feedback").rglob("*.html"), *(folder / "autograded").rglob("*.ipynb"), folder / "gradebook.db"]
    pages = b"".join(path.read_bytes() for path in shown)
    assert secret.encode() not in pages
    assert b"BEGIN SOLUTION" not in pages
    assert b"Traceback" not in pages


def test_the_links_of_the_report_lead_somewhere(graded):
    """Does every link in the class report name a file beside it?"""
    folder = graded[0].folder
    links = re.findall(r'href="([^"#]+)"', (folder / "report.html").read_text())
    assert len(links) >= 10
    assert all((folder / link).is_file() for link in links)


@pytest.fixture(scope="module")
def again(graded, one_worker, tmp_path_factory):
    """Two students' work for three assignments, graded again with the same secret and one process instead of two."""
    first, submitted = graded
    folder = tmp_path_factory.mktemp("again")
    for student in STUDENTS:
        for slug in AGAIN:
            shutil.copytree(submitted / student / slug, folder / "submitted" / student / slug)
    (folder / "run").mkdir()
    shutil.copy2(first.folder / "secret", folder / "run" / "secret")
    grade(COURSE, [folder / "submitted"], folder / "run", jobs=1, dataset="synthetic-wafers")
    return folder


def test_grading_again_gives_the_same_bytes(graded, again):
    """Do the same answers with the same secret give the same results and pages?"""
    assert _of_students(again / "run") == _of_students(graded[0].folder)


def _of_students(folder):
    """The pages, notebooks and result lines of the students and assignments that are graded twice."""
    files = {
        name: text
        for name, text in read(folder).items()
        if name.split("/")[1:2] and name.split("/")[1] in STUDENTS and name.split("/")[2] in AGAIN
    }
    rows = [json.loads(line) for line in (folder / "results.jsonl").read_text().splitlines()]
    return files, [row for row in rows if row["student"] in STUDENTS and row["assignment"] in AGAIN]


def test_an_interrupted_run_grades_only_what_is_missing(again, tmp_path, monkeypatch):
    """Are results that are already there graded again?"""
    part = tmp_path / "part"
    shutil.copytree(again / "run", part)
    lines = (part / "journal.jsonl").read_text().splitlines(keepends=True)
    last = json.loads(lines[-1])["work"]
    (part / "journal.jsonl").write_text("".join(line for line in lines if json.loads(line)["work"] != last))
    missing = json.loads((part / "results.jsonl").read_text().splitlines()[-1])
    asked, original = [], one.grade_submission
    monkeypatch.setattr(one, "grade_submission", lambda *args: asked.append(args[1].student) or original(*args))
    grade(COURSE, [again / "submitted"], part, jobs=1, dataset="synthetic-wafers")
    assert asked == [missing["student"]]
    assert read(part) == read(again / "run")
