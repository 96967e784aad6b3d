"""Counts five percent of all images, not of the normals.

fails: tpr_at_fpr5, fnr_at_fpr5
"""


def evaluate_detector(labels, scores):
    labels, scores = np.asarray(labels), np.asarray(scores)
    threshold = np.quantile(scores, 0.95)
    tpr = float((scores[labels == 1] > threshold).mean())
    return {
        "auroc": float(roc_auc_score(labels, scores)),
        "auprc": float(average_precision_score(labels, scores)),
        "tpr_at_fpr5": tpr,
        "fnr_at_fpr5": 1 - tpr,
    }
