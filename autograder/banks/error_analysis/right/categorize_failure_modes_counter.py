"""Plain Python: counters, loops and lists, no arrays."""


def categorize_failure_modes(
    false_negatives, false_positives, anomaly_scores, test_dataset, test_labels, fashion_classes
):
    from collections import Counter

    def name_of(position):
        return fashion_classes[int(test_dataset.classes[int(position)])]

    total = Counter(name_of(i) for i in range(len(test_labels)) if test_labels[i] == 1)
    missed = Counter(name_of(i) for i in false_negatives)
    rates = {name: missed[name] / total[name] for name in total}
    ranked = sorted(missed, key=lambda name: (-rates[name], name))
    normals = sum(1 for label in test_labels if label == 0)
    return {
        "missed_by_class": {name: missed[name] for name in total},
        "miss_rate_by_class": rates,
        "hardest_classes": ranked[:3],
        "false_alarm_rate": len(false_positives) / normals,
        "worst_false_negatives": sorted(false_negatives.tolist(), key=lambda i: anomaly_scores[i]),
        "worst_false_positives": sorted(false_positives.tolist(), key=lambda i: anomaly_scores[i], reverse=True),
    }
