"""What is read off the language-model head: target tokens and quality levels, without a row of logits per position."""

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.checkpoint import checkpoint


def target_log_probabilities(
    hidden_states: torch.Tensor,
    *,
    head: Callable[[torch.Tensor], torch.Tensor],
    targets: torch.Tensor,
    chunk_size: int = 256,
) -> torch.Tensor:
    """
    Log-probabilities of target tokens, without the logits of all of them at once.

    Formula: `log p_t = z_t[y_t] - log Σ_v exp(z_t[v])` with the logits `z_t = head(h_t)`, over the whole vocabulary.

    The logits of one chunk exist in forward, are dropped, and are made again in backward. The head computes in its own
    type and everything after it is float32, as in transformers' own losses.

    Args:
        hidden_states (`torch.Tensor` of shape `(n, hidden)`): the rows that predict the targets, so those one position
            before them.
        head (`Callable`): from `(rows, hidden)` to `(rows, vocabulary)`; frozen or trained.
        targets (`torch.Tensor` of shape `(n,)`): token ids; there is no id that means "ignore".
        chunk_size (`int`, *optional*, defaults to 256): rows of logits at a time. 256 rows of Qwen2.5's vocabulary are
            155 MB in float32.

    Returns:
        `torch.Tensor` of shape `(n,)`: float32, or float64 for float64 inputs.

    Raises:
        `ValueError`: the targets are not one per row, or one is below 0.

    Example:

    ```python
    >>> import torch
    >>> from transformers_vital.models.vital.head_vital import target_log_probabilities
    >>> head_weight = torch.tensor([[0.0], [0.0], [1.0]])  # at h = log 2 the logits are 0, 0, log 2
    >>> hidden_states = torch.tensor([[2.0], [2.0]]).log()
    >>> log_probabilities = target_log_probabilities(
    ...     hidden_states, head=lambda rows: rows @ head_weight.T, targets=torch.tensor([0, 2])
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
    if ignored := int((targets < 0).sum()):  # which a cross-entropy would count as certain
        raise ValueError(
            f"{ignored} of {targets.numel()} targets are below 0. Pass the rows of target tokens only, without "
            "ignored positions."
        )

    def log_probabilities(rows: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
        logits = head(rows)
        logits = logits.to(torch.promote_types(logits.dtype, torch.float32))
        return -F.cross_entropy(logits, ids, reduction="none")

    chunks = zip(hidden_states.split(chunk_size), targets.split(chunk_size), strict=True)
    return torch.cat(
        [
            # Where nothing requires a gradient, this is a plain call. No step is random, so no generator is restored.
            checkpoint(log_probabilities, rows, ids, use_reentrant=False, preserve_rng_state=False)
            for rows, ids in chunks
        ]
    )


def read_levels(
    hidden_states: torch.Tensor, *, head: nn.Linear, level_token_ids: Sequence[int], level_mass: bool
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """
    Logits of the five level words, from five rows of the head.

    Args:
        hidden_states (`torch.Tensor` of shape `(batch, hidden)`): the rows that predict the level.
        head (`nn.Linear`): without bias.
        level_token_ids (`Sequence[int]`): of high, good, fair, poor, low.
        level_mass (`bool`): also compute the share of the level words, for which all rows are read.

    Returns:
        the logits, float32 of shape `(batch, 5)`, and the share in [0, 1] of shape `(batch,)` or `None`.
    """
    weight = head.weight
    if weight.is_meta or not weight.is_floating_point() or weight.shape[0] <= max(level_token_ids):
        logits = head(hidden_states).float()  # offloaded, quantised or partitioned: only the module can read it
        levels = logits[:, level_token_ids]
    else:
        hidden_states = hidden_states.to(weight.device)
        level_ids = torch.tensor(level_token_ids, device=weight.device)
        levels = hidden_states.float() @ weight[level_ids].float().T
        if not level_mass:
            return levels, None
        # one arithmetic for both, so that the share cannot pass 1
        logits = head(hidden_states).float().index_copy(1, level_ids, levels)
    if not level_mass:
        return levels, None
    return levels, (levels.logsumexp(-1) - logits.logsumexp(-1)).exp()
