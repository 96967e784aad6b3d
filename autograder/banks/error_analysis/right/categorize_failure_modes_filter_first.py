"""Leaves out the classes without misses before it sorts."""


def categorize_failure_modes(
    false_negatives, false_positives, anomaly_scores, test_dataset, test_labels, fashion_classes
):
    classes = test_dataset.classes.numpy()
    missed, rates = {}, {}
    for number in np.unique(classes[test_labels == 1]):
        name = fashion_classes[number]
        missed[name] = int((classes[false_negatives] == number).sum())
        rates[name] = missed[name] / int(((classes == number) & (test_labels == 1)).sum())
    hardest = sorted((name for name in rates if rates[name] > 0), key=rates.get, reverse=True)[:3]
    return {
        "missed_by_class": missed,
        "miss_rate_by_class": rates,
        "hardest_classes": hardest,
        "false_alarm_rate": len(false_positives) / int((test_labels == 0).sum()),
        "worst_false_negatives": false_negatives[np.argsort(anomaly_scores[false_negatives])],
        "worst_false_positives": false_positives[np.argsort(-anomaly_scores[false_positives])],
    }
