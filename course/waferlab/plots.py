"""Figures for the notebooks.

Every function takes arrays or tensors and returns a matplotlib figure: axes labelled with units, readable in greyscale
(line styles and markers differ, not only colours). The figure stays open in pyplot, so a notebook shows it by itself
at the end of the cell; end a line that would show it a second time with a semicolon.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

#: One entry for each curve: they differ in print, too.
LINE_STYLES = ("-", "--", "-.", ":")
MARKERS = ("o", "s", "^", "D", "v", "x")
COLOURS = ("black", "tab:blue", "tab:orange", "tab:green", "tab:purple", "tab:brown")


def line_style(number: int) -> dict[str, Any]:
    """Colour, line style and marker of the n-th curve, as keywords for `Axes.plot`.

    >>> line_style(0)["linestyle"], line_style(1)["linestyle"]
    ('-', '--')
    """
    return {
        "color": COLOURS[number % len(COLOURS)],
        "linestyle": LINE_STYLES[number % len(LINE_STYLES)],
        "marker": MARKERS[number % len(MARKERS)],
    }


def as_array(values: Any) -> np.ndarray:
    """Anything array-like as a NumPy array; tensors are detached and brought to the CPU."""
    return values.detach().cpu().numpy() if hasattr(values, "detach") else np.asarray(values)


def as_images(images: Any) -> np.ndarray:
    """Images as (n, h, w), from (n, 1, h, w), (n, h, w) or a single (h, w).

    Raises:
        ValueError: the shape is none of the three.
    """
    array = as_array(images)
    if array.ndim == 4 and array.shape[1] == 1:
        return array[:, 0]
    if array.ndim == 3:
        return array
    if array.ndim == 2:
        return array[None]
    raise ValueError(f"images have shape {array.shape}: expected (n, 1, h, w), (n, h, w) or (h, w)")


def new_axes(title: str, x_label: str, y_label: str, size: tuple[float, float] = (6.0, 4.0)) -> tuple[Figure, Axes]:
    """An empty figure of one labelled plot with a light grid, `size` inches."""
    figure, axes = plt.subplots(figsize=size, layout="constrained")
    axes.set(title=title, xlabel=x_label, ylabel=y_label)
    axes.grid(alpha=0.3)
    return figure, axes


def show_image(axes: Axes, image: np.ndarray, title: str | None = None) -> None:
    """Draw one grey image, black 0 to white 1, without ticks."""
    axes.imshow(image, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    axes.set_axis_off()
    if title is not None:
        axes.set_title(title, fontsize=9)


def image_grid(images: Any, titles: Sequence[str] | None = None, columns: int = 8) -> Figure:
    """Draw images in rows.

    Args:
        images: (n, 1, h, w) or (n, h, w), in [0, 1], at least one.
        titles: one for each image.
        columns: images in a row.

    Raises:
        ValueError: no images, or another number of titles than of images.
    """
    pictures = as_images(images)
    if not len(pictures):
        raise ValueError("there are no images to draw: expected at least one")
    if titles is not None and len(titles) != len(pictures):
        raise ValueError(f"{len(titles)} titles for {len(pictures)} images: expected one each")
    columns = min(columns, len(pictures))
    rows = -(-len(pictures) // columns)
    size = (1.3 * columns, (1.55 if titles else 1.35) * rows)
    figure, grid = plt.subplots(rows, columns, figsize=size, squeeze=False, layout="constrained")
    for number, axes in enumerate(grid.flat):
        if number < len(pictures):
            show_image(axes, pictures[number], titles[number] if titles is not None else None)
        else:
            axes.set_axis_off()
    return figure


def defect_overlay(images: Any, masks: Any, titles: Sequence[str] | None = None) -> Figure:
    """Draw images in one row and, below them, the same images with the outlines of their defects.

    Args:
        images: (n, 1, h, w) or (n, h, w), in [0, 1], at least one.
        masks: the same shape, True where the defect is.
        titles: one for each image.

    Raises:
        ValueError: images and masks differ in shape, or there are no images.
    """
    pictures, defects = as_images(images), as_images(masks)
    if pictures.shape != defects.shape:
        raise ValueError(f"masks have shape {defects.shape}: expected that of the images, {pictures.shape}")
    names = [*titles, *[""] * len(pictures)] if titles is not None else None
    figure = image_grid(np.concatenate([pictures, pictures]), names, columns=len(pictures))
    for axes, defect in zip(figure.axes[len(pictures) :], defects, strict=True):
        if defect.any():
            for colour, width in (("white", 2.2), ("tab:red", 1.0)):  # red on white reads in greyscale, too
                axes.contour(defect, levels=[0.5], colors=colour, linewidths=width)
    return figure
