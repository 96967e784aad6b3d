"""Visible checks of assignment 05: the KL weight and the training loop.

The loop is not asked what it does; it is watched. It trains a small model whose forward and backward passes are calls
to the examiner (`desk`, `ledger`), which sees the parameters that an optimiser has moved and the gradients that a loss
sends back, and holds all else itself. From these it reads off the loss that was minimised, beta, the clipping, the
optimiser and the learning rate of every step, however the loop is written (`record`), and the judge compares with what
the reference does (`train_vae`).
"""

from waferlab.checks.core import by_name
from waferlab.checks.training.kl_weight import WEIGHT
from waferlab.checks.training.train_vae import TRAIN

TASKS = by_name(WEIGHT, TRAIN)
