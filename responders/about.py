"""What a mail is about, as far as the pack's advice needs to know it: which sample answers, asides and first checks fit."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from models.assessment import Section
from responders.items import is_given

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from models.assessment import Assessment, Category, SymptomKind
    from models.decision import OpenTicket
    from policy.pack import Answer, Aside, Circle, Localised, Pack, Question, Tip

_MOST_READ = 100_000  # characters of a mail that are searched for what it says already


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """Categories, kind of symptom and products of a mail or its ticket; `seen` is None where only those are known."""

    categories: tuple[Category, ...] = ()
    kind: SymptomKind | None = None
    products: tuple[str, ...] = ()
    seen: Assessment | None = None

    def fits(self, circle: Circle, pack: Pack) -> bool:
        """Does the mail stand in this circle?"""
        if circle.categories and not circle.categories.intersection(self.categories):
            return False
        if circle.kinds and self.kind not in circle.kinds:
            return False
        groups = {pack.products[one].group for one in self.products if one in pack.products}
        is_for_products = bool(circle.products or circle.groups)
        return not is_for_products or bool(circle.products & set(self.products) or circle.groups & groups)

    def heading(self, question: Question, pack: Pack) -> Localised:
        """The line of the fill-in block that fits best."""
        return next((one.heading for one in self._advice(question, pack) if one.heading), question.heading)

    def text(self, question: Question, pack: Pack) -> Localised:
        """The question in the words that fit best."""
        return next((one.text for one in self._advice(question, pack) if one.text), question.text)

    def example(self, question: Question, pack: Pack) -> Localised:
        """The sample answer that fits best; what a goal is like does not depend on why it is asked for."""
        asked = pack.questions[Section.GOAL.value] if question.item == "link:goal" else question
        return next((one.example for one in self._advice(asked, pack)), question.example)

    def find(self, question: Question, pack: Pack) -> Localised | None:
        """The way to find the answer that fits best."""
        return next((one.find for one in self._advice(question, pack) if one.find), question.find)

    def tips(self, pack: Pack) -> tuple[Tip, ...]:
        """The first checks that fit, the most particular first."""
        return tuple(one for one in pack.tips if self.fits(one.circle, pack))

    def needs(self, aside: Aside, asked: Sequence[str], pack: Pack) -> bool:
        """Is this aside for the mail, and does nothing show that the customer has said it already?"""
        seen = self.seen
        if seen is None or not self.fits(aside.circle, pack):
            return False
        if aside.needs_permission_error and not seen.has_permission_error:
            return False
        is_said = (
            any(hint.kind in aside.unless_hints for hint in seen.hints)
            or any(item in asked or is_given(item, seen) for item in aside.unless_items)
            or _has_words(aside.unless_words, seen.text)
        )
        return not is_said

    def _advice(self, question: Question, pack: Pack) -> Iterator[Answer]:
        return (one for one in pack.answers if one.item == question.item and self.fits(one.circle, pack))


def about_mail(seen: Assessment, ticket: OpenTicket | None) -> About:
    """What advice goes by: the mail's own matter and, where it goes on with a ticket, that of the ticket."""
    answerable = [issue for issue in seen.issues if issue.category.is_answerable]
    products = [product for issue in answerable for product in issue.products]
    return About(
        categories=tuple(
            dict.fromkeys((*(ticket.categories if ticket else ()), *(one.category for one in answerable)))
        ),
        kind=(ticket.symptom_kind if ticket else None) or seen.symptom_kind,
        products=tuple(dict.fromkeys((*products, *(ticket.products if ticket else ())))),
        seen=seen,
    )


def _has_words(expressions: tuple[str, ...], text: str) -> bool:
    folded = unicodedata.normalize("NFKC", text[:_MOST_READ])
    return any(_compiled(one).search(folded) for one in expressions)


@lru_cache(maxsize=256)
def _compiled(expression: str) -> re.Pattern[str]:
    return re.compile(expression, re.IGNORECASE)
