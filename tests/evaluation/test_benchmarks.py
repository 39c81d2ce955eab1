"""The datasets of the paper against its tables and the authors' lists, and in the form they are published in."""

import itertools
import json
import re
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from transformers_vital.errors import EvaluationError
from transformers_vital.evaluation.benchmarks import Benchmark, _split_names, list_benchmarks, load_benchmark
from transformers_vital.evaluation.paper import paper_table
from transformers_vital.evaluation.rated_items import coverage
from transformers_vital.media.inputs import expand_media


PAPER = Path(__file__).resolve().parents[3] / "shared" / "reference" / "vital_paper.txt"

# "# of videos" and "# of images" of Tables 2 and 3.
NUMBER_OF_ITEMS = {
    "lsvq-1080p": 3573,
    "lsvq-test": 7182,
    "live-vqc": 585,
    "konvid-1k": 1200,
    "yt-ugc": 1098,
    "yt-gaming": 600,
    "cgvds": 357,
    "kvq": 2926,
    "koniq": 2010,
    "spaq": 2224,
    "live-c": 1169,
    "agiqa": 2982,
    "kadid": 2000,
    "tid": 3000,
    "csiq": 866,
}
# Sec. 4.2: "video: LIVE-YouTube-Gaming, CGVDS, and KVQ; image: KADID-10k, AGIQA-3K, TID-2013, and CSIQ".
OUT_OF_DISTRIBUTION = {"yt-gaming", "cgvds", "kvq", "kadid", "agiqa", "tid", "csiq"}
# Lists of the release that are no benchmark of the paper, or have another number of items than the paper's.
FURTHER_LISTS = {
    "rating_images/4K_test.json": 1191,
    "rating_images/test_BID.json": 586,
    "rating_videos/UGC_test.json": 4000,
    "rating_videos/YT_UGC.json": 1380,
    "rating_videos/live_hfr_total_score.json": 480,
    "rating_videos/youtube_ugc_total.json": 1020,
}


@pytest.fixture(scope="module")
def lists(goldens) -> Path:
    folder = goldens.parent / "annotations"
    if not folder.is_dir():
        pytest.skip(f"the authors' lists are not at {folder}")
    return folder


def list_of(benchmark, lists) -> Path:
    (file,) = [layout.file for layout in benchmark.layouts if layout.source == "release"]
    return lists / f"rating_{benchmark.modality}s" / file


def test_the_benchmarks_are_the_datasets_of_tables_2_and_3():
    assert set(list_benchmarks(modality="video")) == set(paper_table(2).datasets)
    assert set(list_benchmarks(modality="image")) == set(paper_table(3).datasets)
    assert set(list_benchmarks()) == set(NUMBER_OF_ITEMS)


@pytest.mark.parametrize("name", NUMBER_OF_ITEMS)
def test_a_descriptor_has_the_facts_of_the_paper(name):
    benchmark = load_benchmark(name)
    assert benchmark.id == name
    assert benchmark.num_items == NUMBER_OF_ITEMS[name]
    assert benchmark.ood == (name in OUT_OF_DISTRIBUTION)
    assert benchmark.table == (2 if benchmark.modality == "video" else 3)
    assert name in paper_table(benchmark.table).datasets


@pytest.mark.parametrize("name", NUMBER_OF_ITEMS)
def test_a_descriptor_says_where_the_dataset_is_and_whose_it_is(name):
    benchmark = load_benchmark(name)
    assert benchmark.page.startswith("https://")
    assert re.search(r"(19|20)\d\d", benchmark.citation)
    assert benchmark.licence
    assert benchmark.scale[0] < benchmark.scale[1]
    assert [layout.source for layout in benchmark.layouts].count("release") == 1


def test_the_numbers_of_items_are_those_that_the_paper_prints():
    if not PAPER.is_file():
        pytest.skip(f"the text of the paper is not at {PAPER}")
    lines = PAPER.read_text(encoding="utf-8").splitlines()
    for number, start in ((2, "# of videos"), (3, "# of images")):
        printed = next(line for line in lines if line.startswith(start)).split("\t")[1:]
        counts = [int(cell.replace(",", "")) for cell in printed if cell]
        assert counts == [load_benchmark(name).num_items for name in paper_table(number).datasets]


@pytest.mark.parametrize("name", NUMBER_OF_ITEMS)
def test_the_authors_list_has_the_papers_number_of_items_on_the_scale_of_the_descriptor(name, lists, tmp_path):
    benchmark = load_benchmark(name)
    items = benchmark.items(tmp_path, annotation_file=list_of(benchmark, lists))
    assert len(items) == len({item["name"] for item in items}) == NUMBER_OF_ITEMS[name]
    (layout,) = [layout for layout in benchmark.layouts if layout.source == "release"]
    lowest, highest = layout.scale or benchmark.scale
    ratings = [item["mos"] for item in items]
    assert lowest <= min(ratings) < max(ratings) <= highest
    # the whole scale is used, so that none is meant that is ten times as long
    assert max(ratings) - min(ratings) > 0.5 * (highest - lowest)


@pytest.mark.parametrize(("file", "count"), FURTHER_LISTS.items())
def test_further_lists_of_the_release_load_with_their_own_numbers(file, count, lists, tmp_path):
    benchmark = Benchmark.from_csv(lists / file, modality=file.split("_")[1][:5], media_root=tmp_path)
    assert len(benchmark.items()) == count


def test_of_the_lists_with_other_numbers_than_the_paper_one_is_part_of_its_list_and_the_other_no_list_of_it(
    lists, tmp_path
):
    benchmark = load_benchmark("yt-ugc")
    part = benchmark.items(tmp_path, annotation_file=lists / "rating_videos" / "youtube_ugc_total.json")
    assert str(coverage(part, expected=benchmark.num_items)).startswith("1020 listed (the paper has 1098)")
    with pytest.raises(EvaluationError, match="has none of the 1098 files of YouTube-UGC that the paper tests on"):
        benchmark.items(tmp_path, annotation_file=lists / "rating_videos" / "YT_UGC.json")
    for count in ("1,380", "1,020", "1,098"):
        assert count in benchmark.notes


@pytest.mark.parametrize("name", ["koniq", "spaq", "kadid", "yt-ugc"])
def test_a_split_is_the_authors_list(name, lists):
    benchmark = load_benchmark(name)
    entries = json.loads(list_of(benchmark, lists).read_text(encoding="utf-8"))
    assert _split_names(benchmark.split) == {entry[benchmark.modality].rpartition("/")[2] for entry in entries}


def test_the_split_of_kadid_is_all_pictures_of_sixteen_references():
    kinds = itertools.product(range(66, 82), range(1, 26), range(1, 6))
    expected = {f"I{reference}_{distortion:02}_{level:02}.png" for reference, distortion, level in kinds}
    assert _split_names("kadid.txt") == expected


def cells(names):
    column = np.empty((len(names), 1), dtype=object)
    column[:, 0] = names
    return column


def write_workbook(path, lines, *, sheet=None, other=None):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    if other:
        book.active.title = other
        book.active.append(["no", "ratings"])
    target = book.create_sheet(sheet) if other else book.active
    if sheet:
        target.title = sheet
    for line in lines:
        target.append(line)
    book.save(path)


def write_csv(text):
    return lambda path: path.write_text(text, encoding="utf-8")


def write_live_c(path):
    savemat(path, {"AllMOS_release": np.array([[63.9634, 25.3353]])})
    savemat(path.with_name("AllImages_release.mat"), {"AllImages_release": cells(["t1.bmp", "100.bmp"])})


# Files in the form in which each dataset is published, cut to a few rows, and what is to be read.
OFFICIAL = {
    "lsvq-1080p": (
        "labels_test_1080p.csv",
        write_csv("name,height,width,mos_p1,mos\nyfcc-batch1/722,1080,1920,71.5,78.1\nia-batch2/a_b,1080,1920,3,50\n"),
        {"yfcc-batch1/722.mp4": 78.1, "ia-batch2/a_b.mp4": 50},
    ),
    "lsvq-test": (
        "labels_train_test.csv",
        write_csv("name,mos_p1,mos,is_test\nyfcc-batch1/747,1,67.75,True\nyfcc-batch1/748,2,50.5,False\n"),
        {"yfcc-batch1/747.mp4": 67.75},
    ),
    "live-vqc": (
        "data.mat",
        lambda path: savemat(path, {"video_list": cells(["A001.mp4", "A002.mp4"]), "mos": np.array([[80.2], [57.3]])}),
        {"A001.mp4": 80.2, "A002.mp4": 57.3},
    ),
    "konvid-1k": (
        "KoNViD_1k_mos.csv",
        write_csv("flickr_id,mos\n3339962845,3.86\n8171831850,3.4\n"),
        {"3339962845.mp4": 3.86, "8171831850.mp4": 3.4},
    ),
    "konvid-1k, attributes": (
        "KoNViD_1k_attributes.csv",
        write_csv("flickr_id,blur,MOS,MOS std\n3339962845,0.1,3.86,0.9\n"),
        {"3339962845.mp4": 3.86},
    ),
    "yt-ugc": (
        "MOS_for_YouTube_UGC_dataset.xlsx",
        lambda path: write_workbook(
            path,
            [
                ["category", "vid", "MOS full", "MOS std full", "MOS chunk00"],
                ["Animation", "Animation_1080P-01b3", 3.649, 0.6, 3.6],
                ["Animation", "Animation_1080P-05f8", 3.901, 0.5, 3.8],
            ],
            sheet="MOS",
            other="README",
        ),
        {"Animation_1080P-05f8_crf_10_ss_00_t_20.0.mp4": 3.901},  # the other one is not in the paper's split
    ),
    "yt-gaming": (
        "LIVEYTGaming.mat",
        lambda path: savemat(
            path, {"video_list": cells(["ARKSuvivalEvolved-001", "AgeEmpires-001"]), "MOS": np.array([[60.5], [41.0]])}
        ),
        {"ARKSuvivalEvolved-001.mp4": 60.5, "AgeEmpires-001.mp4": 41},
    ),
    "kvq": (
        "train_data.csv",
        write_csv("filename,score\n0001.mp4,3.361111111\n0002.mp4,3.694444444\n"),
        {"0001.mp4": 3.361111111, "0002.mp4": 3.694444444},
    ),
    "koniq": (
        "koniq10k_distributions_sets.csv",
        write_csv(
            "image_name,c1,c2,c3,c4,c5,c_total,MOS,SD,set\n"
            "10004473376.jpg,0.0,0.0,0.238095238095,0.695238095238,0.0666666666667,105,77.3836206897,0.527,training\n"
            "10007357496.jpg,0.0,0.03125,0.46875,0.489583333333,0.0104166666667,96,68.7285714286,0.580003024795,test\n"
        ),
        {"10007357496.jpg": 68.7285714286},
    ),
    "koniq, scores": (
        "koniq10k_scores_and_distributions.csv",
        write_csv(
            '"image_name","c1","c2","c3","c4","c5","c_total","MOS","SD","MOS_zscore"\n'
            '"10007357496.jpg",0,3,45,47,1,96,3.4791666667,0.58,68.7285714286\n'
        ),
        {"10007357496.jpg": 68.7285714286},
    ),
    "spaq": (
        "MOS and Image attribute scores.xlsx",
        lambda path: write_workbook(
            path,
            [["Image name", "MOS", "Brightness", "Sharpness"], ["00002.jpg", 48, 50, 51], ["05638.jpg", 45.75, 1, 2]],
        ),
        {"05638.jpg": 45.75},
    ),
    "live-c": ("AllMOS_release.mat", write_live_c, {"t1.bmp": 63.9634, "100.bmp": 25.3353}),
    "agiqa": (
        "data.csv",
        write_csv(
            "name,prompt,adj1,adj2,style,mos_quality,std_quality,mos_align,std_align\n"
            'AttnGAN_normal_000.jpg,"an old man, smiling",,,,0.965602553,0.31,0.9,0.2\n'
        ),
        {"AttnGAN_normal_000.jpg": 0.965602553},
    ),
    "kadid": (
        "dmos.csv",
        write_csv("dist_img,ref_img,dmos,var\nI01_01_01.png,I01.png,4.57,0.496\nI66_01_01.png,I66.png,4.63,0.5\n"),
        {"I66_01_01.png": 4.63},
    ),
    "tid": (
        "mos_with_names.txt",
        write_csv("5.51429 I01_01_1.bmp\n5.56757 i01_01_2.bmp\n"),
        {"I01_01_1.bmp": 5.51429, "i01_01_2.bmp": 5.56757},
    ),
    "csiq": (
        "csiq.DMOS.xlsx",
        lambda path: write_workbook(
            path,
            [
                *([], [], []),
                [None, None, None, "image", "dst_idx", "dst_type", "dst_lev", "dmos_std", "dmos"],
                [None, None, None, 1600, 1, "noise", 1, 0.061219073, 0.061989406],
                [None, None, None, "butter_flower", 2, "jpeg 2000", 3, 0.09, 0.5],
                [],
            ],
            sheet="all_by_image",
            other="all_by_distortion",
        ),
        {"1600.AWGN.1.png": -0.061989406, "butter_flower.jpeg2000.3.png": -0.5},
    ),
}


@pytest.mark.parametrize("case", OFFICIAL)
def test_a_published_annotation_file_is_found_and_read(case, tmp_path):
    file, write, expected = OFFICIAL[case]
    folder = tmp_path / "labels"
    folder.mkdir()
    write(folder / file)
    benchmark = load_benchmark(case.split(",")[0])
    named = any(layout.file == file for layout in benchmark.layouts)
    items = benchmark.items(tmp_path, annotation_file=None if named else folder / file)
    assert {item["name"]: item["mos"] for item in items} == expected


def test_only_cgvds_is_read_from_lists_alone():
    """The dataset's spreadsheet does not say which column names the files."""
    covered = {case.split(",")[0] for case in OFFICIAL}
    assert set(NUMBER_OF_ITEMS) - covered == {"cgvds"}
    assert "save the two columns as CSV" in " ".join(load_benchmark("cgvds").notes.split())


def test_any_dataset_is_read_from_a_list_with_names_and_ratings(tmp_path):
    (tmp_path / "mine.csv").write_text("name,mos\nFifa_30.mp4,3.5\n", encoding="utf-8")
    (item,) = load_benchmark("cgvds").items(tmp_path, annotation_file=tmp_path / "mine.csv")
    assert (item["name"], item["mos"], item["kind"]) == ("Fifa_30.mp4", 3.5, "video")


@pytest.fixture
def koniq(tmp_path):
    """A data root with one picture of two, and a list of them."""
    (tmp_path / "koniq" / "1024x768").mkdir(parents=True)
    (tmp_path / "koniq" / "1024x768" / "10007357496.jpg").write_bytes(b"picture")
    rows = [
        {"image": f"koniq/{name}.jpg", "gt_score": mos} for name, mos in (("10007357496", 68.7), ("10020766793", 81.5))
    ]
    (tmp_path / "koniq" / "test_koniq.json").write_text(json.dumps(rows), encoding="utf-8")
    return tmp_path


def test_missing_media_stay_in_the_list_and_are_counted(koniq):
    items = load_benchmark("koniq").items(koniq)
    there, missing = items
    assert there["path"] == str(koniq / "koniq" / "1024x768" / "10007357496.jpg")
    assert there["error"] is None
    assert missing["path"] == str(koniq / "koniq" / "10020766793.jpg")
    assert missing["error"] == f"koniq/10020766793.jpg is not below {koniq}. Check the data root."
    assert str(coverage(items, expected=2010)) == "2 listed (the paper has 2010), 1 found, 1 missing"


def test_a_file_that_a_name_does_not_decide_on_is_an_error_of_its_row(koniq):
    for folder in ("a", "b"):
        (koniq / "koniq" / folder).mkdir()
        (koniq / "koniq" / folder / "10020766793.jpg").write_bytes(b"")
    _, item = load_benchmark("koniq").items(koniq)
    assert re.search(r"can be .*a/10020766793\.jpg or .*b/10020766793\.jpg\. Name a data root", item["error"])


def test_items_are_media_for_scoring_as_they_are(koniq):
    (there,) = expand_media(dict(load_benchmark("koniq").items(koniq)[0]))
    assert (there.kind, there.name) == ("image", str(koniq / "koniq" / "1024x768" / "10007357496.jpg"))


def test_a_data_root_without_annotation_file_is_refused_with_what_is_looked_for(tmp_path):
    message = r"no annotation file of TID2013 below .* Expected mos_with_names.txt or test_tid2013_3k.json; pass"
    with pytest.raises(EvaluationError, match=message):
        load_benchmark("tid").items(tmp_path)
    with pytest.raises(
        EvaluationError, match=r"Where is TID2013\? Pass data_root. It is published at https://www.pono"
    ):
        load_benchmark("tid").items()


def test_files_of_a_known_name_but_another_form_are_passed_over(tmp_path):
    """data.csv and data.mat are names that many datasets use."""
    for folder, text in (("kvq", "filename,score\n1.mp4,3\n"), ("agi", "name,mos_quality\na.jpg,2.5\n")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "data.csv").write_text(text, encoding="utf-8")
    (item,) = load_benchmark("agiqa").items(tmp_path)
    assert (item["name"], item["mos"]) == ("a.jpg", 2.5)


def test_two_annotation_files_have_to_be_told_apart(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "mos_with_names.txt").write_text("5.5 a.bmp\n", encoding="utf-8")
    with pytest.raises(EvaluationError, match="can both be meant. Pass annotation_file"):
        load_benchmark("tid").items(tmp_path)


@pytest.mark.parametrize(("name", "near"), [("konik", "koniq"), ("LIVEC", "live-c"), ("lsvq", "lsvq-test")])
def test_an_unknown_name_is_refused_with_the_closest(name, near):
    with pytest.raises(EvaluationError, match=rf"There is no benchmark '{name}' \(did you mean .*{near}"):
        load_benchmark(name)


def test_names_are_known_in_either_case():
    assert load_benchmark("KonIQ") is load_benchmark("koniq")


def test_a_list_of_ones_own_is_a_benchmark(tmp_path):
    (tmp_path / "media").mkdir()
    (tmp_path / "media" / "b.mp4").write_bytes(b"")
    (tmp_path / "mine.csv").write_text("clip,rating,name\na.mp4,3,x\nb.mp4,4.5,y\n", encoding="utf-8")
    benchmark = Benchmark.from_csv(
        tmp_path / "mine.csv",
        modality="video",
        media_root=tmp_path / "media",
        name_column="clip",
        mos_column="rating",
        id="ours",
    )
    items = benchmark.items()
    assert [(item["name"], item["mos"], item["error"] is None) for item in items] == [
        ("a.mp4", 3, False),
        ("b.mp4", 4.5, True),
    ]
    assert (benchmark.id, benchmark.num_items, benchmark.ood) == ("ours", None, None)
    assert str(coverage(items)) == "2 listed, 1 found, 1 missing"


@pytest.mark.parametrize(("higher_is_better", "mos"), [(True, 0.25), (False, -0.25)])
def test_the_direction_of_a_dmos_has_to_be_said(tmp_path, higher_is_better, mos):
    (tmp_path / "mine.csv").write_text("image,dmos\na.png,0.25\n", encoding="utf-8")
    with pytest.raises(EvaluationError, match="ratings in dmos, which rise or fall .* Pass higher_is_better"):
        Benchmark.from_csv(tmp_path / "mine.csv", modality="image")
    benchmark = Benchmark.from_csv(tmp_path / "mine.csv", modality="image", higher_is_better=higher_is_better)
    assert benchmark.items()[0]["mos"] == mos
    assert (benchmark.rating, benchmark.higher_is_better) == ("DMOS", higher_is_better)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("clip,mos\na.mp4,1\n", "has no column with a known name for file names: pass name_column"),
        ("name,rating\na.mp4,1\n", "has no column with a known name for ratings: pass mos_column"),
    ],
)
def test_a_list_with_columns_of_other_names_is_refused(tmp_path, text, message):
    (tmp_path / "mine.csv").write_text(text, encoding="utf-8")
    with pytest.raises(EvaluationError, match=message):
        Benchmark.from_csv(tmp_path / "mine.csv", modality="video")


def test_a_named_column_that_is_not_there_is_refused(tmp_path):
    (tmp_path / "mine.csv").write_text("name,mos\na.mp4,1\n", encoding="utf-8")
    benchmark = Benchmark.from_csv(tmp_path / "mine.csv", modality="video", mos_column="quality")
    with pytest.raises(EvaluationError, match="its first line is name, mos. Expected a file with name, quality"):
        benchmark.items()


def test_another_modality_is_refused(tmp_path):
    with pytest.raises(EvaluationError, match='modality is \'audio\'; expected "image" or "video"'):
        Benchmark.from_csv(tmp_path / "mine.csv", modality="audio")
