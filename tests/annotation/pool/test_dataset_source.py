"""Images and videos of tables: bytes as they are, paths only where they may lead."""

import io

import pytest
from datasets import Audio, Dataset, DatasetDict, Features, Image, Value, Video

from transformers_vital.annotation.pool.dataset_source import dataset_candidates
from transformers_vital.annotation.pool.sources import candidates
from transformers_vital.errors import AnnotationError


@pytest.fixture(autouse=True)
def caches(tmp_path, monkeypatch):
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")


def contents(listed):
    return {candidate.name: candidate.problem or candidate.open(max_bytes=1000).read() for candidate in listed}


ROWS = {
    "image": [{"bytes": b"a", "path": "a.png"}, {"bytes": b"b", "path": None}, None],
    "video": [{"bytes": b"c", "path": "c.mp4"}, None, None],
    "sound": [{"bytes": b"d", "path": "d.wav"}] * 3,
    "label": [1, 2, 3],
}
TYPES = Features(
    {"image": Image(decode=False), "video": Video(decode=False), "sound": Audio(decode=False), "label": Value("int64")}
)


@pytest.fixture
def table():
    return Dataset.from_dict(ROWS).cast(TYPES)


def test_a_parquet_file_gives_its_images_and_videos_undecoded(table, tmp_path):
    path = tmp_path / "rows.parquet"
    table.to_parquet(path)
    assert contents(candidates(path)) == {"a.png": b"a", f"{path}[1].image": b"b", "c.mp4": b"c"}


def test_parquet_files_in_a_folder_are_listed_too(table, tmp_path):
    table.select_columns(["video"]).to_parquet(tmp_path / "pool" / "rows.parquet")
    (tmp_path / "pool" / "a.gif").write_bytes(b"x")
    assert contents(candidates(tmp_path / "pool")) == {"a.gif": b"x", "c.mp4": b"c"}


def test_a_parquet_file_without_media_is_counted_among_others(tmp_path):
    Dataset.from_dict({"label": [1]}).to_parquet(tmp_path / "rows.parquet")
    (listed,) = candidates(tmp_path)
    assert listed.name == "rows.parquet" and "has no column of images or videos; it has label" in listed.problem


@pytest.mark.parametrize("splits", [False, True])
def test_a_saved_dataset_is_read(table, splits, tmp_path):
    (DatasetDict({"test": table}) if splits else table).save_to_disk(tmp_path / "saved")
    source = {"dataset": str(tmp_path / "saved"), "split": "test", "columns": ["image"]}
    assert list(contents(candidates(source))) == ["a.png", f"{tmp_path / 'saved'}[1].image"]


def test_a_folder_of_images_is_read_through_its_paths(tmp_path, pytestconfig):
    media = pytestconfig.rootpath / "examples" / "media"
    content = (media / "rocket.jpg").read_bytes()
    (tmp_path / "train").mkdir()
    (tmp_path / "train" / "rocket.jpg").write_bytes(content)
    (listed,) = candidates({"dataset": str(tmp_path)})
    assert listed.name.endswith("rocket.jpg")
    assert listed.open(max_bytes=1).read() == content


def test_a_column_of_bytes_is_read_when_it_is_named(tmp_path):
    Dataset.from_dict({"jpg": [b"a", b"b"]}).to_parquet(tmp_path / "rows.parquet")
    with pytest.raises(AnnotationError, match="no column of images or videos; it has jpg. Name them as columns."):
        dataset_candidates(str(tmp_path / "rows.parquet"))
    assert list(contents(dataset_candidates(str(tmp_path / "rows.parquet"), columns=["jpg"])).values()) == [b"a", b"b"]


def test_paths_of_a_table_must_stay_in_its_folder(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "a.png").write_bytes(b"a")
    (tmp_path / "private.png").write_bytes(b"secret")
    (folder / "link.png").symlink_to(tmp_path / "private.png")
    paths = ["a.png", str(folder / "a.png"), "../private.png", str(tmp_path / "private.png"), "link.png", "absent.png"]
    rows = [{"media": {"kind": "image", "path": path, "bytes": None}} for path in [*paths, None]]
    Dataset.from_list(rows).to_parquet(folder / "rows.parquet")
    listed = list(dataset_candidates(str(folder / "rows.parquet")))
    assert [candidate.open(max_bytes=9).read() for candidate in listed[:2]] == [b"a", b"a"]
    assert ["outside" in (candidate.problem or "") for candidate in listed] == [False] * 2 + [True] * 3 + [False] * 2
    assert "absent.png is no file" in listed[5].problem
    assert "It is a dict without bytes or path" in listed[6].problem


@pytest.fixture
def hub(monkeypatch):
    """`hub(paths)`: what `load_dataset` would stream of owner/name, with the given paths and no bytes."""

    def serve(paths):
        def load_dataset(name, config, *, split, streaming):
            assert (name, config, split, streaming) == ("owner/name", None, "train", True)
            rows = {"image": [{"bytes": None, "path": path} for path in paths]}
            return Dataset.from_dict(rows, features=Features({"image": Image(decode=False)})).to_iterable_dataset()

        monkeypatch.setattr("datasets.load_dataset", load_dataset)

    return serve


def test_a_dataset_on_the_hub_is_streamed_and_its_paths_stay_in_its_repository(hub, monkeypatch, tmp_path):
    inside = "hf://datasets/owner/name@0123/images/a.png"
    zipped = "zip://a.png::hf://datasets/owner/name@0123/images.zip"
    (tmp_path / "private.png").write_bytes(b"secret")
    outside = [str(tmp_path / "private.png"), "hf://datasets/owner/name-private@0/a.png", "memory://a.png"]
    hub([inside, zipped, *outside])
    opened = []
    monkeypatch.setattr("fsspec.open", lambda place, mode: opened.append(place) or _Opened())
    listed = list(candidates("hf://datasets/owner/name", allow_network=True))
    assert [candidate.open(max_bytes=9).read() for candidate in listed[:2]] == [b"content"] * 2
    assert opened == [inside, zipped]
    assert ["is no file of the dataset owner/name on the Hub" in (found.problem or "") for found in listed[2:]] == [
        True
    ] * 3


class _Opened:
    def open(self):
        return io.BytesIO(b"content")


def test_what_cannot_be_loaded_says_which_names_to_check(table, tmp_path):
    folder = tmp_path / "rows"
    table.to_parquet(folder / "train.parquet")
    with pytest.raises(AnnotationError, match="cannot be read .split missing, config None.*Check the names"):
        dataset_candidates(str(folder), split="missing")
    with pytest.raises(AnnotationError, match="has no column picture; expected some of image, video"):
        dataset_candidates(str(folder / "train.parquet"), columns=["picture"])
    with pytest.raises(AnnotationError, match="owner/name is no path here, and the network is not allowed"):
        dataset_candidates("owner/name")
