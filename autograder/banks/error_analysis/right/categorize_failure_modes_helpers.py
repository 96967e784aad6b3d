"""Helper functions, a print and a warning, more keys than asked, ties by the number of misses."""

import warnings


def share(part, whole):
    return round(float(part) / float(whole), 10) if whole else 0.0


def ordered(positions, scores, sign):
    return [int(i) for _, i in sorted((sign * scores[i], i) for i in positions)]


def categorize_failure_modes(
    false_negatives, false_positives, anomaly_scores, test_dataset, test_labels, fashion_classes
):
    print("misses:", len(false_negatives), "false alarms:", len(false_positives))
    if len(false_negatives) < 5:
        warnings.warn("few misses: the rates are rough")
    missed_set = {int(i) for i in false_negatives}
    by_class = {}
    for i, (label, number) in enumerate(zip(test_labels, test_dataset.classes.tolist())):
        if label:
            by_class.setdefault(fashion_classes[number], []).append(i in missed_set)
    missed = {name: sum(flags) for name, flags in by_class.items()}
    rates = {name: share(missed[name], len(flags)) for name, flags in by_class.items()}
    ranked = sorted(by_class, key=lambda name: (rates[name], missed[name]), reverse=True)
    return {
        "missed_by_class": missed,
        "miss_rate_by_class": rates,
        "hardest_classes": tuple(name for name in ranked[:3] if missed[name]),
        "false_alarm_rate": share(len(false_positives), (test_labels == 0).sum()),
        "worst_false_negatives": ordered(false_negatives, anomaly_scores, 1),
        "worst_false_positives": ordered(false_positives, anomaly_scores, -1),
        "images_by_class": {name: len(flags) for name, flags in by_class.items()},
    }
