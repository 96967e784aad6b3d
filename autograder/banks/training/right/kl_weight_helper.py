"""A helper function and a lambda."""


def share(part, whole):
    return part / whole


kl_weight = lambda epoch, kl_anneal_epochs: 1.0 if not kl_anneal_epochs else min(share(epoch, kl_anneal_epochs), 1.0)  # noqa: E731
