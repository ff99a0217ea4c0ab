"""[shell] The corpus: labelled mails of our own writing, read from `.mails` files.

A file holds mails one after the other: a line `#### <id>`, TOML front matter, a line `--`, then the body with inline
marks (`<when>昨日の夕方から</when>`) up to the next `#### ` line. docs/labels.md says what each label means.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from models.assessment import Category, Facet, Section, SymptomKind
from models.errors import ConfigError
from models.mail import Address, Attachment, Envelope, Mail

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

_HEAD = re.compile(r"^#### *(\S+) *$", re.MULTILINE)
_MARK_NAMES = (*(section.value for section in Section), *(facet.value for facet in Facet))
_MARK = re.compile(rf"</?(?:{'|'.join(_MARK_NAMES)}|i\d)>")
_KEYS = frozenset(
    [
        "lang",
        "sent",
        "from",
        "subject",
        "attachments",
        "sections",
        "answered",
        "kind",
        "facets",
        "evidence_linked",
        "goal_linked",
        "accounts",
        "multiple_accounts",
        "refers_elsewhere",
        "note",
        "issues",
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledIssue:
    """One issue as an annotator saw it."""

    category: Category
    products: frozenset[str]
    stretches: tuple[str, ...] = ()  # the marked stretches of this issue; none where the mail has no marks for it

    @property
    def text(self) -> str:
        """The marked text, stretch after stretch."""
        return "\n".join(self.stretches)


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledMail:
    """One mail with its labels. `writer` is the file's name: whole writers are left out in evaluations."""

    id: str
    writer: str
    mail: Mail
    language: str
    issues: tuple[LabelledIssue, ...]
    sections: frozenset[Section]
    answered: frozenset[Section]
    kind: SymptomKind | None
    facets: frozenset[Facet]
    evidence_linked: bool | None
    goal_linked: bool | None
    multiple_accounts: bool
    refers_elsewhere: bool
    marks: Mapping[str, tuple[str, ...]]  # section or facet id -> the marked texts, inner marks taken out


def load_corpus(files: Iterable[Path], own_words: Callable[[str, str, str], str]) -> tuple[LabelledMail, ...]:
    """Every mail of these files, in order.

    Args:
        files: The `.mails` files.
        own_words: Cuts signatures and quotes from a text, by subject and sender's name, as it does for a real mail.

    Raises:
        ConfigError: A mail is not well formed; the message names file, mail and what is wrong.
    """
    found = tuple(mail for file in files for mail in _of_file(file, own_words))
    seen: set[str] = set()
    for mail in found:
        if mail.id in seen:
            raise ConfigError(f"{mail.writer}: {mail.id}: stands twice in the corpus")
        seen.add(mail.id)
    return found


def corpus_digest(files: Iterable[Path]) -> str:
    """Changes with any mail and any label: SHA-256 over names and contents, in hexadecimal."""
    digest = hashlib.sha256()
    for file in sorted(files, key=lambda one: one.name):
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()


def _of_file(file: Path, own_words: Callable[[str, str, str], str]) -> Iterator[LabelledMail]:
    try:
        parts = _HEAD.split(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror}") from None
    for name, block in zip(parts[1::2], parts[2::2], strict=True):
        try:
            yield _mail(name, file.stem, block, own_words)
        except (KeyError, ValueError, tomllib.TOMLDecodeError) as error:
            raise ConfigError(f"{file.name}: {name}: {type(error).__name__}: {error}") from None


def _mail(name: str, writer: str, block: str, own_words: Callable[[str, str, str], str]) -> LabelledMail:
    front, dashes, body = block.strip("\n").partition("\n--\n")
    if not dashes:
        raise ValueError("no line -- between labels and body")
    labels = tomllib.loads(front)
    if set(labels) - _KEYS:
        raise ValueError(f"unknown key {min(set(labels) - _KEYS)}")
    kind = labels.get("kind")
    issues = labels.get("issues", [])
    return LabelledMail(
        id=name,
        writer=writer,
        mail=_as_mail(labels, _MARK.sub("", body).strip("\n"), own_words),
        language=labels["lang"],
        issues=tuple(_issue(entry, _marked(body, f"i{number}")) for number, entry in enumerate(issues, 1)),
        sections=frozenset(Section(one) for one in labels.get("sections", [])),
        answered=frozenset(Section(one) for one in labels.get("answered", [])),
        kind=SymptomKind(kind) if kind else None,
        facets=frozenset(Facet(one) for one in labels.get("facets", [])),
        evidence_linked=labels.get("evidence_linked"),
        goal_linked=labels.get("goal_linked"),
        multiple_accounts=labels.get("multiple_accounts", False),
        refers_elsewhere=labels.get("refers_elsewhere", False),
        marks={name: _marked(body, name) for name in _MARK_NAMES},
    )


def _issue(entry: dict[str, Any], stretches: tuple[str, ...]) -> LabelledIssue:
    return LabelledIssue(
        category=Category(entry["category"]), products=frozenset(entry.get("products", [])), stretches=stretches
    )


def _marked(body: str, name: str) -> tuple[str, ...]:
    return tuple(_MARK.sub("", found) for found in re.findall(rf"<{name}>(.*?)</{name}>", body, re.DOTALL))


def _as_mail(labels: dict[str, Any], body: str, own_words: Callable[[str, str, str], str]) -> Mail:
    name, _, addr = labels["from"].rpartition("<")
    sent = labels["sent"]
    return Mail(
        envelope=Envelope(
            mail_from=addr.strip("> "), rcpt_tos=(), received_at=datetime(2026, 1, 1, tzinfo=UTC), is_from_file=True
        ),
        sender=Address(addr=addr.strip("> "), name=name.strip()),
        subject=labels["subject"],
        sent_at=sent if isinstance(sent, datetime) else datetime.fromisoformat(sent),
        text=body,
        reply_text=own_words(body, labels["subject"], name.strip()),
        attachments=tuple(
            Attachment(filename=file, content_type="application/octet-stream", size=1, part=number)
            for number, file in enumerate(labels.get("attachments", []), 1)
        ),
    )
