"""Treats logvar as the standard deviation.

fails: by-hand, values, batch-of-one, range, gradients
"""


def kl_divergence(mu, logvar):
    return -0.5 * (1 + logvar - mu**2 - logvar**2).sum(dim=1).mean()
