"""A checkpoint with its own code, which loads by `trust_remote_code=True` where this package is not installed."""

import json
import re
import shutil
from pathlib import Path

from .. import __version__
from ..errors import CheckpointError, OutputError
from .published_files import published_files


CONFIG_FILE, PROCESSOR_FILE = "config.json", "processor_config.json"
AUTO_CLASSES = {
    "vital": {
        "AutoConfig": "configuration_vital.VitalConfig",
        "AutoModel": "modeling_vital.VitalModel",
        "AutoModelForImageTextToText": "modeling_vital.VitalForConditionalGeneration",
        "AutoModelForMultimodalLM": "modeling_vital.VitalForConditionalGeneration",
    },
    "vital_vision_encoder": {
        "AutoConfig": "configuration_vital.VitalVisionEncoderConfig",
        "AutoModel": "modeling_vital_encoder.VitalVisionEncoder",
    },
    "vital_probe": {
        "AutoConfig": "configuration_vital_probe.VitalProbeConfig",
        "AutoModel": "modeling_vital_probe.VitalForQualityProbe",
    },
}
PROCESSOR_CLASS = {"AutoProcessor": "processing_vital.VitalProcessor"}
PROCESSOR_PARTS = {
    "image_processor": {"AutoImageProcessor": "image_processing_vital.VitalImageProcessor"},
    "video_processor": {"AutoVideoProcessor": "video_processing_vital.VitalVideoProcessor"},
}
HEADER = (
    "# Part of transformers_vital {version}, which needs no trust_remote_code. SPDX-License-Identifier: Apache-2.0\n"
)
_PACKAGE = Path(__file__).resolve().parents[1]
_PLACES = [_PACKAGE / "models" / "vital", _PACKAGE / "media", _PACKAGE]
# transformers copies flat files that name each other as `.name`
_IMPORT = re.compile(r"^( *from )(?:transformers_vital\.media\.|\.{1,2})(\w+)( import )", flags=re.MULTILINE)


def export_remote_code(checkpoint: str | Path, folder: str | Path) -> list[str]:
    """
    Write a checkpoint with the code of its model, its processor and the readers of media.

    `AutoModelForImageTextToText.from_pretrained(folder, trust_remote_code=True)` and `AutoProcessor` of the copy need
    torch, torchvision and transformers, and `av` to read videos. With this package installed, it loads without
    `trust_remote_code` too.

    Args:
        checkpoint (`str` or `Path`): folder of a model, a vision encoder or a probe in the format of this library.
        folder (`str` or `Path`): a new one, or an empty one.

    Returns:
        `list[str]`: names of the files written.

    Raises:
        [`CheckpointError`]: the first is no such folder, or has no safetensors.
        [`OutputError`]: the second holds something.
    """
    checkpoint, folder = Path(checkpoint), Path(folder)
    if not (checkpoint / CONFIG_FILE).is_file():
        raise CheckpointError(f"{checkpoint} has no {CONFIG_FILE}. Expected the folder of a VITAL checkpoint.")
    config = json.loads((checkpoint / CONFIG_FILE).read_text(encoding="utf-8"))
    model_type = config.get("model_type")
    if model_type not in AUTO_CLASSES:
        raise CheckpointError(
            f"{checkpoint} is of type {model_type}; expected {', '.join(AUTO_CLASSES)}. Other formats can be "
            f"converted: transformers-vital convert {checkpoint} -o FOLDER"
        )
    names, _ = published_files(checkpoint, repo_type="model")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise OutputError(f"{folder} exists and is no empty folder. Name a new one with -o.")
    folder.mkdir(parents=True, exist_ok=True)
    has_processor = PROCESSOR_FILE in names
    code = _code([*AUTO_CLASSES[model_type].values(), *(PROCESSOR_CLASS.values() if has_processor else [])])
    for name in names:
        if name not in code:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(checkpoint / name, folder / name)
    for name, text in code.items():
        (folder / name).write_text(text, encoding="utf-8")
    _write_json(folder / CONFIG_FILE, {**config, "auto_map": AUTO_CLASSES[model_type]})
    if has_processor:
        settings = json.loads((checkpoint / PROCESSOR_FILE).read_text(encoding="utf-8"))
        for part, auto_map in PROCESSOR_PARTS.items():
            settings[part]["auto_map"] = auto_map
        _write_json(folder / PROCESSOR_FILE, {**settings, "auto_map": PROCESSOR_CLASS})
    return sorted({*names, *code})


def _write_json(path: Path, settings: dict) -> None:
    path.write_text(json.dumps(settings, indent=2, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")


def _code(references: list[str]) -> dict[str, str]:
    """The files of these classes and of all that they import of this package, by name, as one flat folder."""
    found, wanted = {}, {reference.split(".")[0] for reference in references}
    while wanted:
        module = wanted.pop()
        (source,) = [place / f"{module}.py" for place in _PLACES if (place / f"{module}.py").is_file()]
        text = source.read_text(encoding="utf-8")
        found[source.name] = HEADER.format(version=__version__) + _IMPORT.sub(r"\1.\2\3", text)
        wanted |= {name for _, name, _ in _IMPORT.findall(text) if f"{name}.py" not in found}
    return found
