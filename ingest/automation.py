"""Is a mail the work of a machine, and may we answer it? Two questions; one rule is one small function with a name.

Follows RFC 3834 section 2 and the signs of real mail servers. Every rule that hits is kept as evidence. A bounce wins over
a list it went through. Promises: a person is never called a machine for writing about one — body texts count only with
a machine's sign in the headers beside them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

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
_DAEMON = re.compile(
    r"mailer[-_. ]?daemon|mail[-_ ]?deliver(?:y|er)?[-_ ]?(?:subsystem|system|service)|post[-_]?master|mail ?administrator|system administrator"
    r"|^mdaemon|internet mail delivery|mailerdaemon|^bounce[sd]?[-+.@]|^mail.?system|delivery[-_ ](?:status|failure|report)|^mailer@|^microsoftexchange[0-9a-f]{20,}|courier mail server|\binterscan\b|\bmailmarshal\b|\bimss\b",
    re.IGNORECASE,
)
_SERVER_PRODUCT = re.compile(r"\b(?:interscan|mailmarshal|imss|courier mail server)\b", re.IGNORECASE)
_BOUNCE_SUBJECT = re.compile(
    r"^\s*(?:undeliver(?:able|ed)|undelivered mail returned|delivery (?:status notification|failure|has failed|report|final|notification|(?:is )?delayed|incomplete)"
    r"|returned mail|mail (?:delivery|system) (?:fail|error|status)|failure notice|mail delivery (?:failed|problem|subsystem)|message (?:delivery|status) "
    r"|non[- ]?delivery|nondeliverable|could not deliver|unable to deliver|warning: (?:could not send|message .* delayed)|delayed mail|dsn:|failed mail"
    r"|\[?bounced?\]?(?: mail)?\s*[:：]?(?:$| mail)|(?:notice|warning): (?:mail )?delivery|\*{0,2}message you sent blocked|mail could not be delivered|message not delivered|email not delivered|your message (?:could not|wasn't|was not)|mail failure"
    r"|メールエラー通知|(?:メッセージ|メール)(?:を|が|の)?(?:配信|配達|送信|お届け)(?:できませ|に失敗|不能|エラー|遅延)|配信(?:不能|失敗|エラー|遅延)|送信(?:エラー|できませんでした|失敗)|配達(?:不能|できませ)|不達|宛先(?:不明|エラー)|エラーメール|未送信メール"
    r"|系统退信|退信|邮件(?:被退回|无法投递)|投递失败|returned to sender|mail returned|unzustellbar|non remis|no entregado|postmaster notify|complaint about message|loop alert)",
    re.IGNORECASE,
)
_BOUNCE_BODY = re.compile(
    r"(?:could not be delivered|was not delivered|delivery (?:has )?failed|undeliverable|user (?:unknown|not found|doesn't exist)|unknown user|no such user|mailbox (?:unavailable|is full|full|not found)"
    r"|permanent (?:fatal )?errors?|following address(?:es)? (?:failed|had)|unable to (?:deliver|relay)|recipient(?:'s)? (?:address )?(?:rejected|unknown|not)|550[ -]|554[ -]|5\.\d\.\d"
    r"|returned to (?:you|sender)|over quota|quota exceeded|host unknown|deferred:|message delayed|宛先.{0,20}(?:見つかりません|存在しません|不明)|送信できませんでした|お届けできません|配信できません|投递失败|无法投递"
    r"|final-recipient|this is a permanent error|sorry to have to inform|i'm afraid i wasn't able to deliver|not a member|notificationtype)",
    re.IGNORECASE,
)
_PASSED_ON = re.compile(r"^\s*(?:re|fw|fwd|wg|tr|転送|返信|转发|回复)\s*[:：]", re.IGNORECASE)
_SERVER_WORDS = re.compile(
    r"\A(?:Hi\. This is the |This is the (?:mail system|qmail|Postfix|mail delivery)|This message was created automatically by (?:the )?mail"
    r"|This is an automatically generated Delivery Status|I'm sorry to have to inform you that|The original message was received at .{0,120}\n"
    r"|-{3,}\s*The following addresses had|Your message (?:did not reach|could not be delivered to|cannot be delivered)|Delivery (?:has failed|to the following recipient)"
    r"|This is a delivery status notification from |(?:次|以下)の(?:受信者|宛先|アドレス).{0,20}への(?:配信|配達|送信)|The following (?:message|recipients?|address(?:es)?) .{0,60}(?:undeliverable|could not|failed)|Sorry, we were unable to deliver|We're sorry\. There's a problem with the e-mail"
    r"|\*\* (?:Address not found|Message blocked|Delivery incomplete) \*\*|Reporting-MTA:|次の(?:あて先|宛先)へのメッセージはエラーのため|以下のメールアドレスへの送信に失敗)",
    re.IGNORECASE,
)
_RECEIPT = re.compile(r"^\s*(?:(?:not )?read|deleted|開封済み|開封確認(?:済み)?|既読|已读)\s*[:：]", re.IGNORECASE)
_WAS_READ = re.compile(
    r"\b(?:was|has been|were) (?:read|displayed|deleted)|開封され|表示され|既読|已读|已阅读", re.IGNORECASE
)
_SEND_ONLY = re.compile(
    r"(?:この|本)(?:メール|ﾒｰﾙ)は.{0,20}自動.{0,12}(?:送信|配信|返信|応答|生成)|送信専用|配信専用|automatically generated|do not reply to this|automated (?:message|e-?mail)",
    re.IGNORECASE,
)
_AWAY_SUBJECT = re.compile(
    r"(?:auto(?:matic|mated)?[- ]?(?:reply|response|respond|antwort)\b(?! (?:is|does|not|to|settings?|for)\b)|out of (?:the )?office|ooo\b|away from|vacation|on (?:vacation|holiday|leave)|autoreply|auto:|abwesen|réponse automatique|respuesta automática"
    r"|自動(?:返信|応答|送信|回答)(?:メール)?\s*(?:[\]】)）:：]|$)|(?:不在|休暇|外出|出張|休業)(?:中)?(?:通知|連絡|の(?:お知らせ|ご連絡|ご案内)|返信|応答|のため|につき|です|\s*(?:[\]】)）:：]|$))|自动(?:回复|答复|回覆)|自動回覆)",
    re.IGNORECASE,
)
# What mail programs put before or behind the subject that they answer by themselves.
_AWAY_MARK = re.compile(
    r"^\s*(?:automatic reply|auto(?:matic)? ?response|auto-?reply|out of (?:the )?office(?: auto-?reply)?|abwesenheitsnotiz|automatische antwort|réponse automatique"
    r"|absence du bureau|respuesta automática|risposta automatica|自動応答|自動返信|不在通知|自动回复|自动答复|自動回覆)\s*[:：]"
    r"|[（(\[【](?:自動応答|自動返信|不在(?:通知)?|auto(?:matic)?[- ]?reply|out of office|自动回复)[）)\]】]\s*$",
    re.IGNORECASE,
)
_RECEIVED = re.compile(
    r"(?:your|the) (?:request|ticket|inquiry|enquiry|message|case|e-?mail) .{0,30}(?:has been|was|have been) (?:received|created|registered|opened|logged)"
    r"|(?:we )?(?:have )?received your (?:request|message|inquiry|enquiry|e-?mail)|お問い?合わ?せ.{0,12}(?:受け付け|受付|ありがとう)|(?:受付|受け付け)(?:完了|いたしました)|工单.{0,10}(?:已创建|已收到|已受理)",
    re.IGNORECASE,
)
_SAID_BY_MACHINE = re.compile(
    r"自動.{0,12}(?:送信|配信|返信|応答|生成|回答)|automat(?:ed|ic(?:ally)?) .{0,24}(?:message|reply|response|e-?mail|acknowledg|generated|sent)|(?:系统)?自动(?:回复|发送|生成)",
    re.IGNORECASE,
)
_ROLE = re.compile(
    r"^(?:owner-.*|.*-(?:request|owner|bounces?)(?:\+.*)?|bounces?[-+.].*|bounces?|listserv|majordomo|mailman|.*-confirm|.*-errors)@",
    re.IGNORECASE,
)
_NO_REPLY = re.compile(
    r"^(?:.*[-_.+])?(?:no|not|do[-_.]?not|never|donot)[-_.]?reply.*@|^(?:noreply|no_reply|donotreply)@", re.IGNORECASE
)
_SCHEDULING = frozenset({"REQUEST", "CANCEL", "REPLY", "COUNTER", "DECLINECOUNTER"})
_REPORT_FILE = re.compile(
    r"[^!\s]{1,255}![^!\s]{1,255}!\d{6,12}!\d{6,12}(?:![^!\s]{1,100})?\.(?:xml|zip|gz)\b", re.IGNORECASE
)
_REPORT_SUBJECT = re.compile(r"(?:re: )?report domain:", re.IGNORECASE)
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
    return (None, f"envelope sender {envelope_sender}") if _bare(envelope_sender) in signs.own else None


def _rule_null_sender(signs: Signs) -> _Verdict:
    """MAIL FROM:<> (RFC 3834 2: MUST NOT answer). Vacation notes come with it too: told apart by their own signs."""
    if signs.envelope.mail_from or not signs.envelope.is_sender_known:
        return None
    kind = AUTO_REPLY if _is_note(signs) else BOUNCE
    return kind, "the envelope sender is <>"


def _rule_daemon(signs: Signs) -> _Verdict:
    """From a mail server's own mailbox, by address or by name; some have no address at all."""
    local = signs.sender.partition("@")[0]
    if re.fullmatch(r"post[-_]?master", local) and not (
        _BOUNCE_SUBJECT.search(signs.subject) or _BOUNCE_BODY.search(signs.text[:600]) or _is_auto_submitted(signs)
    ):
        return None, "a server's mailbox, with no sign of a failure: perhaps its keeper writes"
    if _DAEMON.search(local) or (
        _DAEMON.search(signs.sender_raw)
        and (
            "<>" in signs.sender_raw
            or not signs.sender
            or "daemon" in signs.sender_raw.lower()
            or _SERVER_PRODUCT.search(signs.sender_raw)
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
    if not _BOUNCE_SUBJECT.search(signs.subject) or not _BOUNCE_BODY.search(signs.text):
        return None
    is_machine = bool(
        _is_auto_submitted(signs)
        or _NO_REPLY.match(signs.sender)
        or not signs.sender
        or signs.header("x-mailer").startswith(("MIME-tools", "<SMTP32"))
    )
    is_mailbox = re.match(
        r"(?:post_?master|mailadmin|mail|admin(?:istrator)?|root|daemon|notify|system|support_?mail|mmsc?|error)[@.+_-]",
        signs.sender,
    )
    return (BOUNCE, signs.subject[:80]) if is_machine or is_mailbox else None


def _rule_empty_from(signs: Signs) -> _Verdict:
    """From: <>, with or without a name: only mail servers write so."""
    return (BOUNCE, signs.sender_raw[:80] or "<>") if re.search(r"<\s*>\s*$", signs.sender_raw) else None


def _rule_failure_text(signs: Signs) -> _Verdict:
    """The text begins with the fixed words of a mail server; a person who forwards it puts something before them."""
    if _PASSED_ON.match(signs.subject):
        return None
    found = _SERVER_WORDS.match(signs.text.lstrip())
    return (BOUNCE, found[0].strip()[:80]) if found else None


def _rule_receipt(signs: Signs) -> _Verdict:
    """A read receipt or an abuse complaint in free form, by its fixed subject and a text that fits."""
    is_receipt = _RECEIPT.match(signs.subject) and len(signs.text) < 1500 and _WAS_READ.search(signs.text)
    is_complaint = re.match(r"\s*complaint about message from\b", signs.subject, re.IGNORECASE)
    return (AUTO_REPLY, signs.subject[:80]) if is_receipt or is_complaint else None


def _rule_send_only_text(signs: Signs) -> _Verdict:
    """A no-reply sender whose text says that a machine wrote it."""
    found = _SEND_ONLY.search(signs.text) if _NO_REPLY.match(signs.sender) else None
    return (AUTO_REPLY, found[0]) if found else None


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
    """Auto-Submitted with anything but `no` (RFC 3834 5): forwarded by machine is still a customer's, but not answered."""
    word = _auto_submitted(signs)
    if not word or word == "no":
        return None
    if word == "auto-forwarded":
        return None, "auto-forwarded"
    return (
        AUTO_REPLY
        if word.startswith("auto-replied") or _is_note(signs)
        else BULK
        if word == "auto-notified"
        else AUTO_REPLY
    ), word


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
    return None


def _rule_response_suppress(signs: Signs) -> _Verdict:
    """X-Auto-Response-Suppress (MS-OXCMAIL): do not answer; an automatic mail only together with a note's subject."""
    said = ",".join(signs.values("x-auto-response-suppress"))
    words = {word.strip().lower() for word in said.split(",")}
    if not words & {"all", "oof", "autoreply"}:
        return None
    return (AUTO_REPLY if _is_note(signs) else None), ", ".join(sorted(words))


def _rule_note_subject(signs: Signs) -> _Verdict:
    """An absence note by its subject, where the mail is an answer or carries a machine's sign."""
    if _AWAY_MARK.search(signs.subject):
        return AUTO_REPLY, signs.subject[:80]
    if not _is_away_subject(signs.subject):
        return None
    is_answer = bool(signs.header("in-reply-to") or signs.header("references"))
    is_machine = is_answer or signs.header("precedence") or signs.header("x-loop") or _is_auto_submitted(signs)
    says_so = re.search(
        r"(?:休暇|不在|席を外|出張|夏季休業|年末年始)|out of (?:the )?office|on vacation|currently away|自動(?:返信|送信|応答)|limited access to|休假|外出",
        signs.text,
    )
    return (AUTO_REPLY, signs.subject[:80]) if is_machine or says_so else None


def _rule_acknowledgement(signs: Signs) -> _Verdict:
    """Another desk's receipt for our letter: a subject that says so, and a text that says who wrote it."""
    if _PASSED_ON.match(signs.subject):
        return None
    is_receipt = _RECEIVED.search(signs.subject) and _SAID_BY_MACHINE.search(signs.text)
    return (AUTO_REPLY, signs.subject[:80]) if is_receipt else None


def _rule_challenge(signs: Signs) -> _Verdict:
    """Challenge-response systems and loop marks of other desks."""
    if signs.header("x-loop"):
        return (AUTO_REPLY if _is_note(signs) or _is_auto_submitted(signs) else None), "x-loop"
    if signs.header("x-tmda-fingerprint") or signs.header("x-boxtrapper-sender"):
        return AUTO_REPLY, "challenge"
    return None


def _rule_precedence(signs: Signs) -> _Verdict:
    """Precedence: bulk, junk, list or auto_reply."""
    kinds = {"bulk": BULK, "junk": BULK, "list": LIST, "auto_reply": AUTO_REPLY, "auto-reply": AUTO_REPLY}
    word = next((value.lower() for value in signs.values("precedence") if value.lower() in kinds), None)
    if word is None:
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
        if signs.header(name):
            return LIST, name
    if signs.header("list-unsubscribe"):
        return (
            BULK if signs.header("feedback-id") or signs.header("x-campaign") or signs.header("x-mailgun-tag") else None
        ), "list-unsubscribe"
    return (None, "list-help") if signs.header("list-help") else None


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
            return (BOUNCE if address.startswith("bounce") and _BOUNCE_SUBJECT.search(signs.subject) else None), address
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
    return _AWAY_SUBJECT.match(subject.lstrip("[【( \t\u3000")) is not None


def _is_note(signs: Signs) -> bool:
    """An absence note or automatic answer, by its subject or headers, and no delivery failure."""
    if _BOUNCE_SUBJECT.search(signs.subject):
        return False
    has_header = any(signs.header(name) for name in _AUTO_HEADERS) or _has(signs, "x-apple-action", "vacation")
    return (
        _is_away_subject(signs.subject)
        or has_header
        or (_auto_submitted(signs).startswith("auto-replied") and not _BOUNCE_BODY.search(signs.text[:600]))
    )
