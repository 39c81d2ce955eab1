"""The three doors, library, pipeline and command line, give one number."""

import json

import pytest
from transformers import pipeline

from transformers_vital.cli.main import main
from transformers_vital.scoring.pipeline import VisualQualityScoringPipeline


@pytest.fixture(scope="module")
def scoring_pipeline(tiny_folder):
    return pipeline("visual-quality-scoring", model=str(tiny_folder), device="cpu")


def without_seconds(result: dict) -> dict:
    return {name: value for name, value in result.items() if name not in ("seconds", "file")}


def test_the_task_loads_our_pipeline(scoring_pipeline):
    assert isinstance(scoring_pipeline, VisualQualityScoringPipeline)


def test_library_pipeline_and_command_give_the_same_result(
    scorer, scoring_pipeline, media_folder, tiny_folder, capsys
):
    from_library = [without_seconds(result.to_dict()) for result in scorer.score(media_folder)]
    from_pipeline = [without_seconds(result) for result in scoring_pipeline(str(media_folder))]
    assert main(["score", str(media_folder), "--json", "--model", str(tiny_folder), "--device", "cpu"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["file"] for row in rows] == sorted(map(str, media_folder.iterdir()))
    assert from_pipeline == from_library
    assert [without_seconds(row) for row in rows] == from_library


def test_a_checkpoint_in_bfloat16_scores_the_same_through_all_doors(scorer, media_folder, tmp_path, capsys):
    folder = tmp_path / "half"
    model = type(scorer.model).from_pretrained(scorer.name, dtype="bfloat16")
    model.save_pretrained(folder)
    scorer.processor.save_pretrained(folder)
    from_library = type(scorer).from_pretrained(folder, device="cpu").score(media_folder / "a.png").to_dict()
    from_pipeline = pipeline("visual-quality-scoring", model=str(folder), device="cpu")(media_folder / "a.png")
    assert main(["score", str(media_folder / "a.png"), "--json", "--model", str(folder), "--device", "cpu"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert without_seconds(from_pipeline) == without_seconds(row) == without_seconds(from_library)


def test_one_medium_is_one_dictionary_and_a_list_a_list(scoring_pipeline, media_folder):
    assert scoring_pipeline(media_folder / "a.png")["level"] in "high good fair poor low".split()
    assert len(scoring_pipeline([media_folder / "a.png"])) == 1


def test_an_iterator_is_scored_as_a_stream(scoring_pipeline, media_folder):
    given = sorted(media_folder.glob("*.png"))
    taken = []
    stream = scoring_pipeline(taken.append(path) or path for path in given)
    assert taken == []
    streamed = [without_seconds(result) for result in stream]
    assert taken == given
    assert streamed == [without_seconds(result) for result in scoring_pipeline(given)]


def test_a_table_of_the_datasets_library_is_scored_row_by_row(scoring_pipeline, media_folder):
    datasets = pytest.importorskip("datasets")
    paths = sorted(map(str, media_folder.glob("*.png")))
    table = datasets.Dataset.from_dict({"image": paths}).cast_column("image", datasets.Image())
    streamed = [result["score"] for result in scoring_pipeline(table, batch_size=2)]
    assert streamed == pytest.approx([result["score"] for result in scoring_pipeline(paths)], abs=1e-4)


def test_options_of_the_scorer_pass_through(scoring_pipeline, media_folder):
    assert 0 <= scoring_pipeline(media_folder / "a.png", level_mass=True)["level_mass"] <= 1


def test_a_bad_file_in_a_list_is_a_result_with_its_error(scoring_pipeline, media_folder, bad_file):
    good, bad = scoring_pipeline([media_folder / "a.png", bad_file])
    assert good["error"] is None and bad["score"] is None and "bad.png" in bad["error"]
