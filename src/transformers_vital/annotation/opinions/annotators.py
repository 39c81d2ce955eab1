"""Machine annotators of quality: what describes one, which there are, and how one is loaded."""

import difflib
import functools
import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, Protocol, get_args

from ...errors import AnnotationError
from ...media.formats import Kind
from ...media.inputs import MediaItem
from ..setting_checks import check_keys


Direction = Literal["higher", "lower"]
GROUPS = ("default", "paper", "further")
# What turns a descriptor into an annotator: a class in a module of this package.
ADAPTERS = {
    "measure": "image_annotators:PictureAnnotator",
    "frames": "video_annotators:ClipAnnotator",
    "ffmpeg": "ffmpeg_annotators:FfmpegAnnotator",
    "pyiqa": "pyiqa_adapter:PyiqaAnnotator",
    "transformers": "transformers_adapter:TransformersAnnotator",
    "command": "command_adapter:CommandAnnotator",
    "table": "table_adapter:TableAnnotator",
}


@dataclass(frozen=True, kw_only=True)
class AnnotatorDescriptor:
    """
    What is known of an annotator, as a YAML file of `hub_configs/annotators` holds it.

    Args:
        name (`str`): lower case, as records name it.
        kind (`str`): `"image"` or `"video"`.
        direction (`str`): `"higher"` or `"lower"`: which scores are better.
        score_range (`tuple[float | None, float | None]`): lowest and highest score; `None` where there is no limit.
        licence (`str`): of code and weights, an SPDX name where there is one.
        citation (`str`): whose it is.
        homepage (`str`): where it comes from.
        trained_on (`str`): which ratings or media it has seen; those are no test of it.
        adapter (`str`): one of [`ADAPTERS`].
        settings (`Mapping`, *optional*): of the adapter.
        group (`str`, *optional*, defaults to `"further"`): `"default"` where a build uses it unless told otherwise,
            `"paper"` where the paper used it.
        extra (`str`, *optional*): of `transformers-vital`, which installs what it needs.
        download (`str`, *optional*): what is fetched when it is first used; `None` where nothing is.

    Raises:
        [`AnnotationError`]: a value is none of the known ones.
    """

    name: str
    kind: Kind
    direction: Direction
    score_range: tuple[float | None, float | None]
    licence: str
    citation: str
    homepage: str
    trained_on: str
    adapter: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    group: str = "further"
    extra: str | None = None
    download: str | None = None

    def __post_init__(self):
        for name, known in (
            ("kind", get_args(Kind)),
            ("direction", get_args(Direction)),
            ("adapter", tuple(ADAPTERS)),
            ("group", GROUPS),
        ):
            if getattr(self, name) not in known:
                raise AnnotationError(
                    f"Annotator {self.name}: {name} is {getattr(self, name)!r}; expected {_one_of(known)}."
                )
        if not isinstance(self.score_range, list | tuple) or len(self.score_range) != 2:
            raise AnnotationError(
                f"Annotator {self.name}: score_range is {self.score_range!r}; expected lowest and highest score, null "
                "for none."
            )
        object.__setattr__(self, "score_range", tuple(self.score_range))

    @property
    def higher_is_better(self) -> bool:
        """Whether a higher score means better quality."""
        return self.direction == "higher"


@dataclass(frozen=True)
class Permissions:
    """
    What an annotator may do beyond reading media; nothing unless asked for.

    Args:
        allow_download (`bool`, *optional*, defaults to `False`): fetch weights.
        trust_remote_code (`bool`, *optional*, defaults to `False`): run code that comes with a model of the Hub.
        device (`str`, *optional*): of neural annotators, such as `"cuda:0"`; the CPU when left out.
    """

    allow_download: bool = False
    trust_remote_code: bool = False
    device: str | None = None


class Annotator(Protocol):
    """
    A machine that has an opinion of quality. Every adapter is made from a descriptor and [`Permissions`].

    Attributes:
        descriptor ([`AnnotatorDescriptor`]): whose opinion it is and how to read it.
        reads (`str`): `"pixels"` where an item may be decoded already, as by
            [`~annotation.opinions.decoding.decoded`]; `"file"` where it needs a path or a name, `"files"` where many
                at once are cheaper.
    """

    descriptor: AnnotatorDescriptor
    reads: Literal["pixels", "file", "files"]

    def score(self, items: Sequence[MediaItem]) -> list[float]:
        """One raw score for each item, NaN where it gave none; any error it raises is a reason to have none."""
        ...


def list_annotators(*, kind: Kind | None = None, group: str | None = None) -> list[AnnotatorDescriptor]:
    """
    The annotators that the package describes, by name.

    Args:
        kind (`str`, *optional*): `"image"` or `"video"`; both when left out.
        group (`str`, *optional*): one of [`GROUPS`]; all when left out.

    Example:

    ```python
    >>> from transformers_vital.annotation.opinions.annotators import list_annotators
    >>> [descriptor.name for descriptor in list_annotators(kind="image", group="paper")]
    ['arniqa', 'liqe', 'q-align', 'qualiclip', 'topiq-nr', 'tres']

    ```
    """
    if group not in (None, *GROUPS):
        raise AnnotationError(f"group is {group!r}; expected {_one_of(GROUPS)}.")
    found = (read_descriptor(path) for path in _descriptor_files().values())
    return [each for each in found if kind in (None, each.kind) and group in (None, each.group)]


def load_annotator(
    name_or_path: str | Path,
    *,
    settings: Mapping[str, Any] | None = None,
    permissions: Permissions = Permissions(),  # noqa: B008  frozen
) -> Annotator:
    """
    An annotator, ready to score.

    Args:
        name_or_path (`str` or `Path`): one of [`list_annotators`], or a file with a descriptor of your own.
        settings (`Mapping`, *optional*): of the adapter, instead of those of the descriptor, such as the folder of a
            program or a file of scores.
        permissions ([`Permissions`], *optional*): nothing is fetched and no foreign code is run by default.

    Raises:
        [`AnnotationError`]: there is no such annotator, its descriptor cannot be read, or it needs a permission.
        [`MissingExtraError`]: a package that it needs is not installed.

    Example:

    ```python
    >>> import numpy as np
    >>> from transformers_vital.annotation.opinions.annotators import load_annotator
    >>> from transformers_vital.media.inputs import expand_media
    >>> annotator = load_annotator("piqe")
    >>> annotator.score(expand_media(np.zeros((64, 64, 3), dtype=np.uint8)))  # nothing to look at is the worst
    [100.0]

    ```
    """
    descriptor = describe_annotator(name_or_path)
    if settings:
        descriptor = replace(descriptor, settings={**descriptor.settings, **settings})
    if descriptor.download and not permissions.allow_download:
        raise AnnotationError(
            f"Annotator {descriptor.name} fetches {descriptor.download} when it is first used, and downloads are not "
            "allowed. Pass Permissions(allow_download=True), or leave it out."
        )
    module, adapter = ADAPTERS[descriptor.adapter].split(":")
    return getattr(importlib.import_module(f".{module}", __package__), adapter)(descriptor, permissions)


def describe_annotator(name_or_path: str | Path) -> AnnotatorDescriptor:
    """
    The descriptor of a name of [`list_annotators`], or in a file.

    Raises:
        [`AnnotationError`]: there is no such annotator; the message names the closest ones.
    """
    known = _descriptor_files()
    if str(name_or_path) in known:
        return read_descriptor(known[str(name_or_path)])
    if Path(name_or_path).suffix in (".yaml", ".yml"):
        return read_descriptor(name_or_path)
    near = difflib.get_close_matches(str(name_or_path), known, n=3)
    hint = f"Did you mean {_one_of(near)}?" if near else f"Known are {', '.join(known)}."
    raise AnnotationError(f"There is no annotator {name_or_path}. {hint} A file of your own ends in .yaml.")


def read_descriptor(path: str | Path) -> AnnotatorDescriptor:
    """
    The descriptor in a YAML file.

    Raises:
        [`AnnotationError`]: it cannot be read, a key is unknown or missing, or a value is none of the known ones.
    """
    import yaml

    try:
        values = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise AnnotationError(f"The annotator {path} cannot be read ({error}). Name a YAML file.") from error
    check_keys(AnnotatorDescriptor, values, where=f"annotator {path}")
    return AnnotatorDescriptor(**values)


@functools.cache
def _descriptor_files() -> dict[str, Path]:
    from ...scoring.default_model import hub_configs_folder

    return {path.stem: path for path in sorted((hub_configs_folder() / "annotators").glob("*.yaml"))}


def _one_of(words: Sequence[str]) -> str:
    return " or ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
