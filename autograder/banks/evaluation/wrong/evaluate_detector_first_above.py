"""Takes the first threshold whose FPR is at least 5 %.

fails: tpr_at_fpr5, fnr_at_fpr5
"""


def evaluate_detector(labels, scores):
    false_alarms, hits, _ = roc_curve(labels, scores, drop_intermediate=False)
    tpr = float(hits[false_alarms >= 0.05][0])
    return {
        "auroc": float(roc_auc_score(labels, scores)),
        "auprc": float(average_precision_score(labels, scores)),
        "tpr_at_fpr5": tpr,
        "fnr_at_fpr5": 1 - tpr,
    }
