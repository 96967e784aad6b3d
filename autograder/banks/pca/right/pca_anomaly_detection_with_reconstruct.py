"""The two functions of the notebook."""


def pca_reconstruct(train_data, images, k):
    pca = PCA(k).fit(train_data)
    return pca.inverse_transform(pca.transform(images))


def pca_anomaly_detection(train_data, test_data, test_labels, k_values=[10, 50, 100, 200]):
    results = {}
    for k in k_values:
        test_recon = pca_reconstruct(train_data, test_data, k)
        scores = ((test_data - test_recon) ** 2).mean(axis=1)
        results[k] = {"auroc": roc_auc_score(test_labels, scores), "scores": scores}
    return results
