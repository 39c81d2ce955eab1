"""Write configurations, processors, chat templates and generation settings of the models to `hub_configs/models`.

    python scripts/write_model_configs.py

The sizes are those of the paper's Table 8 and of the InternVL3 and Qwen models it starts from; the 2B decoder has
hidden size 1536 (the paper prints 1586). All but `vital-tiny` carry the settings of the authors' release, with which
the paper's numbers were made. InternLM2.5-7B has no class of its own in transformers; its decoder is
computed by Llama's once the fused query, key and value weights are split.
"""

import json
from pathlib import Path

from transformers.generation import GenerationConfig

from transformers_vital.models.vital.configuration_vital import VitalConfig, VitalVisionEncoderConfig
from transformers_vital.models.vital.configuration_vital_probe import VitalProbeConfig
from transformers_vital.models.vital.conversation_vital import (
    CHAT_TEMPLATE,
    CLEAN_PROMPT_SETTINGS,
    PLAIN_CHAT_TEMPLATE,
    RELEASE_PROMPT_SETTINGS,
)
from transformers_vital.models.vital.image_processing_vital import (
    CLEAN_IMAGE_SETTINGS,
    RELEASE_IMAGE_SETTINGS,
    VitalImageProcessor,
)
from transformers_vital.models.vital.video_processing_vital import (
    CLEAN_VIDEO_SETTINGS,
    RELEASE_VIDEO_SETTINGS,
    VitalVideoProcessor,
)
from transformers_vital.scoring.probe import ProbeProcessors


FOLDER = Path(__file__).resolve().parents[1] / "hub_configs" / "models"
INTERNVIT_300M = {"attention_bias": True}
INTERNVL3_VOCABULARY = 151674  # Qwen2.5 with InternVL's added tokens, which come last

QWEN = {
    "model_type": "qwen2",
    "vocab_size": INTERNVL3_VOCABULARY,
    "max_position_embeddings": 32768,
    "rms_norm_eps": 1e-6,
    "rope_parameters": {"rope_type": "default", "rope_theta": 1000000.0},
    "tie_word_embeddings": False,
}


def qwen(hidden_size, layers, heads, key_value_heads, intermediate_size):
    return QWEN | {
        "hidden_size": hidden_size,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "num_key_value_heads": key_value_heads,
        "intermediate_size": intermediate_size,
    }


INTERNLM2_5_7B = {
    "model_type": "llama",
    "vocab_size": 92554,  # 92,544, the nine tokens that InternVL adds, and one for videos
    "hidden_size": 4096,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "intermediate_size": 14336,
    "max_position_embeddings": 32768,
    "rms_norm_eps": 1e-5,
    "rope_parameters": {"rope_type": "default", "rope_theta": 1000000.0},
    "tie_word_embeddings": False,
}

QWEN_TOKEN_IDS = {"image_token_id": 151667, "video_token_id": 151656}
# the ids of the level words are read from the tokenizer when the model is put together
INTERNLM_TOKEN_IDS = {"image_token_id": 92546, "video_token_id": 92553, "level_token_ids": None}

# greedy, with the length and the tokens that the authors' answers end with
QWEN_GENERATION = {"bos_token_id": 151644, "eos_token_id": 151645, "pad_token_id": 151643}
INTERNLM_GENERATION = {"bos_token_id": 1, "eos_token_id": [2, 92542], "pad_token_id": 2}

QWEN_0_5B = qwen(896, 24, 14, 2, 4864)
QWEN_1_5B = qwen(1536, 28, 12, 2, 8960)
QWEN_7B = qwen(3584, 28, 28, 4, 18944)
QWEN_14B = qwen(5120, 48, 40, 8, 13824)
DECODERS = {
    "vital-base-8b": QWEN_7B,
    "vital-assistant-8b": QWEN_7B,
    "vital-zero-1b": QWEN_0_5B,
    "vital-zero-2b": QWEN_1_5B,
    "vital-zero-14b": QWEN_14B,
    "vital-warm-up-1b": QWEN_0_5B,
    "vital-warm-up-2b": QWEN_1_5B,
    "vital-warm-up-14b": QWEN_14B,
    "vital-zero-qwen2-7b": QWEN_7B,
    "vital-zero-qwen2.5-7b": QWEN_7B,
    "vital-zero-internlm2.5-7b": INTERNLM2_5_7B,
}

# ViT-S/14 and a small Qwen2 decoder; tiles of 224 pixels keep it fast on a laptop.
TINY_TILE = 224
TINY = {
    "vision_config": {
        "hidden_size": 384,
        "num_hidden_layers": 12,
        "num_attention_heads": 6,
        "intermediate_size": 1536,
        "image_size": TINY_TILE,
        "attention_bias": True,
        "use_mean_pooling": False,  # a norm after the last layer, as DINOv2 has
    },
    "text_config": QWEN
    | qwen(256, 4, 4, 2, 704)
    | {"vocab_size": 8223, "tie_word_embeddings": True, "pad_token_id": 8192, "eos_token_id": 8194},
    "image_token_id": 8216,
    "video_token_id": 8205,
    "image_seq_length": 64,
    "tie_word_embeddings": True,
}


def write(name: str, config, processor: dict | None, *, chat_template: str = CHAT_TEMPLATE) -> None:
    folder = FOLDER / name
    folder.mkdir(parents=True, exist_ok=True)
    config.save_pretrained(folder)
    if processor is not None:
        (folder / "processor_config.json").write_text(json.dumps(processor, indent=2, sort_keys=True) + "\n")
        (folder / "chat_template.jinja").write_text(chat_template, encoding="utf-8")


def processor_config(*, release: bool, tile: int = 448, image_seq_length: int = 256, max_patches: int = 12) -> dict:
    image = VitalImageProcessor(
        size={"height": tile, "width": tile},
        max_patches=max_patches,
        **(RELEASE_IMAGE_SETTINGS if release else CLEAN_IMAGE_SETTINGS),
    )
    video = VitalVideoProcessor(
        size={"height": tile, "width": tile}, **(RELEASE_VIDEO_SETTINGS if release else CLEAN_VIDEO_SETTINGS)
    )
    return {
        "processor_class": "VitalProcessor",
        "image_seq_length": image_seq_length,
        "image_processor": json.loads(image.to_json_string()),
        "video_processor": json.loads(video.to_json_string()),
        **(RELEASE_PROMPT_SETTINGS if release else CLEAN_PROMPT_SETTINGS),
    }


def main() -> None:
    for name, decoder in DECODERS.items():
        token_ids = INTERNLM_TOKEN_IDS if decoder is INTERNLM2_5_7B else QWEN_TOKEN_IDS
        config = VitalConfig(
            vision_config=INTERNVIT_300M,
            text_config=decoder,
            **token_ids,
            motion_readout="reshaped",
            architectures=["VitalForConditionalGeneration"],
            dtype="bfloat16",
        )
        write(name, config, processor_config(release=True))
        ends = INTERNLM_GENERATION if decoder is INTERNLM2_5_7B else QWEN_GENERATION
        GenerationConfig(do_sample=False, max_new_tokens=2048, **ends).save_pretrained(FOLDER / name)
    probe = FOLDER / "vital-linear-probe"
    VitalProbeConfig(
        vision_config=INTERNVIT_300M, reading="release", architectures=["VitalForQualityProbe"], dtype="bfloat16"
    ).save_pretrained(probe)
    ProbeProcessors(VitalImageProcessor(), VitalVideoProcessor(**RELEASE_VIDEO_SETTINGS)).save_pretrained(probe)
    write(
        "vital-vision-encoder-300m",
        VitalVisionEncoderConfig(vision_config=INTERNVIT_300M, architectures=["VitalVisionEncoder"], dtype="bfloat16"),
        None,
    )
    tiny = VitalConfig(**TINY, architectures=["VitalForConditionalGeneration"], dtype="bfloat16")
    processor = processor_config(release=False, tile=TINY_TILE, image_seq_length=64, max_patches=6)
    # no system message: in a vocabulary of 8,192 entries InternVL's would be 135 of the 147 tokens of a prompt
    write("vital-tiny", tiny, processor, chat_template=PLAIN_CHAT_TEMPLATE)


if __name__ == "__main__":
    main()
