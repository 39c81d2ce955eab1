"""The examples, run by the commands that their docstrings show, a step or two each."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest


REPOSITORY = Path(__file__).resolve().parents[1]
EXAMPLES = REPOSITORY / "examples"


def run(script: str, *arguments: str) -> str:
    """Standard output of an example, run from the root of the repository."""
    command = [sys.executable, str(EXAMPLES / script), *arguments]
    result = subprocess.run(
        command, cwd=REPOSITORY, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"}
    )
    assert result.returncode == 0, result.stderr[-3000:]
    return result.stdout


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    folder = tmp_path_factory.mktemp("records")
    output = run("make_records.py", str(folder))
    assert len(output.splitlines()) == 8
    return folder


@pytest.fixture(scope="module")
def pretrained(records, tmp_path_factory):
    output = tmp_path_factory.mktemp("pretrained")
    settings = ["--config", "hub_configs/recipes/pretrain.yaml", "--max_steps", "2", "--save_steps", "2"]
    paths = ["--records", str(records), "--media_root", str(records / "media"), "--output_dir", str(output)]
    printed = run("pretrain.py", *settings, *paths)
    assert re.search(r"^loss \d+\.\d{4}, loss_", printed, flags=re.MULTILINE)
    assert f"replaced 0 unreadable records; wrote {output}" in printed
    return output


def test_records_of_all_eight_subsets_are_made_and_read_back(records):
    from transformers_vital.data.mixture import TABLE_1
    from transformers_vital.data.tables import read_tables

    tables = read_tables(records)
    assert tables.keys() == TABLE_1.keys()
    assert {row["preference"] for row in tables["image_pair"]} == {0.0, 0.5, 1.0}


def test_worse_copies_have_lower_opinions(records):
    """For each photograph and distortion the mean falls with severity."""
    from transformers_vital.data.tables import read_table

    means = {}
    for row in read_table(records / "image_distribution.jsonl"):
        stem, severity = row["media"]["path"].rsplit(".", 1)[0].rsplit("_", 1)
        means.setdefault(stem, {})[int(severity)] = row["mean"]
    assert len(means) == 18
    falling = [by_severity[0] > by_severity[1] > by_severity[2] for by_severity in means.values()]
    assert sum(falling) >= 17


def test_what_pre_training_wrote_scores_and_warms_up_a_decoder(pretrained, records, tmp_path):
    from transformers_vital import VitalScorer

    assert 0 <= VitalScorer.from_pretrained(pretrained).score(EXAMPLES / "media" / "cat.png").score <= 1
    settings = ["--config", "hub_configs/recipes/warm_up.yaml", "--max_steps", "1", "--logging_steps", "1"]
    paths = ["--records", str(records), "--media_root", str(records / "media"), "--output_dir", str(tmp_path / "out")]
    run("pretrain.py", *settings, *paths, "--vision_encoder", str(pretrained))
    assert (tmp_path / "out" / "model.safetensors").is_file()


def test_the_linear_probe_trains_and_scores(records, tmp_path):
    settings = ["--config", "hub_configs/recipes/linear_probe.yaml", "--max_steps", "2"]
    paths = ["--table", str(records / "video_distribution.jsonl"), "--media_root", str(records / "media")]
    printed = run("linear_probe.py", *settings, *paths, "--output_dir", str(tmp_path / "probe"))
    assert re.search(r"^dog.mp4: score 0\.\d{3} \(", printed, flags=re.MULTILINE)


def test_ratings_of_distorted_copies_are_lists_that_evaluate_reads(tmp_path):
    """Worse copies of one distortion are rated lower, and a question's right answer names the distortion."""
    import shutil

    from transformers_vital.evaluation.benchmarks import Benchmark
    from transformers_vital.evaluation.qbench_questions import read_questions

    (tmp_path / "media").mkdir()
    for name in ("cat.png", "dog.mp4"):
        shutil.copy(EXAMPLES / "media" / name, tmp_path / "media")
    output = tmp_path / "ratings"
    printed = run("make_ratings.py", str(output), "--media", str(tmp_path / "media"), "--copies", "4", "--seed", "2")
    assert printed.count("no human rating") == 2
    rated_copies = {}
    for kind in ("image", "video"):
        items = rated_copies[kind] = Benchmark.from_csv(output / f"{kind}s.csv", modality=kind).items()
        assert len(items) == 4
        assert all(item["error"] is None and 0 < item["mos"] < 1 for item in items)
        ratings = {}
        for item in items:
            stem, severity = Path(item["name"]).stem.rsplit("_", 1)
            ratings.setdefault(stem, []).append((int(severity), item["mos"]))
        for rated in ratings.values():
            means = [mean for _, mean in sorted(rated)]
            assert means == sorted(means, reverse=True)
    printed = run("make_questions.py", str(output))
    for kind, in_words, of_a_copy in (("image", "what", 1), ("video", "multiple choice", 3)):
        questions = read_questions(output / f"{kind}_questions.json")
        assert len(questions) == 4 * of_a_copy
        assert {question.media for question in questions} == {item["name"] for item in rated_copies[kind]}
        assert f"{len(questions)} questions in" in printed
        for question in questions:
            is_so = question.text.removesuffix("?").split()[-1].casefold() in question.media.casefold()
            if question.type == in_words:
                assert question.reference.split()[-1].casefold() in question.media.casefold()
            elif "suffer" in question.text:
                assert question.reference == ("Yes" if is_so else "No")


def test_instructions_answer_with_the_distortion_of_a_record(tmp_path):
    from transformers_vital.data.tables import read_table

    media = {"kind": "image", "path": "copy.png", "bytes": None}
    row = {"media": media, "text": "very severe white noise", "task": "distortion"}
    (tmp_path / "records").mkdir()
    (tmp_path / "records" / "image_distortion.jsonl").write_text(f"{json.dumps(row)}\n" * 30)
    run("make_questions.py", str(tmp_path / "out"), "--records", str(tmp_path / "records"))
    rows = read_table(tmp_path / "out" / "instruction.jsonl")
    assert len(rows) == 30 and {row["media"][0]["path"] for row in rows} == {"copy.png"}
    kinds = set()
    for question, answer in (row["messages"] for row in rows):
        assert [question["role"], answer["role"]] == ["user", "assistant"]
        asked, expected = question["content"], "It suffers from very severe white noise."
        kinds.add(next(words for words in ("Which", "suffer from", "Describe") if words in asked))
        if "Which distortion" in asked:
            expected = "white noise"
            assert ". white noise\n" in asked and "D. " in asked
        elif "suffer from" in asked:
            expected = "Yes" if "suffer from white noise?" in asked else "No"
        assert answer["content"] == expected
    assert len(kinds) == 3


def test_every_example_shows_its_command_and_stays_short():
    scripts = sorted(EXAMPLES.glob("*.py"))
    assert len(scripts) >= 3
    for path in scripts:
        source = path.read_text(encoding="utf-8")
        assert f"examples/{path.name}" in source.split('"""')[1], path.name
        assert len(source.splitlines()) <= 150, path.name
