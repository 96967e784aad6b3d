"""Takes the area under precision and recall by trapezoids.

fails: auprc, by-hand
"""

from sklearn.metrics import auc, precision_recall_curve


def evaluate_detector(labels, scores):
    false_alarms, hits, _ = roc_curve(labels, scores, drop_intermediate=False)
    tpr = float(hits[false_alarms <= 0.05].max())
    precision, recall, _ = precision_recall_curve(labels, scores)
    return {
        "auroc": float(roc_auc_score(labels, scores)),
        "auprc": float(auc(recall, precision)),
        "tpr_at_fpr5": tpr,
        "fnr_at_fpr5": 1 - tpr,
    }
