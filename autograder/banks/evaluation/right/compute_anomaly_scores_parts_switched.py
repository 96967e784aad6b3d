"""Brings encoder and decoder to the device and into evaluation mode, each by itself."""


def compute_anomaly_scores(model, data_loader, device="cuda"):
    encoder, decoder = model.encoder.to(device).eval(), model.decoder.to(device).eval()
    scores, labels = [], []
    with torch.no_grad():
        for x, y in data_loader:
            x = x.to(device)
            mu, _ = encoder(x)
            residual = decoder(mu) - x
            scores.append(residual.pow(2).flatten(start_dim=1).mean(dim=1).cpu())
            labels.append(y.cpu())
    return torch.cat(scores).numpy(), torch.cat(labels).numpy()
