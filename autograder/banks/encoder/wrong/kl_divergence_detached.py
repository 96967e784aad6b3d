"""Detaches the log-variance.

fails: gradients
"""


def kl_divergence(mu, logvar):
    logvar = logvar.detach()
    return -0.5 * (1 + logvar - mu.pow(2) - logvar.exp()).sum(dim=1).mean()
