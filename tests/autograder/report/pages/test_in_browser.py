"""Feedback pages in a real browser: nothing is cut off, on a phone and on paper."""

from __future__ import annotations

from dataclasses import replace

import notebook_makers as make
import pytest
from page_samples import RESULT, SCALE
from servers import chromium

from autograder.base.records import Mark
from autograder.report.pages.feedback import render

WIDE = "averylongname" * 20
CODE = f"def scale(x):\n    {WIDE} = 1  # {'and on ' * 40}\n    return x\n"
MARK = Mark("values", 0.0, 3.0, f"The values: your code raised NameError: {WIDE}. Expected: `{WIDE}`.")
PHONE, PAPER = 390, 680  # px; A4 without its margins
WIDER = """
const edge = document.documentElement.clientWidth;
return [...document.querySelectorAll('body *')]
    .filter(one => one.getBoundingClientRect().right > edge + 1
        || one.clientWidth && one.scrollWidth > one.clientWidth + 1)
    .map(one => one.tagName + '.' + one.className)
"""


@pytest.fixture(scope="module")
def browser():
    with chromium() as one:
        yield one


@pytest.mark.parametrize(("width", "medium"), [(PHONE, "screen"), (1280, "screen"), (PAPER, "print")])
def test_nothing_is_wider_than_its_place(browser, tmp_path, width, medium):
    """Can everything be read without scrolling sideways, and is no line of code cut off on paper?"""
    result = replace(RESULT, student=WIDE, tasks=(replace(SCALE, checks=(MARK,), points=0.0),), answers={"scale": CODE})
    page = tmp_path / "page.html"
    page.write_text(render(result, make.make_course(tmp_path / "course")), encoding="utf-8")
    screen = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width == PHONE}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": medium})
    browser.get(page.as_uri())
    assert browser.execute_script(WIDER) == []
