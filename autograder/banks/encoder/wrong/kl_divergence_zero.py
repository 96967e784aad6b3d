"""Returns zero.

fails: values, batch-of-one, range, gradients
"""


def kl_divergence(mu, logvar):
    return torch.tensor(0.0)
