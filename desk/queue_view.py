"""The queue's tabs and filters: a query string becomes what the store is asked for, and words for the page. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from models.assessment import Category
from models.lists import OPEN, Wanted
from models.states import TicketState

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Mapping
    from datetime import datetime

_READY, _LOOK = TicketState.READY, TicketState.NEEDS_REVIEW
_WAITING = (TicketState.WAITING_CUSTOMER, TicketState.WAITING_RECURRENCE)
TODO = "todo"
_MINE = "mine"
_BY_RANK = frozenset({"todo", "ready", "service", "needs_review", _MINE})
_LANES = {"ready": "lane:product", "service": "lane:service"}
# A tab's states. Old addresses of single states lead to the same tab.
TABS: Mapping[str, tuple[TicketState, ...]] = {
    TODO: (_READY, _LOOK),
    "ready": (_READY,),
    "service": (_READY,),
    "needs_review": (_LOOK, TicketState.PARKED),
    "waiting": _WAITING,
    "answered": (TicketState.ANSWERED,),
    "snoozed": (TicketState.SNOOZED,),
    _MINE: OPEN,
    "closed": (TicketState.CLOSED,),
    "all": tuple(TicketState),
}
_ALIASES = {"": TODO, "waiting_customer": "waiting", "waiting_recurrence": "waiting", "parked": "needs_review"}
_WITH_STRAYS = frozenset({TODO, "needs_review", "all"})
# Filters of one value each: the query's name is the tag's.
_TAGS = ("category", "product", "language", "region", "agent", "complete", "lacks")
AGES = {
    "1h": timedelta(hours=1),
    "1d": timedelta(days=1),
    "3d": timedelta(days=3),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
}
CATEGORIES = tuple(category.value for category in Category)
_LONGEST = 200
NOBODY = "-"  # of the filter by agent


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One look at the queue: a tab and the values of its filters."""

    tab: str
    filters: Mapping[str, str]
    agent: str  # who looks

    def wanted(self, now: datetime) -> Wanted:
        """What the store is asked for."""
        tags = [f"{name}:{self._value(name)}" for name in _TAGS if self.filters.get(name)]
        customer = self.filters.get("customer", "")
        if customer:
            tags.append(f"domain:{customer[1:]}" if customer.startswith("@") else f"sender:{customer}")
        tags += [_LANES[self.tab]] if self.tab in _LANES else []
        tags += [f"agent:{self.agent}"] if self.tab == _MINE else []
        age = AGES.get(self.filters.get("age", ""))
        return Wanted(
            states=TABS[self.tab],
            tags=tuple(dict.fromkeys(tags)),
            opened_before=now - age if age else None,
            by_rank=self.tab in _BY_RANK,
            has_strays=self.tab in _WITH_STRAYS and not tags and age is None,
        )

    def _value(self, name: str) -> str:
        value = self.filters[name]
        return "" if name == "agent" and value == NOBODY else value

    def query(self, **changes: str) -> str:
        """The page's address with these values in place of its own; an empty one is left out."""
        values = {"state": "" if self.tab == TODO else self.tab, **self.filters, **changes}
        said = urlencode({name: value for name, value in values.items() if value})
        return f"/queue?{said}" if said else "/queue"


def view_of(query: Mapping[str, str], agent: str) -> View:
    """The view of a query string; what makes no sense in it is left out."""
    tab = query.get("state", "")
    tab = _ALIASES.get(tab, tab)
    names = (*_TAGS, "customer", "age")
    filters = {name: " ".join(query.get(name, "").replace("\0", "").split())[:_LONGEST] for name in names}
    if filters["customer"]:
        filters["customer"] = filters["customer"].casefold()
    if filters["age"] not in AGES:
        filters["age"] = ""
    return View(tab=tab if tab in TABS else TODO, filters={n: v for n, v in filters.items() if v}, agent=agent)


def tab_counts(tallies: Counter[tuple[str, str, str]], agent: str) -> dict[str, int]:
    """The number on each tab that has one: what is closed is not counted out."""

    def count(
        states: tuple[TicketState, ...], *, lane: str = "", assignee: str | None = None, strays: bool = False
    ) -> int:
        wanted = {state.value for state in states}
        return sum(
            number
            for (state, its_lane, its_agent), number in tallies.items()
            if state in wanted
            and (not lane or its_lane == lane)
            and (assignee is None or its_agent == assignee)
            and (strays or its_lane != "mail")
        )

    lanes = {"ready": "product", "service": "service"}
    return {
        tab: count(
            states, lane=lanes.get(tab, ""), assignee=agent if tab == _MINE else None, strays=tab in _WITH_STRAYS
        )
        for tab, states in TABS.items()
        if tab != "all"
    }
