"""The labelled corpus, the sealed part too: it loads, and no label contradicts another."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from classify.labelled import LabelledMail, load_corpus
from ingest.parse import newly_written
from models.assessment import FACETS_OF_KIND, Category, Section
from models.errors import ConfigError
from policy.pack import Pack

CORPUS = Path(__file__).parents[2] / "classify" / "corpus"
FILES = sorted(CORPUS.rglob("*.mails"))
TROUBLE = frozenset({Category.TROUBLESHOOTING, Category.INCIDENT})
_HEAD = re.compile(r"^#### *(\S+) *$", re.MULTILINE)
_SECTIONS = frozenset(section.value for section in Section)
_FACETS = frozenset(facet.value for facets in FACETS_OF_KIND.values() for facet in facets)
_LINKS = (("evidence_linked", Section.EVIDENCE), ("goal_linked", Section.GOAL))

WHOLE = """#### x-1
lang = "ja"
sent = "2026-11-05T10:12:00+09:00"
from = "山田 <yamada@sample.example>"
subject = "接続エラー"
sections = ["symptom", "evidence", "when"]
answered = ["goal"]
kind = "error"
facets = ["error_message"]
evidence_linked = true
[[issues]]
category = "product.troubleshooting"
products = ["rds"]
--
<when>昨日</when>から<symptom>接続できません</symptom>。
<evidence><error_message>ERROR 1045</error_message></evidence>
ゴールは特になし。
"""


@cache
def mails_of(file: Path) -> tuple[LabelledMail, ...]:
    return load_corpus([file], newly_written)


@cache
def written_in(file: Path) -> Mapping[str, tuple[dict[str, Any], str]]:
    """Front matter and marked body of each mail, as they stand in the file."""
    parts = _HEAD.split(file.read_text(encoding="utf-8"))
    blocks = zip(parts[1::2], parts[2::2], strict=True)
    pairs = {name: block.strip("\n").partition("\n--\n") for name, block in blocks}
    return {name: (tomllib.loads(front), body) for name, (front, _, body) in pairs.items()}


def contradictions(file: Path, pack: Pack) -> list[str]:
    """What the labels of a file's mails say against each other, one line each."""
    return [
        f"{mail.id}: {said}" for mail in mails_of(file) for said in _of_mail(mail, *written_in(file)[mail.id], pack)
    ]


def _of_mail(mail: LabelledMail, front: Mapping[str, Any], body: str, pack: Pack) -> Iterator[str]:
    yield from _marks(mail, body)
    yield from _kind(mail)
    yield from _products(mail, pack)
    for key, section in _LINKS:
        is_there = {section, Section.SYMPTOM} <= mail.sections
        if (key in front) != is_there:
            yield f"{key} must be set if and only if {section} and symptom are both present"
    if len(mail.issues) > 1 and not all(issue.text for issue in mail.issues):
        yield "of several issues each needs its mark"
    if mail.answered & mail.sections:
        yield "answered holds only sections that are not present"


def _marks(mail: LabelledMail, body: str) -> Iterator[str]:
    for tag in sorted(set(re.findall(r"<(\w+)>", body))):
        if tag in _SECTIONS and Section(tag) not in mail.sections:
            yield f"<{tag}> is marked but is not among the sections"
        if tag in _FACETS and tag not in {facet.value for facet in mail.facets}:
            yield f"<{tag}> is marked but is not among the facets"
        is_ours = tag in _SECTIONS | _FACETS or re.fullmatch(r"i\d", tag)
        if is_ours and body.count(f"<{tag}>") != body.count(f"</{tag}>"):
            yield f"<{tag}> is not closed"


def _kind(mail: LabelledMail) -> Iterator[str]:
    of_kind = set(FACETS_OF_KIND[mail.kind]) if mail.kind else set()
    if mail.facets - of_kind:
        yield f"facets not of its kind: {', '.join(sorted(mail.facets - of_kind))}"
    if any(issue.category in TROUBLE for issue in mail.issues) != (mail.kind is not None):
        yield "a kind must be set if and only if an issue is trouble"


def _products(mail: LabelledMail, pack: Pack) -> Iterator[str]:
    for product in sorted({product for issue in mail.issues for product in issue.products}):
        if product not in pack.products:
            yield f"no such product: {product}"
        elif pack.products[product].is_service:
            yield f"a service entry is no product: {product}"


def test_there_are_training_mails_and_sealed_ones() -> None:
    assert [file for file in FILES if file.parent == CORPUS]
    assert [file for file in FILES if file.parent.name == "sealed"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_no_label_contradicts_another(file: Path, pack: Pack) -> None:
    assert len(mails_of(file)) >= 20
    assert contradictions(file, pack) == []


def test_no_id_and_no_mail_stands_twice_in_all_files() -> None:
    mails = load_corpus(FILES, newly_written)
    assert len({mail.id for mail in mails}) == len(mails)
    assert len({"".join(mail.mail.text.split()) for mail in mails}) == len(mails)


def test_every_mail_is_of_our_own_writing() -> None:
    """Invented senders only: the domains that RFC 2606 reserves."""
    strangers = {mail.mail.sender.domain for file in FILES for mail in mails_of(file) if mail.mail.sender}
    assert [
        domain for domain in sorted(strangers) if not re.search(r"(?:^|\.)example(?:\.(?:com|net|org))?$", domain)
    ] == []


@pytest.mark.parametrize("category", list(Category))
def test_every_category_has_mails_to_learn_from(category: Category) -> None:
    training = [mail for file in FILES if file.parent == CORPUS for mail in mails_of(file)]
    assert sum(category in {issue.category for issue in mail.issues} for mail in training) >= 3


def test_a_whole_mail_has_no_contradiction(tmp_path: Path, pack: Pack) -> None:
    file = tmp_path / "x.mails"
    file.write_text(WHOLE, encoding="utf-8")
    assert contradictions(file, pack) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"when"]', "]", "<when> is marked but is not among the sections"),
        ('["error_message"]', "[]", "<error_message> is marked but is not among the facets"),
        ("</when>", "", "<when> is not closed"),
        ('["error_message"]', '["error_message", "endpoints"]', "facets not of its kind: endpoints"),
        ("product.troubleshooting", "product.how_to", "a kind must be set if and only if an issue is trouble"),
        ('["rds"]', '["rdz"]', "no such product: rdz"),
        ('["rds"]', '["billing"]', "a service entry is no product: billing"),
        (
            "evidence_linked = true\n",
            "",
            "evidence_linked must be set if and only if evidence and symptom are both present",
        ),
        ('answered = ["goal"]', 'answered = ["when"]', "answered holds only sections that are not present"),
        ("--\n", '[[issues]]\ncategory = "product.how_to"\n--\n', "of several issues each needs its mark"),
    ],
)
def test_a_planted_contradiction_is_found(tmp_path: Path, pack: Pack, old: str, new: str, said: str) -> None:
    file = tmp_path / "x.mails"
    file.write_text(WHOLE.replace(old, new, 1), encoding="utf-8")
    assert contradictions(file, pack) == [f"x-1: {said}"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("--\n", "", "no line --"),
        ('lang = "ja"', 'langue = "ja"', "unknown key langue"),
        ('lang = "ja"\n', "", "KeyError"),
        ("product.troubleshooting", "product.trouble", "not a valid Category"),
        ('kind = "error"', 'kind = "eror"', "not a valid SymptomKind"),
    ],
)
def test_a_mail_that_is_not_well_formed_names_file_and_mail(tmp_path: Path, old: str, new: str, said: str) -> None:
    file = tmp_path / "x.mails"
    file.write_text(WHOLE.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigError, match=rf"x\.mails: x-1: .*{said}"):
        load_corpus([file], newly_written)


def test_an_id_that_stands_twice_is_refused(tmp_path: Path) -> None:
    for name in ("x", "y"):
        (tmp_path / f"{name}.mails").write_text(WHOLE, encoding="utf-8")
    with pytest.raises(ConfigError, match="x-1: stands twice"):
        load_corpus(sorted(tmp_path.glob("*.mails")), newly_written)
