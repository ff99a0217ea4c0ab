"""The learned scorer: taggers over the units of a mail, ridges over whole texts, combiners that make probabilities of both.

What the rules heard is among the combiners' features, so that the two voices are weighed by what each was worth on mails
of writers that the taggers had not seen.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack, vstack

from classify import rows
from classify.borders import announcements, border_rows, contrasts, several_row
from classify.features import mask, words
from classify.links import LINKED, LinkTags, link_by_rules, link_row
from classify.scorer import Opinion, Scores, Tags
from classify.seen_words import share_unseen
from classify.subjects import subject_rows
from classify.units import layout, units_of, units_within
from models.assessment import FACETS_OF_KIND, Category, Facet, Section, SymptomKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from classify.features import Encoder
    from classify.issues import Piece
    from classify.products import Mention
    from classify.ridge import Ridge
    from classify.scorer import IssueVoice, Voice
    from classify.segment import Document
    from classify.units import Unit
    from classify.vocabulary import Vocabulary
    from policy.pack import Pack

OWN, NEIGHBOUR, LAYOUT_WEIGHT, WHOLE = 1.2, 0.5, 0.35, 0.6  # weights of the dense features beside the n-grams' 1
SECTIONS, FACETS, KINDS, CATEGORIES = tuple(Section), tuple(Facet), tuple(SymptomKind), tuple(Category)
KIND_OF_FACET = {facet: kind for kind, facets in FACETS_OF_KIND.items() for facet in facets}
# Columns of the unit ridge: sections, "another issue begins", facets, the category and the kind that a unit's words have,
# and whether evidence or goal is of another thing.
SYMPTOM, BORDER = SECTIONS.index(Section.SYMPTOM), len(SECTIONS)
FIRST_FACET = BORDER + 1
CATEGORY_TAGS = slice(FIRST_FACET + len(FACETS), FIRST_FACET + len(FACETS) + len(CATEGORIES))
KIND_TAGS = slice(CATEGORY_TAGS.stop, CATEGORY_TAGS.stop + len(KINDS))
STRAY_TAGS = {section: KIND_TAGS.stop + place for place, section in enumerate(LINKED)}
# A unit's score from which it is shown as proof: alone, and as a share of the best one's; how many are shown.
_SPEAKS_FOR, _OF_THE_BEST, _MOST_PROOFS = 0.3, 0.5, 4
# Columns in three blocks: characters, words, and what is dense.
Blocks = tuple[csr_matrix, csr_matrix, NDArray[np.float32]]


def without_chars(blocks: Blocks) -> tuple[csr_matrix, NDArray[np.float32]]:
    """What the products are told by."""
    return blocks[1], blocks[2]


def stacked(blocks: Iterable[Sequence[csr_matrix | NDArray[np.float32]]]) -> csr_matrix:
    """The rows of many mails in one matrix, to be trained on."""
    return csr_matrix(vstack([hstack([csr_matrix(block) for block in one]) for one in blocks]))


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """A mail's units counted and embedded, once for all models: terms of shape (n_units, n_terms), unit vectors."""

    chars: csr_matrix
    words: csr_matrix
    vectors: NDArray[np.float32]
    unknown_words: float | None = None  # the share of words that were not there in training; None: not measured
    # Features of texts: most mails are one issue, which is weighed twice.
    known: dict[tuple[tuple[int, ...], ...], Blocks] = field(default_factory=dict)


class TextFeatures:
    """Vocabularies and encoder; turns the units of a mail into sparse rows for the ridges."""

    def __init__(
        self, encoder: Encoder, chars: Vocabulary, tokens: Vocabulary, seen: frozenset[str] = frozenset()
    ) -> None:
        self.encoder, self.chars, self.tokens = encoder, chars, tokens
        self.seen = seen  # every word of the training; empty where older artefacts kept none

    def read(self, units: Sequence[Unit]) -> Reading:
        """Counts and embeds; the only costly step."""
        texts = [unit.text for unit in units]
        masked = [mask(text) for text in texts]
        said = words(masked)
        return Reading(
            self.chars.counts(masked),
            self.tokens.counts(said),
            self.encoder.encode(texts),
            share_unseen(units, said, self.seen) if self.seen else None,
        )

    def of_units(self, reading: Reading, units: tuple[Unit, ...], voice: Voice) -> Blocks:
        """Features of shape (n_units, n_unit_features): the unit, its neighbours, its layout, the rules' hits inside."""
        vectors = reading.vectors
        none = np.zeros((1, vectors.shape[1]), np.float32)
        before, after = np.concatenate([none, vectors[:-1]]), np.concatenate([vectors[1:], none])
        dense = np.concatenate(
            [OWN * vectors, NEIGHBOUR * before, NEIGHBOUR * after, LAYOUT_WEIGHT * layout(units, voice)], axis=1
        )
        return self.chars.weigh(reading.chars), self.tokens.weigh(reading.words), dense

    def of_texts(self, reading: Reading, texts: Sequence[Sequence[int]]) -> Blocks:
        """Features of shape (n_texts, n_text_features); a text is the places of its units, the mean and the most of their vectors."""
        key = tuple(map(tuple, texts))
        if key not in reading.known:
            choice = _choice(texts, len(reading.vectors))
            dense = np.stack([_pooled(reading.vectors[list(text)]) for text in texts])
            weighed = self.chars.weigh(choice @ reading.chars), self.tokens.weigh(choice @ reading.words)
            reading.known[key] = (*weighed, dense)
        return reading.known[key]


def _choice(texts: Sequence[Sequence[int]], n_units: int) -> csr_matrix:
    """Of shape (n_texts, n_units): 1 where the unit belongs to the text."""
    columns = [place for text in texts for place in text]
    ends = np.cumsum([0, *map(len, texts)])
    return csr_matrix((np.ones(len(columns), np.float32), columns, ends), shape=(len(texts), n_units))


def _pooled(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    if not len(vectors):
        return np.zeros(2 * vectors.shape[1], np.float32)
    return np.asarray(WHOLE * np.concatenate([2.0 * vectors.mean(axis=0), vectors.max(axis=0)]), dtype=np.float32)


def link_tags(table: NDArray[np.float64], section: Section) -> LinkTags:
    """The columns of the unit ridge that a link is read from."""
    return LinkTags(
        symptom=table[:, SYMPTOM],
        section=table[:, SECTIONS.index(section)],
        stray=table[:, STRAY_TAGS[section]],
        categories=table[:, CATEGORY_TAGS],
    )


@dataclass(frozen=True, slots=True)
class Combiner:
    """A logistic regression over a short row of named features: coef (n_classes or 1, n_features), intercept alike."""

    classes: tuple[str, ...]
    coef: NDArray[np.float32]
    intercept: NDArray[np.float32]
    threshold: float = 0.5  # of a binary one: the probability from which "yes" is the better answer by F1

    def probabilities(self, row: NDArray[np.float64]) -> dict[str, float]:
        """The probability of each class; a binary combiner's classes are (no, yes)."""
        scores = self.coef.astype(np.float64) @ row + self.intercept
        if len(scores) == 1 and len(self.classes) > 1:
            scores = np.array([0.0, scores[0]])
        powers = np.exp(scores - scores.max())
        return dict(zip(self.classes, (float(one) for one in powers / powers.sum()), strict=True))


class LearnedScorer:
    """Opinions of the shipped models."""

    def __init__(self, features: TextFeatures, ridges: Mapping[str, Ridge], combiners: Mapping[str, Combiner]) -> None:
        self._features, self._ridges, self._combiners = features, ridges, combiners

    def tag(self, doc: Document, voice: Voice, named: Sequence[Mention], rules: Sequence[Piece], pack: Pack) -> Tags:
        """The scores of the mail's units, and where issues begin."""
        units = units_of(doc)
        if not units:
            return Tags()
        reading = self._features.read(units)
        table = self._ridges["unit"].scores(*self._features.of_units(reading, units, voice))
        contrast = contrasts(table[:, SYMPTOM], table[:, CATEGORY_TAGS], reading.vectors)
        layout_rows = border_rows(doc, units, reading.vectors, table[:, [BORDER, SYMPTOM]], named, pack)
        probability = self._combiners["border"].probabilities
        borders = np.array([probability(row)["yes"] for row in np.concatenate([layout_rows, contrast], axis=1)])
        whole = self._ridges["mail"].scores(*self._features.of_texts(reading, [range(len(units))]))[0]
        several = self._combiners["several"].probabilities(
            several_row(
                borders,
                contrast,
                whole[-1],
                doc,
                len(voice.questions),
                rules,
                announcements(doc, units, named, pack),
            )
        )["yes"]
        return Tags(
            units=units,
            table=table,
            reading=reading,
            borders=tuple(float(p) for p in borders),
            several=several,
            mail=tuple(whole),
        )

    def score(
        self,
        doc: Document,
        tags: Tags,
        voice: Voice,
        issues: Sequence[IssueVoice],
        named: Sequence[Mention],
        pack: Pack,
    ) -> Scores:
        """All opinions on one mail and on each of its issues."""
        if tags.table is None or tags.reading is None:
            return Scores()
        kinds, categories, sounds = self._issues(issues, tags)
        about = rows.about(doc, categories, voice)
        table, units = tags.table, tags.units
        return Scores(
            sections={
                section: self._opinion(
                    f"section:{section.value}",
                    rows.section_row(section, table[:, place], tags.mail[place], about, doc, voice),
                    table[:, place],
                    units,
                )
                for place, section in enumerate(SECTIONS)
            },
            facets={
                facet: self._opinion(
                    f"facet:{facet.value}",
                    rows.facet_row(facet, table[:, place], voice, len(units)),
                    table[:, place],
                    units,
                )
                for place, facet in enumerate(FACETS, FIRST_FACET)
            },
            links={
                section: self._combiners[f"link:{section.value}"].probabilities(
                    link_row(
                        doc,
                        units,
                        named,
                        tags.reading.vectors,
                        link_tags(table, section),
                        holds=link_by_rules(section, doc, named),
                    )
                )["yes"]
                for section in LINKED
            },
            kinds=kinds,
            categories=categories,
            products=tuple(
                {
                    product: self._combiners["product"].probabilities(row)["yes"]
                    for product, row in subject_rows(
                        doc, issue.spans, named, pack, units, table[:, SYMPTOM], category, sound
                    ).items()
                }
                for issue, category, sound in zip(issues, categories, sounds, strict=True)
            ),
        )

    def _opinion(
        self, name: str, row: NDArray[np.float64], tags: NDArray[np.float64], units: tuple[Unit, ...]
    ) -> Opinion:
        best = sorted(range(len(units)), key=lambda place: -tags[place])[:_MOST_PROOFS]
        least = max(_SPEAKS_FOR, _OF_THE_BEST * float(tags[best[0]]))
        spans = tuple((units[place].start, units[place].end) for place in best if tags[place] >= least)
        combiner = self._combiners[name]
        probability = combiner.probabilities(row)["yes"]
        if not spans and probability >= combiner.threshold:
            spans = ((units[best[0]].start, units[best[0]].end),)
        return Opinion(probability=probability, threshold=combiner.threshold, spans=spans)

    def _issues(
        self, issues: Sequence[IssueVoice], tags: Tags
    ) -> tuple[
        tuple[Mapping[SymptomKind, float], ...], tuple[Mapping[Category, float], ...], tuple[Mapping[str, float], ...]
    ]:
        """Kind and category of each issue, and how much it sounds like each product."""
        if not issues or tags.table is None or tags.reading is None:
            return (), (), ()
        within = [units_within(tags.units, one.spans) for one in issues]
        blocks = self._features.of_texts(tags.reading, within)
        by_kind, by_category = self._ridges["kind"].scores(*blocks), self._ridges["category"].scores(*blocks)
        kinds, categories = [], []
        for place, one in enumerate(issues):
            mine = tags.table[within[place]]
            kind = rows.kind_row(by_kind[place], one.kinds, mine[:, SYMPTOM], mine[:, KIND_TAGS])
            category = rows.category_row(
                by_category[place], one.categories, mine[:, SYMPTOM], mine[:, CATEGORY_TAGS], goes_on=one.goes_on
            )
            kinds.append({SymptomKind(n): p for n, p in self._combiners["kind"].probabilities(kind).items()})
            categories.append({Category(n): p for n, p in self._combiners["category"].probabilities(category).items()})
        products = self._ridges["product"]
        sounds = [
            dict(zip(products.names, map(float, row), strict=True)) for row in products.scores(*without_chars(blocks))
        ]
        return tuple(kinds), tuple(categories), tuple(sounds)
