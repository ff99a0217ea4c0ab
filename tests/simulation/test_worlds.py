"""Every world comes to an end, at a number of letters that is known beforehand; nothing is lost on the way."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.triage import Rules
from tests.simulation.checks import faults_of
from tests.simulation.people import Away, HelpDesk, Manners, Silent
from tests.simulation.scenarios import AWAY_EN, AWAY_JA, RECEIVED, SCENARIOS, SMALL, US, Scenario, ask
from tests.simulation.world import Outcome, World, opened, outcome_of

# Mails in; letters out by kind; silenced and held by reason.
REQUEST, REMINDER = {"request_information": 1}, {"request_information": 1, "reminder": 1}
COMES_TO: dict[str, tuple[int, dict[str, int], dict[str, int], dict[str, int]]] = {
    "own kind, forged": (3, REMINDER, {}, {}),
    "own kind, both ways": (12, {"request_information": 4, "reminder": 4}, {}, {}),
    "desk, declared": (3, REMINDER, {}, {}),
    "desk, by subject": (3, REMINDER, {}, {}),
    "desk, quoting": (3, REMINDER, {}, {}),
    "desk, plain words": (3, REMINDER, {}, {}),
    "CRM, polite": (3, REMINDER, {}, {}),
    "CRM, our matter anew": (7, {"request_information": 3, "reminder": 3}, {"rate_domain_hour": 4}, {}),
    "own kind, stripped": (12, {"request_information": 4, "reminder": 4}, {}, {}),
    "CRM, slow, same text": (3, REMINDER, {"repeated_body": 2}, {}),
    "CRM, slow, new words": (9, {"request_information": 4, "reminder": 4}, {}, {"hold_no_dialogue": 5}),
    "CRM, slow, rewriting": (13, {"request_information": 6, "reminder": 6}, {}, {"hold_no_dialogue": 7}),
    "away ja, own subject": (3, REMINDER, {"repeated_body": 1}, {"hold_nothing_told": 1}),
    "list, unmarked": (9, {"request_information": 3, "reminder": 3}, {}, {}),
    "forwarding mailbox": (3, REMINDER, {}, {}),
    "away ja, declared": (3, REMINDER, {}, {}),
    "away ja, rude": (2, REQUEST, {}, {}),
    "away ja, quoting": (2, REQUEST, {}, {}),
    "away en, declared": (3, REMINDER, {}, {}),
    "away en, rude": (2, REQUEST, {}, {}),
    "away en, quoting": (2, REQUEST, {}, {}),
    "away en, own subject": (3, REMINDER, {}, {}),
    "list, marked": (3, {}, {}, {}),
    "forger, backscatter": (33, {"request_information": 9}, {"trust_failed": 12, "rate_domain_hour": 3}, {}),
    "returned letter": (5, REQUEST, {"bounce_hold": 3}, {}),
    "returned rudely": (12, {"request_information": 4, "reminder": 4}, {}, {}),
    "same text ten times": (10, REMINDER, {"repeated_body": 9}, {}),
    "thirty tickets a day": (30, {"request_information": 20, "reminder": 20}, {"rate_sender_day": 10}, {}),
    "one company": (8, {"request_information": 3, "reminder": 3}, {"rate_domain_hour": 5}, {}),
    "silence": (1, REMINDER, {}, {}),
    "storm": (12, {"request_information": 6, "reminder": 6}, {}, {"rate_total": 6}),
}
HASTY = (
    *("own kind, forged", "desk, by subject", "CRM, our matter anew", "away ja, rude", "list, marked"),
    *("forger, backscatter", "returned letter"),
)


CLOSING = (
    "own kind, both ways",
    "desk, by subject",
    "CRM, polite",
    "away ja, rude",
    "list, unmarked",
    "forwarding mailbox",
)


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("world")


def played(
    scenario: Scenario, rules: Rules, empty: Path, folder: Path, *, is_hasty: bool = False, is_closing: bool = False
) -> Outcome:
    with opened(World(folder=folder, empty=empty, rules=rules, is_hasty=is_hasty, is_closing=is_closing)) as world:
        scenario.play(world, SMALL)
        outcome = outcome_of(world)
        print(f"{scenario.name}: {outcome}")  # noqa: T201 - shown where a number is not the known one
        assert faults_of(world) == ()
    return outcome


def by_name(scenario: Scenario) -> str:
    return scenario.name


@pytest.mark.parametrize("scenario", [one for one in SCENARIOS if one.name in CLOSING], ids=by_name)
def test_a_world_ends_though_every_ticket_is_closed_and_whatever_comes_back_opens_another(
    scenario: Scenario, rules: Rules, migrated_sqlite: Path, folder: Path
) -> None:
    outcome = played(scenario, rules, migrated_sqlite, folder, is_closing=True)
    mails, known, _, _ = COMES_TO[scenario.name]
    assert outcome.letters <= sum(known.values())
    assert outcome.mails <= mails


@pytest.mark.parametrize("scenario", SCENARIOS, ids=by_name)
def test_a_world_ends_at_the_known_number_of_letters(
    scenario: Scenario, rules: Rules, migrated_sqlite: Path, folder: Path
) -> None:
    came = played(scenario, rules, migrated_sqlite, folder)
    assert (came.mails, came.kinds, came.suppressed, came.held) == COMES_TO[scenario.name]


@pytest.mark.parametrize("name", HASTY)
def test_agents_who_release_everything_at_once_send_no_more(
    name: str, rules: Rules, migrated_sqlite: Path, folder: Path
) -> None:
    scenario = next(one for one in SCENARIOS if one.name == name)
    came = played(scenario, rules, migrated_sqlite, folder, is_hasty=True)
    assert came.kinds == COMES_TO[name][1]


def test_what_a_storm_holds_goes_when_it_is_released_each_letter_once(
    rules: Rules, migrated_sqlite: Path, folder: Path
) -> None:
    scenario = next(one for one in SCENARIOS if one.name == "storm")
    came = played(scenario, rules, migrated_sqlite, folder, is_hasty=True)
    assert came.kinds == {"request_information": SMALL.storm, "reminder": SMALL.storm}
    assert not came.held


def test_an_endless_world_is_called_so(rules: Rules, migrated_sqlite: Path, folder: Path) -> None:
    with opened(World(folder=folder, empty=migrated_sqlite, rules=rules, horizon=timedelta(days=20))) as world:
        world.add_desk(US)
        world.mailboxes["sato@kaihatsu.example"] = Silent()
        for number in range(3):
            name, after = f"rm-0iwa1b2c3d4e5f{number}g", timedelta(days=7 * number)
            ask(world, "sato@kaihatsu.example", name=name, after=after)
        world.run()
        assert faults_of(world) == ("3 of 6 letters in the second half of 480 hours: no end",)


MACHINES = st.one_of(
    st.builds(
        Away,
        address=st.just(""),
        text=st.sampled_from([AWAY_JA, AWAY_EN]),
        manners=st.sampled_from([Manners.DECLARED, Manners.BY_SUBJECT]),
        delay=st.timedeltas(timedelta(seconds=1), timedelta(hours=30)),
        is_quoting=st.booleans(),
    ),
    st.builds(
        HelpDesk,
        address=st.just(""),
        text=st.just(RECEIVED),
        manners=st.sampled_from([Manners.DECLARED, Manners.BY_SUBJECT]),
        delay=st.timedeltas(timedelta(seconds=1), timedelta(hours=30)),
        is_quoting=st.booleans(),
    ),
    st.builds(Silent),
    st.none(),  # no such mailbox: its letters come back
)


@settings(max_examples=6, derandomize=True)
@given(machines=st.lists(MACHINES, min_size=1, max_size=3), hours=st.lists(st.integers(0, 48), min_size=1, max_size=2))
def test_whoever_has_a_mailbox_and_however_long_he_takes_it_ends(
    rules: Rules,
    migrated_sqlite: Path,
    tmp_path_factory: pytest.TempPathFactory,
    machines: list[Away | HelpDesk | Silent | None],
    hours: list[int],
) -> None:
    folder = tmp_path_factory.mktemp("world")
    with opened(World(folder=folder, empty=migrated_sqlite, rules=rules, horizon=timedelta(days=24))) as world:
        world.add_desk(US)
        for place, machine in enumerate(machines):
            address = f"sato@firm{place}.example"
            if machine is not None:
                if not isinstance(machine, Silent):
                    machine.address = address
                world.mailboxes[address] = machine
            for number, hour in enumerate(hours):
                ask(world, address, name=f"rm-0iwa1b2c3d4e5{place}{number}g", after=timedelta(hours=hour))
        world.run()
        assert faults_of(world) == ()
        assert len(world.letters) <= 2 * len(machines) * len(hours)  # for each matter a request and a reminder
