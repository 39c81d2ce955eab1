"""Annotators of images that the toolbox IQA-PyTorch (`pyiqa`) carries."""

import contextlib
import sys
from collections.abc import Sequence

from ...errors import AnnotationError, MissingExtraError
from ...media.inputs import MediaItem
from .annotators import AnnotatorDescriptor, Permissions
from .decoding import picture_of


class PyiqaAnnotator:
    """
    Scores images by a no-reference metric of `pyiqa`, one at a time and at their own size.

    `pyiqa` is under the PolyForm Noncommercial licence. It keeps weights in the cache folder of torch hub and reads
    them with pickle, so trust where they come from.

    Args:
        descriptor ([`~annotation.opinions.annotators.AnnotatorDescriptor`]): its settings name the `metric`; further
            ones are options of the metric.
        permissions ([`~annotation.opinions.annotators.Permissions`], *optional*): the device.

    Raises:
        [`MissingExtraError`]: `pyiqa` is not installed.
        [`AnnotationError`]: it has no such metric, or one that needs a reference or goes the other way than described.
    """

    reads = "pixels"

    def __init__(self, descriptor: AnnotatorDescriptor, permissions: Permissions | None = None):
        settings = dict(descriptor.settings)
        metric = settings.pop("metric", None)
        self.descriptor = descriptor
        _check_metric(descriptor, metric)
        with contextlib.redirect_stdout(sys.stderr):  # it prints where weights come from
            import pyiqa

            device = (permissions or Permissions()).device or "cpu"
            self._metric = pyiqa.create_metric(metric, as_loss=False, device=device, **settings)

    def score(self, items: Sequence[MediaItem]) -> list[float]:
        """
        One score for each image.

        Raises:
            `ValueError`: an image cannot be decoded.
        """
        import torch

        scores = []
        for item in items:
            # A copy: the picture is shared with other annotators, and torch wants memory that may be written to.
            pixels = torch.tensor(picture_of(item).original).permute(2, 0, 1)[None].float() / 255
            scores.append(float(self._metric(pixels).reshape(-1)[0]))
        return scores


def _check_metric(descriptor: AnnotatorDescriptor, metric: str | None) -> None:
    try:
        from pyiqa.default_model_configs import DEFAULT_CONFIGS
    except ImportError as error:
        raise MissingExtraError(
            error.name or "pyiqa", extra="annotators", purpose=f"annotator {descriptor.name}"
        ) from error
    known = {name: config for name, config in DEFAULT_CONFIGS.items() if config["metric_mode"] == "NR"}
    if metric not in known:
        raise AnnotationError(
            f"Annotator {descriptor.name}: metric is {metric!r}, which is no no-reference metric of pyiqa. It has "
            f"{', '.join(sorted(known))}."
        )
    if known[metric].get("lower_better", False) == descriptor.higher_is_better:
        raise AnnotationError(
            f"Annotator {descriptor.name}: direction is {descriptor.direction!r}, but pyiqa has {metric} the other "
            "way round. Change it."
        )
