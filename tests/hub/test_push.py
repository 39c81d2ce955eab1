"""What is sent to the Hub, and what keeps a folder here; the Hub is a stand-in that records what it is asked."""

from types import SimpleNamespace

import pytest
from built_dataset import build, write_shards
from huggingface_hub import HfApi

from transformers_vital.annotation.publish import publish
from transformers_vital.data.tables import iterate_rows
from transformers_vital.errors import MediaInputError, OutputError, RecordError
from transformers_vital.hub.dataset_card import dataset_card, write_card
from transformers_vital.hub.push import push_folder


class Hub:
    """Repositories by name, each private or not, and the calls that were made."""

    def __init__(self, **private: bool):
        self.private, self.calls = private, []

    def create_repo(self, repo_id, *, repo_type, private, exist_ok):
        self.calls.append("create_repo")
        assert exist_ok
        self.private.setdefault(repo_id, private)

    def repo_info(self, repo_id, *, repo_type):
        return SimpleNamespace(private=self.private[repo_id])

    def upload_folder(self, *, repo_id, repo_type, folder_path, ignore_patterns, commit_message):
        self.calls.append("upload_folder")
        self.uploaded = SimpleNamespace(repo_type=repo_type, folder=folder_path, ignored=ignore_patterns)
        return SimpleNamespace(commit_url=f"https://hub.example/{repo_id}/commit/1")


@pytest.fixture
def folder(tmp_path):
    folder = build(tmp_path / "dataset")
    write_card(folder, dataset_card(folder, license="mit"))
    return folder


@pytest.fixture(params=["parquet", "webdataset"])
def published(request, folder, tmp_path):
    target = tmp_path / request.param
    publish(folder, target, form=request.param)
    write_card(target, dataset_card(target, license="mit"))
    return target


def test_a_dry_run_lists_what_would_be_sent_and_asks_no_server(folder):
    (folder / "README.new.md").write_text("waits for a person")
    (folder / ".cache").mkdir()
    (folder / ".cache" / "hidden").write_text("x")
    (folder / "records" / "image_pair" / "00001.parquet.tmp").write_text("x")
    plan = push_folder(folder, "someone/set", dry_run=True, api=None)
    media = {f"media/{path.relative_to(folder / 'media').as_posix()}" for path in (folder / "media").rglob("*.*")}
    records = {path.relative_to(folder).as_posix() for path in (folder / "records").rglob("*.parquet")}
    assert {name for name, _ in plan.files} == media | records | {"README.md", "report.html", "report.json"}
    assert plan.num_bytes == sum((folder / name).stat().st_size for name, _ in plan.files)
    first, *lines = str(plan).splitlines()
    assert first.startswith("Would create or update, nothing was sent: private dataset someone/set, 19 files, ")
    assert len(lines) == 19 and "   24 B  report.html" in str(plan)
    assert (plan.private, plan.url) == (True, None)


def test_a_push_creates_the_repository_and_uploads_the_folder(folder):
    hub = Hub()
    plan = push_folder(folder, "someone/set", private=False, api=hub)
    assert hub.calls == ["create_repo", "upload_folder"]
    assert (hub.uploaded.repo_type, hub.uploaded.folder) == ("dataset", folder)
    assert {"build/*", "README.new.md", "*.tmp"} <= set(hub.uploaded.ignored)
    assert plan.files == push_folder(folder, "someone/set", dry_run=True).files
    assert str(plan).startswith("Pushed to https://hub.example/someone/set/commit/1: public dataset someone/set")


def test_the_calls_fit_the_installed_hub(folder, monkeypatch):
    """The stand-in takes what the real class takes: a wrong argument would be a TypeError before any request."""
    import inspect

    asked = []
    for name in ("create_repo", "repo_info", "upload_folder"):
        signature = inspect.signature(getattr(HfApi, name))

        def record(self, *arguments, name=name, signature=signature, **settings):
            signature.bind(self, *arguments, **settings)
            asked.append(name)
            return SimpleNamespace(private=True, commit_url="https://hub.example")

        monkeypatch.setattr(HfApi, name, record)
    push_folder(folder, "someone/set")
    assert asked == ["create_repo", "repo_info", "upload_folder"]


def test_a_published_folder_is_pushed_whole(published):
    hub = Hub()
    plan = push_folder(published, "someone/set", api=hub)
    assert {name for name, _ in plan.files} == {
        path.relative_to(published).as_posix() for path in published.rglob("*") if path.is_file()
    }
    assert hub.calls == ["create_repo", "upload_folder"]


def test_a_public_repository_takes_nothing_that_is_to_be_private(folder):
    hub = Hub(**{"someone/set": False})
    with pytest.raises(OutputError, match="dataset someone/set exists and is public; .* Nothing was sent"):
        push_folder(folder, "someone/set", api=hub)
    assert "upload_folder" not in hub.calls
    assert push_folder(folder, "someone/set", private=False, api=hub).url


def test_a_model_needs_a_card_and_no_records(tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    with pytest.raises(OutputError, match="has no card; expected README.md"):
        push_folder(tmp_path, "someone/model", repo_type="model", dry_run=True)
    (tmp_path / "README.md").write_text("---\nlicense: mit\n---\nA model")
    plan = push_folder(tmp_path, "someone/model", repo_type="model", dry_run=True)
    assert [name for name, _ in plan.files] == ["README.md", "model.safetensors"]


def refused(folder, error, message):
    hub = Hub()
    with pytest.raises(error, match=message):
        push_folder(folder, "someone/set", api=hub)
    assert hub.calls == []


def test_a_folder_without_a_card_stays_here(folder):
    (folder / "README.md").unlink()
    refused(folder, OutputError, "has no card; expected README.md. Write one with hub.dataset_card.write_card")


def test_a_card_whose_metadata_is_broken_stays_here(folder):
    (folder / "README.md").write_text("---\nlicense: [mit\n---\ntext")
    refused(folder, OutputError, "metadata of .*README.md cannot be read")


def test_a_card_that_names_no_shard_stays_here(folder):
    for path in (folder / "records" / "video_pair").iterdir():
        path.unlink()
    refused(folder, OutputError, r"names records/video_pair/\*.parquet, which no shard fits. Remove the card")


def test_a_shard_that_the_card_does_not_name_stays_here(folder):
    (folder / "README.md").write_text("---\nlicense: mit\n---\nMy own words")
    refused(folder, OutputError, "has no configuration with records/image_distribution/00000.parquet, so it could not")


def test_a_folder_without_records_stays_here(tmp_path):
    (tmp_path / "README.md").write_text("---\nlicense: mit\n---\n")
    refused(tmp_path, RecordError, "holds no shards")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"mean": 60.0}, "image_distribution/00000.parquet, row 0: mean is 60.0"),
        ({"media": {"kind": "image", "path": "gone.png", "bytes": None}}, "row 0: gone.png is no file"),
        ({"media": {"kind": "image", "path": "../report.html", "bytes": None}}, "row 0: ../report.html leads to"),
    ],
    ids=["wrong scale", "missing medium", "medium outside"],
)
def test_a_dataset_with_an_unusable_record_stays_here(folder, change, message):
    good = next(iterate_rows(folder / "records" / "image_distribution" / "00000.parquet"))
    write_shards(folder / "records" / "image_distribution", [{**good, **change}, good])
    refused(folder, RecordError, message)


def test_a_torn_shard_stays_here(published):
    path = sorted((published / "records" / "video_pair").iterdir())[0]
    path.write_bytes(path.read_bytes()[:1000])
    refused(published, RecordError, f"{path.name} is no whole")


@pytest.mark.parametrize("is_folder", [False, True], ids=["file", "folder"])
def test_a_link_out_of_the_folder_stays_here(folder, tmp_path, is_folder):
    target = tmp_path / "secret"
    target.mkdir() if is_folder else target.write_text("secret")
    (folder / "extra").symlink_to(target)
    refused(folder, MediaInputError, "extra is a link to .*secret, outside .*. Remove or copy it")


@pytest.mark.parametrize("repo_id", ["a/b/c", "a b", "../x", ""])
def test_a_name_that_the_hub_does_not_allow_is_refused(folder, repo_id):
    with pytest.raises(OutputError, match="is no name of the Hub .*name/"):
        push_folder(folder, repo_id, dry_run=True)


def test_an_unknown_type_of_repository_is_refused(folder):
    with pytest.raises(OutputError, match="repo_type is 'space'; expected dataset or model"):
        push_folder(folder, "someone/set", repo_type="space", dry_run=True)
