from __future__ import annotations

from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.parse import parse_mail
from models.assessment import FACETS_OF_KIND, Assessment, Category, Finding, Section, SymptomKind
from models.decision import Decision, Disposition, History, LetterKind, ReplyState
from models.mail import Address, AutomaticKind, Automation
from responders.answers import completed_items
from responders.brake import brake
from responders.compose import compose
from responders.decide import decide
from responders.items import is_given
from responders.questions import questions_for
from responders.subject import bare_subject, reply_subject
from responders.wrap import wrap
from tests.unit.responders.builders import (
    ALL_ITEMS,
    NOW,
    envelope,
    history,
    identity,
    issue,
    mail,
    pack,
    past,
    seen,
    ticket,
)

UNHURRIED = settings(deadline=None, max_examples=80)  # the machine is shared: no test is about its speed
PRODUCTS = st.sampled_from(["ecs", "oss", "rds"])
ISSUES = st.lists(st.builds(issue, st.sampled_from(list(Category)), PRODUCTS), max_size=3).map(tuple)
PROBABILITIES = st.floats(0, 1)


@st.composite
def findings(draw: st.DrawFn) -> Finding:
    present = draw(st.booleans())
    return Finding(present=present, answered=present or draw(st.booleans()), confidence=draw(PROBABILITIES))


@st.composite
def readings(draw: st.DrawFn) -> Assessment:
    kind = draw(st.sampled_from([None, *SymptomKind]))
    facets = FACETS_OF_KIND[kind] if kind else ()
    return seen(
        kind=kind,
        issues=draw(ISSUES),
        sections={section: draw(findings()) for section in Section},
        facets={facet: draw(findings()) for facet in facets},
        evidence_linked=draw(st.sampled_from([None, True, False])),
        goal_linked=draw(st.sampled_from([None, True, False])),
        has_permission_error=draw(st.booleans()),
        multiple_accounts=draw(st.booleans()),
        confidence=draw(PROBABILITIES),
        language=draw(st.sampled_from(["ja", "en", "zh"])),
    )


@st.composite
def histories(draw: st.DrawFn) -> History:
    if draw(st.booleans()):
        return history()
    items = st.lists(st.sampled_from(ALL_ITEMS), max_size=8, unique=True).map(tuple)
    kinds = draw(st.lists(st.sampled_from(list(LetterKind)), max_size=3, unique=True))
    letters = [past(kind, draw(st.sampled_from(list(ReplyState)))) for kind in kinds]
    joined = ticket(
        *letters, asked=draw(items), settled=draw(items), symptom_kind=draw(st.sampled_from([None, *SymptomKind]))
    )
    return history(ticket=joined)


def asked_items(decision: Decision, reading: Assessment) -> set[str]:
    return {item for asked in questions_for(decision, reading, pack()) for item in asked.items}


@UNHURRIED
@given(readings(), histories(), st.sampled_from(list(AutomaticKind)))
def test_an_automatic_mail_never_gets_a_letter(reading: Assessment, before: History, kind: AutomaticKind) -> None:
    came = mail(automation=Automation(kind=kind, may_reply=False))
    decision = decide(came, reading, before, pack())
    assert decision.disposition is Disposition.NO_REPLY
    assert compose(came, reading, decision, before, pack(), identity()) is None
    assert brake(came, decision, before, pack()) is not None


@UNHURRIED
@given(readings(), histories())
def test_no_letter_asks_more_than_the_pack_allows(reading: Assessment, before: History) -> None:
    decision = decide(mail(), reading, before, pack())
    assert len(questions_for(decision, reading, pack())) <= pack().limits.max_questions


@UNHURRIED
@given(readings(), histories())
def test_nothing_is_asked_that_is_present_answered_or_settled(reading: Assessment, before: History) -> None:
    decision = decide(mail(), reading, before, pack())
    asked = asked_items(decision, reading) | set(decision.missing)
    assert [item for item in asked if not item.startswith("link:") and is_given(item, reading)] == []
    goes_on = before.ticket is not None and "hold_new_matter" not in {reason.code for reason in decision.reasons}
    assert not goes_on or before.ticket is None or not asked & before.ticket.settled


@UNHURRIED
@given(readings(), histories())
def test_what_a_letter_asks_is_what_the_decision_names(reading: Assessment, before: History) -> None:
    decision = decide(mail(), reading, before, pack())
    assert asked_items(decision, reading) <= {*decision.missing, *decision.asked_along}
    assert not set(decision.missing) & {*decision.unsure, *decision.asked_along}
    assert set(decision.asked_along) <= asked_items(decision, reading)


@UNHURRIED
@given(readings(), histories())
def test_a_decision_is_sound(reading: Assessment, before: History) -> None:
    decision = decide(mail(), reading, before, pack())
    assert 0 <= decision.confidence <= 1
    assert decision.hold or decision.confidence >= pack().thresholds.hold
    assert bool(decision.missing) == (decision.disposition is Disposition.REQUEST_INFORMATION)
    assert decision.reasons
    assert decide(mail(), reading, before, pack()) == decision


@UNHURRIED
@given(readings(), histories())
def test_no_ticket_gets_a_letter_of_one_kind_twice(reading: Assessment, before: History) -> None:
    decision = decide(mail(), reading, before, pack())
    letters = before.ticket.letters if before.ticket else ()
    reached = {one.kind for one in letters if one.state in {ReplyState.SENT, ReplyState.QUEUED, ReplyState.HELD}}
    assert decision.letter is None or decision.letter not in reached


@UNHURRIED
@given(st.text(max_size=80), st.integers(1, 999_999))
def test_subjects_never_stack(subject: str, number: int) -> None:
    ref = f"T{number:06d}"
    tags = ("受付", "Ticket")
    once = reply_subject(subject, ref, "受付", tags=tags, empty="件名なし")
    assert reply_subject(once, ref, "受付", tags=tags, empty="件名なし") == once
    assert reply_subject(f"返信: {once}", ref, "受付", tags=tags, empty="件名なし") == once
    assert bare_subject(bare_subject(subject, tags), tags) == bare_subject(subject, tags)


@UNHURRIED
@given(st.text(max_size=120), st.text(max_size=60), st.text(max_size=60), st.booleans())
def test_a_rendered_letter_reads_back_as_itself(subject: str, name: str, gist: str, is_split: bool) -> None:
    came = mail(subject=subject, sender=Address(addr="yamada@sample.example", name=name))
    issues = (issue(gist=gist), issue(Category.HOW_TO, "oss", gist=gist)) if is_split else (issue(gist=gist),)
    reading = seen("when", "goal", issues=issues)
    before = history()
    reply = compose(came, reading, decide(came, reading, before, pack()), before, pack(), identity())
    assert reply is not None
    message = message_from_bytes(reply.raw, policy=default)
    assert isinstance(message, EmailMessage)
    assert message["Subject"] == reply.subject
    assert message.get_content().replace("\r\n", "\n") == reply.text
    assert message["To"] == reply.to
    assert not message.defects
    head = reply.raw.partition(b"\r\n\r\n")[0]
    assert max(len(line) for line in head.split(b"\r\n")) <= 78


@UNHURRIED
@given(st.text(alphabet="あ漢カ、。（）「」aZ9 -", max_size=200))
def test_wrapping_loses_nothing_but_blanks(text: str) -> None:
    assert "".join(wrap(text).split()) == "".join(text.split())


@UNHURRIED
@given(
    st.lists(st.sampled_from(ALL_ITEMS), min_size=1, max_size=6, unique=True),
    st.sampled_from(["ja", "en", "zh"]),
    st.sampled_from(list(SymptomKind)),
    st.booleans(),
)
def test_the_completed_form_is_read_back_whole(
    absent: list[str], language: str, kind: SymptomKind, is_permission: bool
) -> None:
    reading = seen(*absent, language=language, kind=kind, has_permission_error=is_permission)
    before = history()
    decision = decide(mail(), reading, before, pack())
    reply = compose(mail(), reading, decision, before, pack(), identity())
    if decision.letter is not LetterKind.REQUEST_INFORMATION or reply is None:
        return
    asked = asked_items(decision, reading)
    form = [line for line in reply.text.splitlines() if line.startswith(("■ ", "* "))]
    assert len(form) == len(asked) * (2 if language == "zh" else 1)
    answer = "\n".join(f"{line} 2026/11/24" for line in form[: len(asked)])
    quoted = "\n".join(f"> {line}" for line in reply.text.splitlines())
    raw = (
        f"From: yamada@sample.example\nTo: {reply.mail_from}\nSubject: {reply.subject}\n"
        f"In-Reply-To: {reply.message_id}\nContent-Type: text/plain; charset=utf-8\n\n"
        f"お世話になっております。\n\n{answer}\n\n2026年11月24日(火) 10:15 support <support@uketsuke.example>:\n{quoted}\n"
    ).encode()
    came = parse_mail(raw, envelope())
    assert set(completed_items(came.reply_text, asked, pack())) == asked


@UNHURRIED
@given(readings(), histories())
def test_no_letter_holds_a_banned_word_or_asks_what_is_not_missing(reading: Assessment, before: History) -> None:
    decision = decide(mail(), reading, before, pack())
    reply = compose(mail(), reading, decision, before, pack(), identity())
    if reply is None:
        return
    for language in pack().languages:
        assert [word for word in pack().banned_words[language] if word.casefold() in reply.text.casefold()] == []
    headings = {said: item for item, question in pack().questions.items() for said in question.heading.values()}
    lines = [line.strip("■*：: ") for line in reply.text.splitlines() if line.startswith(("■ ", "* "))]
    asked = {headings[line] for line in lines if line in headings}
    assert asked <= {*decision.missing, *decision.asked_along}


@UNHURRIED
@given(st.binary(min_size=1, max_size=40))
def test_two_tries_make_one_letter(seed: bytes) -> None:
    reading = seen("when")
    came = mail(message_id=f"<{seed.hex()}@sample.example>")
    replies = {
        compose(came, reading, decide(came, reading, before, pack()), before, pack(), identity())
        for before in (history(), history(now=NOW + timedelta(hours=1)))
    }
    assert len({reply.message_id for reply in replies if reply}) == 1
