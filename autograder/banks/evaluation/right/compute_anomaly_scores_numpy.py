"""Takes the means in NumPy, as a decorated function."""


@torch.no_grad()
def compute_anomaly_scores(model, data_loader, device="cuda"):
    model.eval()
    model.to(device)
    found = []
    for x, _ in data_loader:
        x_recon = model.decoder(model.encoder(x.to(device))[0]).cpu().numpy()
        found.append(((x_recon - x.cpu().numpy()) ** 2).mean(axis=(1, 2, 3)))
    return np.concatenate(found)
