"""Mails to our own people and systems: a ticket handed over to another help desk, and what an agent wants to hear of.

Turns the store's views into complete messages. Promises: ASCII headers and CRLF; credentials masked in every word of
ours; no address of a customer in a notice; an empty envelope sender and `Auto-Submitted`, so that nothing answers by
itself. A customer's mail that is carried along stays as it came, but for its line ends. Pure.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from desk.masking import hidden, masked, without_secrets
from desk.memo_texts import MEMO_WORDS
from desk.show import item_name, product_names, reason_text
from desk.texts import TOKENS, labels_of, words
from models.assessment import Facet, Section
from models.conversation import How
from models.mail import Trust
from models.memos import MemoKind, NewMemo, NoticeKind, hand_over_key, is_mailable
from responders.memo_head import memo_headers, unique_of
from responders.mime import CRLF, fold, phrase, unstructured

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from models.conversation import Known
    from models.memos import Notices
    from models.views import MailView, TicketView
    from policy.pack import Pack

MOST_BYTES = 15_000_000  # of customers' mails in one memo: most servers take 20 to 25 MB
_LONGEST_SUBJECT = 150
_LONGEST_EXCERPT = 600
_LONGEST_LINE = 998  # octets that a line may have (RFC 5322 2.1.1)
_LINE_END = re.compile(rb"\r\n|\r|\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoFrame:
    """What every memo stands on."""

    pack: Pack
    from_address: str
    instance: str
    desk_link: str  # without a slash at its end


def hand_over_memo(view: TicketView, raws: Mapping[int, bytes], to: str, frame: MemoFrame, *, now: datetime) -> NewMemo:
    """A ticket for another help desk.

    Args:
        view: The ticket.
        raws: Its mails as they came, by id.
        to: The other help desk's address.
        frame: The desk.
        now: The time.
    """
    ref, language = view.row.ref or "", frame.pack.default_language
    writer = next((mail for mail in view.mails if mail.automation is None or mail.automation.kind is None), None)
    carried, left_out = _that_fit(view.mails, raws)
    subject = _one_line(without_secrets(hidden(view.row.subject), view.mails)) or MEMO_WORDS[language]["no_subject"]
    is_complete = not view.row.missing
    latest = next((mail.decision for mail in reversed(view.mails) if mail.decision), None)
    headers = [
        *_headers(f"[{ref}] {subject}", to, frame, language, key=hand_over_key(ref), now=now),
        *([("Reply-To", _reply_to(writer))] if writer and is_mailable(writer.sender) else []),
        ("X-Uketsuke-Ref", ref),
        ("X-Uketsuke-State", view.row.state),
        ("X-Uketsuke-Category", ", ".join(view.row.categories) or "none"),
        ("X-Uketsuke-Product", ", ".join(view.row.products) or "none"),
        ("X-Uketsuke-Language", _token(view.row.language)),
        ("X-Uketsuke-Complete", "yes" if is_complete else "no"),
        ("X-Uketsuke-Missing", ", ".join(view.row.missing) or "none"),
        ("X-Uketsuke-Confidence", f"{latest.confidence:.2f}" if latest else "0.00"),
        ("X-Uketsuke-Trust", _token(writer.trust if writer else "")),
    ]
    text = "\n".join(_hand_over_text(view, writer, len(carried), left_out, frame, language))
    raw = _message(headers, text, carried, seed=f"{ref} {frame.instance}", ref=ref)
    return NewMemo(key=hand_over_key(ref), kind=MemoKind.HAND_OVER, ref=ref, to=to, mail_from="", raw=raw)


def notice_memo(notices: Notices, frame: MemoFrame, *, now: datetime) -> NewMemo:
    """All that waits for one agent, in one mail in his language."""
    language = notices.language if notices.language in MEMO_WORDS else frame.pack.default_language
    w, lines = MEMO_WORDS[language], notices.lines
    first = lines[0]
    subjects = {line.ref: _one_line(hidden(line.subject)) or w["no_subject"] for line in lines}
    refs = list(subjects)
    if len(lines) == 1:
        told = w[f"notice_one_{first.kind}"].format(subject=subjects[first.ref])
        subject = f"[{first.ref}] {told}"
    else:
        subject = w["notice_many"].format(count=len(refs), refs=", ".join(refs[:3]) + ("…" if len(refs) > 3 else ""))
    text = []
    for kind in NoticeKind:
        of_kind = [line for line in lines if line.kind == kind]
        text += [f"■ {w[f'notice_{kind.value}']}", ""] if of_kind else []
        for line in of_kind:
            by = f" ({w['assigned_by'].format(by=line.by)})" if kind is NoticeKind.ASSIGNED else ""
            text += [f"{line.ref}  {subjects[line.ref]}{by}", f"  {frame.desk_link}/tickets/{line.ref}", ""]
    text += ["-- ", w["notice_foot"], frame.desk_link]
    key = f"notice:{notices.agent}:{first.notice_id}"
    headers = _headers(subject, notices.to, frame, language, key=key, now=now)
    raw = _message(headers, "\n".join(text), [], seed=key, ref="")
    ref = first.ref if len(refs) == 1 else ""
    return NewMemo(key=key, kind=MemoKind.NOTICE, ref=ref, to=notices.to, mail_from="", raw=raw)


def _headers(
    subject: str, to: str, frame: MemoFrame, language: str, *, key: str, now: datetime
) -> list[tuple[str, str]]:
    return memo_headers(
        _subject(subject[:_LONGEST_SUBJECT]),
        to=to,
        from_address=frame.from_address,
        from_name=frame.pack.desk.name[language],
        instance=frame.instance,
        key=key,
        now=now,
    )


def _subject(text: str) -> str:
    """A subject whose `[T000123]` stays plain, so that rules of a mail server may look for it."""
    lead = text[: text.find("] ") + 2] if text.startswith("[T") else ""
    return lead + unstructured(text.removeprefix(lead), len("Subject: ") + len(lead))


def _hand_over_text(
    view: TicketView, writer: MailView | None, carried: int, left_out: list[int], frame: MemoFrame, language: str
) -> Iterator[str]:
    pack, row, said = frame.pack, view.row, words(language)
    w = {**MEMO_WORDS[language], **labels_of(pack, language)}
    zone = ZoneInfo(pack.desk.timezone)
    state = said.get(row.state, row.state)
    yield w["ready" if row.state == "ready" else "came"].format(ref=row.ref, state=state)
    yield ""
    yield f"{w['subject']}: {_one_line(without_secrets(hidden(row.subject), view.mails))}"
    if writer:
        yield f"{w['customer']}: {' '.join(filter(None, (_one_line(writer.sender_name), f'<{writer.sender}>')))}"
    yield f"{w['received']}: {row.opened_at.astimezone(zone):%Y/%m/%d %H:%M} ({pack.desk.timezone})"
    yield f"{w['state']}: {state}"
    names = {policy.id.value: policy.name[language] for policy in pack.categories.values()}
    yield f"{w['category']}: {', '.join(names.get(one, one) for one in row.categories) or w['none']}"
    yield f"{w['products']}: {', '.join(product_names(row.products, pack, language)) or w['none']}"
    yield f"{w['language']}: {TOKENS[language].get(row.language, row.language) or w['unknown_language']}"
    if row.region:
        yield f"{w['region']}: {row.region}"
    accounts = list(dict.fromkeys(one for mail in view.mails if mail.seen for one in mail.seen.accounts))
    if accounts:
        yield f"{w['accounts']}: {', '.join(accounts)}"
    yield f"{w['link']}: {frame.desk_link}/tickets/{row.ref}"
    if writer and writer.trust == Trust.FAILED:
        yield f"\n{w['failed_trust']}"
    yield f"\n■ {w['understood']}"
    told = list(_told(view, pack, language))
    yield from told or [w["nothing_given"]]
    yield f"\n■ {w['missing']}"
    yield from [f"- {item_name(item, pack, language)}" for item in row.missing] or [w["nothing_missing"]]
    if row.unsure:
        yield f"\n■ {w['unsure']}"
        yield from (f"- {item_name(item, pack, language)}" for item in row.unsure)
    decision = next((mail.decision for mail in reversed(view.mails) if mail.decision), None)
    if decision:
        yield f"\n■ {w['decision']}"
        confidence = w["confidence"].format(percent=round(decision.confidence * 100))
        yield f"{said.get(decision.disposition.value, decision.disposition.value)} ({confidence})"
        for reason in decision.reasons:
            what, detail = reason_text(reason, pack, language)
            yield f"- {what}{': ' if detail else ''}{_safe(detail, view.mails)}"
    yield f"\n■ {w['letters']}"
    yield from [
        f"- {said.get(letter.kind, letter.kind)}: {said.get(letter.state, letter.state)}" for letter in view.replies
    ] or [w["no_letters"]]
    yield f"\n■ {w['attached']}"
    yield w["original"].format(count=carried)
    if left_out:
        yield w["too_large"].format(numbers=", ".join(map(str, left_out)))
    yield w["secrets"]
    yield "\n-- "
    yield w["answer_to"] if writer and is_mailable(writer.sender) else w["answer_nowhere"]


def _told(view: TicketView, pack: Pack, language: str) -> Iterator[str]:
    """Each item that a mail gave, in the guide's order, with the words that gave it."""
    w = MEMO_WORDS[language]
    facets = [item for item in view.items if item.startswith("facet:")]
    first, *others = (section.value for section in Section)
    numbers = {mail.mail_id: number for number, mail in enumerate(view.mails, 1)}
    by_id = {mail.mail_id: mail for mail in view.mails}
    for item in (first, *facets, *others):
        known = view.items.get(item)
        if known is None or not known.is_given:
            continue
        mail = by_id.get(known.mail_id or 0)
        where = w["mail_number"].format(number=numbers[mail.mail_id]) if mail else ""
        yield f"[{item_name(item, pack, language)}]{f' {where}' if where else ''}"
        yield f"  {_safe(_words_of(item, known, mail, w), view.mails)}"


def _words_of(item: str, known: Known, mail: MailView | None, w: Mapping[str, str]) -> str:
    """The customer's words for an item, on one line; or that there are none to quote."""
    if known.how is How.UNKNOWN:
        return w["said_unknown"]
    quoted = " / ".join(words_given(item, mail))
    return (quoted if len(quoted) <= _LONGEST_EXCERPT else quoted[: _LONGEST_EXCERPT - 1] + "…") or w["answered"]


def words_given(item: str, mail: MailView | None) -> list[str]:
    """The words of a mail that give an item, each piece on one line, known credentials masked."""
    seen = mail.seen if mail else None
    if seen is None or item.startswith("link:"):
        return []
    finding = (
        seen.facets.get(Facet(item.removeprefix("facet:")))
        if item.startswith("facet:")
        else seen.sections.get(Section(item))
    )
    text = masked(seen.text, [secret.span for secret in seen.secrets])
    parts = (_one_line(text[start:end]) for start, end in (finding.spans if finding else ()) if end > start)
    return [part for part in parts if part]


def _safe(text: str, mails: Sequence[MailView]) -> str:
    return without_secrets(hidden(text), mails)


def _one_line(text: str) -> str:
    """On one line, without anything that a terminal or a header would obey."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def _token(text: str) -> str:
    return text if re.fullmatch(r"[A-Za-z0-9_.-]{1,40}", text) else "unknown"


def _reply_to(mail: MailView) -> str:
    name = _one_line(mail.sender_name)[:80]
    return f"{phrase(name, len('Reply-To: '))} <{mail.sender}>" if name else mail.sender


def _that_fit(mails: Sequence[MailView], raws: Mapping[int, bytes]) -> tuple[list[bytes], list[int]]:
    """The mails that one memo can carry, and the numbers of those it cannot."""
    carried: list[bytes] = []
    left_out: list[int] = []
    room = MOST_BYTES
    for number, mail in enumerate(mails, 1):
        raw = raws.get(mail.mail_id, b"")
        if not raw or len(raw) > room:
            left_out.append(number)
            continue
        room -= len(raw)
        carried.append(raw)
    return carried, left_out


def _message(headers: Sequence[tuple[str, str]], text: str, carried: Sequence[bytes], *, seed: str, ref: str) -> bytes:
    top = "".join(fold(name, value) for name, value in headers).encode("ascii")
    plain = _text_part(text)
    if not carried:
        return top + plain
    parts = [plain, *(_mail_part(raw, f"{ref}-{number}.eml") for number, raw in enumerate(carried, 1))]
    boundary = _boundary(seed, parts)
    is_8bit = any(not part.isascii() for part in parts)
    kind = fold("Content-Type", f'multipart/mixed; boundary="{boundary.decode()}"').encode("ascii")
    coding = b"Content-Transfer-Encoding: 8bit\r\n" if is_8bit else b""
    body = b"".join(b"--" + boundary + b"\r\n" + part + b"\r\n" for part in parts)
    return top + kind + coding + b"\r\n" + body + b"--" + boundary + b"--\r\n"


def _text_part(text: str) -> bytes:
    coded = base64.encodebytes(text.replace("\n", CRLF).encode("utf-8", "replace")).replace(b"\n", b"\r\n")
    return b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n" + coded


def _mail_part(raw: bytes, name: str) -> bytes:
    """A mail within a mail: as itself where a server may carry it so (RFC 2046 5.2.1 allows no coding), else as a file."""
    lines = _LINE_END.split(raw)
    where = b'Content-Disposition: attachment; filename="' + name.encode() + b'"\r\n'
    if b"\0" in raw or max(map(len, lines)) > _LONGEST_LINE:
        coded = base64.encodebytes(raw).replace(b"\n", b"\r\n")
        kind = b'Content-Type: application/octet-stream; name="' + name.encode() + b'"\r\n'
        return kind + where + b"Content-Transfer-Encoding: base64\r\n\r\n" + coded
    coding = b"7bit" if raw.isascii() else b"8bit"
    head = b"Content-Type: message/rfc822\r\n" + where + b"Content-Transfer-Encoding: " + coding + b"\r\n\r\n"
    return head + b"\r\n".join(lines)


def _boundary(seed: str, parts: Sequence[bytes]) -> bytes:
    """A line that stands in no part; the same at every try."""
    for turn in range(1000):
        found = b"=_" + unique_of(f"{seed} {turn}").encode()
        if not any(found in part for part in parts):
            return found
    raise AssertionError
