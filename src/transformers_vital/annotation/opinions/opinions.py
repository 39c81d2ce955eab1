"""The stage that asks annotators: rows of media in, rows with one raw score for each annotator out."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ...data.records import resolve_media
from ...errors import AnnotationError, MissingExtraError
from ...media.formats import Kind
from ...media.inputs import MediaItem
from ..stages import rows_of
from .annotators import Annotator, Permissions, list_annotators, load_annotator
from .decoding import decoded


COLUMNS = ("annotators", "directions", "scores", "reasons")
_Opinion = tuple[float | None, str | None]  # a score, or why there is none


class OpinionStage:
    """
    Asks annotators for raw scores. Constructed once in a worker; it may be pickled.

    A row has `media` (see [`~data.records.features`]) and may have a `name`, by which tables of scores find it, and an
    `original`, the path of what it is a copy of, which full-reference measures compare it with. It comes back with
    four lists of the same length: `annotators` (names), `directions` (`"higher"` or `"lower"`: which scores are
    better), `scores` (`float`, or `None` where there is none) and `reasons` (why there is none, else `None`). Each
    medium is decoded once for all annotators that look at pixels.

    Args:
        root (`str` or `Path`): folder that holds the media.
        annotators (`Mapping[str, Sequence[str]]`, *optional*): for `image` and `video` the names of annotators or the
            files of their descriptors; those of the default group for a kind that is not named.
        settings (`Mapping[str, Mapping]`, *optional*): by annotator, see
            [`~annotation.opinions.annotators.load_annotator`].
        allow_download, trust_remote_code, device: see [`~annotation.opinions.annotators.Permissions`].

    Raises:
        [`AnnotationError`]: no annotator is named for a kind, or settings for none that is asked; when rows of that
            kind come, an annotator cannot be loaded.
        [`MissingExtraError`]: likewise, a package that one needs is not installed.
    """

    def __init__(
        self,
        *,
        root: str | Path,
        annotators: Mapping[Kind, Sequence[str]] | None = None,
        settings: Mapping[str, Mapping[str, Any]] | None = None,
        allow_download: bool = False,
        trust_remote_code: bool = False,
        device: str | None = None,
    ):
        self.root, self.settings = str(root), dict(settings or {})
        self.permissions = Permissions(allow_download, trust_remote_code, device)
        self.names = {kind: default_names(kind) for kind in ("image", "video")}
        self.names |= {kind: [str(name) for name in named] for kind, named in (annotators or {}).items()}
        for kind, names in self.names.items():
            if not names or len(set(names)) < len(names):
                raise AnnotationError(f"The {kind} annotators are {names}; expected at least one, and none twice.")
        asked = {name for names in self.names.values() for name in names}
        if unknown := sorted(set(self.settings) - asked):
            raise AnnotationError(f"There are settings for {', '.join(unknown)}, which no medium is shown to.")
        self._loaded: dict[str, list[Annotator]] = {}

    def __call__(self, rows: Any) -> Any:
        """
        Score rows.

        Args:
            rows (`list[dict]`, or `dict` of columns as `datasets` and Ray give them).

        Returns:
            The same form, with [`COLUMNS`] beside what was there.
        """
        if not isinstance(rows, Mapping):
            return self.score_rows(rows)
        scored = self.score_rows(rows_of(rows))
        return {name: [row[name] for row in scored] for name in dict.fromkeys([*rows, *COLUMNS])}

    def score_rows(self, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Rows with the opinions on their media; see [`OpinionStage`]."""
        scored: list[dict[str, Any]] = [{**row, **{column: [] for column in COLUMNS}} for row in rows]
        for kind in ("image", "video"):
            chosen = [row for row in scored if row["media"]["kind"] == kind]
            for annotator, opinions in zip(*self._ask(kind, chosen), strict=True) if chosen else ():
                for row, (score, reason) in zip(chosen, opinions, strict=True):
                    named = annotator.descriptor.name, annotator.descriptor.direction, score, reason
                    for column, value in zip(COLUMNS, named, strict=True):
                        row[column].append(value)
        return scored

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_loaded": {}}  # a worker loads its own

    def _ask(self, kind: Kind, rows: list[dict[str, Any]]) -> tuple[list[Annotator], list[list[_Opinion]]]:
        """The annotators of a kind, and of each one an opinion on each row."""
        annotators, items = self._annotators(kind), [_item(row, root=self.root) for row in rows]
        on_pixels = [annotator for annotator in annotators if annotator.reads == "pixels"]
        # One medium, and its original, in memory at a time, however many rows there are.
        originals = [_original(row, root=self.root) for row in rows]
        judged = zip(items, originals, strict=True) if on_pixels else ()
        of_items = [_on_pixels(item, on_pixels, original=original) for item, original in judged]
        by_annotator = dict(zip(map(id, on_pixels), map(list, zip(*of_items, strict=True)), strict=True))
        return annotators, [by_annotator.get(id(each)) or _on_files(items, each) for each in annotators]

    def _annotators(self, kind: Kind) -> list[Annotator]:
        if kind not in self._loaded:
            loaded = [
                load_annotator(name, settings=self.settings.get(name), permissions=self.permissions)
                for name in self.names[kind]
            ]
            for annotator in loaded:
                if annotator.descriptor.kind != kind:
                    raise AnnotationError(
                        f"Annotator {annotator.descriptor.name} judges {annotator.descriptor.kind}s and is named for "
                        f"{kind}s. Name one of {', '.join(each.name for each in list_annotators(kind=kind))}."
                    )
            names = [annotator.descriptor.name for annotator in loaded]
            if len(set(names)) < len(names):
                raise AnnotationError(f"The {kind} annotators are called {', '.join(names)}; expected none twice.")
            self._loaded[kind] = loaded
        return self._loaded[kind]


def default_names(kind: Kind) -> list[str]:
    """
    The annotators that are asked unless others are named: they need neither network nor weights of their own.

    Example:

    ```python
    >>> from transformers_vital.annotation.opinions.opinions import default_names
    >>> len(default_names("image")) >= 6, len(default_names("video")) >= 6
    (True, True)

    ```
    """
    return [descriptor.name for descriptor in list_annotators(kind=kind, group="default")]


def count_failures(rows: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    """
    How often each annotator gave a score and how often not.

    Args:
        rows (iterable of `Mapping`): of [`OpinionStage`].

    Returns:
        `dict[str, dict[str, int]]`: by annotator, `scored` and `failed`.

    Example:

    ```python
    >>> from transformers_vital.annotation.opinions.opinions import count_failures
    >>> count_failures([{"annotators": ["niqe", "piqe"], "scores": [None, 31.0], "reasons": ["too small", None]}])
    {'niqe': {'scored': 0, 'failed': 1}, 'piqe': {'scored': 1, 'failed': 0}}

    ```
    """
    counts = Counter(
        (name, score is None) for row in rows for name, score in zip(row["annotators"], row["scores"], strict=True)
    )
    names = dict.fromkeys(name for name, _ in counts)
    return {name: {"scored": counts[name, False], "failed": counts[name, True]} for name in names}


def _item(row: Mapping[str, Any], *, root: str) -> MediaItem | str:
    """The medium of a row, or why there is none."""
    try:
        media = resolve_media(row["media"], root=root)
    except (ValueError, OSError) as error:
        return str(error)
    source = media["bytes"] or Path(media["path"])
    return MediaItem(media["kind"], source, str(row.get("name") or row["media"].get("path") or "<bytes>"))


def _original(row: Mapping[str, Any], *, root: str) -> MediaItem | str | None:
    """What the medium of a row is a copy of, or why it cannot be found."""
    if not row.get("original"):
        return None
    return _item({"media": {"kind": row["media"]["kind"], "path": row["original"], "bytes": None}}, root=root)


def _on_pixels(
    item: MediaItem | str, annotators: Sequence[Annotator], *, original: MediaItem | str | None
) -> list[_Opinion]:
    """The opinion of each annotator on a medium that is decoded once."""
    if isinstance(original, str):
        item = original
    if isinstance(item, MediaItem):
        item = _attempt(lambda: decoded(item, reference=original))
    return [_opinions([item], annotator)[0] for annotator in annotators]


def _on_files(items: Sequence[MediaItem | str], annotator: Annotator) -> list[_Opinion]:
    """The opinion of an annotator on each medium, on all at once where that is cheaper for it."""
    if annotator.reads == "file":
        return [_opinions([item], annotator)[0] for item in items]
    found = iter(_opinions([item for item in items if isinstance(item, MediaItem)], annotator))
    return [next(found) if isinstance(item, MediaItem) else (None, item) for item in items]


def _opinions(items: Sequence[MediaItem | str], annotator: Annotator) -> list[_Opinion]:
    if not items or isinstance(items[0], str):
        return [(None, item) for item in items]
    scores = _attempt(lambda: annotator.score(items))
    if isinstance(scores, str):
        return [(None, scores)] * len(items)
    return [(score, None) if math.isfinite(score) else (None, "It gave no score.") for score in scores]


def _attempt(ask: Callable[[], Any]) -> Any:
    """What is asked for, or the reason why not: one medium, or foreign code, ends no run. A missing package does."""
    try:
        return ask()
    except MissingExtraError:
        raise
    except Exception as error:
        return str(error) or type(error).__name__
