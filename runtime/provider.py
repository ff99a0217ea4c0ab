"""The OpenID provider as the settings name it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.agents import Role
from models.errors import ConfigError

if TYPE_CHECKING:
    from desk.oidc_client import OidcSettings
    from runtime.settings import Settings


def provider_of(settings: Settings) -> OidcSettings | None:
    """The provider that people sign in by; None where none is set.

    Raises:
        ConfigError: The file of the client's secret cannot be read, or is empty.
    """
    if not settings.oidc_issuer:
        return None
    from desk.oidc_client import OidcSettings  # noqa: PLC0415 - only the desk and `check` need it

    return OidcSettings(
        issuer=settings.oidc_issuer,
        client_id=settings.oidc_client_id,
        client_secret=_secret(settings),
        name=settings.oidc_name,
        role_claim=settings.oidc_role_claim,
        creates=Role(settings.oidc_creates) if settings.oidc_creates else None,
    )


def _secret(settings: Settings) -> str:
    file = settings.oidc_client_secret_file
    if file is None:
        return ""
    try:
        secret = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is not UTF-8"
        raise ConfigError(
            f"UKETSUKE_OIDC_CLIENT_SECRET_FILE: {file}: {reason}; name a file that this user can read"
        ) from None
    if not secret:
        raise ConfigError(f"UKETSUKE_OIDC_CLIENT_SECRET_FILE: {file}: is empty; write the client's secret into it")
    return secret
