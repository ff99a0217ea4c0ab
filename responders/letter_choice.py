"""Which letter a disposition calls for, in view of the letters that the ticket has had.

Promises: no kind of letter twice in one ticket; a first request, one follow-up, then a person.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.assessment import Section
from models.decision import Disposition, LetterKind
from responders.joined import has_asked, letters_written

if TYPE_CHECKING:
    from collections.abc import Collection

    from models.assessment import Assessment
    from models.decision import OpenTicket
    from policy.pack import Pack
    from responders.matter import Matter

_NOTICES = {
    Disposition.SPLIT: LetterKind.SPLIT,
    Disposition.OUT_OF_SCOPE: LetterKind.OUT_OF_SCOPE,
    Disposition.POLICY_NOTICE: LetterKind.POLICY_NOTICE,
    Disposition.ACCOUNT_NOTICE: LetterKind.ACCOUNT_NOTICE,
}


def choose_letter(
    disposition: Disposition,
    matter: Matter,
    seen: Assessment,
    joined: OpenTicket | None,
    pack: Pack,
    *,
    unsure: Collection[str] = (),
    has_notices: bool = False,
    is_addendum: bool = False,
) -> LetterKind | None:
    """The letter to write, or None where silence or a person is better."""
    if disposition is Disposition.REQUEST_INFORMATION:
        chosen: LetterKind | None = _request(seen, joined, is_addendum=is_addendum)
    elif disposition is Disposition.ACCEPT:
        chosen = _receipt(matter, joined, unsure, is_wanted=pack.acknowledges or has_notices)
    else:
        chosen = _NOTICES.get(disposition)
    return None if chosen in letters_written(joined) else chosen


def _request(seen: Assessment, joined: OpenTicket | None, *, is_addendum: bool) -> LetterKind | None:
    if has_asked(joined):
        return None if is_addendum else LetterKind.FOLLOW_UP  # he has not seen the first one: no second one now
    # S58: where the symptom is gone and left no trace, questions about it are better kept for the next time.
    is_gone = any(hint.kind == "once_recovered" for hint in seen.hints)
    has_trace = seen.sections[Section.EVIDENCE].present
    return LetterKind.REQUEST_INFORMATION if has_trace or not is_gone else LetterKind.RECURRENCE


def _receipt(
    matter: Matter, joined: OpenTicket | None, unsure: Collection[str], *, is_wanted: bool
) -> LetterKind | None:
    """A receipt for a new ticket; thanks for an answer only if all that we asked for is surely there."""
    if joined is None or not letters_written(joined):  # a ticket that has had no letter gets its receipt now
        return LetterKind.ACKNOWLEDGEMENT if is_wanted else None
    is_complete = matter.is_answer and not set(unsure) & joined.asked
    return LetterKind.COMPLETED if is_complete else None
