"""The data of the paper's tables against the paper's text, both ways, and the averages it prints."""

import csv
import math
import re
from pathlib import Path

import pytest

from transformers_vital.errors import EvaluationError
from transformers_vital.evaluation.paper import AVERAGE, average, difference, paper_table, paper_value


REPOSITORY = Path(__file__).resolve().parents[2]
DATA = REPOSITORY / "hub_configs" / "paper"
PAPER = REPOSITORY.parent / "shared" / "reference" / "vital_paper.txt"

TABLES = (2, 3, 4, 5, 6, 7, 9, 10, 11)
WITH_AVERAGE = (2, 3, 9, 10)

# The headings of the paper's columns, and what they are called here.
DATASETS = {
    "LSVQ(1080p)": "lsvq-1080p",
    "LSVQ(test)": "lsvq-test",
    "LIVE-VQC": "live-vqc",
    "KONVID-1K": "konvid-1k",
    "YT-UGC": "yt-ugc",
    "YT-Gaming": "yt-gaming",
    "CGVDS": "cgvds",
    "KVQ": "kvq",
    "KONIQ": "koniq",
    "SPAQ": "spaq",
    "LIVE-C": "live-c",
    "AGIQA": "agiqa",
    "KADID": "kadid",
    "TID": "tid",
    "CSIQ": "csiq",
    "Binary↑": "binary",
    "Multi.↑": "multiple choice",
    "Open-ended↑": "open-ended",
    "Technical↑": "technical",
    "Aesthetic↑": "aesthetic",
    "Temporal↑": "temporal",
    "AIGC↑": "AIGC",
    "Overall↑": "overall",
}
NAMES = {heading.casefold(): name for heading, name in DATASETS.items()}

# Rows whose printed average is not the mean of the row's values, to three decimals: printed and mean.
OTHER_AVERAGES = {
    (2, "VITAL-BASE-8B"): (0.820, 0.819),  # the mean with the .854 of Table 9 is .820
    (2, "VITAL-WARM-UP-14B"): (0.795, 0.806),
    (3, "INTERNVL3-INSTRUCT-8B"): (0.658, 0.651),
    (3, "VITAL-WARM-UP-14B"): (0.791, 0.790),
    (9, "WARM-UP-2B-FULL"): (0.735, 0.736),
    (9, "VITAL-WARM-UP-14B"): (0.795, 0.806),
    (9, "VITAL-ZERO(QWEN2-7B)"): (0.614, 0.626),
    (10, "VITAL-WARM-UP-14B"): (0.791, 0.790),
    (10, "VITAL-ZERO(QWEN2-7B)"): (0.765, 0.766),
}


@pytest.fixture(scope="module")
def printed():
    """`printed(number)`: the lines of a table as lists of cells, headings included."""
    if not PAPER.is_file():
        pytest.skip(f"the text of the paper is not at {PAPER}")
    lines = PAPER.read_text(encoding="utf-8").splitlines()

    def cells(number):
        start = next(place for place, line in enumerate(lines) if line.startswith(f"Table {number}.")) + 2
        end = next(place for place in range(start, len(lines)) if not lines[place].strip())
        return [[cell.strip() for cell in line.split("\t")] for line in lines[start:end]]

    return cells


def lines_of(number):
    with (DATA / f"table_{number}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def numbers_in(text):
    """The numbers of a cell, as written: none of a heading, two of "0.760 / 0.786"."""
    parts = [part.strip().rstrip("%") for part in text.split(" / ")]
    return parts if all(re.fullmatch(r"\d+\.\d+M?", part) for part in parts) else []


def spelled(name):
    """A model's name without what the typesetting adds: references, the venue, a raised 2."""
    name = re.sub(r"\s*\[\d+\]|\s*\([A-Z]+ \d{4}\)", "", name)
    return re.sub(r"\s+", "", name.replace("²", "2"))


@pytest.mark.parametrize("number", TABLES)
def test_every_number_of_the_data_is_printed_in_its_row_and_every_printed_one_is_in_the_data(number, printed):
    models = [row for row in printed(number) if any(numbers_in(cell) for cell in row[1:])]
    data = lines_of(number)[1:]
    assert [spelled(row[0]) for row in models] == [spelled(row[1]) for row in data]
    for theirs, ours in zip(models, data, strict=True):
        assert [text for cell in theirs[1:] for text in numbers_in(cell)] == ours[3:], ours[1]


@pytest.mark.parametrize("number", TABLES)
def test_groups_and_venues_are_those_above_and_beside_the_models(number, printed):
    group, expected = "", []
    for row in printed(number):
        if heading := re.fullmatch(r"<i>(.*)</i>", row[0]):
            group = heading[1]
        elif any(numbers_in(cell) for cell in row[1:]):
            venue = re.search(r"\(([A-Z]+ \d{4})\)", row[0])
            expected.append((group, venue[1] if venue else ""))
    assert [(row[0], row[2]) for row in lines_of(number)[1:]] == expected


@pytest.mark.parametrize("number", TABLES)
def test_columns_are_in_the_order_of_the_headings(number, printed):
    # "Overall" stands in the first line of headings and in the last column
    cells = [cell.replace(" ", "").casefold() for row in reversed(printed(number)[:2]) for cell in row]
    headings = [NAMES[cell] for cell in cells if cell in NAMES]
    assert list(paper_table(number).datasets) == headings
    metrics = {"accuracy"} if number in (4, 11) else {"srcc", "plcc"}
    for dataset in headings:
        assert {metric for column, metric in paper_table(number).columns if column == dataset} == metrics


@pytest.mark.parametrize("number", WITH_AVERAGE)
def test_the_printed_averages_are_plain_means_of_srcc_and_plcc_with_known_exceptions(number):
    others = {}
    for row in paper_table(number).rows:
        mean = average(row.values)
        if abs(row.values[AVERAGE] - mean) > 0.0005 + 1e-9:
            others[number, row.model] = (row.values[AVERAGE], round(mean, 3))
    assert others == {place: values for place, values in OTHER_AVERAGES.items() if place[0] == number}


def test_weighting_by_the_number_of_items_would_not_give_the_averages():
    items = [3573, 7182, 585, 1200, 1098, 600, 357, 2926]
    row = paper_table(2).row("FAST-VQA")
    values = list(row.values.values())[:-1]
    weighted = sum(value * count for value, count in zip(values, sorted(items * 2, key=items.index), strict=True))
    assert row.values[AVERAGE] == 0.749
    assert weighted / (2 * sum(items)) == pytest.approx(0.775, abs=0.001)


def test_the_average_of_base_8b_in_table_2_is_that_with_the_plcc_of_table_9():
    values = dict(paper_table(2).row("VITAL-BASE-8B").values)
    assert values["cgvds", "plcc"] == 0.834
    values["cgvds", "plcc"] = paper_value(9, model="VITAL-BASE-8B", dataset="cgvds", metric="plcc")
    assert values["cgvds", "plcc"] == 0.854
    assert round(average(values), 3) == values[AVERAGE]


@pytest.mark.parametrize(("first", "second"), [(2, 9), (3, 10)])
def test_base_3b_of_the_supplement_is_base_8b_of_the_main_paper(first, second):
    assert paper_table(second).row("VITAL-BASE-8B").model == "VITAL-BASE-3B"
    theirs = paper_table(second).row("VITAL-BASE-3B").values
    main = paper_table(first).row("VITAL-BASE-8B").values
    different = [column for column, value in main.items() if value != theirs[column]]
    assert different == ([("cgvds", "plcc")] if first == 2 else [])
    assert any("8B" in text for text in paper_table(second).errata)


@pytest.mark.parametrize("model", ["VITAL-BASE-8B", "VITAL-WARM-UP-1B", "VITAL-WARM-UP-2B", "VITAL-WARM-UP-14B"])
def test_tables_5_and_7_repeat_table_3(model):
    main = paper_table(3).row(model).values
    for number in (5, 7) if model == "VITAL-BASE-8B" else (5,):
        shared = {column: value for column, value in paper_table(number).row(model).values.items() if column in main}
        assert len(shared) >= 6
        assert shared == {column: main[column] for column in shared}


def test_accuracies_are_shares_and_parameters_counts():
    assert paper_value(4, model="vital-assistant-8b", dataset="multiple choice", metric="accuracy") == 0.7213
    assert paper_value(6, model="FULL", dataset="tunable", metric="parameters") == 339_260_000


def test_a_value_is_shown_beside_the_papers_with_its_table():
    beside = difference(0.845, table=2, model="VITAL-BASE-8B", dataset="cgvds", metric="plcc")
    assert (beside.ours, beside.paper, beside.table) == (0.845, 0.834, 2)
    assert beside.difference == pytest.approx(0.011)
    assert str(beside) == "0.845, Table 2: 0.834, difference +0.011"


def test_an_average_without_values_is_undefined():
    assert math.isnan(average({("koniq", "krcc"): 0.5}))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((8, "x", "y", "z"), r"There is no table of results '8'; expected one of 2, 3, 4, 5, 6, 7, 9, 10, 11\."),
        ((2, "VITAL-BASE-9B", "koniq", "srcc"), r"no row of Table 2 'VITAL-BASE-9B' \(did you mean VITAL-BASE-8B"),
        ((3, "LIQE", "konik", "srcc"), r"no column of Table 3 'konik srcc' \(did you mean koniq srcc"),
    ],
)
def test_what_the_paper_does_not_print_is_refused_with_the_nearest_it_does(arguments, message):
    table, model, dataset, metric = arguments
    with pytest.raises(EvaluationError, match=message):
        paper_value(table, model=model, dataset=dataset, metric=metric)


def test_one_printed_share_of_table_4_is_a_share_of_no_number_of_questions():
    questions = {"binary": 297, "multiple choice": 287}  # of the test set
    wrong = []
    for row in paper_table(4).rows:
        for kind, count in questions.items():
            share = row.values[kind, "accuracy"]
            if abs(round(share * count) / count - share) > 0.000051:
                wrong.append((row.model, kind))
    assert wrong == [("VQA2-ASSISTANT", "binary")]
