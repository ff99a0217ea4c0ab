"""Texts cut into words for the search: what is written into the index, and the same for what is looked for.

Japanese and Chinese runs become pairs of neighbouring characters and their last character alone (障害 is found in any
text that holds these two in a row, 障 by what begins with it); everything else is whole words, parted at punctuation.
Width and form are folded (NFKC), case is not told apart; hiragana and katakana stay distinct.

Promises: pure; texts and queries are cut alike, so that a phrase stands where its words stand one behind the other; a
word is made of letters and digits only, so that it is a word of both engines' indexes as it is; what looks like a
credential is never a word.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from models.credentials import MASK, credentials_in, without_words
from models.folding import fold

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

# PostgreSQL keeps no position beyond 16,383, no word of 2 KB, no index of 1 MB of one text. The same holds on SQLite, so
# that a text is found on both or on neither.
MOST_WORDS = 16_000
MOST_BYTES = 500_000  # of words, in UTF-8
_BYTES_OF_ONE = 4  # at most, of a character
LONGEST_WORD = 128  # characters; more of a word (a line of Base64) is not looked at
LONGEST_FIELD = 200_000  # characters
GAP = "\ue001"  # between two fields: no phrase goes over it. Private use: no text holds it
_SENDER = "\ue000"  # before words of the sender's name and address, for `from:`

_CJK = (
    "\u3005-\u3007\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\uac00-\ud7a3\U00020000-\U0003ffff"
)
# A line that a mail program broke goes on in the next one, behind the quote marks that stand there.
_PIECES = re.compile(rf"(?P<cjk>[{_CJK}]+(?:\n[> ]{{0,20}}[{_CJK}]+)*)|[^\W_{_CJK}]+")
_ONE = re.compile(rf"[{_CJK}]")
_DASHED_KANA = re.compile("(?<=[\u30a1-\u30fa\u30fc])[-\u2015\u2500](?=[\u30a1-\u30fa])")
_LONG_MARK = re.compile("[\u30a1-\u30fa\u30fc]{3,}\u30fc$")


class Word(NamedTuple):
    """One word, and where it stands: [start, end) of the text."""

    text: str
    start: int
    end: int


class Stretch(NamedTuple):
    """[start, end) of a text that a phrase was found in."""

    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """Words that must stand one behind the other; of the last one its beginning is enough if `is_open`."""

    words: tuple[str, ...]
    is_open: bool = False


def cut(text: str) -> Iterator[Word]:
    """The words of a text in their order; their places are those of the text as it came."""
    folded = fold(text[:LONGEST_FIELD])
    for said, start, end in zip(*_cut(folded.text), strict=True):
        yield Word(said, *folded.back(start, end))


def _cut(folded: str) -> tuple[list[str], list[int], list[int]]:
    """The words of a folded text, and where each begins and ends in it. Three lists: this is what filing waits for."""
    plain = _DASHED_KANA.sub("ー", folded)
    words: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for piece in _PIECES.finditer(plain):
        run, (start, end) = piece[0], piece.span()
        if piece.lastgroup is None:
            said = run.casefold()[:LONGEST_WORD]
            # Folding the case can leave a mark that is neither letter nor digit.
            said = said if said.isalnum() else "".join(one for one in said if one.isalnum())
            if said:
                words.append(said)
                starts.append(start)
                ends.append(end)
            continue
        if "\n" in run:  # a word goes on in the next line: its characters do not lie side by side
            places = [one.start() for one in _ONE.finditer(plain, start, end)]
            run = "".join(plain[place] for place in places)
            starts += places
            ends += [place + 1 for place in (*places[1:], places[-1])]
        else:
            starts += range(start, end)
            ends += (*range(start + 2, end + 1), end)
        words += [run[at : at + 2] for at in range(len(run) - 1)]
        words.append(run[-1])
    return words, starts, ends


def words_of(fields: Iterable[str], *, sender: Iterable[str] = (), hide: Collection[str] = ()) -> tuple[str, ...]:
    """What the index holds of one text: its position is the place in the tuple.

    Args:
        fields: What the text is made of, the most telling first: behind `MOST_WORDS` words the rest is left out.
        sender: Who wrote it, name and address; found by `from:` too.
        hide: Secrets that were found in it; left out wherever they stand, as is whatever looks like one.
    """
    out: list[str] = []
    for mark, ones in ((_SENDER, sender), ("", sender), ("", fields)):
        for one in ones:
            words, _, _ = _cut(fold(concealed(one, hide)[:LONGEST_FIELD]).text)
            out += [mark + word for word in words] if mark else words
            out.append(GAP)
    del out[MOST_WORDS:]
    if sum(map(len, out)) * _BYTES_OF_ONE > MOST_BYTES:
        sizes = accumulate(len(word.encode()) for word in out)
        del out[sum(1 for size in sizes if size <= MOST_BYTES) :]
    return tuple(out)


def concealed(text: str, hide: Collection[str] = ()) -> str:
    """The text with these secrets masked, and with whatever looks like one; its length is kept."""
    text = without_words(text, hide)
    folded = fold(text[:LONGEST_FIELD])
    for start, end, _ in credentials_in(folded.text):
        span = folded.back(start, end)
        text = text[: span.start] + MASK * (span.end - span.start) + text[span.end :]
    return text


def phrase_of(text: str, *, is_open: bool = False, is_sender: bool = False) -> Phrase | None:
    """What finds this text as a part of others; None if there is no word in it.

    A long vowel mark at its end is left off where the word is found without it too: サーバー finds サーバ. `is_open`: the last word
    may go on. `is_sender`: only in names and addresses of senders.
    """
    folded = fold(text).text
    words = list(cut(_LONG_MARK.sub(lambda found: found[0][:-1], folded)))
    if not words:
        return None
    last = words[-1]
    if _ONE.fullmatch(last.text):
        if len(words) > 1 and words[-2].end == last.end:
            del words[-1]  # it may go on behind the pair that it ends
            is_open = False
        else:
            is_open = True  # alone: whatever begins with it
    mark = _SENDER if is_sender else ""
    return Phrase(words=tuple(mark + word.text for word in words), is_open=is_open)


def stretches(text: str, phrases: Sequence[Phrase]) -> tuple[Stretch, ...]:
    """Where a text holds any of the phrases, in order, without overlaps."""
    folded = fold(text[:LONGEST_FIELD])
    words, starts, ends = _cut(folded.text)
    found: list[Stretch] = []
    for phrase in phrases:
        size = len(phrase.words)
        found += [
            Stretch(*folded.back(starts[at], ends[at + size - 1]))
            for at in range(len(words) - size + 1)
            if _stands(words, at, phrase)
        ]
    out: list[Stretch] = []
    for one in sorted(found):
        if out and one.start <= out[-1].end:
            out[-1] = Stretch(out[-1].start, max(one.end, out[-1].end))
        else:
            out.append(one)
    return tuple(out)


def _stands(words: Sequence[str], at: int, phrase: Phrase) -> bool:
    *first, last = phrase.words
    here = words[at + len(first)]
    if not (here.startswith(last) if phrase.is_open else here == last):
        return False
    return not first or words[at : at + len(first)] == first
