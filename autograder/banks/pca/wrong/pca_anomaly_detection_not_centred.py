"""Takes the SVD of images that are not centred.

fails: ranking, scores, sizes
"""


def pca_anomaly_detection(train_data, test_data, test_labels, k_values=[10, 50, 100, 200]):
    results = {}
    for k in k_values:
        axes = np.linalg.svd(train_data, full_matrices=False)[2][:k]
        test_recon = test_data @ axes.T @ axes
        scores = ((test_data - test_recon) ** 2).mean(axis=1)
        results[k] = {"auroc": roc_auc_score(test_labels, scores), "scores": scores}
    return results
