"""The largest score that raises no alarm more than allowed."""


def threshold_from_validation(val_scores, target_fpr=0.05):
    allowed = int(len(val_scores) * target_fpr)
    largest = torch.topk(torch.as_tensor(np.asarray(val_scores)), allowed + 1).values
    return largest.min().item()
