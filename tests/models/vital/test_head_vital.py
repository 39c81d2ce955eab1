"""Log-probabilities of target tokens against a plain log-softmax, and the size of what is made for them."""

from functools import partial

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy.special import log_softmax
from torch.utils._python_dispatch import TorchDispatchMode

from transformers_vital.models.vital import head_vital


VOCABULARY, HIDDEN, TOKENS, CHUNK = 50, 2, 8, 3


def case(dtype=torch.float32, *, seed=0):
    generator = torch.Generator().manual_seed(seed)
    hidden_states = torch.randn(TOKENS, HIDDEN, generator=generator).to(dtype)
    head_weight = (2 * torch.randn(VOCABULARY, HIDDEN, generator=generator)).to(dtype)
    return hidden_states, head_weight, torch.randint(VOCABULARY, (TOKENS,), generator=generator)


def plain(hidden_states, head_weight, targets):
    return torch.log_softmax(hidden_states @ head_weight.T, dim=-1)[torch.arange(len(targets)), targets]


def target_log_probabilities(hidden_states, *, head_weight, **settings):
    return head_vital.target_log_probabilities(hidden_states, head=partial(F.linear, weight=head_weight), **settings)


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
    assert kept == CHUNK * HIDDEN  # the rows of a chunk


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


def test_an_ignored_position_is_refused():
    hidden_states, head_weight, targets = case()
    targets[1] = -100
    with pytest.raises(ValueError, match="1 of 8 targets are below 0. Pass the rows of target tokens only"):
        target_log_probabilities(hidden_states, head_weight=head_weight, targets=targets)


def test_a_batch_that_is_not_flattened_is_refused():
    hidden_states, head_weight, targets = case()
    with pytest.raises(
        ValueError, match=r"\[1, 8\] and the hidden states \[1, 8, 2\]; expected \[n\] and \[n, hidden"
    ):
        target_log_probabilities(hidden_states[None], head_weight=head_weight, targets=targets[None])
    with pytest.raises(ValueError, match=r"\[7\] and the hidden states \[8, 2\]"):
        target_log_probabilities(hidden_states, head_weight=head_weight, targets=targets[1:])
