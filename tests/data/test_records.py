"""Columns and checks of the four record types, and the paths of their media."""

import copy
import subprocess
import sys

import pytest
from datasets import Dataset

from transformers_vital.data.records import (
    RECORD_TYPES,
    RecordError,
    check_record,
    check_table,
    features,
    record_type_of,
    resolve_media,
)
from transformers_vital.errors import MediaInputError, MediaNotFoundError, VitalError
from transformers_vital.media.inputs import expand_media


IMAGE = {"kind": "image", "path": "a.png", "bytes": None}
VIDEO = {"kind": "video", "path": None, "bytes": b"\x00\x00\x00\x18ftypmp42"}
RECORDS = {
    "distribution": {
        "media": VIDEO,
        "level_probs": [0.1, 0.7, 0.2, 0.0, 0.0],
        "mean": 0.7,
        "std": 0.1,
        "opinions": [0.6, 0.8],
        "annotators": ["first", "second"],
    },
    "pair": {
        "media_a": IMAGE,
        "media_b": VIDEO,
        "preference": 0.5,
        "mean_a": 0.7,
        "std_a": 0.1,
        "mean_b": 0.6,
        "std_b": 0.0,
    },
    "statement": {"media": IMAGE, "text": "mild white noise", "task": "distortion"},
    "instruction": {
        "media": [IMAGE, VIDEO],
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Which is sharper?"},
            {"role": "assistant", "content": "The image."},
            {"role": "user", "content": "Why?"},
            {"role": "assistant", "content": "The video shakes."},
        ],
    },
}


def changed(record_type: str, **fields) -> dict:
    return {**copy.deepcopy(RECORDS[record_type]), **fields}


def turns(*roles: str) -> list[dict]:
    return [{"role": role, "content": "text"} for role in roles]


def test_importing_the_records_does_not_import_datasets():
    code = "import sys, transformers_vital.data.records; print('datasets' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "False\n"


class TestColumns:
    @pytest.mark.parametrize("record_type", RECORD_TYPES)
    def test_records_keep_every_field_in_a_file_of_their_columns(self, record_type, tmp_path):
        record = RECORDS[record_type]
        Dataset.from_list([record, record], features=features(record_type)).to_parquet(tmp_path / "records.parquet")
        table = Dataset.from_parquet(str(tmp_path / "records.parquet"), cache_dir=str(tmp_path))
        assert table.features == features(record_type)
        assert table[1] == record
        check_table(table, record_type=record_type)

    @pytest.mark.parametrize("record_type", RECORD_TYPES)
    def test_the_columns_tell_the_type(self, record_type):
        assert record_type_of([*reversed(RECORDS[record_type]), "licence"]) == record_type

    @pytest.mark.parametrize(
        ("columns", "nearest"),
        [
            (["media", "level_probs", "mean"], "distribution, also has std, opinions, annotators"),
            (["media_a", "media_b", "label"], "pair, also has preference, mean_a, std_a, mean_b, std_b"),
            (["media", "text"], "statement, also has task"),
            (["image", "messages"], "instruction, also has media"),
            (["media"], "instruction, also has messages"),  # of equally near ones that which lacks least
        ],
    )
    def test_what_the_nearest_type_has_besides_is_listed(self, columns, nearest):
        with pytest.raises(RecordError, match=f"those of no record type; the nearest, {nearest}. Add or rename"):
            record_type_of(columns)

    def test_columns_of_two_types_are_refused(self):
        with pytest.raises(RecordError, match="has the columns of statement and of instruction; expected one"):
            record_type_of(["media", "text", "task", "messages"])

    @pytest.mark.parametrize("use", [features, lambda name: check_record({}, record_type=name)])
    def test_an_unknown_type_is_refused(self, use):
        with pytest.raises(RecordError, match="'score'; expected one of distribution, pair, statement, instruction"):
            use("score")


class TestChecks:
    @pytest.mark.parametrize(
        ("record_type", "fields"),
        [
            pytest.param("distribution", {"opinions": [], "annotators": []}, id="no-opinions"),
            pytest.param("distribution", {"annotators": []}, id="no-annotators"),
            pytest.param("distribution", {"opinions": [-0.1, 1.5]}, id="opinions-around-a-scale-of-means"),
            pytest.param("distribution", {"mean": 0.8000001, "opinions": [0.8, 0.8]}, id="rounded-mean"),
            pytest.param("distribution", {"level_probs": [0.195] * 5}, id="two-digits"),
            pytest.param("distribution", {"level_probs": [1.7, 0, 0, 0, 0]}, id="not-normalised"),
            pytest.param("pair", {"preference": 1}, id="better"),
            pytest.param("pair", {"preference": 0.0}, id="worse"),
            pytest.param("statement", {"task": "description"}, id="description"),
            pytest.param("instruction", {"messages": turns("user", "assistant")}, id="one-turn"),
            pytest.param(
                "instruction",
                {"messages": [{"role": "user", "content": ""}, {"role": "assistant", "content": "Blurry."}]},
                id="only-media-asked",
            ),
            pytest.param("statement", {"media": {"kind": "image", "path": "a.png", "bytes": b"x"}}, id="named-bytes"),
        ],
    )
    def test_usable_records_pass(self, record_type, fields):
        check_record(changed(record_type, **fields), record_type=record_type)

    @pytest.mark.parametrize(
        ("record_type", "fields", "message"),
        [
            ("statement", {"media": "a.png"}, "media is 'a.png'; expected a dict with kind"),
            ("statement", {"media": {**IMAGE, "kind": "audio"}}, 'media is .*; expected a dict with kind "image" or'),
            ("statement", {"media": {"kind": "image"}}, "media has neither path nor bytes"),
            ("statement", {"media": {"kind": "image", "path": "", "bytes": b""}}, "media has neither path nor bytes"),
            ("statement", {"media": {**IMAGE, "path": 3}}, "media has a path of type int and bytes of type NoneType"),
            ("statement", {"media": {**IMAGE, "bytes": "x"}}, "media has a path of type str and bytes of type str"),
            ("pair", {"media_b": None}, "media_b is None"),
            ("instruction", {"media": []}, r"media is \[\]; expected a list of at least 1"),
            ("instruction", {"media": [IMAGE, None]}, r"media\[1\] is None"),
            ("distribution", {"level_probs": [0.5, 0.5]}, "level_probs has 2 numbers; expected 5 in the order high"),
            ("distribution", {"level_probs": None}, "level_probs is None; expected a list"),
            ("distribution", {"level_probs": [1, 0, 0, 0, float("inf")]}, r"level_probs\[4\] is inf; expected a fin"),
            (
                "distribution",
                {"level_probs": [1.1, -0.1, 0, 0, 0]},
                r"level_probs is \[1.1, .*; expected no negative number",
            ),
            (
                "distribution",
                {"level_probs": [0.19] * 5},
                "level_probs sum to 0.95; expected 1, and accepted are 0.97",
            ),
            ("distribution", {"level_probs": [0, 0, 28.8, 0, 0]}, "level_probs sum to 28.8; expected 1"),
            ("distribution", {"mean": 66.7}, r"mean is 66.7; expected a number in \[0, 1\]. Check the scale"),
            ("distribution", {"mean": float("nan")}, "mean is nan"),
            ("distribution", {"std": -0.1}, "std is -0.1"),
            ("distribution", {"std": None}, "std is None"),
            ("distribution", {"opinions": [0.6, float("nan")]}, r"opinions\[1\] is nan; expected a finite number"),
            ("distribution", {"opinions": ["0.6", 0.8]}, r"opinions\[0\] is '0.6'"),
            ("distribution", {"opinions": [60, 80]}, "mean is 0.7, but the opinions go from 60 to 80; expected it am"),
            ("distribution", {"opinions": [0.1, 0.2]}, "mean is 0.7, but the opinions go from 0.1 to 0.2"),
            ("distribution", {"annotators": ["first"]}, "annotators has 1 names for 2 opinions"),
            ("pair", {"preference": 2}, "preference is 2; expected 1 .a is better., 0 .b is better. or 0.5"),
            ("pair", {"preference": None}, "preference is None"),
            ("pair", {"std_b": 1.2}, "std_b is 1.2"),
            ("pair", {"mean_a": "0.5"}, "mean_a is '0.5'"),
            ("statement", {"text": " \n"}, "text is .*; expected a text, and not an empty one"),
            ("statement", {"text": None}, "text is None"),
            ("statement", {"task": "scoring"}, "task is 'scoring'; expected distortion or description"),
            ("instruction", {"messages": []}, "messages is .*; expected a list of at least 2"),
            (
                "instruction",
                {"messages": ["a", "b"]},
                "messages have the roles None, None; expected user and assistant in turn",
            ),
            ("instruction", {"messages": turns("user", "bot")}, "messages have the roles user, bot"),
            (
                "instruction",
                {"messages": turns("user", "assistant", "user")},
                "messages have the roles user, assistant, user;",
            ),
            ("instruction", {"messages": turns("assistant", "user")}, "messages have the roles assistant, user"),
            ("instruction", {"messages": turns("system", "system")}, "messages have the roles system, system"),
            ("instruction", {"messages": turns("system", "assistant")}, "messages have the roles system, assistant"),
        ],
    )
    def test_the_message_names_row_and_field(self, record_type, fields, message):
        with pytest.raises(RecordError, match=f"^Row 12: {message}"):
            check_record(changed(record_type, **fields), record_type=record_type, row=12)

    @pytest.mark.parametrize(
        ("turn", "content", "message"),
        [
            (1, None, "expected a text"),
            (1, "<image>\nWhich is sharper?", "holds a placeholder; all media come before the first user text"),
            (3, "And this <video>?", "holds a placeholder"),
            (4, "", "expected a text, and not an empty one"),
        ],
    )
    def test_the_message_names_the_turn(self, turn, content, message):
        record = changed("instruction")
        record["messages"][turn]["content"] = content
        with pytest.raises(RecordError, match=rf"messages\[{turn}\].content .*{message}"):
            check_record(record, record_type="instruction")

    @pytest.mark.parametrize(
        ("record_type", "field"), [(record_type, field) for record_type in RECORDS for field in RECORDS[record_type]]
    )
    def test_no_field_may_be_missing(self, record_type, field):
        record = changed(record_type)
        del record[field]
        with pytest.raises(RecordError, match=f"^Row 0: {field} missing, which a {record_type} has"):
            check_table([record], record_type=record_type)

    def test_the_first_unusable_row_of_a_table_is_named(self):
        rows = [RECORDS["statement"], changed("statement", task="x"), changed("statement", text="")]
        table = Dataset.from_list(rows, features=features("statement"))
        with pytest.raises(VitalError, match="^Row 1: task is 'x'"):
            check_table(table, record_type="statement")

    def test_large_bytes_are_not_printed(self):
        media = {"kind": "audio", "path": "a.wav", "bytes": bytes(10**6)}
        with pytest.raises(RecordError) as raised:
            check_record(changed("statement", media=media), record_type="statement")
        assert len(str(raised.value)) < 300


class TestResolving:
    @pytest.fixture
    def root(self, tmp_path):
        root = tmp_path / "media"
        (root / "deep").mkdir(parents=True)
        for name in ("media/a.png", "media/deep/b[1].mp4", "secret.png"):
            (tmp_path / name).write_bytes(b"x")
        return root

    @pytest.mark.parametrize("path", ["a.png", "deep/../a.png", "./deep/b[1].mp4"])
    def test_a_path_is_one_file_inside_the_folder(self, root, path):
        resolved = resolve_media({"kind": "video", "path": path, "bytes": None}, root=root)
        (item,) = expand_media(resolved)
        assert item.kind == "video"
        assert item.source == (root / path).resolve()

    def test_an_absolute_path_into_the_folder_is_accepted(self, root):
        assert resolve_media({**IMAGE, "path": str(root / "a.png")}, root=str(root))["path"] == str(root / "a.png")

    def test_a_relative_folder_is_accepted(self, root, monkeypatch):
        monkeypatch.chdir(root.parent)
        assert resolve_media(IMAGE, root="media")["path"] == str(root / "a.png")

    @pytest.mark.parametrize("path", ["../secret.png", "deep/../../secret.png", "{parent}/secret.png", "/etc/passwd"])
    def test_a_path_out_of_the_folder_is_refused(self, root, path):
        path = path.format(parent=root.parent)
        with pytest.raises(MediaInputError, match="leads to .*, outside .*media. Name a folder"):
            resolve_media({**IMAGE, "path": path}, root=root)

    def test_a_folder_beside_with_the_same_beginning_is_outside(self, root):
        (root.parent / "media2").mkdir()
        (root.parent / "media2" / "c.png").write_bytes(b"x")
        with pytest.raises(MediaInputError, match="outside"):
            resolve_media({**IMAGE, "path": "../media2/c.png"}, root=root)

    def test_a_link_out_of_the_folder_is_refused_and_one_inside_is_not(self, root):
        (root / "out").symlink_to(root.parent)
        (root / "in.png").symlink_to("a.png")
        with pytest.raises(MediaInputError, match="out/secret.png leads to .*secret.png, outside"):
            resolve_media({**IMAGE, "path": "out/secret.png"}, root=root)
        assert resolve_media({**IMAGE, "path": "in.png"}, root=root)["path"] == str(root / "a.png")

    @pytest.mark.parametrize("path", ["absent.png", "*.png", "deep", ".", "https://example.org/a.png"])
    def test_what_is_no_file_is_not_found(self, root, path):
        with pytest.raises(MediaNotFoundError, match="is no file in .*media. Check the path and root"):
            resolve_media({**IMAGE, "path": path}, root=root)

    def test_bytes_win_over_the_path(self, root):
        media = {"kind": "image", "path": "../secret.png", "bytes": b"inside"}
        (item,) = expand_media(resolve_media(media, root=root))
        assert (item.kind, item.source, item.name) == ("image", b"inside", "../secret.png")

    def test_a_medium_without_path_and_bytes_is_refused(self, root):
        with pytest.raises(RecordError, match="^media has neither path nor bytes"):
            resolve_media({"kind": "image", "path": None, "bytes": None}, root=root)
