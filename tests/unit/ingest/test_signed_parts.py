from __future__ import annotations

import re

import pytest
from dkim.canonicalization import Relaxed, Simple
from hypothesis import given
from hypothesis import strategies as st

from ingest.signed_parts import MAX_HEAD, canonical_body, signed_parts

BITS = st.sampled_from([b"\r\n", b"\r", b"\n", b" ", b"\t", b"a", b"  ", b" \r\n", b"\r\n\r\n", b"b c"])


@given(st.lists(BITS, max_size=20).map(b"".join))
def test_a_body_gets_the_form_that_dkimpy_gives_it(body: bytes) -> None:
    parts = signed_parts(b"From: a\r\n\r\n" + body)
    assert parts is not None
    assert parts.body == re.sub(rb"\r?\n", b"\r\n", body)
    for form, is_relaxed in ((Relaxed, True), (Simple, False)):
        made = canonical_body(parts.body, is_relaxed=is_relaxed)
        assert made == form.canonicalize_body(parts.body)
        assert not made or made == Simple.canonicalize_body(made)


@pytest.mark.parametrize(
    ("raw", "fields"),
    [
        (b"A: b\r\nC:d\r\n\r\nx: y", [(b"A", b" b\r\n"), (b"C", b"d\r\n")]),
        (b"A: b\n c\n\nx", [(b"A", b" b\r\n c\r\n")]),
        (b"A: b:c\xff", [(b"A", b" b:c\xff\r\n")]),
        (b"From x\nA: b\n\n", [(b"A", b" b\r\n")]),
    ],
)
def test_fields_stand_as_they_came(raw: bytes, fields: list[tuple[bytes, bytes]]) -> None:
    parts = signed_parts(raw)
    assert parts is not None
    assert parts.fields == fields


@pytest.mark.parametrize(
    "raw",
    [b"", b"A: b\r\r\nC: d\r\n\r\n", b"A: b\rC: d\r\n\r\n", b"\r\nA: b\r\n\r\n", b" a\r\n\r\n", b"A: b\r\nno field\r\n\r\n", b"A : b\r\n\r\n", b"A: b\r\n" * 1_001 + b"\r\n", b"A: " + b"b" * MAX_HEAD + b"\r\n\r\n"],
)  # fmt: skip
def test_a_head_that_is_none_has_no_parts(raw: bytes) -> None:
    assert signed_parts(raw) is None
