"""From what the worker sent back to points: tables of checks, requirements, and every way to get nothing."""

import numpy as np
import pytest
from waferlab.checks.core import Check, Finding, Task

from autograder.judge import marking
from autograder.judge.marking import give_points, mark_task
from autograder.wall.sandbox import Answer


def value_fault(seen, expected):
    value = float(np.asarray(seen["value"]))
    return None if value == expected["value"] else f"{value}"


CHECKS = (
    Check("shape", 1, "the shape", "one number", lambda seen, expected: None),
    Check("values", 3, "the values", "twice x", value_fault),
    Check("unchanged", 1, "the input", "as it was", lambda seen, expected: None, requires=("values",)),
)
TASK = Task("none", "double", "Task 1: double", ("double",), lambda answers, case: {}, CHECKS)


def finding(name: str, passed: bool) -> Finding:
    return Finding(name, f"the {name}", passed, "something", "something else")


@pytest.mark.parametrize(
    ("values", "points"), [([True], 3.0), ([False], 0.0), ([], 0.0)], ids=["right", "wrong", "no result"]
)
def test_a_check_gives_its_points_only_when_it_was_found_right(values, points):
    """Does a check without a finding give anything?"""
    marks = give_points(CHECKS[1:2], [finding("values", passed) for passed in values])
    assert marks[0].points == points


def test_a_check_without_its_requirement_gives_nothing():
    """Does leaving the inputs alone count for a function whose values are wrong?"""
    marks = give_points(CHECKS, [finding("shape", True), finding("values", False), finding("unchanged", True)])
    assert [mark.points for mark in marks] == [1, 0, 0]
    assert marks[2].message == (
        "The unchanged: nothing wrong was found, but that counts only together with “the values”."
    )


@pytest.mark.parametrize(
    ("check", "points"),
    [
        pytest.param("shape", 4, id="a check that students see, too"),
        pytest.param("secret", 5, id="a check that only the grader can judge"),
    ],
)
def test_what_only_the_grader_looks_for_joins_the_check_of_its_name(monkeypatch, check, points):
    """Does a hidden fault cost its check's points, and does a check that nothing judges give none?"""
    secret = Check("secret", 2, "what is hidden", "in words")
    task = Task("none", "double", "Task 1", ("double",), TASK.observe, (*CHECKS, secret))
    monkeypatch.setattr(marking, "hidden_faults", lambda task: {check: lambda seen, expected: "a fault"})
    result = mark_task(task, Answer("ok", "probe", "", 0.1, {"value": 2.0}), {"value": 2.0})
    assert (result.points, result.max_points) == (points, 7)
    assert [finding.name for finding in task.judge({"value": 2.0}, {"value": 2.0})] == ["shape", "values", "unchanged"]


@pytest.mark.parametrize(
    ("answer", "status", "points"),
    [
        (Answer("ok", "probe", "", 0.1, {"value": 2.0}), "ok", 5),
        (Answer("ok", "probe", "", 0.1, {"value": 3.0}), "ok", 1),
        (Answer("timeout", "probe", "time", 8.0), "timeout", 0),
        (Answer("crashed", "probe", "ended by SIGSEGV", 0.1), "crashed", 0),
        (Answer("ok", "probe", "", 0.1, {}, {"double": "NameError: name 'np'"}, ("double",)), "error", 0),
        (Answer("ok", "probe", "", 0.1, {}, {}, ("double",)), "error", 0),
        (Answer("ok", "probe", "", 0.1, {"unanswered": True, "value": 2.0}), "unanswered", 0),
        (Answer("ok", "probe", "", 0.1, {"value": "two"}), "error", 0),
        (Answer("ok", "probe", "", 0.1, {}), "error", 0),
    ],
    ids=["right", "wrong", "time-out", "crash", "cell raised", "name missing", "not answered", "text", "nothing sent"],
)
def test_every_way_an_answer_can_come_back_gives_a_result(answer, status, points):
    """Does each kind of answer get its status and its points, and never an exception?"""
    result = mark_task(TASK, answer, {"value": 2.0})
    assert (result.status, result.points, result.max_points) == (status, points, 5)


def test_the_message_names_what_the_cell_raised():
    """Does a student whose cell failed read why?"""
    answer = Answer("ok", "probe", "", 0.1, {}, {"double": "NameError: name 'np' is not defined"}, ("double",))
    assert "NameError: name 'np' is not defined" in mark_task(TASK, answer, {}).message


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ("1.7290 instead of 17.2904. You took the mean?", "1.7290. You took the mean?"),
        ("mu = 2 gave -2.0000 instead of 2.0000", "mu = 2 gave -2.0000."),
        ("5.0 instead of -1.2e-05; is the sign right?", "5.0; is the sign right?"),
        ("mu has shape (3,) instead of (3, 8)", "mu has shape (3,) instead of (3, 8)."),
        ("None instead of a dict", "None instead of a dict."),
    ],
)
def test_expected_numbers_stay_inside(found, said):
    """Does a hidden check tell what was found and not which number it wanted?"""
    checks = [Check("values", 1.0, "values", "in words")]
    (mark,) = give_points(checks, [Finding("values", "values", False, found, "in words")])
    assert mark.message == f"Values: {said} Expected: in words."


def test_a_judge_that_does_not_end_costs_its_question_only(monkeypatch):
    """Does a judge that an observation keeps busy end, with a sentence, and no points?"""
    monkeypatch.setattr(marking, "JUDGE_SECONDS", 0.1)

    def endless(seen, expected):
        while True:
            pass

    task = Task("none", "slow", "Task 1", (), lambda answers, case: {}, (Check("a", 1, "it", "this", endless),))
    result = mark_task(task, Answer("ok", "probe", "", 0.1, {"value": 1}), {})
    assert (result.points, result.status) == (0, "error")
    assert "too long to judge" in result.message
