"""Visible checks of assignment 05: the KL weight and the training loop.

The loop is not asked what it does; it is watched. It trains a small model that keeps, at every forward pass, its
weights, its mode, and the gradients of the two terms of the loss, and at every backward pass the gradient that arrived
(`recorder`, `runs`). From these alone the judge reads off the loss that was minimised, beta, the clipping, the
optimiser and the learning rate of every step, however the loop is written (`record`, `train_vae`).
"""

from waferlab.checks.core import by_name
from waferlab.checks.training.kl_weight import WEIGHT
from waferlab.checks.training.train_vae import TRAIN

TASKS = by_name(WEIGHT, TRAIN)
