"""Who needs help, and what those who do have in common."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from page_class import ALL_PCA, COURSE, KL, PCA, RIGHT, answered, handed_in
from page_samples import words

from autograder.base.records import Result, WrittenResult
from autograder.judge import wording
from autograder.report.pages.need import in_common, needs
from autograder.report.pages.report import class_of, render
from autograder.report.titles import Titles


def found(results):
    group = class_of(results, COURSE)
    return needs(group, Titles(COURSE))


def names(results):
    return [one.row.student for one in found(results)]


def test_those_who_need_help_come_by_need_and_the_others_not_at_all():
    """Do the weakest stand first, whatever their names?"""
    weak = [
        handed_in("Ann", "03-pca", answered(PCA, "scores", "ranking", "sizes", "pca")),
        handed_in("Zoe", "03-pca", answered(PCA, *ALL_PCA)),
    ]
    assert names([*RIGHT, *weak]) == ["Zoe", "Ann"]


WAITING = (WrittenResult("written-choosing-k", 30.0, "Because the test labels were used."),)


@pytest.mark.parametrize(
    ("written", "who"),
    [
        (WAITING, []),
        ((replace(WAITING[0], points=30.0),), []),
        ((replace(WAITING[0], points=0.0),), ["Ann"]),
        ((replace(WAITING[0], answer=" "),), ["Ann"]),
    ],
    ids=["waits for a mark", "marked well", "marked badly", "left blank"],
)
def test_a_written_answer_counts_once_it_is_decided(written, who):
    """Is nobody weak because a written answer waits for its mark?"""
    assert names([*RIGHT, handed_in("Ann", "03-pca", answered(PCA), written=written)]) == who


def test_lateness_and_unreadable_files_are_no_weakness():
    """Is somebody who was late, or whose file could not be read, not counted as weak for it?"""
    late = replace(handed_in("Ann", "03-pca", answered(PCA)), late_penalty=8.0)
    lost = Result("Bob", "bob.pdf", "03-pca", "unreadable", "it is a PDF")
    assert names([*RIGHT, late, lost]) == []


def test_what_is_missing_counts_as_nothing_got():
    """Is somebody found who did one assignment well, and did not hand in the other?"""
    others = [handed_in(one.student, "04-encoder", answered(KL)) for one in RIGHT]
    (need,) = found([*RIGHT, *others, handed_in("Ann", "03-pca", answered(PCA))])
    assert [one.slug for one in need.row.missing] == ["04-encoder"] and need.share < 1


def test_what_few_have_handed_in_so_far_is_missing_from_nobody():
    """Does one early bird not make the rest of the class need help?"""
    assert (
        names([*RIGHT, handed_in("Ann", "03-pca", answered(PCA)), handed_in("Ann", "04-encoder", answered(KL))]) == []
    )


def test_a_file_that_could_not_be_placed_may_be_the_missing_one():
    """Is nothing said to be missing from somebody one of whose files nobody could place?"""
    others = [handed_in(one.student, "04-encoder", answered(KL)) for one in RIGHT]
    ann = [handed_in("Ann", "03-pca", answered(PCA)), Result("Ann", "IMG.png", None, "unreadable", "a picture")]
    assert names([*RIGHT, *others, *ann]) == []


def test_a_mark_by_hand_goes_before_the_checks():
    """Does somebody to whom a person gave the points need no help?"""
    task = replace(answered(PCA, *ALL_PCA), by_hand=9.0)
    assert names([*RIGHT, handed_in("Ann", "03-pca", task)]) == []


def test_what_they_miss_in_common_is_what_most_of_them_got_wrong():
    """Is a shared mistake named once, in the words of the check, and not its consequences or what one alone missed?"""
    weak = [
        handed_in("Ann", "03-pca", answered(PCA, *ALL_PCA)),
        handed_in("Bob", "03-pca", answered(PCA, "ranking", "scores", "sizes", "pca")),
        handed_in("Cy", "03-pca", answered(PCA, "ranking", "scores", "sizes", "pca")),
    ]
    group = class_of([*RIGHT, *weak], COURSE)
    shared = in_common(group, needs(group, Titles(COURSE)), Titles(COURSE))
    tested = {one.name: wording.begun(one.tested) for one in PCA.checks}
    assert [(one.miss.words, one.weak, one.of_weak, one.others, one.of_others) for one in shared] == [
        (tested["scores"], 3, 3, 0, 4),
        (tested["ranking"], 3, 3, 0, 4),
        (tested["sizes"], 3, 3, 0, 4),
        (tested["pca"], 3, 3, 0, 4),
    ]


def test_a_task_that_was_left_out_is_one_miss():
    """Is a task that many did not answer, or that ended with an error, one line and not one for each check?"""
    weak = [handed_in(name, "03-pca", answered(PCA, status="unanswered")) for name in ("Ann", "Bob")]
    group = class_of([*RIGHT, *weak], COURSE)
    (one,) = in_common(group, needs(group, Titles(COURSE)), Titles(COURSE))
    assert (one.miss.words, one.weak, one.of_weak) == ("The whole task: not answered", 2, 2)


def test_the_report_names_people_what_they_miss_and_who_never_handed_in():
    """Can all of it be read on the page, in words?"""
    weak = [handed_in(name, "03-pca", answered(PCA, "ranking", "scores", "sizes", "pca")) for name in ("Ann", "Bob")]
    page = words(render([*RIGHT, *weak], COURSE, dataset="x", absent=["Hedy Lamarr"]))
    assert "Who needs help (2 of 6)" in page and "On the roster, and nothing handed in: Hedy Lamarr." in page
    assert re.search(r"Ann 44 % of 9 points .*Bob 44 % of 9 points .*What they miss in common", page)
    assert "Scores rank the test images by their reconstruction error 03, Task 1: pca_anomaly_detection" in page
    assert "2 of 2 of the others 0 of 4" in page
