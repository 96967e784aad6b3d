"""Takes normal images as the positive class.

fails: auroc
"""


def pca_anomaly_detection(train_data, test_data, test_labels, k_values=[10, 50, 100, 200]):
    results = {}
    for k in k_values:
        pca = PCA(n_components=k).fit(train_data)
        test_recon = pca.inverse_transform(pca.transform(test_data))
        scores = ((test_data - test_recon) ** 2).mean(axis=1)
        results[k] = {"auroc": roc_auc_score(1 - test_labels, scores), "scores": scores}
    return results
