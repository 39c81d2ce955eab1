"""What annotators look at: an image as a picture, a video as a few frames and the motion between them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, cached_property, partial
from typing import Any

import numpy as np

from ...errors import AnnotationError
from ...media.image import load_image
from ...media.inputs import MediaItem, open_source
from ..measures.motion import motion_faults
from ..measures.natural_scene import opencv
from ..measures.picture_view import PictureView, bounded


FRAMES = 8  # of a video that are judged as pictures, evenly over its length
MOTION_FRAMES = 240  # from its start, between which motion is judged
MOTION_LONGEST_SIDE = 192  # pixels, of those


@dataclass(frozen=True)
class ClipSample:
    """
    What is kept of a video.

    Args:
        frames (`list[PictureView]`): at most [`FRAMES`], evenly over the video; larger ones are averaged down as
            [`~annotation.measures.picture_view.bounded`] does.
        motion (`np.ndarray` of shape `(T, height, width)`, `uint8`): luma of the first [`MOTION_FRAMES`] frames,
            averaged down to [`MOTION_LONGEST_SIDE`] pixels.
        fps (`float`): frames a second.
    """

    frames: list[PictureView]
    motion: np.ndarray
    fps: float

    @cached_property
    def motion_faults(self) -> float:
        """See [`~annotation.measures.motion.motion_faults`]."""
        return motion_faults(self.motion)


def decoded(item: MediaItem, *, reference: MediaItem | None = None) -> MediaItem:
    """
    The item with a source that annotators of pixels share: a
    [`~annotation.measures.picture_view.PictureView`] or a [`ClipSample`].

    Args:
        item ([`~media.inputs.MediaItem`]): to decode.
        reference ([`~media.inputs.MediaItem`], *optional*): what it is a copy of, decoded once a measure asks for it.

    Raises:
        `ValueError`: it cannot be decoded.
    """
    if item.kind == "image":
        view = picture_of(item)
        return replace(item, source=_copy_of(view, lambda: picture_of(reference)) if reference else view)
    clip = clip_of(item)
    if reference:
        original = cache(lambda: clip_of(reference))
        frames = [_copy_of(view, partial(_frame, original, place)) for place, view in enumerate(clip.frames)]
        clip = replace(clip, frames=frames)
    return replace(item, source=clip)


def _copy_of(view: PictureView, reference: Callable[[], PictureView]) -> PictureView:
    return PictureView(view.original, reference=reference)


def _frame(original: Callable[[], "ClipSample"], place: int) -> PictureView:
    frames = original().frames
    if place >= len(frames):
        raise AnnotationError(f"The copy has more frames than its original, of which {len(frames)} were taken.")
    return frames[place]


def picture_of(item: MediaItem) -> PictureView:
    """
    An image, decoded; a view is returned as it is.

    Raises:
        [`AnnotationError`]: the item is a video.
        [`MediaDecodeError`], [`MediaNotFoundError`]: it cannot be decoded.
    """
    if item.kind != "image":
        raise AnnotationError(f"{item.name} is a video; this annotator judges images.")
    if isinstance(item.source, PictureView):
        return item.source
    return PictureView(np.asarray(load_image(open_source(item))))


def clip_of(item: MediaItem) -> ClipSample:
    """
    A video, decoded once; a [`ClipSample`] is returned as it is.

    Raises:
        [`AnnotationError`]: the item is an image.
        [`MediaDecodeError`], [`MediaNotFoundError`]: it cannot be decoded.
    """
    if item.kind != "video":
        raise AnnotationError(f"{item.name} is an image; this annotator judges videos.")
    if isinstance(item.source, ClipSample):
        return item.source
    from ...media.video import frames_to_clip, read_video

    sampling = _Sampling()
    if item.fps is not None:
        clip = frames_to_clip(item.source, fps=item.fps, plan=sampling.plan, transform=sampling.look)
    else:
        clip = read_video(open_source(item), plan=sampling.plan, transform=sampling.look, name=item.name)
    return ClipSample(sampling.frames, clip.motion_frames, clip.average_fps)


class _Sampling:
    """Looks at the frames of a video as they pass, in the place of a transform."""

    def plan(self, timestamps: np.ndarray, average_fps: float) -> Any:
        """Which frames to look at; a reader that finds the times wrong asks again and begins anew."""
        from ...media.video import FramePlan

        count = len(timestamps)
        # The middles of equal parts, so that fades at the ends weigh no more than other parts.
        self.chosen = np.unique(((np.arange(FRAMES) + 0.5) * count / FRAMES).astype(int))
        motion = np.arange(min(count, MOTION_FRAMES))
        self.positions = iter(np.union1d(self.chosen, motion).tolist())
        self.frames, self.size = [], None
        return FramePlan(key=self.chosen, motion=motion)

    def look(self, frame: np.ndarray) -> np.ndarray:
        """Small luma of a frame; frames that are judged as pictures are kept besides."""
        cv2 = opencv()
        if next(self.positions) in self.chosen:
            self.frames.append(PictureView(bounded(frame)))
        small = cv2.cvtColor(bounded(frame, longest_side=MOTION_LONGEST_SIDE), cv2.COLOR_RGB2GRAY)
        # A stream may change its size on the way.
        self.size = self.size or small.shape[::-1]
        if small.shape[::-1] != self.size:
            small = cv2.resize(small, self.size, interpolation=cv2.INTER_AREA)
        return small
