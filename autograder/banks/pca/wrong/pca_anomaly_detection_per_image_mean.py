"""Centres every image with its own mean.

fails: ranking, scores, sizes
"""


def pca_anomaly_detection(train_data, test_data, test_labels, k_values=[10, 50, 100, 200]):
    results = {}
    for k in k_values:
        mean = train_data.mean(axis=1, keepdims=True)
        axes = np.linalg.svd(train_data - mean, full_matrices=False)[2][:k]
        own = test_data.mean(axis=1, keepdims=True)
        test_recon = own + (test_data - own) @ axes.T @ axes
        scores = ((test_data - test_recon) ** 2).mean(axis=1)
        results[k] = {"auroc": roc_auc_score(test_labels, scores), "scores": scores}
    return results
