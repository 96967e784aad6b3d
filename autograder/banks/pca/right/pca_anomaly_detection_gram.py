"""Eigenvectors of the Gram matrix, for more pixels than images."""


def pca_anomaly_detection(train_data, test_data, test_labels, k_values=[10, 50, 100, 200]):
    mean = train_data.mean(axis=0)
    centred = (train_data - mean).astype(np.float64)
    eigenvalues, left = np.linalg.eigh(centred @ centred.T)
    results = {}
    for k in k_values:
        axes = (left[:, -k:] / np.sqrt(eigenvalues[-k:])).T @ centred
        x = test_data - mean
        scores = ((x - x @ axes.T @ axes) ** 2).mean(axis=1)
        results[k] = {"auroc": roc_auc_score(test_labels, scores), "scores": scores}
    return results
