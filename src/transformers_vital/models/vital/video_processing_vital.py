"""Videos to key frames and motion frames: uint8 in, uint8 out; the model normalises."""

from functools import partial
from os import PathLike

import numpy as np
import torch
from huggingface_hub.dataclasses import validate_typed_dict
from transformers.image_processing_utils import BatchFeature, get_size_dict
from transformers.image_utils import PILImageResampling, SizeDict
from transformers.processing_utils import Unpack, VideosKwargs
from transformers.utils import logging
from transformers.video_processing_utils import BaseVideoProcessor
from transformers.video_utils import VideoMetadata

from .configuration_vital import IMAGENET_MEAN, IMAGENET_STD
from .resizing_vital import RESIZERS, resize_pixels
from .sampling_vital import release_plan, time_plan


logger = logging.get_logger(__name__)

CLEAN_VIDEO_SETTINGS = {"frame_sampling": "time", "resizer": "torchvision"}
RELEASE_VIDEO_SETTINGS = {"frame_sampling": "release", "motion_stride": 1, "resizer": "pillow"}
DEFAULT_FPS = 24.0  # of frames that come without a rate, as elsewhere in transformers
FRAME_SUFFIXES = (".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff")  # a list of such files is one video


class VitalVideoProcessorKwargs(VideosKwargs, total=False):
    r"""
    frame_sampling (`str`, *optional*, defaults to `"time"`):
        `"time"` (clean: by presentation time) or `"release"` (by frame index, as the authors' code).
    key_frame_interval (`float`, *optional*, defaults to 1.0):
        Seconds between key frames, with `"time"`.
    motion_fps (`float`, *optional*, defaults to 8.0):
        Wanted motion frames per second, with `"time"`.
    max_key_frames (`int`, *optional*, defaults to 32):
        Longer clips get their key frames spread wider, with `"time"`.
    max_motion_frames (`int`, *optional*, defaults to 256):
        Likewise for motion frames.
    motion_stride (`int`, *optional*, defaults to 1):
        Every how many frames a motion frame is taken, with `"release"`: 1 scorer, 4 less-token scorer, 8 training.
    resizer (`str`, *optional*, defaults to `"torchvision"`):
        `"torchvision"`, or `"pillow"` for the exact pixels of the release.
    layout (`str`, *optional*, defaults to `"frames"`):
        Text around the tokens, read by [`VitalProcessor`]; see its `video_scoring_layout`.
    """

    frame_sampling: str
    key_frame_interval: float
    motion_fps: float
    max_key_frames: int
    max_motion_frames: int
    motion_stride: int
    resizer: str
    layout: str


class SampledVideo:
    """
    A video as the model reads it. No dataclass: conversations turn those into dictionaries.

    Args:
        key_frames (`torch.Tensor` of shape `(key frames, 3, size, size)`): uint8.
        motion_frames (`torch.Tensor` of shape `(motion frames, 3, size, size)`): uint8.
        metadata (`VideoMetadata`): of the source; `frames_indices` are those of the key frames.
    """

    def __init__(self, key_frames: torch.Tensor, motion_frames: torch.Tensor, metadata: VideoMetadata):
        self.key_frames = key_frames
        self.motion_frames = motion_frames
        self.metadata = metadata


class VitalVideoProcessor(BaseVideoProcessor):
    """
    Samples key frames and motion frames of each video and resizes them to squares.

    Takes files (one decode pass, frames resized as they are decoded), arrays or lists of frames
    `(frames, height, width, 3)` or `(frames, 3, height, width)` with `video_metadata` for their rate, and what
    [`sample`] returned. Videos of any length and size share a call.

    Returns `pixel_values_videos` and `pixel_values_motion`, uint8 of shape `(frames of all videos, 3, size, size)`,
    with `num_key_frames` and `num_motion_frames` per video.

    Example:

    ```python
    >>> import torch
    >>> from transformers_vital import VitalVideoProcessor
    >>> clip = torch.zeros(50, 3, 360, 640, dtype=torch.uint8)
    >>> output = VitalVideoProcessor()([clip], video_metadata=[{"fps": 25, "total_num_frames": 50}])
    >>> output.num_key_frames.tolist(), output.num_motion_frames.tolist(), output.pixel_values_motion.shape
    ([2], [20], torch.Size([20, 3, 448, 448]))

    ```
    """

    valid_kwargs = VitalVideoProcessorKwargs
    model_input_names = ["pixel_values_videos", "pixel_values_motion", "num_key_frames", "num_motion_frames"]
    resample = PILImageResampling.BICUBIC
    image_mean = list(IMAGENET_MEAN)
    image_std = list(IMAGENET_STD)
    size = {"height": 448, "width": 448}
    do_resize = True
    do_rescale = False
    do_normalize = False
    do_convert_rgb = True
    do_sample_frames = True
    key_frame_interval = 1.0
    motion_fps = 8.0
    max_key_frames = 32
    max_motion_frames = 256
    motion_stride = 1
    frame_sampling = CLEAN_VIDEO_SETTINGS["frame_sampling"]
    resizer = CLEAN_VIDEO_SETTINGS["resizer"]

    def __init__(self, **kwargs: Unpack[VitalVideoProcessorKwargs]):
        super().__init__(**kwargs)
        for name, value, allowed in [
            ("frame_sampling", self.frame_sampling, ("time", "release")),
            ("resizer", self.resizer, RESIZERS),
        ]:
            if value not in allowed:
                raise ValueError(f"{name} is {value!r}; expected one of {', '.join(allowed)}.")

    def plan_frames(self, timestamps: np.ndarray, average_fps: float, **settings) -> tuple[np.ndarray, np.ndarray]:
        """
        Indices of key frames and motion frames, both ascending.

        Args:
            timestamps (`np.ndarray` of shape `(frames,)`): presentation times in seconds.
            average_fps (`float`): of the stream.
            settings: any of this processor's settings, for this call. With `frame_sampling="time"`, `num_frames` or
                `fps` set the key frames as elsewhere in transformers.

        Raises:
            `ValueError`: more key frames wanted than there are, or a clip too short for `frame_sampling="release"`.
        """

        def setting(name):
            return settings.get(name) if settings.get(name) is not None else getattr(self, name)

        if not setting("do_sample_frames"):
            return np.arange(len(timestamps)), np.arange(len(timestamps))
        fps, num_frames = setting("fps"), setting("num_frames")
        if setting("frame_sampling") == "release":
            if fps is not None or num_frames is not None:
                raise ValueError("fps and num_frames need frame_sampling='time'; the release's frames are fixed.")
            return release_plan(timestamps, average_fps, motion_stride=setting("motion_stride"))
        choice = {
            name: setting(name) for name in ("key_frame_interval", "motion_fps", "max_key_frames", "max_motion_frames")
        }
        if fps is not None and num_frames is not None:
            raise ValueError(f"Both fps={fps} and num_frames={num_frames} were given; pass one of them.")
        if num_frames is not None:
            if num_frames > len(timestamps):
                raise ValueError(f"num_frames is {num_frames}, but the video has {len(timestamps)} frames.")
            choice |= {"key_frame_interval": 0.0, "max_key_frames": num_frames}
        elif fps is not None:
            choice["key_frame_interval"] = 1 / fps
        return time_plan(timestamps, average_fps, **choice)

    def sample(self, video, *, frame_rate: float | None = None, **settings) -> SampledVideo:
        """
        Read one video: decide on the frames, decode, resize.

        Args:
            video: a path, bytes, binary file, animated PIL image, array or tensor of frames, list of frames, or what
                this returned.
            frame_rate (`float`, *optional*): of frames given as arrays; 24 with a warning when left out.
            settings: any of this processor's settings, for this call.

        Raises:
            `ValueError`: nothing can be decoded, or the clip is too short for `frame_sampling="release"`.
        """
        if isinstance(video, SampledVideo):
            return video
        size = get_size_dict(settings.get("size") or self.size)
        height, width = size["height"], size["width"]
        resizer = settings.get("resizer") or self.resizer
        do_resize = settings.get("do_resize", self.do_resize)

        def transform(frame: np.ndarray) -> np.ndarray:
            pixels = torch.from_numpy(np.ascontiguousarray(frame)).permute(2, 0, 1)
            return (resize_pixels(pixels, height, width, resizer=resizer) if do_resize else pixels).numpy()

        plan = partial(self.plan_frames, **settings)
        # The readers are not part of this folder: reading videos needs the installed package.
        from transformers_vital.media.video import FramePlan, frames_to_clip, read_video

        read = {"plan": lambda *timeline: FramePlan(*plan(*timeline)), "transform": transform}
        if isinstance(video, (str, bytes, PathLike)) or hasattr(video, "read") or hasattr(video, "convert"):
            clip = read_video(video, **read)
        else:
            if frame_rate is None:
                logger.warning_once(
                    f"Frames came without a rate; {DEFAULT_FPS:g} per second is assumed. Pass video_metadata."
                )
            clip = frames_to_clip(video, fps=frame_rate or DEFAULT_FPS, **read)
        metadata = VideoMetadata(
            total_num_frames=len(clip.timestamps),
            fps=clip.average_fps,
            width=clip.width,
            height=clip.height,
            duration=clip.duration_seconds,
            video_backend="pyav",
            frames_indices=clip.plan.key.tolist(),
        )
        return SampledVideo(torch.from_numpy(clip.key_frames), torch.from_numpy(clip.motion_frames), metadata)

    def preprocess(self, videos, video_metadata=None, **kwargs: Unpack[VitalVideoProcessorKwargs]) -> BatchFeature:
        validate_typed_dict(self.valid_kwargs, kwargs)  # before the work, not after it
        videos = flatten_videos(videos)
        rates = _rates(video_metadata, len(videos))
        sampled = [self.sample(video, frame_rate=rate, **kwargs) for video, rate in zip(videos, rates, strict=True)]
        return super().preprocess(sampled, **kwargs)

    def _decode_and_sample_videos(self, videos: list[SampledVideo], **kwargs):
        return videos, [video.metadata for video in videos]

    def _prepare_input_videos(self, videos, **kwargs):
        return videos

    def _preprocess(
        self,
        videos: list[SampledVideo],
        size: SizeDict,
        do_rescale: bool,
        rescale_factor: float,
        do_normalize: bool,
        image_mean: float | list[float] | None,
        image_std: float | list[float] | None,
        return_tensors=None,
        **kwargs,
    ) -> BatchFeature:
        def finish(frames: list[torch.Tensor]) -> torch.Tensor:
            # one clip is the usual case: do not copy it
            frames = frames[0] if len(frames) == 1 else torch.cat(frames)
            return self.rescale_and_normalize(frames, do_rescale, rescale_factor, do_normalize, image_mean, image_std)

        data = {
            "pixel_values_videos": finish([video.key_frames for video in videos]),
            "pixel_values_motion": finish([video.motion_frames for video in videos]),
            "num_key_frames": torch.tensor([len(video.key_frames) for video in videos]),
            "num_motion_frames": torch.tensor([len(video.motion_frames) for video in videos]),
        }
        return BatchFeature(data, tensor_type=return_tensors)


def flatten_videos(videos) -> list:
    """
    One video or any nesting of videos as a flat list.

    A list whose entries are all pictures (PIL images, 3-D arrays, picture files) is one video; a 5-D array is several.
    """
    if hasattr(videos, "ndim") and videos.ndim == 5:
        return list(videos)
    if not isinstance(videos, (list, tuple)):
        return [videos]
    if videos and all(_is_picture(entry) for entry in videos):
        return [videos]
    return [video for entry in videos for video in flatten_videos(entry)]


def _is_picture(entry) -> bool:
    if isinstance(entry, (str, PathLike)):
        return str(entry).lower().endswith(FRAME_SUFFIXES)
    return hasattr(entry, "convert") or getattr(entry, "ndim", 0) == 3


def _rates(video_metadata, count: int) -> list[float | None]:
    if video_metadata is None:
        return [None] * count
    if isinstance(video_metadata, (dict, VideoMetadata)):
        video_metadata = [video_metadata]
    entries = [entry for item in video_metadata for entry in (item if isinstance(item, list) else [item])]
    if len(entries) != count:
        raise ValueError(f"video_metadata has {len(entries)} entries for {count} videos; pass one per video.")
    return [entry.get("fps") if isinstance(entry, dict) else entry.fps for entry in entries]


__all__ = ["VitalVideoProcessor"]
