"""Points of assignment 01, task by task.

Checks that a picture without any augmentation passes by accident count only together with one that it cannot pass.

How often a right answer fails: the three rates, each by the binomial distribution of 2,000 draws, 4e-8; the angles, by
the inequality of Dvoretzky, Kiefer and Wolfowitz, 3e-9; means, spreads and normality of the noise as in
`waferlab.checks.draws`, 3e-9 each; in all less than 1e-6. What the measurement itself adds was measured on 28 probes of
four right constructions (PIL and tensors, nearest and bilinear, resized first and last; seeds 0 to 7): angles up to 0.3
degrees beyond 15 (allowed: 1.5); a distance of 0.056 between the distributions of angles, chance included (0.122); 0.4
pixels between dots and rotation (1.0); dots of 0.69 to 0.92 of their mass (0.5 to 1.6); noise of 0.98 to 1.00 times its
spread, 0.91 where it is added to whole grey levels (0.88 to 1.12); grey levels off by 0.009 (0.021).
"""

from __future__ import annotations

from autograder.base.records import Check

CHECKS: dict[str, tuple[Check, ...]] = {
    "gaussian_noise": (
        Check("spread", 0.75),
        Check("mean", 0.25, requires=("new-draw",)),
        Check("normal", 0.5, requires=("new-draw",)),
        Check("independent", 0.25, requires=("new-draw", "mean")),
        Check("new-draw", 0.25, requires=("mean",)),
        Check("clamped", 0.5),
        Check("shape", 0.25, requires=("new-draw", "mean")),
        Check("unchanged", 0.25, requires=("new-draw", "mean")),
    ),
    "create_augmented_transform": (
        Check("output", 0.5, requires=("range",)),
        Check("range", 0.5, requires=("noise",)),
        Check("horizontal", 0.75),
        Check("vertical", 0.75),
        Check("apart", 0.25, requires=("horizontal", "vertical")),
        Check("rotation", 0.75),
        Check("geometry", 0.5, requires=("rotation",)),
        Check("intensity", 0.5, requires=("noise",)),
        Check("noise", 0.5),
    ),
}
