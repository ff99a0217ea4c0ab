"""Ready drafts for the issues that a split letter asks to send again: address, subject, facts, and a link that opens them.

Each has a signed address of its own, so that the new mail becomes a ticket linked to the one it came from. Promises: what
stands in a draft is what the letter says of the issue anyway. The link of the plain text has address and subject, for a
long one looks like spam and breaks; that of the HTML form has the text too.
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

LONGEST_LINK = 300  # characters in plain text; a longer one is given without the subject
LONGEST_WHOLE_LINK = 1_800  # in HTML; a longer one is given without the text


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
    known = {"symptom": issue["gist"], "where": issue["where"], "when": issue["when"]}
    if issue["has_symptom"]:
        fields = {said(pack.questions[item].heading, language, pack): value for item, value in known.items()}
    else:
        fields = {said(pack.texts["your_question"], language, pack): issue["gist"]}
    lines = [f"{mark}{heading}{colon}{value}".rstrip(" ") for heading, value in fields.items()]
    return {
        "n": number,
        "to": to,
        "subject": subject,
        "lines": lines,
        "mailto": mailto(to, subject),
        "whole_link": mailto(to, subject, lines),
    }


def mailto(to: str, subject: str, lines: Iterable[str] = ()) -> str:
    """A link (RFC 6068) that opens a mail with this address and, where there is room, subject and text."""
    address = f"mailto:{quote(to, safe='@.+')}"
    with_subject = f"{address}?subject={quote(subject, safe='')}"
    body = quote("\r\n".join(lines), safe="")
    if body:
        whole = f"{with_subject}&body={body}"
        return whole if len(whole) <= LONGEST_WHOLE_LINK else with_subject
    return with_subject if len(with_subject) <= LONGEST_LINK else address
