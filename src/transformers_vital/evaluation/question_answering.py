"""Answers of a VITAL checkpoint to questions about one image or video."""

from pathlib import Path

import torch

from ..media.inputs import expand_media
from ..models.vital.modeling_vital import VitalForConditionalGeneration
from ..models.vital.processing_vital import VitalProcessor
from .qbench_prompts import Reading


_END_OF_TURN = "<|im_end|>\n"


class QuestionAnswerer:
    """
    Answers a question about a medium, without chance in it (Sec. 8.1: greedy search).

    A checkpoint with the settings of the authors' release is asked as their scripts of both benchmarks do: their turns
    are not closed, and an image is cut by its aspect ratio and not by its area.

    Args:
        model ([`VitalForConditionalGeneration`]): on its device, in its type; such as `scorer.model`.
        processor ([`VitalProcessor`]): of the same checkpoint; such as `scorer.processor`.
        max_new_tokens (`int`, *optional*, defaults to 2048): longest answer; that of the release.

    Example:

    ```python
    >>> from transformers_vital import VitalScorer
    >>> from transformers_vital.evaluation.question_answering import QuestionAnswerer
    >>> scorer = VitalScorer.from_pretrained()  # vital-tiny
    >>> answer = QuestionAnswerer(scorer.model, scorer.processor, max_new_tokens=2)
    >>> isinstance(answer("examples/media/cat.png", "Is it sharp?"), str)
    True

    ```
    """

    def __init__(self, model: VitalForConditionalGeneration, processor: VitalProcessor, *, max_new_tokens: int = 2048):
        self.model, self.processor, self.max_new_tokens = model.eval(), processor, max_new_tokens

    @property
    def reading(self) -> Reading:
        """How the checkpoint is to be asked, for [`~evaluation.qbench_prompts.question_prompt`]."""
        return "release" if self.processor.video_scoring_layout == "release" else "clean"

    def __call__(self, media: str | Path, prompt: str) -> str:
        """
        Args:
            media (`str` or `Path`): an image or video.
            prompt (`str`): follows the medium.

        Returns:
            `str`: the answer, without special tokens.

        Raises:
            [`MediaDecodeError`], [`MediaNotFoundError`]: the medium cannot be read.
        """
        inputs = self.inputs(media, prompt).to(self.model.device)
        tokenizer = self.processor.tokenizer
        with torch.inference_mode():
            output = self.model.generate(
                **inputs,
                do_sample=False,
                max_new_tokens=self.max_new_tokens,
                eos_token_id=tokenizer.eos_token_id,
                pad_token_id=tokenizer.pad_token_id,
            )
        return tokenizer.decode(output[0, inputs["input_ids"].shape[1] :], skip_special_tokens=True).strip()

    def inputs(self, media: str | Path, prompt: str):
        """What the model is given: `BatchFeature` with one row."""
        (item,) = expand_media(str(media))
        turn = {"role": "user", "content": [{"type": item.kind}, {"type": "text", "text": prompt}]}
        text = self.processor.apply_chat_template([turn], add_generation_prompt=True)
        released = self.reading == "release"
        if released:
            text = text.replace(_END_OF_TURN, "")
        if item.kind == "video":
            return self.processor(videos=[str(media)], text=[text], return_tensors="pt")
        cut = {"tile_grid": "ratio"} if released else {}
        return self.processor(images=[str(media)], text=[text], return_tensors="pt", **cut)
