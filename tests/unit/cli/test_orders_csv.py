"""CSV files of orders: what spreadsheets and people write, and what is refused."""

from __future__ import annotations

import pytest

from bursar.cli.orders_csv import BadRows, read_rows


def refused(content: bytes) -> list[str]:
    """Return what is said of a bad file."""
    with pytest.raises(BadRows) as raised:
        read_rows(content)
    return raised.value.lines


def test_only_the_id_is_needed() -> None:
    assert read_rows(b"id\n101\nord_01HG\n") == [{"id": "101"}, {"id": "ord_01HG"}]


def test_every_column_is_read_in_any_order() -> None:
    content = b"quantity,id,link,created_at,service\n100,101,https://example.org/p?a=1,2026-11-21T08:00:00+02:00,7\n"
    assert read_rows(content) == [
        {
            "quantity": "100",
            "id": "101",
            "link": "https://example.org/p?a=1",
            "created_at": "2026-11-21T06:00:00Z",
            "service": "7",
        },
    ]


def test_what_a_spreadsheet_saves_is_read() -> None:
    assert read_rows(b"\xef\xbb\xbfid;service\r\n101;7\r\n102;\r\n") == [{"id": "101", "service": "7"}, {"id": "102"}]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-11-21 08:00", "2026-11-21T08:00:00Z"),
        ("2026-11-21", "2026-11-21T00:00:00Z"),
        ("1700000000", "2023-11-14T22:13:20Z"),
    ],
)
def test_a_time_without_an_offset_is_utc(written: str, meant: str) -> None:
    assert read_rows(f"id,created_at\n1,{written}\n".encode()) == [{"id": "1", "created_at": meant}]


def test_a_quoted_link_may_hold_a_comma() -> None:
    assert read_rows(b'id,link\n1,"https://example.org/a,b"\n') == [{"id": "1", "link": "https://example.org/a,b"}]


def test_empty_lines_are_passed_over() -> None:
    assert read_rows(b"id\n\n1\n  \n2\n\n") == [{"id": "1"}, {"id": "2"}]


def test_the_same_order_twice_is_one() -> None:
    assert read_rows(b"id,service\n1,7\n1,7\n") == [{"id": "1", "service": "7"}]


def test_a_misspelt_column_is_refused_with_the_nearest() -> None:
    assert refused(b"id,servise\n1,7\n") == ["line 1: there is no column 'servise' (did you mean 'service'?)"]


def test_every_bad_row_is_named_by_its_line() -> None:
    content = b"id,quantity,created_at\n1,many,2026-11-21\n,5,2026-11-21\n3,5,yesterday\n4,5,2026-11-21\n5\n"
    assert [line.partition(":")[0] for line in refused(content)] == ["line 2", "line 3", "line 4", "line 6"]


def test_a_line_after_a_quoted_line_end_keeps_its_number() -> None:
    assert refused(b'id,link\n1,"a\nb"\n,x\n') == ["line 4: the id is missing"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xef\xbb\xbf",
        b"id\n",
        b"service,link\n1,2\n",
        b"id,id\n1,2\n",
        b"id\n\xff\xfe\n",
        b'id\n"1\n',
        b"id\n1 2\n",
        b"id\n1\x00\n",
        b"id\n" + b"9" * 300 + b"\n",
        b"id,service\n1,7\n1,8\n",
        b"id,quantity\n1,-5\n",
        b"id,quantity\n1,1.5\n",
    ],
)
def test_nonsense_is_refused_with_a_line(content: bytes) -> None:
    assert refused(content)[0].startswith("line ")
