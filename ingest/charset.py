"""Bytes of unknown or wrongly labelled charset become text.

The label is a hint, the bytes decide: mails labelled ISO-2022-JP that hold UTF-8 or Shift_JIS are common in Japan, and
so are mails without any label. Promises: never raises, never returns NUL or lone surrogates. Python's own Japanese codecs
are not enough: they refuse ①㈱髙 and half-width kana, or silently turn them into other characters.
"""

from __future__ import annotations

import codecs
import re
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from ingest.jis import REPLACEMENT, decode_jis, has_jis, kanji
from ingest.mojibake import undoubled, with_escapes

if TYPE_CHECKING:
    from collections.abc import Callable

_Decoder: TypeAlias = "Callable[[bytes], str]"
_SAMPLE = 65_536  # bytes that tell a charset
_JIS_RUN = re.compile(rb"\x1b(?:\$[@B]|\(I)[^\x80-\xff\r\n]*?(?:\x1b\([BJ]|(?=[\r\n])|\Z)")
_ESCAPE_LEFT = re.compile("\x1b[$(]")
_8BIT = re.compile(rb"[\x80-\xff]")
_KANA = re.compile("[\u3041-\u3096\u30a1-\u30fa\u30fc]")
_KANJI = re.compile("[\u4e00-\u9fff]")
_PRIVATE = re.compile("[\ue000-\uf8ff]")
_HALF_KANA = re.compile("[\uff61-\uff9f]")
_SURROGATE = re.compile("[\ud800-\udfff]")

_COMMON_HANZI = frozenset("的是不我们这您请器务服问题无法你好了吗没")
_COMMON_HANGUL = frozenset("이다는을를의에니하요고습지안녕세")

JIS_FAMILY = frozenset(
    [
        "iso-2022-jp",
        "iso-2022-jp-ms",
        "iso-2022-jp-1",
        "iso-2022-jp-2",
        "iso-2022-jp-3",
        "iso-2022-jp-ext",
        "iso-2022-jp-2004",
        "csiso2022jp",
        "jis",
        "cp50220",
        "cp50221",
        "cp50222",
        "50220",
        "50221",
        "50222",
        "x-iso-2022-jp",
    ]
)
SJIS_FAMILY = frozenset(
    [
        "shift_jis",
        "shift-jis",
        "sjis",
        "x-sjis",
        "s-jis",
        "ms_kanji",
        "windows-31j",
        "windows-932",
        "cp932",
        "ms932",
        "mskanji",
        "csshiftjis",
        "cswindows31j",
        "shift_jis_2004",
        "shift_jisx0213",
        "x-mac-japanese",
        "x-ms-cp932",
        "932",
    ]
)
EUC_FAMILY = frozenset(
    [
        "euc-jp",
        "euc_jp",
        "x-euc-jp",
        "x-euc",
        "eucjp",
        "ujis",
        "eucjp-ms",
        "eucjp-win",
        "cp51932",
        "euc-jis-2004",
        "euc_jisx0213",
        "cseucpkdfmtjapanese",
    ]
)
_ALIASES = {
    "gb2312": "gb18030", "gbk": "gb18030", "x-gbk": "gb18030", "gb18030": "gb18030", "cp936": "gb18030", "euc-cn": "gb18030",
    "hz-gb-2312": "hz", "big5": "cp950", "big5-hkscs": "big5hkscs", "x-x-big5": "cp950",
    "ks_c_5601-1987": "cp949", "ks_c_5601": "cp949", "euc-kr": "cp949", "cp949": "cp949", "korean": "cp949", "x-windows-949": "cp949",
    "iso-8859-1": "cp1252", "latin1": "cp1252", "latin-1": "cp1252", "iso8859-1": "cp1252", "windows-1252": "cp1252",
    "windows-874": "cp874", "tis-620": "cp874", "unicode-1-1-utf-7": "utf-7", "utf8": "utf-8", "utf-8": "utf-8", "x-utf-8": "utf-8",
}  # fmt: skip
_NO_LABEL = frozenset(
    {
        "",
        "us-ascii",
        "ascii",
        "ansi_x3.4-1968",
        "x-unknown",
        "unknown",
        "unknown-8bit",
        "default",
        "default_charset",
        "binary",
        "8bit",
        "7bit",
        "_iso-2022-jp$esc",
    }
)
_WIDE = frozenset(
    {
        "utf-16",
        "utf16",
        "utf-16le",
        "utf-16be",
        "utf-16-le",
        "utf-16-be",
        "unicode",
        "ucs-2",
        "iso-10646-ucs-2",
        "utf-32",
        "utf-32le",
        "utf-32be",
    }
)
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def _as_c1(error: UnicodeError) -> tuple[str, int]:
    """The five bytes that cp1252 leaves free, as the control characters of ISO-8859-1."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("latin-1"), error.end


codecs.register_error("c1_controls", _as_c1)


def decode(raw: bytes, label: str | None = None) -> str:
    """The text of `raw`, whatever its label says."""
    return clean(_decode(raw, normal_label(label)))


def clean(text: str) -> str:
    """Without NUL; lone surrogates become the replacement character."""
    text = text.replace("\x00", "")
    return _SURROGATE.sub(REPLACEMENT, text) if _SURROGATE.search(text) else text


def normal_label(label: str | None) -> str:
    """A charset label in lower case, without quotes, blanks and RFC 2231 language."""
    return (label or "").strip().strip("\"'").split("*")[0].strip().lower()


def leftovers(text: str) -> int:
    """How many characters were not decoded right: replacement characters, and escapes that are still there."""
    return text.count(REPLACEMENT) + (len(_ESCAPE_LEFT.findall(text)) if "\x1b" in text else 0)


def _decode(raw: bytes, label: str) -> str:
    for bom, codec in _BOMS:
        if raw.startswith(bom):
            return raw[len(bom) :].decode(codec, "replace")
    if label in _WIDE or _is_wide(raw):
        return _decode_wide(raw, label)
    if not _8BIT.search(raw):
        return _decode_7bit(raw, label)
    try:
        return undoubled(_JIS_RUN.sub(lambda run: decode_jis(run[0]).encode(), raw).decode("utf-8"))
    except UnicodeDecodeError:
        if label in {"utf-8", "utf8", "x-utf-8", "utf_8"}:
            if _is_mostly_utf8(raw):
                return raw.decode("utf-8", "replace")
            label = ""
    return _decode_8bit(raw, label)


def _decode_7bit(raw: bytes, label: str) -> str:
    if has_jis(raw) or (label in JIS_FAMILY and (b"\x0e" in raw or b"\x1b(" in raw)):
        return decode_jis(raw)
    if label in {"hz", "hz-gb-2312"} and b"~{" in raw:
        return raw.decode("hz", "replace")
    if label == "iso-2022-kr" or label in {"utf-7", "unicode-1-1-utf-7"}:
        return _by_codec(raw, label) or raw.decode("ascii", "replace")
    return _ascii(raw, label)


def _ascii(raw: bytes, label: str) -> str:
    restored = with_escapes(raw) if label in JIS_FAMILY or label in _NO_LABEL else raw
    return raw.decode("ascii", "replace") if restored is raw else decode_jis(restored)


def _is_wide(raw: bytes) -> bool:
    """UTF-16 whatever the label: every other byte of the ASCII in it is NUL."""
    sample = raw[:400]
    return sample.count(0) * 5 > len(sample) > 3 and abs(sample[::2].count(0) - sample[1::2].count(0)) * 10 > len(
        sample
    )


def _decode_wide(raw: bytes, label: str) -> str:
    """UTF-16 or UTF-32 without a byte order mark: the order that the label names, else the one that reads better."""
    width = "32" if "32" in label else "16"
    if label.endswith(("le", "be")):
        return raw.decode(f"utf-{width}-{label[-2:]}", "replace")
    little, big = (raw.decode(f"utf-{width}-{order}", "replace") for order in ("le", "be"))
    return little if _plain_share(little) >= _plain_share(big) else big


def _plain_share(text: str) -> float:
    return sum(1 for char in text[:2000] if char < "\u0250" or "\u3000" <= char < "\u3100") / (len(text[:2000]) or 1)


def _decode_8bit(raw: bytes, label: str) -> str:
    """Which charset it is shows in its beginning; all of it is decoded once."""
    end = raw.rfind(b"\n", 0, _SAMPLE) + 1 if len(raw) > _SAMPLE else len(raw)
    return _decoder_of(raw[: end or _SAMPLE], label)(raw)


def _decoder_of(raw: bytes, label: str) -> _Decoder:  # noqa: PLR0911 - one return a case, in the order that mails demand
    if has_jis(raw) and label in JIS_FAMILY and not _reads_as_japanese(raw.decode("cp932", "ignore")):
        return decode_jis
    if label in SJIS_FAMILY:
        return _better(raw, decode_sjis, decode_euc, first_wins=True)
    if label in EUC_FAMILY:
        return _better(raw, decode_euc, decode_sjis, first_wins=True)
    japanese = _better(raw, decode_sjis, decode_euc, first_wins=False)
    text = japanese(raw)
    if label not in _NO_LABEL and label not in JIS_FAMILY:
        labelled = _by_codec(raw, label)
        if labelled is None:
            return japanese
        as_labelled = partial(_of_codec, label=label)
        if REPLACEMENT in labelled:
            return japanese if _reads_as_japanese(text) else as_labelled
        is_latin = _ALIASES.get(label, label) == "cp1252"
        return japanese if is_latin and len(_KANA.findall(text)) >= 4 and _score(text) > 0 else as_labelled
    if not _KANA.search(text) and (neighbour := _neighbour(raw)):
        return neighbour
    if label in JIS_FAMILY or _reads_as_japanese(text):
        return japanese
    return _latin


def _latin(raw: bytes) -> str:
    return raw.decode("cp1252", "c1_controls")


def _of_codec(raw: bytes, label: str) -> str:
    return _by_codec(raw, label) or ""


def _neighbour(raw: bytes) -> _Decoder | None:
    """Chinese or Korean without a label: strictly decodable, with at least three of the language's commonest characters."""
    for codec, common in (("gb18030", _COMMON_HANZI), ("cp949", _COMMON_HANGUL)):
        try:
            text = raw.decode(codec)
        except UnicodeDecodeError:
            continue
        if sum(1 for char in text if char in common) >= 3 and not _PRIVATE.search(text):
            return partial(_of_codec, label=codec)
    return None


def _by_codec(raw: bytes, label: str) -> str | None:
    try:
        text = raw.decode(_ALIASES.get(label, label), "replace")
        if REPLACEMENT in text and label in {
            "big5",
            "x-x-big5",
        }:  # Hong Kong writes its own characters under this label
            wider = raw.decode("big5hkscs", "replace")
            return min(text, wider, key=leftovers)
    except (LookupError, ValueError, UnicodeError):
        return None
    return text


def _is_mostly_utf8(raw: bytes) -> bool:
    """Cut or slightly damaged UTF-8: more than twice as many wide characters survive as are broken."""
    text = raw.decode("utf-8", "replace")
    broken = text.count(REPLACEMENT)
    return sum(1 for char in text if char > "\x7f") - broken > 2 * broken


def _score(text: str) -> float:
    """How much like Japanese prose: kana and kanji count, misreadings are punished."""
    bad = text.count(REPLACEMENT) + len(_PRIVATE.findall(text))
    return 2 * len(_KANA.findall(text)) + len(_KANJI.findall(text)) - 0.7 * len(_HALF_KANA.findall(text)) - 6 * bad


def _better(raw: bytes, first: _Decoder, second: _Decoder, *, first_wins: bool) -> _Decoder:
    """Of two decoders the one whose text reads more like Japanese; with `first_wins` the second must be needed."""
    one, other = first(raw), second(raw)
    is_clean = REPLACEMENT not in one and not _PRIVATE.search(one)
    if first_wins and is_clean and (_score(one) >= 0 or not _KANA.search(other)):
        return first
    return second if _score(other) > _score(one) else first


def _reads_as_japanese(text: str) -> bool:
    """More than one wide character in a run: a single kanji between Latin letters is a misread accent (Frösche)."""
    return _score(text) > 0 and re.search("[\u3041-\u30ff\u4e00-\u9fff\uff61-\uff9f]{2}", text) is not None


def decode_sjis(raw: bytes) -> str:
    """The Shift_JIS family, always as cp932: the 2004 codecs silently give other kanji."""
    return raw.decode("cp932", "replace")


def decode_euc(raw: bytes) -> str:
    """The EUC-JP family through the Shift_JIS pair, so that NEC and IBM characters read right."""
    out: list[str] = []
    at, end = 0, len(raw)
    while at < end:
        byte = raw[at]
        if byte < 0x80:
            start = at
            while at < end and raw[at] < 0x80:
                at += 1
            out.append(raw[start:at].decode("ascii"))
        elif byte == 0x8E and at + 1 < end:
            out.append(raw[at + 1 : at + 2].decode("cp932", "replace"))
            at += 2
        elif byte == 0x8F and at + 2 < end:
            out.append(raw[at : at + 3].decode("euc_jp", "replace"))
            at += 3
        elif at + 1 < end and raw[at + 1] >= 0x80:
            out.append(kanji(byte & 0x7F, raw[at + 1] & 0x7F))
            at += 2
        else:
            out.append(REPLACEMENT)
            at += 1
    return "".join(out)
