"""`transformers-vital evaluate`, from the arguments to the files and the exit code."""

import csv
import json
import math
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image
from scipy import stats

from transformers_vital.cli.main import main
from transformers_vital.results import QualityScore


NAMES = [f"{number}.png" for number in range(12)]
MOS = [float(rating) for rating in (3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8)]
SCORES = [0.31, 0.12, 0.35, 0.25, 0.44, 0.97, 0.33, 0.51, 0.45, 0.38, 0.43, 0.79]
BOTH = ["--benchmark", "live-c", "--csv", "live-c.csv", "--data-root", "data"]
RESULTS = Path("results/vital-tiny")


def result_of(name: str, *, fingerprint) -> QualityScore:
    """The score in SCORES, as the probability of the highest level beside the lowest."""
    score = SCORES[int(Path(name).stem)]
    logits = (math.log(score), -math.inf, -math.inf, -math.inf, math.log(1 - score))
    return QualityScore.from_level_logits(logits, fingerprint=fingerprint, seconds=0.5)


@pytest.fixture
def rating_scorer(scorer):
    """The fake scorer, whose scores agree with the ratings somewhat."""
    answered = scorer.iter_scores

    def iter_scores(self, items, *, batch_size):
        for failed_or_not, item in zip(answered(self, items, batch_size=batch_size), items, strict=True):
            done = failed_or_not.error is not None
            yield failed_or_not if done else result_of(item.name, fingerprint=self.fingerprint)

    scorer.iter_scores = iter_scores
    return scorer


def write_list(path: str, rows, *, head=("name", "mos")) -> None:
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows([head, *rows])


@pytest.fixture
def rated(tmp_path, monkeypatch):
    """A working folder with twelve rated files, which nobody decodes."""
    monkeypatch.chdir(tmp_path)
    Path("data").mkdir()
    for name in NAMES:
        Path("data", name).write_bytes(b"never decoded here")
    write_list("live-c.csv", zip(NAMES, MOS, strict=True))
    for name, head in (("dmos", ("name", "dmos")), ("who", ("who", "mos")), ("harm", ("name", "harm"))):
        write_list(f"{name}.csv", [("0.png", 1)], head=head)
    return tmp_path


def stored() -> dict:
    return json.loads((RESULTS / "results.json").read_text())


def test_a_benchmark_becomes_predictions_tables_and_a_plot(rating_scorer, rated, capsys):
    assert main(["evaluate", *BOTH, "--paper-model", "VITAL-BASE-8B"]) == 0
    assert sorted(path.name for path in RESULTS.iterdir()) == [
        "live-c.parquet",
        "live-c.png",
        *(f"results.{suffix}" for suffix in ("csv", "html", "json", "md", "tex")),
    ]
    printed = capsys.readouterr()
    assert printed.out.rstrip() == (RESULTS / "results.md").read_text().rstrip()
    assert "LIVE Challenge (LIVE-C): 12 listed (the paper has 1169), 12 found, 0 missing" in printed.err
    assert "scored 12 of 12, 0 failed" in printed.err


def test_metrics_are_those_of_scipy_on_the_list(rating_scorer, rated):
    main(["evaluate", *BOTH])
    (result,) = stored()["benchmarks"]
    scores = pq.read_table(RESULTS / "live-c.parquet")["score"].to_numpy()
    assert scores == pytest.approx(SCORES)
    with open("live-c.csv", newline="") as file:
        mos = [float(row["mos"]) for row in csv.DictReader(file)]
    assert result["metrics"]["srcc"] == pytest.approx(stats.spearmanr(scores, mos).statistic, abs=1e-12)
    assert result["metrics"]["plcc"] == pytest.approx(stats.pearsonr(scores, mos).statistic, abs=1e-12)


def test_missing_and_undecodable_files_are_rows_with_an_error(rating_scorer, rated, capsys):
    Path("data/bad.png").write_bytes(b"")
    write_list("live-c.csv", [*zip(NAMES, MOS, strict=True), ("bad.png", 1), ("lost.png", 2)])
    assert main(["evaluate", *BOTH]) == 3
    table = pq.read_table(RESULTS / "live-c.parquet").to_pylist()
    assert [row["name"] for row in table] == [*NAMES, "bad.png", "lost.png"]
    assert "cannot be decoded" in table[-2]["error"] and "is not below" in table[-1]["error"]
    assert [stored()["benchmarks"][0][count] for count in ("listed", "scored", "failed")] == [14, 12, 2]
    assert "14 listed (the paper has 1169), 13 found, 1 missing" in capsys.readouterr().err


def test_a_stopped_run_goes_on_where_it_was(rating_scorer, rated, capsys):
    rating_scorer.stop_after = 5
    assert main(["evaluate", *BOTH]) == 130
    assert "Run the same command to go on" in capsys.readouterr().err
    assert not (RESULTS / "live-c.parquet").exists()
    rating_scorer.stop_after = None
    assert main(["evaluate", *BOTH]) == 0
    assert rating_scorer.asked == NAMES
    assert [row["name"] for row in pq.read_table(RESULTS / "live-c.parquet").to_pylist()] == NAMES


def test_a_part_whose_last_line_was_torn_is_gone_on_with(rating_scorer, rated):
    rating_scorer.stop_after = 5
    main(["evaluate", *BOTH])
    part = RESULTS / "live-c.part-0-of-1.jsonl"
    part.write_bytes(part.read_bytes()[:-20])
    rating_scorer.stop_after = None
    assert main(["evaluate", *BOTH]) == 0
    assert rating_scorer.asked == [*NAMES[:5], *NAMES[4:]]


def test_parts_of_more_processes_are_kept_by_one(rating_scorer, rated):
    rating_scorer.stop_after = 5
    main(["evaluate", *BOTH])
    (RESULTS / "live-c.part-0-of-1.jsonl").rename(RESULTS / "live-c.part-2-of-3.jsonl")
    rating_scorer.stop_after = None
    assert main(["evaluate", *BOTH]) == 0
    assert rating_scorer.asked == NAMES
    assert not list(RESULTS.glob("*.part-*"))


def test_what_is_scored_is_not_scored_again_but_failed_items_are(rating_scorer, rated):
    Path("data/bad.png").write_bytes(b"")
    write_list("live-c.csv", [*zip(NAMES, MOS, strict=True), ("bad.png", 1)])
    main(["evaluate", *BOTH])
    rating_scorer.asked.clear()
    assert main(["evaluate", *BOTH]) == 3
    assert rating_scorer.asked == ["bad.png"]


def test_overwrite_scores_all_again(rating_scorer, rated):
    main(["evaluate", *BOTH])
    assert main(["evaluate", *BOTH, "--overwrite"]) == 0
    assert rating_scorer.asked == [*NAMES, *NAMES]


def test_predictions_of_other_settings_are_refused(rating_scorer, rated, capsys, other_fingerprint):
    main(["evaluate", *BOTH])
    rating_scorer.fingerprint = other_fingerprint
    assert main(["evaluate", *BOTH]) == 2
    assert "dtype was float32 and is bfloat16" in capsys.readouterr().err


def test_a_stopped_run_of_other_settings_is_refused(rating_scorer, rated, capsys, other_fingerprint):
    rating_scorer.stop_after = 5
    main(["evaluate", *BOTH])
    rating_scorer.stop_after, rating_scorer.fingerprint = None, other_fingerprint
    assert main(["evaluate", *BOTH]) == 2
    assert "part-0-of-1.jsonl was made otherwise: dtype was float32" in capsys.readouterr().err


def test_predictions_of_another_benchmark_are_refused(rating_scorer, rated, capsys):
    main(["evaluate", *BOTH])
    (RESULTS / "live-c.parquet").rename(RESULTS / "spaq.parquet")
    assert main(["evaluate", *BOTH]) == 2
    assert "spaq.parquet holds predictions on live-c; expected spaq" in capsys.readouterr().err


def test_tables_are_made_again_without_a_model(rating_scorer, rated):
    main(["evaluate", *BOTH])
    before = (RESULTS / "results.json").read_text()
    (RESULTS / "results.json").unlink()
    rating_scorer.loaded_with = None
    assert main(["evaluate", "--predictions", "results"]) == 0
    assert (RESULTS / "results.json").read_text() == before
    assert rating_scorer.loaded_with is None


def test_ones_own_list_is_a_benchmark_with_its_columns_and_direction(rating_scorer, rated):
    write_list("mine.csv", [(name, -rating) for name, rating in zip(NAMES, MOS, strict=True)], head=("who", "harm"))
    options = ["--csv", "mine.csv", "--data-root", "data", "--name-column", "who", "--mos-column", "harm"]
    assert main(["evaluate", *options, "--lower-is-better"]) == 0
    (result,) = stored()["benchmarks"]
    assert result["benchmark"]["id"] == "mine" and result["benchmark"]["num_items"] is None
    assert result["metrics"]["srcc"] == pytest.approx(stats.spearmanr(SCORES, MOS).statistic)
    assert stored()["averages"] == []


def test_a_list_of_videos_is_scored_as_videos(scorer, rated):
    Path("data/a.mp4").write_bytes(b"")
    write_list("clips.csv", [("a.mp4", 1)])
    assert main(["evaluate", "--csv", "clips.csv", "--data-root", "data"]) == 0
    assert pq.read_table(RESULTS / "clips.parquet")["kind"].to_pylist() == ["video"]
    assert stored()["benchmarks"][0]["benchmark"]["modality"] == "video"


def test_a_list_of_both_kinds_is_refused(scorer, rated, capsys):
    write_list("both.csv", [("a.mp4", 1), ("0.png", 2)])
    assert main(["evaluate", "--csv", "both.csv", "--data-root", "data"]) == 2
    assert "both.csv lists images and videos" in capsys.readouterr().err


def test_a_table_of_the_paper_needs_no_model(scorer, rated, capsys):
    assert main(["evaluate", "--table", "3"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("## Table 3: Image quality scoring") and "| VITAL-BASE-8B | 0.931 |" in out
    assert scorer.loaded_with is None


def test_a_table_of_the_paper_has_ones_own_row(rating_scorer, rated, capsys):
    main(["evaluate", *BOTH, "--quiet"])
    capsys.readouterr()
    assert main(["evaluate", "--predictions", "results", "--table", "3", "--json"]) == 0
    view = json.loads(capsys.readouterr().out)
    row = dict(zip(view["columns"], view["rows"][-1], strict=True))
    assert row["model"] == "vital-tiny (ours)"
    assert row["live-c SRCC"] == f"{stats.spearmanr(SCORES, MOS).statistic:.3f}" and row["koniq SRCC"] == "-"


def test_two_models_are_compared_on_the_same_items(rating_scorer, rated, capsys):
    main(["evaluate", *BOTH])
    rating_scorer.fingerprint = replace(rating_scorer.fingerprint, model="other")
    assert main(["evaluate", *BOTH, "--compare", "results/vital-tiny"]) == 0
    assert "First is other, second vital-tiny" in capsys.readouterr().out
    (compared,) = json.loads(Path("results/other/results.json").read_text())["comparison"]["benchmarks"]
    assert compared["items"] == 12 and compared["comparisons"]["srcc"]["difference"]["value"] == 0
    assert compared["williams"]["p_value"] == 1
    assert "First is other" in Path("results/other/results.md").read_text()


def test_memory_that_ends_halves_the_batch(rating_scorer, rated):
    roomy, sizes = rating_scorer.iter_scores, []

    def iter_scores(self, items, *, batch_size):
        sizes.append(batch_size)
        if batch_size > 2:
            raise torch.OutOfMemoryError("full")
        yield from roomy(self, items, batch_size=batch_size)

    rating_scorer.iter_scores = iter_scores
    assert main(["evaluate", *BOTH, "--batch-size", "8"]) == 0
    assert sizes == [8, 4, 2] and rating_scorer.asked == NAMES


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param([], "nothing to evaluate. Name --benchmark", id="nothing"),
        pytest.param(
            ["--benchmark", "konik", "--data-root", "data"], "(did you mean koniq or ", id="unknown-benchmark"
        ),
        pytest.param(["--benchmark", "koniq"], "Where is the data? Name its folder with --data-root", id="no-root"),
        pytest.param(["--benchmark", "koniq", "--data-root", "nowhere"], "nowhere", id="root-is-no-folder"),
        pytest.param(
            ["--benchmark", "live-c", "--data-root", "data"],
            "https://live.ece.utexas.edu/research/ChallengeDB/index.html",
            id="no-annotation-file",
        ),
        pytest.param([*BOTH, "--paper-model", "VITAL-BASE-9B"], "did you mean VITAL-BASE-8B", id="unknown-model"),
        pytest.param(["--table", "8"], "There is no table of results '8'", id="table-without-results"),
        pytest.param(["--predictions", "data"], "data has no predictions in it", id="no-predictions"),
        pytest.param([*BOTH, "--predictions", "data"], "Leave it out to score", id="score-or-not"),
        pytest.param([*BOTH, "--compare", "data"], "--compare data has no predictions", id="nothing-to-compare"),
        pytest.param(["--table", "2", "--mos-column", "x"], "Name it with --csv", id="column-without-list"),
        pytest.param(["--table", "2", "--paper-model", "KVQ"], "need results", id="paper-model-without-results"),
        pytest.param(["--csv", "none.csv"], "none.csv", id="no-list"),
        pytest.param(["--csv", "live-c.csv", "--data-root", "no"], "Pass --data-root, the folder", id="no-media"),
        pytest.param(["--csv", "dmos.csv"], "Pass --lower-is-better or --no-lower-is-better", id="no-direction"),
        pytest.param(["--csv", "who.csv"], "for file names: pass --name-column", id="no-name-column"),
        pytest.param(["--csv", "harm.csv"], "for ratings: pass --mos-column", id="no-mos-column"),
        pytest.param(
            ["--benchmark", "spaq", "--data-root", "data"], "pass --csv where it has another name", id="other-name"
        ),
        pytest.param(
            ["--benchmark", "koniq", "--data-root", "data", "--csv", "live-c.csv"],
            "none of the 2010 files of KonIQ-10k that the paper tests on. A list of other files is a benchmark of its "
            "own: --csv without --benchmark",
            id="other-files",
        ),
        pytest.param(
            ["--benchmark", "koniq,spaq", "--csv", "live-c.csv", "--data-root", "data"],
            "--csv is the list of one benchmark; 2 are named",
            id="one-list-of-two",
        ),
    ],
)
def test_what_cannot_be_done_is_said_before_a_model_is_loaded(scorer, rated, capsys, arguments, message):
    assert main(["evaluate", *arguments]) == 2
    assert message in capsys.readouterr().err
    assert scorer.loaded_with is None


def test_two_processes_give_the_numbers_of_one(tiny_folder, tmp_path):
    rng = np.random.default_rng(0)
    (tmp_path / "data").mkdir()
    for name in NAMES[:7]:
        coarse = Image.fromarray(rng.integers(0, 256, size=(6, 6, 3), dtype=np.uint8))
        coarse.resize((64, 64)).save(tmp_path / "data" / name)
    write_list(tmp_path / "mine.csv", zip(NAMES[:7], MOS, strict=False))
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"]
    launched = {"one": [sys.executable, "-m"], "several": [*launcher, "-m"]}
    rows = {}
    for name, start in launched.items():
        command = [*start, "transformers_vital.cli.main", "evaluate", "--csv", str(tmp_path / "mine.csv")]
        command += ["--data-root", str(tmp_path / "data"), "--model", str(tiny_folder), "--device", "cpu"]
        run = subprocess.run(
            [*command, "-o", str(tmp_path / name)],
            capture_output=True,
            text=True,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
            timeout=300,
        )
        assert run.returncode == 0, run.stderr
        (folder,) = (tmp_path / name).iterdir()
        assert not list(folder.glob("*.part-*"))
        assert run.stdout.count("Results of") == 1
        assert ("working in 2 processes" in run.stderr) == (name == "several")
        rows[name] = pq.read_table(folder / "mine.parquet").to_pylist()
    assert [row["name"] for row in rows["several"]] == NAMES[:7]
    scores = {name: [row["score"] for row in found] for name, found in rows.items()}
    assert scores["several"] == pytest.approx(scores["one"], abs=1e-5)
    assert len(set(scores["one"])) == 7
