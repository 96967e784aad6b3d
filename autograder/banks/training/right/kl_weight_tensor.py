"""A tensor of one number."""


def kl_weight(epoch, kl_anneal_epochs):
    return torch.tensor(epoch / max(kl_anneal_epochs, 1) if kl_anneal_epochs else 1.0).clamp(max=1.0)
