"""The stage that asks annotators: order, failures that are reasons, and forms of rows."""

import pickle
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage.metrics import structural_similarity

from transformers_vital.annotation.opinions.annotators import load_annotator
from transformers_vital.annotation.opinions.opinions import OpinionStage, count_failures
from transformers_vital.distortions.apply import distort_video
from transformers_vital.errors import AnnotationError
from transformers_vital.media.inputs import MediaItem


EXAMPLES = Path(__file__).resolve().parents[3] / "examples" / "media"


@pytest.fixture
def pool(tmp_path):
    """A photograph, a picture that is too small for NIQE, and a file that is no picture."""
    shutil.copy(EXAMPLES / "cat.png", tmp_path)
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 40, 3), dtype=np.uint8)).save(
        tmp_path / "small.png"
    )
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    return tmp_path


def row(path: str, **more) -> dict:
    return {"media": {"kind": "image", "path": path, "bytes": None}, **more}


def stage(root, *names: str, **settings) -> OpinionStage:
    return OpinionStage(root=root, annotators={"image": list(names)}, **settings)


def test_scores_are_those_of_the_annotators_in_the_order_they_are_named(pool):
    [found] = stage(pool, "piqe", "brisque")([row("cat.png", id="c")])
    item = MediaItem("image", pool / "cat.png", "cat.png")
    assert found["annotators"] == ["piqe", "brisque"]
    assert found["scores"] == [load_annotator(name).score([item])[0] for name in ("piqe", "brisque")]
    assert found["reasons"] == [None, None] and found["id"] == "c"


def test_one_annotator_that_cannot_judge_a_picture_stops_no_other(pool):
    [found] = stage(pool, "niqe", "piqe")([row("small.png")])
    assert found["scores"][0] is None and "40x40" in found["reasons"][0]
    assert found["scores"][1] is not None and found["reasons"][1] is None


def test_a_picture_that_cannot_be_decoded_or_found_has_reasons(pool):
    rows = [row("broken.png"), row("none.png"), row("../cat.png"), row("cat.png")]
    broken, missing, outside, good = stage(pool, "piqe", "brisque")(rows)
    for found in (broken, missing, outside):
        assert found["scores"] == [None, None] and all(found["reasons"])
    assert good["reasons"] == [None, None]


def test_columns_come_back_as_columns(pool):
    rows = [row("cat.png", id="a"), row("small.png", id="b")]
    columns = {name: [each[name] for each in rows] for name in rows[0]}
    found = stage(pool, "piqe")(columns)
    assert [*found] == ["media", "id", "annotators", "directions", "scores", "reasons"]
    assert found["scores"] == [each["scores"] for each in stage(pool, "piqe")(rows)]


def test_a_medium_may_be_bytes(pool):
    media = {"kind": "image", "path": None, "bytes": (pool / "cat.png").read_bytes()}
    [of_bytes], [of_file] = (stage(pool, "piqe")([each]) for each in ({"media": media}, row("cat.png")))
    assert of_bytes["scores"] == of_file["scores"]


def test_a_table_finds_a_medium_by_the_name_of_the_pool(pool):
    (pool / "scores.csv").write_text("name,score\nmy cat.png,0.5\n")
    source = {"name": "table", "kind": "image", "direction": "higher", "score_range": [0, 1], "licence": "MIT"}
    source |= {"citation": "x", "homepage": "https://example.org", "trained_on": "x", "adapter": "table"}
    lines = [f"{key}: {value}" for key, value in source.items()]
    (pool / "table.yaml").write_text("\n".join(lines))
    asked = stage(
        pool, str(pool / "table.yaml"), settings={str(pool / "table.yaml"): {"scores": str(pool / "scores.csv")}}
    )
    named, unnamed = asked([row("cat.png", name="holiday/my cat.png"), row("cat.png")])
    assert named["scores"] == [0.5]
    assert unnamed["scores"] == [None] and unnamed["reasons"] == ["It gave no score."]


def test_a_program_that_scores_all_in_one_run_is_run_once(pool):
    code = "import os, sys\nopen('runs', 'a').write('x')\nprint('name,score')\n"
    code += "for p in open(sys.argv[1]).read().splitlines(): print(p, os.stat(p).st_size, sep=',')"
    source = {"name": "program", "kind": "image", "direction": "higher", "score_range": [0, None], "licence": "MIT"}
    source |= {"citation": "x", "homepage": "https://example.org", "trained_on": "x", "adapter": "command"}
    path = pool / "program.yaml"
    path.write_text(
        "\n".join(f"{key}: {value if value != [0, None] else '[0, null]'}" for key, value in source.items())
    )
    settings = {str(path): {"command": [sys.executable, "-c", code, "{list}"], "folder": str(pool)}}
    found = stage(pool, str(path), settings=settings)([row("cat.png"), row("none.png"), row("small.png")])
    sizes = [(pool / name).stat().st_size for name in ("cat.png", "small.png")]
    assert [each["scores"][0] for each in found] == [sizes[0], None, sizes[1]]
    assert (pool / "runs").read_text() == "x"


def test_a_stage_that_was_pickled_scores_alike(pool):
    asked = stage(pool, "piqe")
    first = asked([row("cat.png")])
    assert pickle.loads(pickle.dumps(asked))([row("cat.png")]) == first


def test_an_annotator_of_videos_is_not_named_for_images(pool):
    with pytest.raises(AnnotationError, match="judges videos and is named for images"):
        stage(pool, "kvq", settings={"kvq": {"scores": _table(pool)}})([row("cat.png")])


def _table(folder) -> str:
    (folder / "scores.csv").write_text("name,score\nx,1\n")
    return str(folder / "scores.csv")


@pytest.mark.parametrize("names", [[], ["piqe", "piqe"]])
def test_annotators_are_named_once_and_at_least_one(pool, names):
    with pytest.raises(AnnotationError, match="expected at least one, and none twice"):
        stage(pool, *names)


def test_settings_for_nobody_are_an_error(pool):
    with pytest.raises(AnnotationError, match="settings for dover, which no medium is shown to"):
        stage(pool, "piqe", settings={"dover": {"folder": "x"}})


def test_failures_are_counted(pool):
    rows = stage(pool, "niqe", "piqe")([row("cat.png"), row("small.png"), row("broken.png")])
    assert count_failures(rows) == {"niqe": {"scored": 1, "failed": 2}, "piqe": {"scored": 2, "failed": 1}}


def test_full_reference_measures_compare_a_copy_with_its_original(pool):
    picture = np.asarray(Image.open(pool / "cat.png").convert("RGB"))
    Image.fromarray(picture // 2).save(pool / "dark.png")
    names = ("reference-ssim", "reference-gmsd", "reference-delta-e")
    rows = [row("cat.png"), row("dark.png", original="cat.png"), row("dark.png", original="none.png")]
    alone, copy, orphan = stage(pool, *names)(rows)
    assert alone["scores"] == [0, 0, 0]
    ssim = structural_similarity(
        *(np.asarray(Image.open(pool / name).convert("L")) for name in ("cat.png", "dark.png")),
        gaussian_weights=True,
        use_sample_covariance=False,
    )
    assert copy["scores"][0] == pytest.approx(1 - ssim, abs=5e-3)
    assert copy["scores"][1] > 0 and copy["scores"][2] > 0
    assert orphan["scores"] == [None, None, None] and all("none.png" in reason for reason in orphan["reasons"])


def test_full_reference_measures_compare_frames_of_videos(pool):
    shutil.copy(EXAMPLES / "dog.mp4", pool)
    distort_video(pool / "dog.mp4", pool / "copy.mp4", distortion="gaussian_blur", severity=4, seed=0)
    media = {"kind": "video", "path": "copy.mp4", "bytes": None}
    annotators = {"video": ["video-reference-ssim", "video-reference-delta-e"]}
    [same], [copy] = (
        OpinionStage(root=pool, annotators=annotators)([{"media": media, "original": original}])
        for original in ("copy.mp4", "dog.mp4")
    )
    assert same["scores"] == pytest.approx([0, 0], abs=1e-6)
    assert copy["reasons"] == [None, None] and min(copy["scores"]) > 0.01
