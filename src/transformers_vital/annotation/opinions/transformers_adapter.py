"""Annotators that are models of the Hugging Face Hub with a method that scores pictures."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ...errors import AnnotationError
from ...media.inputs import MediaItem
from .annotators import AnnotatorDescriptor, Permissions
from .decoding import clip_of, picture_of


SETTINGS = {"model", "revision", "auto_class", "method", "arguments", "load"}


class TransformersAnnotator:
    """
    Scores media by a method of a model that an Auto class loads, such as `score` of Q-Align.

    Settings of the descriptor:

    | setting | meaning |
    |---|---|
    | `model` | name on the Hub, or a folder |
    | `revision` | commit; name one, since the code of a model may change |
    | `auto_class` | of transformers; `AutoModel` when left out |
    | `method` | of the model; it takes a list with one Pillow image, or with one list of the frames of a video, and returns a score |
    | `arguments` | of the method, besides |
    | `load` | arguments of `from_pretrained`, besides, such as `dtype` |

    Args:
        descriptor ([`~annotation.opinions.annotators.AnnotatorDescriptor`]): with these settings.
        permissions ([`~annotation.opinions.annotators.Permissions`], *optional*): files are taken from the cache unless a
            download is allowed; the model's own code runs only with `trust_remote_code`.

    Raises:
        [`AnnotationError`]: a setting is missing or unknown, the model cannot be loaded, its code may not be run, or
            it has no such method.
    """  # noqa: E501

    reads = "pixels"

    def __init__(self, descriptor: AnnotatorDescriptor, permissions: Permissions | None = None):
        self.descriptor = descriptor
        settings, permissions = descriptor.settings, permissions or Permissions()
        missing, unknown = {"model", "method"} - set(settings), set(settings) - SETTINGS
        if missing or unknown:
            raise AnnotationError(
                f"Annotator {descriptor.name} has settings {', '.join(sorted(settings)) or 'none'}; expected model "
                f"and method, and may be {', '.join(sorted(SETTINGS - {'model', 'method'}))}."
            )
        model = _load(descriptor, permissions)
        self._score = getattr(model, settings["method"], None)
        if not callable(self._score):
            raise AnnotationError(
                f"Annotator {descriptor.name}: {type(model).__name__} of {settings['model']} has no method "
                f"{settings['method']}. Its code may come with the model: name the Auto class, and trust the code."
            )
        self._arguments = settings.get("arguments") or {}

    def score(self, items: Sequence[MediaItem]) -> list[float]:
        """
        One score for each medium; of a video the frames of [`~annotation.opinions.decoding.ClipSample`] are looked at.

        Raises:
            `ValueError`: a medium cannot be decoded.
        """
        import torch

        scores = []
        for item in items:
            with torch.inference_mode():
                found = self._score([self._shown(item)], **self._arguments)
            scores.append(float(torch.as_tensor(found).reshape(-1)[0]))
        return scores

    def _shown(self, item: MediaItem):
        from PIL import Image

        if self.descriptor.kind == "image":
            return Image.fromarray(picture_of(item).original)
        return [Image.fromarray(frame.original) for frame in clip_of(item).frames]


def _load(descriptor: AnnotatorDescriptor, permissions: Permissions):
    import transformers

    settings = descriptor.settings
    auto_class = settings.get("auto_class", "AutoModel")
    if not auto_class.startswith("Auto") or not hasattr(transformers, auto_class):
        raise AnnotationError(f"Annotator {descriptor.name}: transformers has no Auto class {auto_class}.")
    try:
        model = getattr(transformers, auto_class).from_pretrained(
            _place(settings, permissions),
            revision=settings.get("revision"),
            trust_remote_code=permissions.trust_remote_code,
            local_files_only=not permissions.allow_download,
            **settings.get("load") or {},
        )
    except (OSError, ValueError, ImportError, AttributeError) as error:
        hint = (
            ""
            if permissions.trust_remote_code
            else " Its own code runs only with Permissions(trust_remote_code=True)."
        )
        raise AnnotationError(
            f"Annotator {descriptor.name}: {settings['model']} cannot be loaded: {error}{hint}"
        ) from error
    return model.to(permissions.device or "cpu").eval()


def _place(settings: Mapping[str, Any], permissions: Permissions) -> str:
    """
    The name of a model, or its folder in the cache where nothing may be fetched.

    Auto classes look for adapters of a name on the Hub whatever they are told.
    """
    if permissions.allow_download or Path(settings["model"]).is_dir():
        return settings["model"]
    from huggingface_hub import snapshot_download

    return snapshot_download(settings["model"], revision=settings.get("revision"), local_files_only=True)
