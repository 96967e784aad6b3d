"""Returns 0 when there is no annealing.

fails: no-annealing
"""


def kl_weight(epoch, kl_anneal_epochs):
    if kl_anneal_epochs == 0:
        return 0.0
    return min(1.0, epoch / kl_anneal_epochs)
