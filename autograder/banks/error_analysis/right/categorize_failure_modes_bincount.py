"""Vectorised with bincount; NumPy numbers as values and numpy strings as names."""


def categorize_failure_modes(
    false_negatives, false_positives, anomaly_scores, test_dataset, test_labels, fashion_classes
):
    names = np.array(fashion_classes)
    classes = np.asarray(test_dataset.classes)
    total = np.bincount(classes[test_labels == 1], minlength=len(names))
    missed = np.bincount(classes[false_negatives], minlength=len(names))
    with np.errstate(invalid="ignore"):
        rates = missed / total
    present = np.flatnonzero(total)
    ranked = present[np.argsort(rates[present], kind="stable")[::-1]]
    return {
        "missed_by_class": dict(zip(names[present], missed[present])),
        "miss_rate_by_class": dict(zip(names[present], rates[present])),
        "hardest_classes": names[[i for i in ranked if missed[i] > 0][:3]] if missed.any() else np.array([], dtype=str),
        "false_alarm_rate": np.float32(len(false_positives)) / np.sum(test_labels == 0),
        "worst_false_negatives": np.array(sorted(false_negatives, key=anomaly_scores.__getitem__)),
        "worst_false_positives": np.array(sorted(false_positives, key=lambda i: -anomaly_scores[i])),
    }
