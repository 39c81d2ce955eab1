"""No-reference visual quality assessment of images and videos with large multimodal models (VITAL).

Importing this package is cheap: it loads neither torch nor transformers. The names below are imported when they are
first used, and the VITAL classes join transformers' Auto classes as soon as transformers loads those.
"""

import importlib
from importlib.metadata import PackageNotFoundError, version

from . import registration


try:
    __version__ = version("transformers-vital")
except PackageNotFoundError:  # a source tree that is not installed
    __version__ = "0+unknown"

_HOMES = {
    "media.inputs": ["Frames"],
    "models.vital.configuration_vital": ["VitalConfig", "VitalMotionConfig", "VitalVisionEncoderConfig"],
    "models.vital.configuration_vital_probe": ["VitalProbeConfig"],
    "models.vital.image_processing_vital": ["VitalImageProcessor"],
    "models.vital.modeling_slowfast": ["VitalMotionModel"],
    "models.vital.modeling_vital": [
        "VitalForConditionalGeneration",
        "VitalLevelOutput",
        "VitalModel",
    ],
    "models.vital.modeling_vital_encoder": ["VitalVisionEncoder"],
    "models.vital.modeling_vital_probe": ["VitalForQualityProbe", "VitalProbeOutput"],
    "models.vital.processing_vital": ["VitalProcessor"],
    "models.vital.video_processing_vital": ["VitalVideoProcessor"],
    "results": ["Fingerprint", "QualityScore"],
    "scoring.pipeline": ["VisualQualityScoringPipeline"],
    "scoring.probe": ["VitalProbeScorer"],
    "scoring.scorer": ["VitalScorer"],
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = ["__version__", *_HOME_OF]

registration.install()


def __getattr__(name: str):
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{_HOME_OF[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted(__all__)
