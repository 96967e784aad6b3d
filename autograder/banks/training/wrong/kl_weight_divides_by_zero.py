"""Divides by zero when there is no annealing.

fails: no-annealing
"""


def kl_weight(epoch, kl_anneal_epochs):
    return min(1.0, epoch / kl_anneal_epochs)
