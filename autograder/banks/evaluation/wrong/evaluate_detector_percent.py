"""Gives percentages.

fails: auroc, auprc, tpr_at_fpr5, fnr_at_fpr5, threshold_at_fpr5
most: 0
demo: wrong
"""


def evaluate_detector(labels, scores):
    false_alarms, hits, _ = roc_curve(labels, scores, drop_intermediate=False)
    tpr = float(hits[false_alarms <= 0.05].max())
    tpr *= 100
    return {
        "auroc": 100 * float(roc_auc_score(labels, scores)),
        "auprc": 100 * float(average_precision_score(labels, scores)),
        "tpr_at_fpr5": tpr,
        "fnr_at_fpr5": 100 - tpr,
        "threshold_at_fpr5": 95.0,
    }
