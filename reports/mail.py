"""Reports and alarms as complete mails to our own people.

Promises: plain text first, then HTML with its pictures inside (RFC 2387); ASCII headers, CRLF, lines of at most 998 octets; nothing
that loads from elsewhere; `Auto-Submitted`, so that nothing answers by itself; the same `Message-ID` for the same key. Readable
as text alone, and without pictures.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from models.memos import is_mailable
from reports.chapters_desk import books_table, gap, is_wrong
from reports.frame import words_only
from reports.parts import Chart, Document, Lines, Paragraph, Section, plain
from reports.plots import drawn
from reports.render_html import environment
from reports.render_text import render_brief
from reports.wording import Wording, one_line
from reports.words import counted, words
from responders.memo_head import memo_headers, unique_of
from responders.mime import CRLF, fold, unstructured

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from models.facts import DayBooks
    from policy.pack import Pack
    from reports.frame import Links

_LONGEST_SUBJECT = 150
_LONGEST_PREVIEW = 140
_SOFT = "color:#56626f"
_FONT = "font-family:'Hiragino Sans','Yu Gothic',Meiryo,'Noto Sans JP',Arial,sans-serif"
_STYLES: Mapping[str, str] = {
    "body": f"margin:0;padding:0;background:#f4f6f8;color:#1d2733;{_FONT};font-size:14px;line-height:1.6",
    "card": f"padding:20px 22px;border:1px solid #dfe4ea;border-radius:8px;color:#1d2733;{_FONT};font-size:14px;line-height:1.6",
    "h1": "font-size:19px;line-height:1.4;margin:0 0 2px",
    "h2": "font-size:16px;line-height:1.4;margin:22px 0 8px;padding-top:14px;border-top:1px solid #dfe4ea",
    "p": "margin:0 0 10px",
    "alarm": "margin:0 0 10px;padding:8px 12px;border:2px solid #b3261e;color:#b3261e;font-weight:bold",
    "note": f"margin:4px 0 10px;font-size:12px;{_SOFT}",
    "foot": f"margin:24px 0 0;font-size:12px;{_SOFT}",
    "table": "border-collapse:collapse;font-size:13px;margin:8px 0 4px",
    "caption": "text-align:left;font-weight:bold;font-size:13px;padding:0 0 4px",
    "head": f"background:#f4f6f8;font-size:12px;{_SOFT}",
    "name": "border-top:1px solid #e6eaee;font-weight:normal",
    "field": "border-top:1px solid #e6eaee",
    "label": "display:none;mso-hide:all",
    "tone_better": ";color:#1d7a46;font-weight:bold",
    "tone_worse": ";color:#b3261e;font-weight:bold",
    "tone_alarm": ";color:#b3261e;font-weight:bold",
    "tone_moved": ";color:#7a4700;font-weight:bold",
    "tone_maybe": ";color:#7a4700",
    "tone_quiet": f";{_SOFT}",
}
# Rows of wide tables as cards. Some programs drop a style sheet that holds anything else.
_PHONE = (
    "@media only screen and (max-width:480px){"
    ".k{padding:14px 12px!important}"
    ".c,.c caption,.c tbody,.c tr,.c th{display:block!important}"
    ".c thead{display:none!important}"
    ".c tr{padding:6px 0!important;border-top:1px solid #dfe4ea!important}"
    ".c th,.c td{border:0!important;padding:1px 12px 1px 0!important;text-align:left!important}"
    ".c th{font-weight:bold!important}"
    ".c td{display:inline-block!important;white-space:normal!important}"
    ".c .z{display:none!important}"
    ".c .l{display:inline!important}}"
)


def report_mail(
    document: Document, *, to: str, from_address: str, from_name: str, instance: str, key: str, now: datetime
) -> bytes:
    """A report as a mail.

    Args:
        document: The report; its links name the desk's address.
        to: One address, plain ASCII.
        from_address: The desk's.
        from_name: What it is called.
        instance: The installation, for `X-Uketsuke-Instance`.
        key: Names this mail for ever; the same key gives the same Message-ID.
        now: For `Date`.

    Raises:
        ValueError: `to` cannot stand in a header.
    """
    seed = f"{instance} {key}"
    headers = _headers(
        document.subject,
        document.language,
        to=to,
        from_address=from_address,
        from_name=from_name,
        instance=instance,
        key=key,
        now=now,
    )
    headers.append(("X-Uketsuke-Report", document.name))
    mailed = [block for section in document.sections if section.is_mailed for block in section.blocks]
    shown = [block for block in mailed if isinstance(block, Chart)]
    unique, domain = unique_of(seed), from_address.rpartition("@")[2]
    cids = {chart.id: f"{chart.id}.{unique}@{domain}" for chart in shown}
    html = _html(document, cids)
    images = [_image(chart.id, cids[chart.id], drawn(chart, "png")) for chart in shown]
    return _message(headers, render_brief(document), html, images, seed)


def alarm_mail(
    books: Sequence[DayBooks],
    pack: Pack,
    language: str,
    links: Links,
    *,
    to: str,
    from_address: str,
    from_name: str,
    instance: str,
    key: str,
    now: datetime,
) -> bytes:
    """That the books do not agree: what, by how much, since when, what to do.

    Args:
        books: The days that were counted, the newest last; at least one has faults.
        pack: The desk's.
        language: The reader's.
        links: Where the desk is.
        to: One address, plain ASCII.
        from_address: The desk's.
        from_name: What it is called.
        instance: The installation.
        key: Names this mail for ever.
        now: For `Date`.

    Raises:
        ValueError: `to` cannot stand in a header, or no day has faults.
    """
    told = alarm(books, pack, language, links)
    seed = f"{instance} {key}"
    headers = _headers(
        told.subject,
        language,
        to=to,
        from_address=from_address,
        from_name=from_name,
        instance=instance,
        key=key,
        now=now,
    )
    headers += [("X-Priority", "1"), ("Importance", "high")]
    return _message(headers, render_brief(told), _html(told, {}), [], seed)


def alarm(books: Sequence[DayBooks], pack: Pack, language: str, links: Links) -> Document:
    """The alarm in words.

    Raises:
        ValueError: No day has faults.
    """
    wording = Wording(pack=pack, language=language)
    w = wording.w
    bad = [one for one in books if one.faults or is_wrong(one)]
    if not bad:
        raise ValueError("the books agree")
    wrong = [one for one in bad if is_wrong(one)]
    last = (wrong or bad)[-1]
    desk = pack.desk.name.get(language, pack.desk.name[pack.default_language])
    kind = "" if wrong else "_stuck"
    day = wording.short_date(last.day)
    if wrong and gap(last):
        subject = wording.said("alarm_subject", day=day, n=f"{gap(last):+,}")
    else:
        subject = wording.said("alarm_subject_stuck" if kind else "alarm_subject_even", day=day)
    summary = [Paragraph(text=words_only(wording.said(f"alarm_what{kind}", desk=desk)), tone="alarm")]
    if wrong:
        total = last.accepted - gap(last)
        said = wording.said("alarm_sum", accepted=f"{last.accepted:,}", sum=f"{total:,}", difference=f"{gap(last):+,}")
        since = wording.said("alarm_since", since=wording.short_date(wrong[0].day))
        summary.append(Paragraph(text=words_only(said + ("" if language == "ja" else " ") + since)))
    faults = tuple(
        words_only(f"{wording.short_date(one.day)}: {wording.fault(fault)}") for one in bad for fault in one.faults
    )
    steps = ("alarm_step_1", "alarm_step_2", "alarm_step_3") if wrong else ("alarm_step_stuck",)
    sections = [
        Section(
            id="todo",
            title=w["alarm_do"],
            blocks=(Lines(caption="", lines=tuple(words_only(w[one]) for one in steps)),),
        ),
        Section(id="books", title=w["books"], blocks=(books_table(books, wording),)),
    ]
    if faults:
        found = Section(id="faults", title=w["alarm_faults"], blocks=(Lines(caption="", lines=faults),))
        sections.insert(0, found)
    return Document(
        name=f"{last.day}",
        language=language,
        title=w[f"alarm_title{kind}"],
        subtitle=wording.said("as_of", at=wording.moment(last.counted_at)),
        subject=subject,
        desk=desk,
        link=f"{links.desk}/reports",
        summary_title=w["summary"],
        summary=tuple(summary),
        advice_title="",
        advice=(),
        no_advice="",
        sections=tuple(sections),
        brief=(),
        contents=w["contents"],
        whole=w["alarm_link"],
        foot=wording.said("foot", desk=desk),
        foot_settings=w["foot_settings"],
        foot_file=wording.said("foot_file", desk=desk),
    )


def _html(document: Document, cids: Mapping[str, str]) -> str:
    preview = " ".join(plain(one.text) for one in document.summary)[:_LONGEST_PREVIEW]
    w = words(document.language)
    return (
        environment()
        .get_template("mail.html")
        .render(
            document=document,
            cids=cids,
            s=_STYLES,
            phone=_PHONE,
            colon=":",
            nothing=w["nothing"],
            preview=preview,
            more=lambda left: counted(w, "more_rows", left),
        )
    )


def _headers(
    subject: str, language: str, *, to: str, from_address: str, from_name: str, instance: str, key: str, now: datetime
) -> list[tuple[str, str]]:
    if not is_mailable(to):
        raise ValueError("this address cannot be written to")
    return memo_headers(
        unstructured(one_line(subject)[:_LONGEST_SUBJECT], len("Subject: ")),
        to=to,
        from_address=from_address,
        from_name=one_line(from_name),
        instance=instance,
        key=key,
        now=now,
        language=language,
    )


def _message(headers: Sequence[tuple[str, str]], text: str, html: str, images: Sequence[str], seed: str) -> bytes:
    page = _text("html", html)
    if images:
        page = _multipart("related", f"{seed} related", (page, *images), '; type="text/html"')
    body = _multipart("alternative", f"{seed} alternative", (_text("plain", text), page))
    return ("".join(fold(name, value) for name, value in headers) + body).encode("ascii")


def _text(kind: str, text: str) -> str:
    head = fold("Content-Type", f"text/{kind}; charset=utf-8") + fold("Content-Transfer-Encoding", "base64")
    return head + CRLF + _base64(text.replace("\r\n", "\n").replace("\n", CRLF).encode("utf-8", "replace"))


def _image(name: str, cid: str, content: bytes) -> str:
    head = (
        ("Content-Type", f'image/png; name="{name}.png"'),
        ("Content-Transfer-Encoding", "base64"),
        ("Content-ID", f"<{cid}>"),
        ("Content-Disposition", f'inline; filename="{name}.png"'),
    )
    return "".join(fold(*one) for one in head) + CRLF + _base64(content)


def _base64(content: bytes) -> str:
    return base64.encodebytes(content).decode("ascii").replace("\n", CRLF)


def _multipart(kind: str, seed: str, parts: Sequence[str], more: str = "") -> str:
    # The same at every try, and in no line of base64: those hold no "=_".
    boundary = f"=_{unique_of(seed)}"
    body = "".join(f"--{boundary}{CRLF}{part}{CRLF}" for part in parts) + f"--{boundary}--{CRLF}"
    return fold("Content-Type", f'multipart/{kind}{more}; boundary="{boundary}"') + CRLF + body
