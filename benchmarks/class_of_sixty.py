"""Sixty people as platforms give them out, in two weeks: graded, corrected, handed back and summed up."""

from __future__ import annotations

import csv
import json
import sys
import zipfile
from collections import Counter

from few_people import clear, table
from scratch_course import REPOSITORY, Diary

sys.path.insert(0, str(REPOSITORY / "tests" / "autograder"))

from platform_class import ETHICS, PCA, HandIn, PlatformClass, course_notebook, make_class, use_roster

from autograder.base.course import Course

DUE = "due = 2026-11-19T23:59:00+01:00\n"
EXTENSIONS = "person,assignment,until\nlogin52,*,2026-11-20T23:59:00+01:00\n"
WEEKS = (("week1", PCA), ("week2", ETHICS))
DATASET = ("--dataset", "synthetic-wafers")


def prepare(diary: Diary) -> None:
    """A roster, dates, extensions, and both weeks' hand-ins."""
    course = Course(diary.root)
    for folder, slug in WEEKS:
        use_roster(course, _made(diary, folder, slug), "zero")
        diary.set(f"[assignments.{slug}]\n", f"[assignments.{slug}]\n{DUE}")
    diary.set('extensions = ""', 'extensions = "extensions.csv"')
    (diary.root / "course/extensions.csv").write_text(EXTENSIONS, encoding="utf-8")


def _made(diary: Diary, folder: str, slug: str) -> PlatformClass:
    """A week's class: the same people and files each time it is made."""
    inbox = diary.root / "submissions" / folder
    if not inbox.exists():
        return make_class(inbox, course_notebook(Course(diary.root)), (slug,))
    return make_class(diary.root.parent / "once-more" / folder, lambda *_: b"", (slug,))


def grade(diary: Diary) -> None:
    """Both weeks, one after the other, into one folder."""
    expected: list[HandIn] = []
    for folder, slug in WEEKS:
        diary.begin(f"Sixty people, {slug}, into the same run folder")
        expected += _made(diary, folder, slug).rows
        diary.course("grade", f"submissions/{folder}", "--look", shown=24)
        diary.course("grade", f"submissions/{folder}", *DATASET, shown=60)
        _nobody_lost(diary, expected)


def _nobody_lost(diary: Diary, expected: list[HandIn]) -> None:
    rows = [json.loads(line) for line in (diary.root / "graded/results.jsonl").read_text("utf-8").splitlines()]
    found = Counter((row["person"], row["assignment"], row["status"] == "graded") for row in rows)
    wanted = Counter((one.person, one.assignment, not one.cause) for one in expected)
    diary.expect(f"everything handed in is one row of its person: {len(expected)}", found == wanted)
    names = {row["person"]: row["student"] for row in rows}
    diary.expect(f"{len(names)} people, as many names", len(set(names.values())) == len(names))
    kept = table(diary.root / "graded/grades.csv")
    diary.expect("grades.csv has them all", len(kept) == len(rows))
    diary.expect(
        "what cannot be graded has its cause", all(row["remarks"] for row in kept if row["status"] != "graded")
    )
    _exports(diary, rows)


def _exports(diary: Diary, rows: list[dict[str, object]]) -> None:
    """The roster's rows of canvas.csv and moodle.csv, cell by cell."""
    slugs = sorted({str(row["assignment"]) for row in rows})
    graded = {(row["person"], row["assignment"]): row for row in kept_results(diary)}
    wrong, zeros = [], 0
    for place, (key, skipped) in {"canvas": ("SIS Login ID", 5), "moodle": ("ID number", 3)}.items():
        with (diary.root / f"graded/{place}.csv").open(encoding="utf-8-sig", newline="") as file:
            header, *people = csv.reader(file)
        for number, cells in enumerate(people[1:] if place == "canvas" else people, start=1):
            expected_key = f"login{number}" if place == "canvas" else f"s{number:02}"
            wrong += [] if cells[header.index(key)] == expected_key else [f"{place}: row {number}"]
            for slug, cell in zip(slugs, cells[skipped:], strict=True):
                one = graded.get((f"roster:s{number:02}", slug))
                total = one["total"] if one and one["status"] == "graded" and not int(one["to_mark"]) else ""
                zeros += cell == "0.0" and not one
                wrong += (
                    [] if cell == (total if one else cell if cell in ("", "0.0") else "?") else [f"{place}: {cells}"]
                )
    diary.expect(
        "canvas.csv and moodle.csv hold the roster's 60 in its order, each with the totals of grades.csv, "
        "empty where one is not final",
        not wrong,
    )
    for one in wrong[:5]:
        diary.say(f"    {one}")
    diary.say(f"  zeros for people without work: {zeros}")


def kept_results(diary: Diary) -> list[dict[str, str]]:
    """The rows of grades.csv with their person."""
    rows = [json.loads(line) for line in (diary.root / "graded/results.jsonl").read_text("utf-8").splitlines()]
    persons = {row["student"]: row["person"] for row in rows}
    return [row | {"person": persons[row["student"]]} for row in table(diary.root / "graded/grades.csv")]


def times(diary: Diary) -> None:
    """What worksheets, timestamps and extensions did; then Canvas' own times."""
    diary.begin("Late, and extended")
    late = {(row["person"], row["assignment"]): float(row["late_penalty"]) for row in kept_results(diary)}
    diary.expect("Moodle's worksheet: late costs s36 2 days of 12 points", late["roster:s36", PCA] == 2.4)
    diary.expect("… and nothing where Moodle gave an extension (s35)", late["roster:s35", PCA] == 0)
    diary.expect("nbgrader's timestamp: late costs s47 one day", late["roster:s47", PCA] == 1.2)
    diary.expect("… and nothing where extensions.csv says so (s52)", late["roster:s52", PCA] == 0)
    submissions = [{"user_id": 1001, "submitted_at": "2026-11-20T08:00:00Z", "user": {"name": "John Smith"}}]
    (diary.root / "canvas.json").write_text(json.dumps(submissions), encoding="utf-8")
    diary.course("grades", "graded", "--times", f"{PCA}=canvas.json", shown=40)
    late = {(row["person"], row["assignment"]): float(row["late_penalty"]) for row in kept_results(diary)}
    diary.expect(
        "Canvas' times: one John Smith is late, the other not",
        (late["roster:s01", PCA], late["roster:s02", PCA]) == (1.2, 0),
    )


def regrade(diary: Diary) -> None:
    """One person hands in again; whose mark moves, and why?"""
    diary.begin("Somebody hands in again, and the week is graded once more")
    (diary.root / "submissions/week2/submitted/login45/09-ethics/ethics.ipynb").write_bytes(
        course_notebook(Course(diary.root))(ETHICS, 1)
    )
    before = {(row["person"], row["assignment"]): row["total"] for row in kept_results(diary)}
    diary.course("grade", "submissions/week2", *DATASET, shown=40)
    after = {(row["person"], row["assignment"]): row["total"] for row in kept_results(diary)}
    moved = {key for key in before if before[key] != after[key]}
    diary.expect("this mark moved, and nobody else's", moved == {("roster:s45", ETHICS)})
    changes = table(diary.root / "graded/changes.csv")
    said = [{column: row[column] for column in ("student", "total_before", "total_after", "why")} for row in changes]
    diary.say(f"  changes.csv: {said}")
    diary.expect(
        "changes.csv says whose and why",
        {row["student"] for row in changes} == {"Mei Weiß"} and all(row["why"] for row in changes),
    )


def hand_back(diary: Diary) -> None:
    """Feedback as zips in the platforms' naming."""
    diary.begin("Feedback goes back")
    for platform, count in (("canvas", 23), ("moodle", 20)):  # Canvas' text and link have no file
        diary.course("feedback", "graded", "--for", platform, "--assignment", PCA, shown=6)
        with zipfile.ZipFile(diary.root / f"graded/feedback-{PCA}-{platform}.zip") as packet:
            members = packet.namelist()
        diary.expect(f"a page for each of {count} from {platform}", len(members) == len(set(members)) == count)


def record(diary: Diary) -> None:
    """The term so far."""
    diary.begin("The term's record")
    diary.course("term", "graded", shown=80)
    rows = table(diary.root / "term/term.csv")
    diary.expect("60 of the roster and 2 strangers have a row", len({row["person"] for row in rows}) == len(rows) == 62)


STEPS = (prepare, grade, times, regrade, hand_back, record, clear)
