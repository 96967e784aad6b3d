"""Plain means over the batches as Python numbers, inference mode, set_to_none, a manual bar."""


def train_vae(
    model, train_loader, val_loader, num_epochs=30, lr=1e-3, weight_decay=1e-5, kl_anneal_epochs=10, device="cuda"
):
    model.to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=weight_decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=num_epochs, eta_min=1e-5)
    history = {f"{split}_{part}": [] for split in ("train", "val") for part in ("total", "recon", "kl")}
    bar = tqdm(total=num_epochs * len(train_loader))
    for epoch in range(num_epochs):
        beta = kl_weight(epoch, kl_anneal_epochs)
        train, val = [], []
        model.train()
        for x, _ in train_loader:
            x = x.to(device)
            x_recon, mu, logvar = model(x)
            loss, recon, kl = vae_loss(x_recon, x, mu, logvar, beta)
            optimizer.zero_grad(set_to_none=False)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)
            optimizer.step()
            train.append((loss.item(), recon.item(), kl.item()))
            bar.update()
        schedule.step()
        model.eval()
        with torch.inference_mode():
            for x, _ in val_loader:
                x = x.to(device)
                x_recon, mu, logvar = model(x)
                val.append([part.item() for part in vae_loss(x_recon, x, mu, logvar, beta)])
        for name, value in zip(history, [*torch.tensor(train).mean(0), *torch.tensor(val).mean(0)], strict=True):
            history[name].append(value)
    return history
