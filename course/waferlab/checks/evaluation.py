"""Visible checks of assignment 06: anomaly scores, the measures of a detector, and the threshold.

The scores are compared with those of the reference for a model whose weights the probe draws, with large log-variances:
a score that was made from a random draw of the code differs at once. One part trains the real model and asks what the
scores are worth.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from waferlab.checks.core import (
    MAX_TEXT,
    Case,
    Finding,
    Observation,
    Task,
    array_of,
    error_of,
    relative_difference,
    run_visible,
    scenario,
)
from waferlab.checks.loaders import Batches, judge_device, observe_device

if TYPE_CHECKING:
    import torch

SIZE, LATENT = 16, 8  # of the model with drawn weights
SCORE_RTOL = 1e-4
METRICS = ("auroc", "auprc", "tpr_at_fpr5", "fnr_at_fpr5")
METRIC_ATOL = 1e-6
QUANTILE_METHODS = (
    *("inverted_cdf", "averaged_inverted_cdf", "closest_observation", "interpolated_inverted_cdf", "hazen", "weibull"),
    *("linear", "median_unbiased", "normal_unbiased", "lower", "higher", "midpoint", "nearest"),
)
TRAIN, VAL, NORMALS, ANOMALIES = 192, 32, 150, 150  # images of the part that trains the real model
TRAIN_SIZE, TRAIN_LATENT, TRAIN_BATCH, TRAIN_EPOCHS = 32, 16, 16, 5
#: What any sensible scores reach; `autograder/floors.json` has the measured floor of the hidden check.
AUROC_LIMIT = 0.6
KINDS = ("scratch", "particle", "pattern-shift", "edge-ring")


# --- Task 1: compute_anomaly_scores ------------------------------------------------------------------------------


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
    model.encoder.fc_logvar.bias.data.fill_(2.0)
    watch.follow(model.encoder)
    watch.follow(model.decoder)
    return model.train()


def score_images(case: Case, stream: int, count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Images of very different contrast, and labels in random order."""
    import torch

    rng = case.rng(stream)
    contrast = rng.uniform(0.1, 1.0, (count, 1, 1, 1))
    images = 0.5 + contrast * (rng.random((count, 1, SIZE, SIZE)) - 0.5)
    return torch.tensor(images, dtype=getattr(torch, case.dtype)), torch.from_numpy(rng.integers(0, 2, count))


def as_pair(result: Any) -> tuple[np.ndarray, np.ndarray]:
    """Scores and labels as float64 arrays.

    Raises:
        TypeError: the result is no pair of numbers.
    """
    if not isinstance(result, (tuple, list)) or len(result) != 2:
        size = f" of {len(result)}" if isinstance(result, (tuple, list)) else ""
        raise TypeError(f"the result is a {type(result).__name__}{size}, expected the pair (scores, labels)")
    return tuple(np.array(part.detach().cpu() if hasattr(part, "detach") else part, dtype=float) for part in result)


def observe_scores(
    seen: Observation, part: str, answer: Callable[..., Any], case: Case, stream: int, count: int, batch: int
) -> None:
    """Score images twice; under `part` come scores, labels, the second scores and what was watched."""
    watch = Watch()
    model = drawn_model(case, stream, watch)
    images, labels = score_images(case, stream + 1, count)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    loader = Batches(images, batch, labels)
    seen[f"{part}.scores"], seen[f"{part}.labels"] = as_pair(answer(model, loader, device="cpu"))
    seen[f"{part}.gradients"], seen[f"{part}.training"] = any(watch.gradients), any(watch.training)
    seen[f"{part}.passes"] = len(watch.gradients)
    seen[f"{part}.again"], _ = as_pair(answer(model, loader, device="cpu"))
    after = model.state_dict()
    seen[f"{part}.unchanged"] = all(bool((after[name] == value).all()) for name, value in before.items())


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
    loaders = Batches(train, TRAIN_BATCH), Batches(val, TRAIN_BATCH)
    loop(model, *loaders, num_epochs=TRAIN_EPOCHS, kl_anneal_epochs=TRAIN_EPOCHS // 2, device="cpu")
    scores, _ = as_pair(answers["compute_anomaly_scores"](model, Batches(test, 64), device="cpu"))  # no true labels
    seen["detector.labels"], seen["detector.scores"] = np.array(images["labels"]), scores
    seen["detector.auroc"] = float(roc_auc_score(images["labels"], scores))


def probe_scores(answers: Mapping[str, Any], case: Case) -> Observation:
    """Score with a model of drawn weights, with uneven batches and one by one; then with a trained model."""
    import torch

    from waferlab.checks.training import counted_bars

    seen: Observation = {}
    answer = answers["compute_anomaly_scores"]
    with torch.random.fork_rng(devices=[]), counted_bars():
        with scenario(seen, "uneven"):
            observe_scores(seen, "uneven", answer, case, 10, 19, 8)
        if seen.get("unanswered"):
            return seen
        with scenario(seen, "single"):
            observe_scores(seen, "single", answer, case, 20, 3, 1)
        with scenario(seen, "detector"):
            observe_detector(seen, answers, case)
        if "uneven.error" not in seen:
            observe_device(seen, lambda model, loader: answer(model, loader, device="cuda"))
    return seen


def score_fault(got: np.ndarray | None, want: np.ndarray) -> str | None:
    """What is wrong with scores, in words; None when they are right."""
    if got is None or got.shape != want.shape:
        return f"scores of shape {None if got is None else got.shape}, expected {want.shape}"
    if relative_difference(got, want) <= SCORE_RTOL:
        return None
    if relative_difference(got / SIZE**2, want) <= SCORE_RTOL:
        return "the sum over the pixels; the mean was asked for"
    if relative_difference(got**2, want) <= SCORE_RTOL:
        return "the root of the right score"
    if relative_difference(np.sort(got), np.sort(want)) <= SCORE_RTOL:
        return "the right scores in another order"
    return f"largest difference {relative_difference(got, want):.1e} of the largest score"


def judge_scores_part(name: str, part: str, tested: str, seen: Observation, expected: Observation) -> Finding:
    """Are the scores of one part right?"""
    goal = "per image: the mean over its pixels of (x - x_recon)^2, x_recon decoded from mu, in evaluation mode"
    if error := error_of(seen, part):
        return Finding(name, tested, False, f"raised {error}", goal)
    want = np.asarray(expected[f"{part}.scores"], dtype=float)
    fault = score_fault(array_of(seen, f"{part}.scores"), want)
    return Finding(name, tested, fault is None, fault or "right", goal)


def judge_flag(name: str, tested: str, goal: str, seen: Observation, key: str, want: bool, wrong: str) -> Finding:
    """Has a watched flag the right value?"""
    part = key.split(".")[0]
    if error := error_of(seen, part):
        return Finding(name, tested, False, f"raised {error}", goal)
    passed = seen.get(key) is want and array_of(seen, f"{part}.scores") is not None
    return Finding(name, tested, passed, "right" if passed else wrong, goal)


def judge_repeat(seen: Observation) -> Finding:
    """Does a second call give the same scores?"""
    tested, goal = "the same images a second time", "the same scores: nothing random in them"
    if error := error_of(seen, "uneven"):
        return Finding("repeatable", tested, False, f"raised {error}", goal)
    first, second = array_of(seen, "uneven.scores"), array_of(seen, "uneven.again")
    passed = first is not None and second is not None and first.size > 0 and np.isfinite(first).all()
    passed = bool(passed and relative_difference(second, first) <= 1e-6)
    return Finding("repeatable", tested, passed, "right" if passed else "other scores (a draw of z?)", goal)


def judge_labels(seen: Observation, expected: Observation) -> Finding:
    """Do the labels come back in the order of the scores?"""
    tested, goal = "the labels", "those of the loader, in its order"
    if error := error_of(seen, "uneven"):
        return Finding("labels", tested, False, f"raised {error}", goal)
    got, want = array_of(seen, "uneven.labels"), np.asarray(expected["uneven.labels"], dtype=float)
    passed = got is not None and got.shape == want.shape and bool((got == want).all())
    shape = None if got is None else got.shape
    return Finding("labels", tested, passed, "right" if passed else f"others, of shape {shape}", goal)


def judge_detector(seen: Observation) -> Finding:
    """Are the scores of a trained model worth something?"""
    tested, goal = "a model trained for a few epochs: AUROC of the scores", f"above {AUROC_LIMIT}"
    if error := error_of(seen, "detector"):
        return Finding("detects", tested, False, f"raised {error}", goal)
    value = array_of(seen, "detector.auroc")
    passed = value is not None and value.ndim == 0 and bool(value >= AUROC_LIMIT)
    return Finding("detects", tested, passed, "no number" if value is None else f"{float(value.mean()):.2f}", goal)


def judge_scores(seen: Observation, expected: Observation) -> list[Finding]:
    """All findings about `compute_anomaly_scores`."""
    mode = "the model came in training mode: its mode while it scores"
    kept = "weights and running statistics of the model"
    return [
        judge_scores_part("scores", "uneven", "19 images in batches of 8, 8 and 3", seen, expected),
        judge_scores_part("single", "single", "3 images, one by one", seen, expected),
        judge_repeat(seen),
        judge_flag("eval-mode", mode, "evaluation mode", seen, "uneven.training", False, "training mode"),
        judge_flag("unchanged", kept, "as they were", seen, "uneven.unchanged", True, "changed"),
        judge_flag("no-grad", "gradients while scoring", "switched off", seen, "uneven.gradients", False, "on"),
        judge_labels(seen, expected),
        judge_device(seen),
        judge_detector(seen),
    ]


# --- Task 2: evaluate_detector -----------------------------------------------------------------------------------

#: Labels and scores that a person can work through: 20 normals, 4 anomalies of which two lie above all normals.
HAND_LABELS = (0,) * 20 + (1,) * 4
HAND_SCORES = (*range(20), 30, 25, 18.5, 3.5)
#: AUROC (20 + 20 + 19 + 4) / 80, average precision, 3 of 4 found with one false alarm of 20.
HAND = {"auroc": 0.7875, "auprc": (1 + 1 + 3 / 4 + 4 / 20) / 4, "tpr_at_fpr5": 0.75, "fnr_at_fpr5": 0.25}


def metric_inputs(case: Case) -> list[tuple[np.ndarray, np.ndarray]]:
    """Labels and scores of several detectors: good, poor, with few anomalies, with tied scores, upside down."""
    rng, rows = case.rng(1), []
    for normals, anomalies, shift in ((200, 80, 1.5), (331, 57, 0.4), (500, 6, 2.0), (97, 41, -1.0)):
        scores = np.concatenate([rng.normal(0, 1, normals), rng.normal(shift, 1.3, anomalies)])
        labels = np.repeat([0, 1], [normals, anomalies])
        order = rng.permutation(len(labels))
        rows.append((labels[order], scores[order]))
    labels, scores = rows[0]
    return [*rows, (labels, np.floor(scores * 2.7) / 7)]


def probe_metrics(answers: Mapping[str, Any], case: Case) -> Observation:
    """Evaluate detectors drawn at random and one that can be worked out by hand."""
    seen: Observation = {}
    inputs = [(np.array(HAND_LABELS), np.array(HAND_SCORES, dtype=float)), *metric_inputs(case)]
    with scenario(seen, "values"):
        results = [answers["evaluate_detector"](labels.copy(), scores.copy()) for labels, scores in inputs]
        wrong = next((one for one in results if not isinstance(one, Mapping)), None)
        if wrong is not None:
            raise TypeError(f"the result is a {type(wrong).__name__}, expected a dictionary")
        seen["keys"] = [str(key)[:40] for key in list(results[0])[:12]]
        for name in METRICS:
            if all(name in one for one in results):
                seen[name] = np.array([float(one[name]) for one in results])
    return seen


def judge_metric(name: str, tested: str, goal: str, hint: str, seen: Observation, expected: Observation) -> Finding:
    """Is one measure right for every detector?"""
    if error := error_of(seen, "values"):
        return Finding(name, tested, False, f"raised {error}", goal)
    got, want = array_of(seen, name), np.asarray(expected[name], dtype=float)
    if got is None or got.shape != want.shape:
        keys = ", ".join(map(str, seen.get("keys", []) if isinstance(seen.get("keys"), list) else []))
        return Finding(name, tested, False, f"no number under {name!r}; the keys are: {keys}"[:MAX_TEXT], goal)
    wrong = ~(np.abs(got - want) <= METRIC_ATOL)[1:]
    if not wrong.any():
        return Finding(name, tested, True, "right", goal)
    first = int(wrong.argmax()) + 1
    return Finding(name, tested, False, f"{got[first]:.4f} instead of {want[first]:.4f}. {hint}", goal)


def judge_by_hand(seen: Observation) -> Finding:
    """Is the small case right?"""
    tested, goal = "24 images by hand", ", ".join(f"{name} {value:.4f}" for name, value in HAND.items())
    if error := error_of(seen, "values"):
        return Finding("by-hand", tested, False, f"raised {error}", goal)
    got = {name: array_of(seen, name) for name in METRICS}
    for name, want in HAND.items():
        values = got[name]
        if values is None or values.ndim != 1 or not values.size or not abs(values[0] - want) <= METRIC_ATOL:
            value = "missing" if values is None or not values.size else f"{float(values.ravel()[0]):.4f}"
            return Finding("by-hand", tested, False, f"{name} {value}", goal)
    return Finding("by-hand", tested, True, "right", goal)


def judge_metrics(seen: Observation, expected: Observation) -> list[Finding]:
    """All findings about `evaluate_detector`."""
    step = "Take the largest TPR among the thresholds whose FPR is at most 0.05; do not interpolate."
    rows = (
        ("auroc", "area under the ROC curve", "roc_auc_score", "Are labels and scores in the right order?"),
        ("auprc", "average precision", "average_precision_score", "The area by trapezoids is too optimistic."),
        ("tpr_at_fpr5", "TPR with at most 5 % false alarms", "the best threshold that the budget allows", step),
        ("fnr_at_fpr5", "FNR at the same threshold", "1 - tpr_at_fpr5", step),
    )
    return [judge_by_hand(seen), *(judge_metric(*row, seen, expected) for row in rows)]


# --- Task 3: threshold_from_validation ---------------------------------------------------------------------------


def threshold_cases(case: Case) -> list[tuple[str, np.ndarray, float]]:
    """Part, scores and target of every call."""
    rng = case.rng(1)
    cases = [("default", rng.gamma(3.0, 0.01, n), 0.05) for n in (1200, 300, 137)]
    targets = (0.01, 0.1, 0.25, float(rng.uniform(0.02, 0.2)))
    return cases + [("targets", rng.gamma(2.0, 1.0, 400), target) for target in targets]


def quantile_range(scores: np.ndarray, target: float) -> tuple[float, float]:
    """The smallest and the largest value that a usual definition of the quantile gives."""
    values = [float(np.quantile(scores, 1 - target, method=method)) for method in QUANTILE_METHODS]
    return min(values), max(values)


def probe_threshold(answers: Mapping[str, Any], case: Case) -> Observation:
    """Ask for thresholds by default and for other targets."""
    seen: Observation = {}
    answer = answers["threshold_from_validation"]
    for part in ("default", "targets"):
        chosen = [(scores, target) for name, scores, target in threshold_cases(case) if name == part]
        with scenario(seen, part):
            values, kept = [], True
            for scores, target in chosen:
                given = scores.copy()
                result = answer(given) if part == "default" else answer(given, target_fpr=target)
                values.append(float(result))
                kept &= bool((given == scores).all())
            seen[part], seen[f"{part}.kept"] = np.array(values), kept
            seen[f"{part}.ranges"] = np.array([quantile_range(*one) for one in chosen])
        if seen.get("unanswered"):
            break
    return seen


def judge_threshold_part(name: str, tested: str, seen: Observation, expected: Observation) -> Finding:
    """Do all thresholds of one part lie where a quantile may lie?"""
    goal = "the 1 - target_fpr quantile of the scores, by any usual definition"
    if error := error_of(seen, name):
        return Finding(name, tested, False, f"raised {error}", goal)
    ranges, got = np.asarray(expected[f"{name}.ranges"], dtype=float), array_of(seen, name)
    if got is None or got.shape != (len(ranges),):
        return Finding(name, tested, False, "no numbers", goal)
    slack = 1e-6 * np.abs(ranges).max()
    passed = bool(((got >= ranges[:, 0] - slack) & (got <= ranges[:, 1] + slack)).all())
    wrong = int((~((got >= ranges[:, 0] - slack) & (got <= ranges[:, 1] + slack))).argmax())
    low, _ = ranges[wrong]
    side = "too high" if got[wrong] > low else "too low"
    return Finding(name, tested, passed, "right" if passed else f"{got[wrong]:.4g}, {side}", goal)


def judge_threshold(seen: Observation, expected: Observation) -> list[Finding]:
    """All findings about `threshold_from_validation`."""
    kept = seen.get("default.kept") is True and seen.get("targets.kept") is True
    return [
        judge_threshold_part("default", "1200, 300 and 137 scores, 5 % false alarms", seen, expected),
        judge_threshold_part("targets", "other shares of false alarms", seen, expected),
        Finding("unchanged", "the given scores", kept, "right" if kept else "changed", "left as they were"),
    ]


# --- what the notebook and the grader use ------------------------------------------------------------------------

TASKS = {
    "compute_anomaly_scores": Task(
        name="compute_anomaly_scores",
        title="Task 1: compute_anomaly_scores",
        defines=("compute_anomaly_scores",),
        probe=probe_scores,
        judge=judge_scores,
        expects=("uneven.scores", "single.scores", "uneven.labels"),
    ),
    "evaluate_detector": Task(
        name="evaluate_detector",
        title="Task 2: evaluate_detector",
        defines=("evaluate_detector",),
        probe=probe_metrics,
        judge=judge_metrics,
        expects=METRICS,
    ),
    "threshold_from_validation": Task(
        name="threshold_from_validation",
        title="Task 3: threshold_from_validation",
        defines=("threshold_from_validation",),
        probe=probe_threshold,
        judge=judge_threshold,
        expects=("default.ranges", "targets.ranges"),
    ),
}


def check_compute_anomaly_scores(compute_anomaly_scores: Callable[..., Any]) -> int | None:
    """Check Task 1; prints a table and raises when something is wrong."""
    answers = {"compute_anomaly_scores": compute_anomaly_scores}
    return run_visible("evaluation", TASKS["compute_anomaly_scores"], answers)


def check_evaluate_detector(evaluate_detector: Callable[..., Any]) -> int | None:
    """Check Task 2; prints a table and raises when something is wrong."""
    return run_visible("evaluation", TASKS["evaluate_detector"], {"evaluate_detector": evaluate_detector})


def check_threshold_from_validation(threshold_from_validation: Callable[..., Any]) -> int | None:
    """Check Task 3; prints a table and raises when something is wrong."""
    answers = {"threshold_from_validation": threshold_from_validation}
    return run_visible("evaluation", TASKS["threshold_from_validation"], answers)
