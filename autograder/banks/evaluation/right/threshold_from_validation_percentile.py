"""Percentiles."""


def threshold_from_validation(val_scores, target_fpr=0.05):
    return np.percentile(val_scores, 100 * (1 - target_fpr))
