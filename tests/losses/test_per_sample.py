"""Sums and means per sample against numpy."""

import numpy as np
import pytest
import torch

from transformers_vital.losses.per_sample import mean_per_sample, sum_per_sample


def test_sums_and_means_are_those_of_numpys_parts():
    rng = np.random.default_rng(0)
    for _ in range(20):
        lengths = rng.integers(1, 6, size=4)
        values = rng.normal(size=lengths.sum())
        parts = np.split(values, np.cumsum(lengths)[:-1])
        summed = sum_per_sample(torch.tensor(values), lengths=torch.tensor(lengths))
        mean = mean_per_sample(torch.tensor(values), lengths=torch.tensor(lengths))
        np.testing.assert_allclose(summed, [part.sum() for part in parts], atol=1e-12)
        np.testing.assert_allclose(mean, [part.mean() for part in parts], atol=1e-12)


def test_the_gradient_of_a_mean_is_one_over_the_length():
    values = torch.ones(5, requires_grad=True)
    mean_per_sample(values, lengths=torch.tensor([4, 1])).sum().backward()
    assert values.grad.tolist() == [0.25, 0.25, 0.25, 0.25, 1.0]


def test_many_bfloat16_values_are_summed_in_float32():
    summed = sum_per_sample(torch.ones(1001, dtype=torch.bfloat16), lengths=torch.tensor([1001]))
    assert summed.dtype == torch.float32
    assert summed.item() == 1001  # which bfloat16 does not have


@pytest.mark.parametrize("lengths", [[2, 2], [3, 0], [4, -1], []], ids=["too many", "none", "negative", "no sample"])
def test_lengths_that_do_not_fit_are_refused(lengths):
    message = r"do not fit values of shape \[3\]; expected \[n\] values and one length of at least 1 per sample"
    for function in (sum_per_sample, mean_per_sample):
        with pytest.raises(ValueError, match=message):
            function(torch.ones(3), lengths=torch.tensor(lengths))
