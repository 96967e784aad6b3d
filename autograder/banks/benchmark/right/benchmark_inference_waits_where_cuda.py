"""Waits where the images are on a GPU, decides for CUDA by the name of the device, notes every number in the loop."""


def time_calls(model, x, n):
    times = []
    for _ in range(n):
        if x.is_cuda:
            torch.cuda.synchronize()
        start = time.perf_counter()
        model(x)
        if x.is_cuda:
            torch.cuda.synchronize()
        times.append(1000 * (time.perf_counter() - start))
    return times


def benchmark_inference(model, img_size=128, device="cuda", n_warmup=10, n_runs=100):
    mode = model.training
    model.to(device)
    model.eval()
    on_gpu = "cuda" in str(device)
    if on_gpu:
        torch.cuda.reset_peak_memory_stats()
    mean, p99, per_image = {}, {}, {}
    with torch.no_grad():
        for batch in (1, 8, 32, 64):
            x = torch.rand(batch, 1, img_size, img_size, device=device)
            time_calls(model, x, n_warmup)
            times = time_calls(model, x, n_runs)
            mean[batch] = sum(times) / len(times)
            p99[batch] = sorted(times)[int(0.99 * len(times))]
            per_image[batch] = mean[batch] / batch
    model.train(mode)
    parameters = sum(p.numel() for p in model.parameters())
    return {
        "mean_ms": mean,
        "p99_ms": p99,
        "per_image_ms": per_image,
        "peak_memory_mib": torch.cuda.max_memory_allocated() / 2**20 if on_gpu else None,
        "parameters": parameters,
        "within_budget": parameters <= 15_000_000,
    }
