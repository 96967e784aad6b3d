"""Eigenvectors of the covariance."""


def pca_anomaly_detection(train_data, test_data, test_labels, k_values=[10, 50, 100, 200]):
    mean = train_data.mean(0)
    eigenvalues, eigenvectors = np.linalg.eigh(np.cov(train_data, rowvar=False))
    order = np.argsort(eigenvalues)[::-1]
    results = {}
    for k in k_values:
        basis = eigenvectors[:, order[:k]]
        residual = (test_data - mean) @ (np.eye(len(mean)) - basis @ basis.T)
        scores = np.mean(np.square(residual), axis=-1)
        results[k] = {"auroc": roc_auc_score(test_labels, scores), "scores": scores}
    return results
