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


def test_training_curves_show_both_splits_over_beta():
    """Has each panel a line for training and one for validation, labelled, over the weight of the KL term?"""
    history = {f"{split}_{part}": [3.0, 2.0, 1.0] for split in ("train", "val") for part in ("loss", "recon", "kl")}
    figure = plots.training_curves(history, [0.0, 0.5, 1.0])
    panels = [axes for axes in figure.axes if axes.lines]
    assert [len(axes.lines) for axes in panels] == [2, 2, 2]
    assert all(axes.get_xlabel() == "epoch" and axes.get_title() for axes in panels)
