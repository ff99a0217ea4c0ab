"""Mails whose words are out of reach: noted, kept, never answered by machine."""

from __future__ import annotations

import pytest

from tests.unit.ingest.mails import eml, read

ENVELOPED = bytes.fromhex("3080 06092a864886f70d010703 a080")
ARMORED = "-----BEGIN PGP MESSAGE-----\n\nhQEMA0000000000000000\n-----END PGP MESSAGE-----\n"


def multi(kind: str, *parts: str) -> bytes:
    body = "".join(f"--B\n{one}\n" for one in parts) + "--B--\n"
    return eml(f"Content-Type: multipart/{kind}; boundary=B", "To: support@desk.example", body=body)


@pytest.mark.parametrize(
    ("raw", "how"),
    [
        (eml("Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m", body="x"), "S/MIME"),
        (eml("Content-Type: application/x-pkcs7-mime; name=smime.p7m", body=ENVELOPED), "S/MIME"),
        (
            multi(
                'encrypted; protocol="application/pgp-encrypted"',
                "Content-Type: application/pgp-encrypted\n\nVersion: 1",
                f"Content-Type: application/octet-stream\n\n{ARMORED}",
            ),
            "PGP",
        ),
        (eml("Content-Type: text/plain", body=ARMORED), "PGP"),
    ],
)
def test_an_encrypted_mail_is_noted_and_not_answered(raw: bytes, how: str) -> None:
    mail = read(raw)
    assert f"the text is encrypted ({how}) and cannot be read here" in mail.warnings
    assert (mail.automation.kind, mail.automation.may_reply) == (None, False)
    assert "sealed: the text cannot be read here" in mail.automation.evidence


def test_a_text_packed_into_its_signature_is_not_answered_either() -> None:
    mail = read(eml("Content-Type: application/pkcs7-mime; smime-type=signed-data", body="x"))
    assert mail.warnings == ("the text is packed into its S/MIME signature and cannot be read here",)
    assert not mail.automation.may_reply


def test_a_signed_mail_is_read_and_its_signature_listed() -> None:
    mail = read(
        multi(
            'signed; protocol="application/pkcs7-signature"',
            "Content-Type: text/plain\n\nIt fails.",
            "Content-Type: application/pkcs7-signature; name=smime.p7s\nContent-Transfer-Encoding: base64\n\nQUJD",
        )
    )
    assert (mail.text, [a.filename for a in mail.attachments]) == ("It fails.", ["smime.p7s"])
    assert mail.warnings == ("signed with S/MIME; the signature was not checked",)
    assert mail.automation.may_reply


def test_winmail_dat_hides_the_words_only_where_there_are_no_others() -> None:
    tnef = "Content-Type: application/ms-tnef; name=winmail.dat\n\nx"
    beside, alone = read(multi("mixed", "Content-Type: text/plain\n\nIt fails.", tnef)), read(multi("mixed", tnef))
    note = "Outlook packed files into winmail.dat; they cannot be shown here"
    assert (beside.warnings, beside.automation.may_reply) == ((note,), True)
    assert (alone.warnings, alone.automation.may_reply) == ((note,), False)


def test_the_armor_of_a_clear_signature_is_not_the_senders_words() -> None:
    body = (
        "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nIt fails.\n- item\n"
        "-----BEGIN PGP SIGNATURE-----\n\niQEz\n-----END PGP SIGNATURE-----\n"
    )
    mail = read(eml(body=body))
    assert mail.reply_text == "It fails.\n- item"
    assert mail.warnings == ("signed with PGP; the signature was not checked",)
