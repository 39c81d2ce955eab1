"""Which parts of a model are trained: the policies by name, and the batch norms that follow them."""

from torch import nn

from ..errors import TrainingError
from ..models.vital.modeling_slowfast import VitalMotionModel


ENCODERS = ("vision_tower.", "motion_tower.")
PROJECTORS = ("multi_modal_projector.", "motion_projector.")

# Beginnings of the names of the trained parameters, below `model.` or not.
POLICIES = {
    "vision-encoder": ENCODERS,  # pre-training (Sec. 3.2): decoder and projectors are frozen
    "decoder": ("language_model.", "lm_head.", *PROJECTORS),  # warm-up (Sec. 3.3)
    "full": ("",),  # post-training and the references of Tables 9 and 10
    "linear-probe": (*PROJECTORS, "head."),  # Table 6: everything behind the encoders
}


def freeze(model: nn.Module, policy: str) -> list[str]:
    """
    Let only the parameters of a policy be trained.

    | policy | trained | for |
    |---|---|---|
    | `"vision-encoder"` | image encoder, motion extractor | pre-training |
    | `"decoder"` | language model, both projectors | warm-up |
    | `"full"` | everything | post-training |
    | `"linear-probe"` | what reads the encoders' features | the linear probe |

    Args:
        model (`nn.Module`): changed in place.
        policy (`str`): one of the above.

    Returns:
        `list[str]`: names of the trained parameters.

    Raises:
        [`TrainingError`]: the policy is unknown, or names no parameter of the model.

    Example:

    ```python
    >>> import torch
    >>> from transformers_vital import VitalConfig, VitalForConditionalGeneration
    >>> from transformers_vital.training.freezing import freeze
    >>> with torch.device("meta"):
    ...     model = VitalForConditionalGeneration(VitalConfig(text_config={"model_type": "qwen2"}))
    >>> trained = freeze(model, "vision-encoder")
    >>> round(sum(model.get_parameter(name).numel() for name in trained) / 1e6, 1)  # 304.0 and 0.5
    304.5

    ```
    """
    if policy not in POLICIES:
        raise TrainingError(f"The policy is {policy!r}; expected one of {', '.join(POLICIES)}.")
    trained = []
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name.removeprefix("model.").startswith(POLICIES[policy]))
        if parameter.requires_grad:
            trained.append(name)
    if not trained:
        raise TrainingError(f"The policy {policy!r} trains nothing of a {type(model).__name__}. Choose another.")
    return trained


def set_batch_norms(model: nn.Module, *, update: bool) -> None:
    """
    After `model.train()`: let the batch norms of the motion extractor use and update batch statistics, or not.

    A frozen one never does, so that its buffers stay as they are.

    Args:
        model (`nn.Module`): changed in place.
        update (`bool`): of those that are trained.
    """
    for module in model.modules():
        if isinstance(module, VitalMotionModel):
            module.train(update and any(parameter.requires_grad for parameter in module.parameters()))
