"""What a dataset is made of: the recipe that `transformers-vital annotate` reads."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ..errors import AnnotationError
from .copies import MOST_COPIES
from .pool.inspection import Limits
from .pool.near_duplicates import MAX_DISTANCE
from .setting_checks import check_keys, check_number, made
from .statements.statement_settings import StatementSettings


PARTS = ("originals", "copies")
MAPPINGS = ("rank", "min-max")


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """
    Settings of a build; each has a default, so that `Recipe()` needs neither network nor weights.

    Parameters that control the pool (Sec. 3.1):
        limits ([`~annotation.pool.inspection.Limits`], *optional*): defaults to those of the paper.
        near_duplicate_bits (`int`, *optional*, defaults to 4): of 64, in which the hashes of two media may differ that
            count as one.

    Parameters that control distortions:
        copies (`int`, *optional*, defaults to 1): distorted copies of each medium; 0 for none.

    Parameters that control scores (Secs. 3.1, 3.2 and 8.5):
        scored (`tuple[str, ...]`, *optional*, defaults to `("originals",)`): what annotators score: `"originals"`,
            `"copies"` or both.
        annotators (`dict[str, list[str]]`, *optional*): for `image` and `video` the names or files of descriptors; the
            default sets when left out.
        annotator_settings (`dict[str, dict]`, *optional*): by annotator, of its adapter, such as the file of a table
            of scores.
        mapping (`str`, *optional*, defaults to `"rank"`): how scores become opinions on [0, 1]: `"rank"` or
            `"min-max"` over the media of the build, or the JSON file of mappings that were fitted before, such as
            those of Eq. 6.
        min_opinions (`int`, *optional*, defaults to 2): fewer, and a medium is left out.
        pairs_per_item (`float`, *optional*, defaults to 0.5): as in Table 1 for images.

    Parameters that control statements (Sec. 3.1, Fig. 3):
        described (`tuple[str, ...]`, *optional*, defaults to `("originals",)`): as `scored`.
        statements (`"rules"` or [`~annotation.statements.statement_settings.StatementSettings`], *optional*): who
            describes; rules over the measured attributes by default; `None` for no descriptions.

    Parameters that control the build:
        test_sets (`dict[str, str]`, *optional*): name → folder of media or list of names, to look for overlap
            (Sec. 8.4).
        shard_size (`int`, *optional*, defaults to 64): media that are worked on between two writes.
        license (`str`, *optional*, defaults to `"other"`): of the media, for the card.
        seed (`int`, *optional*, defaults to 0): of every random choice.

    Raises:
        [`AnnotationError`]: a value cannot be used.
    """

    limits: Limits = field(default_factory=Limits)
    near_duplicate_bits: int = MAX_DISTANCE
    copies: int = 1
    scored: tuple[str, ...] = ("originals",)
    annotators: dict[str, list[str]] = field(default_factory=dict)
    annotator_settings: dict[str, dict[str, Any]] = field(default_factory=dict)
    mapping: str = "rank"
    min_opinions: int = 2
    pairs_per_item: float = 0.5
    described: tuple[str, ...] = ("originals",)
    statements: str | StatementSettings | None = "rules"
    test_sets: dict[str, str] = field(default_factory=dict)
    shard_size: int = 64
    license: str = "other"
    seed: int = 0

    def __post_init__(self):
        for name, at_least in (("copies", 0), ("min_opinions", 1), ("shard_size", 1), ("seed", 0)):
            check_number(name, getattr(self, name), at_least=at_least, whole=True)
        if self.copies > MOST_COPIES:
            raise AnnotationError(f"copies is {self.copies}; expected at most {MOST_COPIES}, one of each type.")
        check_number("pairs_per_item", self.pairs_per_item, at_least=0)
        for name in ("scored", "described"):
            parts = getattr(self, name)
            if not isinstance(parts, list | tuple) or not set(parts) <= set(PARTS):
                raise AnnotationError(f"{name} is {parts!r}; expected a list of {' and '.join(PARTS)}.")
            if "copies" in parts and not self.copies:
                raise AnnotationError(f"{name} names copies, but copies is 0. Make some, or leave it out.")
            object.__setattr__(self, name, tuple(part for part in PARTS if part in parts))
        if self.mapping not in MAPPINGS and Path(str(self.mapping)).suffix != ".json":
            raise AnnotationError(f"mapping is {self.mapping!r}; expected {', '.join(MAPPINGS)}, or a .json file.")
        if isinstance(self.statements, str) and self.statements != "rules":
            raise AnnotationError(f"statements is {self.statements!r}; expected rules, or a mapping with models.")
        for name in ("annotators", "annotator_settings", "test_sets"):
            if not isinstance(getattr(self, name), Mapping):
                raise AnnotationError(f"{name} is {getattr(self, name)!r}; expected a mapping.")
        if not set(self.annotators) <= {"image", "video"}:
            raise AnnotationError(f"annotators has the keys {', '.join(self.annotators)}; expected image and video.")

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Recipe":
        """
        A recipe from what YAML gives.

        Raises:
            [`AnnotationError`]: a key is unknown, or a value cannot be used; the message names it.

        Example:

        ```python
        >>> from transformers_vital.annotation.recipe import Recipe
        >>> Recipe.from_dict({"limits": {"seconds": [2, 10]}, "copies": 2}).limits.seconds
        (2, 10)
        >>> try:
        ...     Recipe.from_dict({"copys": 2})
        ... except ValueError as error:
        ...     print(error)
        recipe: unknown key copys (did you mean copies?).

        ```
        """
        check_keys(cls, values, where="recipe")
        own = dict(values)
        if "limits" in own:
            check_keys(Limits, own["limits"], where="recipe.limits")
            own["limits"] = made(Limits, own["limits"], where="recipe.limits")
        if isinstance(own.get("statements"), Mapping):
            own["statements"] = StatementSettings.from_dict(own["statements"])
        return made(cls, own, where="recipe")

    @classmethod
    def read(cls, path: str | Path) -> "Recipe":
        """
        The recipe in a YAML file; an empty file has the defaults.

        Raises:
            [`AnnotationError`]: it cannot be read; see [`from_dict`].
        """
        import yaml

        try:
            values = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
        except (OSError, ValueError, yaml.YAMLError) as error:
            raise AnnotationError(f"The recipe {path} cannot be read ({error}). Name a YAML file.") from error
        return cls.from_dict({} if values is None else values)

    def to_dict(self) -> dict[str, Any]:
        """JSON values, as reports and cards show them. Keys of services are not among the settings."""
        return asdict(self)
