"""Plain branches, with a print and a warning."""

import warnings


def kl_weight(epoch, kl_anneal_epochs):
    print("epoch", epoch)
    warnings.warn("annealing", stacklevel=1)
    if epoch >= kl_anneal_epochs:
        return 1
    return epoch / kl_anneal_epochs
