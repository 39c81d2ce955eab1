"""A folder to the Hub, once it is known to be whole and to hold nothing of others."""

import copy
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from pathlib import Path

import yaml
from huggingface_hub import HfApi, RepoCard
from huggingface_hub.errors import HfHubHTTPError, HTTPError, OfflineModeIsEnabled
from huggingface_hub.utils import HFValidationError, validate_repo_id

from ..annotation.shards import iterate_shard, shard_files
from ..data.tables import GROUPS, readable_record
from ..errors import OutputError, RecordError, VitalError
from .card_file import CARD, is_unchanged
from .dataset_card import shown_bytes
from .published_files import PATTERNS, published_files
from .training_record import can_be_on_hub


SHOWN_LEFT_OUT = 10  # names in a printed plan; a build leaves thousands of files


@dataclass(frozen=True)
class PushPlan:
    """
    What is, or would be, created on the Hub.

    Args:
        repo_id (`str`): name of the repository.
        repo_type (`str`): `"dataset"` or `"model"`.
        private (`bool`): whether others can see it.
        files (`tuple[tuple[str, int], ...]`): names in the repository and bytes.
        left_out (`tuple[str, ...]`): names of the files of the folder that stay on this machine.
        url (`str`, *optional*): of the commit; `None` where nothing was sent.
    """

    repo_id: str
    repo_type: str
    private: bool
    files: tuple[tuple[str, int], ...]
    left_out: tuple[str, ...] = ()
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
        lines += [f"{shown_bytes(size):>10}  {name}" for name, size in self.files]
        lines += [f"{'stays here':>10}  {name}" for name in self.left_out[:SHOWN_LEFT_OUT]]
        if further := len(self.left_out[SHOWN_LEFT_OUT:]):
            lines.append(f"{'stays here':>10}  and {further:,} more")
        return "\n".join(lines)


def push_folder(
    folder: str | Path,
    repo_id: str,
    *,
    repo_type: str = "dataset",
    private: bool = True,
    overwrite_card: bool = False,
    dry_run: bool = False,
    api: HfApi | None = None,
) -> PushPlan:
    """
    Upload a folder with its card.

    Everything is checked before the first request: the card and, of a dataset, the shards that it names, every record
    and its media. Of a model, weights go as safetensors only. The upload is that of `HfApi.upload_folder`, which sends
    large folders in several commits and goes on where it was interrupted. Stages of a build, states of a trainer,
    unfinished and hidden files stay here.

    Args:
        folder (`str` or `Path`): of a dataset, built or published, or of a model.
        repo_id (`str`): such as `"name/dataset"`.
        repo_type (`str`, *optional*, defaults to `"dataset"`): or `"model"`.
        private (`bool`, *optional*, defaults to `True`): of a repository that is made. One that exists keeps its
            setting; if it is public and `private` is set, nothing is sent.
        overwrite_card (`bool`, *optional*, defaults to `False`): replace a card of the repository that a person wrote
            or changed; otherwise nothing is sent.
        dry_run (`bool`, *optional*, defaults to `False`): check and list everything, and ask no server.
        api (`HfApi`, *optional*): for another endpoint or token.

    Returns:
        [`PushPlan`]

    Raises:
        [`OutputError`]: there is no card, or its configurations and the shards do not fit; the name or type is none of
            the Hub's; adapters name a folder of this machine as their base; the repository is public or has a card of
            a person; the server refuses.
        [`CheckpointError`]: a model has no weights as safetensors.
        [`RecordError`]: a record is not what its type needs, or its medium is missing or outside the folder `media`.
        [`MediaInputError`]: a link leads out of the folder.
    """
    folder = Path(folder)
    _check_target(repo_id, repo_type=repo_type)
    names, left_out = published_files(folder, repo_type=repo_type)
    card = _card(folder)
    if repo_type == "dataset":
        shards = shard_files(folder)
        _check_configurations(card, folder=folder, shards=shards)
        _check_records(shards, root=folder / "media")
    else:
        _check_base_of_adapters(folder)
    files = tuple((name, (folder / name).stat().st_size) for name in names)
    plan = PushPlan(repo_id, repo_type, private, files, tuple(left_out))
    if dry_run:
        return plan
    try:
        return _send(folder, plan, api=api or HfApi(), overwrite_card=overwrite_card)
    except (HfHubHTTPError, HTTPError, OfflineModeIsEnabled) as error:
        reason = str(error).partition("\n")[0]
        raise OutputError(
            f"{folder} could not be sent to {repo_id}: {reason}. Log in with `hf auth login`, check the name and the "
            "network, and run the same command again; what was sent is not sent again."
        ) from error


def _send(folder: Path, plan: PushPlan, *, api: HfApi, overwrite_card: bool) -> PushPlan:
    repository = {"repo_id": plan.repo_id, "repo_type": plan.repo_type}
    api.create_repo(**repository, private=plan.private, exist_ok=True)
    is_private = bool(api.repo_info(**repository).private)
    if plan.private and not is_private:
        raise OutputError(
            f"The {plan.repo_type} {plan.repo_id} exists and is public; expected a private one. Nothing was sent. "
            "Pass private=False (--public), or another name."
        )
    if not overwrite_card and api.file_exists(**repository, filename=CARD):
        theirs = Path(api.hf_hub_download(**repository, filename=CARD))
        if theirs.read_bytes() != (folder / CARD).read_bytes() and not is_unchanged(theirs):
            raise OutputError(
                f"The {CARD} of {plan.repo_id} was written or changed by a person and is not that of {folder}. "
                "Nothing was sent. Copy what is worth keeping, then pass overwrite_card=True (--overwrite-readme)."
            )
    commit = api.upload_folder(
        **repository,
        folder_path=folder,
        **copy.deepcopy(PATTERNS[plan.repo_type]),  # the Hub's library adds to these lists
        commit_message="Upload with transformers_vital",
    )
    return replace(plan, private=is_private, url=commit.commit_url)


def _check_target(repo_id: str, *, repo_type: str) -> None:
    if repo_type not in PATTERNS:
        raise OutputError(f"repo_type is {repo_type!r}; expected {' or '.join(PATTERNS)}.")
    try:
        validate_repo_id(repo_id)
    except HFValidationError as error:
        raise OutputError(
            f"{repo_id!r} is no name of the Hub ({error}). Expected one such as name/dataset."
        ) from error


def _card(folder: Path) -> RepoCard:
    path = folder / CARD
    if not path.is_file():
        raise OutputError(
            f"{folder} has no card; expected {CARD}. Write one: transformers-vital card {folder} --license LICENCE, "
            "for a dataset hub.dataset_card."
        )
    try:
        return RepoCard.load(path)
    except (ValueError, yaml.YAMLError) as error:
        raise OutputError(f"The metadata of {path} cannot be read ({error}). Correct it, or write it anew.") from error


def _check_base_of_adapters(folder: Path) -> None:
    path = folder / "adapter_config.json"
    if not path.is_file():
        return
    base = json.loads(path.read_text(encoding="utf-8")).get("base_model_name_or_path")
    if base and not can_be_on_hub(base):
        raise OutputError(
            f"{path} names {base} as the base model, a folder of this machine, which nobody else has. Push the base "
            "model first, and write its name on the Hub there."
        )


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
