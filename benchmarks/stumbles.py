"""What a new instructor does wrong with notebooks and settings in the first days, and what `course` says to it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from typing import Any

from scratch_course import Cells, Diary

BEGIN, END = "    ### BEGIN SOLUTION\n", "\n    ### END SOLUTION"
FAR = "due = 2099-12-01T23:59:00+01:00\n"
PCA = "[assignments.03-pca]\n"


def fresh(diary: Diary) -> None:
    """Nothing is stale, so that times below are those of the change alone."""
    diary.begin("As cloned")
    for words in (["export"], ["release"], ["solutions", "03-pca"]):
        diary.course(*words)
    diary.git("commit", "-qam", "fresh", "--allow-empty")


def markers(diary: Diary) -> None:
    """A marker is deleted, a pair is, one is misspelt."""
    diary.begin("A solution marker of 03 is deleted")
    with diary.undone():
        before = diary.trees()
        diary.replace("03-pca", "task-pca", BEGIN, "")
        for words in (["check"], ["release"], ["publish", "../students", "--through", "3"]):
            diary.course(
                *words, status=1 if words == ["check"] else 2, says=["cell 'task-pca', line"], what=_what(words)
            )
        diary.expect("no release was written, nothing published", before == diary.trees() and not _students(diary))
    diary.begin("… and a pair of them")
    with diary.undone():
        before = diary.trees()
        diary.edit("03-pca", lambda cells: _strip_pair(cells["task-pca"]))
        diary.course("release", status=2, says=["cell 'task-pca'", "'### BEGIN SOLUTION'"])
        diary.course("publish", "../students", "--through", "3", status=2, says=["cell 'task-pca'"])
        diary.expect("no release was written, nothing published", before == diary.trees() and not _students(diary))
    diary.begin("Markers: END is missing, BEGIN is misspelt")
    with diary.undone():
        diary.replace("03-pca", "task-pca", END, "")
        diary.course("check", status=1, says=["cell 'task-pca', line", "'### BEGIN SOLUTION'"])
    with diary.undone():
        diary.replace("03-pca", "task-pca", "### BEGIN SOLUTION", "### BEGIN SOLUTON")
        diary.course("check", status=1, says=["'### BEGIN SOLUTON' is no marker"])


def _what(words: list[str]) -> str:
    return f"marker deleted, then `course {words[0]}`"


def _strip_pair(cell: dict[str, Any]) -> None:
    cell["source"] = cell["source"].replace(BEGIN, "", 1).replace(END, "", 1)


def _students(diary: Diary) -> bool:
    return (diary.root.parent / "students").exists()


def points(diary: Diary) -> None:
    """Points are changed in a cell, and in course.toml."""
    diary.begin("Points are changed: 9 become 10 in the check cell of 03")
    with diary.undone():
        diary.edit("03-pca", lambda cells: cells["check-pca"]["metadata"]["nbgrader"].update(points=10))
        diary.course("check", status=1, says=["10 points, shared out", "run `course release`"])
        diary.course("release", says=["the text says 9 points"], what="points 9 -> 10, then `course release`")
        diary.edit("03-pca", _ten_in_the_text)
        diary.course("release")
        diary.course("check", says=["nothing wrong"], shown=2)
    diary.begin("… and in course.toml")
    with diary.undone():
        diary.set(PCA, f"{PCA}points = 13.5\n")
        diary.course("check", status=1, says=["points is no longer set here"])


def _ten_in_the_text(cells: Cells) -> None:
    for cell in cells.values():
        cell["source"] = re.sub(r"(?<!\d)9(?= points| \|)", "10", cell["source"])


SETTINGS: tuple[tuple[str, str, int, str], ...] = (
    (PCA, f"{PCA}deu = 2026-12-01T23:59:00+01:00\n", 1, "deu is unknown"),
    ("[late]", "[lates]", 1, "lates"),
    ('dataset = "auto"', 'dataset = "fashion"', 1, "dataset is 'fashion'"),
    ('title = "PCA: the linear baseline"\n', "", 1, "[assignments.03-pca] title is missing"),
    ("max_memory_gb = 6 ", 'max_memory_gb = "6 GB" ', 1, "max_memory_gb is '6 GB': expected a number"),
    ("[assignments.04-encoder]", "[assignments.encoder]", 1, "'encoder': expected the form NN-slug"),
    ("min_seconds = 6 ", "# min_seconds = 6 ", 0, "nothing wrong"),
)


def settings(diary: Diary) -> None:
    """Keys are misspelt, left out, or hold what they cannot."""
    diary.begin("course.toml: misspelt, left out, of another kind")
    for old, new, status, says in SETTINGS:
        with diary.undone():
            diary.set(old, new)
            diary.say(f"  ({old.strip()} -> {new.strip() or 'nothing'})")
            diary.course("check", status=status, says=[says], shown=2)
    with diary.undone():
        text = diary.settings.read_text(encoding="utf-8")
        diary.settings.write_text(re.sub(r"(?s)\[grading\].*?(?=\n\[)", "", text), encoding="utf-8")
        diary.say("  ([grading] is gone: its defaults hold)")
        diary.course("check", says=["nothing wrong"], shown=2)


def _no_id(cells: Cells) -> None:
    del cells["lesson"]["id"]


def _no_check(cells: Cells) -> None:
    cells["check-pca"]["gone"] = True


def _nine(cells: Cells) -> None:
    cells["check-pca"]["metadata"]["nbgrader"]["points"] = "nine"


def _no_tag(cells: Cells) -> None:
    cells["task-pca"]["metadata"]["tags"] = []


def _twice(cells: Cells) -> None:
    cells["written-choosing-k"]["metadata"]["nbgrader"]["grade_id"] = "check-pca_anomaly_detection"


CELLS: tuple[tuple[str, Callable[[Cells], None], str], ...] = (
    ("a cell's id is deleted", _no_id, "has no id"),
    ("a check cell is deleted", _no_check, "'pca_anomaly_detection' has no check cell"),
    ("one grade_id stands twice", _twice, "'check-pca_anomaly_detection' is taken by cell"),
    ("points are 'nine'", _nine, "points is 'nine'"),
    ("the tag 'reference' is gone", _no_tag, "without the tag 'reference'"),
)


def cells(diary: Diary) -> None:
    """Ids, cells, points and tags are lost or wrong; a comma of the file is."""
    diary.begin("Notebook 03: ids, cells, points, tags, JSON")
    for done, change, says in CELLS:
        with diary.undone():
            before = diary.trees()
            diary.say(f"  ({done})")
            diary.edit("03-pca", change)
            diary.course("release", status=2, says=["source/03-pca/pca.ipynb", says], shown=3)
            diary.expect("no release was written", before == diary.trees())
    with diary.undone():
        path = diary.root / "source/03-pca/pca.ipynb"
        path.write_text(path.read_text(encoding="utf-8").replace('",\n', '"\n', 1), encoding="utf-8")
        diary.say("  (a comma of the JSON is deleted)")
        diary.course("export", status=2, says=["pca.ipynb, line", "not valid JSON"])


def publications(diary: Diary) -> None:
    """A publication would give away answers that are still asked for, or take away what students have."""
    students, answers = diary.root.parent / "students", "course/waferlab/reference"
    diary.begin("04 is published while 03 can still be handed in")
    with diary.undone():
        diary.set(PCA, PCA + FAR)
        diary.course("publish", "../students", "--through", "4", status=2, says=["needs the answers of 03-pca"])
        diary.expect("nothing was published", not students.exists())
        diary.course("publish", "../students", "--through", "3", what="`course publish` of 01 to 03")
        diary.expect("no answer is in it", [one.name for one in (students / answers).glob("*.py")] == ["__init__.py"])
    diary.begin("03 is published over 04")
    diary.course("publish", "../students", "--through", "4", says=["has no due date"])
    diary.course("publish", "../students", "--through", "3", status=2, says=["--remove", "release/04-encoder"], shown=3)
    diary.expect("04 is still there", (students / "release/04-encoder").is_dir())
    diary.course(
        "publish", "../students", "--through", "3", "--remove", says=["removed ../students/release/04-encoder"]
    )
    shutil.rmtree(students)


def personal_data(diary: Diary) -> None:
    """A roster lies beside course.toml, tables lie in the root, a run folder in the course."""
    diary.begin("git status with a roster, tables and hand-ins in the course")
    for name in ("course/roster.csv", "grades.csv", "graded/grades.csv", "submissions/ada.ipynb", "export.zip"):
        (diary.root / name).parent.mkdir(exist_ok=True)
        (diary.root / name).write_text("Ada Lovelace")
    seen = diary.git("status", "--short")
    diary.expect("git shows none of them", seen == "")
    diary.git("clean", "-fdqx", "-e", ".venv")


def edit_loop(diary: Diary) -> None:
    """Prose, then an answer is changed; then two assignments change places."""
    diary.begin("Prose of one notebook is edited")
    with diary.undone():
        diary.replace("03-pca", "lesson", "- ", "- Look twice. ")
        for command in ("export", "release", "solutions 03-pca"):
            diary.course(*command.split(), what=f"prose edited, then `course {command}`")
        diary.expect("the release says it", b"Look twice." in diary.trees()["release/03-pca/pca.ipynb"])
    diary.begin("An answer is edited")
    with diary.undone():
        diary.replace("03-pca", "task-pca", BEGIN, f"{BEGIN}    train_data = np.asarray(train_data)\n")
        diary.course("export", what="answer of 03 edited, then `course export` with its expectations")
        diary.course("release", what="answer of 03 edited, then `course release`")
    diary.begin("02 and 03 change places")
    with diary.undone():
        diary.course("move", "03-pca", "2", what="`course move 03-pca 2`")
        heading = next(line for line in _text(diary, "02-pca").splitlines() if line.startswith("# "))
        diary.say(f"  heading: {heading}")
        diary.expect("the heading's number follows", "02" in heading and "03" not in heading)
        diary.course("check", says=["nothing wrong"])
        diary.course("move", "04-encoder", "1", status=2, what="`course move` against the order of answers", shown=2)


def _text(diary: Diary, slug: str) -> str:
    found: dict[str, str] = {}
    diary.edit(slug, lambda cells: found.update({name: cell["source"] for name, cell in cells.items()}))
    return "\n".join(found.values())


def tenth(diary: Diary) -> None:
    """A tenth assignment: with its beginnings, then without its check module, then without its bank."""
    diary.begin("A tenth assignment")
    with diary.undone():
        diary.course("new", "10-lighting", "--title", "Uneven light", "--points", "8", shown=3, what="`course new`")
        diary.course("check", says=["10 assignments: nothing wrong"])
        for command in ("export", "release"):
            diary.course(command, "--check", says=["up to date"], shown=1)
        bank = next((diary.root / "autograder/banks/lighting").glob("*.toml"))
        bank.unlink()
        diary.say("  (its bank is deleted)")
        diary.course("check", status=1, says=["no wrong and no right answer"], shown=2)
        diary.course("validate", "10-lighting", status=2, shown=2)
        (diary.root / "course/waferlab/checks/lighting.py").unlink()
        diary.say("  (its check module, too)")
        diary.course("release", status=2, says=["lighting"], shown=2)
        notebook = "release/10-lighting/lighting.ipynb"
        diary.course("grade", notebook, "--out", "../tenth", status=2, says=["lighting"], shown=5)


AUTHORING = (fresh, markers, points, settings, cells, publications, personal_data, edit_loop, tenth)
