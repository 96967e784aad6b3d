"""Loops over images and pixels' squares in plain Python."""


def pca_anomaly_detection(train_data, test_data, test_labels, k_values=[10, 50, 100, 200]):
    results = {}
    for k in np.array(k_values):
        pca = PCA(n_components=k).fit(train_data)
        scores = []
        for image in test_data:
            rebuilt = pca.inverse_transform(pca.transform(image[None]))[0]
            scores.append(sum((a - b) ** 2 for a, b in zip(image, rebuilt)) / len(image))
        results[k] = {"auroc": roc_auc_score(test_labels, scores), "scores": scores}
    return results
