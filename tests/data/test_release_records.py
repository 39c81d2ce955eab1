"""The authors' JSON of training records: every field of the published examples, and what is refused."""

import copy
import json
import statistics
from pathlib import Path

import pytest
from datasets import Dataset

from transformers_vital.data.records import RecordError, check_table, features
from transformers_vital.data.release_records import read_release_records
from transformers_vital.distributions import pmod_from_moments
from transformers_vital.levels import level_of


TRAIN_EXAMPLE = Path(__file__).resolve().parents[3] / "shared" / "reference" / "annotations" / "train_example.json"

# The distribution record of the published example file.
SCORED = {
    "video": "batch_1/eN9Foew5DUc-00007.mp4",
    "mos": [
        63.90106298287,
        69.55914873014075,
        68.11500144296224,
        60.25841220303846,
        66.5831901861352,
        72.04354966171178,
    ],
    "id": "batch_1/eN9Foew5DUc-00007.mp4->66.74339420114306",
    "gt_score": 66.74339420114306,
    "gt_score_norm": 3.5794934669057366,
    "target_dist": [0.14867373891545374, 0.7785726073023485, 0.07512019739935649, 0, 0],
    "std": 3.8310340531009204,
    "std_norm": 0.40433325454895114,
    "conversations": [{"from": "human", "value": ""}, {"from": "gpt", "value": "The quality of the video is good"}],
}


def spoken(text: str, **fields) -> dict:
    return {"conversations": [{"from": "human", "value": ""}, {"from": "gpt", "value": text}], **fields}


@pytest.fixture
def read(tmp_path):
    def read(records) -> dict:
        path = tmp_path / "records.json"
        path.write_text(json.dumps(records), encoding="utf-8")
        return read_release_records(path)

    return read


@pytest.fixture
def example() -> dict:
    if not TRAIN_EXAMPLE.is_file():
        pytest.skip(f"the released example records are not at {TRAIN_EXAMPLE}")
    return read_release_records(str(TRAIN_EXAMPLE))


def test_the_published_examples_keep_what_training_uses(example):
    assert {record_type: len(records) for record_type, records in example.items()} == {
        "distribution": 1,
        "pair": 0,
        "statement": 4,
    }
    (scored,) = example["distribution"]
    assert scored.keys() == features("distribution").keys()
    assert scored["media"] == {"kind": "video", "path": "batch_1/eN9Foew5DUc-00007.mp4", "bytes": None}
    assert scored["level_probs"] == SCORED["target_dist"]
    assert scored["mean"] == 3.5794934669057366 / 5
    assert scored["std"] == 0.40433325454895114 / 5
    assert scored["annotators"] == []
    texts = [(record["text"], record["task"], record["media"]["kind"]) for record in example["statement"]]
    assert texts == [
        ("mild H264 compression", "distortion", "video"),
        ("relatively severe white noise", "distortion", "image"),
        ("Sharpness is low, resulting in a blurry image", "description", "video"),
        ("The lighting is sufficient", "description", "image"),
    ]
    paths = [record["media"].pop("path") for record in example["statement"]]
    assert paths[0].startswith("/mnt/") and paths[0].endswith("/dist_video/264/0MV5KiwkxgM-00000_crf_24.mp4")
    assert paths[1].startswith("/mnt/") and paths[1].endswith("/dist_imgs_baidu/舞蹈/男团舞_00230_11_03.jpg")
    assert paths[2:] == ["batch_7/68jtUNBnVOo-00007.mp4", "摄影/夕阳摄影_00430.jpeg"]
    assert all(record["media"] == {"kind": record["media"]["kind"], "bytes": None} for record in example["statement"])


def test_the_published_examples_are_tables_of_records(example):
    for record_type in ("distribution", "statement"):
        table = Dataset.from_list(example[record_type], features=features(record_type))
        check_table(table, record_type=record_type)
        assert list(table) == example[record_type]


def test_opinions_come_to_the_unit_scale_by_the_map_of_their_moments(read):
    (record,) = read([[SCORED]])["distribution"]
    assert statistics.fmean(record["opinions"]) == pytest.approx(record["mean"], abs=1e-12)
    assert statistics.pstdev(record["opinions"]) == pytest.approx(record["std"], abs=1e-12)
    # The bounds of the corpus, which are not in the record.
    lowest, highest = 32.82790194249693, 80.20261092326803
    expected = [(opinion - lowest) / (highest - lowest) for opinion in SCORED["mos"]]
    assert record["opinions"] == pytest.approx(expected, abs=1e-12)


def test_level_probabilities_are_read_bit_for_bit(read):
    # Long fractions, the smallest number above 0, an integer, and a sum that is not 1.
    given = [0.1 + 0.2, 1 / 3, 0.30000000000000004, 5e-324, 1]
    (record,) = read([[{**SCORED, "target_dist": given}]])["distribution"]
    assert [value.hex() for value in record["level_probs"]] == [float(value).hex() for value in given]


def test_equal_opinions_all_become_the_mean(read):
    equal = {**SCORED, "mos": [60.0] * 3, "gt_score": 60.0, "std": 0.0, "std_norm": 0.0, "gt_score_norm": 2.5}
    (record,) = read([[equal]])["distribution"]
    assert (record["opinions"], record["mean"], record["std"]) == ([0.5] * 3, 0.5, 0.0)


@pytest.mark.parametrize(("label", "preference"), [(1, 1.0), (0, 0.0), (2, 0.5)])
def test_two_labelled_dicts_are_a_pair(read, label, preference):
    other = {**SCORED, "image": "b.jpg", "gt_score_norm": 2.0, "std_norm": 0.5, "label": label}
    del other["video"]
    records = read([[{**SCORED, "label": label}, other]])
    assert records == {
        "distribution": [],
        "pair": [
            {
                "media_a": {"kind": "video", "path": "batch_1/eN9Foew5DUc-00007.mp4", "bytes": None},
                "media_b": {"kind": "image", "path": "b.jpg", "bytes": None},
                "preference": preference,
                "mean_a": 3.5794934669057366 / 5,
                "std_a": 0.40433325454895114 / 5,
                "mean_b": 0.4,
                "std_b": 0.1,
            }
        ],
        "statement": [],
    }
    check_table(records["pair"], record_type="pair")


def test_what_a_pair_does_not_keep_follows_from_what_it_keeps(read):
    (pair,) = read([[{**SCORED, "label": 2}, {**SCORED, "label": 2}]])["pair"]
    label = pmod_from_moments(pair["mean_a"], std=pair["std_a"], arithmetic="exact")
    assert label.tolist() == pytest.approx(SCORED["target_dist"], abs=1e-9)
    sentence = f"The quality of the {pair['media_a']['kind']} is {level_of(pair['mean_a'])}"
    assert sentence == SCORED["conversations"][1]["value"]


def test_two_dicts_without_labels_are_two_records(read):
    records = read([[spoken("severe blur", image="a.jpg"), SCORED]])
    assert [len(records[record_type]) for record_type in ("distribution", "pair", "statement")] == [1, 0, 1]


@pytest.mark.parametrize(
    ("text", "fields", "task"),
    [
        ("mild H264 compression", {}, "distortion"),
        ("noticeable blur", {}, "distortion"),
        ("relatively severe white noise", {}, "distortion"),
        ("severe stutter", {}, "distortion"),
        ("very severe jpeg", {}, "distortion"),
        ("mild haze covers the hills", {"quality": "mild haze covers the hills"}, "description"),
        ("mildly blurred", {}, "description"),
        ("relatively sharp", {}, "description"),
        ("The noise is severe", {}, "description"),
    ],
)
def test_a_severity_in_front_makes_a_text_a_distortion(read, text, fields, task):
    (record,) = read([[spoken(text, image="a.jpg", **fields)]])["statement"]
    assert record == {"media": {"kind": "image", "path": "a.jpg", "bytes": None}, "text": text, "task": task}


def without(key: str) -> dict:
    return {name: value for name, value in copy.deepcopy(SCORED).items() if name != key}


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        pytest.param(SCORED, "is no list of one or two dicts. Wrap a single dict in a list", id="dict"),
        pytest.param([], r"\[\] is no list of one or two dicts", id="none"),
        pytest.param([SCORED] * 3, "is no list of one or two dicts", id="three"),
        pytest.param(["a"], "is no list of one or two dicts", id="text"),
        *(
            pytest.param([without(key)], f"{key} is None; expected a number", id=key)
            for key in ("gt_score", "gt_score_norm", "std", "std_norm")
        ),
        pytest.param([without("mos")], "mos is None; expected a list of numbers", id="mos"),
        pytest.param([{**SCORED, "mos": 3.5}], "mos is 3.5; expected a list of numbers", id="single-mos"),
        pytest.param([{**SCORED, "target_dist": ["1"]}], "target_dist is .*; expected a list of numbers", id="target"),
        pytest.param([{**SCORED, "gt_score": "66.7"}], "gt_score is '66.7'; expected a number", id="number-as-text"),
        pytest.param([without("video")], "image and video are {}; expected one of them, a path", id="no-media"),
        pytest.param([{**SCORED, "image": "a.jpg"}], "image and video are {.*}; expected one", id="two-media"),
        pytest.param([{**SCORED, "video": ["a.mp4"]}], r"image and video are .*\['a.mp4'\]", id="media-list"),
        pytest.param([{**SCORED, "label": 1}], "label is 1; expected two dicts with the same", id="single-label"),
        pytest.param([{**SCORED, "label": 1}, SCORED], "label is 1 and None; expected", id="label-missing"),
        pytest.param([{**SCORED, "label": 1}, {**SCORED, "label": 0}], "label is 1 and 0", id="labels-differ"),
        pytest.param([{**SCORED, "label": [3]}] * 2, r"label is \[3\] and \[3\]; expected .* 2 for a tie", id="label"),
        pytest.param([{"image": "a.jpg"}], "conversations is None; expected an empty human turn", id="no-answer"),
        pytest.param(
            [{"image": "a.jpg", "conversations": [{"from": "human", "value": "Why?"}, {"from": "gpt", "value": "x"}]}],
            "conversations is .*; expected an empty human turn and an answer of gpt. Make instruction records",
            id="question",
        ),
        pytest.param(
            [{"image": "a.jpg", "conversations": [{"from": "human", "value": ""}, {"from": "gpt", "value": None}]}],
            "conversations is",
            id="answer-missing",
        ),
    ],
)
def test_the_message_names_record_and_key(read, entries, message):
    with pytest.raises(RecordError, match=f"records.json, record 1: .*{message}"):
        read([[SCORED], entries])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[[]]\n[[]]", "is not one JSON array .*Extra data.*. Join the lines of a JSONL file"),
        ("", "is not one JSON array"),
        ("{}", "holds a dict; expected one JSON array of records"),
    ],
)
def test_another_file_is_refused(tmp_path, content, message):
    path = tmp_path / "records.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(RecordError, match=message):
        read_release_records(path)
