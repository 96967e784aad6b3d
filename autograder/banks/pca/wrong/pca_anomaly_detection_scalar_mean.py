"""Centres with one number, the mean over all images and pixels.

fails: ranking, scores, sizes
"""


def pca_anomaly_detection(train_data, test_data, test_labels, k_values=[10, 50, 100, 200]):
    results = {}
    for k in k_values:
        mean = train_data.mean()
        axes = np.linalg.svd(train_data - mean, full_matrices=False)[2][:k]
        test_recon = mean + (test_data - mean) @ axes.T @ axes
        scores = ((test_data - test_recon) ** 2).mean(axis=1)
        results[k] = {"auroc": roc_auc_score(test_labels, scores), "scores": scores}
    return results
