"""Video annotators that read what a filter of FFmpeg measures of frames."""

from collections.abc import Sequence

import numpy as np

from ...errors import AnnotationError
from ...media.inputs import MediaItem
from ..measures.picture_view import PictureView
from .annotators import AnnotatorDescriptor, Permissions
from .decoding import ClipSample, clip_of


# Filters that need no reference, and the name under which each leaves its number with a frame.
FILTERS = {"blurdetect": "lavfi.blur", "blockdetect": "lavfi.block", "bitplanenoise": "lavfi.bitplanenoise.0.1"}


class FfmpegAnnotator:
    """
    Scores videos by the mean of what a filter says of the frames of [`~annotation.opinions.decoding.ClipSample`].

    Each is right about one fault and wrong about others, so no build uses one unless told to.

    Args:
        descriptor ([`~annotation.opinions.annotators.AnnotatorDescriptor`]): its settings have the `filter`, one of
            [`FILTERS`].
        permissions ([`~annotation.opinions.annotators.Permissions`], *optional*): none are needed.

    Raises:
        [`AnnotationError`]: there is no such filter.
    """

    reads = "pixels"

    def __init__(self, descriptor: AnnotatorDescriptor, permissions: Permissions | None = None):
        self.descriptor = descriptor
        if set(descriptor.settings) != {"filter"} or descriptor.settings["filter"] not in FILTERS:
            raise AnnotationError(
                f"Annotator {descriptor.name} has the settings {dict(descriptor.settings)}; expected filter, one of "
                f"{', '.join(FILTERS)}."
            )

    def score(self, items: Sequence[MediaItem]) -> list[float]:
        """
        One score for each video.

        Raises:
            `ValueError`: a video cannot be decoded.
        """
        return [self._judge(clip_of(item)) for item in items]

    def _judge(self, clip: ClipSample) -> float:
        name = self.descriptor.settings["filter"]
        return float(np.mean([filtered(frame, name=name) for frame in clip.frames]))


def filtered(view: PictureView, *, name: str) -> float:
    """
    The number that a filter of FFmpeg leaves with a picture.

    Args:
        view ([`~annotation.measures.picture_view.PictureView`]): its luma is filtered.
        name (`str`): one of [`FILTERS`].

    Raises:
        [`AnnotationError`]: the filter has none for this picture.

    Example:

    ```python
    >>> import numpy as np
    >>> from transformers_vital.annotation.opinions.ffmpeg_annotators import filtered
    >>> from transformers_vital.annotation.measures.picture_view import PictureView
    >>> rng = np.random.default_rng(0)
    >>> noise = PictureView(rng.integers(0, 256, (64, 64, 3), dtype=np.uint8))
    >>> round(filtered(noise, name="bitplanenoise"))  # the lowest bits are at random
    1

    ```
    """
    import av

    grey = np.rint(view.luma).astype(np.uint8)
    frame = av.VideoFrame.from_ndarray(grey, format="gray")
    frame.pts = 0
    graph = av.filter.Graph()
    source = graph.add_buffer(width=frame.width, height=frame.height, format="gray", time_base="1/25")
    measuring, sink = graph.add(name), graph.add("buffersink")
    source.link_to(measuring)
    measuring.link_to(sink)
    graph.configure()
    graph.push(frame)
    number = graph.pull().metadata.get(FILTERS[name])
    if number is None:
        raise AnnotationError(f"{name} of FFmpeg measures nothing in a picture of {frame.width}x{frame.height}.")
    return float(number)
