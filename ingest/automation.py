"""Is a mail the work of a machine, and may we answer it? Two questions; one rule is one small function with a name.

Follows RFC 3834 section 2 and the signs of real mail servers. Every rule that hits is kept as evidence. A bounce wins over
a list it went through. Promises: a person is never called a machine for writing about one — body texts count only with
a machine's sign in the headers beside them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from ingest.machine_words import (
    ALARM_SUBJECT,
    AN_ANSWER,
    AWAY_BODY,
    AWAY_MARK,
    AWAY_SUBJECT,
    BOUNCE_BODY,
    BOUNCE_SUBJECT,
    CHALLENGE,
    DAEMON,
    DECLARED,
    GOT,
    LEFT,
    NAMED_MAIL,
    NOT_READ,
    PASSED_ON,
    RECEIPT,
    RECEIVED,
    SAID_BY_MACHINE,
    SERVER_PRODUCT,
    SERVER_WORDS,
    THANKS,
    TICKET_MARK,
    UNSUBSCRIBE,
    WAS_READ,
    WATCHER,
    YOUR_MAIL_FAILED,
)
from models.mail import AutomaticKind, Automation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from models.mail import Envelope

BOUNCE, AUTO_REPLY, BULK, LIST, LOOP = AutomaticKind
_ORDER = (LOOP, BOUNCE, AUTO_REPLY, LIST, BULK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """What the rules look at: headers by lower-case name, the raw From, the content type, subject and the text's beginning."""

    envelope: Envelope
    headers: Mapping[str, tuple[str, ...]]  # every value of a repeated header, in order, none empty
    sender: str  # address, casefolded; empty if there is none
    sender_raw: str  # the From header as it came, decoded
    subject: str
    text: str  # the first few thousand characters
    own_text: str  # so much of the sender's own words
    content_type: str  # with parameters
    part_types: tuple[str, ...]
    file_names: tuple[str, ...] = ()
    calendar_methods: tuple[str, ...] = ()  # REQUEST, CANCEL ... of calendar parts, in capitals
    is_sealed: bool = False  # encrypted: nobody here has read what it says
    recipients: frozenset[str]  # To and Cc, casefolded, plus parts removed
    own: frozenset[str]  # the desk's addresses, casefolded
    instance: str = ""

    def header(self, name: str) -> str:
        """The first value of a header; empty if absent."""
        return next(iter(self.values(name)), "")

    def values(self, name: str) -> tuple[str, ...]:
        """Every value of a header: a machine's word counts wherever it stands."""
        return self.headers.get(name, ())


_Verdict: TypeAlias = "tuple[AutomaticKind | None, str] | None"
_ROLE = re.compile(
    r"^(?:owner-.*|.*-(?:request|owner|bounces?)(?:\+.*)?|bounces?[-+.].*|bounces?|listserv|majordomo|mailman|.*-confirm|.*-errors)@",
    re.IGNORECASE,
)
_NO_REPLY = re.compile(
    r"^(?:.*[-_.+])?(?:no|not|do[-_.]?not|never|donot)[-_.]?reply.*@|^(?:noreply|no_reply|donotreply)@", re.IGNORECASE
)
_WEB_SERVER = re.compile(r"(?:apache|www-?data|httpd|nginx|nobody|wordpress)@", re.IGNORECASE)
_QUOTING = re.compile(r"[「『“\"][^」』”\"\n]{0,80}\Z")  # somebody's words, not the mail's own
_STOP_LINK = re.compile(
    rf"(?:{UNSUBSCRIBE.pattern})[^\n]{{0,60}}\n?[^\n]{{0,20}}https?://|https?://[^\n]{{0,20}}(?:unsub|optout|opt-out)",
    re.IGNORECASE,
)
_SCHEDULING = frozenset({"REQUEST", "CANCEL", "REPLY", "COUNTER", "DECLINECOUNTER"})
_REPORT_FILE = re.compile(
    r"[^!\s]{1,255}![^!\s]{1,255}!\d{6,12}!\d{6,12}(?:![^!\s]{1,100})?\.(?:xml|zip|gz)\b", re.IGNORECASE
)
_REPORT_SUBJECT = re.compile(r"(?:re: )?report domain:", re.IGNORECASE)
_LABELS = re.compile(r"^\s*(?:(?:\[[^\]]{1,60}\]|【[^】]{1,60}】)\s*)+")
_BEGINNING = 1_500  # characters in which a machine has said what it is
_AUTO_HEADERS = (
    "x-autoreply",
    "x-autorespond",
    "x-autoresponder",
    "x-autoreply-from",
    "x-mail-autoreply",
    "x-autoreply-domain",
    "x-auto-reply-from",
)


def judge(signs: Signs) -> Automation:
    """The verdict, with every rule that hit: "name: what it saw"."""
    hits = [(rule.__name__.removeprefix("_rule_"), found) for rule in RULES if (found := rule(signs)) is not None]
    kinds = {kind for _, (kind, _) in hits if kind is not None}
    if AUTO_REPLY in kinds and all(name == "null_sender" for name, (kind, _) in hits if kind is BOUNCE):
        kinds.discard(BOUNCE)  # vacation notes and receipts have no envelope sender either, and better signs
    kind = next((kind for kind in _ORDER if kind in kinds), None)
    return Automation(kind=kind, may_reply=not hits, evidence=tuple(f"{name}: {saw}" for name, (_, saw) in hits))


def _rule_own_instance(signs: Signs) -> _Verdict:
    """A mail that this installation wrote."""
    seen = signs.values("x-uketsuke-instance")
    return (LOOP, "a letter of our own came back") if signs.instance and signs.instance in seen else None


def _rule_own_address(signs: Signs) -> _Verdict:
    """From one of the desk's own addresses; by the envelope alone it is a forgery or a forward: not answered."""
    if signs.sender and _bare(signs.sender) in signs.own:
        return LOOP, signs.sender
    envelope_sender = signs.envelope.mail_from.strip("<> ").casefold()
    is_ours = _bare(envelope_sender) in signs.own and not _is_own_group(signs)
    return (None, f"envelope sender {envelope_sender}") if is_ours else None


def _rule_null_sender(signs: Signs) -> _Verdict:
    """MAIL FROM:<> (RFC 3834 2: MUST NOT answer). A bounce unless other signs say that it is a note or a receipt."""
    if not _is_sender_null(signs):
        return None
    kind = AUTO_REPLY if _is_note(signs) else BOUNCE
    return kind, "the envelope sender is <>"


def _rule_daemon(signs: Signs) -> _Verdict:
    """From a mail server's own mailbox, by address or by name; some have no address at all."""
    local = signs.sender.partition("@")[0]
    has_failed = BOUNCE_SUBJECT.search(signs.subject) or BOUNCE_BODY.search(signs.text[:600])
    is_person = signs.header("user-agent") or not (has_failed or _is_auto_submitted(signs))
    if re.fullmatch(r"post[-_]?master", local) and is_person:
        return None, "a server's mailbox, with no sign of a failure: perhaps its keeper writes"
    if DAEMON.search(local) or (
        DAEMON.search(signs.sender_raw)
        and (
            "<>" in signs.sender_raw
            or not signs.sender
            or "daemon" in signs.sender_raw.lower()
            or SERVER_PRODUCT.search(signs.sender_raw)
        )
    ):
        return (AUTO_REPLY if _is_note(signs) else BOUNCE), signs.sender_raw[:80]
    return None


def _rule_report(signs: Signs) -> _Verdict:
    """multipart/report (RFC 6522): delivery reports are bounces, disposition and feedback reports are answers by machine."""
    kind = signs.content_type.lower()
    parts = " ".join(signs.part_types)
    if "delivery-status" in kind or "message/delivery-status" in parts:
        return BOUNCE, "delivery report"
    if "multipart/report" in kind or any(
        word in kind + parts for word in ("disposition-notification", "feedback-report")
    ):
        return AUTO_REPLY, "disposition or feedback report"
    return None


def _rule_failed_recipients(signs: Signs) -> _Verdict:
    """X-Failed-Recipients (Exim, Google)."""
    found = signs.header("x-failed-recipients")
    return (BOUNCE, found[:80]) if found else None


def _rule_bounce_subject(signs: Signs) -> _Verdict:
    """A failure subject with a failure text, and a sign that no person wrote it."""
    if not BOUNCE_SUBJECT.search(signs.subject) or not BOUNCE_BODY.search(signs.text) or signs.header("user-agent"):
        return None
    is_machine = bool(
        _is_auto_submitted(signs)
        or _NO_REPLY.match(signs.sender)
        or not signs.sender
        or signs.header("x-mailer").startswith(("MIME-tools", "<SMTP32"))
        or any(signs.header(name) for name in ("list-id", "x-ml-name", "x-list-administrivia"))
        or DECLARED.search(signs.own_text)
        or YOUR_MAIL_FAILED.search(signs.text[:_BEGINNING])
    )
    is_mailbox = re.match(
        r"(?:post_?master|mailadmin|mail|admin(?:istrator)?|root|daemon|notify|system|support_?mail|mmsc?|error)[@.+_-]",
        signs.sender,
    )
    return (BOUNCE, signs.subject[:80]) if is_machine or is_mailbox else None


def _rule_gateway_report(signs: Signs) -> _Verdict:
    """A report of a gateway to X.400 (RFC 2156 5.1)."""
    return (BOUNCE, "Message-Type: Delivery Report") if _has(signs, "message-type", "delivery report") else None


def _rule_empty_from(signs: Signs) -> _Verdict:
    """From: <>, with or without a name: only mail servers write so."""
    return (BOUNCE, signs.sender_raw[:80] or "<>") if re.search(r"<\s*>\s*$", signs.sender_raw) else None


def _rule_failure_text(signs: Signs) -> _Verdict:
    """The text begins with the fixed words of a mail server; a person who forwards it puts something before them."""
    if PASSED_ON.match(signs.subject):
        return None
    found = SERVER_WORDS.match(signs.text.lstrip())
    if found is None and NAMED_MAIL.search(signs.own_text[:_BEGINNING]):
        found = YOUR_MAIL_FAILED.search(signs.own_text[:_BEGINNING])
    return (BOUNCE, " ".join(found[0].split())[:80]) if found else None


def _rule_receipt(signs: Signs) -> _Verdict:
    """A read receipt or an abuse complaint in free form, by its fixed subject and a text that fits."""
    is_receipt = RECEIPT.match(signs.subject) and len(signs.text) < 1500 and WAS_READ.search(signs.text)
    is_complaint = re.match(r"\s*complaint about message from\b", signs.subject, re.IGNORECASE)
    return (AUTO_REPLY, signs.subject[:80]) if is_receipt or is_complaint else None


def _rule_declared(signs: Signs) -> _Verdict:
    """The mail says of itself that a program wrote it; whether as an answer, other signs must tell."""
    if PASSED_ON.match(signs.subject):
        return None
    found = DECLARED.search(signs.own_text)
    if found is None or _QUOTING.search(signs.own_text[: found.start()]):
        return None
    saw = found[0].strip()[:80]
    if GOT.search(signs.own_text[: found.start()]) or re.search(r"フォーム|\bform\b|表单", found[0], re.IGNORECASE):
        return None, saw  # a person who shows us a mail, or who wrote into a form
    said = f"{signs.subject}\n{signs.own_text}"
    if AN_ANSWER.search(re.split(r"[。.\n]", signs.own_text[found.start() : found.end() + 20])[0]):
        return AUTO_REPLY, saw
    is_answer = _is_answer(signs) or _is_away_subject(signs.subject) or RECEIVED.search(said) or THANKS.search(said)
    return (AUTO_REPLY if is_answer else BULK), saw


def _rule_not_read(signs: Signs) -> _Verdict:
    """The mail says that nobody reads an answer to it."""
    found = None if PASSED_ON.match(signs.subject) else NOT_READ.search(signs.own_text)
    return (None, found[0].strip()[:80]) if found else None


def _rule_notification_service(signs: Signs) -> _Verdict:
    """Amazon SNS hands bounces and complaints on as JSON."""
    if "sns.amazonaws.com" in signs.sender or re.match(r'\s*\{[^{}]{0,200}"notificationType"', signs.text):
        return (
            (BOUNCE, "notification of a mail service")
            if re.search(r"notificationType\W+(?:Bounce|Complaint)|\bBounce\b", signs.text)
            else (BULK, signs.sender)
        )
    return None


def _rule_auto_submitted(signs: Signs) -> _Verdict:
    """Auto-Submitted with anything but `no` (RFC 3834 5): forwarded by machine is still a customer's, but not answered.

    `auto-generated` is a program's notice unless it answers something; Exchange calls its absence notes so.
    """
    word = _auto_submitted(signs) or ("auto-forwarded" if _has(signs, "autoforwarded", "true") else "")
    if not word or word == "no":
        return None
    if word == "auto-forwarded":
        return None, word
    is_answer = _is_note(signs) or (_is_answer(signs) and not _has(signs, "precedence", "bulk"))
    if word.startswith("auto-replied") or is_answer:
        return AUTO_REPLY, word
    return BULK, word


def _rule_auto_headers(signs: Signs) -> _Verdict:
    """The private headers of autoresponders."""
    for name in _AUTO_HEADERS:
        if any(value.lower() not in {"no", "false"} for value in signs.values(name)):
            return AUTO_REPLY, name
    if _has(signs, "x-autogenerated", "reply", "forward", "group", "letter") or _has(
        signs, "x-fc-machinegenerated", "true"
    ):
        return AUTO_REPLY, "x-autogenerated"
    if _has(signs, "x-apple-action", "vacation"):
        return AUTO_REPLY, "x-apple-action"
    return (AUTO_REPLY, "delivered-to: autoresponder") if _has(signs, "delivered-to", "autoresponder") else None


def _rule_response_suppress(signs: Signs) -> _Verdict:
    """X-Auto-Response-Suppress (MS-OXCMAIL): do not answer; an automatic mail only together with a note's subject."""
    said = ",".join(signs.values("x-auto-response-suppress"))
    words = {word.strip().lower() for word in said.split(",")}
    if not words & {"all", "oof", "autoreply"}:
        return None
    return (AUTO_REPLY if _is_note(signs) else None), ", ".join(sorted(words))


def _rule_note_subject(signs: Signs) -> _Verdict:
    """An absence note by its subject, where the mail is an answer or carries a machine's sign."""
    if AWAY_MARK.search(signs.subject):
        return AUTO_REPLY, signs.subject[:80]
    if not _is_away_subject(signs.subject):
        return None
    is_answer = bool(signs.header("in-reply-to") or signs.header("references"))
    is_machine = is_answer or signs.header("precedence") or signs.header("x-loop") or _is_auto_submitted(signs)
    says_so = AWAY_BODY.search(signs.own_text) or DECLARED.search(signs.own_text)
    return (AUTO_REPLY, signs.subject[:80]) if is_machine or says_so else None


def _rule_acknowledgement(signs: Signs) -> _Verdict:
    """Another desk's receipt for our letter, told by subject or text, and the sign of a machine beside it."""
    beginning = signs.own_text[:_BEGINNING]
    in_subject = not PASSED_ON.match(signs.subject) and RECEIVED.search(signs.subject)
    is_marked = TICKET_MARK.search(signs.subject) or _is_away_subject(signs.subject)
    if in_subject and (is_marked or SAID_BY_MACHINE.search(signs.text) or _is_machine(signs)):
        return AUTO_REPLY, signs.subject[:80]
    in_text = RECEIVED.search(beginning)
    return (AUTO_REPLY, in_text[0][:80]) if in_text and _is_machine(signs) else None


def _rule_successor(signs: Signs) -> _Verdict:
    """The note of a mailbox whose owner has left, where the mail is an answer or carries a machine's sign."""
    found = LEFT.search(signs.subject) or LEFT.search(signs.own_text[:_BEGINNING])
    return (AUTO_REPLY, found[0][:80]) if found and (_is_machine(signs) or _is_sender_null(signs)) else None


def _rule_challenge(signs: Signs) -> _Verdict:
    """Challenge-response systems and loop marks of other desks."""
    if found := CHALLENGE.search(signs.own_text[:_BEGINNING]):
        return AUTO_REPLY, " ".join(found[0].split())[:80]
    if any(_bare(value.strip("<> ").casefold()) in signs.own for value in signs.values("x-loop")):
        return LOOP, "x-loop with an address of ours"
    if signs.header("x-tmda-fingerprint") or signs.header("x-boxtrapper-sender"):
        return AUTO_REPLY, "challenge"
    loop = _loop_mark(signs)
    return ((AUTO_REPLY if _is_note(signs) or _is_auto_submitted(signs) else None), loop) if loop else None


def _rule_precedence(signs: Signs) -> _Verdict:
    """Precedence: bulk, junk, list or auto_reply."""
    kinds = {"bulk": BULK, "junk": BULK, "list": LIST, "auto_reply": AUTO_REPLY, "auto-reply": AUTO_REPLY}
    word = next((value.lower() for value in signs.values("precedence") if value.lower() in kinds), None)
    if word is None or (word == "list" and _is_own_group(signs)):
        return None
    return (AUTO_REPLY if _is_note(signs) else kinds[word]), word


def _rule_list(signs: Signs) -> _Verdict:
    """Mailing lists (RFC 2369, 2919); List-Unsubscribe alone may be a person's mail through a sending service."""
    for name in (
        "list-id",
        "list-post",
        "mailing-list",
        "x-mailing-list",
        "list-archive",
        "x-ml-name",
        "x-ml-count",
        "list-owner",
        "list-subscribe",
    ):
        if signs.header(name) and not _is_own_group(signs):
            return LIST, name
    return (None, "list-help") if signs.header("list-help") else None


def _rule_newsletter(signs: Signs) -> _Verdict:
    """List-Unsubscribe: a newsletter if the mail shows another trace of mass sending, else perhaps a person's mail.

    Without that header: the words that end a subscription, with their link.
    """
    if _is_own_group(signs):
        return None
    if not signs.header("list-unsubscribe"):
        found = None if PASSED_ON.match(signs.subject) or _is_answer(signs) else _STOP_LINK.search(signs.text)
        return (BULK, " ".join(found[0].split())[:80]) if found else None
    traces = ("list-unsubscribe-post", "feedback-id", "x-campaign", "x-mailgun-tag")
    is_mass = UNSUBSCRIBE.search(signs.text) or (
        not _is_answer(signs) and (_is_verp(signs) or any(signs.header(name) for name in traces))
    )
    return (BULK if is_mass else None), "list-unsubscribe"


def _rule_alarm(signs: Signs) -> _Verdict:
    """A program that watches, plans or reports."""
    return (BULK, f"{signs.sender_raw[:40]}: {signs.subject[:80]}") if _is_notice(signs) else None


def _rule_calendar(signs: Signs) -> _Verdict:
    """An invitation, its withdrawal or its answer (RFC 5546): agents see it, a letter would go to a calendar."""
    found = next((method for method in signs.calendar_methods if method in _SCHEDULING), None)
    return (None, f"METHOD:{found}") if found else None


def _rule_dmarc_report(signs: Signs) -> _Verdict:
    """A DMARC aggregate report (RFC 7489 7.2.1.1): known by its file's name, or by its subject with a packed file."""
    named = next((name for name in signs.file_names if _REPORT_FILE.match(name)), None)
    is_packed = any(name.lower().endswith((".zip", ".gz")) for name in signs.file_names)
    if named is None and not (is_packed and _REPORT_SUBJECT.match(signs.subject)):
        return None
    return AUTO_REPLY, (named or signs.subject)[:80]


def _rule_role_sender(signs: Signs) -> _Verdict:
    """Envelope or header senders that are lists' and servers' mailboxes."""
    for address in (signs.envelope.mail_from.lower(), signs.sender):
        if _ROLE.match(address):
            return (BOUNCE if address.startswith("bounce") and BOUNCE_SUBJECT.search(signs.subject) else None), address
    return None


def _rule_no_reply_sender(signs: Signs) -> _Verdict:
    """Nobody reads what is sent to a no-reply address."""
    return (None, signs.sender) if _NO_REPLY.match(signs.sender) else None


def _rule_no_sender(signs: Signs) -> _Verdict:
    """No usable address to answer to."""
    return None if signs.sender else (None, "no sender address")


def _rule_spam_mark(signs: Signs) -> _Verdict:
    """Marked as spam by the server in front."""
    is_spam = _has(signs, "x-spam-flag", "yes") or any(
        value.lower().startswith("yes") for value in signs.values("x-spam-status")
    )
    return (None, "marked as spam") if is_spam else None


def _rule_sealed(signs: Signs) -> _Verdict:
    """Encrypted: a letter that asks for what the sealed text may well say would make a fool of the desk."""
    return (None, "the text cannot be read here") if signs.is_sealed else None


def _rule_not_addressed(signs: Signs) -> _Verdict:
    """Our address is neither in To nor Cc: a blind copy or a forward (RFC 3834 2). Files have no desk to compare with."""
    if signs.envelope.is_from_file or not signs.own or signs.recipients & signs.own:
        return None
    return None, "the desk's address is not in To or Cc"


def _rule_spam(signs: Signs) -> _Verdict:
    """A filter on the way took it for spam: kept and shown, not answered."""
    status = signs.header("x-spam-status").lower()
    if _has(signs, "x-spam-flag", "yes") or status.startswith("yes"):
        return None, "X-Spam-Flag" if _has(signs, "x-spam-flag", "yes") else "X-Spam-Status"
    return None


RULES: tuple[Callable[[Signs], _Verdict], ...] = tuple(
    thing for name, thing in list(globals().items()) if name.startswith("_rule_")
)


def _has(signs: Signs, name: str, *wanted: str) -> bool:
    """Is any value of that header one of these, case aside?"""
    return any(value.lower() in wanted for value in signs.values(name))


def _bare(address: str) -> str:
    local, _, domain = address.rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


def _auto_submitted(signs: Signs) -> str:
    """The keyword before parameters and comments, in lower case; of several the first that is not `no`."""
    words = [
        re.sub(r"\([^()]*\)", "", value).partition(";")[0].strip().lower() for value in signs.values("auto-submitted")
    ]
    return next((word for word in words if word and word != "no"), "no" if words else "")


def _is_auto_submitted(signs: Signs) -> bool:
    return _auto_submitted(signs) not in {"", "no"}


def _is_away_subject(subject: str) -> bool:
    bare = _LABELS.sub("", subject)
    return any(AWAY_SUBJECT.match(words.lstrip("[【( \t\u3000")) for words in (subject, bare))


def _is_sender_null(signs: Signs) -> bool:
    return signs.envelope.is_sender_known and not signs.envelope.mail_from


def _is_answer(signs: Signs) -> bool:
    """Does it answer a mail of ours?"""
    return bool(signs.header("in-reply-to") or signs.header("references")) or RECEIVED.search(signs.subject) is not None


def _loop_mark(signs: Signs) -> str:
    """The header by which a program knows its own mails (X-Loop, X-OTRS-Loop); empty if there is none."""
    return next((name for name in signs.headers if re.fullmatch(r"x-(?:[a-z]+-)?loop", name)), "")


def _is_machine(signs: Signs) -> bool:
    """A sign in the envelope or the headers that no person sent this."""
    return bool(
        _is_sender_null(signs)
        or _is_auto_submitted(signs)
        or signs.header("precedence")
        or signs.header("x-auto-response-suppress")
        or _has(signs, "delivered-to", "autoresponder")
        or _NO_REPLY.match(signs.sender)
        or _WEB_SERVER.match(signs.envelope.mail_from)
        or _loop_mark(signs)
        or any(signs.header(name) for name in _AUTO_HEADERS)
    )


def _is_notice(signs: Signs) -> bool:
    """A program's name as the sender, and a subject or a form of text that only programs use."""
    if signs.headers.keys() & {"x-cron-env", "x-nagios-host", "x-zabbix-event"}:
        return True
    local, name = signs.sender.partition("@")[0], signs.sender_raw.partition("<")[0]
    if PASSED_ON.match(signs.subject) or not (WATCHER.match(local) or WATCHER.match(name)):
        return False
    lines = [line for line in signs.own_text.split("\n") if line.strip()][:8]
    fields = sum(re.match(r"[^\s:：][^:：]{1,30}[:：]\s*\S", line) is not None for line in lines)
    return ALARM_SUBJECT.match(signs.subject) is not None or (len(lines) >= 3 and fields * 3 >= len(lines) * 2)


def _is_own_group(signs: Signs) -> bool:
    """Is the list that distributed the mail the desk's own address? Then whoever wrote there wrote to the desk."""
    posts = " ".join((*signs.values("list-post"), *signs.values("mailing-list"))).casefold()
    ids = " ".join(signs.values("list-id")).casefold()
    return any(
        re.search(rf"[\s:]{re.escape(one)}\b", f" {posts}") or f"<{one.replace('@', '.')}>" in ids for one in signs.own
    )


def _is_verp(signs: Signs) -> bool:
    """Does the envelope sender name the recipient (variable envelope return path)? Only mass senders need that."""
    path = signs.envelope.mail_from.casefold()
    return any(address.replace("@", "=") in path for address in signs.recipients)


def _is_note(signs: Signs) -> bool:
    """An absence note or automatic answer, by its subject or headers, and no delivery failure."""
    if BOUNCE_SUBJECT.search(signs.subject):
        return False
    has_header = any(signs.header(name) for name in _AUTO_HEADERS) or _has(signs, "x-apple-action", "vacation")
    return (
        _is_away_subject(signs.subject)
        or has_header
        or (_auto_submitted(signs).startswith("auto-replied") and not BOUNCE_BODY.search(signs.text[:600]))
    )
