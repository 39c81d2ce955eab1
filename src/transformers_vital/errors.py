"""Every error that `transformers_vital` raises on purpose.

Each one inherits the matching builtin too, so `except ValueError` and `except VitalError` both catch it.
A message says what was given, what was expected and what to do.
"""


class VitalError(Exception):
    """Base of all errors of this library."""


class MediaNotFoundError(VitalError, FileNotFoundError):
    """A path, folder or glob matches no file."""


class MediaInputError(VitalError, TypeError, ValueError):
    """An input is of a kind, shape or type that cannot be an image or a video."""


class MediaDecodeError(VitalError, ValueError):
    """A file was found but no picture can be decoded from it."""


class CheckpointError(VitalError, ValueError):
    """A checkpoint or model name cannot be used as given."""


class PromptError(VitalError, ValueError):
    """A conversation or answer prefix does not fit the model's template or level words."""


class CalibrationError(VitalError, ValueError):
    """A calibration cannot be fitted or read."""


class OutputError(VitalError, ValueError):
    """A result file or a card cannot be written or resumed, or a folder cannot be pushed."""


class RecordError(VitalError, ValueError):
    """A training record, or a file or table of them, does not have the form of its type."""


class DistortionError(VitalError, ValueError):
    """A distortion is unknown, or cannot be applied as asked."""


class AnnotationError(VitalError, ValueError):
    """An annotator, a stage of a dataset's build or its recipe cannot be used as given."""


class EndpointError(VitalError, RuntimeError):
    """A model behind an address did not answer as asked, after all retries or within the cap on spending."""


class EvaluationError(VitalError, ValueError):
    """A benchmark, its files or the values of a metric cannot be used as given."""


class TrainingError(VitalError, ValueError):
    """An argument of training is none of the known ones, or does not fit the model."""


class ExperimentError(VitalError, ValueError):
    """A recipe of an experiment, or what an earlier run of it has left, cannot be used as given."""


class MissingExtraError(VitalError, ImportError):
    """An optional dependency is absent.

    Args:
        package (`str`): the module that could not be imported.
        extra (`str`): the extra of `transformers-vital` that installs it.
        purpose (`str`): what needs it.

    Example:

    ```python
    >>> from transformers_vital.errors import MissingExtraError
    >>> str(MissingExtraError("pandas", extra="eval", purpose="writing parquet"))
    'writing parquet needs pandas, which is not installed. Run: pip install "transformers-vital[eval]"'

    ```
    """

    def __init__(self, package: str, *, extra: str, purpose: str):
        super().__init__(
            f'{purpose} needs {package}, which is not installed. Run: pip install "transformers-vital[{extra}]"',
            name=package,
        )
