"""`forget`, `export` and `erasures` as an operator runs them, and the desk after them."""

from __future__ import annotations

import json
import threading
import zipfile
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

from models.db.store import Store
from models.decision import LetterKind
from models.mail import Address
from policy.pack import Pack
from runtime.cli.app import run
from runtime.retention import erase_old
from tests.support.clocks import Clock
from tests.support.desk import make_app, signed_in
from tests.support.filings import LEASE, NOW, arrival, file_one, filing, mail, reply
from tests.support.kept import data_folder

TARO, JIRO = "taro@example.com", "jiro@elsewhere.example"
HOSTILE = '<script>alert(1)</script> & "quoted" \' \u202e'


@pytest.fixture
def desk(migrated_sqlite: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """An installation in which Taro has two tickets, and a mail in a ticket of Jiro's; Jiro wrote into one of Taro's."""
    folder = data_folder(migrated_sqlite, tmp_path, monkeypatch)
    store = Store(f"sqlite:///{folder / 'uketsuke.sqlite3'}")
    one = file_into(store, 1, TARO, HOSTILE)
    other = file_into(store, 2, JIRO, "jiro's own words")
    file_into(store, 3, TARO, "taro writes to jiro's", join=other)
    file_into(store, 4, JIRO, "jiro writes to taro's", join=one)
    file_into(store, 5, TARO, "closed")
    store.add_note(one, f"internal {HOSTILE}", by="hanako", now=NOW)
    for letter in store.claim_replies(limit=9, lease=LEASE, now=NOW):
        store.reply_sent(letter, now=NOW)
    store.accept([arrival(6, body="at the door")])
    return store


def file_into(store: Store, number: int, sender: str, body: str, *, join: str | None = None) -> str:
    store.accept([arrival(number, sender=sender, body=body)])
    (claim,) = store.claim_mails(limit=1, lease=LEASE, now=NOW)
    one = mail(number, sender=sender, body=body, subject=f"mail {number} {HOSTILE}", cc=(Address(addr=JIRO),))
    letter = reply(claim.mail_id, to=sender, kind=LetterKind.FOLLOW_UP if join else LetterKind.REQUEST_INFORMATION)
    return store.file(filing(claim, one, letter, join=join))


def one_line(capsys: pytest.CaptureFixture[str]) -> str:
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    return said


class Tags(HTMLParser):
    """The tags of a page, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def test_an_export_holds_all_of_one_person_and_nothing_of_others(desk: Store, tmp_path: Path) -> None:
    out = tmp_path / "taro.zip"
    assert run(["export", "Taro@Example.com", "--out", str(out)]) == 0
    assert out.stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(out) as archive:
        names, value = set(archive.namelist()), json.loads(archive.read("data.json"))
        pages = {name: archive.read(name).decode() for name in names if name.endswith(".html")}
        mails = {int(name[6:-4]): archive.read(name) for name in names if name.startswith("mails/")}
        everything = b"\n".join(archive.read(name) for name in names)
    assert [one["ref"] for one in value["tickets"]] == ["T000001", "T000005"]
    assert [one["ref"] for one in value["elsewhere"]] == ["T000002"]
    assert sorted(mails) == [1, 3, 5, 6]
    assert all(raw == desk.raw_mail(mail_id) for mail_id, raw in mails.items())
    assert {name for name in names if name.startswith("letters/")} == {
        "letters/1.eml",
        "letters/3.eml",
        "letters/5.eml",
    }
    assert value["tickets"][0]["mails_of_others"] == 1
    assert value["tickets"][0]["mails"][0]["text"] == HOSTILE
    assert b"jiro's own words" not in everything
    assert b"jiro writes" not in everything
    assert b"internal" not in everything
    assert b"hanako" not in everything
    assert set(pages) == {"index.ja.html", "index.en.html"}
    for page in pages.values():
        read = Tags(page)
        assert "script" not in read.tags
        assert HOSTILE in read.text
    assert "お客様のメール" in pages["index.ja.html"]
    assert "Your mail" in pages["index.en.html"]


def test_the_pages_speak_as_people_do_and_the_data_as_machines(desk: Store, tmp_path: Path, pack: Pack) -> None:
    out = tmp_path / "taro.zip"
    assert run(["export", TARO, "--out", str(out)]) == 0
    with zipfile.ZipFile(out) as archive:
        value = json.loads(archive.read("data.json"))
        pages = {language: Tags(archive.read(f"index.{language}.html").decode()).text for language in ("ja", "en")}
    ticket = value["tickets"][0]
    category = next(one for one in pack.categories.values() if one.id.value == ticket["categories"][0])
    assert (ticket["state"], ticket["language"], ticket["mails"][0]["received_at"]) == (
        "waiting_customer",
        "ja",
        NOW.isoformat(),
    )
    for language, expected in {
        "ja": ("お客様待ち", "日本語", "2026/11/24 10:00 JST"),
        "en": ("Waiting for customer", "Japanese", "2026-11-24 10:00 JST"),
    }.items():
        page = pages[language]
        for one in (*expected, category.name[language]):
            assert one in page
        for raw in ("waiting_customer", category.id.value, "+00:00", "T01:00"):
            assert raw not in page
    assert desk.ticket("T000001").row.state == "waiting_customer"


def test_a_letter_that_never_went_is_not_in_the_copy(desk: Store, tmp_path: Path) -> None:
    file_into(desk, 7, TARO, "its letter is still queued")
    out = tmp_path / "taro.zip"
    assert run(["export", TARO, "--out", str(out)]) == 0
    with zipfile.ZipFile(out) as archive:
        found = [name for name in archive.namelist() if name.startswith("letters/")]
        tickets = {one["ref"]: one["letters"] for one in json.loads(archive.read("data.json"))["tickets"]}
        assert "letters that were never sent" in archive.read("index.en.html").decode()
    assert sorted(found) == ["letters/1.eml", "letters/3.eml", "letters/5.eml"]
    assert [len(letters) for letters in tickets.values()] == [1, 1, 0]


def test_notes_go_along_where_the_operator_says_so(desk: Store, tmp_path: Path) -> None:
    out = tmp_path / "taro.zip"
    assert run(["export", TARO, "--out", str(out), "--with-notes"]) == 0
    desk.close()
    with zipfile.ZipFile(out) as archive:
        value = json.loads(archive.read("data.json"))
        assert [one["text"] for one in value["tickets"][0]["notes"]] == [f"internal {HOSTILE}"]
        assert "Internal note" in archive.read("index.en.html").decode()


def test_forgetting_says_what_is_open_first_and_asks(
    desk: Store, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run(["forget", TARO, "--dry-run"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "open: T000001, T000005"
    assert said[1] == "tickets 2, with 3 mails and 3 letters"
    assert "mails at the door or parked: 1" in said
    assert len(desk.queue()) == 4
    assert run(["forget", TARO]) == 2
    assert "nobody is there to be asked; add --yes" in one_line(capsys)
    assert run(["forget", TARO, "--yes"]) == 0
    assert "erased: 2 tickets, 5 mails, 4 letters" in capsys.readouterr().out
    assert [row.ref for row in desk.queue(include_closed=True)] == ["T000002"]
    assert run(["forget", TARO, "--yes"]) == 0
    assert capsys.readouterr().out == f"nothing is kept of {TARO}\n"
    assert run(["export", TARO, "--out", str(tmp_path / "x.zip")]) == 0
    assert not (tmp_path / "x.zip").exists()
    capsys.readouterr()
    assert run(["erasures", "--json"]) == 0
    (line,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert (line["why"], line["tickets"], line["mails"], line["letters"]) == ("request", 2, 5, 4)
    assert len(line["customer"]) == 32
    assert TARO not in json.dumps(line)
    assert run(["erasures"]) == 0
    assert "request    cli:" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("taro", "is no address"),
        ("a b@c.example", "is no address"),
        ("support@uketsuke.example", "is the desk's own address"),
    ],
)
def test_what_is_no_persons_address_is_one_line(
    desk: Store, address: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["forget", address, "--yes"]) == 2
    assert said in one_line(capsys)
    assert len(desk.queue()) == 4


@pytest.mark.parametrize("language", ["ja", "en"])
async def test_the_desk_shows_what_is_left_and_who_erased_it(desk: Store, pack: Pack, language: str) -> None:
    assert run(["forget", TARO, "--yes"]) == 0
    async with signed_in(make_app(desk, pack, Clock(NOW)), language=language) as client:
        for path in (
            "/queue",
            "/tickets/T000002",
            "/audit",
            "/outbox",
            "/search?q=mail",
            "/reports",
            "/api/tickets/T000002",
            "/api/queue",
        ):
            page = await client.get(path)
            assert page.status_code == 200, path
            assert TARO not in page.text, path
        ticket = (await client.get("/tickets/T000002")).text
        assert {"ja": "メールの内容を消去", "en": "content erased at its sender"}[language] in ticket
        audit = (await client.get("/audit")).text
        assert {"ja": "本人の請求: 受付 2件、メール 5通、返信 4通", "en": "at the person&#39;s request: tickets 2"}[
            language
        ] in audit
        assert (await client.get("/tickets/T000001")).status_code == 404


def test_a_restored_backup_forgets_again(
    desk: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file, names = tmp_path / "kept.zip", tmp_path / "erasures.jsonl"
    assert run(["backup", str(file)]) == 0
    assert run(["forget", TARO, "--yes"]) == 0
    capsys.readouterr()
    assert run(["erasures", "--json"]) == 0
    names.write_text(capsys.readouterr().out)
    desk.close()
    monkeypatch.setenv("UKETSUKE_DATA_DIR", str(tmp_path / "elsewhere"))
    assert run(["restore", str(file), "--erasures", str(tmp_path / "none")]) == 2
    assert "--erasures" in one_line(capsys)
    assert run(["restore", str(file), "--same-moment", "--erasures", str(names)]) == 0
    assert "erased again, as since the backup: 1" in capsys.readouterr().out
    again = Store(f"sqlite:///{tmp_path / 'elsewhere' / 'uketsuke.sqlite3'}")
    assert [row.ref for row in again.queue(include_closed=True)] == ["T000002"]
    assert again.books().faults == ()
    again.close()


def test_reports_can_be_made_of_a_desk_that_forgot(desk: Store, capsys: pytest.CaptureFixture[str]) -> None:
    erase_old(desk, 1, NOW + timedelta(days=30), threading.Event())
    assert run(["forget", TARO, "--yes"]) == 0
    capsys.readouterr()
    assert run(["report", "--period", "week", "--of", "2026-11-24", "--format", "json"]) == 0
    assert run(["queue", "--all", "--json"]) == 0
    assert "T000002" in capsys.readouterr().out
    assert run(["show", "T000002"]) == 0
    assert run(["replay", "--since", "2026-11-01"]) == 0
    file_one(desk, 9)
    desk.close()
