from __future__ import annotations

import mailbox
from pathlib import Path

from runtime.inlets import mails_at

MAIL = b"From: a@example.com\nSubject: one\n\nFrom here on it is the body.\n"


def test_an_eml_file_is_one_mail(tmp_path: Path) -> None:
    file = tmp_path / "a.eml"
    file.write_bytes(MAIL)
    assert [raw for _, raw in mails_at(file)] == [MAIL]


def test_an_mbox_gives_each_mail_without_its_separator(tmp_path: Path) -> None:
    file = tmp_path / "box"
    box = mailbox.mbox(file)
    box.add(MAIL)
    box.add(MAIL.replace(b"one", b"two"))
    box.close()
    mails = [raw for _, raw in mails_at(file)]
    assert len(mails) == 2
    assert all(raw.startswith(b"From: a@example.com") for raw in mails)


def test_a_maildir_gives_new_and_cur(tmp_path: Path) -> None:
    folder = tmp_path / "Maildir"
    box = mailbox.Maildir(folder)
    box.add(MAIL)
    box.close()
    (folder / "cur" / "2:2,S").write_bytes(MAIL)
    assert len(list(mails_at(folder))) == 2


def test_a_folder_gives_its_eml_files(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.eml").write_bytes(MAIL)
    (tmp_path / "notes.txt").write_bytes(b"no mail")
    assert len(list(mails_at(tmp_path))) == 1
