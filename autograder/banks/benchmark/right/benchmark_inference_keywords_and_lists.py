"""A class with a context manager for the clock; everything on the model by .cuda()."""


class Clock:
    def __init__(self, gpu):
        self.gpu, self.times = gpu, []

    def __enter__(self):
        if self.gpu:
            torch.cuda.current_stream().synchronize()
        self.start = time.monotonic()

    def __exit__(self, *_):
        if self.gpu:
            torch.cuda.current_stream().synchronize()
        self.times.append((time.monotonic() - self.start) * 1e3)


def benchmark_inference(model, img_size=128, device="cuda", n_warmup=10, n_runs=100):
    gpu = torch.device(device).type == "cuda" and torch.cuda.is_available()
    was_training = model.training
    model = model.cuda() if gpu else model.cpu()
    if gpu:
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device)
    result = {key: {} for key in ("mean_ms", "p99_ms", "per_image_ms")}
    model.train(False)
    torch.set_grad_enabled(False)
    try:
        for b in [1, 8, 32, 64]:
            x = torch.zeros(b, 1, img_size, img_size)
            x = x.cuda() if gpu else x
            clock = Clock(gpu)
            for i in range(n_warmup + n_runs):
                if i < n_warmup:
                    _ = model(x)
                else:
                    with clock:
                        _ = model(x)
            clock.times.sort()
            result["mean_ms"][b] = torch.tensor(clock.times, dtype=torch.float64).mean()
            result["p99_ms"][b] = torch.tensor(clock.times[min(int(0.99 * n_runs), n_runs - 1)], dtype=torch.float64)
            result["per_image_ms"][b] = result["mean_ms"][b] / b
    finally:
        torch.set_grad_enabled(True)
        model.train(was_training)
    result["peak_memory_mib"] = torch.cuda.max_memory_allocated(device) / 1024 / 1024 if gpu else None
    result["parameters"] = (
        torch.nn.utils.parameters_to_vector(model.parameters()).numel()
        if False
        else sum(value.numel() for _, value in model.named_parameters())
    )
    result["within_budget"] = bool(result["parameters"] <= 15_000_000)
    result["device"] = str(device)
    return result
