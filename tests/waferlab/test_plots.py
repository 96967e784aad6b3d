"""Figures: what is drawn, and what is refused."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from waferlab import plots


@pytest.fixture(autouse=True)
def close_figures():
    """No figure stays open after a test."""
    plt.switch_backend("Agg")
    yield
    plt.close("all")


@pytest.mark.parametrize(
    "images",
    [torch.rand(5, 1, 8, 8), torch.rand(5, 8, 8).requires_grad_(), np.zeros((5, 8, 8))],
    ids=["tensor with channel", "tensor with gradient", "array"],
)
def test_images_in_any_form(images):
    """Are tensors, arrays and tensors that need gradients drawn alike?"""
    figure = plots.image_grid(images, columns=3)
    assert [len(axes.images) for axes in figure.axes] == [1, 1, 1, 1, 1, 0]


def test_a_single_image():
    """Does one image without a batch dimension become a grid of one?"""
    assert len(plots.image_grid(np.zeros((8, 8))).axes) == 1


def test_all_images_share_one_scale():
    """Is black 0 and white 1 in every picture, so that they can be compared?"""
    figure = plots.image_grid(np.stack([np.full((4, 4), 0.2), np.full((4, 4), 0.9)]))
    assert {axes.images[0].get_clim() for axes in figure.axes} == {(0, 1)}


def test_titles_belong_to_their_images():
    """Does every image carry its own title?"""
    figure = plots.image_grid(np.zeros((3, 4, 4)), titles=["a", "b", "c"], columns=2)
    assert [axes.get_title() for axes in figure.axes] == ["a", "b", "c", ""]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((np.zeros((2, 3, 4, 4)),), r"shape \(2, 3, 4, 4\): expected"),
        ((np.zeros((0, 4, 4)),), "no images to draw"),
        ((np.zeros((2, 4, 4)), ["a"]), "1 titles for 2 images"),
    ],
    ids=["colour", "none", "titles missing"],
)
def test_what_cannot_be_drawn(arguments, message):
    """Do errors name the value found and what was expected?"""
    with pytest.raises(ValueError, match=message):
        plots.image_grid(*arguments)


def test_outlines_only_where_there_is_a_defect():
    """Does the second row show outlines for defective images and none for normal ones?"""
    masks = np.zeros((2, 8, 8), dtype=bool)
    masks[1, 2:5, 2:5] = True
    figure = plots.defect_overlay(np.zeros((2, 8, 8)), masks, titles=["normal", "scratch"])
    assert [len(axes.collections) for axes in figure.axes] == [0, 0, 0, 2]


def test_masks_of_another_shape():
    """Is a mask that does not fit refused?"""
    with pytest.raises(ValueError, match=r"\(1, 8, 8\): expected that of the images, \(2, 8, 8\)"):
        plots.defect_overlay(np.zeros((2, 8, 8)), np.zeros((1, 8, 8)))


def test_curves_differ_without_colour():
    """Do the first four curves differ in line style, for readers of a grey print?"""
    assert len({plots.line_style(number)["linestyle"] for number in range(4)}) == 4


def test_roc_curves_mark_operating_points():
    """Is the point that was chosen drawn on the curve it belongs to, and on no other?"""
    curves = {"one": ([0, 0, 1, 1], [0.1, 0.4, 0.3, 0.9]), "two": ([0, 0, 1, 1], [0.1, 0.2, 0.3, 0.9])}
    axes = plots.roc_curves(curves, budget=0.05, points={"one": (0.0, 0.5)}).axes[0]
    marked = [line for line in axes.lines if line.get_linestyle() == "None"]
    assert [(list(line.get_xdata()), list(line.get_ydata())) for line in marked] == [([0.0], [0.5])]
    assert marked[0].get_color() == axes.lines[1].get_color()


def test_training_curves_show_both_splits_over_beta():
    """Has each panel a line for training and one for validation, labelled, over the weight of the KL term?"""
    history = {f"{split}_{part}": [3.0, 2.0, 1.0] for split in ("train", "val") for part in ("total", "recon", "kl")}
    figure = plots.training_curves(history, [0.0, 0.5, 1.0])
    panels = [axes for axes in figure.axes if axes.lines]
    assert [len(axes.lines) for axes in panels] == [2, 2, 2]
    assert all(axes.get_xlabel() == "epoch" and axes.get_title() for axes in panels)


def test_the_end_of_the_kl_curve_can_be_read():
    """Is a KL divergence that begins at 400 nats and ends between 3 and 2 still drawn apart at its end?"""
    history = {f"{split}_{part}": [400.0, 3.0, 2.0] for split in ("train", "val") for part in ("total", "recon", "kl")}
    axes = [one for one in plots.training_curves(history, [0.0, 0.5, 1.0]).axes if one.lines][2]
    low, high = (axes.transAxes.inverted().transform(axes.transData.transform((0, kl)))[1] for kl in (2.0, 3.0))
    assert high - low > 0.05


def test_score_histograms_count_every_image_once():
    """Do the bars of each kind sum to one, extreme scores included, and is the threshold drawn?"""
    scores, labels = np.append(np.linspace(0, 1, 99), 50.0), np.repeat([0, 1], 50)
    axes = plots.score_histograms(scores, labels, thresholds={"from validation": 0.5}).axes[0]
    normals = sum(bar.get_height() for bar in axes.containers[0])
    assert normals == pytest.approx(1.0)
    assert axes.lines[0].get_xdata()[0] == 0.5


def test_precision_recall_names_the_average_precision():
    """Does the legend carry the number, and the level of an alarm for every image?"""
    axes = plots.precision_recall({"perfect": ([0, 0, 0, 1], [0.1, 0.2, 0.3, 0.9])}).axes[0]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["perfect, AP 1.000", "alarm for all: 0.250"]


def test_false_alarm_rates_have_a_bar_per_point():
    """Are rates counted by percentage points, with the target marked?"""
    axes = plots.false_alarm_rates([0.05] * 4, [0.0, 0.02, 0.02, 0.07], target=0.05).axes[0]
    heights = [round(bar.get_height(), 2) for bar in axes.containers[0]]
    assert heights[:8] == [0.25, 0.0, 0.5, 0.0, 0.0, 0.0, 0.0, 0.25]
    assert axes.lines[0].get_xdata()[0] == 0.05
