"""The name that a server gives its file: shown and stored, so nothing of it may harm."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trax.ingest.file_names import file_name

URL = "https://cdn.example/audio/talk%20one.mp3?token=secret#t=5"
BIDI = "\u202egpj.exe"


@pytest.mark.parametrize(
    ("disposition", "expected"),
    [
        ('attachment; filename="episode 1.mp3"', "episode 1.mp3"),
        ("attachment; filename=plain.mp3", "plain.mp3"),
        ("ATTACHMENT; FILENAME=loud.mp3; size=9", "loud.mp3"),
        ('inline; filename="say \\"hi\\".mp3"', 'say "hi".mp3'),
        ("attachment; filename*=UTF-8''na%C3%AFve%20%E2%82%AC.mp3", "na\u00efve \u20ac.mp3"),
        ("attachment; filename*=iso-8859-1'en'%A3%20rates.mp3", "\u00a3 rates.mp3"),
        ("attachment; filename=\"fallback.mp3\"; filename*=UTF-8''r%C3%A9el.mp3", "r\u00e9el.mp3"),
        ("attachment; filename*=utf-8''real.mp3; filename=\"fallback.mp3\"", "real.mp3"),
        ('attachment; filename="caf\u00e9.mp3"', "caf\u00e9.mp3"),
        ('attachment; filename="cafe\u0301.mp3"', "caf\u00e9.mp3"),
        ("attachment; filename*=UTF-8''%FF%FE.mp3", "\ufffd\ufffd.mp3"),
        ('attachment; filename="../../etc/passwd"', "passwd"),
        ('attachment; filename="..\\\\..\\\\boot.ini"', "boot.ini"),
        ("attachment; filename*=UTF-8''..%2F..%2F.bashrc", "bashrc"),
        ("attachment; filename*=UTF-8''%2e%2e%5cx.mp3", "x.mp3"),
        ("attachment; filename*=UTF-8''a%00b%0d%0ac.mp3", "ab\ufffd\ufffdc.mp3"),
        (f'attachment; filename="{BIDI}"', "\ufffdgpj.exe"),
        ("attachment; filename*=UTF-8''%E2%80%AEgpj.exe", "\ufffdgpj.exe"),
        ('attachment; filename="/"', "talk one.mp3"),
        ('attachment; filename=".."', "talk one.mp3"),
        ('attachment; filename="..."', "talk one.mp3"),
        ('attachment; filename=""', "talk one.mp3"),
        ('attachment; filename="   "', "talk one.mp3"),
        ("attachment", "talk one.mp3"),
        ("", "talk one.mp3"),
    ],
)
def test_what_a_server_calls_its_file(disposition: str, expected: str) -> None:
    assert file_name({"content-disposition": disposition}, URL) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://cdn.example/a/b.mp3", "b.mp3"),
        ("https://cdn.example/a/b/", "b"),
        ("https://cdn.example/", "cdn.example"),
        ("https://cdn.example", "cdn.example"),
        ("https://cdn.example/%2e%2e%2f%2e%2e%2fpasswd", "passwd"),
        ("https://cdn.example/..", "cdn.example"),
        ("https://cdn.example/%FFtalk.mp3", "\ufffdtalk.mp3"),
        ("https://cdn.example/a%0d%0ab.mp3", "a\ufffd\ufffdb.mp3"),
    ],
)
def test_without_a_name_the_address_gives_one(url: str, expected: str) -> None:
    assert file_name({}, url) == expected


def test_a_name_of_300_characters_keeps_its_ending() -> None:
    name = file_name({"content-disposition": f'attachment; filename="{"x" * 300}.mp3"'}, URL)
    assert len(name) <= 255
    assert name.endswith("\N{HORIZONTAL ELLIPSIS}.mp3")


def test_an_endless_name_is_read_to_a_limit() -> None:
    assert len(file_name({"content-disposition": 'filename="' * 50_000}, URL)) <= 255
    assert len(file_name({}, "https://h/" + "x" * 500_000)) <= 255


WORST = st.text(alphabet=st.sampled_from("./\\\0 \"';=%2eE\u202e\u2028\x1b\n*aUTF-8"), max_size=60)


@given(st.one_of(st.text(max_size=60), WORST), st.one_of(st.text(max_size=60), WORST))
def test_no_header_and_no_address_makes_a_name_that_harms(disposition: str, path: str) -> None:
    name = file_name({"content-disposition": f"attachment; filename{disposition}"}, "https://h/" + path)
    assert 0 < len(name) <= 255
    assert not {"/", "\\", "\0"} & set(name)
    assert not name.startswith(".")
    assert not any(unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp", "Cs") for character in name)
