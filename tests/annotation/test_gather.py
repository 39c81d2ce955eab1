"""From sources to originals: what is left out and why, and going on with the same sources only."""

import pytest
from building import LIMITS, PHOTOS, write_sources

from transformers_vital.annotation.gather import gather, rejections, select_originals
from transformers_vital.annotation.recipe import Recipe
from transformers_vital.annotation.stages import read_rows, shard_numbers
from transformers_vital.errors import AnnotationError


RECIPE = Recipe.from_dict({"limits": LIMITS, "shard_size": 3})


@pytest.fixture
def gathered(tmp_path):
    """`gathered(**settings)`: gather and select, and return the folders of pool and originals."""
    sources = write_sources(tmp_path / "sources")

    def run(*, recipe=RECIPE, **settings):
        pool, originals = tmp_path / "pool", tmp_path / "originals"
        worked = gather(sources, media=tmp_path / "media", pool=pool, recipe=recipe, **settings)
        select_originals(pool=pool, originals=originals, recipe=recipe)
        return pool, originals, worked

    run.sources, run.media = sources, tmp_path / "media"
    return run


@pytest.mark.parametrize("processes", [1, 2])
def test_originals_are_what_keeps_to_the_limits_each_once(gathered, processes):
    pool, originals, worked = gathered(processes=processes)
    assert worked == 4  # eleven files in shards of three
    assert [row["name"] for row in read_rows(originals)] == sorted([*PHOTOS, "harbour.mp4", "kennel.mp4"])
    reasons = {row["name"]: row["reason"] for row in rejections(pool=pool, originals=originals)}
    assert reasons == {"broken.jpg": "not decodable", "small.png": "too small", "zz_copy.png": "duplicate"}


def test_every_original_lies_in_the_media_folder(gathered):
    _, originals, _ = gathered()
    for row in read_rows(originals):
        content = (gathered.media / row["media"]["path"]).read_bytes()
        assert content == (gathered.sources / row["name"]).read_bytes()
    assert not list(gathered.media.glob(".incoming-*"))


def test_a_second_run_inspects_nothing_again(gathered):
    gathered()
    assert gathered()[2] == 0


def test_a_missing_shard_alone_is_made_again(gathered):
    pool, originals, _ = gathered()
    before = [path.read_bytes() for path in sorted(pool.glob("*.parquet"))]
    (pool / "00001.parquet").unlink()
    assert gathered()[2] == 1
    assert [path.read_bytes() for path in sorted(pool.glob("*.parquet"))] == before


def test_sources_that_changed_are_refused(gathered):
    gathered()
    (gathered.sources / "aa_new.png").write_bytes(b"new")
    with pytest.raises(AnnotationError, match="list other files than when the build began"):
        gathered()


def test_sources_that_shrank_are_refused(gathered):
    gathered()
    for path in gathered.sources.glob("[r-z]*"):
        path.unlink()
    with pytest.raises(AnnotationError, match="list (other|fewer) files than when the build began"):
        gathered()


def test_other_limits_are_refused(gathered):
    gathered()
    with pytest.raises(AnnotationError, match=r"made with other settings \(limits differ\)"):
        gathered(recipe=Recipe.from_dict({"shard_size": 3}))


def test_an_empty_folder_is_an_error(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(AnnotationError, match="The sources list no file"):
        gather(tmp_path / "empty", media=tmp_path / "media", pool=tmp_path / "pool", recipe=RECIPE)
    assert shard_numbers(tmp_path / "pool") == []
