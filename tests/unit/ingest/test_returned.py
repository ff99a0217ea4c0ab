from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.ingest.mails import SESSION, eml, read

NULL = replace(SESSION, mail_from="")
OURS = "<T000123.abc.def@desk.example>"


def report(kind: str, returned: str) -> bytes:
    parts = (
        "Content-Type: text/plain\n\nThe mail could not be delivered.",
        "Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.x.example\n\nAction: failed",
        f"Content-Type: {kind}\n\n{returned}",
    )
    body = "".join(f"--B\n{part}\n" for part in parts) + "--B--\n"
    head = "Content-Type: multipart/report; report-type=delivery-status; boundary=B"
    return eml("From: MAILER-DAEMON@x.example", "Message-ID: <the@bounce>", head, body=body)


@pytest.mark.parametrize("kind", ["message/rfc822", "text/rfc822-headers", "message/global"])
def test_a_report_names_the_letter_it_carries_back(kind: str) -> None:
    raw = report(kind, f"Subject: Re: x\nMessage-ID: {OURS}\nReferences: <a@b>\n\nhello")
    assert read(raw, NULL).returned_ids == (OURS,)


def test_a_server_that_writes_the_headers_into_its_text_is_understood() -> None:
    body = (
        f"Hi. This is the qmail-send program at x.\n550 user unknown\n\n--- Below\nSubject: x\nMessage-Id:\n {OURS}\n"
    )
    raw = eml("From: MAILER-DAEMON@x.example", "Subject: failure notice", body=body)
    assert read(raw, NULL).returned_ids == (OURS,)


def test_a_persons_mail_returns_nothing() -> None:
    assert read(eml(body=f"Message-ID: {OURS}")).returned_ids == ()
