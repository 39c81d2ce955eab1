"""Checkpoints by name; the Hub itself is replaced, as no test reaches it."""

import pytest
from huggingface_hub.errors import LocalEntryNotFoundError, OfflineModeIsEnabled, RepositoryNotFoundError

from transformers_vital.errors import CheckpointError
from transformers_vital.scoring.default_model import default_model_folder
from transformers_vital.zoo import download
from transformers_vital.zoo.download import checkpoint_folder


@pytest.fixture
def hub(monkeypatch, tmp_path):
    """Records what is asked for; `hub.error` is raised when set."""

    class Hub:
        asked, error = None, None

        def __call__(self, repository, **settings):
            self.asked = (repository, settings)
            if self.error:
                raise self.error
            return str(tmp_path)

    fake = Hub()
    monkeypatch.setattr(download, "snapshot_download", fake)
    return fake


def test_a_name_of_the_zoo_is_a_repository(hub, tmp_path):
    assert checkpoint_folder("vital-base-8b", output=tmp_path, revision="v1") == tmp_path
    repository, settings = hub.asked
    assert repository == "JZHWS/VITAL-Base-8B"
    assert settings["local_dir"] == tmp_path and settings["revision"] == "v1"


def test_code_and_pickles_are_left_there(hub):
    from fnmatch import fnmatch

    checkpoint_folder("owner/model")
    patterns = hub.asked[1]["allow_patterns"]
    fetched = [
        "model-00001-of-00004.safetensors",
        "config.json",
        "merges.txt",
        "tokenizer.model",
        "chat_template.jinja",
    ]
    left = ["modeling_internvl_chat.py", "pytorch_model.bin", "optimizer.pt", "pytorch_model-00001-of-00002.bin"]
    assert all(any(fnmatch(name, pattern) for pattern in patterns) for name in fetched)
    assert not any(fnmatch(name, pattern) for name in left for pattern in patterns)
    checkpoint_folder("owner/model", allow_pickle=True)
    assert "pytorch_model*.bin" in hub.asked[1]["allow_patterns"]


def test_a_folder_comes_first_and_asks_nobody(hub, tmp_path, monkeypatch):
    (tmp_path / "vital-base-8b").mkdir()
    monkeypatch.chdir(tmp_path)
    assert checkpoint_folder("vital-base-8b").absolute() == tmp_path / "vital-base-8b"
    assert checkpoint_folder("vital-tiny") == default_model_folder()
    assert hub.asked is None


@pytest.mark.parametrize("error", [LocalEntryNotFoundError("no network"), OfflineModeIsEnabled("offline")])
def test_without_a_network_the_message_says_what_to_do(hub, error):
    hub.error = error
    with pytest.raises(
        CheckpointError,
        match="vital-warm-up-2b, on the Hub JZHWS/VITAL-Warm-up-2B, is not in the cache of this machine, and the Hub "
        "cannot be reached. Where there is a network: transformers-vital zoo download vital-warm-up-2b -o FOLDER",
    ):
        checkpoint_folder("vital-warm-up-2b")


def test_a_repository_that_is_not_there_is_one_message(hub):
    import httpx2 as httpx

    response = httpx.Response(404, request=httpx.Request("GET", "https://localhost/owner/absent"))
    hub.error = RepositoryNotFoundError("404: no such repository", response=response)
    with pytest.raises(CheckpointError, match="owner/absent cannot be downloaded: 404: no such repository"):
        checkpoint_folder("owner/absent")


def test_a_path_that_is_no_folder_is_no_name_of_the_hub():
    with pytest.raises(CheckpointError, match="a/b/c is neither a folder, nor a model of the zoo, nor a name"):
        checkpoint_folder("a/b/c")
