"""Sums and means of the tokens of each sample, whose values lie one sample behind the other."""

import torch


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
    >>> from transformers_vital.losses.per_sample import sum_per_sample
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
    >>> from transformers_vital.losses.per_sample import mean_per_sample
    >>> mean_per_sample(torch.tensor([1.0, 3.0, 5.0]), lengths=torch.tensor([2, 1]))
    tensor([2., 5.])

    ```
    """
    return sum_per_sample(values, lengths=lengths) / lengths


def at_least_float32(values: torch.Tensor) -> torch.Tensor:
    """The values in float32, or float64 where they are; losses are computed in no smaller type."""
    return values.to(torch.promote_types(values.dtype, torch.float32))
