"""`pipeline("visual-quality-scoring", model=…)`: [`VitalScorer`] behind transformers' pipeline interface."""

from collections.abc import Iterator
from typing import Any

from transformers.pipelines.base import Pipeline, PipelineRegistry

from .scorer import VitalScorer


TASK = "visual-quality-scoring"


class VisualQualityScoringPipeline(Pipeline):
    """
    Quality scores of images and videos.

    Takes whatever [`VitalScorer.score`] takes and returns its results as dictionaries. An iterator or a dataset is
    scored as a stream. On the CPU it computes in float32, whatever type the checkpoint is stored in.

    Example:

    ```python
    >>> import transformers_vital
    >>> from transformers import pipeline
    >>> from transformers_vital.scoring.default_model import default_model_folder
    >>> scores = pipeline("visual-quality-scoring", model=str(default_model_folder()))("examples/media")
    >>> sorted(scores[0])[:3]
    ['calibrated_mos', 'confidence', 'error']

    ```
    """

    _load_processor = True
    _load_tokenizer = False
    _load_image_processor = False
    _load_video_processor = False
    _load_feature_extractor = False

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.device.type == "cpu":
            self.model.float()  # as VitalScorer does, so that both give one number
        self.scorer = VitalScorer(self.model, self.processor)

    def __call__(self, inputs: Any, batch_size: int = 1, **kwargs) -> dict | list[dict] | Iterator[dict]:
        """
        Args:
            inputs: see [`VitalScorer.score`]; an iterator, generator or `datasets` table gives an iterator of results.
            batch_size (`int`, *optional*, defaults to 1): media per forward pass.
            **kwargs: `kind`, `allow_network` and `level_mass` of [`VitalScorer.score`].
        """
        if hasattr(inputs, "__next__") or hasattr(inputs, "features"):
            return self._stream(inputs, batch_size=batch_size, **kwargs)
        results = self.scorer.score(inputs, batch_size=batch_size, **kwargs)
        return [result.to_dict() for result in results] if isinstance(results, list) else results.to_dict()

    def _stream(self, inputs, *, batch_size: int, level_mass: bool = False, **kwargs) -> Iterator[dict]:
        from ..media.inputs import expand_media

        items = (item for entry in inputs for item in expand_media(entry, **kwargs))
        for result in self.scorer.iter_scores(items, batch_size=batch_size, level_mass=level_mass):
            yield result.to_dict()

    def _sanitize_parameters(self, **kwargs):
        return {}, {}, {}

    def preprocess(self, inputs, **kwargs):
        raise NotImplementedError("This pipeline scores through VitalScorer; call it directly.")

    _forward = postprocess = preprocess


def register_pipeline(registry: PipelineRegistry) -> None:
    """Make the task known to `transformers.pipeline`."""
    from transformers.models.auto.modeling_auto import AutoModelForImageTextToText

    registry.register_pipeline(
        TASK, pipeline_class=VisualQualityScoringPipeline, pt_model=AutoModelForImageTextToText, type="multimodal"
    )
