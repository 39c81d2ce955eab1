"""Proportions, order and groups of mixed tables and streams, and what becomes of unreadable records."""

import itertools
from collections import Counter
from types import SimpleNamespace

import pytest
from datasets import Dataset
from torch.utils.data import DataLoader

from transformers_vital.data.mixture import TABLE_1, TRIES, Mixture, StreamingMixture, mixture_weights
from transformers_vital.data.records import check_record
from transformers_vital.errors import MediaDecodeError, RecordError


ROWS = 40


def medium(name: str) -> dict:
    return {"kind": "image", "path": name, "bytes": None}


def record(record_type: str, name: str) -> dict:
    moments = {"mean_a": 0.7, "std_a": 0.1, "mean_b": 0.3, "std_b": 0.1}
    scores = {"level_probs": [0.0, 1.0, 0.0, 0.0, 0.0], "mean": 0.7, "std": 0.1, "opinions": [], "annotators": []}
    messages = [{"role": "user", "content": "?"}, {"role": "assistant", "content": "!"}]
    return {
        "distribution": {"media": medium(name), **scores},
        "pair": {"media_a": medium(name), "media_b": medium("b"), "preference": 1.0, **moments},
        "statement": {"media": medium(name), "text": "mild blur", "task": "distortion"},
        "instruction": {"media": [medium(name)], "messages": messages},
    }[record_type]


def table(record_type: str, names) -> Dataset:
    return Dataset.from_list([record(record_type, name) for name in names])


def subset(name: str, rows: int = ROWS) -> Dataset:
    task = name.split("_")[1]
    record_type = task if task in ("distribution", "pair") else "statement"
    return table(record_type, [f"{name}-{index}" for index in range(rows)])


def subsets(*names: str, rows: int = ROWS) -> dict[str, Dataset]:
    return {name: subset(name, rows) for name in names or TABLE_1}


def encode(given, *, record_type: str, error: type[Exception] = MediaDecodeError):
    """The name of a usable record in place of its tokens; names that start with "bad" are unreadable."""
    check_record(given, record_type=record_type)
    media = given["media_a"] if record_type == "pair" else given["media"]
    name = (media[0] if isinstance(media, list) else media)["path"]
    if name.startswith("bad"):
        raise error(f"{name} is unreadable")
    return SimpleNamespace(task=record_type, name=name)


def names(groups) -> list[list[str]]:
    return [[entry.name for entry in group.records] for group in groups]


def all_groups(mixture: Mixture) -> list:
    return [mixture[index] for index in range(len(mixture))]


def first_names(mixture: StreamingMixture, groups: int) -> list[str]:
    return [name for group in names(itertools.islice(mixture, groups)) for name in group]


def assert_proportions(found: list[str], probabilities: dict[str, float]) -> None:
    """Counts within five standard deviations of those of independent draws."""
    counts = Counter(name.split("-")[0] for name in found)
    for name, probability in probabilities.items():
        expected = len(found) * probability
        assert abs(counts[name] - expected) < 5 * (expected * (1 - probability)) ** 0.5, name
    assert counts.keys() == probabilities.keys()


class TestWeights:
    def test_the_subsets_are_those_of_table_1(self):
        assert TABLE_1 == {
            "image_distribution": 1_000_000,
            "image_pair": 500_000,
            "image_distortion": 500_000,
            "image_description": 400_000,
            "video_distribution": 845_000,
            "video_pair": 500_000,
            "video_distortion": 435_144,
            "video_description": 400_000,
        }
        assert sum(TABLE_1.values()) == 4_580_144

    def test_a_single_table_needs_no_weight(self):
        assert mixture_weights({"any": ...}) == [1.0]

    def test_own_weights_are_of_any_scale_and_in_the_order_of_the_tables(self):
        assert mixture_weights({"a": ..., "b": ...}, weights={"b": 6, "a": 2}) == [0.25, 0.75]

    @pytest.mark.parametrize(
        ("tables", "weights", "message"),
        [
            ("ab", None, "The tables a, b have no weight above 0; those of Table 1 are image_distribution, .*Name"),
            ("ab", {"a": 1}, "The tables b have no weight above 0"),
            ("ab", {"a": 1, "b": 0}, "The tables b have no weight above 0"),
            ("ab", {"a": 1, "b": -1}, "The tables b have no weight above 0"),
            ("ab", {"a": 1, "b": float("nan")}, "The tables b have no weight above 0"),
            ("ab", {"a": 1, "b": 1, "c": 1}, "There are weights for c, but the tables are a, b"),
            ("", None, r"The tables \(none\) have no weight"),
        ],
        ids=["unknown", "missing", "zero", "negative", "nan", "too-many", "no-tables"],
    )
    def test_weights_that_do_not_fit_are_refused(self, tables, weights, message):
        with pytest.raises(RecordError, match=message):
            mixture_weights(dict.fromkeys(tables), weights=weights)


class TestMixture:
    def test_records_come_in_the_proportions_of_table_1(self):
        found = [name for group in names(all_groups(Mixture(subsets(rows=300), encode))) for name in group]
        assert len(found) > 2400
        assert_proportions(found, {name: count / 4_580_144 for name, count in TABLE_1.items()})

    def test_records_come_in_own_proportions(self):
        tables = subsets("image_distribution", "image_distortion", rows=1000)
        mixture = Mixture(tables, encode, weights={"image_distribution": 1, "image_distortion": 9})
        found = [name for group in names(all_groups(mixture)) for name in group]
        assert_proportions(found, {"image_distribution": 0.1, "image_distortion": 0.9})

    def test_an_epoch_has_every_record_of_every_table(self):
        found = {name for group in names(all_groups(Mixture(subsets(), encode))) for name in group}
        assert found == {f"{name}-{index}" for name in TABLE_1 for index in range(ROWS)}

    @pytest.mark.parametrize("chosen", [(), ("image_distortion",)], ids=["all-tables", "one-table"])
    def test_the_seed_decides_the_order(self, chosen):
        tables = subsets(*chosen)
        first, again, other = (names(all_groups(Mixture(tables, encode, seed=seed))) for seed in (1, 1, 2))
        assert first == again
        assert first[:10] != other[:10]

    @pytest.mark.parametrize("size", [1, 2, 3])
    def test_a_group_is_one_pair_or_singles_of_which_the_last_may_lack(self, size):
        groups = all_groups(Mixture(subsets(), encode, group_size=size))
        tasks = [[entry.task for entry in group.records] for group in groups]
        pairs = [group for group in tasks if "pair" in group]
        singles = [group for group in tasks if "pair" not in group]
        assert pairs and all(group == ["pair"] for group in pairs)
        assert {len(group) for group in singles[:-1]} == {size} and 1 <= len(singles[-1]) <= size
        assert sum(len(group) for group in tasks) > 8 * ROWS  # smaller tables are read again

    def test_instructions_mix_with_others(self):
        tables = {"asked": table("instruction", ["asked-0"]), "scored": table("distribution", ["scored-0"])}
        mixture = Mixture(tables, encode, weights={"asked": 1, "scored": 1})
        assert {entry.task for group in all_groups(mixture) for entry in group.records} == {
            "instruction",
            "distribution",
        }

    @pytest.mark.parametrize("error", [MediaDecodeError, FileNotFoundError])
    def test_an_unreadable_record_is_replaced_by_the_next_of_its_table_and_counted(self, error, caplog):
        def encode_or_fail(given, *, record_type):
            return encode(given, record_type=record_type, error=error)

        tables = {
            "image_distribution": table("distribution", ["d-0", "bad-1", "bad-2", "d-3"]),
            "image_distortion": table("statement", ["s-0", "s-1"]),
        }
        groups = all_groups(Mixture(tables, encode_or_fail, group_size=1, weights=dict.fromkeys(tables, 1)))
        found = Counter((name, group.num_replaced) for group in groups for (name,) in names([group]))
        assert set(found) == {("d-0", 0), ("d-3", 2), ("d-3", 1), ("d-3", 0), ("s-0", 0), ("s-1", 0)}
        assert "Row 1 of a distribution table is replaced: bad-1 is unreadable" in caplog.text

    def test_a_group_counts_all_that_it_replaced(self):
        (group,) = all_groups(
            Mixture({"any": table("statement", ["bad-0", "s-1", "bad-2", "s-3"])}, encode, group_size=4)
        )
        assert group.num_replaced == 2
        assert sorted(entry.name for entry in group.records) == ["s-1", "s-1", "s-3", "s-3"]

    def test_the_first_row_stands_for_an_unreadable_last_one(self):
        groups = all_groups(Mixture({"any": table("statement", ["s-0", "bad-1"])}, encode))
        assert [(names([group]), group.num_replaced) for group in groups] == [([["s-0", "s-0"]], 1)]

    @pytest.mark.parametrize(("rows", "tries"), [(3, 3), (TRIES + 5, TRIES)])
    def test_a_table_of_unreadable_records_is_an_error(self, rows, tries):
        mixture = Mixture({"any": table("statement", [f"bad-{index}" for index in range(rows)])}, encode)
        with pytest.raises(RecordError, match=f"{tries} records in a row are unreadable, the last since: bad-"):
            mixture[0]

    def test_an_error_of_the_code_is_not_taken_for_an_unreadable_record(self):
        def broken(given, *, record_type):
            raise KeyError("code")

        with pytest.raises(KeyError, match="code"):
            Mixture(subsets("image_pair"), broken)[0]

    def test_an_empty_table_is_refused(self):
        tables = {**subsets("image_pair"), "image_distortion": subset("image_distortion").select([])}
        with pytest.raises(RecordError, match="The tables image_distortion are empty; expected records. Leave"):
            Mixture(tables, encode)


def streams(tables: dict[str, Dataset], shards: int = 4) -> dict:
    return {name: table.to_iterable_dataset(num_shards=shards) for name, table in tables.items()}


class TestStreamingMixture:
    def test_records_come_in_proportion_and_without_an_end(self):
        chosen = ("image_distribution", "image_pair", "video_distortion")
        found = first_names(StreamingMixture(streams(subsets(*chosen, rows=100), shards=1), encode), 800)
        total = 1_000_000 + 500_000 + 435_144
        assert len(found) > 3 * 300
        assert_proportions(found, {name: TABLE_1[name] / total for name in chosen})
        assert len(set(found)) == 300

    def test_the_seed_decides_the_order(self):
        chosen = streams(subsets("image_distribution", "image_pair"))
        first, again, other = (first_names(StreamingMixture(chosen, encode, seed=seed), 40) for seed in (1, 1, 2))
        assert first == again != other

    @pytest.mark.parametrize("shards", [4, 1], ids=["by-shard", "by-record"])
    def test_processes_read_disjoint_shares_that_are_all_together(self, shards):
        chosen = streams(subsets("image_distribution", "image_distortion"), shards)
        shares = [
            set(first_names(StreamingMixture(chosen, encode, process_index=index, num_processes=2), 10))
            for index in (0, 1)
        ]
        assert all(len(share) == 20 for share in shares)  # none is seen again so early
        assert shares[0].isdisjoint(shares[1])
        (single,) = streams(subsets("image_distortion"), shards).values()
        shares = [
            first_names(StreamingMixture({"any": single}, encode, process_index=index, num_processes=2), ROWS // 4)
            for index in (0, 1)
        ]
        assert sorted(shares[0] + shares[1]) == sorted(f"image_distortion-{index}" for index in range(ROWS))

    def test_workers_share_a_stream(self):
        mixture = StreamingMixture(streams(subsets("image_distortion")), encode)
        loader = DataLoader(mixture, batch_size=None, num_workers=2)
        found = first_names(loader, ROWS // 2)
        assert sorted(found) == sorted(f"image_distortion-{index}" for index in range(ROWS))

    def test_unreadable_records_are_left_out_and_counted(self, caplog):
        rows = table("statement", ["bad-0", "s-1", "s-2", "bad-3"])
        groups = list(itertools.islice(StreamingMixture({"any": rows.to_iterable_dataset()}, encode), 50))
        assert {name for group in names(groups) for name in group} == {"s-1", "s-2"}
        assert sum(group.num_replaced for group in groups) == pytest.approx(100, abs=2)  # as many as are readable
        assert "A record of the stream is left out: bad-0 is unreadable" in caplog.text

    def test_a_stream_of_unreadable_records_is_an_error(self):
        rows = table("statement", ["bad-0", "bad-1"]).to_iterable_dataset()
        with pytest.raises(RecordError, match=f"{TRIES} records in a row are unreadable, the last since: bad-"):
            next(iter(StreamingMixture({"any": rows}, encode)))

    def test_further_columns_may_differ_from_table_to_table(self):
        tables = subsets("image_distribution", "image_distortion")
        tables["image_distribution"] = tables["image_distribution"].add_column("id", list(range(ROWS)))
        tables["image_distortion"] = tables["image_distortion"].add_column("id", ["x"] * ROWS)
        found = first_names(StreamingMixture(streams(tables), encode), 20)
        assert {name.split("-")[0] for name in found} == set(tables)

    def test_instructions_stream_alone_only(self):
        asked = table("instruction", ["asked-0"]).to_iterable_dataset()
        assert first_names(StreamingMixture({"asked": asked}, encode), 1) == ["asked-0", "asked-0"]
        tables = {"asked": asked, **streams(subsets("image_pair"))}
        with pytest.raises(RecordError, match="Streams of instructions are mixed with others; expected them alone"):
            StreamingMixture(tables, encode, weights={"asked": 1, "image_pair": 1})
