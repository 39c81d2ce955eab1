"""Tables of records mixed at random in given proportions, in groups of what one device takes at a time."""

import logging
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from ..errors import MissingExtraError, RecordError, VitalError
from .encoding import EncodedRecord, Group, RecordEncoder
from .records import features, record_type_of


if TYPE_CHECKING:
    from datasets import Dataset, IterableDataset

logger = logging.getLogger(__name__)

# Records of each subset (Table 1), which are the proportions of the paper's mixture.
TABLE_1 = {
    "image_distribution": 1_000_000,
    "image_pair": 500_000,
    "image_distortion": 500_000,
    "image_description": 400_000,
    "video_distribution": 845_000,
    "video_pair": 500_000,
    "video_distortion": 435_144,
    "video_description": 400_000,
}
TRIES = 20  # records that are tried before a table counts as unreadable
SHUFFLE_BUFFER = 1000  # records of a stream that are shuffled at a time


def mixture_weights(tables: Mapping[str, Any], *, weights: Mapping[str, float] | None = None) -> list[float]:
    """
    Probability of each table.

    Args:
        tables (`Mapping`): by name.
        weights (`Mapping[str, float]`, *optional*): by the same names, on any scale; those of [`TABLE_1`] when left
            out, and for a single table anything.

    Returns:
        `list[float]`: in the order of the tables; they sum to 1.

    Raises:
        [`RecordError`]: a table has no weight above 0, or a weight has no table.

    Example:

    ```python
    >>> from transformers_vital.data.mixture import mixture_weights
    >>> mixture_weights({"image_distribution": ..., "image_pair": ...})  # 1,000,000 to 500,000
    [0.6666666666666666, 0.3333333333333333]

    ```
    """
    if weights is None:
        weights = dict.fromkeys(tables, 1.0) if len(tables) == 1 else TABLE_1
    elif unknown := sorted(set(weights) - set(tables)):
        raise RecordError(f"There are weights for {', '.join(unknown)}, but the tables are {', '.join(tables)}.")
    without = [name for name in tables if not weights.get(name, 0) > 0]
    if without or not tables:
        raise RecordError(
            f"The tables {', '.join(without) or '(none)'} have no weight above 0; those of Table 1 are "
            f"{', '.join(TABLE_1)}. Name the weights of the others."
        )
    total = sum(weights[name] for name in tables)
    return [weights[name] / total for name in tables]


class Mixture(torch.utils.data.Dataset):
    """
    Groups of encoded records of several tables, in an order that the seed decides.

    An epoch ends when every table has been read at least once; smaller ones are read again in between, so that the
    proportions hold. An unreadable record is replaced by the next one of its table, and counted.

    Args:
        tables (`dict[str, datasets.Dataset]`): each of one record type, by name.
        encoder ([`RecordEncoder`]): decodes and encodes, in the workers of the loader.
        weights (`dict[str, float]`, *optional*): see [`mixture_weights`].
        group_size (`int`, *optional*, defaults to 2): single records per group (Table 8); a pair is a group.
        seed (`int`, *optional*, defaults to 0): of the order.
    """

    def __init__(
        self,
        tables: "Mapping[str, Dataset]",
        encoder: RecordEncoder,
        *,
        weights: Mapping[str, float] | None = None,
        group_size: int = 2,
        seed: int = 0,
    ):
        probabilities = mixture_weights(tables, weights=weights)
        if empty := [name for name, table in tables.items() if len(table) == 0]:
            raise RecordError(f"The tables {', '.join(empty)} are empty; expected records. Leave them out.")
        self.tables = list(tables.values())
        self.num_records = {name: len(table) for name, table in tables.items()}
        self.record_types = [record_type_of(table.column_names) for table in self.tables]
        self.encoder = encoder
        self.order = _interleaved([len(table) for table in self.tables], probabilities, seed=seed)
        is_pair = np.array([record_type == "pair" for record_type in self.record_types])[self.order[:, 0]]
        groups = grouped(range(len(self.order)), is_pair=is_pair.__getitem__, size=group_size)
        # one array, since millions of small lists would be copied to every worker
        self.groups = np.array([group + [-1] * (group_size - len(group)) for group in groups])

    def __len__(self) -> int:
        return len(self.groups)

    def __getitem__(self, index: int) -> Group:
        records, num_replaced = [], 0
        for place in self.groups[index]:
            if place >= 0:
                record, skipped = self._readable(*map(int, self.order[place]))
                records.append(record)
                num_replaced += skipped
        return Group(tuple(records), num_replaced)

    def _readable(self, table: int, row: int) -> tuple[EncodedRecord, int]:
        rows, record_type = self.tables[table], self.record_types[table]
        tries = min(TRIES, len(rows))
        for skipped in range(tries):
            place = (row + skipped) % len(rows)
            try:
                return self.encoder(rows[place], record_type=record_type), skipped
            except (VitalError, OSError) as error:
                logger.warning("Row %d of a %s table is replaced: %s", place, record_type, error)
                last = error
        raise RecordError(f"{tries} records in a row are unreadable, the last since: {last}") from last


class StreamingMixture(torch.utils.data.IterableDataset):
    """
    [`Mixture`] of tables that are read as streams, without an end; the trainer stops after `max_steps`.

    Every process reads its own share of the shards. An unreadable record is left out, and counted with the group.

    Args:
        tables (`dict[str, datasets.IterableDataset]`): as for [`Mixture`]; instructions cannot be mixed with others,
            since their column `media` is a list. Columns besides those of the record type are left aside.
        encoder, weights, group_size, seed: as for [`Mixture`].
        process_index, num_processes (`int`, *optional*): which share is read here.

    Raises:
        [`RecordError`]: a table has no weight, or the columns of no record type, or holds instructions beside others.
    """

    def __init__(
        self,
        tables: "Mapping[str, IterableDataset]",
        encoder: RecordEncoder,
        *,
        weights: Mapping[str, float] | None = None,
        group_size: int = 2,
        seed: int = 0,
        process_index: int = 0,
        num_processes: int = 1,
    ):
        from datasets import interleave_datasets
        from datasets.distributed import split_dataset_by_node

        probabilities = mixture_weights(tables, weights=weights)
        endless = [
            table.shuffle(seed=seed, buffer_size=SHUFFLE_BUFFER).repeat(None) for table in _streams(tables.values())
        ]
        rows = interleave_datasets(endless, probabilities=probabilities, seed=seed) if len(endless) > 1 else endless[0]
        self.rows = split_dataset_by_node(rows, rank=process_index, world_size=num_processes)
        self.encoder = encoder
        self.group_size = group_size

    def __iter__(self) -> Iterator[Group]:
        left_out = []
        records = self._readable(left_out)
        for group in grouped(records, is_pair=lambda record: record.task == "pair", size=self.group_size):
            yield Group(tuple(group), len(left_out))
            left_out.clear()

    def _readable(self, left_out: list[str]) -> Iterator[EncodedRecord]:
        failed_in_a_row = 0
        for row in self.rows:
            row = {name: value for name, value in row.items() if value is not None}
            try:
                yield self.encoder(row, record_type=record_type_of(row))
                failed_in_a_row = 0
            except (VitalError, OSError) as error:
                logger.warning("A record of the stream is left out: %s", error)
                left_out.append(str(error))
                failed_in_a_row += 1
                if failed_in_a_row == TRIES:
                    raise RecordError(f"{TRIES} records in a row are unreadable, the last since: {error}") from error


def _streams(tables: "Collection[IterableDataset]") -> "list[IterableDataset]":
    """The tables without further columns, whose types could differ from one to the next."""
    # before its first row, a generator knows no columns
    record_types = [record_type_of(table.column_names) if table.column_names else None for table in tables]
    if len(set(record_types)) > 1 and "instruction" in record_types:
        raise RecordError("Streams of instructions are mixed with others; expected them alone. Use tables in memory.")
    return [
        table.select_columns(list(features(record_type))) if record_type else table
        for table, record_type in zip(tables, record_types, strict=True)
    ]


def grouped(items, *, is_pair: Callable[[Any], bool], size: int) -> Iterator[list]:
    """
    Single items in groups of a size, pairs alone; what is left at the end is a smaller group.

    Example:

    ```python
    >>> from transformers_vital.data.mixture import grouped
    >>> list(grouped("abCd", is_pair=str.isupper, size=2))
    [['a', 'b'], ['C'], ['d']]

    ```
    """
    waiting = []
    for item in items:
        if is_pair(item):
            yield [item]
            continue
        waiting.append(item)
        if len(waiting) == size:
            yield waiting
            waiting = []
    if waiting:
        yield waiting


def _interleaved(lengths: list[int], probabilities: list[float], *, seed: int) -> np.ndarray:
    """Table and row of every record of an epoch, of shape `(records, 2)`."""
    try:
        from datasets import Dataset, interleave_datasets
    except ImportError as error:
        raise MissingExtraError("datasets", extra="train", purpose="mixing tables of records") from error
    places = [
        Dataset.from_dict({"table": [table] * length, "row": list(range(length))}).shuffle(seed=seed + table)
        for table, length in enumerate(lengths)
    ]
    if len(places) == 1:
        order = places[0]
    else:
        order = interleave_datasets(places, probabilities=probabilities, seed=seed, stopping_strategy="all_exhausted")
    columns = order.with_format("numpy")[:]
    return np.stack([columns["table"], columns["row"]], axis=1)
