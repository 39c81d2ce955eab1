"""A dataset from media, stage by stage (paper, Sec. 3.1)."""

import functools
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ..data.tables import SUBSETS
from ..errors import AnnotationError
from .executors import run_stage
from .gather import gather, select_originals
from .labels import Labels, make_mappings
from .opinions.mapping import load_mappings
from .pool.media_files import clear_incoming
from .recipe import Recipe
from .record_files import write_records
from .report import build_report
from .stages import Row, Stage, read_rows, read_shard, shard_numbers
from .statements.attribute_levels import AttributeLevels, fit_attribute_levels
from .statements.statement_rows import NOT_DONE, statement_records
from .statements.statement_settings import divide


KINDS = ("image", "video")
_HERE = __package__


@dataclass(frozen=True)
class Workers:
    """
    What works on a build, and what it may do.

    Args:
        processes (`int`, *optional*, defaults to 1): of this machine, or workers on Ray.
        use_ray (`bool`, *optional*, defaults to `False`): see [`~annotation.executors.run_stage`].
        allow_network (`bool`, *optional*, defaults to `False`): fetch media that sources name by address, and weights
            of annotators.
        trust_remote_code (`bool`, *optional*, defaults to `False`): run code that comes with annotators of the Hub.
        device (`str`, *optional*): of neural annotators.
    """

    processes: int = 1
    use_ray: bool = False
    allow_network: bool = False
    trust_remote_code: bool = False
    device: str | None = None


@dataclass(frozen=True)
class Build:
    """
    A dataset in a folder, and how it is made of sources.

    | in the folder | what |
    |---|---|
    | `media/` | every medium once, under the hash of its content |
    | `records/<subset>/` | parquet shards of records, for [`~data.tables.read_tables`] and `load_dataset` |
    | `build/<stage>/` | rows of each stage, shard by shard |

    Args:
        folder (`Path`): of the dataset.
        recipe ([`~annotation.recipe.Recipe`], *optional*): the defaults need neither network nor weights.
        workers ([`Workers`], *optional*): one process by default.
    """

    folder: Path
    recipe: Recipe = field(default_factory=Recipe)
    workers: Workers = field(default_factory=Workers)

    @property
    def media(self) -> Path:
        """The folder that the paths of all media are in."""
        return self.folder / "media"

    def stage(self, name: str) -> Path:
        """The folder of a stage's rows."""
        return self.folder / "build" / name

    def rows(self, name: str) -> Iterator[Row]:
        """The rows of a stage; none where the recipe leaves it out."""
        return read_rows(self.stage(name))

    def run(self, sources: Any) -> dict[str, Any]:
        """
        Make the dataset, or go on where an earlier run was stopped, by `kill -9` too.

        Args:
            sources: see [`~annotation.pool.sources.candidates`].

        Returns:
            `dict`: the report, see [`~annotation.report.build_report`].

        Raises:
            [`AnnotationError`]: the folder was begun with other settings or sources; no medium is left.
            [`MissingExtraError`]: a package that a stage needs is not installed.
        """
        clear_incoming(self.media)
        gather(
            sources,
            media=self.media,
            pool=self.stage("pool"),
            recipe=self.recipe,
            processes=self.workers.processes,
            use_ray=self.workers.use_ray,
            allow_network=self.workers.allow_network,
        )
        select_originals(pool=self.stage("pool"), originals=self.stage("originals"), recipe=self.recipe)
        if next(self.rows("originals"), None) is None:
            raise AnnotationError(
                "No file of the sources is left: none can be decoded and keeps to the limits. "
                f"{self.stage('pool')} says why; change limits in the recipe."
            )
        if self.recipe.copies:
            making = {"copies": self.recipe.copies, "seed": self.recipe.seed}
            self._run_stage("copies", "copies:make_copies", "originals", places=self._root, **making)
        for part in self.measured:
            name, function = f"attributes_{part}", "attributes.attributes:measure_attributes"
            self._run_stage(name, function, part, places=self._root)
        for part in self.recipe.scored:
            self._score(part)
        for part in self.described:
            self._describe(part)
        unmapped = self._map() if self.recipe.scored else {}
        return build_report(self, records=self._write_records(), unmapped=unmapped)

    @property
    def measured(self) -> tuple[str, ...]:
        """Whose attributes are measured: of the originals always, as statistics show them."""
        needs_copies = self.recipe.statements == "rules" and "copies" in self.described
        return ("originals", "copies") if needs_copies else ("originals",)

    @property
    def described(self) -> tuple[str, ...]:
        """What statements are made of."""
        return self.recipe.described if self.recipe.statements else ()

    @functools.cached_property
    def labels(self) -> Labels:
        """Labels of all scored media."""
        folders = [self.stage(f"opinions_{part}") for part in self.recipe.scored]
        mappings = load_mappings(self._mappings)
        return Labels(folders, mappings=mappings, min_opinions=self.recipe.min_opinions)

    @property
    def _mappings(self) -> Path:
        return self.folder / "build" / "mappings.json"

    def _map(self) -> dict[str, str]:
        folders = [self.stage(f"opinions_{part}") for part in self.recipe.scored]
        return make_mappings(folders, mapping=self.recipe.mapping, target=self._mappings)[1]

    @property
    def _root(self) -> dict[str, str]:
        return {"root": str(self.media.absolute())}

    def _run_stage(
        self,
        name: str,
        function: str,
        source: str,
        *,
        places: dict | None = None,
        num_gpus: float = 0,
        **settings: Any,
    ) -> None:
        stage = Stage(name, f"{_HERE}.{function}", settings, places or {}, num_gpus)
        run_stage(
            stage,
            source=self.stage(source),
            target=self.stage(name),
            processes=self.workers.processes,
            use_ray=self.workers.use_ray,
        )

    def _score(self, part: str) -> None:
        permissions = {
            "allow_download": self.workers.allow_network,
            "trust_remote_code": self.workers.trust_remote_code,
            "device": self.workers.device,
        }
        self._run_stage(
            f"opinions_{part}",
            "opinions.opinions:OpinionStage",
            part,
            places=self._root | permissions,
            num_gpus=1 if str(self.workers.device).startswith("cuda") else 0,
            annotators={kind: list(names) for kind, names in self.recipe.annotators.items()},
            settings=self.recipe.annotator_settings,
        )

    def _describe(self, part: str) -> None:
        name = f"statements_{part}"
        if self.recipe.statements == "rules":
            self._run_stage(
                name,
                "statements.describer:describer_stage",
                f"attributes_{part}",
                levels={kind: self._levels(kind).to_dict() for kind in KINDS},
                seed=self.recipe.seed,
            )
            return
        _forget_unfinished(self.stage(name))
        deciding, running = divide(asdict(self.recipe.statements))
        places = self._root | {"running": running, "cache": str(self.folder.absolute() / "build" / "answers.sqlite")}
        self._run_stage(name, "statements.statements:statement_stage", part, places=places, deciding=deciding)

    def _levels(self, kind: str) -> AttributeLevels:
        return fit_attribute_levels(row for row in self.rows("attributes_originals") if row["media"]["kind"] == kind)

    def _write_records(self) -> dict[str, int]:
        """All records anew, in a folder that takes the place of the former one when it is whole."""
        growing = self.folder / "records.growing"
        shutil.rmtree(growing, ignore_errors=True)
        growing.mkdir()
        counts = {}
        for subset, record_type, records in self._records():
            if count := write_records(growing / subset, records, record_type=record_type):
                counts[subset] = count
        shutil.rmtree(self.folder / "records", ignore_errors=True)
        growing.rename(self.folder / "records")
        return {subset: counts[subset] for subset in SUBSETS if subset in counts}

    def _records(self) -> Iterator[tuple[str, str, Iterator[Row]]]:
        for kind in KINDS:
            if self.recipe.scored:
                yield f"{kind}_distribution", "distribution", self.labels.distributions(kind=kind)
                pairs = self.labels.pairs(kind=kind, per_item=self.recipe.pairs_per_item, seed=self.recipe.seed)
                yield f"{kind}_pair", "pair", pairs
            yield f"{kind}_distortion", "statement", _of_kind(self._distortions(), kind)
            yield f"{kind}_description", "statement", _of_kind(self._descriptions(), kind)

    def _distortions(self) -> Iterator[Row]:
        for row in self.rows("copies"):
            if row["reason"] is None:
                yield {"media": row["media"], "text": row["text"], "task": "distortion"}

    def _descriptions(self) -> Iterator[Row]:
        for part in self.recipe.described:
            for number in shard_numbers(self.stage(f"statements_{part}")):
                yield from statement_records(read_shard(self.stage(f"statements_{part}"), number))


def _of_kind(records: Iterator[Row], kind: str) -> Iterator[Row]:
    return (record for record in records if record["media"]["kind"] == kind)


def _forget_unfinished(folder: Path) -> None:
    """Shards with media that were not described because the cap on spending was reached are to be done again."""
    for number in shard_numbers(folder):
        if any(row["outcome"] == NOT_DONE for row in read_shard(folder, number)):
            (folder / f"{number:05}.parquet").unlink()
