"""What a fault did, as lines of a table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tests.trials.faults.audit import Result
from tests.trials.faults.installation import Installation, NeverSettled

HEAD = "| fault | database | trials | mails acknowledged | lost | twice | parked | letters | repeated letters | slowest recovery | verdict |"


@dataclass(slots=True, kw_only=True)
class Outcome:
    """One line: a fault on one database."""

    family: str
    fault: str
    database: str
    trials: int = 0
    acknowledged: int = 0
    lost: int = 0
    twice: int = 0
    parked: int = 0
    letters: int = 0
    repeated: int = 0
    slowest_s: float = 0.0
    findings: list[str] = field(default_factory=list)
    why_not: str = ""  # it could not be tried here
    may_lose: bool = False  # by what it tries: what is lost is told and is no finding

    @property
    def is_good(self) -> bool:
        return not self.findings and not self.why_not

    @property
    def verdict(self) -> str:
        if self.why_not:
            return f"not tried: {self.why_not}"
        return (
            "holds" if not self.findings else f"**{len(self.findings)} findings**: {' '.join(self.findings[0].split())}"
        )

    def line(self) -> str:
        cells = (
            self.fault, self.database, self.trials, self.acknowledged, self.lost, self.twice, self.parked, self.letters,
            self.repeated, f"{self.slowest_s:.1f} s", self.verdict,
        )  # fmt: skip
        return f"| {' | '.join(str(cell).replace('|', '/') for cell in cells)} |"


class Trial:
    """Reads off what each trial of an installation added: its audits count all from the beginning."""

    def __init__(self, installation: Installation, family: str, database: str) -> None:
        self.installation, self.family, self.database = installation, family, database
        self._before = Result(findings=[])
        self._known: set[str] = set()  # findings of earlier trials are theirs

    def outcome(self, fault: str) -> Outcome:
        return Outcome(family=self.family, fault=fault, database=self.database)

    def check(self, outcome: Outcome, *, may_park: int = 0, patience_s: float = 180.0, began: float = 0.0) -> None:
        """Let the dust settle, then audit; add it to the outcome.

        Args:
            outcome: The line.
            may_park: So many mails may be parked by it.
            patience_s: How long the dust may take.
            began: Seconds that recovery had taken before.
        """
        outcome.trials += 1
        try:
            outcome.slowest_s = max(outcome.slowest_s, began + self.installation.settle(patience_s))
        except NeverSettled as trouble:
            outcome.findings.append(f"never settled: {trouble}")
        result = self.installation.audit()
        self._add(outcome, result, may_park)

    def _add(self, outcome: Outcome, result: Result, may_park: int) -> None:
        was, self._before = self._before, result
        outcome.acknowledged += result.acknowledged - was.acknowledged
        outcome.lost += result.lost - was.lost
        outcome.twice += result.twice - was.twice
        outcome.parked += result.parked - was.parked
        outcome.letters += result.letters - was.letters
        outcome.repeated += result.repeated - was.repeated
        if result.parked - was.parked > may_park:
            outcome.findings.append(f"parked: {result.parked - was.parked} mails, {may_park} may be")
        outcome.findings += [one for one in result.findings if one not in self._known]
        self._known.update(result.findings)


def table(outcomes: Iterable[Outcome]) -> Iterator[str]:
    """Markdown, a part for each family."""
    family = ""
    for outcome in outcomes:
        if outcome.family != family:
            family = outcome.family
            yield from ("", f"## {family}", "", HEAD, f"|{'---|' * HEAD.count(' | ')}---|")
        yield outcome.line()
