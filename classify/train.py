"""[shell] Fits taggers, ridges and combiners on the corpus. The same corpus gives the same weights, up to rounding.

The combiners are fitted on scores that each writer's mails got from models that had not seen that writer.
"""

from __future__ import annotations

import warnings
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import sklearn
from sklearn.linear_model import LogisticRegression

from classify import rows
from classify.artefacts import save
from classify.borders import announcements, border_rows, contrasts, several_row
from classify.examples import border_units, examples_of, marked_units
from classify.features import SentenceEncoder, mask, words
from classify.figures import f1
from classify.learned import (
    BORDER,
    CATEGORIES,
    CATEGORY_TAGS,
    FACETS,
    FIRST_FACET,
    KIND_OF_FACET,
    KIND_TAGS,
    KINDS,
    SECTIONS,
    SYMPTOM,
    Combiner,
    LearnedScorer,
    TextFeatures,
    link_tags,
    stacked,
    without_chars,
)
from classify.links import LINKED, link_by_rules, link_row
from classify.ridge import Ridge, RidgeFamily
from classify.seen_words import seen_in
from classify.subjects import subject_rows
from classify.units import units_within
from classify.vocabulary import chars, words_and_pairs
from classify.vocabulary import fit as fit_vocabulary
from models.assessment import Category, Section
from models.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date
    from pathlib import Path

    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

    from classify.examples import Example
    from classify.features import Encoder
    from classify.labelled import LabelledMail
    from classify.learned import Reading
    from policy.pack import Pack

_RARE_CHARS, _RARE_WORDS = 4, 3  # units that a term must stand in
_ENOUGH = 3  # issues about a product, for a score of its own
ALPHA_UNIT, ALPHA_TEXT, ALPHA_KIND = 2.0, 0.5, 0.3  # penalties of the ridges
_FOLDS, _HAIR = 6, 0.004  # folds of writers for a threshold; how much worse than the best F1 still counts as best
C_SECTION, C_KIND, C_CATEGORY = 0.5, 0.5, 0.2  # of the combiners
_TROUBLE = frozenset({Category.TROUBLESHOOTING, Category.INCIDENT})


@dataclass(frozen=True, slots=True)
class Fitted:
    """Everything that a `LearnedScorer` needs."""

    features: TextFeatures
    ridges: dict[str, Ridge]
    combiners: dict[str, Combiner]

    def scorer(self) -> LearnedScorer:
        """The scorer of these weights."""
        return LearnedScorer(self.features, self.ridges, self.combiners)


def train(mails: Sequence[LabelledMail], digest: str, folder: Path, pack: Pack, on: date) -> None:
    """Fit on all mails and write the artefacts; `digest` is that of their files."""
    fitted = Training.of(examples_of(mails, pack), SentenceEncoder(), pack).fit()
    card = {
        "pack": pack.models or pack.id,
        "corpus_sha256": digest,
        "corpus_mails": str(len(mails)),
        "corpus_writers": str(len({m.writer for m in mails})),
        "scikit_learn": sklearn.__version__,
        "trained_on": on.isoformat(),
    }
    save(folder, fitted.features, fitted.ridges, fitted.combiners, card)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Training:
    """The factorised regressions of some examples; `without` leaves a writer out at little cost.

    Only the vectorisers' vocabulary and document frequencies, which know no label, are those of all examples.
    """

    examples: tuple[Example, ...]
    features: TextFeatures
    pack: Pack
    units: csr_matrix  # of all units of all examples, one after the other
    vectors: tuple[NDArray[np.float32], ...]  # of each example's units
    families: Mapping[str, RidgeFamily]

    @classmethod
    def of(cls, examples: Sequence[Example], encoder: Encoder, pack: Pack) -> Training:
        """Reads and factorises everything."""
        texts = [mask(unit.text) for one in examples for unit in one.units]
        said = words(texts)
        features = TextFeatures(
            encoder,
            fit_vocabulary(chars, texts, _RARE_CHARS),
            fit_vocabulary(words_and_pairs, said, _RARE_WORDS),
            seen_in(said),
        )
        readings = tuple(features.read(one.units) for one in examples)
        pairs = list(zip(examples, readings, strict=True))
        units = stacked(features.of_units(reading, one.units, one.voice) for one, reading in pairs)
        families = {
            **_unit_families(examples, units),
            "mail": _mail_family(pairs, features),
            **_issue_families(pairs, features),
            "kind": _kind_family(pairs, features),
        }
        vectors = tuple(reading.vectors for reading in readings)
        return cls(
            examples=tuple(examples), features=features, pack=pack, units=units, vectors=vectors, families=families
        )

    def without(self, writer: str) -> Training:
        """As if the writer's mails had never been there."""
        stays = [one.truth.writer != writer for one in self.examples]
        rest = tuple(one for one, stay in zip(self.examples, stays, strict=True) if stay)
        vectors = tuple(one for one, stay in zip(self.vectors, stays, strict=True) if stay)
        keep = np.array([name != writer for name in _owners(self.examples)])
        families = {name: family.without(writer) for name, family in self.families.items()}
        return replace(self, examples=rest, units=self.units[keep], vectors=vectors, families=families)

    def fit(self) -> Fitted:
        """All weights. The combiners are fitted on scores of regressions that had not seen the mail's writer."""
        examples, families = self.examples, self.families
        tags = _tags(examples, self.units, families)
        mails = families["mail"].unseen()
        category, guesses = _combine_categories(examples, families["category"].unseen(), tags)
        border, borders, differing = _combine_borders(examples, tags, self.vectors, self.pack)
        combiners = {
            "category": category,
            "kind": _combine_kinds(examples, families["kind"].unseen(), tags),
            "border": border,
            "several": _combine_several(examples, borders, differing, mails, self.pack),
            "product": _combine_products(examples, tags, guesses, families["product"], self.pack),
            **_combine_links(examples, tags, self.vectors),
            **_combine_sections(examples, tags, mails, guesses),
            **_combine_facets(examples, tags),
        }
        ridges = {
            "unit": _side_by_side([families[name].ridge() for name in _UNIT_FAMILIES]),
            **{name: families[name].ridge() for name in ("mail", "kind", "category", "product")},
        }
        return Fitted(self.features, ridges, combiners)


# The regressions over units, in the order of their columns (see `classify.learned`): the first holds the borders too, facets stand
# in the order of their kinds.
_UNIT_FAMILIES = (
    "unit:sections",
    *(f"unit:facets:{kind}" for kind in KINDS),
    "unit:category",
    "unit:kind",
    *(f"unit:stray:{section}" for section in LINKED),
)


def _owners(examples: Sequence[Example]) -> list[str]:
    """The writer of each unit."""
    return [one.truth.writer for one in examples for _ in one.units]


def _unit_families(examples: Sequence[Example], units: csr_matrix) -> dict[str, RidgeFamily]:
    """The taggers. Facets learn from mails of their kind; category and kind from sentences that say what is asked or wrong."""
    writers = np.array(_owners(examples))
    marked = np.concatenate([marked_units(one) for one in examples])
    border = np.concatenate([border_units(one) for one in examples])
    kinds = np.array([str(one.truth.kind) for one in examples for _ in one.units])
    matter = [_matter(one) for one in examples]
    categories, symptom_kinds = (np.concatenate([one[place] for one in matter]) for place in (0, 1))
    n = len(SECTIONS)

    def family(rows_: NDArray[np.bool_], answers: NDArray[np.float64]) -> RidgeFamily:
        return RidgeFamily.of(units[rows_], answers[rows_], list(writers[rows_]), ALPHA_UNIT)

    found = {
        "unit:sections": family(
            np.full(len(writers), fill_value=True), np.concatenate([marked[:, :n], border], axis=1)
        ),
        "unit:category": family(categories.sum(axis=1) > 0, categories),
        "unit:kind": family(symptom_kinds.sum(axis=1) > 0, symptom_kinds),
    }
    for section in LINKED:
        strays = np.array([_is_linked(one, section) is False for one in examples for _ in one.units], dtype=float)
        labelled = np.array([_is_linked(one, section) is not None for one in examples for _ in one.units])
        says = labelled & (marked[:, SECTIONS.index(section)] > 0)
        found[f"unit:stray:{section}"] = family(says, strays[:, None])
    for kind in KINDS:
        places = [n + place for place, facet in enumerate(FACETS) if KIND_OF_FACET[facet] is kind]
        found[f"unit:facets:{kind}"] = family(kinds == str(kind), marked[:, places])
    return found


def _is_linked(one: Example, section: Section) -> bool | None:
    return one.truth.evidence_linked if section is Section.EVIDENCE else one.truth.goal_linked


def _matter(one: Example) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The category and the kind that each unit's words have: of its issue, in the units that say what is asked or wrong."""
    says = marked_units(one)[:, [SYMPTOM, SECTIONS.index(Section.GOAL)]].sum(axis=1) > 0
    if not says.any():
        says[:] = True
    categories = np.zeros((len(one.units), len(CATEGORIES)))
    kinds = np.zeros((len(one.units), len(KINDS)))
    trouble = _first_trouble(one)
    for place, (issue, label) in enumerate(zip(one.issues, one.labels, strict=True)):
        for row in units_within(one.units, issue.spans):
            if says[row] and not categories[row].any():
                categories[row, CATEGORIES.index(label.category)] = 1.0
                if place == trouble and one.truth.kind is not None:
                    kinds[row, KINDS.index(one.truth.kind)] = 1.0
    return categories, kinds


def _first_trouble(one: Example) -> int | None:
    """The place of the first issue of trouble."""
    return next((place for place, label in enumerate(one.labels) if label.category in _TROUBLE), None)


def _mail_family(pairs: Sequence[tuple[Example, Reading]], features: TextFeatures) -> RidgeFamily:
    """Over whole mails: a column for each section, the last one for several issues."""
    table = stacked(features.of_texts(reading, [range(len(one.units))]) for one, reading in pairs)
    answers = [[*(s in one.truth.sections for s in SECTIONS), len(one.truth.issues) > 1] for one, _ in pairs]
    return RidgeFamily.of(table, np.array(answers, dtype=float), [one.truth.writer for one, _ in pairs], ALPHA_TEXT)


def _issue_families(pairs: Sequence[tuple[Example, Reading]], features: TextFeatures) -> dict[str, RidgeFamily]:
    """Over the words of each issue: its category, and the products that enough issues ask about."""
    labels = [label for one, _ in pairs for label in one.labels]
    writers = [one.truth.writer for one, _ in pairs for _ in one.issues]
    often = Counter(product for label in labels for product in label.products)
    names = tuple(sorted(product for product, n in often.items() if n >= _ENOUGH))
    categories = np.array([[label.category is one for one in CATEGORIES] for label in labels], dtype=float)
    products = np.array([[product in label.products for product in names] for label in labels], dtype=float)
    blocks = [
        features.of_texts(reading, [units_within(one.units, issue.spans) for issue in one.issues])
        for one, reading in pairs
        if one.issues
    ]
    by_product = RidgeFamily.of(stacked(without_chars(one) for one in blocks), products, writers, ALPHA_TEXT)
    return {
        "category": RidgeFamily.of(stacked(blocks), categories, writers, ALPHA_TEXT),
        "product": replace(by_product, names=names),
    }


def _with_kind(examples: Sequence[Example]) -> list[tuple[int, int]]:
    """(example, issue) of the first issue of trouble of each mail that has a kind."""
    return [
        (number, place)
        for number, one in enumerate(examples)
        for place in [_first_trouble(one)]
        if one.truth.kind is not None and place is not None
    ]


def _kind_family(pairs: Sequence[tuple[Example, Reading]], features: TextFeatures) -> RidgeFamily:
    """Over the words of those issues."""
    found = [(*pairs[number], place) for number, place in _with_kind([one for one, _ in pairs])]
    table = stacked(
        features.of_texts(reading, [units_within(one.units, one.issues[at].spans)]) for one, reading, at in found
    )
    answers = np.array([[one.truth.kind is kind for kind in KINDS] for one, _, _ in found], dtype=float)
    return RidgeFamily.of(table, answers, [one.truth.writer for one, _, _ in found], ALPHA_KIND)


def _tags(
    examples: Sequence[Example], units: csr_matrix, families: Mapping[str, RidgeFamily]
) -> list[NDArray[np.float64]]:
    """Each example's unit scores from taggers that had not seen its writer, all columns of the unit ridge."""
    writers = _owners(examples)
    kinds = np.array([str(one.truth.kind) for one in examples for _ in one.units])
    columns = []
    for name in _UNIT_FAMILIES:
        family = families[name]
        if name.startswith("unit:facets:"):
            column = np.zeros((len(writers), family.answers.shape[1]))
            column[kinds == name.removeprefix("unit:facets:")] = family.unseen()
        elif len(family.groups) == len(writers):
            column = family.unseen()
        else:
            column = family.unseen_of(units, writers)
        columns.append(column)
    whole = np.concatenate(columns, axis=1)
    ends = np.cumsum([len(one.units) for one in examples])
    return np.split(whole, ends[:-1])


def _side_by_side(ridges: Sequence[Ridge]) -> Ridge:
    return Ridge(
        np.concatenate([ridge.coef for ridge in ridges], axis=1), np.concatenate([ridge.intercept for ridge in ridges])
    )


def _combine_sections(
    examples: Sequence[Example],
    tags: Sequence[NDArray[np.float64]],
    mails: NDArray[np.float64],
    guesses: Sequence[Sequence[dict[Category, float]]],
) -> dict[str, Combiner]:
    about = [rows.about(one.doc, guess, one.voice) for one, guess in zip(examples, guesses, strict=True)]
    found = {}
    for place, section in enumerate(SECTIONS):
        table = [
            rows.section_row(section, tag[:, place], score[place], what, one.doc, one.voice)
            for one, tag, score, what in zip(examples, tags, mails, about, strict=True)
        ]
        labels = _yes_no(section in one.truth.sections for one in examples)
        writers = [one.truth.writer for one in examples]
        found[f"section:{section.value}"] = _combine(table, labels, C_SECTION, writers)
    return found


def _combine_facets(examples: Sequence[Example], tags: Sequence[NDArray[np.float64]]) -> dict[str, Combiner]:
    """Each facet on the mails of its kind."""
    found = {}
    for place, facet in enumerate(FACETS, FIRST_FACET):
        of_kind = [
            (one, tag) for one, tag in zip(examples, tags, strict=True) if one.truth.kind is KIND_OF_FACET[facet]
        ]
        table = [rows.facet_row(facet, tag[:, place], one.voice, len(one.units)) for one, tag in of_kind]
        labels = _yes_no(facet in one.truth.facets for one, _ in of_kind)
        found[f"facet:{facet.value}"] = _combine(table, labels, C_SECTION, [one.truth.writer for one, _ in of_kind])
    return found


def _combine_several(
    examples: Sequence[Example],
    borders: Sequence[NDArray[np.float64]],
    differing: Sequence[NDArray[np.float64]],
    mails: NDArray[np.float64],
    pack: Pack,
) -> Combiner:
    table = [
        several_row(
            border,
            contrast,
            score[-1],
            one.doc,
            len(one.voice.questions),
            one.rules,
            announcements(one.doc, one.units, one.named, pack),
        )
        for one, score, border, contrast in zip(examples, mails, borders, differing, strict=True)
    ]
    return _combine(table, _yes_no(len(one.truth.issues) > 1 for one in examples), C_SECTION)


def _combine_borders(
    examples: Sequence[Example],
    tags: Sequence[NDArray[np.float64]],
    vectors: Sequence[NDArray[np.float32]],
    pack: Pack,
) -> tuple[Combiner, list[NDArray[np.float64]], list[NDArray[np.float64]]]:
    """The combiner of borders, each example's probabilities by one that has not seen its writer, and its contrasts."""
    differing = [
        contrasts(tag[:, SYMPTOM], tag[:, CATEGORY_TAGS], vector) for tag, vector in zip(tags, vectors, strict=True)
    ]
    tables = [
        np.concatenate(
            [border_rows(one.doc, one.units, vector, tag[:, [BORDER, SYMPTOM]], one.named, pack), contrast], axis=1
        )
        for one, tag, vector, contrast in zip(examples, tags, vectors, differing, strict=True)
    ]
    labels = _yes_no(begins for one in examples for begins in border_units(one)[:, 0] > 0)
    rows_ = np.concatenate(tables)
    combiner = _combine(list(rows_), labels, C_SECTION)
    said = _unseen(rows_, np.asarray(labels), C_SECTION, np.asarray(_owners(examples)))
    return combiner, np.split(said, np.cumsum([len(table) for table in tables])[:-1]), differing


def _combine_categories(
    examples: Sequence[Example], scores: NDArray[np.float64], tags: Sequence[NDArray[np.float64]]
) -> tuple[Combiner, list[list[dict[Category, float]]]]:
    """The combiner, and each example's guesses, issue by issue."""
    table, labels = [], []
    every = iter(scores)
    for one, tag in zip(examples, tags, strict=True):
        for issue, label in zip(one.issues, one.labels, strict=True):
            mine = tag[units_within(one.units, issue.spans)]
            table.append(
                rows.category_row(
                    next(every),
                    issue.categories,
                    mine[:, SYMPTOM],
                    mine[:, CATEGORY_TAGS],
                    goes_on=issue.goes_on,
                )
            )
            labels.append(label.category.value)
    combiner = _combine(table, labels, C_CATEGORY)
    said = iter({Category(name): p for name, p in combiner.probabilities(row).items()} for row in table)
    return combiner, [[next(said) for _ in one.issues] for one in examples]


def _combine_kinds(
    examples: Sequence[Example], scores: NDArray[np.float64], tags: Sequence[NDArray[np.float64]]
) -> Combiner:
    table, labels = [], []
    for (number, place), score in zip(_with_kind(examples), scores, strict=True):
        one = examples[number]
        mine = tags[number][units_within(one.units, one.issues[place].spans)]
        table.append(rows.kind_row(score, one.issues[place].kinds, mine[:, SYMPTOM], mine[:, KIND_TAGS]))
        labels.append(str(one.truth.kind))
    return _combine(table, labels, C_KIND)


def _combine_links(
    examples: Sequence[Example], tags: Sequence[NDArray[np.float64]], vectors: Sequence[NDArray[np.float32]]
) -> dict[str, Combiner]:
    """Of the mails that have both sides."""
    found = {}
    for section in LINKED:
        both = [
            (one, tag, vector)
            for one, tag, vector in zip(examples, tags, vectors, strict=True)
            if _is_linked(one, section) is not None and one.units
        ]
        table = [
            link_row(
                one.doc,
                one.units,
                one.named,
                vector,
                link_tags(tag, section),
                holds=link_by_rules(section, one.doc, one.named),
            )
            for one, tag, vector in both
        ]
        labels = _yes_no(_is_linked(one, section) for one, _, _ in both)
        found[f"link:{section.value}"] = _combine(table, labels, C_SECTION)
    return found


def _combine_products(
    examples: Sequence[Example],
    tags: Sequence[NDArray[np.float64]],
    guesses: Sequence[Sequence[dict[Category, float]]],
    family: RidgeFamily,
    pack: Pack,
) -> Combiner:
    table: list[NDArray[np.float64]] = []
    labels: list[str] = []
    sounds = iter(family.unseen())
    for one, tag, guess in zip(examples, tags, guesses, strict=True):
        for issue, truth, categories in zip(one.issues, one.labels, guess, strict=True):
            sound = dict(zip(family.names, map(float, next(sounds)), strict=True))
            found = subject_rows(one.doc, issue.spans, one.named, pack, one.units, tag[:, SYMPTOM], categories, sound)
            table += found.values()
            labels += ["yes" if product in truth.products else "no" for product in found]
    return _combine(table, labels, C_SECTION)


def _yes_no(labels: Iterable[object]) -> list[str]:
    return ["yes" if label else "no" for label in labels]


def _combine(
    table: Sequence[NDArray[np.float64]], labels: Sequence[str], strength: float, writers: Sequence[str] = ()
) -> Combiner:
    """A logistic regression on standardised columns, the scaling folded into its weights.

    Raises:
        ConfigError: There is nothing to learn from.

    With `writers`, one a row, a binary one also gets its threshold: where F1 is best on writers left out.
    """
    if not labels:
        raise ConfigError("too few labelled mails to train on: some question has no answer at all")
    if len(set(labels)) == 1 and labels[0] not in {"yes", "no"}:
        return Combiner((labels[0],), np.zeros((1, len(table[0])), np.float32), np.zeros(1, np.float32))
    if len(set(labels)) == 1:  # never seen otherwise: as sure as so many examples make one
        odds = np.log(len(labels) + 1.0) * (1 if labels[0] == "yes" else -1)
        return Combiner(("no", "yes"), np.zeros((1, len(table[0])), np.float32), np.array([odds], np.float32))
    values, answers = np.stack(table), np.asarray(labels)
    coef, intercept, classes = _regression(values, answers, strength)
    threshold = _threshold(values, answers, strength, np.asarray(writers)) if len(writers) else 0.5
    return Combiner(classes, coef.astype(np.float32), intercept.astype(np.float32), threshold)


def _regression(
    values: NDArray[np.float64], answers: NDArray[np.str_], strength: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], tuple[str, ...]]:
    """(coefficients, intercepts, classes)."""
    middle, spread = values.mean(axis=0), values.std(axis=0)
    spread[spread < 1e-6] = 1.0
    model = LogisticRegression(C=strength, max_iter=1000)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit((values - middle) / spread, answers)
    coef = model.coef_ / spread
    return coef, model.intercept_ - coef @ middle, tuple(str(one) for one in model.classes_)


def _threshold(
    values: NDArray[np.float64], answers: NDArray[np.str_], strength: float, writers: NDArray[np.str_]
) -> float:
    """The middle of the probabilities at which the F1 of yes and of no, together, are within a hair of their best."""
    said = _unseen(values, answers, strength, writers)
    truth = answers == "yes"
    tried = np.arange(0.25, 0.76, 0.01)
    scores = np.array([f1([*zip(truth.tolist(), (said >= at).tolist(), strict=True)]) for at in tried])
    return round(float(tried[scores >= scores.max() - _HAIR].mean()), 2)


def _unseen(
    values: NDArray[np.float64], answers: NDArray[np.str_], strength: float, writers: NDArray[np.str_]
) -> NDArray[np.float64]:
    """The probability of "yes" of each row, by a regression without its fold of writers; an even chance where none can be fitted."""
    said = np.full(len(answers), 0.5)
    names = sorted(set(writers))
    for fold in range(_FOLDS):
        out = np.isin(writers, names[fold::_FOLDS])
        if out.any() and len(set(answers[~out])) > 1:
            coef, intercept, _ = _regression(values[~out], answers[~out], strength)
            said[out] = 1.0 / (1.0 + np.exp(-(values[out] @ coef[0] + intercept[0])))
    return said
