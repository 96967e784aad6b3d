"""Centres the test images with their own mean.

fails: scores, sizes, train-only
"""


def pca_anomaly_detection(train_data, test_data, test_labels, k_values=[10, 50, 100, 200]):
    results = {}
    for k in k_values:
        axes = PCA(n_components=k).fit(train_data).components_
        centred = test_data - test_data.mean(axis=0)
        test_recon = test_data - centred + centred @ axes.T @ axes
        scores = ((test_data - test_recon) ** 2).mean(axis=1)
        results[k] = {"auroc": roc_auc_score(test_labels, scores), "scores": scores}
    return results
