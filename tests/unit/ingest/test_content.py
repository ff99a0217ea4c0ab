"""What follows DATA: the same bytes out whatever the cuts, one end and no other, limits that hold."""

from __future__ import annotations

import asyncio
import smtplib
import socket
from typing import TYPE_CHECKING, Any

import pytest
from aiosmtpd.smtp import SMTP
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.content import Content, Verdict
from tests.support.loops import loop_in_thread

if TYPE_CHECKING:
    from collections.abc import Iterable

PIECES = st.sampled_from(
    [
        b"\r\n",
        b"\r",
        b"\n",
        b".",
        b"..",
        b"a",
        b"\r\n.",
        b"\n.\n",
        b"\n.\r\n",
        b"\r\n.\n",
        b"\r.\r",
        b"\r\n.\r",
        b"\x00",
        "障害".encode(),
    ]
)
BODIES = st.lists(PIECES, max_size=30).map(b"".join)
BORDERS = st.lists(st.integers(1, 9), max_size=60)
SMUGGLING = [b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r\n.\r", b"\r.\r\n", b"\r\n\x00.\r\n"]


def chunks(data: bytes, borders: Iterable[int]) -> Iterable[bytes]:
    at = 0
    for size in borders:
        yield data[at : at + size]
        at += size
    yield data[at:]


def wire(body: bytes) -> bytes:
    """The body as an honest client sends it: dots at line starts doubled, an end behind."""
    body = body if body.endswith(b"\r\n") or not body else body + b"\r\n"
    return (b"\r\n" + body).replace(b"\r\n.", b"\r\n..")[2:] + b".\r\n"


def read(data: bytes, borders: Iterable[int], max_bytes: int = 10_000, max_line: int = 1_000) -> tuple[Content, bytes]:
    content = Content(max_bytes, max_line)
    for chunk in chunks(data, borders):
        rest = content.feed(chunk)
        if rest is not None:
            return content, rest
    raise AssertionError("no end was seen")


@settings(max_examples=400, deadline=None)
@given(BODIES, BORDERS)
def test_a_body_comes_out_as_it_was_whatever_the_cuts(body: bytes, borders: list[int]) -> None:
    whole = body if body.endswith(b"\r\n") or not body else body + b"\r\n"
    content, rest = read(wire(body), borders)
    assert (content.verdict, content.take(), rest) == (Verdict.FITS, whole, b"")


@pytest.mark.parametrize("end", SMUGGLING)
@settings(max_examples=25, deadline=None)
@given(borders=BORDERS)
def test_nothing_but_crlf_dot_crlf_ends_a_mail(end: bytes, borders: list[int]) -> None:
    smuggled = b"one" + end + b"MAIL FROM:<forger@evil.example>\r\nDATA\r\ntwo\r\n"
    content, rest = read(smuggled + b".\r\nQUIT\r\n", borders)
    kept = content.take()
    assert b"MAIL FROM:<forger@evil.example>" in kept
    assert b"QUIT" not in kept
    assert b"QUIT\r\n".startswith(rest)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 60), BORDERS)
def test_limits_are_kept_and_what_is_refused_is_not_held(more: int, borders: list[int]) -> None:
    long, _ = read(wire(b"x" * (50 + more)), borders, max_line=52)
    assert (long.verdict is Verdict.FITS) == (more == 0)
    large, _ = read(wire(b"0123456\r\n" * 3 + b"y" * more), borders, max_bytes=40)
    assert (large.verdict is Verdict.FITS) == (27 + (more + 2 if more else 0) <= 40)
    for refused in (long, large):
        assert refused.verdict is Verdict.FITS or refused.take() == b""


class Keep:
    """aiosmtpd's handler that keeps what it was given."""

    def __init__(self) -> None:
        self.kept: list[bytes] = []

    async def handle_DATA(self, _server: SMTP, _session: Any, envelope: Any) -> str:  # noqa: N802, ANN401 - aiosmtpd's
        self.kept.append(envelope.original_content)
        return "250 OK"


BAD_FOR_STOCK = (b"\r\n.", b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r")


def test_content_is_what_aiosmtpd_reads_line_by_line() -> None:
    """The reader beside the one it replaces: real sessions, bodies with every odd line end."""
    handler = Keep()
    bodies = [
        b"plain\r\n",
        b".dot\r\n..two\r\n.\x00\r\n",
        b"a" + b"\r\nb" * 200 + b"\r\n",
        "障害\r\n".encode() * 50,
        b"\r\n\r\n.x\r\n",
    ]
    bodies += [b"lone" + bad + b"end\r\n" for bad in BAD_FOR_STOCK]

    async def start() -> asyncio.Server:
        loop = asyncio.get_running_loop()
        return await loop.create_server(lambda: SMTP(handler, loop=loop), host="127.0.0.1", port=0)

    async def stop() -> None:
        server.close()  # in its loop's thread: elsewhere it races with the end of the session

    with loop_in_thread() as run:
        server = run(start)
        try:
            with smtplib.SMTP("127.0.0.1", server.sockets[0].getsockname()[1], timeout=20) as client:
                client.ehlo()
                for body in bodies:
                    client.docmd("MAIL", "FROM:<a@x.example>")
                    client.docmd("RCPT", "TO:<b@x.example>")
                    client.docmd("DATA")
                    assert isinstance(client.sock, socket.socket)
                    client.sock.sendall(wire(body))
                    assert client.getreply()[0] == 250
        finally:
            run(stop)
    assert handler.kept == [read(wire(body), [])[0].take() for body in bodies]
