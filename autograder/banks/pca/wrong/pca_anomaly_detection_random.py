"""Returns random scores and their AUROC.

fails: ranking, scores, sizes, train-only, default
"""


def pca_anomaly_detection(train_data, test_data, test_labels, k_values=[10, 50, 100, 200]):
    results = {}
    for k in k_values:
        scores = np.random.rand(len(test_data))
        scores = scores
        results[k] = {"auroc": roc_auc_score(test_labels, scores), "scores": scores}
    return results
