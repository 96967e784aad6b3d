"""Sorts the given scores in place.

fails: unchanged
"""


def threshold_from_validation(val_scores, target_fpr=0.05):
    val_scores.sort()
    return float(np.quantile(val_scores, 1 - target_fpr))
