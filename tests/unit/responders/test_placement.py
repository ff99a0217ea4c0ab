"""Where a mail belongs that names a ticket: to it, or to a linked one of its own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from models.assessment import Assessment, Category, Finding, Issue
from models.decision import History, LetterKind
from models.mail import Attachment, AutomaticKind, Automation
from models.ticket import Link, LinkKind
from responders.placement import is_inherited, may_lead_elsewhere, place
from responders.replies import asks_back, read_as_reply
from tests.unit.responders.builders import history, issue, mail, pack, past, seen, ticket

NEW = "T000200"
OPEN = ticket(past(LetterKind.REQUEST_INFORMATION), asked=("when",), settled=("symptom",), missing=("when",))
THANKS = seen("when", issues=(issue(Category.ACKNOWLEDGEMENT),))
PRICE = seen(
    "symptom", "evidence", "when", "where", "who", "goal", issues=(issue(Category.OVERVIEW_PRICING, "oss"),), kind=None
)


def placed(reading: Assessment, text: str = "価格を教えてください。", **changes: object) -> History:
    state = changes.pop("state", "waiting_customer")
    joined = replace(OPEN, state=str(state))
    return place(mail(reply_text=text, **changes), reading, history(ticket=joined, new_ref=NEW), pack())


def apart(kind: LinkKind) -> tuple[None, str, Link]:
    return (None, NEW, Link(other="T000123", kind=kind))


def where(found: History) -> tuple[object, str, Link | None]:
    return (found.ticket, found.ref, found.link)


def test_another_category_about_another_product_gets_its_own_ticket() -> None:
    assert where(placed(PRICE)) == apart(LinkKind.SPLIT)


@pytest.mark.parametrize(
    "changed",
    [
        (issue(Category.OVERVIEW_PRICING, "ecs"),),  # about the ticket's product
        (issue(Category.TROUBLESHOOTING, "oss"),),  # of the ticket's category
        (issue(Category.OVERVIEW_PRICING, products=()),),  # about no product
        (issue(Category.OVERVIEW_PRICING, "oss", confidence=0.4),),  # who knows
        (issue(Category.OVERVIEW_PRICING, "oss"), issue(Category.OUT_APPLICATION)),  # not only that
        (issue(Category.OUT_APPLICATION),),
        (),
    ],
    ids=["product", "category", "none", "unsure", "beside", "out", "nothing"],
)
def test_where_there_is_any_doubt_it_stays(changed: tuple[Issue, ...]) -> None:
    assert placed(replace(PRICE, issues=changed)).ticket is not None


def test_words_that_lead_to_another_matter_are_believed() -> None:
    same_product = replace(PRICE, issues=(issue(Category.OVERVIEW_PRICING, "ecs"),))
    assert placed(same_product).ticket is not None
    assert where(placed(same_product, "別件ですが、価格を教えてください。")) == apart(LinkKind.SPLIT)
    trouble = seen("when", issues=(issue(Category.TROUBLESHOOTING, "oss"),))
    assert where(placed(trouble, "別件ですが、OSSに保存できません。")) == apart(LinkKind.SPLIT)


def test_what_answers_us_stays_whatever_else_it_asks() -> None:
    reading = seen(issues=(issue(Category.OVERVIEW_PRICING, "oss"),), kind=None)
    assert placed(reading, "昨日の10時からです。別件ですが、OSSの価格を教えてください。").ticket is not None


def test_on_a_closed_ticket_only_thanks_and_nothing_stay() -> None:
    assert placed(THANKS, "ありがとうございました。", state="closed").ticket is not None
    assert placed(THANKS, " ", state="closed").ticket is not None
    assert where(placed(seen(), "また接続できません。", state="closed")) == apart(LinkKind.FOLLOWS)
    unsure = replace(THANKS, issues=(issue(Category.ACKNOWLEDGEMENT, confidence=0.15),))
    assert where(placed(unsure, "ありがとうございました。ですが…", state="closed")) == apart(LinkKind.FOLLOWS)
    screenshot = (Attachment(filename="a.png", content_type="image/png", size=1, part=1),)
    assert where(placed(THANKS, "", state="closed", attachments=screenshot)) == apart(LinkKind.FOLLOWS)
    unread = replace(THANKS, issues=())
    assert where(placed(unread, "？？？", state="closed")) == apart(LinkKind.FOLLOWS)


def test_a_machines_mail_leads_nowhere_else() -> None:
    machine = mail(automation=Automation(kind=AutomaticKind.AUTO_REPLY, may_reply=False))
    assert not may_lead_elsewhere(machine, PRICE, replace(OPEN, state="closed"), pack())
    assert may_lead_elsewhere(mail(), PRICE, OPEN, pack())
    assert not may_lead_elsewhere(mail(reply_text="昨日からです。"), seen(), OPEN, pack())


def test_an_inherited_subject_is_one() -> None:
    assert is_inherited(mail(subject="Re: 接続できません"))
    assert is_inherited(mail(subject="返信: 接続できません"))
    assert is_inherited(mail(subject="接続 [受付 T000123]", in_reply_to="<x@y>", thread_refs=("T000123",)))
    assert not is_inherited(mail(subject="Reinstalling"))


def test_a_question_back_is_neither_the_symptom_nor_the_goal_of_the_trouble() -> None:
    question = seen(issues=(issue(Category.HOW_TO, "ecs"),))
    assert asks_back(question, OPEN)
    reply = read_as_reply(question, OPEN)
    assert not any(reply.sections[one].present for one in reply.sections if one.value in {"symptom", "goal"})
    assert reply.goal_linked is None
    stated = Finding(present=True, answered=True, confidence=0.9, proof=("rule:solved_when",))
    kept = read_as_reply(
        replace(question, sections={**question.sections, **dict.fromkeys(question.sections, stated)}), OPEN
    )
    assert all(found.present for found in kept.sections.values())
    trouble = seen(issues=(issue(), issue(Category.HOW_TO, "ecs")))
    assert read_as_reply(trouble, OPEN) is trouble
    asked = replace(OPEN, categories=(Category.HOW_TO,))
    assert read_as_reply(question, asked) is question
