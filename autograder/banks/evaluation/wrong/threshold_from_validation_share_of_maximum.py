"""Takes a share of the largest score.

fails: default, targets
"""


def threshold_from_validation(val_scores, target_fpr=0.05):
    return float((1 - target_fpr) * np.max(val_scores))
