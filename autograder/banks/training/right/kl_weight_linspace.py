"""A table of all weights."""


def kl_weight(epoch, kl_anneal_epochs):
    weights = torch.linspace(0, 1, kl_anneal_epochs + 1) if kl_anneal_epochs else torch.ones(1)
    return float(weights[min(epoch, len(weights) - 1)])
