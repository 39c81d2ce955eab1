"""Encoded records to one batch: sequences padded on the right, media one behind the other, targets task by task."""

from collections.abc import Sequence
from typing import Any

import torch
from torch.nn.utils.rnn import pad_sequence

from .encoding import PIXELS, TASKS, EncodedRecord, EncodedSequence, Group


MEDIA_OF_A_PAIR = 2


class VitalCollator:
    """
    Makes a batch of records of any types.

    Records are ordered distributions, pairs, texts, so that counts alone tell the targets of one task from the next.

    Args:
        pad_token_id (`int`): fills up sequences; masked out of attention.

    Example:

    ```python
    >>> import torch
    >>> from transformers_vital.data.collator import VitalCollator
    >>> from transformers_vital.data.encoding import EncodedRecord, EncodedSequence, Group
    >>> texts = [EncodedSequence(torch.arange(n), torch.tensor([n - 1])) for n in (2, 4)]
    >>> group = Group(tuple(EncodedRecord("distortion", (text,)) for text in texts))
    >>> batch = VitalCollator(pad_token_id=0)([group])
    >>> batch["input_ids"].tolist(), batch["target_positions"].tolist()  # a row before each target: 0 + 0 and 4 + 2
    ([[0, 1, 0, 0], [0, 1, 2, 3]], [0, 6])

    ```
    """

    def __init__(self, *, pad_token_id: int):
        self.pad_token_id = pad_token_id

    def __call__(self, groups: Sequence[Group]) -> dict[str, Any]:
        """
        Args:
            groups (`Sequence[Group]`): at least one.

        Returns:
            `dict` of what `forward` takes: `input_ids`, `attention_mask`, pixels and their counts, `target_positions`,
            `target_ids` and `level_positions`; and of `targets`, a dict of

            - `level_probabilities` `(distributions, 5)` and `distribution_lengths` `(distributions,)`, the target
              tokens of each besides the level;
            - `preferences` `(pairs,)`, `pair_level_probabilities` `(pairs, 2, 5)` and `pair_lengths` `(pairs,)`;
            - `text_lengths` `(texts,)` and `text_tasks` `(texts,)`, indices into [`~data.encoding.TASKS`];
            - `weight`, a scalar: 1 for each record, 2 for a pair, which stands for two media;
            - `num_replaced`, a scalar: unreadable records that others stand for.
        """
        records = [record for group in groups for record in group.records]
        distributions = [record for record in records if record.task == "distribution"]
        pairs = [record for record in records if record.task == "pair"]
        texts = [record for record in records if record.task not in ("distribution", "pair")]
        sequences = [sequence for record in (*distributions, *pairs, *texts) for sequence in record.sequences]
        lengths = [len(sequence.input_ids) for sequence in sequences]
        input_ids = pad_sequence(
            [sequence.input_ids for sequence in sequences], batch_first=True, padding_value=self.pad_token_id
        )
        width = input_ids.shape[1]
        # the row that predicts a token is the one before it
        target_rows = [row * width + sequence.target_places for row, sequence in enumerate(sequences)]
        level_rows = [
            row * width + sequence.level_place - 1
            for row, sequence in enumerate(sequences)
            if sequence.level_place is not None
        ]
        batch = {
            "input_ids": input_ids,
            "attention_mask": (torch.arange(width) < torch.tensor(lengths)[:, None]).long(),
            "target_positions": torch.cat(target_rows) - 1,
            "target_ids": input_ids.flatten()[torch.cat(target_rows)],
            **_joined_pixels(sequences),
        }
        if level_rows:
            batch["level_positions"] = torch.tensor(level_rows)
        batch["targets"] = {
            "level_probabilities": _probabilities(distributions, members=1).flatten(0, 1),
            "distribution_lengths": _lengths(distributions),
            "preferences": torch.tensor([record.preference for record in pairs], dtype=torch.float32),
            "pair_level_probabilities": _probabilities(pairs, members=MEDIA_OF_A_PAIR),
            "pair_lengths": _lengths(pairs),
            "text_lengths": _lengths(texts),
            "text_tasks": torch.tensor([TASKS.index(record.task) for record in texts], dtype=torch.long),
            "weight": torch.tensor(float(len(distributions) + MEDIA_OF_A_PAIR * len(pairs) + len(texts))),
            "num_replaced": torch.tensor(float(sum(group.num_replaced for group in groups))),
        }
        return batch


def _lengths(records: list[EncodedRecord]) -> torch.Tensor:
    """Target tokens of each record, of both members of a pair together."""
    counts = [sum(len(sequence.target_places) for sequence in record.sequences) for record in records]
    return torch.tensor(counts, dtype=torch.long)


def _probabilities(records: list[EncodedRecord], *, members: int) -> torch.Tensor:
    rows = [[sequence.level_probabilities for sequence in record.sequences] for record in records]
    return torch.tensor(rows, dtype=torch.float32).reshape(len(records), members, 5)


def _joined_pixels(sequences: list[EncodedSequence]) -> dict[str, torch.Tensor]:
    pixels = {}
    for name in PIXELS:
        parts = [sequence.pixels[name] for sequence in sequences if name in sequence.pixels]
        if parts:
            pixels[name] = parts[0] if len(parts) == 1 else torch.cat(parts)
    return pixels
