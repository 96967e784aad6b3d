"""Task 1 of assignment 06: `compute_anomaly_scores`, with a model of drawn weights and with a trained one.

The examiner keeps both models. What the answer gets is a `ConvVAE` whose encoder and decoder are questions to it
(`scored`), and images: right scores cannot be had without asking both parts for every image.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from waferlab.checks.bench import Bench, Services
from waferlab.checks.core import Case, Check, Fault, Observation, Task, array_of, relative_difference
from waferlab.checks.loaders import device_check, loader_of, observe_device
from waferlab.checks.reading import UnexpectedResult, numbers
from waferlab.checks.watching import asked, changed_fault, own_randomness, quiet_bars, stopped, trouble

if TYPE_CHECKING:
    import torch

NAME = "compute_anomaly_scores"
SIZE, LATENT = 16, 8  # of the model with drawn weights
SCORE_RTOL = 1e-4
REPEAT_RTOL = 1e-6
TRAIN, VAL, NORMALS, ANOMALIES = 192, 32, 150, 150  # images of the part that trains the real model
TRAIN_SIZE, TRAIN_LATENT, TRAIN_BATCH, TRAIN_EPOCHS = 32, 16, 16, 5
#: What any sensible scores reach, whatever the images; the grader's measured floor is higher.
AUROC_LIMIT = 0.55
KINDS = ("scratch", "particle", "pattern-shift", "edge-ring")
LOGVAR_RANGE = (-60.0, 4.0)  # to which `model(x)` clamps
MOST_PASSES = 40  # through encoder and decoder together, for each image


# --- at the desk: shims ------------------------------------------------------------------------------------------


def ask_examiner(part: torch.nn.Module, ask: Callable[..., Any]) -> None:
    """Make a part of a model a question to the examiner. A deep copy of it asks, too."""
    import torch

    kind = type(part)

    class Asking(kind):  # type: ignore[misc, valid-type]
        def forward(self, x: torch.Tensor) -> Any:
            gradients = torch.is_grad_enabled()
            found = ask(x, self.training, gradients)
            if isinstance(found, str):
                raise RuntimeError(found)
            outputs = [one.requires_grad_().clone() if gradients else one for one in found]
            return tuple(outputs) if len(outputs) > 1 else outputs[0]

    part.__class__ = Asking


def scored(
    answers: Mapping[str, Any],
    services: Services,
    images: torch.Tensor,
    labels: torch.Tensor,
    *,
    batch: int,
    latent: int,
    calls: int,
) -> tuple[list[Any], bool]:
    """Call the answer with a model in training mode whose parts ask the examiner, and a plain loader.

    Args:
        answers: by name.
        services: `encoder` and `decoder`: `(input, training mode?, gradients on?) -> outputs`, or why there are none.
        images: (n, 1, s, s).
        labels: (n,) class numbers.
        batch: images in a batch.
        latent: length of a code.
        calls: how often the answer is called.

    Returns:
        What it returned each time, and whether it changed the model.
    """
    from waferlab.reference.encoder import ConvVAE

    model = ConvVAE(latent_dim=latent, image_size=images.shape[-1]).to(images.dtype)
    model.logvar_range = LOGVAR_RANGE
    ask_examiner(model.encoder, services["encoder"])
    ask_examiner(model.decoder, services["decoder"])
    before, loader = state_of(model.train()), loader_of(images, batch, labels)
    with quiet_bars():
        results = [answers[NAME](model, loader, device="cpu") for _ in range(calls)]
    return results, differs(model, before)


def brought(answers: Mapping[str, Any], services: Services) -> list[int] | None:
    """What the answer brings to a pretended GPU, see `observe_device`."""
    seen: Observation = {}
    with quiet_bars():
        observe_device(seen, lambda model, loader: answers[NAME](model, loader, device="cuda"))
    return seen.get("device")


def state_of(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    """A copy of a model's weights and running statistics."""
    return {name: value.clone() for name, value in model.state_dict().items()}


def differs(model: torch.nn.Module, before: Mapping[str, torch.Tensor]) -> bool:
    """Whether weights or running statistics are not as they were."""
    return any(bool((value != before[name]).any()) for name, value in model.state_dict().items())


# --- the examiner ------------------------------------------------------------------------------------------------


class Held:
    """A model whose two parts answer an answer's questions, and what was seen meanwhile.

    Attributes:
        gradients: whether gradients were on when a part was asked, as the desk says.
        training: whether a part was asked in training mode; its batch normalisation then was in training mode here.
    """

    def __init__(self, model: torch.nn.Module, images: int) -> None:
        self.model, self.gradients, self.training = model, False, False
        self._before, self._left = state_of(model), MOST_PASSES * images

    @property
    def services(self) -> Services:
        """Both parts, by name."""
        return {name: partial(self._outputs, getattr(self.model, name)) for name in ("encoder", "decoder")}

    @property
    def changed(self) -> bool:
        """Whether weights or running statistics are not as they were."""
        return differs(self.model, self._before)

    def _outputs(self, part: torch.nn.Module, *given: Any) -> tuple[torch.Tensor, ...] | str:
        """What a part gives, or why it gives nothing: nobody vouches for what is asked."""
        import torch

        try:
            x, training, gradients = given
            self._left -= max(1, len(x))
            if self._left < 0:
                return f"the model was asked more than {MOST_PASSES} times for each image"
            self.training |= training is not False
            self.gradients |= gradients is not False
            with torch.no_grad():
                outputs = part.train(training is not False)(x)
            return outputs if isinstance(outputs, tuple) else (outputs,)
        except Exception as error:
            return " ".join(str(error).split())[:200]


def take_spread(model: torch.nn.Module) -> torch.nn.Module:
    """Leave codes next to no spread: a draw then decodes to the same image as the mean, and both are right."""
    model.encoder.fc_logvar.weight.data.zero_()
    model.encoder.fc_logvar.bias.data.fill_(-50.0)
    return model


def drawn_model(case: Case, stream: int) -> torch.nn.Module:
    """A ConvVAE with drawn weights and running statistics."""
    import torch

    from waferlab.reference.encoder import ConvVAE

    torch.manual_seed(int(case.rng(stream).integers(2**31)))
    model = ConvVAE(latent_dim=LATENT, image_size=SIZE).to(getattr(torch, case.dtype))
    rng = case.rng(stream, 1)
    for name, value in model.state_dict().items():
        if name.endswith(("running_mean", "running_var")):
            low, high = (0.5, 1.5) if name.endswith("var") else (-0.3, 0.3)
            value.copy_(torch.from_numpy(rng.uniform(low, high, value.shape)))
    return take_spread(model)


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


def ask_for_scores(
    bench: Bench, held: Held, images: torch.Tensor, labels: torch.Tensor, batch: int, calls: int
) -> tuple[list[Any], bool]:
    """What `scored` gives for a model that is held here.

    Raises:
        UnexpectedResult: it is something else.
    """
    given = {"batch": batch, "latent": held.model.latent_dim, "calls": calls}
    found = bench.shim("scored", images, labels, services=held.services, **given)
    if not isinstance(found, tuple) or len(found) != 2 or not isinstance(found[0], list) or len(found[0]) != calls:
        raise UnexpectedResult("no scores")
    return found


def observe_scores(seen: Observation, part: str, bench: Bench, case: Case, stream: int, count: int, batch: int) -> None:
    """Have images scored twice; under `part` come the scores, the second scores and what was seen."""
    held = Held(drawn_model(case, stream), count)
    images, labels = score_images(case, stream + 1, count)
    results, changed = ask_for_scores(bench, held, images, labels, batch, calls=2)
    seen[f"{part}.scores"] = read_scores(results[0])
    seen[f"{part}.gradients"], seen[f"{part}.training"] = held.gradients, held.training
    seen[f"{part}.again"] = read_scores(results[1])
    seen[f"{part}.changed"] = held.changed or changed is not False


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
    order = case.rng(7).permutation(len(test))
    return {"train": train, "val": val, "test": test[order], "labels": np.repeat([0, 1], [NORMALS, ANOMALIES])[order]}


def trained_model(case: Case, train: np.ndarray, val: np.ndarray) -> torch.nn.Module:
    """The real model after a few epochs of the reference's loop."""
    import torch

    from waferlab.reference.encoder import ConvVAE
    from waferlab.reference.training import train_vae

    torch.manual_seed(int(case.rng(6).integers(2**31)))
    model = ConvVAE(latent_dim=TRAIN_LATENT, image_size=TRAIN_SIZE)
    loaders = [loader_of(torch.from_numpy(np.array(images)), TRAIN_BATCH) for images in (train, val)]
    train_vae(model, *loaders, num_epochs=TRAIN_EPOCHS, kl_anneal_epochs=max(1, TRAIN_EPOCHS // 2), device="cpu")
    return take_spread(model)


def observe_detector(seen: Observation, bench: Bench, case: Case) -> None:
    """Have test images scored by a trained model; the desk does not learn which of them are anomalies."""
    import torch
    from sklearn.metrics import roc_auc_score

    images = detector_images(case)
    seen["detector.labels"] = np.array(images["labels"])
    test = torch.from_numpy(np.array(images["test"]))
    held = Held(trained_model(case, images["train"], images["val"]), len(test))
    results, _ = ask_for_scores(bench, held, test, torch.zeros(len(test), dtype=torch.long), 64, calls=1)
    seen["detector.scores"] = read_scores(results[0])
    with contextlib.suppress(ValueError):  # not one finite number for each image
        seen["detector.auroc"] = float(roc_auc_score(images["labels"], seen["detector.scores"]))


def probe_scores(bench: Bench, case: Case) -> Observation:
    """Score with a model of drawn weights, with uneven batches and one by one; then with a trained model."""
    seen: Observation = {}
    with own_randomness(case), quiet_bars():
        with asked(seen, "uneven"):
            observe_scores(seen, "uneven", bench, case, 10, 19, 8)
        with asked(seen, "single"):
            observe_scores(seen, "single", bench, case, 20, 3, 1)
        if not stopped(seen, "uneven"):  # both are worth nothing without its scores
            with asked(seen, "detector"):
                observe_detector(seen, bench, case)
            with asked(seen, "device"):
                found = bench.shim("brought")
                seen["device"] = [int(one == 1) for one in found] if isinstance(found, list) else None
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
    if found := stopped(seen, "uneven", "detector"):
        return found
    value = array_of(seen, "detector.auroc")
    if value is None or value.ndim:
        return "not one finite score for each image"
    return None if value >= AUROC_LIMIT else f"{float(value):.3f}"


# --- the task ----------------------------------------------------------------------------------------------------

SCORE_GOAL = "an array of shape (n,): for each image the mean over its pixels of (x - x_recon)^2, in evaluation mode"

SCORES = Task(
    module="evaluation",
    name=NAME,
    title=f"Task 1: {NAME}",
    defines=(NAME,),
    observe=probe_scores,
    apart=True,
    shims={"scored": scored, "brought": brought},
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
