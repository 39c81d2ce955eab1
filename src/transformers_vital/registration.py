"""Registers the VITAL classes with transformers, each at the moment transformers loads the mapping it belongs to.

Registering at import would load torch and transformers for every user of this package, `--help` included; waiting for
the user to call something would break `import transformers_vital` followed by `AutoModel…from_pretrained`. So a finder
on `sys.meta_path` runs each registration after its mapping module was executed.
"""

import importlib.abc
import importlib.util
import sys
from contextlib import contextmanager


def _register_configs(module) -> None:
    from .models.vital import configuration_vital as ours
    from .models.vital.configuration_vital_probe import VitalProbeConfig

    for config in (
        ours.VitalMotionConfig,
        ours.VitalVisionEncoderConfig,
        VitalProbeConfig,
        ours.VitalConfig,
        ours.InternVLChatConfig,
    ):
        module.AutoConfig.register(config.model_type, config, exist_ok=True)


def _register_models(module) -> None:
    from .models.vital import configuration_vital as configs
    from .models.vital import modeling_vital as ours
    from .models.vital.configuration_vital_probe import VitalProbeConfig
    from .models.vital.modeling_slowfast import VitalMotionModel
    from .models.vital.modeling_vital_encoder import VitalVisionEncoder
    from .models.vital.modeling_vital_probe import VitalForQualityProbe

    module.AutoModel.register(configs.VitalMotionConfig, VitalMotionModel, exist_ok=True)
    module.AutoModel.register(configs.VitalVisionEncoderConfig, VitalVisionEncoder, exist_ok=True)
    module.AutoModel.register(VitalProbeConfig, VitalForQualityProbe, exist_ok=True)
    module.AutoModel.register(configs.VitalConfig, ours.VitalModel, exist_ok=True)
    for auto_class in (module.AutoModelForImageTextToText, module.AutoModelForMultimodalLM):
        auto_class.register(configs.VitalConfig, ours.VitalForConditionalGeneration, exist_ok=True)


def _register_image_processor(module) -> None:
    from .models.vital.configuration_vital import VitalConfig
    from .models.vital.image_processing_vital import VitalImageProcessor

    classes = {"torchvision": VitalImageProcessor}
    module.AutoImageProcessor.register(VitalConfig, image_processor_classes=classes, exist_ok=True)


def _register_video_processor(module) -> None:
    from .models.vital.configuration_vital import VitalConfig
    from .models.vital.video_processing_vital import VitalVideoProcessor

    module.AutoVideoProcessor.register(VitalConfig, VitalVideoProcessor, exist_ok=True)


def _register_processor(module) -> None:
    from .models.vital.configuration_vital import VitalConfig
    from .models.vital.processing_vital import VitalProcessor

    module.AutoProcessor.register(VitalConfig, VitalProcessor, exist_ok=True)


def _register_pipeline(module) -> None:
    from .scoring.pipeline import register_pipeline

    register_pipeline(module.PIPELINE_REGISTRY)


REGISTRATIONS = {
    "transformers.models.auto.configuration_auto": _register_configs,
    "transformers.models.auto.modeling_auto": _register_models,
    "transformers.models.auto.image_processing_auto": _register_image_processor,
    "transformers.models.auto.video_processing_auto": _register_video_processor,
    "transformers.models.auto.processing_auto": _register_processor,
    "transformers.pipelines": _register_pipeline,
}


class _ImportWatcher(importlib.abc.MetaPathFinder):
    """
    Runs the registration of a mapping module once it is loaded and nothing else of transformers is still loading.

    The second half matters: a registration imports our classes, these import transformers' model files, and one of
    those may be the very file whose loading brought the mapping module in.
    """

    watched = ("transformers.", "transformers_vital.")

    def __init__(self):
        self.searching = set()
        self.loading = 0
        self.due = []

    def find_spec(self, fullname, path=None, target=None):
        if not fullname.startswith(self.watched) or fullname in self.searching:
            return None
        self.searching.add(fullname)
        try:
            spec = importlib.util.find_spec(fullname)
        finally:
            self.searching.discard(fullname)
        if spec is None or spec.loader is None:
            return spec
        execute = spec.loader.exec_module

        def exec_module(module):
            with self._busy():
                execute(module)
            if fullname in REGISTRATIONS:
                self.due.append(fullname)
            self.register_due()

        spec.loader.exec_module = exec_module
        return spec

    def register_due(self) -> None:
        while self.due and not self.loading:
            name = self.due.pop(0)
            with self._busy():
                REGISTRATIONS[name](sys.modules[name])

    @contextmanager
    def _busy(self):
        self.loading += 1
        try:
            yield
        finally:
            self.loading -= 1


def install() -> None:
    """Register with what transformers has loaded already, and arrange it for the rest. Safe to call twice."""
    if any(isinstance(finder, _ImportWatcher) for finder in sys.meta_path):
        return
    watcher = _ImportWatcher()
    sys.meta_path.insert(0, watcher)
    watcher.due += [name for name in REGISTRATIONS if name in sys.modules]
    watcher.register_due()
