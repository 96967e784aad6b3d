"""One pass over the normal scores; prints and extra keys."""


def best_tpr(labels, scores, budget):
    good = np.sort(scores[labels == 0])[::-1]
    allowed = int(np.floor(budget * len(good) + 1e-9))
    limit = good[allowed] if allowed < len(good) else -np.inf
    return (scores[labels == 1] > limit).mean(), limit


def evaluate_detector(labels, scores):
    labels, scores = np.asarray(labels), np.asarray(scores)
    tpr, limit = best_tpr(labels, scores, 0.05)
    print("TPR", tpr)
    return {
        "n": len(labels),
        "threshold_at_fpr5": limit,  # an alarm is above it
        "fnr_at_fpr5": 1.0 - tpr,
        "tpr_at_fpr5": tpr,
        "auprc": average_precision_score(labels, scores),
        "auroc": roc_auc_score(labels, scores),
    }
