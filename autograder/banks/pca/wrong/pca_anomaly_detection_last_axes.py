"""Keeps the axes with the smallest variance (eigh sorts in rising order).

fails: ranking, scores, sizes
"""


def pca_anomaly_detection(train_data, test_data, test_labels, k_values=[10, 50, 100, 200]):
    results = {}
    for k in k_values:
        mean = train_data.mean(axis=0)
        axes = np.linalg.eigh(np.cov(train_data.T))[1][:, :k]
        test_recon = mean + (test_data - mean) @ axes @ axes.T
        scores = ((test_data - test_recon) ** 2).mean(axis=1)
        results[k] = {"auroc": roc_auc_score(test_labels, scores), "scores": scores}
    return results
