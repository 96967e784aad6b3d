"""The first week of a term, in a copy of the course: a new instructor's mistakes, then a class of sixty.

    .venv/bin/python benchmarks/first_week.py [--part authoring|small|class] [--save]

Runs the real command `course …` for everything, in a scratch copy with an environment of its own, and shows what was
done, the first lines of what came back, exit status and seconds. First every mistake that new users made (markers,
points, settings, ids, publications, personal data, the edit loop, a tenth assignment); then a few people whose
hand-ins went wrong (one name, a PDF, an empty folder, a date for Canvas); then sixty people as Canvas, Moodle,
nbgrader and the mail bring them (`tests/autograder/platform_class.py`), in two weeks, with a roster, hand-in times,
extensions, a regrade, feedback and the term's record. Ends with an error when anything is not as it should be.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import class_of_sixty
import few_people
import stumbles
from common import save
from scratch_course import Diary, scratch

PARTS = {"authoring": stumbles.AUTHORING, "small": few_people.STEPS, "class": class_of_sixty.STEPS}


def summary(diary: Diary, seconds: float) -> None:
    """The instructor's changes with their times, and what was not as it should be."""
    if diary.times:
        diary.begin("What an instructor did, and how long it took")
        for what, outcome, took in diary.times:
            diary.say(f"  {what:<66} {outcome:<12} {took:6.1f} s")
    diary.say(f"\nnot as expected: {len(diary.failures)}; {seconds:.0f} s in all")
    for one in diary.failures:
        diary.say(f"  {one}")


def main() -> None:
    """Copy, do, compare."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--part", choices=[*PARTS], action="append", help="only this part")
    parser.add_argument("--save", action="store_true", help="write benchmarks/results/first-week.md")
    options = parser.parse_args()
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="first-week-") as folder:
        diary = scratch(Path(folder))
        for part in options.part or PARTS:
            for step in PARTS[part]:
                step(diary)
        summary(diary, time.monotonic() - started)
    if options.save:
        save("first-week", "The first week of a term", "\n".join(diary.lines))
    if diary.failures:
        sys.exit(1)


if __name__ == "__main__":
    main()
