"""Computes for sorted k but files the results in the given order.

fails: scores
"""


def pca_anomaly_detection(train_data, test_data, test_labels, k_values=[10, 50, 100, 200]):
    outcome = []
    for k in sorted(k_values):
        pca = PCA(n_components=k).fit(train_data)
        test_recon = pca.inverse_transform(pca.transform(test_data))
        scores = ((test_data - test_recon) ** 2).mean(axis=1)
        outcome.append({"auroc": roc_auc_score(test_labels, scores), "scores": scores})
    return dict(zip(k_values, outcome))
