"""NumPy SVD, residual by Pythagoras, AUROC by counting pairs."""


def pca_anomaly_detection(train_data, test_data, test_labels, k_values=[10, 50, 100, 200]):
    mean = np.mean(train_data, axis=0)
    axes = np.linalg.svd(train_data - mean, full_matrices=False)[2]
    centred = test_data - mean
    whole = np.sum(centred**2, axis=1)
    is_anomaly = np.asarray(test_labels) == 1
    results = {}
    for k in k_values:
        codes = centred @ axes[:k].T
        scores = (whole - np.sum(codes**2, axis=1)) / test_data.shape[1]
        difference = scores[is_anomaly][:, None] - scores[~is_anomaly]
        results[k] = {"auroc": np.mean((np.sign(difference) + 1) / 2), "scores": scores}
    return results
