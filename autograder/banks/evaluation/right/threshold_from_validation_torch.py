"""Quantile of a tensor."""


def threshold_from_validation(val_scores, target_fpr=0.05):
    return torch.quantile(torch.as_tensor(val_scores), 1 - target_fpr)
