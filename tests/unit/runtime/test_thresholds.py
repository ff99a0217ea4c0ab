"""A wanted precision becomes a threshold by the measured curve; what cannot reach it waits for an agent."""

from __future__ import annotations

from dataclasses import replace

import pytest

from classify.artefacts import BUILT_IN
from classify.precision import FILE, load_curves
from models.decision import LetterKind
from policy.pack import LetterPolicy, Pack
from runtime.wiring import NEVER, with_thresholds

CURVES = load_curves(BUILT_IN / FILE)


def wanting(pack: Pack, precision: float) -> Pack:
    return replace(pack, letter_policies={kind: LetterPolicy(precision=precision) for kind in LetterKind})


def test_the_curves_belong_to_the_weights_that_are_shipped() -> None:
    assert CURVES.trouble == ""
    assert {LetterKind.REQUEST_INFORMATION, LetterKind.SPLIT, LetterKind.ACKNOWLEDGEMENT} <= set(CURVES.by_kind)


@pytest.mark.parametrize("precision", [0.8, 0.9, 0.95])
def test_a_kind_goes_from_the_threshold_that_reaches_its_precision(pack: Pack, precision: float) -> None:
    for kind, policy in with_thresholds(wanting(pack, precision)).letter_policies.items():
        curve = CURVES.by_kind.get(kind)
        if curve is None:
            assert policy.hold == 0.0, "never measured"
        elif policy.hold == NEVER:
            assert curve.threshold_for(precision) is None
        else:
            assert (curve.precision_at(policy.hold) or 0) >= precision


def test_a_precision_that_nothing_reaches_holds_every_letter(pack: Pack) -> None:
    policies = with_thresholds(wanting(pack, 0.999)).letter_policies
    assert policies[LetterKind.REQUEST_INFORMATION].hold == NEVER


def test_no_wanted_precision_no_threshold(pack: Pack) -> None:
    assert {policy.hold for policy in with_thresholds(wanting(pack, 0.0)).letter_policies.values()} == {0.0}


def test_the_default_pack_wants_more_of_letters_that_annoy_more(pack: Pack) -> None:
    wanted = {kind: pack.policy_of(kind).precision for kind in CURVES.by_kind}
    assert min(wanted[LetterKind.SPLIT], wanted[LetterKind.OUT_OF_SCOPE]) > wanted[LetterKind.ACKNOWLEDGEMENT] > 0
