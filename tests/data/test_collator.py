"""Batches of records: places by naive loops, padding, targets, and a model that reads each record as alone."""

import pytest
import torch

from transformers_vital import VitalForConditionalGeneration
from transformers_vital.data.collator import VitalCollator
from transformers_vital.data.encoding import TASKS, EncodedRecord, EncodedSequence, Group
from transformers_vital.training.objective import task_losses


PAD = 7


def sequence(length: int, *, targets: int, level: int | None = None, seed: int = 0, **pixels) -> EncodedSequence:
    """Random ids, of which the last ones are targets; the level counts from the end."""
    ids = torch.randint(100, 200, (length,), generator=torch.Generator().manual_seed(seed))
    places = torch.arange(length - targets, length)
    if level is None:
        return EncodedSequence(ids, places, pixels=pixels)
    place = length - level
    probabilities = tuple(torch.rand(5, generator=torch.Generator().manual_seed(seed)).tolist())
    return EncodedSequence(ids, places[places != place], place, probabilities, pixels)


DISTRIBUTION = EncodedRecord("distribution", (sequence(9, targets=4, level=1, seed=1),))
CLOSED = EncodedRecord("distribution", (sequence(6, targets=4, level=2, seed=2),))
PAIR = EncodedRecord(
    "pair", (sequence(8, targets=3, level=1, seed=3), sequence(12, targets=5, level=1, seed=4)), preference=0.5
)
OTHER_PAIR = EncodedRecord(
    "pair", (sequence(5, targets=2, level=1, seed=5), sequence(7, targets=2, level=1, seed=6)), preference=1.0
)
DISTORTION = EncodedRecord("distortion", (sequence(10, targets=3, seed=7),))
DESCRIPTION = EncodedRecord("description", (sequence(4, targets=2, seed=8),))
INSTRUCTION = EncodedRecord("instruction", (EncodedSequence(torch.arange(100, 111), torch.tensor([3, 4, 8, 9, 10])),))
GROUPS = [
    Group((DISTORTION, DISTRIBUTION)),
    Group((PAIR,), num_replaced=2),
    Group((INSTRUCTION, CLOSED), num_replaced=1),
    Group((OTHER_PAIR,)),
    Group((DESCRIPTION,)),
]
ORDERED = [DISTRIBUTION, CLOSED, PAIR, OTHER_PAIR, DISTORTION, INSTRUCTION, DESCRIPTION]
SEQUENCES = [member for record in ORDERED for member in record.sequences]


@pytest.fixture(scope="module")
def batch():
    return VitalCollator(pad_token_id=PAD)(GROUPS)


class TestSequences:
    def test_distributions_come_before_pairs_before_texts(self, batch):
        for row, expected in zip(batch["input_ids"], SEQUENCES, strict=True):
            assert row[: len(expected.input_ids)].tolist() == expected.input_ids.tolist()

    def test_padding_is_on_the_right_and_masked(self, batch):
        assert batch["input_ids"].shape == batch["attention_mask"].shape == (9, 12)
        for ids, mask, expected in zip(batch["input_ids"], batch["attention_mask"], SEQUENCES, strict=True):
            length = len(expected.input_ids)
            assert mask.tolist() == [1] * length + [0] * (12 - length)
            assert ids[length:].tolist() == [PAD] * (12 - length)

    def test_a_padding_token_within_a_text_is_attended_to(self):
        text = EncodedRecord("distortion", (EncodedSequence(torch.tensor([1, PAD, PAD]), torch.tensor([1, 2])),))
        batch = VitalCollator(pad_token_id=PAD)([Group((text,))])
        assert batch["attention_mask"].tolist() == [[1, 1, 1]]

    def test_targets_are_read_one_row_before_them(self, batch):
        positions, ids = [], []
        for row, member in enumerate(SEQUENCES):
            for place in member.target_places.tolist():
                positions.append(row * 12 + place - 1)
                ids.append(member.input_ids[place].item())
        assert batch["target_positions"].tolist() == positions
        assert batch["target_ids"].tolist() == ids

    def test_levels_are_read_one_row_before_them(self, batch):
        expected = [
            row * 12 + member.level_place - 1 for row, member in enumerate(SEQUENCES) if member.level_place is not None
        ]
        assert batch["level_positions"].tolist() == expected
        assert len(expected) == 6

    def test_media_lie_one_behind_the_other_in_the_order_of_the_sequences(self):
        def image(value, tiles):
            return {"pixel_values": torch.full((tiles, 3, 2, 2), value, dtype=torch.uint8)}

        def video(value, key, motion):
            return {
                "pixel_values_videos": torch.full((key, 3, 2, 2), value, dtype=torch.uint8),
                "pixel_values_motion": torch.full((motion, 3, 2, 2), value, dtype=torch.uint8),
                "num_key_frames": torch.tensor([key]),
                "num_motion_frames": torch.tensor([motion]),
            }

        text = EncodedRecord("distortion", (sequence(3, targets=1, **image(1, 2), **video(2, 1, 4)),))
        single = EncodedRecord("distribution", (sequence(3, targets=2, level=1, **image(3, 1)),))
        pair = EncodedRecord(
            "pair",
            tuple(sequence(3, targets=2, level=1, **video(value, value, 8)) for value in (5, 4)),
            preference=0.0,
        )
        batch = VitalCollator(pad_token_id=PAD)([Group((text, single)), Group((pair,))])
        assert batch["pixel_values"][:, 0, 0, 0].tolist() == [3, 1, 1]
        assert batch["pixel_values_videos"][:, 0, 0, 0].tolist() == [5] * 5 + [4] * 4 + [2]
        assert batch["pixel_values_motion"][:, 0, 0, 0].tolist() == [5] * 8 + [4] * 8 + [2] * 4
        assert batch["num_key_frames"].tolist() == [5, 4, 1]
        assert batch["num_motion_frames"].tolist() == [8, 8, 4]
        assert {value.dtype for name, value in batch.items() if name.startswith("pixel")} == {torch.uint8}


class TestTargets:
    def test_distributions_have_their_probabilities_and_tokens(self, batch):
        expected = [DISTRIBUTION.sequences[0].level_probabilities, CLOSED.sequences[0].level_probabilities]
        torch.testing.assert_close(batch["targets"]["level_probabilities"], torch.tensor(expected))
        assert batch["targets"]["distribution_lengths"].tolist() == [3, 3]  # without the level

    def test_pairs_have_those_of_both_members_and_their_preference(self, batch):
        expected = [[member.level_probabilities for member in pair.sequences] for pair in (PAIR, OTHER_PAIR)]
        torch.testing.assert_close(batch["targets"]["pair_level_probabilities"], torch.tensor(expected))
        assert batch["targets"]["preferences"].tolist() == [0.5, 1.0]
        assert batch["targets"]["pair_lengths"].tolist() == [2 + 4, 1 + 1]

    def test_texts_have_their_tokens_and_task(self, batch):
        assert batch["targets"]["text_lengths"].tolist() == [3, 5, 2]
        tasks = [TASKS[index] for index in batch["targets"]["text_tasks"]]
        assert tasks == ["distortion", "instruction", "description"]

    def test_a_pair_weighs_as_much_as_two_records(self, batch):
        assert batch["targets"]["weight"].item() == 5 + 2 * 2

    def test_replaced_records_are_counted(self, batch):
        assert batch["targets"]["num_replaced"].item() == 3

    @pytest.mark.parametrize("missing", ["levels", "texts"])
    def test_a_batch_may_lack_tasks(self, missing):
        group = Group((DISTORTION, INSTRUCTION) if missing == "levels" else (DISTRIBUTION, CLOSED))
        batch = VitalCollator(pad_token_id=PAD)([group])
        targets = batch["targets"]
        assert ("level_positions" in batch) == (missing == "texts")
        scored, texts = (0, 2) if missing == "levels" else (2, 0)
        assert targets["level_probabilities"].shape == (scored, 5)
        assert targets["distribution_lengths"].shape == (scored,)
        assert targets["pair_level_probabilities"].shape == (0, 2, 5)
        assert targets["preferences"].shape == targets["pair_lengths"].shape == (0,)
        assert targets["text_lengths"].shape == targets["text_tasks"].shape == (texts,)


def test_levels_are_read_where_the_authors_read_them(released_batch):
    batch = released_batch("dist_images")
    collated = VitalCollator(pad_token_id=0)([Group(batch.records)])
    places = collated["level_positions"] - torch.tensor([0, collated["input_ids"].shape[1]])
    assert places.tolist() == batch.summary["logit_row_used"]


@pytest.fixture(scope="module")
def mixed(encoder, media):
    """A record of every type and task, about pictures and clips of all sizes."""
    moments = {"mean_a": 0.9, "std_a": 0.1, "mean_b": 0.2, "std_b": 0.1}
    score = {"level_probs": [0.1, 0.6, 0.2, 0.1, 0.0], "mean": 0.7, "std": 0.1, "opinions": [], "annotators": []}
    messages = [
        {"role": "user", "content": "Which is sharper?"},
        {"role": "assistant", "content": "The picture."},
        {"role": "user", "content": "Why?"},
        {"role": "assistant", "content": "The clip shakes from the first frame to the last."},
    ]
    given = [
        ("statement", {"media": media["wide"], "text": "severe blur", "task": "distortion"}),
        ("distribution", {"media": media["short"], **score}),
        ("pair", {"media_a": media["clip"], "media_b": media["small"], "preference": 1.0, **moments}),
        ("instruction", {"media": [media["clip"], media["wide"]], "messages": messages}),
        ("distribution", {"media": media["wide"], **score}),
        ("statement", {"media": media["short"], "text": "The clip is dark and noisy.", "task": "description"}),
    ]
    return [encoder()(record, record_type=record_type) for record_type, record in given]


def test_a_mixed_batch_has_the_losses_of_its_records_alone(tiny_folder, mixed):
    model = VitalForConditionalGeneration.from_pretrained(tiny_folder).eval()

    @torch.no_grad()
    def losses(*records) -> dict[str, torch.Tensor]:
        batch = VitalCollator(pad_token_id=PAD)([Group((record,)) for record in records])
        targets = batch.pop("targets")
        return task_losses(model(**batch), targets)

    together = losses(*mixed)
    assert set(together) == set(TASKS)
    for task, values in together.items():
        alone = torch.cat([losses(record)[task] for record in mixed if record.task == task])
        torch.testing.assert_close(values, alone, atol=1e-4, rtol=0)
    assert (together["distribution"][0] - together["distribution"][1]).abs() > 1e-3
