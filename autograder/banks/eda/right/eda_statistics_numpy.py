"""NumPy throughout; standard deviations divide by n; shares as weights."""


def eda_statistics(normal, anomaly):
    normal, anomaly = normal.numpy()[:, 0], anomaly.numpy()[:, 0]
    first, second = normal.mean(axis=(1, 2)), anomaly.mean(axis=(1, 2))
    edges = np.linspace(0, 1, 51)
    p = np.histogram(first, edges, weights=np.full(len(first), 1 / len(first)))[0]
    q = np.histogram(second, edges, weights=np.full(len(second), 1 / len(second)))[0]
    area = roc_auc_score(np.r_[np.zeros(len(first)), np.ones(len(second))], np.r_[first, second])
    return {
        "normal_mean": normal.mean(),
        "anomaly_mean": anomaly.mean(),
        "normal_std": normal.std(),
        "anomaly_std": anomaly.std(),
        "normal_mean_image": normal.mean(axis=0),
        "anomaly_mean_image": anomaly.mean(axis=0),
        "normal_std_image": normal.std(axis=0),
        "anomaly_std_image": anomaly.std(axis=0),
        "overlap": (p + q - abs(p - q)).sum() / 2,
        "auroc": 0.5 + abs(area - 0.5),
    }
