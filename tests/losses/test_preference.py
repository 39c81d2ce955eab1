"""Eqs. 2 to 4 against scipy's normal distribution, hand-worked cases and numerical gradients."""

import numpy as np
import pytest
import torch
from scipy.special import rel_entr, softmax
from scipy.stats import norm

from transformers_vital.distributions import moments
from transformers_vital.losses.preference import level_moments, preference_loss


def random_logits(seed: int, *, scale: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(0, scale, (4, 5)), rng.normal(0, scale, (4, 5))


def scipys_loss(logits_a, logits_b, preference, std) -> np.ndarray:
    """Eqs. 2 and 4 with the means and deviations of discrete variables that have the values 4.5 to 0.5."""
    centres = np.array([4.5, 3.5, 2.5, 1.5, 0.5])
    p_a, p_b = softmax(logits_a, axis=-1), softmax(logits_b, axis=-1)
    mean_a, mean_b = p_a @ centres, p_b @ centres
    std_a = np.sqrt(p_a @ centres**2 - mean_a**2) if std == "predicted" else std
    std_b = np.sqrt(p_b @ centres**2 - mean_b**2) if std == "predicted" else std
    difference = norm(mean_a - mean_b, np.hypot(std_a, std_b))
    return rel_entr(preference, difference.sf(0)) + rel_entr(1 - preference, difference.cdf(0))


@pytest.mark.parametrize("std", [1.0, 0.5, "predicted"])
def test_the_loss_equals_that_of_scipys_normal_distribution(std):
    for seed in range(100):
        logits = random_logits(seed)
        preference = np.array([1, 0, 0.5, 0.3])
        actual = preference_loss(
            torch.tensor(logits[0]),
            level_logits_b=torch.tensor(logits[1]),
            preference=torch.tensor(preference),
            std=std,
        )
        np.testing.assert_allclose(actual, scipys_loss(*logits, preference, std), rtol=1e-8, atol=1e-12)


def test_a_level_is_one_unit_and_both_deviations_are_one():
    high, good = torch.tensor([[1e3, 0, 0, 0, 0]]), torch.tensor([[0, 1e3, 0, 0, 0]])
    loss = preference_loss(high, level_logits_b=good, preference=torch.tensor([1]))
    assert loss.item() == pytest.approx(-norm.logcdf(1 / np.sqrt(2)), abs=1e-6)


def test_a_clear_preference_can_be_fitted_only_where_a_level_is_one_unit():
    assert norm.cdf(0.8 / np.sqrt(2)) == pytest.approx(0.714, abs=5e-4)
    best, worst = torch.tensor([[1e3, 0, 0, 0, 0]]), torch.tensor([[0, 0, 0, 0, 1e3]])
    loss = preference_loss(best, level_logits_b=worst, preference=torch.tensor([1.0]))
    assert np.exp(-loss.item()) == pytest.approx(0.998, abs=5e-4)


def test_moments_are_those_on_the_unit_scale_times_five():
    probabilities = np.random.default_rng(0).dirichlet(np.ones(5), size=20)
    mean, variance = level_moments(torch.tensor(probabilities))
    expected_mean, expected_std = moments(probabilities)
    np.testing.assert_allclose(mean, 5 * expected_mean)
    np.testing.assert_allclose(variance.sqrt(), 5 * expected_std)


@pytest.mark.parametrize("std", [1.0, "predicted"])
def test_gradients_equal_numerical_ones(std):
    logits_a, logits_b = (torch.tensor(values).requires_grad_() for values in random_logits(1))
    preference = torch.tensor([1, 0, 0.5, 0.3])
    assert torch.autograd.gradcheck(
        lambda a, b: preference_loss(a, level_logits_b=b, preference=preference, std=std), (logits_a, logits_b)
    )


@pytest.mark.parametrize(("preference", "towards_a"), [(1, True), (0, False)])
def test_a_step_down_the_gradient_raises_the_better_member(preference, towards_a):
    logits = torch.zeros(1, 5, requires_grad=True)
    preference_loss(logits, level_logits_b=torch.zeros(1, 5), preference=torch.tensor([preference])).sum().backward()
    mean, _ = level_moments((-logits.grad).softmax(dim=-1))
    assert (mean.item() > 2.5) == towards_a
    assert logits.grad.abs().max() > 0.1


def test_tie_pairs_train_towards_one_half():
    logits = torch.tensor([[0.0, 2.0, 0.0, 0.0, 0.0]], requires_grad=True)
    tie = torch.tensor([0.5])
    assert preference_loss(logits, level_logits_b=logits, preference=tie).item() == pytest.approx(0, abs=1e-7)
    preference_loss(logits, level_logits_b=torch.zeros(1, 5), preference=tie).sum().backward()
    assert logits.grad[0, 0] > 0 > logits.grad[0, 4]  # less "high", more "low": down to the member b


def test_swapping_the_members_and_the_preference_changes_nothing():
    a, b = (torch.tensor(values) for values in random_logits(2))
    preference = torch.tensor([1, 0, 0.5, 0.3])
    there = preference_loss(a, level_logits_b=b, preference=preference, std="predicted")
    back = preference_loss(b, level_logits_b=a, preference=1 - preference, std="predicted")
    torch.testing.assert_close(there, back)


@pytest.mark.parametrize("std", [1.0, "predicted"])
def test_certain_predictions_keep_value_and_gradient_finite(std):
    one_hot = 1e4 * torch.eye(5)
    index_a, index_b, preference = torch.cartesian_prod(*map(torch.arange, (5, 5, 3))).T
    logits_a = one_hot[index_a].requires_grad_()
    logits_b = one_hot[index_b].requires_grad_()
    loss = preference_loss(logits_a, level_logits_b=logits_b, preference=preference / 2, std=std)
    loss.sum().backward()
    assert loss.shape == (75,)
    assert loss.max() > 1
    for values in (loss, logits_a.grad, logits_b.grad):
        assert values.isfinite().all()


def test_a_wrong_and_nearly_certain_pair_has_a_gradient_of_moderate_size():
    confidence = torch.arange(1.0, 30.0)
    better = torch.zeros(29, 5)
    better[:, 0] = confidence
    logits_a, logits_b = better.requires_grad_(), better.flip(-1).detach()
    preference_loss(logits_a, level_logits_b=logits_b, preference=torch.zeros(29), std="predicted").sum().backward()
    assert 1 < logits_a.grad.abs().max() < 100


def test_a_predicted_deviation_counts_as_a_fifth_of_a_level_at_least():
    best, worst = torch.tensor([[1e3, 0, 0, 0, 0]]), torch.tensor([[0, 0, 0, 1e3, 0]])
    loss = preference_loss(best, level_logits_b=worst, preference=torch.tensor([0.0]), std="predicted")
    assert loss.item() == pytest.approx(-norm.logcdf(-3 / np.hypot(0.2, 0.2)), rel=1e-5)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_computed_in_float32(dtype):
    logits = [torch.tensor(values) for values in random_logits(3)]
    halved = [values.to(dtype) for values in logits]
    preference = torch.tensor([1, 0, 0.5, 0.3], dtype=torch.float64)

    def loss(a, b):
        return preference_loss(a, level_logits_b=b, preference=preference)

    assert loss(*halved).dtype == torch.float32
    torch.testing.assert_close(loss(*halved), loss(*(values.float() for values in halved)), rtol=0, atol=0)
    torch.testing.assert_close(loss(*halved), loss(*logits).float(), rtol=0.05, atol=0.01)


def test_autocast_does_not_round_the_means():
    probabilities = torch.tensor([[0.9, 0.0999, 0.0001, 0.0, 0.0]])
    with torch.autocast("cpu", dtype=torch.bfloat16):
        mean, variance = level_moments(probabilities)
    assert mean.item() == pytest.approx(4.3999, abs=1e-5)
    assert variance.item() == pytest.approx(0.09028, abs=1e-6)  # 0.0999 + 4 · 0.0001 - 0.1001²


@pytest.mark.parametrize("value", [-1, 2, float("nan")])
def test_a_preference_outside_the_unit_interval_is_refused(value):
    with pytest.raises(ValueError, match=r"1 of 2 preferences are outside \[0, 1\]; expected 1 \(a is better\)"):
        preference_loss(torch.zeros(2, 5), level_logits_b=torch.zeros(2, 5), preference=torch.tensor([0.5, value]))


@pytest.mark.parametrize("std", [0, -1.0, float("nan"), "fixed"])
def test_an_unusable_deviation_is_refused(std):
    with pytest.raises(ValueError, match="std is .*; expected a number above 0, or 'predicted'"):
        preference_loss(torch.zeros(1, 5), level_logits_b=torch.zeros(1, 5), preference=torch.ones(1), std=std)


def test_other_shapes_are_refused():
    two, one = torch.zeros(2, 5), torch.zeros(1, 5)
    with pytest.raises(ValueError, match=r"level logits of b have shape \[1, 5\]; expected \[2, 5\]"):
        preference_loss(two, level_logits_b=one, preference=torch.ones(2))
    with pytest.raises(ValueError, match=r"preferences have shape \[1\]; expected \[2\], as the predictions"):
        preference_loss(two, level_logits_b=two, preference=torch.ones(1))
    with pytest.raises(ValueError, match=r"level logits of a have shape \[5\]; expected \[batch, 5\]"):
        preference_loss(two[0], level_logits_b=two[0], preference=torch.ones(2))
