"""NumPy SVD in float32, residual by Pythagoras."""


def pca_anomaly_detection(train_data, test_data, test_labels, k_values=[10, 50, 100, 200]):
    train, test = np.float32(train_data), np.float32(test_data)
    mean = train.mean(axis=0)
    axes = np.linalg.svd(train - mean, full_matrices=False)[2]
    results = {}
    for k in k_values:
        codes = (test - mean) @ axes[:k].T
        scores = (((test - mean) ** 2).sum(axis=1) - (codes**2).sum(axis=1)) / np.float32(test.shape[1])
        results[k] = {"auroc": roc_auc_score(test_labels, scores), "scores": scores}
    return results
