"""What only the grader checks, one module per assignment that needs it; never seen inside the wall.

A module here offers

* `CHECKS`: for each task, the checks that count and their points;
* `judge(task, seen, expected)` (optional): further findings beside those of the visible judge;
* `arrays(dataset, rng)` (optional): images that the probe gets in `Case.arrays`.
"""
