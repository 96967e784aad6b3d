"""A real Formgrader, in a real browser: open a class, mark an answer, find the mark in our tables and pages."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import notebook_makers as make
import pytest
from page_samples import LOST, RESULT, words
from servers import SECONDS, chromium, jupyter

from autograder.base.course import Course
from autograder.base.records import WrittenResult
from autograder.report.formgrader import write_settings
from autograder.report.hand_back import hand_back
from autograder.run.journal import write_results

PWN = "document.title='pwned'"
ATTACK = f"""A **bold** answer.

<script>{PWN}</script> <img src="x" onerror="{PWN}"> <svg onload="{PWN}"></svg> <iframe srcdoc="x"></iframe>

[a link](javascript:{PWN}) [b link](javascript&colon;{PWN}) [c link](java&Tab;script:{PWN}) [d link][d]
<javascript:{PWN}> ![e](http://127.0.0.1:1/e.png)

[d]: javascript:{PWN}

## A heading" onclick="{PWN}

https://example.org/"onmouseover="{PWN}" $$x" onclick="{PWN}$$

```x" onclick="{PWN}
code
```
"""
TAGS = f'</pre><script>{PWN}</script><img src="x" onerror="{PWN}">'
ADA = replace(
    RESULT,
    submitted_at="2026-03-01T10:00:00+01:00",
    written=(WrittenResult("written-why", 3.0, ATTACK),),
    tasks=(RESULT.tasks[0], replace(RESULT.tasks[1], message=TAGS)),
    repairs=(TAGS, f"[a link](javascript:{PWN})"),
    answers={**make.ANSWERS, "shift": f"text = '''{TAGS}'''"},
)
BEN = replace(RESULT, student="Ben", file="ben.ipynb", written=(WrittenResult("written-why", 3.0, ""),))


@dataclass
class Marking:
    """A graded class, and a person who marks it in a browser."""

    course: Course
    folder: Path
    browser: Any
    server: str

    def open(self, page: str) -> None:
        self.browser.get(urljoin(self.server, page))

    def wait(self, condition):
        """The first answer that is not false; Formgrader draws its tables several times."""
        from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException
        from selenium.webdriver.support.ui import WebDriverWait

        passing = [NoSuchElementException, StaleElementReferenceException]
        return WebDriverWait(self.browser, SECONDS, 0.1, passing).until(condition)

    def click(self, selector: str, text: str, row: str = "") -> None:
        """Click the visible element of a kind with this text, in the table row with that text, hidden or not."""

        def clicked(browser):
            places = [browser]
            if row:
                rows = browser.find_elements("css selector", "tbody tr")
                places = [one for one in rows if row in one.get_attribute("textContent")]
            elements = [one for place in places for one in place.find_elements("css selector", selector)]
            wanted = [one for one in elements if one.is_displayed() and text in one.text]
            for one in wanted[:1]:
                one.click()
            return wanted

        self.wait(clicked)

    def enter(self, element_id: str, text: str, saved: str) -> None:
        """Type into a field, leave it, and wait until the server has the value."""
        from selenium.webdriver.common.keys import Keys

        field = self.browser.find_element("id", element_id)
        field.clear()
        field.send_keys(text)
        field.send_keys(Keys.TAB)
        self.wait(lambda browser: saved in self.answer_of_server())

    def answer_of_server(self) -> str:
        """Grades and comments as Formgrader's own interface tells them."""
        ask = (
            "const get = what => fetch(`${base_url}/api/${what}?submission_id=${submission_id}`).then(r => r.text());"
            "Promise.all([get('grades'), get('comments')]).then(all => arguments[0](all.join(' ')))"
        )
        return self.browser.execute_async_script(ask)


@pytest.fixture(scope="module")
def marking(tmp_path_factory):
    course = make.make_course(tmp_path_factory.mktemp("course"))
    folder = tmp_path_factory.mktemp("run")
    results = [ADA, BEN, LOST]
    write_results(folder / "results.jsonl", results)
    with chromium() as browser, pytest.MonkeyPatch.context() as patch:
        patch.delenv("COURSE_GRADEBOOK_URL", raising=False)
        hand_back(course, folder, results, "fashion-mnist")
        with jupyter(folder) as address:
            browser.get(address("formgrader"))
            yield Marking(course, folder, browser, address(""))


def test_nbgrader_has_nothing_to_complain_about(tmp_path, caplog):
    """Does nbgrader find the folder that it asks for at every page, and log no "Unwritable directory"?"""
    from nbgrader.apps.api import NbGraderAPI
    from traitlets.config import PyFileConfigLoader

    write_settings(make.make_course(tmp_path / "course"), tmp_path)
    api = NbGraderAPI(config=PyFileConfigLoader("nbgrader_config.py", path=str(tmp_path)).load_config())
    assert not api.exchange_missing and "Unwritable" not in caplog.text
    assert sorted(one.name for one in tmp_path.iterdir()) == ["course", "nbgrader_config.py"]


def row_of(folder: Path, student: str) -> dict[str, str]:
    with (folder / "grades.csv").open(newline="", encoding="utf-8") as file:
        return next(row for row in csv.DictReader(file) if row["student"] == student)


def open_ada(marking: Marking) -> None:
    """From the list of assignments to a submission, by clicks; Formgrader hides names until they are asked for."""
    marking.open("formgrader/gradebook")
    marking.click("td a", "01-scaling")
    marking.click("td a", "scaling")
    marking.click("td a", "Submission", row="Lovelace")
    loaded = "return window.$ && $('#written-why-comment').attr('placeholder')"
    marking.wait(lambda browser: browser.execute_script(loaded))


def test_a_mark_entered_in_formgrader_reaches_our_export(marking):
    """Do a mark, extra credit and a comment typed in a browser stand in our table, page and report?"""
    open_ada(marking)
    shown = marking.browser.find_element("tag name", "body").text
    assert "Task 1: scale: 2 of 3 points (partly right)" in shown
    assert "✗ 0/1  inputs: The input: changed. Expected: as it was." in shown
    marking.wait(lambda browser: browser.find_element("css selector", "#written-why.needs_manual_grade"))
    marking.enter("written-why", "2.5", '"manual_score": 2.5')
    marking.enter("written-why_extra_credit", "0.5", '"extra_credit": 0.5')
    marking.enter("check-shift", "3", '"manual_score": 3')
    marking.enter("written-why-comment", "Say <b>why</b>.", '"manual_comment": "Say <b>why</b>."')
    environment = {**os.environ, "COURSE_ROOT": str(marking.course.root), "COLUMNS": "200"}
    command = [sys.executable, "-m", "autograder.cli", "grades", str(marking.folder)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120)
    assert done.returncode == 0, done.stderr
    row = row_of(marking.folder, "Ada Lovelace")
    assert (row["points"], row["written_points"], row["extra_credit"], row["total"]) == ("5.0", "2.5", "0.5", "8.0")
    page = (marking.folder / "feedback" / "Ada_Lovelace" / "01-scaling" / "scaling.html").read_text(encoding="utf-8")
    assert "8 of 10 points" in words(page) and "Say <b>why</b>." in words(page) and "<b>why" not in page
    assert "8 / 10" in words((marking.folder / "report.html").read_text(encoding="utf-8"))


def test_nothing_of_a_submission_runs_in_the_marker_s_browser(marking):
    """Do scripts, images and links in an answer, its code and its messages stay text for the person who marks it?"""
    open_ada(marking)
    own = marking.browser.find_element("id", "notebook-container")
    assert "[a link] (javascript:" in own.text and own.text.count("onerror") >= 4
    assert own.find_elements("css selector", "strong")
    assert own.find_elements("css selector", "script, img, svg, iframe, a[href^=j], a[href*=script]") == []
    assert own.find_elements("xpath", ".//*[@*[starts-with(name(), 'on')]]") == []
    assert marking.browser.title == "scaling"


def test_formgrader_s_lists_are_whole(marking):
    """Do Formgrader's other pages count the class, its times, and nobody as not graded, without a complaint?"""
    marking.open("formgrader/manage_submissions/01-scaling")
    marking.wait(lambda browser: "Ada_Lovelace" in browser.find_element("tag name", "tbody").text)
    table = marking.browser.find_element("tag name", "tbody").text
    assert "2026-03-01 09:00:00" in table and "Ben" in table
    assert "needs autograding" not in table and "Bob" not in table
    marking.open("formgrader/manage_assignments")
    marking.wait(lambda browser: browser.find_element("css selector", "td.num-submissions").text == "2")
    assert marking.browser.find_elements("css selector", ".alert") == []
    marking.open("formgrader/manage_students/Ada_Lovelace")
    marking.wait(lambda browser: "01-scaling" in browser.find_element("tag name", "tbody").text)


def test_autograding_in_formgrader_executes_nothing(marking):
    """Does the button that would run a student's code outside the wall leave the class as it was?"""
    notebook = marking.folder / "autograded" / "Ben" / "01-scaling" / "scaling.ipynb"
    before = notebook.read_bytes()
    marking.open("formgrader/manage_submissions/01-scaling")
    marking.click(".autograde a", "", row="Ben")
    marking.wait(lambda browser: "There was an error" in browser.find_element("css selector", ".modal-body").text)
    assert notebook.read_bytes() == before
