"""Eq. 1 against scipy, hand-worked cases and numerical gradients."""

import numpy as np
import pytest
import torch
from scipy.special import log_softmax, rel_entr

from transformers_vital.losses.distribution import distribution_loss, kl_divergence


def random_case(seed: int):
    rng = np.random.default_rng(seed)
    targets = rng.dirichlet(np.ones(5), size=3)
    targets[0, seed % 5] = 0  # clamped and not normalised, as the authors' labels are
    lengths = rng.integers(1, 8, size=3)
    return rng.normal(0, 5, (3, 5)), targets, -rng.exponential(size=lengths.sum()), lengths


def test_the_loss_equals_scipys_relative_entropy_and_the_weighted_prefix():
    for seed in range(100):
        logits, targets, prefix, lengths = random_case(seed)
        kl = rel_entr(targets, np.exp(log_softmax(logits, axis=-1))).sum(axis=-1)
        prefixes = np.array([part.sum() for part in np.split(prefix, np.cumsum(lengths)[:-1])])
        actual = distribution_loss(
            torch.tensor(logits),
            level_probabilities=torch.tensor(targets),
            prefix_log_probabilities=torch.tensor(prefix),
            lengths=torch.tensor(lengths),
            gamma=0.3,
        )
        np.testing.assert_allclose(actual, (kl - 0.3 * prefixes) / (lengths + 1), rtol=1e-10, atol=1e-12)


def test_gamma_is_one_hundredth_and_the_level_counts_as_a_token():
    loss = distribution_loss(
        torch.zeros(2, 5),
        level_probabilities=torch.full((2, 5), 0.2),
        prefix_log_probabilities=torch.tensor([-100.0, -100.0, -100.0, -500.0]),
        lengths=torch.tensor([3, 1]),
    )
    assert loss.tolist() == pytest.approx([0.01 * 300 / 4, 0.01 * 500 / 2])


def test_gradients_equal_numerical_ones():
    logits, targets, prefix, lengths = (torch.tensor(values) for values in random_case(1))
    assert torch.autograd.gradcheck(
        lambda level_logits, values: distribution_loss(
            level_logits, level_probabilities=targets, prefix_log_probabilities=values, lengths=lengths
        ),
        (logits.requires_grad_(), prefix.requires_grad_()),
    )


@pytest.mark.parametrize("level", range(5))
def test_a_one_hot_target_gives_the_cross_entropy_on_its_level(level):
    logits = np.random.default_rng(level).normal(0, 3, (20, 5))
    actual = kl_divergence(
        torch.tensor(logits).log_softmax(dim=-1), level_probabilities=torch.eye(5)[[level]].expand(20, 5)
    )
    np.testing.assert_allclose(actual, -log_softmax(logits, axis=-1)[:, level], atol=1e-12)


def test_the_divergence_of_a_distribution_from_itself_is_zero():
    target = torch.tensor([[0.5, 0.25, 0.25, 0.0, 0.0]])
    predicted = target.clamp(min=1e-30).log()
    assert kl_divergence(predicted, level_probabilities=target).item() == pytest.approx(0, abs=1e-7)


def test_extreme_logits_and_absent_levels_keep_value_and_gradient_finite():
    logits = torch.tensor([[1e4, -1e4, 0, 0, 0], [-1e4, 1e4, 0, 0, 0]], requires_grad=True)
    targets = torch.tensor([[0.0, 1.0, 0.0, 0.0, 0.0]] * 2)
    kl = kl_divergence(logits.log_softmax(dim=-1), level_probabilities=targets)
    kl.sum().backward()
    assert kl.tolist() == [2e4, 0]
    assert logits.grad.tolist() == [[1, -1, 0, 0, 0], [0, 0, 0, 0, 0]]  # predicted minus target


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_computed_in_float32(dtype):
    logits, targets, prefix, lengths = (torch.tensor(values) for values in random_case(2))
    halved = logits.to(dtype), prefix.to(dtype)

    def loss(level_logits, values):
        return distribution_loss(
            level_logits, level_probabilities=targets, prefix_log_probabilities=values, lengths=lengths
        )

    actual = loss(*halved)
    assert actual.dtype == torch.float32  # although the targets are float64
    torch.testing.assert_close(actual, loss(*(values.float() for values in halved)), rtol=0, atol=0)
    torch.testing.assert_close(actual, loss(logits, prefix).float(), rtol=0.05, atol=0.05)


@pytest.mark.parametrize("entry", [-0.1, float("nan"), float("inf")])
def test_an_unusable_target_is_refused_with_its_count(entry):
    targets = torch.full((3, 5), 0.2)
    targets[1, 2:] = entry
    with pytest.raises(ValueError, match="1 of 3 rows of level probabilities have an entry that is negative or not"):
        kl_divergence(torch.zeros(3, 5), level_probabilities=targets)


def test_other_shapes_are_refused():
    inputs = {"prefix_log_probabilities": torch.zeros(4), "lengths": torch.tensor([2, 2])}
    with pytest.raises(
        ValueError, match=r"level logits have shape \[2, 4\]; expected \[batch, 5\] in the order high,"
    ):
        distribution_loss(torch.zeros(2, 4), level_probabilities=torch.zeros(2, 4), **inputs)
    with pytest.raises(ValueError, match=r"level log-probabilities have shape \[5\]; expected \[batch, 5\]"):
        kl_divergence(torch.zeros(5), level_probabilities=torch.zeros(5))
    with pytest.raises(
        ValueError, match=r"level probabilities have shape \[1, 5\]; expected \[2, 5\], as the predict"
    ):
        distribution_loss(torch.zeros(2, 5), level_probabilities=torch.zeros(1, 5), **inputs)
    with pytest.raises(ValueError, match=r"lengths have shape \[2\]; expected \[1\], as the predictions"):
        distribution_loss(torch.zeros(1, 5), level_probabilities=torch.zeros(1, 5), **inputs)
