"""An account is what its provider, address and key say."""

from __future__ import annotations

import pytest

from bursar.settings.identity import account_digest, normal_url
from support.settings import ACCOUNT, Reader

KEY = b"journal's own"


def digest(reader: Reader, text: str, key: bytes = KEY) -> str:
    [account] = reader.read(text).accounts.values()
    return account_digest(account, key)


def test_a_digest_has_32_hex_digits(reader: Reader) -> None:
    assert len(bytes.fromhex(digest(reader, ACCOUNT))) == 16


def test_a_digest_does_not_depend_on_the_name_or_the_way_of_writing(reader: Reader) -> None:
    other = (
        ACCOUNT.replace("main", "other")
        .replace("https://p.example/api", "HTTPS://P.EXAMPLE:443/api/#x")
        .replace("}}", "}, rate: 1/s, labels: {a: b}}")
    )
    assert digest(reader, other) == digest(reader, ACCOUNT)


@pytest.mark.parametrize(
    ("old", "new"),
    [("KEY", "KEY2"), ("/api", "/v2"), ("https:", "http:"), ("provider: panel", "provider: shop")],
)
def test_a_digest_depends_on_provider_address_and_key(reader: Reader, old: str, new: str) -> None:
    assert digest(reader, ACCOUNT.replace(old, new)) != digest(reader, ACCOUNT)


def test_a_digest_is_keyed(reader: Reader) -> None:
    assert digest(reader, ACCOUNT) != digest(reader, ACCOUNT, b"another's")


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("https://p.example", "https://p.example:443"),
        ("https://p.example./", "https://p.example:443"),
        ("http://P.example:80/A/", "http://p.example:80/A"),
        ("https://p.example/x?site=1#y", "https://p.example:443/x?site=1"),
        ("https://приклад.укр/", "https://xn--80aikifvh.xn--j1amh:443"),
    ],
)
def test_an_address_is_written_in_one_way(written: str, normal: str) -> None:
    assert normal_url(written) == normal
