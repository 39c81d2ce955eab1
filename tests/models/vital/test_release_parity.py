"""The `release` reading against data made by running the authors' code; tolerances are those of its README."""

import hashlib
import json

import numpy as np
import PIL
import pytest
import torch

from transformers_vital import VitalForConditionalGeneration, VitalProcessor
from transformers_vital.levels import score_from_official, score_from_probabilities
from transformers_vital.media.image import load_image
from transformers_vital.models.vital.image_processing_vital import RELEASE_IMAGE_SETTINGS, VitalImageProcessor
from transformers_vital.models.vital.modeling_vital import normalize_pixels
from transformers_vital.models.vital.tiling_vital import area_grid, ratio_grid


PIPELINES = {
    "score_image": {},
    "score_video": {"motion_stride": 1, "answer": "The overall quality of this video is"},
    "score_less_token_video": {"motion_stride": 4, "answer": "The quality of this video is"},
}


def read_json(path):
    return json.loads(path.read_text(encoding="utf-8"))


def sha256(array: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def pillow_of(hashes: dict, agree: bool) -> str:
    """The golden hash for the installed Pillow."""
    for key, value in hashes.items():
        if agree or key == f"pillow {PIL.__version__}":
            return value
    pytest.skip(f"Pillow {PIL.__version__} is none of the versions the goldens were made with, which differ here")


@pytest.fixture(scope="module")
def model(release_checkpoint):
    return VitalForConditionalGeneration.from_pretrained(release_checkpoint).eval()


@pytest.fixture(scope="module")
def processor(release_checkpoint):
    return VitalProcessor.from_pretrained(release_checkpoint)


@pytest.fixture
def prepare(processor, goldens):
    """(pipeline, media name) → scoring inputs made from the media file."""

    def inputs(pipeline: str, name: str):
        if pipeline == "score_image":
            return processor.prepare_scoring(images=[goldens / "images" / f"{name}.png"])
        processor.video_answer = PIPELINES[pipeline]["answer"]
        stride = PIPELINES[pipeline]["motion_stride"]
        return processor.prepare_scoring(videos=[goldens / "videos" / f"{name}.mp4"], motion_stride=stride)

    return inputs


def test_tile_grids_equal_those_of_both_official_rules(goldens):
    table = read_json(goldens / "tiling" / "grids.json")
    wrong, compared = [], 0
    for width, height, *expected in table["rows"]:
        for column, grid in zip(table["columns"][2:], expected, strict=True):
            name, most = column.split("_max")
            rule = {"area": area_grid, "ratio": ratio_grid}[name]
            got = rule(width, height, tile=table["image_size"], min_patches=1, max_patches=int(most))
            compared += 1
            if list(got) != grid:
                wrong.append((width, height, column, grid, got))
    assert compared >= 600
    assert not wrong


@pytest.mark.parametrize("rule", ["area", "ratio"])
def test_tiles_equal_the_official_pixels_bit_for_bit(goldens, rule):
    settings = RELEASE_IMAGE_SETTINGS | {"tile_grid": rule, "repeat_single_tile": False}
    images = VitalImageProcessor(**settings)
    compared = 0
    for name, golden in read_json(goldens / "tiling" / "images.json").items():
        expected = golden[rule]
        image = load_image(goldens / golden["file"], apply_exif=False, alpha="drop")
        assert list(image.size) == golden["size_wh_after_convert"], name
        tiles = images(image, return_tensors="pt").pixel_values
        assert len(tiles) == expected["tiles_before_duplication"], name
        hashes, agree = expected["sha256_uint8_tiles"], expected["pillow_versions_agree"]
        if not agree and f"pillow {PIL.__version__}" not in hashes:
            continue
        assert sha256(tiles.permute(0, 2, 3, 1).numpy()) == pillow_of(hashes, agree), name
        compared += 1
    assert compared >= 5


def test_normalised_pixels_equal_the_official_floats_bit_for_bit(goldens, model):
    images = VitalImageProcessor(**RELEASE_IMAGE_SETTINGS)
    if PIL.__version__ != "13.0.0":
        pytest.skip("the float hashes were made with Pillow 13.0.0")
    for name, golden in read_json(goldens / "tiling" / "images.json").items():
        image = load_image(goldens / golden["file"], apply_exif=False, alpha="drop")
        tiles = images(image, return_tensors="pt").pixel_values
        assert len(tiles) == golden["area"]["tiles_fed_to_vit"], name
        floats = normalize_pixels(tiles[: golden["area"]["tiles_before_duplication"]], model.config)
        assert sha256(floats.numpy()) == golden["area"]["sha256_float32_pixel_values_pillow_13.0.0"], name


@pytest.mark.parametrize("pipeline", ["score", "score_less_token"])
def test_video_frames_equal_the_official_choice_and_pixels(goldens, processor, pipeline):
    stride = {"score": 1, "score_less_token": 4}[pipeline]
    compared = 0
    for name, golden in read_json(goldens / "video" / "selection_score.json").items():
        if golden["kind"] == "gif":
            continue  # the authors' GIF branch never works
        expected, path = golden[pipeline], goldens / golden["file"]
        if expected.get("official_error"):
            with pytest.raises(ValueError, match=rf"needs at least {4 * stride}"):
                processor.video_processor.sample(path, motion_stride=stride)
            continue
        video = processor.video_processor.sample(path, motion_stride=stride)
        assert video.metadata.total_num_frames == golden["n_frames"], name
        assert video.metadata.fps == golden["avg_fps"], name
        assert video.metadata.frames_indices == expected["vit_source_frame_indices"], name
        assert len(video.motion_frames) == expected["T_motion_frames"], name
        agree = expected.get("pillow_versions_agree", False)
        hashes = expected["sha256_uint8_frames_resized_448"]
        assert sha256(video.motion_frames.permute(0, 2, 3, 1).numpy()) == pillow_of(hashes, agree), name
        positions = expected["vit_positions_within_motion_list"]
        assert torch.equal(video.key_frames, video.motion_frames[positions]), name
        compared += 1
    assert compared >= 4


@pytest.mark.parametrize("kind", ["images", "videos"])
def test_prompt_strings_and_ids_equal_the_official_ones(goldens, processor, prepare, kind):
    prompts = read_json(goldens / "prompts" / f"prompts_{kind}.json")
    ids = np.load(goldens / "prompts" / f"input_ids_{kind}.npz")
    for key, golden in prompts.items():
        pipeline, name = key.split("/")
        if (goldens / "videos" / f"{name}.gif").exists():
            continue  # the authors' GIF branch never works
        inputs = prepare(pipeline, name)
        official = ids[f"{key}/tiny/input_ids"]
        # the authors append <|im_end|> and a newline after the position they read; nothing before it can see them
        assert inputs.input_ids[0].tolist() == official[:-2].tolist(), key
        text = processor.decode(inputs.input_ids[0]) + "<|im_end|>\n"
        shortened = golden["text"]
        for part in shortened.split("<IMG_CONTEXT>*")[1:]:
            count = part.split("<")[0]
            shortened = shortened.replace(f"<IMG_CONTEXT>*{count}<", "<IMG_CONTEXT>" * int(count) + "<")
        assert text == shortened, key
    assert prompts


def forward_cases(goldens):
    for kind in ("images", "videos"):
        yield from read_json(goldens / "forward" / f"summary_{kind}.json").items()


def test_level_logits_and_scores_equal_the_official_ones(goldens, model, prepare):
    for key, golden in forward_cases(goldens):
        logits = model.level_logits(**prepare(*key.split("/"))).level_logits[0]
        np.testing.assert_allclose(logits, golden["level_logits"], atol=2e-4, err_msg=key)
        probabilities = logits.double().softmax(-1).numpy()
        score = score_from_probabilities(probabilities)
        assert score == pytest.approx(golden["score_paper_weights"], abs=1e-5), key
        assert score == pytest.approx(score_from_official(golden["score_official"]), abs=1e-5), key


def test_whole_logit_row_and_level_mass_follow_from_the_official_logits(goldens, model, prepare):
    for key, golden in forward_cases(goldens):
        arrays = np.load(goldens / "forward" / f"{key.replace('/', '__')}.npz")
        inputs = prepare(*key.split("/"))
        with torch.no_grad():
            row = model(**inputs, logits_to_keep=1).logits[0, -1]
        np.testing.assert_allclose(row, arrays["logits_m3"], atol=2e-4, err_msg=key)
        official = torch.from_numpy(arrays["logits_m3"]).double()
        mass = official.softmax(-1)[list(model.config.level_token_ids)].sum()
        assert model.level_logits(**inputs, level_mass=True).level_mass.item() == pytest.approx(mass.item(), abs=1e-4)
        assert golden["level_logits"]


def test_vision_embeddings_equal_the_official_ones(goldens, model, prepare):
    for key, _ in forward_cases(goldens):
        arrays = np.load(goldens / "forward" / f"{key.replace('/', '__')}.npz")
        inputs = prepare(*key.split("/"))
        pixels = inputs["pixel_values_videos" if "pixel_values_videos" in inputs else "pixel_values"]
        with torch.no_grad():
            features = model.model.get_image_features(pixels, return_dict=True)
        hidden = features.last_hidden_state[:, ::64]
        np.testing.assert_allclose(hidden, arrays["vit_last_every64"], atol=1e-4, err_msg=key)
        whole = "vit_embeds" in arrays
        embeds = features.pooler_output if whole else features.pooler_output[:, ::8]
        np.testing.assert_allclose(
            embeds, arrays["vit_embeds" if whole else "vit_embeds_every8"], atol=1e-4, err_msg=key
        )


def test_motion_features_equal_the_official_ones(goldens, model, prepare):
    for key in read_json(goldens / "forward" / "summary_videos.json"):
        arrays = np.load(goldens / "forward" / f"{key.replace('/', '__')}.npz")
        pixels = prepare(*key.split("/")).pixel_values_motion
        with torch.no_grad():
            features = model.model.motion_tower(normalize_pixels(pixels, model.config))
            tokens = model.model.get_motion_features(pixels)
        np.testing.assert_allclose(features.T, arrays["motion_raw"], rtol=1e-4, atol=1e-4, err_msg=key)
        np.testing.assert_allclose(tokens, arrays["motion_embeds"], atol=1e-4, err_msg=key)


def test_transposed_readout_gives_the_logits_the_goldens_state_for_it(goldens, release_checkpoint, prepare):
    model = VitalForConditionalGeneration.from_pretrained(release_checkpoint, motion_readout="transposed").eval()
    for key, golden in read_json(goldens / "forward" / "summary_videos.json").items():
        logits = model.level_logits(**prepare(*key.split("/"))).level_logits[0]
        expected = golden["level_logits_if_motion_rows_were_transposed_properly"]
        np.testing.assert_allclose(logits, expected, atol=2e-4, err_msg=key)


def test_greedy_answers_equal_the_official_tokens(goldens, model, processor):
    prompts = read_json(goldens / "prompts" / "prompts_qa.json")
    ids = np.load(goldens / "prompts" / "input_ids_qa.npz")
    compared = 0
    for key, golden in read_json(goldens / "qa" / "summary.json").items():
        annotation = prompts[key]["annotation"]
        tokens = golden.get("greedy_token_ids")
        if tokens is None:
            continue
        if "video" in annotation:
            media = processor.video_processor([goldens / annotation["video"]])
        else:
            images = VitalImageProcessor(**RELEASE_IMAGE_SETTINGS | {"tile_grid": "ratio"})
            media = images([goldens / next(annotation[name] for name in ("image", "img_path") if name in annotation)])
        media = {name: value for name, value in media.items() if name != "num_patches"}
        media = {
            name: value if isinstance(value, torch.Tensor) else torch.stack(list(value))
            for name, value in media.items()
        }
        input_ids = torch.from_numpy(ids[f"{key}/tiny/input_ids"]).long()[None]
        if input_ids.shape[1] != golden["seq_len_tiny"]:
            continue  # a case whose annotation the authors' code cannot run
        out = model.generate(
            input_ids=input_ids,
            attention_mask=torch.ones_like(input_ids),
            **media,
            max_new_tokens=len(tokens),
            do_sample=False,
            eos_token_id=golden["official_generation_config"]["eos_token_id"],
            pad_token_id=golden["official_generation_config"]["pad_token_id"],
        )
        assert out[0, input_ids.shape[1] :].tolist() == tokens, key
        compared += 1
    assert compared >= 3
