"""Similar answers: which are worth a look, and which are not."""

from __future__ import annotations

import re

import pytest

from autograder.banks import entries, entry
from autograder.banks.bank import BANKS, reference_answers
from autograder.base.course import find_course
from autograder.base.notebooks import grade_id, is_written, read_notebook
from autograder.base.records import Result, TaskResult, WrittenResult
from autograder.report.fingerprints import WORDS, prose_in, shape
from autograder.report.similar import Given, alike, copies_of_code, copies_of_words, similar_answers

COURSE = find_course()
PCA, TASK = "03-pca", "pca_anomaly_detection"
TASKS = [(one.slug, task) for one in COURSE.assignments for task in reference_answers(COURSE, one)]
COPIED = entry(COURSE, COURSE.assignment(PCA), "torch_pca_lowrank").source
GIVEN = {one.slug: Given.of(COURSE, one.slug) for one in COURSE.assignments}
QUESTION = "written-choosing-k"


def independent(slug, task):
    """The right answers of a bank that were written as a whole, and not made out of another one."""
    assignment = COURSE.assignment(slug)
    folder = BANKS / assignment.module / "right"
    there = [one for one in entries(COURSE, assignment) if (one.task, one.kind) == (task, "right")]
    return [one.source for one in there if (folder / f"{one.label}.py").is_file()]


def right(slug, task):
    """All right answers of a bank."""
    return bank(slug, task, "right")


def bank(slug, task, kind):
    """The answers of a bank."""
    there = entries(COURSE, COURSE.assignment(slug))
    return [one.source for one in there if (one.task, one.kind) == (task, kind)]


def known(slug, task):
    """What is nobody's own."""
    return [*GIVEN[slug].code, GIVEN[slug].answer(task)]


def disguised(source):
    """A copy with other names and comments, and its imports in another order."""
    lines = [
        line + "  # my own idea" if line.strip().startswith(("return", "for")) else line for line in source.split("\n")
    ]
    text = re.sub(r"\b(scores|mean|errors|basis|centred|data|train|test)\b(?=\s*=|\s*-|\))", r"my_\1", "\n".join(lines))
    return "import sys\nimport numpy as other\n\n" + text


def reordered(source):
    """A copy whose top-level blocks stand the other way round."""
    return "\n\n\n".join(reversed(re.split(r"\n\n\n+", source.strip())))


WHOLE = [(slug, task) for slug, task in TASKS if independent(slug, task)]


# --- code ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("slug", "task"), TASKS, ids=[task for _, task in TASKS])
@pytest.mark.parametrize("kind", ["right", "wrong"])
def test_independent_answers_are_no_pairs(slug, task, kind):
    """Are answers that were written independently of each other left alone?"""
    texts = bank(slug, task, kind)
    assert len(texts) > 3
    assert alike(texts, known(slug, task)) == []


@pytest.mark.parametrize("change", [disguised, reordered], ids=["renamed", "reordered"])
@pytest.mark.parametrize("end", ["", "\n)"], ids=["Python", "no Python"])
def test_a_copy_is_found(change, end):
    """Is a copy found among independent answers when its names, comments, imports or order differ?"""
    texts = [text for text in right(PCA, TASK) if text != COPIED]
    copy = change(COPIED)
    assert copy != COPIED
    (pair,) = alike([*texts, COPIED + end, copy + end], known(PCA, TASK))
    assert pair[:2] == (len(texts), len(texts) + 1)


@pytest.mark.parametrize("number", [0, 1], ids=["the release", "the reference"])
def test_what_everybody_was_given_is_nobodys_own(number):
    """Are two copies of the release or of the reference no pair?"""
    given = GIVEN["04-encoder"]
    text = (given.stubs["forward"], given.answer("forward"))[number]
    assert alike([text, disguised(text)], known("04-encoder", "forward")) == []


def test_what_the_notebook_provides_is_nobodys_own():
    """Are two answers that begin with a copy of a provided cell no pair?"""
    provided = max(GIVEN["04-encoder"].code, key=len)
    assert alike([f"{provided}\nx = 1", f"{provided}\ny = [2]"], known("04-encoder", "forward")) == []


def test_what_many_students_share_is_not_unusual():
    """Are answers that many arrive at left alone, though two of them would be a pair?"""
    texts = [f"{COPIED}\nx = f(x).own{number}.part(x, {number})" for number in range(12)]  # no two the same
    assert len(alike(texts[:2])) == 1
    assert alike(texts) == []


@pytest.mark.parametrize("size", [3, 40])
def test_many_copies_of_one_text_are_one_group(size):
    """Are many copies of one text as many links, not all their pairs, and found however many there are?"""
    others = [text for text in right(PCA, TASK) if text != COPIED]
    found = alike([*others, *(f"{COPIED}\n# {number}" for number in range(size))], known(PCA, TASK))
    assert [(first, share) for first, _, share in found] == [(len(others), 1.0)] * (size - 1)


def test_short_answers_are_no_pairs():
    """Are two equal answers of a line or two no reason to look?"""
    assert alike(["def f(x):\n    return (x ** 2).sum(1).mean()"] * 2) == []


@pytest.mark.parametrize(
    "text", ["", "(" * 50_000, "-" * 50_000 + "1", "\0", "\ud800", "'''" + "a" * 50_000, "x" * 200_000]
)
def test_hostile_answers_cost_nothing_but_themselves(text):
    """Does an answer made to choke a parser leave the others' comparison as it is?"""
    assert (1, 2, 1.0) in alike([text, COPIED, COPIED])
    assert isinstance(prose_in(text), str)


def test_formatting_comments_names_and_annotations_do_not_count():
    """Do two ways to write the same thing have the same shape?"""
    first = 'def f(x: int) -> int:\n    """Doc."""\n    return (x.exp()  # e\n    + 2)'
    assert shape(first) == shape("import os\ndef f(value):\n    return value.exp() + 2")


# --- written answers -------------------------------------------------------------------------------------------------

WRITTEN = [
    "Whoever picks k by looking at AUROC on labelled test wafers has already peeked. Reporting that very number "
    "afterwards is too rosy, and in production nobody hands us faulty wafers beforehand. I'd watch reconstruction "
    "error on held-out good wafers and stop at the elbow, say where ten more axes lower it by under one percent. With "
    "very many axes even a scratch gets redrawn, so the gap between good and bad closes and ranking turns random.",
    "a) That is a selection effect: the winner out of four is partly lucky, so the fab will be disappointed later. "
    "b) My quantity is explained variance computed on validation normals; I read off the first k above 95 percent. "
    "c) Residuals of both groups go to nothing. Initially the good ones profit, afterwards the anomalies do, and when "
    "every direction is kept the scores are numerical dust.",
    "The colleague trains on the exam. We need labelled defects for AUROC, which a new line does not have yet, and the "
    "estimate is biased upwards. I would cross-validate the mean squared residual of normals and take the smallest k "
    "within one standard error of the minimum. If k equals d then reconstruction is the identity, nothing remains to "
    "be scored, and what the detector outputs is rounding.",
    "Test data must stay untouched until the end. Otherwise 0.93 is a best case. For a choice without labels plot the "
    "error of validation images against k and compare it with training: once they drift apart, the components "
    "memorise single pictures. AUROC drops at last since late components describe texture that defects have as well.",
]


def replaced(text, step):
    """Every so manyth word is another one."""
    words = text.split()
    words[::step] = ["perhaps"] * len(words[::step])
    return " ".join(words)


def question():
    """The text of question and rubric above the written answer."""
    cells = read_notebook(COURSE.notebook("release", COURSE.assignment(PCA))).cells
    place = next(number for number, cell in enumerate(cells) if is_written(cell) and grade_id(cell) == QUESTION)
    return cells[place - 1].source


def prose_links(texts):
    return alike(texts, [*GIVEN[PCA].prose, GIVEN[PCA].answer(QUESTION)], (), WORDS)


def test_independent_written_answers_are_no_pairs():
    """Are answers to one question, each in its own words, left alone?"""
    assert prose_links(WRITTEN) == []


@pytest.mark.parametrize("step", [5, 9], ids=["80 % the same words", "nearly the same"])
def test_a_written_answer_with_most_of_the_words_of_another_is_found(step):
    """Is an answer found that has most of its words, in their order, from another one?"""
    ((first, second, share),) = prose_links([*WRITTEN, replaced(WRITTEN[0], step)])
    assert (first, second) == (0, len(WRITTEN)) and share > 0.7


def test_a_copied_answer_with_sentences_of_ones_own_is_found():
    """Is a copy found that stands in the middle of a longer answer?"""
    assert [link[:2] for link in prose_links([*WRITTEN, f"{WRITTEN[1]} {WRITTEN[2][:150]}"])] == [(1, len(WRITTEN))]


def test_quoting_the_question_is_no_copying():
    """Are two answers that quote question and rubric, and go on in their own words, no pair?"""
    assert prose_links([f"{question()}\n\n{text}" for text in WRITTEN]) == []
    assert prose_links([question(), f"My answer. {question()}"]) == []


def test_what_code_says_in_its_strings_is_compared_as_prose():
    """Is a copied text found in a task whose code returns sentences, whatever the code around it?"""
    texts = right("09-ethics", "ethical_impact_assessment")
    copy = f"def ethical_impact_assessment():\n    text = '''{replaced(prose_in(texts[0]).strip(chr(34)), 6)}'''\n"
    found = alike([prose_in(text) for text in [*texts, copy]], GIVEN["09-ethics"].prose, (), WORDS)
    assert [link[:2] for link in found] == [(0, len(texts))]


# --- copies of the reference -----------------------------------------------------------------------------------------


def copies(slug, task, texts):
    given = GIVEN[slug]
    return copies_of_code(texts, given.answer(task), given.stubs, given.typed, task)


@pytest.mark.parametrize(("slug", "task"), WHOLE, ids=[task for _, task in WHOLE])
def test_independent_answers_are_no_copies_of_the_reference(slug, task):
    """Is nobody who wrote a right answer on their own said to have the reference?"""
    assert copies(slug, task, independent(slug, task)) == []


@pytest.mark.parametrize("slug", ["03-pca", "05-training", "08-benchmark"])
def test_the_reference_itself_is_found(slug):
    """Is the reference answer found when somebody hands it in, also with a comment and an import more?"""
    task = list(GIVEN[slug].stubs)[-1]
    answer = GIVEN[slug].answer(task)
    assert copies(slug, task, ["x = 1", answer, f"import math\n{answer}\n# done"]) == [1, 2]


def test_the_reference_under_other_names_is_not_said_to_be_copied():
    """Is an answer with names of its own left alone, since the natural answer has the same structure?"""
    answer = GIVEN[PCA].answer(TASK)
    assert copies(PCA, TASK, [re.sub(r"\b(results|test_recon|pca)\b", r"my_\1", answer)]) == []


@pytest.mark.parametrize(("slug", "task"), [("07-error-analysis", "error_heatmap"), ("04-encoder", "kl_divergence")])
def test_a_task_with_one_natural_answer_accuses_nobody(slug, task):
    """Is the reference answer itself left alone where there is little to choose?"""
    assert copies(slug, task, [GIVEN[slug].answer(task)]) == []


def test_the_model_answer_in_ones_own_words_is_no_copy():
    """Is only the model answer's wording found, not its content and not the question?"""
    model = GIVEN[PCA].answer(QUESTION)
    texts = [*WRITTEN, question(), model, replaced(model, 6)]
    assert copies_of_words(texts, model, GIVEN[PCA].prose) == [len(WRITTEN) + 1, len(WRITTEN) + 2]


# --- a class ---------------------------------------------------------------------------------------------------------


def result(name, text, written=""):
    task = TaskResult(TASK, "Task 1: PCA", "ok", 1, 1, ())
    answers = (WrittenResult(QUESTION, 3.0, written),)
    return Result(name, f"{name}.ipynb", PCA, "graded", tasks=(task,), written=answers, answers={TASK: text})


CLASS = [result("ada", COPIED, WRITTEN[0]), result("bob", disguised(COPIED), replaced(WRITTEN[0], 7))]
CLASS += [result("cy", "x = 1", WRITTEN[1]), result("dee", GIVEN[PCA].answer(TASK), WRITTEN[2])]


def test_a_class_is_compared_in_code_and_words_in_any_order():
    """Are a copied answer, a copied text and the reference found, the same whatever order results come in?"""
    found = similar_answers(COURSE, CLASS)
    said = [(one.kind, one.names, bool(one.reference)) for one in found]
    pairs = [("code", ("ada", "bob"), False), ("words", ("ada", "bob"), False)]
    assert said[0] == ("code", ("dee",), True) and sorted(said[1:]) == pairs
    assert similar_answers(COURSE, CLASS[::-1]) == found
    assert {one.title for one in found} == {"Task 1: PCA", "Question 1: choosing k"}


def test_nobody_is_a_pair_with_themselves():
    """Are two files of one person left alone, under one name or two?"""
    both = [result("ada", COPIED), result("ada lovelace", COPIED)]
    assert len(similar_answers(COURSE, both)) == 1
    known_person = [Result(**{**vars(one), "person": "canvas:7"}) for one in both]
    assert similar_answers(COURSE, known_person) == []
