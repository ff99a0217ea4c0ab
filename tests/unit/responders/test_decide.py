from __future__ import annotations

from dataclasses import replace

import pytest

from models.assessment import Category, Hint, Section, SymptomKind
from models.decision import Decision, Disposition, LetterKind
from models.mail import Address, AutomaticKind, Automation
from policy.pack import LetterPolicy
from responders.decide import decide
from responders.questions import questions_for
from tests.unit.responders.builders import ABSENT, DOUBTFUL, UNKNOWN, history, issue, mail, pack, past, seen, ticket


def codes_of(decision: Decision) -> set[str]:
    return {reason.code for reason in decision.reasons}


def decided(*absent: str, **changes: object) -> Decision:
    return decide(mail(), seen(*absent, **changes), history(), pack())  # type: ignore[arg-type]


def test_a_complete_mail_is_accepted_with_a_receipt() -> None:
    decision = decided()
    assert decision.disposition is Disposition.ACCEPT
    assert decision.letter is LetterKind.ACKNOWLEDGEMENT
    assert decision.missing == decision.asked_along == ()


def test_a_pack_that_sends_no_receipts_still_tells_what_is_out_of_scope() -> None:
    quiet = replace(pack(), acknowledges=False)
    assert decide(mail(), seen(), history(), quiet).letter is None
    both = seen(issues=(issue(), issue(Category.OUT_DB_TUNING)))
    assert decide(mail(), both, history(), quiet).letter is LetterKind.ACKNOWLEDGEMENT


def test_missing_items_are_asked_for_in_the_guides_order_facets_after_sections() -> None:
    decision = decided("goal", "facet:command_result", "when", "evidence")
    assert decision.disposition is Disposition.REQUEST_INFORMATION
    assert decision.letter is LetterKind.REQUEST_INFORMATION
    assert decision.missing == ("evidence", "when", "goal", "facet:command_result")


def test_an_item_that_may_be_there_is_unsure_and_not_asked() -> None:
    decision = decided("when", findings={"goal": DOUBTFUL})
    assert decision.missing == ("when",)
    assert decision.unsure == ("goal",)
    assert decision.confidence < decided("when").confidence


def test_an_item_answered_with_unknown_is_neither_missing_nor_unsure() -> None:
    decision = decided(findings={"when": UNKNOWN, "facet:endpoints": UNKNOWN})
    assert decision.disposition is Disposition.ACCEPT
    assert decision.unsure == ()


@pytest.mark.parametrize(
    ("kind", "facets"),
    [
        (SymptomKind.ERROR, ("facet:error_message", "facet:steps")),
        (SymptomKind.CONNECTIVITY, ("facet:endpoints", "facet:command_result")),
        (SymptomKind.DISPLAY, ("facet:intended", "facet:unintended")),
        (SymptomKind.BEHAVIOUR, ("facet:expected", "facet:actual")),
    ],
)
def test_each_kind_of_symptom_requires_its_own_facets(kind: SymptomKind, facets: tuple[str, ...]) -> None:
    assert decided(*facets, kind=kind).missing == facets


def test_evidence_that_belongs_to_something_else_is_asked_about() -> None:
    assert decided(evidence_linked=False, goal_linked=False).missing == ("link:evidence", "link:goal")
    assert decided("evidence", evidence_linked=False).missing == ("evidence",)


def test_who_is_required_only_where_a_permission_error_shows() -> None:
    assert decided("who").disposition is Disposition.ACCEPT
    assert decided("who", has_permission_error=True).missing == ("who",)


def test_what_is_asked_along_is_never_a_reason_to_ask_and_never_more_than_one_question() -> None:
    decision = decided("when", "who", "materials", "facet:parameters")
    assert decision.missing == ("when",)
    assert len([item for item in decision.asked_along if item not in pack().asides]) == 1
    assert len(questions_for(decision, seen(), pack())) == 2
    asked_with_symptom = decided("facet:endpoints", "facet:parameters")
    assert asked_with_symptom.asked_along[0] == "facet:parameters"
    assert len(questions_for(asked_with_symptom, seen(), pack())) == 1


def test_a_section_and_its_facets_are_one_question() -> None:
    decision = decided("symptom", "facet:endpoints", "facet:command_result")
    (asked,) = questions_for(decision, seen(), pack())
    assert asked.items == ("symptom", "facet:endpoints", "facet:command_result", "connection_kind")


def test_a_letter_asks_five_questions_at_most_and_the_rest_waits() -> None:
    everything = ("symptom", "evidence", "when", "where", "who", "goal", "facet:endpoints", "materials")
    reading = seen(*everything, has_permission_error=True)
    decision = decide(mail(), reading, history(), pack())
    asked = questions_for(decision, reading, pack())
    assert [one.slot for one in asked] == ["symptom", "where", "when", "evidence", "goal"]
    assert "who" in decision.missing
    assert set(decision.asked_along) <= set(pack().asides)
    assert all(len(set(one.items) & set(pack().asides)) <= 1 for one in asked)


@pytest.mark.parametrize("category", [Category.PURCHASE_USAGE, Category.PAYMENT_BILLING, Category.ACCOUNT])
def test_service_questions_need_the_account_and_no_more(category: Category) -> None:
    lacking = ("evidence", "when", "where", "who", "goal")
    assert decided(*lacking, issues=(issue(category),), kind=None).missing == ("who",)


def test_a_price_question_needs_nothing_but_itself() -> None:
    lacking = ("evidence", "when", "where", "who", "goal", "materials")
    assert decided(*lacking, issues=(issue(Category.OVERVIEW_PRICING),), kind=None).disposition is Disposition.ACCEPT


def test_an_outage_report_is_asked_for_time_and_place_at_most() -> None:
    reading = seen("symptom", "when", "where", "evidence", "who", issues=(issue(Category.INCIDENT),), kind=None)
    decision = decide(mail(), reading, history(), pack())
    assert decision.missing == ("symptom", "when", "where")
    assert decision.asked_along == ()
    assert {one.slot for one in questions_for(decision, reading, pack())} == {"when", "where"}


def test_automatic_mail_gets_no_reply_whatever_it_says() -> None:
    bounce = mail(automation=Automation(kind=AutomaticKind.BOUNCE, may_reply=False, evidence=("null_sender: <>",)))
    decision = decide(bounce, seen("when"), history(), pack())
    assert (decision.disposition, decision.letter, decision.missing) == (Disposition.NO_REPLY, None, ())
    assert decision.reasons[0].code == "automatic"


@pytest.mark.parametrize(
    "issues",
    [(), (issue(Category.ACKNOWLEDGEMENT),), (issue(Category.OUT_UNRELATED),)],
    ids=["nothing", "thanks", "a sales pitch"],
)
def test_a_mail_that_leaves_nothing_gets_no_reply(issues: tuple) -> None:  # type: ignore[type-arg]
    decision = decided("when", issues=issues)
    assert (decision.disposition, decision.letter) == (Disposition.NO_REPLY, None)


def test_spam_beside_a_question_is_left_out() -> None:
    decision = decided(issues=(issue(), issue(Category.OUT_UNRELATED)))
    assert (decision.disposition, decision.notices) == (Disposition.ACCEPT, ())


def test_several_accounts_come_before_everything_else() -> None:
    decision = decided("when", issues=(issue(), issue(Category.HOW_TO)), multiple_accounts=True)
    assert (decision.disposition, decision.letter) == (Disposition.ACCOUNT_NOTICE, LetterKind.ACCOUNT_NOTICE)


def test_only_out_of_scope_issues_get_the_scope_notice_and_a_mixture_the_policy_notice() -> None:
    out, undisclosed = issue(Category.OUT_APPLICATION), issue(Category.UNDISCLOSED_PERFORMANCE)
    assert decided(issues=(out, out)).disposition is Disposition.OUT_OF_SCOPE
    assert decided(issues=(undisclosed,)).disposition is Disposition.POLICY_NOTICE
    assert decided(issues=(out, undisclosed)).disposition is Disposition.POLICY_NOTICE


def test_more_than_one_answerable_issue_is_split_and_names_what_stands_beside() -> None:
    decision = decided("when", issues=(issue(), issue(Category.HOW_TO), issue(Category.OUT_DB_TUNING)))
    assert (decision.disposition, decision.missing) == (Disposition.SPLIT, ())
    assert decision.notices == (Disposition.OUT_OF_SCOPE,)


def test_issues_beside_an_answerable_one_become_notices_in_a_fixed_order() -> None:
    beside = (issue(Category.UNDISCLOSED_INCIDENT), issue(Category.OUT_OS_PATCHING))
    decision = decided("when", issues=(issue(), *beside))
    assert decision.disposition is Disposition.REQUEST_INFORMATION
    assert decision.notices == (Disposition.OUT_OF_SCOPE, Disposition.POLICY_NOTICE)


def test_a_symptom_that_is_gone_and_left_no_trace_waits_for_its_return() -> None:
    gone = (Hint(kind="once_recovered"),)
    decision = decided("evidence", "when", hints=gone)
    assert (decision.disposition, decision.letter) == (Disposition.REQUEST_INFORMATION, LetterKind.RECURRENCE)
    no_log = decided("goal", hints=gone, findings={"evidence": UNKNOWN})
    assert no_log.letter is LetterKind.RECURRENCE, "the customer says that there is no log"
    assert decided("evidence", hints=(Hint(kind="not_reproducible"),)).letter is LetterKind.REQUEST_INFORMATION
    assert decided("when", hints=gone).letter is LetterKind.REQUEST_INFORMATION, "there is something to look at"


def test_a_complaint_is_held_for_a_person() -> None:
    decision = decided("when", hints=(Hint(kind="complaint"),))
    assert decision.hold
    assert "hold_complaint" in {reason.code for reason in decision.reasons}


def test_a_decision_under_the_threshold_is_held_and_one_above_is_not() -> None:
    assert decided("when", confidence=0.4).hold
    assert not decided("when", confidence=0.9).hold


def test_confidence_rises_with_the_certainty_of_what_is_missing() -> None:
    def sure(probability: float) -> float:
        return decided(findings={"when": replace(ABSENT, confidence=probability)}).confidence

    assert sure(0.8) < sure(0.9) < sure(0.99)


def test_every_step_leaves_a_reason() -> None:
    codes = [reason.code for reason in decided("when", findings={"goal": DOUBTFUL}).reasons]
    assert codes == ["missing", "unsure", "recipient"]


def test_a_language_that_the_reading_has_not_learnt_waits_for_an_agent() -> None:
    codes = {language: codes_of(decided("when", language=language)) for language in ("ja", "en", "zh", "other")}
    assert [language for language, found in codes.items() if "hold_unread_language" in found] == ["other"]


def test_security_and_complaints_wait_for_a_person() -> None:
    for hint in ("security", "complaint"):
        decision = decided("when", hints=(Hint(kind=hint),))
        assert decision.hold
        assert f"hold_{hint}" in codes_of(decision)


def test_a_blind_copy_waits_for_a_person_but_a_file_tells_nothing_of_its_delivery() -> None:
    here = replace(pack(), desk=replace(pack().desk, addresses=frozenset({"support@uketsuke.example"})))
    reading = seen("when")
    for to, is_addressed in (
        ("Support+T000001.x@uketsuke.example", True),
        ("support@uketsuke.example", True),
        ("all@sample.example", False),
    ):
        came = mail(to=(Address(addr=to),))
        assert ("hold_bcc" not in codes_of(decide(came, reading, history(), here))) == is_addressed
        file = replace(came, envelope=replace(came.envelope, is_from_file=True))
        assert "hold_bcc" not in codes_of(decide(file, reading, history(), here))
    in_copy = mail(to=(Address(addr="boss@sample.example"),), cc=(Address(addr="support@uketsuke.example"),))
    assert not decide(in_copy, reading, history(), here).hold


def test_an_account_that_is_not_the_senders_known_one_waits_for_a_person() -> None:
    reading = seen(accounts=("5987654321098765",))
    assert decide(mail(), reading, history(), pack()).disposition is Disposition.ACCEPT
    decision = decide(mail(), reading, history(known_accounts=("5123456789012345",)), pack())
    assert (decision.disposition, decision.letter, decision.hold) == (
        Disposition.ACCOUNT_NOTICE,
        LetterKind.ACCOUNT_NOTICE,
        True,
    )
    assert "hold_other_account" in codes_of(decision)
    known = decide(mail(), reading, history(known_accounts=("5987654321098765", "5123456789012345")), pack())
    assert known.disposition is Disposition.ACCEPT


def test_the_threshold_of_a_letters_kind_counts_where_it_is_higher() -> None:
    careful = replace(pack(), letter_policies={LetterKind.REQUEST_INFORMATION: LetterPolicy(hold=0.9)})
    reading = seen("when", confidence=0.8)
    assert not decide(mail(), reading, history(), pack()).hold
    assert decide(mail(), reading, history(), careful).hold
    assert not decide(mail(), seen(confidence=0.8), history(), careful).hold, "another kind of letter"


# Aside -> what is absent, what else the mail shows, what else it says that makes the question vain.
ASIDE_CASES: dict[str, tuple[tuple[str, ...], dict[str, object], dict[str, object]]] = {
    "connection_kind": (("facet:command_result",), {}, {"hints": (Hint(kind="connection_kind", value="SSH"),)}),
    "ram_policy": (("goal", "evidence"), {"kind": SymptomKind.ERROR, "has_permission_error": True}, {"has_permission_error": False}),
    "access_source": (("where",), {"findings": {"facet:endpoints": DOUBTFUL}}, {"hints": (Hint(kind="access_source"),)}),
    "works_for": (("where",), {}, {"hints": (Hint(kind="works_for"),)}),
    "course": (("when",), {}, {"hints": (Hint(kind="ongoing"),)}),
    "reproducibility": (("evidence",), {"kind": SymptomKind.BEHAVIOUR}, {"text": "再起動しても再現します"}),
    "billing_document": (("who",), {"kind": None, "issues": (issue(Category.PAYMENT_BILLING),)}, {"text": "10月分の請求について"}),
}  # fmt: skip


@pytest.mark.parametrize("item", sorted(pack().asides))
def test_an_aside_is_asked_along_unless_the_customer_has_said_it(item: str) -> None:
    absent, given, said = ASIDE_CASES[item]
    assert item in decided(*absent, **given).asked_along
    assert item not in decided(*absent, **{**given, **said}).asked_along
    assert decided(**{**given, "findings": {}}).asked_along == (), "never alone"


def test_the_zone_is_asked_along_where_a_time_was_given_without_one() -> None:
    clock = (Hint(kind="zone_missing"),)
    assert "zone" in decided("goal", hints=clock).asked_along
    assert "zone" not in decided("when", hints=clock).asked_along, "the question of when names the zone itself"
    assert decided(hints=clock).asked_along == (), "never alone"
    assert "zone" not in decided("goal").asked_along


def test_a_link_that_is_barely_doubted_is_unsure_and_not_asked() -> None:
    sure = decided(goal_linked=False, link_confidence={Section.GOAL: 0.97})
    assert sure.missing == ("link:goal",)
    barely = decided(goal_linked=False, link_confidence={Section.GOAL: 0.6})
    assert (barely.missing, barely.unsure) == ((), ("link:goal",))


def test_law_abuse_and_withdrawals_wait_for_a_person() -> None:
    assert "hold_sensitive" in codes_of(decided("when", hints=(Hint(kind="sensitive"),)))


def test_a_greeting_is_not_answered_with_a_questionnaire() -> None:
    assert "hold_nothing_told" not in codes_of(decided("symptom", "when", issues=(issue(),))), "a product is named"
    bare = seen("symptom", "when", kind=None, issues=(replace(issue(), products=()),))
    assert "hold_nothing_told" in codes_of(decide(mail(), bare, history(), pack()))
    told = seen("when", kind=None, issues=(replace(issue(), products=()),))
    assert "hold_nothing_told" not in codes_of(decide(mail(), told, history(), pack())), "a symptom is told"
    placed = replace(bare, hints=(Hint(kind="region", value="ap-northeast-1"),))
    assert "hold_nothing_told" not in codes_of(decide(mail(), placed, history(), pack()))


def test_a_forwarded_first_mail_waits_for_a_person() -> None:
    below = "---------- Forwarded message ---------\n" + "今朝8時20分ごろから、社内からECSにSSHで接続できません。" * 4
    came = mail(
        subject="Fwd: ECSの件", text=f"以下の件、ご確認ください。\n{below}", reply_text="以下の件、ご確認ください。"
    )
    assert "hold_forwarded" in codes_of(decide(came, seen("when"), history(), pack()))
    whole = replace(came, reply_text=came.text)
    assert "hold_forwarded" not in codes_of(decide(whole, seen("when"), history(), pack())), "it was read"
    assert "hold_forwarded" not in codes_of(decide(replace(came, subject="ECSの件"), seen("when"), history(), pack()))


def test_an_outage_report_needs_no_more_than_the_general_threshold() -> None:
    careful = replace(pack(), letter_policies={LetterKind.ACKNOWLEDGEMENT: LetterPolicy(hold=0.9)})
    outage = seen(issues=(issue(Category.INCIDENT),), kind=None, confidence=0.7)
    assert not decide(mail(), outage, history(), careful).hold
    assert decide(mail(), seen(confidence=0.7), history(), careful).hold


def test_what_the_letter_itself_shows_is_not_asked_for() -> None:
    shown = (Hint(kind="when", value="2026-11-23T10:15:00+09:00"),)
    assert decided("when", "goal", hints=shown).missing == ("goal",)
    assert "when" in decided("when", "goal", hints=shown).unsure
    deadline = (Hint(kind="when", value="2027-02-15"),)
    assert "when" in decided("when", "goal", hints=deadline).missing, "a day to come is not when it happened"
    place = (Hint(kind="region", value="ap-northeast-1"), Hint(kind="resource", value="i-6we0a1b2c3d4e5f6g7h8"))
    assert "where" in decided("where", "goal", hints=place).unsure
    assert "where" in decided("where", "goal", hints=place[:1]).missing, "a region alone is half an answer"


def test_a_reply_that_turns_to_another_matter_or_settles_nothing_waits_for_a_person() -> None:
    asked = ticket(
        past(LetterKind.REQUEST_INFORMATION), asked=("when", "goal"), settled=("symptom", "where", "evidence")
    )
    before = history(ticket=asked)

    def told(text: str, *absent: str) -> set[str]:
        return codes_of(decide(mail(reply_text=text), seen(*absent), before, pack()))

    assert "hold_new_matter" in told("昨日からです。\n別件ですが、RDSのディスクが一杯です。", "goal")
    assert "hold_half_answer" in told("アカウントとは何でしょうか。", "when", "goal")
    assert not {"hold_new_matter", "hold_half_answer"} & told("昨日からです。また、現在も続いています。", "goal")
