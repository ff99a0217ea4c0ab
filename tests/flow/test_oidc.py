"""Signing in by an OpenID provider: there, back, and in; and every way in which its word must not be believed."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi import FastAPI
from httpx import AsyncClient, Response
from joserfc.jwk import ECKey, OctKey, RSAKey

from desk.oidc_client import OidcSettings, Provider, is_fit
from desk.texts import EN
from models.agents import Role
from models.db.store import Store
from models.errors import ProviderError
from policy.pack import Pack
from tests.support.clocks import Clock
from tests.support.desk import AGENT, browsing, make_app
from tests.support.filings import NOW
from tests.support.oidc_provider import CLIENT, CLIENT_SECRET, OidcProvider, running_provider

MAIL = "hanako@example.com"
VERIFIED = {"email": MAIL, "email_verified": True}


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def provider(clock: Clock) -> Iterator[OidcProvider]:
    with running_provider(clock) as one:
        yield one


def desk_with(store: Store, pack: Pack, clock: Clock, provider: OidcProvider, **changes: Any) -> FastAPI:  # noqa: ANN401 - settings'
    values = {
        "issuer": provider.issuer,
        "client_id": CLIENT,
        "client_secret": CLIENT_SECRET,
        "name": "Example ID",
        **changes,
    }
    is_secure, passwords = values.pop("is_secure", False), values.pop("has_passwords", True)
    store.invite(AGENT, Role.ADMIN, email=MAIL, by="", now=NOW)
    return make_app(store, pack, clock, is_secure=is_secure, has_passwords=passwords, oidc=OidcSettings(**values))


@pytest.fixture
def app(sqlite_store: Store, pack: Pack, clock: Clock, provider: OidcProvider) -> FastAPI:
    return desk_with(sqlite_store, pack, clock, provider)


async def there(client: AsyncClient, path: str = "/sign-in/oidc") -> str:
    """To the provider, and its way back: a path of the desk."""
    away = await client.get(path)
    assert away.status_code == 303, away.text
    async with AsyncClient() as person:
        back = await person.get(away.headers["location"])
    assert back.status_code == 302
    parts = urlsplit(back.headers["location"])
    assert f"{parts.scheme}://{parts.netloc}" == "http://desk.example"
    return f"{parts.path}?{parts.query}"


async def come(client: AsyncClient, path: str = "/sign-in/oidc") -> Response:
    return await client.get(await there(client, path))


def text_of(page: Response) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", page.text)).split())


def history(store: Store) -> list[tuple[str, str, str]]:
    return [(one.by, one.what, one.detail) for one in reversed(store.desk_events(500))]


async def test_an_agent_comes_in_first_by_address_then_by_subject(
    app: FastAPI, sqlite_store: Store, provider: OidcProvider
) -> None:
    provider.person = {"sub": "s1", "email": MAIL.upper(), "email_verified": True}
    async with browsing(app) as client:
        page = await client.get("/sign-in?next=/outbox")
        assert 'href="/sign-in/oidc?next=/outbox"' in page.text
        assert EN["sign_in_by"].format(provider="Example ID") in text_of(page)
        done = await come(client, "/sign-in/oidc?next=/outbox")
        assert (done.status_code, done.headers["location"]) == (303, "/outbox")
        assert (await client.get("/people")).status_code == 200
    provider.person = {"sub": "s1"}
    async with browsing(app) as client:
        assert (await come(client)).headers["location"] == "/queue"
        assert (await client.get("/queue")).status_code == 200
    assert sqlite_store.agents() == (AGENT,)
    lines = [line for line in history(sqlite_store) if line[1] in {"signed_in", "provider_bound"}]
    assert lines == [
        (AGENT, "provider_bound", MAIL.upper()), (AGENT, "signed_in", "198.51.100.7 openid"), (AGENT, "signed_in", "198.51.100.7 openid")
    ]  # fmt: skip


async def test_what_is_asked_is_asked_with_pkce_state_and_nonce_anew_each_time(app: FastAPI) -> None:
    async with browsing(app) as client:
        ways = [urlsplit((await client.get("/sign-in/oidc")).headers["location"]) for _ in range(2)]
    first, second = (parse_qs(way.query) for way in ways)
    assert first["redirect_uri"] == ["http://desk.example/sign-in/oidc/callback"]
    assert first["scope"] == ["openid profile email"]
    assert first["code_challenge_method"] == ["S256"]
    for name in ("state", "nonce", "code_challenge"):
        assert len(first[name][0]) >= 43, name
        assert first[name] != second[name], name


@pytest.mark.parametrize("auth_method", ["client_secret_basic", "client_secret_post"])
@pytest.mark.parametrize("kind", ["RSA", "EC"])
async def test_both_kinds_of_keys_and_of_client_authentication(
    app: FastAPI, provider: OidcProvider, kind: str, auth_method: str
) -> None:
    provider.person, provider.auth_method = {"sub": "s1", **VERIFIED}, auth_method
    if kind == "EC":
        provider.key, provider.algorithm = ECKey.generate_key("P-256", {"kid": "k1", "use": "sig"}), "ES256"
    async with browsing(app) as client:
        assert (await come(client)).status_code == 303


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"}, {"nonce": None}, {"aud": "another desk"}, {"aud": ["another desk"]}, {"aud": [CLIENT, "another"]}, {"aud": None},
        {"azp": "another desk"}, {"iss": "http://127.0.0.1:1"}, {"iss": None}, {"exp": int((NOW - timedelta(minutes=2)).timestamp())}, {"exp": None},
        {"exp": "never"}, {"iat": int((NOW + timedelta(hours=1)).timestamp())}, {"sub": None}, {"sub": ""}, {"sub": "x" * 256}, {"sub": 7},
        {"nbf": int((NOW + timedelta(hours=1)).timestamp())}, {"at_hash": "wrong"},
    ],
    ids=str,
)  # fmt: skip
async def test_a_token_that_does_not_hold_lets_nobody_in(
    app: FastAPI, sqlite_store: Store, provider: OidcProvider, claims: dict[str, Any]
) -> None:
    provider.person, provider.token_claims = {"sub": "s1", **VERIFIED}, claims
    async with browsing(app) as client:
        page = await come(client)
        assert page.status_code == 502
        assert EN["provider_refused"].format(provider="Example ID") in text_of(page)
        assert (await client.get("/queue")).status_code == 303
    by, what, detail = history(sqlite_store)[-1]
    assert (by, what) == ("", "provider_failed")
    assert detail.startswith("openid: its ")
    assert not sqlite_store.agent(AGENT).has_provider


@pytest.mark.parametrize("forged", ["another key", "none", "our own secret"])
async def test_a_token_that_the_provider_did_not_sign_lets_nobody_in(
    app: FastAPI, provider: OidcProvider, forged: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider.person = {"sub": "s1", **VERIFIED}
    if forged == "another key":
        provider.signs_with = RSAKey.generate_key(2048)
    elif forged == "none":
        provider.algorithm = "none"
    else:
        provider.algorithm = "HS256"
        provider.signs_with = OctKey.import_key(CLIENT_SECRET * 2)  # type: ignore[assignment]
    async with browsing(app) as client:
        assert (await come(client)).status_code == 502
        assert (await client.get("/queue")).status_code == 303


async def test_a_token_is_good_a_minute_longer_for_clocks_that_differ(app: FastAPI, provider: OidcProvider) -> None:
    provider.person = {"sub": "s1", **VERIFIED}
    provider.token_claims = {"exp": int((NOW - timedelta(seconds=30)).timestamp())}
    async with browsing(app) as client:
        assert (await come(client)).status_code == 303


@pytest.mark.parametrize(
    "person",
    [
        {"email": MAIL}, {"email": MAIL, "email_verified": False}, {"email": MAIL, "email_verified": "false"}, {"email": MAIL, "email_verified": "true"},
        {"email": "stranger@example.com", "email_verified": True}, {"email": f"{MAIL}, x@example.com", "email_verified": True},
        {}, {"email_verified": True}, {"preferred_username": AGENT, "name": AGENT},
    ],
    ids=str,
)  # fmt: skip
async def test_who_is_not_surely_an_agent_reads_a_page_and_no_account_is_made(
    app: FastAPI, sqlite_store: Store, provider: OidcProvider, person: dict[str, Any]
) -> None:
    provider.person = {"sub": "<script>alert(1)</script>", **person}
    async with browsing(app) as client:
        page = await come(client)
        assert page.status_code == 403
        assert "is no agent of this desk" in text_of(page)
        assert "<script>" not in page.text
        assert (await client.get("/queue")).status_code == 303
    assert sqlite_store.agents() == (AGENT,)
    assert not sqlite_store.agent(AGENT).has_provider
    assert history(sqlite_store)[-1][1:] == ("provider_unknown", "198.51.100.7")


async def test_an_address_that_an_agent_gave_himself_binds_nobody_to_him(
    sqlite_store: Store, pack: Pack, clock: Clock, provider: OidcProvider
) -> None:
    app = desk_with(sqlite_store, pack, clock, provider, role_claim="groups", creates=Role.AGENT)
    sqlite_store.add_agent("mallory", "a password of mallory", NOW, role=Role.AGENT)
    sqlite_store.set_details("mallory", email="boss@example.com", language="", notices=(), now=NOW)
    provider.person = {"sub": "s9", "email": "Boss@example.com", "email_verified": True, "groups": ["admin"]}
    async with browsing(app) as client:
        page = await come(client)
        assert page.status_code == 403
        assert EN["provider_unbound"].format(who="Boss@example.com", provider="Example ID") in text_of(page)
    mallory = sqlite_store.agent("mallory")
    assert (mallory.role, mallory.has_provider) == (Role.AGENT, False)
    link = sqlite_store.new_link("mallory", by=AGENT, now=NOW)
    provider.person = {"sub": "s10", "email": "boss@example.com", "email_verified": True}
    async with browsing(app) as client:
        assert (await come(client, f"/sign-in/oidc?link={link}")).status_code == 303, "a link binds him"


async def test_who_may_not_sign_in_any_more_is_not_let_in_by_the_provider_either(
    app: FastAPI, sqlite_store: Store, provider: OidcProvider
) -> None:
    sqlite_store.add_agent("boss", "a password of the boss", NOW)
    provider.person = {"sub": "s1", **VERIFIED}
    async with browsing(app) as client:
        assert (await come(client)).status_code == 303
        sqlite_store.deactivate(AGENT, by="boss", now=NOW)
        assert (await client.get("/queue")).status_code == 303
        assert (await come(client)).status_code == 403


# --- state


async def test_a_state_is_good_once_for_its_browser_and_ten_minutes(
    app: FastAPI, provider: OidcProvider, clock: Clock
) -> None:
    provider.person = {"sub": "s1", **VERIFIED}
    async with browsing(app) as client, browsing(app) as other:
        back = await there(client)
        assert (await other.get(back)).status_code == 403, "another browser did not begin it"
        await there(other)
        assert (await other.get(back)).status_code == 403, "it began another one"
        cookie = client.cookies["uketsuke_oidc"]
        assert (await client.get(back)).status_code == 303
        assert "uketsuke_oidc" not in client.cookies
        replayed = {"Cookie": f"uketsuke_oidc={cookie}"}
        async with browsing(app) as thief:
            again = await thief.get(back, headers=replayed)
            assert again.status_code == 403
            assert EN["provider_stale"] in text_of(again)
            assert "uketsuke_session" not in thief.cookies
    assert provider.asked.count("/token") == 1
    async with browsing(app) as client:
        back = await there(client)
        clock.advance(timedelta(minutes=10))
        client.cookies.set("uketsuke_oidc", client.cookies.get("uketsuke_oidc") or "gone", domain="desk.example")
        assert (await client.get(back)).status_code == 403


@pytest.mark.parametrize("cookie", ["", "x", "e30=.0", "日本", "." + "0" * 64])
async def test_a_forged_way_back_leads_nowhere(app: FastAPI, sqlite_store: Store, cookie: str) -> None:
    before = history(sqlite_store)
    async with browsing(app) as client:
        for query in (
            "",
            "?code=x",
            "?code=x&state=",
            "?code=x&state=日本",
            "?error=access_denied",
            "?state=" + "x" * 5000,
        ):
            page = await client.get(
                f"/sign-in/oidc/callback{query}", headers=[(b"Cookie", f"uketsuke_oidc={cookie}".encode())]
            )
            assert page.status_code in {400, 403}
    assert history(sqlite_store) == before, "strangers write no history"


async def test_a_refusal_over_there_is_told(app: FastAPI, sqlite_store: Store, provider: OidcProvider) -> None:
    provider.error = "access_denied"
    async with browsing(app) as client:
        page = await come(client)
    assert page.status_code == 403
    assert EN["provider_refused"].format(provider="Example ID") in text_of(page)
    assert "access_denied" in history(sqlite_store)[-1][2]


async def test_an_answer_in_another_providers_name_is_refused(app: FastAPI, provider: OidcProvider) -> None:
    provider.person = {"sub": "s1", **VERIFIED}
    async with browsing(app) as client:
        assert (await client.get(await there(client) + "&iss=https://evil.example")).status_code == 502
        assert (await client.get(await there(client) + f"&iss={provider.issuer}")).status_code == 303
    provider.discovery = {"authorization_response_iss_parameter_supported": True}


@pytest.mark.parametrize(
    "discovery",
    [
        {"issuer": "https://evil.example"}, {"token_endpoint": None}, {"jwks_uri": "http://evil.example/jwks"}, {"authorization_endpoint": "javascript:alert(1)"}
    ],
    ids=str,
)  # fmt: skip
async def test_a_provider_that_says_what_cannot_be_is_not_gone_to(
    app: FastAPI, provider: OidcProvider, discovery: dict[str, Any]
) -> None:
    provider.discovery = discovery
    async with browsing(app) as client:
        page = await client.get("/sign-in/oidc")
        assert page.status_code == 502
        assert EN["provider_away"].format(provider="Example ID") in text_of(page)
        provider.discovery = {}
        assert (await client.get("/sign-in/oidc")).status_code == 303, "mended, it works at once"


async def test_a_provider_that_is_away_is_said_to_be(sqlite_store: Store, pack: Pack, clock: Clock) -> None:
    with running_provider(clock) as gone:
        app = desk_with(sqlite_store, pack, clock, gone)
    async with browsing(app) as client:
        assert (await client.get("/sign-in/oidc")).status_code == 502
        assert (await client.get("/sign-in")).status_code == 200


async def test_without_a_provider_there_is_no_such_way(sqlite_store: Store, pack: Pack, clock: Clock) -> None:
    async with browsing(make_app(sqlite_store, pack, clock)) as client:
        assert "/sign-in/oidc" not in (await client.get("/sign-in")).text
        for path in ("/sign-in/oidc", "/sign-in/oidc/callback?code=x&state=x"):
            assert (await client.get(path)).status_code == 404


@pytest.mark.parametrize("to", ["//evil.example", "https://evil.example", "/\\evil.example"])
async def test_the_way_in_never_leads_to_another_site(app: FastAPI, provider: OidcProvider, to: str) -> None:
    provider.person = {"sub": "s1", **VERIFIED}
    async with browsing(app) as client:
        assert (await come(client, f"/sign-in/oidc?next={to}")).headers["location"] == "/queue"


# --- who becomes what


async def test_an_address_told_only_when_asked_counts_where_it_is_of_the_same_person(
    app: FastAPI, provider: OidcProvider
) -> None:
    provider.person = {"sub": "s1"}
    provider.userinfo = {"sub": "another", **VERIFIED}
    async with browsing(app) as client:
        assert (await come(client)).status_code == 502
        provider.userinfo = {"sub": "s1", **VERIFIED}
        assert (await come(client)).status_code == 303


async def test_new_people_become_agents_where_that_is_set(
    sqlite_store: Store, pack: Pack, clock: Clock, provider: OidcProvider
) -> None:
    app = desk_with(sqlite_store, pack, clock, provider, creates=Role.AGENT)
    provider.person = {"sub": "s2", "preferred_username": "次郎", "email": "jiro@example.com", "email_verified": True}
    async with browsing(app) as client:
        assert (await come(client)).status_code == 303
        assert (await client.get("/queue")).status_code == 200
        assert (await client.get("/reports")).status_code == 403
    provider.person = {"sub": "s3", "preferred_username": AGENT}
    async with browsing(app) as client:
        assert (await come(client)).status_code == 403, "a name is of one agent"


@pytest.mark.parametrize(
    ("claim", "value", "role"),
    [
        ("groups", ["staff", "lead", "agent"], Role.LEAD), ("groups", "admin", Role.ADMIN), ("groups", ["staff"], Role.AGENT), ("groups", {"lead": 1}, Role.AGENT),
        ("realm_access.roles", None, Role.LEAD), ("https://x.example/roles", ["lead"], Role.LEAD),
    ],
)  # fmt: skip
async def test_a_role_claim_sets_the_role(
    sqlite_store: Store, pack: Pack, clock: Clock, provider: OidcProvider, claim: str, value: object, role: Role
) -> None:
    app = desk_with(sqlite_store, pack, clock, provider, role_claim=claim, creates=Role.AGENT)
    nested = {"realm_access": {"roles": ["lead"]}} if value is None else {claim: value}
    provider.person = {"sub": "s2", "preferred_username": "taro", **nested}
    async with browsing(app) as client:
        assert (await come(client)).status_code == 303
    assert sqlite_store.agent("taro").role is role


async def test_an_invitation_is_taken_up_with_the_provider(
    sqlite_store: Store, pack: Pack, clock: Clock, provider: OidcProvider
) -> None:
    app = desk_with(sqlite_store, pack, clock, provider, has_passwords=False)
    link = sqlite_store.invite("taro", Role.LEAD, by=AGENT, now=NOW)
    provider.person = {"sub": "s2", "email": "not@verified.example"}
    async with browsing(app) as client:
        page = await client.get(f"/welcome/{link}")
        assert f'href="/sign-in/oidc?link={link}"' in page.text
        assert (await come(client, f"/sign-in/oidc?link={link}")).status_code == 303
        assert (await client.get("/letter-settings")).status_code == 200
        assert (await client.get(f"/welcome/{link}")).status_code == 404
    async with browsing(app) as client:
        assert (await come(client)).status_code == 303, "known from now on"
        provider.person = {"sub": "s3"}
        assert (await come(client, f"/sign-in/oidc?link={link}")).status_code == 403, "a link works once"


async def test_under_https_the_way_back_and_the_cookies_are_of_https(
    sqlite_store: Store, pack: Pack, clock: Clock, provider: OidcProvider
) -> None:
    app = desk_with(sqlite_store, pack, clock, provider, is_secure=True)
    async with browsing(app) as client:
        away = await client.get("/sign-in/oidc")
    assert parse_qs(urlsplit(away.headers["location"]).query)["redirect_uri"] == [
        "https://desk.example/sign-in/oidc/callback"
    ]
    assert away.headers["set-cookie"].startswith("__Host-uketsuke_oidc=")
    assert "Secure" in away.headers["set-cookie"]
    assert "Domain" not in away.headers["set-cookie"]


# --- the client alone


@pytest.mark.parametrize(
    ("url", "fit"),
    [("https://id.example", True), ("http://127.0.0.1:9/x", True), ("http://localhost", True), ("http://id.example", False), ("ftp://127.0.0.1", False), ("", False)],
)  # fmt: skip
def test_secrets_go_under_tls_or_stay_on_this_machine(url: str, fit: bool) -> None:
    assert is_fit(url) is fit


def test_what_a_provider_says_of_itself_is_asked_again_after_a_while(provider: OidcProvider, clock: Clock) -> None:
    one = Provider(OidcSettings(issuer=provider.issuer, client_id=CLIENT), clock)
    for _ in range(3):
        one.metadata()
    assert len(provider.asked) == 1
    clock.advance(timedelta(minutes=10))
    one.metadata()
    assert len(provider.asked) == 2


def test_many_who_wait_for_a_slow_provider_do_not_hold_up_the_desk(provider: OidcProvider, clock: Clock) -> None:
    one = Provider(OidcSettings(issuer=provider.issuer, client_id=CLIENT), clock)
    for _ in range(4):
        assert one._talks.acquire(blocking=False)
    with pytest.raises(ProviderError, match="too many"):
        one.metadata()
    one._talks.release()
    assert one.metadata()["issuer"] == provider.issuer


def test_the_secret_is_in_no_representation() -> None:
    assert CLIENT_SECRET not in repr(
        OidcSettings(issuer="https://id.example", client_id=CLIENT, client_secret=CLIENT_SECRET)
    )
