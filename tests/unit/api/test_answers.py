"""What a body is taken for decides about money: a piece of an answer is not the answer."""

from __future__ import annotations

import pytest

from bursar.api import Answer, BadAnswer


def test_a_warning_before_the_json_is_passed_over() -> None:
    body = b"<br /><b>Warning</b>: Undefined array key [0] in {x} on line 3<br />\n" + b'{"payout_id":5}'
    assert Answer(200, {}, body).json() == {"payout_id": 5}


def test_a_piece_of_a_json_that_was_cut_short_is_not_the_answer() -> None:
    with pytest.raises(BadAnswer):
        Answer(200, {}, b'Warning: x {"error":1,"data":{"payout_id":5}').json()


def test_the_second_of_two_answers_is_not_the_answer() -> None:
    with pytest.raises(BadAnswer):
        Answer(200, {}, b'Warning: x in [2002] {"error":"no"}{"order":5}').json()


TWO_VALUES = [
    b'{"error":1,"error":0,"data":{"payout_id":5}}',
    b'{"order":null,"order":7}',
    b'[{"order":5,"cancel":{"error":"no"},"cancel":1}]',
    b'Warning: x {"data":{"payout_id":0,"payout_id":5}}',
    b'{"ok":true,"o\\u006b":false}',
]


@pytest.mark.parametrize("body", TWO_VALUES)
def test_what_says_two_things_under_one_name_is_no_answer_to_an_effect(body: bytes) -> None:
    with pytest.raises(BadAnswer) as caught:
        Answer(200, {}, body, strict=True).json()
    assert caught.value.kind == "ambiguous"


@pytest.mark.parametrize("body", TWO_VALUES)
def test_what_says_two_things_under_one_name_is_read_where_nothing_hangs_on_it(body: bytes) -> None:
    assert Answer(200, {}, body).json() is not None


@pytest.mark.parametrize(
    "body", [b'{"order":7,"order":7}', b'[{"order":7},{"order":8}]', b"7", b'{"n":' + b"9" * 40 + b"}"]
)
def test_what_says_one_thing_twice_is_an_answer(body: bytes) -> None:
    assert Answer(200, {}, body, strict=True).json() == Answer(200, {}, body).json()


@pytest.mark.parametrize("raw", ["²", "Sat, 21 Nov 2026 10:00:00 +99999999999999999999", "-5", "soon", ""])
def test_a_retry_after_that_makes_no_sense_is_none(raw: str) -> None:
    assert Answer(429, {"Retry-After": raw, "Date": "Sat, 21 Nov 2026 10:00:00 GMT"}, b"").retry_after() is None
