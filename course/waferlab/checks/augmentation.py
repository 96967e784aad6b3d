"""Visible checks of assignment 01: sensor noise, and a transform that draws another picture of a wafer at each call.

Both answers are random, so both are judged by the distribution of what they return. The noise is measured on mid-grey,
where the limits of [0, 1] are many standard deviations away. The transform is shown two drawings. *Dots*: three bright
dots, each at its own distance from the centre; flips and rotations keep these distances, so that a dot is known by its
distance, and the three directions tell the angle and the flips apart. *Rings*: grey levels in rings about the centre,
which flips and rotations leave as they are; what changes there is noise, or a change of intensity. The corners, which a
rotation has to invent, are never looked at.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from waferlab.checks.core import (
    Case,
    Finding,
    Observation,
    Task,
    array_of,
    error_of,
    run_visible,
    scenario,
    time_limit,
)
from waferlab.checks.draws import KS_LIMIT, Z_LIMIT, correlation, ks_distance

if TYPE_CHECKING:
    import torch

SIGMA, OTHER_SIGMA = 0.02, 0.035
MAX_ANGLE = 15.0
CALLS, SIDE = 40, 32  # calls of the noise, and the side of the images it gets
BATCH_CALLS, BATCH = 10, 4

DRAWS = 2000  # calls of the transform on the dots
RING_DRAWS = 60  # calls of the transform on the rings
INPUT_SIDE = 80
SIZES = (48, 56, 64)
RADII = (0.14, 0.27, 0.40)  # of the dots, in image sides
DOT, REACH = 0.045, 0.065  # radius of a dot, and how far from its distance it is looked for
RING_EDGES = (0.16, 0.34)
RINGS = ((0.0, 0.11), (0.21, 0.29), (0.39, 0.45))  # inner and outer radius of what is measured
RING_PIXELS = 60
FLIPS = ((1, 1), (-1, 1), (1, -1), (-1, -1))  # signs of x and y: none, horizontal, vertical, both

#: Rates of one half may be this many standard errors off; 2,000 right draws exceed it with probability 4e-8.
RATE_LIMIT = 5.5
#: What the measurement itself adds: degrees beyond 15, and pixels between the dots and the best rotation.
ANGLE_SLACK, RESIDUAL_LIMIT = 1.5, 1.0
#: Distance between distribution functions that the measurement of angles adds to that of a uniform sample.
ANGLE_KS_SLACK = 0.05
#: Share by which the spread of the transform's noise may be off: noise added to whole grey levels is 7 % smaller.
NOISE_RTOL = 0.12
#: How far the level of a ring in one picture may be off: one grey level of 255, and chance.
LEVEL_ATOL = 1 / 255 + Z_LIMIT * SIGMA / math.sqrt(RING_PIXELS)
#: Correlation from which two calls have the same noise; independent ones stay below 0.01.
SAME = 0.5
NOISE_SECONDS = 2.0  # for the answer to Task 1, within Task 2
HUGE = 1e6  # larger numbers are not looked at
ENOUGH = 300  # draws that can be read, below which nothing is said about rates


@contextmanager
def own_randomness(case: Case) -> Iterator[None]:
    """Seed torch's, NumPy's and Python's global generators for a probe and put them back afterwards."""
    import torch

    python, numpy = random.getstate(), np.random.get_state()
    seed = int(case.rng(0).integers(2**31))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        random.seed(seed)
        np.random.seed(seed)
        try:
            yield
        finally:
            random.setstate(python)
            np.random.set_state(numpy)


# --- Task 1: GaussianNoise ---------------------------------------------------------------------------------------


def as_tensor_result(value: Any, shape: tuple[int, ...] | None, flaws: list[str]) -> np.ndarray:
    """What an answer returned, as a new float64 array; what is not as asked but can be read is added to `flaws`.

    Args:
        value: what was returned.
        shape: the shape asked for, None when any will do.
        flaws: gets what is wrong with type and shape, in words.

    Raises:
        TypeError: it holds no numbers.
    """
    if hasattr(value, "detach"):
        value = value.detach().cpu().numpy()
    else:
        flaws.append(f"a {type(value).__name__}, expected a tensor")
    array = np.array(value)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"returned a {type(value).__name__}, expected a tensor")
    if array.dtype.kind != "f":
        flaws.append(f"a tensor of type {array.dtype}, expected floating point")
    if shape is not None and array.shape != shape:
        flaws.append(f"a tensor of shape {array.shape}, expected {shape}")
    return array.astype(np.float64)


def grey(case: Case, stream: int, shape: tuple[int, ...]) -> torch.Tensor:
    """Random mid-grey, float32 in [0.35, 0.45]: no noise of these tasks reaches 0 or 1 from there."""
    import torch

    return torch.tensor(case.rng(stream).uniform(0.35, 0.45, shape), dtype=torch.float32)


def black_and_white() -> torch.Tensor:
    """An image (1, SIDE, SIDE) whose upper half is 0 and whose lower half is 1."""
    import torch

    image = torch.zeros(1, SIDE, SIDE)
    image[:, SIDE // 2 :] = 1
    return image


def add_noise(seen: Observation, part: str, noise: Callable[..., Any], image: torch.Tensor, calls: int) -> None:
    """Call the answer often on copies of one image; records `<part>.noise` (calls, *image.shape) float32."""
    with scenario(seen, part):
        flaws: list[str] = []
        found = []
        for _ in range(calls):
            given = image.clone()
            result = as_tensor_result(noise(given), tuple(image.shape), flaws)
            same = result.reshape(image.shape) if result.size == image.numel() else result
            found.append(same - image.double().numpy())
            seen[f"{part}.changed"] = bool(seen.get(f"{part}.changed")) or not given.equal(image)
        seen[f"{part}.noise"] = np.stack(found).astype(np.float32)
        if flaws:
            seen[f"{part}.flaw"] = flaws[0]


def probe_noise(answers: Mapping[str, Any], case: Case) -> Observation:
    """Add noise to grey images with the default and with another sigma, to a batch, and to black and white."""
    seen: Observation = {}
    answer = answers["GaussianNoise"]
    with own_randomness(case):
        with scenario(seen, "default"):
            add_noise(seen, "default", answer(), grey(case, 1, (1, SIDE, SIDE)), CALLS)
        if seen.get("unanswered"):
            return seen
        with scenario(seen, "other"):
            add_noise(seen, "other", answer(sigma=OTHER_SIGMA), grey(case, 2, (1, SIDE, SIDE)), CALLS)
        with scenario(seen, "batch"):
            add_noise(seen, "batch", answer(sigma=SIGMA), grey(case, 3, (BATCH, 1, 20, 28)), BATCH_CALLS)
        with scenario(seen, "limits"):
            add_noise(seen, "limits", answer(sigma=SIGMA), black_and_white(), CALLS)
    return seen


NOISE_SHAPES = {
    "default": (CALLS, 1, SIDE, SIDE),
    "other": (CALLS, 1, SIDE, SIDE),
    "batch": (BATCH_CALLS, BATCH, 1, 20, 28),
    "limits": (CALLS, 1, SIDE, SIDE),
}


def numbers_of(seen: Observation, key: str, shape: tuple[int, ...]) -> np.ndarray | None:
    """An array of a shape with numbers that can be squared; None when there is none."""
    array = array_of(seen, key)
    return array if array is not None and array.shape == shape and (np.abs(array) < HUGE).all() else None


def noise_of(seen: Observation, part: str) -> np.ndarray | None:
    """The noise of a part; None when there is none of the right shape, or when it is not finite."""
    return numbers_of(seen, f"{part}.noise", NOISE_SHAPES[part])


def no_noise(seen: Observation, part: str) -> str:
    """Why there is nothing to judge."""
    if error := error_of(seen, part):
        return f"raised {error}"
    flaw = seen.get(f"{part}.flaw")
    return f"returned {str(flaw)[:200]}" if flaw else "no finite numbers of the right shape"


def judge_noise_part(
    name: str, tested: str, goal: str, part: str, seen: Observation, fault: Callable[[np.ndarray], str | None]
) -> Finding:
    """The finding "nothing is wrong with the noise of this part"."""
    noise = noise_of(seen, part)
    found = no_noise(seen, part) if noise is None else fault(noise)
    return Finding(name, tested, found is None, found or "right", goal)


def own(noise: np.ndarray) -> int:
    """How many numbers of a part are independent: those of one call, where all calls gave the same."""
    return noise.size if again_fault(noise) is None else noise[0].size


def spread_fault(noise: np.ndarray, sigma: float) -> str | None:
    """What is wrong with the standard deviation of noise on grey, in words; None when it is sigma."""
    spread = float(noise.std())
    if abs(spread / sigma - 1) <= Z_LIMIT / math.sqrt(2 * own(noise)):
        return None
    found = f"a standard deviation of {spread:.4f}, with sigma = {sigma:g}"
    if abs(spread / math.sqrt(sigma) - 1) < 0.15:
        return f"{found}. sigma is the standard deviation, not the variance: take no square root"
    if abs(spread / sigma**2 - 1) < 0.1:
        return f"{found}. sigma is the standard deviation already: do not square it"
    if abs(spread * math.sqrt(12) / sigma - 1) < 0.03 or abs(spread * math.sqrt(3) / sigma - 1) < 0.03:
        return f"{found}. Is it uniform noise (torch.rand)?"
    return found


def judge_spread(seen: Observation) -> list[Finding]:
    """Is the standard deviation sigma, by default and for another sigma?"""
    goal = "sigma, also where it is not the default"
    return [
        judge_noise_part(
            "spread",
            f"standard deviation of the noise on grey, sigma = {sigma:g}{' (by default)' if part == 'default' else ''}",
            goal,
            part,
            seen,
            lambda noise, sigma=sigma: spread_fault(noise, sigma),
        )
        for part, sigma in (("default", SIGMA), ("other", OTHER_SIGMA))
    ]


def mean_fault(noise: np.ndarray) -> str | None:
    """What is wrong with the mean of the noise, in words; None when it is 0."""
    mean, calls = float(noise.mean()), noise.reshape(len(noise), -1).mean(axis=1)
    error = max(float(noise.std()) / math.sqrt(own(noise)), float(calls.std()) / math.sqrt(len(calls)))
    if abs(mean) <= Z_LIMIT * max(error, 1e-9):
        return None
    return f"on average a pixel changes by {mean:+.4f}"


def normal_fault(noise: np.ndarray) -> str | None:
    """What is wrong with the shape of the distribution, whatever its mean and spread; None when it is normal."""
    spread = float(noise.std())
    if spread < 1e-6:
        return "no noise"
    distance = ks_distance((noise - noise.mean()) / spread)
    if distance * math.sqrt(own(noise)) <= KS_LIMIT:
        return None
    return f"the distribution functions differ by {distance:.3f}. Is it uniform noise (torch.rand)?"


def related_fault(noise: np.ndarray) -> str | None:
    """Which pixels of one call share noise, in words; None when all are independent.

    Args:
        noise: (calls, B, 1, h, w).
    """
    noise = noise - noise.mean()
    pairs = {
        "neighbours in a row": (noise[..., 1:], noise[..., :-1]),
        "neighbours in a column": (noise[..., 1:, :], noise[..., :-1, :]),
        "images of a batch": (noise[:, 1:], noise[:, :-1]),
    }
    if noise.std() < 1e-6:
        return "no noise"
    errors = {who: abs(correlation(*pair)) * math.sqrt(pair[0].size) for who, pair in pairs.items()}
    worst = max(errors, key=errors.__getitem__)
    if errors[worst] <= Z_LIMIT:
        return None
    return f"{worst} share their noise: draw one number per pixel (randn_like)"


def again_fault(noise: np.ndarray) -> str | None:
    """What is wrong with the noise of successive calls, in words; None when each draws anew."""
    if noise.std() < 1e-6:
        return "no noise"
    centred = noise - noise.mean()
    if correlation(centred[1:], centred[:-1]) > SAME:
        return "successive calls gave the same noise, or similar. Is there a fixed seed, or noise that is kept?"
    return None


def limits_fault(noise: np.ndarray) -> str | None:
    """What is wrong at black and white, in words; None when the result is cut off at 0 and 1.

    Cut off means that about half of the black pixels stay at exactly 0, and half of the white ones at exactly 1.
    """
    black, white = noise[:, :, : SIDE // 2], 1 + noise[:, :, SIDE // 2 :]
    low, high = min(black.min(), white.min()), max(black.max(), white.max())
    if low < 0 or high > 1:
        return f"values from {low:.3f} to {high:.3f}: nothing keeps them in [0, 1]"
    stay = {"black": float((black < 1e-6).mean()), "white": float((white > 1 - 1e-6).mean())}
    for colour, share in stay.items():
        if abs(share - 0.5) > Z_LIMIT * 0.5 / math.sqrt(black.size):
            hint = ". Cut off what leaves [0, 1] (clamp); do not fold, squeeze or rescale it" if share < 0.5 else ""
            return f"{share:.0%} of the {colour} pixels stay {colour}{hint}"
    return None


def judge_form(seen: Observation) -> Finding:
    """Has every result the shape of its image, and is it a floating-point tensor?"""
    parts = ("default", "batch")
    faults = (
        no_noise(seen, part)
        for part in parts
        if error_of(seen, part) or seen.get(f"{part}.flaw") or array_of(seen, f"{part}.noise") is None
    )
    found = next(faults, None)
    tested = "the result has the shape of the image, for single images and for batches"
    return Finding("shape", tested, found is None, found or "as asked", "a floating-point tensor of the same shape")


def judge_unchanged(seen: Observation) -> Finding:
    """Are the given images as they were?"""
    changed = [part for part in ("default", "batch") if seen.get(f"{part}.changed") is not False]
    error = error_of(seen, "default") or error_of(seen, "batch")
    found = None if not changed else f"raised {error}" if error else "the given image was changed in place"
    tested = "the given image is left as it was"
    return Finding("unchanged", tested, found is None, found or "unchanged", "no in-place operation (`+=`, `add_`)")


def judge_noise(seen: Observation, expected: Observation) -> list[Finding]:
    """All findings about `GaussianNoise`; nothing is read from `expected`."""
    rows = [
        ("mean", "mean of the noise on grey", "0", "default", mean_fault),
        (
            "normal",
            "the noise is normally distributed",
            "torch.randn, by the Kolmogorov-Smirnov distance",
            "default",
            normal_fault,
        ),
        (
            "independent",
            "every pixel has its own noise",
            "no correlation within an image or a batch",
            "batch",
            related_fault,
        ),
        ("new-draw", "every call draws anew", "other noise at each call", "default", again_fault),
        (
            "clamped",
            "black and white stay in [0, 1]",
            "values beyond 0 and 1 are cut off there",
            "limits",
            limits_fault,
        ),
    ]
    judged = [judge_noise_part(name, tested, goal, part, seen, fault) for name, tested, goal, part, fault in rows]
    return [*judge_spread(seen), *judged, judge_form(seen), judge_unchanged(seen)]


# --- Task 2: the drawings ----------------------------------------------------------------------------------------


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
    """Where the three dots are, (3, 2), x and y in image sides from the centre: directions differ by about 120°."""
    rng = case.rng(10)
    angles = rng.uniform(0, 2 * np.pi) + 2 * np.pi * np.arange(3) / 3 + rng.uniform(-0.3, 0.3, 3)
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


# --- Task 2: probe -----------------------------------------------------------------------------------------------


def noise_works(noise_class: Any) -> bool:
    """Whether the answer to Task 1 does about what it should, so that Task 2 can be judged with it."""
    import torch

    try:
        with time_limit(NOISE_SECONDS):
            return looks_right(noise_class, torch.full((1, 64, 64), 0.4))
    except Exception:  # whatever it raises, it does not work
        return False


def looks_right(noise_class: Any, image: torch.Tensor) -> bool:
    """Whether two calls of the answer to Task 1 give different noise of about the right size."""
    first, second = (noise_class(sigma=SIGMA)(image.clone()) - image for _ in range(2))
    sizes = [abs(float(noise.std()) - SIGMA) < 0.1 * SIGMA for noise in (first, second)]
    return all(sizes) and not first.equal(second) and abs(float(first.mean())) < 0.1 * SIGMA


@contextmanager
def working_noise(create: Callable[..., Any]) -> Iterator[None]:
    """Let torchvision's noise stand in for a `GaussianNoise` that does not work: it must not cost points twice."""
    names = getattr(create, "__globals__", {})
    mine = names.get("GaussianNoise")
    if mine is None or noise_works(mine):
        yield
        return
    from torchvision.transforms import v2

    names["GaussianNoise"] = lambda sigma=SIGMA: v2.GaussianNoise(sigma=sigma)
    try:
        yield
    finally:
        names["GaussianNoise"] = mine


def as_image(value: Any) -> np.ndarray:
    """A returned image as (side, side) float64.

    Raises:
        TypeError: it holds no numbers.
        ValueError: it is not square, or has a shape that no image has.
    """
    image = as_tensor_result(value, None, [])
    shape = image.shape
    while image.ndim > 2:
        image = image[0]
    if image.ndim != 2 or image.shape[0] != image.shape[1] or len(image) < 32:
        raise ValueError(f"returned a tensor of shape {shape}, expected (1, img_size, img_size)")
    return image


def call_on_dots(seen: Observation, transform: Callable[..., Any], case: Case) -> None:
    """Record `dots` (DRAWS, 3, 3), the side that came out, and the smallest and largest value."""
    places = dot_places(case)
    seen["places"] = places
    picture = as_picture(draw_dots(places, INPUT_SIDE))
    with scenario(seen, "dots"):
        found, low, high = [], math.inf, -math.inf
        for _ in range(DRAWS):
            image = as_image(transform(picture.copy()))
            found.append(read_dots(image / 255 if image.max() > 2 else image))
            low, high = min(low, float(image.min())), max(high, float(image.max()))
        seen["dots"], seen["side"], seen["range"] = np.stack(found), len(image), np.array([low, high])


def call_on_rings(seen: Observation, transform: Callable[..., Any], case: Case) -> None:
    """Record `rings` (RING_DRAWS, 3, RING_PIXELS), and the levels that were drawn, (3,)."""
    levels = case.rng(11).permutation([0.25, 0.5, 0.75]) + case.rng(12).uniform(-0.08, 0.08, 3)
    levels = np.round(255 * levels) / 255
    seen["levels"] = levels
    picture = as_picture(draw_rings(levels, INPUT_SIDE))
    with scenario(seen, "rings"):
        seen["rings"] = np.stack([ring_samples(as_image(transform(picture.copy()))) for _ in range(RING_DRAWS)])


def call_for_sizes(seen: Observation, create: Callable[..., Any], case: Case) -> None:
    """Record in `flaw` what is wrong with type and shape for several sizes, the default among them."""
    flaws: list[str] = []
    noise = case.rng(13)
    with scenario(seen, "sizes"):
        for wanted, given in ((None, 28), (32, 28), (48, 70)):
            transform = create() if wanted is None else create(wanted)
            picture = as_picture(noise.random((given, given)))
            size = wanted or 128
            as_tensor_result(transform(picture), (1, size, size), flaws)
        seen["flaw"] = flaws[0] if flaws else ""


def probe_transform(answers: Mapping[str, Any], case: Case) -> Observation:
    """Draw the dots and the rings many times, and pictures of several sizes once."""
    seen: Observation = {}
    create = answers["create_augmented_transform"]
    size = int(case.rng(14).choice(SIZES))
    with own_randomness(case), working_noise(create):
        with scenario(seen, "dots"):
            transform = create(img_size=size)
            call_on_dots(seen, transform, case)
            call_on_rings(seen, transform, case)
        if seen.get("unanswered"):
            return seen
        call_for_sizes(seen, create, case)
    return seen


# --- Task 2: judge -----------------------------------------------------------------------------------------------


def dots_of(seen: Observation) -> tuple[np.ndarray, np.ndarray] | None:
    """Centres (DRAWS, 3, 2) in pixels and masses (DRAWS, 3); None when there are none."""
    dots = numbers_of(seen, "dots", (DRAWS, 3, 3))
    return None if dots is None else (dots[..., :2], dots[..., 2])


def whole(masses: np.ndarray) -> np.ndarray:
    """In which draws all dots are where they may be: (DRAWS,) bool."""
    return ((masses > 0.5) & (masses < 1.6)).all(axis=1)


def side_of(seen: Observation) -> float:
    """The side of the images that came out, in pixels."""
    side = array_of(seen, "side")
    return float(side) if side is not None and side.shape == () and 32 <= side <= 4096 else float(SIZES[0])


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


def readable(seen: Observation, expected: Observation) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """`turns` of the draws in which all dots are found; None when these are too few."""
    dots = dots_of(seen)
    if dots is None:
        return None
    kept = whole(dots[1])
    if kept.sum() < ENOUGH:
        return None
    return turns(dots[0][kept], np.asarray(expected["places"], dtype=float) * side_of(seen))


def unreadable(seen: Observation) -> str:
    """Why nothing can be said about flips and rotation."""
    if error := error_of(seen, "dots"):
        return f"raised {error}"
    return "the marks in the picture are not where a flip or a rotation puts them" if "dots" in seen else "no pictures"


def rate_fault(hits: np.ndarray, what: str) -> str | None:
    """What is wrong with the rate of something that should happen in half of the draws; None when nothing is."""
    rate, allowed = float(hits.mean()), RATE_LIMIT * 0.5 / math.sqrt(len(hits))
    return None if abs(rate - 0.5) <= allowed else f"{what} {rate:.0%} of {len(hits):,} draws"


def judge_flips(seen: Observation, expected: Observation) -> list[Finding]:
    """Does each flip happen in half of the draws, and do they not depend on each other?"""
    read = readable(seen, expected)
    goal = f"half of the draws, to within {RATE_LIMIT * 50 / math.sqrt(DRAWS):.0f} percent"
    rows = [
        ("horizontal", "horizontal flips (left becomes right)", "a horizontal flip in", (1, 3)),
        ("vertical", "vertical flips (top becomes bottom)", "a vertical flip in", (2, 3)),
        ("apart", "one flip does not depend on the other", "both or none in", (0, 3)),
    ]
    findings = []
    for name, tested, what, numbers in rows:
        found = unreadable(seen) if read is None else rate_fault(np.isin(read[0], numbers), what)
        goal = goal if name != "apart" else "both or none in half of the draws"
        findings.append(Finding(name, tested, found is None, found or "in half of the draws", goal))
    return findings


def judge_rotation(seen: Observation, expected: Observation) -> Finding:
    """Are the angles uniform between -15 and 15 degrees?"""
    read = readable(seen, expected)
    found = unreadable(seen) if read is None else angle_fault(read[1])
    goal = f"every angle from -{MAX_ANGLE:g} to {MAX_ANGLE:g} degrees equally likely"
    return Finding("rotation", "angles of rotation", found is None, found or "as asked", goal)


def angle_fault(angles: np.ndarray) -> str | None:
    """What is wrong with a sample of angles in degrees, in words; None when it is uniform in ±15."""
    low, high = float(angles.min()), float(angles.max())
    if high - low < 2:
        return "no rotation" if abs(high + low) < 2 else f"the same angle in every draw, about {high:.0f} degrees"
    if max(-low, high) > MAX_ANGLE + ANGLE_SLACK:
        return f"angles from {low:.0f} to {high:.0f} degrees"
    ordered = np.sort(angles) / (2 * MAX_ANGLE) + 0.5
    steps = np.arange(len(angles) + 1) / len(angles)
    distance = max((steps[1:] - ordered).max(), (ordered - steps[:-1]).max())
    if distance <= KS_LIMIT / math.sqrt(len(angles)) + ANGLE_KS_SLACK:
        reached = max(-low, high) >= MAX_ANGLE - ANGLE_SLACK
        return None if reached else f"angles from {low:.0f} to {high:.0f} degrees only"
    still = float((np.abs(angles) < 1).mean())
    hint = f"; {still:.0%} of the draws are not turned at all" if still > 0.2 else ""
    return f"angles from {low:.0f} to {high:.0f} degrees, not equally likely{hint}"


def judge_geometry(seen: Observation, expected: Observation) -> Finding:
    """Is there nothing but flips and rotations about the centre?"""
    dots, read = dots_of(seen), readable(seen, expected)
    found = None
    if dots is None or read is None:
        found = unreadable(seen)
    elif (lost := 1 - float(whole(dots[1]).mean())) > 0:
        found = f"in {lost:.0%} of the draws a mark is not at its distance from the centre, or not of its size"
    elif (left := float(np.quantile(read[2], 0.95))) > RESIDUAL_LIMIT:
        found = f"marks are up to {left:.1f} pixels from where a rotation about the centre puts them"
    tested = "nothing is moved, cropped, zoomed or sheared"
    return Finding("geometry", tested, found is None, found or "right", "flips, and rotations about the centre, alone")


def rings_of(seen: Observation) -> np.ndarray | None:
    """Ring samples (RING_DRAWS, 3, RING_PIXELS); None when there are none."""
    return numbers_of(seen, "rings", (RING_DRAWS, 3, RING_PIXELS))


def no_rings(seen: Observation) -> str:
    """Why there are no levels to judge."""
    error = error_of(seen, "rings") or error_of(seen, "dots")
    return f"raised {error}" if error else "no pictures"


def judge_intensity(seen: Observation, expected: Observation) -> Finding:
    """Is the level of every ring in every picture what was drawn?"""
    rings, levels = rings_of(seen), np.asarray(expected["levels"], dtype=float)
    found = None
    if rings is None:
        found = no_rings(seen)
    else:
        means = rings.mean(axis=2)
        off = np.abs(means - levels)
        if off.max() > LEVEL_ATOL:
            draw, ring = np.unravel_index(off.argmax(), off.shape)
            varies = " It differs from draw to draw." if np.ptp(means, axis=0).max() > 2 * LEVEL_ATOL else ""
            found = f"a grey level of {levels[ring]:.3f} came out as {means[draw, ring]:.3f}.{varies}"
    tested = "grey levels stay as they are, apart from noise"
    goal = "no change of brightness or contrast, no normalisation: 0 is black and 1 is white"
    return Finding("intensity", tested, found is None, found or "right", goal)


def judge_transform_noise(seen: Observation) -> Finding:
    """Has the noise of the finished picture the right spread at every level, and is it new in each draw?"""
    rings = rings_of(seen)
    found = no_rings(seen) if rings is None else transform_noise_fault(rings - rings.mean(axis=2, keepdims=True))
    goal = f"independent noise of standard deviation {SIGMA:g} in every pixel, new in each call"
    return Finding("noise", "noise of the finished picture", found is None, found or "right", goal)


def transform_noise_fault(noise: np.ndarray) -> str | None:
    """What is wrong with the noise about each ring's mean, in words; None when nothing is."""
    spreads = noise.std(axis=(0, 2)) * math.sqrt(RING_PIXELS / (RING_PIXELS - 1))
    wrong = spreads[np.abs(spreads / SIGMA - 1) > NOISE_RTOL]
    if spreads.max() < 0.1 * SIGMA:
        return "no noise"
    if len(wrong):
        hint = " Is the noise rotated or resized with the picture? Add it last." if wrong[0] < SIGMA else ""
        return f"a standard deviation of {wrong[0]:.4f}.{hint}"
    if correlation(noise[1:], noise[:-1]) > SAME:
        return "successive calls gave the same noise"
    return None


def judge_output(seen: Observation) -> Finding:
    """Is the result a floating-point tensor of the asked size?"""
    found = error_of(seen, "sizes") or error_of(seen, "dots")
    flaw = seen.get("flaw")
    found = f"raised {found}" if found else None
    if found is None and (not isinstance(flaw, str) or flaw):
        found = f"returned {str(flaw)[:200]}"
    tested = "the result is a floating-point tensor (1, img_size, img_size), 128 by default"
    return Finding("output", tested, found is None, found or "as asked", "one channel, square, for any size of input")


def judge_range(seen: Observation) -> Finding:
    """Do all values lie in [0, 1], and do black and white still reach its ends?"""
    limits = numbers_of(seen, "range", (2,))
    found = None
    if limits is None:
        found = unreadable(seen)
    elif not (limits[0] >= 0 and limits[1] <= 1):
        found = f"values from {limits[0]:.3f} to {limits[1]:.3f}"
    elif not (limits[0] < 0.1 and limits[1] > 0.9):
        found = f"a picture with black and white came out with values from {limits[0]:.3f} to {limits[1]:.3f} only"
    return Finding("range", "all values lie in [0, 1]", found is None, found or "they do", "0 is black, 1 is white")


def judge_transform(seen: Observation, expected: Observation) -> list[Finding]:
    """All findings about `create_augmented_transform`."""
    return [
        judge_output(seen),
        judge_range(seen),
        *judge_flips(seen, expected),
        judge_rotation(seen, expected),
        judge_geometry(seen, expected),
        judge_intensity(seen, expected),
        judge_transform_noise(seen),
    ]


# --- what the notebook and the grader use ------------------------------------------------------------------------

TASKS = {
    "gaussian_noise": Task(
        name="gaussian_noise",
        title="Task 1: GaussianNoise",
        defines=("GaussianNoise",),
        probe=probe_noise,
        judge=judge_noise,
    ),
    "create_augmented_transform": Task(
        name="create_augmented_transform",
        title="Task 2: create_augmented_transform",
        defines=("create_augmented_transform",),
        probe=probe_transform,
        judge=judge_transform,
        expects=("places", "levels"),
    ),
}


def check_gaussian_noise(noise: type) -> int | None:
    """Check Task 1 on many draws; prints a table and raises when something is wrong."""
    return run_visible("augmentation", TASKS["gaussian_noise"], {"GaussianNoise": noise})


def check_create_augmented_transform(create: Callable[..., Any]) -> int | None:
    """Check Task 2 on many draws; prints a table and raises when something is wrong."""
    task = TASKS["create_augmented_transform"]
    return run_visible("augmentation", task, {"create_augmented_transform": create})
