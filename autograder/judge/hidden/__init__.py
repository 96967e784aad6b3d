"""What only the grader checks, one module per assignment that needs it; never seen inside the wall.

A module here offers

* `FAULTS`: by task and check, faults that only the grader looks for; they join the visible fault of the same check;
* `arrays(dataset, rng)`: images that the probe gets in `Case.arrays`;
* `READINGS`: by task, `(case) -> observation`: what the checks expect of every reading of a text that can be read in
  several ways, beside what the reference gives;
* `expectations(course)`: by task, what the checks expect beside the reference's observation;
* `QUANTITIES`: what `course calibrate` measures.

All are optional.
"""
