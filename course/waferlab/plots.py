"""Figures for the notebooks.

Every function takes arrays or tensors and returns a matplotlib figure: axes labelled with units, readable in greyscale
(line styles and markers differ, not only colours). The figure stays open in pyplot, so a notebook shows it by itself
at the end of the cell; end a line that would show it a second time with a semicolon.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score, roc_curve

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


def roc_curves(
    curves: Mapping[str, tuple[Any, Any]],
    budget: float | None = None,
    points: Mapping[str, tuple[float, float]] | None = None,
) -> Figure:
    """Draw ROC curves, their AUROC in the legend.

    Args:
        curves: `(labels, scores)` by legend entry; labels are 0 for normal and 1 for anomalous, and a higher score is
            more anomalous.
        budget: a share of false alarms to mark with a vertical line, in [0, 1].
        points: operating points to mark, `(false alarms, hits)` by the legend entry of their curve.
    """
    figure, axes = new_axes("ROC curves", "false alarms (share of normals)", "hits (share of anomalies)", (5.6, 5.0))
    axes.plot([0, 1], [0, 1], color="0.6", linewidth=1, label="guessing, AUROC 0.500")
    for number, (name, (labels, scores)) in enumerate(curves.items()):
        labels, scores = as_array(labels), as_array(scores)
        false_alarms, hits, _ = roc_curve(labels, scores)
        label = f"{name}, AUROC {roc_auc_score(labels, scores):.3f}"
        axes.plot(false_alarms, hits, label=label, **line_style(number) | {"marker": None})
        if name in (points or {}):
            axes.plot(*points[name], **line_style(number) | {"linestyle": "none", "markersize": 8})
    if budget is not None:
        axes.axvline(budget, color="tab:red", linewidth=1, label=f"{budget:.0%} false alarms")
    axes.set(xlim=(-0.01, 1), ylim=(0, 1.01), aspect="equal")
    axes.legend(loc="lower right")
    return figure


def auroc_against_k(aurocs: Mapping[int, float], baseline: float | None = None) -> Figure:
    """Draw the AUROC for every number of components as bars that start at guessing, 0.5.

    Args:
        aurocs: AUROC by k.
        baseline: AUROC without any component (distance to the mean image), drawn as a level line.
    """
    figure, axes = new_axes("AUROC by the number of components", "components k", "AUROC")
    ks = sorted(aurocs)
    heights = [aurocs[k] - 0.5 for k in ks]
    bars = axes.bar(range(len(ks)), heights, 0.6, 0.5, color="0.75", edgecolor="black", label="PCA with k components")
    axes.bar_label(bars, [f"{aurocs[k]:.3f}" for k in ks], padding=2)
    if baseline is not None:
        axes.axhline(baseline, color="0.25", linestyle="--", label=f"no components: {baseline:.3f}")
    axes.set_xticks(range(len(ks)), [str(k) for k in ks])
    axes.margins(y=0.15)
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return figure


def reconstructions(
    x: Any, x_recon: Any, titles: Sequence[str] | None = None, residual_max: float | None = None
) -> Figure:
    """Draw images in one row, their reconstructions below, and the residuals below those.

    Args:
        x: images, (n, 1, h, w) or (n, h, w), in [0, 1].
        x_recon: their reconstructions, the same shape.
        titles: one for each image.
        residual_max: the residual that is drawn black; by default the largest. Set it to compare figures.

    Raises:
        ValueError: the shapes differ.
    """
    images, rebuilt = as_images(x), as_images(x_recon)
    if images.shape != rebuilt.shape:
        raise ValueError(f"reconstructions have shape {rebuilt.shape}: expected that of the images, {images.shape}")
    n = len(images)
    figure, grid = plt.subplots(3, n, figsize=(1.3 * n + 0.9, 4.4), squeeze=False, layout="constrained")
    residuals = np.abs(images - rebuilt)
    top = residual_max or max(float(residuals.max()), 1e-12)
    for column in range(n):
        show_image(grid[0, column], images[column], titles[column] if titles is not None else None)
        show_image(grid[1, column], rebuilt[column])
        shown = grid[2, column].imshow(residuals[column], cmap="gray_r", vmin=0, vmax=top, interpolation="nearest")
        grid[2, column].set(xticks=[], yticks=[])
    for row, name in zip(grid[:, 0], ("image", "reconstruction", "residual"), strict=True):
        row.text(-0.12, 0.5, name, transform=row.transAxes, rotation=90, ha="right", va="center")
    extend = "max" if residuals.max() > top else "neither"
    figure.colorbar(shown, ax=grid[2, :].tolist(), label="|x - x_recon|", pad=0.01, extend=extend)
    return figure


def auroc_by_class(series: Mapping[str, Mapping[str, float]]) -> Figure:
    """Draw the AUROC of each class of anomalies against all normals, hardest class at the top.

    Args:
        series: for each legend entry, AUROC by class name; the first decides the order.
    """
    first = next(iter(series.values()))
    names = sorted(first, key=first.__getitem__, reverse=True)
    size = (6.4, 0.42 * len(names) + 1.4)
    figure, axes = new_axes("Which anomalies are hard?", "AUROC of this class against all normals", "", size)
    for number, (label, values) in enumerate(series.items()):
        fill = "full" if number == 0 else "none"  # open markers let those below shine through
        style = line_style(number) | {"linestyle": "none", "markersize": 6 + 3 * number, "fillstyle": fill}
        axes.plot([values[name] for name in names], range(len(names)), label=label, **style)
    axes.axvline(0.5, color="0.4", linestyle="--", label="guessing")
    axes.set_yticks(range(len(names)), names)
    axes.margins(y=0.12)
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


def projection(points: Any, x: Any, x_recon: Any, names: Sequence[str]) -> Figure:
    """Draw PCA with one component in the plane: training points, the axis, and the residuals of some points.

    Args:
        points: training points, (n, 2).
        x: points to reconstruct, (m, 2), m >= 2.
        x_recon: their reconstructions, (m, 2), all on one line.
        names: one for each point of `x`.
    """
    points, x, x_recon = as_array(points), as_array(x), as_array(x_recon)
    figure, axes = new_axes("One component keeps a line", "first pixel", "second pixel", (6.4, 4.8))
    mean = points.mean(axis=0)
    axes.axline(mean, x_recon[np.argmax(np.abs(x_recon - mean).sum(axis=1))], color="0.5", label="first principal axis")
    axes.plot(*points.T, "o", color="black", label="training points")
    axes.plot(*mean, "P", color="tab:blue", markersize=10, label="mean")
    for number, (point, rebuilt, name) in enumerate(zip(x, x_recon, names, strict=True)):
        axes.plot(*np.stack([point, rebuilt]).T, ":", color="tab:red", label=None if number else "residual")
        axes.plot(*rebuilt, "x", color="tab:red", markersize=8, label=None if number else "reconstruction")
        axes.plot(*point, "s", color="tab:orange", label=None if number else "test points")
        axes.annotate(name, point, xytext=(-8, 8), textcoords="offset points", ha="right")
    axes.set_aspect("equal")
    axes.legend(loc="lower right")
    return figure


def draws_and_densities(draws: Mapping[str, tuple[Any, float, float]]) -> Figure:
    """Draw histograms of random draws and the normal densities that they should follow.

    Args:
        draws: `(values, mean, spread)` by legend entry; the density is that of N(mean, spread^2).
    """
    figure, axes = new_axes("Draws and the densities they should follow", "z", "density", (7.0, 4.0))
    for number, (name, (values, mean, spread)) in enumerate(draws.items()):
        z = np.linspace(mean - 4 * spread, mean + 4 * spread, 200)
        density = np.exp(-(((z - mean) / spread) ** 2) / 2) / (spread * np.sqrt(2 * np.pi))
        style = line_style(number) | {"marker": None}
        axes.hist(as_array(values), bins=50, density=True, color=style["color"], alpha=0.3)
        axes.plot(z, density, label=name, **style)
    axes.legend(title="bars: draws, lines: density", fontsize=9)
    return figure


def kl_landscape(mu: Any, logvar: Any, kl: Any) -> Figure:
    """Draw the KL divergence of one latent dimension as contour lines.

    Args:
        mu: means, (n,).
        logvar: log-variances, (m,).
        kl: divergences in nats, (m, n).
    """
    figure, axes = new_axes("KL divergence from N(0, 1), in nats", "mu", "logvar", (6.4, 4.6))
    levels = [0.1, 0.5, 1, 2, 4, 8, 16]
    lines = axes.contour(as_array(mu), as_array(logvar), as_array(kl), levels=levels, colors="black")
    axes.clabel(lines, fmt=lambda level: f"{level:g}")
    axes.plot(0, 0, "*", color="black", markersize=12, label="the prior: KL = 0")
    axes.legend(loc="upper right")
    return figure


def latent_activity(kl: Any, spread: Any, means: Any) -> Figure:
    """Draw, for every latent dimension, how much it tells about the image; most informative first.

    Args:
        kl: mean KL divergence of each dimension in nats, (d,).
        spread: mean of exp(logvar / 2) of each dimension, (d,).
        means: standard deviation of mu over the images, for each dimension, (d,).
    """
    order = np.argsort(-as_array(kl))
    figure, (top, bottom) = plt.subplots(2, 1, figsize=(7.2, 5.2), sharex=True, layout="constrained")
    top.bar(np.arange(len(order)), as_array(kl)[order], color="0.35")
    top.set(title="Which latent dimensions carry information?", ylabel="KL divergence (nats)")
    bottom.plot(as_array(spread)[order], "o", color="black", label="spread of a code: mean of exp(logvar / 2)")
    bottom.plot(as_array(means)[order], "x", color="tab:orange", label="spread of mu from image to image")
    bottom.set(xlabel="latent dimension, most informative first", ylabel="standard deviation")
    bottom.legend()
    for axes in (top, bottom):
        axes.grid(alpha=0.3)
    return figure


def latent_scatter(mu: Any, spread: Any, labels: Any, names: tuple[str, str], shown: int = 6) -> Figure:
    """Draw codes in the plane of two latent dimensions, normals and anomalies, and the spread of some of them.

    Args:
        mu: means, (n, 2).
        spread: standard deviations exp(logvar / 2), (n, 2).
        labels: (n,), 0 normal and 1 anomaly.
        names: of the two dimensions.
        shown: of how many codes of each kind the ellipse of one standard deviation is drawn.
    """
    mu, spread, labels = as_array(mu), as_array(spread), as_array(labels)
    figure, axes = new_axes(
        "Where the encoder puts normals and anomalies", f"mu, {names[0]}", f"mu, {names[1]}", (6.8, 5.2)
    )
    for label, name, marker, colour in ((1, "anomalies", "x", "tab:orange"), (0, "normals", ".", "black")):
        chosen = np.flatnonzero(labels == label)
        axes.plot(*mu[chosen].T, marker, color=colour, markersize=5, alpha=0.6, label=name)
        for number in chosen[:shown]:
            axes.add_patch(Ellipse(mu[number], *2 * spread[number], fill=False, color=colour, linewidth=1))
    axes.plot(0, 0, "P", color="tab:blue", markersize=10, label="mean of the prior")
    axes.legend(title="ellipses: one standard deviation", fontsize=9)
    return figure


def latent_walk(images: Any, x_values: Sequence[float], y_values: Sequence[float], names: tuple[str, str]) -> Figure:
    """Draw decoded images on a grid of two latent coordinates.

    Args:
        images: (rows * columns, 1, h, w) in [0, 1], row by row; the first row belongs to the largest y value.
        x_values: coordinates of the columns.
        y_values: coordinates of the rows, the first row first.
        names: of the two dimensions, x and y.
    """
    gap = 2  # white pixels between two images
    pictures = np.pad(as_images(images), ((0, 0), (0, gap), (0, gap)), constant_values=1)
    side = pictures.shape[-1]
    rows, columns = len(y_values), len(x_values)
    mosaic = pictures.reshape(rows, columns, side, side).swapaxes(1, 2).reshape(rows * side, columns * side)
    figure, axes = plt.subplots(figsize=(0.9 * columns + 1.2, 0.9 * rows + 1.0), layout="constrained")
    axes.imshow(mosaic[:-gap, :-gap], cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    axes.set_xticks((np.arange(columns) + 0.5) * side - gap, [f"{value:g}" for value in x_values])
    axes.set_yticks((np.arange(rows) + 0.5) * side - gap, [f"{value:g}" for value in y_values])
    axes.set(title="What the decoder makes of z", xlabel=f"z, {names[0]}", ylabel=f"z, {names[1]}")
    return figure


def training_curves(history: Mapping[str, Sequence[float]], betas: Sequence[float]) -> Figure:
    """Draw total loss, reconstruction and KL divergence against the epoch, and beta behind each.

    The KL divergence has a logarithmic axis: it shoots up while beta is 0, and its end must be readable all the same.

    Args:
        history: for `train` and `val` the lists `_total`, `_recon` and `_kl`, one number an epoch.
        betas: weight of the KL term in each epoch, in [0, 1].
    """
    figure, grid = plt.subplots(1, 3, figsize=(12.0, 3.8), layout="constrained")
    epochs = range(len(betas))
    panels = (("total", "total (nats)"), ("recon", "reconstruction (nats)"), ("kl", "KL divergence (nats, log axis)"))
    for axes, (part, title) in zip(grid, panels, strict=True):
        for number, (split, name) in enumerate((("train", "training"), ("val", "validation"))):
            axes.plot(epochs, history[f"{split}_{part}"], label=name, **line_style(number) | {"markersize": 4})
        behind = axes.twinx()
        behind.fill_between(epochs, betas, color="0.88", step=None, label="beta")
        behind.set(ylim=(0, 1.05), ylabel="beta (grey area)" if part == "kl" else "")
        if part != "kl":
            behind.set_yticks([])
        behind.set_zorder(axes.get_zorder() - 1)
        axes.patch.set_visible(False)
        axes.set(title=title, xlabel="epoch", yscale="log" if part == "kl" else "linear")
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.legend()
    return figure


def score_histograms(scores: Any, labels: Any, thresholds: Mapping[str, float] | None = None) -> Figure:
    """Draw the distributions of the anomaly scores of normals and anomalies, each as a share of its own kind.

    Args:
        scores: (n,), higher is more anomalous.
        labels: (n,), 0 normal and 1 anomaly.
        thresholds: vertical lines by legend entry.
    """
    scores, labels = as_array(scores), as_array(labels)
    figure, axes = new_axes("Anomaly scores", "score: mean squared residual", "share of the images", (7.0, 4.0))
    top = float(np.quantile(scores, 0.995))  # a few extreme anomalies would squeeze all others into one bar
    bins = np.linspace(float(scores.min()), top, 41)
    styles = (("normals", {"color": "0.7"}), ("anomalies", {"histtype": "step", "color": "black", "hatch": "///"}))
    for label, (name, style) in enumerate(styles):
        chosen = np.minimum(scores[labels == label], top)
        axes.hist(chosen, bins=bins, weights=np.full(len(chosen), 1 / max(len(chosen), 1)), label=name, **style)
    for number, (name, value) in enumerate((thresholds or {}).items()):
        style = LINE_STYLES[(number + 1) % len(LINE_STYLES)]
        axes.axvline(value, color="tab:red", linestyle=style, label=f"threshold {name}")
    axes.legend(title="last bar: this score or higher", title_fontsize=8)
    return figure


def precision_recall(curves: Mapping[str, tuple[Any, Any]]) -> Figure:
    """Draw precision against recall, the average precision in the legend.

    Args:
        curves: `(labels, scores)` by legend entry, as for `roc_curves`.
    """
    figure, axes = new_axes("Precision and recall", "recall (share of anomalies found)", "precision", (5.6, 4.6))
    for number, (name, (labels, scores)) in enumerate(curves.items()):
        labels, scores = as_array(labels), as_array(scores)
        precision, recall, _ = precision_recall_curve(labels, scores)
        label = f"{name}, AP {average_precision_score(labels, scores):.3f}"
        axes.step(recall, precision, where="post", label=label, **line_style(number) | {"marker": None})
    share = float(np.mean(as_array(next(iter(curves.values()))[0])))
    axes.axhline(share, color="0.6", linewidth=1, label=f"alarm for all: {share:.3f}")
    axes.set(xlim=(0, 1), ylim=(0, 1.02))
    axes.legend(loc="lower left")
    return figure


def false_alarm_rates(promised: Any, delivered: Any, target: float) -> Figure:
    """Draw how false-alarm rates vary on the images that set the threshold, and on new ones.

    Args:
        promised: rates on the images that set the threshold, (n,), in [0, 1].
        delivered: rates on new images, (n,).
        target: the rate that was asked for.
    """
    title = "One detector, many thresholds"
    figure, axes = new_axes(title, "share of normals with an alarm", "share of the repetitions", (7.0, 4.0))
    promised, delivered = as_array(promised), as_array(delivered)
    bins = np.arange(-0.5, 100 * max(promised.max(), delivered.max()) + 1) / 100  # one bar per percentage point
    weights = np.full(len(promised), 1 / len(promised))
    axes.hist(delivered, bins=bins, weights=weights, color="0.7", label="on new images")
    axes.hist(
        promised, bins=bins, weights=weights, histtype="step", color="black", hatch="///", label="on the same images"
    )
    axes.axvline(target, color="tab:red", linestyle="--", label=f"asked for: {target:.0%}")
    axes.legend()
    return figure
