"""Task 2 of assignment 07: where in the image the error lies."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from waferlab.checks.bench import Bench
from waferlab.checks.core import Case, Check, Fault, Observation, Task, array_of, close_fault, relative_difference
from waferlab.checks.reading import numbers
from waferlab.checks.watching import asked, changed_fault, first_error

if TYPE_CHECKING:
    import torch

HEAT_RTOL = 1e-5
#: Two heatmaps that order the pixels alike give the same AUROC; float32 can tie what float64 tells apart.
MASK_ATOL = 1e-3
SHAPED = ("one-channel", "channels")
CLOSE = f"equal to within {HEAT_RTOL:g} (relative)"


# --- probe -------------------------------------------------------------------------------------------------------


def tensor(values: np.ndarray, case: Case) -> torch.Tensor:
    """An array as a new tensor of the case's dtype."""
    import torch

    return torch.tensor(values, dtype=getattr(torch, case.dtype))


def heat(seen: Observation, part: str, bench: Bench, x: np.ndarray, recon: np.ndarray, case: Case) -> None:
    """Call the answer once, and record its heatmaps and whether the tensors changed."""
    with asked(seen, part):
        result = bench.call("error_heatmap", tensor(x, case), tensor(recon, case))
        seen[f"{part}.changed"] = bool(bench.changed)
        seen[f"{part}.heat"] = numbers(result, "the result")


def drawn(case: Case) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Drawn wafers with defects, the same wafers without them under other noise as reconstructions, and the masks."""
    from waferlab.synthetic import CLASS_NAMES, draw_wafers

    seed = int(case.rng(9).integers(2**31))
    pairs = [draw_wafers(4, 32, kind, seed=seed, stream=number) for number, kind in enumerate(CLASS_NAMES[1:])]
    images, masks = (np.concatenate(column) for column in zip(*pairs, strict=True))
    flawless = np.concatenate([draw_wafers(4, 32, seed=seed, stream=number)[0] for number in range(len(pairs))])
    recon = np.clip(flawless + case.rng(10).normal(0, 12, images.shape), 0, 255)
    return images[:, None] / 255, recon[:, None] / 255, masks


def probe_heatmap(bench: Bench, case: Case) -> Observation:
    """Run `error_heatmap` on random images of several shapes, and on drawn wafers with defects."""
    seen: Observation = {}
    height, width = (int(side) for side in case.rng(1).choice(np.arange(9, 20), 2, replace=False))
    shapes = {"one-channel": (4, 1, height, width), "channels": (2, 3, height, width), "single": (1, 1, width, height)}
    for stream, (part, shape) in enumerate(shapes.items(), 2):
        x, recon = case.rng(stream).random((2, *shape))
        heat(seen, part, bench, x, recon, case)
    images, recon, masks = drawn(case)
    heat(seen, "wafers", bench, images, recon, case)
    seen["wafers.shape"], seen["wafers.defects"] = [*masks.shape], np.flatnonzero(masks)
    found = array_of(seen, "wafers.heat")
    if found is not None and found.shape == masks.shape and np.isfinite(found).all():
        seen["wafers.auroc"] = pixel_auroc(masks, found)  # read from the reference's observation only
    return seen


def pixel_auroc(masks: np.ndarray, heat: np.ndarray) -> float:
    """How well heatmaps rank defect pixels above the others."""
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(masks.ravel().astype(bool), heat.ravel()))


# --- faults ------------------------------------------------------------------------------------------------------


def heat_hint(seen: Observation, expected: Observation) -> str:
    """The likely cause of wrong numbers of the right shape."""
    got, want = array_of(seen, "one-channel.heat"), np.asarray(expected["one-channel.heat"], float)
    if got is None or got.shape != want.shape:
        return ""
    causes = (
        (np.sqrt(want), "You took the absolute difference: square it."),
        (want / want.max(), "You scaled the heatmaps: leave the errors as they are."),
        (want / want.max(axis=(1, 2), keepdims=True), "You scaled every heatmap: leave the errors as they are."),
    )
    if (got < 0).any():
        return "A squared error is never negative."
    return next((hint for other, hint in causes if relative_difference(got, other) <= HEAT_RTOL), "")


def shape_fault(seen: Observation, expected: Observation) -> str | None:
    """What is wrong with the shape of the heatmaps; None when there is one map of (H, W) for each image."""
    for part in SHAPED:
        got, want = array_of(seen, f"{part}.heat"), np.shape(expected[f"{part}.heat"])
        if error := first_error(seen, [part]):
            return error
        if got is None or got.shape != want:
            return str(seen.get(f"{part}.flaw", f"shape {None if got is None else got.shape}"))[:200]
    return None


def channels_hint(seen: Observation, expected: Observation) -> str:
    """The likely cause of wrong heatmaps of three channels."""
    got, want = array_of(seen, "channels.heat"), np.asarray(expected["channels.heat"], float)
    summed = got is not None and got.shape == want.shape and relative_difference(got, 3 * want) <= HEAT_RTOL
    return "You summed over the channels." if summed else "Square first, then average over the channels."


def heat_fault(part: str, hint: Callable[[Observation, Observation], str] = lambda *_: "") -> Fault:
    """The fault "the heatmaps of this part are not the reference's"."""

    def fault(seen: Observation, expected: Observation) -> str | None:
        told = hint(seen, expected)
        return close_fault(seen, expected, f"{part}.heat", part=part, rtol=HEAT_RTOL, hint=told)

    return fault


def masks_fault(seen: Observation, expected: Observation) -> str | None:
    """What is wrong with the heatmaps of drawn wafers; None when they find the defects as well as they should."""
    masks = np.zeros(np.prod(expected["wafers.shape"]))
    masks[np.asarray(expected["wafers.defects"], int)] = 1
    got = array_of(seen, "wafers.heat")
    if got is None or got.size != masks.size or not np.isfinite(got).all():
        return first_error(seen, ["wafers"]) or "no heatmaps to compare"
    reached = pixel_auroc(masks, got.reshape(-1))
    return None if abs(reached - float(expected["wafers.auroc"])) <= MASK_ATOL else f"pixel AUROC {reached:.3f}"


# --- what the notebook and the grader use ------------------------------------------------------------------------
#
# Everything is compared to rounding: nothing random in a right answer can cost it points. The pixel AUROC of an answer
# in float32 was within 2e-7 of that in float64 over 200 seeds, and 1e-3 is allowed.

HEATMAP = Task(
    module="error_analysis",
    name="error_heatmap",
    title="Task 2: error_heatmap",
    defines=("error_heatmap",),
    observe=probe_heatmap,
    apart=True,
    expects=(
        *(f"{part}.heat" for part in (*SHAPED, "single")),
        *(f"wafers.{fact}" for fact in ("shape", "defects", "auroc")),
    ),
    checks=(
        Check(
            "shape",
            0.5,
            "one map for each image",
            "(B, H, W) for images of (B, C, H, W), square or not",
            shape_fault,
            requires=("masks",),
        ),
        Check(
            "values",
            1.0,
            "the error of every pixel, squared",
            CLOSE,
            heat_fault("one-channel", heat_hint),
        ),
        Check("channels", 0.5, "three channels are averaged", CLOSE, heat_fault("channels", channels_hint)),
        Check("batch-of-one", 0.25, "a batch of one keeps its first dimension", CLOSE, heat_fault("single")),
        Check(
            "unchanged",
            0.25,
            "the images are left as they were",
            "no in-place operation (such as `-=` or `.sub_()`) on x or x_recon",
            changed_fault(SHAPED, "the images"),
            requires=("masks",),
        ),
        Check(
            "masks",
            0.5,
            "pixel AUROC against the masks of drawn defects",
            f"that of the squared error, to within {MASK_ATOL}",
            masks_fault,
        ),
    ),
)
