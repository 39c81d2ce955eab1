"""Lists of names and addresses, as people keep them."""

import pytest

from transformers_vital.annotation.pool.lists import read_list


def entries(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(read_list(path, columns=("url", "name")))


def test_a_text_has_an_entry_a_line(tmp_path):
    text = "# from the archive\n\n  a b.png \r\nc,d.png\n"
    assert entries(tmp_path, "list.txt", text) == [(3, "a b.png"), (4, "c,d.png")]


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        pytest.param("a.csv", "id,URL\n1,x\n2,y\n", [(2, "x"), (3, "y")], id="named column"),
        pytest.param("a.csv", "x,1\ny,2\n", [(1, "x"), (2, "y")], id="no names"),
        pytest.param("a.tsv", "id\tname\n1\tx, y\n", [(2, "x, y")], id="tabs"),
        pytest.param("a.csv", 'name\n"x, ""y"""\n', [(2, 'x, "y"')], id="quoted"),
        pytest.param("a.csv", "id,name\n1,x\n2\n,\n", [(2, "x"), (3, "")], id="short row"),
        pytest.param("a.csv", b"\xef\xbb\xbfname\nx\xff\n", [(2, "x�")], id="byte order mark and bad byte"),
        pytest.param("a.csv", "", [], id="empty"),
    ],
)
def test_a_table_has_an_entry_a_row(name, content, expected, tmp_path):
    assert entries(tmp_path, name, content) == expected
