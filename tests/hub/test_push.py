"""What is sent to the Hub, and what keeps a folder here; the Hub is a server on this machine that keeps the files."""

import hashlib
import json

import pytest
from built_dataset import build, write_shards
from hub_server import hub_server
from huggingface_hub import HfApi, constants

from transformers_vital.annotation.publish import publish
from transformers_vital.data.tables import iterate_rows
from transformers_vital.errors import CheckpointError, MediaInputError, OutputError, RecordError
from transformers_vital.hub.card_file import write_card
from transformers_vital.hub.dataset_card import dataset_card
from transformers_vital.hub.model_card import model_card
from transformers_vital.hub.push import PushPlan, push_folder


@pytest.fixture
def hub(monkeypatch, tmp_path):
    """A running server, and `hub.api`: a client of it."""
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    with hub_server() as server:
        server.api = HfApi(endpoint=server.endpoint, token="hf_test")
        yield server


@pytest.fixture
def model(tmp_path):
    """A folder as training leaves it: a model with its card, and states of the trainer."""
    folder = tmp_path / "model"
    (folder / "checkpoint-5").mkdir(parents=True)
    (folder / "runs").mkdir()
    (folder / ".eval_results").mkdir()
    for name in ("config.json", "training_args.bin", "optimizer.pt", "trainer_state.json", ".secret"):
        (folder / name).write_text("{}")
    for name in ("model.safetensors", "checkpoint-5/model.safetensors", "runs/events", ".eval_results/koniq.yaml"):
        (folder / name).write_bytes(name.encode())
    write_card(folder, model_card([], license="mit"))
    return folder


PUBLISHED = [".eval_results/koniq.yaml", "README.md", "config.json", "model.safetensors"]


def test_adapters_on_a_folder_of_this_machine_stay_until_their_base_has_a_name(model):
    settings = model / "adapter_config.json"
    settings.write_text(json.dumps({"base_model_name_or_path": str(model.parent / "base")}))
    with pytest.raises(OutputError, match="a folder of this machine, which nobody else has. Push the base"):
        push_folder(model, "name/adapters", repo_type="model", dry_run=True)
    settings.write_text(json.dumps({"base_model_name_or_path": "name/base"}))
    names = [name for name, _ in push_folder(model, "name/adapters", repo_type="model", dry_run=True).files]
    assert names == sorted([*PUBLISHED, "adapter_config.json"])


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
    assert len(lines) == 19 + len(plan.left_out) and "   24 B  report.html" in str(plan)
    assert {".cache/hidden", "README.new.md", "records/image_pair/00001.parquet.tmp"} < set(plan.left_out)
    assert (plan.private, plan.url) == (True, None)


def test_a_push_creates_the_repository_and_uploads_the_folder(folder, hub):
    plan = push_folder(folder, "someone/set", private=False, api=hub.api)
    sent = hub.repositories["datasets/someone/set"]
    assert sent["private"] is False
    assert sent["files"] == {name: (folder / name).read_bytes() for name, _ in plan.files}
    assert plan.files == push_folder(folder, "someone/set", dry_run=True).files
    assert str(plan).startswith(f"Pushed to {hub.endpoint}/datasets/someone/set/commit/")
    assert ": public dataset someone/set, " in str(plan)


def test_a_published_folder_is_pushed_whole(published, hub):
    push_folder(published, "someone/set", api=hub.api)
    assert set(hub.repositories["datasets/someone/set"]["files"]) == {
        path.relative_to(published).as_posix() for path in published.rglob("*") if path.is_file()
    }


def test_a_public_repository_takes_nothing_that_is_to_be_private(folder, hub):
    hub.add("datasets/someone/set", private=False)
    with pytest.raises(OutputError, match="dataset someone/set exists and is public; .* Nothing was sent"):
        push_folder(folder, "someone/set", api=hub.api)
    assert hub.repositories["datasets/someone/set"]["files"] == {}
    assert push_folder(folder, "someone/set", private=False, api=hub.api).url


def test_of_a_model_nothing_is_sent_but_safetensors_settings_and_card(model, hub):
    plan = push_folder(model, "someone/model", repo_type="model", api=hub.api)
    assert sorted(hub.repositories["models/someone/model"]["files"]) == PUBLISHED
    assert list(hub.blobs) == [hashlib.sha256(b"model.safetensors").hexdigest()]  # by the way of large files
    assert "stays here  training_args.bin" in str(plan)
    assert set(plan.left_out) == {
        *(".secret", "optimizer.pt", "training_args.bin", "trainer_state.json", "runs/events"),
        "checkpoint-5/model.safetensors",
    }


def test_a_dry_run_of_a_model_lists_the_same_and_asks_no_server(model, hub):
    plan = push_folder(model, "someone/model", repo_type="model", dry_run=True, api=hub.api)
    assert [name for name, _ in plan.files] == PUBLISHED
    assert hub.requests == []


def test_a_model_without_safetensors_stays_here(model):
    (model / "model.safetensors").unlink()
    with pytest.raises(CheckpointError, match="has no weights as safetensors, and no others are published"):
        push_folder(model, "someone/model", repo_type="model")


def test_a_model_without_a_card_stays_here(model):
    (model / "README.md").unlink()
    with pytest.raises(OutputError, match="has no card; expected README.md. Write one: transformers-vital card "):
        push_folder(model, "someone/model", repo_type="model", dry_run=True)


class TestTheCardThatIsThere:
    def push(self, model, hub, *, there: bytes, **settings):
        hub.add("models/someone/model", **{"README.md": there})
        push_folder(model, "someone/model", repo_type="model", api=hub.api, **settings)
        return hub.repositories["models/someone/model"]["files"]["README.md"]

    def test_of_a_person_it_keeps_the_folder_here(self, model, hub):
        with pytest.raises(
            OutputError, match="README.md of someone/model was written or changed by a person .*Nothing"
        ):
            self.push(model, hub, there=b"My own words")
        assert hub.repositories["models/someone/model"]["files"] == {"README.md": b"My own words"}

    def test_of_a_person_it_is_replaced_when_asked(self, model, hub):
        assert self.push(model, hub, there=b"My own", overwrite_card=True) == (model / "README.md").read_bytes()

    def test_of_the_library_it_is_replaced(self, model, hub, tmp_path):
        (tmp_path / "other").mkdir()
        older = write_card(tmp_path / "other", model_card([], license="apache-2.0")).read_bytes()
        assert self.push(model, hub, there=older) == (model / "README.md").read_bytes() != older

    def test_that_is_the_same_is_no_obstacle(self, model, hub):
        (model / "README.md").write_bytes(b"---\nlicense: mit\n---\nMy own words")
        assert (
            self.push(model, hub, there=b"---\nlicense: mit\n---\nMy own words") == (model / "README.md").read_bytes()
        )


@pytest.mark.parametrize("status", [401, 403])
def test_a_server_that_refuses_is_one_message(model, hub, status):
    hub.refuse = status
    with pytest.raises(
        OutputError, match=f"could not be sent to someone/model: .*{status}.* Log in with `hf auth login`"
    ):
        push_folder(model, "someone/model", repo_type="model", api=hub.api)


def test_a_server_that_is_not_there_is_one_message(model):
    with pytest.raises(OutputError, match="could not be sent to someone/model: .* run the same command again"):
        push_folder(model, "someone/model", repo_type="model", api=HfApi(endpoint="http://127.0.0.1:9", token="hf_x"))


def test_of_many_files_that_stay_here_the_first_are_shown():
    plan = PushPlan("a/b", "dataset", True, (), tuple(f"build/{number:02}" for number in range(12)))
    assert str(plan).splitlines()[-2:] == ["stays here  build/09", "stays here  and 2 more"]


def test_the_plan_is_json(model):
    from dataclasses import asdict

    plan = asdict(push_folder(model, "someone/model", repo_type="model", dry_run=True))
    assert json.loads(json.dumps(plan))["repo_id"] == "someone/model"


def refused(folder, error, message):
    """By what is in the folder, before any request: there is no server at the address."""
    with pytest.raises(error, match=message):
        push_folder(folder, "someone/set", api=HfApi(endpoint="http://127.0.0.1:9", token="hf_x"))


def test_a_folder_without_a_card_stays_here(folder):
    (folder / "README.md").unlink()
    refused(folder, OutputError, "has no card; expected README.md. Write one: .* for a dataset hub.dataset_card")


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
