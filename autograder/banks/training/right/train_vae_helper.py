"""One helper for both passes, the step at its end, gradients zeroed after it."""


def one_pass(model, loader, beta, device, optimizer=None):
    sums, count = [0.0, 0.0, 0.0], 0
    model.train(optimizer is not None)
    with torch.set_grad_enabled(optimizer is not None):
        for batch in loader:
            x = batch[0].to(device, non_blocking=True)
            x_recon, mu, logvar = model(x)
            total, recon, kl = vae_loss(x_recon, x, mu, logvar, beta=beta)
            if optimizer is not None:
                total.backward()
                torch.nn.utils.clip_grad_norm_(list(model.parameters()), 1.0)
                optimizer.step()
                optimizer.zero_grad()
            sums = [old + len(x) * float(new) for old, new in zip(sums, (total, recon, kl), strict=True)]
            count += len(x)
    return [value / count for value in sums]


def train_vae(
    model, train_loader, val_loader, num_epochs=30, lr=1e-3, weight_decay=1e-5, kl_anneal_epochs=10, device="cuda"
):
    model = model.to(device)
    optimizer = torch.optim.AdamW(params=model.parameters(), lr=lr, weight_decay=weight_decay, foreach=False)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, num_epochs, 1e-5)
    names = ["train_total", "train_recon", "train_kl", "val_total", "val_recon", "val_kl"]
    rows = []
    for epoch in (bar := tqdm(range(num_epochs))):
        beta = min(1.0, epoch / kl_anneal_epochs) if kl_anneal_epochs else 1.0
        row = one_pass(model, train_loader, beta, device, optimizer) + one_pass(model, val_loader, beta, device)
        scheduler.step()
        bar.set_postfix(loss=row[0])
        rows.append(row)
    return dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
