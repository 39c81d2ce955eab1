"""Scores media with a VITAL checkpoint: the one path that the library, the pipeline and the command line share."""

import hashlib
import json
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm
from transformers.feature_extraction_utils import BatchFeature

from .. import __version__
from ..calibration import Calibration
from ..errors import CheckpointError, VitalError
from ..media.image import load_image
from ..media.inputs import Frames, MediaItem, expand_media, open_source
from ..models.vital.modeling_vital import VitalForConditionalGeneration, VitalLevelOutput
from ..models.vital.processing_vital import VitalProcessor
from ..results import Fingerprint, QualityScore
from .default_model import DEFAULT_MODEL, default_model_folder


@dataclass(frozen=True)
class PreparedItem:
    """A decoded medium, or why it could not be decoded."""

    kind: str
    content: Any
    seconds: float
    error: Exception | None = None


class VitalScorer:
    """
    Scores photographs and clips.

    Args:
        model ([`VitalForConditionalGeneration`]): on its device, in its type.
        processor ([`VitalProcessor`]): its settings decide on tiles, frames and prompts.
        name (`str`, *optional*): of the model, for the fingerprint.
        calibration ([`Calibration`], *optional*): fills `calibrated_mos` of the results.

    Example:

    ```python
    >>> from transformers_vital import VitalScorer
    >>> scorer = VitalScorer.from_pretrained()  # vital-tiny
    >>> result = scorer.score("examples/media")[0]
    >>> 0 <= result.score <= 1, round(sum(result.level_probabilities), 6)
    (True, 1.0)

    ```
    """

    model_class = VitalForConditionalGeneration
    processor_class = VitalProcessor

    def __init__(
        self,
        model: VitalForConditionalGeneration,
        processor: VitalProcessor,
        *,
        name: str | None = None,
        calibration: Calibration | None = None,
    ):
        self._check_pair(model, processor)
        self.model = model.eval()
        self.processor = processor
        self.calibration = calibration
        self.name = name or model.name_or_path or "unnamed"
        self._fingerprint: Fingerprint | None = None

    @classmethod
    def from_pretrained(
        cls,
        model: str | Path | None = None,
        *,
        device: str | torch.device | None = None,
        dtype: str | torch.dtype | None = None,
        calibration: Calibration | None = None,
        allow_pickle: bool = False,
        **kwargs: Any,
    ) -> "VitalScorer":
        """
        Load a checkpoint: ours, the authors' release, or an InternVL3 `-hf` one.

        Args:
            model (`str` or `Path`, *optional*): Hub name or folder; `vital-tiny`, which needs no download, when left
                out.
            device (`str`, *optional*): CUDA when there is one, else the CPU.
            dtype (`str` or `torch.dtype`, *optional*): float32 on the CPU, the checkpoint's own elsewhere.
            calibration ([`Calibration`], *optional*): see the class.
            allow_pickle (`bool`, *optional*, defaults to `False`): also read `pytorch_model.bin`, as weights only.
            **kwargs: passed to `from_pretrained` of the model, such as `revision`, `device_map`,
                `quantization_config` or `attn_implementation`.

        Raises:
            [`CheckpointError`]: there is no usable checkpoint of that name.
        """
        name = str(model or DEFAULT_MODEL)
        source = default_model_folder() if name == DEFAULT_MODEL and not Path(name).is_dir() else name
        if (name.startswith(("/", ".", "~")) or name.count("/") > 1) and not Path(name).is_dir():
            raise CheckpointError(f"There is no folder {name}. Expected one with a VITAL checkpoint, or a Hub name.")
        device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        if dtype is None:
            dtype = torch.float32 if device.type == "cpu" else "auto"
        hub = {key: kwargs[key] for key in ("revision", "token", "cache_dir", "local_files_only") if key in kwargs}
        try:
            processor = cls.processor_class.from_pretrained(source, **hub)
            weights = cls.model_class.from_pretrained(
                source, dtype=dtype, use_safetensors=None if allow_pickle else True, **kwargs
            )
        except (OSError, ValueError) as error:
            raise CheckpointError(
                f"{name} cannot be loaded: {error} Expected a folder with a VITAL checkpoint or its name on the Hub."
            ) from error
        if "device_map" not in kwargs and "quantization_config" not in kwargs:
            weights = weights.to(device)
        return cls(weights, processor, name=name, calibration=calibration)

    @staticmethod
    def _check_pair(model: VitalForConditionalGeneration, processor: VitalProcessor) -> None:
        level_ids = processor.level_token_ids
        if model.config.level_token_ids is None:
            model.config.level_token_ids = level_ids
        if list(model.config.level_token_ids) != level_ids:
            raise CheckpointError(
                f"The model reads the level words at ids {list(model.config.level_token_ids)}, the tokenizer has them "
                f"at {level_ids}. Load model and processor from one checkpoint."
            )

    @property
    def fingerprint(self) -> Fingerprint:
        """What the numbers depend on; the weight hash of a local folder is computed at the first look."""
        if self._fingerprint is None:
            settings = {**self.processor.to_dict(), "chat_template": getattr(self.processor, "chat_template", None)}
            self._fingerprint = Fingerprint(
                model=self.name,
                revision=getattr(self.model.config, "_commit_hash", None),
                weight_hash=weight_hash(self.model.name_or_path),
                dtype=str(self.model.dtype).removeprefix("torch."),
                sampling=self.processor.video_processor.frame_sampling,
                processor=hashlib.sha256(json.dumps(settings, sort_keys=True, default=str).encode()).hexdigest()[:16],
                package_version=__version__,
            )
        return self._fingerprint

    def score(
        self,
        media: Any,
        *,
        batch_size: int = 1,
        kind: str | None = None,
        allow_network: bool = False,
        level_mass: bool = False,
        progress: bool = False,
    ) -> QualityScore | list[QualityScore]:
        """
        Score one medium or many.

        Args:
            media: a path, `Path`, URL, bytes, binary file, PIL image, array, `Frames`, `datasets` row, folder, glob,
                or a list of them; see [`~transformers_vital.media.inputs.expand_media`].
            batch_size (`int`, *optional*, defaults to 1): media per forward pass; changes no score.
            kind (`str`, *optional*): `"image"` or `"video"` to overrule what the input looks like.
            allow_network (`bool`, *optional*, defaults to `False`): permit URLs.
            level_mass (`bool`, *optional*, defaults to `False`): also report the probability that the five level
                words take of the whole vocabulary.
            progress (`bool`, *optional*, defaults to `False`): show a bar on stderr.

        Returns:
            One [`QualityScore`] for one medium; a list, in order, for a list, folder or glob. In a list, a medium
            that cannot be read is a result with its `error`.

        Raises:
            [`VitalError`]: a single medium cannot be read, or an input is none at all.
        """
        items = expand_media(media, kind=kind, allow_network=allow_network)
        results = self.iter_scores(items, batch_size=batch_size, level_mass=level_mass)
        results = list(tqdm(results, total=len(items), unit="file", disable=not progress))
        if _is_many(media):
            return results
        if results[0].error is not None:
            raise next(self._prepare(item) for item in items).error or VitalError(results[0].error)
        return results[0]

    def iter_scores(
        self, items: Iterable[MediaItem], *, batch_size: int = 1, level_mass: bool = False
    ) -> Iterator[QualityScore]:
        """
        Score items in order, each result as soon as its batch is done; the next batch is decoded meanwhile.

        Args:
            items (`Iterable[MediaItem]`): from [`~transformers_vital.media.inputs.expand_media`].
            batch_size (`int`, *optional*, defaults to 1): media per forward pass.
            level_mass (`bool`, *optional*, defaults to `False`): see [`score`].

        Yields:
            [`QualityScore`] per item; those that cannot be read carry an `error`.
        """
        if batch_size < 1:
            raise CheckpointError(f"batch_size is {batch_size}; expected at least 1.")
        batches = _batches(items, batch_size)
        with ThreadPoolExecutor(max_workers=1) as decoder:
            ahead = decoder.submit(self._prepare_next, batches)
            while prepared := ahead.result():
                ahead = decoder.submit(self._prepare_next, batches)
                yield from self._score_prepared(prepared, level_mass=level_mass)

    def _prepare_next(self, batches: Iterator[list[MediaItem]]) -> list[PreparedItem]:
        return [self._prepare(item) for item in next(batches, [])]

    def _prepare(self, item: MediaItem) -> PreparedItem:
        start = time.perf_counter()
        try:
            source = open_source(item)
            if item.kind == "image":
                images = self.processor.image_processor
                content = load_image(source, apply_exif=images.apply_exif, alpha=images.alpha)
            else:
                content = self.processor.video_processor.sample(source, frame_rate=item.fps)
        except (VitalError, ValueError, OSError, MemoryError) as error:
            return PreparedItem(item.kind, None, time.perf_counter() - start, error)
        return PreparedItem(item.kind, content, time.perf_counter() - start)

    def _score_prepared(self, batch: list[PreparedItem], *, level_mass: bool) -> list[QualityScore]:
        results = [
            QualityScore.failed(str(item.error), fingerprint=self.fingerprint, seconds=item.seconds)
            if item.error is not None
            else None
            for item in batch
        ]
        for kind in ("image", "video"):
            places = [place for place, item in enumerate(batch) if item.error is None and item.kind == kind]
            if not places:
                continue
            start = time.perf_counter()
            inputs = self.processor.prepare_scoring(**{f"{kind}s": [batch[place].content for place in places]})
            output = self._level_logits(inputs.to(self.model.device), level_mass=level_mass)
            levels = output.level_logits.double().cpu().tolist()
            masses = output.level_mass.tolist() if level_mass else [None] * len(places)
            share = (time.perf_counter() - start) / len(places)
            for place, logits, mass in zip(places, levels, masses, strict=True):
                results[place] = QualityScore.from_level_logits(
                    logits,
                    level_mass=mass,
                    calibration=self.calibration,
                    fingerprint=self.fingerprint,
                    seconds=batch[place].seconds + share,
                )
        return results

    def _level_logits(self, inputs: BatchFeature, *, level_mass: bool) -> VitalLevelOutput:
        return self.model.level_logits(**inputs, level_mass=level_mass)


def _batches(items: Iterable[MediaItem], size: int) -> Iterator[list[MediaItem]]:
    batch = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def _is_many(media: Any) -> bool:
    if isinstance(media, (str, Path)):
        return Path(media).is_dir() or (not Path(media).exists() and any(sign in str(media) for sign in "*?["))
    return isinstance(media, (list, tuple)) and not isinstance(media, Frames)


def weight_hash(folder: str | Path) -> str | None:
    """
    SHA-256 of the safetensors files of a local checkpoint, 16 hexadecimal digits; a Hub revision says as much.

    Args:
        folder (`str` or `Path`): of the checkpoint; `None` comes of one without such files, and of any other name.
    """
    files = sorted(Path(folder).glob("*.safetensors")) if Path(folder).is_dir() else []
    if not files:
        return None
    digest = hashlib.sha256()
    for path in files:
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:16]
