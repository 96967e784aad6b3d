"""A few hand-ins of the kind that got lost: one name twice, PDFs, empty folders, a date for a class from Canvas."""

from __future__ import annotations

import csv
import html
import json
import re
import sys
from pathlib import Path

import nbformat
from scratch_course import REPOSITORY, Diary

sys.path.insert(0, str(REPOSITORY / "tests" / "autograder"))

from platform_class import course_notebook
from servers import free_port, running, wait_for

from autograder.base.course import Course

PCA, EDA = "03-pca", "02-eda"
CODE, BLANK = 1, 2  # kinds of notebooks: the code right and the text left blank; nothing answered
ROSTER = """\
id,name,email,canvas_id
s1,Ada Lovelace,ada@uni.example,12345
s2,John Smith,john1@uni.example,111
s3,John Smith,john2@uni.example,222
s4,Bea Blank,bea@uni.example,
s5,Cem Cole,cem@uni.example,
s6,Dee Dunn,dee@uni.example,444
"""
BLEMISHES = (r"\.;", r"<cell \d", "nothing behind them", r"&lt;cell")


def table(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def hand_ins(diary: Diary) -> None:
    """Canvas, Moodle, a PDF, an empty folder, and a roster that demands zeros."""
    made = course_notebook(Course(diary.root))
    inbox = diary.root / "submissions"
    for name, kind in (("smithjohn_111_9001", CODE), ("smithjohn_222_9002", BLANK), ("lovelaceada_12345_9003", CODE)):
        _write(inbox / f"{name}_pca.ipynb", made(PCA, kind))
    for number in ("11", "22"):
        _write(inbox / f"John Smith_{number}_assignsubmission_file_" / "pca.ipynb", made(PCA, CODE))
    _write(inbox / "Bea Blank" / "essay.pdf", b"%PDF")
    (inbox / "Cem Cole").mkdir()
    (diary.root / "course/roster.csv").write_text(ROSTER, encoding="utf-8")
    diary.set('roster = ""', 'roster = "roster.csv"')
    diary.set('missing = "empty"', 'missing = "zero"')
    diary.begin("Two of one name from Canvas, two from Moodle, a PDF, an empty folder, missing = zero")
    diary.course("grade", "submissions", "--look", shown=12)
    diary.course("grade", "submissions", "--dataset", "synthetic-wafers", shown=40)
    rows = table(diary.root / "graded/grades.csv")
    names = [row["student"] for row in rows]
    diary.say(f"  grades.csv: {', '.join(sorted(names))}")
    diary.expect("everything handed in is a row: 7", len(rows) == 7 and len(set(names)) == 7)
    causes = {row["student"]: row["remarks"] for row in rows if row["status"] != "graded"}
    diary.expect("the PDF is one, with its cause", "PDF" in causes.get("Bea Blank", ""))
    diary.expect("the empty folder is one, with its cause", "empty" in causes.get("Cem Cole", ""))
    canvas = {row["ID"] or row["Student"]: list(row.values())[5] for row in table(diary.root / "graded/canvas.csv")}
    diary.say(f"  canvas.csv: {canvas}")
    total = {row["student"]: row["total"] for row in rows}
    diary.expect("Ada, found by her number, has her points", canvas["12345"] == total["Ada Lovelace"] > "0.0")
    own = (total["John Smith (s2)"], total["John Smith (s3)"])
    diary.expect("each John Smith has his own", (canvas["111"], canvas["222"]) == own and own[0] > own[1] == "0.0")
    diary.expect("no zero for the PDF and the empty folder", not canvas["Bea Blank"] and not canvas["Cem Cole"])
    diary.expect("a zero for her who handed in nothing and whose no file can be", canvas["444"] == "0.0")


def another_week(diary: Diary) -> None:
    """02 into the folder that holds 03."""
    diary.begin("Another week is graded into the same folder")
    inbox = diary.root / "submissions-2"
    wrong = nbformat.reads(course_notebook(Course(diary.root))(EDA, CODE).decode(), as_version=4)
    for cell in wrong.cells:
        if cell.id == "task-statistics":
            cell.source += "\n\ndef helper(:\n    pass"
    _write(inbox / "lovelaceada_12345_9103_eda.ipynb", nbformat.writes(wrong).encode())
    _write(inbox / "smithjohn_111_9101_eda.ipynb", course_notebook(Course(diary.root))(EDA, CODE))
    diary.course("grade", "submissions-2", "--dataset", "synthetic-wafers", shown=40)
    weeks = {row["assignment"] for row in table(diary.root / "graded/grades.csv")}
    diary.expect("the tables hold both weeks", weeks >= {PCA, EDA})


def lateness(diary: Diary) -> None:
    """A due date for a class from Canvas, whose names tell no time."""
    diary.begin("A due date for a class from Canvas, and extensions")
    diary.set("[assignments.03-pca]\n", "[assignments.03-pca]\ndue = 2026-11-19T23:59:00+01:00\n")
    submissions = [
        {"user_id": 12345, "submitted_at": "2026-11-21T08:00:00Z"},
        {"user_id": 111, "submitted_at": "2026-11-21T08:00:00Z", "cached_due_date": "2026-11-22T22:59:00Z"},
    ]
    (diary.root / "canvas.json").write_text(json.dumps(submissions), encoding="utf-8")
    diary.course("grades", "graded", "--times", f"{PCA}=canvas.json", shown=30)
    late = {row["student"]: row["late_penalty"] for row in table(diary.root / "graded/grades.csv")}
    diary.expect("Ada, late by two started days, loses 2.4 of 12 points", late["Ada Lovelace"] == "2.4")
    diary.expect("he who has longer loses nothing", late["John Smith (s2)"] == "0.0")


def pages(diary: Diary) -> None:
    """What the report asks, and the words of a feedback page."""
    diary.begin("The report, and the feedback for a mistake")
    report = (diary.root / "graded/report.html").read_text(encoding="utf-8")
    questions = ["Who needs help", "Which question is hardest", "Which answers are alike"]
    places = [report.find(f"<h2>{one}") for one in questions]
    diary.expect(f"it answers, in this order: {', '.join(questions)}", -1 not in places and places == sorted(places))
    texts = [_text(path) for path in sorted((diary.root / "graded/feedback").rglob("*.html"))]
    broken = [found[0] for text in texts if (found := re.search(r"Python cannot read your cell.{0,160}", text))]
    diary.say(f"  {' | '.join(broken)}")
    diary.expect("a syntax error is named with its line", any(re.search(r"line \d", one) for one in broken))
    diary.expect("no page has a blemish", not any(re.search(one, text) for one in BLEMISHES for text in texts))


def formgrader(diary: Diary) -> None:
    """Formgrader over the run folder: its log has nothing to complain about."""
    import urllib.request

    diary.begin("Formgrader on the run folder")
    port, folder, log = free_port(), diary.root / "graded", diary.root.parent / "formgrader.log"
    options = ["--no-browser", "--allow-root", f"--ServerApp.port={port}", "--IdentityProvider.token=scratch"]
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def page(name: str) -> int:
        with direct.open(f"http://127.0.0.1:{port}/{name}?token=scratch", timeout=20) as answer:
            return answer.status

    with running([str(diary.python), "-m", "jupyter_server", *options], log, cwd=folder) as process:
        wait_for(lambda: page("api/status"), process, log)
        seen = [page(f"formgrader/{name}") for name in ("manage_assignments", "gradebook", "manage_students")]
    diary.expect("its pages open", seen == [200, 200, 200])
    diary.expect("its log asks nobody to contact an instructor", "Unwritable" not in log.read_text(errors="replace"))


def clear(diary: Diary) -> None:
    """The copy as it was."""
    diary.git("checkout", "-q", ".")
    diary.git("clean", "-fdqx", "-e", ".venv")


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _text(path: Path) -> str:
    """What a page says, without its marks and programs."""
    bare = re.sub(r"(?s)<(style|script).*?</\1>", "", path.read_text(encoding="utf-8"))
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", bare)).split())


STEPS = (hand_ins, another_week, lateness, pages, formgrader, clear)
