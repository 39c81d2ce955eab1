"""Cards of models: their metadata, what they say of training, data and evaluation, and names that could break them."""

import math

import pytest
import yaml
from huggingface_hub import ModelCard

from transformers_vital.errors import OutputError
from transformers_vital.evaluation.predictions import Predictions
from transformers_vital.evaluation.results import evaluate_predictions
from transformers_vital.hub.model_card import TrainingData, model_card
from transformers_vital.hub.training_record import training_stage


ARGUMENTS = {"policy": "decoder", "learning_rate": 2e-5, "max_steps": -1, "bf16": True, "output_dir": "/home/me"}
LOGS = [{"loss": 1.25, "loss_pair": 0.123456789, "step": 1}, {"loss": 0.75, "step": 2}]


def stage(base_model: str = "OpenGVLab/InternVL3-8B-hf", **changes) -> dict:
    return training_stage(
        base_model=base_model, **{"arguments": ARGUMENTS, "log_history": LOGS, "num_steps": 2000, **changes}
    )


def card(*stages: dict, **settings) -> ModelCard:
    return model_card(stages or [stage()], **settings)


def metadata(content: str) -> dict:
    _, block, _ = content.split("---\n", 2)
    return yaml.safe_load(block)


def rows(content: str, head: str) -> list[list[str]]:
    """Cells of the rows of the first table whose first column has this heading; all are as many."""
    lines = content[content.index(f"| {head} |") :].splitlines()
    table = lines[: next((number for number, line in enumerate(lines) if not line.startswith("|")), len(lines))]
    cells = [[cell.strip() for cell in line.replace("\\|", "¦").strip("|").split("|")] for line in table]
    assert len({len(row) for row in cells}) == 1
    return cells[2:]


def results(*, title: str = "KonIQ-10k", table: int | None = 3, paper_model: str | None = None):
    facts = {"id": "koniq", "title": title, "modality": "image", "num_items": 5, "table": table}
    mos = [1.0, 2.0, 4.0, 3.0]
    items = [{"name": str(n), "score": n / 9, "mos": rating, "error": None} for n, rating in enumerate(mos)]
    items.append({"name": "bad", "score": None, "mos": 1.0, "error": "torn"})
    return evaluate_predictions(
        [Predictions(facts, {"model": "m"}, tuple(items))], paper_model=paper_model, resamples=20
    )


def test_the_metadata_is_yaml_that_the_hub_reads():
    assert metadata(card(license="apache-2.0", title="My VITAL").content) == {
        "license": "apache-2.0",
        "language": "en",
        "library_name": "transformers",
        "pipeline_tag": "image-text-to-text",
        "tags": ["vital", "image-quality-assessment", "video-quality-assessment", "transformers_vital"],
        "base_model": "OpenGVLab/InternVL3-8B-hf",
    }


def test_the_training_is_told():
    text = card(
        stage(trained_parameters=1234, parameters=56789, losses={"pair": "Eqs. 2 to 4"}, records={"image_pair": 1500})
    ).text
    assert "From OpenGVLab/InternVL3-8B-hf, 2,000 steps, 1,234 of 56,789 parameters trained." in text
    assert rows(text, "table") == [["image_pair", "1,500"]]
    assert rows(text, "task") == [["pair", "Eqs. 2 to 4"]]
    assert rows(text, "argument") == [
        ["policy", "decoder"],
        ["learning_rate", "2e-05"],
        ["max_steps", "-1"],
        ["bf16", "True"],
    ]
    assert rows(text, "last logged") == [["loss", "0.75"], ["loss_pair", "0.1235"], ["step", "2"]]


def test_each_stage_is_told_and_the_last_one_names_the_base_model():
    content = card(stage(), stage("/home/me/first")).content
    assert "### 1. From OpenGVLab/InternVL3-8B-hf" in content and "### 2. From first" in content
    assert "base_model" not in metadata(content)


def test_a_card_before_the_first_log_says_so():
    assert rows(card(stage(log_history=[])).content, "last logged") == [["none", ""]]


def test_random_weights_have_no_base_model():
    content = card(stage("")).content
    assert "base_model" not in metadata(content) and "From random weights, 2,000 steps" in content


def test_a_card_says_what_is_not_known():
    text = model_card([]).text
    assert "How these weights were made is not recorded beside them." in text
    assert "This card has no evaluation." in text
    assert "Not named yet." in text
    for kind in ("images", "videos"):
        assert f"How well its scores of {kind} agree with people is not known to this card." in text


def test_the_evaluation_is_in_the_text_and_in_the_metadata():
    found = card(results=results(), title="mine")
    entry = found.data.eval_results[0]
    assert entry.metric_value == pytest.approx(0.8)  # 1 - 6 · 2 / (4 · 15)
    assert (entry.dataset_name, entry.metric_args["scored"]) == ("KonIQ-10k", 4)
    ((title, kind, scored, srcc, plcc),) = rows(found.text, "dataset")
    assert (title, kind, scored) == ("KonIQ-10k", "images", "4 of 5")
    assert srcc.startswith("0.800 [") and plcc.endswith("]")
    assert "Items of the evaluation that have no score and do not count in it: 1." in found.text
    assert "scores of images agree" not in found.text and "scores of videos agree" in found.text


def test_ratings_that_need_not_be_of_people_are_not_said_to_be():
    text = card(results=results(title="mine", table=None)).text
    assert "Who or what rated mine is not known to this card." in text
    assert "How well its scores of images agree with people is not known" in text


def test_the_values_of_the_paper_stand_beside():
    text = card(results=results(paper_model="VITAL-BASE-8B")).text
    assert rows(text, "dataset")[0][-1] == "0.931 and 0.931"  # Table 3
    assert "VITAL-BASE-8B is a model of the paper; its values are the paper's." in text


def test_the_data_is_named_with_its_licence(tmp_path):
    (tmp_path / "README.md").write_text(
        "---\nlicense: cc-by-4.0\npretty_name: Small | set\nannotations_creators: machine-generated\n---\n"
    )
    found = card(datasets=[TrainingData.of(str(tmp_path)), TrainingData.of("owner/data")])
    assert metadata(found.content)["datasets"] == ["owner/data"]
    assert rows(found.text, "data") == [
        ["Small ¦ set", "cc-by-4.0", "machine-generated"],
        ["[owner/data](https://huggingface.co/datasets/owner/data)", "see there", "see there"],
    ]
    assert "Machines made the labels it was trained on" in found.text


def test_what_is_no_dataset_is_refused(tmp_path):
    with pytest.raises(OutputError, match="is no folder with a README.md, and no name of the Hub"):
        TrainingData.of(str(tmp_path))


def test_a_folder_with_code_says_how_to_load_it_without_the_library():
    assert "trust_remote_code=True" in card(has_code=True).text
    assert "trust_remote_code" not in card().text


def test_a_licence_that_is_no_identifier_is_refused():
    with pytest.raises(OutputError, match="license is 'My own'; expected an identifier of the Hub"):
        card(license="My own")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("a | b", "a ¦ b"),
        ("a\n\n# A heading\n| c | d |", "a \\# A heading ¦ c ¦ d ¦"),
        ("{{ title }} {0}", "{{ title }} {0}"),
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("---", "---"),
    ],
    ids=["bar", "lines", "braces", "tag", "rule"],
)
def test_no_value_breaks_the_table(value, shown):
    content = card(stage(arguments={"policy": value, "seed": 3})).content
    assert rows(content, "argument") == [["policy", shown], ["seed", "3"]]
    assert metadata(content)["library_name"] == "transformers"


def test_no_name_of_a_benchmark_breaks_the_card():
    found = card(results=results(title="a | b\n---\nlicense: mit"), title="x\ny: z")
    assert rows(found.text, "dataset")[0][0] == "a ¦ b --- license: mit"
    assert "license" not in metadata(found.content)
    assert metadata(found.content)["model-index"][0]["name"] == "x y: z"


@pytest.mark.parametrize("name", ["a: b", "- a", "#a", "a\n---\nlicense: mit", "a/b/c", "'a"])
def test_a_name_that_the_hub_does_not_allow_stays_out_of_the_metadata(name):
    assert "base_model" not in metadata(card(stage(name)).content)
    assert "license" not in metadata(card(stage(name)).content)


def test_a_saved_card_is_read_back(tmp_path):
    written = card(results=results(), title="mine", license="mit")
    written.save(tmp_path / "README.md")
    read = ModelCard.load(tmp_path / "README.md").data.to_dict()
    assert read == written.data.to_dict() and read["model-index"]


def test_results_without_a_defined_value_leave_no_entry():
    facts = {"id": "koniq", "title": "KonIQ-10k", "modality": "image", "num_items": 5, "table": 3}
    items = [{"name": "a", "score": 0.5, "mos": 1.0, "error": None}]
    found = card(results=evaluate_predictions([Predictions(facts, {"model": "m"}, tuple(items))], resamples=5))
    assert math.isnan(
        evaluate_predictions([Predictions(facts, {"model": "m"}, tuple(items))]).benchmarks[0].metrics["srcc"]
    )
    assert "model-index" not in metadata(found.content)
    assert rows(found.text, "dataset") == [["KonIQ-10k", "images", "1 of 1", "too few", "too few"]]
