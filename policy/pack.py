"""The policy pack: everything a support centre decides, as frozen data.

`policy.load` turns a folder of TOML and letter templates into one `Pack`, checked once at start. Core (the models know
them, a pack cannot add to them): the seven sections, the four symptom kinds with their facets, the category ids.
Free data: names, questions, examples, what is required, products, regions, ids, cues, notices, letters, limits.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, TypeAlias

from models.decision import LetterLimits, LetterMode
from policy.hours import Hours

if TYPE_CHECKING:
    from collections.abc import Mapping

    from models.assessment import Category, Facet, Section, SymptomKind
    from models.decision import LetterKind

# Text in every language of the pack: {"ja": ..., "en": ...}.
Localised: TypeAlias = "Mapping[str, str]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """How one item (`when`, `facet:steps`, `link:goal`) is asked for.

    `heading` is the line of the fill-in block that the customer copies (and that the parser reads back),
    `text` the question, `example` a sample answer, `find` a way to get at the answer.
    """

    item: str
    heading: Localised
    text: Localised
    example: Localised
    find: Localised | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Circle:
    """Which mails something is meant for; an empty part means all."""

    categories: frozenset[Category] = frozenset()
    kinds: frozenset[SymptomKind] = frozenset()
    products: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()  # of products; a product of either list is enough


@dataclass(frozen=True, slots=True, kw_only=True)
class Aside:
    """A question that only joins another one, for the mails of its circle, unless the customer has said it already.

    Its words are `Pack.questions[item]`.
    """

    item: str
    joins: tuple[str, ...]  # the questions it may stand in; the first that the letter asks
    circle: Circle
    needs_permission_error: bool = False
    unless_hints: frozenset[str] = frozenset()
    unless_items: frozenset[str] = frozenset()  # given in the mail, or asked for by the same letter
    unless_words: tuple[str, ...] = ()  # regular expressions over the mail


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Heading, question, sample answer and way to find one's own that fit the mails of a circle better than the general ones."""

    item: str
    circle: Circle
    example: Localised
    heading: Localised | None = None
    text: Localised | None = None
    find: Localised | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tip:
    """A first check that helps to isolate the cause (S57), for the mails of a circle."""

    circle: Circle
    text: Localised
    changes_settings: bool = False  # then the caution about settings goes with it (S67, S68)


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterPolicy:
    """How far letters of one kind go by themselves."""

    mode: LetterMode = LetterMode.AUTO
    precision: float = 0.0  # wanted share of right letters among those that go by themselves, in [0, 1]
    hold: float = 0.0  # a decision less sure than this waits; worked out from the measured curve (`runtime.wiring`)


@dataclass(frozen=True, slots=True, kw_only=True)
class MailForm:
    """How a letter is written as a mail."""

    charset: str = "utf-8"  # or iso-2022-jp, where every character of the letter has a place in it
    has_html: bool = False  # an HTML alternative beside the plain text


@dataclass(frozen=True, slots=True, kw_only=True)
class ByHand:
    """Letters that agents write themselves."""

    from_name: Localised = field(default_factory=dict)  # `{desk}`, `{agent}`; without it the desk's name alone
    letters_after: frozenset[LetterKind] = (
        frozenset()
    )  # kinds that may still go by themselves where an agent has written


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryPolicy:
    """What one category requires before an agent can work, and what is asked along with it."""

    id: Category
    name: Localised
    required: tuple[
        str, ...
    ] = ()  # section ids and link:evidence / link:goal; "facets" stands for the kind's required ones
    along: tuple[str, ...] = ()
    who_on_permission_error: bool = False  # then `who` moves from along to required
    scope_note: Localised | None = None  # for out.* and undisclosed.*: the precise sentence of the guide
    can_do: Localised | None = None  # out.*: what the desk can do instead


@dataclass(frozen=True, slots=True, kw_only=True)
class KindPolicy:
    """One kind of symptom: its name, required facets, facets asked along."""

    id: SymptomKind
    name: Localised
    required: tuple[Facet, ...]
    along: tuple[Facet, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """One entry of the catalogue. Strong aliases count alone, weak ones need a second signal."""

    id: str
    name: Localised
    group: str  # compute, storage, network ...
    tier: str  # core, common, rare
    strong: tuple[str, ...] = ()
    weak: tuple[str, ...] = ()
    api_codes: tuple[str, ...] = ()
    is_service: bool = False  # billing, account, purchase, support ...: never listed as a product of an issue
    is_means: bool = False  # console, sdk, cli, terraform ...: only if the question is about them


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A region: its id, names, zone and the words people use for it."""

    id: str
    name: Localised
    timezone: str
    aliases: tuple[str, ...] = ()
    id_code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourcePattern:
    """A regular expression for one kind of resource id, endpoint, account or request id (apply after NFKC)."""

    kind: str
    product: str  # "" if the kind belongs to no product
    regex: str
    example: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RelatedGroup:
    """Products that often stand in one question: `anchor` with any of `others` ("ANY" for all)."""

    id: str
    anchor: tuple[str, ...]
    others: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cues:
    """Words of the trade for the rules. Keys are stable; values per language, or one list for all.

    headings: section -> language -> heading texts. phrases: name -> language -> regular expressions
    (`symptom`, `evidence`, `frequency`, `urgency`, `thanks_only`, `multi_bridge`, `relative_time` ...).
    patterns: name -> one regular expression (`error_code`, `command_prompt_line`, `clock_time` ...).
    words: name -> language -> plain words (`out.application`, `unknown_answers`, `openers` ...).
    """

    headings: Mapping[Section, Mapping[str, tuple[str, ...]]]
    phrases: Mapping[str, Mapping[str, tuple[str, ...]]]
    patterns: Mapping[str, str]
    words: Mapping[str, Mapping[str, tuple[str, ...]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Where courage ends: probabilities in [0, 1]."""

    ask: float = 0.75  # a required item is asked for only if its absence is at least this sure
    present: float = 0.5
    hold: float = 0.55  # a decision less sure than this waits for an agent


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyLimits:
    """The rate brake (autoreply.md 11 to 14)."""

    per_sender_hour: int = 5
    per_sender_day: int = 20
    per_domain_hour: int = 60
    total_10min: int = 200
    max_questions: int = 5
    remind_after_days: int = 3  # business days
    person_after_days: int = 5  # business days that a ticket waits for its customer before a person goes on
    close_after_days: int = 0  # business days after the customer's word that all is solved; 0: agents close
    bounce_hold: timedelta = timedelta(days=60)
    unanswered_per_sender: int = 20  # tickets of a month that asked and heard nothing; then an agent looks
    unanswered_per_domain: int = 60
    recurrence: timedelta = timedelta(days=30)  # how long a ticket waits for its symptom to come back

    @property
    def of_letters(self) -> LetterLimits:
        """What brake and store count letters by."""
        return LetterLimits(
            per_recipient_hour=self.per_sender_hour,
            per_recipient_day=self.per_sender_day,
            per_domain_hour=self.per_domain_hour,
            total_10min=self.total_10min,
            bounce_hold=self.bounce_hold,
            unanswered_per_recipient=self.unanswered_per_sender,
            unanswered_per_domain=self.unanswered_per_domain,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseTargets:
    """How long a ticket may wait for an agent, in business time, by its rank."""

    incident: timedelta = timedelta(minutes=30)
    pressing: timedelta = timedelta(hours=2)
    usual: timedelta = timedelta(hours=8)

    def of(self, rank: int) -> timedelta:
        """The target of a `models.ticket.Rank`."""
        return (self.incident, self.pressing, self.usual)[rank]


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Who writes: names, hours, links."""

    name: Localised  # shown as sender and signature
    organisation: Localised
    hours: Localised
    support_url: str
    status_url: str
    subject_tag: Localised  # "受付" -> [受付 T000123]
    timezone: str  # the zone letters print times in
    addresses: frozenset[str] = frozenset()  # its own, casefolded; from the settings, not from the pack's files
    working: Hours = field(default_factory=Hours)  # business days and hours, for what time does to tickets
    targets: ResponseTargets = field(default_factory=ResponseTargets)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """One support centre's whole policy. `letters[(kind, language)]` is the template text of a letter body (Jinja2)."""

    id: str
    version: str
    languages: tuple[str, ...]
    default_language: str
    desk: Desk
    sections: Mapping[Section, Localised]  # names, in the guide's order
    questions: Mapping[str, Question]  # by item
    question_order: tuple[str, ...]  # most valuable first
    categories: Mapping[Category, CategoryPolicy]
    kinds: Mapping[SymptomKind, KindPolicy]
    products: Mapping[str, Product]
    regions: Mapping[str, Region]
    resource_patterns: tuple[ResourcePattern, ...]
    related: tuple[RelatedGroup, ...]
    cues: Cues
    texts: Mapping[str, Localised]  # named policy sentences: accepted, keep_resources, secrets_warning, status_page ...
    letters: Mapping[tuple[str, str], str]
    thresholds: Thresholds
    limits: ReplyLimits
    banned_words: Mapping[str, tuple[str, ...]]  # never in a letter (mails-and-replies: Do not say)
    scope_list: Mapping[str, tuple[str, ...]]  # what the desk supports, a line each
    acknowledges: bool = True  # write a short receipt for a complete mail
    asides: Mapping[str, Aside] = field(default_factory=dict)  # by item, the most valuable first
    answers: tuple[Answer, ...] = ()  # the first that fits counts
    tips: tuple[Tip, ...] = ()
    letter_policies: Mapping[LetterKind, LetterPolicy] = field(default_factory=dict)
    bilingual: tuple[str, ...] = ()  # what a customer gets whose language the pack does not speak, in this order
    mail_form: MailForm = field(default_factory=MailForm)
    by_hand: ByHand = field(default_factory=ByHand)
    labels: Mapping[str, Localised] = field(default_factory=dict)  # what the trade calls a `policy.build.LABELS` thing
    models: str = (
        ""  # the id of the pack whose mails the models were taught, that read this desk's too; empty: rules only
    )

    def policy_of(self, kind: LetterKind) -> LetterPolicy:
        """How far letters of this kind go by themselves."""
        return self.letter_policies.get(kind) or LetterPolicy()
