"""Which page or form needs which role. The only place that says so.

A path that stands here also speaks for everything below it; the longest one counts. What nobody has decided is for admins
alone; a test walks over all routes and asks for a decision.
"""

from __future__ import annotations

from models.agents import Role

# Nobody need have signed in. Below them only what stands here too.
OPEN = frozenset(
    {"/sign-in", "/sign-in/oidc", "/sign-in/oidc/callback", "/welcome/{token}", "/healthz", "/livez", "/readyz"}
)
_OPEN_BELOW = ("/static/", "/welcome/")

_PAGES = {
    "/": Role.AGENT,
    "/queue": Role.AGENT,
    "/tickets": Role.AGENT,
    "/customers": Role.AGENT,
    "/mails": Role.AGENT,
    "/letters": Role.AGENT,
    "/outbox": Role.AGENT,
    "/outbox/stop": Role.LEAD,
    "/outbox/resume": Role.LEAD,
    "/outbox/release-stopped": Role.LEAD,
    "/search": Role.AGENT,
    "/live": Role.AGENT,
    "/me": Role.AGENT,
    "/sign-out": Role.AGENT,
    "/api": Role.AGENT,  # of the desk's own pages; programs bring a token, whose scopes say what they may
    "/letter-settings": Role.LEAD,
    "/letter-texts": Role.LEAD,
    "/canned-texts": Role.LEAD,
    "/reports": Role.LEAD,
    "/audit": Role.LEAD,
    "/people": Role.ADMIN,
    "/settings/tokens": Role.ADMIN,
    "/settings/webhooks": Role.ADMIN,
    "/settings/hand-over": Role.ADMIN,
    "/settings/own-mails": Role.LEAD,
}
# Forms that need more than the pages beside them.
_FORMS: dict[str, Role] = {}


def is_open(path: str) -> bool:
    """Is this for everybody?"""
    return path in OPEN or path.startswith(_OPEN_BELOW)


def decided(method: str, path: str) -> Role | None:
    """The role that someone decided on; None: nobody has."""
    rules = _PAGES if method in {"GET", "HEAD"} else {**_PAGES, **_FORMS}
    parts = path.rstrip("/").split("/")
    below = ("/".join(parts[:length]) for length in range(len(parts), 1, -1))
    return next((rules[one] for one in below if one in rules), rules["/"] if path == "/" else None)


def needed(method: str, path: str) -> Role:
    """The role that a page or form needs."""
    return decided(method, path) or Role.ADMIN
