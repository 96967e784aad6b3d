"""Forgets to sort.

fails: default, targets
"""


def threshold_from_validation(val_scores, target_fpr=0.05):
    return float(val_scores[int(len(val_scores) * (1 - target_fpr))])
