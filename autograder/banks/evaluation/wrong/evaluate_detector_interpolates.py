"""Interpolates the ROC curve at FPR 5 %.

fails: tpr_at_fpr5, fnr_at_fpr5
"""


def evaluate_detector(labels, scores):
    false_alarms, hits, _ = roc_curve(labels, scores, drop_intermediate=False)
    tpr = float(np.interp(0.05, false_alarms, hits))
    return {
        "auroc": float(roc_auc_score(labels, scores)),
        "auprc": float(average_precision_score(labels, scores)),
        "tpr_at_fpr5": tpr,
        "fnr_at_fpr5": 1 - tpr,
    }
