"""Does the provided VAE train safely, whatever the seed?

Trains the model of assignment 04 with the case study's settings (AdamW, learning rate 1e-3 with a cosine schedule to
1e-5, weight decay 1e-5, beta = min(1, epoch / kl_anneal_epochs), gradient norm clipped to 1.0) over many seeds, on both
datasets, in the `smoke` and `cpu` profiles, and prints a table. A run has diverged when a loss or a score is not
finite, when the model in evaluation mode paints images less than half as bright as they should be, or when a running
variance of batch normalisation exceeds 1e4 (a sound one stays below 100).

The `trap` runs show why `ConvVAE.forward` clamps the log-variance: few steps an epoch at 128 px, with beta = 0 in the
first epoch, with the clamp and without it.

Every finished run is appended to a JSON-lines file; a second call skips what is there, so it may be interrupted.

    python benchmarks/model_safety.py --jobs 2          # all of it, about an hour on two cores
    python benchmarks/model_safety.py --profiles smoke --datasets synthetic-wafers --seeds 3
    python benchmarks/model_safety.py --report          # the table alone, from what has been run
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from sklearn.metrics import roc_auc_score
from torch import Tensor, nn
from waferlab.data import Split, WaferDataset, load_dataset
from waferlab.profiles import PROFILES, Profile
from waferlab.reference.encoder import ConvVAE, vae_loss
from waferlab.runtime import seed_everything

RESULTS = Path(__file__).parent / "results"
DATASETS = ("fashion-mnist", "synthetic-wafers")
SETTINGS: dict[str, Profile] = {
    "smoke": PROFILES["smoke"],
    "cpu": PROFILES["cpu"],
    "trap": replace(
        PROFILES["t4"], num_epochs=10, kl_anneal_epochs=10, max_train=300, max_val=100, max_test=200
    ),  # 5 steps an epoch
}


@dataclass(frozen=True)
class Job:
    """One training run.

    Attributes:
        setting: key of `SETTINGS`.
        dataset: name for `load_dataset`.
        guarded: whether the log-variance is clamped, as it is in the provided model.
        seed: seed of the weights, the batches and the draws.
    """

    setting: str
    dataset: str
    guarded: bool
    seed: int


@dataclass(frozen=True)
class Outcome:
    """What one run gave. Losses are per image, in nats (cross-entropy summed over pixels); times are seconds.

    Attributes:
        job: the run.
        image_size: side of the images in pixels.
        num_epochs: epochs asked for; a run that is not finite ends before.
        num_train: training images.
        recon: reconstruction loss of the last epoch.
        kl: KL divergence of the last epoch.
        largest_kl: largest KL of a single batch in the whole run; infinite when one is not finite.
        largest_variance: largest running variance of any BatchNorm layer after any epoch.
        brightness: mean of the reconstructed validation normals over the mean of the images themselves.
        auroc: AUROC of the mean squared reconstruction error in evaluation mode; NaN when scores are not finite.
        finite: whether every loss and every score was finite.
        seconds: training time.
        torch: the version of torch.
    """

    job: Job
    image_size: int
    num_epochs: int
    num_train: int
    recon: float
    kl: float
    largest_kl: float
    largest_variance: float
    brightness: float
    auroc: float
    finite: bool
    seconds: float
    torch: str

    @property
    def diverged(self) -> bool:
        """Not finite, dark images in evaluation mode, or a running variance that makes every code look alike there."""
        return not self.finite or not self.brightness > 0.5 or not self.largest_variance < 1e4


@lru_cache(maxsize=2)
def dataset_for(setting: str, name: str) -> WaferDataset:
    """The dataset of a setting, loaded once per process."""
    return load_dataset(name, SETTINGS[setting])


def train_epoch(
    model: ConvVAE, images: Tensor, optimizer: torch.optim.Optimizer, batch_size: int, beta: float
) -> Tensor:
    """One pass over shuffled images; it ends where a reconstruction is not finite, for the loss takes none that is not.

    Returns:
        Reconstruction loss, KL divergence and number of images of each batch, shape `(batches, 3)`; NaN for that one.
    """
    model.train()
    history = []
    for batch in torch.randperm(len(images)).split(batch_size):
        x = images[batch]
        x_recon, mu, logvar = model(x)
        if not x_recon.isfinite().all():
            return torch.stack([*history, torch.tensor([math.nan, math.nan, len(x)])])
        total, recon, kl = vae_loss(x_recon, x, mu, logvar, beta)
        optimizer.zero_grad()
        total.backward()
        nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)
        optimizer.step()
        history.append(torch.stack([recon.detach(), kl.detach(), torch.tensor(float(len(x)))]))
    return torch.stack(history)


def train(model: ConvVAE, images: Tensor, profile: Profile) -> Iterator[Tensor]:
    """Train with the case study's settings; yields the batch history of every epoch, up to one that is not finite."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=1e-5)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=profile.num_epochs, eta_min=1e-5)
    for epoch in range(profile.num_epochs):
        beta = min(1.0, epoch / profile.kl_anneal_epochs)
        history = train_epoch(model, images, optimizer, profile.batch_size, beta)
        yield history
        if not history.isfinite().all():
            return
        schedule.step()


@torch.no_grad()
def reconstruct(model: ConvVAE, images: Tensor) -> Tensor:
    """Reconstructions in evaluation mode from the mean of the code, the same shape as `images`."""
    model.eval()
    return torch.cat([model.decoder(model.encoder(x)[0]) for x in images.split(256)])


def auroc(model: ConvVAE, test: Split) -> float:
    """AUROC of the mean squared reconstruction error; NaN when an error is not finite."""
    scores = (reconstruct(model, test.images) - test.images).pow(2).flatten(start_dim=1).mean(dim=1)
    return float(roc_auc_score(test.labels, scores)) if scores.isfinite().all() else math.nan


def largest_running_variance(model: nn.Module) -> float:
    """Largest running variance of any BatchNorm layer."""
    return max(float(layer.running_var.max()) for layer in model.modules() if isinstance(layer, nn.BatchNorm2d))


def run(job: Job) -> Outcome:
    """Train and evaluate one model, on one core."""
    torch.set_num_threads(1)
    profile = SETTINGS[job.setting]
    data = dataset_for(job.setting, job.dataset)
    seed_everything(job.seed)
    model = ConvVAE(image_size=profile.image_size).to(memory_format=torch.channels_last)
    if not job.guarded:
        model.logvar_range = (-math.inf, math.inf)
    start = time.perf_counter()
    history, variances = [], []
    for epoch_history in train(model, data.train.images, profile):
        history.append(epoch_history)
        variances.append(largest_running_variance(model))
    return summarise(job, model, data, history, max(variances), time.perf_counter() - start)


def summarise(
    job: Job, model: ConvVAE, data: WaferDataset, history: list[Tensor], largest_variance: float, seconds: float
) -> Outcome:
    """Evaluate a trained model and gather the run's numbers."""
    batches = torch.cat(history)
    last = (history[-1][:, :2] * history[-1][:, 2:]).sum(dim=0) / history[-1][:, 2].sum()
    area = auroc(model, data.test)
    brightness = reconstruct(model, data.val.images).mean() / data.val.images.mean()
    return Outcome(
        job=job,
        image_size=data.image_size,
        num_epochs=SETTINGS[job.setting].num_epochs,
        num_train=len(data.train),
        recon=float(last[0]),
        kl=float(last[1]),
        largest_kl=float(batches[:, 1].nan_to_num(math.inf).max()),
        largest_variance=largest_variance,
        brightness=float(brightness),
        auroc=area,
        finite=bool(batches.isfinite().all()) and math.isfinite(area),
        seconds=seconds,
        torch=torch.__version__,
    )


def read_outcomes(path: Path) -> list[Outcome]:
    """The runs that were made with today's settings; others in the file are ignored."""
    if not path.exists():
        return []
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    outcomes = [Outcome(**{**row, "job": Job(**row["job"])}) for row in rows]
    return [outcome for outcome in outcomes if _is_current(outcome)]


def _is_current(outcome: Outcome) -> bool:
    profile = SETTINGS[outcome.job.setting]
    wanted = (profile.image_size, profile.num_epochs)
    return (outcome.image_size, outcome.num_epochs) == wanted and outcome.num_train <= (profile.max_train or 10**9)


def jobs_for(settings: Sequence[str], datasets: Sequence[str], seeds: int, trap_seeds: int) -> list[Job]:
    """All runs, the trap first."""
    safe = [Job(setting, name, True, seed) for setting in settings for seed in range(seeds) for name in datasets]
    trap = [
        Job("trap", name, guarded, seed) for seed in range(trap_seeds) for name in datasets for guarded in (True, False)
    ]
    return trap + safe


def run_all(jobs: Sequence[Job], path: Path, workers: int) -> None:
    """Run what is missing in `path`, one process per core, and append every result as it comes."""
    done = {outcome.job for outcome in read_outcomes(path)}
    missing = [job for job in jobs if job not in done]
    path.parent.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        futures = [pool.submit(run, job) for job in missing]
        for count, future in enumerate(as_completed(futures), start=1):
            outcome = future.result()
            with path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(outcome)) + "\n")
            state = "DIVERGED" if outcome.diverged else f"AUROC {outcome.auroc:.3f}"
            print(f"{count}/{len(missing)} {outcome.job} {state} {outcome.seconds:.0f} s", flush=True)


def spread(values: Sequence[float], digits: int) -> str:
    """`minimum / median / maximum`, ignoring values that are not finite."""
    finite = np.array([value for value in values if math.isfinite(value)])
    if finite.size == 0:
        return "none finite"
    return " / ".join(f"{value:.{digits}f}" for value in (finite.min(), np.median(finite), finite.max()))


def report(outcomes: Sequence[Outcome]) -> str:
    """A Markdown table, one row for each setting, dataset and guard."""
    lines = [
        "| setting | dataset | clamp | runs | diverged | AUROC (min / median / max) | last recon | last KL (nats) "
        "| largest batch KL | largest BatchNorm variance | seconds a run |",
        "|---|---|---|---:|---:|---|---|---|---:|---:|---:|",
    ]
    groups = sorted({(list(SETTINGS).index(o.job.setting), o.job.dataset, not o.job.guarded) for o in outcomes})
    for index, dataset, unguarded in groups:
        setting = list(SETTINGS)[index]
        rows = [
            o for o in outcomes if (o.job.setting, o.job.dataset, o.job.guarded) == (setting, dataset, not unguarded)
        ]
        lines.append(_report_row(setting, dataset, unguarded, rows))
    return "\n".join(lines)


def _report_row(setting: str, dataset: str, unguarded: bool, rows: Sequence[Outcome]) -> str:
    cells = [
        setting,
        dataset,
        "no" if unguarded else "yes",
        len(rows),
        sum(row.diverged for row in rows),
        spread([row.auroc for row in rows], 3),
        spread([row.recon for row in rows], 1),
        spread([row.kl for row in rows], 1),
        f"{max(row.largest_kl for row in rows):.3g}",
        f"{max(row.largest_variance for row in rows):.3g}",
        f"{np.median([row.seconds for row in rows]):.0f}",
    ]
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def main() -> None:
    """Run what is asked for, print the table and write it beside the raw results."""
    parser = argparse.ArgumentParser(description="Train the provided VAE over many seeds and look for divergence.")
    parser.add_argument("--profiles", nargs="+", default=["smoke", "cpu"], choices=["smoke", "cpu"])
    parser.add_argument("--datasets", nargs="+", default=list(DATASETS), choices=DATASETS)
    parser.add_argument("--seeds", type=int, default=20, help="runs per profile and dataset")
    parser.add_argument("--trap-seeds", type=int, default=2, help="runs of the trap, with and without the clamp")
    parser.add_argument("--jobs", type=int, default=2, help="processes, one core each")
    parser.add_argument("--out", type=Path, default=RESULTS / "model-safety.jsonl")
    parser.add_argument("--report", action="store_true", help="only print the table")
    options = parser.parse_args()
    if not options.report:
        run_all(
            jobs_for(options.profiles, options.datasets, options.seeds, options.trap_seeds), options.out, options.jobs
        )
    text = report(read_outcomes(options.out))
    print(text)
    options.out.with_suffix(".md").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
