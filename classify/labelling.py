"""A corrected reading as a labelled mail, in the form that `labelled` reads: what agents said becomes training data. Pure.

Promises: what is written is read back with the same labels; credentials are masked, the sender is nobody; nothing in the
mail's own words can end its block or be taken for a mark.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from classify.normalise import fold
from classify.secrets import find_secrets
from classify.segment import Document
from models.assessment import Facet, Section, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from models.assessment import Assessment

_MASK = "•"
_MOST_MARKED = 9  # issues that have a mark: i1 to i9
_MARKS = "|".join((*(section.value for section in Section), *(facet.value for facet in Facet), r"i\d"))
_LIKE_MARK = re.compile(rf"<(?=/?(?:{_MARKS})>)")
_LIKE_HEAD = re.compile(r"^####(?= *\S+ *$)", re.MULTILINE)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def labelled_block(
    name: str, seen: Assessment, subject: str, attachments: Sequence[str], sent_at: datetime, note: str
) -> str:
    """One mail of a `.mails` file.

    Args:
        name: Its id, without blanks.
        seen: The reading as agents corrected it; its text is the subject, a line break, the own words.
        subject: The mail's.
        attachments: The names of its files.
        sent_at: When it was sent, or came.
        note: For a person: what was corrected.
    """
    text = _safe(_masked(seen))
    cut = len(subject) + 1
    present = [section for section in Section if section in seen.sections and seen.sections[section].present]
    answered = [
        section
        for section in Section
        if section in seen.sections and seen.sections[section].answered and not seen.sections[section].present
    ]
    facets = [facet for facet, found in seen.facets.items() if found.present]
    lines = [
        f"#### {name}",
        f"lang = {_quoted(seen.language)}",
        f"sent = {_quoted(sent_at.isoformat(timespec='seconds'))}",
        f"from = {_quoted(f'customer <{name}@example.com>')}",
        f"subject = {_quoted(text[: cut - 1])}",
        *([f"attachments = {_list(attachments)}"] if attachments else []),
        f"sections = {_list(section.value for section in present)}",
        *([f"answered = {_list(section.value for section in answered)}"] if answered else []),
        *([f"kind = {_quoted(seen.symptom_kind.value)}"] if seen.symptom_kind else []),
        *([f"facets = {_list(facet.value for facet in facets)}"] if facets else []),
        *_flags(seen),
        f"note = {_quoted(note)}",
    ]
    for issue in seen.issues:
        lines += [
            "[[issues]]",
            f"gist = {_quoted(_without_secrets(issue.gist))}",
            f"category = {_quoted(issue.category.value)}",
            f"products = {_list(issue.products)}",
            *([f"account = {_quoted(issue.account)}"] if issue.account else []),
        ]
    spans: dict[str, Sequence[Span]] = {section.value: seen.sections[section].spans for section in present}
    spans |= {facet.value: seen.facets[facet].spans for facet in facets}
    if len(seen.issues) > 1:
        spans |= {f"i{number}": issue.spans for number, issue in enumerate(seen.issues[:_MOST_MARKED], 1)}
    return "\n".join([*lines, "--", _marked(text, cut, spans).strip("\n") or " ", ""])


def _flags(seen: Assessment) -> list[str]:
    said = {
        "evidence_linked": seen.evidence_linked,
        "goal_linked": seen.goal_linked,
        "multiple_accounts": seen.multiple_accounts or None,
        "refers_elsewhere": seen.refers_elsewhere or None,
    }
    lines = [f"{name} = {str(value).lower()}" for name, value in said.items() if value is not None]
    return lines + ([f"accounts = {_list(seen.accounts)}"] if seen.accounts else [])


def _masked(seen: Assessment) -> str:
    """The text with every credential masked, its length kept so that the spans stay true."""
    found = find_secrets(Document(folded=fold(seen.text), lines=()))
    text = seen.text
    for start, end in (secret.span for secret in (*seen.secrets, *found)):
        text = text[:start] + _MASK * (end - start) + text[end:]
    return text


def _without_secrets(words: str) -> str:
    for start, end in (secret.span for secret in find_secrets(Document(folded=fold(words), lines=()))):
        words = words[:start] + _MASK * (end - start) + words[end:]
    return words


def _safe(text: str) -> str:
    """As long as it was, without what the reader of the form would take for its own signs."""
    text = _LIKE_MARK.sub("\uff1c", _LIKE_HEAD.sub("\uff03###", text))
    return _CONTROL.sub(" ", text).encode("utf-8", "replace").decode("utf-8")


def _marked(text: str, cut: int, spans: dict[str, Sequence[Span]]) -> str:
    """The own words with their marks; those of one name never overlap."""
    signs: list[tuple[int, int, str]] = []
    for name, some in spans.items():
        for start, end in _joined(Span(max(cut, one.start), min(one.end, len(text))) for one in some):
            signs += [(start, 1, f"<{name}>"), (end, 0, f"</{name}>")]
    out, at = [], cut
    for place, _, sign in sorted(signs):
        out += [text[at:place], sign]
        at = place
    return "".join([*out, text[at:]])


def _joined(spans: Iterable[Span]) -> list[Span]:
    found: list[Span] = []
    for span in sorted(spans):
        if span.end <= span.start:
            continue
        if found and span.start <= found[-1].end:
            found[-1] = Span(found[-1].start, max(found[-1].end, span.end))
        else:
            found.append(span)
    return found


def _quoted(text: str) -> str:
    """A TOML string: JSON's, but for one control character."""
    return json.dumps(text.replace("\x7f", " ").encode("utf-8", "replace").decode("utf-8"), ensure_ascii=False)


def _list(texts: Iterable[str]) -> str:
    return f"[{', '.join(_quoted(_without_secrets(one)) for one in texts)}]"
