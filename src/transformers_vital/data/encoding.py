"""Records to model inputs: decoded media, prompts of vision tokens only, and which tokens are the target."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from ..distributions import pmod_from_moments
from ..errors import RecordError, VitalError
from ..levels import LEVELS, level_of
from ..media.image import load_image
from ..media.inputs import expand_media, open_source
from .field_checks import check_level_probs
from .records import check_record, resolve_media


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
    >>> from transformers_vital.scoring.default_model import default_model_folder
    >>> processor = VitalProcessor.from_pretrained(default_model_folder())
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
        self.recipe = recipe
        self.arithmetic = "exact" if recipe == "release" else "stable"

    def __call__(self, record: Mapping[str, Any], *, record_type: str) -> EncodedRecord:
        """
        Decode the media of a record and lay out its sequences.

        Raises:
            [`~errors.VitalError`]: the record is not usable (see [`~data.records.check_record`]), a medium cannot be
                read, a text holds a token of the model, or the sequence is longer than `max_length`.
        """
        check_record(record, record_type=record_type)
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
        target = self._tokens(self._plain(record["text"]) + self.processor.tokenizer.eos_token)
        return EncodedRecord(record["task"], (self._sequence(record["media"], target),))

    def _instruction(self, record: Mapping[str, Any]) -> EncodedRecord:
        tokens = {"image": self.processor.image_token, "video": self.processor.video_token}
        contents, placeholders = {"images": [], "videos": []}, ""
        for media in record["media"]:
            kind, content = self._read(media)
            contents[f"{kind}s"].append(content)
            placeholders += f"{tokens[kind]}\n"
        turns = self._turns(record["messages"], placeholders)
        given = {name: content for name, content in contents.items() if content}
        inputs = self.processor(text=turns[:1], return_tensors="pt", **given)
        ids = [inputs["input_ids"][0], *(torch.tensor(self._tokens(turn)) for turn in turns[1:])]
        is_answer = torch.cat([torch.full_like(part, index % 2) for index, part in enumerate(ids)])
        (places,) = is_answer.nonzero(as_tuple=True)
        return EncodedRecord("instruction", (EncodedSequence(torch.cat(ids), places, pixels=_pixels(inputs)),))

    def _turns(self, messages: Sequence[Mapping[str, str]], placeholders: str) -> list[str]:
        """Prompts and answers in turn, which are tokenised apart, as an answer is generated behind its prompt."""
        messages = [{**message, "content": self._plain(message["content"])} for message in messages]
        first = next(message for message in messages if message["role"] == "user")
        first["content"] = placeholders + first["content"]
        turns = []
        for index, message in enumerate(messages):
            if message["role"] == "assistant":
                prompt = self.processor.apply_chat_template(messages[:index], add_generation_prompt=True)
                turns += [prompt.removeprefix("".join(turns)), message["content"] + self.processor.tokenizer.eos_token]
        return turns

    def _scored(self, media: Mapping[str, Any], mean: float, probabilities: tuple[float, ...]) -> EncodedSequence:
        level = level_of(min(max(mean, 0.0), 1.0))
        if not self.pmod:
            probabilities = tuple(float(word == level) for word in LEVELS)
        check_level_probs(probabilities)  # the authors' arithmetic gives none where opinions hardly differ
        target = self.processor.scoring_target(media["kind"], level)
        level_index = len(target) - 1
        if self.recipe == "release":
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
        try:
            return item.kind, self.processor.video_processor.sample(source, frame_rate=item.fps)
        except VitalError:
            raise
        except ValueError as error:  # too few frames for the processor's sampling
            raise RecordError(f"{item.name}: {error}") from error

    def _plain(self, text: str) -> str:
        """The text, once it is known to hold no token that stands for media or ends an answer."""
        tokens = (self.processor.image_token, self.processor.video_token, self.processor.tokenizer.eos_token)
        if found := [token for token in tokens if token in text]:
            raise RecordError(
                f"A text holds {', '.join(found)}, which the model writes itself; expected words. Remove it."
            )
        return text

    def _tokens(self, text: str) -> list[int]:
        return self.processor.tokenizer.encode(text, add_special_tokens=False)


PIXELS = ("pixel_values", "pixel_values_videos", "pixel_values_motion", "num_key_frames", "num_motion_frames")


def _pixels(inputs: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: inputs[name] for name in PIXELS if name in inputs}
