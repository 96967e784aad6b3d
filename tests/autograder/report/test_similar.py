"""Similar answers: which pairs are worth a look, and which are not."""

from __future__ import annotations

import re

import pytest
from page_samples import words

from autograder.banks import entries, entry
from autograder.base.course import find_course
from autograder.base.notebooks import grade_id, is_answer, read_notebook, without_markers
from autograder.base.records import Result, TaskResult
from autograder.report.pages import report
from autograder.report.similar import alike, shape, similar_pairs

COURSE = find_course()
BANKS = [("04-encoder", task) for task in ("forward", "reparameterize", "kl_divergence")]
BANKS.append(("03-pca", "pca_anomaly_detection"))
COPIED = entry(COURSE, COURSE.assignment("03-pca"), "torch_pca_lowrank").source


def texts_of(slug, task, kind):
    """The answers of a bank."""
    bank = entries(COURSE, COURSE.assignment(slug))
    return [one.source for one in bank if (one.task, one.kind) == (task, kind)]


def given(slug, task):
    """The release's cell and the reference answer."""
    trees = [read_notebook(COURSE.notebook(tree, COURSE.assignment(slug))) for tree in ("release", "source")]
    cells = [cell for tree in trees for cell in tree.cells if is_answer(cell) and grade_id(cell) == task]
    return [without_markers(cell.source) for cell in cells]


def disguised(source):
    """A copy with other names and comments, and its imports in another order."""
    lines = [
        line + "  # my own idea" if line.strip().startswith(("return", "for")) else line for line in source.split("\n")
    ]
    text = re.sub(r"\b(scores|mean|errors|basis|centred|data|train|test)\b(?=\s*=|\s*-|\))", r"my_\1", "\n".join(lines))
    return "import sys\nimport numpy as other\n\n" + text


@pytest.mark.parametrize(("slug", "task"), BANKS, ids=[task for _, task in BANKS])
@pytest.mark.parametrize("kind", ["right", "wrong"])
def test_independent_answers_are_no_pairs(slug, task, kind):
    """Are answers that were written independently of each other left alone?"""
    texts = texts_of(slug, task, kind)
    assert len(texts) > 4
    assert alike(texts, given(slug, task)) == []


def test_a_disguised_copy_is_found():
    """Is a copy found among independent answers when its names, comments and imports differ?"""
    texts = texts_of("03-pca", "pca_anomaly_detection", "right")
    copied = texts.index(COPIED)
    (pair,) = alike([*texts, disguised(COPIED)], given("03-pca", "pca_anomaly_detection"))
    assert pair[:2] == (copied, len(texts))


@pytest.mark.parametrize("number", [0, 1], ids=["the release", "the reference"])
def test_what_everybody_was_given_is_nobodys_own(number):
    """Are two copies of the release or of the reference no pair?"""
    text = given("04-encoder", "forward")[number]
    assert alike([text, disguised(text)], given("04-encoder", "forward")) == []


def test_what_many_students_share_is_not_unusual():
    """Are answers that many students give alike left alone, though two of them would be a pair?"""
    assert len(alike([COPIED] * 2)) == 1
    assert alike([COPIED] * 6) == []


@pytest.mark.parametrize("size", [3, 5])
def test_a_ring_of_copies_is_found(size):
    """Are all pairs among several copies of one answer named, in a class that answers otherwise?"""
    others = [text for text in texts_of("03-pca", "pca_anomaly_detection", "right") if text != COPIED]
    texts = [*others, *(f"{COPIED}\n# {number}" for number in range(size))]
    found = alike(texts, given("03-pca", "pca_anomaly_detection"))
    assert len(found) == size * (size - 1) // 2
    assert all(first >= len(others) for first, *_ in found)


def test_short_answers_are_no_pairs():
    """Are two equal answers of a line or two no reason to look?"""
    assert alike(["def f(x):\n    return (x ** 2).sum(1).mean()"] * 2) == []


def test_a_copy_that_is_no_python_is_found_by_its_words():
    """Is a copied answer with a syntax error still compared?"""
    broken = COPIED + "\n)"
    assert alike([broken, broken.replace("train", "learn") + "  # mine"]) == [(0, 1, 1.0)]


@pytest.mark.parametrize(
    "text", ["", "(" * 50_000, "-" * 50_000 + "1", "\0", "\ud800", "'''" + "a" * 50_000, "x" * 200_000]
)
def test_hostile_answers_cost_nothing_but_themselves(text):
    """Does an answer made to choke a parser leave the others' comparison as it is?"""
    assert (1, 2, 1.0) in alike([text, COPIED, COPIED])


def test_formatting_comments_names_and_annotations_do_not_count():
    """Do two ways to write the same thing have the same shape?"""
    first = 'def f(x: int) -> int:\n    """Doc."""\n    return (x.exp()  # e\n    + 2)'
    assert shape(first) == shape("import os\ndef f(value):\n    return value.exp() + 2")


def results():
    task = TaskResult("pca_anomaly_detection", "Task 1: PCA", "ok", 1, 1, ())
    return [
        Result(name, f"{name}.ipynb", "03-pca", "graded", tasks=(task,), answers={task.name: text})
        for name, text in (("ada", COPIED), ("bob", disguised(COPIED)), ("cy", "x = 1"), ("ada", COPIED))
    ]


def test_pairs_of_different_people_come_in_one_order():
    """Is nobody a pair with themselves, whatever order results come in?"""
    pairs = similar_pairs(COURSE, results()[:3])
    assert [(one.first.student, one.second.student) for one in pairs] == [("ada", "bob")]
    assert similar_pairs(COURSE, results()[2::-1]) == pairs
    assert {(one.first.student, one.second.student) for one in similar_pairs(COURSE, results())} == {("ada", "bob")}


def test_the_report_lists_pairs_with_links_and_no_verdict():
    """Does the report name both students, the task and how alike they are, and link to both pages?"""
    found = results()[:3]
    links = {(one.student, one.assignment, one.file): f"feedback/{one.student}.html" for one in found}
    page = report.render(found, COURSE, dataset="x", links=links, alike=similar_pairs(COURSE, found))
    assert "ada and bob" in words(page)
    assert "no verdict" in words(page)
    assert page.count('href="feedback/ada.html"') == 3  # her points, her line, and the pair
