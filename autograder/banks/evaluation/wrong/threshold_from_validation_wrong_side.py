"""Takes the lower quantile.

fails: default, targets
"""


def threshold_from_validation(val_scores, target_fpr=0.05):
    return float(np.quantile(val_scores, target_fpr))
