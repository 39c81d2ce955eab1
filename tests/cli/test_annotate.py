"""`transformers-vital annotate`: datasets and plans from the command line, and what it says."""

import json

import pytest
from building import LIMITS, write_sources
from datasets import load_dataset

from transformers_vital.cli.main import main


RECIPE = {"limits": LIMITS, "scored": ["originals", "copies"]}


@pytest.fixture(scope="module")
def recipe(tmp_path_factory):
    path = tmp_path_factory.mktemp("recipe") / "recipe.yaml"
    path.write_text(json.dumps(RECIPE), encoding="utf-8")  # JSON is YAML
    return str(path)


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    return str(write_sources(tmp_path_factory.mktemp("annotate") / "sources"))


@pytest.fixture(scope="module")
def dataset(sources, recipe, tmp_path_factory):
    folder = tmp_path_factory.mktemp("annotated") / "dataset"
    assert main(["annotate", sources, "-o", str(folder), "--recipe", recipe, "--quiet"]) == 3
    return folder


def test_a_broken_file_is_counted_and_the_rest_is_annotated(sources, recipe, dataset, capsys):
    """A second run, which has nothing to do but to say what is there."""
    assert main(["annotate", sources, "-o", str(dataset), "--recipe", recipe]) == 3
    printed = capsys.readouterr()
    lines = dict(line.split() for line in printed.out.splitlines())
    assert len(lines) == 8 and lines["image_distribution"] == "12" and lines["video_distortion"] == "2"
    assert "pool: 8 of 11; duplicate: 1; not decodable: 1; too small: 1" in printed.err
    assert f"wrote {dataset}: records, media, README.md, report.html, report.json" in printed.err


def test_json_is_the_number_of_records(sources, recipe, dataset, capsys):
    main(["annotate", sources, "-o", str(dataset), "--recipe", recipe, "--json", "--quiet"])
    printed = capsys.readouterr()
    assert json.loads(printed.out)["video_distribution"] == 4 and printed.err == ""


@pytest.mark.parametrize(
    ("name", "rows"), [("image_distribution", 12), ("distribution", 16), ("distortion", 8), ("video_pair", 2)]
)
def test_the_folder_is_a_dataset_of_the_hub(dataset, tmp_path, name, rows):
    table = load_dataset(str(dataset), name, split="train", cache_dir=str(tmp_path))
    assert len(table) == rows


def test_the_report_has_numbers_for_programs_and_a_page_for_people(dataset):
    report = json.loads((dataset / "report.json").read_text(encoding="utf-8"))
    assert report["records"]["image_distribution"] == 12
    assert len(report["statistics"]["agreement"]["image"]["annotators"]) >= 6
    page = (dataset / "report.html").read_text(encoding="utf-8")
    assert "Agreement of the annotators" in page and "data:image/png;base64," in page and "<script" not in page


def test_a_card_that_a_person_changed_stays(sources, recipe, dataset, capsys):
    card = dataset / "README.md"
    written = card.read_text(encoding="utf-8")
    card.write_text(written + "Seen by us.\n", encoding="utf-8")
    try:
        main(["annotate", sources, "-o", str(dataset), "--recipe", recipe])
        assert card.read_text(encoding="utf-8").endswith("Seen by us.\n")
        assert "README.md was changed by hand and stays" in capsys.readouterr().err
    finally:
        card.write_text(written, encoding="utf-8")


def test_a_plan_makes_nothing(sources, recipe, tmp_path, capsys):
    arguments = ["--recipe", recipe, "--plan", "--images", "1000", "--videos", "0"]
    assert main(["annotate", sources, "-o", str(tmp_path / "dataset"), *arguments]) == 0
    printed = capsys.readouterr().out
    assert "images" in printed and "1,000" in printed and "calls to models  none" in printed
    assert not (tmp_path / "dataset").exists()


def test_a_plan_is_for_the_paper_s_pool_unless_told(sources, recipe, tmp_path, capsys):
    assert main(["annotate", sources, "-o", str(tmp_path / "dataset"), "--recipe", recipe, "--plan", "--json"]) == 0
    plan = json.loads(capsys.readouterr().out)
    assert plan["items"] == {"image": 5_000_000, "video": 4_000_000} and plan["hours"] > 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--images", "5"], "--images and --videos are numbers to plan for. Add --plan"),
        (["--recipe", "absent.yaml"], "The recipe absent.yaml cannot be read"),
        (["--device", "abacus"], "--device abacus cannot be used"),
        (["https://example.org/a.png"], "needs the network, which is not allowed"),
    ],
    ids=["numbers", "recipe", "device", "network"],
)
def test_what_cannot_be_done_is_said(sources, tmp_path, capsys, arguments, message):
    assert main(["annotate", sources, "-o", str(tmp_path / "dataset"), *arguments]) == 2
    assert message in capsys.readouterr().err


def test_the_folder_of_the_dataset_must_be_named(sources, capsys):
    assert main(["annotate", sources]) == 2
    assert "-o" in capsys.readouterr().err
