"""NumPy."""

import numpy as np


def kl_weight(epoch, kl_anneal_epochs):
    return np.clip(epoch / kl_anneal_epochs, 0, 1) if kl_anneal_epochs else np.float32(1)
