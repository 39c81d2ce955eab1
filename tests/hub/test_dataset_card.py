"""Cards of datasets: what load_dataset makes of them, what they say, and whose card is never replaced."""

import html
import re
from pathlib import Path

import pytest
import yaml
from built_dataset import COUNTS, build
from datasets import load_dataset
from huggingface_hub import DatasetCard

from transformers_vital.annotation.publish import publish
from transformers_vital.data.tables import CONFIGURATIONS
from transformers_vital.errors import OutputError, RecordError
from transformers_vital.hub.card_file import write_card
from transformers_vital.hub.dataset_card import CITATION, PAPER, dataset_card


REPOSITORY = Path(__file__).resolve().parents[2]
FACTS = {
    "license": "cc-by-4.0",
    "title": "Small set",
    "annotators": [
        {"name": "niqe", "licence": "BSD-3-Clause", "citation": "Mittal et al., 2013"},
        {"name": "piqe", "licence": "MIT"},
    ],
    "recipe": {"seed": 7, "pairs": {"per_medium": 1}},
    "distortions": ["Gaussian blur", "JPEG compression"],
    "statements": "templates filled with measured attributes",
    "overlap": {"KonIQ-10k": 2, "LIVE-VQC": 0},
}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """The three forms of one dataset, each with its card."""
    root = tmp_path_factory.mktemp("cards")
    folders = {"built": build(root / "built")}
    for form in ("parquet", "webdataset"):
        publish(folders["built"], root / form, form=form)
        folders[form] = root / form
    for folder in folders.values():
        write_card(folder, dataset_card(folder, **FACTS))
    return folders


def text_of(folder, **changes) -> str:
    return dataset_card(folder, **{**FACTS, **changes}).text


def cells(text: str, heading: str) -> list[list[str]]:
    """The rows of the table whose first column has this heading."""
    lines = text.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(f"| {heading} |"))
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.replace("\\|", "¦").strip("|").split("|")])
    return rows


@pytest.mark.parametrize("form", ["built", "parquet", "webdataset"])
@pytest.mark.parametrize("name", CONFIGURATIONS)
@pytest.mark.parametrize("streaming", [False, True], ids=["on disk", "streamed"])
def test_each_configuration_loads_by_its_name(folders, form, name, streaming, tmp_path):
    folder = folders[form]
    records = load_dataset(str(folder), name, split="train", streaming=streaming, cache_dir=tmp_path)
    rows = list(records)
    assert len(rows) == sum(COUNTS[subset] for subset in CONFIGURATIONS[name])
    record = rows[-1]["json"] if form == "webdataset" else rows[-1]
    medium = record["media_a" if name.endswith("pair") else "media"]
    assert medium["kind"] == CONFIGURATIONS[name][-1].split("_")[0]
    if form == "built":
        assert (folder / "media" / medium["path"]).is_file() and medium["bytes"] is None
    elif form == "parquet":
        assert len(medium["bytes"]) > 100


def test_a_group_of_tars_has_images_and_videos(folders, tmp_path):
    rows = list(load_dataset(str(folders["webdataset"]), "pair", split="train", cache_dir=tmp_path))
    assert [row["a.jpg"] is None for row in rows] == [False, False, True]
    assert [row["b.mp4"] is None for row in rows] == [True, True, False]
    assert rows[0]["a.jpg"].size == (48, 32) and rows[2]["b.mp4"]["bytes"][4:8] == b"ftyp"


def test_without_a_name_the_configurations_are_listed(folders):
    with pytest.raises(ValueError, match="Config name is missing(.|\n)*image_distribution(.|\n)*description"):
        load_dataset(str(folders["built"]))


def test_the_metadata_is_what_the_hub_reads(folders):
    data = DatasetCard.load(folders["built"] / "README.md").data.to_dict()
    assert {name: data[name] for name in ("license", "size_categories", "pretty_name", "annotations_creators")} == {
        "license": "cc-by-4.0",
        "size_categories": "n<1K",
        "pretty_name": "Small set",
        "annotations_creators": "machine-generated",
    }
    assert data["task_categories"] == ["image-text-to-text", "video-text-to-text"]
    assert {"image-quality-assessment", "transformers_vital"} <= set(data["tags"])
    assert [config["config_name"] for config in data["configs"]] == list(CONFIGURATIONS)


def test_a_subset_that_is_absent_has_no_configuration(tmp_path):
    folder = build(tmp_path / "dataset")
    for subset in COUNTS:
        if subset not in ("image_pair", "image_distortion"):
            for path in (folder / "records" / subset).iterdir():
                path.unlink()
    card = dataset_card(folder, license="mit")
    assert [config["config_name"] for config in card.data.configs] == [
        *("image_pair", "image_distortion", "pair", "distortion")
    ]
    assert card.data.task_categories == ["image-text-to-text"]
    assert "video" not in card.text.split("## How it was made")[0].split("## Load")[1]


@pytest.mark.parametrize(
    ("count", "size"),
    [(999, "n<1K"), (1000, "1K<n<10K"), (99_999, "10K<n<100K"), (4_580_144, "1M<n<10M"), (10**9, "1B<n<10B")],
)
def test_the_size_is_a_category_of_the_hub(folders, count, size, monkeypatch):
    shard = folders["built"] / "records" / "image_pair" / "00000.parquet"
    monkeypatch.setattr("transformers_vital.hub.dataset_card.shard_files", lambda folder: {"image_pair": [shard]})
    monkeypatch.setattr("transformers_vital.hub.dataset_card.count_rows", lambda path: count)
    assert dataset_card(folders["built"], license="mit").data.size_categories == size


def test_the_text_counts_what_the_folder_holds(folders):
    text = text_of(folders["built"])
    assert "18 records about the visual quality" in text
    rows = {row[0].strip("`"): row[1:4] for row in cells(text, "configuration")}
    assert rows["image_distribution"] == ["images", "3", "2"]  # two records in the first shard, one in the second
    assert rows["pair"] == ["images and videos", "3", "2"]
    assert list(rows) == list(CONFIGURATIONS)


def test_the_text_says_how_it_was_made(folders):
    text = text_of(folders["built"])
    assert cells(text, "annotator") == [["niqe", "BSD-3-Clause", "Mittal et al., 2013"], ["piqe", "MIT", ""]]
    assert cells(text, "recipe") == [["seed", "7"], ["pairs", '{"per_medium": 1}']]
    assert "Distortions: Gaussian blur, JPEG compression." in text
    assert "Origin of the statements: templates filled with measured attributes." in text


def test_the_text_says_what_was_not_stated(folders):
    text = dataset_card(folders["built"], license="mit").text
    for sentence in (
        "Which annotators gave the opinions was not stated.",
        "Distortions: none.",
        "Origin of the statements: not stated.",
        "The recipe of the build was not stated.",
        "Whether the media are also in public test sets was not checked.",
        "No human rated or read them",
    ):
        assert sentence in text


def test_the_text_says_how_many_media_are_in_test_sets(folders):
    assert cells(text_of(folders["built"]), "test set") == [["KonIQ-10k", "2"], ["LIVE-VQC", "0"]]
    assert "The media were compared with no test set." in text_of(folders["built"], overlap={})


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ("built", "set `records: FOLDER/records` and `media_root: FOLDER/media`"),
        ("parquet", '`media["bytes"]` is the file itself'),
        ("webdataset", "`jpg` for every image and `mp4` for every video"),
    ],
)
def test_the_text_says_how_the_form_is_loaded(folders, form, sentence):
    text = " ".join(text_of(folders[form]).split())
    assert sentence in text and 'load_dataset("FOLDER", "image_distribution", split="train")' in text


def test_the_citation_is_that_of_the_repository():
    paper = yaml.safe_load((REPOSITORY / "CITATION.cff").read_text(encoding="utf-8"))["preferred-citation"]
    assert paper["title"] == PAPER
    authors = " and ".join(f"{author['family-names']}, {author['given-names']}" for author in paper["authors"])
    assert f"author = {{{authors}}}" in " ".join(CITATION.split())


@pytest.mark.parametrize(
    "given",
    [
        "<script>alert(1)</script>",
        "a | b",
        "a\n\n# A heading\n---\nlicense: mit",
        "![x](https://example.com/x.png)",
        "`code` **bold** _it_ ~~no~~ $x$",
        "{{ card_data }} {% raw %}",
        "\u202eright to left\x00",
    ],
)
def test_text_of_data_is_shown_as_text(folders, given):
    """Rendered, a card has the same elements whatever its data say, and shows them as they are."""
    markdown = pytest.importorskip("markdown_it").MarkdownIt("commonmark").enable(["table", "strikethrough"])

    def card(text: str) -> DatasetCard:
        facts = {
            **{"annotators": [{"name": text, "licence": text, "citation": text}], "recipe": {text: text}},
            **{"distortions": [text], "statements": text, "overlap": {text: 1}, "title": text},
        }
        return dataset_card(folders["built"], license="mit", **facts)

    hostile, harmless = (markdown.render(card(text).text) for text in (given, "harmless"))
    assert re.findall("</?[a-z][^>]*>", hostile) == re.findall("</?[a-z][^>]*>", harmless)
    shown = " ".join(given.replace("\u202e", " ").replace("\x00", " ").split())
    assert html.unescape(hostile).count(f"<td>{shown}</td>") == html.unescape(harmless).count("<td>harmless</td>") == 6
    assert f"<h1>{shown}</h1>" in html.unescape(hostile)
    assert card(given).data.to_dict() == {**card("harmless").data.to_dict(), "pretty_name": shown}
    assert DatasetCard(str(card(given))).data.to_dict() == card(given).data.to_dict()


@pytest.mark.parametrize("license", ["CC BY 4.0", "", "mit\ntags: x"])
def test_a_licence_that_is_no_identifier_is_refused(folders, license):
    with pytest.raises(OutputError, match="license is .*; expected an identifier of the Hub such as cc-by-4.0"):
        dataset_card(folders["built"], license=license)


def test_a_folder_without_shards_has_no_card(tmp_path):
    with pytest.raises(RecordError, match="holds no shards"):
        dataset_card(tmp_path, license="mit")


@pytest.mark.parametrize("suffix", [".parquet", ".tar"])
def test_a_torn_shard_is_refused(tmp_path, suffix):
    path = tmp_path / "records" / "image_pair" / f"00000{suffix}"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"torn")
    with pytest.raises(RecordError, match=f"00000{suffix} is no whole shard of a dataset. Build or publish it again"):
        dataset_card(tmp_path, license="mit")
