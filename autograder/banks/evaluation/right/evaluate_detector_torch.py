"""Works on tensors and returns tensors of one number."""


def evaluate_detector(labels, scores):
    labels, scores = torch.as_tensor(labels), torch.as_tensor(scores, dtype=torch.float64)
    fpr, tpr, thresholds = (torch.from_numpy(np.ascontiguousarray(part)) for part in roc_curve(labels, scores))
    at_5, place = tpr[fpr <= 0.05].max(dim=0)
    return {
        "auroc": torch.trapezoid(tpr, fpr),
        "auprc": torch.tensor(average_precision_score(labels.numpy(), scores.numpy()), dtype=torch.float64),
        "tpr_at_fpr5": at_5,
        "fnr_at_fpr5": 1 - at_5,
        "threshold_at_fpr5": thresholds[place],
    }
