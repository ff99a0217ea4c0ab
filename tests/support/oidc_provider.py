"""An OpenID provider on the loopback: discovery, authorize, token, userinfo, keys. It says what a test tells it to say."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

CLIENT = "uketsuke"
CLIENT_SECRET = "s3cret of the desk"


@cache
def own_key() -> RSAKey:
    """A real key; making one takes long."""
    return RSAKey.generate_key(2048, {"kid": "k1", "use": "sig"})


@dataclass(slots=True)
class OidcProvider:
    """One provider; its attributes may be changed between requests."""

    clock: Callable[[], datetime]
    issuer: str = ""
    person: dict[str, Any] = field(default_factory=lambda: {"sub": "subject-1"})  # who signs in next
    token_claims: dict[str, Any] = field(default_factory=dict)  # in the place of what would be right; None: left out
    discovery: dict[str, Any] = field(default_factory=dict)  # the same
    userinfo: dict[str, Any] | None = None  # None: the endpoint is not named
    key: RSAKey | ECKey = field(default_factory=own_key)
    signs_with: RSAKey | ECKey | None = None  # None: its own
    algorithm: str = "RS256"
    error: str = ""  # the answer of authorize
    auth_method: str = "client_secret_basic"
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)  # paths, in the order of requests

    def metadata(self) -> dict[str, Any]:
        found = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256", "ES256"],
            "token_endpoint_auth_methods_supported": [self.auth_method],
            "code_challenge_methods_supported": ["S256"],
        }
        if self.userinfo is not None:
            found["userinfo_endpoint"] = f"{self.issuer}/userinfo"
        return {name: value for name, value in {**found, **self.discovery}.items() if value is not None}

    def authorize(self, query: Mapping[str, str]) -> str:
        """Where the browser goes back to."""
        assert query["response_type"] == "code"
        assert query["client_id"] == CLIENT
        assert "openid" in query["scope"].split()
        assert query["code_challenge_method"] == "S256"
        if self.error:
            return f"{query['redirect_uri']}?{urlencode({'error': self.error, 'state': query['state']})}"
        code = secrets.token_urlsafe(16)
        self.codes[code] = dict(query)
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def token(self, form: Mapping[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """(status, answer) of the token endpoint."""
        began = self.codes.pop(form.get("code", ""), None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest()).rstrip(
            b"="
        )
        is_known = {
            "client_secret_basic": authorization
            == "Basic " + base64.b64encode(f"{CLIENT}:{CLIENT_SECRET}".encode()).decode(),
            "client_secret_post": (form.get("client_id"), form.get("client_secret")) == (CLIENT, CLIENT_SECRET),
        }[self.auth_method]
        if not is_known:
            return 401, {"error": "invalid_client"}
        is_same = began is not None and began["redirect_uri"] == form.get("redirect_uri")
        if began is None or not is_same or began["code_challenge"] != challenge.decode():
            return 400, {"error": "invalid_grant"}
        now = int(self.clock().timestamp())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": began["nonce"],
            **self.person,
            **self.token_claims,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        key = self.signs_with or self.key
        header = {"alg": self.algorithm, "kid": "k1"}
        id_token = jwt.encode(header, claims, key, algorithms=[self.algorithm])
        return 200, {"access_token": "an access token", "token_type": "Bearer", "expires_in": 300, "id_token": id_token}


@contextmanager
def running_provider(clock: Callable[[], datetime]) -> Iterator[OidcProvider]:
    """A provider that answers until the block ends."""
    provider = OidcProvider(clock)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            provider.asked.append(parts.path)
            if parts.path == "/authorize":
                self.send_response(302)
                self.send_header("Location", provider.authorize(query))
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            answers: dict[str, Any] = {
                "/.well-known/openid-configuration": provider.metadata,
                "/jwks": lambda: {"keys": [provider.key.as_dict(private=False, kid="k1", use="sig")]},
                "/userinfo": lambda: provider.userinfo,
            }
            self.answer(200, answers[parts.path]()) if parts.path in answers else self.answer(404, {})

        def do_POST(self) -> None:
            provider.asked.append(self.path)
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            self.answer(*provider.token(form, self.headers.get("Authorization", "")))

        def answer(self, status: int, value: object) -> None:
            body = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Nothing on stderr."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.issuer = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join(30)
        server.server_close()
