"""The metrics as modules of `evaluate`; the scripts in `hub_configs/metrics/` hand them to `evaluate.load`."""

from typing import Any

from ..errors import MissingExtraError
from .metrics import krcc, rating_metrics, srcc
from .qbench import qbench_accuracy


try:
    import datasets
    import evaluate
except ImportError as error:
    raise MissingExtraError(error.name, extra="eval", purpose="evaluate.load") from error

_CITATION = """\
@article{jia2025vital,
  title={VITAL: Vision-Encoder-centered Pre-training for LMMs in Visual Quality Assessment},
  author={Jia, Ziheng and Cao, Linhan and Han, Jinliang and Zhang, Zicheng and Qian, Jiaying and Wang, Jiarui and
          Chen, Zijian and Zhai, Guangtao and Min, Xiongkuo},
  year={2025}
}
"""
_RATING_INPUTS = """
Args:
    predictions (list of float): scores, higher is better.
    references (list of float): ratings (MOS), higher is better; as many, at least three.
"""
_RATING_FEATURES = {"predictions": "float64", "references": "float64"}
_QBENCH_INPUTS = """
Args:
    predictions (list of str): answers of the model.
    references (list of str): letters of the correct options, A to D.
    concerns (list of str): for each question one or more concerns joined by "_", such as "CONCERN_Technical_Temporal".
"""
_QBENCH_FEATURES = {"predictions": "string", "references": "string", "concerns": "string"}


def _info(description: str | None, *, inputs: str, features: dict[str, str]) -> "evaluate.MetricInfo":
    return evaluate.MetricInfo(
        description=description or "",
        citation=_CITATION,
        inputs_description=inputs,
        features=datasets.Features({name: datasets.Value(kind) for name, kind in features.items()}),
    )


class Srcc(evaluate.Metric):
    """
    Spearman rank correlation coefficient; ties share their mean rank, NaN where one side is constant.

    Example:

    ```python
    >>> from transformers_vital.evaluation.evaluate_metrics import Srcc
    >>> metric = Srcc(keep_in_memory=True)
    >>> metric.compute(predictions=[0.1, 0.4, 0.9], references=[1, 3, 5])
    {'srcc': 1.0}

    ```
    """

    def _info(self) -> "evaluate.MetricInfo":
        return _info(self.__doc__, inputs=_RATING_INPUTS, features=_RATING_FEATURES)

    def _compute(self, predictions: Any, references: Any) -> dict[str, float]:
        return {"srcc": srcc(predictions, rated=references)}


class Plcc(evaluate.Metric):
    """
    Pearson linear correlation coefficient, `plcc` of the raw scores and `plcc_logistic` after the four-parameter
    logistic that fits them best. NaN where one side is constant; the second also with fewer than five items.
    """

    def _info(self) -> "evaluate.MetricInfo":
        return _info(self.__doc__, inputs=_RATING_INPUTS, features=_RATING_FEATURES)

    def _compute(self, predictions: Any, references: Any) -> dict[str, float]:
        metrics = rating_metrics(predictions, rated=references)
        return {name: metrics[name] for name in ("plcc", "plcc_logistic")}


class Krcc(evaluate.Metric):
    """Kendall rank correlation coefficient, corrected for ties (tau-b); NaN where one side is constant."""

    def _info(self) -> "evaluate.MetricInfo":
        return _info(self.__doc__, inputs=_RATING_INPUTS, features=_RATING_FEATURES)

    def _compute(self, predictions: Any, references: Any) -> dict[str, float]:
        return {"krcc": krcc(predictions, rated=references)}


class Rmse(evaluate.Metric):
    """
    Root mean squared error, `rmse` of scores that are on the scale of the ratings and `rmse_logistic` after the
    four-parameter logistic that fits them best. The second is NaN where one side is constant or with fewer than five
    items.
    """

    def _info(self) -> "evaluate.MetricInfo":
        return _info(self.__doc__, inputs=_RATING_INPUTS, features=_RATING_FEATURES)

    def _compute(self, predictions: Any, references: Any) -> dict[str, float]:
        metrics = rating_metrics(predictions, rated=references)
        return {name: metrics[name] for name in ("rmse", "rmse_logistic")}


class QBench(evaluate.Metric):
    """
    Accuracy of answers to the closed questions of Q-Bench-Video or Q-Bench by their first letter alone, `overall` and
    for each concern. An answer that chooses no option is wrong; `undecided` counts those.
    """

    def _info(self) -> "evaluate.MetricInfo":
        return _info(self.__doc__, inputs=_QBENCH_INPUTS, features=_QBENCH_FEATURES)

    def _compute(self, predictions: Any, references: Any, concerns: Any) -> dict[str, float]:
        return qbench_accuracy(predictions, references=references, concerns=concerns)
