"""Takes the mean over the pixels.

fails: loss, beta, means, validation
"""


def train_vae(
    model, train_loader, val_loader, num_epochs=30, lr=1e-3, weight_decay=1e-5, kl_anneal_epochs=10, device="cuda"
):
    model.to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=weight_decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=num_epochs, eta_min=1e-5)
    history = {f"{split}_{part}": [] for split in ("train", "val") for part in ("loss", "recon", "kl")}
    for epoch in tqdm(range(num_epochs)):
        beta = kl_weight(epoch, kl_anneal_epochs)
        train, val = RunningMeans(), RunningMeans()
        model.train()
        for x, _ in train_loader:
            x = x.to(device)
            x_recon, mu, logvar = model(x)
            recon = (x_recon - x).pow(2).mean()
            kl = vae_loss(x, x_recon, mu, logvar)[2]
            loss = recon + beta * kl
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)
            optimizer.step()
            train.add(len(x), loss, recon, kl)
        schedule.step()
        model.eval()
        with torch.no_grad():
            for x, _ in val_loader:
                x = x.to(device)
                x_recon, mu, logvar = model(x)
                recon = (x_recon - x).pow(2).mean()
                kl = vae_loss(x, x_recon, mu, logvar)[2]
                val.add(len(x), recon + beta * kl, recon, kl)
        for name, value in zip(history, train.means() + val.means(), strict=True):
            history[name].append(value)
    return history
