"""A folder to the Hub, once it is known to be whole and to hold nothing of others."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

import yaml
from huggingface_hub import HfApi, RepoCard
from huggingface_hub.utils import HFValidationError, filter_repo_objects, validate_repo_id

from ..annotation.shards import iterate_shard, shard_files
from ..data.tables import GROUPS, readable_record
from ..errors import MediaInputError, OutputError, RecordError, VitalError
from .dataset_card import CARD, OTHER_CARD, shown_bytes


REPO_TYPES = ("dataset", "model")
# Stages of a build, unfinished files, a card that waits for a person, and hidden files.
LEFT_OUT = ("build/*", "*.tmp", OTHER_CARD, ".*", "*/.*")


@dataclass(frozen=True)
class PushPlan:
    """
    What is, or would be, created on the Hub.

    Args:
        repo_id (`str`): name of the repository.
        repo_type (`str`): `"dataset"` or `"model"`.
        private (`bool`): whether others can see it.
        files (`tuple[tuple[str, int], ...]`): names in the repository and bytes.
        url (`str`, *optional*): of the commit; `None` where nothing was sent.
    """

    repo_id: str
    repo_type: str
    private: bool
    files: tuple[tuple[str, int], ...]
    url: str | None = None

    @property
    def num_bytes(self) -> int:
        """Of all files."""
        return sum(size for _, size in self.files)

    def __str__(self) -> str:
        done = f"Pushed to {self.url}" if self.url else "Would create or update, nothing was sent"
        visibility = "private" if self.private else "public"
        total = f"{len(self.files)} files, {shown_bytes(self.num_bytes)}"
        lines = [f"{done}: {visibility} {self.repo_type} {self.repo_id}, {total}"]
        return "\n".join([*lines, *(f"{shown_bytes(size):>10}  {name}" for name, size in self.files)])


def push_folder(
    folder: str | Path,
    repo_id: str,
    *,
    repo_type: str = "dataset",
    private: bool = True,
    dry_run: bool = False,
    api: HfApi | None = None,
) -> PushPlan:
    """
    Upload a folder with its card.

    Everything is checked before the first request: the card and, of a dataset, the shards that it names, every record
    and its media. The upload is that of `HfApi.upload_folder`, which sends large folders in several commits and goes
    on where it was interrupted. The folders of a build's stages, unfinished and hidden files stay here.

    Args:
        folder (`str` or `Path`): of a dataset, built or published, or of a model.
        repo_id (`str`): such as `"name/dataset"`.
        repo_type (`str`, *optional*, defaults to `"dataset"`): or `"model"`.
        private (`bool`, *optional*, defaults to `True`): of a repository that is made. One that exists keeps its
            setting; if it is public and `private` is set, nothing is sent.
        dry_run (`bool`, *optional*, defaults to `False`): check and list everything, and ask no server.
        api (`HfApi`, *optional*): for another endpoint or token.

    Returns:
        [`PushPlan`]

    Raises:
        [`OutputError`]: there is no card, or its configurations and the shards do not fit; the name or type is none of
            the Hub's; the repository is public.
        [`RecordError`]: a record is not what its type needs, or its medium is missing or outside the folder `media`.
        [`MediaInputError`]: a link leads out of the folder.
    """
    folder = Path(folder)
    _check_target(repo_id, repo_type=repo_type)
    names = _names(folder)
    card = _card(folder)
    if repo_type == "dataset":
        shards = shard_files(folder)
        _check_configurations(card, folder=folder, shards=shards)
        _check_records(shards, root=folder / "media")
    files = tuple((name, (folder / name).stat().st_size) for name in names)
    plan = PushPlan(repo_id, repo_type, private, files)
    if dry_run:
        return plan
    api = api or HfApi()
    api.create_repo(repo_id, repo_type=repo_type, private=private, exist_ok=True)
    is_private = bool(api.repo_info(repo_id, repo_type=repo_type).private)
    if private and not is_private:
        raise OutputError(
            f"The {repo_type} {repo_id} exists and is public; expected a private one. Nothing was sent. Pass "
            "private=False, or another name."
        )
    commit = api.upload_folder(
        repo_id=repo_id,
        repo_type=repo_type,
        folder_path=folder,
        ignore_patterns=list(LEFT_OUT),
        commit_message="Upload with transformers_vital",
    )
    return PushPlan(repo_id, repo_type, is_private, files, url=commit.commit_url)


def _check_target(repo_id: str, *, repo_type: str) -> None:
    if repo_type not in REPO_TYPES:
        raise OutputError(f"repo_type is {repo_type!r}; expected {' or '.join(REPO_TYPES)}.")
    try:
        validate_repo_id(repo_id)
    except HFValidationError as error:
        raise OutputError(
            f"{repo_id!r} is no name of the Hub ({error}). Expected one such as name/dataset."
        ) from error


def _names(folder: Path) -> list[str]:
    """What is uploaded, with / in the names; a link is followed only to where it stays inside."""
    found = []
    for parent, folders, files in os.walk(folder):
        links = [name for name in folders if Path(parent, name).is_symlink()]
        found += [Path(parent, name).relative_to(folder).as_posix() for name in (*files, *links)]
    names = sorted(filter_repo_objects(found, ignore_patterns=list(LEFT_OUT)))
    for name in names:
        if not (path := (folder / name).resolve()).is_relative_to(folder.resolve()):
            raise MediaInputError(f"{folder / name} is a link to {path}, outside {folder}. Remove or copy it.")
    return [name for name in names if (folder / name).is_file()]


def _card(folder: Path) -> RepoCard:
    path = folder / CARD
    if not path.is_file():
        raise OutputError(f"{folder} has no card; expected {CARD}. Write one with hub.dataset_card.write_card.")
    try:
        return RepoCard.load(path)
    except (ValueError, yaml.YAMLError) as error:
        raise OutputError(f"The metadata of {path} cannot be read ({error}). Correct it, or write it anew.") from error


def _check_configurations(card: RepoCard, *, folder: Path, shards: Mapping[str, Sequence[Path]]) -> None:
    """Every pattern of the card fits a shard, and every shard a pattern."""
    from datasets.data_files import sanitize_patterns

    configurations = card.data.to_dict().get("configs") or []
    by_split = [sanitize_patterns(one["data_files"]) for one in configurations if one.get("data_files")]
    patterns = {pattern for splits in by_split for listed in splits.values() for pattern in listed}
    names = [path.relative_to(folder).as_posix() for files in shards.values() for path in files]
    if unfit := sorted(pattern for pattern in patterns if not any(fnmatch(name, pattern) for name in names)):
        raise OutputError(f"{folder / CARD} names {unfit[0]}, which no shard fits. Remove the card and write it anew.")
    if unnamed := [name for name in names if not any(fnmatch(name, pattern) for pattern in patterns)]:
        raise OutputError(
            f"{folder / CARD} has no configuration with {unnamed[0]}, so it could not be loaded. Remove the card and "
            "write it anew, or name the shard under configs."
        )


def _check_records(shards: Mapping[str, Sequence[Path]], *, root: Path) -> None:
    for subset, files in shards.items():
        for path in files:
            for row, record in enumerate(iterate_shard(path)):
                try:
                    readable_record(record, record_type=GROUPS[subset.split("_")[1]], root=root)
                except VitalError as error:
                    raise RecordError(f"{path}, row {row}: {error}") from error
