"""Builder of `datasets` for a built or published dataset: a configuration for each subset and each group."""

import hashlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import MissingExtraError, RecordError, VitalError
from .records import features
from .tables import CONFIGURATIONS, GROUPS, iterate_rows, readable_record, table_files


try:
    import datasets
except ImportError as error:
    raise MissingExtraError("datasets", extra="data", purpose="VitalDatasetBuilder") from error

logger = logging.getLogger(__name__)


@dataclass
class VitalDatasetConfig(datasets.BuilderConfig):
    """
    One subset or group of a dataset on disk.

    Args:
        data_dir (`str`): folder with `records/<subset>/*.parquet`, and `media` unless the records hold their media.
    """

    def files(self) -> list[Path]:
        """
        The files of its subsets.

        Raises:
            [`RecordError`]: no folder is named, or it has no records of these subsets.
        """
        if not self.data_dir:
            raise RecordError("data_dir is missing; expected the folder of a built dataset. Pass data_dir=FOLDER.")
        tables = table_files(Path(self.data_dir) / "records")
        found = [path for subset in CONFIGURATIONS[self.name] for path in tables.get(subset, ())]
        if not found:
            raise RecordError(
                f"{self.data_dir} holds no records of {self.name}; it has {', '.join(tables) or 'none at all'}. Name "
                "another configuration, or the folder of a built dataset."
            )
        return found

    def create_config_id(self, config_kwargs: dict, custom_features: Any = None) -> str:
        """Names the cache; it changes with the files, so that a dataset that was built again is read again."""
        state = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in self.files()]
        digest = hashlib.sha256(repr(state).encode()).hexdigest()[:16]
        return f"{super().create_config_id(config_kwargs, custom_features)}-{digest}"


class VitalDatasetBuilder(datasets.GeneratorBasedBuilder):
    """
    Reads the records of a folder that was built or published as parquet.

    The path of a medium becomes that of its file, which lies inside the folder `media`; nothing is copied into the
    cache but the records. Media that the records hold stay bytes. A record that is not what its type needs, or whose
    medium is missing or outside, is left out; the log says how many.

    Configurations: the eight subsets such as `image_distribution`, and `distribution`, `pair`, `distortion` and
    `description`, each with its images and videos.

    Args:
        config_name (`str`): a configuration.
        data_dir (`str`): the folder.
        cache_dir (`str`, *optional*): where the prepared records are kept.

    Raises:
        [`RecordError`]: there is no folder, or it has no such records.

    Example:

    ```python
    from transformers_vital.data.builder import VitalDatasetBuilder

    builder = VitalDatasetBuilder(config_name="pair", data_dir="DATASET")
    builder.download_and_prepare(num_proc=2)
    pairs = builder.as_dataset("train")
    stream = VitalDatasetBuilder(config_name="image_pair", data_dir="DATASET").as_streaming_dataset("train")
    ```
    """

    VERSION = datasets.Version("1.0.0")
    BUILDER_CONFIG_CLASS = VitalDatasetConfig
    BUILDER_CONFIGS = [VitalDatasetConfig(name=name, version=datasets.Version("1.0.0")) for name in CONFIGURATIONS]

    @property
    def record_type(self) -> str:
        """Of all records of the configuration."""
        return GROUPS[self.config.name.split("_")[-1]]

    def _info(self) -> datasets.DatasetInfo:
        return datasets.DatasetInfo(features=features(self.record_type))

    def _split_generators(self, dl_manager: Any) -> list[datasets.SplitGenerator]:
        files = [str(path) for path in self.config.files()]  # a list is what is shared out among processes
        return [datasets.SplitGenerator(name="train", gen_kwargs={"files": files})]

    def _generate_examples(self, files: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
        left_out = []
        for file in map(Path, files):
            for row, record in enumerate(iterate_rows(file)):
                try:
                    record = readable_record(record, record_type=self.record_type, root=self._media_folder())
                except VitalError as error:
                    left_out.append(f"{file}, row {row}: {error}")
                    continue
                yield f"{file.parent.name}/{file.name}/{row}", record
        if left_out:
            logger.warning("%d records are left out, the first since: %s", len(left_out), left_out[0])

    def _media_folder(self) -> Path:
        return Path(self.config.data_dir) / "media"
