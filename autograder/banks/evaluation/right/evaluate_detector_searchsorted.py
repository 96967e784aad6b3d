"""Finds the last allowed threshold by search."""

from sklearn.metrics import auc


def evaluate_detector(labels, scores):
    false_alarms, hits, _ = roc_curve(labels, scores, drop_intermediate=False)
    tpr = hits[np.searchsorted(false_alarms, 0.05, side="right") - 1]
    return {
        "auroc": auc(false_alarms, hits),
        "auprc": float(average_precision_score(labels, scores)),
        "tpr_at_fpr5": tpr,
        "fnr_at_fpr5": 1 - tpr,
    }
