from __future__ import annotations

from dataclasses import replace

import pytest

from models.decision import Decision, History, LetterKind, LetterMode, ReplyState, Silence
from models.mail import Address, AutomaticKind, Automation, Mail, Trust
from policy.pack import LetterPolicy
from responders.brake import brake, outbound_state
from responders.decide import decide
from tests.unit.responders.builders import CUSTOMER, NOW, envelope, history, mail, pack, past, seen, ticket

REQUEST = decide(mail(), seen("when"), history(), pack())


def silence(came: Mail | None = None, before: History | None = None, decision: Decision = REQUEST) -> str | None:
    found = brake(came or mail(), decision, before or history(), pack())
    return found.code if found else None


def test_a_letter_to_an_ordinary_customer_may_go() -> None:
    assert silence() is None


@pytest.mark.parametrize("kind", list(AutomaticKind))
def test_no_kind_of_automatic_mail_is_answered(kind: AutomaticKind) -> None:
    assert silence(mail(automation=Automation(kind=kind))) == "automatic"


def test_a_mail_that_may_not_be_answered_is_not_though_a_person_wrote_it() -> None:
    newsletter_like = Automation(may_reply=False, evidence=("list_unsubscribe: present",))
    found = brake(mail(automation=newsletter_like), REQUEST, history(), pack())
    assert found == Silence(code="may_not_reply", detail="list_unsubscribe: present")


def test_the_null_sender_is_never_answered_but_a_file_without_return_path_may_be() -> None:
    assert silence(mail(envelope=envelope(mail_from=""))) == "null_sender"
    assert silence(mail(envelope=envelope(mail_from="", is_from_file=True, is_sender_known=False))) is None


def test_a_sender_who_is_not_who_he_says_is_not_answered() -> None:
    assert silence(mail(trust=Trust.FAILED)) == "trust_failed"


def test_a_mail_without_a_usable_address_is_not_answered() -> None:
    assert silence(mail(sender=None, envelope=envelope(mail_from="nobody"))) == "no_usable_address"


@pytest.mark.parametrize(
    "local",
    [
        "MAILER-DAEMON",
        "root",
        "postmaster",
        "owner-list",
        "list-owner",
        "list-request",
        "bounce",
        "bounces+123",
        "bounce-mc.us1_2",
        "noreply",
        "no-reply",
        "no_reply",
        "alerts-noreply",
        "noreply-billing",
        "do-not-reply",
        "donotreply",
        "prvs=abc",
        "SRS0=ab=cd",
        "bounce-list=yamada=sample.example",
        "news+yamada=sample.example",
    ],
)
def test_role_addresses_are_not_answered(local: str) -> None:
    sender = Address(addr=f"{local}@sample.example")
    assert silence(mail(sender=sender, envelope=envelope(mail_from=sender.addr))) == "role_address"


@pytest.mark.parametrize("local", ["yamada", "info", "support", "renoreplyz", "quest", "daemon.yamada", "a+b"])
def test_addresses_of_people_are_not_taken_for_roles(local: str) -> None:
    sender = Address(addr=f"{local}@sample.example")
    assert silence(mail(sender=sender, envelope=envelope(mail_from=sender.addr))) is None


def test_bounce_hold_and_repeats_are_silent() -> None:
    assert silence(before=history(has_bounced=True)) == "bounce_hold"
    assert silence(before=history(is_repeat_body=True)) == "repeated_body"


@pytest.mark.parametrize(
    ("field", "limit", "code"),
    [
        ("letters_to_sender_hour", 5, "rate_sender_hour"),
        ("letters_to_sender_day", 20, "rate_sender_day"),
        ("letters_to_domain_hour", 60, "rate_domain_hour"),
        ("letters_total_10min", 200, "rate_total"),
    ],
)
def test_each_rate_has_its_limit(field: str, limit: int, code: str) -> None:
    assert silence(before=history(**{field: limit - 1})) is None
    assert silence(before=history(**{field: limit})) == code


def test_a_ticket_gets_no_letter_of_a_kind_twice_and_none_after_its_follow_up() -> None:
    spent = history(ticket=ticket(past(LetterKind.REQUEST_INFORMATION)))
    assert silence(before=spent) == "letter_spent"
    over = history(ticket=ticket(past(LetterKind.REQUEST_INFORMATION), past(LetterKind.FOLLOW_UP)))
    assert silence(before=over, decision=replace(REQUEST, letter=LetterKind.RECURRENCE)) == "letters_spent"


def test_an_empty_answer_within_a_minute_of_our_letter_is_a_machines() -> None:
    quick = ticket(past(LetterKind.ACKNOWLEDGEMENT, minutes=0))
    came = mail(reply_text="  \n", envelope=envelope(received_at=NOW))
    assert silence(came, history(ticket=quick)) == "quick_reply"
    assert silence(mail(envelope=envelope(received_at=NOW)), history(ticket=quick)) is None


@pytest.mark.parametrize(
    ("hold", "why", "mode", "state"),
    [
        (False, None, "auto", ReplyState.QUEUED),
        (False, None, "approve", ReplyState.HELD),
        (False, None, "shadow", ReplyState.SHADOW),
        (True, None, "auto", ReplyState.HELD),
        (True, None, "approve", ReplyState.HELD),
        (True, None, "shadow", ReplyState.SHADOW),
        (True, Silence(code="bounce_hold", detail="x"), "auto", ReplyState.SUPPRESSED),
        (False, Silence(code="bounce_hold", detail="x"), "shadow", ReplyState.SUPPRESSED),
        (False, Silence(code="rate_total", detail="x"), "auto", ReplyState.HELD),
    ],
)
def test_a_composed_letter_stands_where_brake_hold_and_mode_put_it(
    hold: bool, why: Silence | None, mode: str, state: ReplyState
) -> None:
    decision = decide(mail(), seen("when", confidence=0.2 if hold else 0.95), history(), pack())
    found, reason = stands(decision, why, mode)
    assert found is state
    assert bool(reason) == (state is not ReplyState.QUEUED)


def test_the_reason_of_a_suppressed_letter_names_the_brakes_code() -> None:
    assert stands(REQUEST, Silence(code="null_sender", detail="d"))[1] == "null_sender: d"
    assert stands(REQUEST, Silence(code="null_sender"))[1] == "null_sender"


@pytest.mark.parametrize("of_installation", ["auto", "approve", "shadow"])
@pytest.mark.parametrize("of_pack", list(LetterMode))
@pytest.mark.parametrize("of_desk", [None, *LetterMode])
def test_the_most_careful_mode_counts_and_the_desks_word_stands_in_the_packs_place(
    of_installation: str, of_pack: LetterMode, of_desk: LetterMode | None
) -> None:
    kind = LetterKind.REQUEST_INFORMATION
    with_mode = replace(pack(), letter_policies={kind: LetterPolicy(mode=of_pack)})
    before = history(modes={kind.value: of_desk.value} if of_desk else {})
    found, reason = outbound_state(kind, REQUEST, None, before, with_mode, of_installation)
    careful = ["off", "shadow", "approve", "auto"]
    least = careful[min(careful.index(of_installation), careful.index(of_desk or of_pack))]
    states = {"off": "suppressed", "shadow": "shadow", "approve": "held", "auto": "queued"}
    assert found.value == states[least]
    assert reason.partition(":")[0] == {"off": "mode_off", "auto": ""}.get(least, "mode")


def test_while_all_letters_are_stopped_each_waits() -> None:
    assert stands(REQUEST, None, before=history(is_stopped=True)) == (ReplyState.HELD, "stopped")


@pytest.mark.parametrize("why", [None, Silence(code="rate_total", detail="x")])
def test_neither_the_stop_nor_the_total_hides_that_an_agent_must_look(why: Silence | None) -> None:
    """Else releasing what the stop held would send letters that nobody was to send unseen."""
    stopped = history(is_stopped=True)
    held = decide(mail(), seen("when", confidence=0.2), history(), pack())
    assert stands(REQUEST, why, "approve", stopped) == (ReplyState.HELD, "mode: approve")
    assert stands(REQUEST, why, "shadow", stopped)[0] is ReplyState.SHADOW
    assert stands(held, why, "auto", stopped)[1].startswith("hold_")


def test_the_block_list_silences_and_the_allow_list_spares_rates_and_forms_but_not_machines() -> None:
    assert silence(before=history(is_blocked=True, is_allowed=True)) == "blocked"
    spared = history(is_allowed=True, has_bounced=True, letters_to_sender_hour=99, letters_to_domain_hour=99)
    assert silence(before=spared) is None
    assert silence(before=replace(spared, letters_total_10min=999)) == "rate_total"
    assert silence(mail(trust=Trust.FAILED), before=spared) == "trust_failed"
    machine = mail(automation=Automation(kind=AutomaticKind.BULK, may_reply=False))
    assert silence(machine, before=spared) == "automatic"
    role = mail(sender=Address(addr="no-reply@sample.example"), envelope=envelope(mail_from="no-reply@sample.example"))
    assert silence(role) == "role_address"
    assert silence(role, before=spared) is None


def stands(
    decision: Decision, why: Silence | None, mode: str = "auto", before: History | None = None
) -> tuple[ReplyState, str]:
    return outbound_state(LetterKind.REQUEST_INFORMATION, decision, why, before or history(), pack(), mode)


@pytest.mark.parametrize(
    ("sender", "mail_from"),
    [
        ("support@uketsuke.example", CUSTOMER),
        ("Support+x@Uketsuke.example", "support@uketsuke.example"),
        (CUSTOMER, "help+bounce.T000001.abc@uketsuke.example"),
        ("yamada@uketsuke.example", "SUPPORT+T000001.a@uketsuke.example"),
    ],
)
def test_the_desk_never_writes_to_itself(sender: str, mail_from: str) -> None:
    own = frozenset({"support@uketsuke.example", "help@uketsuke.example"})
    ours = replace(pack(), desk=replace(pack().desk, addresses=own))
    came = mail(sender=Address(addr=sender), envelope=envelope(mail_from=mail_from))
    found = brake(came, REQUEST, history(), ours)
    assert found is not None
    assert found.code == "own_address"


def test_a_proven_senders_reply_to_may_not_be_the_desk() -> None:
    ours = replace(pack(), desk=replace(pack().desk, addresses=frozenset({"help@sample.example"})))
    came = mail(reply_to=(Address(addr="help+1@sample.example"),), trust=Trust.ALIGNED)
    found = brake(came, REQUEST, history(), ours)
    assert found is not None
    assert found.code == "own_address"


def test_a_local_part_without_end_is_judged_at_once() -> None:
    assert silence(mail(sender=Address(addr="-a" * 50_000 + "@sample.example"))) is None
