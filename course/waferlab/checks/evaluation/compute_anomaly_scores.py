"""Task 1 of assignment 06: `compute_anomaly_scores`, with a model of drawn weights and with a trained one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from waferlab.checks.core import Case, Check, Fault, Observation, Task, array_of, relative_difference
from waferlab.checks.loaders import device_check, loader_of, observe_device
from waferlab.checks.reading import UnexpectedResult, numbers
from waferlab.checks.watching import asked, changed_fault, own_randomness, quiet_bars, stopped, trouble

if TYPE_CHECKING:
    import torch

SIZE, LATENT = 16, 8  # of the model with drawn weights
SCORE_RTOL = 1e-4
REPEAT_RTOL = 1e-6
TRAIN, VAL, NORMALS, ANOMALIES = 192, 32, 150, 150  # images of the part that trains the real model
TRAIN_SIZE, TRAIN_LATENT, TRAIN_BATCH, TRAIN_EPOCHS = 32, 16, 16, 5
#: What any sensible scores reach, whatever the images; the grader's measured floor is higher.
AUROC_LIMIT = 0.55
KINDS = ("scratch", "particle", "pattern-shift", "edge-ring")


# --- probe -------------------------------------------------------------------------------------------------------


class Watch:
    """What happened in encoder and decoder: whether gradients were on, and in which mode each was."""

    def __init__(self) -> None:
        self.gradients: list[bool] = []
        self.training: list[bool] = []

    def follow(self, part: torch.nn.Module) -> None:
        """Note every pass through a part of the model. A deep copy of it is followed, too."""
        import torch

        watch, kind = self, type(part)

        class Followed(kind):  # type: ignore[misc, valid-type]
            def forward(self, x: torch.Tensor) -> Any:
                watch.gradients.append(torch.is_grad_enabled())
                watch.training.append(self.training)
                return kind.forward(self, x)

        part.__class__ = Followed


def take_spread(model: torch.nn.Module) -> None:
    """Leave codes next to no spread: a draw then decodes to the same image as the mean, and both are right."""
    model.encoder.fc_logvar.weight.data.zero_()
    model.encoder.fc_logvar.bias.data.fill_(-50.0)
    model.logvar_range = (-60.0, 4.0)


def drawn_model(case: Case, stream: int, watch: Watch) -> torch.nn.Module:
    """A ConvVAE with drawn weights and running statistics, in training mode, whose two parts are watched."""
    import torch

    from waferlab.reference.encoder import ConvVAE

    torch.manual_seed(int(case.rng(stream).integers(2**31)))
    model = ConvVAE(latent_dim=LATENT, image_size=SIZE).to(getattr(torch, case.dtype))
    rng = case.rng(stream, 1)
    for name, value in model.state_dict().items():
        if name.endswith(("running_mean", "running_var")):
            low, high = (0.5, 1.5) if name.endswith("var") else (-0.3, 0.3)
            value.copy_(torch.from_numpy(rng.uniform(low, high, value.shape)))
    take_spread(model)
    watch.follow(model.encoder)
    watch.follow(model.decoder)
    return model.train()


def score_images(case: Case, stream: int, count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Images of very different contrast, and the class numbers that Fashion-MNIST has for labels."""
    import torch

    rng = case.rng(stream)
    contrast = rng.uniform(0.1, 1.0, (count, 1, 1, 1))
    images = 0.5 + contrast * (rng.random((count, 1, SIZE, SIZE)) - 0.5)
    return torch.tensor(images, dtype=getattr(torch, case.dtype)), torch.from_numpy(rng.integers(0, 10, count))


def read_scores(result: Any) -> np.ndarray:
    """Scores as a float64 array.

    Raises:
        UnexpectedResult: the result is no array of numbers, or a tuple, as of scores and labels.
    """
    if isinstance(result, tuple):
        raise UnexpectedResult(f"a tuple of {len(result)}; the scores alone were asked for")
    return numbers(result, "scores")


def observe_scores(
    seen: Observation, part: str, answer: Callable[..., Any], case: Case, stream: int, count: int, batch: int
) -> None:
    """Score images twice; under `part` come the scores, the second scores and what was watched."""
    watch = Watch()
    model = drawn_model(case, stream, watch)
    images, labels = score_images(case, stream + 1, count)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    loader = loader_of(images, batch, labels)
    seen[f"{part}.scores"] = read_scores(answer(model, loader, device="cpu"))
    seen[f"{part}.gradients"], seen[f"{part}.training"] = any(watch.gradients), any(watch.training)
    seen[f"{part}.again"] = read_scores(answer(model, loader, device="cpu"))
    after = model.state_dict()
    seen[f"{part}.changed"] = any(bool((after[name] != value).any()) for name, value in before.items())


def detector_images(case: Case) -> dict[str, np.ndarray]:
    """`train`, `val`, `test` (n, 1, 32, 32) float32 and `labels`: given, or drawn wafers with four kinds of defects."""
    if "train" in case.arrays:
        return dict(case.arrays)
    from waferlab.synthetic import draw_wafers

    seed = int(case.rng(5).integers(2**31))
    normals, _ = draw_wafers(TRAIN + VAL + NORMALS, TRAIN_SIZE, seed=seed)
    share = -(-ANOMALIES // len(KINDS))
    defects = [draw_wafers(share, TRAIN_SIZE, kind, seed=seed, stream=n + 1)[0] for n, kind in enumerate(KINDS)]
    images = np.concatenate([normals, np.concatenate(defects)[:ANOMALIES]])[:, None].astype(np.float32) / 255
    train, val, test = np.split(images, [TRAIN, TRAIN + VAL])
    return {"train": train, "val": val, "test": test, "labels": np.repeat([0, 1], [NORMALS, ANOMALIES])}


def observe_detector(seen: Observation, answers: Mapping[str, Any], case: Case) -> None:
    """Train the real model with the notebook's `train_vae`, score test images with the answer."""
    import torch
    from sklearn.metrics import roc_auc_score

    from waferlab.reference.encoder import ConvVAE
    from waferlab.reference.training import train_vae

    images = detector_images(case)
    train, val, test = (torch.from_numpy(np.array(images[name])) for name in ("train", "val", "test"))
    torch.manual_seed(int(case.rng(6).integers(2**31)))
    model = ConvVAE(latent_dim=TRAIN_LATENT, image_size=TRAIN_SIZE)
    loop = answers.get("train_vae", train_vae)
    loaders = loader_of(train, TRAIN_BATCH), loader_of(val, TRAIN_BATCH)
    loop(model, *loaders, num_epochs=TRAIN_EPOCHS, kl_anneal_epochs=max(1, TRAIN_EPOCHS // 2), device="cpu")
    take_spread(model)
    test_loader = loader_of(test, 64)  # without true labels
    scores = read_scores(answers["compute_anomaly_scores"](model, test_loader, device="cpu"))
    seen["detector.labels"], seen["detector.scores"] = np.array(images["labels"]), scores
    seen["detector.auroc"] = float(roc_auc_score(images["labels"], scores))


def probe_scores(answers: Mapping[str, Any], case: Case) -> Observation:
    """Score with a model of drawn weights, with uneven batches and one by one; then with a trained model."""
    seen: Observation = {}
    answer = answers["compute_anomaly_scores"]
    with own_randomness(case), quiet_bars():
        with asked(seen, "uneven"):
            observe_scores(seen, "uneven", answer, case, 10, 19, 8)
        with asked(seen, "single"):
            observe_scores(seen, "single", answer, case, 20, 3, 1)
        with asked(seen, "detector"):
            observe_detector(seen, answers, case)
        if not stopped(seen, "uneven"):
            observe_device(seen, lambda model, loader: answer(model, loader, device="cuda"))
    return seen


# --- faults ------------------------------------------------------------------------------------------------------


def score_fault(part: str) -> Fault:
    """The fault "the scores of this part are not the mean squared errors of the reconstructions"."""

    def fault(seen: Observation, expected: Observation) -> str | None:
        want = np.asarray(expected[f"{part}.scores"], dtype=float)
        return trouble(seen, part, "scores") or difference_of(array_of(seen, f"{part}.scores"), want)

    return fault


def difference_of(got: np.ndarray, want: np.ndarray) -> str | None:
    """What is wrong with scores, in words; None when they are right."""
    if got.shape != want.shape:
        return f"scores of shape {got.shape}, expected {want.shape}"
    if relative_difference(got, want) <= SCORE_RTOL:
        return None
    if relative_difference(got / SIZE**2, want) <= SCORE_RTOL:
        return "the sum over the pixels; the mean was asked for"
    if relative_difference(got**2, want) <= SCORE_RTOL:
        return "the root of the right score"
    if relative_difference(np.sort(got), np.sort(want)) <= SCORE_RTOL:
        return "the right scores in another order"
    return f"largest difference {relative_difference(got, want):.1e} of the largest score"


def flag_fault(flag: str, wrong: str) -> Fault:
    """The fault "this was seen while 19 images were scored"; `wrong` says it in words."""

    def fault(seen: Observation, expected: Observation) -> str | None:
        return stopped(seen, "uneven") or (None if seen.get(f"uneven.{flag}") is False else wrong)

    return fault


def repeat_fault(seen: Observation, expected: Observation) -> str | None:
    """Whether a second call gives other scores."""
    if found := trouble(seen, "uneven", "scores") or trouble(seen, "uneven", "again"):
        return found
    first, second = array_of(seen, "uneven.scores"), array_of(seen, "uneven.again")
    if first.shape != second.shape:
        return f"scores of shape {second.shape} after scores of shape {first.shape}"
    alike = first.size > 0 and relative_difference(second, first) <= REPEAT_RTOL
    return None if alike else "other scores"


def detector_fault(seen: Observation, expected: Observation) -> str | None:
    """Whether the scores of a trained model are worth hardly more than a guess."""
    if found := stopped(seen, "detector"):
        return found
    value = array_of(seen, "detector.auroc")
    if value is None or value.ndim:
        return "no number"
    return None if value >= AUROC_LIMIT else f"{float(value):.3f}"


# --- the task ----------------------------------------------------------------------------------------------------

SCORE_GOAL = "an array of shape (n,): for each image the mean over its pixels of (x - x_recon)^2, in evaluation mode"

SCORES = Task(
    module="evaluation",
    name="compute_anomaly_scores",
    title="Task 1: compute_anomaly_scores",
    defines=("compute_anomaly_scores",),
    observe=probe_scores,
    expects=("uneven.scores", "single.scores"),
    checks=(
        Check("scores", 1.75, "19 images in batches of 8, 8 and 3", SCORE_GOAL, score_fault("uneven")),
        Check("single", 0.75, "3 images, one by one", SCORE_GOAL, score_fault("single")),
        Check(
            "repeatable",
            0.5,
            "the same images a second time",
            "the same scores",
            repeat_fault,
            requires=("scores",),
        ),
        Check(
            "eval-mode",
            0.5,
            "the model came in training mode: its mode while it scores",
            "evaluation mode",
            flag_fault("training", "training mode"),
            requires=("scores",),
        ),
        Check(
            "unchanged",
            0.25,
            "weights and running statistics of the model",
            "as they were",
            changed_fault(("uneven",), "weights or running statistics"),
            requires=("scores",),
        ),
        Check(
            "no-grad",
            0.25,
            "gradients while scoring",
            "switched off",
            flag_fault("gradients", "on"),
            requires=("scores",),
        ),
        device_check(0.25, requires=("scores",)),
        Check(
            "detector",
            0.75,
            "a model trained for a few epochs: AUROC of the scores",
            f"an AUROC as a right answer reaches it, above {AUROC_LIMIT} on any images",
            detector_fault,
            requires=("scores",),
        ),
    ),
)
