"""Ready drafts for the issues that a split letter asks to send again: address, subject, facts, and a link that opens them.

Each has a signed address of its own, so that the new mail becomes a ticket linked to the one it came from. Promises: what
stands in a draft is what the customer wrote of the issue, made harmless, or what was recognised. A link that is too long for
plain text goes without the text of the draft, then without its subject; that of the HTML form has everything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from responders.questions import said
from responders.signing import split_address

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from policy.pack import Pack
    from responders.identity import SenderIdentity

LONGEST_LINK = 600  # characters in plain text
LONGEST_WHOLE_LINK = 3_600  # in HTML


def split_drafts(
    issues: Iterable[Mapping[str, object]], ref: str, pack: Pack, identity: SenderIdentity, language: str
) -> list[dict[str, object]]:
    """One draft for each issue but the first, which goes on in the ticket itself."""
    return [_draft(issue, ref, pack, identity, language) for issue in issues if not issue["is_first"]]


def _draft(
    issue: Mapping[str, object], ref: str, pack: Pack, identity: SenderIdentity, language: str
) -> dict[str, object]:
    number = int(str(issue["n"]))
    to = split_address(identity.address, ref, number, identity.secret)
    subject = str(issue["proposed_subject"])
    colon = "：" if language in {"ja", "zh"} else ": "
    mark = "■ " if language in {"ja", "zh"} else "* "
    words = issue["words"] or issue["gist"]
    known = {"symptom": words, "where": issue["where"], "when": issue["when"]}
    if issue["has_symptom"]:
        fields = {said(pack.questions[item].heading, language, pack): value for item, value in known.items()}
    else:
        fields = {said(pack.texts["your_question"], language, pack): words}
    lines = [f"{mark}{heading}{colon}{value}".rstrip(" ") for heading, value in fields.items()]
    return {
        "n": number,
        "to": to,
        "subject": subject,
        "lines": lines,
        "mailto": mailto(to, subject, lines, LONGEST_LINK),
        "whole_link": mailto(to, subject, lines),
    }


def mailto(to: str, subject: str, lines: Iterable[str] = (), longest: int = LONGEST_WHOLE_LINK) -> str:
    """A link (RFC 6068) that opens a mail with this address and, as far as there is room, subject and text."""
    address = f"mailto:{quote(to, safe='@.+')}"
    with_subject = f"{address}?subject={quote(subject, safe='')}"
    body = quote("\r\n".join(lines), safe="")
    links = (f"{with_subject}&body={body}", with_subject) if body else (with_subject,)
    return next((link for link in links if len(link) <= longest), address)
