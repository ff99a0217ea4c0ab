"""The store: every read and write of the database. One method is one transaction, and may be repeated after a crash.

The parts: `intake` (the door and the workers' leases), `mailboxes` (mails that we fetch ourselves), `threads`
(histories), `filing`, `outbox`, `queue` (what agents see), `agents`, `controls` (what agents set for all letters),
`letter_texts` (versions that they saved), `judging` (how right letters were), `facts` (what reports count), `books`
(is every delivery accounted for), `ledger` (saved reports), `timers` (what time does), `accounts`
(whose is which), `replaying` (what became of mails, and mails taken over), `lists` (views and filters of the queue),
`hands` (who works on what), `shaping` (split, merge, move), `by_hand` (letters of agents), `corrections` (their word on
how mails were read), `search`, `trace` (a mail by any id), `tokens` and `webhooks` (programs), `memos` (mails to our own people),
`presence` (which processes run), `gauges` (how it all stands), `erasing` and `exporting` (one person's data, and what is
kept no longer). Failures of the database are
`StoreUnavailable`; nothing is ever half-written.
"""

from __future__ import annotations

from models.db.accounts import Accounts
from models.db.agents import Agents
from models.db.books import DoorBooks
from models.db.by_hand import ByHand
from models.db.controls import Controls
from models.db.corrections import Corrections
from models.db.erasing import Erasing
from models.db.exporting import Exports
from models.db.facts import Facts
from models.db.filing import Files
from models.db.gauges import Gauges
from models.db.hands import Hands
from models.db.judging import Judging
from models.db.ledger import SavedReports
from models.db.letter_texts import LetterTexts
from models.db.lists import Lists
from models.db.mailboxes import Mailboxes
from models.db.memos import Memos
from models.db.outbox import Outbox
from models.db.presence import Presences
from models.db.queue import Queue
from models.db.replaying import Replaying
from models.db.search import Search
from models.db.shaping import Shaping
from models.db.threads import Threads
from models.db.timers import Timers
from models.db.tokens import Tokens
from models.db.trace import Traces
from models.db.webhooks import Webhooks


class Store(
    Mailboxes,
    Threads,
    Files,
    Outbox,
    ByHand,
    Queue,
    Lists,
    Hands,
    Shaping,
    Corrections,
    Search,
    Agents,
    Tokens,
    Webhooks,
    Memos,
    Controls,
    LetterTexts,
    Judging,
    Facts,
    DoorBooks,
    SavedReports,
    Timers,
    Accounts,
    Replaying,
    Gauges,
    Traces,
    Presences,
    Erasing,
    Exports,
):
    """All of it behind one name; built from a database URL, closed with `close()`. Threads may share one."""
