"""scikit-learn's randomised solver without a seed, and prints."""


def pca_anomaly_detection(train_data, test_data, test_labels, k_values=[10, 50, 100, 200]):
    results = {}
    for k in k_values:
        print(f"k = {k}")
        pca = PCA(n_components=k, svd_solver="randomized")
        codes = pca.fit(train_data).transform(test_data)
        test_recon = pca.inverse_transform(codes)
        scores = ((test_data - test_recon) ** 2).mean(axis=1)
        results[k] = {"auroc": roc_auc_score(test_labels, scores), "scores": scores}
    return results
