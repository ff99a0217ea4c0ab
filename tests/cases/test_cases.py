"""Every .case file beside this one, through the pure core with the installed models; and the runner itself."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingest.parse import envelope_of_file, parse_mail
from models.decision import History
from runtime.triage import Rules, Triage, triage
from tests.support.cases import KNOWN, Case, disappointments, read_case

HERE = Path(__file__).parent
FILES = sorted(HERE.glob("*/*.case"))
AT = datetime(2026, 11, 25, 1, 0, tzinfo=UTC)
MAIL = "From: Taro <taro@example.com>\nTo: support@uketsuke.example\nSubject: hello\n\nThank you, it is solved.\n"


def run(case: Case, rules: Rules) -> Triage:
    mail = parse_mail(case.raw, envelope_of_file(case.raw, AT), instance=rules.identity.instance)
    return triage(mail, History(now=AT, ref="T000001"), rules)


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_the_mail_becomes_what_the_case_says(file: Path, rules: Rules) -> None:
    case = read_case(file)
    done = run(case, rules)
    assert disappointments(case, done) == [], case.expected.get("why", "")


def test_there_are_cases_in_both_languages() -> None:
    assert {file.parent.name for file in FILES} == {"ja", "en"}


def written(folder: Path, front: str, mail: str = MAIL) -> Path:
    file = folder / "one.case"
    file.write_text(f"{front}\n--\n{mail}", encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("front", "said"),
    [
        ('disposition = "accept"', "disposition is no_reply, not accept"),
        ('language = "ja"', "language is en, not ja"),
        ('automatic = "bounce"', "automatic is no, not bounce"),
        ('state = "ready"', "state is needs_review, not ready"),
        ('letter = "split"', "letter is none, not split"),
        ('kind = "error"', "kind is none, not error"),
        ('categories = ["product.how_to"]', "categories are ['acknowledgement'], not ['product.how_to']"),
        ('products = ["ecs"]', "products are [], not ['ecs']"),
        ('missing = ["when"]', "missing: when is not there"),
        ('notices = ["policy_notice"]', "notices: policy_notice is not there"),
        ('letter_contains = ["T000001"]', "letter_contains: T000001 is not there"),
        ('disposition_not = ["no_reply"]', "disposition_not: no_reply is there"),
    ],
)
def test_a_wrong_expectation_is_a_failure_that_says_what_is_wrong(
    tmp_path: Path, rules: Rules, front: str, said: str
) -> None:
    case = read_case(written(tmp_path, front))
    assert disappointments(case, run(case, rules)) == [said]


@pytest.mark.parametrize(
    ("front", "said"),
    [
        ('dispositon = "accept"', "no expectation is called dispositon"),
        ('missing = "when"', "missing must be a list of texts"),
        ("missing = [1]", "missing must be a list of texts"),
        ("state = []", "state must be a text"),
        ('why = "only a remark"', "nothing is expected"),
        ("", "nothing is expected"),
    ],
)
def test_a_case_that_expects_nothing_sensible_is_an_error(tmp_path: Path, front: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_case(written(tmp_path, front))


def test_a_case_without_its_line_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "one.case"
    file.write_text('disposition = "accept"\n' + MAIL, encoding="utf-8")
    with pytest.raises(ValueError, match="no line --"):
        read_case(file)


def test_the_readme_names_every_expectation_in_both_languages() -> None:
    japanese, _, english = (HERE / "README.md").read_text(encoding="utf-8").partition("# Cases")
    for text in (japanese, english):
        assert [name for name in sorted(KNOWN) if f"`{name}`" not in text] == []
