"""Centres the caller's training images in place.

fails: unchanged
"""


def pca_anomaly_detection(train_data, test_data, test_labels, k_values=[10, 50, 100, 200]):
    mean = train_data.mean(axis=0)
    train_data -= mean
    test_data = test_data - mean
    results = {}
    for k in k_values:
        pca = PCA(n_components=k).fit(train_data)
        test_recon = pca.inverse_transform(pca.transform(test_data))
        scores = ((test_data - test_recon) ** 2).mean(axis=1)
        results[k] = {"auroc": roc_auc_score(test_labels, scores), "scores": scores}
    return results
