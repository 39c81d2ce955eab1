"""The released losses against data made by running the authors' code, scipy, and frozen deviations."""

import json

import numpy as np
import pytest
import torch
from scipy.optimize import approx_fprime
from scipy.special import rel_entr
from scipy.stats import norm

from transformers_vital.losses.release import (
    fidelity_loss,
    release_distribution_loss,
    release_divergence,
    release_pair_loss,
)
from transformers_vital.models.vital.configuration_vital import QWEN_LEVEL_TOKEN_IDS


PREFERENCES = {0: 0.0, 1: 1.0, 2: 0.5}  # of the release's labels
CENTRES = np.array([4.5, 3.5, 2.5, 1.5, 0.5])


class Golden:
    """One device batch of the release: logits at the level, labels, and the cross-entropy of the other tokens."""

    def __init__(self, folder, name: str):
        self.summary = json.loads((folder / "train" / "summary.json").read_text(encoding="utf-8"))[name]
        arrays = np.load(folder / "train" / f"{name}.npz")
        self.expected_gradient = arrays["grad_wrt_level_row_logits"]
        self.logits = torch.tensor(arrays["level_row_logits"], requires_grad=True)
        self.levels = self.logits.log_softmax(dim=-1)[:, list(QWEN_LEVEL_TOKEN_IDS)]
        self.targets = torch.tensor(self.summary["target_dist"])
        self.lengths = torch.tensor((arrays["tiny_labels"] != -100).sum(axis=-1) - 1)  # all but the level
        # The logits of these tokens are not stored, only their mean loss is.
        self.tokens = torch.full((int(self.lengths.sum()),), -self.summary["decomposition"]["ce"])

    def check(self, loss: torch.Tensor) -> None:
        assert loss.item() == pytest.approx(self.summary["loss"], abs=1e-4)
        loss.backward()
        assert np.abs(self.expected_gradient).max() > 0.1
        np.testing.assert_allclose(self.logits.grad, self.expected_gradient, rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", ["dist_images", "dist_videos"])
def test_the_mean_of_two_samples_is_the_released_loss(goldens, name):
    golden = Golden(goldens, name)
    loss = release_distribution_loss(
        golden.levels,
        level_probabilities=golden.targets,
        token_log_probabilities=golden.tokens,
        lengths=golden.lengths,
    )
    assert loss.shape == (2,)
    golden.check(loss.mean())


@pytest.mark.parametrize(
    "name", ["pair_images_label0", "pair_images_label1", "pair_images_label2", "pair_videos_label1"]
)
def test_a_pair_has_the_released_loss(goldens, name):
    golden = Golden(goldens, name)
    loss = release_pair_loss(
        golden.levels[:1],
        level_log_probabilities_b=golden.levels[1:],
        level_probabilities_a=golden.targets[:1],
        level_probabilities_b=golden.targets[1:],
        preference=torch.tensor([PREFERENCES[golden.summary["pair_wise_label"][0]]]),
        token_log_probabilities=golden.tokens,
        lengths=golden.lengths.sum()[None],
    )
    golden.check(loss[0])


@pytest.mark.parametrize(
    ("name", "preference"), [("pair_images_label0", 0.0), ("pair_images_label1", 1.0), ("pair_images_label2", 0.5)]
)
def test_the_fidelity_is_that_of_the_released_decomposition(goldens, name, preference):
    decomposition = Golden(goldens, name).summary["decomposition"]
    probability = torch.tensor([decomposition["p_first_better"]], dtype=torch.float64)
    actual = fidelity_loss(probability, preference=torch.tensor([preference]))
    assert actual.item() == pytest.approx(decomposition["fidelity"], abs=1e-12)


def random_pair(seed: int):
    """Log-probabilities of five of nine words and targets, for one pair."""
    rng = np.random.default_rng(seed)
    levels = [torch.tensor(rng.normal(0, 1, (1, 9))).log_softmax(dim=-1)[:, :5] for _ in range(2)]
    return levels, [torch.tensor(rng.dirichlet(np.ones(5), size=1)) for _ in range(2)]


def pair_loss(levels, targets, preference) -> torch.Tensor:
    return release_pair_loss(
        levels[0],
        level_log_probabilities_b=levels[1],
        level_probabilities_a=targets[0],
        level_probabilities_b=targets[1],
        preference=torch.tensor(preference).reshape(-1),
        token_log_probabilities=torch.tensor([-10.0, -20.0, -60.0]),
        lengths=torch.tensor([3]),
    )


def scipys_fidelity(levels, preference, deviations) -> float:
    means = np.exp(levels) @ CENTRES
    p = norm.sf(0, means[0] - means[1], np.hypot(*deviations))
    return 1 - np.sqrt(p * preference) - np.sqrt((1 - p) * (1 - preference))


def deviations_of(levels) -> np.ndarray:
    p = np.exp(levels)
    return np.sqrt([row @ (CENTRES - row @ CENTRES) ** 2 for row in p])


@pytest.mark.parametrize("preference", [0.0, 0.5, 1.0])
def test_the_pair_loss_is_fidelity_half_of_the_divergences_and_a_twentieth_of_the_tokens(preference):
    for seed in range(50):
        levels, targets = random_pair(seed)
        rows = torch.cat(levels).numpy()
        divergence = sum(
            release_divergence(row, level_probabilities=target).item()
            for row, target in zip(levels, targets, strict=True)
        )
        expected = scipys_fidelity(rows, preference, deviations_of(rows)) + 0.5 * divergence + 0.05 * 30
        assert pair_loss(levels, targets, preference).item() == pytest.approx(expected, abs=3e-4)  # √1e-8 per root


def test_no_gradient_passes_through_the_predicted_deviations():
    levels, targets = random_pair(0)
    rows = torch.cat(levels).numpy()
    frozen = approx_fprime(
        rows.ravel(), lambda flat: scipys_fidelity(flat.reshape(2, 5), 1.0, deviations_of(rows)), 1e-6
    )
    levels = [row.requires_grad_() for row in levels]
    gradients = torch.autograd.grad(pair_loss(levels, targets, 1.0).sum(), levels)
    divergence = -0.5 * torch.cat([target.bfloat16() for target in targets])  # slope of half of the divergence
    assert np.abs(frozen).max() > 0.01
    np.testing.assert_allclose(torch.cat(gradients).ravel() - divergence.ravel(), frozen, atol=1e-4)


def test_the_divergence_is_that_of_targets_in_bfloat16():
    rng = np.random.default_rng(0)
    targets, predicted = rng.dirichlet(np.ones(5), size=200), rng.dirichlet(np.ones(5), size=200)
    exact = rel_entr(targets, predicted).sum(axis=-1)
    actual = release_divergence(torch.tensor(np.log(predicted)), level_probabilities=torch.tensor(targets)).numpy()
    np.testing.assert_allclose(actual, exact, rtol=0.02, atol=0.02)
    assert np.abs(actual - exact).max() > 1e-3
    # -0.5 log 2 = -0.34657 lies between the bfloat16 numbers -0.345703125 and -0.34765625, nearer to the first.
    half = release_divergence(torch.zeros(1, 5), level_probabilities=torch.tensor([[0.5, 0.5, 0.0, 0.0, 0.0]]))
    assert half.item() == 2 * -0.345703125


def test_the_cross_entropy_is_the_mean_over_the_tokens_of_all_samples():
    loss = release_distribution_loss(
        torch.zeros(3, 5),
        level_probabilities=torch.eye(5)[:3],
        token_log_probabilities=torch.tensor([-1.0, -2.0, -6.0, -3.0, -8.0]),
        lengths=torch.tensor([1, 3, 1]),
    )
    assert loss.mean().item() == pytest.approx(0.05 * 20 / 5)
    assert loss.tolist() == pytest.approx([0.05 * 3 / 5 * share for share in (1, 11, 8)])


def test_equal_and_opposite_preferences_are_the_ends_of_the_fidelity():
    p = torch.tensor([0.0, 1.0, 0.5, 0.0, 1.0])
    loss = fidelity_loss(p, preference=torch.tensor([0.0, 1.0, 0.5, 1.0, 0.0]))
    assert loss.tolist() == pytest.approx([0, 0, 0, 1, 1], abs=3e-4)


@pytest.mark.parametrize("preference", [0.0, 0.5, 1.0])
def test_certain_predictions_keep_value_and_gradient_finite(preference):
    logits = (1e4 * torch.eye(5)[[0, 4]]).requires_grad_()
    levels = logits.log_softmax(dim=-1)
    loss = pair_loss([levels[:1], levels[1:]], [torch.full((1, 5), 0.2)] * 2, preference)
    loss.sum().backward()
    assert loss.isfinite().all()
    assert logits.grad.isfinite().all()
    assert logits.grad.abs().max() > 0.1


def test_half_precision_is_computed_in_float32():
    levels, targets = random_pair(4)
    halved = [row.bfloat16() for row in levels]
    actual = pair_loss(halved, targets, 1.0)
    assert actual.dtype == torch.float32
    torch.testing.assert_close(actual, pair_loss([row.float() for row in halved], targets, 1.0), rtol=0, atol=0)


def test_other_shapes_are_refused():
    (a, b), (target_a, target_b) = random_pair(5)
    with pytest.raises(ValueError, match=r"level log-probabilities of b have shape \[2, 5\]; expected \[1, 5\]"):
        pair_loss([a, torch.cat([b, b])], [target_a, torch.cat([target_b, target_b])], 1.0)
    with pytest.raises(ValueError, match=r"level probabilities have shape \[2, 5\]; expected \[1, 5\]"):
        pair_loss([a, b], [torch.cat([target_a, target_a]), target_b], 1.0)
    with pytest.raises(ValueError, match=r"1 of 1 preferences are outside \[0, 1\]"):
        pair_loss([a, b], [target_a, target_b], 2.0)  # the release's label of a tie
    with pytest.raises(ValueError, match=r"lengths have shape \[1\]; expected \[2\], as the predictions"):
        pair_loss([a.expand(2, 5), b.expand(2, 5)], [target_a.expand(2, 5), target_b.expand(2, 5)], [1.0, 1.0])
    with pytest.raises(ValueError, match=r"lengths have shape \[1\]; expected \[2\], as the predictions"):
        release_distribution_loss(
            torch.cat([a, b]),
            level_probabilities=torch.cat([target_a, target_b]),
            token_log_probabilities=torch.zeros(3),
            lengths=torch.tensor([3]),
        )
