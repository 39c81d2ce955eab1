"""Records to model inputs: decoded media, prompts of vision tokens only, and which tokens are the target."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from ..distributions import pmod_from_moments
from ..errors import RecordError
from ..levels import LEVELS, level_of
from ..media.image import load_image
from ..media.inputs import expand_media, open_source
from .records import resolve_media


TASKS = ("distribution", "pair", "distortion", "description", "instruction")


@dataclass(frozen=True)
class EncodedSequence:
    """
    One prompt with its target.

    Args:
        input_ids (`torch.Tensor` of shape `(length,)`): both.
        target_places (`torch.Tensor` of shape `(targets,)`): places of the supervised tokens, the level excepted.
        level_place (`int`, *optional*): place of the level word.
        level_probabilities (`tuple[float, ...]`, *optional*): of high, good, fair, poor and low.
        pixels (`dict[str, torch.Tensor]`): what the processors made of the media; uint8.
    """

    input_ids: torch.Tensor
    target_places: torch.Tensor
    level_place: int | None = None
    level_probabilities: tuple[float, ...] | None = None
    pixels: dict[str, torch.Tensor] = field(default_factory=dict)


@dataclass(frozen=True)
class EncodedRecord:
    """
    A record as its sequences: two of a pair, one of all others.

    Args:
        task (`str`): one of [`TASKS`].
        sequences (`tuple[EncodedSequence, ...]`): `a` before `b`.
        preference (`float`, *optional*): of a pair.
    """

    task: str
    sequences: tuple[EncodedSequence, ...]
    preference: float | None = None


@dataclass(frozen=True)
class Group:
    """
    What one device takes at a time.

    Args:
        records (`tuple[EncodedRecord, ...]`): singles up to the group size, or one pair.
        num_replaced (`int`): unreadable records that others stand for.
    """

    records: tuple[EncodedRecord, ...]
    num_replaced: int = 0


class RecordEncoder:
    """
    Makes [`EncodedRecord`]s of records.

    Args:
        processor ([`~models.vital.processing_vital.VitalProcessor`]): decides on tiles, frames, prompts and target
            wording.
        root (`str` or `Path`, *optional*, defaults to `"."`): folder of all media; no path leads outside.
        max_length (`int`, *optional*, defaults to 16384): tokens of a sequence, as in the authors' training.
        pmod (`bool`, *optional*, defaults to `True`): supervise scores by the distribution of opinions; else by the
            level of their mean alone ("w/o PMOD", Table 7).
        recipe (`str`, *optional*, defaults to `"paper"`): with `"release"` the token that closes a scored answer is
            supervised too, where Eq. 1 ends with the level, and the labels of pairs are computed as the authors did.

    Example:

    ```python
    >>> from transformers_vital import VitalProcessor
    >>> from transformers_vital.data.encoding import RecordEncoder
    >>> from transformers_vital.scoring.default_model import default_model_files
    >>> processor = VitalProcessor.from_pretrained(default_model_files())
    >>> encode = RecordEncoder(processor, root="examples/media")
    >>> media = {"kind": "image", "path": "cat.png", "bytes": None}
    >>> record = encode({"media": media, "text": "mild blur", "task": "distortion"}, record_type="statement")
    >>> processor.decode(record.sequences[0].input_ids[record.sequences[0].target_places])
    'mild blur<|im_end|>'

    ```
    """

    def __init__(
        self,
        processor,
        *,
        root: str | Path = ".",
        max_length: int = 16384,
        pmod: bool = True,
        recipe: str = "paper",
    ):
        self.processor = processor
        self.root = root
        self.max_length = max_length
        self.pmod = pmod
        self.closing = recipe == "release"
        self.arithmetic = "exact" if recipe == "release" else "stable"

    def __call__(self, record: Mapping[str, Any], *, record_type: str) -> EncodedRecord:
        """
        Decode the media of a record and lay out its sequences.

        Raises:
            [`~errors.VitalError`]: a medium cannot be read, or the sequence is longer than `max_length`.
        """
        encoded = getattr(self, f"_{record_type}")(record)
        longest = max(len(sequence.input_ids) for sequence in encoded.sequences)
        if longest > self.max_length:
            raise RecordError(
                f"The record has {longest} tokens; expected at most {self.max_length}. Shorten its text, lower the "
                "number of tiles or frames, or raise max_length."
            )
        return encoded

    def _distribution(self, record: Mapping[str, Any]) -> EncodedRecord:
        probabilities = tuple(record["level_probs"])
        return EncodedRecord("distribution", (self._scored(record["media"], record["mean"], probabilities),))

    def _pair(self, record: Mapping[str, Any]) -> EncodedRecord:
        members = []
        for name in ("a", "b"):
            mean, std = record[f"mean_{name}"], record[f"std_{name}"]
            probabilities = tuple(pmod_from_moments(mean, std=std, arithmetic=self.arithmetic).tolist())
            members.append(self._scored(record[f"media_{name}"], mean, probabilities))
        return EncodedRecord("pair", tuple(members), float(record["preference"]))

    def _statement(self, record: Mapping[str, Any]) -> EncodedRecord:
        target = self._tokens(record["text"] + self.processor.tokenizer.eos_token)
        return EncodedRecord(record["task"], (self._sequence(record["media"], target),))

    def _instruction(self, record: Mapping[str, Any]) -> EncodedRecord:
        blocks = []
        for media in record["media"]:
            kind, content = self._read(media)
            blocks.append({"type": kind, kind: content})
        conversation, placed = [], False
        for message in record["messages"]:
            content = [{"type": "text", "text": message["content"]}]
            if message["role"] == "user" and not placed:
                content, placed = blocks + content, True
            conversation.append({"role": message["role"], "content": content})
        inputs = self.processor.apply_chat_template(
            conversation, tokenize=True, return_dict=True, return_tensors="pt", return_assistant_tokens_mask=True
        )
        (places,) = torch.as_tensor(inputs.pop("assistant_masks")).reshape(-1).nonzero(as_tuple=True)
        sequence = EncodedSequence(inputs["input_ids"][0], places, pixels=_pixels(inputs))
        return EncodedRecord("instruction", (sequence,))

    def _scored(self, media: Mapping[str, Any], mean: float, probabilities: tuple[float, ...]) -> EncodedSequence:
        level = level_of(min(max(mean, 0.0), 1.0))
        if not self.pmod:
            probabilities = tuple(float(word == level) for word in LEVELS)
        target = self.processor.scoring_target(media["kind"], level)
        level_index = len(target) - 1
        if self.closing:
            target = [*target, self.processor.tokenizer.eos_token_id]
        sequence = self._sequence(media, target)
        level_place = int(sequence.target_places[level_index])
        others = sequence.target_places[sequence.target_places != level_place]
        return replace(sequence, target_places=others, level_place=level_place, level_probabilities=probabilities)

    def _sequence(self, media: Mapping[str, Any], target: list[int]) -> EncodedSequence:
        kind, content = self._read(media)
        prompt = self.processor.training_prompt(kind)
        inputs = self.processor(text=[prompt], return_tensors="pt", **{f"{kind}s": [content]})
        ids = torch.cat([inputs["input_ids"][0], torch.tensor(target)])
        return EncodedSequence(ids, torch.arange(len(ids) - len(target), len(ids)), pixels=_pixels(inputs))

    def _read(self, media: Mapping[str, Any]) -> tuple[str, Any]:
        """The kind of a medium, and its decoded picture or sampled video."""
        (item,) = expand_media(resolve_media(media, root=self.root))
        source = open_source(item)
        if item.kind == "image":
            images = self.processor.image_processor
            return item.kind, load_image(source, apply_exif=images.apply_exif, alpha=images.alpha)
        return item.kind, self.processor.video_processor.sample(source, frame_rate=item.fps)

    def _tokens(self, text: str) -> list[int]:
        return self.processor.tokenizer.encode(text, add_special_tokens=False)


PIXELS = ("pixel_values", "pixel_values_videos", "pixel_values_motion", "num_key_frames", "num_motion_frames")


def _pixels(inputs: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: inputs[name] for name in PIXELS if name in inputs}
