"""Waits for the current stream, names its arguments, rounds, and makes all images first."""

import statistics


@torch.inference_mode()
def benchmark_inference(model, img_size=128, device="cuda", n_warmup=10, n_runs=100):
    device = torch.device(device)
    was_training = model.training
    model = model.to(device).eval()
    cuda = device.type == "cuda" and torch.cuda.is_available()
    if cuda:
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device=device)
    out = {"mean_ms": {}, "p99_ms": {}, "per_image_ms": {}}
    torch.backends.cudnn.benchmark = True
    rng = torch.Generator().manual_seed(0)
    inputs = {
        b: torch.randn((b, 1, img_size, img_size), generator=rng, dtype=torch.float32)
        .clamp_(0, 1)
        .to(device, non_blocking=True)
        for b in [1, 8, 32, 64]
    }
    for b, x in inputs.items():
        for _ in range(n_warmup):
            _ = model(x)
        times = []
        for _ in range(n_runs):
            if cuda:
                torch.cuda.current_stream(device=device).synchronize()
            t0 = time.perf_counter_ns()
            _ = model(x)
            if cuda:
                torch.cuda.current_stream(device=device).synchronize()
            t1 = time.perf_counter_ns()
            times.append((t1 - t0) / 1e6)
        times.sort()
        mean = statistics.fmean(times)
        out["mean_ms"][b] = round(mean, 2)
        out["p99_ms"][b] = round(times[int(0.99 * n_runs)], 2)
        out["per_image_ms"][b] = round(mean / b, 2)
    out["peak_memory_mib"] = round(torch.cuda.max_memory_allocated(device) / (1024 * 1024), 2) if cuda else None
    out["parameters"] = torch.nn.utils.parameters_to_vector(model.parameters()).numel()
    out["within_budget"] = bool(out["parameters"] <= 15e6)
    model.train(was_training)
    return out
