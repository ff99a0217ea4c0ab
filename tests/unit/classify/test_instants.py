"""Words of time become instants, counted from the mail's own date (Wednesday 25 November 2026, 18:30 JST)."""

from __future__ import annotations

from datetime import datetime

import pytest

from classify.instants import instants
from classify.segment import make_document
from classify.when import when_hits
from policy.pack import Pack

SENT = datetime.fromisoformat("2026-11-25T18:30:00+09:00")


def read(text: str, pack: Pack) -> list[str]:
    doc = make_document("接続できません", text, (), pack.cues)
    return [one.value for one in instants(doc, when_hits(doc, is_question=False), SENT)]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("11/24 14:30頃から接続できません。", ["2026-11-24T14:30"]),
        ("11/24 14:30(JST)から接続できません。", ["2026-11-24T14:30+09:00"]),
        ("11月24日 13:30 CST から接続できません。", ["2026-11-24T13:30+08:00"]),
        ("2026-11-24T05:30:00+0000 から接続できません。", ["2026-11-24T05:30+00:00"]),
        ("令和8年11月24日の午後2時半から接続できません。", ["2026-11-24T14:30"]),
        ("R8.11.24から接続できません。", ["2026-11-24"]),
        ("昨日の夕方から接続できません。", ["2026-11-24"]),
        ("昨日の10時からです。接続できません。", ["2026-11-24T10:00"]),
        ("今朝9時ごろ、接続できなくなりました。", ["2026-11-25T09:00"]),
        ("おとといから接続できません。", ["2026-11-23"]),
        ("3日前から接続できません。", ["2026-11-22"]),
        ("40分前から接続できません。", ["2026-11-25T17:50+09:00"]),
        ("月曜日から接続できません。", ["2026-11-23"]),
        ("先週の金曜日から接続できません。", ["2026-11-20"]),
        ("12月30日から接続できません。", ["2025-12-30"]),
        ("We cannot connect since yesterday, 3 pm SGT.", ["2026-11-24T15:00+08:00"]),
        ("It started two hours ago.", ["2026-11-25T16:30+09:00"]),
        ("Down since Friday morning.", ["2026-11-20"]),
        ("On 24 November at 08:05 UTC it stopped.", ["2026-11-24T08:05+00:00"]),
        ("从昨天下午3点开始无法连接。", ["2026-11-24T15:00"]),
        ("2026/11/24 10:00 (UTC+9) に発生、接続できません。", ["2026-11-24T10:00+09:00"]),
        (
            "11/24 10:00 UTC に発生、11/24 20:00 JST に復旧、接続できません。",
            ["2026-11-24T10:00+00:00", "2026-11-24T20:00+09:00"],
        ),
        ("11/24 10:00-12:30に接続できませんでした。", ["2026-11-24T10:00"]),
        ("We cannot connect since yesterday at 12:30 am.", ["2026-11-24T00:30"]),
        ("昨夜10時から接続できません。", ["2026-11-24T22:00"]),
        ("昨日の夕方5時から接続できません。", ["2026-11-24T17:00"]),
        ("昨夜2時から接続できません。", ["2026-11-24T02:00"]),
        ("きのうから接続できません。", ["2026-11-24"]),
        ("先ほど14:05頃から接続できません。", ["2026-11-25T14:05"]),
        ("6日前の10時から接続できません。", ["2026-11-19T10:00"]),
        ("从上周三开始无法连接。", ["2026-11-18"]),
        ("It failed five mınutes ago.", ["2026-11-25T18:25+09:00"]),
        ("最近接続できません。", []),
        ("11/30までにご回答ください。接続できません。", []),
        ("2月30日から接続できません。", []),
    ],
)
def test_a_time_is_understood(text: str, values: list[str], pack: Pack) -> None:
    assert read(text, pack) == values


def test_a_time_without_a_zone_says_so(pack: Pack) -> None:
    doc = make_document("接続できません", "11/24 14:30から", (), pack.cues)
    (one,) = instants(doc, when_hits(doc, is_question=False), SENT)
    assert (one.has_clock, one.has_zone) == (True, False)
    assert doc.text[one.start : one.end] == "11/24 14:30"


def test_without_the_mails_date_only_full_dates_are_known(pack: Pack) -> None:
    doc = make_document("接続できません", "昨日から。2026/11/24 14:30に発生。", (), pack.cues)
    assert [one.value for one in instants(doc, when_hits(doc, is_question=False), None)] == ["2026-11-24T14:30"]


def test_the_end_of_the_calendar_is_no_error(pack: Pack) -> None:
    doc = make_document("エラー", "12/25 23:30に発生しました。接続できません。", (), pack.cues)
    late = datetime.fromisoformat("9999-12-31T23:00:00+00:00")
    assert instants(doc, when_hits(doc, is_question=False), late) == []


def test_a_zone_of_another_country_is_not_asked_for(pack: Pack) -> None:
    doc = make_document("down", "Down since 24 November 10 PM PST.", (), pack.cues)
    assert [one.has_zone for one in instants(doc, when_hits(doc, is_question=False), SENT)] == [True]
