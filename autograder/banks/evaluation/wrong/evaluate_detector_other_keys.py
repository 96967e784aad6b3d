"""Names the keys otherwise.

fails: auroc, auprc, tpr_at_fpr5, fnr_at_fpr5, threshold_at_fpr5
"""


def evaluate_detector(labels, scores):
    false_alarms, hits, thresholds = roc_curve(labels, scores, drop_intermediate=False)
    tpr = float(hits[false_alarms <= 0.05].max())
    return {
        "AUROC": float(roc_auc_score(labels, scores)),
        "AUPRC": float(average_precision_score(labels, scores)),
        "tpr@5%": tpr,
        "fnr@5%": 1 - tpr,
        "threshold@5%": float(thresholds[false_alarms <= 0.05][-1]),
    }
