"""Two answers next to each other, and the list of those that are alike."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from page_class import COURSE, PCA, answered, handed_in
from page_samples import EVIL, PageText, words

from autograder.report.pages.report import render
from autograder.report.pages.side_by_side import BUDGET, MAX_TEXT, known_of, marked
from autograder.report.similar import Group, similar_answers

FIRST = (
    "total = 0\nfor row in rows:\n    total += row.mean() * row.weight  # my trick\n    seen.append(row.name.strip())"
)
SECOND = "import os\nseen = []\n" + FIRST.replace("total", "summe")
KNOWN = known_of([], "code")


def kinds(text, pieces):
    """What a passage is marked as."""
    return {one.kind for one in pieces if text in one.text}


def test_what_both_have_is_marked_and_what_one_has_is_not():
    """Are equal passages marked on both sides, and a line that only one has left plain?"""
    left, right = marked(FIRST, SECOND, KNOWN, "code")
    assert "".join(one.text for one in left) == FIRST and "".join(one.text for one in right) == SECOND
    assert kinds("row.weight", left) == kinds("row.weight", right) == {"same"}
    assert kinds("import os", right) == {""}


def test_another_name_for_the_same_thing_is_told_apart():
    """Is a renamed variable inside an equal passage marked as such?"""
    left, right = marked(FIRST, SECOND, KNOWN, "code")
    assert kinds("total", left) == kinds("summe", right) == {"renamed"}


def test_a_passage_that_was_moved_is_marked():
    """Are equal blocks marked when they stand in another order?"""
    blocks = ["def f(x):\n    return x.alpha(1) + x.beta(2)", "def g(y):\n    return [one.gamma(3) for one in y.delta]"]
    left, right = marked("\n\n".join(blocks), "\n\n".join(blocks[::-1]), KNOWN, "code")
    for word in ("alpha", "delta"):
        assert kinds(word, left) == kinds(word, right) == {"same"}


def test_what_was_given_out_is_not_marked_as_shared():
    """Is the release's own text grey and not marked, comments included?"""
    given = "def weigh(rows, weights):  # YOUR CODE HERE\n    result = []\n    for row in rows:\n        pass"
    left, _ = marked(f"{given}\n{FIRST}", f"{given}\n{FIRST}", known_of([given], "code"), "code")
    assert kinds("def weigh", left) == {"given"} and kinds("YOUR CODE HERE", left) == {"given"}
    assert kinds("my trick", left) == {"same"}


def test_prose_is_marked_by_its_words():
    """Do case, commas and line breaks not matter in prose?"""
    left, right = marked("We see, at the EDGE, more noise.", "Clearly we see at\nthe edge more light", KNOWN, "words")
    assert kinds("EDGE", left) == {"same"} and kinds("noise", left) == kinds("light", right) == {""}


@pytest.mark.parametrize(
    "text", ["", "\n" * 50_000, "'''" * 20_000, "(" * 50_000, "a " * 50_000, "# \u202e\n" * 9_000, "\ud800"]
)
@pytest.mark.parametrize("kind", ["code", "words"])
def test_hostile_texts_are_cut_and_shown(text, kind):
    """Does a text made to take long or to be large come out, cut to its length?"""
    left, right = marked(text, f"{text}x", known_of([text], kind), kind)
    assert sum(len(one.text) for one in (*left, *right)) <= 2 * (MAX_TEXT + 40)
    assert "\u202e" not in "".join(one.text for one in left)


# --- on the page -----------------------------------------------------------------------------------------------------

BASE = [f"    part_{n} = rows[{n}].scale({n}, by={n + 3}) - offsets['k{n}'] ** {n % 7}" for n in range(12)]


def result(name, text, file="", person=""):
    task = answered(PCA)
    one = handed_in(name, "03-pca", task)
    return replace(one, answers={task.name: text}, file=file or one.file, person=person)


def own_text(number=0):
    """An answer with enough of its own."""
    return f"def pca_anomaly_detection(rows, offsets):\n{chr(10).join(BASE)}\n    return part_{number}.total{number}()"


def page_of(results, **options):
    return render(results, COURSE, dataset="x", alike=similar_answers(COURSE, results), **options)


def test_a_pair_opens_to_both_texts_with_links():
    """Does the report name both, say how alike they are and that it is no verdict, and hold both texts, marked?"""
    class_ = [result("ada", own_text()), result("bob", own_text().replace("part_", "piece_")), result("cy", "x = 1")]
    links = {(one.student, one.assignment, one.file): f"feedback/{one.student}.html" for one in class_}
    page = page_of(class_, links=links)
    text = words(page)
    assert "Which answers are alike (1)" in text and "no verdict" in text
    assert re.search(r"ada, bob .*PCA: the linear baseline, Task 1: .* · 100 % of the code alike ada bob", text)
    assert '<mark class="renamed">piece_3</mark>' in page
    assert '<b><a href="feedback/ada.html"><bdi>ada</bdi></a>' in page


def test_many_with_one_text_are_one_line():
    """Are thirty students with one text a group, with a few comparisons, and not 435 pairs?"""
    page = page_of([result(f"s{number:02}", own_text()) for number in range(30)])
    assert "Which answers are alike (1)" in words(page) and "30 people" in words(page)
    assert page.count('class="sides code"') == 3


def test_the_same_people_in_two_questions_are_one_entry():
    """Do two people who are alike in several answers stand together, before others who are so in one?"""
    groups = [
        Group("03-pca", title, "code", (result(one, ""), result(other, "")), (FIRST, SECOND), ((0, 1, share),), ())
        for title, one, other, share in (("A", "cy", "dee", 0.99), ("B", "ada", "bob", 0.8), ("C", "ada", "bob", 0.7))
    ]
    text = words(render([result("ada", "")], COURSE, dataset="x", alike=groups))
    assert "Which answers are alike (2)" in text
    assert text.index("ada, bob") < text.index("cy, dee") and text.count("ada, bob") == 1


def test_copies_of_the_reference_stand_apart():
    """Is a copy of the reference answer shown beside it, and said to be no more than that?"""
    group = Group("03-pca", "Task 1", "code", (result("ada", ""),), (FIRST,), (), (), FIRST)
    text = words(render([result("ada", "")], COURSE, dataset="x", alike=[group]))
    assert "The same as the course's own answer" in text and "the course's answer" in text
    assert "No two answers of different people are." in text


def test_hostile_names_and_texts_stay_text():
    """Does markup in names, files and answers stay text where they stand side by side?"""
    evil = own_text().replace("'k1'", repr(EVIL)) + f"  # {EVIL}"
    page = page_of([result(f"{EVIL}{n}", evil, file=f"{EVIL}{n}") for n in range(2)])
    seen = PageText(page)
    assert 'class="sides code"' in page
    assert {"script", "img"}.isdisjoint(seen.tags) and seen.tags.count("style") == 1
    assert not [name for name, _ in seen.attributes if name.startswith("on")]
    assert "\u202e" not in page


def test_many_pairs_keep_the_page_modest():
    """Does the page stay small when three hundred pairs are alike, and still name them all?"""
    long = "\n".join(f"part_{n} = rows[{n}] & {n}  # <>&'" for n in range(300))
    groups = [
        Group(
            "03-pca", f"Task {n}", "code", (result(f"a{n}", ""), result(f"b{n}", "")), (long, long), ((0, 1, 1.0),), ()
        )
        for n in range(300)
    ]
    page = render([result("ada", "")], COURSE, dataset="x", alike=groups)
    assert "a299, b299" in words(page) and len(page.encode()) < BUDGET + 400_000
