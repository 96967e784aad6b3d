"""Loops over the images one by one, in inference mode, with Python numbers and prints."""

import warnings


def compute_anomaly_scores(model, data_loader, device="cuda"):
    warnings.warn("scoring", stacklevel=1)
    model = model.to(device)
    model.train(False)
    scores = []
    for images, _ in data_loader:
        print("batch of", len(images))
        for image in images:
            with torch.inference_mode():
                mean = model.encoder(image[None].to(device))[0]
                difference = model.decoder(mean)[0] - image.to(device)
            scores.append(float((difference * difference).mean()))
    return np.array(scores)
