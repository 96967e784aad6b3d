"""Scores by the squared length of the code instead of the residual.

fails: ranking, scores, sizes
"""


def pca_anomaly_detection(train_data, test_data, test_labels, k_values=[10, 50, 100, 200]):
    results = {}
    for k in k_values:
        codes = PCA(n_components=k).fit(train_data).transform(test_data)
        scores = (codes**2).mean(axis=1)
        results[k] = {"auroc": roc_auc_score(test_labels, scores), "scores": scores}
    return results
