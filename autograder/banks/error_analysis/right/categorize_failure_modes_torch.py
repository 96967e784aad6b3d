"""Everything in torch; tensors as values."""


def categorize_failure_modes(
    false_negatives, false_positives, anomaly_scores, test_dataset, test_labels, fashion_classes
):
    missed_images = torch.zeros(len(test_labels), dtype=torch.bool)
    missed_images[torch.from_numpy(false_negatives)] = True
    labels, scores = torch.as_tensor(test_labels), torch.as_tensor(anomaly_scores)
    missed, rates = {}, {}
    for number in test_dataset.classes[labels == 1].unique().tolist():
        of_class = (test_dataset.classes == number) & (labels == 1)
        missed[fashion_classes[number]] = missed_images[of_class].sum()
        rates[fashion_classes[number]] = missed_images[of_class].double().mean()
    ranked = sorted(rates, key=lambda name: float(rates[name]), reverse=True)
    fn, fp = torch.as_tensor(false_negatives), torch.as_tensor(false_positives)
    return {
        "missed_by_class": missed,
        "miss_rate_by_class": rates,
        "hardest_classes": [name for name in ranked if rates[name] > 0][:3],
        "false_alarm_rate": torch.tensor(len(false_positives)) / (labels == 0).sum(),
        "worst_false_negatives": fn[scores[fn].argsort()],
        "worst_false_positives": fp[scores[fp].argsort(descending=True)],
    }
