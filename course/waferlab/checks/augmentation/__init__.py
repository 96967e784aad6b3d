"""Visible checks of assignment 01: sensor noise, and a transform that draws another picture of a wafer at each call.

Both answers are random, so both are judged by the distribution of what they return. A module a task; `drawings` makes
what the transform is shown, and reads it back.
"""

from waferlab.checks.augmentation.create_augmented_transform import TRANSFORM
from waferlab.checks.augmentation.gaussian_noise import NOISE
from waferlab.checks.core import by_name

TASKS = by_name(NOISE, TRANSFORM)
