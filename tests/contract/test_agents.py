"""Who may sign in holds on both databases: hashes old and new, links that work once, the last admin, the provider's word."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from alembic import command
from sqlalchemy import text as sql

from models.agents import FIRST, INVITATION, NEW_PASSWORD, Identity, Role, password_fault, plain_email, plain_name
from models.db import agents as agents_module
from models.db.agents import ALARM_AFTER
from models.db.engine import make_engine, transaction
from models.db.migrate import config_for, upgrade
from models.db.store import Store
from models.errors import LastAdmin, NotFound, Taken
from tests.support.databases import empty
from tests.support.filings import NOW

PASSWORD = "correct horse battery"
OTHER = "staple of another kind"
WINDOW = timedelta(hours=1)


def old_hash(password: str, *ended: str) -> str:
    """As the version before wrote it."""
    salt = b"0123456789abcdef"
    hashed = hashlib.scrypt(password.encode(), salt=salt, maxmem=2**26, n=2**14, r=8, p=1)
    return "$".join((base64.b64encode(salt).decode(), base64.b64encode(hashed).decode(), *ended))


def set_secret(store: Store, name: str, secret: str) -> None:
    with store.write() as connection:
        connection.execute(
            sql("UPDATE agent SET secret = :secret WHERE name = :name"), {"secret": secret, "name": name}
        )


def secret_of(store: Store, name: str) -> str:
    with store.read() as connection:
        return str(connection.execute(sql("SELECT secret FROM agent WHERE name = :name"), {"name": name}).scalar_one())


def history(store: Store) -> list[tuple[str, str, str]]:
    return [(one.by, one.what, one.detail) for one in reversed(store.desk_events(500))]


def counted(check: Callable[[bytes, str], bool], done: list[str]) -> Callable[[bytes, str], bool]:
    """The same check, which notes that it was made."""

    def checked(plain: bytes, secret: str) -> bool:
        done.append(check.__name__)
        return check(plain, secret)

    return checked


# --- passwords


def test_a_new_password_is_kept_as_argon2id_only(store: Store) -> None:
    store.add_agent("hanako", PASSWORD, NOW)
    secret = secret_of(store, "hanako")
    assert secret.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert PASSWORD not in secret
    assert store.verify_agent("hanako", PASSWORD)
    for name, password in (("hanako", "wrong"), ("hanako", ""), ("nobody", PASSWORD), ("", ""), ("hanako", secret)):
        assert not store.verify_agent(name, password)
    assert secret_of(store, "hanako") == secret, "nothing is hashed anew without need"


def test_an_old_hash_is_verified_and_hashed_anew_and_sessions_go_on(store: Store) -> None:
    store.add_agent("hanako", PASSWORD, NOW)
    set_secret(store, "hanako", old_hash(PASSWORD, "aa:1"))
    key = store.session_key("hanako", "bb")
    assert not store.verify_agent("hanako", OTHER)
    assert not secret_of(store, "hanako").startswith("$argon2"), "a wrong password changes nothing"
    assert store.verify_agent("hanako", PASSWORD)
    assert secret_of(store, "hanako").startswith("$argon2id$")
    assert store.verify_agent("hanako", PASSWORD)
    assert not store.verify_agent("hanako", OTHER)
    assert store.session_key("hanako", "bb") == key is not None


@pytest.mark.parametrize("is_one_old", [False, True])
def test_each_try_costs_the_same_hashes_whoever_it_names(
    store: Store, monkeypatch: pytest.MonkeyPatch, is_one_old: bool
) -> None:
    for name in ("new", "old", "gone"):
        store.add_agent(name, PASSWORD, NOW)
    store.invite("invited", Role.AGENT, by="new", now=NOW)
    store.deactivate("gone", by="new", now=NOW)
    if is_one_old:
        set_secret(store, "old", old_hash(PASSWORD))
    done: list[str] = []
    for name in ("_is_argon", "_is_scrypt"):
        monkeypatch.setattr(agents_module, name, counted(getattr(agents_module, name), done))
    costs = set()
    for name in ("new", "old", "gone", "invited", "nobody", ""):
        done.clear()
        assert not store.verify_agent(name, OTHER)
        costs.add(tuple(done))
    assert costs == {("_is_argon", "_is_scrypt") if is_one_old else ("_is_argon",)}


def test_who_has_no_password_or_may_not_come_in_is_not_let_in(store: Store) -> None:
    store.add_agent("hanako", PASSWORD, NOW)
    store.invite("taro", Role.AGENT, by="hanako", now=NOW)
    assert not store.verify_agent("taro", "")
    store.add_agent("jiro", PASSWORD, NOW)
    store.deactivate("jiro", by="hanako", now=NOW)
    assert not store.verify_agent("jiro", PASSWORD)
    store.activate("jiro", by="hanako", now=NOW)
    assert store.verify_agent("jiro", PASSWORD)


@pytest.mark.parametrize(
    ("password", "fault"),
    [("eleven char", "short"), ("twelve chars", None), ("aaaaaaaaaaaaaaaa", "short"), ("x" * 900 + "yz" * 70, "long"),
     ("hanako.suzuki", "name"), ("Hanako.Suzuki1", "name"), ("長いパスワードを決めました", None)],
)  # fmt: skip
def test_what_can_be_a_password(password: str, fault: str | None) -> None:
    assert password_fault(password, "hanako.suzuki") == fault


def test_names_and_addresses_that_people_type() -> None:
    assert plain_name("  山田  太郎 ") == "山田 太郎"
    assert [plain_name(one) for one in ("", " ", "a\0b", "x" * 65, "a\u202eb", "a\u200bb")] == [None] * 6
    assert plain_email(" hanako@example.com ") == "hanako@example.com"
    assert plain_email("") == ""
    assert [
        plain_email(one) for one in ("x", "a@b", "a b@example.com", "a@example.com\r\nBcc: b", "<a@example.com>")
    ] == [None] * 5


# --- sessions


def test_another_password_or_going_ends_every_session(store: Store) -> None:
    store.add_agent("boss", PASSWORD, NOW)
    store.add_agent("hanako", PASSWORD, NOW)
    keys = [store.session_key("hanako", "aa")]
    store.end_session("hanako", "aa", expires=int(NOW.timestamp()) + 60, now=NOW)
    assert store.session_key("hanako", "aa") is None
    assert store.session_key("hanako", "bb") == keys[0]
    store.set_password("hanako", OTHER, now=NOW)
    keys.append(store.session_key("hanako", "bb"))
    store.end_sessions("hanako", by="hanako", now=NOW)
    keys.append(store.session_key("hanako", "bb"))
    store.add_agent("hanako", PASSWORD, NOW)
    keys.append(store.session_key("hanako", "bb"))
    store.deactivate("hanako", by="boss", now=NOW)
    assert store.session_key("hanako", "bb") is None
    store.activate("hanako", by="boss", now=NOW)
    keys.append(store.session_key("hanako", "bb"))
    assert None not in keys
    assert len(set(keys)) == len(keys), "no session of before comes back"


# --- links


def test_the_first_admin_comes_in_by_a_link_that_works_once_and_for_a_day(store: Store) -> None:
    old = store.first_link(NOW)
    token = store.first_link(NOW)
    assert old is not None
    assert token is not None
    assert store.sign_in_link(old, NOW) is None, "the next start prints another, and the old one is void"
    link = store.sign_in_link(token, NOW + FIRST - timedelta(seconds=1))
    assert link is not None
    assert link.name == ""
    assert store.sign_in_link(token, NOW + FIRST) is None
    assert store.redeem(token, PASSWORD, name="hanako", now=NOW + FIRST) is None
    token = store.first_link(NOW)
    assert token is not None
    assert store.redeem(token, PASSWORD, name="hanako", now=NOW) == "hanako"
    assert store.redeem(token, OTHER, name="taro", now=NOW) is None
    assert store.verify_agent("hanako", PASSWORD)
    assert [(one.name, one.role) for one in store.people()] == [("hanako", Role.ADMIN)]
    assert store.first_link(NOW) is None
    assert history(store) == [("hanako", "first_admin", "")]


def test_a_link_is_kept_as_a_hash_only(store: Store) -> None:
    token = store.first_link(NOW)
    assert token is not None
    with store.read() as connection:
        rows = connection.execute(sql("SELECT * FROM sign_in_link")).all()
    assert token not in str(rows)
    assert len(rows) == 1


def test_the_first_admins_link_is_void_as_soon_as_somebody_is_there(store: Store) -> None:
    token = store.first_link(NOW)
    assert token is not None
    store.add_agent("taro", PASSWORD, NOW)
    assert store.sign_in_link(token, NOW) is None
    assert store.redeem(token, PASSWORD, name="mallory", now=NOW) is None
    assert store.agents() == ("taro",)


def test_an_invitation_lets_one_choose_a_password_once(store: Store) -> None:
    store.add_agent("boss", PASSWORD, NOW)
    token = store.invite("花子", Role.LEAD, email="hanako@example.com", by="boss", now=NOW)
    invited = store.agent("花子")
    assert (invited.role, invited.email, invited.can_sign_in) == (Role.LEAD, "hanako@example.com", False)
    link = store.sign_in_link(token, NOW)
    assert link is not None
    assert (link.name, link.expires_at) == ("花子", NOW + INVITATION)
    assert store.redeem(token, PASSWORD, name="ignored", now=NOW) == "花子"
    assert store.redeem(token, OTHER, now=NOW) is None
    assert store.verify_agent("花子", PASSWORD)
    assert history(store)[1:] == [("boss", "invited", "lead 花子"), ("花子", "password_set", "")]
    for name, email, what in (("花子", "", "name"), ("BOSS", "", "name"), ("x", "HANAKO@example.com", "email")):
        with pytest.raises(Taken) as taken:
            store.invite(name, Role.AGENT, email=email, by="boss", now=NOW)
        assert taken.value.what == what


def test_a_new_link_takes_the_place_of_the_old_one_and_ends_sessions_when_used(store: Store) -> None:
    store.add_agent("boss", PASSWORD, NOW)
    store.add_agent("taro", PASSWORD, NOW)
    first = store.new_link("taro", by="boss", now=NOW)
    second = store.new_link("taro", by="boss", now=NOW)
    key = store.session_key("taro", "aa")
    assert store.redeem(first, OTHER, now=NOW) is None
    assert store.verify_agent("taro", PASSWORD), "a link alone changes nothing"
    assert store.redeem(second, OTHER, now=NOW + NEW_PASSWORD - timedelta(seconds=1)) == "taro"
    assert store.session_key("taro", "aa") != key
    third = store.new_link("taro", by="boss", now=NOW)
    store.deactivate("taro", by="boss", now=NOW)
    assert store.redeem(third, OTHER, now=NOW) is None
    with pytest.raises(NotFound):
        store.new_link("taro", by="boss", now=NOW)
    with pytest.raises(NotFound):
        store.new_link("nobody", by="boss", now=NOW)


def test_of_two_who_use_one_link_at_once_one_comes_in(store: Store) -> None:
    token = store.first_link(NOW)
    assert token is not None
    with ThreadPoolExecutor(4) as pool:
        tries = [pool.submit(store.redeem, token, PASSWORD, name=f"agent{number}", now=NOW) for number in range(4)]
        came = [one.result() for one in tries]
    assert len([one for one in came if one]) == 1
    assert len(store.people()) == 1


# --- roles


def test_the_last_admin_who_can_sign_in_stays_one(store: Store) -> None:
    store.add_agent("boss", PASSWORD, NOW)
    store.add_agent("taro", PASSWORD, NOW, role=Role.AGENT)
    store.invite("deputy", Role.ADMIN, by="boss", now=NOW)
    with pytest.raises(LastAdmin):
        store.set_role("boss", Role.LEAD, by="boss", now=NOW)
    with pytest.raises(LastAdmin):
        store.deactivate("boss", by="boss", now=NOW)
    assert store.agent("boss").role is Role.ADMIN
    store.set_role("taro", Role.ADMIN, by="boss", now=NOW)
    store.set_role("boss", Role.LEAD, by="taro", now=NOW)
    with pytest.raises(LastAdmin):
        store.deactivate("taro", by="taro", now=NOW)
    store.deactivate("boss", by="taro", now=NOW)
    store.deactivate("boss", by="taro", now=NOW)
    assert history(store)[3:] == [
        ("boss", "role_changed", "admin taro"), ("taro", "role_changed", "lead boss"), ("taro", "deactivated", "boss")
    ]  # fmt: skip
    with pytest.raises(NotFound):
        store.set_role("nobody", Role.LEAD, by="taro", now=NOW)


def test_of_two_admins_who_demote_each_other_one_stays(store: Store) -> None:
    for name in ("one", "two"):
        store.add_agent(name, PASSWORD, NOW)

    def demote(name: str) -> bool:
        try:
            store.set_role(name, Role.AGENT, by="x", now=NOW)
        except LastAdmin:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(demote, ("one", "two")))
    assert sorted(done) == [False, True]
    assert sorted(one.role for one in store.people()) == [Role.ADMIN, Role.AGENT]


def test_each_role_may_do_what_those_before_it_may() -> None:
    may = {(role, needed) for role in Role for needed in Role if role.includes(needed)}
    assert may == {
        (Role.AGENT, Role.AGENT), (Role.LEAD, Role.AGENT), (Role.LEAD, Role.LEAD),
        (Role.ADMIN, Role.AGENT), (Role.ADMIN, Role.LEAD), (Role.ADMIN, Role.ADMIN),
    }  # fmt: skip


def test_details_are_kept_and_addresses_are_of_one_agent_each(store: Store) -> None:
    store.add_agent("hanako", PASSWORD, NOW)
    store.add_agent("taro", PASSWORD, NOW, role=Role.AGENT)
    chosen = {"email": "hanako@example.com", "language": "en", "notices": ("overdue", "new", "nonsense")}
    store.set_details("hanako", **chosen, now=NOW)  # type: ignore[arg-type]
    found = store.agent("hanako")
    assert (found.email, found.language, found.notices) == ("hanako@example.com", "en", ("new", "overdue"))
    with pytest.raises(Taken):
        store.set_details("taro", email="HANAKO@example.com", language="", notices=(), now=NOW)
    before = history(store)
    store.set_details("hanako", **chosen, now=NOW)  # type: ignore[arg-type]
    assert history(store) == before, "what changes nothing is no event"


# --- history


def test_many_failures_under_one_name_raise_one_alarm_an_hour(store: Store) -> None:
    for number in range(ALARM_AFTER + 5):
        store.note_failed_sign_in("hanako", f"198.51.100.{number}", now=NOW, window=WINDOW)
    store.note_failed_sign_in("taro\0" + "x" * 100, "198.51.100.7", now=NOW, window=WINDOW)
    lines = history(store)
    assert [line for line in lines if line[1] == "sign_in_alarm"] == [("hanako", "sign_in_alarm", str(ALARM_AFTER))]
    assert lines[-1] == ("taro" + "x" * 60, "sign_in_failed", "198.51.100.7")
    later = NOW + WINDOW + timedelta(seconds=1)
    for _ in range(ALARM_AFTER):
        store.note_failed_sign_in("hanako", "", now=later, window=WINDOW)
    assert len([line for line in history(store) if line[1] == "sign_in_alarm"]) == 2


def test_history_is_turned_page_by_page_and_filtered(store: Store) -> None:
    for number in range(6):
        store.note_access(
            "signed_in" if number % 2 else "signed_out", by=f"agent{number % 3}", detail=str(number), now=NOW
        )
    newest = store.desk_events(4)
    assert [one.detail for one in newest] == ["5", "4", "3", "2"]
    assert [one.detail for one in store.desk_events(4, before=newest[-1].number)] == ["1", "0"]
    assert [one.detail for one in store.desk_events(by="agent0")] == ["3", "0"]
    assert [one.detail for one in store.desk_events(kinds={"signed_in"})] == ["5", "3", "1"]
    assert [one.detail for one in store.desk_events(by="agent0", kinds={"signed_in"})] == ["3"]
    assert store.desk_events(kinds=()) == ()


# --- the provider's word


def test_an_agent_is_known_by_subject_or_first_by_a_verified_address(store: Store) -> None:
    store.invite("hanako", Role.ADMIN, email="Hanako@example.com", by="", now=NOW)
    assert store.recognise(Identity(subject="s1"), creates=None, now=NOW) is None
    assert store.recognise(Identity(subject="s1", email="other@example.com"), creates=None, now=NOW) is None
    assert store.recognise(Identity(subject="s1", email="hanako@EXAMPLE.com"), creates=None, now=NOW) == "hanako"
    assert store.recognise(Identity(subject="s1"), creates=None, now=NOW) == "hanako", "by subject from now on"
    stolen = Identity(subject="s2", email="hanako@example.com")
    assert store.recognise(stolen, creates=None, now=NOW) is None, "an address binds once"
    assert store.recognise(stolen, creates=Role.AGENT, now=NOW) is None
    store.add_agent("boss", PASSWORD, NOW)
    store.deactivate("hanako", by="boss", now=NOW)
    assert store.recognise(Identity(subject="s1"), creates=Role.AGENT, now=NOW) is None


def test_an_address_binds_nobody_who_typed_it_himself_or_has_a_password(store: Store) -> None:
    store.invite("own", Role.AGENT, email="own@example.com", by="boss", now=NOW)
    store.set_details("own", email="boss@example.com", language="", notices=(), now=NOW)
    token = store.invite("has", Role.AGENT, email="has@example.com", by="boss", now=NOW)
    store.redeem(token, PASSWORD, now=NOW)
    for email in ("boss@example.com", "has@example.com"):
        who = Identity(subject=email, email=email, name="new", role=Role.ADMIN)
        assert store.recognise(who, creates=Role.AGENT, now=NOW) is None
    store.set_details("own", email="own@example.com", language="", notices=(), now=NOW)
    again = Identity(subject="s3", email="own@example.com")
    assert store.recognise(again, creates=Role.AGENT, now=NOW) is None, "his word stays his word"
    assert {one.role for one in store.people()} == {Role.AGENT}


def test_unknown_people_become_agents_only_where_that_is_wanted(store: Store) -> None:
    store.add_agent("boss", PASSWORD, NOW)
    who = Identity(subject="s1", email="taro@example.com", name="太郎")
    assert store.recognise(who, creates=None, now=NOW) is None
    assert store.recognise(who, creates=Role.AGENT, now=NOW) == "太郎"
    made = store.agent("太郎")
    assert (made.role, made.email, made.has_password, made.can_sign_in) == (Role.AGENT, "taro@example.com", False, True)
    assert store.recognise(Identity(subject="s2", name="Boss"), creates=Role.AGENT, now=NOW) is None, "a name is of one"
    assert store.recognise(Identity(subject="s3", email="jiro@example.com"), creates=Role.LEAD, now=NOW) == "jiro"


def test_a_role_claim_sets_the_role_but_never_takes_the_last_admin(store: Store) -> None:
    token = store.first_link(NOW)
    assert token is not None
    assert store.redeem_by_provider(token, Identity(subject="s1", name="hanako"), now=NOW) == "hanako"
    assert store.agent("hanako").can_sign_in
    demoted = Identity(subject="s1", role=Role.AGENT)
    assert store.recognise(demoted, creates=None, now=NOW) == "hanako"
    assert store.agent("hanako").role is Role.ADMIN
    store.add_agent("boss", PASSWORD, NOW)
    assert store.recognise(demoted, creates=None, now=NOW) == "hanako"
    assert store.agent("hanako").role is Role.AGENT
    store.recognise(Identity(subject="s1", role=Role.LEAD), creates=None, now=NOW)
    assert store.agent("hanako").role is Role.LEAD


def test_a_link_may_be_redeemed_by_the_providers_word(store: Store) -> None:
    store.add_agent("boss", PASSWORD, NOW)
    token = store.invite("taro", Role.AGENT, by="boss", now=NOW)
    assert store.redeem_by_provider(token, Identity(subject="s1"), now=NOW) == "taro"
    assert store.redeem_by_provider(token, Identity(subject="s2"), now=NOW) is None
    again = store.invite("jiro", Role.AGENT, by="boss", now=NOW)
    assert store.redeem_by_provider(again, Identity(subject="s1"), now=NOW) is None, "one person, one agent"
    assert store.recognise(Identity(subject="s1"), creates=None, now=NOW) == "taro"


# --- a database of before


def test_agents_of_before_stay_and_are_admins(database_url: str) -> None:
    url = database_url
    engine = make_engine(url)
    with transaction(engine, writes=True) as connection:
        empty(connection)
        command.upgrade(config_for(connection), "0006")
        statement = "INSERT INTO agent (name, secret, created_at) VALUES (:name, :secret, :at)"
        connection.execute(sql(statement), {"name": "hanako", "secret": old_hash(PASSWORD, "aa:1"), "at": NOW})
    engine.dispose()
    upgrade(url)
    store = Store(url)
    assert [(one.name, one.role, one.is_active) for one in store.people()] == [("hanako", Role.ADMIN, True)]
    assert store.session_key("hanako", "aa") is not None
    assert store.verify_agent("hanako", PASSWORD)
    assert secret_of(store, "hanako").startswith("$argon2id$")
    assert store.first_link(NOW) is None
    store.close()


def test_an_agent_has_a_name_in_letters(store: Store) -> None:
    store.invite("hanako", Role.AGENT, display="山田 花子", by="boss", now=NOW)
    assert (store.agent("hanako").display, store.display_of("hanako")) == ("山田 花子", "山田 花子")
    store.set_details("hanako", email="", language="ja", notices=(), now=NOW)
    assert store.display_of("hanako") == "山田 花子", "stays where nothing is said of it"
    store.set_details("hanako", email="", language="ja", notices=(), display="", now=NOW)
    assert store.display_of("hanako") == "hanako"
    assert store.display_of("nobody") == "nobody"
