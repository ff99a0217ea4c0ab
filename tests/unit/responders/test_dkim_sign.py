"""Letters signed here and now, verified as a receiver would: by dkimpy itself and by our own check of senders."""

from __future__ import annotations

import base64
import re
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import dkim
import pytest

from ingest.dkim_check import judge_dkim
from ingest.resolver import Inquiry
from models.errors import ConfigError, DeliveryDeferred
from responders.dkim_sign import DkimKey, parse_key, signed
from responders.mime import Outgoing, message_bytes
from runtime.cli.app import run
from runtime.settings import load_settings
from runtime.wiring import dkim_key
from tests.support.zones import SILENT, Zone
from tests.support.zones import key as rsa_key
from tests.unit.responders.builders import NOW

DOMAIN, NAME = "uketsuke.example", "desk._domainkey.uketsuke.example"
KEY = parse_key(rsa_key().pem, domain=DOMAIN, selector="desk")
Check = Callable[..., tuple[int, str]]  # exit code and words of `uketsuke check`
LONG_TEXT = "お問い合わせありがとうございます。.で始まる行もあります。\r\n.\r\n ..  空白  \r\n" * 400


def letter(text: str = "本文です。\n", **changes: object) -> bytes:
    values: dict[str, object] = {
        "from_name": "サポート受付（自動応答）",
        "from_address": "support@uketsuke.example",
        "reply_to": "support+T000001.abcdefghijklmnop@uketsuke.example",
        "to": "taro@sample.example",
        "subject": "Re: 接続できません " + "とても長い件名" * 20 + " [受付 T000001]",
        "text": text,
        "sent_at": NOW,
        "message_id": "<T000001.abc.def@uketsuke.example>",
        "in_reply_to": "<1@sample.example>",
        "references": tuple(f"<{number}.{'x' * 100}@sample.example>" for number in range(20)),
        "instance": "0" * 16,
        "languages": ("ja",),
        **changes,
    }
    return message_bytes(Outgoing(**values))  # type: ignore[arg-type]


def is_proof(raw: bytes, key: DkimKey = KEY) -> bool:
    """What our own check of senders says, and dkimpy by itself: they must agree."""
    record = key.record.encode()
    zone = Zone({f"{key.record_name} TXT": [record]})
    ours = judge_dkim(raw, key.domain, Inquiry(zone, lambda: 0.0), received_at=datetime.now(UTC), is_strict=True)
    theirs = dkim.verify(raw, dnsfunc=lambda *_, **__: record)
    assert ours.is_proof == theirs, ours.evidence
    return ours.is_proof


@pytest.mark.parametrize("text", ["", "a", "本文です。\n", LONG_TEXT, "\n\n\n", "From here\n"], ids=len)
def test_a_signed_letter_proves_itself(text: str) -> None:
    assert is_proof(signed(letter(text), KEY))


@pytest.mark.parametrize("changes", [{"html": "<p>本文です。</p>"}, {"charset": "iso-2022-jp"}], ids=["html", "jis"])
def test_a_letter_in_another_form_proves_itself(changes: dict[str, str]) -> None:
    made = signed(letter(LONG_TEXT, **changes), KEY)
    assert is_proof(made)
    assert not is_proof(made.removesuffix(b"\r\n") + b"x\r\n")


def test_the_letter_itself_stays_as_it_is_behind_one_field() -> None:
    raw = letter(LONG_TEXT)
    made = signed(raw, KEY)
    assert made.endswith(raw)
    field = made.removesuffix(raw)
    assert field.startswith(b"DKIM-Signature: ")
    assert field.count(b"\n") == field.count(b"\r\n") == field.count(b"\r\n ") + 1
    assert max(map(len, field.split(b"\r\n"))) <= 78
    assert message_from_bytes(made, policy=default)["Message-ID"] == "<T000001.abc.def@uketsuke.example>"


def test_the_signature_says_what_it_covers() -> None:
    raw = letter()
    field = signed(raw, KEY).removesuffix(raw).decode().replace("\r\n ", " ")
    tags = dict(one.strip().split("=", 1) for one in field.partition(":")[2].split(";"))
    assert (tags["v"], tags["a"], tags["c"], tags["d"], tags["s"]) == (
        "1",
        "rsa-sha256",
        "relaxed/relaxed",
        DOMAIN,
        "desk",
    )
    assert "l" not in tags
    assert re.split(r"\s*:\s*", tags["h"]) == [
        "from", "from", "to", "reply-to", "subject", "subject", "date", "message-id", "in-reply-to", "references",
        "auto-submitted", "mime-version", "content-type", "content-transfer-encoding", "content-language",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "name",
    [
        "From",
        "To",
        "Reply-To",
        "Subject",
        "Date",
        "Message-ID",
        "In-Reply-To",
        "References",
        "Auto-Submitted",
        "Content-Type",
    ],
)
def test_a_changed_field_breaks_it(name: str) -> None:
    made = signed(letter(), KEY)
    head = f"\r\n{name}: ".encode()
    assert made.count(head) == 1
    assert not is_proof(made.replace(head, head + b"x"))


def test_a_changed_body_breaks_it() -> None:
    made = signed(letter(), KEY)
    assert not is_proof(made + b"UGF5IGhlcmU=\r\n")
    first = made.index(b"\r\n\r\n") + 4
    assert not is_proof(made[:first] + b"A" + made[first + 1 :])


@pytest.mark.parametrize("field", [b"From: Boss <boss@uketsuke.example>", b"Subject: pay"])
def test_a_second_from_or_subject_breaks_it(field: bytes) -> None:
    made = signed(letter(), KEY)
    assert not is_proof(field + b"\r\n" + made)


def test_a_field_that_the_letter_lacks_cannot_be_added() -> None:
    made = signed(letter(in_reply_to=None, references=()), KEY)
    assert is_proof(made)
    assert not is_proof(b"In-Reply-To: <other@sample.example>\r\n" + made)


def test_what_servers_on_the_way_may_do_does_not_break_it() -> None:
    made = signed(letter(LONG_TEXT), KEY)
    assert is_proof(b"Received: from a by b; Tue, 24 Nov 2026 10:00:00 +0900\r\n" + made)
    assert is_proof(made.replace(b"\r\nTo: ", b"\r\nTO:  ") + b"\r\n\r\n")
    assert is_proof(made.replace(b"\r\n", b"\n"))


def test_what_cannot_be_signed_waits_and_is_not_quoted() -> None:
    with pytest.raises(DeliveryDeferred, match=r"could not be signed \(MessageFormatError\)") as raised:
        signed(b"no header, a secret\r\n\r\nbody\r\n", KEY)
    assert "secret" not in str(raised.value)


# The key


def pem_of(*lines: bytes) -> bytes:
    return b"-----BEGIN RSA PRIVATE KEY-----\n" + b"\n".join(lines) + b"\n-----END RSA PRIVATE KEY-----\n"


INNER = b"".join(rsa_key().pem.split(b"\n")[1:-2])


def test_a_key_is_read_in_whatever_lines_it_stands() -> None:
    lines = [INNER[at : at + 64] for at in range(0, len(INNER), 64)]
    for text in (
        pem_of(*lines),
        pem_of(*lines).replace(b"\n", b"\r\n"),
        b"Bag Attributes\n" + pem_of(*lines),
        pem_of(INNER).rstrip(),
    ):
        key = parse_key(text, domain=DOMAIN, selector="desk")
        assert is_proof(signed(letter(), key), key)


needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")


@needs_openssl
@pytest.mark.parametrize("form", [(), ("-traditional",)], ids=["PKCS 8", "PKCS 1"])
def test_what_openssl_makes_is_read_and_published_as_openssl_would(tmp_path: Path, form: tuple[str, ...]) -> None:
    file = tmp_path / "dkim.pem"
    subprocess.run(["openssl", "genrsa", *form, "-out", str(file), "2048"], check=True, capture_output=True)
    public = subprocess.run(
        ["openssl", "rsa", "-in", str(file), "-pubout", "-outform", "DER"], check=True, capture_output=True
    ).stdout
    key = parse_key(file.read_bytes(), domain=DOMAIN, selector="desk")
    assert (key.bits, key.record_name) == (2048, NAME)
    assert key.record == f"v=DKIM1; k=rsa; p={base64.b64encode(public).decode()}"
    assert is_proof(signed(letter(), key), key)


@needs_openssl
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("genpkey", "-algorithm", "ed25519"), "holds no RSA key (others, such as Ed25519, are not used)"),
        (("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:prime256v1"), "holds no RSA key"),
        (("genpkey", "-algorithm", "RSA", "-aes256", "-pass", "pass:hush-hush"), "is locked by a passphrase"),
    ],
)
def test_another_kind_of_key_is_named_with_the_mend(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    file = tmp_path / "dkim.pem"
    subprocess.run(["openssl", *arguments, "-out", str(file)], check=True, capture_output=True)
    with pytest.raises(ValueError, match=re.escape(said)):
        parse_key(file.read_bytes(), domain=DOMAIN, selector="desk")


def test_a_key_that_nobody_could_verify_is_refused() -> None:
    off = base64.b64encode(base64.b64decode(INNER)[:-1] + b"\x00")
    for text, said in (
        (b"", "holds no private key in PEM"),
        (b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "holds no private key in PEM"),
        (pem_of(b"AAAA"), "holds no RSA key"),
        (pem_of(b"%%%"), "holds no private key in PEM"),
        (pem_of(INNER[: len(INNER) // 2]), "holds no RSA key"),
        (rsa_key(768).pem, "holds an RSA key of 768 bits, receivers verify 1024 to 4096"),
        (pem_of(off), "holds an RSA key whose parts do not fit together"),
    ):
        with pytest.raises(ValueError, match=re.escape(said)) as raised:
            parse_key(text, domain=DOMAIN, selector="desk")
        assert INNER[:20].decode() not in str(raised.value)
    assert INNER[40:60].decode() not in repr(KEY)


def test_a_published_record_is_known_in_any_form() -> None:
    other = parse_key(rsa_key(seed=2).pem, domain=DOMAIN, selector="desk")
    assert KEY.is_in(KEY.record.encode())
    assert KEY.is_in(b"p=" + KEY.record.split("p=")[1].encode()[:50] + b" \t" + KEY.record.split("p=")[1].encode()[50:])
    assert KEY.is_in(rsa_key().record)  # the bare RSAPublicKey
    for text in (other.record.encode(), b"v=DKIM1; p=", b"v=DKIM1", b"v=spf1 -all", b"\xff", b""):
        assert not KEY.is_in(text)


# Settings and `check`


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = tmp_path / "dkim.pem"
    made.write_bytes(rsa_key().pem)
    made.chmod(0o600)
    monkeypatch.chdir(tmp_path)
    return made


def settings_of(**values: object) -> dict[str, str]:
    return {f"UKETSUKE_{name.upper()}": str(value) for name, value in values.items()}


def test_letters_are_signed_in_the_name_of_the_address_that_they_come_from(file: Path) -> None:
    names = settings_of(dkim_key_file=file, dkim_selector="k1.desk", addresses="support@Bücher.example,x@other.example")
    key = dkim_key(load_settings(names))
    assert key is not None
    assert key.record_name == "k1.desk._domainkey.xn--bcher-kva.example"
    assert dkim_key(load_settings({})) is None


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"dkim_key_file": "dkim.pem"}, "UKETSUKE_DKIM_SELECTOR (default): UKETSUKE_DKIM_KEY_FILE needs it"),
        ({"dkim_selector": "desk"}, "UKETSUKE_DKIM_SELECTOR (environment): names a key that is not there"),
        ({"dkim_key_file": "dkim.pem", "dkim_selector": "a_b"}, "is no such name; write letters, digits and hyphens"),
        (
            {"dkim_key_file": "dkim.pem", "dkim_selector": "a" * 64},
            "is no such name; write letters, digits and hyphens",
        ),
        ({"dkim_key_file": "none.pem", "dkim_selector": "desk"}, "UKETSUKE_DKIM_KEY_FILE: none.pem: No such file"),
        ({"dkim_key_file": ".", "dkim_selector": "desk"}, "UKETSUKE_DKIM_KEY_FILE: .: Is a directory"),
        ({"dkim_key_file": "bad.pem", "dkim_selector": "desk"}, "UKETSUKE_DKIM_KEY_FILE: bad.pem: holds no private"),
        (
            {"dkim_key_file": "dkim.pem", "dkim_selector": "desk", "addresses": "support@localhost"},
            "UKETSUKE_ADDRESSES: support@localhost has no domain of the DNS",
        ),
        ({"bounces": "none"}, "UKETSUKE_BOUNCES (environment)"),
    ],
)
def test_what_is_wrong_with_key_or_selector_is_one_line_with_the_mend(
    file: Path, values: dict[str, str], said: str
) -> None:
    Path("bad.pem").write_text("x", encoding="utf-8")
    with pytest.raises(ConfigError) as raised:
        dkim_key(load_settings(settings_of(**values)))
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)
    assert ";" in str(raised.value)  # what follows is the mend


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Check:
    def check(zone: Zone, **values: object) -> tuple[int, str]:
        monkeypatch.setattr("runtime.wiring.dns_resolver", lambda: zone)
        for name, value in settings_of(smtp_port=0, desk_port=0, **values).items():
            monkeypatch.setenv(name, value)
        return run(["check"]), capfd.readouterr().out

    return check


def published(*texts: bytes) -> Zone:
    return Zone({f"{NAME} TXT": texts})


def test_check_says_that_letters_are_not_signed_and_asks_nobody(checked: Check, file: Path) -> None:
    zone = Zone()
    assert "ok     dkim: letters are not signed; " in checked(zone)[1]
    assert zone.asked == []


@pytest.mark.parametrize(
    ("zone", "code", "said"),
    [
        (published(b"v=spf1 -all", KEY.record.encode()), 0, "ok     dkim: letters are signed (RSA, 1024 bits; 2048 are advised); the DNS has TXT"),
        (published(), 1, "WRONG  dkim: the DNS has no such key; publish TXT"),
        (published(rsa_key(seed=2).record), 1, "WRONG  dkim: the DNS has another key there, no letter would verify; publish TXT"),
        (Zone({f"{NAME} TXT": SILENT}), 0, "ok     dkim: letters are signed (RSA, 1024 bits; 2048 are advised); DNS does not answer (LifetimeTimeout), so look for TXT"),
    ],
    ids=["published", "not there", "another", "silent"],
)  # fmt: skip
def test_check_compares_the_key_with_the_dns(checked: Check, file: Path, zone: Zone, code: int, said: str) -> None:
    found, out = checked(zone, dkim_key_file=file, dkim_selector="desk")
    assert found == code
    assert f"{said} {NAME} = {KEY.record}\n" in out
    assert (zone.asked, zone.lifetimes) == ([f"{NAME} TXT"], [3.0])
    assert "warn" not in out


def test_check_warns_of_a_key_that_others_may_read(checked: Check, file: Path) -> None:
    file.chmod(0o640)
    code, out = checked(published(KEY.record.encode()), dkim_key_file=file, dkim_selector="desk")
    assert code == 0
    assert f"warn   dkim key file: {file} may be read by others than its owner; chmod 600 {file}\n" in out


def test_check_names_a_key_that_cannot_be_used(checked: Check, file: Path) -> None:
    file.write_text("x", encoding="utf-8")
    code, out = checked(Zone(), dkim_key_file=file, dkim_selector="desk")
    assert code == 2
    assert f"WRONG  dkim: UKETSUKE_DKIM_KEY_FILE: {file}: holds no private key in PEM" in out
