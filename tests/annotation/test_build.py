"""Whole builds: from a folder of media to records that train, stopped anywhere and gone on with."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from building import LIMITS, PHOTOS, write_sources

from transformers_vital.annotation.build import Build, Workers
from transformers_vital.annotation.recipe import Recipe
from transformers_vital.data.tables import SUBSETS, read_tables
from transformers_vital.errors import AnnotationError


SETTINGS = {
    "limits": LIMITS,
    "shard_size": 3,
    "scored": ["originals", "copies"],
    "described": ["originals", "copies"],
    "pairs_per_item": 1.0,
}
ORIGINALS = len(PHOTOS) + 2


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    return write_sources(tmp_path_factory.mktemp("build") / "sources")


@pytest.fixture(scope="module")
def built(sources, tmp_path_factory):
    """A build, its report, and when its shards were written."""
    build = Build(tmp_path_factory.mktemp("built") / "dataset", Recipe.from_dict(SETTINGS))
    report = build.run(sources)
    return build, report


def files_of(folder: Path, pattern: str) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.glob(pattern))}


def times_of(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in folder.glob("build/*/*.parquet")}


class TestRecords:
    def test_all_eight_subsets_are_there_and_pass_the_checks_of_the_trainer(self, built):
        build, report = built
        tables = read_tables(build.folder / "records")
        assert tuple(report["records"]) == SUBSETS
        assert {name: len(table) for name, table in tables.items()} == report["records"]

    def test_originals_and_copies_have_labels_and_copies_name_their_distortion(self, built):
        build, report = built
        records = report["records"]
        assert records["image_distribution"] + records["video_distribution"] == 2 * ORIGINALS
        assert records["image_distortion"] + records["video_distortion"] == ORIGINALS
        texts = {row["text"] for row in read_tables(build.folder / "records")["image_distortion"]}
        assert texts == {row["text"] for row in build.rows("copies") if row["media"]["kind"] == "image"}

    def test_every_record_names_a_file_of_the_media_folder(self, built):
        build, _ = built
        named = {
            row[column]["path"]
            for table in read_tables(build.folder / "records").values()
            for row in table
            for column in ("media", "media_a", "media_b")
            if column in row
        }
        on_disk = {str(path.relative_to(build.media)) for path in build.media.rglob("*.*")}
        assert named == on_disk and len(named) == 2 * ORIGINALS

    def test_originals_are_better_than_their_copies_on_average(self, built):
        build, _ = built
        originals = {row["media"]["path"] for row in build.rows("originals")}
        rows = read_tables(build.folder / "records")["image_distribution"]
        means = {True: [], False: []}
        for row in rows:
            means[row["media"]["path"] in originals].append(row["mean"])
        assert np.mean(means[True]) > np.mean(means[False]) + 0.05

    def test_pairs_follow_equation_3(self, built):
        build, _ = built
        pairs = read_tables(build.folder / "records")["image_pair"].to_list()
        for row in pairs:
            threshold = (row["std_a"] ** 2 + row["std_b"] ** 2) ** 0.5
            difference = row["mean_a"] - row["mean_b"]
            assert row["preference"] == (0.5 if abs(difference) <= threshold else float(difference > 0))
        assert len(pairs) > 3

    def test_the_report_counts_what_was_left_out(self, built):
        _, report = built
        pool = report["stages"][0]
        assert (pool["rows"], pool["kept"]) == (ORIGINALS + 3, ORIGINALS)
        assert pool["reasons"] == {"duplicate": 1, "not decodable": 1, "too small": 1}
        assert {row["name"] for row in report["rejected"]} == {"broken.jpg", "small.png", "zz_copy.png"}

    def test_the_records_train(self, built, tmp_path):
        from transformers_vital.training.arguments import VitalTrainingArguments
        from transformers_vital.training.run import RunArguments, build_trainer

        build, _ = built
        run = RunArguments(str(build.folder / "records"), str(build.media))
        arguments = VitalTrainingArguments(
            str(tmp_path), use_cpu=True, bf16=False, max_steps=1, gradient_accumulation_steps=1, report_to="none"
        )
        assert np.isfinite(build_trainer(run, arguments).train().training_loss)


class TestGoingOn:
    def test_a_second_run_works_on_nothing_and_changes_nothing(self, built, sources):
        build, report = built
        before, shards = files_of(build.folder, "records/*/*"), times_of(build.folder)
        again = Build(build.folder, build.recipe).run(sources)
        assert again == report
        assert files_of(build.folder, "records/*/*") == before and times_of(build.folder) == shards

    def test_two_processes_make_the_same_dataset(self, built, sources, tmp_path):
        build, _ = built
        other = Build(tmp_path / "dataset", build.recipe, Workers(processes=2))
        other.run(sources)
        assert files_of(other.folder, "records/*/*") == files_of(build.folder, "records/*/*")

    @pytest.mark.parametrize("stage", ["pool", "copies", "opinions_copies"])
    def test_kill_9_in_any_stage_loses_the_open_shard_only(self, built, sources, tmp_path, stage):
        build, _ = built
        folder = tmp_path / "dataset"
        code = (
            "from transformers_vital.annotation.build import Build\n"
            "from transformers_vital.annotation.recipe import Recipe\nfrom pathlib import Path\n"
            f"Build(Path({str(folder)!r}), Recipe.from_dict({SETTINGS!r})).run({str(sources)!r})"
        )
        process = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL)
        limit = time.monotonic() + 120
        while not list(folder.glob(f"build/{stage}/*.parquet")):
            assert process.poll() is None and time.monotonic() < limit
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert not (folder / "records").exists()
        shards = times_of(folder)
        (folder / "media" / ".incoming-x.mp4.partial").touch()
        Build(folder, build.recipe).run(sources)
        assert not list(folder.glob("media/.*"))
        assert shards and shards.items() <= times_of(folder).items()
        assert files_of(folder, "records/*/*") == files_of(build.folder, "records/*/*")
        assert files_of(folder, "media/*/*") == files_of(build.folder, "media/*/*")

    def test_other_settings_in_the_same_folder_are_refused(self, built, sources):
        build, _ = built
        with pytest.raises(AnnotationError, match=r"copies was made with other settings \(copies differ\)"):
            Build(build.folder, Recipe.from_dict(SETTINGS | {"copies": 2})).run(sources)

    def test_other_settings_of_what_is_made_anew_each_time_are_taken(self, built, sources):
        build, _ = built
        fewer = Build(build.folder, Recipe.from_dict(SETTINGS | {"pairs_per_item": 0.5})).run(sources)
        assert fewer["records"]["image_pair"] == 6
        build.run(sources)


class TestParts:
    def test_what_a_recipe_leaves_out_is_not_made(self, sources, tmp_path):
        recipe = Recipe.from_dict({"limits": LIMITS, "copies": 0, "scored": [], "statements": None})
        report = Build(tmp_path, recipe).run(sources)
        assert report["records"] == {} and not list((tmp_path / "records").iterdir())
        assert {path.name for path in (tmp_path / "build").iterdir()} == {
            "pool",
            "originals",
            "attributes_originals",
        }

    def test_mappings_of_an_earlier_build_label_new_media(self, built, sources, tmp_path):
        build, _ = built
        settings = SETTINGS | {"copies": 0, "scored": ["originals"], "described": [], "limits": LIMITS}
        settings["mapping"] = str(build.stage("mappings.json"))
        other = Build(tmp_path, Recipe.from_dict(settings))
        other.run(sources)
        labels = {row["media"]["path"]: row["mean"] for row in build.labels.distributions(kind="image")}
        again = {row["media"]["path"]: row["mean"] for row in other.labels.distributions(kind="image")}
        assert len(again) == len(PHOTOS) and again.items() <= labels.items()

    def test_overlap_with_a_test_set_is_reported(self, sources, tmp_path):
        (tmp_path / "names.txt").write_text("CAT.jpg\nother.png\n", encoding="utf-8")
        settings = {"limits": LIMITS, "copies": 0, "scored": [], "statements": None}
        recipe = Recipe.from_dict(settings | {"test_sets": {"small": str(tmp_path / "names.txt")}})
        report = Build(tmp_path / "dataset", recipe).run(sources)
        assert [(row["name"], row["test_set"]) for row in report["overlap"]["offenders"]] == [("cat.png", "small")]

    def test_nothing_usable_is_an_error_that_says_where_the_reasons_are(self, tmp_path):
        (tmp_path / "sources").mkdir()
        (tmp_path / "sources" / "a.jpg").write_bytes(b"\xff\xd8\xff")
        with pytest.raises(AnnotationError, match="No file of the sources is left"):
            Build(tmp_path / "dataset").run(tmp_path / "sources")


DESCRIBES = {"model": "annotator", "match": "in detail", "replies": [{"text": "Dark, sharp, noisy."}]}
REFINES = {"model": "refiner", "replies": [{"text": "Edges are sharp. Luminance is low."}]}
AGREES = {"match": "Rate your assessment", "replies": [{"text": "2 points"}]}
SAYS_YES = [{"match": "A. No", "replies": [{"text": "B"}]}, {"match": "B. No", "replies": [{"text": "A"}]}]


class TestModels:
    def settings(self, chat_server, **changes) -> dict:
        free = {"prompt_price_per_million": 0, "completion_price_per_million": 0}
        models = {name: {"model": name} for name in ("annotator", "refiner")}
        statements = {**models, "judges": [{"model": "x"}], "base_url": chat_server.url, "backoff_seconds": 0.01}
        given = {"limits": LIMITS, "copies": 0, "scored": [], "shard_size": 2}
        return given | {"statements": statements | free | {"concurrency": 1} | changes}

    def test_a_cap_on_spending_leaves_media_that_a_later_run_with_more_describes(self, chat_server, sources, tmp_path):
        """
        Each answer has ten tokens at 1 a token; a medium takes 2 + 2 (3 + 3) answers, so 300 is enough for two. All
        are described by the same words, so the refiner is asked once for images and once for videos.
        """
        chat_server.answer(DESCRIBES, REFINES, AGREES, *SAYS_YES)
        price = {"completion_price_per_million": 1e6, "max_tokens": 10}
        capped = self.settings(chat_server, max_spend=300, **price)
        report = Build(tmp_path, Recipe.from_dict(capped)).run(sources)
        assert report["statistics"]["acceptance"]["outcomes"]["not done"] == ORIGINALS - 2
        described = report["records"]["image_description"] + report["records"].get("video_description", 0)
        assert described == 2 * 2
        asked = len(chat_server.requests)
        whole = self.settings(chat_server, max_spend=10_000, **price)
        report = Build(tmp_path, Recipe.from_dict(whole)).run(sources)
        assert sum(report["records"].values()) == 2 * ORIGINALS
        assert len(chat_server.requests) == 13 * ORIGINALS + 2 > asked
