from __future__ import annotations

import json
from pathlib import Path

import pytest

from runtime.cli.app import run

MAIL = (
    "From: 山田 太郎 <taro@sample.example>\nTo: support@uketsuke.example\nSubject: RDSのエラー\nMessage-ID: <1@sample.example>\n"
    "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n"
    "rm-0iwa1b2c3d4e5f6g でINSERT文を実行すると ERROR 1290 が返ります。\n"
)


@pytest.fixture
def eml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "one.eml"
    file.write_text(MAIL, encoding="utf-8")
    return file


def test_parse_prints_one_object_a_line_in_order_and_ends_with_1_if_one_fails(
    eml: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    code = run(["parse", "--json", "missing.eml", str(eml)])
    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert code == 1
    assert [line["error"] is None for line in lines] == [False, True]
    assert (lines[1]["from_name"], lines[1]["subject"]) == ("山田 太郎", "RDSのエラー")


def test_triage_prints_every_key_of_the_contract(eml: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["triage", "--json", str(eml)]) == 0
    found = json.loads(capfd.readouterr().out)
    assert set(found) >= {
        "path", "error", "language", "automatic", "assessed_text", "issues", "sections", "symptom_kind", "facets", "links", "accounts",
        "multiple_accounts", "refers_elsewhere", "secrets", "disposition", "notices", "missing", "unsure", "asked_along", "confidence", "hold",
        "explanation", "reply",
    }  # fmt: skip
    assert set(found["sections"]) == {"symptom", "evidence", "when", "where", "who", "materials", "goal"}
    assert "when" in found["missing"]
    assert found["assessed_text"].startswith("RDSのエラー\n")
    for section in found["sections"].values():
        assert all(0 <= start < end <= len(found["assessed_text"]) for start, end in section["spans"])


def test_reply_prints_a_complete_message(eml: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert run(["reply", str(eml)]) == 0
    out = capfdbinary.readouterr().out
    assert b"\r\nAuto-Submitted: auto-replied\r\n" in out
    assert b"\r\nIn-Reply-To: <1@sample.example>\r\n" in out


def test_reply_prints_text_for_a_person(eml: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["reply", "--text", str(eml)]) == 0
    out = capfd.readouterr().out
    assert out.startswith("To: ")
    assert "受付番号 T000000" in out


def test_reply_says_why_there_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "auto.eml").write_text("Auto-Submitted: auto-replied\n" + MAIL, encoding="utf-8")
    assert run(["reply", "auto.eml"]) == 0
    captured = capfd.readouterr()
    assert captured.out == ""
    assert "no letter" in captured.err


@pytest.mark.parametrize("arguments", [["nonsense"], ["parse"], ["report", "--period", "year"], ["show"]])
def test_a_wrong_call_is_one_line_and_exit_2(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(arguments) == 2
    err = capfd.readouterr().err.strip()
    assert err.startswith("uketsuke: ")
    assert "\n" not in err


def test_a_wrong_setting_is_one_line_and_exit_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("UKETSUKE_SMTP_PORT", "many")
    assert run(["queue"]) == 2
    assert "UKETSUKE_SMTP_PORT (environment)" in capfd.readouterr().err


def test_import_takes_files_in_once_and_queue_tells_of_them(eml: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["import", str(eml), str(eml)]) == 0
    capfd.readouterr()
    assert run(["queue", "--json", "--all"]) == 0
    (line,) = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert (line["ref"], line["mails"][0]["state"], line["mails"][0]["deliveries"]) == (None, "received", 2)


def test_a_dry_run_touches_no_database(eml: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["import", "--dry-run", str(eml)]) == 0
    assert "taro@sample.example" in capfd.readouterr().out
    assert not Path("var").exists()


def test_a_report_of_an_empty_week_is_a_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["report", "--period", "week", "--of", "2026-11-22", "--out", "r.html"]) == 0
    assert "2026-W47" in Path("r.html").read_text(encoding="utf-8")


def test_show_of_an_unknown_ticket_is_exit_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["show", "T000001"]) == 1
    assert "no ticket T000001" in capfd.readouterr().err
