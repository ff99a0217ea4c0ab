"""`agents`: who may sign in at the desk, from the command line."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING, Annotated

import typer

from models.agents import Role, password_fault, plain_email, plain_name
from models.errors import ConfigError, LastAdmin, NotFound, Taken, UketsukeError
from runtime.cli.common import open_store, print_json, print_text, settings_with_logs
from runtime.clock import utc_now

if TYPE_CHECKING:
    from models.agents import Agent

Name = Annotated[str, typer.Argument(help="the name to sign in with")]


def register(app: typer.Typer) -> None:
    """Add the commands of this group."""
    group = typer.Typer(
        help="Who may sign in at the desk: list, add, link, role, deactivate, activate.", no_args_is_help=True
    )
    group.command("list")(show)
    for command in (add, link, role, deactivate, activate):
        group.command()(command)
    app.add_typer(group, name="agents")
    app.command()(agent)


def show(as_json: Annotated[bool, typer.Option("--json", help="one JSON object a line")] = False) -> None:
    """All agents."""
    for one in open_store(settings_with_logs()).people():
        if as_json:
            print_json({"name": one.name, "role": one.role.value, "email": one.email, "state": _state(one)})
        else:
            print_text(f"{one.name:<24} {one.role.value:<6} {_state(one):<12} {one.email}".rstrip())


def _state(one: Agent) -> str:
    return "deactivated" if not one.is_active else "active" if one.can_sign_in else "invited"


def add(
    name: Name,
    as_role: Annotated[Role, typer.Option("--role", help="what he may do")] = Role.AGENT,
    email: Annotated[str, typer.Option(help="his mail address")] = "",
) -> None:
    """Add an agent; prints the link with which he chooses a password, good once and for 72 hours."""
    from runtime.first_start import link_of

    settings = settings_with_logs()
    plain, address = plain_name(name), plain_email(email)
    if plain is None:
        raise ConfigError(f"{name!r}: a name has 1 to 64 characters, all of them visible")
    if address is None:
        raise ConfigError(f"--email {email}: is no mail address")
    try:
        token = open_store(settings).invite(plain, as_role, email=address, by=_by(), now=utc_now())
    except Taken as error:
        raise UketsukeError(f"{name}: {error}; see uketsuke agents list") from None
    print_text(link_of(settings, token))


def link(name: Name) -> None:
    """Print a link with which an agent sets a new password; links of before are void."""
    from runtime.first_start import link_of

    settings = settings_with_logs()
    try:
        print_text(link_of(settings, open_store(settings).new_link(name, by=_by(), now=utc_now())))
    except NotFound as error:
        raise UketsukeError(f"{error}; see uketsuke agents list") from None


def role(name: Name, new: Annotated[Role, typer.Argument(help="what he may do", metavar="ROLE")]) -> None:
    """Let an agent do more or less, from his next click on."""
    try:
        open_store(settings_with_logs()).set_role(name, new, by=_by(), now=utc_now())
    except (NotFound, LastAdmin) as error:
        raise UketsukeError(f"{name}: {error}") from None
    print_text(f"{name} is {new.value} now")


def deactivate(name: Name) -> None:
    """Let an agent in no more; his sessions end at once, his work stays."""
    try:
        open_store(settings_with_logs()).deactivate(name, by=_by(), now=utc_now())
    except (NotFound, LastAdmin) as error:
        raise UketsukeError(f"{name}: {error}") from None
    print_text(f"{name} may not sign in any more")


def activate(name: Name) -> None:
    """Let a deactivated agent in again."""
    try:
        open_store(settings_with_logs()).activate(name, by=_by(), now=utc_now())
    except NotFound as error:
        raise UketsukeError(f"{name}: {error}") from None
    print_text(f"{name} may sign in again")


def agent(
    name: Name,
    password: Annotated[
        str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True, help="asked for when absent")
    ],
    as_role: Annotated[Role, typer.Option("--role", help="of a new agent; a known one keeps his")] = Role.ADMIN,
) -> None:
    """Add an agent with a password at once, or give one a new password. For scripts; people are better sent a link."""
    plain = plain_name(name)
    if plain is None:
        raise ConfigError(f"{name!r}: a name has 1 to 64 characters, all of them visible")
    if password_fault(password, plain):
        raise ConfigError("--password: needs at least 12 characters, not one again and again, and not the name")
    open_store(settings_with_logs()).add_agent(plain, password, utc_now(), role=as_role)
    print_text(f"{plain} may sign in now")


def _by() -> str:
    """Who did it, for the desk's history."""
    try:
        return f"command line, {getpass.getuser()}"[:64]
    except (OSError, KeyError):  # a container whose user has no name
        return "command line"
