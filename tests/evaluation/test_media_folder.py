"""Files found below a folder, by path or by name."""

import os

import pytest

from transformers_vital.errors import EvaluationError
from transformers_vital.evaluation.media_folder import MediaFolder, leads_out


@pytest.fixture
def root(tmp_path):
    def make(*names):
        for name in names:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(b"")
        return tmp_path

    return make


def found(folder, name):
    return [path.relative_to(folder.root).as_posix() for path in folder.find(name)]


def test_a_file_is_where_its_path_leads(root):
    folder = MediaFolder(root("a/1.png", "b/1.png"))
    assert found(folder, "b/1.png") == ["b/1.png"]


def test_a_file_is_in_the_folder_of_its_dataset(root):
    folder = MediaFolder(root("KoNViD_1k/1.mp4", "1.mp4"), names=("konvid-1k",))
    assert found(folder, "1.mp4") == ["KoNViD_1k/1.mp4"]


def test_a_file_of_another_dataset_is_not_taken(root):
    folder = MediaFolder(root("kvq/videos/0001.mp4", "konvid-1k/x.mp4"), names=("konvid-1k",))
    assert found(folder, "0001.mp4") == []


def test_a_file_is_found_at_any_depth_and_in_either_case(root):
    folder = MediaFolder(root("tid/distorted_images/I01_01_1.BMP"))
    assert found(folder, "tid2013/distorted_images/i01_01_1.bmp") == ["tid/distorted_images/I01_01_1.BMP"]


def test_the_folders_decide_between_files_of_one_name(root):
    folder = MediaFolder(root("videos/ia-batch1/9.mp4", "videos/yfcc-batch1/9.mp4"))
    assert found(folder, "LSVQ/yfcc-batch1/9.mp4") == ["videos/yfcc-batch1/9.mp4"]
    assert found(folder, "9.mp4") == ["videos/ia-batch1/9.mp4", "videos/yfcc-batch1/9.mp4"]


def test_linked_folders_are_searched_and_loops_end(root, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("disk")
    (elsewhere / "1.png").write_bytes(b"")
    folder = root("a/x.png")
    os.symlink(elsewhere, folder / "linked")
    os.symlink(folder, folder / "a" / "loop")
    assert found(MediaFolder(folder), "pictures/1.png") == ["linked/1.png"]


@pytest.mark.parametrize("name", ["x" * 5000, "a\ud800.png"])
def test_a_name_that_no_file_can_have_is_not_found(root, name):
    assert MediaFolder(root("a.png")).find(name) == []


def test_a_missing_folder_is_refused(tmp_path):
    with pytest.raises(
        EvaluationError, match=r"There is no folder .*absent\. Pass data_root, the folder with the media"
    ):
        MediaFolder(tmp_path / "absent")


def test_a_name_is_located_or_it_is_said_why_not(root):
    folder = MediaFolder(root("a/1.png", "b/1.png", "2.png"))
    assert folder.locate("2.png") == (folder.root / "2.png", None)
    assert folder.locate("absent.png") == (
        folder.root / "absent.png",
        f"absent.png is not below {folder.root}. Check the data root.",
    )
    assert "1.png can be" in folder.locate("1.png")[1]


@pytest.mark.parametrize("name", ["../1.png", "/1.png", "a/../../1.png", "c:/1.png", "..\\1.png", "1.png\0"])
def test_a_name_that_may_mean_a_file_elsewhere_is_told(name):
    assert leads_out(name)
    assert not leads_out("a/1.png")
