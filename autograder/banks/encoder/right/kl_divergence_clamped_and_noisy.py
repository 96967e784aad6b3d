"""Clamps the log-variance, prints and warns."""

import warnings


def kl_divergence(mu, logvar):
    logvar = torch.clamp(logvar, min=-10, max=4)
    print("batch of", len(mu))
    warnings.warn("KL", stacklevel=1)
    return (torch.expm1(logvar) - logvar + mu.square()).mul(0.5).sum(1).mean()
