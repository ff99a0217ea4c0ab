"""The finished product, as the tests of the guide use it: a fresh mail is read, a reading becomes its letter, a ticket its page.

`read` goes the whole way with the shipped models; `letter` starts from a reading in which everything is there but the
items named. Letters are searched without blanks, because Japanese lines are wrapped anywhere.
"""

from __future__ import annotations

import html
import re
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING

from classify.load import load_scorer
from classify.scorer import NoModels
from models.assessment import Section
from models.decision import History
from models.mail import Attachment
from models.ticket import Filing
from responders.compose import compose
from responders.decide import decide
from runtime.triage import Rules, Triage, triage
from tests.support.clocks import Clock
from tests.support.desk import make_app, signed_in
from tests.support.filings import LEASE, arrival
from tests.support.filings import NOW as FILED_AT
from tests.unit.responders.builders import history, identity, mail, pack, seen

if TYPE_CHECKING:
    from models.assessment import Assessment, Hint
    from models.db.store import Store
    from models.decision import Decision, Reply

SENT = datetime.fromisoformat("2026-11-24T18:30:00+09:00")
TROUBLE_SECTIONS = ("evidence", "when", "where", "goal")


def squeezed(text: str) -> str:
    """The text without blanks and line breaks."""
    return "".join(text.split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A letter as the customer gets it; `words in letter` looks past its line breaks."""

    decision: Decision
    reply: Reply | None

    @property
    def text(self) -> str:
        assert self.reply is not None, "no letter was written"
        return self.reply.text

    @property
    def kind(self) -> str:
        return self.decision.letter.value if self.decision.letter else "none"

    @property
    def asked(self) -> frozenset[str]:
        """The items that the fill-in block has a line for: what the letter asks for."""
        names = _names_of_items()
        lines = re.findall(r"^(?:■|\*) (.*?)(?:：|:)$", self.text, re.MULTILINE)
        return frozenset(names.get(line, line) for line in lines)

    @property
    def titles(self) -> list[str]:
        """The titles of the numbered questions, in order."""
        return re.findall(r"^\(\d\) (.*)$", self.text, re.MULTILINE)

    def __contains__(self, words: object) -> bool:
        return squeezed(str(words)) in squeezed(self.text)

    def lacks(self, *words: str) -> list[str]:
        """Those of the words that the letter does not hold."""
        return [one for one in words if one not in self]


@cache
def _names_of_items() -> dict[str, str]:
    """The headings of all questions, of any language and product, to their items."""
    general = [(question.heading, question.item) for question in pack().questions.values()]
    particular = [(answer.heading, answer.item) for answer in pack().answers if answer.heading]
    return {name: item for heading, item in (*particular, *general) for name in heading.values()}


@cache
def rules() -> Rules:
    """The built-in pack and the shipped models, loaded once."""
    scorer = load_scorer()
    assert not isinstance(scorer, NoModels), "the shipped models are not installed"
    return Rules(pack=pack(), scorer=scorer, identity=identity())


def read(text: str, subject: str = "お問い合わせ", *files: str, before: History | None = None) -> Triage:
    """What becomes of a mail that a customer writes today, 2026-11-24 in Tokyo."""
    attached = tuple(
        Attachment(filename=name, content_type="application/octet-stream", size=3, part=number)
        for number, name in enumerate(files, 1)
    )
    came = mail(subject=subject, text=text, reply_text=text, attachments=attached, sent_at=SENT)
    return triage(came, before or history(), rules())


def letter_to(done: Triage) -> Letter:
    return Letter(decision=done.decision, reply=done.reply)


def letter(*absent: str, before: History | None = None, **changes: object) -> Letter:
    """The letter for a reading in which everything is there but the items named; `changes` are the reading's."""
    reading, came, past = seen(*absent, **changes), mail(), before or history()  # type: ignore[arg-type]
    decision = decide(came, reading, past, pack())
    return Letter(decision=decision, reply=compose(came, reading, decision, past, pack(), identity()))


def hints(done: Triage) -> dict[str, str]:
    """Kinds of hints to their value, or the words that prove them; of several of a kind the first."""
    found = {one.kind: one.value or _words(one, done.seen) for one in reversed(done.seen.hints)}
    return defaultdict(str, found)


def _words(hint: Hint, reading: Assessment) -> str:
    return reading.text[slice(*hint.span)] if hint.span else ""


def present(done: Triage) -> set[str]:
    return {section.value for section in Section if done.seen.sections[section].present}


def facets(done: Triage) -> set[str]:
    return {facet.value for facet, finding in done.seen.facets.items() if finding.present}


def categories(done: Triage) -> list[str]:
    return [issue.category.value for issue in done.seen.issues]


def file(store: Store, done: Triage, number: int = 1) -> str:
    """File what became of a mail as a new ticket; returns its reference."""
    store.accept([arrival(number)])
    (claim,) = store.claim_mails(limit=1, lease=LEASE, now=FILED_AT)
    answer = done.reply and replace(done.reply, message_id=f"<letter{number}@uketsuke.example>")
    return store.file(
        Filing(
            mail_id=claim.mail_id,
            token=claim.token,
            mail=done.mail,
            seen=done.seen,
            decision=done.decision,
            reply=answer,
            state=done.state,
            now=FILED_AT,
        )
    )


async def pages(store: Store, *paths: str) -> list[str]:
    """Pages of the desk as an agent reads them: without tags, blanks made one."""
    app = make_app(store, pack(), Clock(FILED_AT))
    async with signed_in(app, language="ja") as client:
        answers = [await client.get(path) for path in paths]
    assert [answer.status_code for answer in answers] == [200] * len(paths)
    return [" ".join(html.unescape(re.sub(r"<[^>]*>", " ", answer.text)).split()) for answer in answers]


async def ticket_page(store: Store, done: Triage) -> str:
    """The page of the ticket that a mail opens."""
    (page,) = await pages(store, f"/tickets/{file(store, done)}")
    return page
