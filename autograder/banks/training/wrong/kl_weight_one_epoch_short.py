"""Reaches 1 one epoch too early.

fails: ramp
"""


def kl_weight(epoch, kl_anneal_epochs):
    if kl_anneal_epochs <= 1:
        return 1.0 if epoch or not kl_anneal_epochs else 0.0
    return min(1.0, epoch / (kl_anneal_epochs - 1))
