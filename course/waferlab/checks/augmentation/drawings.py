"""The drawings that the transform is shown, and what is read from them afterwards.

*Dots*: three bright dots, each at its own distance from the centre; flips and rotations keep these distances, so that a
dot is known by its distance, and the three directions tell the angle and the flips apart. *Rings*: grey levels in rings
about the centre, which flips and rotations leave as they are; what changes there is noise, or a change of intensity.
The corners, which a rotation has to invent, are never looked at.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from waferlab.checks.core import Case

RADII = (0.14, 0.27, 0.40)  # of the dots, in image sides
DOT, REACH = 0.045, 0.065  # radius of a dot, and how far from its distance it is looked for
RING_EDGES = (0.16, 0.34)
RINGS = ((0.0, 0.11), (0.21, 0.29), (0.39, 0.45))  # inner and outer radius of what is measured
RING_PIXELS = 60
FLIPS = ((1, 1), (-1, 1), (1, -1), (-1, -1))  # signs of x and y: none, horizontal, vertical, both


def plane(side: int) -> tuple[np.ndarray, np.ndarray]:
    """x (to the right) and y (downwards) of the pixels' centres, (side, side), in image sides from the centre.

    >>> plane(2)[0].tolist()
    [[-0.25, 0.25], [-0.25, 0.25]]
    """
    axis = (np.arange(side) + 0.5) / side - 0.5
    return np.broadcast_to(axis, (side, side)), np.broadcast_to(axis[:, None], (side, side))


def as_picture(values: np.ndarray) -> Any:
    """Values in [0, 1], (side, side), as a PIL image of mode L."""
    from torchvision.transforms.functional import to_pil_image

    return to_pil_image(np.round(255 * values).astype(np.uint8))


def dot_places(case: Case) -> np.ndarray:
    """Where the three dots are, (3, 2), x and y in image sides from the centre.

    The triangle is another one in every case, never its own mirror image: who has seen one cannot draw the next.
    """
    rng = case.rng(10)
    between = np.array([0.0, rng.uniform(np.pi / 3, 5 * np.pi / 6), rng.uniform(7 * np.pi / 6, 5 * np.pi / 3)])
    angles = rng.uniform(0, 2 * np.pi) + between
    return np.array(RADII)[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1)


def draw_dots(places: np.ndarray, side: int) -> np.ndarray:
    """White dots on black, (side, side) in [0, 1], with soft edges."""
    x, y = plane(side)
    nearest = np.min([np.hypot(x - a, y - b) for a, b in places], axis=0)
    return np.clip((DOT - nearest) * side + 0.5, 0, 1)


def draw_rings(levels: np.ndarray, side: int) -> np.ndarray:
    """Three grey levels in rings about the centre, (side, side)."""
    distance = np.hypot(*plane(side))
    return levels[np.searchsorted(RING_EDGES, distance)]


@lru_cache(maxsize=8)
def dot_sums(side: int) -> np.ndarray:
    """For each dot, the weights of the pixels in its sums of x, of y (in pixels) and of mass: (9, side * side)."""
    x, y = plane(side)
    near = [np.abs(np.hypot(x, y) - radius) <= REACH for radius in RADII]
    return np.stack([(here * axis).ravel() for here in near for axis in (x * side, y * side, np.ones_like(x))])


def read_dots(image: np.ndarray) -> np.ndarray:
    """Each dot's centre in pixels from the image's centre, and its mass over that of a whole dot: (3, 3).

    A dot is looked for in the ring about its distance from the centre. What is darker than 0.3 counts as background.
    """
    side = len(image)
    sums = (dot_sums(side) @ np.clip((image.ravel() - 0.3) / 0.7, 0, 1)).reshape(3, 3)
    mass = sums[:, 2:]
    return np.hstack([sums[:, :2] / np.maximum(mass, 1e-9), mass / (np.pi * (DOT * side) ** 2)])


def ring_samples(image: np.ndarray) -> np.ndarray:
    """The first pixels of each ring, (3, RING_PIXELS), the same places in every image of one size."""
    distance = np.hypot(*plane(len(image)))
    inside = [image[(distance >= inner) & (distance <= outer)][:RING_PIXELS] for inner, outer in RINGS]
    return np.stack(inside)


def turns(centres: np.ndarray, places: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The flips and the rotation that bring the dots best to where they were found.

    Args:
        centres: found, (n, 3, 2) in pixels.
        places: drawn, (3, 2) in pixels.

    Returns:
        For each draw: the number of its flips in `FLIPS`, the angle in degrees, and what is left, in pixels.
    """
    angles, left = [], []
    for signs in FLIPS:
        a = places * np.array(signs)
        dot = np.einsum("nij,ij->n", centres, a)
        cross = centres[..., 1] @ a[:, 0] - centres[..., 0] @ a[:, 1]
        angle = np.arctan2(cross, dot)
        c, s = np.cos(angle)[:, None], np.sin(angle)[:, None]
        turned = np.stack([c * a[:, 0] - s * a[:, 1], s * a[:, 0] + c * a[:, 1]], axis=-1)
        left.append(np.sqrt(((centres - turned) ** 2).sum(axis=-1).mean(axis=-1)))
        angles.append(np.degrees(angle))
    # A mirror image fits badly; of the two that fit, which differ by half a turn, the smaller angle is meant.
    cost = np.array(left) + 1e3 * (np.abs(np.array(angles)) > 90)
    best = cost.argmin(axis=0)
    every = np.arange(len(centres))
    return best, np.array(angles)[best, every], np.array(left)[best, every]
