"""Returns a Python number, through which no gradient flows.

fails: gradients
"""


def kl_divergence(mu, logvar):
    return (-0.5 * (1 + logvar - mu.pow(2) - logvar.exp()).sum(dim=1).mean()).item()
