"""[shell] The labelled mails that are nearest to a text, as the reading's sentence encoder has it: examples for an agent's eye.

Promises: only mails of our own corpus are ever shown; the file beside the weights says which corpus it is of; a file that
is not there, or not whole, gives no neighbours and no error. Nothing is decided by them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import BadZipFile

import numpy as np

from classify.features import MAX_CHARS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from classify.features import Encoder
    from classify.labelled import LabelledMail

BUILT_IN = Path(__file__).parent / "artefacts"  # as `artefacts` has it, whose imports the desk need not pay for
FILE = "nearest.npz"
_EXCERPT = 240  # characters that an agent sees
_LEAST = 0.25  # under this nothing is near


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """One labelled issue."""

    mail_id: str  # of the corpus: w7-031
    language: str
    category: str
    products: tuple[str, ...]
    sections: tuple[str, ...]  # present in its mail
    kind: str  # of symptom; empty if there is none
    is_alone: bool  # the only issue of its mail
    subject: str
    text: str
    similarity: float  # cosine, in [-1, 1]


class Neighbours:
    """The corpus as vectors, shape (n_issues, n_dims), with what people labelled."""

    def __init__(self, vectors: NDArray[np.float32], labels: Sequence[dict[str, object]], corpus: str) -> None:
        self._vectors, self._labels = vectors, labels
        self.corpus = corpus  # its digest

    def __len__(self) -> int:
        return len(self._labels)

    def nearest(self, texts: Sequence[str], encoder: Encoder, count: int = 3) -> list[list[Neighbour]]:
        """For each text the nearest issues, each mail of the corpus once; none for a text without words."""
        if not texts:
            return []
        scores = encoder.encode([one or " " for one in texts]).astype(np.float32) @ self._vectors.T
        return [list(self._best(row, count)) if text.strip() else [] for text, row in zip(texts, scores, strict=True)]

    def _best(self, row: NDArray[np.float32], count: int) -> Iterator[Neighbour]:
        seen: set[object] = set()
        for place in np.argsort(-row)[: count * 8]:
            label = self._labels[place]
            if row[place] < _LEAST or len(seen) == count:
                return
            if label["mail_id"] not in seen:
                seen.add(label["mail_id"])
                yield _neighbour(label, float(row[place]))


def _neighbour(label: dict[str, object], similarity: float) -> Neighbour:
    def several(name: str) -> tuple[str, ...]:
        found = label[name]
        assert isinstance(found, list)
        return tuple(map(str, found))

    return Neighbour(
        mail_id=str(label["mail_id"]),
        language=str(label["language"]),
        category=str(label["category"]),
        products=several("products"),
        sections=several("sections"),
        kind=str(label["kind"]),
        is_alone=bool(label["is_alone"]),
        subject=str(label["subject"]),
        text=str(label["text"]),
        similarity=round(similarity, 3),
    )


def text_for(subject: str, body: str) -> str:
    """What is compared of a matter: as much as the encoder reads."""
    return f"{subject}\n{body}".strip()[:MAX_CHARS]


def write(mails: Sequence[LabelledMail], digest: str, encoder: Encoder, folder: Path) -> int:
    """Encode every labelled issue and write the file; returns how many. The same corpus gives the same file, up to rounding."""
    issues = [(one, issue) for one in mails for issue in one.issues]
    texts, labels = [], []
    for one, issue in issues:
        is_alone = len(one.issues) == 1
        body = one.mail.reply_text if is_alone else issue.text
        if not body.strip():
            continue
        texts.append(text_for(one.mail.subject if is_alone else "", body))
        labels.append(
            {
                "mail_id": one.id,
                "language": one.language,
                "category": issue.category.value,
                "products": sorted(issue.products),
                "sections": sorted(section.value for section in one.sections),
                "kind": one.kind.value if one.kind else "",
                "is_alone": is_alone,
                "subject": one.mail.subject,
                "text": " ".join(body.split())[:_EXCERPT],
            }
        )
    packed = json.dumps({"corpus": digest, "labels": labels}, ensure_ascii=False, sort_keys=True).encode()
    with (folder / FILE).open("wb") as file:
        np.savez_compressed(
            file,
            allow_pickle=False,
            vectors=encoder.encode(texts).astype(np.float16),
            labels=np.frombuffer(packed, dtype=np.uint8),
        )
    return len(texts)


def load(folder: Path) -> Neighbours | None:
    """What `write` wrote; None where there is no such file, or it is damaged."""
    try:
        raw = (folder / FILE).read_bytes()
        with np.load(BytesIO(raw), allow_pickle=False) as arrays:
            vectors = arrays["vectors"].astype(np.float32)
            said = json.loads(arrays["labels"].tobytes())
    except (OSError, ValueError, KeyError, BadZipFile):
        return None
    if len(vectors) != len(said["labels"]):
        return None
    return Neighbours(vectors, said["labels"], said["corpus"])
