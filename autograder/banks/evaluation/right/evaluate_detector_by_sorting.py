"""Everything by hand from ranks and counts."""


def evaluate_detector(labels, scores):
    labels, scores = np.asarray(labels).astype(bool), np.asarray(scores, dtype=float)
    bad, good = scores[labels], scores[~labels]
    wins = (bad[:, None] > good[None]).mean() + 0.5 * (bad[:, None] == good[None]).mean()
    thresholds = np.unique(scores)[::-1]
    tpr = np.array([(bad >= t).mean() for t in thresholds])
    fpr = np.array([(good >= t).mean() for t in thresholds])
    precision = np.array([labels[scores >= t].mean() for t in thresholds])
    steps = np.diff(np.concatenate([[0.0], tpr]))
    best = max([0.0, *tpr[fpr <= 0.05]])
    lowest = min([np.inf, *thresholds[fpr <= 0.05]])
    area = (steps * precision).sum()
    return dict(auroc=wins, auprc=area, tpr_at_fpr5=best, fnr_at_fpr5=1.0 - best, threshold_at_fpr5=lowest)
