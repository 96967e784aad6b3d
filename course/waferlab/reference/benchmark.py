"""Reference answers of 08-benchmark: Fast enough? Benchmark and export.

Exported from source/08-benchmark/benchmark.ipynb by `course export`. Do not edit: change the notebook and export again.
"""

import os
import time
import warnings
from pathlib import Path

import torch
from torch import Tensor, nn

from waferlab.reference.encoder import ConvVAE


class Detector(nn.Module):
    """A VAE as it runs in the fab: no random draw, the same answer for the same image.

    Args:
        vae: a trained model.
    """

    def __init__(self, vae: ConvVAE) -> None:
        super().__init__()
        self.vae = vae

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Reconstruct and score a batch of images.

        Args:
            x: images, shape `(B, 1, S, S)`, values in [0, 1].

        Returns:
            `(x_recon, scores)`, shapes `(B, 1, S, S)` and `(B,)`; a score is an image's mean squared
            error.
        """
        mu, _ = self.vae.encoder(x)
        x_recon = self.vae.decoder(mu)
        return x_recon, (x_recon - x).square().flatten(start_dim=1).mean(dim=1)


BATCH_SIZES = (1, 8, 32, 64)
MAX_PARAMETERS = 15_000_000


def time_calls(model: nn.Module, x: Tensor, n: int) -> list[float]:
    """Call a model again and again with one batch.

    Args:
        model: in evaluation mode, on the device of `x`.
        x: images, shape `(B, 1, S, S)`.
        n: number of calls.

    Returns:
        The time of each call in milliseconds, `n` of them.

    Steps:
        For each call: synchronise if `x` is on a GPU, read the clock, call the model, synchronise
        again, read the clock again.

    Hints:
        - `x.is_cuda` tells whether `x` is on a GPU.
        - `time.perf_counter()` gives seconds.
    """
    wait = torch.cuda.synchronize if x.is_cuda else lambda: None
    times = []
    for _ in range(n):
        wait()
        start = time.perf_counter()
        model(x)
        wait()
        times.append(1000 * (time.perf_counter() - start))
    return times


def benchmark_inference(
    model: nn.Module, img_size: int = 128, device: str = "cuda", n_warmup: int = 10, n_runs: int = 100
) -> dict:
    """Measure time, memory and size of a model.

    Args:
        model: takes images of shape `(B, 1, img_size, img_size)`; any mode, any device.
        img_size: side of the images in pixels.
        device: `cuda` or `cpu`.
        n_warmup: calls per batch size that do not count, 0 or more.
        n_runs: calls per batch size that are timed, at least 1.

    Returns:
        The dict of the table above: `single_mean_ms`, `single_p99_ms`, `batch_results` (by batch
        size), `peak_memory_mib`, `parameters`, `within_budget`.

    Steps:
        1. Remember the mode, move the model to `device`, switch to evaluation mode; on CUDA reset the
           peak memory.
        2. For each batch size: make a batch, warm up, time `n_runs` calls, note the mean per image;
           for one image also mean and P99.
        3. Put the model back into the mode it came in.

    Hints:
        - `torch.device(device).type` is `"cuda"` for `"cuda"` and for `"cuda:0"`.
        - `model.training` is the mode, `model.train(mode)` sets it.
        - `with torch.inference_mode():` (or `torch.no_grad()`) switches gradients off.
        - `p.numel()` is the number of elements of a parameter.
    """
    on_gpu, mode = torch.device(device).type == "cuda", model.training
    model.to(device).eval()
    if on_gpu:
        torch.cuda.reset_peak_memory_stats()
    per_image, single = {}, []
    with torch.inference_mode():
        for batch in BATCH_SIZES:
            x = torch.rand(batch, 1, img_size, img_size, device=device)
            time_calls(model, x, n_warmup)
            times = sorted(time_calls(model, x, n_runs))
            per_image[batch] = sum(times) / n_runs / batch
            single = times if batch == 1 else single
    model.train(mode)
    parameters = sum(p.numel() for p in model.parameters())
    return {
        "single_mean_ms": sum(single) / n_runs,
        "single_p99_ms": single[int(0.99 * n_runs)],
        "batch_results": per_image,
        "peak_memory_mib": torch.cuda.max_memory_allocated() / 2**20 if on_gpu else None,
        "parameters": parameters,
        "within_budget": parameters <= MAX_PARAMETERS,
    }


MAX_DIFFERENCE = 1e-5


def largest_difference(got: Tensor | tuple[Tensor, ...], want: Tensor | tuple[Tensor, ...]) -> float:
    """The largest absolute difference between two outputs of a model.

    Args:
        got: a tensor, or a tuple of tensors.
        want: the same.

    Returns:
        A number, 0 when all are equal.

    Hints:
        - `isinstance(want, Tensor)` tells the two cases apart.
    """
    if isinstance(want, Tensor):
        return float((got - want).abs().max())
    return max(largest_difference(left, right) for left, right in zip(got, want, strict=True))


def export_model(model: nn.Module, path: str | Path, img_size: int = 128) -> dict[str, dict]:
    """Export a model as TorchScript and by `torch.export`, and verify both files.

    Args:
        model: on the CPU, any mode; takes images of shape `(B, 1, img_size, img_size)`.
        path: where to write, without suffix.
        img_size: side of the images in pixels.

    Returns:
        For `torchscript` and `torch_export` a dict with `file`, `size_bytes` and `max_difference`.

    Raises:
        RuntimeError: a file's output differs from the model's by 1e-5 or more.

    Steps:
        1. Remember the mode, switch to evaluation mode and to no gradients.
        2. Trace and save the one file, export (with a free batch size) and save the other.
        3. Read both back, compare them with the model on new images.
        4. Put the model back into the mode it came in.

    Hints:
        - `f"{path}.pt"` works for strings and for `Path`; `Path.with_suffix` would cut `detector-1.2`.
        - `os.path.getsize(file)` is the size in bytes.
        - An example of 2 images, and another number of images for the comparison.
    """
    files = {"torchscript": f"{path}.pt", "torch_export": f"{path}.pt2"}
    example, new = torch.rand(2, 1, img_size, img_size), torch.rand(5, 1, img_size, img_size)
    mode = model.training
    model.eval()
    report = {}
    with torch.no_grad():
        torch.jit.save(torch.jit.trace(model, example), files["torchscript"])
        exported = torch.export.export(model, (example,), dynamic_shapes=({0: torch.export.Dim("batch")},))
        torch.export.save(exported, files["torch_export"])
        loaded = {
            "torchscript": torch.jit.load(files["torchscript"]),
            "torch_export": torch.export.load(files["torch_export"]).module(),
        }
        for name, file in files.items():
            difference = largest_difference(loaded[name](new), model(new))
            report[name] = {"file": file, "size_bytes": os.path.getsize(file), "max_difference": difference}
    model.train(mode)
    for name, entry in report.items():
        if not entry["max_difference"] < MAX_DIFFERENCE:
            raise RuntimeError(f"{name} differs from the model by {entry['max_difference']:.1e}")
    return report
