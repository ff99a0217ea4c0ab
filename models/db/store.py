"""The store: every read and write of the database. One method is one transaction, and may be repeated after a crash.

The parts: `intake` (the door and the workers' leases), `mailboxes` (mails that we fetch ourselves), `threads`
(histories), `filing`, `outbox`, `queue` (what agents see), `agents`, `controls` (what agents set for all letters),
`letter_texts` (versions that they saved), `judging` (how right letters were), `timers` (what time does), `accounts`
(whose is which), `replaying` (what became of mails, and mails taken over). Failures of the database are
`StoreUnavailable`; nothing is ever half-written.
"""

from __future__ import annotations

from models.db.accounts import Accounts
from models.db.agents import Agents
from models.db.controls import Controls
from models.db.filing import Files
from models.db.judging import Judging
from models.db.letter_texts import LetterTexts
from models.db.mailboxes import Mailboxes
from models.db.outbox import Outbox
from models.db.queue import Queue
from models.db.replaying import Replaying
from models.db.threads import Threads
from models.db.timers import Timers


class Store(
    Mailboxes, Threads, Files, Outbox, Queue, Agents, Controls, LetterTexts, Judging, Timers, Accounts, Replaying
):
    """All of it behind one name; built from a database URL, closed with `close()`. Threads may share one."""
