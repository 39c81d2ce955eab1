"""What a client may have the server read."""

import re

import pytest

from transformers_vital.errors import MediaInputError, MediaNotFoundError
from transformers_vital.serving.media_addresses import MediaAddresses


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "media"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "a b.png").write_bytes(b"picture")
    (tmp_path / "secret.png").write_bytes(b"secret")
    return folder


def refused(addresses: MediaAddresses, address, message: str) -> None:
    with pytest.raises(MediaInputError, match=message):
        addresses.open(address)


def test_data_in_the_request_is_decoded():
    assert MediaAddresses().open("data:image/png;base64,aGVsbG8=") == b"hello"


@pytest.mark.parametrize(
    "address", ["data:image/png;base64,%%%", "data:image/png,hello", "data:", "data:image/png;base64,aGVsbG8"]
)
def test_data_that_is_no_base64_is_refused(address):
    refused(MediaAddresses(), address, "cannot be read: .* Expected data:image/png;base64, and the file in base64")


@pytest.mark.parametrize(
    "address", ["deep/a b.png", "/deep/a b.png", "file:///deep/a%20b.png", "deep/../deep/a b.png"]
)
def test_a_file_below_the_root_is_named_from_there(root, address):
    assert MediaAddresses(root).open(address).read_bytes() == b"picture"


@pytest.mark.parametrize(
    "address", ["../secret.png", "deep/../../secret.png", "%2e%2e/secret.png", "deep", "gone.png"]
)
def test_nothing_else_is_read(root, address):
    refused(MediaAddresses(root), address, f"{re.escape(address)} is no file below the folder that this server reads")


def test_a_link_out_of_the_root_is_not_followed(root):
    (root / "link.png").symlink_to(root.parent / "secret.png")
    refused(MediaAddresses(root), "link.png", "is no file below the folder")


def test_without_a_root_no_file_is_read(root):
    refused(MediaAddresses(), str(root / "deep" / "a b.png"), "reads no files by name.* --media-root FOLDER")


def test_the_network_has_to_be_allowed(root):
    refused(MediaAddresses(root), "HTTP://127.0.0.1:9/a.png", "fetches nothing from the network.* --allow-network")
    with pytest.raises(MediaNotFoundError, match="cannot be downloaded"):
        MediaAddresses(allow_network=True).open("http://127.0.0.1:9/a.png")


@pytest.mark.parametrize("address", [None, "", 3, {"url": "x"}])
def test_what_is_no_text_is_refused(address):
    refused(MediaAddresses(), address, "expected a text such as data:image/png")
