"""Video annotators that pool a measure over frames and add faults of motion, without any download."""

from collections.abc import Sequence

import numpy as np

from ...errors import AnnotationError
from ...media.inputs import MediaItem
from .annotators import AnnotatorDescriptor, Permissions
from .decoding import ClipSample, clip_of
from .image_annotators import check_settings, picture_measure


POOLINGS = ("mean", "worst")


class ClipAnnotator:
    """
    Scores videos: at most eight frames, evenly over the video, by a measure, and motion over its first 240 frames.

    Formula: `pool_t(measure of frame t) + motion · M`, with M of [`~annotation.measures.motion.motion_faults`].

    Args:
        descriptor ([`~annotation.opinions.annotators.AnnotatorDescriptor`]): its settings are the `parts` of
            [`~annotation.opinions.image_annotators.picture_measure`]; `pooling`, `"mean"` when left out, or `"worst"`,
            the mean of mean and highest; and `motion`, 0 when left out. Lower scores are better.
        permissions ([`~annotation.opinions.annotators.Permissions`], *optional*): none are needed.

    Raises:
        [`AnnotationError`]: a setting is unknown or cannot be used, or higher scores would be better.
    """

    reads = "pixels"

    def __init__(self, descriptor: AnnotatorDescriptor, permissions: Permissions | None = None):
        self.descriptor = descriptor
        check_settings(descriptor, {"parts", "pooling", "motion"})
        settings = descriptor.settings
        self._pooling, self._motion = settings.get("pooling", "mean"), settings.get("motion", 0)
        if self._pooling not in POOLINGS:
            raise AnnotationError(
                f"Annotator {descriptor.name} has pooling {self._pooling!r}; expected one of {', '.join(POOLINGS)}."
            )
        self._measure = picture_measure(settings.get("parts"), name=descriptor.name)

    def score(self, items: Sequence[MediaItem]) -> list[float]:
        """
        One score for each video.

        Raises:
            `ValueError`: a video cannot be decoded, or its frames are too small.
        """
        return [self._judge(clip_of(item)) for item in items]

    def _judge(self, clip: ClipSample) -> float:
        found = np.array([self._measure(frame) for frame in clip.frames])
        pooled = found.mean() if self._pooling == "mean" else (found.mean() + found.max()) / 2
        return float(pooled + self._motion * clip.motion_faults)
