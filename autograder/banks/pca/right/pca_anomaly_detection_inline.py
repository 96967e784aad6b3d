"""PCA fitted and applied in the loop, without a helper function; numbers as NumPy gives them."""


def pca_anomaly_detection(train_data, test_data, test_labels, k_values=[10, 50, 100, 200]):
    results = {}
    for k in k_values:
        pca = PCA(n_components=k).fit(train_data)
        test_recon = pca.inverse_transform(pca.transform(test_data))
        scores = ((test_data - test_recon) ** 2).mean(axis=1)
        results[k] = {"auroc": roc_auc_score(test_labels, scores), "scores": scores}
    return results
