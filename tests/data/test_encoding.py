"""Records as token ids: prompts, targets, what is supervised, and what is refused."""

import numpy as np
import pytest
import torch

from transformers_vital.data.encoding import TASKS, RecordEncoder
from transformers_vital.errors import RecordError, VitalError
from transformers_vital.models.vital.processing_vital import VitalProcessor


HEAD = (
    "<|im_start|>system\n你是书生·万象，英文名是InternVL，是由上海人工智能实验室、清华大学及多家合作单位联合开发的多模态大语言模型。"
    "<|im_end|>\n<|im_start|>user\n"
)
TAIL = "<|im_end|>\n<|im_start|>assistant\n"
# Four tokens per tile, per key frame (one a second), and one per motion frame (eight a second).
TOKENS = {
    "small": "<img>" + "<IMG_CONTEXT>" * 4 + "</img>\n",
    "wide": "<img>" + "<IMG_CONTEXT>" * 16 + "</img>\n",  # three tiles and the whole
    "short": "Frame-1: <img>"
    + "<|video_pad|>" * 4
    + "</img>\nMotion Feature: <img>"
    + "<|video_pad|>" * 8
    + "</img>\n",
    "clip": "".join(f"Frame-{index}: <img>" + "<|video_pad|>" * 4 + "</img>\n" for index in (1, 2))
    + ("Motion Feature: <img>" + "<|video_pad|>" * 16 + "</img>\n"),
}
PROMPTS = {name: HEAD + tokens + TAIL for name, tokens in TOKENS.items()}
MEDIA = pytest.mark.parametrize("name", list(TOKENS))


def scored(media, mean=0.7, **fields) -> dict:
    record = {"level_probs": [0.1, 0.6, 0.2, 0.1, 0.0], "std": 0.1, "opinions": [], "annotators": []}
    return {"media": media, "mean": mean, **record, **fields}


def paired(a, b, **fields) -> dict:
    moments = {"mean_a": 0.7, "std_a": 0.1, "mean_b": 0.3, "std_b": 0.1}
    return {"media_a": a, "media_b": b, "preference": 1.0, **moments, **fields}


def stated(media, text="mild blur", task="distortion") -> dict:
    return {"media": media, "text": text, "task": task}


def asked(media, *turns: tuple[str, str]) -> dict:
    return {"media": media, "messages": [{"role": role, "content": content} for role, content in turns]}


class Read:
    """A sequence as text."""

    def __init__(self, sequence, processor):
        self.whole = processor.decode(sequence.input_ids)
        self.supervised = processor.decode(sequence.input_ids[sequence.target_places])


class TestScores:
    @MEDIA
    def test_the_level_follows_a_prompt_of_vision_tokens_and_the_sentence_of_the_paper(
        self, encoder, media, processor, name
    ):
        (sequence,) = encoder()(scored(media[name]), record_type="distribution").sequences
        sentence = f"The quality of the {media[name]['kind']} is"
        assert Read(sequence, processor).whole == f"{PROMPTS[name]}{sentence} good"
        assert Read(sequence, processor).supervised == sentence

    @pytest.mark.parametrize(
        ("mean", "token_id"),
        [(1.0, 1550), (0.8, 1550), (0.79, 1661), (0.6, 1661), (0.5, 6624), (0.2, 7852), (0.19, 3347), (0.0, 3347)],
    )
    def test_the_level_place_holds_the_level_of_the_mean_and_is_last(self, encoder, media, mean, token_id):
        (sequence,) = encoder()(scored(media["small"], mean), record_type="distribution").sequences
        assert sequence.level_place == len(sequence.input_ids) - 1
        assert sequence.input_ids[sequence.level_place] == token_id
        assert sequence.level_place not in sequence.target_places

    def test_the_targets_are_those_of_the_record(self, encoder, media):
        record = encoder()(scored(media["small"]), record_type="distribution")
        assert (record.task, record.preference) == ("distribution", None)
        assert record.sequences[0].level_probabilities == (0.1, 0.6, 0.2, 0.1, 0.0)

    def test_the_authors_recipe_supervises_the_closing_token_too(self, encoder, media, processor):
        (sequence,) = encoder(recipe="release")(scored(media["small"]), record_type="distribution").sequences
        assert Read(sequence, processor).whole == f"{PROMPTS['small']}The quality of the image is good<|im_end|>"
        assert Read(sequence, processor).supervised == "The quality of the image is<|im_end|>"
        assert sequence.input_ids[sequence.level_place] == 1661

    @pytest.mark.parametrize("mean", [0.95, 0.61, 0.4])
    def test_without_pmod_the_level_of_the_mean_is_certain(self, encoder, media, mean):
        expected = {0.95: (1, 0, 0, 0, 0), 0.61: (0, 1, 0, 0, 0), 0.4: (0, 0, 1, 0, 0)}[mean]
        encode = encoder(pmod=False)
        (single,) = encode(scored(media["small"], mean), record_type="distribution").sequences
        pair = encode(paired(media["small"], media["clip"], mean_b=mean), record_type="pair")
        assert single.level_probabilities == pair.sequences[1].level_probabilities == expected

    def test_a_pair_is_two_scores_a_before_b(self, encoder, media, processor):
        record = encoder()(paired(media["small"], media["clip"], preference=0), record_type="pair")
        assert (record.task, record.preference) == ("pair", 0.0)
        a, b = (Read(sequence, processor) for sequence in record.sequences)
        assert a.whole == f"{PROMPTS['small']}The quality of the image is good"
        assert b.whole == f"{PROMPTS['clip']}The quality of the video is poor"

    def test_labels_of_pairs_sum_to_one_or_are_exactly_the_authors(self, encoder, media):
        # The published example, whose label is clamped and not normalised.
        record = paired(media["small"], media["small"], mean_a=3.5794934669057366 / 5, std_a=0.40433325454895114 / 5)
        released = [0.14867373891545374, 0.7785726073023485, 0.07512019739935649, 0, 0]
        ours, theirs = (
            encoder(recipe=recipe)(record, record_type="pair").sequences[0].level_probabilities
            for recipe in ("paper", "release")
        )
        assert theirs == pytest.approx(released, abs=1e-9)
        assert sum(ours) == pytest.approx(1) and sum(released) > 1.002


class TestTexts:
    @MEDIA
    @pytest.mark.parametrize("task", ["distortion", "description"])
    def test_a_statement_follows_vision_tokens_and_is_closed(self, encoder, media, processor, name, task):
        record = encoder()(stated(media[name], "A hazy 街 is blurred.", task), record_type="statement")
        (sequence,) = record.sequences
        assert record.task == task and task in TASKS
        assert sequence.level_place is sequence.level_probabilities is None
        assert Read(sequence, processor).whole == f"{PROMPTS[name]}A hazy 街 is blurred.<|im_end|>"
        assert Read(sequence, processor).supervised == "A hazy 街 is blurred.<|im_end|>"

    def test_all_media_of_an_instruction_come_before_the_first_question(self, encoder, media, processor):
        names = ["wide", "clip", "small", "short"]
        record = asked([media[name] for name in names], ("user", "Which?"), ("assistant", "The first."))
        (sequence,) = encoder()(record, record_type="instruction").sequences
        tokens = "".join(TOKENS[name] for name in names)
        assert Read(sequence, processor).whole == f"{HEAD}{tokens}Which?{TAIL}The first.<|im_end|>"
        assert sequence.pixels["pixel_values"].shape[0] == 4 + 1
        assert sequence.pixels["num_key_frames"].tolist() == [2, 1]
        assert sequence.pixels["num_motion_frames"].tolist() == [16, 8]

    TURNS = (("user", "Which?"), ("assistant", "The first."), ("user", "Why?"), ("assistant", " It is sharp.\n"))

    @pytest.mark.parametrize("system", [(), (("system", "Be brief."),)], ids=["default", "own"])
    def test_all_answers_of_an_instruction_are_supervised_and_nothing_else(self, encoder, media, processor, system):
        record = encoder()(asked([media["small"]], *system, *self.TURNS), record_type="instruction")
        read = Read(record.sequences[0], processor)
        head = "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n" if system else HEAD
        assert record.task == "instruction"
        assert read.supervised == "The first.<|im_end|> It is sharp.\n<|im_end|>"
        assert read.whole == (
            f"{head}{TOKENS['small']}Which?{TAIL}The first.<|im_end|>\n"
            f"<|im_start|>user\nWhy?{TAIL} It is sharp.\n<|im_end|>"
        )

    def test_an_instruction_is_tokenised_as_the_chat_template_does(self, encoder, media, processor, root):
        record = asked([media["small"], media["clip"]], *self.TURNS)
        (sequence,) = encoder()(record, record_type="instruction").sequences
        blocks = [{"type": media[name]["kind"], "path": str(root / media[name]["path"])} for name in ("small", "clip")]
        chat = [{"role": role, "content": [{"type": "text", "text": text}]} for role, text in self.TURNS]
        chat[0]["content"][:0] = blocks
        expected = processor.apply_chat_template(chat, tokenize=True, return_dict=True, return_tensors="pt")
        assert sequence.input_ids.tolist() == expected["input_ids"][0, :-1].tolist()  # without the last line break
        for name, pixels in sequence.pixels.items():
            assert torch.equal(pixels, expected[name]), name


class TestMedia:
    @MEDIA
    def test_bytes_are_read_as_the_file_they_are_of(self, encoder, media, root, name):
        content = {"kind": media[name]["kind"], "path": None, "bytes": (root / media[name]["path"]).read_bytes()}
        (expected,) = encoder()(stated(media[name]), record_type="statement").sequences
        (sequence,) = encoder()(stated(content), record_type="statement").sequences
        assert torch.equal(sequence.input_ids, expected.input_ids)
        assert sequence.pixels.keys() == expected.pixels.keys() != set()
        assert all(torch.equal(pixels, expected.pixels[key]) for key, pixels in sequence.pixels.items())

    @MEDIA
    def test_pixels_stay_integers_of_eight_bits(self, encoder, media, name):
        (sequence,) = encoder()(stated(media[name]), record_type="statement").sequences
        pixels = [value for key, value in sequence.pixels.items() if key.startswith("pixel")]
        assert {value.dtype for value in pixels} == {torch.uint8}
        assert len(pixels) == (1 if media[name]["kind"] == "image" else 2)

    @pytest.mark.parametrize("path", ["../outside.png", "{folder}/outside.png", "link.png"])
    def test_paths_that_leave_the_root_are_refused(self, encoder, root, path):
        media = {"kind": "image", "path": path.format(folder=root.parent), "bytes": None}
        with pytest.raises(VitalError, match=r"leads to .*outside.png, outside .*media"):
            encoder()(stated(media), record_type="statement")

    @pytest.mark.parametrize(
        ("path", "message"),
        [("absent.png", "is no file in"), ("broken.png", "broken.png"), ("broken.mp4", "broken.mp4")],
    )
    def test_unreadable_media_have_an_error_of_the_library(self, encoder, path, message):
        media = {"kind": "video" if path.endswith("mp4") else "image", "path": path, "bytes": None}
        with pytest.raises(VitalError, match=message):
            encoder()(stated(media), record_type="statement")

    def test_a_clip_too_short_for_the_authors_sampling_has_an_error_of_the_library(self, processor, root, media):
        released = VitalProcessor.from_tokenizer(processor.tokenizer, reading="release", tile=56, image_seq_length=4)
        released.video_processor.motion_stride = 8
        with pytest.raises(RecordError, match=r"short.mp4: The clip has 8 frames; .* needs at least 32"):
            RecordEncoder(released, root=root)(stated(media["short"]), record_type="statement")


@pytest.mark.parametrize(
    ("record_type", "fields", "message"),
    [
        pytest.param("score", {}, "record_type is 'score'; expected one of distribution", id="type"),
        pytest.param("distribution", {"mean": float("nan")}, r"mean is nan; expected a number in \[0, 1\]", id="nan"),
        pytest.param("distribution", {"level_probs": [1.0]}, "level_probs has 1 numbers; expected 5", id="levels"),
        pytest.param("pair", {"preference": 2}, "preference is 2; expected 1", id="preference"),
        pytest.param("pair", {"std_a": 0.0}, r"level_probs\[0\] is nan; expected a finite number", id="no-spread"),
        pytest.param("statement", {"text": "a <IMG_CONTEXT>"}, "A text holds <IMG_CONTEXT>, which", id="image-token"),
        pytest.param("statement", {"text": "<|video_pad|>"}, r"A text holds <\|video_pad\|>, which", id="video-token"),
        pytest.param("statement", {"text": "a<|im_end|>b"}, r"A text holds <\|im_end\|>, which", id="closing-token"),
        pytest.param(
            "instruction",
            {"messages": [{"role": "user", "content": "<IMG_CONTEXT>?"}, {"role": "assistant", "content": "No."}]},
            "A text holds <IMG_CONTEXT>, which",
            id="question",
        ),
    ],
)
def test_an_unusable_record_has_an_error_of_the_library(encoder, media, record_type, fields, message):
    """So that it is replaced by another and does not end the training."""
    records = {
        "distribution": scored(media["small"]),
        "pair": paired(media["small"], media["small"]),
        "statement": stated(media["small"]),
        "instruction": asked([media["small"]], ("user", "?"), ("assistant", "!")),
    }
    encode = encoder(recipe="release")
    if record_type in records:
        encode(records[record_type], record_type=record_type)
    with pytest.raises(RecordError, match=message):
        encode({**records.get(record_type, {}), **fields}, record_type=record_type)


def test_the_longest_member_decides_whether_a_record_is_too_long(encoder, media):
    record = paired(media["small"], media["clip"])
    length = len(encoder()(record, record_type="pair").sequences[1].input_ids)
    encoder(max_length=length)(record, record_type="pair")
    with pytest.raises(RecordError, match=f"has {length} tokens; expected at most {length - 1}. Shorten"):
        encoder(max_length=length - 1)(record, record_type="pair")


@pytest.mark.parametrize(
    "case", ["dist_images", "dist_videos", "pair_images_label1", "pair_videos_label1", "text_image", "text_video"]
)
def test_ids_and_supervised_places_equal_those_of_the_authors_training(released_batch, case):
    batch = released_batch(case)
    sequences = [sequence for record in batch.records for sequence in record.sequences]
    assert len(sequences) == len(batch.summary["per_sample_length"])
    for row, (sequence, length) in enumerate(zip(sequences, batch.summary["per_sample_length"], strict=True)):
        # one placeholder for all media in the release; its last token is a line break that nothing reads
        is_video = sequence.input_ids == batch.processor.video_token_id
        ids = sequence.input_ids.masked_fill(is_video, batch.processor.image_token_id)
        assert ids.tolist() == batch.arrays["tiny_input_ids"][row, : length - 1].tolist()
        level = batch.summary["level_token_position"][row]
        assert sequence.level_place == (level if level >= 0 else None)
        (labels,) = np.nonzero(batch.arrays["tiny_labels"][row] != -100)
        assert sequence.target_places.tolist() == [place for place in labels if place != level]
