"""Eq. 5 against numpy, the cross-entropy and numerical gradients."""

import numpy as np
import pytest
import torch

from transformers_vital.losses.focal import focal_loss


LENGTHS = [3, 1, 6]


def log_probabilities(seed: int = 0) -> torch.Tensor:
    return torch.tensor(np.log(np.random.default_rng(seed).uniform(0.01, 0.99, sum(LENGTHS))))


def numpys_loss(values, alpha, beta) -> list[float]:
    p = np.exp(values)
    parts = np.split(-alpha * (1 - p) ** beta * np.log(p), np.cumsum(LENGTHS)[:-1])
    return [part.mean() for part in parts]


@pytest.mark.parametrize(("alpha", "beta"), [(1, 2), (0.25, 2), (1, 0), (1, 0.5), (1, 5)])
def test_the_loss_equals_eq_5_in_numpy(alpha, beta):
    for seed in range(50):
        values = log_probabilities(seed)
        actual = focal_loss(values, lengths=torch.tensor(LENGTHS), alpha=alpha, beta=beta)
        np.testing.assert_allclose(actual, numpys_loss(values.numpy(), alpha, beta), rtol=1e-10)


def test_alpha_is_one_and_beta_two():
    values = log_probabilities()
    actual = focal_loss(values, lengths=torch.tensor(LENGTHS))
    np.testing.assert_allclose(actual, numpys_loss(values.numpy(), 1, 2), rtol=1e-10)


def test_beta_zero_is_the_cross_entropy():
    logits = torch.randn(10, 7, generator=torch.Generator().manual_seed(0))
    targets = torch.arange(10) % 7
    values = logits.log_softmax(dim=-1)[torch.arange(10), targets]
    expected = torch.nn.functional.cross_entropy(logits, targets)
    torch.testing.assert_close(focal_loss(values, lengths=torch.tensor([10]), beta=0.0)[0], expected)


def test_a_likely_token_counts_less_than_in_the_cross_entropy():
    values = torch.tensor([0.9, 0.5]).log()
    ratio = focal_loss(values, lengths=torch.tensor([1, 1])) / -values
    assert ratio.tolist() == pytest.approx([0.01, 0.25])


@pytest.mark.parametrize("beta", [0.0, 0.5, 1.0, 2.0])
def test_gradients_equal_numerical_ones(beta):
    values = log_probabilities().requires_grad_()
    assert torch.autograd.gradcheck(lambda v: focal_loss(v, lengths=torch.tensor(LENGTHS), beta=beta), (values,))


@pytest.mark.parametrize(("beta", "slope"), [(0.0, -1.0), (0.1, 0.0), (0.5, 0.0), (1.0, 0.0), (2.0, 0.0)])
def test_a_certain_token_has_no_loss_and_the_slope_of_the_limit(beta, slope):
    values = torch.zeros(1, requires_grad=True)
    loss = focal_loss(values, lengths=torch.tensor([1]), beta=beta)
    loss.sum().backward()
    assert loss.item() == 0
    assert values.grad.item() == pytest.approx(slope, abs=1e-3)


def test_a_nearly_impossible_token_keeps_value_and_gradient():
    values = torch.tensor([-1e4], requires_grad=True)
    loss = focal_loss(values, lengths=torch.tensor([1]))
    loss.sum().backward()
    assert loss.item() == 1e4
    assert values.grad.item() == -1


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_computed_in_float32(dtype):
    values, lengths = log_probabilities(), torch.tensor(LENGTHS)
    actual = focal_loss(values.to(dtype), lengths=lengths)
    assert actual.dtype == torch.float32
    torch.testing.assert_close(actual, focal_loss(values.to(dtype).float(), lengths=lengths), rtol=0, atol=0)
    torch.testing.assert_close(actual, focal_loss(values, lengths=lengths).float(), rtol=0.05, atol=0.01)


@pytest.mark.parametrize("beta", [-0.5, float("nan")])
def test_a_negative_beta_is_refused(beta):
    with pytest.raises(ValueError, match="beta is .*; expected at least 0, which is the cross-entropy"):
        focal_loss(torch.zeros(1), lengths=torch.tensor([1]), beta=beta)


def test_lengths_that_do_not_add_up_are_refused():
    with pytest.raises(ValueError, match=r"lengths \[2\] do not fit values of shape \[3\]"):
        focal_loss(torch.zeros(3), lengths=torch.tensor([2]))
