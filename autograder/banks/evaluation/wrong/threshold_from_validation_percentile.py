"""Takes the share for a percentage.

fails: default, targets
"""


def threshold_from_validation(val_scores, target_fpr=0.05):
    return float(np.percentile(val_scores, 1 - target_fpr))
