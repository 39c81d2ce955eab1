"""What a report says, in the order in which it says it."""

import yaml

from transformers_vital.reporting.sections import OFFENDERS_SHOWN, report_sections


def table_of(report, number=0):
    (section,) = report_sections(report)
    return section.tables[number]


def test_every_part_has_a_section_in_order(statistics):
    overlap = {"media": 1, "max_distance": 4, "test_sets": {}, "offenders": []}
    report = {"overlap": overlap, "statistics": statistics, "recipe": {"seed": 0}, "records": {"image_pair": 1}}
    assert [section.title for section in report_sections(report)] == [
        "What was built",
        "Recipe",
        "Low-level attributes",
        "Levels",
        "Agreement of the annotators",
        "Pairs",
        "Distortions",
        "Length of the statements",
        "Words of the statements",
        "Acceptance of the statements",
        "Overlap with test sets",
    ]


def test_every_table_has_a_cell_under_each_head(statistics):
    tables = [table for section in report_sections({"statistics": statistics}) for table in section.tables]
    assert len(tables) >= 9
    assert all(len(row) == len(table.heads) for table in tables for row in table.rows)
    assert all(table.rows for table in tables)


def test_plots_are_named_as_their_statistics(statistics):
    named = {section.plot for section in report_sections({"statistics": statistics})}
    assert named - {None} == set(statistics) - {"preferences"}


def test_stages_say_why_rows_were_held_back():
    stage = {
        "stage": "pool",
        "rows": 1200,
        "kept": 1000,
        "rejected": 200,
        "reasons": {"too small": 150, "duplicate": 50},
    }
    table = table_of({"stages": [stage]})
    assert table.rows == [["pool", 1200, 1000, 200, "too small: 150; duplicate: 50"]]


def test_the_recipe_is_shown_as_it_can_be_used():
    recipe = {"seed": 0, "limits": {"seconds": [1, 20]}, "name": "Été"}
    (section,) = report_sections({"recipe": recipe})
    assert yaml.safe_load(section.code) == recipe and "Été" in section.code


def test_numbers_come_from_the_statistics(statistics):
    table = table_of({"statistics": {"distortions": statistics["distortions"]}})
    found = statistics["distortions"]["image"]["type_0"]
    (row,) = [row for row in table.rows if row[:2] == ["image", "type 0"]]
    assert row[2:4] == [found["count"], found["share"]]
    assert row[4:] == (found["severities"] + [None] * 3)[:3]
    agreement = statistics["agreement"]
    table = table_of({"statistics": {"agreement": agreement}}, 1)
    assert table.rows[0] == ["image", "niqe", 0, agreement["image"]["leave_one_out"][0]]


def test_overlap_lists_the_first_offenders_and_counts_all():
    counts = {"items": 9, "hashed": 0, "same_name": 60, "same_stem": 0, "same_look": 0, "name_and_look": 0}
    offender = {"id": "a", "name": "a.png", "test_set": "s", "by_name": "a.png", "by_look": None, "distance": None}
    found = {"media": 70, "max_distance": 4, "test_sets": {"s": counts}, "offenders": [offender] * 60}
    assert table_of({"overlap": found}).rows == [["s", 9, 0, 60, 0, 0, 0]]
    table = table_of({"overlap": found}, 1)
    assert len(table.rows) == OFFENDERS_SHOWN == 50
    assert table.folded == "60 offenders, the first 50"
    assert table.rows[0] == ["a.png", "s", "a.png", None, None]
