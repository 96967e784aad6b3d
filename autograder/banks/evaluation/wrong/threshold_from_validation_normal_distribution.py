"""Assumes a normal distribution.

fails: default, targets
"""


def threshold_from_validation(val_scores, target_fpr=0.05):
    return float(np.mean(val_scores) + 1.645 * np.std(val_scores))
