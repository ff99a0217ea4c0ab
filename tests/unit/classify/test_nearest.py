"""The nearest labelled examples."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from classify.artefacts import BUILT_IN
from classify.labelled import LabelledMail, corpus_digest, load_corpus
from classify.nearest import FILE, Neighbours, load, write
from ingest.parse import newly_written
from runtime.cli.models import CORPUS

MAILS = """#### a-1
lang = "ja"
sent = "2026-11-05T10:12:00+09:00"
from = "山田 <y@example.com>"
subject = "SSH"
sections = ["symptom"]
kind = "connectivity"
[[issues]]
category = "product.troubleshooting"
products = ["ecs"]
--
cannot connect
#### a-2
lang = "ja"
sent = "2026-11-05T10:12:00+09:00"
from = "山田 <y@example.com>"
subject = "two"
[[issues]]
category = "service.account"
[[issues]]
category = "product.how_to"
products = ["oss"]
--
<i1>account please</i1>
<i2>bucket please</i2>
"""


class Words:
    """Vectors of a few words: near is what shares them."""

    names = ("connect", "account", "bucket")

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        found = np.array([[float(name in text) for name in self.names] for text in texts], np.float32)
        lengths = np.linalg.norm(found, axis=1, keepdims=True)
        return np.asarray(found / np.maximum(lengths, 1e-9), np.float32)


@pytest.fixture
def mails(tmp_path: Path) -> tuple[LabelledMail, ...]:
    (tmp_path / "a.mails").write_text(MAILS, encoding="utf-8")
    return load_corpus([tmp_path / "a.mails"], newly_written)


def test_each_issue_is_an_example_of_its_own(mails: tuple[LabelledMail, ...], tmp_path: Path) -> None:
    assert write(mails, "digest", Words(), tmp_path) == 3
    found = load(tmp_path)
    assert found is not None
    assert (found.corpus, len(found)) == ("digest", 3)
    ((one,), (two,), nothing) = found.nearest(["I cannot connect", "a bucket", ""], Words())
    assert (one.mail_id, one.category, one.products, one.kind) == (
        "a-1",
        "product.troubleshooting",
        ("ecs",),
        "connectivity",
    )
    assert (one.is_alone, one.similarity, one.sections) == (True, 1.0, ("symptom",))
    assert (two.mail_id, two.category, two.text, two.is_alone) == ("a-2", "product.how_to", "bucket please", False)
    assert nothing == []
    assert found.nearest([], Words()) == []


def test_a_mail_is_shown_once(mails: tuple[LabelledMail, ...], tmp_path: Path) -> None:
    write(mails, "digest", Words(), tmp_path)
    found = load(tmp_path)
    assert found is not None
    (near,) = found.nearest(["account and bucket"], Words())
    assert [one.mail_id for one in near] == ["a-2"]


def test_what_is_not_whole_is_none(tmp_path: Path) -> None:
    assert load(tmp_path) is None
    (tmp_path / FILE).write_bytes(b"nothing")
    assert load(tmp_path) is None
    np.savez(tmp_path / FILE, vectors=np.zeros((2, 3)), labels=np.frombuffer(b'{"corpus": "", "labels": []}', np.uint8))
    assert load(tmp_path) is None


def test_the_shipped_examples_are_those_of_the_shipped_corpus() -> None:
    found = load(BUILT_IN)
    assert isinstance(found, Neighbours)
    assert found.corpus == corpus_digest(CORPUS.glob("*.mails")), "run uketsuke train"
    assert len(found) > 1000
