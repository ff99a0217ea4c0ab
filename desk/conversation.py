"""What a ticket's mails have brought together, for its page. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from desk.show import item_name
from models.assessment import Section
from models.conversation import How

if TYPE_CHECKING:
    from models.conversation import Known
    from models.views import LinkView, TicketView
    from policy.pack import Pack

_ALWAYS = tuple(section.value for section in Section)


@dataclass(frozen=True, slots=True, kw_only=True)
class SoFar:
    """One item: `mark` is given, unknown, asked, missing, unsure or absent; `number` counts the ticket's mails from 1."""

    item: str
    name: str
    mark: str
    how: str = ""  # a models.conversation.How
    number: int = 0  # the mail that gave it; 0: none did
    mail_id: int = 0
    is_facet: bool = False


def so_far(view: TicketView, pack: Pack, language: str) -> list[SoFar]:
    """The sections in the guide's order, facets behind the symptom, then what else was asked for."""
    numbers = {mail.mail_id: number for number, mail in enumerate(view.mails, 1)}
    facets = [item for item in view.items if item.startswith("facet:")]
    others = [item for item in view.asked if item not in _ALWAYS and not item.startswith("facet:")]
    order = [_ALWAYS[0], *facets, *_ALWAYS[1:], *(item for item in others if item in pack.questions)]
    lines = []
    for item in order:
        known = view.items.get(item)
        lines.append(
            SoFar(
                item=item,
                name=item_name(item, pack, language),
                mark=_mark(item, known, view),
                how=known.how.value if known and known.how else "",
                number=numbers.get(known.mail_id or 0, 0) if known else 0,
                mail_id=(known.mail_id or 0) if known else 0,
                is_facet=item.startswith("facet:"),
            )
        )
    return lines


def _mark(item: str, known: Known | None, view: TicketView) -> str:
    if known is not None and known.is_given:
        return "unknown" if known.how is How.UNKNOWN else "given"
    if item in view.row.missing:
        return "asked" if item in view.asked else "missing"
    return "unsure" if item in view.row.unsure else "absent"


def link_key(link: LinkView) -> str:
    """The word for a link, from this ticket's side."""
    return f"link_{link.kind}_{'from' if link.is_from_here else 'to'}"


def accounts_named(view: TicketView) -> list[str]:
    """Every account id that the ticket's mails name, the first named first."""
    return list(dict.fromkeys(account for mail in view.mails if mail.seen for account in mail.seen.accounts))
