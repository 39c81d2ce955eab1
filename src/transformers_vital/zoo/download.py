"""Checkpoints as folders: of the zoo, of the Hub, or already here."""

from pathlib import Path

from huggingface_hub import snapshot_download
from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError, OfflineModeIsEnabled

from ..errors import CheckpointError
from ..scoring.default_model import DEFAULT_MODEL, default_model_folder
from .registry import weights_repository, zoo_models


# Weights as safetensors, settings and tokenizers: no code and, unless asked for, no pickles.
DATA_FILES = ("*.safetensors", "*.json", "*.jinja", "*.txt", "*.model", "README.md", "LICENSE*")
PICKLES = ("pytorch_model*.bin",)


def checkpoint_folder(
    name: str | Path, *, output: str | Path | None = None, revision: str | None = None, allow_pickle: bool = False
) -> Path:
    """
    The folder of a checkpoint, downloaded where it is not here yet; a download that was stopped goes on.

    Args:
        name (`str` or `Path`): a folder, a name of the zoo, or one on the Hub; the first that there is.
        output (`str` or `Path`, *optional*): where to download to; the cache of the Hub when left out.
        revision (`str`, *optional*): branch, tag or commit on the Hub; the newest when left out.
        allow_pickle (`bool`, *optional*, defaults to `False`): fetch `pytorch_model.bin` too.

    Returns:
        `Path`

    Raises:
        [`CheckpointError`]: there is none of that name, its weights are not published, or the Hub cannot be reached.
    """
    if Path(name).expanduser().is_dir():
        return Path(name).expanduser()
    name = str(name)
    if name == DEFAULT_MODEL and output is None:
        return default_model_folder()
    repository = weights_repository(name) if name in zoo_models() else name
    where = repository if repository == name else f"{name}, on the Hub {repository},"
    patterns = [*DATA_FILES, *(PICKLES if allow_pickle else ())]
    try:
        return Path(snapshot_download(repository, revision=revision, local_dir=output, allow_patterns=patterns))
    except HFValidationError as error:
        raise CheckpointError(
            f"{name} is neither a folder, nor a model of the zoo, nor a name that the Hub can have. Names of the zoo: "
            "transformers-vital zoo list"
        ) from error
    except (LocalEntryNotFoundError, OfflineModeIsEnabled) as error:
        raise CheckpointError(
            f"{where} is not in the cache of this machine, and the Hub cannot be reached. Where there is a network: "
            f"transformers-vital zoo download {name} -o FOLDER. Then pass the folder instead of the name."
        ) from error
    except OSError as error:  # those of the Hub too, such as of a repository that is not there
        raise CheckpointError(f"{where} cannot be downloaded: {error}") from error
