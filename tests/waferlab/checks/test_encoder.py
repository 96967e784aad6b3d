"""Are the visible checks of assignment 04, and the model they stand on, as the notebook says?"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from waferlab.checks import CheckFailed
from waferlab.checks.core import PUBLIC_SEED, Case, Task, public_expectations
from waferlab.checks.draws import ks_distance, mean_fault, related_fault, shape_fault, spread_fault
from waferlab.checks.encoder import TASKS
from waferlab.reference.encoder import ConvDecoder, ConvEncoder, ConvVAE, flattened_size, kl_divergence, vae_loss

ANSWERS = {"ConvEncoder": ConvEncoder, "ConvVAE": ConvVAE, "kl_divergence": kl_divergence}


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_visible_checks_accept_the_reference(task: Task) -> None:
    """Does the stored public expectation agree with the reference?"""
    assert task.check(*(ANSWERS[name] for name in task.defines)) is None


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
@pytest.mark.parametrize("seed", range(100, 104))
def test_reference_passes_for_many_seeds(task: Task, seed: int) -> None:
    """Does the reference itself pass for whatever seed is drawn?"""
    findings = task.judge(task.probe(ANSWERS, Case(seed)), task.probe(ANSWERS, Case(seed, "float64")))
    assert [finding for finding in findings if not finding.passed] == []


def test_visible_check_prints_and_raises(capsys: pytest.CaptureFixture[str]) -> None:
    """Does a student see what is wrong and why, and a quiet line instead of an error before answering?"""
    with pytest.raises(CheckFailed, match="3 of 5"):
        TASKS["kl_divergence"].check(lambda mu, logvar: kl_divergence(mu, logvar) * len(mu))
    assert "You summed over the batch, too." in capsys.readouterr().out

    class Unanswered(ConvEncoder):
        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            raise NotImplementedError

    assert TASKS["forward"].check(Unanswered) == 0
    assert capsys.readouterr().out.endswith("not yet answered.\n")


@pytest.mark.parametrize("task", TASKS)
def test_checks_leave_no_trace_in_the_generator(task: str) -> None:
    """Do a notebook's later random numbers stay the same, whether a check is run or not?"""
    before = torch.random.get_rng_state()
    TASKS[task].probe(ANSWERS, Case(PUBLIC_SEED))
    assert torch.equal(before, torch.random.get_rng_state())


@pytest.mark.parametrize("task", TASKS)
def test_stored_expectations_are_small(task: str) -> None:
    """Do the expected values stay a few hundred numbers?"""
    values = public_expectations("encoder", task).values()
    assert sum(np.size(value) for value in values) < 200


@pytest.mark.parametrize("seed", range(5))
def test_given_weights_keep_the_log_variance_moderate(seed: int) -> None:
    """Does an answer that clamps logvar give the same numbers?"""
    seen = TASKS["forward"].probe(ANSWERS, Case(seed))
    logvars = [value for key, value in seen.items() if key.endswith(".logvar")]
    assert len(logvars) == 6
    assert max(np.abs(value).max() for value in logvars) < 3


def test_a_broken_encoder_costs_no_points_in_reparameterize() -> None:
    """Is Task 2 judged on its own?"""

    class Unmakeable(ConvVAE):
        def __init__(self, latent_dim: int = 64, image_size: int = 128) -> None:
            raise SyntaxError("the encoder's cell is broken")

    task = TASKS["reparameterize"]
    findings = task.judge(task.probe({"ConvVAE": Unmakeable}, Case(3)), task.probe(ANSWERS, Case(3, "float64")))
    assert all(finding.passed for finding in findings)


def test_what_cannot_be_read_is_no_error_of_the_answer() -> None:
    """Is a student who returns mu alone told so, without an error that nobody raised?"""

    class OnlyMu(ConvEncoder):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return super().forward(x)[0]

    task = TASKS["forward"]
    findings = task.judge(task.probe({"ConvEncoder": OnlyMu}, Case(3)), task.probe(ANSWERS, Case(3, "float64")))
    found = {finding.name: finding.found for finding in findings if not finding.passed}
    assert found["eval-mode"] == "forward returned a Tensor, expected the pair (mu, logvar)"
    assert "unchanged" not in found


def test_missing_layer_is_named() -> None:
    """Does a student who lost a layer learn which one?"""

    class Shorter(ConvEncoder):
        def __init__(self, latent_dim: int = 64, image_size: int = 128) -> None:
            super().__init__(latent_dim, image_size)
            del self.conv1

    assert "conv1" in found_by("forward", {"ConvEncoder": Shorter})["eval-mode"]


def test_layers_may_have_names_of_one_s_own() -> None:
    """Does a student who renamed the provided layers get the same numbers?"""

    class Renamed(ConvEncoder):
        def __init__(self, latent_dim: int = 64, image_size: int = 128) -> None:
            super().__init__(latent_dim, image_size)
            self.norms = torch.nn.ModuleList([self.bn1, self.bn2, self.bn3, self.bn4])
            del self.bn1, self.bn2, self.bn3, self.bn4

        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            for conv, norm in zip([self.conv1, self.conv2, self.conv3, self.conv4], self.norms, strict=True):
                x = self.act(norm(conv(x)))
            return self.fc_mu(x.flatten(1)), self.fc_logvar(x.flatten(1))

    assert found_by("forward", {"ConvEncoder": Renamed}) == {}


def test_gradients_are_compared_in_direction_too() -> None:
    """Are gradients of the right size and of the wrong sign noticed, where the codes are right?"""

    class Reversed(ConvEncoder):
        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            mu, logvar = super().forward(x)
            return 2 * mu.detach() - mu, 2 * logvar.detach() - logvar

    assert set(found_by("forward", {"ConvEncoder": Reversed})) == {"gradients"}


def found_by(name: str, answers: dict[str, Any], seed: int = 3) -> dict[str, str]:
    """What is wrong with answers, by check."""
    task = TASKS[name]
    findings = task.judge(task.probe(answers, Case(seed)), task.probe(ANSWERS, Case(seed, "float64")))
    return {finding.name: finding.found for finding in findings if not finding.passed}


# --- draws -------------------------------------------------------------------------------------------------------


LOGVAR = np.linspace(-2, 2, 24).reshape(4, 6)


def noise(**changes: Any) -> np.ndarray:
    """Standard normal noise of 4,096 draws, 4 images and 6 dimensions."""
    return np.random.default_rng(5).standard_normal((4096, 4, 6)) * changes.get("scale", 1) + changes.get("shift", 0)


def test_right_noise_passes_every_test() -> None:
    """Does noise that is right look right?"""
    faults = (
        mean_fault(noise()),
        spread_fault(noise(), LOGVAR),
        shape_fault(noise()),
        related_fault(noise()),
    )
    assert faults == (None, None, None, None)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        pytest.param(mean_fault(noise(shift=0.2)), "mean is off by 0.", id="shifted"),
        pytest.param(spread_fault(noise(scale=1.2), LOGVAR), "1.2", id="too wide"),
        pytest.param(spread_fault(noise(scale=0), LOGVAR), "do not vary", id="no noise"),
        pytest.param(shape_fault(np.random.default_rng(1).uniform(-1, 1, (4096, 4, 6))), "torch.rand", id="uniform"),
        pytest.param(related_fault(np.repeat(noise()[:, :, :1], 6, axis=2)), "dimensions share", id="per image"),
        pytest.param(
            related_fault(np.repeat(noise()[:, :1], 4, axis=1)), "images of a batch share", id="per dimension"
        ),
    ],
)
def test_wrong_noise_is_named(fault: str | None, words: str) -> None:
    """Does the message say what is wrong with the draws?"""
    assert fault is not None
    assert words in fault


def test_distance_to_the_normal_distribution_by_hand() -> None:
    """Is the Kolmogorov-Smirnov distance of one point at the 97.7 % quantile that quantile?"""
    assert ks_distance(np.array([2.0])) == pytest.approx(0.97725, abs=1e-5)


# --- the provided model ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("size", "length"), [(16, 256), (64, 4096), (128, 16384)])
def test_flattened_size_by_hand(size: int, length: int) -> None:
    """Is it 256 channels times the area after four halvings?"""
    assert flattened_size(size) == length


@pytest.mark.parametrize("size", [0, -16, 8, 28, 100])
@pytest.mark.parametrize("model", [ConvEncoder, ConvDecoder, ConvVAE])
def test_image_size_must_be_a_multiple_of_16(model: Any, size: int) -> None:
    """Does the error name the value that was found?"""
    with pytest.raises(ValueError, match=f"multiple of 16, found {size}"):
        model(image_size=size)


@pytest.mark.parametrize("size", [16, 32, 48])
def test_model_gives_images_back(size: int) -> None:
    """Have reconstructions the shape and the range of images, also for a single one?"""
    x = torch.rand(1, 1, size, size)
    x_recon, mu, logvar = ConvVAE(latent_dim=5, image_size=size).eval()(x)
    assert x_recon.shape == x.shape
    assert mu.shape == logvar.shape == (1, 5)
    assert ((x_recon > 0) & (x_recon < 1)).all()


@pytest.mark.parametrize(("bias", "clamped"), [(100.0, 4.0), (-100.0, -10.0)])
def test_forward_clamps_the_log_variance(bias: float, clamped: float) -> None:
    """Is the trap of an exploding log-variance closed, in what is returned as in what is drawn?"""
    model = ConvVAE(latent_dim=3, image_size=16)
    torch.nn.init.constant_(model.encoder.fc_logvar.bias, bias)
    x_recon, _, logvar = model(torch.rand(4, 1, 16, 16))
    assert (logvar == clamped).all()
    assert x_recon.isfinite().all()


def test_loss_counts_the_whole_kl_by_default() -> None:
    """Is beta 1 when it is left out, also for grey images, whose cross-entropy is never 0?"""
    x, mu = torch.full((2, 1, 4, 4), 0.5), torch.ones(2, 3)
    total, recon, kl = vae_loss(x, x, mu, torch.zeros(2, 3))
    assert recon.item() == pytest.approx(16 * math.log(2))
    assert total.item() == pytest.approx(recon.item() + kl.item())


@pytest.mark.parametrize("model", [ConvEncoder, ConvDecoder, ConvVAE])
def test_models_say_how_long_their_codes_are(model: Any) -> None:
    """Does each part know `latent_dim` and `flat_dim`, as the case study's does?"""
    made = model(latent_dim=7, image_size=32)
    assert (made.latent_dim, made.flat_dim) == (7, 1024)


def test_layers_have_the_names_of_the_case_study() -> None:
    """Are the layers those that an instructor knows by name?"""
    blocks = [f"{kind}{n}" for n in range(1, 5) for kind in ("conv", "bn")]
    assert [name for name, _ in ConvEncoder().named_children()] == [*blocks, "act", "fc_mu", "fc_logvar"]
    mirror = [name for name, _ in ConvDecoder().named_children() if name != "act"]
    assert sorted(mirror) == sorted(["fc", *(f"deconv{n}" for n in range(1, 5)), *(f"bn{n}" for n in range(1, 4))])


def test_model_keeps_the_parameter_budget() -> None:
    """Has the case study's model less than 15 million parameters?"""
    assert sum(parameter.numel() for parameter in ConvVAE().parameters()) == 4_541_633


@pytest.mark.parametrize("beta", [0.0, 0.5, 1.0])
def test_loss_by_hand(beta: float) -> None:
    """Is the loss the summed cross-entropy plus beta times the KL divergence, per image, the reconstruction first?"""
    x, x_recon = torch.zeros(3, 1, 2, 2), torch.full((3, 1, 2, 2), 0.25)
    mu, logvar = torch.ones(3, 2), torch.full((3, 2), math.log(4))
    total, recon, kl = vae_loss(x_recon, x, mu, logvar, beta)
    assert recon.item() == pytest.approx(4 * -math.log(0.75))
    assert kl.item() == pytest.approx(2 * (2.0 - math.log(2)))
    assert total.item() == pytest.approx(recon.item() + beta * kl.item())
