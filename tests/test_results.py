"""Results: their numbers, their forms on disk and their schema."""

import csv
import json
import math
from dataclasses import FrozenInstanceError, fields

import numpy as np
import pytest
from scipy.special import softmax

from transformers_vital.calibration import Calibration
from transformers_vital.errors import OutputError
from transformers_vital.results import Fingerprint, QualityScore, json_schema


FIELDS = (
    "score level level_probabilities std confidence level_mass mos_1_5 calibrated_mos fingerprint seconds error"
).split()
FINGERPRINT = Fingerprint(
    model="org/vital-base-8b",
    revision="0123456789abcdef",
    weight_hash=None,
    dtype="bfloat16",
    sampling="release",
    processor="fedcba9876543210",
    package_version="0.1.0",
)
CALIBRATION = Calibration("five stars", (4.0, -2.0, 4.0, 1.0), (1.0, 5.0), 0.1, 100)
LOGITS = [1.0, 2.5, 0.3, -1.0, -4.0]


@pytest.fixture
def result() -> QualityScore:
    return QualityScore.from_level_logits(
        LOGITS, fingerprint=FINGERPRINT, seconds=0.25, level_mass=0.97, calibration=CALIBRATION
    )


@pytest.fixture
def failed() -> QualityScore:
    return QualityScore.failed("clip.mov has no video stream", fingerprint=FINGERPRINT, seconds=0.01)


def test_a_result_has_the_fields_of_the_contract_in_order():
    assert [field.name for field in fields(QualityScore)] == FIELDS


def test_numbers_follow_from_the_level_logits(result):
    probabilities = softmax(LOGITS)
    score = probabilities @ [1, 0.75, 0.5, 0.25, 0]
    assert result.score == pytest.approx(score)
    assert result.level == "good"
    assert result.level_probabilities == pytest.approx(tuple(probabilities))
    assert result.std == pytest.approx(math.sqrt(probabilities @ (np.array([1, 0.75, 0.5, 0.25, 0]) - score) ** 2))
    assert result.confidence == pytest.approx(1 - probabilities @ [1, 0, 1, 2, 3] / 1.2)
    assert result.mos_1_5 == pytest.approx(1 + 4 * score)
    assert result.calibrated_mos == pytest.approx(4 / (1 + math.exp(2 - 4 * score)) + 1)
    assert (result.level_mass, result.seconds, result.error) == (0.97, 0.25, None)


def test_level_mass_and_calibrated_mos_are_none_unless_given():
    result = QualityScore.from_level_logits(LOGITS, fingerprint=FINGERPRINT, seconds=0)
    assert result.level_mass is None
    assert result.calibrated_mos is None


def test_numbers_are_plain_floats_even_from_float32_arrays():
    result = QualityScore.from_level_logits(
        np.float32(LOGITS), fingerprint=FINGERPRINT, seconds=np.float32(1), level_mass=np.float32(0.5)
    )
    numbers = [value for value in result.to_dict().values() if isinstance(value, (float, np.floating))]
    assert len(numbers) == 6
    assert {type(value) for value in [*numbers, *result.level_probabilities]} == {float}


def test_a_result_cannot_be_changed(result):
    with pytest.raises(FrozenInstanceError):
        result.score = 1.0


def test_a_failed_item_has_its_error_and_no_numbers(failed):
    assert failed.error == "clip.mov has no video stream"
    for name in FIELDS[:8]:
        assert getattr(failed, name) is None, name


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_logits_that_give_no_probabilities_make_a_failed_result(bad):
    result = QualityScore.from_level_logits([1, 2, bad, 0, 0], fingerprint=FINGERPRINT, seconds=1)
    assert result.score is None
    assert "expected finite numbers. Score in float32 or bfloat16" in result.error


def test_five_impossible_levels_make_a_failed_result():
    assert QualityScore.from_level_logits([-math.inf] * 5, fingerprint=FINGERPRINT, seconds=1).error is not None


@pytest.mark.parametrize("count", [0, 4, 6])
def test_other_than_five_logits_are_refused(count):
    with pytest.raises(ValueError, match=rf"level logits have shape \[{count}\]; expected \[\.\.\., 5\]"):
        QualityScore.from_level_logits([0.0] * count, fingerprint=FINGERPRINT, seconds=1)


@pytest.fixture(params=["result", "failed"])
def either(request) -> QualityScore:
    return request.getfixturevalue(request.param)


def test_a_result_survives_json(either):
    assert QualityScore.from_dict(json.loads(json.dumps(either.to_dict(), allow_nan=False))) == either


def test_a_result_survives_a_row(either):
    assert QualityScore.from_row(either.to_row()) == either


def test_a_result_survives_a_table_that_writes_nan_for_nothing(either):
    row = {name: math.nan if value is None else value for name, value in either.to_row().items()}
    assert QualityScore.from_row(row) == either


def test_a_result_survives_a_csv_file(either, tmp_path):
    path = tmp_path / "results.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(either.to_row()))
        writer.writeheader()
        writer.writerow(either.to_row())
    with path.open(newline="") as file:
        assert QualityScore.from_row(next(csv.DictReader(file))) == either


def test_a_row_is_flat_and_names_each_level(result):
    row = result.to_row()
    levels = [f"level_probability_{level}" for level in ("high", "good", "fair", "poor", "low")]
    assert list(row) == ["score", "level", *levels, *FIELDS[3:]]
    assert all(value is None or isinstance(value, (str, float)) for value in row.values())
    assert tuple(row[level] for level in levels) == result.level_probabilities
    assert json.loads(row["fingerprint"])["model"] == "org/vital-base-8b"


def test_failed_and_good_rows_have_the_same_columns(result, failed):
    assert list(result.to_row()) == list(failed.to_row())


def conforms(value, schema) -> bool:
    """The part of JSON Schema that the schema of a result uses."""
    if "enum" in schema:
        return value in schema["enum"]
    kinds = {"number": (int, float), "string": str, "array": list, "object": dict, "null": type(None)}
    types = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    if not any(isinstance(value, kinds[kind]) for kind in types):
        return False
    if isinstance(value, dict):
        return set(value) == set(schema["required"]) and all(
            conforms(value[name], part) for name, part in schema["properties"].items()
        )
    if isinstance(value, list):
        size = schema["minItems"] <= len(value) <= schema["maxItems"]
        return size and all(conforms(item, schema["items"]) for item in value)
    if isinstance(value, (int, float)):
        return schema.get("minimum", -math.inf) <= value <= schema.get("maximum", math.inf)
    return True


def test_results_follow_their_schema(either):
    assert conforms(either.to_dict(), json_schema())


@pytest.mark.parametrize(
    ("field", "value"), [("score", 1.2), ("level", "excellent"), ("fingerprint", {}), ("level_probabilities", [1.0])]
)
def test_the_schema_refuses_what_no_result_has(result, field, value):
    assert not conforms({**result.to_dict(), field: value}, json_schema())


def test_the_schema_lists_every_field_and_names_its_version():
    schema = json_schema()
    assert schema["required"] == FIELDS
    assert schema["$id"].endswith(":1")
    assert json.loads(json.dumps(schema)) == schema


def test_a_record_of_another_version_is_refused(result):
    values = result.to_dict()
    values["quality"] = values.pop("score")
    with pytest.raises(OutputError, match=r"result lacks \['score'\] and has unknown \['quality'\]"):
        QualityScore.from_dict(values)
    with pytest.raises(OutputError, match=r"fingerprint lacks \['model'"):
        QualityScore.from_dict({**result.to_dict(), "fingerprint": {}})
    with pytest.raises(OutputError, match="fingerprint is a str; expected an object with model"):
        QualityScore.from_dict({**result.to_dict(), "fingerprint": "vital-tiny"})


@pytest.mark.parametrize(
    ("column", "value"), [("score", "good"), ("fingerprint", None), ("fingerprint", "vital-tiny")]
)
def test_a_row_with_unreadable_values_is_refused(result, column, value):
    with pytest.raises(OutputError, match="is not one that to_row wrote"):
        QualityScore.from_row({**result.to_row(), column: value})


def test_a_row_without_a_column_is_refused(result):
    row = result.to_row()
    del row["level_probability_low"]
    with pytest.raises(OutputError, match=r"row lacks \['level_probability_low'\]"):
        QualityScore.from_row(row)


def test_results_and_fingerprints_print_as_one_readable_line(result, failed):
    settings = "bfloat16, sampling release, processor fedcba98, transformers-vital 0.1.0"
    assert str(FINGERPRINT) == f"org/vital-base-8b (revision 01234567), {settings}"
    assert str(result).startswith(f"score {result.score:.3f} (good, std ")
    assert str(result).endswith(f"calibrated MOS {result.calibrated_mos:.2f}")
    assert str(failed) == "failed: clip.mov has no video stream"
