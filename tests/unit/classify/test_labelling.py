"""A corrected reading as a labelled mail, and back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from classify.labelled import LabelledMail, load_corpus
from classify.labelling import labelled_block
from models.assessment import Facet, Finding, Section, Span
from tests.support.filings import mail
from tests.support.shaping import BILL, BODY, three_issues

AT = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
SEEN = three_issues(mail(1, body=BODY))


def read_back(*blocks: str) -> tuple[LabelledMail, ...]:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "desk.mails"
        file.write_text("".join(blocks), encoding="utf-8")
        return load_corpus([file], lambda text, _subject, _name: text)


def test_what_is_written_is_read_with_the_same_labels() -> None:
    seen = replace(
        SEEN,
        facets={Facet.ENDPOINTS: Finding(present=True, confidence=0.9, spans=SEEN.issues[0].spans)},
        evidence_linked=False,
        goal_linked=True,
        multiple_accounts=True,
        refers_elsewhere=True,
    )
    block = labelled_block("desk-1", seen, "mail 1", ("図.png", 'a "b".log'), AT, "note")
    other = labelled_block("desk-2", seen, "mail 1", (), AT, "note")
    one, two = read_back(block, other)
    assert (one.id, two.id) == ("desk-1", "desk-2")
    assert one.sections == {Section.SYMPTOM, Section.WHEN, Section.WHERE, Section.WHO}
    assert one.facets == {Facet.ENDPOINTS}
    assert (one.kind, one.language) == (seen.symptom_kind, "ja")
    assert (one.evidence_linked, one.goal_linked) == (False, True)
    assert (one.multiple_accounts, one.refers_elsewhere) == (True, True)
    assert [issue.products for issue in one.issues] == [{"ecs"}, set(), {"oss"}]
    assert one.issues[1].stretches == (BILL,)
    assert [file.filename for file in one.mail.attachments] == ["図.png", 'a "b".log']
    assert one.mail.sent_at == AT
    assert one.mail.text == BODY


def test_the_only_issue_needs_no_mark() -> None:
    (one,) = read_back(labelled_block("d", replace(SEEN, issues=SEEN.issues[:1]), "mail 1", (), AT, ""))
    assert one.issues[0].stretches == ()


def test_a_credential_is_masked_in_subject_gist_and_text() -> None:
    secret = "LTAI5tAbCdEfGhIjKlMnOpQr"
    one = mail(1, body=f"AccessKey ID は {secret} です。", subject=f"key {secret}")
    seen = replace(
        three_issues(mail(1, body=BODY)),
        text=f"{one.subject}\n{one.reply_text}",
        issues=(replace(SEEN.issues[0], gist=f"key {secret}", spans=(Span(0, 10),)),),
        sections={section: Finding(present=False, confidence=0.9) for section in Section},
    )
    assert secret not in labelled_block("d", seen, one.subject, (), AT, "")


MARKS = st.sampled_from(
    ["<when>", "</when>", "<i1>", "#### w1-001\n", "\n--\n", '"', "\\", "\x00", "\x7f", "あ", "a b\n", "#"]
)


@given(
    st.lists(MARKS, max_size=12).map("".join), st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=6)
)
def test_no_words_of_a_mail_break_its_block(body: str, places: list[tuple[int, int]]) -> None:
    text = f"件名\n{body}"
    spans = tuple(Span(min(pair), min(max(pair), len(text))) for pair in places)
    sections = {section: Finding(present=False, confidence=0.9) for section in Section}
    sections[Section.WHEN] = Finding(present=True, confidence=0.9, spans=spans)
    issues = tuple(replace(SEEN.issues[0], spans=(span,)) for span in spans)
    seen = replace(SEEN, text=text, sections=sections, issues=issues, symptom_kind=None)
    ones = read_back(labelled_block("a", seen, "件名", (), AT, body), labelled_block("b", SEEN, "mail 1", (), AT, ""))
    assert [one.id for one in ones] == ["a", "b"]
    assert ones[0].sections == {Section.WHEN}
    assert len(ones[0].issues) == len(issues)
