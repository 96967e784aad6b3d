"""One fit with the largest k, then the first k axes for each; mean_squared_error of scikit-learn's metrics."""

from sklearn.metrics import mean_squared_error


def squared_error(images, rebuilt):
    return mean_squared_error(images.T, rebuilt.T, multioutput="raw_values")


def pca_anomaly_detection(train_data, test_data, test_labels, k_values=[10, 50, 100, 200]):
    pca = PCA(n_components=max(k_values)).fit(train_data)
    results = dict.fromkeys(k_values)
    for k in sorted(k_values, reverse=True):
        axes = pca.components_[:k]
        scores = squared_error(test_data, pca.mean_ + (test_data - pca.mean_) @ axes.T @ axes)
        results[k] = dict(scores=scores, auroc=roc_auc_score(test_labels, scores), k=k)
    return results
