"""The simulated quarter: its mails have the habits that it says, its tickets come out of the real pipeline, its books agree."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from classify.labelled import LabelledMail, load_corpus
from ingest.parse import newly_written, parse_mail
from models.assessment import Section
from models.db.store import Store
from models.decision import AGENT
from models.facts import TicketFacts
from models.mail import Envelope
from policy.pack import Pack
from runtime.triage import Rules
from tests.simulation.quarter import CORPUS, FIRST_DAY, TOKYO, arrivals, simulate
from tests.simulation.quarter_answers import HARDLY_ANSWERED, answer_to
from tests.simulation.quarter_mails import COMPANIES, MOSTLY_SPLIT, Habit, Letterbox, garbled, raw_mail, without

AT = datetime(2026, 10, 7, 10, 0, tzinfo=TOKYO)
FORM = "【発生日時】2026年10月7日"
WEEKS, MAILS = 3, 60
START, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def corpus() -> tuple[LabelledMail, ...]:
    return load_corpus(sorted(CORPUS.glob("w*.mails")), newly_written)


@pytest.fixture(scope="module")
def quarter(rules: Rules, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("quarter") / "small.sqlite3"
    simulate(file, seed=1, weeks=WEEKS, mails=MAILS, rules=rules)
    return file


@pytest.fixture(scope="module")
def facts(quarter: Path) -> list[TicketFacts]:
    store = Store(f"sqlite:///{quarter}")
    found = list(store.facts(START, END))
    store.close()
    return found


def test_whoever_never_says_since_when_sends_mails_that_were_labelled_so(corpus: tuple[LabelledMail, ...]) -> None:
    company = next(one for one in COMPANIES if one.habit is Habit.NO_TIME)
    letterbox = Letterbox(random.Random(5), corpus)
    by_text = {one.mail.text: one for one in corpus}
    mails = [letterbox.write(company, AT, has_form=True) for _ in range(60)]
    for mail in mails:
        assert Section.WHEN not in by_text[mail.text].sections
        assert FORM not in mail.text


def test_whoever_asks_several_things_does_so_each_time(corpus: tuple[LabelledMail, ...]) -> None:
    company = next(one for one in COMPANIES if one.habit is Habit.SEVERAL)
    letterbox = Letterbox(random.Random(5), corpus)
    several = {one.mail.subject for one in corpus if len(one.issues) > 1}
    assert {letterbox.write(company, AT, has_form=False).subject for _ in range(60)} <= several


def test_one_product_comes_nearly_always_with_another_question(corpus: tuple[LabelledMail, ...]) -> None:
    company = next(one for one in COMPANIES if one.language == "ja" and not one.habit)
    letterbox = Letterbox(random.Random(5), corpus)
    alone = {
        one.mail.text: len(one.issues) == 1 for one in corpus if any(MOSTLY_SPLIT in i.products for i in one.issues)
    }
    dealt = Counter(alone.get(letterbox.write(company, AT, has_form=False).text) for _ in range(700))
    assert dealt[False] > dealt[True]


def test_the_form_asks_since_when(corpus: tuple[LabelledMail, ...]) -> None:
    company = next(one for one in COMPANIES if one.language == "ja" and not one.habit)
    before, after = Letterbox(random.Random(5), corpus), Letterbox(random.Random(5), corpus)
    assert not any(FORM in before.write(company, AT, has_form=False).text for _ in range(60))
    assert sum(FORM in after.write(company, AT, has_form=True).text for _ in range(60)) > 20


def test_mails_come_when_people_write(pack: Pack) -> None:
    found = list(arrivals(random.Random(2), pack.desk.working, weeks=14, mails=1500))
    assert 1480 <= len(found) <= 1520
    local = [one.at.astimezone(TOKYO) for one in found]
    assert sum(at.weekday() >= 5 for at in local) < 0.1 * len(local)
    assert sum(9 <= at.hour < 18 for at in local) > 0.7 * len(local)
    days = Counter(at.date() for at in local)
    holiday = datetime(2026, 10, 12, tzinfo=TOKYO).date()
    assert days[holiday] < min(days[holiday + timedelta(days=number)] for number in (1, 2, 3))
    weeks = Counter((at.date() - FIRST_DAY).days // 7 for at in local)
    assert sum(weeks[week] for week in range(10, 14)) > 1.15 * sum(weeks[week] for week in range(4))
    outage = [one for one in found if one.is_outage]
    assert {one.at.astimezone(TOKYO).date() for one in outage} == {FIRST_DAY + timedelta(days=7 * 8 + 1)}
    assert [one.has_form for one in found if (one.at.astimezone(TOKYO).date() - FIRST_DAY).days // 7 < 12].count(
        True
    ) == 0


def test_one_question_is_hardly_ever_answered(pack: Pack) -> None:
    chance = random.Random(3)
    texts = [answer_to(("when", HARDLY_ANSWERED), "ja", pack, AT, chance) for _ in range(100)]
    assert all("発生日時" in text for text in texts)
    assert sum("実施した手順" in text for text in texts) < 20


def test_a_garbled_mail_is_seen_as_one() -> None:
    raw = raw_mail({"From": "a@b.example", "To": "d@e.example", "Subject": "x"}, "接続できません。\n東京です。", AT)
    envelope = Envelope(mail_from="a@b.example", rcpt_tos=("d@e.example",), received_at=AT)
    assert not parse_mail(raw, envelope).warnings
    assert parse_mail(garbled(raw), envelope).warnings


def test_stretches_are_cut_out() -> None:
    assert without("昨日の夕方から接続できません。", ("昨日の夕方から",)) == "接続できません。"


def test_the_books_of_every_day_agree(quarter: Path) -> None:
    store = Store(f"sqlite:///{quarter}")
    days = store.day_books(FIRST_DAY, FIRST_DAY + timedelta(days=7 * WEEKS))
    now = store.books()
    store.close()
    assert len(days) == 7 * WEEKS - 1
    assert not any(day.faults for day in days)
    assert [day.accepted for day in days] == sorted(day.accepted for day in days)
    assert now.accepted == now.ticketed + now.joined
    assert not now.faults
    assert now.accepted > MAILS


def test_the_same_seed_gives_the_same_tickets(rules: Rules, tmp_path: Path) -> None:
    told = []
    for seed, name in ((4, "one"), (4, "two"), (5, "three")):
        file = tmp_path / f"{name}.sqlite3"
        simulate(file, seed=seed, weeks=1, mails=8, rules=rules)
        store = Store(f"sqlite:///{file}")
        told.append(list(store.facts(START, END)))
        store.close()
    assert told[0]
    assert told[0] == told[1]
    assert told[0] != told[2]


def test_a_database_that_is_there_is_not_touched(rules: Rules, quarter: Path) -> None:
    with pytest.raises(FileExistsError):
        simulate(quarter, seed=1, weeks=1, mails=1, rules=rules)


def test_everything_happens_that_a_report_tells_of(facts: list[TicketFacts]) -> None:
    letters = Counter((letter.kind, letter.judgement) for one in facts for letter in one.letters)
    kinds = {kind for kind, _ in letters}
    assert {AGENT, "request_information", "reminder", "split", "completed", "acknowledgement"} <= kinds
    judged = {judgement for _, judgement in letters} - {""}
    assert "released" in judged
    assert len(judged) > 1
    assert {"moved", "filed", "joined"} <= {event.what for one in facts for event in one.events}
    assert {one.is_automatic for one in facts} == {True, False}
    assert any(one.domain == "" for one in facts)
    assert {"ja", "en"} <= {one.language for one in facts}
    assert any(one.ready_at and one.ready_at > one.opened_at for one in facts)
    assert all(one.opened_at.astimezone(TOKYO).date() >= FIRST_DAY for one in facts)


def test_planted_habits_are_in_the_facts(facts: list[TicketFacts]) -> None:
    several = [one for one in facts if one.domain == "aozora-si.example"]
    others = [one for one in facts if one.domain != "aozora-si.example"]
    assert _share(several, "split") > _share(others, "split")
    timeless = [one for one in facts if one.domain == "kumano-logi.example"]
    assert timeless
    assert sum("when" in one.missing_first or "when" in one.unsure_first for one in timeless) > 0.5 * len(timeless)


def _share(facts: list[TicketFacts], disposition: str) -> float:
    return sum(one.disposition == disposition for one in facts) / max(1, len(facts))
