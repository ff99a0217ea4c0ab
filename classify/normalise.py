"""Width and form folding that remembers where every character came from: what `models.folding` does, where the study looks for it."""

from models.folding import Folded, fold

__all__ = ["Folded", "fold"]
