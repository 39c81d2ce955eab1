"""The 15 datasets of Tables 2 and 3, and benchmarks of one's own, as rated media on disk."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import yaml

from ..errors import EvaluationError
from ..media.formats import Kind
from ..scoring.default_model import hub_configs_folder
from .annotation_files import (
    DMOS_COLUMNS,
    Annotation,
    AnnotationLayout,
    detected_columns,
    has_form,
    read_annotations,
)
from .media_folder import MediaFolder
from .rated_items import RatedItem, rated_item
from .unknown_names import unknown_name


# A list of one's own for a dataset of the paper: columns named as usual.
_ANY_LIST = AnnotationLayout("official")


@dataclass(frozen=True)
class Benchmark:
    """
    A dataset of rated images or videos.

    Args:
        id (`str`): the name of its column in the paper's tables, in lower case.
        title (`str`): its name.
        modality (`str`): `"image"` or `"video"`.
        layouts (`tuple[AnnotationLayout, ...]`): forms of its annotation file.
        num_items (`int`, *optional*): how many the paper tests on.
        table (`int`, *optional*): of the paper with its results.
        ood (`bool`, *optional*): whether the paper counts it as out of distribution.
        rating (`str`): `"MOS"` or `"DMOS"`, as the dataset calls it.
        scale (`tuple[float, float]`, *optional*): lowest and highest rating of the dataset.
        higher_is_better (`bool`): of the dataset's own ratings; those of [`items`] always are.
        split (`str`, *optional*): list of the files that the paper tests on, where those are not all of the dataset.
        licence, citation, page, notes (`str`): of the dataset; where it is published; what to know besides.
        annotation_file, media_root (`Path`, *optional*): of a benchmark of one's own.
    """

    id: str
    title: str
    modality: Kind
    layouts: tuple[AnnotationLayout, ...]
    num_items: int | None = None
    table: int | None = None
    ood: bool | None = None
    rating: Literal["MOS", "DMOS"] = "MOS"
    scale: tuple[float, float] | None = None
    higher_is_better: bool = True
    split: str | None = None
    licence: str = ""
    citation: str = ""
    page: str = ""
    notes: str = ""
    annotation_file: Path | None = None
    media_root: Path | None = None

    @classmethod
    def from_csv(
        cls,
        path: str | Path,
        *,
        modality: Kind,
        media_root: str | Path | None = None,
        name_column: str | None = None,
        mos_column: str | None = None,
        higher_is_better: bool | None = None,
        id: str | None = None,
    ) -> "Benchmark":
        """
        A benchmark out of a list of one's own.

        Args:
            path (`str` or `Path`): list of files with ratings, in any of the formats of
                [`~evaluation.annotation_tables.read_table`].
            modality (`str`): `"image"` or `"video"`.
            media_root (`str` or `Path`, *optional*): folder of the files; that of the list when left out.
            name_column, mos_column (`str`, *optional*): columns of the files and of the ratings; known names, such as
                `name` or `image` and `mos` or `score`, are found.
            higher_is_better (`bool`, *optional*): of the ratings. It has to be said of a column `dmos`, which runs
                either way; others are taken to rise with quality.
            id (`str`, *optional*): name of the benchmark; that of the list when left out.

        Returns:
            [`Benchmark`].

        Raises:
            [`EvaluationError`]: the list is missing or damaged, lacks a column, or its direction is not said.

        Example:

        ```python
        >>> import tempfile
        >>> from pathlib import Path
        >>> from transformers_vital.evaluation.benchmarks import Benchmark
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = Path(folder, "mine.csv").write_text("file,mos\\na.png,3.5\\n")
        ...     benchmark = Benchmark.from_csv(Path(folder, "mine.csv"), modality="image")
        ...     (item,) = benchmark.items()
        >>> benchmark.id, item["name"], item["mos"], item["error"] is None  # there is no a.png
        ('mine', 'a.png', 3.5, False)

        ```
        """
        path = Path(path)
        if modality not in ("image", "video"):
            raise EvaluationError(f'modality is {modality!r}; expected "image" or "video".')
        name, mos, dmos = detected_columns(path)
        name, mos = name_column or name, mos_column or mos or dmos
        if name is None or mos is None:
            missing = "file names: pass name_column" if name is None else "ratings: pass mos_column"
            raise EvaluationError(f"{path} has no column with a known name for {missing}.")
        falls = mos.casefold() in DMOS_COLUMNS
        if falls and higher_is_better is None:
            raise EvaluationError(
                f"{path} has ratings in {mos}, which rise or fall with quality depending on the dataset. Pass "
                "higher_is_better."
            )
        layout = AnnotationLayout("official", name=name, mos=mos, higher_is_better=higher_is_better is not False)
        return cls(
            id=id or path.stem,
            title=id or path.stem,
            modality=modality,
            layouts=(layout,),
            rating="DMOS" if falls else "MOS",
            higher_is_better=layout.higher_is_better,
            annotation_file=path,
            media_root=Path(media_root) if media_root else path.parent,
        )

    def items(
        self, data_root: str | Path | None = None, *, annotation_file: str | Path | None = None
    ) -> list[RatedItem]:
        """
        The rated media, in the order of the annotation file, missing ones included.

        Args:
            data_root (`str` or `Path`, *optional*): folder with the dataset, or with a folder for each dataset, see
                [`~evaluation.media_folder.MediaFolder`]. A benchmark of one's own has a folder already.
            annotation_file (`str` or `Path`, *optional*): the dataset's own, the list of the authors' release, or a
                list with the columns `name` and `mos`. When left out, a file of a known name is looked for below the
                folder.

        Returns:
            `list[RatedItem]`: with `error` where there is no file, or more than one that it could be;
            [`~evaluation.rated_items.coverage`] counts them.

        Raises:
            [`EvaluationError`]: there is no folder or annotation file, or see
                [`~evaluation.annotation_files.read_annotations`].
        """
        root = data_root or self.media_root
        if root is None:
            raise EvaluationError(f"Where is {self.title}? Pass data_root. It is published at {self.page}.")
        folder = MediaFolder(root, names=(self.id, self.title))
        path = Path(annotation_file or self.annotation_file or self._published_file(folder))
        annotations = self._in_split(read_annotations(path, layouts=self._known_layouts()), path=path)
        return [rated_item(annotation, folder=folder, kind=self.modality) for annotation in annotations]

    def _known_layouts(self) -> tuple[AnnotationLayout, ...]:
        return self.layouts if self.annotation_file else (*self.layouts, _ANY_LIST)

    def _published_file(self, folder: MediaFolder) -> Path:
        names = list(dict.fromkeys(layout.file for layout in self.layouts if layout.file))
        others = []
        for name in names:
            layouts = [layout for layout in self.layouts if layout.file == name]  # many datasets have a data.csv
            paths = folder.find(name)
            found = [path for path in paths if has_form(path, layouts=layouts)]
            if len(found) == 1:
                return found[0]
            if found:
                raise EvaluationError(f"{found[0]} and {found[1]} can both be meant. Pass annotation_file.")
            others += paths
        other = f" ({others[0]} has another form)" if others else ""
        raise EvaluationError(
            f"There is no annotation file of {self.title} below {folder.root}{other}. Expected {' or '.join(names)}; "
            f"pass annotation_file where it has another name. It is published at {self.page}."
        )

    def _in_split(self, annotations: list[Annotation], *, path: Path) -> list[Annotation]:
        if self.split is None:
            return annotations
        names = _split_names(self.split)
        kept = [annotation for annotation in annotations if annotation.name.rpartition("/")[2] in names]
        if not kept:
            raise EvaluationError(
                f"{path} has none of the {len(names)} files of {self.title} that the paper tests on. A list of "
                "other files is a benchmark of its own: --csv without --benchmark, or Benchmark.from_csv."
            )
        return kept


def list_benchmarks(*, modality: Kind | None = None) -> list[str]:
    """
    Ids of the paper's datasets, those of Table 2 before those of Table 3.

    Args:
        modality (`str`, *optional*): `"image"` or `"video"` for those only.

    Example:

    ```python
    >>> from transformers_vital.evaluation.benchmarks import list_benchmarks
    >>> list_benchmarks(modality="image")
    ['agiqa', 'csiq', 'kadid', 'koniq', 'live-c', 'spaq', 'tid']

    ```
    """
    known = sorted(_benchmarks().values(), key=lambda benchmark: (benchmark.table, benchmark.id))
    return [benchmark.id for benchmark in known if modality in (None, benchmark.modality)]


def load_benchmark(name: str) -> Benchmark:
    """
    One of the paper's datasets.

    Args:
        name (`str`): its id; case does not matter.

    Raises:
        [`EvaluationError`]: there is none; the message has the closest ids.

    Example:

    ```python
    >>> from transformers_vital.evaluation.benchmarks import load_benchmark
    >>> benchmark = load_benchmark("koniq")
    >>> benchmark.title, benchmark.num_items, benchmark.ood
    ('KonIQ-10k', 2010, False)

    ```
    """
    known = _benchmarks()
    if str(name).casefold() not in known:
        raise unknown_name(name, what="benchmark", known=known)
    return known[str(name).casefold()]


@cache
def _benchmarks() -> dict[str, Benchmark]:
    found = {}
    for path in sorted(_folder().glob("*.yaml")):
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
        layouts = tuple(AnnotationLayout(**_frozen(layout)) for layout in values.pop("layouts"))
        found[path.stem] = Benchmark(**_frozen(values), layouts=layouts)
    return found


@cache
def _split_names(file: str) -> frozenset[str]:
    return frozenset((_folder() / "splits" / file).read_text(encoding="utf-8").split("\n")) - {""}


def _frozen(values: dict) -> dict:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}


def _folder() -> Path:
    return hub_configs_folder() / "benchmarks"
