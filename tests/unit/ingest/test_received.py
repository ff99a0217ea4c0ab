from __future__ import annotations

from dataclasses import replace

import pytest

from ingest.received import MOST_HOPS, Client, NoClient, client_of, parse_networks
from tests.unit.ingest.mails import SESSION

RELAYS = parse_networks("private, 198.51.100.0/24")
BY = "by mx.desk.example (Postfix) with ESMTPS id 4X; Tue, 24 Nov 2026 10:00:00 +0900"
CLIENT = "203.0.113.9"
FOUND = f"from mail.example.jp (mail.example.jp [{CLIENT}]) {BY}"


def found(*received: str, peer: str = "127.0.0.1", helo: str = "relay") -> Client | NoClient:
    return client_of(replace(SESSION, peer=peer, helo=helo), received, RELAYS)


@pytest.mark.parametrize(
    "header",
    [
        FOUND,
        f"from mail.example.jp (mail.example.jp [{CLIENT}]) (using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)) (No client certificate requested) {BY}",
        f"from mail.example.jp (unknown [{CLIENT}]) {BY}",
        f"from mail.example.jp (host.example [{CLIENT}] (may be forged)) {BY}",
        f"from host.example ([{CLIENT}] helo=mail.example.jp) by mx.desk.example with esmtps (Exim 4.97) id 1; x",
        f"from [{CLIENT}] (helo=mail.example.jp) by mx.desk.example with esmtp (Exim 4.97) id 1; x",
        f"from [{CLIENT}] (port=40123 helo=mail.example.jp) by mx.desk.example with esmtp (Exim 4.97) id 1; x",
        f"from unknown (HELO mail.example.jp) ({CLIENT}) by mx.desk.example with SMTP; x",
        f"from mail.example.jp ({CLIENT}) by mx.desk.example (10.0.0.5) with Microsoft SMTP Server id 15; x",
        f"from mail.example.jp (host.example [IPv6:::ffff:{CLIENT}]) {BY}",
    ],
)
def test_every_servers_way_of_naming_its_client_is_read(header: str) -> None:
    assert found(header) == Client(address=CLIENT, helo="mail.example.jp")


def test_an_address_of_the_new_kind_is_read() -> None:
    assert found(f"from a.example (b.example [IPv6:2001:db8::25]) {BY}") == Client(
        address="2001:db8::25", helo="a.example"
    )


@pytest.mark.parametrize(
    "header",
    [
        f"from [192.0.2.66] (unknown [{CLIENT}]) {BY}",
        f"from host.example ([{CLIENT}] helo=[192.0.2.66]) by mx.desk.example with esmtp; x",
        f"from [{CLIENT}] (helo=[192.0.2.66]) by mx.desk.example with esmtp; x",
        f"from unknown (HELO [192.0.2.66]) ({CLIENT}) by mx.desk.example with SMTP; x",
        f"from unknown (HELO 192.0.2.66) ({CLIENT}) by mx.desk.example with SMTP; x",
    ],
)
def test_what_the_stranger_calls_himself_is_never_his_address(header: str) -> None:
    client = found(header)
    assert isinstance(client, Client)
    assert client.address == CLIENT


@pytest.mark.parametrize(
    "header",
    [
        "",
        "by mx.desk.example (Postfix, from userid 1000) id 4X; x",
        f"from mail.example.jp {BY}",
        f"from [{CLIENT}] {BY}",
        f"from x(y[192.0.2.66]) (unknown [{CLIENT}]) {BY}",
        f"from [{CLIENT}] (helo=x(y[192.0.2.66])) by mx.desk.example with esmtp; x",
        f"from mail.example.jp (mail.example.jp [999.1.1.1]) {BY}",
        f"from mail.example.jp by mx.desk.example (mail.example.jp [{CLIENT}]); x",
        "from",
        "from a (",
    ],
)
def test_where_a_relays_words_leave_a_doubt_there_is_no_answer(header: str) -> None:
    client = found(header, FOUND)
    assert isinstance(client, NoClient)
    assert client.why.startswith("a relay of ours does not say")


def test_a_server_that_is_none_of_ours_is_the_client_whatever_the_mail_says() -> None:
    assert found(FOUND, peer="192.0.2.7", helo="other.example") == Client(address="192.0.2.7", helo="other.example")
    assert found(FOUND, peer="::ffff:192.0.2.7") == Client(address="192.0.2.7", helo="relay")


def test_the_trace_is_followed_through_our_own_relays_only() -> None:
    filter_ = f"from localhost (localhost [127.0.0.1]) {BY}"
    front = f"from front.desk.example (front.desk.example [198.51.100.20]) {BY}"
    forged = f"from bank.example (bank.example [192.0.2.66]) {BY}"
    assert found(filter_, front, FOUND, forged) == Client(address=CLIENT, helo="mail.example.jp")
    assert found(filter_, front, FOUND, peer="198.51.100.9") == Client(address=CLIENT, helo="mail.example.jp")
    assert found(filter_, FOUND, peer="") == Client(address=CLIENT, helo="mail.example.jp")  # a local socket, a pipe
    assert found(filter_, "by x (Postfix, from userid 0); x", FOUND) == NoClient(
        why="a relay of ours does not say where the mail came from"
    )


@pytest.mark.parametrize("with_", ["ESMTPSA", "ESMTPA", "esmtpsa", "UTF8SMTPSA", "LMTPA"])
def test_a_sender_who_signed_in_at_our_relay_came_from_anywhere(with_: str) -> None:
    client = found(FOUND.replace("ESMTPS", with_))
    assert client == NoClient(why="the sender signed in at a relay of ours")


def test_a_trace_without_an_outside_names_nobody() -> None:
    inside = f"from pc.desk.example (pc.desk.example [10.0.0.8]) {BY}"
    why = NoClient(why="the trace of our own relays names no server of the sender")
    assert found() == why
    assert found(inside) == why
    assert found(*[inside] * MOST_HOPS, FOUND) == why


def test_an_unreadable_peer_is_not_taken_for_a_relay() -> None:
    assert found(FOUND, peer="somewhere") == NoClient(why="the address of the server that spoke to us is not known")
    assert found(FOUND, peer="fe80::1%eth0") == Client(address=CLIENT, helo="mail.example.jp")


def test_networks_are_read_from_a_setting() -> None:
    assert [str(one) for one in parse_networks("192.0.2.7, 2001:db8::/32,")] == ["192.0.2.7/32", "2001:db8::/32"]
    assert [str(one) for one in parse_networks("192.0.2.7/24")] == ["192.0.2.0/24"]
    assert len(parse_networks("private, Private")) == 8
    assert parse_networks("") == ()
    with pytest.raises(ValueError, match=r"'mx\.example' is no network"):
        parse_networks("private, mx.example")
