"""The next higher score."""


def threshold_from_validation(val_scores, target_fpr=0.05):
    return np.quantile(val_scores, 1 - target_fpr, method="higher")
