"""Raw TOML tables become the records of a pack: types, keys and ids are checked here, meaning in `policy.verify`."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import TYPE_CHECKING, TypeVar

from models.assessment import Category, Facet, Section, SymptomKind
from models.decision import LetterKind, LetterMode
from policy import pack as records
from policy.hours import WEEKDAYS, Hours, knows_country
from policy.read import Table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from enum import StrEnum

Name = TypeVar("Name", bound="StrEnum")
LABELS = ("product", "region", "resource", "account")  # things that another trade calls by another name
_MOST_MINUTES = 20_000  # of a response target: some eight weeks of business days


def build_pack(files: Mapping[str, Mapping[str, object]], letters: Mapping[tuple[str, str], str]) -> records.Pack:
    """The pack of these tables (by file name without ending) and letter templates.

    Raises:
        PackError: A key is missing, unknown or of the wrong type.
    """
    top = Table("pack.toml", files["pack"])
    languages = top.texts("languages", needed=True)
    if not languages:
        raise top.wrong("languages", "must name at least one language")
    order, questions = _questions(Table("questions.toml", files["questions"]), languages)
    asides, along = _asides(Table("asides.toml", files["asides"]), languages)
    answers, tips = _advice(Table("advice.toml", files["advice"]), languages)
    ident = top.text("id")
    built = records.Pack(
        id=ident,
        version=top.text("version"),
        languages=languages,
        default_language=top.text("default_language"),
        desk=_desk(top.table("desk"), top.table("working_hours", {}), top.table("response_targets", {}), languages),
        sections=_sections(Table("sections.toml", files["sections"]), languages),
        questions={**questions, **along},
        question_order=(*order, *along),
        categories=_categories(Table("categories.toml", files["categories"]), languages),
        kinds=_kinds(Table("kinds.toml", files["kinds"]), languages),
        products=_products(Table("products.toml", files["products"]), languages),
        regions=_regions(Table("regions.toml", files["regions"]), languages),
        resource_patterns=_resources(Table("resources.toml", files["resources"])),
        related=_related(Table("related.toml", files["related"])),
        cues=_cues(Table("cues.toml", files["cues"])),
        texts=_texts(top.table("texts"), languages),
        letters=letters,
        thresholds=_thresholds(top.table("thresholds", {})),
        limits=_limits(top.table("limits", {})),
        banned_words=top.lists("banned_words"),
        scope_list=top.lists("scope_list"),
        acknowledges=top.flag("acknowledges", default=True),
        asides=asides,
        answers=answers,
        tips=tips,
        letter_policies=_letter_policies(top.table("letters", {})),
        bilingual=top.texts("bilingual"),
        mail_form=_mail_form(top.table("mail", {})),
        by_hand=_by_hand(top.table("by_hand", {}), languages),
        models=top.text("models", ident),
        labels=_labels(top.table("labels", {}), languages),
    )
    top.end()
    return built


def _desk(table: Table, hours: Table, targets: Table, languages: tuple[str, ...]) -> records.Desk:
    timezone = table.text("timezone")
    desk = records.Desk(
        name=table.localised("name", languages),
        organisation=table.localised("organisation", languages),
        hours=table.localised("hours", languages),
        support_url=table.text("support_url"),
        status_url=table.text("status_url"),
        subject_tag=table.localised("subject_tag", languages),
        timezone=timezone,
        working=_working_hours(hours, timezone),
        targets=_targets(targets),
    )
    table.end()
    return desk


def _targets(table: Table) -> records.ResponseTargets:
    """Minutes of business time; what is left out keeps its default."""
    usual = records.ResponseTargets()
    found = {}
    for name in ("incident", "pressing", "usual"):
        minutes = table.count(name, int(getattr(usual, name).total_seconds() // 60))
        if not 1 <= minutes <= _MOST_MINUTES:
            raise table.wrong(name, f"must be 1 to {_MOST_MINUTES} minutes of business time")
        found[name] = timedelta(minutes=minutes)
    table.end()
    return records.ResponseTargets(**found)


def _working_hours(table: Table, timezone: str) -> Hours:
    """Without a table the desk is always open."""
    days = table.texts("days") or WEEKDAYS
    if unknown := [day for day in days if day not in WEEKDAYS]:
        raise table.wrong("days", f"{unknown[0]} is no day; known are {', '.join(WEEKDAYS)}")
    country = table.text("holidays", "")
    if country and not knows_country(country):
        raise table.wrong("holidays", f"{country} is no country code whose holidays are known, like JP")
    try:
        opens, closes = (
            time.fromisoformat(table.text(key, usual)) for key, usual in (("opens", "00:00"), ("closes", "23:59:59"))
        )
        closed_on = frozenset(date.fromisoformat(day) for day in table.texts("closed_on"))
    except ValueError as error:
        raise table.wrong("opens, closes or closed_on", 'must look like "09:00" and "2026-12-29"') from error
    if opens >= closes:
        raise table.wrong("closes", "must come after opens")
    found = Hours(
        timezone=timezone,
        days=frozenset(WEEKDAYS.index(day) for day in days),
        opens=opens,
        closes=closes,
        country=country,
        closed_on=closed_on,
    )
    table.end()
    return found


def _thresholds(table: Table) -> records.Thresholds:
    usual = records.Thresholds()
    found = records.Thresholds(
        ask=table.number("ask", usual.ask),
        present=table.number("present", usual.present),
        hold=table.number("hold", usual.hold),
    )
    table.end()
    return found


def _limits(table: Table) -> records.ReplyLimits:
    usual = records.ReplyLimits()
    limits = records.ReplyLimits(
        per_sender_hour=table.count("per_sender_hour", usual.per_sender_hour),
        per_sender_day=table.count("per_sender_day", usual.per_sender_day),
        per_domain_hour=table.count("per_domain_hour", usual.per_domain_hour),
        total_10min=table.count("total_10min", usual.total_10min),
        max_questions=table.count("max_questions", usual.max_questions),
        remind_after_days=table.count("remind_after_days", usual.remind_after_days),
        person_after_days=table.count("person_after_days", usual.person_after_days),
        close_after_days=table.count("close_after_days", usual.close_after_days),
        bounce_hold=timedelta(days=table.number("bounce_hold_days", usual.bounce_hold.days)),
        unanswered_per_sender=table.count("unanswered_per_sender", usual.unanswered_per_sender),
        unanswered_per_domain=table.count("unanswered_per_domain", usual.unanswered_per_domain),
        recurrence=timedelta(days=table.number("recurrence_days", usual.recurrence.days)),
    )
    table.end()
    return limits


def _texts(table: Table, languages: tuple[str, ...]) -> Mapping[str, Mapping[str, str]]:
    return {key: table.localised(key, languages) for key in table.keys()}  # noqa: SIM118 - keys() is ours, not a dict's


def _labels(table: Table, languages: tuple[str, ...]) -> Mapping[str, Mapping[str, str]]:
    found = {}
    for name in table.keys():  # noqa: SIM118 - keys() is ours, not a dict's
        if name not in LABELS:
            raise table.wrong(name, f"is no label; known are {', '.join(LABELS)}")
        found[name] = table.localised(name, languages)
    return found


def _sections(table: Table, languages: tuple[str, ...]) -> Mapping[Section, Mapping[str, str]]:
    found = {section: table.localised(section.value, languages) for section in Section}
    table.end()
    return found


def _questions(table: Table, languages: tuple[str, ...]) -> tuple[tuple[str, ...], Mapping[str, records.Question]]:
    order = table.texts("order", needed=True)
    found = {}
    for item in table.keys():  # noqa: SIM118
        entry = table.table(item)
        found[item] = _question(item, entry, languages)
        entry.end()
    return order, found


def _question(item: str, entry: Table, languages: tuple[str, ...]) -> records.Question:
    return records.Question(
        item=item,
        heading=entry.localised("heading", languages),
        text=entry.localised("text", languages),
        example=entry.localised("example", languages),
        find=entry.maybe_localised("find", languages),
    )


def _asides(
    table: Table, languages: tuple[str, ...]
) -> tuple[Mapping[str, records.Aside], Mapping[str, records.Question]]:
    """The questions that only join others, and their words; both by item."""
    asides, questions = {}, {}
    for item in table.keys():  # noqa: SIM118
        entry = table.table(item)
        questions[item] = _question(item, entry, languages)
        asides[item] = records.Aside(
            item=item,
            joins=entry.texts("joins", needed=True),
            circle=_circle(entry),
            needs_permission_error=entry.flag("if_permission_error"),
            unless_hints=frozenset(entry.texts("unless_hints")),
            unless_items=frozenset(entry.texts("unless_items")),
            unless_words=entry.texts("unless_words"),
        )
        entry.end()
    return asides, questions


def _advice(table: Table, languages: tuple[str, ...]) -> tuple[tuple[records.Answer, ...], tuple[records.Tip, ...]]:
    answers, tips = [], []
    for entry in table.tables("answer", needed=False):
        answers.append(
            records.Answer(
                item=entry.text("item"),
                circle=_circle(entry),
                example=entry.localised("example", languages),
                heading=entry.maybe_localised("heading", languages),
                text=entry.maybe_localised("text", languages),
                find=entry.maybe_localised("find", languages),
            )
        )
        entry.end()
    for entry in table.tables("tip", needed=False):
        tips.append(
            records.Tip(
                circle=_circle(entry),
                text=entry.localised("text", languages),
                changes_settings=entry.flag("changes_settings"),
            )
        )
        entry.end()
    table.end()
    return tuple(answers), tuple(tips)


def _circle(entry: Table) -> records.Circle:
    return records.Circle(
        categories=frozenset(_names(entry, "categories", Category)),
        kinds=frozenset(_names(entry, "kinds", SymptomKind)),
        products=frozenset(entry.texts("products")),
        groups=frozenset(entry.texts("groups")),
    )


def _letter_policies(table: Table) -> Mapping[LetterKind, records.LetterPolicy]:
    found = {}
    for name in table.keys():  # noqa: SIM118
        if name not in {kind.value for kind in LetterKind}:
            raise table.wrong(name, f"no such kind of letter; known are {', '.join(kind.value for kind in LetterKind)}")
        entry = table.table(name)
        mode = entry.text("mode", LetterMode.AUTO.value)
        if mode not in {one.value for one in LetterMode}:
            raise entry.wrong("mode", f"must be one of {', '.join(one.value for one in LetterMode)}")
        precision = entry.number("precision", 0.0)
        if precision >= 1:
            raise entry.wrong("precision", "must be under 1: no reading is always right")
        found[LetterKind(name)] = records.LetterPolicy(mode=LetterMode(mode), precision=precision)
        entry.end()
    return found


def _mail_form(table: Table) -> records.MailForm:
    usual = records.MailForm()
    charset = table.text("charset", usual.charset).lower()
    if charset not in {"utf-8", "iso-2022-jp"}:
        raise table.wrong("charset", "must be utf-8 or iso-2022-jp")
    form = records.MailForm(charset=charset, has_html=table.flag("html", default=usual.has_html))
    table.end()
    return form


def _by_hand(table: Table, languages: tuple[str, ...]) -> records.ByHand:
    found = records.ByHand(
        from_name=table.maybe_localised("from_name", languages) or {},
        letters_after=frozenset(_names(table, "letters_after", LetterKind)),
    )
    if LetterKind.REMINDER in found.letters_after:
        raise table.wrong(
            "letters_after", "reminder: nobody is reminded where an agent has written; he does it himself"
        )
    table.end()
    return found


def _categories(table: Table, languages: tuple[str, ...]) -> Mapping[Category, records.CategoryPolicy]:
    found = {}
    for category in Category:
        entry = table.table(category.value)
        found[category] = records.CategoryPolicy(
            id=category,
            name=entry.localised("name", languages),
            required=entry.texts("required"),
            along=entry.texts("along"),
            who_on_permission_error=entry.flag("who_on_permission_error"),
            scope_note=entry.maybe_localised("scope_note", languages),
            can_do=entry.maybe_localised("can_do", languages),
        )
        entry.end()
    table.end()
    return found


def _kinds(table: Table, languages: tuple[str, ...]) -> Mapping[SymptomKind, records.KindPolicy]:
    found = {}
    for kind in SymptomKind:
        entry = table.table(kind.value)
        found[kind] = records.KindPolicy(
            id=kind,
            name=entry.localised("name", languages),
            required=_names(entry, "required", Facet),
            along=_names(entry, "along", Facet),
        )
        entry.end()
    table.end()
    return found


def _names(table: Table, key: str, known: type[Name]) -> tuple[Name, ...]:
    names = table.texts(key)
    for name in names:
        if name not in {item.value for item in known}:
            raise table.wrong(key, f"{name} is unknown; known are {', '.join(item.value for item in known)}")
    return tuple(known(name) for name in names)


def _products(table: Table, languages: tuple[str, ...]) -> Mapping[str, records.Product]:
    found = {}
    for product in table.keys():  # noqa: SIM118
        entry = table.table(product)
        found[product] = records.Product(
            id=product,
            name=entry.localised("name", languages),
            group=entry.text("group"),
            tier=entry.text("tier", "common"),
            strong=entry.texts("strong"),
            weak=entry.texts("weak"),
            api_codes=entry.texts("api_codes"),
            is_service=entry.flag("is_service"),
            is_means=entry.flag("is_means"),
        )
        entry.end()
    return found


def _regions(table: Table, languages: tuple[str, ...]) -> Mapping[str, records.Region]:
    found = {}
    for region in table.keys():  # noqa: SIM118
        entry = table.table(region)
        found[region] = records.Region(
            id=region,
            name=entry.localised("name", languages),
            timezone=entry.text("timezone"),
            aliases=entry.texts("aliases"),
            id_code=entry.text("id_code", ""),
        )
        entry.end()
    return found


def _resources(table: Table) -> tuple[records.ResourcePattern, ...]:
    found = []
    for entry in table.tables("pattern"):
        found.append(
            records.ResourcePattern(
                kind=entry.text("kind"),
                product=entry.text("product", ""),
                regex=entry.text("regex"),
                example=entry.text("example"),
            )
        )
        entry.end()
    table.end()
    return tuple(found)


def _related(table: Table) -> tuple[records.RelatedGroup, ...]:
    found = []
    for group in table.keys():  # noqa: SIM118
        entry = table.table(group)
        found.append(
            records.RelatedGroup(
                id=group, anchor=entry.texts("anchor", needed=True), others=entry.texts("others", needed=True)
            )
        )
        entry.end()
    return tuple(found)


def _cues(table: Table) -> records.Cues:
    headings, phrases, patterns, words = (table.table(key, {}) for key in ("headings", "phrases", "patterns", "words"))
    table.end()
    cues = records.Cues(
        headings={section: headings.lists(section.value) for section in Section if section.value in headings.keys()},  # noqa: SIM118
        phrases={key: phrases.lists(key) for key in phrases.keys()},  # noqa: SIM118
        patterns={key: patterns.text(key) for key in patterns.keys()},  # noqa: SIM118
        words={key: words.lists(key) for key in words.keys()},  # noqa: SIM118
    )
    headings.end()
    return cues
