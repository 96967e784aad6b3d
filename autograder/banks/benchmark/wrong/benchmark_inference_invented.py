"""Invents the numbers.

fails: calls, eval-mode, mean, p99, synchronise, memory, parameters, real-model
most: 0
demo: wrong
"""


def benchmark_inference(model, img_size=128, device="cuda", n_warmup=10, n_runs=100):
    mean = {batch: 1.0 + 0.1 * batch for batch in (1, 8, 32, 64)}
    return {
        "mean_ms": mean,
        "p99_ms": {batch: 1.5 * value for batch, value in mean.items()},
        "per_image_ms": {batch: value / batch for batch, value in mean.items()},
        "peak_memory_mib": None,
        "parameters": 4_541_633,
        "within_budget": True,
    }
