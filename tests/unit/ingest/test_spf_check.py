from __future__ import annotations

import warnings
from collections.abc import Mapping

import pytest

from ingest.dmarc import MethodResult
from ingest.received import Client, NoClient
from ingest.resolver import CHECK_S, MOST_QUESTIONS, Answer, DnsTrouble, Inquiry
from ingest.spf_check import judge_spf
from tests.support.zones import SILENT, Zone

SENDER = "example.jp"
FROM = "taro@example.jp"
CLIENT = Client(address="192.0.2.1", helo="mail.example.jp")
NEW = Client(address="2001:db8::25", helo="mail.example.jp")
Records = dict[str, tuple[Answer, ...] | Exception]


def records(text: bytes, **others: tuple[Answer, ...]) -> Records:
    return {
        "example.jp TXT": (b"google-site=1", text),
        **{name.replace("__", " "): found for name, found in others.items()},
    }


def judged(
    zone: Zone | Mapping[str, tuple[Answer, ...] | Exception],
    mail_from: str = FROM,
    client: Client | NoClient = CLIENT,
    *,
    sender: str = SENDER,
    is_strict: bool = False,
) -> MethodResult:
    inquiry = Inquiry(zone if isinstance(zone, Zone) else Zone(zone), lambda: 0.0)
    return judge_spf(mail_from, client, sender, inquiry, is_strict=is_strict)


MX: Records = {
    "example.jp TXT": (b"v=spf1 mx -all",),
    "example.jp MX": ((10, "mx1.example.jp"), (20, "mx2.example.jp")),
    "mx1.example.jp A": ("198.51.100.1",),
    "mx2.example.jp A": ("192.0.2.1",),
    "mx1.example.jp AAAA": (),
    "mx2.example.jp AAAA": ("2001:db8::25",),
}


@pytest.mark.parametrize(
    ("zone", "client", "result"),
    [
        (records(b"v=spf1 ip4:192.0.2.0/24 -all"), CLIENT, "pass"),
        (records(b"v=spf1 ip6:2001:db8::/32 -all"), NEW, "pass"),
        (records(b"v=spf1 ip4:192.0.2.0/24 -all"), NEW, "fail"),
        (records(b"v=spf1 ip4:198.51.100.0/24 ~all"), CLIENT, "softfail"),
        (records(b"v=spf1 ip4:198.51.100.0/24 ?all"), CLIENT, "neutral"),
        (records(b"v=spf1 ip4:198.51.100.0/24"), CLIENT, "neutral"),
        (MX, CLIENT, "pass"),
        (MX, NEW, "pass"),
        (MX, Client(address="198.51.100.9"), "fail"),
        ({"example.jp TXT": (b"v=spf1 include:spf.esp.example -all",), "spf.esp.example TXT": (b"v=spf1 ip4:192.0.2.1 -all",)}, CLIENT, "pass"),
        ({"example.jp TXT": (b"v=spf1 redirect=spf.example.jp",), "spf.example.jp TXT": (b"v=spf1 ip4:192.0.2.1 -all",)}, CLIENT, "pass"),
        ({"example.jp TXT": (b"v=spf1 exists:%{ir}.%{v}.%{d} -all",), "1.2.0.192.in-addr.example.jp A": ("127.0.0.2",)}, CLIENT, "pass"),
        ({"example.jp TXT": (b"v=spf1 ptr -all",), "1.2.0.192.in-addr.arpa PTR": ("mail.example.jp",), "mail.example.jp A": ("192.0.2.1",)}, CLIENT, "pass"),
        ({"example.jp TXT": (b"v=spf1 -all exp=why.example.jp",)}, CLIENT, "fail"),
        ({}, CLIENT, "none"),
        (records(b"v=spf1 ip4:nonsense -all"), CLIENT, "permerror"),
        ({"example.jp TXT": (b"v=spf1 -all", b"v=spf1 +all")}, CLIENT, "permerror"),
        ({"example.jp TXT": (b"v=spf1 include:example.jp -all",)}, CLIENT, "permerror"),
        ({"example.jp TXT": (b"v=spf1 include:a.example -all",), "a.example TXT": (b"v=spf1 include:example.jp",)}, CLIENT, "permerror"),
        (records(b"v=spf1 a:a1.example a:a2.example a:a3.example ip4:192.0.2.1 -all"), CLIENT, "permerror"),
        (records(b"v=spf1 ip4:192.0.2.1 " + b"a:" + b"x" * 5_000), CLIENT, "permerror"),
        (records(b"v=spf1 \xff -all"), CLIENT, "permerror"),
    ],
)  # fmt: skip
def test_what_spf_says(zone: Records, client: Client, result: str) -> None:
    found = judged(zone, client=client)
    assert found.evidence == (f"spf={result} example.jp from {client.address}",)
    assert (found.is_proof, found.is_decided) == (result == "pass", True)


@pytest.mark.parametrize("silent", ["example.jp TXT", "a.example A"])
def test_a_silent_dns_leaves_it_open(silent: str) -> None:
    found = judged(Zone({"example.jp TXT": (b"v=spf1 a:a.example -all",), silent: SILENT}))
    assert found.evidence == ("spf=temperror example.jp from 192.0.2.1",)
    assert (found.is_proof, found.is_decided) == (False, False)


@pytest.mark.parametrize(
    ("mail_from", "sender", "is_strict", "is_proof"),
    [
        (FROM, "example.jp", True, True),
        (FROM, "shop.example.jp", False, True),
        (FROM, "shop.example.jp", True, False),
        ("Taro@EXAMPLE.jp.", "example.jp", True, True),
        (FROM, "example.co.jp", False, False),
    ],
)
def test_only_an_aligned_domain_proves_the_sender(mail_from: str, sender: str, is_strict: bool, is_proof: bool) -> None:
    zone = Zone(records(b"v=spf1 ip4:192.0.2.1 -all"))
    found = judged(zone, mail_from, sender=sender, is_strict=is_strict)
    assert (found.is_proof, found.is_decided) == (is_proof, True)
    if not is_proof:
        assert found.evidence == ("spf: the envelope's sender is of another domain (example.jp)",)
        assert zone.asked == []  # nobody makes us ask about a stranger's domain


def test_of_the_null_sender_the_servers_name_stands_in() -> None:
    zone = {"mail.example.jp TXT": (b"v=spf1 ip4:192.0.2.1 -all",)}
    assert judged(zone, "").evidence == ("spf=pass mail.example.jp from 192.0.2.1",)
    assert judged(zone, "", Client(address="192.0.2.1", helo="[192.0.2.1]")).evidence == ("spf: no envelope sender",)
    assert judged(zone, "", Client(address="192.0.2.1", helo="mx.other.example")).evidence == (
        "spf: the envelope's sender is of another domain (mx.other.example)",
    )


def test_without_the_senders_server_nothing_is_judged_unless_nothing_could_prove_him() -> None:
    away = NoClient(why="the sender signed in at a relay of ours")
    found = judged({}, FROM, away)
    assert (found.is_proof, found.is_decided) == (False, False)
    assert found.evidence == ("spf: not judged, the sender signed in at a relay of ours",)
    assert not judged({}, "", away).is_decided
    assert judged({}, "bounce@esp.example", away).is_decided


@pytest.mark.parametrize("mail_from", ['"a@b"@example.jp', "@example.jp", "a" * 500 + "@example.jp", "太郎@example.jp"])
def test_no_local_part_confuses_it(mail_from: str) -> None:
    zone = records(b"v=spf1 exists:%{l}.%{o} ip4:192.0.2.1 -all")
    assert judged(zone, mail_from).evidence == ("spf=pass example.jp from 192.0.2.1",)


def test_a_check_asks_and_waits_within_its_bounds() -> None:
    now = [0.0]
    zone = Zone()
    inquiry = Inquiry(zone, lambda: now[0])
    inquiry.ask("a.example", "A")
    now[0] = CHECK_S - 0.5
    inquiry.ask("a.example", "A")
    assert zone.lifetimes == [2.0, 0.5]
    now[0] = CHECK_S
    with pytest.raises(DnsTrouble, match="took too long"):
        inquiry.ask("a.example", "A")
    many = Inquiry(zone, lambda: 0.0)
    for _ in range(MOST_QUESTIONS):
        many.ask("a.example", "A")
    with pytest.raises(DnsTrouble, match="asked too much"):
        many.ask("a.example", "A")


def test_pyspf_warns_of_nothing_and_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        judged(MX)
    assert caught == []
    assert capfd.readouterr() == ("", "")
