"""The error tree: each class has a code, whether it is temporary, and what a stranger may hear.

UketsukeError
├── ConfigError          the call or the configuration is wrong: exit 2, one line with the mend
│   ├── PackError        a policy file: names file, key and mend
│   └── Unreachable      a server that a setting names does not answer at a command's start
├── StoreError           the database
│   ├── StoreUnavailable full disk, locked, unreachable: temporary, 451
│   └── ClaimLost        another worker holds the mail now: temporary, nothing was written
├── IllegalMove          a ticket cannot go there
├── LettersStopped       someone has stopped all letters: none is released before they are let go again
├── EditConflict         someone else saved this text meanwhile: nothing was written
├── NotFound             no such ticket, mail or letter
├── Taken                somebody has this sign-in name or mail address already
├── LastAdmin            nobody would be left who may manage people
├── ProviderError        the OpenID provider does not answer, or its word cannot be believed
├── ArchiveError         a backup or an export could not be written: what was begun is gone
├── MailboxError         the mailbox that we read cannot be reached or does not let us in: temporary
└── DeliveryError        the smarthost did not take a letter
    ├── DeliveryDeferred temporary: try again later
    └── DeliveryRefused  permanent: marks the address
"""

from __future__ import annotations

from typing import ClassVar


class UketsukeError(Exception):
    """Base of all errors of our own; `heard` is all that a stranger may hear of it."""

    code: ClassVar[str] = "error"
    temporary: ClassVar[bool] = True
    heard: ClassVar[str] = "Requested action aborted: local error in processing"


class ConfigError(UketsukeError):
    """A setting is wrong. The message is one line that names it and says how to mend it."""

    code = "config"
    temporary = False


class PackError(ConfigError):
    """A policy file is wrong: names the file, the key and the mend."""

    code = "pack"

    def __init__(self, *, file: str, key: str, mend: str) -> None:
        """Keep the three parts; the message joins them in one line. The key "-" is the file as a whole, and goes unsaid."""
        super().__init__(f"{file}: {mend}" if key == "-" else f"{file}: {key}: {mend}")
        self.file, self.key, self.mend = file, key, mend


class Unreachable(ConfigError):
    """A server that a setting names does not answer as a command starts: is the setting wrong, or the server down?"""

    code = "unreachable"


class StoreError(UketsukeError):
    """The database said no."""

    code = "store"


class StoreUnavailable(StoreError):
    """Full disk, locked or unreachable database: nothing was written, try again."""

    code = "store_unavailable"
    heard = "Requested action aborted: try again later"


class ClaimLost(StoreError):
    """The lease ran out and another worker has the mail: nothing was written."""

    code = "claim_lost"


class Outdated(StoreError):
    """The ticket has changed since the decision was made: nothing was written, decide anew."""

    code = "outdated"


class IllegalMove(UketsukeError):
    """A ticket cannot move between these states."""

    code = "illegal_move"
    temporary = False

    def __init__(self, *, ref: str, was: str, to: str) -> None:
        """Say which ticket, from where, to where."""
        super().__init__(f"{ref} cannot move from {was} to {to}")


class LettersStopped(UketsukeError):
    """Someone has stopped all letters; nothing was released."""

    code = "letters_stopped"
    temporary = False

    def __init__(self) -> None:
        """Say what to do first."""
        super().__init__("all letters are stopped; let them go again first")


class EditConflict(UketsukeError):
    """Someone else has saved the text since it was read; nothing was written."""

    code = "edit_conflict"
    temporary = False

    def __init__(self, *, name: str, language: str, by: str) -> None:
        """Say which text, and who was quicker."""
        super().__init__(f"{by} has saved {name} ({language}) meanwhile")
        self.by = by


class NotFound(UketsukeError):
    """No such ticket, mail or letter."""

    code = "not_found"
    temporary = False


class Taken(UketsukeError):
    """An agent has this already; `what` is name or email."""

    code = "taken"
    temporary = False

    def __init__(self, what: str) -> None:
        """Say what is taken."""
        super().__init__(f"an agent has this {what} already")
        self.what = what


class LastAdmin(UketsukeError):
    """The last admin who can sign in stays one."""

    code = "last_admin"
    temporary = False

    def __init__(self) -> None:
        """Say what to do first."""
        super().__init__("this is the last admin who can sign in; make another one first")


class ProviderError(UketsukeError):
    """The OpenID provider does not answer, refuses, or says what cannot be believed; nobody was let in."""

    code = "provider"


class ArchiveError(UketsukeError):
    """A backup or an export could not be written to its end; what was begun is removed."""

    code = "archive"


class MailboxError(UketsukeError):
    """The mailbox that we read cannot be reached, or does not let us in; its mails stay where they are."""

    code = "mailbox"


class DeliveryError(UketsukeError):
    """The smarthost did not take a letter."""

    code = "delivery"


class DeliveryDeferred(DeliveryError):
    """A 4xx or no connection: try again later."""

    code = "delivery_deferred"


class DeliveryRefused(DeliveryError):
    """A 5xx: trying again would not help."""

    code = "delivery_refused"
    temporary = False
