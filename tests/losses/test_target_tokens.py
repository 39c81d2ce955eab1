"""Log-probabilities of target tokens against a plain log-softmax, the size of what is made, and sums per sample."""

import numpy as np
import pytest
import torch
from scipy.special import log_softmax
from torch.utils._python_dispatch import TorchDispatchMode

from transformers_vital.losses.target_tokens import mean_per_sample, sum_per_sample, target_log_probabilities


VOCABULARY, HIDDEN, TOKENS, CHUNK = 50, 2, 8, 3


def case(dtype=torch.float32, *, seed=0):
    generator = torch.Generator().manual_seed(seed)
    hidden_states = torch.randn(TOKENS, HIDDEN, generator=generator).to(dtype)
    head_weight = (2 * torch.randn(VOCABULARY, HIDDEN, generator=generator)).to(dtype)
    return hidden_states, head_weight, torch.randint(VOCABULARY, (TOKENS,), generator=generator)


def plain(hidden_states, head_weight, targets):
    return torch.log_softmax(hidden_states @ head_weight.T, dim=-1)[torch.arange(len(targets)), targets]


class Sizes(TorchDispatchMode):
    """Remembers the number of elements of every tensor that an operation returns."""

    def __init__(self):
        super().__init__()
        self.elements = set()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        for value in result if isinstance(result, (tuple, list)) else [result]:
            if isinstance(value, torch.Tensor):
                self.elements.add(value.numel())
        return result


def kept_for_backward(run) -> int:
    """Elements of the largest tensor that a forward pass keeps."""
    elements = [0]

    def keep(tensor):
        elements.append(tensor.numel())
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        run()
    return max(elements)


@pytest.mark.parametrize("chunk_size", [1, CHUNK, TOKENS, 256])
def test_log_probabilities_equal_scipys_log_softmax(chunk_size):
    for seed in range(20):
        hidden_states, head_weight, targets = case(torch.float64, seed=seed)
        expected = log_softmax(hidden_states.numpy() @ head_weight.numpy().T, axis=-1)[range(TOKENS), targets]
        actual = target_log_probabilities(
            hidden_states, head_weight=head_weight, targets=targets, chunk_size=chunk_size
        )
        np.testing.assert_allclose(actual, expected, rtol=0, atol=1e-12)


def test_gradients_equal_those_of_all_logits_at_once():
    hidden_states, head_weight, targets = case(torch.float64)
    inputs = hidden_states.requires_grad_(), head_weight.requires_grad_()
    actual = target_log_probabilities(hidden_states, head_weight=head_weight, targets=targets, chunk_size=CHUNK)
    upstream = torch.linspace(-1, 1, TOKENS, dtype=torch.float64)
    expected = torch.autograd.grad(plain(*inputs, targets), inputs, upstream)
    torch.testing.assert_close(torch.autograd.grad(actual, inputs, upstream), expected)


def test_a_frozen_head_gets_no_gradient_and_passes_one_on():
    hidden_states, head_weight, targets = case()
    hidden_states.requires_grad_()
    target_log_probabilities(
        hidden_states, head_weight=head_weight, targets=targets, chunk_size=CHUNK
    ).sum().backward()
    assert head_weight.grad is None
    (expected,) = torch.autograd.grad(plain(hidden_states, head_weight, targets).sum(), hidden_states)
    assert expected.abs().max() > 0.1
    torch.testing.assert_close(hidden_states.grad, expected)


def test_no_result_is_larger_than_one_chunk_of_logits():
    hidden_states, head_weight, targets = case()
    hidden_states.requires_grad_(), head_weight.requires_grad_()
    with Sizes() as forward:
        log_probabilities = target_log_probabilities(
            hidden_states, head_weight=head_weight, targets=targets, chunk_size=CHUNK
        )
    with Sizes() as backward:
        log_probabilities.sum().backward()
    assert max(forward.elements) == max(backward.elements) == CHUNK * VOCABULARY


def test_no_logits_are_kept_from_forward_to_backward():
    hidden_states, head_weight, targets = case()
    hidden_states.requires_grad_()
    assert kept_for_backward(lambda: plain(hidden_states, head_weight, targets)) == TOKENS * VOCABULARY
    kept = kept_for_backward(
        lambda: target_log_probabilities(hidden_states, head_weight=head_weight, targets=targets, chunk_size=CHUNK)
    )
    assert kept == head_weight.numel() < CHUNK * VOCABULARY  # the weight itself, no copy


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_gives_float32_near_that_of_float32(dtype):
    hidden_states, head_weight, targets = case(dtype)
    actual = target_log_probabilities(hidden_states, head_weight=head_weight, targets=targets)
    assert actual.dtype == torch.float32
    torch.testing.assert_close(actual, plain(hidden_states.float(), head_weight.float(), targets), rtol=0, atol=0.05)


def test_a_certain_token_has_probability_one_and_an_impossible_one_stays_finite():
    hidden_states, head_weight = torch.tensor([[1000.0], [1000.0]]), torch.tensor([[1.0], [-1.0]])
    actual = target_log_probabilities(hidden_states, head_weight=head_weight, targets=torch.tensor([0, 1]))
    assert actual.tolist() == [0.0, -2000.0]


@pytest.mark.parametrize("token", [-100, VOCABULARY])
def test_a_target_outside_the_vocabulary_is_refused(token):
    hidden_states, head_weight, targets = case()
    targets[1] = token
    with pytest.raises(ValueError, match="1 of 8 targets are outside the vocabulary of 50 tokens. Pass the rows of"):
        target_log_probabilities(hidden_states, head_weight=head_weight, targets=targets)


def test_a_batch_that_is_not_flattened_is_refused():
    hidden_states, head_weight, targets = case()
    with pytest.raises(
        ValueError, match=r"\[1, 8\] and the hidden states \[1, 8, 2\]; expected \[n\] and \[n, hidden"
    ):
        target_log_probabilities(hidden_states[None], head_weight=head_weight, targets=targets[None])
    with pytest.raises(ValueError, match=r"\[7\] and the hidden states \[8, 2\]"):
        target_log_probabilities(hidden_states, head_weight=head_weight, targets=targets[1:])


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
