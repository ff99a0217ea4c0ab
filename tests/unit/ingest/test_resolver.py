"""The real resolver against a name server of the test on the loopback."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.resolver
import dns.rrset
import pytest

from ingest.resolver import KEPT_S, Answer, DnsTrouble, SystemResolver

RECORDS = {
    ("example.jp.", "TXT"): ['"v=spf1 " "-all"', '"other"'],
    ("example.jp.", "MX"): ["10 mx.example.jp."],
    ("mx.example.jp.", "A"): ["192.0.2.1"],
    ("mx.example.jp.", "AAAA"): ["2001:db8::25"],
    ("1.2.0.192.in-addr.arpa.", "PTR"): ["mx.example.jp."],
    (".", "NS"): ["a.root.example."],
}


class Server:
    """Answers from RECORDS; `fails` answers SERVFAIL, `silent` not at all. An alias leads to example.jp."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.asked: list[str] = []

    @property
    def port(self) -> int:
        return int(self.socket.getsockname()[1])

    def run(self) -> None:
        while True:
            try:
                wire, peer = self.socket.recvfrom(4096)
            except OSError:
                return
            if len(wire) < 12:
                return
            answer = self.answer(dns.message.from_wire(wire))
            if answer is not None:
                self.socket.sendto(answer.to_wire(), peer)

    def answer(self, query: dns.message.Message) -> dns.message.Message | None:
        (question,) = query.question
        name, kind = question.name.to_text(), dns.rdatatype.to_text(question.rdtype)
        self.asked.append(f"{name} {kind}")
        made = dns.message.make_response(query)
        made.flags |= dns.flags.RA
        if name.startswith("silent."):
            return None
        if name.startswith("fails."):
            made.set_rcode(dns.rcode.SERVFAIL)
            return made
        if name.startswith("alias."):
            made.answer.append(dns.rrset.from_text(name, 60, "IN", "CNAME", "example.jp."))
            name = "example.jp."
        if (name, kind) in RECORDS:
            made.answer.append(dns.rrset.from_text_list(name, 60, "IN", kind, RECORDS[name, kind]))
        elif not any(known == name for known, _ in RECORDS):
            made.set_rcode(dns.rcode.NXDOMAIN)
        return made


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    thread = threading.Thread(target=made.run, daemon=True)
    thread.start()
    yield made
    made.socket.sendto(b"end", ("127.0.0.1", made.port))
    thread.join()
    made.socket.close()


@pytest.fixture
def resolver(server: Server) -> SystemResolver:
    return SystemResolver(("127.0.0.1",), server.port)


@pytest.mark.parametrize(
    ("name", "kind", "found"),
    [
        ("example.jp", "TXT", (b"v=spf1 -all", b"other")),
        ("alias.example.jp", "TXT", (b"v=spf1 -all", b"other")),
        ("example.jp", "MX", ((10, "mx.example.jp"),)),
        ("mx.example.jp", "A", ("192.0.2.1",)),
        ("mx.example.jp", "AAAA", ("2001:db8::25",)),
        ("1.2.0.192.in-addr.arpa", "PTR", ("mx.example.jp",)),
        (".", "NS", ("a.root.example",)),
        ("example.jp", "A", ()),
        ("nobody.example.jp", "TXT", ()),
        ("a..example.jp", "TXT", ()),
        ("x" * 64 + ".jp", "TXT", ()),
        (".".join(["x" * 60] * 5), "TXT", ()),
        ("a\\", "TXT", ()),
    ],
)
def test_records_are_told_by_their_kind(
    resolver: SystemResolver, name: str, kind: str, found: tuple[Answer, ...]
) -> None:
    answer = resolver.ask(name, kind, 2.0)
    assert (len(answer), set(answer)) == (len(found), set(found))  # servers mix the order


def test_an_answer_is_kept_and_so_is_its_absence(resolver: SystemResolver, server: Server) -> None:
    for _ in range(3):
        resolver.ask("example.jp", "TXT", 2.0)
        resolver.ask("nobody.example.jp", "TXT", 2.0)
    assert server.asked == ["example.jp. TXT", "nobody.example.jp. TXT"]


def test_no_answer_is_kept_for_long_whatever_its_zone_says(
    resolver: SystemResolver, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolver.ask("nobody.example.jp", "TXT", 2.0)  # without an SOA, so without a time to live
    later = time.time() + KEPT_S + 1
    monkeypatch.setattr("time.time", lambda: later)
    resolver.ask("nobody.example.jp", "TXT", 2.0)
    assert len(server.asked) == 2


@pytest.mark.parametrize("name", ["silent.example.jp", "fails.example.jp"])
def test_no_answer_is_a_trouble_that_passes(resolver: SystemResolver, name: str) -> None:
    with pytest.raises(DnsTrouble):
        resolver.ask(name, "TXT", 0.2)


def test_a_machine_without_dns_is_told_at_the_first_question(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object, **__: object) -> None:
        raise dns.resolver.NoResolverConfiguration

    made = SystemResolver()
    monkeypatch.setattr("dns.resolver.Resolver", none)
    with pytest.raises(DnsTrouble, match="NoResolverConfiguration"):
        made.ask("example.jp", "TXT", 2.0)
