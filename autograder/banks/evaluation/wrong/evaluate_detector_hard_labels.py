"""Measures decisions at the median instead of scores.

fails: auroc, auprc
"""


def evaluate_detector(labels, scores):
    scores = (np.asarray(scores) > np.median(scores)).astype(float)
    false_alarms, hits, _ = roc_curve(labels, scores, drop_intermediate=False)
    tpr = float(hits[false_alarms <= 0.05].max())
    return {
        "auroc": float(roc_auc_score(labels, scores)),
        "auprc": float(average_precision_score(labels, scores)),
        "tpr_at_fpr5": tpr,
        "fnr_at_fpr5": 1 - tpr,
    }
