"""Leaves model and images where they are.

fails: device
"""


def compute_anomaly_scores(model, data_loader, device="cuda"):
    model.eval()
    scores, labels = [], []
    with torch.no_grad():
        for x, y in data_loader:
            mu, _ = model.encoder(x)
            residual = model.decoder(mu) - x
            scores.append(residual.pow(2).flatten(start_dim=1).mean(dim=1).cpu())
            labels.append(y.cpu())
    return torch.cat(scores).numpy(), torch.cat(labels).numpy()
