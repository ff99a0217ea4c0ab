"""What is said to the OpenID provider, and what of its answers is believed (OpenID Connect Core 1.0, RFC 7636, RFC 9207).

Promises: an identity comes only out of an ID token that the provider's published key has signed, for this client, with the
nonce of this sign-in, unexpired. Does not follow redirects, and speaks to a host of the network under TLS only.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import BoundedSemaphore, Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from models.agents import Identity, Role, plain_email
from models.errors import ProviderError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_SCOPE = "openid profile email"
# Signatures by a key that only the provider has: no "none", and nothing with our own secret.
_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
_ANSWER_S = 10.0
_LEEWAY_S = 60  # two clocks
_KNOWN_FOR = timedelta(minutes=10)
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_AT_ONCE = 4  # a provider that does not answer must not hold up the whole desk
_LONGEST_SUBJECT = 255  # OpenID Connect Core 1.0, 2
_NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcSettings:
    """The provider, and what its word counts for."""

    issuer: str
    client_id: str
    client_secret: str = field(default="", repr=False)  # empty: a public client, by PKCE alone
    name: str = ""  # on the button
    role_claim: str = ""
    creates: Role | None = None  # what people nobody knows become; None: nothing


def is_fit(url: str) -> bool:
    """May secrets go there: under TLS, or to this machine?"""
    parts = urlsplit(url)
    return bool(parts.hostname) and (
        parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    )


class Provider:
    """One provider; what it says of itself is asked when needed and believed for ten minutes. Threads may share one."""

    def __init__(self, settings: OidcSettings, clock: Callable[[], datetime]) -> None:
        self.settings = settings
        self._clock = clock
        self._known: tuple[datetime, dict[str, Any]] | None = None
        self._lock = Lock()
        self._talks = BoundedSemaphore(_AT_ONCE)

    def metadata(self) -> dict[str, Any]:
        """What the provider says of itself (OpenID Connect Discovery 1.0).

        Raises:
            ProviderError: It does not answer, or says what cannot be.
        """
        now = self._clock()
        with self._lock:
            if self._known and self._known[0] <= now < self._known[0] + _KNOWN_FOR:
                return self._known[1]
        found = self._ask("GET", f"{self.settings.issuer.rstrip('/')}/.well-known/openid-configuration")
        if found.get("issuer") != self.settings.issuer:
            raise ProviderError(f"it calls itself {str(found.get('issuer'))[:200]}, not {self.settings.issuer}")
        for name in _NEEDED:
            if not is_fit(str(found.get(name, ""))):
                raise ProviderError(f"its {name} is missing or not under TLS")
        with self._lock:
            self._known = now, found
        return found

    def way(self, redirect_uri: str, *, state: str, nonce: str, verifier: str) -> str:
        """Where the browser is sent to sign in.

        Raises:
            ProviderError: As `metadata`.
        """
        client = OAuth2Client(
            None,
            client_id=self.settings.client_id,
            scope=_SCOPE,
            redirect_uri=redirect_uri,
            code_challenge_method="S256",
        )
        address: str = client.create_authorization_url(
            self.metadata()["authorization_endpoint"], state=state, code_verifier=verifier, nonce=nonce
        )[0]
        return address

    def identity(self, code: str, redirect_uri: str, *, nonce: str, verifier: str, issuer: str = "") -> Identity:
        """Who has signed in there.

        Args:
            code: What the browser brought back.
            redirect_uri: As it was said before.
            nonce: As it was said before.
            verifier: Of the code challenge.
            issuer: Who says to have sent the browser, where that is said (RFC 9207).

        Raises:
            ProviderError: The provider does not answer, refuses the code, or its word cannot be believed.
        """
        about = self.metadata()
        says_issuer = about.get("authorization_response_iss_parameter_supported") is True
        if (issuer or says_issuer) and issuer != self.settings.issuer:
            raise ProviderError("the answer came from another provider")
        answer = self._exchange(about, code, redirect_uri, verifier)
        claims = self._believed(about, answer, nonce)
        if "email" not in claims and about.get("userinfo_endpoint") and answer.get("access_token"):
            claims = {**self._more(about, answer, claims), **claims}
        return _identity(claims, self.settings.role_claim)

    def _exchange(self, about: Mapping[str, Any], code: str, redirect_uri: str, verifier: str) -> dict[str, Any]:
        """The code for tokens. A code works once, at the provider."""
        offered = about.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        method = "client_secret_basic" if "client_secret_basic" in offered else "client_secret_post"
        auth = ClientAuth(
            self.settings.client_id, self.settings.client_secret, method if self.settings.client_secret else "none"
        )
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
        }
        body = str(httpx.QueryParams(form))
        headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
        uri, headers, body = auth.prepare("POST", about["token_endpoint"], headers, body)
        answer = self._ask("POST", uri, headers=headers, content=body.encode())
        if not isinstance(answer.get("id_token"), str):
            raise ProviderError("it gave no ID token")
        return answer

    def _believed(self, about: Mapping[str, Any], answer: Mapping[str, Any], nonce: str) -> dict[str, Any]:
        """The claims of an ID token that holds."""
        wanted = {
            "iss": {"essential": True, "value": self.settings.issuer},
            "aud": {"essential": True, "value": self.settings.client_id},
            "nonce": {"essential": True, "value": nonce},
        }
        params = {
            "nonce": nonce,
            "client_id": self.settings.client_id,
            "access_token": answer.get("access_token"),
        }
        published = self._ask("GET", about["jwks_uri"])
        try:
            signing = [key for key in published.get("keys", []) if key.get("use", "sig") == "sig"]
            keys = KeySet.import_key_set({"keys": signing})
            token = jwt.decode(answer["id_token"], keys, algorithms=_ALGORITHMS)
            claims = CodeIDToken(token.claims, token.header, wanted, params)
            claims.validate(now=int(self._clock().timestamp()), leeway=_LEEWAY_S)
        except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise ProviderError(f"its ID token does not hold: {type(error).__name__}: {error}"[:300]) from None
        return dict(claims)

    def _more(
        self, about: Mapping[str, Any], answer: Mapping[str, Any], claims: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """What the provider tells only when asked: some keep the mail address out of the token."""
        if not is_fit(str(about["userinfo_endpoint"])):
            raise ProviderError("its userinfo_endpoint is not under TLS")
        bearer = {"Authorization": f"Bearer {answer['access_token']}"}
        found = self._ask("GET", about["userinfo_endpoint"], headers=bearer)
        if found.get("sub") != claims.get("sub"):  # OpenID Connect Core 1.0, 5.3.2
            raise ProviderError("it told of another person than the one who signed in")
        return found

    def _ask(self, method: str, url: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - httpx's own arguments
        if not self._talks.acquire(blocking=False):
            raise ProviderError("too many sign-ins wait for it already")
        try:
            answer = httpx.request(method, url, timeout=_ANSWER_S, follow_redirects=False, **more)
            found = answer.json() if answer.content else None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ProviderError(f"{url}: {type(error).__name__}: {error}"[:300]) from None
        except ValueError:
            raise ProviderError(f"{url}: the answer is no JSON") from None
        finally:
            self._talks.release()
        if not answer.is_success or not isinstance(found, dict):
            said = found.get("error", "") if isinstance(found, dict) else ""
            raise ProviderError(f"{url}: {answer.status_code} {said}"[:300].strip())
        return found


def _identity(claims: Mapping[str, Any], role_claim: str) -> Identity:
    subject = str(claims["sub"])
    if not 0 < len(subject) <= _LONGEST_SUBJECT or "\0" in subject:
        raise ProviderError("its subject is empty or too long")
    # Only a plain true: who may write into an unverified address could become anybody.
    email = plain_email(str(claims.get("email", ""))) if claims.get("email_verified") is True else ""
    name = next((str(claims[one]) for one in ("preferred_username", "name") if claims.get(one)), "")
    return Identity(subject=subject, email=email or "", name=name, role=_role(claims, role_claim))


def _role(claims: Mapping[str, Any], role_claim: str) -> Role | None:
    """The highest role that the claim names; `a.b` also means b within a."""
    if not role_claim:
        return None
    found: Any = claims.get(role_claim)
    if found is None:
        found = claims
        for part in role_claim.split("."):
            found = found.get(part) if isinstance(found, dict) else None
    named = {found} if isinstance(found, str) else set(map(str, found)) if isinstance(found, list) else set()
    return next((role for role in reversed(Role) if role.value in named), None)
