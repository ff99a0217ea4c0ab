"""People who may sign in at the desk: what they may do, and how they come in. Pure records."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from models.memos import NoticeKind, ReportNews

if TYPE_CHECKING:
    from datetime import datetime

FIRST = timedelta(hours=24)  # how long the link of the first admin is good
INVITATION = timedelta(hours=72)
NEW_PASSWORD = timedelta(hours=24)
LONGEST_NAME = 64
LONGEST_DISPLAY = 120
SHORTEST_PASSWORD = 12  # NIST SP 800-63B-4 asks for length and nothing else; 12 is long enough behind a brake
LONGEST_PASSWORD = 1024
NOTICES = tuple(kind.value for kind in NoticeKind)  # what every agent may ask for by mail

_EMAIL = re.compile(r"[^\s@<>,;\"\x00-\x1f]+@[^\s@<>,;\"\x00-\x1f.]+(?:\.[^\s@<>,;\"\x00-\x1f.]+)+")
_LONGEST_EMAIL = 320


class Role(StrEnum):
    """What an agent may do; each role may do all that those before it may."""

    AGENT = "agent"  # works on tickets
    LEAD = "lead"  # also what holds for all letters, reports, the stop switch
    ADMIN = "admin"  # also people and programs

    def includes(self, needed: Role) -> bool:
        """May who has this role do what needs the other?"""
        order = list(Role)
        return order.index(self) >= order.index(needed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """One person of the desk."""

    name: str
    role: Role
    email: str = ""
    display: str = ""  # in letters to customers; empty: the name
    language: str = ""  # empty: the pack's
    notices: tuple[str, ...] = ()  # of `notices_for` his role
    is_active: bool = True
    has_password: bool = False
    has_provider: bool = False  # signs in by the OpenID provider
    created_at: datetime

    @property
    def can_sign_in(self) -> bool:
        """Has he come in once, and may he still?"""
        return self.is_active and (self.has_password or self.has_provider)


def notices_for(role: Role) -> tuple[str, ...]:
    """What an agent of this role may ask for by mail: reports and the alarm of the books go to those who may read reports."""
    return (*NOTICES, *(news.value for news in ReportNews)) if role.includes(Role.LEAD) else NOTICES


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInLink:
    """A link that is still good. Its name is empty where the first admin chooses one."""

    name: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who the OpenID provider says that someone is; `email` is empty where it is not verified."""

    subject: str
    email: str = ""
    name: str = ""  # what he might be called here
    role: Role | None = None  # by the role claim; None: it says nothing


def plain_name(text: str) -> str | None:
    """A new sign-in name as it is kept; None where it cannot be one: empty, too long, invisible or odd characters."""
    name = " ".join(text.split())
    is_odd = any(unicodedata.category(char)[0] == "C" for char in name)
    return name if name and len(name) <= LONGEST_NAME and not is_odd else None


def plain_display(text: str) -> str | None:
    """What customers call an agent, as it is kept, empty for his sign-in name; None where it cannot be one."""
    name = " ".join(text.split())
    is_odd = any(unicodedata.category(char)[0] == "C" or char in "<>" for char in name)
    return None if is_odd or len(name) > LONGEST_DISPLAY else name


def plain_email(text: str) -> str | None:
    """A mail address as it is kept, empty for none; None where it cannot be one."""
    email = text.strip()
    if not email:
        return ""
    return email if len(email) <= _LONGEST_EMAIL and _EMAIL.fullmatch(email) else None


def password_fault(password: str, name: str) -> str | None:
    """Why this cannot be a new password: short, long, name; None where it can."""
    if len(password) < SHORTEST_PASSWORD or len(set(password)) < 3:  # one or two keys held down are short too
        return "short"
    if len(password) > LONGEST_PASSWORD:
        return "long"
    is_name = name and name.casefold() in password.casefold() and len(password) < len(name) + 4
    return "name" if is_name else None
