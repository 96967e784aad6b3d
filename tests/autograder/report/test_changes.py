"""Whose mark moved after a regrade, and why."""

from __future__ import annotations

import csv
from dataclasses import replace

from page_samples import LOST, RESULT
from rich.console import Console

from autograder.base.records import Mark
from autograder.report.changes import Judge, changes, remember, remembered, write_changes
from autograder.report.terminal import changes_table

SLUG = "01-scaling"
SAME = {SLUG: Judge("e1", "fashion-mnist", "s1")}
SCALE, SHIFT = RESULT.tasks
RIGHT = replace(SCALE, points=3.0, checks=(SCALE.checks[0], Mark("inputs", 1.0, 1.0, "the input: as it was")))
BETTER = replace(RESULT, tasks=(RIGHT, SHIFT), points=3.0)


def moved(tmp_path, before, after, old=None, new=None):
    """What moved between two hand-backs, as (what, before, after, why)."""
    remember(tmp_path, before)
    found = changes(remembered(tmp_path), after, old or SAME, new or SAME)
    return [(one.task, one.before, one.after, one.why) for one in found]


def test_nothing_moves_by_itself(tmp_path):
    """Is a second run over the same files without a change, and nobody's first mark one?"""
    assert moved(tmp_path, [RESULT, LOST], [RESULT, LOST]) == []
    assert moved(tmp_path, [], [RESULT]) == []
    assert remembered(tmp_path / "elsewhere") is None


def test_a_changed_check_is_told_from_a_changed_answer(tmp_path):
    """Does the table say whether checks, images, seeds or the student made the difference, and which check?"""
    flip = "inputs passes"
    row = ("Task 1: scale", 2.0, 3.0)
    cases = {
        "the checks changed": Judge("e2", "fashion-mnist", "s1"),
        "other seeds": Judge("e2", "fashion-mnist", "s2"),
        "other images (synthetic-wafers instead of fashion-mnist)": Judge("e2", "synthetic-wafers", "s1"),
        "the same answer was judged again": SAME[SLUG],
    }
    for why, judge in cases.items():
        assert moved(tmp_path, [RESULT], [BETTER], new={SLUG: judge}) == [(*row, f"{why}; {flip}")]
    again = replace(BETTER, answers={**RESULT.answers, "scale": "def scale(x):\n    return x + x"})
    assert moved(tmp_path, [RESULT], [again]) == [(*row, f"another answer was handed in; {flip}")]


def test_a_lost_point_has_the_check_with_its_message(tmp_path):
    """Does the row of somebody who lost a point say what the student will read?"""
    ((_, _, _, why),) = moved(tmp_path, [BETTER], [RESULT], new={SLUG: Judge("e2", "fashion-mnist", "s1")})
    assert why == f"the checks changed; inputs: {SCALE.checks[1].message}"


def test_marks_by_hand_and_lateness_are_told(tmp_path):
    """Are a person's mark, a time that became known, an extension and new rules each a row with its cause?"""
    hand = replace(RESULT, tasks=(replace(SCALE, by_hand=2.5), SHIFT))
    assert moved(tmp_path, [RESULT], [hand]) == [("Task 1: scale", 2.0, 2.5, "mark by hand")]
    marked = replace(RESULT, written=(replace(RESULT.written[0], points=3.0),))
    assert moved(tmp_path, [RESULT], [marked]) == [("written-why", "not marked", 3.0, "mark by hand")]
    late = replace(RESULT, submitted_at="2026-12-03T12:00:00+00:00", late_penalty=1.0)
    ((what, before, after, why),) = moved(tmp_path, [RESULT], [late])
    assert (what, before, after) == ("late", 0.0, -1.0)
    assert why == "handed in 03 Dec 2026 12:00:00 UTC; before, no time was known"
    longer = replace(late, extended_until="2026-12-04T12:00:00+00:00", late_penalty=0.0)
    assert moved(tmp_path, [late], [longer])[0][3] == "extension until 04 Dec 2026 12:00:00 UTC"
    assert (
        moved(tmp_path, [late], [replace(late, late_penalty=2.0)])[0][3]
        == "the due date or the rules of [late] changed"
    )


def test_a_mark_that_vanishes_or_comes_is_a_row(tmp_path):
    """Is a graded file that cannot be read any more, or was dropped, told?"""
    lost = replace(RESULT, status="unreadable", cause="the file is empty.", tasks=(), written=())
    assert moved(tmp_path, [RESULT], [lost]) == [("everything", 2.0, "not readable", "the file is empty.")]
    assert moved(tmp_path, [lost], [RESULT])[0][3] == "a file that can be read was handed in"
    assert moved(tmp_path, [RESULT], []) == [("everything", 2.0, "", "dropped from the run folder")]


def test_points_of_a_task_that_changed_are_told(tmp_path):
    """Does a row say that the task is worth something else now?"""
    worth = replace(RESULT, tasks=(replace(SCALE, points=4.0, max_points=6.0), SHIFT))
    why = moved(tmp_path, [RESULT], [worth], new={SLUG: Judge("e2", "fashion-mnist", "s1")})[0][3]
    assert why.startswith("the checks changed; worth 6 instead of 3")


def test_the_table_names_people_and_points(tmp_path):
    """Does the table on the screen, and the file, say who moved from what to what?"""
    remember(tmp_path, [RESULT])
    found = changes(remembered(tmp_path), [BETTER], SAME, SAME)
    console = Console(width=160, record=True)
    console.print(changes_table(found))
    text = console.export_text()
    assert "Marks that moved: 1, of 1 person" in text
    assert all(
        part in text
        for part in ("Ada Lovelace", "01-scaling", "Task 1: 2 → 3, in all 2 → 3: the same answer", "inputs passes")
    )
    write_changes(tmp_path, found)
    with (tmp_path / "changes.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["student"], row["before"], row["after"], row["total_after"]) == ("Ada Lovelace", "2.0", "3.0", "3.0")


def test_what_students_wrote_is_not_kept_twice(tmp_path):
    """Does the file to compare with hold no code and no written answers?"""
    remember(tmp_path, [RESULT])
    text = (tmp_path / "handed_back.jsonl").read_text()
    assert "def scale" not in text and "Because" not in text
