"""Log-probabilities of target tokens, a few rows of vocabulary logits at a time, and their sums per sample."""

import torch
import torch.nn.functional as F
from torch.utils.checkpoint import checkpoint


def target_log_probabilities(
    hidden_states: torch.Tensor, *, head_weight: torch.Tensor, targets: torch.Tensor, chunk_size: int = 256
) -> torch.Tensor:
    """
    Log-probabilities of target tokens, without the logits of all of them at once.

    Formula: `log p_t = z_t[y_t] - log Σ_v exp(z_t[v])` with the logits `z_t = W h_t`, over the whole vocabulary.

    The logits of one chunk exist in forward, are dropped, and are made again in backward. The product is computed in
    the type of the inputs and everything after it in float32, as transformers' own losses do.

    Args:
        hidden_states (`torch.Tensor` of shape `(n, hidden)`): the rows that predict the targets, so those one position
            before them.
        head_weight (`torch.Tensor` of shape `(vocabulary, hidden)`): of the language model head; frozen or trained.
        targets (`torch.Tensor` of shape `(n,)`): token ids; there is no id that means "ignore".
        chunk_size (`int`, *optional*, defaults to 256): rows of logits at a time. 256 rows of Qwen2.5's vocabulary are
            155 MB in float32.

    Returns:
        `torch.Tensor` of shape `(n,)`: float32, or float64 for float64 inputs.

    Raises:
        `ValueError`: the targets are not one per row, or one is outside the vocabulary.

    Example:

    ```python
    >>> import torch
    >>> from transformers_vital.losses.target_tokens import target_log_probabilities
    >>> head_weight = torch.tensor([[0.0], [0.0], [1.0]])  # at h = log 2 the logits are 0, 0, log 2
    >>> hidden_states = torch.tensor([[2.0], [2.0]]).log()
    >>> log_probabilities = target_log_probabilities(
    ...     hidden_states, head_weight=head_weight, targets=torch.tensor([0, 2])
    ... )
    >>> [round(value, 4) for value in log_probabilities.exp().tolist()]
    [0.25, 0.5]

    ```
    """
    if targets.shape != hidden_states.shape[:-1] or targets.ndim != 1:
        raise ValueError(
            f"The targets have shape {list(targets.shape)} and the hidden states {list(hidden_states.shape)}; "
            "expected [n] and [n, hidden]. Flatten the batch and keep the rows of target tokens."
        )
    vocabulary = head_weight.shape[0]
    if outside := int(((targets < 0) | (targets >= vocabulary)).sum()):
        raise ValueError(
            f"{outside} of {targets.numel()} targets are outside the vocabulary of {vocabulary} tokens. "
            "Pass the rows of target tokens only, without ignored positions."
        )
    chunks = zip(hidden_states.split(chunk_size), targets.split(chunk_size), strict=True)
    return torch.cat(
        [
            # Where nothing requires a gradient, this is a plain call. No step is random, so no generator is restored.
            checkpoint(_log_probabilities, rows, head_weight, ids, use_reentrant=False, preserve_rng_state=False)
            for rows, ids in chunks
        ]
    )


def sum_per_sample(values: torch.Tensor, *, lengths: torch.Tensor) -> torch.Tensor:
    """
    Sum of the values of each sample.

    Args:
        values (`torch.Tensor` of shape `(n,)`): of the tokens of all samples, one sample behind the other.
        lengths (`torch.Tensor` of shape `(batch,)`): number of tokens of each sample, at least 1; they add up to n.

    Returns:
        `torch.Tensor` of shape `(batch,)`: float32, or float64 for float64 values.

    Raises:
        `ValueError`: the lengths do not add up to the number of values, or one is below 1.

    Example:

    ```python
    >>> import torch
    >>> from transformers_vital.losses.target_tokens import sum_per_sample
    >>> sum_per_sample(torch.tensor([1.0, 3.0, 5.0]), lengths=torch.tensor([2, 1]))
    tensor([4., 5.])

    ```
    """
    counts = lengths.tolist()
    if values.ndim != 1 or sum(counts) != values.numel() or min(counts, default=0) < 1:
        raise ValueError(
            f"The lengths {counts} do not fit values of shape {list(values.shape)}; "
            "expected [n] values and one length of at least 1 per sample, n in sum."
        )
    # Not index_add, whose order of summation on a GPU, and so its last digits, differ from run to run.
    return torch.stack([part.sum() for part in at_least_float32(values).split(counts)])


def mean_per_sample(values: torch.Tensor, *, lengths: torch.Tensor) -> torch.Tensor:
    """
    Mean of the values of each sample: the `1/L Σ` of Eqs. 1 and 5.

    Args:
        values, lengths: see [`sum_per_sample`].

    Returns:
        `torch.Tensor` of shape `(batch,)`: float32, or float64 for float64 values.

    Example:

    ```python
    >>> import torch
    >>> from transformers_vital.losses.target_tokens import mean_per_sample
    >>> mean_per_sample(torch.tensor([1.0, 3.0, 5.0]), lengths=torch.tensor([2, 1]))
    tensor([2., 5.])

    ```
    """
    return sum_per_sample(values, lengths=lengths) / lengths


def at_least_float32(values: torch.Tensor) -> torch.Tensor:
    """The values in float32, or float64 where they are; losses are computed in no smaller type."""
    return values.to(torch.promote_types(values.dtype, torch.float32))


def _log_probabilities(hidden_states: torch.Tensor, head_weight: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    logits = at_least_float32(F.linear(hidden_states, head_weight))
    return -F.cross_entropy(logits, targets, reduction="none")
