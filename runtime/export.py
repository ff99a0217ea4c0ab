"""All that the desk has of one person, as a file for that person: mails and letters as they were, and what was made of them.

A ZIP file: `index.ja.html` and `index.en.html` to read, `data.json` for programs, `mails/` and `letters/` as complete messages.
Promises: nothing of others (their mails in the same ticket, names of agents, notes of the desk unless asked for) but what the
person's own mails and letters quote; nothing of the person's own is left out or masked; what came by mail is text, whatever it says.
"""

from __future__ import annotations

import html
import json
import zipfile
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from desk.texts import TOKENS, words
from models.decision import ReplyState
from models.errors import NotFound
from runtime.keeping import new_file
from runtime.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from models.db.store import Store
    from models.erasing import Belongings
    from models.views import EventView, MailView, ReplyView, TicketView
    from policy.pack import Pack

FORMAT = 1
_WENT = frozenset({ReplyState.SENT.value, ReplyState.BOUNCED.value})
# What happened to a ticket, for its customer; details may name others.
_TOLD = frozenset({"filed", "joined", "moved", "reply_sent", "reply_bounced", "split_opened"})
_NOTE = "note"
_STYLE = (
    "body{font:16px/1.6 system-ui,sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b;background:#fff}"
    "h2{border-top:1px solid #bbb;padding-top:1rem}pre{white-space:pre-wrap;overflow-wrap:anywhere;background:#f4f4f4;"
    "padding:.75rem}dt{font-weight:600}"
)
_WORDS = {
    "ja": {
        "title": "お問い合わせ窓口が保有するデータの写し",
        "about": "{address} 様について、{desk} の受付システムが {at} の時点で保有していたデータです。",
        "where": "メールと返信の原本は mails と letters のフォルダーに、プログラムで読み取れる形式のデータは data.json にあります。",
        "others": "同じ件に関するほかの方のメール、担当者の氏名、送信しなかった返信の文案は含まれていません。",
        "no_notes": "窓口の内部メモは含まれていません。",
        "accounts": "お客様のものとして確認済みのアカウント",
        "rule": "返信に関する登録",
        "block": "自動の返信を送らない",
        "allow": "自動の返信を制限しない",
        "unread": "受付番号のないメール",
        "state": "状態",
        "opened": "受付日時",
        "updated": "最終更新",
        "language": "言語",
        "categories": "分類",
        "mail": "お客様のメール",
        "letter": "窓口からの返信",
        "note": "窓口の内部メモ",
        "files": "添付ファイル",
        "original": "原本",
        "erased": "内容は消去済みです。",
        "others_count": "ほかの方のメール {count} 通(この写しには含まれません)",
        "elsewhere": "ほかの方の件でのやり取り",
    },
    "en": {
        "title": "A copy of what the support desk holds",
        "about": "This is what the desk {desk} held about {address} on {at}.",
        "where": "Mails and letters as they were are in the folders mails and letters, the same for programs in data.json.",
        "others": "Mails of other people on the same matters, the names of agents and letters that were never sent are not in it.",
        "no_notes": "Internal notes of the desk are not in it.",
        "accounts": "Accounts confirmed as yours",
        "rule": "What is set about letters to you",
        "block": "no letter goes by itself",
        "allow": "letters are not limited",
        "unread": "Mails without a ticket",
        "state": "State",
        "opened": "Opened",
        "updated": "Last change",
        "language": "Language",
        "categories": "Categories",
        "mail": "Your mail",
        "letter": "Our letter",
        "note": "Internal note of the desk",
        "files": "Attachments",
        "original": "Original",
        "erased": "Its content was erased.",
        "others_count": "{count} mails of other people (not in this copy)",
        "elsewhere": "In tickets of other people",
    },
}


def write_export(
    store: Store,
    address: str,
    belongings: Belongings,
    file: Path,
    *,
    desk: str,
    pack: Pack,
    now: datetime,
    has_notes: bool,
) -> Iterator[int]:
    """Write the file; yields once for each ticket.

    The data keep the machine's values; the pages have the words of the desk and its pack, and the desk's time.

    Raises:
        ConfigError: The file is there, or cannot be made.
        ArchiveError: It could not be written.
    """
    with new_file(file) as out, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        value: dict[str, Any] = {
            "format": FORMAT,
            "program": f"uketsuke {VERSION}",
            "made_at": now.isoformat(),
            "desk": desk,
            "address": address,
            "has_notes": has_notes,
            "accounts": list(belongings.accounts),
            "rule": _rule(belongings, has_notes=has_notes),
            "tickets": [],
            "elsewhere": [],
            "without_ticket": [],
        }
        for ref in belongings.tickets:
            try:
                view = store.ticket(ref)
            except NotFound:  # it was erased meanwhile
                continue
            value["tickets"].append(_ticket(archive, store, view, address, has_notes=has_notes))
            yield 1
        value["elsewhere"] = list(_elsewhere(archive, store, belongings))
        for mail_id in belongings.unread:
            name = _put(archive, f"mails/{mail_id}.eml", store.raw_mail(mail_id))
            value["without_ticket"].append({"id": mail_id, "received_at": store.unread_at(mail_id), "file": name})
        archive.writestr("data.json", json.dumps(value, ensure_ascii=False, indent=1).encode("utf-8", "replace"))
        for language in _WORDS:
            page = _page(value, _Reader(language=language, pack=pack))
            archive.writestr(f"index.{language}.html", page.encode("utf-8", "replace"))


def _rule(belongings: Belongings, *, has_notes: bool) -> dict[str, str] | None:
    if belongings.rule is None:
        return None
    verdict, note = belongings.rule
    return {"verdict": verdict, **({"note": note} if has_notes else {})}


def _put(archive: zipfile.ZipFile, name: str, content: bytes) -> str:
    archive.writestr(name, content)
    return name


def _ticket(
    archive: zipfile.ZipFile, store: Store, view: TicketView, address: str, *, has_notes: bool
) -> dict[str, Any]:
    row, own = view.row, address.casefold()
    mails = [one for one in view.mails if one.sender.casefold() == own]
    letters = [one for one in view.replies if one.to.casefold() == own and one.state in _WENT]
    return {
        "ref": row.ref,
        "subject": row.subject,
        "state": row.state,
        "language": row.language,
        "disposition": row.disposition,
        "categories": list(row.categories),
        "products": list(row.products),
        "opened_at": row.opened_at.isoformat(),
        "updated_at": row.updated_at.isoformat(),
        "mails": [_mail(archive, store, one) for one in mails],
        "letters": [_letter(archive, store, one) for one in letters],
        "mails_of_others": len(view.mails) - len(mails),
        "history": [{"at": one.at.isoformat(), "what": one.what} for one in view.events if one.what in _TOLD],
        "notes": [_note(one) for one in view.events if one.what == _NOTE] if has_notes else None,
    }


def _note(event: EventView) -> dict[str, str]:
    return {"at": event.at.isoformat(), "text": event.detail}


def _mail(archive: zipfile.ZipFile, store: Store, mail: MailView) -> dict[str, Any]:
    return {
        "id": mail.mail_id,
        "message_id": mail.message_id,
        "received_at": mail.received_at.isoformat(),
        "from": mail.sender,
        "from_name": mail.sender_name,
        "to": mail.to,
        "subject": mail.subject,
        "text": mail.text,
        "attachments": [
            {"filename": one.filename, "content_type": one.content_type, "size": one.size} for one in mail.attachments
        ],
        "trust": mail.trust,
        "is_read": mail.seen is not None,
        "file": _put(archive, f"mails/{mail.mail_id}.eml", store.raw_mail(mail.mail_id)),
    }


def _letter(archive: zipfile.ZipFile, store: Store, letter: ReplyView) -> dict[str, Any]:
    return {
        "id": letter.reply_id,
        "message_id": letter.message_id,
        "kind": letter.kind,
        "state": letter.state,
        "sent_at": letter.sent_at.isoformat() if letter.sent_at else None,
        "subject": letter.subject,
        "text": letter.text,
        "file": _put(archive, f"letters/{letter.reply_id}.eml", store.raw_reply(letter.reply_id)),
    }


def _elsewhere(archive: zipfile.ZipFile, store: Store, belongings: Belongings) -> Iterator[dict[str, Any]]:
    """The person's part in tickets of others: nothing else of these."""
    refs = dict.fromkeys(ref for ref, _ in (*belongings.elsewhere, *belongings.letters_elsewhere))
    wanted_mails = {mail_id for _, mail_id in belongings.elsewhere}
    wanted_letters = {letter_id for _, letter_id in belongings.letters_elsewhere}
    for ref in refs:
        view = store.ticket(ref)
        letters = [one for one in view.replies if one.reply_id in wanted_letters and one.state in _WENT]
        mails = [one for one in view.mails if one.mail_id in wanted_mails]
        yield {
            "ref": ref,
            "mails": [_mail(archive, store, one) for one in mails],
            "letters": [_letter(archive, store, one) for one in letters],
        }


# To read


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reader:
    """Who reads the page: what the machine calls by a key and counts in UTC, in the words and the time of people."""

    language: str
    pack: Pack

    @property
    def words(self) -> dict[str, str]:
        """The page's own words."""
        return _WORDS[self.language]

    def when(self, at: str) -> str:
        """An instant (ISO 8601) by the desk's clock; "" stays that."""
        if not at:
            return ""
        local = datetime.fromisoformat(at).astimezone(ZoneInfo(self.pack.desk.timezone))
        return local.strftime("%Y/%m/%d %H:%M %Z" if self.language == "ja" else "%Y-%m-%d %H:%M %Z")

    def state(self, key: str) -> str:
        """A ticket's state as the desk calls it."""
        return words(self.language).get(key, key)

    def category(self, key: str) -> str:
        """A category's name in the pack, in its own language where it does not speak the reader's."""
        found = next((one.name for one in self.pack.categories.values() if one.id.value == key), None)
        return (found.get(self.language) or found[self.pack.default_language]) if found else key

    def language_of(self, key: str) -> str:
        """A language's name."""
        return TOKENS[self.language].get(key, key)


def _page(value: dict[str, Any], r: _Reader) -> str:
    w = r.words
    about = w["about"].format(address=value["address"], desk=value["desk"], at=r.when(value["made_at"]))
    said = [about, w["where"], w["others"], *([] if value["has_notes"] else [w["no_notes"]])]
    parts = [f"<h1>{_text(w['title'])}</h1>", *(f"<p>{_text(one)}</p>" for one in said)]
    if value["accounts"]:
        parts.append(f"<h2>{_text(w['accounts'])}</h2><p>{_text(', '.join(value['accounts']))}</p>")
    if value["rule"]:
        rule = value["rule"]
        told = " · ".join(filter(None, (w.get(rule["verdict"], rule["verdict"]), rule.get("note", ""))))
        parts.append(f"<h2>{_text(w['rule'])}</h2><p>{_text(told)}</p>")
    parts += [_ticket_part(one, r) for one in value["tickets"]]
    for one in value["elsewhere"]:
        parts.append(f"<h2>{_text(w['elsewhere'])}: {_text(one['ref'])}</h2>{_messages(one, r)}")
    if value["without_ticket"]:
        items = "".join(
            f"<li>{_text(r.when(one['received_at']))} {_link(one['file'])}</li>" for one in value["without_ticket"]
        )
        parts.append(f"<h2>{_text(w['unread'])}</h2><ul>{items}</ul>")
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        f'<!doctype html><html lang="{r.language}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}"><meta name="viewport" content="width=device-width">'
        f"<title>{_text(w['title'])}</title><style>{_STYLE}</style></head><body>{''.join(parts)}</body></html>"
    )


def _ticket_part(ticket: dict[str, Any], r: _Reader) -> str:
    facts = (
        (r.words["state"], r.state(ticket["state"])),
        (r.words["opened"], r.when(ticket["opened_at"])),
        (r.words["updated"], r.when(ticket["updated_at"])),
        (r.words["language"], r.language_of(ticket["language"])),
        (r.words["categories"], ("、" if r.language == "ja" else ", ").join(map(r.category, ticket["categories"]))),
    )
    told = "".join(f"<dt>{_text(name)}</dt><dd>{_text(said)}</dd>" for name, said in facts if said)
    notes = "".join(
        f"<h3>{_text(r.words['note'])} {_text(r.when(one['at']))}</h3><pre>{_text(one['text'])}</pre>"
        for one in ticket["notes"] or ()
    )
    others = ticket["mails_of_others"]
    more = f"<p>{_text(r.words['others_count'].format(count=others))}</p>" if others else ""
    return (
        f"<h2>{_text(ticket['ref'])} {_text(ticket['subject'])}</h2><dl>{told}</dl>{_messages(ticket, r)}{notes}{more}"
    )


def _messages(ticket: dict[str, Any], r: _Reader) -> str:
    """Mails and letters in the order in which they came and went."""
    found = [(one["received_at"], r.words["mail"], one) for one in ticket["mails"]]
    found += [(one["sent_at"] or "", r.words["letter"], one) for one in ticket["letters"]]
    return "".join(_message(at, name, one, r) for at, name, one in sorted(found, key=lambda part: part[0]))


def _message(at: str, name: str, one: dict[str, Any], r: _Reader) -> str:
    files = ", ".join(file["filename"] for file in one.get("attachments", ()))
    attached = f"<p>{_text(r.words['files'])}: {_text(files)}</p>" if files else ""
    body = f"<pre>{_text(one['text'])}</pre>" if one.get("is_read", True) else f"<p>{_text(r.words['erased'])}</p>"
    return (
        f"<h3>{_text(name)} {_text(r.when(at))}</h3><p>{_text(one['subject'])} ({_text(r.words['original'])}: {_link(one['file'])})</p>"
        f"{body}{attached}"
    )


def _link(file: str) -> str:
    return f'<a href="{html.escape(file, quote=True)}">{_text(file)}</a>'


def _text(said: str) -> str:
    """Text as HTML shows it, whatever it holds."""
    return html.escape(str(said), quote=True)
