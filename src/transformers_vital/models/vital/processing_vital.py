"""One processor for chat and for scoring: pictures, clips and text to model inputs."""

from pathlib import Path

from transformers.feature_extraction_utils import BatchFeature
from transformers.models.auto import AutoTokenizer
from transformers.processing_utils import MultiModalData, ProcessorMixin
from transformers.utils import cached_file

from .configuration_vital import as_vital_config_dict
from .conversation_vital import CHAT_TEMPLATE, CLEAN_PROMPT_SETTINGS, LEVEL_WORDS, RELEASE_PROMPT_SETTINGS
from .image_processing_vital import CLEAN_IMAGE_SETTINGS, RELEASE_IMAGE_SETTINGS, VitalImageProcessor
from .video_processing_vital import (
    CLEAN_VIDEO_SETTINGS,
    RELEASE_VIDEO_SETTINGS,
    VitalVideoProcessor,
    flatten_videos,
)


class VitalProcessor(ProcessorMixin):
    r"""
    Image processor, video processor and tokenizer in one.

    Args:
        image_processor ([`VitalImageProcessor`]): cuts images into tiles.
        tokenizer: with the tokens `<img>`, `</img>`, `<IMG_CONTEXT>` and `<|video_pad|>`, as Qwen2.5's has after
            InternVL's additions.
        video_processor ([`VitalVideoProcessor`]): samples key frames and motion frames.
        image_seq_length (`int`, *optional*, defaults to 256): tokens per tile or key frame.
        image_answer (`str`, *optional*): how the answer about an image begins when it is scored.
        video_answer (`str`, *optional*): likewise for a video.
        video_scoring_layout (`str`, *optional*, defaults to `"frames"`): text around the tokens of a video that is
            scored. `"frames"`: a line per key frame and one for motion, as in training. `"release"`: the literal
            string of the authors' scorer, a line per motion frame of which only the first are filled.
        chat_template (`str`, *optional*): Jinja template for conversations.

    Example:

    ```python
    >>> from PIL import Image
    >>> from transformers_vital import VitalProcessor
    >>> from transformers_vital.scoring.default_model import default_model_folder
    >>> processor = VitalProcessor.from_pretrained(default_model_folder())
    >>> inputs = processor.prepare_scoring(images=[Image.new("RGB", (224, 224))])
    >>> processor.decode(inputs.input_ids[0]).splitlines()[-1]
    'The quality of the image is'

    ```
    """

    valid_processor_kwargs = ProcessorMixin.valid_processor_kwargs
    text_kwargs = {"padding_side": "left"}
    images_kwargs = {}
    videos_kwargs = {"return_tensors": "pt"}

    def __init__(
        self,
        image_processor=None,
        tokenizer=None,
        video_processor=None,
        image_seq_length: int = 256,
        image_answer: str = CLEAN_PROMPT_SETTINGS["image_answer"],
        video_answer: str = CLEAN_PROMPT_SETTINGS["video_answer"],
        video_scoring_layout: str = CLEAN_PROMPT_SETTINGS["video_scoring_layout"],
        chat_template: str | None = None,
        **kwargs,
    ):
        super().__init__(
            image_processor, tokenizer, video_processor, chat_template=chat_template or CHAT_TEMPLATE, **kwargs
        )
        if video_scoring_layout not in ("frames", "release"):
            raise ValueError(f"video_scoring_layout is {video_scoring_layout!r}; expected 'frames' or 'release'.")
        self.image_seq_length = image_seq_length
        self.image_answer = image_answer
        self.video_answer = video_answer
        self.video_scoring_layout = video_scoring_layout
        self.start_image_token = "<img>"
        self.end_image_token = "</img>"
        self.image_token = "<IMG_CONTEXT>"
        self.video_token = "<|video_pad|>"
        missing = [
            token
            for token in (self.start_image_token, self.end_image_token, self.image_token, self.video_token)
            if tokenizer.convert_tokens_to_ids(token) in (None, tokenizer.unk_token_id)
        ]
        if missing:
            raise ValueError(
                f"The tokenizer lacks {', '.join(missing)}. Pass one with Qwen2.5's special tokens and InternVL's, or "
                "add them with tokenizer.add_special_tokens and resize the model's embeddings."
            )
        self.image_token_id = tokenizer.convert_tokens_to_ids(self.image_token)
        self.video_token_id = tokenizer.convert_tokens_to_ids(self.video_token)

    @classmethod
    def from_tokenizer(cls, tokenizer, *, reading: str = "clean", tile: int = 448, image_seq_length: int = 256):
        """
        A processor around a tokenizer.

        Args:
            tokenizer: see the class.
            reading (`str`, *optional*, defaults to `"clean"`): or `"release"`, the settings that the authors'
                weights were trained with.
            tile (`int`, *optional*, defaults to 448): side of a tile in pixels.
            image_seq_length (`int`, *optional*, defaults to 256): tokens per tile.
        """
        bundles = {
            "clean": (CLEAN_IMAGE_SETTINGS, CLEAN_VIDEO_SETTINGS, CLEAN_PROMPT_SETTINGS),
            "release": (RELEASE_IMAGE_SETTINGS, RELEASE_VIDEO_SETTINGS, RELEASE_PROMPT_SETTINGS),
        }
        if reading not in bundles:
            raise ValueError(f"reading is {reading!r}; expected 'clean' or 'release'.")
        image_settings, video_settings, prompt_settings = bundles[reading]
        size = {"height": tile, "width": tile}
        return cls(
            image_processor=VitalImageProcessor(size=size, **image_settings),
            tokenizer=tokenizer,
            video_processor=VitalVideoProcessor(size=size, **video_settings),
            image_seq_length=image_seq_length,
            **prompt_settings,
        )

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path, **kwargs):
        """
        Load a processor; beside a checkpoint of another format, build the one it needs around its tokenizer.

        The authors' release (`internvl_chat`) gets the `release` settings, InternVL `-hf` files the `clean` ones.
        """
        source_type, config = _foreign_config(pretrained_model_name_or_path, kwargs)
        if source_type is None:
            return super().from_pretrained(pretrained_model_name_or_path, **kwargs)
        tokenizer = AutoTokenizer.from_pretrained(pretrained_model_name_or_path, **kwargs)
        tile = config["vision_config"].get("image_size", 448)
        return cls.from_tokenizer(
            tokenizer,
            reading="release" if source_type == "internvl_chat" else "clean",
            tile=tile if isinstance(tile, int) else tile[0],
            image_seq_length=config.get("image_seq_length", 256),
        )

    @property
    def level_token_ids(self) -> list[int]:
        """Vocabulary ids of " high", " good", " fair", " poor", " low"; each must be one token."""
        # behind the answer, as some vocabularies write a text's first word in another way
        prefix = self.tokenizer.encode(self.image_answer, add_special_tokens=False)
        texts = [f"{self.image_answer} {word}" for word in LEVEL_WORDS]
        ids = [self.tokenizer.encode(text, add_special_tokens=False)[len(prefix) :] for text in texts]
        split = [word for word, tokens in zip(LEVEL_WORDS, ids, strict=True) if len(tokens) != 1]
        if split:
            raise ValueError(
                f"The tokenizer splits the level word(s) {', '.join(split)} into several tokens; the level read-out "
                "needs each of high, good, fair, poor, low, with its leading space, as one token."
            )
        return [tokens[0] for tokens in ids]

    def prepare_scoring(self, images: list | None = None, videos: list | None = None, **kwargs) -> BatchFeature:
        """
        Inputs whose next token is the level: one prompt of vision tokens and an answer prefix per medium.

        Args:
            images (`list`, *optional*): one picture per prompt; they come before the videos in the batch.
            videos (`list`, *optional*): one video per prompt; see [`VitalVideoProcessor`].

        Returns:
            `BatchFeature`: tensors, padded on the left.
        """
        videos = flatten_videos(videos) if videos is not None else []
        kinds = ["image"] * len(images or []) + ["video"] * len(videos)
        return self(
            images=images or None,
            videos=videos or None,
            text=[self.scoring_text(kind) for kind in kinds],
            return_tensors="pt",
            padding=True,
            videos_kwargs={**kwargs, "layout": self.video_scoring_layout},
        )

    def scoring_text(self, kind: str) -> str:
        """The prompt of a score: the placeholder of an image or a video, and how the answer about it begins."""
        return self.training_prompt(kind) + (self.image_answer if kind == "image" else self.video_answer)

    def training_prompt(self, kind: str) -> str:
        """What comes before a training target: the placeholder of an image or a video alone (paper, Sec. 3.2)."""
        placeholder = self.image_token if kind == "image" else self.video_token
        conversation = [{"role": "user", "content": f"{placeholder}\n"}]
        return self.apply_chat_template(conversation, add_generation_prompt=True)

    def scoring_target(self, kind: str, level: str) -> list[int]:
        """
        Token ids of the target of scoring, "The quality of the image is [level]"; the level is the last of them.

        Args:
            kind (`str`): "image" or "video".
            level (`str`): one of the five words.
        """
        prefix = self.tokenizer.encode(CLEAN_PROMPT_SETTINGS[f"{kind}_answer"], add_special_tokens=False)
        return [*prefix, self.level_token_ids[LEVEL_WORDS.index(level)]]

    def apply_chat_template(self, conversation, *args, **kwargs):
        placeholders = {"image_placeholder": self.image_token, "video_placeholder": self.video_token}
        return super().apply_chat_template(conversation, *args, **{**placeholders, **kwargs})

    def prepare_inputs_layout(self, images=None, text=None, videos=None, audio=None, **kwargs):
        videos = flatten_videos(videos) if videos is not None else None
        return super().prepare_inputs_layout(images=images, text=text, videos=videos, audio=audio, **kwargs)

    def validate_inputs(self, images=None, text=None, videos=None, audio=None, **kwargs):
        if text is None:
            raise ValueError("No text was given; expected a prompt with a placeholder per image and video.")
        # transformers only counts videos here, and knows fewer kinds of them
        names = ["video"] * len(videos) if videos is not None else None
        super().validate_inputs(images=images, text=text, videos=names, audio=audio, **kwargs)

    def _process_videos(self, videos: list, layout: str = "frames", **kwargs):
        processed = self.video_processor(videos, **kwargs)
        replacements = [self.replace_video_token(processed, index, layout=layout) for index in range(len(videos))]
        return processed, replacements

    def replace_image_token(self, image_inputs: dict, image_idx: int, **kwargs) -> str:
        tokens = self.image_seq_length * int(image_inputs["num_patches"][image_idx])
        return f"{self.start_image_token}{self.image_token * tokens}{self.end_image_token}"

    def replace_video_token(self, video_inputs: dict, video_idx: int, layout: str = "frames", **kwargs) -> str:
        key_frames = int(video_inputs["num_key_frames"][video_idx])
        motion_frames = int(video_inputs["num_motion_frames"][video_idx])
        token = self.video_token if layout == "frames" else self.image_token
        slots = [self.image_seq_length] * key_frames + [motion_frames]
        filled = [f"{self.start_image_token}{token * count}{self.end_image_token}" for count in slots]
        if layout == "frames":
            labels = [f"Frame-{index}: " for index in range(1, key_frames + 1)] + ["Motion Feature: "]
        else:  # the release writes a line per motion frame; the placeholders it does not fill stay as text
            labels = [f"Frame-{index}: " for index in range(1, motion_frames + 1)] + ["Motion Feature: "]
            filled += ["<image>"] * (len(labels) - len(filled))
        return "\n".join(label + slot for label, slot in zip(labels, filled, strict=True))

    def _get_num_multimodal_tokens(self, image_sizes=None, video_sizes=None, **kwargs) -> MultiModalData:
        """
        Placeholder tokens per image of the given (height, width) and per video of (frames, height, width), of which
        every frame is used (`do_sample_frames=False`).
        """
        counts = {}
        if image_sizes is not None:
            settings = self._merge_kwargs(**kwargs)["images_kwargs"]
            patches = [self.image_processor.get_number_of_image_patches(*size, settings) for size in image_sizes]
            counts["num_image_patches"] = patches
            counts["num_image_tokens"] = [self.image_seq_length * count for count in patches]
        if video_sizes is not None:
            counts["num_video_tokens"] = [frames * (self.image_seq_length + 1) for frames, *_ in video_sizes]
        return MultiModalData(**counts)

    @property
    def unused_input_names(self) -> list[str]:
        return ["num_patches"]


def _foreign_config(name_or_path, kwargs: dict) -> tuple[str | None, dict]:
    """The model type and translated config of a checkpoint that is not in our format; (None, {}) for ours."""
    from transformers.configuration_utils import PreTrainedConfig

    hub = {key: kwargs[key] for key in ("cache_dir", "local_files_only", "revision", "token") if key in kwargs}
    if not cached_file(name_or_path, "config.json", _raise_exceptions_for_missing_entries=False, **hub):
        return None, {}
    config = PreTrainedConfig.get_config_dict(name_or_path, **hub)[0]
    if config.get("model_type") not in ("internvl_chat", "internvl"):
        return None, {}
    return config["model_type"], as_vital_config_dict(config, folder=Path(str(name_or_path)))


__all__ = ["VitalProcessor"]
