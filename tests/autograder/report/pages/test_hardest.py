"""Which question is hardest."""

from __future__ import annotations

from dataclasses import replace

import pytest
from page_class import ALL_PCA, COURSE, KL, PCA, RIGHT, answered, handed_in
from page_samples import words

from autograder.base.records import WrittenResult
from autograder.judge import wording
from autograder.report.pages.hardest import found_in, hurdles, questions
from autograder.report.pages.report import class_of, render
from autograder.report.titles import Titles

CLASS = [
    *RIGHT,
    handed_in("Ann", "03-pca", answered(PCA, "scores", "ranking")),
    handed_in("Bob", "03-pca", answered(PCA, "scores")),
    handed_in("Ann", "04-encoder", answered(KL)),
    handed_in("Bob", "04-encoder", answered(KL, status="unanswered", message="Not yet answered.")),
]


def test_tasks_come_hardest_first_across_assignments():
    """Is the ranking by the share of the points, over all assignments together?"""
    ranked = questions(class_of(CLASS, COURSE), Titles(COURSE))
    assert [(one.number, one.title, one.full, one.blank, one.count) for one in ranked] == [
        (4, KL.title, 1, 1, 2),
        (3, PCA.title, 4, 0, 6),
    ]


@pytest.mark.parametrize(
    ("marked", "titles"),
    [(1, [PCA.title]), (2, ["Question 1: choosing k", PCA.title])],
    ids=["most wait", "half are marked"],
)
def test_a_written_question_is_ranked_once_half_of_it_is_marked(marked, titles):
    """Does a question that nobody has marked yet stay out, even when some left it blank?"""
    texts = ["so", "so", "so", "so", ""]
    answers = [
        WrittenResult("written-choosing-k", 3.0, text, 1.0 if place < marked else None)
        for place, text in enumerate(texts)
    ]
    class_ = [handed_in(f"S{n}", "03-pca", answered(PCA), written=(one,)) for n, one in enumerate(answers)]
    assert [one.title for one in questions(class_of(class_, COURSE), Titles(COURSE))] == titles


def test_checks_come_by_the_share_that_lost_them_in_their_own_words():
    """Does the check that most lost come first, with what is tested and expected instead of its short name?"""
    first, *_ = ranked = hurdles(class_of(CLASS, COURSE), Titles(COURSE))
    assert [one.lost / one.count for one in ranked] == sorted((one.lost / one.count for one in ranked), reverse=True)
    check = next(one for one in PCA.checks if one.name == "scores")
    assert (first.tested, first.expected) == (wording.begun(check.tested), check.goal)
    assert (first.task, first.lost, first.count) == (PCA.title, 2, 6)


def test_a_task_left_blank_says_nothing_of_its_checks():
    """Does a blank answer count where questions are ranked, and not for each check of its task?"""
    blank = [handed_in(f"S{n}", "04-encoder", answered(KL, status="unanswered", message="x")) for n in range(5)]
    group = class_of([*CLASS, *blank], COURSE)
    assert next((one.title, one.blank) for one in questions(group, Titles(COURSE))) == (KL.title, 6)
    assert all(one.task == PCA.title for one in hurdles(group, Titles(COURSE)))


def test_no_check_is_cut_from_the_page():
    """Does the page hold every check that anybody lost, not only the first nine?"""
    page = words(render([*RIGHT, handed_in("Ann", "03-pca", answered(PCA, *ALL_PCA))], COURSE, dataset="x"))
    for check in PCA.checks:
        assert wording.begun(check.tested).replace("`", "") in page


def finding_of(*messages):
    """The commonest finding of a check that was lost with these messages."""
    check = PCA.checks[2]
    tasks = []
    for message in messages:
        task = answered(PCA)
        marks = [replace(one, points=0.0, message=message) if one.name == check.name else one for one in task.checks]
        tasks.append(replace(task, checks=tuple(marks)))
    class_ = [handed_in(f"S{number}", "03-pca", task) for number, task in enumerate(tasks)]
    (one,) = hurdles(class_of(class_, COURSE), Titles(COURSE))
    return one.finding, one.times


def wrong(found):
    return wording.wrong(PCA.checks[2].tested, found, PCA.checks[2].goal)


def test_the_commonest_finding_is_the_same_whatever_its_numbers():
    """Are findings that differ in numbers counted together, and one of them shown without what was expected?"""
    assert finding_of(wrong("mean 0.5"), wrong("mean 0.71"), wrong("not finite")) == ("Mean 0.5.", 2)


def test_a_consequence_is_no_finding_while_there_is_another():
    """Is a mistake named rather than the many for whom the check only went with another one?"""
    only = wording.only_with(PCA.checks[2].tested, ["the ranking"])
    assert finding_of(only, only, wrong("not finite")) == ("Not finite.", 1)
    assert finding_of(only, only)[1] == 2


def test_a_message_without_its_check_is_shown_as_it_is():
    """Does a check that the course no longer has still show its message?"""
    task = answered(PCA, "scores")
    assert found_in(task, task.checks[2], None) == task.checks[2].message
