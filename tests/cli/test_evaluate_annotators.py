"""`transformers-vital evaluate --annotator`: annotators as models, on pictures and on published scores of videos."""

import csv
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from PIL import Image, ImageFilter
from scipy import stats

from transformers_vital.annotation.opinions.annotators import load_annotator
from transformers_vital.cli.main import main
from transformers_vital.media.inputs import MediaItem


# Thirty encodes of one clip, with the mean of the ratings of 29 people and the published PSNR, VMAF and NIQE of each:
# Ramachandra Rao, Göring, Robitza, Feiten, Raake: AVT-VQDB-UHD-1, IEEE ISM 2019, test 1, files mos_ci.csv and
# objective_scores.csv of github.com/Telecommunication-Telemedia-Assessment/AVT-VQDB-UHD-1. The repository names no
# licence for its scores, so only those of one of six clips are kept here.
PUBLISHED = Path(__file__).resolve().parents[1] / "golden" / "avt_vqdb_uhd_1_bunny.csv"


def write_list(path, rows):
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows([("name", "mos"), *rows])


def results_of(model):
    (result,) = json.loads(Path("results", model, "results.json").read_text())["benchmarks"]
    return result


@pytest.fixture
def pictures(tmp_path, monkeypatch):
    """A working folder with a picture in four degrees of blur, rated by how little it is blurred."""
    monkeypatch.chdir(tmp_path)
    Path("data").mkdir()
    sharp = Image.effect_noise((256, 200), 90).convert("RGB")
    for degree in range(4):
        sharp.filter(ImageFilter.GaussianBlur(degree)).save(f"data/{degree}.png")
    write_list("mine.csv", [(f"{degree}.png", 5 - degree) for degree in range(4)])
    return ["--csv", "mine.csv", "--data-root", "data"]


def test_each_annotator_has_predictions_of_the_same_form_as_a_model(pictures, capsys):
    assert main(["evaluate", *pictures, "--annotator", "niqe,piqe"]) == 0
    for name in ("niqe", "piqe"):
        rows = pq.read_table(f"results/{name}/mine.parquet").to_pylist()
        annotator = load_annotator(name)
        raw = annotator.score([MediaItem("image", Path("data", row["name"]), row["name"]) for row in rows])
        assert [row["score"] for row in rows] == [-score for score in raw]  # lower is better of both
        assert rows[0]["level_probability_high"] is None
        expected = stats.spearmanr(raw, [-row["mos"] for row in rows]).statistic
        assert results_of(name)["metrics"]["srcc"] == pytest.approx(expected, abs=1e-12)
    assert capsys.readouterr().out.count("Results of") == 2


def test_a_file_that_fails_is_counted_and_scored_again(pictures):
    Path("data/bad.png").write_bytes(b"nothing")
    write_list("mine.csv", [("0.png", 5), ("bad.png", 1)])
    assert main(["evaluate", *pictures, "--annotator", "piqe"]) == 3
    assert (results_of("piqe")["scored"], results_of("piqe")["failed"]) == (1, 1)
    Path("data/bad.png").write_bytes(Path("data/1.png").read_bytes())
    assert main(["evaluate", *pictures, "--annotator", "piqe"]) == 0


def test_a_descriptor_that_changed_is_another_annotator(pictures, capsys):
    descriptor = """name: own\nkind: image\ndirection: lower\nscore_range: [0, null]\nlicence: none\ncitation: none
homepage: none\ntrained_on: nothing\nadapter: measure\nsettings:\n  parts: [{measure: piqe, weight: 1}]\n"""
    Path("own.yaml").write_text(descriptor)
    assert main(["evaluate", *pictures, "--annotator", "own.yaml"]) == 0
    Path("own.yaml").write_text(descriptor.replace("weight: 1", "weight: 2"))
    assert main(["evaluate", *pictures, "--annotator", "own.yaml"]) == 2
    assert "settings was" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["--annotator", "video-niqe"], "judges videos, and mine has images", id="other-kind"),
        pytest.param(["--annotator", "nique"], "Did you mean niqe", id="unknown"),
        pytest.param(["--annotator", ","], "--annotator names none", id="none"),
        pytest.param(["--annotator", "liqe"], "Pass --allow-network, or leave it out of --annotator", id="download"),
        pytest.param(["--annotator", "niqe", "--model", "m"], "in place of --model", id="model-too"),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_is_scored(pictures, capsys, arguments, message):
    assert main(["evaluate", *pictures, *arguments]) == 2
    assert message in capsys.readouterr().err
    assert not Path("results").exists()


# ---- Published scores of rated videos


def table_annotator(column, *, direction):
    """A descriptor of scores that others have published."""
    name = column.partition("_")[0]
    Path(f"{name}.yaml").write_text(
        f"name: {name}\nkind: video\ndirection: {direction}\nscore_range: [null, null]\nlicence: see above\n"
        f"citation: see above\nhomepage: see above\ntrained_on: see above\nadapter: table\n"
        f"settings: {{scores: {PUBLISHED}, name_column: video_name, score_column: {column}}}\n"
    )
    return f"{name}.yaml"


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """Results of three published measures through the command, and the raw columns of the file."""
    folder = tmp_path_factory.mktemp("published")
    with PUBLISHED.open(newline="") as file:
        rows = list(csv.DictReader(file))
    columns = {name: [float(row[name]) for row in rows] for name in rows[0] if name != "video_name"}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        Path("clips").mkdir()
        for row in rows:
            Path("clips", row["video_name"]).touch()  # the scores are made already, so that nobody decodes them
        directions = {"psnr_score": "higher", "vmaf_score": "higher", "niqe_value": "lower"}
        files = [table_annotator(column, direction=direction) for column, direction in directions.items()]
        command = ["evaluate", "--csv", str(PUBLISHED), "--name-column", "video_name", "--data-root", "clips"]
        assert main([*command, "--annotator", ",".join(files), "--quiet"]) == 0
        return {name: results_of(name) for name in ("psnr", "vmaf", "niqe")}, columns


@pytest.mark.parametrize(
    ("name", "column", "sign"), [("psnr", "psnr_score", 1), ("vmaf", "vmaf_score", 1), ("niqe", "niqe_value", -1)]
)
def test_published_scores_agree_with_ratings_as_scipy_says_of_the_raw_file(published, name, column, sign):
    results, columns = published
    metrics, scores, mos = results[name]["metrics"], columns[column], columns["MOS"]
    assert results[name]["scored"] == len(mos) == 30
    for metric, found in (
        ("srcc", stats.spearmanr(scores, mos)),
        ("plcc", stats.pearsonr(scores, mos)),
        ("krcc", stats.kendalltau(scores, mos)),
    ):
        assert metrics[metric] == pytest.approx(sign * found.statistic, abs=1e-12)


def test_vmaf_is_closer_to_the_ratings_than_psnr_and_niqe(published):
    """As its authors found, and by far more than rounding; so the columns are not mixed up."""
    plcc = {name: result["metrics"]["plcc"] for name, result in published[0].items()}
    assert plcc["vmaf"] > 0.98 > plcc["psnr"] > plcc["niqe"] > 0.8
