"""[shell] Trained weights on disk: one .npz of arrays (no pickle), the words seen, and card.toml with digests, corpus and versions."""

from __future__ import annotations

import hashlib
import tomllib
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from classify.learned import Combiner, LearnedScorer, TextFeatures
from classify.ridge import Ridge
from classify.vocabulary import chars, known, words_and_pairs
from models.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from classify.features import Encoder

BUILT_IN = Path(__file__).parent / "artefacts"
WEIGHTS = "weights.npz"
SEEN = "seen_words.txt"  # one a line, sorted
CARD = "card.toml"
_FIRST_PACK = "alibabacloud_jp"  # of weights whose card is older than that key
FORMAT = 8  # raised whenever other arrays are expected, so that old weights are refused and not half read


def save(
    folder: Path,
    features: TextFeatures,
    ridges: Mapping[str, Ridge],
    combiners: Mapping[str, Combiner],
    card: Mapping[str, str],
) -> None:
    """Write weights and card; the same weights give the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    arrays: dict[str, np.ndarray] = {}
    for name, vocabulary in (("chars", features.chars), ("tokens", features.tokens)):
        arrays[f"{name}.terms"] = np.frombuffer("\0".join(vocabulary.terms).encode("utf-8"), dtype=np.uint8)
        arrays[f"{name}.idf"] = vocabulary.idf
    for name, ridge in ridges.items():
        arrays[f"ridge.{name}.coef"] = ridge.coef.astype(np.float16)
        arrays[f"ridge.{name}.intercept"] = ridge.intercept
        arrays[f"ridge.{name}.names"] = np.frombuffer("\0".join(ridge.names).encode(), dtype=np.uint8)
    for name, combiner in combiners.items():
        arrays[f"combiner.{name}.classes"] = np.frombuffer("\0".join(combiner.classes).encode(), dtype=np.uint8)
        arrays[f"combiner.{name}.coef"] = combiner.coef
        arrays[f"combiner.{name}.intercept"] = combiner.intercept
        arrays[f"combiner.{name}.threshold"] = np.array(combiner.threshold, np.float32)
    with (folder / WEIGHTS).open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)
    (folder / SEEN).write_bytes(seen_file(features.seen))
    lines = [
        f"format = {FORMAT}",
        f'weights_sha256 = "{_digest(folder / WEIGHTS)}"',
        f'seen_words_sha256 = "{_digest(folder / SEEN)}"',
        *(f'{key} = "{value}"' for key, value in card.items()),
    ]
    (folder / CARD).write_text("\n".join(lines) + "\n", encoding="utf-8")


def seen_file(seen: Iterable[str]) -> bytes:
    """The words seen in training, as they are kept."""
    return "".join(f"{word}\n" for word in sorted(seen)).encode("utf-8")


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def load(folder: Path, encoder: Encoder) -> LearnedScorer:
    """The scorer that `save` wrote.

    Raises:
        ConfigError: The card and the weights do not belong together, or the format is another version's.
    """
    try:
        card = tomllib.loads((folder / CARD).read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{folder / CARD}: {error}; run uketsuke train") from None
    raw = (folder / WEIGHTS).read_bytes()
    if card.get("format") != FORMAT:
        raise ConfigError(f"{folder}: weights of another version; run uketsuke train")
    if card.get("weights_sha256") != hashlib.sha256(raw).hexdigest():
        raise ConfigError(f"{folder}: weights and card do not belong together; run uketsuke train")
    with np.load(BytesIO(raw), allow_pickle=False) as arrays:
        features = TextFeatures(
            encoder,
            known(chars, _texts(arrays["chars.terms"]), arrays["chars.idf"]),
            known(words_and_pairs, _texts(arrays["tokens.terms"]), arrays["tokens.idf"]),
            _seen(folder, card),
        )
        ridges = {
            name: Ridge(
                arrays[f"ridge.{name}.coef"].astype(np.float32),
                arrays[f"ridge.{name}.intercept"],
                tuple(_texts(arrays[f"ridge.{name}.names"])),
            )
            for name in _names(arrays, "ridge.")
        }
        combiners = {
            name: Combiner(
                tuple(_texts(arrays[f"combiner.{name}.classes"])),
                arrays[f"combiner.{name}.coef"],
                arrays[f"combiner.{name}.intercept"],
                float(arrays[f"combiner.{name}.threshold"]),
            )
            for name in _names(arrays, "combiner.")
        }
    return LearnedScorer(features, ridges, combiners)


def taught_pack(folder: Path) -> str:
    """The id of the pack whose mails the weights were taught; empty where there are none, or their card cannot be read."""
    try:
        card = tomllib.loads((folder / CARD).read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError):
        return ""
    return str(card.get("pack", _FIRST_PACK))


def _seen(folder: Path, card: Mapping[str, object]) -> frozenset[str]:
    """The words seen; none where the artefacts are older than that file: then nothing is measured."""
    digest = card.get("seen_words_sha256")
    if digest is None:
        return frozenset()
    file = folder / SEEN
    if not file.is_file() or _digest(file) != digest:
        raise ConfigError(f"{folder}: the words seen and the card do not belong together; run uketsuke train")
    return frozenset(file.read_text(encoding="utf-8").split("\n")) - {""}


def _names(arrays: Mapping[str, np.ndarray], prefix: str) -> list[str]:
    return [
        key.removeprefix(prefix).removesuffix(".coef")
        for key in arrays
        if key.startswith(prefix) and key.endswith(".coef")
    ]


def is_installed(folder: Path) -> bool:
    """There are weights and a card."""
    return (folder / CARD).is_file() and (folder / WEIGHTS).is_file()


def _texts(array: np.ndarray) -> list[str]:
    return array.tobytes().decode("utf-8").split("\0") if array.size else []
