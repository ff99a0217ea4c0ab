"""A mail becomes an Assessment: the table of contents of triage.

Pure: no clock, no disk; what was learned comes in as `scorer`. Never raises on content. Longest texts are read in part
(`classify.segment.MAX_LINES`), so a megabyte of log costs no more than its first and last pages.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from classify.borders import cut
from classify.categories import goes_on, is_acknowledgement
from classify.combine import CERTAIN, finding
from classify.explain import explain
from classify.hints import has_permission_error, hints_of, refers_elsewhere
from classify.hits import together
from classify.issues import gist_of, pieces
from classify.kinds import screenshot_facets
from classify.language import language_of
from classify.links import LINKED, link_by_rules
from classify.listen import listen, listen_to_issues
from classify.normalise import fold
from classify.products import mentions, products_of
from classify.secrets import find_secrets, masked
from classify.sections import read_sections
from classify.segment import make_document
from classify.subjects import chosen
from classify.verdict import best_category, best_kind, reading_confidence
from classify.who import accounts, speaks_of_other_accounts
from models.assessment import FACETS_OF_KIND, Assessment, Category, Facet, Finding, Issue, Section, Span, SymptomKind
from policy.bridges import without_bridge

if TYPE_CHECKING:
    from collections.abc import Mapping

    from classify.issues import Piece
    from classify.products import Mention
    from classify.scorer import IssueVoice, Scorer, Scores, Tags, Voice
    from classify.segment import Document
    from models.assessment import Secret
    from models.mail import Mail
    from policy.pack import Pack

_TROUBLE = frozenset({Category.TROUBLESHOOTING, Category.INCIDENT})
# What mail programs and desks put around a subject: it tells nothing of the matter.
_ANSWERED = re.compile(
    r"^(?:\s*(?:re|aw|sv|fwd?|wg|tr|返信|転送|回复|答复|转发)\s*[:：])+|\s*\[[^\]]{1,20}\s?T\d{6,12}\]", re.IGNORECASE
)
_HARDLY = 0.15  # the confidence in thanks that may hold a matter
_RARELY = 0.2  # of thanks in which something goes on, so many are thanks only, against what the model thinks
_CODES, _LEAST_OF_A_CODE = frozenset({"error_code", "quoted_error"}), 0.6


def assess(
    mail: Mail, pack: Pack, scorer: Scorer, *, kind: SymptomKind | None = None, reads_subject: bool = True
) -> Assessment:
    """Everything read from one mail; spans count code points of `Assessment.text`.

    Args:
        mail: The mail.
        pack: What is looked for.
        scorer: What was learned.
        kind: The kind of symptom of the ticket that the mail goes on with: its facets are read, whatever the mail
            alone would be about.
        reads_subject: False where the subject is an earlier mail's and tells nothing of this one.
    """
    if not reads_subject:
        return _behind(mail.subject, assess(replace(mail, subject=""), pack, scorer, kind=kind))
    text = f"{mail.subject}\n{mail.reply_text}"
    doc = make_document(mail.subject, mail.reply_text, tuple(a.filename for a in mail.attachments), pack.cues)
    named = mentions(doc, pack)
    voice = listen(doc, pack)
    by_rules = pieces(doc, named, pack)
    tags = scorer.tag(doc, voice, named, by_rules, pack)
    parts = cut(doc, tags.units, tags.borders, tags.several, by_rules)
    heard = listen_to_issues(doc, parts, named, pack)
    scores = scorer.score(doc, tags, voice, heard, named, pack)
    issues = _issues(doc, parts, named, pack, voice, heard, scores, mail.subject)
    asks = [issue for issue in issues if issue.category is not Category.ACKNOWLEDGEMENT]
    is_question = (
        bool(asks) and not any(issue.category in _TROUBLE or issue.category.is_out for issue in asks)
    ) or _has_plain_question(asks)
    sections = read_sections(
        doc,
        voice,
        scores.sections,
        is_question=is_question,
        is_asking=any(i.category is not Category.OUT_UNRELATED for i in asks),
    )
    trouble = next((issue for issue in asks if issue.category in _TROUBLE), None)
    if kind is None and trouble is not None:
        kind = _kind(issues.index(trouble), heard, scores)
    facets = _facets(doc, kind, voice, scores, sections)
    links = scores.links or {one: float(link_by_rules(one, doc, named)) for one in LINKED}
    secrets = find_secrets(doc)
    issues = tuple(replace(issue, gist=_without(issue.gist, text, secrets)) for issue in issues)
    named_accounts = accounts(doc)
    other = refers_elsewhere(doc)
    return Assessment(
        text=text,
        language=language_of(doc),
        issues=issues,
        sections=sections,
        symptom_kind=kind,
        facets=facets,
        evidence_linked=_link(sections, Section.EVIDENCE, links),
        goal_linked=_link(sections, Section.GOAL, links),
        link_confidence={section: round(max(p, 1.0 - p), 4) for section, p in links.items()},
        accounts=named_accounts,
        multiple_accounts=_several_accounts(doc, named_accounts, issues),
        refers_elsewhere=other is not None,
        has_permission_error=has_permission_error(doc),
        secrets=secrets,
        hints=hints_of(doc, pack, mail.sent_at, is_question=is_question),
        confidence=reading_confidence(issues, tags.several, is_silent=not mail.attachments),
        unknown_words=_unknown_words(tags),
        explanation=explain(sections, facets, masked(text, secrets)),
    )


def _unknown_words(tags: Tags) -> float | None:
    share = tags.reading.unknown_words if tags.reading else None
    return None if share is None else round(share, 4)


def _behind(subject: str, seen: Assessment) -> Assessment:
    """The reading of a mail without its subject, with the subject put before the text."""
    by = len(subject)

    def moved(found: Finding) -> Finding:
        return replace(found, spans=tuple(_moved(span, by) for span in found.spans))

    return replace(
        seen,
        text=f"{subject}{seen.text}",
        issues=tuple(replace(one, spans=tuple(_moved(span, by) for span in one.spans)) for one in seen.issues),
        sections={section: moved(found) for section, found in seen.sections.items()},
        facets={facet: moved(found) for facet, found in seen.facets.items()},
        secrets=tuple(replace(secret, span=_moved(secret.span, by)) for secret in seen.secrets),
        hints=tuple(replace(hint, span=_moved(hint.span, by) if hint.span else None) for hint in seen.hints),
    )


def _moved(span: Span, by: int) -> Span:
    return Span(span.start + by, span.end + by)


def _issues(
    doc: Document,
    parts: tuple[Piece, ...],
    named: tuple[Mention, ...],
    pack: Pack,
    voice: Voice,
    heard: tuple[IssueVoice, ...],
    scores: Scores,
    subject: str,
) -> tuple[Issue, ...]:
    if not parts:
        return ()
    said = [line for line in doc.spoken() if line.number > 0] or doc.lines[1:]  # thanks may be a shell as a whole
    body = "\n".join(line.text for line in said)
    is_thanks = len(parts) == 1 and is_acknowledgement(body, has_question=bool(voice.questions))
    holds_facts, persists = _holds_facts(doc, voice), goes_on(body)
    if is_thanks and not holds_facts:
        nothing = ((), products_of(doc, parts[0].spans, named, pack)[0])
        return (_issue(doc, parts[0], Category.ACKNOWLEDGEMENT, 0.85, nothing, subject, pack),)
    found = []
    for number, part in enumerate(parts):
        learned = scores.categories[number] if number < len(scores.categories) else {}
        if persists and Category.ACKNOWLEDGEMENT in learned:
            learned = {**learned, Category.ACKNOWLEDGEMENT: _RARELY * learned[Category.ACKNOWLEDGEMENT]}
        category, confidence = best_category(heard[number].categories, learned)
        if category is Category.ACKNOWLEDGEMENT and (persists or holds_facts):
            confidence = min(confidence, _HARDLY)  # thanks that may hold a matter: an agent looks
        products = (
            chosen(scores.products[number], _named_in(part, named))
            if scores.products
            else products_of(doc, part.spans, named, pack)
        )
        found.append(_issue(doc, part, category, confidence, products, subject if len(parts) == 1 else "", pack))
    return tuple(found)


def _issue(
    doc: Document,
    part: Piece,
    category: Category,
    confidence: float,
    products: tuple[tuple[str, ...], tuple[str, ...]],
    subject: str,
    pack: Pack,
) -> Issue:
    about, context = products
    if category in {
        Category.OUT_APPLICATION,
        Category.OUT_OS_PATCHING,
        Category.ACKNOWLEDGEMENT,
        Category.OUT_UNRELATED,
    }:
        about, context = (), tuple(dict.fromkeys((*about, *context)))
    own = [account for account in accounts(doc) if any(account in doc.text[start:end] for start, end in part.spans)]
    return Issue(
        gist=without_bridge(gist_of(doc, part, _ANSWERED.sub("", fold(subject).text).strip()), pack.cues),
        category=category,
        products=about,
        context_products=context,
        account=own[0] if own else None,
        spans=tuple(doc.back(start, end) for start, end in part.spans),
        confidence=round(confidence, 4),
    )


def _holds_facts(doc: Document, voice: Voice) -> bool:
    """Something certain stands or hangs there that mere thanks do not need: a log, a request's id, an attachment."""
    return bool(doc.attachments) or together(voice.sections[Section.EVIDENCE]) >= CERTAIN


def _named_in(part: Piece, named: tuple[Mention, ...]) -> set[str]:
    return {m.product for m in named if any(start <= m.start < end for start, end in part.spans)}


def _without(gist: str, text: str, secrets: tuple[Secret, ...]) -> str:
    """The gist with every secret in it masked."""
    for secret in secrets:
        words = text[slice(*secret.span)]
        gist = gist.replace(words, "*" * len(words))
    return gist


def _kind(number: int, heard: tuple[IssueVoice, ...], scores: Scores) -> SymptomKind:
    """The kind of symptom of one issue."""
    return best_kind(heard[number].kinds, scores.kinds[number] if scores.kinds else {})


def _has_plain_question(asks: list[Issue]) -> bool:
    """In a mail of several issues one how-to or service question makes the goal present."""
    plain = [
        issue for issue in asks if issue.category.value.startswith("service.") or issue.category is Category.HOW_TO
    ]
    return len(asks) > 1 and bool(plain) and not any(issue.category in _TROUBLE for issue in asks)


def _facets(
    doc: Document, kind: SymptomKind | None, voice: Voice, scores: Scores, sections: dict[Section, Finding]
) -> dict[Facet, Finding]:
    if kind is None:
        return {}
    if not scores.facets and not sections[Section.SYMPTOM].present and not sections[Section.EVIDENCE].present:
        return {facet: Finding(present=False, confidence=0.85) for facet in FACETS_OF_KIND[kind]}
    shown = screenshot_facets(doc, kind)
    found = {
        facet: finding(
            doc,
            voice.facets[facet],
            scores.facets.get(facet),
            floor=0.18,
            least=_LEAST_OF_A_CODE if _shows_code(facet, voice) else 0.0,
            whole=facet is not Facet.PARAMETERS,
        )
        for facet in FACETS_OF_KIND[kind]
    }
    for facet in shown:
        if not found[facet].present:
            found[facet] = Finding(present=False, confidence=0.5, proof=("a screenshot may show it",))
    return found


def _shows_code(facet: Facet, voice: Voice) -> bool:
    """An error's exact code or quoted text stands there."""
    return facet is Facet.ERROR_MESSAGE and any(hit.rule in _CODES for hit in voice.facets[facet])


def _link(sections: dict[Section, Finding], section: Section, links: Mapping[Section, float]) -> bool | None:
    if not (sections[section].present and sections[Section.SYMPTOM].present):
        return None
    return links[section] >= 0.5


def _several_accounts(doc: Document, named: tuple[str, ...], issues: tuple[Issue, ...]) -> bool:
    """Two ids, or words for other accounts; merging two accounts is one matter, a role in another account is its means."""
    merges = "統合" in doc.text or "マージ" in doc.text or "merg" in doc.text.lower()
    if merges and len(issues) <= 1:
        return False
    acting = [one for one in named if not _is_only_role(one, doc.text)]
    return len(acting) > 1 or speaks_of_other_accounts(doc)


def _is_only_role(account: str, text: str) -> bool:
    """Does the mail name this account by the ARNs of its roles only (AssumeRole across accounts)?"""
    return text.count(account) == text.count(f"acs:ram::{account}:role/")
